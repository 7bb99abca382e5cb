-- The floor's own tables: what PostgreSQL alone would do for the three measured operations. Run by a
-- superuser (psql -v teachers=10000 -v entries=100); owned by qinglan_owner, without row
-- security, triggers or foreign keys. Ids are made of numbers, so that pgbench can name them.
DROP SCHEMA IF EXISTS floor CASCADE;
CREATE SCHEMA floor AUTHORIZATION qinglan_owner;
SET ROLE qinglan_owner;
SET search_path = floor;

CREATE FUNCTION id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0199b0a4-7c00-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;

CREATE TABLE teacher (
	county int NOT NULL,
	id uuid NOT NULL,
	name text NOT NULL,
	school uuid NOT NULL,
	version int NOT NULL DEFAULT 1,
	PRIMARY KEY (county, id)
);
INSERT INTO teacher (county, id, name, school)
SELECT 1, id(n), '教师' || n, id(n % 25) FROM generate_series(1, :teachers) n;

CREATE TABLE entry (
	county int NOT NULL,
	id uuid NOT NULL,
	person uuid NOT NULL,
	school uuid,
	hours numeric(7,2) NOT NULL,
	level text NOT NULL,
	activity_on date NOT NULL,
	source_kind text NOT NULL,
	source_key text NOT NULL,
	PRIMARY KEY (county, id)
);
INSERT INTO entry
SELECT 1, id(e * 100000000::bigint + n), id(n), id(n % 25), 0.25 * (1 + e % 12),
	(ARRAY['city', 'county', 'school', 'self_study'])[1 + e % 4], date '2022-01-01' + e * 15,
	'course_enrolment', e || '-' || n
FROM generate_series(1, :entries) e, generate_series(1, :teachers) n
ORDER BY e, n;
CREATE INDEX entry_of_person ON entry (county, person, activity_on, id);

CREATE TABLE posting (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	person uuid NOT NULL,
	hours numeric(7,2) NOT NULL,
	level text NOT NULL,
	activity_on date NOT NULL,
	source_kind text NOT NULL,
	source_key text NOT NULL,
	PRIMARY KEY (county, id),
	UNIQUE (county, source_kind, source_key, person)
);
ANALYZE teacher;
ANALYZE entry;
RESET ROLE;
