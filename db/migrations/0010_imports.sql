-- List imports: schools, teachers, hours. A file is read record by record into import_row (by C:
-- api/resources/import_job.c), then decided over as a whole (0011_import_decide.sql and
-- 0012_import_decide_teachers.sql), then committed under the plan that came out, decided again in the same
-- transaction (0013_import_commit.sql), and may be undone (0014_import_undo.sql). The report is the rows
-- themselves.

CREATE TABLE import (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	version int NOT NULL DEFAULT 1,
	kind text NOT NULL CHECK (kind IN ('schools', 'teachers', 'hours')),
	state text NOT NULL DEFAULT 'reading' CHECK (state IN ('reading', 'ready', 'committing',
		'committed', 'undoing', 'undone', 'failed')),
	person uuid DEFAULT this_person(),
	school uuid DEFAULT this_school(),
	client text DEFAULT nullif(current_setting('qinglan.client', true), ''),
	as_of_on date NOT NULL,
	plan uuid,
	mode text CHECK (mode IN ('all', 'good_rows')),
	counts jsonb NOT NULL DEFAULT '{}',
	problem jsonb,
	job uuid,
	made_classes uuid[] NOT NULL DEFAULT '{}',
	-- When it is to be forgotten; infinity: nothing is left of it.
	purge_at timestamptz NOT NULL,
	purged boolean NOT NULL DEFAULT false,
	committed_at timestamptz,
	undone_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id)
);
CREATE INDEX import_purge ON import (purge_at);
CREATE INDEX import_ready ON import (county, school) WHERE state = 'ready' AND NOT purged;
CALL wall('import', reads => '$all OR $sees = ''school'' AND school = $school',
	writes => '$all OR $sees = ''school'' AND school = $school');

-- A file of an import; large lists come in several.
CREATE TABLE import_part (
	county int NOT NULL,
	import uuid NOT NULL,
	part int NOT NULL CHECK (part BETWEEN 1 AND 100),
	owner_school uuid DEFAULT this_school(),
	file uuid NOT NULL,
	read_at timestamptz,
	unread_columns jsonb NOT NULL DEFAULT '[]',
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
	owner_school uuid DEFAULT this_school(),
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
	PERFORM must_act_for_county() WHERE its_kind <> 'teachers';
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
		ELSIF its.purged THEN
			PERFORM raise_problem('import-purged', '{}', 'QL409');
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

-- What an import does when its job does not succeed: it is as it was before. A job that is done again
-- when another is under way says nothing about that one's work.
CREATE FUNCTION import_job_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE import i SET version = i.version + 1, problem = NEW.problem,
		state = CASE i.state WHEN 'reading' THEN 'failed' WHEN 'committing' THEN 'ready'
			WHEN 'undoing' THEN 'committed' END
	WHERE i.county = NEW.county AND i.id = (NEW.input->>'import')::uuid
		AND i.state = CASE NEW.kind WHEN 'import_read' THEN 'reading' WHEN 'import_commit' THEN 'committing'
			WHEN 'import_undo' THEN 'undoing' END;
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

-- Held to the end by a job that writes what a list says or takes it back, one of a county at a time, so
-- that what it decides still holds when it writes. Who only reads a list, or asks, does not wait for it:
-- what it finds is decided again under this. A long list takes its time, and to come again does not help.
CREATE FUNCTION imports_lock() RETURNS void LANGUAGE sql SET lock_timeout = '300s' AS
$$ SELECT pg_advisory_xact_lock(hashtextextended('import/' || this_county(), 0)) $$;

-- The import of an id for its caller, locked; the engine's functions begin with it. A request says
-- besides which kind and version it means.
CREATE FUNCTION import_locked(import_id uuid, its_kind text DEFAULT NULL, if_match text DEFAULT NULL)
RETURNS import LANGUAGE plpgsql AS $$
DECLARE
	its import;
BEGIN
	SELECT * INTO its FROM import i
	WHERE i.county = this_county() AND i.id = import_id AND (current_setting('qinglan.sees', true) = 'all'
		OR i.school = this_school())
	FOR UPDATE;
	PERFORM must_find(FOUND AND its.kind = coalesce(its_kind, its.kind));
	PERFORM next_version(its.version, if_match);
	RETURN its;
END
$$;
REVOKE ALL ON FUNCTION import_locked(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION import_locked(uuid, text, text) TO qinglan_engine;

-- After a part was read: decides, unless another part still waits to be read. unread are the
-- headings of columns that nothing was read from, NULL when the part had been read before. Done
-- again after the import went on: nothing.
CREATE FUNCTION import_part_end(import_id uuid, its_part int, unread jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	its_state text := (SELECT i.state FROM import i WHERE i.id = import_id FOR UPDATE);
BEGIN
	UPDATE import_part SET read_at = clock_now(), unread_columns = coalesce(unread, unread_columns)
	WHERE import = import_id AND part = its_part;
	IF its_state IN ('reading', 'ready')
		AND NOT EXISTS (SELECT FROM import_part p WHERE p.import = import_id AND p.read_at IS NULL) THEN
		PERFORM import_decide(import_id);
	END IF;
	RETURN (SELECT to_jsonb(v.counts) FROM import_view v WHERE v.id = import_id);
END
$$;

-- ---------------------------------------------------------------- purging and reading

-- Forgets what was read from files whose time is over, the outcomes stay; at most MOST imports and records,
-- how many. An import is closed with its first records, so that nobody commits what is half forgotten, and
-- found again until none of them is left. One whose job is at work, or that waits to be read, is left for the
-- next time.
CREATE FUNCTION imports_purge(most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	its import;
	emptied bigint;
	room bigint := most;
BEGIN
	FOR its IN SELECT * FROM import i WHERE i.purge_at < machine_now() AND i.state <> 'reading'
		ORDER BY i.purge_at FOR UPDATE SKIP LOCKED
	LOOP
		-- By ctid, since a plan of a join could turn to reading all there is.
		UPDATE import_row r SET found = '[]', name = NULL, parsed = NULL, row_hash = NULL,
			document_masked = NULL, document_hash = NULL, document_hashes = NULL, document_sealed = NULL,
			sort_key = NULL, tokens = NULL, changes = '{}', before = '{}',
			problems = coalesce((SELECT jsonb_agg(p - 'value') FROM jsonb_array_elements(r.problems) AS e(p)), '[]')
		WHERE r.ctid = ANY (ARRAY(SELECT k.ctid FROM import_row k
			WHERE k.county = its.county AND k.import = its.id
				AND (k.row_hash IS NOT NULL OR k.parsed IS NOT NULL OR k.found <> '[]')
			LIMIT room));
		GET DIAGNOSTICS emptied = ROW_COUNT;
		UPDATE import i SET purged = true, version = i.version + (NOT i.purged)::int,
			purge_at = CASE WHEN emptied < room THEN 'infinity' ELSE i.purge_at END
		WHERE i.county = its.county AND i.id = its.id;
		room := room - emptied - 1;
		EXIT WHEN room <= 0;
	END LOOP;
	RETURN most - room;
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
			'read', p.read_at IS NOT NULL, 'unread_columns', p.unread_columns) ORDER BY p.part), '[]')
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

CALL engine_owned('imports_purge(bigint)', 'qinglan_gate');
