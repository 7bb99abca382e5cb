-- Twenty rows of an index, the latest first.
\set n random(1, :teachers)
SELECT e.id, e.school, e.hours, e.level, e.activity_on, e.source_kind, e.source_key FROM floor.entry e WHERE e.county = 1 AND e.person = ('0199b0a4-7c00-7000-8000-' || lpad((:n)::text, 12, '0'))::uuid ORDER BY e.activity_on DESC, e.id DESC LIMIT 20;
