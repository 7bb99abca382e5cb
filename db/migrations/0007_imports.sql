-- List imports: schools, teachers, hours. A file is read record by record into import_row (by C:
-- api/resources/import_job.c), then decided over as a whole, then committed under the plan that
-- came out, decided again in the same transaction. The report is the rows themselves.

CREATE TABLE import (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	version int NOT NULL DEFAULT 1,
	kind text NOT NULL CHECK (kind IN ('schools', 'teachers', 'hours')),
	state text NOT NULL DEFAULT 'reading' CHECK (state IN ('reading', 'ready', 'committing',
		'committed', 'undoing', 'undone', 'failed')),
	person uuid DEFAULT nullif(current_setting('qinglan.person', true), '')::uuid,
	school uuid DEFAULT nullif(current_setting('qinglan.school', true), '')::uuid,
	client text DEFAULT nullif(current_setting('qinglan.client', true), ''),
	as_of_on date NOT NULL,
	plan uuid,
	mode text CHECK (mode IN ('all', 'good_rows')),
	counts jsonb NOT NULL DEFAULT '{}',
	problem jsonb,
	job uuid,
	made_classes uuid[] NOT NULL DEFAULT '{}',
	purge_at timestamptz NOT NULL,
	purged boolean NOT NULL DEFAULT false,
	committed_at timestamptz,
	undone_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id)
);
CREATE INDEX import_purge ON import (purge_at) WHERE NOT purged;
CALL wall('import', reads => '$all OR $sees = ''school'' AND school = $school',
	writes => '$all OR $sees = ''school'' AND school = $school');

-- A file of an import; large lists come in several.
CREATE TABLE import_part (
	county int NOT NULL,
	import uuid NOT NULL,
	part int NOT NULL CHECK (part BETWEEN 1 AND 100),
	owner_school uuid DEFAULT nullif(current_setting('qinglan.school', true), '')::uuid,
	file uuid NOT NULL,
	read_at timestamptz,
	PRIMARY KEY (county, import, part),
	FOREIGN KEY (county, import) REFERENCES import (county, id),
	FOREIGN KEY (county, file) REFERENCES file (county, id)
);
CALL wall('import_part', reads => '$all OR $sees = ''school'' AND owner_school = $school',
	writes => '$all OR $sees = ''school'' AND owner_school = $school', exempt_event => true);

-- A record: what was read, what was decided, what was made of it. found are the problems of the
-- record alone; problems all of them. No event: it is the report of a file and goes with it.
CREATE TABLE import_row (
	county int NOT NULL,
	import uuid NOT NULL,
	part int NOT NULL,
	row int NOT NULL,
	owner_school uuid DEFAULT nullif(current_setting('qinglan.school', true), '')::uuid,
	outcome text NOT NULL CHECK (outcome IN ('pending', 'accepted', 'warned', 'duplicate',
		'rejected', 'changed', 'unchanged', 'skipped')),
	found jsonb NOT NULL DEFAULT '[]',
	problems jsonb NOT NULL DEFAULT '[]',
	name text,
	parsed jsonb,
	row_hash bytea,
	document_type text,
	document_masked text,
	document_hash bytea,
	document_hashes bytea[],
	document_sealed bytea,
	sort_key text,
	tokens text[],
	-- Decided:
	school uuid,
	person uuid,
	class uuid,
	class_stage text,
	class_entry_year int,
	class_number int,
	appointment uuid,
	module uuid,
	start_on date,
	changes jsonb NOT NULL DEFAULT '{}',
	-- Part and row of the first record that says the same, or is about the same.
	duplicate_of int[],
	digest text,
	previous text,
	-- Made:
	made jsonb NOT NULL DEFAULT '{}',
	before jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (county, import, part, row),
	FOREIGN KEY (county, import, part) REFERENCES import_part (county, import, part)
) WITH (fillfactor = 60);
CREATE INDEX import_row_outcome ON import_row (county, import, outcome, part, row);
CREATE INDEX import_row_person ON import_row (county, import, person);
CREATE INDEX import_row_named ON import_row (county, import, school, name);
CALL wall('import_row', reads => '$all OR $sees = ''school'' AND owner_school = $school',
	writes => '$all OR $sees = ''school'' AND owner_school = $school', exempt_event => true);

-- A problem of a row as a list of one.
CREATE FUNCTION import_problem("column" text, code text, value text DEFAULT NULL,
	severity text DEFAULT 'error') RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT jsonb_build_array(jsonb_build_object('column', "column", 'code', code, 'value', value,
	'severity', severity)) $$;

-- ---------------------------------------------------------------- the beginning

-- Stores a sealed file as a new import, or as a further part of one, and queues its reading.
CREATE FUNCTION import_add(its_kind text, continues uuid, as_of date, days int, file_id uuid,
	file_name text, its_type text, its_size int, its_hash bytea, its_content bytea, its_key int,
	its_scope text, its_language text, OUT import_id uuid, OUT job_id uuid) LANGUAGE plpgsql AS $$
DECLARE
	its import;
	its_part int;
	keep timestamptz := machine_now() + make_interval(days => days);
BEGIN
	-- Schools and hours are the county's.
	IF its_kind <> 'teachers' AND current_setting('qinglan.sees', true) <> 'all' THEN
		PERFORM raise_problem('insufficient-scope', '{}', 'QL403');
	END IF;
	IF continues IS NULL THEN
		IF its_kind = 'teachers' AND school_year_of(coalesce(as_of, today())) IS NULL THEN
			PERFORM raise_problem('no-school-year', jsonb_build_object('parameter', 'as_of_on',
				'day', coalesce(as_of, today())), 'QL422');
		END IF;
		INSERT INTO import (county, kind, as_of_on, purge_at)
		VALUES (this_county(), its_kind, coalesce(as_of, today()), keep)
		RETURNING * INTO its;
	ELSE
		SELECT * INTO its FROM import i WHERE i.id = continues AND i.kind = its_kind FOR UPDATE;
		IF NOT FOUND THEN
			PERFORM raise_problem('not-found', '{"parameter": "continues"}', 'QL404');
		ELSIF its.state NOT IN ('reading', 'ready') THEN
			PERFORM raise_problem('import-not-open', jsonb_build_object('state', its.state), 'QL409');
		END IF;
	END IF;
	import_id := its.id;
	SELECT coalesce(max(p.part), 0) + 1 INTO its_part FROM import_part p WHERE p.import = its.id;
	IF its_part > 100 THEN
		PERFORM raise_problem('import-too-many-parts', '{}', 'QL409');
	END IF;
	INSERT INTO file (county, id, name, media_type, size, content_hash, content, key_id, purge_at)
	VALUES (this_county(), file_id, file_name, its_type, its_size, its_hash, its_content, its_key, keep);
	INSERT INTO import_part (county, import, part, file) VALUES (this_county(), its.id, its_part, file_id);
	job_id := import_queue(its, 'import_read', jsonb_build_object('part', its_part), true, its_scope,
		its_language);
	UPDATE import SET state = 'reading', job = job_id, version = version + 1, updated_at = clock_now()
	WHERE id = its.id;
END
$$;

-- Queues a job about an import; its id.
CREATE FUNCTION import_queue(its import, its_kind text, its_input jsonb, its_stoppable boolean,
	its_scope text, its_language text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	its_url text := '/v1/' || CASE its.kind WHEN 'schools' THEN 'school' WHEN 'hours' THEN 'hour'
		ELSE 'teacher' END || '-imports/' || its.id;
	job_id uuid;
BEGIN
	INSERT INTO job (county, kind, input, stoppable, actor_scope, language, result_url, errors_url)
	VALUES (this_county(), its_kind, its_input || jsonb_build_object('import', its.id,
		'import_kind', its.kind), its_stoppable, its_scope, its_language, its_url,
		its_url || '/rejected')
	RETURNING id INTO job_id;
	RETURN job_id;
END
$$;

-- What an import does when its job does not succeed: it is as it was before.
CREATE FUNCTION import_job_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE import i SET version = i.version + 1, problem = NEW.problem,
		state = CASE i.state WHEN 'reading' THEN 'failed' WHEN 'committing' THEN 'ready'
			WHEN 'undoing' THEN 'committed' END
	WHERE i.county = NEW.county AND i.id = (NEW.input->>'import')::uuid
		AND i.state IN ('reading', 'committing', 'undoing');
	RETURN NULL;
END
$$;
CALL engine_owned('import_job_ended()');
CREATE TRIGGER import_job_ended AFTER UPDATE OF state ON job FOR EACH ROW
	WHEN (NEW.state IN ('failed', 'cancelled') AND NEW.input ? 'import')
	EXECUTE FUNCTION import_job_ended();

-- ---------------------------------------------------------------- reading

-- Stores records as they were read. Titles and subjects become codes of the county's lists; what
-- is not on a list is left out with a warning.
CREATE FUNCTION import_rows_put(import_id uuid, its_part int, rows jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	stored bigint;
BEGIN
	INSERT INTO import_row (county, import, part, row, outcome, found, name, parsed, row_hash,
		document_type, document_masked, document_hash, document_hashes, document_sealed,
		sort_key, tokens)
	WITH listed AS MATERIALIZED (
		SELECT i."table" AS list, lower(v.text) AS text, min(i.code) AS code
		FROM reference_item i
		CROSS JOIN LATERAL (VALUES (i.label_zh), (i.label_en), (i.code)) AS v(text)
		WHERE i.county = this_county() AND i."table" IN ('title', 'subject') AND i.valid @> today()
		GROUP BY 1, 2
	)
	SELECT this_county(), import_id, its_part, r.row, CASE WHEN r.skipped THEN 'skipped' ELSE 'pending' END,
		coalesce(r.problems, '[]')
			|| CASE WHEN r.parsed->>'title' IS NOT NULL AND t.code IS NULL
				THEN import_problem('职称', 'not-in-list', r.parsed->>'title', 'warning') ELSE '[]' END
			|| CASE WHEN s.unknown IS NOT NULL
				THEN import_problem('任教学科', 'not-in-list', s.unknown, 'warning') ELSE '[]' END,
		r.name,
		r.parsed || CASE WHEN r.parsed ? 'title'
			THEN jsonb_build_object('title', t.code, 'subjects', s.codes) ELSE '{}' END,
		r.row_hash, r.document_type, r.document_masked, r.document_hash, r.document_hashes,
		r.document_sealed, r.sort_key, r.tokens
	FROM jsonb_to_recordset(rows) AS r(row int, skipped boolean, problems jsonb, name text, parsed jsonb,
		row_hash bytea, document_type text, document_masked text, document_hash bytea,
		document_hashes bytea[], document_sealed bytea, sort_key text, tokens text[])
	LEFT JOIN listed t ON t.list = 'title' AND t.text = lower(r.parsed->>'title')
	LEFT JOIN LATERAL (
		SELECT coalesce(jsonb_agg(c.code) FILTER (WHERE c.code IS NOT NULL), '[]') AS codes,
			string_agg(u.subject, '、') FILTER (WHERE c.code IS NULL) AS unknown
		FROM jsonb_array_elements_text(coalesce(r.parsed->'subjects', '[]')) AS u(subject)
		LEFT JOIN listed c ON c.list = 'subject' AND c.text = lower(u.subject)
	) s ON r.parsed ? 'subjects'
	-- A job that is done again puts the same records again.
	ON CONFLICT (county, import, part, row) DO NOTHING;
	GET DIAGNOSTICS stored = ROW_COUNT;
	RETURN stored;
END
$$;

-- ---------------------------------------------------------------- deciding

-- The import of an id for its caller, locked; the engine's functions begin with it. One import of
-- a county is decided or committed at a time.
CREATE FUNCTION import_locked(import_id uuid) RETURNS import LANGUAGE plpgsql AS $$
DECLARE
	its import;
BEGIN
	SELECT * INTO its FROM import i
	WHERE i.county = this_county() AND i.id = import_id AND (current_setting('qinglan.sees', true) = 'all'
		OR i.school = nullif(current_setting('qinglan.school', true), '')::uuid)
	FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('import/' || this_county(), 0));
	RETURN its;
END
$$;
REVOKE ALL ON FUNCTION import_locked(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION import_locked(uuid) TO qinglan_engine;

-- After a part was read: decides, unless another part still waits to be read.
CREATE FUNCTION import_part_end(import_id uuid, its_part int) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM import i WHERE i.id = import_id FOR UPDATE;
	UPDATE import_part SET read_at = clock_now() WHERE import = import_id AND part = its_part;
	IF NOT EXISTS (SELECT FROM import_part p WHERE p.import = import_id AND p.read_at IS NULL) THEN
		PERFORM import_decide(import_id);
	END IF;
	RETURN (SELECT to_jsonb(v.counts) FROM import_view v WHERE v.id = import_id);
END
$$;

-- Decides every row of an import anew; the plan, whose id says what was decided: the same decisions
-- have the same id.
CREATE FUNCTION import_decide(import_id uuid) RETURNS uuid LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	its import := import_locked(import_id);
BEGIN
	UPDATE import_row r SET previous = r.digest, problems = r.found, changes = '{}', school = NULL,
		person = NULL, class = NULL, class_stage = NULL, class_entry_year = NULL, class_number = NULL,
		appointment = NULL, module = NULL, start_on = NULL, duplicate_of = NULL,
		outcome = CASE WHEN r.found @> '[{"severity": "error"}]' THEN 'rejected' ELSE 'pending' END
	WHERE r.county = its.county AND r.import = its.id AND r.outcome <> 'skipped';

	-- The same row again changes nothing.
	UPDATE import_row r SET outcome = 'duplicate', duplicate_of = d.first
	FROM (SELECT d.part, d.row, first_value(ARRAY[d.part, d.row]) OVER (PARTITION BY d.row_hash
			ORDER BY d.part, d.row) AS first
		FROM import_row d
		WHERE d.county = its.county AND d.import = its.id AND d.outcome = 'pending') d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	IF its.kind = 'schools' THEN
		PERFORM import_decide_schools(its);
	ELSIF its.kind = 'teachers' THEN
		PERFORM import_decide_teachers(its);
	ELSE
		PERFORM import_decide_hours(its);
	END IF;

	UPDATE import_row r SET digest = md5(concat_ws('|', r.outcome, r.person, r.school, r.class,
		r.class_stage, r.class_entry_year, r.class_number, r.appointment, r.module, r.start_on,
		r.changes, r.problems, r.duplicate_of))
	WHERE r.county = its.county AND r.import = its.id AND r.outcome <> 'skipped';
	UPDATE import i SET version = i.version + 1, updated_at = clock_now(), problem = NULL,
		plan = (SELECT md5(concat_ws('|', its.id, string_agg(r.digest, '' ORDER BY r.part, r.row)))::uuid
			FROM import_row r WHERE r.county = its.county AND r.import = its.id),
		state = CASE i.state WHEN 'reading' THEN 'ready' ELSE i.state END,
		counts = (SELECT coalesce(jsonb_object_agg(c.outcome, c.n), '{}') FROM (SELECT r.outcome, count(*) AS n
			FROM import_row r WHERE r.county = its.county AND r.import = its.id GROUP BY r.outcome) c)
	WHERE i.county = its.county AND i.id = its.id
	RETURNING * INTO its;
	RETURN its.plan;
END
$$;

-- Gives the rows of an import that are left their outcome.
CREATE FUNCTION import_settle(its import) RETURNS void LANGUAGE sql AS
$$
UPDATE import_row r SET outcome = CASE
	WHEN r.problems @> '[{"severity": "error"}]' THEN 'rejected'
	WHEN its.kind = 'teachers' AND r.person IS NOT NULL THEN
		CASE WHEN r.changes = '{}' THEN 'unchanged' ELSE 'changed' END
	WHEN r.problems <> '[]' THEN 'warned'
	ELSE 'accepted' END
WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('pending', 'rejected')
$$;

-- The value of a change, left out where nothing is given or nothing differs.
CREATE FUNCTION import_change("column" text, old_value jsonb, new_value jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE WHEN new_value IS NULL OR new_value = 'null' OR new_value = '[]' OR new_value = old_value
	THEN '{}'::jsonb
	ELSE jsonb_build_object("column", jsonb_build_object('old', old_value, 'new', new_value)) END
$$;

-- For schools, import_row.person stays NULL and school is the one found by its code.
CREATE FUNCTION import_decide_schools(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || import_problem('学校标识码', 'school-code-twice', r.parsed->>'school_code')
	FROM (SELECT d.part, d.row, first_value(ARRAY[d.part, d.row]) OVER (PARTITION BY d.parsed->>'school_code'
			ORDER BY d.part, d.row) AS first
		FROM import_row d
		WHERE d.county = its.county AND d.import = its.id AND d.outcome = 'pending') d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('学校标识码', 'school-code-category', r.parsed->>'school_code')
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND school_category(r.parsed->>'school_code') IS NULL;

	UPDATE import_row r SET school = s.id,
		outcome = CASE WHEN s.status <> 'open' THEN 'rejected' WHEN c.changes = '{}' THEN 'unchanged'
			ELSE 'changed' END,
		problems = r.problems || CASE WHEN s.status = 'open' THEN '[]'
			ELSE import_problem('学校标识码', 'school-closed', s.code) END,
		changes = CASE WHEN s.status = 'open' THEN c.changes ELSE '{}' END
	FROM school s, import_row q,
	LATERAL (SELECT import_change('学校名称', to_jsonb(s.name), q.parsed->'name')
		|| import_change('学段', to_jsonb(s.stages), q.parsed->'stages')
		|| import_change('学制', to_jsonb(s.school_system), q.parsed->'school_system')
		|| import_change('乡镇', to_jsonb(s.town), q.parsed->'town') AS changes) c
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row
		AND s.county = r.county AND s.code = r.parsed->>'school_code';

	PERFORM import_settle(its);
END
$$;

-- ---------------------------------------------------------------- deciding: teachers

-- Finds school, person and class of every row.
CREATE FUNCTION import_resolve_teachers(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	year_on date := lower((school_year_of(its.as_of_on)).during);
BEGIN
	UPDATE import_row r SET school = s.id,
		start_on = greatest((r.parsed->>'homeroom_since')::date, year_on),
		outcome = CASE WHEN s.id IS NOT NULL AND s.status = 'open' AND s.mine THEN r.outcome ELSE 'rejected' END,
		problems = r.problems || CASE
			WHEN r.problems @> '[{"column": "学校标识码"}]' THEN '[]'
			WHEN s.id IS NULL THEN import_problem('学校标识码', 'unknown-school', r.parsed->>'school_code')
			WHEN NOT s.mine THEN import_problem('学校标识码', 'not-your-school', r.parsed->>'school_code')
			WHEN s.status <> 'open' THEN import_problem('学校标识码', 'school-closed', r.parsed->>'school_code')
			ELSE '[]' END
	FROM import_row q
	LEFT JOIN (SELECT k.*, its.school IS NULL OR k.id = its.school AS mine FROM school k
		WHERE k.county = its.county) s ON s.code = q.parsed->>'school_code'
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('pending', 'rejected')
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row;

	-- What a label means depends on stages and system alone, so one school asks for all like it.
	WITH named AS (
		SELECT DISTINCT q.school, q.parsed->>'class' AS class FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'class' IS NOT NULL
	), label AS MATERIALIZED (
		SELECT d.stages, d.school_system, d.class, l.stage, l.entry_year, l.number
		FROM (SELECT DISTINCT ON (s.stages, s.school_system, n.class) s.stages, s.school_system, n.class, s.id
			FROM named n JOIN school s ON s.county = its.county AND s.id = n.school) d
		LEFT JOIN LATERAL class_of_label(d.id, d.class, its.as_of_on) l ON true
	), found AS (
		SELECT s.id AS school, l.class, l.stage, l.entry_year, l.number, c.id AS class_id
		FROM label l
		JOIN school s ON s.county = its.county AND s.stages = l.stages AND s.school_system = l.school_system
		LEFT JOIN class c ON c.county = its.county AND c.school = s.id AND c.stage = l.stage
			AND c.entry_year = l.entry_year AND c.number = l.number AND c.status <> 'ended'
	)
	UPDATE import_row r SET class = l.class_id, class_stage = l.stage, class_entry_year = l.entry_year,
		class_number = l.number,
		outcome = CASE WHEN l.number IS NULL THEN 'rejected' ELSE r.outcome END,
		problems = r.problems || CASE WHEN l.number IS NULL
			THEN import_problem('担任班级', 'class-unknown', l.class) ELSE '[]' END
	FROM found l
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND l.school = r.school AND l.class = r.parsed->>'class';

	PERFORM import_match(its);
END
$$;

-- Finds the person of every row that is left: by document, else by name and birth date within the
-- school. Who has the same document under another name is not the same.
CREATE FUNCTION import_match(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	WITH d AS MATERIALIZED (
		SELECT q.part, q.row, h.hash FROM import_row q CROSS JOIN LATERAL unnest(q.document_hashes) AS h(hash)
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
	)
	UPDATE import_row r SET person = p.id
	FROM d
	JOIN person p ON p.county = its.county AND p.resident_hash = d.hash
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row;

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('身份证号', 'document-of-another', r.document_masked)
	FROM person p
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = r.person AND p.name <> r.name;

	UPDATE import_row r SET person = CASE WHEN m.n = 1 THEN m.person END,
		outcome = CASE WHEN m.n = 1 THEN r.outcome ELSE 'rejected' END,
		problems = r.problems || CASE WHEN m.n = 1 THEN '[]'
			ELSE import_problem('姓名', 'person-ambiguous', r.name) END
	FROM (
		SELECT q.part, q.row, count(*) AS n, min(p.id::text)::uuid AS person
		FROM import_row q
		JOIN person p ON p.county = q.county AND p.name = q.name AND p.school = q.school
			AND p.birth_on = (q.parsed->>'birth_on')::date
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.person IS NULL AND (q.document_hash IS NULL OR p.resident_hash IS NULL)
			AND p.merged_into IS NULL AND p.voided_at IS NULL
		GROUP BY q.part, q.row
	) m
	WHERE r.county = its.county AND r.import = its.id AND r.part = m.part AND r.row = m.row;

	-- A school learns of whom it does not see today that she is known, and nothing more.
	UPDATE import_row r SET outcome = 'rejected', person = NULL,
		problems = r.problems || CASE WHEN r.outcome = 'pending'
			THEN import_problem('学校标识码', 'not-your-teacher', r.parsed->>'school_code') ELSE '[]' END
	WHERE its.school IS NOT NULL AND r.county = its.county AND r.import = its.id AND r.person IS NOT NULL
		AND r.outcome IN ('pending', 'rejected') AND NOT is_present(r.person, its.school);

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('学校标识码', 'works-elsewhere', s.name)
	FROM person p JOIN school s ON s.county = p.county AND s.id = p.school
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = r.person AND p.school <> r.school;
END
$$;

-- Rows of one list that cannot both stand: the first one does.
CREATE FUNCTION import_clash_in_list(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || CASE WHEN d.name <> r.name
			THEN import_problem('身份证号', 'document-of-another', r.document_masked)
			ELSE import_problem('姓名', 'person-twice', r.name) END
	FROM (SELECT q.part, q.row, first_value(ARRAY[q.part, q.row]) OVER same AS first,
			first_value(q.name) OVER same AS name
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
		WINDOW same AS (PARTITION BY coalesce(q.document_hash,
			convert_to(concat_ws('|', q.school, q.name, q.parsed->>'birth_on'), 'UTF8'))
			ORDER BY q.part, q.row)) d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	-- Found by document in one row and by name in another.
	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || import_problem('姓名', 'person-twice', r.name)
	FROM (SELECT q.part, q.row, first_value(ARRAY[q.part, q.row]) OVER (PARTITION BY q.person
			ORDER BY q.part, q.row) AS first
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.person IS NOT NULL) d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('担任班级', 'class-has-homeroom-teacher', r.parsed->>'class')
	FROM (SELECT q.part, q.row, row_number() OVER (PARTITION BY q.school, q.class_stage,
			q.class_entry_year, q.class_number ORDER BY q.part, q.row) AS nth
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'kind' IN ('homeroom', 'acting')) d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row AND d.nth > 1;
END
$$;

-- Classes that already have a homeroom teacher who keeps them. A row that is refused may be the
-- one that would have freed another's class, so it goes on until nothing moves.
CREATE FUNCTION import_clash_with_known(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	LOOP
		UPDATE import_row r SET outcome = 'rejected',
			problems = r.problems || import_problem('担任班级', 'class-has-homeroom-teacher', r.parsed->>'class')
		FROM homeroom_appointment a
		LEFT JOIN (SELECT * FROM import_row m WHERE m.county = its.county AND m.import = its.id
			AND m.outcome = 'pending') m ON m.person = a.person
		WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
			AND r.parsed->>'kind' IN ('homeroom', 'acting')
			AND a.county = r.county AND a.class = r.class AND a.kind IN ('homeroom', 'acting')
			AND a.during && daterange(r.start_on, NULL) AND a.person IS DISTINCT FROM r.person
			AND (m.person IS NULL OR m.appointment IS DISTINCT FROM a.id
				OR m.class = a.class AND m.parsed->>'kind' IN ('homeroom', 'acting'));
		EXIT WHEN NOT FOUND;
	END LOOP;
END
$$;

-- What a class is called on a day.
CREATE FUNCTION import_class_label(its_class uuid, day date) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT coalesce(class_grade(c.entry_year, c.stage, s.school_system, day), c.entry_year || '级')
	|| '(' || c.number || ')班'
FROM class c JOIN school s ON s.county = c.county AND s.id = c.school
WHERE c.county = this_county() AND c.id = its_class
$$;

-- The appointment that a row speaks of, where its person has one in the school: of its kind and
-- class, else of its kind, else any.
CREATE FUNCTION import_find_appointments(its import) RETURNS void LANGUAGE sql
SET enable_nestloop = off AS
$$
UPDATE import_row r SET appointment = a.id
FROM (
	SELECT DISTINCT ON (q.part, q.row) q.part, q.row, a.id
	FROM import_row q
	JOIN homeroom_appointment a ON a.county = q.county AND a.person = q.person AND a.school = q.school
	WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
		AND (upper_inf(a.during) OR upper(a.during) > its.as_of_on)
	ORDER BY q.part, q.row, (a.kind = q.parsed->>'kind')::int
		+ 2 * (a.kind = q.parsed->>'kind' AND a.class IS NOT DISTINCT FROM q.class)::int DESC,
		lower(a.during), a.id
) a
WHERE r.county = its.county AND r.import = its.id AND r.part = a.part AND r.row = a.row
$$;

-- A title with the day it was obtained stands; a list, which has no such day, does not move it.
CREATE FUNCTION import_has_dated_title(its_county int, its_person uuid) RETURNS boolean
LANGUAGE sql STABLE AS
$$
SELECT EXISTS (SELECT FROM title t
	WHERE t.county = its_county AND t.person = its_person AND t.obtained_on IS NOT NULL)
$$;

-- What a row would change of the person that it is about.
CREATE FUNCTION import_differences(its import) RETURNS void LANGUAGE sql
SET enable_nestloop = off AS
$$
UPDATE import_row r SET changes =
	import_change('性别', to_jsonb(p.gender), r.parsed->'gender')
	|| import_change('出生年月', to_jsonb(p.birth_on), r.parsed->'birth_on')
	|| CASE WHEN import_has_dated_title(p.county, p.id) THEN '{}'
		ELSE import_change('职称', to_jsonb(p.title), r.parsed->'title') END
	|| import_change('联系电话', to_jsonb(p.phone), r.parsed->'phone')
	|| import_change('学段', to_jsonb(p.teaching_stage), r.parsed->'stage')
	|| import_change('任教学科', to_jsonb(p.subjects), r.parsed->'subjects')
	|| import_change('任班主任起始时间', to_jsonb(p.homeroom_since), r.parsed->'homeroom_since')
	|| CASE WHEN p.resident_hash IS NULL
		THEN import_change('身份证号', NULL, to_jsonb(r.document_masked)) ELSE '{}' END
	|| CASE WHEN p.school IS NULL
		THEN import_change('学校标识码', NULL, r.parsed->'school_code') ELSE '{}' END
	|| import_change('任职类型', to_jsonb(a.kind), r.parsed->'kind')
	|| CASE WHEN a.id IS NOT NULL AND a.class IS NOT DISTINCT FROM r.class
			AND (r.class IS NOT NULL OR r.class_number IS NULL) THEN '{}'
		ELSE import_change('担任班级', to_jsonb(import_class_label(a.class, its.as_of_on)),
			to_jsonb(coalesce(r.parsed->>'class', '-'))) END
FROM import_row q
JOIN person p ON p.county = q.county AND p.id = q.person
LEFT JOIN homeroom_appointment a ON a.county = q.county AND a.id = q.appointment
WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
	AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row
$$;

-- Warns of people that a new one may be: the same name and birth date elsewhere, the same phone.
CREATE FUNCTION import_look_alikes(its import) RETURNS void LANGUAGE sql
SET enable_nestloop = off AS
$$
UPDATE import_row r SET problems = r.problems || c.problems
FROM (
	SELECT q.part, q.row, import_problem('姓名', 'may-exist', coalesce(min(s.name), '-'), 'warning')
		AS problems
	FROM import_row q
	JOIN person p ON p.county = q.county AND p.name = q.name AND p.birth_on = (q.parsed->>'birth_on')::date
	LEFT JOIN school s ON s.county = p.county AND s.id = p.school
	WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending' AND q.person IS NULL
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	GROUP BY q.part, q.row
	UNION ALL
	SELECT q.part, q.row, import_problem('联系电话', 'may-exist', coalesce(min(s.name), '-'), 'warning')
	FROM import_row q
	JOIN person p ON p.county = q.county AND p.phone = q.parsed->>'phone' AND p.name <> q.name
	LEFT JOIN school s ON s.county = p.county AND s.id = p.school
	WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending' AND q.person IS NULL
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	GROUP BY q.part, q.row
) c
WHERE r.county = its.county AND r.import = its.id AND r.part = c.part AND r.row = c.row
$$;

CREATE FUNCTION import_decide_teachers(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM import_resolve_teachers(its);
	PERFORM import_clash_in_list(its);
	PERFORM import_find_appointments(its);
	PERFORM import_clash_with_known(its);
	PERFORM import_differences(its);
	PERFORM import_look_alikes(its);
	PERFORM import_settle(its);
END
$$;

-- ---------------------------------------------------------------- deciding: hours

-- Finds person, school and module of every row.
CREATE FUNCTION import_resolve_hours(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	UPDATE import_row r SET person = p.id
	FROM person p
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = (r.parsed->>'teacher_id')::uuid AND p.teacher
		AND p.merged_into IS NULL AND p.voided_at IS NULL;

	WITH d AS MATERIALIZED (
		SELECT q.part, q.row, h.hash FROM import_row q CROSS JOIN LATERAL unnest(q.document_hashes) AS h(hash)
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'teacher_id' IS NULL
	)
	UPDATE import_row r SET person = p.id
	FROM d
	JOIN person p ON p.county = its.county AND p.resident_hash = d.hash AND p.teacher
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row;

	UPDATE import_row r SET person = m.person
	FROM (
		SELECT q.part, q.row, min(p.id::text)::uuid AS person
		FROM import_row q
		JOIN school s ON s.county = q.county AND s.code = q.parsed->>'school_code'
		JOIN person p ON p.county = q.county AND p.name = q.name AND p.school = s.id AND p.teacher
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'teacher_id' IS NULL AND q.document_hash IS NULL
			AND p.merged_into IS NULL AND p.voided_at IS NULL
		GROUP BY q.part, q.row
		HAVING count(*) = 1
	) m
	WHERE r.county = its.county AND r.import = its.id AND r.part = m.part AND r.row = m.row;

	UPDATE import_row r SET school = coalesce(s.id, w.school), module = m.id,
		outcome = CASE WHEN f.problems = '[]' THEN r.outcome ELSE 'rejected' END,
		problems = r.problems || f.problems
	FROM import_row q
	LEFT JOIN person p ON p.county = q.county AND p.id = q.person
	LEFT JOIN school s ON s.county = q.county AND s.code = q.parsed->>'school_code'
	LEFT JOIN membership w ON w.county = q.county AND w.person = q.person AND w.kind = 'working'
		AND w.during @> (q.parsed->>'activity_on')::date
	LEFT JOIN LATERAL (SELECT k.id FROM module k WHERE k.county = q.county
		AND lower(q.parsed->>'module') IN (k.code, k.name_zh, lower(k.name_en)) LIMIT 1) m ON true
	CROSS JOIN LATERAL (SELECT
		CASE WHEN p.id IS NULL THEN import_problem(CASE WHEN q.parsed->>'teacher_id' IS NOT NULL THEN '教师编号'
				WHEN q.document_hash IS NOT NULL THEN '身份证号' ELSE '姓名' END, 'unknown-person',
				CASE WHEN q.document_hash IS NULL THEN q.name ELSE q.document_masked END)
			WHEN p.name <> q.name THEN import_problem('姓名', 'name-differs', q.name)
			ELSE '[]' END
		|| CASE WHEN q.parsed->>'school_code' IS NOT NULL AND s.id IS NULL
			THEN import_problem('学校标识码', 'unknown-school', q.parsed->>'school_code') ELSE '[]' END
		|| CASE WHEN q.parsed->>'module' IS NOT NULL AND m.id IS NULL
			THEN import_problem('模块', 'unknown-module', q.parsed->>'module') ELSE '[]' END
		|| CASE WHEN (q.parsed->>'activity_on')::date > today()
			THEN import_problem('日期', 'date-in-future', q.parsed->>'activity_on') ELSE '[]' END
		AS problems) f
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row;
END
$$;

-- A source credits a person once: the same row again is unchanged, another one under the same
-- source is refused, and so is one whose credit was reversed.
CREATE FUNCTION import_decide_hours(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	PERFORM import_resolve_hours(its);

	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || import_problem('来源编号', 'source-twice', r.parsed->>'source_key')
	FROM (SELECT q.part, q.row, first_value(ARRAY[q.part, q.row]) OVER (PARTITION BY q.person,
			q.parsed->>'source_kind', q.parsed->>'source_key' ORDER BY q.part, q.row) AS first
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending') d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	UPDATE import_row r SET outcome = CASE WHEN f.same AND v.id IS NULL THEN 'unchanged' ELSE 'rejected' END,
		problems = r.problems || CASE
			WHEN v.id IS NOT NULL THEN import_problem('来源编号', 'credit-reversed', e.hours || ' / ' || e.activity_on)
			WHEN f.same THEN '[]'
			ELSE import_problem('来源编号', 'already-credited', e.hours || ' / ' || e.activity_on) END
	FROM hour_source s
	JOIN hour_entry e ON e.county = s.county AND e.id = s.entry
	LEFT JOIN hour_entry v ON v.county = e.county AND v.reverses = e.id,
	import_row q,
	LATERAL (SELECT (e.hours, e.level, e.activity_on) IS NOT DISTINCT FROM ((q.parsed->>'hours')::numeric,
		q.parsed->>'level', (q.parsed->>'activity_on')::date) AS same) f
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row
		AND s.county = r.county AND s.kind = r.parsed->>'source_kind'
		AND s.key = normalize(r.parsed->>'source_key', NFC) AND s.person = r.person;

	PERFORM import_settle(its);
END
$$;

-- ---------------------------------------------------------------- committing

-- Rows of an import that its plan writes.
CREATE FUNCTION import_good_rows(its import) RETURNS SETOF import_row LANGUAGE sql STABLE AS
$$
SELECT r.* FROM import_row r
WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned', 'changed')
$$;

-- Raises unless the plan of an import is still PLAN when it is decided again, and MODE allows its
-- rejected rows. What changed is told by its first rows.
CREATE FUNCTION import_plan_holds(import_id uuid, its_plan uuid, its_mode text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	now_plan uuid := import_decide(import_id);
	rejected bigint;
BEGIN
	IF now_plan IS DISTINCT FROM its_plan THEN
		PERFORM raise_problem('import-plan-changed', jsonb_build_object('plan_id', now_plan, 'rows',
			(SELECT coalesce(jsonb_agg(jsonb_build_object('part', c.part, 'row', c.row, 'outcome', c.outcome)
				ORDER BY c.part, c.row), '[]')
			FROM (SELECT r.part, r.row, r.outcome FROM import_row r
				WHERE r.county = this_county() AND r.import = import_id AND r.outcome <> 'skipped'
					AND r.digest IS DISTINCT FROM r.previous
				ORDER BY r.part, r.row LIMIT 20) c)), 'QL409');
	END IF;
	SELECT count(*) INTO rejected FROM import_row r
	WHERE r.county = this_county() AND r.import = import_id AND r.outcome = 'rejected';
	IF its_mode = 'all' AND rejected > 0 THEN
		PERFORM raise_problem('import-has-rejected-rows', jsonb_build_object('rejected', rejected), 'QL409');
	END IF;
END
$$;

-- Queues the commit of a plan. A list that is quickly decided is decided again at once, so that
-- the answer tells what changed; the job decides it again in any case, in its own transaction.
CREATE FUNCTION import_commit_ask(import_id uuid, its_kind text, its_plan uuid, its_mode text,
	if_match text, its_scope text, its_language text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	its import := import_locked(import_id);
	job_id uuid;
BEGIN
	IF its.kind <> its_kind THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	END IF;
	PERFORM next_version(its.version, if_match);
	IF its.purged THEN
		PERFORM raise_problem('import-purged', '{}', 'QL409');
	ELSIF its.state <> 'ready' THEN
		PERFORM raise_problem('import-not-ready', jsonb_build_object('state', its.state), 'QL409');
	END IF;
	IF (SELECT count(*) FROM (SELECT FROM import_row r WHERE r.county = its.county AND r.import = its.id
		LIMIT 2001) c) <= 2000 THEN
		PERFORM import_plan_holds(import_id, its_plan, its_mode);
	END IF;
	job_id := import_queue(its, 'import_commit', jsonb_build_object('plan', its_plan, 'mode', its_mode),
		false, its_scope, its_language);
	UPDATE import i SET state = 'committing', mode = its_mode, job = job_id, version = i.version + 1,
		updated_at = clock_now()
	WHERE i.county = its.county AND i.id = its.id;
	RETURN job_id;
END
$$;

-- Writes what the plan says, in one transaction with deciding it again. Done before: nothing.
CREATE FUNCTION import_commit(import_id uuid, its_plan uuid, its_mode text, days int) RETURNS jsonb
LANGUAGE plpgsql SET enable_nestloop = off AS $$
DECLARE
	its import := import_locked(import_id);
BEGIN
	IF its.state = 'committed' THEN
		RETURN its.counts;
	ELSIF its.state <> 'committing' THEN
		PERFORM raise_problem('import-not-ready', jsonb_build_object('state', its.state), 'QL409');
	END IF;
	IF its.kind = 'teachers' THEN
		PERFORM people_in_turn();
	END IF;
	PERFORM import_plan_holds(import_id, its_plan, its_mode);
	IF its.kind = 'schools' THEN
		PERFORM import_write_schools(its);
	ELSIF its.kind = 'teachers' THEN
		PERFORM import_write_teachers(its);
	ELSE
		PERFORM import_write_hours(its);
	END IF;
	UPDATE file f SET purge_at = machine_now() + make_interval(days => days)
	FROM import_part p
	WHERE p.county = its.county AND p.import = its.id AND f.county = p.county AND f.id = p.file;
	UPDATE import i SET state = 'committed', committed_at = clock_now(), version = i.version + 1,
		updated_at = clock_now(), purge_at = machine_now() + make_interval(days => days)
	WHERE i.county = its.county AND i.id = its.id
	RETURNING * INTO its;
	RETURN its.counts;
END
$$;

CREATE FUNCTION import_write_schools(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	WITH made AS (
		INSERT INTO school (county, code, name, stages, school_system, town)
		SELECT r.county, r.parsed->>'school_code', r.parsed->>'name',
			ARRAY(SELECT jsonb_array_elements_text(r.parsed->'stages')),
			coalesce(r.parsed->>'school_system', 'six_three'), coalesce(r.parsed->>'town', '')
		FROM import_good_rows(its) r WHERE r.outcome <> 'changed'
		ORDER BY r.part, r.row
		RETURNING id, code
	)
	UPDATE import_row r SET school = m.id, made = jsonb_build_object('school', m.id)
	FROM made m
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned')
		AND m.code = r.parsed->>'school_code';

	-- The office that a school begins with came with it.
	UPDATE import_row r SET made = r.made || jsonb_build_object('office', o.id)
	FROM office o
	WHERE r.county = its.county AND r.import = its.id AND r.made ? 'school'
		AND o.county = r.county AND o.school = r.school;

	UPDATE import_row r SET before = jsonb_build_object('name', s.name, 'stages', s.stages,
		'school_system', s.school_system, 'town', s.town, 'version', s.version + 1)
	FROM school s
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'changed'
		AND s.county = r.county AND s.id = r.school;

	UPDATE school s SET name = coalesce(r.parsed->>'name', s.name),
		stages = coalesce((SELECT array_agg(e.stage) FROM jsonb_array_elements_text(r.parsed->'stages') AS e(stage)),
			s.stages),
		school_system = coalesce(r.parsed->>'school_system', s.school_system),
		town = coalesce(r.parsed->>'town', s.town), version = s.version + 1, updated_at = clock_now()
	FROM import_good_rows(its) r
	WHERE r.outcome = 'changed' AND s.county = r.county AND s.id = r.school;
END
$$;

CREATE FUNCTION import_write_hours(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	PERFORM hour_accounts_lock(ARRAY(SELECT DISTINCT r.person FROM import_good_rows(its) r));
	WITH made AS (
		INSERT INTO hour_entry (county, person, school, hours, level, module, activity_on, source_kind,
			source_key, note)
		SELECT r.county, r.person, r.school, (r.parsed->>'hours')::numeric, r.parsed->>'level', r.module,
			(r.parsed->>'activity_on')::date, r.parsed->>'source_kind', r.parsed->>'source_key',
			r.parsed->>'note'
		FROM import_good_rows(its) r
		ORDER BY r.person, r.parsed->>'activity_on', r.part, r.row
		RETURNING id, person, source_kind, source_key
	)
	UPDATE import_row r SET made = jsonb_build_object('entry', m.id)
	FROM made m
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned')
		AND m.person = r.person AND m.source_kind = r.parsed->>'source_kind'
		AND m.source_key = normalize(r.parsed->>'source_key', NFC);
END
$$;

-- ---------------------------------------------------------------- committing: teachers

-- The classes that the rows name and the school does not have yet.
CREATE FUNCTION import_write_classes(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	WITH made AS (
		INSERT INTO class (county, school, stage, entry_year, number)
		SELECT DISTINCT r.county, r.school, r.class_stage, r.class_entry_year, r.class_number
		FROM import_good_rows(its) r
		WHERE r.class IS NULL AND r.class_number IS NOT NULL
		RETURNING id, school, stage, entry_year, number
	), linked AS (
		UPDATE import_row r SET class = m.id
		FROM made m
		WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned', 'changed')
			AND r.class IS NULL AND m.school = r.school AND m.stage = r.class_stage
			AND m.entry_year = r.class_entry_year AND m.number = r.class_number
	)
	UPDATE import i SET made_classes = ARRAY(SELECT m.id FROM made m)
	WHERE i.county = its.county AND i.id = its.id;
END
$$;

-- New persons, and what is written over of known ones; what was there before is kept for undoing.
CREATE FUNCTION import_write_persons(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	-- Membership and title are about to say the same, and then find nothing to keep in step.
	works boolean := lower((school_year_of(its.as_of_on)).during) <= today();
BEGIN
	UPDATE import_row r SET person = uuid_v7(), made = '{"person": true}'
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned');

	INSERT INTO person (county, id, name, gender, birth_on, phone, sort_key, tokens, teacher,
		document_type, document_masked, resident_sealed, resident_hash, homeroom_since, teaching_stage,
		subjects, title, school, personnel_school, schools)
	SELECT r.county, r.person, r.name, r.parsed->>'gender', (r.parsed->>'birth_on')::date,
		r.parsed->>'phone', r.sort_key, r.tokens, true,
		CASE WHEN r.document_hash IS NOT NULL THEN r.document_type END, r.document_masked, r.document_sealed,
		r.document_hash, (r.parsed->>'homeroom_since')::date, r.parsed->>'stage',
		ARRAY(SELECT jsonb_array_elements_text(r.parsed->'subjects')), r.parsed->>'title',
		CASE WHEN works THEN r.school END, CASE WHEN works THEN r.school END,
		CASE WHEN works THEN ARRAY[r.school] ELSE '{}' END
	FROM import_good_rows(its) r
	WHERE r.outcome <> 'changed';

	UPDATE import_row r SET before = jsonb_build_object('gender', p.gender, 'birth_on', p.birth_on,
		'phone', p.phone, 'tokens', p.tokens, 'teacher', p.teacher, 'homeroom_since', p.homeroom_since,
		'teaching_stage', p.teaching_stage, 'subjects', p.subjects, 'title', p.title,
		'document', p.resident_hash IS NOT NULL, 'version', p.version + 1)
	FROM person p
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'changed'
		AND p.county = r.county AND p.id = r.person;

	UPDATE person p SET gender = coalesce(r.parsed->>'gender', p.gender),
		birth_on = coalesce((r.parsed->>'birth_on')::date, p.birth_on),
		phone = coalesce(r.parsed->>'phone', p.phone),
		tokens = CASE WHEN r.parsed->>'phone' IS NULL THEN p.tokens ELSE r.tokens END,
		teacher = true,
		homeroom_since = coalesce((r.parsed->>'homeroom_since')::date, p.homeroom_since),
		teaching_stage = coalesce(r.parsed->>'stage', p.teaching_stage),
		subjects = CASE WHEN jsonb_array_length(r.parsed->'subjects') = 0 THEN p.subjects
			ELSE ARRAY(SELECT jsonb_array_elements_text(r.parsed->'subjects')) END,
		document_type = CASE WHEN p.resident_hash IS NULL AND r.document_hash IS NOT NULL
			THEN r.document_type ELSE p.document_type END,
		document_masked = coalesce(p.document_masked, r.document_masked),
		resident_sealed = coalesce(p.resident_sealed, r.document_sealed),
		resident_hash = coalesce(p.resident_hash, r.document_hash),
		version = p.version + 1, updated_at = clock_now()
	FROM import_good_rows(its) r
	WHERE r.outcome = 'changed' AND p.county = r.county AND p.id = r.person;
END
$$;

-- Where they work, and their titles.
CREATE FUNCTION import_write_belongings(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	year_on date := lower((school_year_of(its.as_of_on)).during);
BEGIN
	WITH made AS (
		INSERT INTO membership (county, person, school, kind, during, reason)
		SELECT r.county, r.person, r.school, k.kind, daterange(year_on, NULL), '名单导入'
		FROM import_good_rows(its) r
		JOIN person p ON p.county = r.county AND p.id = r.person
		CROSS JOIN (VALUES ('working'), ('personnel')) AS k(kind)
		WHERE (r.made ? 'person' OR CASE k.kind WHEN 'working' THEN p.school ELSE p.personnel_school END IS NULL)
			AND NOT EXISTS (SELECT FROM membership m WHERE m.county = r.county AND m.person = r.person
				AND m.kind = k.kind AND m.during && daterange(year_on, NULL))
		RETURNING id, person
	)
	UPDATE import_row r SET made = r.made || jsonb_build_object('memberships', m.ids)
	FROM (SELECT person, jsonb_agg(id) AS ids FROM made GROUP BY person) m
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned', 'changed')
		AND r.person = m.person;

	WITH made AS (
		INSERT INTO title (county, person, school, name)
		SELECT r.county, r.person, r.school, r.parsed->>'title'
		FROM import_good_rows(its) r
		JOIN person p ON p.county = r.county AND p.id = r.person
		WHERE r.parsed->>'title' IS NOT NULL
			AND (r.made ? 'person' OR p.title IS DISTINCT FROM r.parsed->>'title')
			AND NOT import_has_dated_title(r.county, r.person)
		-- A title that she had before becomes the last one recorded again.
		ON CONFLICT ON CONSTRAINT title_once DO UPDATE SET created_at = clock_now(),
			version = title.version + 1
		RETURNING id, person, version
	)
	UPDATE import_row r SET made = r.made || jsonb_build_object('title', m.id)
	FROM (SELECT * FROM made WHERE version = 1) m
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned', 'changed')
		AND r.person = m.person;
END
$$;

-- Appointments: one that began no earlier than the row says is corrected, one of an earlier year
-- ends the day before, and a new one begins. All that leave a class do so before any comes to one.
CREATE FUNCTION import_write_appointments(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	UPDATE import_row r SET before = r.before || jsonb_build_object('appointment', jsonb_build_object(
			'id', a.id, 'class', a.class, 'kind', a.kind, 'last', upper(a.during),
			'end_reason', a.end_reason, 'corrected', lower(a.during) >= r.start_on,
			'version', a.version + CASE WHEN lower(a.during) >= r.start_on THEN 2 ELSE 1 END))
	FROM homeroom_appointment a
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'changed'
		AND a.county = r.county AND a.id = r.appointment
		AND (a.kind, a.class) IS DISTINCT FROM (r.parsed->>'kind', r.class);

	UPDATE homeroom_appointment a SET version = a.version + 1, updated_at = clock_now(),
		kind = CASE WHEN lower(a.during) >= r.start_on THEN 'reserve' ELSE a.kind END,
		class = CASE WHEN lower(a.during) >= r.start_on THEN NULL ELSE a.class END,
		during = CASE WHEN lower(a.during) >= r.start_on THEN a.during
			ELSE daterange(lower(a.during), r.start_on) END,
		end_reason = CASE WHEN lower(a.during) >= r.start_on THEN a.end_reason ELSE '名单导入' END
	FROM import_good_rows(its) r
	WHERE a.county = r.county AND a.id = (r.before->'appointment'->>'id')::uuid;

	UPDATE homeroom_appointment a SET kind = r.parsed->>'kind', class = r.class,
		version = a.version + 1, updated_at = clock_now()
	FROM import_good_rows(its) r
	WHERE a.county = r.county AND a.id = (r.before->'appointment'->>'id')::uuid
		AND (r.before->'appointment'->>'corrected')::boolean;

	WITH made AS (
		INSERT INTO homeroom_appointment (county, person, class, school, kind, during, start_reason)
		SELECT r.county, r.person, r.class, r.school, r.parsed->>'kind', daterange(r.start_on, NULL), '名单导入'
		FROM import_good_rows(its) r
		WHERE r.appointment IS NULL OR r.before->'appointment'->>'corrected' = 'false'
		RETURNING id, person
	)
	UPDATE import_row r SET made = r.made || jsonb_build_object('appointment', m.id)
	FROM made m
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('accepted', 'warned', 'changed')
		AND r.person = m.person;
END
$$;

CREATE FUNCTION import_write_teachers(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM import_write_classes(its);
	PERFORM import_write_persons(its);
	PERFORM import_write_belongings(its);
	PERFORM import_write_appointments(its);
END
$$;

-- ---------------------------------------------------------------- undoing

-- What an import made that other rows may name: by table, id and row of the list.
CREATE FUNCTION import_made(its import) RETURNS TABLE (name regclass, id uuid, part int, "row" int)
LANGUAGE sql STABLE AS
$$
SELECT m.name, m.id, r.part, r.row FROM import_row r
CROSS JOIN LATERAL (VALUES
	('person'::regclass, CASE WHEN r.made ? 'person' THEN r.person END),
	('school'::regclass, (r.made->>'school')::uuid),
	('office'::regclass, (r.made->>'office')::uuid)) AS m(name, id)
WHERE r.county = its.county AND r.import = its.id AND r.made <> '{}' AND m.id IS NOT NULL
UNION ALL
SELECT 'class', c.id, 0, 0 FROM unnest(its.made_classes) AS c(id)
$$;

-- The ids of the rows by which an import itself hangs one thing that it made on another.
CREATE FUNCTION import_own_ids(its import) RETURNS SETOF text LANGUAGE sql STABLE AS
$$
SELECT o.id FROM import_row r
CROSS JOIN LATERAL (
	VALUES (r.made->>'title'), (r.made->>'appointment'), (r.made->>'office'),
		(r.before->'appointment'->>'id')
	UNION ALL SELECT jsonb_array_elements_text(r.made->'memberships')
) AS o(id)
WHERE r.county = its.county AND r.import = its.id AND o.id IS NOT NULL
$$;

-- Columns that name a row of one of the tables: every foreign key, also future ones, and the
-- schools that are named without one. What a report or the record of events says is not in the way.
CREATE FUNCTION import_naming_columns(tables regclass[])
RETURNS TABLE (name regclass, "column" name, named regclass, is_list boolean) LANGUAGE sql STABLE AS
$$
SELECT c.conrelid::regclass, a.attname, c.confrelid::regclass, false
FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname <> 'county'
WHERE c.contype = 'f' AND c.confrelid = ANY (tables)
UNION
SELECT t.oid::regclass, a.attname, 'school', a.attname = 'schools'
FROM pg_class t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname IN ('school', 'schools')
WHERE 'school'::regclass = ANY (tables) AND t.relkind = 'r' AND t.relnamespace = 'qinglan'::regnamespace
	AND t.oid NOT IN ('event'::regclass, 'import_row'::regclass)
$$;

-- What was changed since an import wrote it, by its version.
CREATE FUNCTION import_changed_since(its import) RETURNS TABLE (in_part int, in_row int, what text)
LANGUAGE sql STABLE SET enable_nestloop = off AS
$$
SELECT r.part, r.row, 'person' FROM import_row r
LEFT JOIN person p ON p.county = r.county AND p.id = r.person
WHERE r.county = its.county AND r.import = its.id AND its.kind = 'teachers'
	AND (r.made ? 'person' OR r.before ? 'version')
	AND p.version IS DISTINCT FROM coalesce((r.before->>'version')::int, 1)
UNION ALL
SELECT r.part, r.row, 'homeroom_appointment' FROM import_row r
LEFT JOIN homeroom_appointment a ON a.county = r.county AND a.id = (r.made->>'appointment')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.made ? 'appointment'
	AND a.version IS DISTINCT FROM 1
UNION ALL
SELECT r.part, r.row, 'homeroom_appointment' FROM import_row r
LEFT JOIN homeroom_appointment a ON a.county = r.county AND a.id = (r.before->'appointment'->>'id')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.before ? 'appointment'
	AND a.version IS DISTINCT FROM (r.before->'appointment'->>'version')::int
UNION ALL
SELECT r.part, r.row, 'membership' FROM import_row r
CROSS JOIN LATERAL jsonb_array_elements_text(r.made->'memberships') AS e(id)
LEFT JOIN membership m ON m.county = r.county AND m.id = e.id::uuid
WHERE r.county = its.county AND r.import = its.id AND r.made ? 'memberships'
	AND m.version IS DISTINCT FROM 1
UNION ALL
SELECT r.part, r.row, 'school' FROM import_row r
LEFT JOIN school s ON s.county = r.county AND s.id = r.school
WHERE r.county = its.county AND r.import = its.id AND its.kind = 'schools'
	AND (r.made ? 'school' OR r.before ? 'version')
	AND s.version IS DISTINCT FROM coalesce((r.before->>'version')::int, 1)
UNION ALL
SELECT r.part, r.row, 'office' FROM import_row r
LEFT JOIN office o ON o.county = r.county AND o.id = (r.made->>'office')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.made ? 'office'
	AND o.version IS DISTINCT FROM 1
UNION ALL
SELECT r.part, r.row, 'hour_entry' FROM import_row r
JOIN hour_entry v ON v.county = r.county AND v.reverses = (r.made->>'entry')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.made ? 'entry'
$$;

-- What hangs on what an import made: what was changed since, and rows of other tables that name it.
CREATE FUNCTION import_hanging(its import) RETURNS TABLE (in_part int, in_row int, what text)
LANGUAGE plpgsql STABLE SET enable_nestloop = off AS $$
DECLARE
	key record;
BEGIN
	RETURN QUERY SELECT * FROM import_changed_since(its);
	FOR key IN SELECT * FROM import_naming_columns(ARRAY(SELECT DISTINCT m.name FROM import_made(its) m)) LOOP
		RETURN QUERY EXECUTE format('SELECT m.part, m.row, %L::text FROM import_made($1) m '
			'JOIN %s t ON t.county = $2 AND m.id = ' || CASE WHEN key.is_list THEN 'ANY (t.%I)' ELSE 't.%I' END
			|| ' WHERE m.name = %L::regclass '
			'AND coalesce(to_jsonb(t)->>''id'', '''') NOT IN (SELECT import_own_ids($1))',
			key.name, key.name, key."column", key.named) USING its, its.county;
	END LOOP;
END
$$;

-- Raises when something hangs on what an import made, with its first rows.
CREATE FUNCTION import_free(its import) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	hanging jsonb := (SELECT jsonb_agg(jsonb_build_object('part', h.in_part, 'row', h.in_row,
			'what', h.what))
		FROM (SELECT DISTINCT * FROM import_hanging(its) h ORDER BY 1, 2, 3 LIMIT 20) h);
BEGIN
	IF hanging IS NOT NULL THEN
		PERFORM raise_problem('import-in-use', jsonb_build_object('rows', hanging), 'QL409');
	END IF;
END
$$;

CREATE FUNCTION import_undo_ask(import_id uuid, its_kind text, if_match text, its_scope text,
	its_language text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	its import := import_locked(import_id);
	job_id uuid;
BEGIN
	IF its.kind <> its_kind THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	END IF;
	PERFORM next_version(its.version, if_match);
	IF its.state <> 'committed' THEN
		PERFORM raise_problem('import-not-committed', jsonb_build_object('state', its.state), 'QL409');
	ELSIF its.purged THEN
		PERFORM raise_problem('import-purged', '{}', 'QL409');
	END IF;
	PERFORM import_free(its);
	job_id := import_queue(its, 'import_undo', '{}', false, its_scope, its_language);
	UPDATE import i SET state = 'undoing', job = job_id, version = i.version + 1, updated_at = clock_now()
	WHERE i.county = its.county AND i.id = its.id;
	RETURN job_id;
END
$$;

-- Puts what an import changed back as it was.
CREATE FUNCTION import_restore(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	UPDATE homeroom_appointment a SET kind = 'reserve', class = NULL, version = a.version + 1
	FROM import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.before->'appointment'->>'corrected' = 'true'
		AND a.county = r.county AND a.id = (r.before->'appointment'->>'id')::uuid;
	UPDATE homeroom_appointment a SET kind = r.before->'appointment'->>'kind',
		class = (r.before->'appointment'->>'class')::uuid,
		during = daterange(lower(a.during), (r.before->'appointment'->>'last')::date),
		end_reason = r.before->'appointment'->>'end_reason', version = a.version + 1, updated_at = clock_now()
	FROM import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.before ? 'appointment'
		AND a.county = r.county AND a.id = (r.before->'appointment'->>'id')::uuid;

	UPDATE person p SET gender = r.before->>'gender', birth_on = (r.before->>'birth_on')::date,
		phone = r.before->>'phone',
		tokens = ARRAY(SELECT jsonb_array_elements_text(r.before->'tokens')),
		teacher = (r.before->>'teacher')::boolean OR NOT (p.officer OR p.external),
		homeroom_since = (r.before->>'homeroom_since')::date,
		teaching_stage = r.before->>'teaching_stage',
		subjects = ARRAY(SELECT jsonb_array_elements_text(r.before->'subjects')),
		title = r.before->>'title',
		document_type = CASE WHEN (r.before->>'document')::boolean THEN p.document_type END,
		document_masked = CASE WHEN (r.before->>'document')::boolean THEN p.document_masked END,
		resident_sealed = CASE WHEN (r.before->>'document')::boolean THEN p.resident_sealed END,
		resident_hash = CASE WHEN (r.before->>'document')::boolean THEN p.resident_hash END,
		school = CASE WHEN m.person IS NOT NULL THEN p.school END,
		personnel_school = CASE WHEN m.person IS NOT NULL THEN p.personnel_school END,
		schools = CASE WHEN m.person IS NOT NULL THEN p.schools ELSE '{}' END,
		version = p.version + 1, updated_at = clock_now()
	FROM import_row r
	LEFT JOIN (SELECT DISTINCT m.person FROM membership m WHERE m.county = its.county) m ON m.person = r.person
	WHERE r.county = its.county AND r.import = its.id AND r.before ? 'version'
		AND p.county = r.county AND p.id = r.person;
END
$$;

-- Removes the persons, classes and what belongs to them that an import made; how many persons.
CREATE FUNCTION import_undo_teachers(its import) RETURNS bigint LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM homeroom_appointment a USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND a.county = r.county
		AND a.id = (r.made->>'appointment')::uuid;
	DELETE FROM title t USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND t.county = r.county
		AND t.id = (r.made->>'title')::uuid;
	DELETE FROM membership m USING (SELECT e.id::uuid FROM import_row r,
			jsonb_array_elements_text(r.made->'memberships') AS e(id)
		WHERE r.county = its.county AND r.import = its.id AND r.made ? 'memberships') e
	WHERE m.county = its.county AND m.id = e.id;
	PERFORM import_restore(its);
	DELETE FROM sight s USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.made ? 'person'
		AND s.county = r.county AND s.person = r.person;
	DELETE FROM person_token t USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.made ? 'person'
		AND t.county = r.county AND t.person = r.person;
	DELETE FROM person p USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.made ? 'person'
		AND p.county = r.county AND p.id = r.person;
	GET DIAGNOSTICS removed = ROW_COUNT;
	DELETE FROM class c WHERE c.county = its.county AND c.id = ANY (its.made_classes);
	RETURN removed;
END
$$;

-- Removes the schools that an import made and puts back the ones that it changed; how many it removed.
CREATE FUNCTION import_undo_schools(its import) RETURNS bigint LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	removed bigint;
BEGIN
	UPDATE school s SET name = r.before->>'name', school_system = r.before->>'school_system',
		stages = ARRAY(SELECT jsonb_array_elements_text(r.before->'stages')),
		town = r.before->>'town', version = s.version + 1, updated_at = clock_now()
	FROM import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.before ? 'version'
		AND s.county = r.county AND s.id = r.school;
	DELETE FROM office o USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND o.county = r.county
		AND o.id = (r.made->>'office')::uuid;
	DELETE FROM school s USING import_row r
	WHERE r.county = its.county AND r.import = its.id AND s.county = r.county
		AND s.id = (r.made->>'school')::uuid;
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;

-- Posts the reversal of every entry that an import posted, for hours are never removed; how many.
CREATE FUNCTION import_undo_hours(its import) RETURNS bigint LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	reversed bigint;
BEGIN
	INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind, source_key, reverses, reason)
	SELECT o.county, o.person, -o.hours, o.level, o.activity_on, 'reversal', o.id::text, o.id, '撤销名单导入'
	FROM import_row r
	JOIN hour_entry o ON o.county = r.county AND o.id = (r.made->>'entry')::uuid
	WHERE r.county = its.county AND r.import = its.id
	ORDER BY o.person, o.activity_on, r.part, r.row;
	GET DIAGNOSTICS reversed = ROW_COUNT;
	RETURN reversed;
END
$$;

-- Takes back what an import made, if nothing hangs on it. Done before: nothing.
CREATE FUNCTION import_undo(import_id uuid) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	its import := import_locked(import_id);
	undone jsonb;
BEGIN
	IF its.state = 'undone' THEN
		RETURN '{}';
	ELSIF its.state <> 'undoing' THEN
		PERFORM raise_problem('import-not-committed', jsonb_build_object('state', its.state), 'QL409');
	END IF;
	IF its.kind = 'hours' THEN
		-- Before it is asked what hangs on the entries, so that nobody reverses one in between.
		PERFORM hour_accounts_lock(ARRAY(SELECT DISTINCT r.person FROM import_row r
			WHERE r.county = its.county AND r.import = its.id AND r.made ? 'entry'));
	END IF;
	PERFORM import_free(its);
	IF its.kind = 'schools' THEN
		undone := jsonb_build_object('removed', import_undo_schools(its));
	ELSIF its.kind = 'teachers' THEN
		undone := jsonb_build_object('removed', import_undo_teachers(its));
	ELSE
		undone := jsonb_build_object('reversed', import_undo_hours(its));
	END IF;
	UPDATE import_row r SET made = '{}', before = '{}',
		person = CASE WHEN its.kind = 'hours' THEN r.person END,
		school = CASE WHEN r.made ? 'school' THEN NULL ELSE r.school END
	WHERE r.county = its.county AND r.import = its.id AND (r.made <> '{}' OR r.before <> '{}');
	UPDATE import i SET state = 'undone', undone_at = clock_now(), version = i.version + 1,
		made_classes = '{}', updated_at = clock_now()
	WHERE i.county = its.county AND i.id = its.id;
	RETURN undone;
END
$$;

-- ---------------------------------------------------------------- purging and reading

-- Forgets what was read from files whose time is over; the outcomes stay. How many imports.
CREATE FUNCTION imports_purge() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	purged bigint;
BEGIN
	UPDATE import_row r SET found = '[]', name = NULL, parsed = NULL, row_hash = NULL,
		document_masked = NULL, document_hash = NULL, document_hashes = NULL, document_sealed = NULL,
		sort_key = NULL, tokens = NULL, changes = '{}', before = '{}',
		problems = coalesce((SELECT jsonb_agg(p - 'value') FROM jsonb_array_elements(r.problems) AS e(p)), '[]')
	FROM import i
	WHERE NOT i.purged AND i.purge_at < machine_now() AND r.county = i.county AND r.import = i.id;
	UPDATE import i SET purged = true, version = i.version + 1
	WHERE NOT i.purged AND i.purge_at < machine_now();
	GET DIAGNOSTICS purged = ROW_COUNT;
	RETURN purged;
END
$$;

CREATE VIEW import_view WITH (security_invoker = true) AS
SELECT i.id, i.kind, i.state, i.as_of_on, i.plan AS plan_id, i.mode, json_build_object(
		'accepted', coalesce((i.counts->>'accepted')::int, 0),
		'warned', coalesce((i.counts->>'warned')::int, 0),
		'changed', coalesce((i.counts->>'changed')::int, 0),
		'unchanged', coalesce((i.counts->>'unchanged')::int, 0),
		'duplicate', coalesce((i.counts->>'duplicate')::int, 0),
		'rejected', coalesce((i.counts->>'rejected')::int, 0),
		'skipped', coalesce((i.counts->>'skipped')::int, 0)) AS counts,
	(SELECT coalesce(json_agg(json_build_object('part', p.part, 'filename', f.name, 'size', f.size,
			'read', p.read_at IS NOT NULL) ORDER BY p.part), '[]')
		FROM import_part p JOIN file f ON f.county = p.county AND f.id = p.file
		WHERE p.county = i.county AND p.import = i.id) AS parts,
	i.problem, i.job AS job_id, i.person AS created_by, i.purged, i.version,
	instant(i.committed_at) AS committed_at, instant(i.undone_at) AS undone_at,
	instant(i.created_at) AS created_at, instant(i.updated_at) AS updated_at
FROM import i;
GRANT SELECT ON import_view TO qinglan_app;

CREATE VIEW import_row_view WITH (security_invoker = true) AS
SELECT r.import AS import_id, r.part, r.row, r.outcome, r.name, r.parsed->>'school_code' AS school_code,
	r.document_masked, r.problems, r.changes, CASE WHEN r.duplicate_of IS NOT NULL
		THEN json_build_object('part', r.duplicate_of[1], 'row', r.duplicate_of[2]) END AS duplicate_of,
	CASE WHEN r.parsed ? 'hours' OR NOT r.parsed ? 'stages' THEN r.person END AS teacher_id
FROM import_row r;
GRANT SELECT ON import_row_view TO qinglan_app;

CALL engine_owned('import_decide(uuid)', 'qinglan_app');
CALL engine_owned('import_commit_ask(uuid, text, uuid, text, text, text, text)', 'qinglan_app');
CALL engine_owned('import_commit(uuid, uuid, text, int)', 'qinglan_app');
CALL engine_owned('import_undo_ask(uuid, text, text, text, text)', 'qinglan_app');
CALL engine_owned('import_undo(uuid)', 'qinglan_app');
CALL engine_owned('imports_purge()', 'qinglan_gate');
