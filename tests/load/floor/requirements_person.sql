-- The entries of a year and three months round it, of the columns that the service explains, and nothing summed.
\set n random(1, :teachers)
SELECT e.id, e.activity_on, e.seq, e.level, e.hours FROM floor.entry e WHERE e.county = 1 AND e.person = ('0199b0a4-7c00-7000-8000-' || lpad((:n)::text, 12, '0'))::uuid AND e.activity_on >= current_date - 365 AND e.activity_on < current_date + 92 ORDER BY e.activity_on, e.seq;
