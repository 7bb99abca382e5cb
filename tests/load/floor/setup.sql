-- The floor's own tables: what PostgreSQL alone would do for the measured operations. Run by a
-- superuser (psql -v teachers=10000 -v entries=100 -v schools=67); owned by qinglan_owner, without row
-- security, triggers or foreign keys. Ids are made of numbers, so that pgbench can name them.
DROP SCHEMA IF EXISTS floor CASCADE;
CREATE SCHEMA floor AUTHORIZATION qinglan_owner;
SET ROLE qinglan_owner;
SET search_path = floor;

CREATE FUNCTION id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0199b0a4-7c00-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;

-- A teacher and an entry have the columns that the service's answer tells: a floor that fetched
-- less would be one of another operation.
CREATE TABLE teacher AS
SELECT 1 AS county, id(n), '教师' || n AS name, 'female' AS gender, date '1985-01-01' AS birth_on,
	NULL::text AS document_type, NULL::text AS document_masked, '13900000000' AS phone,
	id(n % 64) AS school, id(n % 64) AS personnel_school, 'primary' AS teaching_stage,
	ARRAY['chinese'] AS subjects, 'level_1' AS title, NULL::text AS political_status,
	NULL::text AS education, NULL::date AS homeroom_since, NULL::uuid AS merged_into, 1 AS version,
	now() AS created_at, now() AS updated_at
FROM generate_series(1, :teachers) n;
ALTER TABLE teacher ADD PRIMARY KEY (county, id);

CREATE TABLE entry AS
SELECT 1 AS county, id(e * 100000000::bigint + n), id(n) AS account, e::bigint AS seq, id(n) AS person,
	id(n % 64) AS school, (0.25 * (1 + e % 12))::numeric(7,2) AS hours,
	(ARRAY['city', 'county', 'school', 'self_study'])[1 + e % 4] AS level, NULL::uuid AS module,
	current_date - 18 * (:entries - e)::int AS activity_on, 'course_enrolment' AS source_kind,
	e || '-' || n AS source_key, NULL::text AS evidence, NULL::text AS note, NULL::uuid AS reverses,
	NULL::text AS reason, id(0) AS posted_by, NULL::uuid AS office, NULL::text AS client,
	now() AS posted_at, sha256('bench') AS chain
FROM generate_series(1, :entries) e, generate_series(1, :teachers) n
ORDER BY e, n;
ALTER TABLE entry ADD PRIMARY KEY (county, id);
CREATE INDEX entry_of_person ON entry (county, person, activity_on, id);

-- Entries are posted to a history as long as the service's, not to an empty table.
CREATE TABLE posting (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	person uuid NOT NULL,
	hours numeric(7,2) NOT NULL,
	level text NOT NULL,
	activity_on date NOT NULL,
	source_kind text NOT NULL,
	source_key text NOT NULL
);
INSERT INTO posting
SELECT county, id, person, hours, level, activity_on, source_kind, source_key FROM entry
ORDER BY seq, person;
ALTER TABLE posting ADD PRIMARY KEY (county, id), ADD UNIQUE (county, source_kind, source_key, person);

-- What is kept of everybody in six windows, as far as the report counts it.
CREATE TABLE state AS
SELECT 1 AS county, w AS window_on, id(n) AS person, id(n % :schools) AS school,
	(n % 3)::numeric(9,2) AS short
FROM generate_series(1, 6) w, generate_series(1, :teachers) n;
ALTER TABLE state ADD PRIMARY KEY (county, window_on, person);

CREATE TABLE check_in (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	session bigint NOT NULL,
	person bigint NOT NULL,
	at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (county, id),
	UNIQUE (county, session, person)
);
ANALYZE teacher;
ANALYZE state;
ANALYZE entry;
ANALYZE posting;
RESET ROLE;
