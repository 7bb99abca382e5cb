-- A read by primary key: pgbench -U qinglan_owner -n -M prepared -D teachers=10000.
\set n random(1, :teachers)
SELECT t.id, t.name, t.school, t.version FROM floor.teacher t WHERE t.county = 1 AND t.id = ('0199b0a4-7c00-7000-8000-' || lpad((:n)::text, 12, '0'))::uuid;
