-- A read by primary key, of the columns that the service answers: pgbench -U qinglan_owner -n -M prepared -D teachers=10000.
\set n random(1, :teachers)
SELECT t.id, t.name, t.gender, t.birth_on, t.document_type, t.document_masked, t.phone, t.school, t.personnel_school, t.teaching_stage, t.subjects, t.title, t.political_status, t.education, t.homeroom_since, t.merged_into, t.version, t.created_at, t.updated_at FROM floor.teacher t WHERE t.county = 1 AND t.id = ('0199b0a4-7c00-7000-8000-' || lpad((:n)::text, 12, '0'))::uuid;
