-- What every other table stands on: the walls (row security), the record of events, the clock,
-- identifiers, the raising of problems, and the keys of repeated requests. No domain word here.

CREATE SCHEMA IF NOT EXISTS qinglan;
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;

GRANT USAGE ON SCHEMA qinglan TO qinglan_app, qinglan_gate, qinglan_engine;
GRANT CREATE ON SCHEMA qinglan TO qinglan_engine;

-- Nobody but its owner makes schemas or temporary tables in this database. That is a right on the
-- database itself, which no dump carries: a restore says it again (feed_restored).
CREATE PROCEDURE database_close() LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
REVOKE ALL ON PROCEDURE database_close() FROM PUBLIC;
CALL database_close();

DO $$
BEGIN
	IF to_regclass('qinglan.schema_migration') IS NOT NULL THEN
		GRANT SELECT ON schema_migration TO qinglan_app, qinglan_gate;
	END IF;
END
$$;

-- The county of the request. Functions of the engine see every county, so they say it themselves.
CREATE FUNCTION this_county() RETURNS int LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('qinglan.county', true), '')::int $$;
-- Who acts, if it is a person; and the school for which, if it is for one.
CREATE FUNCTION this_person() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('qinglan.person', true), '')::uuid $$;
CREATE FUNCTION this_school() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('qinglan.school', true), '')::uuid $$;

-- ---------------------------------------------------------------- time and identifiers

-- The machine's time, for tokens, leases and expiry. Fixed within a transaction.
CREATE FUNCTION machine_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()';

-- Development only: how far a county's calendar is ahead of the machine's.
CREATE TABLE county_clock (
	county int PRIMARY KEY,
	ahead interval NOT NULL
);

-- The county's time, read from its tables: keeps the zone for the transaction, and whether the
-- clock is moved.
CREATE FUNCTION clock_read() RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
DECLARE
	its_zone text;
	its_ahead interval;
BEGIN
	SELECT c.zone, k.ahead INTO its_zone, its_ahead
	FROM county c LEFT JOIN county_clock k ON k.county = c.county
	WHERE c.county = this_county();
	-- Assigned, since PERFORM would plan and run a statement for each.
	its_zone := set_config('qinglan.zone', coalesce(its_zone, 'Asia/Shanghai'), true);
	its_ahead := set_config('qinglan.ahead', coalesce(its_ahead, '0'::interval)::text, true);
	RETURN machine_now() + its_ahead;
END
$$;
CREATE FUNCTION today_read() RETURNS date LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
DECLARE
	at timestamptz := clock_read();
BEGIN
	RETURN (at AT TIME ZONE current_setting('qinglan.zone'))::date;
END
$$;

-- The county's time: the machine's, moved in development; and its calendar day. A setting can be
-- made by anybody, so it may only say that nothing is moved; how far is read where the owner alone
-- writes it. Written to be inlined; while nothing is moved a transaction reads the tables once.
CREATE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL RESTRICTED AS
$$
SELECT CASE WHEN current_setting('qinglan.ahead', true) = '00:00:00' THEN machine_now()
	ELSE clock_read() END
$$;
CREATE FUNCTION today() RETURNS date LANGUAGE sql STABLE PARALLEL RESTRICTED AS
$$
SELECT CASE WHEN current_setting('qinglan.ahead', true) = '00:00:00'
	THEN (machine_now() AT TIME ZONE current_setting('qinglan.zone'))::date
	ELSE today_read() END
$$;

-- An instant as the API writes it: RFC 3339, UTC, milliseconds.
CREATE FUNCTION instant(at timestamptz) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

-- UUID version 7 (RFC 9562): 48 bits of milliseconds, 12 of their fraction, 62 at random.
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE AS
$$
SELECT (overlay(lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000000)::bigint * 512 / 125),
		15, '0') PLACING '7' FROM 13 FOR 0)
	|| substr(gen_random_uuid()::text, 20))::uuid
$$;

-- ---------------------------------------------------------------- problems

-- Raises the problem CODE with PARAMS; never returns. params.pointer or params.parameter names
-- the member or parameter at fault.
CREATE FUNCTION raise_problem(code text, params jsonb DEFAULT '{}', sqlstate text DEFAULT 'QL000')
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RAISE EXCEPTION USING MESSAGE = code, DETAIL = params::text, ERRCODE = sqlstate;
END
$$;

-- True when an id of a body was found under the caller's row security; absent and foreign alike
-- are answered "not found" at POINTER.
CREATE FUNCTION must_see(seen boolean, pointer text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF seen IS NOT TRUE THEN
		PERFORM raise_problem('unprocessable',
			jsonb_build_object('pointer', pointer, 'code', 'not-found'), 'QL422');
	END IF;
	RETURN true;
END
$$;

-- True when what the address names was found; else the whole request is answered "not found".
CREATE FUNCTION must_find(seen boolean) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF seen IS NOT TRUE THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	END IF;
	RETURN true;
END
$$;

-- The version after VERSION, if IF_MATCH (absent, '*' or a version) allows the change.
CREATE FUNCTION next_version(version int, if_match text) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF if_match <> '*' AND version::text <> ALL (string_to_array(if_match, ',')) THEN
		PERFORM raise_problem('stale', jsonb_build_object('version', version), 'QL412');
	END IF;
	RETURN version + 1;
END
$$;

-- True when STATE is one of FROM_STATES; else what it allows, the verbs in ALLOWED, is told.
CREATE FUNCTION must_be_in_state(state text, from_states text[], allowed jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF state <> ALL (from_states) THEN
		PERFORM raise_problem('not-in-this-state',
			jsonb_build_object('state', state, 'allowed', coalesce(allowed->state, '[]')), 'QL409');
	END IF;
	RETURN true;
END
$$;

-- True unless the one who acts is SUBJECT: nobody decides about herself.
CREATE FUNCTION must_be_anothers(subject uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF subject = this_person() THEN
		PERFORM raise_problem('own-record', '{}', 'QL403');
	END IF;
	RETURN true;
END
$$;

-- True when the caller acts for the whole county.
CREATE FUNCTION must_act_for_county() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF current_setting('qinglan.sees', true) <> 'all' THEN
		PERFORM raise_problem('needs-county', '{}', 'QL403');
	END IF;
	RETURN true;
END
$$;

-- ---------------------------------------------------------------- periods

-- The days from STARTED_ON to ENDED_ON, both included; no end when it is absent.
CREATE FUNCTION period(started_on date, ended_on date) RETURNS daterange LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF ended_on < started_on THEN
		PERFORM raise_problem('unprocessable',
			'{"pointer": "#/ended_on", "code": "period-reversed"}', 'QL422');
	END IF;
	RETURN daterange(started_on, ended_on, '[]');
END
$$;

-- The last day of a period, absent while it has no end.
CREATE FUNCTION last_day(during daterange) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT upper(during) - 1 $$;

-- ---------------------------------------------------------------- texts

-- A person's name as it is kept and compared: NFC, one kind of middle dot, no white space
-- between Han characters or beside a dot, else single spaces.
CREATE FUNCTION person_name(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
$$
SELECT btrim(regexp_replace(regexp_replace(regexp_replace(
	translate(normalize(name, NFC),
		U&'\2022\2027\30FB\FF65\2219\22C5\00A0\3000\2002\2003\2009\202F\200B\FEFF\0009\000A\000D',
		U&'\00B7\00B7\00B7\00B7\00B7\00B7            '),
	' {2,}', ' ', 'g'),
	U&' ?\00B7 ?', U&'\00B7', 'g'),
	'(?<=[〇㐀-䶿一-鿿豈-﫿' || U&'\+020000-\+03FFFF' || ']) (?=[〇㐀-䶿一-鿿豈-﫿'
		|| U&'\+020000-\+03FFFF' || '])', '', 'g'))
$$;

-- One field of a CSV file: quoted, and guarded where a spreadsheet would take it for a formula.
CREATE FUNCTION csv_field(field text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE
	WHEN field IS NULL OR field = '' THEN ''
	ELSE '"' || CASE
		WHEN field ~ '^[-+]?[0-9]+(\.[0-9]+)?$' THEN ''
		WHEN left(field, 1) = ANY (ARRAY['=', '+', '-', '@', E'\t', E'\r', '＝', '＋', '－', '＠'])
			THEN ''''
		ELSE ''
	END || replace(field, '"', '""') || '"'
END
$$;

-- A line of a CSV file, with its CRLF.
CREATE FUNCTION csv_line(VARIADIC fields text[]) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT string_agg(csv_field(f.field), ',' ORDER BY f.position) || E'\r\n'
FROM unnest(fields) WITH ORDINALITY AS f(field, position)
$$;

-- The members of BODY whose names are in the comma list NAMES, their values kept as written.
CREATE FUNCTION pick(body json, names text) RETURNS json LANGUAGE sql IMMUTABLE STRICT AS
$$
SELECT ('{' || coalesce(string_agg(to_json(m.key)::text || ':' || m.value::text, ','
	ORDER BY m.position), '') || '}')::json
FROM json_each(body) WITH ORDINALITY AS m(key, value, position)
WHERE m.key = ANY (string_to_array(names, ','))
$$;

-- BODY with one more member behind its own, which are kept as written.
CREATE FUNCTION with_member(body json, name text, value json) RETURNS json LANGUAGE sql IMMUTABLE AS
$$ SELECT (left(body::text, -1) || ',' || to_json(name) || ':' || coalesce(value::text, 'null') || '}')::json $$;

-- The row ID of VIEW_NAME as JSON, as it is after what the running statement has done so far:
-- for the RETURNING list of a write. The view is read with the caller's rights.
CREATE FUNCTION body_of(view_name text, row_id uuid) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	body json;
BEGIN
	EXECUTE format('SELECT row_to_json(v) FROM %I v WHERE v.id = $1', view_name)
		INTO body USING row_id;
	RETURN body;
END
$$;

-- The same with the version and the id: what a write answers that gave the id. The write goes first, as the argument.
CREATE FUNCTION told(view_name text, row_id uuid, OUT id uuid, OUT body json, OUT version int)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	id := row_id;
	body := body_of(view_name, row_id);
	version := body->>'version';
END
$$;

-- ---------------------------------------------------------------- events

-- Who did what to which row: audit log, source of the change feed, queue of upkeep. A restore
-- may bring transaction numbers back, so it raises the default of epoch (feed_restored).
CREATE TABLE event (
	county int NOT NULL,
	epoch int NOT NULL DEFAULT 1,
	xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
	id uuid NOT NULL DEFAULT uuid_v7(),
	at timestamptz NOT NULL DEFAULT clock_now(),
	person uuid,
	office uuid,
	role text,
	client text,
	request_id text,
	operation text,
	action text NOT NULL, -- insert, update, delete or read
	object text NOT NULL,
	object_id text,
	before jsonb,
	after jsonb,
	PRIMARY KEY (county, epoch, xid, id)
);

-- Writes one event with the settings of the request. The engine's: no other role may write events.
CREATE FUNCTION event_put(its_county int, action text, object text, object_id text,
	before jsonb, after jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO event (county, person, office, role, client, request_id, operation,
		action, object, object_id, before, after)
	VALUES (its_county,
		this_person(),
		nullif(current_setting('qinglan.office', true), '')::uuid,
		nullif(current_setting('qinglan.role', true), ''),
		nullif(current_setting('qinglan.client', true), ''),
		nullif(current_setting('qinglan.request_id', true), ''),
		nullif(current_setting('qinglan.operation', true), ''),
		action, object, object_id, before, after);
END
$$;

-- The trigger of every table; its arguments are the columns that are left out of the record:
-- what the event carries itself, what follows from other columns, and secrets. An update records the
-- changed members only.
CREATE FUNCTION event_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = qinglan, pg_temp AS $$
DECLARE
	old_row jsonb;
	new_row jsonb;
	old_part jsonb;
	new_part jsonb;
BEGIN
	IF TG_OP = 'INSERT' THEN
		new_row := to_jsonb(NEW);
		-- What event_put does, without the call: most writes are these.
		INSERT INTO event (county, person, office, role, client, request_id, operation,
			action, object, object_id, after)
		VALUES (NEW.county,
			this_person(),
			nullif(current_setting('qinglan.office', true), '')::uuid,
			nullif(current_setting('qinglan.role', true), ''),
			nullif(current_setting('qinglan.client', true), ''),
			nullif(current_setting('qinglan.request_id', true), ''),
			nullif(current_setting('qinglan.operation', true), ''),
			'insert', TG_TABLE_NAME, new_row->>'id', jsonb_strip_nulls(new_row - TG_ARGV));
	ELSIF TG_OP = 'UPDATE' THEN
		old_row := to_jsonb(OLD);
		new_row := to_jsonb(NEW);
		IF old_row - 'updated_at' = new_row - 'updated_at' THEN
			RETURN NULL;
		END IF;
		SELECT jsonb_object_agg(n.key, o.value), jsonb_object_agg(n.key, n.value)
		INTO old_part, new_part
		FROM jsonb_each(new_row - TG_ARGV) n JOIN jsonb_each(old_row - TG_ARGV) o ON o.key = n.key
		WHERE n.value <> o.value;
		PERFORM event_put(NEW.county, 'update', TG_TABLE_NAME, new_row->>'id', old_part, new_part);
	ELSE
		old_row := to_jsonb(OLD);
		PERFORM event_put(OLD.county, 'delete', TG_TABLE_NAME, old_row->>'id',
			jsonb_strip_nulls(old_row - TG_ARGV), NULL);
	END IF;
	RETURN NULL;
END
$$;

-- Records that a secret of a row was read.
CREATE FUNCTION event_read(object text, object_id uuid, member text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = qinglan, pg_temp AS $$
BEGIN
	PERFORM event_put(current_setting('qinglan.county')::int, 'read', object, object_id::text,
		NULL, jsonb_build_object('member', member));
END
$$;

-- ---------------------------------------------------------------- walls

-- A predicate with its $words written out: for rows that are read each as a subselect of its own, so
-- that PostgreSQL judges it once a statement and not once a row; for rows that are written, mostly
-- one, as it stands, since a subselect costs more than it saves there.
CREATE FUNCTION wall_predicate(predicate text, judged text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	word record;
	unknown text;
BEGIN
	predicate := regexp_replace(predicate, '\$all\M', '($sees = ''all'')', 'g');
	FOR word IN SELECT * FROM (VALUES ('county', 'int'), ('role', 'text'), ('sees', 'text'),
		('person', 'uuid'), ('office', 'uuid'), ('school', 'uuid'), ('client', 'text'),
		('workplace', 'uuid'), ('subject', 'uuid'), ('until_on', 'date')) AS w(name, type)
	LOOP
		predicate := regexp_replace(predicate, '\$' || word.name || '\M',
			format('(%s nullif(current_setting(''qinglan.%s'', true), '''')::%s)',
				CASE judged WHEN 'once' THEN 'SELECT' END, word.name, word.type), 'g');
	END LOOP;
	unknown := substring(predicate FROM '\$[a-z_]+');
	IF unknown IS NOT NULL THEN
		RAISE EXCEPTION 'wall(): unknown word %', unknown;
	END IF;
	RETURN predicate;
END
$$;

-- Gives a table its row security, its grants and its event trigger; see the words above.
-- READS and WRITES say which rows of the request's county exist for the caller and which may be
-- inserted or changed (NULL: none). GATE and ENGINE are the rights of these roles on all rows.
CREATE PROCEDURE wall(name text, reads text, writes text DEFAULT NULL,
	exempt_event boolean DEFAULT false, gate text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
	inside text := wall_predicate('county = $county AND (' || reads || ')', 'once');
	changed text := wall_predicate('county = $county AND (' || writes || ')', 'once');
	written text := wall_predicate('county = $county AND (' || writes || ')', 'each');
	hidden text;
BEGIN
	EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
	EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
	EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', name);
	EXECUTE format('CREATE POLICY engine ON %I TO qinglan_engine USING (true) WITH CHECK (true)', name);
	EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO qinglan_engine', name);
	EXECUTE format('CREATE POLICY reads ON %I FOR SELECT TO qinglan_app USING (%s)', name, inside);
	EXECUTE format('GRANT SELECT ON %I TO qinglan_app', name);
	IF writes IS NOT NULL THEN
		EXECUTE format('CREATE POLICY inserts ON %I FOR INSERT TO qinglan_app WITH CHECK (%s)',
			name, written);
		EXECUTE format('CREATE POLICY updates ON %I FOR UPDATE TO qinglan_app USING (%s) WITH CHECK (%s)',
			name, changed, written);
		EXECUTE format('GRANT INSERT, UPDATE ON %I TO qinglan_app', name);
	END IF;
	IF gate IS NOT NULL THEN
		EXECUTE format('CREATE POLICY gate ON %I TO qinglan_gate USING (true) WITH CHECK (true)', name);
		EXECUTE format('GRANT %s ON %I TO qinglan_gate', gate, name);
	END IF;
	IF NOT exempt_event THEN
		SELECT string_agg(quote_literal(a.attname), ', ' ORDER BY a.attnum) INTO hidden
		FROM pg_attribute a
		WHERE a.attrelid = to_regclass(name) AND a.attnum > 0 AND NOT a.attisdropped
			AND (a.attname IN ('county', 'id', 'version', 'created_at', 'updated_at', 'sealed', 'content')
				OR a.attname LIKE '%\_sealed' OR a.attname LIKE '%\_hash' OR a.attgenerated <> '');
		EXECUTE format('CREATE TRIGGER event_write AFTER INSERT OR UPDATE OR DELETE ON %I '
			'FOR EACH ROW EXECUTE FUNCTION event_write(%s)', name, hidden);
	END IF;
END
$$;

CREATE FUNCTION append_only_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING MESSAGE = 'append-only', DETAIL = '{}', ERRCODE = 'QL403';
END
$$;

-- Rows of the table, or those of which KEPT is true, never leave it, whoever asks.
CREATE PROCEDURE never_removed(name text, kept text DEFAULT 'true') LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('REVOKE DELETE ON %I FROM qinglan_app, qinglan_gate, qinglan_engine', name);
	EXECUTE format('CREATE TRIGGER never_deleted BEFORE DELETE ON %I '
		'FOR EACH ROW WHEN (%s) EXECUTE FUNCTION append_only_refuse()', name, kept);
	EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON %I '
		'FOR EACH STATEMENT EXECUTE FUNCTION append_only_refuse()', name);
END
$$;

-- Nor are they ever changed.
CREATE PROCEDURE append_only(name text) LANGUAGE plpgsql AS $$
BEGIN
	CALL never_removed(name);
	EXECUTE format('REVOKE UPDATE ON %I FROM qinglan_app, qinglan_gate, qinglan_engine', name);
	EXECUTE format('DROP POLICY IF EXISTS updates ON %I', name);
	EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE ON %I '
		'FOR EACH ROW EXECUTE FUNCTION append_only_refuse()', name);
END
$$;

-- Makes FUNCTION_NAME(arguments) the engine's: it runs with the engine's rights, on a fixed
-- search path, and only for the owner (who makes triggers of it) and the roles in ALLOWED.
CREATE PROCEDURE engine_owned(signature text, allowed text DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = qinglan, pg_temp', signature);
	EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
	EXECUTE format('ALTER FUNCTION %s OWNER TO qinglan_engine', signature);
	-- Granted by its new owner: what the old one granted itself went over with the function.
	SET LOCAL ROLE qinglan_engine;
	EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', signature,
		concat_ws(', ', 'qinglan_owner', allowed));
	SET LOCAL ROLE qinglan_owner;
END
$$;

CALL wall('event', reads => '$all', exempt_event => true, gate => 'SELECT');
CREATE TRIGGER append_only BEFORE UPDATE ON event
	FOR EACH ROW EXECUTE FUNCTION append_only_refuse();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON event
	FOR EACH STATEMENT EXECUTE FUNCTION append_only_refuse();
REVOKE UPDATE ON event FROM qinglan_engine;
CALL engine_owned('event_write()');
CALL engine_owned('event_read(text, uuid, text)', 'qinglan_app');
REVOKE ALL ON FUNCTION event_put(int, text, text, text, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_put(int, text, text, text, jsonb, jsonb) TO qinglan_engine;

CALL wall('county_clock', reads => 'true', exempt_event => true, gate => 'SELECT');

-- After a restore: what happens from now on comes after all that was handed out before, and the
-- database is closed as the migrations left it.
CREATE PROCEDURE feed_restored() LANGUAGE plpgsql AS $$
DECLARE
	epoch int := (SELECT pg_get_expr(d.adbin, d.adrelid)::int + 1 FROM pg_attrdef d
		JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
		WHERE d.adrelid = 'event'::regclass AND a.attname = 'epoch');
BEGIN
	EXECUTE format('ALTER TABLE event ALTER COLUMN epoch SET DEFAULT %s', epoch);
	CALL database_close();
END
$$;
REVOKE ALL ON PROCEDURE feed_restored() FROM PUBLIC;

-- ---------------------------------------------------------------- development clock

-- Moves a county's calendar to AT, or on by SPAN.
CREATE FUNCTION clock_set(its_county int, at timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO county_clock (county, ahead) VALUES (its_county, at - machine_now())
	ON CONFLICT (county) DO UPDATE SET ahead = excluded.ahead;
	PERFORM set_config('qinglan.ahead', '', true);
	RETURN at;
END
$$;
CREATE FUNCTION clock_advance(its_county int, span interval) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
	its_ahead interval := (SELECT ahead FROM county_clock WHERE county = its_county);
BEGIN
	RETURN clock_set(its_county, machine_now() + coalesce(its_ahead, '0') + span);
END
$$;
CALL engine_owned('clock_set(int, timestamptz)');
CALL engine_owned('clock_advance(int, interval)');

-- ---------------------------------------------------------------- repeated requests

-- Who asks, as idempotency keeps it: with what she acts as and for, since a client or a person
-- may act for several schools and is not answered in one with what was answered in another.
CREATE FUNCTION request_actor() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT concat_ws('/', coalesce(current_setting('qinglan.client', true), ''),
	coalesce(current_setting('qinglan.person', true), ''),
	coalesce(current_setting('qinglan.role', true), ''),
	coalesce(current_setting('qinglan.school', true), ''),
	coalesce(current_setting('qinglan.office', true), '')) $$;

-- What a write answered under its Idempotency-Key; actor is request_actor().
CREATE TABLE idempotency (
	county int NOT NULL,
	actor text COLLATE "C" NOT NULL,
	operation text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	body_hash bytea NOT NULL,
	answer json NOT NULL,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (county, actor, operation, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);
CALL wall('idempotency', reads => 'actor = (SELECT request_actor())',
	writes => 'actor = request_actor()', exempt_event => true);
REVOKE UPDATE ON idempotency FROM qinglan_app;
DROP POLICY updates ON idempotency;

-- Called before a write's effect. Raises QL409 while another request holds the key, QL208 with
-- the stored answer as DETAIL when this very request was answered before, QL422 when the key was
-- used for another body. Holds the key until the transaction ends. A plan made while the table is
-- empty would read all of it, and a connection keeps its plans: hence without such scans.
CREATE FUNCTION replay(its_key text, its_operation text, its_hash bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
	known record;
	here int := current_setting('qinglan.county')::int;
	who text := request_actor();
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended(
		concat_ws(chr(31), 'idempotency', here, who, its_operation, its_key), 0)) THEN
		PERFORM raise_problem('idempotency-in-progress', '{}', 'QL409');
	END IF;
	SELECT i.body_hash, i.answer INTO known FROM idempotency i
	WHERE i.county = here AND i.actor = who AND i.operation = its_operation AND i.key = its_key;
	IF FOUND AND known.body_hash = its_hash THEN
		RAISE EXCEPTION USING MESSAGE = 'replayed', DETAIL = known.answer::text, ERRCODE = 'QL208';
	ELSIF FOUND THEN
		PERFORM raise_problem('idempotency-key-reused', '{}', 'QL422');
	END IF;
END
$$;

-- For batches that are answered row by row: runs the prepared statement once for each element of
-- ROWS (an array of arrays of texts, its parameters in order). What fails is undone alone and
-- described; what no row can be blamed for (no memory, cancelled, no lock, deadlock, a statement that
-- must be prepared anew) ends the batch.
CREATE FUNCTION attempt(statement text, rows jsonb)
RETURNS TABLE ("position" int, result json, error json) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	parameters jsonb;
	done record;
	state text;
	message text;
	detail text;
	its_constraint text;
	affected bigint;
BEGIN
	"position" := -1;
	FOR parameters IN SELECT e.value FROM jsonb_array_elements(rows) WITH ORDINALITY AS e(value, n)
		ORDER BY e.n
	LOOP
		"position" := "position" + 1;
		result := NULL;
		error := NULL;
		BEGIN
			EXECUTE format('EXECUTE %I%s', statement, (SELECT '(' || string_agg(quote_nullable(p.value),
					', ' ORDER BY p.n) || ')'
				FROM jsonb_array_elements_text(parameters) WITH ORDINALITY AS p(value, n))) INTO done;
			GET DIAGNOSTICS affected = ROW_COUNT;
			IF affected = 0 THEN
				error := json_build_object('sqlstate', 'QL404', 'message', 'not-found',
					'detail', '{}'::json, 'constraint', '');
			ELSE
				result := row_to_json(done);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
				detail = PG_EXCEPTION_DETAIL, its_constraint = CONSTRAINT_NAME;
			IF left(state, 2) IN ('53', '57', '58', 'XX', '40', '25') OR state IN ('55P03', '0A000', '26000') THEN
				RAISE;
			END IF;
			error := json_build_object('sqlstate', state,
				'message', CASE WHEN left(state, 2) = 'QL' THEN message ELSE '' END,
				'detail', CASE WHEN left(state, 2) = 'QL' THEN detail::json ELSE '{}'::json END,
				'constraint', its_constraint);
		END;
		RETURN NEXT;
	END LOOP;
END
$$;

-- ---------------------------------------------------------------- revoked tokens

-- One token by its id, or all of a person issued before an instant.
CREATE TABLE token_revocation (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	token_id text,
	person uuid,
	issued_before timestamptz,
	expires_at timestamptz NOT NULL,
	created_at timestamptz NOT NULL DEFAULT machine_now(),
	PRIMARY KEY (county, id),
	CHECK ((token_id IS NULL) <> (person IS NULL)),
	CHECK ((person IS NULL) = (issued_before IS NULL))
);
CREATE INDEX token_revocation_created ON token_revocation (created_at);
CREATE INDEX token_revocation_expires ON token_revocation (expires_at);
CALL wall('token_revocation', reads => '$all', writes => '$all', gate => 'SELECT, INSERT');

-- ---------------------------------------------------------------- housekeeping

-- Removes expired keys of requests and revocations of expired tokens, at most 10,000 rows of each,
-- which are found by an index: the greater number. By ctid, since a plan of a join could turn to
-- reading it all.
CREATE FUNCTION expired_purge() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	keys bigint;
	revocations bigint;
BEGIN
	DELETE FROM idempotency WHERE ctid = ANY (ARRAY(SELECT i.ctid FROM idempotency i
		WHERE i.expires_at < machine_now() ORDER BY i.expires_at LIMIT 10000));
	GET DIAGNOSTICS keys = ROW_COUNT;
	DELETE FROM token_revocation WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM token_revocation r
		WHERE r.expires_at < machine_now() ORDER BY r.expires_at LIMIT 10000));
	GET DIAGNOSTICS revocations = ROW_COUNT;
	RETURN greatest(keys, revocations);
END
$$;

-- Removes events older than so many days (0: none; never of the last 30), at most 10,000. They lie by
-- age under the primary key of each county, so the oldest are looked at and no index of the time is
-- kept up by every write.
CREATE FUNCTION event_purge(days int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	its_county int;
	removed bigint := 0;
	part bigint;
BEGIN
	FOR its_county IN SELECT c.county FROM county c WHERE days > 0 ORDER BY c.county LOOP
		DELETE FROM event WHERE ctid = ANY (ARRAY(SELECT o.place FROM (
			SELECT e.ctid AS place, e.at FROM event e WHERE e.county = its_county
			ORDER BY e.epoch, e.xid, e.id LIMIT 10000 - removed) o
			WHERE o.at < machine_now() - make_interval(days => greatest(days, 30))));
		GET DIAGNOSTICS part = ROW_COUNT;
		removed := removed + part;
	END LOOP;
	RETURN removed;
END
$$;
CALL engine_owned('expired_purge()', 'qinglan_gate');
CALL engine_owned('event_purge(int)', 'qinglan_gate');
