-- Sessions of courses: made, moved and cancelled, who has another one then, and everybody's calendar.
-- Table: 0019_courses.sql.

-- ---------------------------------------------------------------- making and changing sessions

-- A further session of a course; its id.
CREATE FUNCTION session_add(its_course uuid, starts timestamptz, its_minutes int, its_place text, its_theme text)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its course := course_held(its_course, NULL, 'sessions');
	its_id uuid;
BEGIN
	INSERT INTO course_session AS s (county, course, school, shown, starts_at, minutes, place, theme)
	VALUES (its.county, its.id, its.school, its.shown, starts, its_minutes, its_place, its_theme)
	RETURNING s.id INTO its_id;
	RETURN its_id;
END
$$;

-- The session, locked behind its course, if it may still be changed.
CREATE FUNCTION session_held(its_id uuid, its_course uuid, if_match text) RETURNS course_session
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its course_session;
BEGIN
	PERFORM must_find(EXISTS (SELECT FROM course_session s WHERE s.id = its_id AND s.course = its_course));
	PERFORM course_held(its_course, NULL, 'sessions');
	SELECT * INTO its FROM course_session s WHERE s.id = its_id FOR UPDATE;
	PERFORM next_version(its.version, if_match);
	PERFORM must_be_in_state(CASE WHEN its.cancelled_at IS NULL THEN 'planned' ELSE 'cancelled' END, '{planned}', '{}');
	IF session_recorded(its) THEN
		PERFORM raise_problem('attendance-taken', '{}', 'QL409');
	END IF;
	RETURN its;
END
$$;

-- A merge patch.
CREATE FUNCTION session_change(its_id uuid, its_course uuid, if_match text, patch jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its course_session := jsonb_populate_record(session_held(its_id, its_course, if_match), patch);
BEGIN
	UPDATE course_session SET starts_at = its.starts_at, minutes = its.minutes, place = its.place, theme = its.theme,
		version = its.version + 1, updated_at = clock_now()
	WHERE id = its_id;
	RETURN its_id;
END
$$;

-- It will not be held; it stays to be seen.
CREATE FUNCTION session_cancel(its_id uuid, its_course uuid, if_match text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM session_held(its_id, its_course, if_match);
	UPDATE course_session s SET cancelled_at = clock_now(), version = s.version + 1, updated_at = clock_now()
	WHERE s.id = its_id;
	RETURN its_id;
END
$$;

CREATE VIEW course_session_view WITH (security_invoker = true) AS
SELECT s.id, s.course AS course_id, instant(s.starts_at) AS starts_at,
	instant(session_ends_at(s)) AS ends_at, s.minutes, s.place, s.theme,
	instant(s.cancelled_at) AS cancelled_at, s.version,
	instant(s.created_at) AS created_at, instant(s.updated_at) AS updated_at
FROM course_session s;
GRANT SELECT ON course_session_view TO qinglan_app;

-- ---------------------------------------------------------------- who is where

-- Who takes part in which course: those who hold it, and those admitted; also those who were when it was cancelled.
CREATE VIEW course_people WITH (security_invoker = true) AS
SELECT i.county, i.course, i.person, 'instructor' AS part FROM course_instructor i
UNION ALL
SELECT e.county, e.course, e.person, 'participant' FROM enrolment e
WHERE e.state = 'admitted' OR e.state = 'cancelled' AND e.admitted_at IS NOT NULL;
GRANT SELECT ON course_people TO qinglan_engine;

-- Who of a session has another one at that time, told to who organises it. Of a course that the caller does not
-- see she learns no more than the hours. Volatile, to see what the running statement has just written.
CREATE FUNCTION session_clashes(its_session uuid) RETURNS json LANGUAGE sql VOLATILE AS
$$
SELECT coalesce(json_agg(row_to_json(w) ORDER BY w.name, w.starts_at), '[]')
FROM (
	SELECT y.person AS person_id, p.name, y.part, instant(o.starts_at) AS starts_at, o.minutes,
		CASE WHEN current_setting('qinglan.sees', true) = 'all' OR k.shown = 'county' OR k.school = c.school
			THEN k.title END AS course_title
	FROM course_session s
	JOIN course c ON c.county = s.county AND c.id = s.course
	JOIN course_session o ON o.county = s.county AND o.id <> s.id AND o.cancelled_at IS NULL
		-- No session is longer than a day.
		AND o.starts_at > s.starts_at - interval '1 day'
		AND o.starts_at < session_ends_at(s) AND session_ends_at(o) > s.starts_at
	JOIN course k ON k.county = o.county AND k.id = o.course AND k.state <> 'cancelled'
		AND (k.shown <> 'organiser' OR k.school IS NOT DISTINCT FROM c.school)
	JOIN course_people y ON y.county = s.county AND y.course = s.course
	JOIN person p ON p.county = y.county AND p.id = y.person
	WHERE s.county = this_county() AND s.id = its_session AND organises(c.school)
		AND EXISTS (SELECT FROM course_people z
			WHERE z.county = o.county AND z.course = o.course AND z.person = y.person)
	ORDER BY p.name, o.starts_at LIMIT 100
) w
$$;
CALL engine_owned('session_clashes(uuid)', 'qinglan_app');

-- A session as it is answered to who changed it.
CREATE FUNCTION session_body(its_id uuid) RETURNS json LANGUAGE sql VOLATILE AS
$$ SELECT with_member(body_of('course_session_view', its_id), 'warnings', session_clashes(its_id)) $$;

-- The sessions of a year back and all to come of the courses that the caller holds or was admitted to.
CREATE FUNCTION my_sessions()
RETURNS TABLE (id uuid, sequence int, starts_at timestamptz, minutes int, place text, theme text, title text,
	cancelled boolean, changed_at timestamptz) LANGUAGE sql STABLE AS
$$
SELECT s.id, s.version + CASE WHEN c.state = 'cancelled' THEN 1 ELSE 0 END, s.starts_at, s.minutes, s.place, s.theme,
	c.title, s.cancelled_at IS NOT NULL OR c.state = 'cancelled',
	CASE WHEN c.state = 'cancelled' THEN greatest(s.updated_at, c.updated_at) ELSE s.updated_at END
FROM course c JOIN course_session s ON s.county = c.county AND s.course = c.id
WHERE c.county = this_county() AND c.shown <> 'organiser' AND s.starts_at > clock_now() - interval '1 year'
	AND c.id IN (SELECT y.course FROM course_people y
		WHERE y.county = this_county() AND y.person = this_person())
$$;
CALL engine_owned('my_sessions()', 'qinglan_app');

-- ---------------------------------------------------------------- the calendar (RFC 5545)

-- A text as a value of a calendar: 3.3.11.
CREATE FUNCTION ics_text(value text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT replace(regexp_replace(regexp_replace(value, '([\\;,])', '\\\1', 'g'), '\r\n?', chr(10), 'g'), chr(10), '\n')
$$;

-- An instant in UTC: 3.3.5.
CREATE FUNCTION ics_instant(at timestamptz) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') $$;

-- A line of a calendar, folded so that none has more than 75 octets and no character is cut: 3.1.
CREATE FUNCTION ics_line(name text, value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	rest text := name || ':' || value;
	folded text := '';
	fits int;
BEGIN
	WHILE octet_length(rest) > 75 LOOP
		fits := 75;
		WHILE octet_length(left(rest, fits)) > 75 LOOP
			fits := fits - 1;
		END LOOP;
		folded := folded || left(rest, fits) || E'\r\n';
		rest := ' ' || substr(rest, fits + 1);
	END LOOP;
	RETURN folded || rest || E'\r\n';
END
$$;

-- The caller's calendar.
CREATE FUNCTION my_calendar() RETURNS text LANGUAGE sql STABLE AS
$$
SELECT ics_line('BEGIN', 'VCALENDAR') || ics_line('VERSION', '2.0') || ics_line('PRODID', '-//Qinglan//Courses//ZH')
	|| coalesce(string_agg(ics_line('BEGIN', 'VEVENT') || ics_line('UID', s.id::text)
		|| ics_line('DTSTAMP', ics_instant(s.changed_at)) || ics_line('SEQUENCE', s.sequence::text)
		|| ics_line('STATUS', CASE WHEN s.cancelled THEN 'CANCELLED' ELSE 'CONFIRMED' END)
		|| ics_line('DTSTART', ics_instant(s.starts_at))
		|| ics_line('DTEND', ics_instant(s.starts_at + make_interval(mins => s.minutes)))
		|| ics_line('SUMMARY', ics_text(concat_ws('：', s.title, nullif(s.theme, ''))))
		|| coalesce(ics_line('LOCATION', ics_text(nullif(s.place, ''))), '')
		|| ics_line('END', 'VEVENT'), '' ORDER BY s.starts_at, s.id), '')
	|| ics_line('END', 'VCALENDAR')
FROM my_sessions() s
$$;
