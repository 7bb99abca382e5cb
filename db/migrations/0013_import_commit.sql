-- List imports: writing what a plan says, decided again in the same transaction. What is made, and
-- what was there before, is kept with the rows for undoing.

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

-- Whether a list is short enough to be decided or looked through while somebody waits.
CREATE FUNCTION import_is_short(its import) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT count(*) <= 2000 FROM (SELECT FROM import_row r
	WHERE r.county = its.county AND r.import = its.id LIMIT 2001) r
$$;

-- Queues the commit of a plan. A list that is quickly decided is decided again at once, so that
-- the answer tells what changed; the job decides it again in any case, in its own transaction.
CREATE FUNCTION import_commit_ask(import_id uuid, its_kind text, its_plan uuid, its_mode text,
	if_match text, its_scope text, its_language text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	its import := import_locked(import_id, its_kind, if_match);
	job_id uuid;
BEGIN
	IF its.purged THEN
		PERFORM raise_problem('import-purged', '{}', 'QL409');
	ELSIF its.state <> 'ready' THEN
		PERFORM raise_problem('import-not-ready', jsonb_build_object('state', its.state), 'QL409');
	END IF;
	IF import_is_short(its) THEN
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
	IF its.committed_at IS NOT NULL THEN
		RETURN its.counts;
	ELSIF its.state <> 'committing' THEN
		PERFORM raise_problem('import-not-ready', jsonb_build_object('state', its.state), 'QL409');
	ELSIF its.purged THEN
		PERFORM raise_problem('import-purged', '{}', 'QL409');
	END IF;
	PERFORM imports_lock();
	IF its.kind = 'teachers' THEN
		PERFORM people_lock(true);
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

-- ---------------------------------------------------------------- schools and hours

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
		AND m.source_key = plain_source_key(r.parsed->>'source_key');
END
$$;

-- ---------------------------------------------------------------- teachers

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

	-- A title that she had before becomes the last one recorded again.
	UPDATE import_row r SET before = r.before || jsonb_build_object('title_again', jsonb_build_object(
			'id', t.id, 'recorded_at', t.recorded_at, 'version', t.version + 1))
	FROM title t
	JOIN person p ON p.county = t.county AND p.id = t.person
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'changed'
		AND t.county = r.county AND t.person = r.person AND t.name = r.parsed->>'title'
		AND t.voided_at IS NULL AND p.title IS DISTINCT FROM t.name
		AND NOT import_has_dated_title(t.county, t.person);

	UPDATE title t SET recorded_at = clock_now(), version = t.version + 1, updated_at = clock_now()
	FROM import_good_rows(its) r
	WHERE t.county = r.county AND t.id = (r.before->'title_again'->>'id')::uuid;

	WITH made AS (
		INSERT INTO title (county, person, school, name)
		SELECT r.county, r.person, r.school, r.parsed->>'title'
		FROM import_good_rows(its) r
		JOIN person p ON p.county = r.county AND p.id = r.person
		WHERE r.parsed->>'title' IS NOT NULL AND NOT r.before ? 'title_again'
			AND (r.made ? 'person' OR p.title IS DISTINCT FROM r.parsed->>'title')
			AND NOT import_has_dated_title(r.county, r.person)
		-- Somebody recorded it at this moment.
		ON CONFLICT ON CONSTRAINT title_once DO NOTHING
		RETURNING id, person
	)
	UPDATE import_row r SET made = r.made || jsonb_build_object('title', m.id)
	FROM made m
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

-- What people have been given. Without a condition of its own, so that a join looks up who is asked for.
CREATE FUNCTION import_given() RETURNS TABLE (county int, person uuid, what text, id uuid)
LANGUAGE sql STABLE AS
$$
SELECT m.county, m.person, 'membership'::text, m.id FROM membership m
UNION ALL
SELECT t.county, t.person, 'title'::text, t.id FROM title t
UNION ALL
SELECT a.county, a.person, 'homeroom_appointment'::text, a.id FROM homeroom_appointment a
$$;

-- Keeps what those whom the list changed have at its end, and how many entries: what is more was given
-- since. No clock could say it, for a request that began before the commit may write after it.
CREATE FUNCTION import_keep_given(its import) RETURNS void LANGUAGE sql SET enable_nestloop = off AS
$$
UPDATE import_row r SET before = r.before || jsonb_build_object('given', k.ids, 'entries', k.entries)
FROM (
	SELECT q.part, q.row, coalesce(a.head_seq, 0) AS entries,
		coalesce(jsonb_agg(g.id) FILTER (WHERE g.id IS NOT NULL), '[]') AS ids
	FROM import_row q
	LEFT JOIN ledger_account a ON a.county = q.county AND a.person = q.person
	LEFT JOIN import_given() g ON g.county = q.county AND g.person = q.person
	WHERE q.county = its.county AND q.import = its.id AND q.before ? 'version'
	GROUP BY q.part, q.row, a.head_seq
) k
WHERE r.county = its.county AND r.import = its.id AND r.part = k.part AND r.row = k.row
$$;

CREATE FUNCTION import_write_teachers(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM import_write_classes(its);
	PERFORM import_write_persons(its);
	PERFORM import_write_belongings(its);
	PERFORM import_write_appointments(its);
	PERFORM import_keep_given(its);
END
$$;

CALL engine_owned('import_commit_ask(uuid, text, uuid, text, text, text, text)', 'qinglan_app');
CALL engine_owned('import_commit(uuid, uuid, text, int)', 'qinglan_app');
