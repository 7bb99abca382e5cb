-- Files that people send, and long work as rows. A file is sealed before it gets here. A job is
-- taken by whichever instance is free and done with the settings of who asked for it; what kinds
-- there are is said by the tables that queue them.

CREATE TABLE file (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	version int NOT NULL DEFAULT 1,
	person uuid DEFAULT this_person(),
	school uuid DEFAULT this_school(),
	client text DEFAULT nullif(current_setting('qinglan.client', true), ''),
	-- Whose it is, of one that a teacher hands in: she may read it.
	subject uuid,
	-- The course that it is of: who sees that may read it (0019_courses.sql).
	course uuid,
	shown text,
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
	media_type text NOT NULL CHECK (length(media_type) <= 100),
	size int NOT NULL CHECK (size BETWEEN 1 AND 8388608),
	content_hash bytea NOT NULL,
	content bytea,
	key_id int NOT NULL,
	purge_at timestamptz NOT NULL,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT file_of_a_course_is_shown CHECK ((course IS NULL) = (shown IS NULL))
);
-- What is sealed cannot be compressed.
ALTER TABLE file ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX file_purge ON file (purge_at) WHERE content IS NOT NULL;
CALL wall('file', reads => '$all OR $sees = ''school'' AND school = $school OR $sees = ''self'' AND subject = $person'
		' OR shown = ''county'' OR shown = ''school'' AND school = $workplace',
	writes => '$all OR $sees = ''school'' AND school = $school OR $sees = ''self'' AND subject = $person');

CREATE TABLE job (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	version int NOT NULL DEFAULT 1,
	kind text NOT NULL,
	state text NOT NULL DEFAULT 'queued'
		CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
	-- Who asked for it: the work is done with just these rights.
	actor_role text NOT NULL DEFAULT current_setting('qinglan.role', true),
	actor_person uuid DEFAULT this_person(),
	actor_office uuid DEFAULT nullif(current_setting('qinglan.office', true), '')::uuid,
	actor_school uuid DEFAULT this_school(),
	actor_client text DEFAULT nullif(current_setting('qinglan.client', true), ''),
	-- Among whom a county's jobs go by turns: its schools, and whoever acts for none.
	asker text NOT NULL GENERATED ALWAYS AS (coalesce(actor_school::text, actor_person::text, actor_client,
		'')) STORED,
	actor_scope text NOT NULL DEFAULT '',
	operation text NOT NULL DEFAULT coalesce(current_setting('qinglan.operation', true), ''),
	request_id text NOT NULL DEFAULT coalesce(current_setting('qinglan.request_id', true), ''),
	language text NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en')),
	input jsonb NOT NULL DEFAULT '{}',
	result jsonb,
	problem jsonb,
	result_url text,
	errors_url text,
	stoppable boolean NOT NULL DEFAULT false,
	attempt int NOT NULL DEFAULT 0,
	not_before timestamptz NOT NULL DEFAULT '-infinity',
	created_at timestamptz NOT NULL DEFAULT machine_now(),
	started_at timestamptz,
	finished_at timestamptz,
	PRIMARY KEY (county, id)
);
CREATE INDEX job_waiting ON job (created_at) WHERE state = 'queued';
CREATE INDEX job_running ON job (created_at) WHERE state = 'running';
CREATE INDEX job_turn ON job (county, asker, started_at);
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;
CALL wall('job', reads => '$all OR $sees = ''school'' AND actor_school = $school OR actor_person = $person',
	writes => '$all OR $sees = ''school'' AND actor_school = $school OR actor_person = $person',
	gate => 'SELECT, UPDATE');

-- The lease and progress of the attempt that is under way; no event, for it beats every few seconds.
CREATE TABLE job_heartbeat (
	county int NOT NULL,
	job uuid NOT NULL,
	person uuid,
	school uuid,
	attempt int NOT NULL,
	until timestamptz NOT NULL,
	done bigint NOT NULL DEFAULT 0,
	total bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (county, job),
	FOREIGN KEY (county, job) REFERENCES job (county, id) ON DELETE CASCADE
) WITH (fillfactor = 50);
CALL wall('job_heartbeat', reads => '$all OR $sees = ''school'' AND school = $school OR person = $person',
	exempt_event => true, gate => 'SELECT, INSERT, UPDATE');

-- Refuses more waiting work of an actor than MOST jobs: what one asks for must not fill the queue
-- of all. One after the other, so that each sees what the one before queued.
CREATE FUNCTION job_admit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT int := 20;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'job', NEW.county, NEW.actor_person,
		NEW.actor_client), 0));
	IF most <= (SELECT count(*) FROM job j WHERE j.state IN ('queued', 'running') AND j.county = NEW.county
		AND (j.actor_person, j.actor_client) IS NOT DISTINCT FROM (NEW.actor_person, NEW.actor_client))
	THEN
		PERFORM raise_problem('too-many-jobs', jsonb_build_object('most', most), 'QL429');
	END IF;
	RETURN NEW;
END
$$;
CALL engine_owned('job_admit()');
CREATE TRIGGER job_admit BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION job_admit();

-- Takes the next waiting job, leased for so many seconds: of the county of which the fewest run, there
-- of the asker for whom none was begun for longest, the oldest. Of a county at most SHARE run, which the
-- runner sets so that a place is left for the others; of an asker one, since one's lists wait for each
-- other in any case. Who takes does so one after the other, or two would not see what the other takes.
CREATE FUNCTION job_take(lease int, share int) RETURNS SETOF job LANGUAGE plpgsql AS $$
DECLARE
	its job;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('job_take', 0));
	SELECT j.* INTO its FROM job j
	CROSS JOIN LATERAL (
		SELECT count(*) AS of_county, count(*) FILTER (WHERE r.asker = j.asker) AS of_asker
		FROM job r WHERE r.state = 'running' AND r.county = j.county
	) running
	CROSS JOIN LATERAL (
		SELECT max(r.started_at) AS at FROM job r WHERE r.county = j.county AND r.asker = j.asker
	) turn
	WHERE j.state = 'queued' AND j.not_before <= machine_now()
		AND running.of_county < share AND running.of_asker < 1
	ORDER BY running.of_county, turn.at NULLS FIRST, j.created_at
	LIMIT 1 FOR UPDATE OF j SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	UPDATE job j SET state = 'running', attempt = j.attempt + 1, version = j.version + 1,
		started_at = coalesce(j.started_at, machine_now())
	WHERE j.county = its.county AND j.id = its.id
	RETURNING j.* INTO its;
	INSERT INTO job_heartbeat (county, job, person, school, attempt, until)
	VALUES (its.county, its.id, its.actor_person, its.actor_school, its.attempt,
		machine_now() + make_interval(secs => lease))
	ON CONFLICT (county, job) DO UPDATE SET attempt = excluded.attempt, until = excluded.until;
	RETURN NEXT its;
END
$$;

-- Stops a waiting job, or a running one that can be stopped between two steps.
CREATE FUNCTION job_stop(job_id uuid, if_match text) RETURNS SETOF job LANGUAGE plpgsql AS $$
DECLARE
	its job;
BEGIN
	SELECT * INTO its FROM job j WHERE j.id = job_id FOR UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	PERFORM next_version(its.version, if_match);
	IF its.state <> 'queued' AND NOT (its.state = 'running' AND its.stoppable) THEN
		PERFORM raise_problem('job-not-stoppable', jsonb_build_object('state', its.state), 'QL409');
	END IF;
	RETURN QUERY UPDATE job j SET state = 'cancelled', version = j.version + 1,
		finished_at = machine_now()
	WHERE j.id = job_id RETURNING j.*;
END
$$;

CREATE VIEW job_view WITH (security_invoker = true) AS
SELECT j.id, j.kind, j.state, json_build_object('done', coalesce(h.done, 0),
		'total', coalesce(h.total, 0)) AS progress,
	j.result, j.problem, j.result_url, j.errors_url, j.stoppable, j.version,
	instant(j.created_at) AS created_at, instant(j.started_at) AS started_at,
	instant(j.finished_at) AS finished_at
FROM job j
LEFT JOIN job_heartbeat h ON h.county = j.county AND h.job = j.id;
GRANT SELECT ON job_view TO qinglan_app;

-- Empties files whose time is over, at most MOST; how many.
CREATE FUNCTION files_purge(most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	emptied bigint;
BEGIN
	UPDATE file SET content = NULL, version = version + 1
	WHERE ctid = ANY (ARRAY(SELECT f.ctid FROM file f
		WHERE f.content IS NOT NULL AND f.purge_at < machine_now() ORDER BY f.purge_at LIMIT most));
	GET DIAGNOSTICS emptied = ROW_COUNT;
	RETURN emptied;
END
$$;
CALL engine_owned('files_purge(bigint)', 'qinglan_gate');

-- Removes jobs that ended more than DAYS days ago, at most MOST; how many.
CREATE FUNCTION jobs_purge(days int, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM job WHERE ctid = ANY (ARRAY(SELECT j.ctid FROM job j
		WHERE j.finished_at < machine_now() - make_interval(days => days) ORDER BY j.finished_at LIMIT most));
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;
CALL engine_owned('jobs_purge(int, bigint)', 'qinglan_gate');
