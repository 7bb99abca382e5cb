-- One window of the kept figures, counted by school.
SELECT s.school, count(*), count(*) FILTER (WHERE s.short = 0) FROM floor.state s WHERE s.county = 1 AND s.window_on = 1 GROUP BY s.school;
