-- Activities (活动) of a school or the county: meetings, forums, contests, observations, and who was there. They earn
-- no hours; plans and requirements count them.

-- One of the county has no school, and everybody of the county sees it. How many were expected and present is kept
-- with it, for who may not see them all.
CREATE TABLE activity (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	school uuid,
	kind text NOT NULL,
	theme text NOT NULL CHECK (length(theme) BETWEEN 1 AND 100),
	held_on date NOT NULL,
	minutes int CHECK (minutes BETWEEN 1 AND 1440),
	place text CHECK (length(place) <= 200),
	people text CHECK (length(people) <= 200),
	record text CHECK (length(record) <= 4000),
	cancelled_at timestamptz,
	reason text CHECK (length(reason) <= 500),
	expected int NOT NULL DEFAULT 0,
	present int NOT NULL DEFAULT 0,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX activity_by_day ON activity (county, held_on, id);
CREATE INDEX activity_by_school ON activity (county, school, held_on, id);
CALL wall('activity', reads => '$all OR school = $school OR school IS NULL OR school = $workplace',
	writes => '$all OR school = $school');

-- Who was there and who was not. `organiser` is the activity's school, `school` the person's then. Who was named by
-- mistake is struck.
CREATE TABLE activity_attendance (
	county int NOT NULL,
	activity uuid NOT NULL,
	person uuid NOT NULL,
	school uuid NOT NULL,
	organiser uuid,
	state text NOT NULL CHECK (state IN ('present', 'late', 'left_early', 'excused', 'absent', 'struck')),
	reason text CHECK (length(reason) <= 500),
	PRIMARY KEY (county, activity, person),
	FOREIGN KEY (county, activity) REFERENCES activity (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX activity_attendance_by_school ON activity_attendance (county, school);
CREATE INDEX activity_attendance_by_person ON activity_attendance (county, person);
CALL wall('activity_attendance', reads => '$all OR school = $school OR organiser = $school OR person = $person',
	writes => '$all OR organiser = $school');
CREATE TRIGGER attendance_of_current_person BEFORE INSERT ON activity_attendance
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- ---------------------------------------------------------------- rules

-- Whether it is planned, was held or is cancelled, and what may be done then.
CREATE FUNCTION activity_state(held_on date, cancelled_at timestamptz) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' WHEN held_on > today() THEN 'planned' ELSE 'held' END $$;
CREATE FUNCTION activity_allows() RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT '{"planned": ["patch", "cancel"], "held": ["patch", "attendance", "cancel"]}'::jsonb $$;

-- Who is expected: TEACHERS of the organiser, and who has appointments of KINDS there on the day.
CREATE FUNCTION activity_expected(its activity, teachers jsonb, kinds jsonb) RETURNS TABLE (person uuid, school uuid)
LANGUAGE sql STABLE AS
$$
SELECT DISTINCT ON (x.person) x.person, x.school
FROM (
	SELECT p.id AS person, p.school FROM jsonb_array_elements_text(teachers) AS t(id) JOIN person p ON p.id = t.id::uuid
	UNION ALL
	SELECT a.person, a.school FROM homeroom_appointment a
	WHERE a.kind IN (SELECT jsonb_array_elements_text(kinds)) AND a.during @> its.held_on
		AND a.school = coalesce(its.school, a.school)
) x
JOIN person p ON p.id = x.person AND p.voided_at IS NULL AND p.merged_into IS NULL
ORDER BY x.person, x.school
$$;

-- True unless it is moved to another day after its sheet was taken, which is of that day.
CREATE FUNCTION activity_stays(its activity, day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF its.expected > 0 AND day <> its.held_on THEN
		PERFORM raise_problem('attendance-taken', '{}', 'QL409');
	END IF;
	RETURN true;
END
$$;

-- The sheet of an activity: all present but those in `except`, and who enters it, whom somebody else records. It takes
-- the place of the one before. Its id.
CREATE FUNCTION activity_attend(its_id uuid, if_match text, sheet jsonb) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its activity;
	named record;
	due uuid[];
BEGIN
	SELECT * INTO its FROM activity a WHERE a.id = its_id FOR UPDATE;
	PERFORM must_find(FOUND), next_version(its.version, if_match),
		must_be_in_state(activity_state(its.held_on, its.cancelled_at), '{held}', activity_allows());
	FOR named IN SELECT t.n - 1 AS place, t.id::uuid AS id
		FROM jsonb_array_elements_text(sheet->'teacher_ids') WITH ORDINALITY AS t(id, n)
	LOOP
		PERFORM must_see(is_seen_today(p.id) AND p.school IS NOT NULL AND p.school = coalesce(its.school, p.school),
			format('#/teacher_ids/%s', named.place))
		FROM (SELECT 1) one LEFT JOIN person p ON p.id = named.id AND p.teacher;
	END LOOP;
	due := ARRAY(SELECT e.person FROM activity_expected(its, sheet->'teacher_ids', sheet->'appointment_kinds') e);
	FOR named IN SELECT x.n - 1 AS place, (x.one->>'teacher_id')::uuid AS id
		FROM jsonb_array_elements(sheet->'except') WITH ORDINALITY AS x(one, n)
	LOOP
		PERFORM must_see(named.id = ANY (due), format('#/except/%s/teacher_id', named.place));
	END LOOP;
	INSERT INTO activity_attendance AS t (county, activity, person, school, organiser, state, reason)
	SELECT its.county, its.id, e.person, e.school, its.school,
		CASE WHEN x.teacher_id IS NULL THEN 'present' ELSE coalesce(x.state, 'absent') END, x.reason
	FROM activity_expected(its, sheet->'teacher_ids', sheet->'appointment_kinds') e
	LEFT JOIN (SELECT DISTINCT ON (y.teacher_id) y.*
		FROM jsonb_to_recordset(sheet->'except') AS y(teacher_id uuid, state text, reason text)
		ORDER BY y.teacher_id) x ON x.teacher_id = e.person
	WHERE e.person IS DISTINCT FROM this_person()
	ORDER BY e.person
	ON CONFLICT (county, activity, person) DO UPDATE SET state = excluded.state, reason = excluded.reason;
	UPDATE activity_attendance t SET state = 'struck', reason = NULL
	WHERE t.activity = its.id AND t.person <> ALL (due) AND t.state <> 'struck';
	UPDATE activity a SET expected = cardinality(due), present = (SELECT count(*) FROM activity_attendance t
			WHERE t.activity = its.id AND t.state IN ('present', 'late', 'left_early')),
		version = a.version + 1, updated_at = clock_now()
	WHERE a.id = its.id;
	RETURN its.id;
END
$$;

-- ---------------------------------------------------------------- view

CREATE VIEW activity_view WITH (security_invoker = true) AS
SELECT a.id, a.school AS school_id, a.kind, a.theme, a.held_on, a.minutes, a.place, a.people, a.record,
	activity_state(a.held_on, a.cancelled_at) AS state, a.reason, a.expected, a.present, a.version,
	instant(a.created_at) AS created_at, instant(a.updated_at) AS updated_at
FROM activity a;
GRANT SELECT ON activity_view TO qinglan_app;
