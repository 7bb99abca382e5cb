-- List imports: taking back what one made, while nothing hangs on it.

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

-- The ids of the rows by which an import itself hangs one thing on another, made or written over.
CREATE FUNCTION import_own_ids(its import) RETURNS SETOF text LANGUAGE sql STABLE AS
$$
SELECT o.id FROM import_row r
CROSS JOIN LATERAL (
	VALUES (r.made->>'title'), (r.made->>'appointment'), (r.made->>'office'),
		(r.before->'appointment'->>'id'), (r.before->'title_again'->>'id')
	UNION ALL SELECT jsonb_array_elements_text(r.made->'memberships')
) AS o(id)
WHERE r.county = its.county AND r.import = its.id AND o.id IS NOT NULL
$$;

-- What was changed since an import wrote it, by its version.
CREATE FUNCTION import_changed_since(its import) RETURNS TABLE (in_part int, in_row int, what text)
LANGUAGE sql STABLE AS
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
SELECT r.part, r.row, 'title' FROM import_row r
LEFT JOIN title t ON t.county = r.county AND t.id = (r.made->>'title')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.made ? 'title'
	AND t.version IS DISTINCT FROM 1
UNION ALL
SELECT r.part, r.row, 'title' FROM import_row r
LEFT JOIN title t ON t.county = r.county AND t.id = (r.before->'title_again'->>'id')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.before ? 'title_again'
	AND t.version IS DISTINCT FROM (r.before->'title_again'->>'version')::int
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
WHERE r.county = its.county AND r.import = its.id AND its.kind = 'hours' AND r.made ? 'entry'
$$;

-- What was given since an import to somebody whom it changed, and would be gainsaid if she became again
-- what she was before: where she works, her title, her classes; hours, where she has the school or her
-- being a teacher from the import; and the class that she would have again, if somebody else leads it.
CREATE FUNCTION import_given_since(its import) RETURNS TABLE (in_part int, in_row int, what text)
LANGUAGE sql STABLE AS
$$
SELECT r.part, r.row, g.what FROM import_row r
JOIN import_given() g ON g.county = r.county AND g.person = r.person
WHERE r.county = its.county AND r.import = its.id AND r.before ? 'given'
	AND NOT r.before->'given' ? g.id::text
UNION ALL
SELECT r.part, r.row, 'hour_entry' FROM import_row r
JOIN ledger_account a ON a.county = r.county AND a.person = r.person
WHERE r.county = its.county AND r.import = its.id AND r.before ? 'given'
	AND a.head_seq > (r.before->>'entries')::bigint
	AND (r.made ? 'memberships' OR r.before->>'teacher' = 'false')
UNION ALL
SELECT r.part, r.row, 'homeroom_appointment' FROM import_row r
JOIN homeroom_appointment own ON own.county = r.county AND own.id = (r.before->'appointment'->>'id')::uuid
JOIN homeroom_appointment a ON a.county = r.county AND a.class = (r.before->'appointment'->>'class')::uuid
WHERE r.county = its.county AND r.import = its.id AND r.before ? 'appointment'
	AND r.before->'appointment'->>'kind' IN ('homeroom', 'acting') AND a.kind IN ('homeroom', 'acting')
	AND a.during && daterange(lower(own.during), (r.before->'appointment'->>'last')::date)
	AND NOT EXISTS (SELECT FROM import_row i
		WHERE i.county = r.county AND i.import = r.import AND i.person = a.person
			AND a.id::text IN (i.made->>'appointment', i.before->'appointment'->>'id'))
$$;

-- Whom an import of a school changed and who is no longer there: what is written of her, and her document,
-- are another's. Whom it made comes under her memberships, which name her.
CREATE FUNCTION import_left_since(its import) RETURNS TABLE (in_part int, in_row int, what text)
LANGUAGE sql STABLE AS
$$
SELECT r.part, r.row, 'membership' FROM import_row r
WHERE r.county = its.county AND r.import = its.id AND its.kind = 'teachers' AND its.school IS NOT NULL
	AND r.before ? 'version' AND NOT is_present(r.person, its.school)
$$;

-- What hangs on what an import made: what was changed or given since, and rows of other tables that name it.
-- Its rows are looked up by index, whatever the planner believes of tables that were just filled; a table
-- that names what was made without an index for it is read once.
CREATE FUNCTION import_hanging(its import) RETURNS TABLE (in_part int, in_row int, what text)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
	key record;
	found_ids uuid[];
	own_ids jsonb := (SELECT coalesce(jsonb_object_agg(own.id, true), '{}') FROM import_own_ids(its) AS own(id));
BEGIN
	RETURN QUERY SELECT * FROM import_changed_since(its) UNION ALL SELECT * FROM import_given_since(its);
	FOR key IN
		SELECT n.*, m.ids
		FROM (SELECT d.name, array_agg(d.id) AS ids FROM import_made(its) d GROUP BY d.name) m
		CROSS JOIN LATERAL naming_columns(ARRAY[m.name]) n
	LOOP
		EXECUTE format('SELECT array_agg(n.id) FROM (SELECT %s AS id, to_jsonb(t)->>''id'' AS own FROM %s t '
			'WHERE t.county = $1 AND %s OFFSET 0) n WHERE NOT $3 ? coalesce(n.own, '''')',
			format(CASE WHEN key.is_list THEN 'unnest(t.%I)' ELSE 't.%I' END, key."column"), key.name,
			format(CASE WHEN key.is_list THEN 't.%I && $2' ELSE 't.%I = ANY ($2)' END, key."column"))
			INTO found_ids USING its.county, key.ids, own_ids;
		CONTINUE WHEN found_ids IS NULL;
		RETURN QUERY SELECT m.part, m.row, key.name::text FROM import_made(its) m
			WHERE m.name = key.named AND m.id = ANY (found_ids);
	END LOOP;
END
$$;

-- Raises when something hangs on what an import made, or its school has nothing to take back there, with
-- the first rows.
CREATE FUNCTION import_free(its import) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	hanging jsonb := (SELECT jsonb_agg(jsonb_build_object('part', h.in_part, 'row', h.in_row,
			'what', h.what))
		FROM (SELECT * FROM import_hanging(its) UNION SELECT * FROM import_left_since(its)
			ORDER BY 1, 2, 3 LIMIT 20) h);
BEGIN
	IF hanging IS NOT NULL THEN
		PERFORM raise_problem('import-in-use', jsonb_build_object('rows', hanging), 'QL409');
	END IF;
END
$$;

-- Queues the undoing. Of a short list it is told at once what hangs on it; the job looks in any case.
CREATE FUNCTION import_undo_ask(import_id uuid, its_kind text, if_match text, its_scope text,
	its_language text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	its import := import_locked(import_id, its_kind, if_match);
	job_id uuid;
BEGIN
	IF its.state <> 'committed' THEN
		PERFORM raise_problem('import-not-committed', jsonb_build_object('state', its.state), 'QL409');
	ELSIF its.purged THEN
		PERFORM raise_problem('import-purged', '{}', 'QL409');
	END IF;
	IF import_is_short(its) THEN
		PERFORM import_free(its);
	END IF;
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

	UPDATE title t SET recorded_at = (r.before->'title_again'->>'recorded_at')::timestamptz,
		version = t.version + 1, updated_at = clock_now()
	FROM import_row r
	WHERE r.county = its.county AND r.import = its.id AND r.before ? 'title_again'
		AND t.county = r.county AND t.id = (r.before->'title_again'->>'id')::uuid;

	UPDATE person p SET gender = r.before->>'gender', birth_on = (r.before->>'birth_on')::date,
		phone = r.before->>'phone',
		tokens = ARRAY(SELECT jsonb_array_elements_text(r.before->'tokens')),
		teacher = (r.before->>'teacher')::boolean OR NOT (p.officer OR p.external),
		homeroom_since = (r.before->>'homeroom_since')::date,
		teaching_stage = r.before->>'teaching_stage',
		subjects = ARRAY(SELECT jsonb_array_elements_text(r.before->'subjects')),
		-- As title_settle() finds it among those that are left.
		title = (SELECT t.name FROM title t
			WHERE t.county = r.county AND t.person = r.person AND t.voided_at IS NULL
			ORDER BY t.obtained_on DESC NULLS LAST, t.recorded_at DESC, t.id DESC LIMIT 1),
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
	-- Collected first, or all memberships would be read again for each row.
	WITH made AS MATERIALIZED (
		SELECT e.id::uuid FROM import_row r
		CROSS JOIN LATERAL jsonb_array_elements_text(r.made->'memberships') AS e(id)
		WHERE r.county = its.county AND r.import = its.id AND r.made ? 'memberships'
	)
	DELETE FROM membership m USING made WHERE m.county = its.county AND m.id = made.id;
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
CREATE FUNCTION import_undo_hours(its import) RETURNS bigint LANGUAGE plpgsql AS $$
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
	persons uuid[];
	own uuid[];
	undone jsonb;
BEGIN
	IF its.state = 'undone' THEN
		RETURN '{}';
	ELSIF its.state <> 'undoing' THEN
		PERFORM raise_problem('import-not-committed', jsonb_build_object('state', its.state), 'QL409');
	ELSIF its.purged THEN
		PERFORM raise_problem('import-purged', '{}', 'QL409');
	END IF;
	PERFORM imports_lock();
	IF its.kind = 'hours' THEN
		-- Before it is asked what hangs on the entries, so that nobody reverses one in between.
		PERFORM hour_accounts_lock(ARRAY(SELECT DISTINCT r.person FROM import_row r
			WHERE r.county = its.county AND r.import = its.id AND r.made ? 'entry'));
	END IF;
	-- Nor is anything changed, or hung on them, between the look and the deed.
	PERFORM FROM school s WHERE its.kind = 'schools' AND s.county = its.county AND s.id = ANY (ARRAY(
		SELECT r.school FROM import_row r WHERE r.county = its.county AND r.import = its.id
			AND (r.made <> '{}' OR r.before <> '{}'))) ORDER BY s.id FOR UPDATE;
	IF its.kind = 'teachers' THEN
		persons := ARRAY(SELECT r.person FROM import_row r WHERE r.county = its.county AND r.import = its.id
			AND (r.made <> '{}' OR r.before <> '{}'));
		own := ARRAY(SELECT o.id::uuid FROM import_own_ids(its) AS o(id));
		-- In the order of who changes a title or a membership: she comes to the person, then to what follows.
		PERFORM FROM title t WHERE t.county = its.county AND t.id = ANY (own) ORDER BY t.id FOR UPDATE;
		PERFORM FROM membership m WHERE m.county = its.county AND m.id = ANY (own) ORDER BY m.id FOR UPDATE;
		PERFORM FROM person p WHERE p.county = its.county AND p.id = ANY (persons) ORDER BY p.id FOR UPDATE;
		PERFORM FROM ledger_account a WHERE a.county = its.county AND a.person = ANY (persons)
		ORDER BY a.id FOR UPDATE;
		PERFORM FROM homeroom_appointment a WHERE a.county = its.county AND a.id = ANY (own)
		ORDER BY a.id FOR UPDATE;
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
		made_classes = '{}', problem = NULL, updated_at = clock_now()
	WHERE i.county = its.county AND i.id = its.id;
	RETURN undone;
END
$$;

CALL engine_owned('import_undo_ask(uuid, text, text, text, text)', 'qinglan_app');
CALL engine_owned('import_undo(uuid)', 'qinglan_app');
