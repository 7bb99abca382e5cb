-- Attendance: who was at a session of a course, by the organiser's sheet or by checking in with a code that
-- changes all the time, and leave that was asked for in advance.
--
-- Who records attendance holds the row of the session: FOR SHARE for one person, FOR NO KEY UPDATE for a sheet,
-- and so does the settlement (0024_settlement.sql), after which nothing is recorded any more.

-- ---------------------------------------------------------------- who may

-- Whether the caller runs a course: organises it, or is one of its instructors.
CREATE FUNCTION runs_course(its_course uuid, its_school uuid) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT organises(its_school) OR EXISTS (SELECT FROM course_instructor i WHERE i.county = this_county()
	AND i.course = its_course AND i.person = this_person())
$$;

-- ---------------------------------------------------------------- tables

-- What is known of a person in a session, once; `minutes` are those that she was there. Who recorded it: the
-- organiser's sheet, she herself by checking in, or leave that was granted.
CREATE TABLE attendance (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	session uuid NOT NULL,
	course uuid NOT NULL,
	enrolment uuid NOT NULL,
	person uuid NOT NULL,
	school uuid NOT NULL,
	organiser uuid,
	state text NOT NULL CHECK (state IN ('present', 'late', 'left_early', 'excused', 'absent')),
	minutes int NOT NULL CHECK (minutes BETWEEN 0 AND 1440),
	reason text CHECK (length(reason) <= 500),
	way text NOT NULL CHECK (way IN ('sheet', 'check_in', 'leave')),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT attended_once UNIQUE (county, session, enrolment),
	FOREIGN KEY (county, session, course) REFERENCES course_session (county, id, course),
	FOREIGN KEY (county, enrolment, course) REFERENCES enrolment (county, id, course),
	CONSTRAINT who_was_not_there_has_no_minutes CHECK (state NOT IN ('excused', 'absent') OR minutes = 0)
);
CREATE INDEX attendance_of_enrolment ON attendance (county, enrolment);
CALL wall('attendance',
	reads => '$all OR school = $school OR organiser = $school OR person = $person',
	writes => '$all OR organiser = $school');

-- A sheet as it was sent, with what the roll came to; one of a `client_ref` counts once in its session.
CREATE TABLE attendance_sheet (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	session uuid NOT NULL,
	organiser uuid,
	client_ref text CHECK (length(client_ref) BETWEEN 1 AND 100),
	content jsonb NOT NULL,
	present int NOT NULL,
	late int NOT NULL,
	left_early int NOT NULL,
	excused int NOT NULL,
	absent int NOT NULL,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT sheet_once UNIQUE (county, session, client_ref),
	FOREIGN KEY (county, session) REFERENCES course_session (county, id)
);
CALL wall('attendance_sheet', reads => '$all OR organiser = $school', writes => '$all OR organiser = $school');
CALL append_only('attendance_sheet');

-- Leave from a session: asked for by the person or her school, granted or refused by the organiser.
CREATE TABLE session_leave (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	session uuid NOT NULL,
	course uuid NOT NULL,
	enrolment uuid NOT NULL,
	person uuid NOT NULL,
	school uuid NOT NULL,
	organiser uuid,
	reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
	state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'granted', 'refused')),
	answer text CHECK (length(answer) <= 500),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, session, course) REFERENCES course_session (county, id, course),
	FOREIGN KEY (county, enrolment, course) REFERENCES enrolment (county, id, course)
);
CREATE UNIQUE INDEX leave_asked_once ON session_leave (county, session, enrolment) WHERE state <> 'refused';
CREATE INDEX session_leave_of_session ON session_leave (county, session, id);
CREATE INDEX session_leave_of_enrolment ON session_leave (county, enrolment);
CREATE INDEX session_leave_asked ON session_leave (county, course, session) WHERE state = 'asked';
CALL wall('session_leave',
	reads => '$all OR school = $school OR organiser = $school OR person = $person',
	writes => '$all OR school = $school OR organiser = $school OR person = $person');

-- ---------------------------------------------------------------- when

-- True while a session and its course go on: neither is cancelled, the course not settled yet. Volatile, so that
-- whoever waited for the session's row sees what happened meanwhile.
CREATE FUNCTION session_goes_on(s course_session) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN must_be_in_state(CASE WHEN s.cancelled_at IS NULL THEN c.state ELSE 'cancelled' END, '{open,closed}', '{}')
		FROM course c WHERE c.county = s.county AND c.id = s.course;
END
$$;

-- True while attendance of a session is recorded: from its beginning on.
CREATE FUNCTION session_is_recorded(s course_session) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM session_goes_on(s);
	IF clock_now() < s.starts_at THEN
		PERFORM raise_problem('session-not-begun', jsonb_build_object('starts_at', instant(s.starts_at)), 'QL409');
	END IF;
	RETURN true;
END
$$;

-- Whether attendance of a session was recorded: leave that was granted alone is none.
CREATE FUNCTION session_recorded(s course_session) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT EXISTS (SELECT FROM attendance a WHERE a.county = s.county AND a.session = s.id AND a.way <> 'leave')
$$;

-- The sessions of a course that are over and were not recorded, while somebody takes part in it and it is not settled.
CREATE FUNCTION unrecorded_sessions(c course) RETURNS SETOF course_session LANGUAGE sql STABLE AS
$$
SELECT s.* FROM course_session s
WHERE s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL AND c.state IN ('open', 'closed')
	AND c.taken > 0 AND session_ends_at(s) <= clock_now() AND NOT session_recorded(s)
$$;

-- ---------------------------------------------------------------- the roll

-- Who was to be at a session, with what is known of her: everybody who was admitted before its end. Runs as the
-- engine, for whoever runs a course sees all of it, also those of other schools; a school sees its own people,
-- a person herself.
CREATE FUNCTION session_roll(its_session uuid) RETURNS TABLE (sort_key text, enrolment uuid, state text, body json)
LANGUAGE sql STABLE AS
$$
SELECT p.sort_key, e.id, a.state, json_build_object('enrolment_id', e.id, 'teacher_id', e.person, 'name', k.name,
	'school_id', e.school, 'state', a.state, 'minutes', a.minutes, 'reason', a.reason, 'way', a.way,
	'recorded_at', instant(a.updated_at))
FROM course_session s
CROSS JOIN LATERAL (SELECT runs_course(s.course, s.school) AS all_of_it OFFSET 0) r
JOIN enrolment e ON e.county = s.county AND e.course = s.course AND e.state = 'admitted'
JOIN person p ON p.county = e.county AND p.id = e.person
CROSS JOIN LATERAL person_as_known(p) k
LEFT JOIN attendance a ON a.county = s.county AND a.session = s.id AND a.enrolment = e.id
WHERE s.county = this_county() AND s.id = its_session
	AND (a.state IS NOT NULL OR e.admitted_at < session_ends_at(s))
	AND (r.all_of_it OR organises(e.school) OR e.person = this_person())
$$;
CALL engine_owned('session_roll(uuid)', 'qinglan_app');

-- ---------------------------------------------------------------- the sheet

-- The enrolment of whom ITEM names by enrolment_id, teacher_id or both, among those admitted to a course.
CREATE FUNCTION enrolment_named(its_course uuid, item jsonb) RETURNS uuid LANGUAGE sql STABLE AS
$$
SELECT e.id FROM enrolment e
WHERE e.course = its_course AND e.state = 'admitted' AND e.id = (item->>'enrolment_id')::uuid
	AND e.person = coalesce((item->>'teacher_id')::uuid, e.person)
UNION ALL
SELECT e.id FROM enrolment e
WHERE e.course = its_course AND e.state = 'admitted' AND NOT item ? 'enrolment_id'
	AND e.person = (item->>'teacher_id')::uuid
$$;

-- The same, if there is one: whom the caller does not see is not there, whom she sees is not admitted. AT is where
-- ITEM is in the body.
CREATE FUNCTION must_be_admitted(its_course uuid, item jsonb, at text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
	its_id uuid := enrolment_named(its_course, item);
BEGIN
	IF its_id IS NULL THEN
		PERFORM must_see(NOT item ? 'enrolment_id' OR EXISTS (SELECT FROM enrolment e
				WHERE e.id = (item->>'enrolment_id')::uuid), at || '/enrolment_id'),
			must_see(item ? 'enrolment_id' AND NOT item ? 'teacher_id' OR EXISTS (SELECT FROM person p
				WHERE p.id = (item->>'teacher_id')::uuid), at || '/teacher_id'),
			raise_problem('not-admitted', jsonb_build_object('pointer', at), 'QL409');
	END IF;
	RETURN its_id;
END
$$;

-- True when the exceptions of a sheet name people of the course, each once, with minutes where they are due.
CREATE FUNCTION sheet_is_sound(s course_session, sheet jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
	x record;
BEGIN
	FOR x IN
		SELECT i.at, row_number() OVER (PARTITION BY m.enrolment ORDER BY w.n) AS nth,
			w.item->>'state' AS state, (w.item->>'minutes')::int AS minutes,
			(SELECT e.person FROM enrolment e WHERE e.id = m.enrolment) AS person
		FROM jsonb_array_elements(sheet->'except') WITH ORDINALITY AS w(item, n)
		CROSS JOIN LATERAL (SELECT format('#/except/%s', w.n - 1) AS at) i
		CROSS JOIN LATERAL (SELECT must_be_admitted(s.course, w.item, i.at) AS enrolment OFFSET 0) m
		ORDER BY w.n
	LOOP
		PERFORM must_be_anothers(x.person);
		IF x.nth > 1 THEN
			PERFORM raise_problem('unprocessable', jsonb_build_object('code', 'person-twice',
				'pointer', x.at), 'QL422');
		ELSIF (CASE WHEN x.minutes IS NULL THEN x.state = 'left_early'
			ELSE x.state NOT IN ('late', 'left_early') OR x.minutes > s.minutes END) THEN
			PERFORM raise_problem('unprocessable', jsonb_build_object('code', 'minutes-of-presence',
				'pointer', x.at || '/minutes', 'most', s.minutes), 'QL422');
		END IF;
	END LOOP;
	RETURN true;
END
$$;

-- Enters a sheet, "all present but ...": those whom it names as it says, the others present, but herself, who is for
-- somebody else to record; who checked in or
-- has leave stays as she is; and who was admitted only afterwards is not on it, unless it is of everybody. A later
-- sheet is a correction. The sheet's id; of one that was sent before, that one's.
CREATE FUNCTION attendance_take(its_session uuid, sheet jsonb) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s course_session;
	sheet_id uuid;
	sent jsonb;
BEGIN
	SELECT * INTO s FROM course_session k WHERE k.id = its_session FOR NO KEY UPDATE;
	PERFORM must_find(FOUND);
	SELECT k.id, k.content INTO sheet_id, sent FROM attendance_sheet k
	WHERE k.session = s.id AND k.client_ref = sheet->>'client_ref';
	IF FOUND AND sent = sheet THEN
		RETURN sheet_id;
	ELSIF FOUND THEN
		PERFORM raise_problem('client-ref-reused', '{}', 'QL422');
	END IF;
	PERFORM session_is_recorded(s), sheet_is_sound(s, sheet);
	WITH named AS (
		SELECT enrolment_named(s.course, x) AS enrolment, x->>'state' AS state, (x->>'minutes')::int AS minutes,
			x->>'reason' AS reason
		FROM jsonb_array_elements(sheet->'except') x
	)
	INSERT INTO attendance AS a (county, session, course, enrolment, person, school, organiser, state, minutes,
		reason, way)
	SELECT s.county, s.id, s.course, e.id, e.person, e.school, e.organiser, coalesce(n.state, 'present'),
		CASE WHEN n.state IN ('excused', 'absent') THEN 0 ELSE coalesce(n.minutes, s.minutes) END, n.reason, 'sheet'
	FROM enrolment e
	LEFT JOIN named n ON n.enrolment = e.id
	LEFT JOIN attendance b ON b.session = s.id AND b.enrolment = e.id
	WHERE e.course = s.course AND e.state = 'admitted' AND e.person IS DISTINCT FROM this_person()
		AND (n.enrolment IS NOT NULL
		OR coalesce(b.way, 'sheet') = 'sheet'
			AND (e.admitted_at < session_ends_at(s) OR (sheet->>'everybody')::boolean))
	ON CONFLICT (county, session, enrolment) DO UPDATE SET state = excluded.state, minutes = excluded.minutes,
		reason = excluded.reason, way = excluded.way, version = a.version + 1, updated_at = clock_now()
	WHERE (a.state, a.minutes, a.reason, a.way)
		IS DISTINCT FROM (excluded.state, excluded.minutes, excluded.reason, excluded.way);
	INSERT INTO attendance_sheet AS k (county, session, organiser, client_ref, content, present, late, left_early,
		excused, absent)
	SELECT s.county, s.id, s.school, sheet->>'client_ref', sheet, count(*) FILTER (WHERE a.state = 'present'),
		count(*) FILTER (WHERE a.state = 'late'), count(*) FILTER (WHERE a.state = 'left_early'),
		count(*) FILTER (WHERE a.state = 'excused'), count(*) FILTER (WHERE a.state = 'absent')
	FROM attendance a JOIN enrolment e ON e.county = a.county AND e.id = a.enrolment AND e.state = 'admitted'
	WHERE a.session = s.id
	RETURNING k.id INTO sheet_id;
	RETURN sheet_id;
END
$$;

CREATE VIEW attendance_sheet_view WITH (security_invoker = true) AS
SELECT k.id, k.session AS session_id, k.client_ref, k.present, k.late, k.left_early, k.excused, k.absent,
	(SELECT count(*) FROM course_session s JOIN enrolment e ON e.county = s.county AND e.course = s.course
		WHERE s.county = k.county AND s.id = k.session AND e.state = 'admitted' AND NOT EXISTS (SELECT FROM attendance a
			WHERE a.county = s.county AND a.session = s.id AND a.enrolment = e.id)) AS unrecorded,
	instant(k.created_at) AS created_at
FROM attendance_sheet k;
GRANT SELECT ON attendance_sheet_view TO qinglan_app;

-- ---------------------------------------------------------------- checking in

-- The number of the window of so many seconds that an instant is in: what a code is good for, and the next.
CREATE FUNCTION check_in_window(at timestamptz, seconds int) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT floor(extract(epoch FROM at) / seconds)::bigint $$;

-- True while people check in to a session: from its beginning to its end.
CREATE FUNCTION session_takes_check_ins(s course_session) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM session_is_recorded(s);
	IF clock_now() > session_ends_at(s) THEN
		PERFORM raise_problem('session-over', jsonb_build_object('ended_at', instant(session_ends_at(s))), 'QL409');
	END IF;
	RETURN true;
END
$$;

-- For whoever runs a course: the window in which people check in now, and until when its code is shown and taken.
-- Runs as the engine, for an instructor may be of another school.
CREATE FUNCTION check_in_code(its_session uuid, seconds int, OUT code_window bigint, OUT server_at timestamptz,
	OUT ends_at timestamptz, OUT taken_until timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s course_session;
BEGIN
	SELECT * INTO s FROM course_session k
	WHERE k.county = this_county() AND k.id = its_session AND runs_course(k.course, k.school);
	PERFORM must_find(FOUND);
	PERFORM session_takes_check_ins(s);
	server_at := clock_now();
	code_window := check_in_window(server_at, seconds);
	ends_at := to_timestamp((code_window + 1) * seconds);
	taken_until := to_timestamp((code_window + 2) * seconds);
END
$$;
CALL engine_owned('check_in_code(uuid, int)', 'qinglan_app');

-- The caller is at a session, by a code of the window CODE_WINDOW (NULL: no code of this session). Runs as the
-- engine: nobody else records her own attendance.
CREATE FUNCTION check_in(its_session uuid, code_window bigint, seconds int) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s course_session;
	e enrolment;
	a attendance;
	is_late boolean;
	window_now bigint := check_in_window(clock_now(), seconds);
BEGIN
	SELECT * INTO s FROM course_session k WHERE k.county = this_county() AND k.id = its_session FOR SHARE;
	PERFORM must_find(FOUND);
	SELECT * INTO e FROM enrolment k WHERE k.county = s.county AND k.course = s.course AND k.state = 'admitted'
		AND k.person = this_person();
	IF NOT FOUND THEN
		PERFORM raise_problem('not-admitted', '{}', 'QL409');
	END IF;
	-- Who shows the code does not scan it: she is recorded by another.
	PERFORM must_be_anothers(i.person) FROM course_instructor i
	WHERE i.county = s.county AND i.course = s.course AND i.person = e.person;
	PERFORM session_takes_check_ins(s);
	IF code_window IS NULL THEN
		PERFORM raise_problem('check-in-code-wrong', '{}', 'QL422');
	ELSIF code_window NOT IN (window_now, window_now - 1) THEN
		PERFORM raise_problem('check-in-code-expired', '{}', 'QL409');
	END IF;
	is_late := clock_now() > s.starts_at + make_interval(mins => c.late_after)
		FROM course c WHERE c.county = s.county AND c.id = s.course;
	INSERT INTO attendance AS k (county, session, course, enrolment, person, school, organiser, state, minutes, way)
	VALUES (s.county, s.id, s.course, e.id, e.person, e.school, e.organiser,
		CASE WHEN is_late THEN 'late' ELSE 'present' END, CASE WHEN is_late
			THEN ceil(extract(epoch FROM session_ends_at(s) - clock_now()) / 60) ELSE s.minutes END, 'check_in')
	ON CONFLICT (county, session, enrolment) DO UPDATE SET state = excluded.state, minutes = excluded.minutes,
		reason = NULL, way = excluded.way, version = k.version + 1, updated_at = clock_now()
	WHERE k.way = 'leave'
	RETURNING * INTO a;
	IF NOT FOUND THEN
		PERFORM raise_problem('attendance-recorded', '{}', 'QL409');
	END IF;
	RETURN json_build_object('session_id', s.id, 'enrolment_id', e.id, 'state', a.state, 'minutes', a.minutes,
		'checked_in_at', instant(a.updated_at));
END
$$;
CALL engine_owned('check_in(uuid, bigint, int)', 'qinglan_app');

-- ---------------------------------------------------------------- leave

CREATE VIEW session_leave_view WITH (security_invoker = true) AS
SELECT l.id, l.session AS session_id, l.enrolment AS enrolment_id, l.person AS teacher_id, l.school AS school_id,
	l.reason, l.state, l.answer, l.version, instant(l.created_at) AS created_at,
	instant(l.updated_at) AS updated_at
FROM session_leave l;
GRANT SELECT ON session_leave_view TO qinglan_app;

-- Asks for leave from a session before it begins, for the caller or for TEACHER; the leave's id.
CREATE FUNCTION leave_ask(its_session uuid, teacher uuid, its_reason text) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s course_session;
	e enrolment;
	leave_id uuid;
	who uuid := coalesce(teacher, this_person());
BEGIN
	SELECT * INTO s FROM course_session k WHERE k.id = its_session;
	PERFORM must_find(FOUND);
	PERFORM must_see(EXISTS (SELECT FROM person p WHERE p.id = who), '#/teacher_id');
	SELECT * INTO e FROM enrolment k WHERE k.course = s.course AND k.person = who AND k.state = 'admitted';
	IF NOT FOUND THEN
		PERFORM raise_problem('not-admitted', '{}', 'QL409');
	END IF;
	PERFORM session_goes_on(s);
	IF clock_now() >= s.starts_at THEN
		PERFORM raise_problem('session-has-begun', jsonb_build_object('starts_at', instant(s.starts_at)), 'QL409');
	END IF;
	INSERT INTO session_leave AS l (county, session, course, enrolment, person, school, organiser, reason)
	VALUES (s.county, s.id, s.course, e.id, e.person, e.school, e.organiser, its_reason)
	RETURNING l.id INTO leave_id;
	RETURN leave_id;
END
$$;

-- The organiser grants leave, from which its person is excused unless she was there, or refuses it; its id.
CREATE FUNCTION leave_decide(its_session uuid, its_id uuid, if_match text, verdict text, its_answer text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	s course_session;
	l session_leave;
BEGIN
	SELECT * INTO s FROM course_session k WHERE k.id = its_session FOR SHARE;
	PERFORM must_find(FOUND);
	SELECT * INTO l FROM session_leave k WHERE k.id = its_id AND k.session = s.id FOR UPDATE;
	PERFORM must_find(FOUND);
	PERFORM next_version(l.version, if_match);
	PERFORM must_be_anothers(l.person), must_be_in_state(l.state, '{asked}', '{}'), session_goes_on(s);
	IF verdict = 'granted' AND (SELECT e.state <> 'admitted' FROM enrolment e WHERE e.id = l.enrolment) THEN
		PERFORM raise_problem('not-admitted', '{}', 'QL409');
	END IF;
	UPDATE session_leave k SET state = verdict, answer = its_answer, version = k.version + 1, updated_at = clock_now()
	WHERE k.id = l.id;
	INSERT INTO attendance AS a (county, session, course, enrolment, person, school, organiser, state, minutes,
		reason, way)
	SELECT l.county, l.session, l.course, l.enrolment, l.person, l.school, l.organiser, 'excused', 0, l.reason, 'leave'
	WHERE verdict = 'granted'
	ON CONFLICT (county, session, enrolment) DO UPDATE SET state = excluded.state, reason = excluded.reason,
		way = excluded.way, version = a.version + 1, updated_at = clock_now()
	WHERE a.state = 'absent';
	RETURN l.id;
END
$$;
