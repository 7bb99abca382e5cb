-- Classes through the years: what follows a class on regrouping (分班), how appointments end with
-- their class, and the roll-over of a school to the next school year. Tables of classes and appointments:
-- 0004_offices_classes.sql.

-- True when the caller acts for a school, or for all of the county (which alone has what is of no school).
CREATE FUNCTION organises(its_school uuid) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT CASE current_setting('qinglan.sees', true) WHEN 'all' THEN true
	WHEN 'school' THEN coalesce(its_school = this_school(), false)
	ELSE false END
$$;

-- ---------------------------------------------------------------- the end of a class

-- Which classes follow one that ended: its pupils went on in these.
CREATE TABLE class_successor (
	county int NOT NULL,
	class uuid NOT NULL,
	successor uuid NOT NULL,
	school uuid NOT NULL,
	PRIMARY KEY (county, class, successor),
	CONSTRAINT successor_of_the_school FOREIGN KEY (county, successor, school) REFERENCES class (county, id, school),
	FOREIGN KEY (county, class, school) REFERENCES class (county, id, school),
	CONSTRAINT class_follows_another CHECK (class <> successor)
);
CREATE INDEX class_successor_of ON class_successor (county, successor);
CALL wall('class_successor', reads => '$all OR school = $school OR $sees = ''self''', writes => '$all OR school = $school');

-- An appointment ends with its class at the latest, and none begins after it. The class is held, so that who
-- appoints and who ends it wait for each other.
CREATE FUNCTION appointment_ends_with_class() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	its_end date;
BEGIN
	SELECT c.ended_on INTO its_end FROM class c WHERE c.county = NEW.county AND c.id = NEW.class FOR SHARE;
	IF its_end < lower(NEW.during) THEN
		PERFORM raise_problem('class-has-ended', jsonb_build_object('ended_on', its_end), 'QL409');
	END IF;
	NEW.during := daterange(lower(NEW.during), least(upper(NEW.during), its_end + 1));
	RETURN NEW;
END
$$;
CALL engine_owned('appointment_ends_with_class()');
CREATE TRIGGER appointment_ends_with_class BEFORE INSERT OR UPDATE OF class, during ON homeroom_appointment
	FOR EACH ROW WHEN (NEW.class IS NOT NULL AND NEW.during IS NOT NULL)
	EXECUTE FUNCTION appointment_ends_with_class();

-- So do those that it has when it ends; while one begins only later it does not end.
CREATE FUNCTION class_ends_appointments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM homeroom_appointment a
		WHERE a.county = NEW.county AND a.class = NEW.id AND lower(a.during) > NEW.ended_on) THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/ended_on", "code": "appointment-later"}', 'QL422');
	END IF;
	UPDATE homeroom_appointment a SET during = daterange(lower(a.during), NEW.ended_on + 1),
		end_reason = CASE a.end_reason WHEN '' THEN NEW.end_reason ELSE a.end_reason END,
		version = a.version + 1, updated_at = clock_now()
	WHERE a.county = NEW.county AND a.class = NEW.id AND a.during && daterange(NEW.ended_on + 1, NULL);
	RETURN NULL;
END
$$;
CALL engine_owned('class_ends_appointments()');
CREATE TRIGGER class_ends_appointments AFTER UPDATE OF ended_on ON class
	FOR EACH ROW WHEN (NEW.ended_on IS NOT NULL) EXECUTE FUNCTION class_ends_appointments();

-- True when a school has the stage and that entry year is, or with the next school year will be, one of its
-- grades.
CREATE FUNCTION must_have_grade(its_school uuid, its_stage text, its_entry_year int) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	s school;
BEGIN
	SELECT * INTO s FROM school k WHERE k.id = its_school;
	IF its_stage <> ALL (s.stages) THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/stage", "code": "stage-of-other-schools"}', 'QL422');
	ELSIF coalesce(class_grade(its_entry_year, its_stage, s.school_system, today()),
		class_grade(its_entry_year, its_stage, s.school_system, (today() + interval '1 year')::date)) IS NULL THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/entry_year", "code": "no-such-grade"}', 'QL422');
	END IF;
	RETURN true;
END
$$;

-- True while no end of a class was set.
CREATE FUNCTION class_goes_on(ended_on date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF ended_on IS NOT NULL THEN
		PERFORM raise_problem('class-has-ended', jsonb_build_object('ended_on', ended_on), 'QL409');
	END IF;
	RETURN true;
END
$$;

-- Ends a class, whose pupils go on in SUCCESSORS (or not in this school); its id.
CREATE FUNCTION class_end(its_id uuid, if_match text, last_on date, reason text, successors uuid[]) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its class;
BEGIN
	SELECT * INTO its FROM class c WHERE c.id = its_id FOR UPDATE;
	PERFORM must_find(FOUND);
	PERFORM next_version(its.version, if_match);
	PERFORM class_goes_on(its.ended_on);
	PERFORM must_see(NOT EXISTS (SELECT FROM unnest(successors) AS s(id)
		WHERE NOT EXISTS (SELECT FROM class c WHERE c.id = s.id AND c.school = its.school AND c.id <> its.id
			AND c.ended_on IS NULL)), '#/successor_ids');
	UPDATE class c SET status = 'ended', ended_on = last_on, end_reason = reason, version = c.version + 1,
		updated_at = clock_now()
	WHERE c.id = its_id;
	INSERT INTO class_successor (county, class, successor, school)
	SELECT its.county, its_id, s.id, its.school FROM unnest(successors) AS s(id);
	RETURN its_id;
END
$$;

-- ---------------------------------------------------------------- views

-- Who leads a class on a day, as far as the caller may know; NULL: nobody.
CREATE FUNCTION class_leader(its_class uuid, day date) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT json_build_object('appointment_id', a.id, 'teacher_id', a.person, 'name', k.name, 'kind', a.kind)
FROM homeroom_appointment a JOIN person p ON p.county = a.county AND p.id = a.person
CROSS JOIN LATERAL person_as_known(p) k
WHERE a.county = this_county() AND a.class = its_class AND a.kind IN ('homeroom', 'acting') AND a.during @> day
$$;

-- What a class is called: 2024级3班.
CREATE FUNCTION class_name(entry_year int, number int) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT entry_year || '级' || number || '班' $$;

CREATE VIEW class_view WITH (security_invoker = true) AS
SELECT c.id, c.school AS school_id, c.stage, c.entry_year, c.number, class_name(c.entry_year, c.number) AS name,
	class_grade(c.entry_year, c.stage, s.school_system, least(c.ended_on, today())) AS grade,
	CASE WHEN c.ended_on >= today() THEN 'active' ELSE c.status END AS status, c.ended_on, c.end_reason,
	ARRAY(SELECT n.successor FROM class_successor n WHERE n.county = c.county AND n.class = c.id
		ORDER BY n.successor) AS successor_ids,
	class_leader(c.id, least(c.ended_on, today())) AS homeroom_teacher, c.version,
	instant(c.created_at) AS created_at, instant(c.updated_at) AS updated_at
FROM class c JOIN school s ON s.county = c.county AND s.id = c.school;
GRANT SELECT ON class_view TO qinglan_app;

-- A grade group (年级组): all classes of a grade in a school, as they are on a day.
CREATE FUNCTION grade_groups(its_school uuid, day date)
RETURNS TABLE (stage text, entry_year int, body json) LANGUAGE sql STABLE AS
$$
SELECT g.stage, g.entry_year, json_build_object('school_id', its_school, 'stage', g.stage,
	'entry_year', g.entry_year, 'grade', g.grade, 'class_count', g.class_count, 'classes', g.classes)
FROM (
	SELECT c.stage, c.entry_year, min(c.grade) AS grade, count(*) AS class_count,
		json_agg(json_build_object('id', c.id, 'number', c.number, 'name', class_name(c.entry_year, c.number),
			'homeroom_teacher', class_leader(c.id, day)) ORDER BY c.number) AS classes
	FROM (SELECT k.*, class_grade(k.entry_year, k.stage, s.school_system, day) AS grade
		FROM class k JOIN school s ON s.county = k.county AND s.id = k.school
		WHERE k.school = its_school AND coalesce(k.ended_on >= day, true)) c
	WHERE c.grade IS NOT NULL
	GROUP BY c.stage, c.entry_year
) g
$$;

-- ---------------------------------------------------------------- the next school year

-- That a school went over to a school year, once.
CREATE TABLE year_rollover (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	school uuid NOT NULL,
	school_year uuid NOT NULL,
	graduated int NOT NULL,
	continued int NOT NULL,
	made int NOT NULL,
	appointments_ended int NOT NULL,
	appointments_moved int NOT NULL,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	FOREIGN KEY (county, school_year) REFERENCES school_year (county, id),
	CONSTRAINT school_rolls_over_once UNIQUE (county, school, school_year)
);
CREATE INDEX year_rollover_of_year ON year_rollover (county, school_year);
CALL wall('year_rollover', reads => '$all OR school = $school', writes => '$all OR school = $school');
CALL append_only('year_rollover');

-- Every class of a school that is there on the eve of FIRST_ON, and what becomes of it: one whose grade was
-- its last graduates, the others go on.
CREATE FUNCTION rollover_classes(its_school uuid, first_on date)
RETURNS TABLE (class uuid, stage text, entry_year int, number int, version int, grade text, next_grade text)
LANGUAGE sql STABLE AS
$$
SELECT c.id, c.stage, c.entry_year, c.number, c.version, g.grade, n.grade
FROM class c JOIN school s ON s.county = c.county AND s.id = c.school
CROSS JOIN LATERAL (SELECT class_grade(c.entry_year, c.stage, s.school_system, first_on - 1) AS grade OFFSET 0) g
CROSS JOIN LATERAL (SELECT class_grade(c.entry_year, c.stage, s.school_system, first_on) AS grade OFFSET 0) n
WHERE c.school = its_school AND c.status = 'active' AND g.grade IS NOT NULL
$$;

-- Appointments to these classes that would run on into the new year.
CREATE FUNCTION rollover_appointments(its_school uuid, first_on date) RETURNS SETOF homeroom_appointment
LANGUAGE sql STABLE AS
$$
SELECT a FROM homeroom_appointment a
WHERE a.school = its_school AND a.class IS NOT NULL AND a.during @> daterange(first_on - 1, first_on, '[]')
$$;

-- What the roll-over of a school to a school year would do, and the fingerprint of what it was told from.
CREATE FUNCTION rollover_preview(its_school uuid, its_year uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
	y school_year;
	s school;
	first_on date;
	classes json;
	appointments json;
	grades json;
	done json;
BEGIN
	SELECT * INTO s FROM school k WHERE k.id = its_school AND organises(k.id);
	PERFORM must_find(FOUND);
	SELECT * INTO y FROM school_year x WHERE x.id = its_year;
	PERFORM must_find(FOUND);
	first_on := lower(y.during);
	SELECT json_agg(json_build_object('class_id', c.class, 'name', class_name(c.entry_year, c.number),
			'grade', c.grade, 'next_grade', c.next_grade, 'version', c.version,
			'action', CASE WHEN c.next_grade IS NULL THEN 'graduate' ELSE 'continue' END)
		ORDER BY c.stage, c.entry_year DESC, c.number)
	INTO classes FROM rollover_classes(its_school, first_on) c;
	SELECT json_agg(json_build_object('appointment_id', a.id, 'class_id', a.class, 'teacher_id', a.person,
			'name', p.name, 'kind', a.kind, 'started_on', lower(a.during), 'version', a.version,
			'action', CASE WHEN c.next_grade IS NULL THEN 'end' ELSE 'continue' END)
		ORDER BY c.stage, c.entry_year DESC, c.number, a.id)
	INTO appointments
	FROM rollover_appointments(its_school, first_on) a
	JOIN rollover_classes(its_school, first_on) c ON c.class = a.class
	JOIN person p ON p.county = a.county AND p.id = a.person;
	SELECT json_agg(json_build_object('stage', g.stage, 'entry_year', g.entry_year, 'grade', g.grade,
		'numbers', ARRAY(SELECT c.number FROM class c WHERE c.school = its_school AND c.stage = g.stage
			AND c.entry_year = g.entry_year AND c.status = 'active' ORDER BY c.number)) ORDER BY g.stage)
	INTO grades
	FROM (SELECT u.stage, date_part('year', first_on)::int AS entry_year,
			class_grade(date_part('year', first_on)::int, u.stage, s.school_system, first_on) AS grade
		FROM unnest(s.stages) AS u(stage)) g
	WHERE g.grade IS NOT NULL;
	SELECT row_to_json(r) INTO done FROM (SELECT instant(r.created_at) AS committed_at, r.graduated, r.continued, r.made,
		r.appointments_ended, r.appointments_moved FROM year_rollover r
		WHERE r.school = its_school AND r.school_year = its_year) r;
	RETURN json_build_object('school_id', its_school, 'school_year_id', its_year, 'school_year', y.name,
		'started_on', first_on, 'state', CASE WHEN done IS NULL THEN 'open' ELSE 'done' END, 'done', done,
		'plan', md5(concat(classes, appointments, grades)), 'classes', coalesce(classes, '[]'),
		'appointments', coalesce(appointments, '[]'), 'entering', coalesce(grades, '[]'));
END
$$;

-- Ends or moves appointments on the eve of FIRST_ON as WISHES say; how many of each. All end before any is moved, so
-- that two may change places.
CREATE FUNCTION rollover_appoint(its_school uuid, first_on date, wishes jsonb, OUT ended bigint, OUT moved bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	wish record;
BEGIN
	FOR wish IN
		SELECT w.n - 1 AS place, a.id, w.wish ? 'to' AS moves, c.id AS class,
			row_number() OVER (PARTITION BY w.wish->>'appointment_id' ORDER BY w.n) AS nth
		FROM jsonb_array_elements(wishes) WITH ORDINALITY AS w(wish, n)
		LEFT JOIN rollover_appointments(its_school, first_on) a ON a.id = (w.wish->>'appointment_id')::uuid
		LEFT JOIN class c ON c.school = its_school AND c.stage = w.wish->'to'->>'stage' AND c.status = 'active'
			AND c.entry_year = (w.wish->'to'->>'entry_year')::int AND c.number = (w.wish->'to'->>'number')::int
		ORDER BY w.n
	LOOP
		PERFORM must_see(wish.id IS NOT NULL AND wish.nth = 1, format('#/appointments/%s/appointment_id', wish.place)),
			must_see(NOT wish.moves OR wish.class IS NOT NULL, format('#/appointments/%s/to', wish.place));
	END LOOP;
	WITH asked AS (
		SELECT (w->>'appointment_id')::uuid AS id, w ? 'to' AS moves, w->>'reason' AS reason
		FROM jsonb_array_elements(wishes) w
	), over AS (
		UPDATE homeroom_appointment a SET during = daterange(lower(a.during), least(upper(a.during), first_on)),
			end_reason = coalesce(k.reason, CASE WHEN k.moves THEN '换班' ELSE '学年结束' END),
			version = a.version + 1, updated_at = clock_now()
		FROM asked k WHERE a.id = k.id
		RETURNING a.id
	)
	SELECT count(*) FILTER (WHERE NOT k.moves), count(*) FILTER (WHERE k.moves)
	INTO ended, moved FROM asked k JOIN over o ON o.id = k.id;
	INSERT INTO homeroom_appointment (county, person, class, school, kind, during, start_reason)
	SELECT a.county, a.person, c.id, a.school, a.kind, daterange(first_on, NULL), '换班'
	FROM jsonb_array_elements(wishes) w
	JOIN homeroom_appointment a ON a.id = (w->>'appointment_id')::uuid
	JOIN class c ON c.school = its_school AND c.stage = w->'to'->>'stage' AND c.status = 'active'
		AND c.entry_year = (w->'to'->>'entry_year')::int AND c.number = (w->'to'->>'number')::int;
END
$$;

-- Goes over: WISHES may end or move appointments that the preview lets go on, and name new classes. PLAN is the
-- preview that this was decided on.
CREATE FUNCTION rollover_commit(its_school uuid, its_year uuid, plan text, wishes jsonb) RETURNS json
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	seen json;
	first_on date;
	done year_rollover;
	made_count int;
	wish record;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('rollover/' || its_school, 0));
	seen := rollover_preview(its_school, its_year);
	FOR wish IN SELECT w.n - 1 AS place, a.id
		FROM jsonb_array_elements(wishes->'appointments') WITH ORDINALITY AS w(wish, n)
		LEFT JOIN homeroom_appointment a ON a.id = (w.wish->>'appointment_id')::uuid AND a.school = its_school
		ORDER BY w.n
	LOOP
		PERFORM must_see(wish.id IS NOT NULL, format('#/appointments/%s/appointment_id', wish.place));
	END LOOP;
	IF NOT EXISTS (SELECT FROM school s WHERE s.id = its_school AND s.status = 'open') THEN
		PERFORM raise_problem('school-not-open', '{}', 'QL409');
	ELSIF seen->>'state' = 'done' THEN
		PERFORM raise_problem('rollover-done', (seen->'done')::jsonb, 'QL409');
	ELSIF seen->>'plan' <> plan THEN
		PERFORM raise_problem('rollover-changed', '{}', 'QL409');
	END IF;
	first_on := seen->>'started_on';
	IF first_on > today() + 92 THEN
		PERFORM raise_problem('rollover-too-early', jsonb_build_object('started_on', first_on), 'QL409');
	END IF;
	-- New classes first, since somebody may move to one.
	INSERT INTO class (county, school, stage, entry_year, number)
	SELECT this_county(), its_school, n.stage, n.entry_year, m.number::int
	FROM jsonb_to_recordset(coalesce(wishes->'new_classes', '[]')) AS n(stage text, entry_year int, numbers jsonb)
	CROSS JOIN LATERAL jsonb_array_elements_text(n.numbers) AS m(number)
	WHERE must_have_grade(its_school, n.stage, n.entry_year);
	GET DIAGNOSTICS made_count = ROW_COUNT;
	SELECT this_county(), uuid_v7(), its_school, its_year, count(*) FILTER (WHERE c->>'action' = 'graduate'),
		count(*) FILTER (WHERE c->>'action' = 'continue'), made_count, 0, 0, clock_now()
	INTO done FROM json_array_elements(seen->'classes') c;
	SELECT m.ended, m.moved INTO done.appointments_ended, done.appointments_moved
	FROM rollover_appoint(its_school, first_on, coalesce(wishes->'appointments', '[]')) m;
	done.appointments_ended := done.appointments_ended + (SELECT count(*) FROM json_array_elements(seen->'appointments') a
		WHERE a->>'action' = 'end' AND NOT EXISTS (SELECT FROM jsonb_array_elements(wishes->'appointments') w
			WHERE w->>'appointment_id' = a->>'appointment_id'));
	UPDATE class c SET status = 'graduated', ended_on = first_on - 1, end_reason = '毕业', version = c.version + 1,
		updated_at = clock_now()
	FROM json_array_elements(seen->'classes') g
	WHERE c.id = (g->>'class_id')::uuid AND g->>'action' = 'graduate';
	INSERT INTO year_rollover SELECT done.*;
	RETURN rollover_preview(its_school, its_year);
END
$$;
