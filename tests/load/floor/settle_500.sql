-- Five hundred rows with their two unique keys in one statement.
\set k random(1, 9000000000000000)
INSERT INTO floor.posting (county, person, hours, level, activity_on, source_kind, source_key) SELECT 1, ('0199b0a4-7c00-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1.5, 'county', '2026-03-01', 'course_enrolment', (:k)::text FROM generate_series(1, 500) n RETURNING id;
