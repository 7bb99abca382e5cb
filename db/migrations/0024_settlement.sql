-- What comes of a course: results of its participants, and its settlement, which posts the hours of all who pass
-- in one step. A settled course does not change: corrections are those of the ledger (0007_ledger.sql).
--
-- Whoever writes holds first the deliverables, in the order of their ids, then enrolments, sessions, the course and the
-- accounts, each in the order of its ids, so that nobody waits for somebody who waits for her.

-- ---------------------------------------------------------------- results

-- The result that a score is in a course, which says in its assessment from which score on it is passed
-- (exam.pass) and excellent (exam.excellent); NULL where it has no exam.
CREATE FUNCTION result_of_score(c course, score numeric) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN score >= (c.assessment #>> '{exam,excellent}')::numeric THEN 'excellent'
	WHEN score >= (c.assessment #>> '{exam,pass}')::numeric THEN 'qualified'
	WHEN c.assessment #>> '{exam,pass}' IS NOT NULL AND score IS NOT NULL THEN 'failed' END
$$;

CREATE FUNCTION result_rank(result text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT array_position(ARRAY['failed', 'qualified', 'excellent'], result) $$;

-- True when a result may be entered as attempt NTH: a correction of the last one, or the next after one that failed.
CREATE FUNCTION attempt_is_open(e enrolment, c course, nth int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
	most int := coalesce((c.assessment->>'attempts')::int, 1);
BEGIN
	IF NOT (nth = e.attempt OR nth = e.attempt + 1 AND nth <= most AND coalesce(e.result, 'failed') = 'failed') THEN
		PERFORM raise_problem('attempt-not-open', jsonb_build_object('attempt', e.attempt, 'attempts', most), 'QL409');
	END IF;
	RETURN true;
END
$$;

-- Enters a result of an enrolment of a course: as given, else by the score. What is given may lower what the score
-- says, for a deliverable that is missing, and never raise it.
CREATE FUNCTION result_enter(its_id uuid, entry jsonb) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	e enrolment;
	c course;
	its_score numeric := (entry->>'score')::numeric;
	nth int := coalesce((entry->>'attempt')::int, 1);
	by_score text;
	its_result text;
BEGIN
	SELECT * INTO e FROM enrolment k WHERE k.id = its_id AND organises(k.organiser) FOR NO KEY UPDATE;
	PERFORM must_find(FOUND);
	SELECT * INTO c FROM course k WHERE k.id = e.course;
	PERFORM must_be_anothers(e.person), must_be_in_state(e.state, '{admitted}', '{}'),
		must_be_in_state(c.state, '{open,closed}', '{}'), attempt_is_open(e, c, nth);
	-- A result alone leaves the score that is there.
	its_score := coalesce(its_score, CASE nth WHEN e.attempt THEN e.score END);
	by_score := result_of_score(c, its_score);
	its_result := coalesce(entry->>'result', by_score);
	IF c.assessment ? 'exam' AND by_score IS NULL AND its_result <> 'failed' THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/score", "code": "required"}', 'QL422');
	ELSIF its_result IS NULL THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/result", "code": "required"}', 'QL422');
	ELSIF result_rank(its_result) > result_rank(by_score) THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/result", "code": "result-above-score"}', 'QL422');
	ELSIF its_score > (c.assessment #>> '{exam,full}')::numeric THEN
		PERFORM raise_problem('unprocessable', jsonb_build_object('pointer', '#/score', 'code', 'maximum',
			'limit', c.assessment #> '{exam,full}'), 'QL422');
	END IF;
	UPDATE enrolment k SET score = its_score, result = its_result, attempt = nth, version = k.version + 1,
		updated_at = clock_now()
	WHERE k.id = e.id
	RETURNING * INTO e;
	RETURN json_build_object('enrolment_id', e.id, 'course_id', e.course, 'teacher_id', e.person, 'score', e.score,
		'result', e.result, 'attempt', e.attempt, 'version', e.version);
END
$$;

-- The same of somebody whom ENTRY names in a course.
CREATE FUNCTION course_result_enter(its_course uuid, entry jsonb) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM must_find(EXISTS (SELECT FROM course c WHERE c.id = its_course AND organises(c.school)));
	RETURN result_enter(must_be_admitted(its_course, entry, '#'), entry);
END
$$;

-- The result that somebody's deliverables are in a course which asks for some: excellent when as many as are asked for
-- of each type were found excellent, NULL while one is missing, too short or not found good.
CREATE FUNCTION result_of_deliverables(c course, its_person uuid) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN bool_and(h.excellent >= w.count) THEN 'excellent' WHEN bool_and(h.good >= w.count) THEN 'qualified' END
FROM jsonb_to_recordset(c.assessment->'deliverables') AS w(type text, count int, characters int)
CROSS JOIN LATERAL (
	SELECT count(*) AS good, count(*) FILTER (WHERE d.state = 'excellent') AS excellent
	FROM deliverable d
	WHERE d.county = c.county AND d.course = c.id AND d.person = its_person AND d.type = w.type
		AND d.state IN ('qualified', 'excellent') AND d.confirmed IS NOT FALSE
		AND d.length >= coalesce(w.characters, 0)
) h
$$;

-- ---------------------------------------------------------------- results by list

-- Whom each row of a list means among the participants of a course of the caller's: all that it says of her must
-- agree, enrolment, staff number or phone, and the name. FAULT says why nobody. Runs as the engine, since people of
-- other schools may take part.
CREATE FUNCTION scores_named(its_course uuid, rows jsonb)
RETURNS TABLE (n bigint, enrolment uuid, fault text) LANGUAGE sql STABLE AS
$$
WITH participant AS (
	SELECT e.id, e.county, e.person, p.name, p.phone
	FROM course c
	JOIN enrolment e ON e.county = c.county AND e.course = c.id AND e.state = 'admitted'
	JOIN person p ON p.county = e.county AND p.id = e.person
	WHERE c.county = this_county() AND c.id = its_course AND organises(c.school)
), known AS (
	SELECT p.id, p.name, 'enrolment_id' AS kind, p.id::text AS value FROM participant p
	UNION SELECT p.id, p.name, 'phone', translate(p.phone, ' -', '') FROM participant p
	UNION SELECT p.id, p.name, 'identifier', i.value FROM participant p
		JOIN identifier i ON i.county = p.county AND i.person = p.person AND i.ended_on IS NULL
), asked AS (
	SELECT w.n, m.key AS kind, count(*) OVER (PARTITION BY w.n) AS said, CASE m.key WHEN 'enrolment_id'
		THEN lower(m.value) WHEN 'phone' THEN translate(m.value, ' -', '') ELSE m.value END AS value
	FROM jsonb_array_elements(rows) WITH ORDINALITY AS w(item, n)
	CROSS JOIN LATERAL jsonb_each_text(w.item->'parsed') AS m
	WHERE m.key IN ('enrolment_id', 'phone', 'identifier') AND m.value IS NOT NULL
), hit AS (
	SELECT a.n, k.id, k.name FROM asked a JOIN known k ON k.kind = a.kind AND k.value = a.value
	GROUP BY a.n, k.id, k.name, a.said HAVING count(*) = a.said
), meant AS (
	SELECT w.n, count(h.id) AS hits,
		array_agg(h.id) FILTER (WHERE h.name = person_name(w.item->'parsed'->>'name')) AS named
	FROM jsonb_array_elements(rows) WITH ORDINALITY AS w(item, n) LEFT JOIN hit h ON h.n = w.n
	GROUP BY w.n
)
SELECT m.n, m.named[1], CASE WHEN m.hits = 0 THEN 'not-a-participant' WHEN m.named IS NULL THEN 'name-differs'
	WHEN cardinality(m.named) > 1 THEN 'participant-ambiguous'
	WHEN row_number() OVER (PARTITION BY m.named[1] ORDER BY m.n) > 1 THEN 'person-twice' END
FROM meant m
$$;
CALL engine_owned('scores_named(uuid, jsonb)', 'qinglan_app');

-- Enters the scores of a list in a course whose participants are held, each as a single one is. FAULTS: what is wrong,
-- row by row; with any the caller undoes all of it.
CREATE FUNCTION scores_enter(its_course uuid, rows jsonb, OUT body json, OUT faults jsonb)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c course;
	its record;
	entered uuid[] := '{}';
	message text;
	detail text;
BEGIN
	SELECT * INTO c FROM course k WHERE k.id = its_course AND organises(k.school);
	PERFORM must_find(FOUND), must_be_in_state(c.state, '{open,closed}', '{}');
	faults := '[]';
	FOR its IN SELECT w.item->'row' AS row, w.item->'parsed' AS parsed, m.enrolment,
			CASE WHEN m.fault IS NULL OR w.item->'problems' <> '[]' THEN w.item->'problems'
				ELSE jsonb_build_array(jsonb_build_object('code', m.fault)) END AS problems
		FROM jsonb_array_elements(rows) WITH ORDINALITY AS w(item, n)
		JOIN scores_named(its_course, rows) m ON m.n = w.n ORDER BY w.n
	LOOP
		-- More are not told.
		EXIT WHEN jsonb_array_length(faults) > 100;
		IF its.problems <> '[]' THEN
			faults := faults || (SELECT jsonb_agg(jsonb_build_object('row', its.row, 'code', p.item->'code',
				'params', p.item - '{code,severity}'::text[]) ORDER BY p.n)
				FROM jsonb_array_elements(its.problems) WITH ORDINALITY AS p(item, n));
			CONTINUE;
		END IF;
		BEGIN
			PERFORM result_enter(its.enrolment, jsonb_strip_nulls(its.parsed));
			entered := entered || its.enrolment;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
			IF left(SQLSTATE, 2) <> 'QL' THEN
				RAISE;
			END IF;
			faults := faults || jsonb_build_object('row', its.row,
				'code', coalesce(detail::jsonb->>'code', message),
				'params', detail::jsonb - '{code,pointer}'::text[]);
		END;
	END LOOP;
	body := (SELECT json_build_object('course_id', its_course, 'entered', count(*),
			'excellent', count(*) FILTER (WHERE e.result = 'excellent'),
			'qualified', count(*) FILTER (WHERE e.result = 'qualified'),
			'failed', count(*) FILTER (WHERE e.result = 'failed'))
		FROM enrolment e WHERE e.course = its_course AND e.id = ANY (entered));
END
$$;

-- ---------------------------------------------------------------- who gets what

-- What a participant gets, or in `reason` why nothing: `due` sessions were held while she took part; of these she
-- attended some, was absent from some, and was excused from the others.
CREATE TYPE settlement_row AS (
	enrolment uuid, person uuid, name text, sort_key text, school uuid, due int, attended int, absent int, minutes int,
	score numeric, result text, hours numeric, reason text
);

-- Every participant of a course. Absent is also of whom nothing is known in a session of which attendance was
-- recorded. Of a course that is settled: what it was settled to.
CREATE FUNCTION settlement_rows(c course) RETURNS SETOF settlement_row LANGUAGE sql STABLE AS
$$
WITH held AS (
	SELECT s.id, session_ends_at(s) AS ends_at, session_recorded(s) AS recorded
	FROM course_session s WHERE s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL
), earned AS (
	SELECT e.id, e.person, p.name, p.sort_key, e.school, e.score, r.result, e.settled_hours, e.settled_reason, t.*,
		c.assessment ? 'deliverables' AND w.result IS NULL AND (c.assessment ? 'exam' OR e.result IS NULL) AS lacks,
		p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL AS is_current,
		(CASE c.credit WHEN 'whole' THEN c.hours WHEN 'result' THEN (c.result_hours->>r.result)::numeric
			ELSE least(trunc(t.minutes / c.minutes_per_hour::numeric, 2), 999.99) END)::numeric(7,2) AS hours
	FROM enrolment e
	JOIN person p ON p.county = e.county AND p.id = e.person
	CROSS JOIN LATERAL (SELECT CASE WHEN c.assessment ? 'deliverables'
		THEN result_of_deliverables(c, e.person) END AS result) w
	-- Of an exam it is entered; else what was entered goes before what her deliverables say.
	CROSS JOIN LATERAL (SELECT CASE WHEN c.state = 'settled' OR c.assessment ? 'exam' THEN e.result
		ELSE coalesce(e.result, w.result) END AS result) r
	CROSS JOIN LATERAL (
		SELECT count(*)::int AS due,
			(count(*) FILTER (WHERE a.state IN ('present', 'late', 'left_early')))::int AS attended,
			(count(*) FILTER (WHERE coalesce(a.state, CASE WHEN h.recorded THEN 'absent' END) = 'absent'))::int
				AS absent,
			coalesce(sum(a.minutes), 0)::int AS minutes
		FROM held h
		LEFT JOIN attendance a ON a.county = e.county AND a.session = h.id AND a.enrolment = e.id
		WHERE a.state IS NOT NULL OR e.admitted_at < h.ends_at
	) t
	WHERE e.county = c.county AND e.course = c.id AND e.state = 'admitted'
), judged AS (
	SELECT n.*, CASE WHEN c.state = 'settled' THEN n.settled_reason
		WHEN n.absent >= c.absent_sessions OR n.due > 0 AND n.absent >= c.absent_share * n.due THEN 'absent_limit'
		WHEN n.attended = 0 AND EXISTS (SELECT FROM held) THEN 'not_attended'
		WHEN n.result = 'failed' THEN 'not_passed'
		WHEN n.lacks THEN 'deliverables_missing'
		WHEN n.result IS NULL AND (c.credit = 'result' OR c.assessment ?| '{exam,deliverables}') THEN 'no_result'
		WHEN NOT coalesce(n.hours > 0, false) THEN 'no_hours'
		WHEN NOT n.is_current THEN 'person_not_current'
		WHEN EXISTS (SELECT FROM hour_source s WHERE s.county = c.county AND s.kind = 'course_enrolment'
			AND s.key = n.id::text AND s.person = n.person) THEN 'already_credited' END AS reason
	FROM earned n OFFSET 0
)
SELECT j.id, j.person, j.name, j.sort_key, j.school, j.due, j.attended, j.absent, j.minutes, j.score, j.result,
	CASE WHEN c.state = 'settled' THEN j.settled_hours WHEN j.reason IS NULL THEN j.hours END, j.reason
FROM judged j
$$;

-- The fingerprint of a settlement: the same before and after it was carried out.
CREATE FUNCTION settlement_plan(rows settlement_row[]) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT md5(coalesce(string_agg(concat_ws(' ', r.enrolment, r.hours, r.reason), E'\n' ORDER BY r.enrolment), ''))
FROM unnest(rows) r
$$;

-- The day of a course's hours: that of its last session, of one without sessions that of its settlement.
CREATE FUNCTION course_day(c course) RETURNS date LANGUAGE sql STABLE AS
$$
SELECT coalesce(
	(SELECT (max(s.starts_at) AT TIME ZONE k.zone)::date
		FROM county k JOIN course_session s ON s.county = k.county AND s.course = c.id AND s.cancelled_at IS NULL
		WHERE k.county = c.county GROUP BY k.zone),
	(SELECT (max(e.settled_at) AT TIME ZONE k.zone)::date
		FROM county k JOIN enrolment e ON e.county = k.county AND e.course = c.id
		WHERE k.county = c.county GROUP BY k.zone),
	today())
$$;

CREATE FUNCTION course_module(c course) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN cardinality(c.modules) = 1 THEN c.modules[1] END $$;

-- A settlement as the API tells it.
CREATE FUNCTION settlement_body(c course, rows settlement_row[]) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT json_build_object('course_id', c.id, 'state', c.state, 'plan', settlement_plan(rows),
	'activity_on', course_day(c), 'level', c.level, 'module_id', course_module(c),
	'unrecorded_sessions', (SELECT count(*) FROM course_session s WHERE s.county = c.county AND s.course = c.id
		AND s.cancelled_at IS NULL AND NOT session_recorded(s)),
	'credited', count(r.hours), 'hours', coalesce(sum(r.hours), 0),
	'rows', coalesce(json_agg(json_build_object('enrolment_id', r.enrolment, 'teacher_id', r.person, 'name', r.name,
		'school_id', r.school, 'due', r.due, 'attended', r.attended, 'absent', r.absent, 'minutes', r.minutes,
		'score', r.score, 'result', r.result, 'hours', r.hours, 'reason', r.reason)
		ORDER BY r.sort_key, r.enrolment), '[]'))
FROM unnest(rows) r
$$;

-- What the settlement of a course would do, or did; for its organiser. Runs as the engine, since people of other
-- schools may take part.
CREATE FUNCTION settlement_preview(its_course uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
	c course;
BEGIN
	SELECT * INTO c FROM course k WHERE k.county = this_county() AND k.id = its_course AND organises(k.school);
	PERFORM must_find(FOUND);
	RETURN settlement_body(c, ARRAY(SELECT r FROM settlement_rows(c) r));
END
$$;
CALL engine_owned('settlement_preview(uuid)', 'qinglan_app');

-- ---------------------------------------------------------------- settling

-- Holds a course and all that its settlement stands on.
CREATE FUNCTION settlement_lock(its_county int, its_course uuid) RETURNS course LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c course;
BEGIN
	PERFORM FROM deliverable d WHERE d.county = its_county AND d.course = its_course ORDER BY d.id FOR SHARE;
	PERFORM FROM enrolment e WHERE e.county = its_county AND e.course = its_course ORDER BY e.id FOR NO KEY UPDATE;
	PERFORM FROM course_session s WHERE s.county = its_county AND s.course = its_course ORDER BY s.id FOR NO KEY UPDATE;
	SELECT * INTO c FROM course k WHERE k.county = its_county AND k.id = its_course FOR NO KEY UPDATE;
	RETURN c;
END
$$;

-- Posts the hours of all who get some. The ledger is open to who sees the whole county: here a school posts what it
-- organised, by a course that was checked to be its own.
CREATE FUNCTION settlement_post(c course, rows settlement_row[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	sees text := current_setting('qinglan.sees');
BEGIN
	PERFORM set_config('qinglan.sees', 'all', true),
		hour_accounts_lock(ARRAY(SELECT r.person FROM unnest(rows) r WHERE r.hours IS NOT NULL));
	INSERT INTO hour_entry (county, person, school, hours, level, module, activity_on, source_kind, source_key, note)
	SELECT c.county, r.person, r.school, r.hours, c.level, course_module(c), course_day(c), 'course_enrolment',
		r.enrolment::text, c.title
	FROM unnest(rows) r WHERE r.hours IS NOT NULL ORDER BY r.enrolment;
	PERFORM set_config('qinglan.sees', sees, true);
END
$$;
REVOKE ALL ON FUNCTION settlement_lock(int, uuid), settlement_post(course, settlement_row[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settlement_lock(int, uuid), settlement_post(course, settlement_row[]) TO qinglan_engine;

-- Settles a course that is closed, in one step for all; PLAN is the preview that this was decided on. A second time
-- changes nothing. Runs as the engine, for schools post hours in no other way.
CREATE FUNCTION course_settle(its_course uuid, plan text) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c course;
	rows settlement_row[];
	last_at timestamptz;
BEGIN
	PERFORM must_find(EXISTS (SELECT FROM course k
		WHERE k.county = this_county() AND k.id = its_course AND organises(k.school)));
	c := settlement_lock(this_county(), its_course);
	PERFORM must_be_in_state(c.state, '{closed,settled}', '{"open": ["close"]}');
	rows := ARRAY(SELECT r FROM settlement_rows(c) r);
	IF settlement_plan(rows) <> plan THEN
		PERFORM raise_problem('settlement-changed', '{}', 'QL409');
	ELSIF c.state = 'settled' THEN
		RETURN settlement_body(c, rows);
	END IF;
	PERFORM must_be_anothers(r.person) FROM unnest(rows) r;
	last_at := (SELECT max(s.starts_at) FROM course_session s
		WHERE s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL);
	IF last_at > clock_now() THEN
		PERFORM raise_problem('session-not-begun', jsonb_build_object('starts_at', instant(last_at)), 'QL409');
	END IF;
	PERFORM settlement_post(c, rows);
	UPDATE enrolment e SET settled_at = clock_now(), settled_hours = r.hours, settled_reason = r.reason, result = r.result,
		version = e.version + 1, updated_at = clock_now()
	FROM unnest(rows) r WHERE e.county = c.county AND e.id = r.enrolment;
	UPDATE course k SET state = 'settled', version = k.version + 1, updated_at = clock_now()
	WHERE k.county = c.county AND k.id = c.id
	RETURNING * INTO c;
	RETURN settlement_body(c, rows);
END
$$;
CALL engine_owned('course_settle(uuid, text)', 'qinglan_app');
