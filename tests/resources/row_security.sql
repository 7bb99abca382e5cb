-- Rows of two counties for row_security_test.c, run as superuser with test.a and test.b set to the
-- numbers of counties made by county_add(). Ids end in a1, a2 (schools of A), b1 (of B), c1 (teacher
-- of a1), c2 (of a2), cb (of b1), c9 (moved from a2 to a1 on 2026-07-01), d1 (expert of a1).

CREATE FUNCTION pg_temp.u(tail text) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT ('0199b0a4-7c00-7000-8000-0000000000' || tail)::uuid $$;
CREATE FUNCTION pg_temp.of(tail text) RETURNS int LANGUAGE sql STABLE AS
$$ SELECT current_setting(CASE WHEN tail ~ 'b' THEN 'test.b' ELSE 'test.a' END)::int $$;
CREATE FUNCTION pg_temp.enter(tail text) RETURNS void LANGUAGE sql VOLATILE AS
$$
SELECT set_config('qinglan.county', pg_temp.of(tail)::text, false), set_config('qinglan.role', 'county', false),
	set_config('qinglan.sees', 'all', false), set_config('qinglan.ahead', '', false),
	set_config('qinglan.person', pg_temp.u(tail)::text, false)
$$;

SELECT clock_set(pg_temp.of('a1'), '2026-10-15 02:00+00'), clock_set(pg_temp.of('b1'), '2026-10-15 02:00+00');

SELECT pg_temp.enter('c1');
INSERT INTO school (county, id, code, name, stages) VALUES
	(pg_temp.of('a1'), pg_temp.u('a1'), '2199000001', 'A1', '{primary}'),
	(pg_temp.of('a1'), pg_temp.u('a2'), '2199000002', 'A2', '{primary}');
INSERT INTO person (county, id, name, sort_key, tokens, teacher) VALUES
	(pg_temp.of('a1'), pg_temp.u('c1'), '甲', 'jia', '{jia}', true),
	(pg_temp.of('a1'), pg_temp.u('c2'), '乙', 'yi', '{yi}', true),
	(pg_temp.of('a1'), pg_temp.u('c9'), '动', 'dong', '{dong}', true),
	(pg_temp.of('a1'), pg_temp.u('c0'), '无', 'wu', '{wu}', true);
INSERT INTO membership (county, person, school, kind, during) VALUES
	(pg_temp.of('a1'), pg_temp.u('c1'), pg_temp.u('a1'), 'working', '[2020-09-01,)'),
	(pg_temp.of('a1'), pg_temp.u('c2'), pg_temp.u('a2'), 'working', '[2020-09-01,)'),
	(pg_temp.of('a1'), pg_temp.u('c9'), pg_temp.u('a2'), 'working', '[2020-09-01,2026-07-01)'),
	(pg_temp.of('a1'), pg_temp.u('c9'), pg_temp.u('a1'), 'working', '[2026-07-01,)');
INSERT INTO person (county, id, name, sort_key, external, school, schools)
VALUES (pg_temp.of('a1'), pg_temp.u('d1'), '专家', 'zhuanjia', true, pg_temp.u('a1'), ARRAY[pg_temp.u('a1')]);
INSERT INTO reviewed_pair (county, low, high) VALUES (pg_temp.of('a1'), pg_temp.u('c1'), pg_temp.u('c2'));

SELECT pg_temp.enter('cb');
INSERT INTO school (county, id, code, name, stages)
VALUES (pg_temp.of('b1'), pg_temp.u('b1'), '2199000001', 'B1', '{primary}');
INSERT INTO person (county, id, name, sort_key, tokens, teacher) VALUES
	(pg_temp.of('b1'), pg_temp.u('cb'), '丙', 'bing', '{bing}', true),
	(pg_temp.of('b1'), pg_temp.u('eb'), '丁', 'ding', '{ding}', true);
INSERT INTO membership (county, person, school, kind, during)
VALUES (pg_temp.of('b1'), pg_temp.u('cb'), pg_temp.u('b1'), 'working', '[2020-09-01,)');
INSERT INTO reviewed_pair (county, low, high) VALUES (pg_temp.of('b1'), pg_temp.u('cb'), pg_temp.u('eb'));

-- What each of the three teachers has, in her school; and the same of the one who moved, before and after.
DO $$
DECLARE
	who record;
BEGIN
	FOR who IN SELECT * FROM (VALUES
		('c1', 'a1', '1', date '2026-03-01'), ('c2', 'a2', '2', '2026-03-01'), ('cb', 'b1', 'b', '2026-03-01'),
		('c9', 'a2', 'm2', '2026-03-02'), ('c9', 'a1', 'm1', '2026-09-10')) AS w(person, school, mark, day)
	LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO title (county, person, school, name, obtained_on)
		VALUES (this_county(), pg_temp.u(who.person), pg_temp.u(who.school), 'first', who.day);
		INSERT INTO identifier (county, person, school, source, value)
		VALUES (this_county(), pg_temp.u(who.person), pg_temp.u(who.school), 'test', who.mark);
		INSERT INTO class (county, school, stage, entry_year, number)
		VALUES (this_county(), pg_temp.u(who.school), 'primary', 2022,
			CASE who.mark WHEN 'm1' THEN 2 WHEN 'm2' THEN 3 ELSE 1 END);
		INSERT INTO homeroom_appointment (county, person, class, school, kind, during)
		SELECT this_county(), pg_temp.u(who.person), c.id, c.school, 'homeroom',
			daterange(who.day, CASE who.mark WHEN 'm2' THEN date '2026-07-01' END)
		FROM class c
		WHERE c.county = this_county() AND c.school = pg_temp.u(who.school)
			AND c.number = CASE who.mark WHEN 'm1' THEN 2 WHEN 'm2' THEN 3 ELSE 1 END;
		INSERT INTO hour_entry (county, person, school, hours, level, activity_on, source_kind, source_key)
		VALUES (this_county(), pg_temp.u(who.person), pg_temp.u(who.school), 2, 'county', who.day,
			'adjustment', who.mark);
	END LOOP;
	FOR who IN SELECT * FROM (VALUES ('c1', NULL), ('c1', 'a1'), ('c2', 'a2'), ('cb', 'b1')) AS w(person, school) LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO activity (county, school, kind, theme, held_on)
		VALUES (this_county(), pg_temp.u(who.school), 'meeting', 'A', '2026-10-01');
		INSERT INTO plan (county, school, title, during, state)
		VALUES (this_county(), pg_temp.u(who.school), 'P', '[2026-09-01,2027-09-01)', 'submitted');
	END LOOP;
	FOR who IN SELECT * FROM (VALUES ('c1', 'a1'), ('c2', 'a2'), ('cb', 'b1')) AS w(person, school) LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO class (county, school, stage, entry_year, number)
		VALUES (this_county(), pg_temp.u(who.school), 'primary', 2022, 9);
		INSERT INTO class_successor (county, school, class, successor)
		SELECT c.county, c.school, c.id, n.id FROM class c JOIN class n ON n.school = c.school AND n.number = 9
		WHERE c.school = pg_temp.u(who.school) AND c.number = 1;
		INSERT INTO cohort (county, plan, organiser, number, name, during)
		SELECT p.county, p.id, p.school, 1, 'K', p.during FROM plan p
		WHERE p.county = this_county() AND p.school = pg_temp.u(who.school);
		INSERT INTO cohort_member (county, plan, person, cohort, school, organiser)
		SELECT c.county, c.plan, pg_temp.u(who.person), c.id, pg_temp.u(who.school), c.organiser FROM cohort c
		WHERE c.county = this_county() AND c.organiser = pg_temp.u(who.school);
		INSERT INTO activity_attendance (county, activity, person, school, organiser, state)
		SELECT a.county, a.id, pg_temp.u(who.person), pg_temp.u(who.school), a.school, 'present' FROM activity a
		WHERE a.county = this_county() AND a.school = pg_temp.u(who.school);
		INSERT INTO deliverable (county, person, school, type, month, title, entered)
		VALUES (this_county(), pg_temp.u(who.person), pg_temp.u(who.school), 'case', '2026-10-01', 'D', false);
		INSERT INTO year_rollover (county, school, school_year, graduated, continued, made, appointments_ended,
			appointments_moved)
		SELECT y.county, pg_temp.u(who.school), y.id, 0, 0, 0, 0, 0 FROM school_year y
		WHERE y.county = this_county() AND y.during @> date '2026-10-15';
	END LOOP;
	FOR who IN SELECT * FROM (VALUES ('c1', 'a1', '5c'), ('c2', 'a2', '5c'), ('cb', 'b1', '5b'))
		AS w(person, school, call)
	LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO roster_call (county, id, title, as_of_on, due_on)
		VALUES (this_county(), pg_temp.u(who.call), 'R', '2026-10-15', '2026-10-31') ON CONFLICT DO NOTHING;
		INSERT INTO roster_report (county, id, call, school, round, row_count)
		VALUES (this_county(), pg_temp.u(who.school), pg_temp.u(who.call), pg_temp.u(who.school), 1, 1);
		INSERT INTO roster_report_row (county, report, "row", school, person, entry, state)
		VALUES (this_county(), pg_temp.u(who.school), 1, pg_temp.u(who.school), pg_temp.u(who.person), '{}', 'waiting');
	END LOOP;
	FOR who IN SELECT * FROM (VALUES ('c1', NULL, 'c'), ('c1', 'a1', '1'), ('c2', 'a2', '2'), ('cb', 'b1', 'b'))
		AS w(person, school, mark)
	LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO course (county, id, school, title, level, hours, state)
		VALUES (this_county(), pg_temp.u('6' || who.mark), pg_temp.u(who.school), 'C',
			CASE WHEN who.school IS NULL THEN 'county' ELSE 'school' END, 3, 'open');
		INSERT INTO course_session (county, course, school, shown, starts_at, minutes)
		SELECT c.county, c.id, c.school, c.shown, clock_now(), 45 FROM course c WHERE c.id = pg_temp.u('6' || who.mark);
		INSERT INTO course_instructor (county, course, person, school, shown, name)
		SELECT c.county, c.id, pg_temp.u(who.person), c.school, c.shown, 'I' FROM course c
		WHERE c.id = pg_temp.u('6' || who.mark);
		INSERT INTO course_allotment (county, course, school, organiser, places)
		SELECT c.county, c.id, c.school, c.school, 1 FROM course c
		WHERE c.id = pg_temp.u('6' || who.mark) AND c.school IS NOT NULL;
		INSERT INTO enrolment (county, course, organiser, person, school, way, state)
		SELECT c.county, c.id, c.school, p.id, p.school, 'application', 'applied' FROM course c
		JOIN person p ON p.county = c.county AND p.id = pg_temp.u(who.person) WHERE c.id = pg_temp.u('6' || who.mark);
		INSERT INTO attendance (county, session, course, enrolment, person, school, organiser, state, minutes, way)
		SELECT e.county, s.id, e.course, e.id, e.person, e.school, e.organiser, 'present', 45, 'sheet'
		FROM enrolment e JOIN course_session s ON s.course = e.course WHERE e.course = pg_temp.u('6' || who.mark);
		INSERT INTO attendance_sheet (county, session, organiser, content, present, late, left_early, excused, absent)
		SELECT s.county, s.id, s.school, '{}', 1, 0, 0, 0, 0 FROM course_session s
		WHERE s.course = pg_temp.u('6' || who.mark);
		INSERT INTO session_leave (county, session, course, enrolment, person, school, organiser, reason)
		SELECT e.county, s.id, e.course, e.id, e.person, e.school, e.organiser, 'L'
		FROM enrolment e JOIN course_session s ON s.course = e.course WHERE e.course = pg_temp.u('6' || who.mark);
		INSERT INTO office_holder (county, office, school, person, during)
		SELECT o.county, o.id, o.school, pg_temp.u(who.person), '[2026-09-01,)' FROM office o
		WHERE o.county = this_county() AND o.school IS NOT DISTINCT FROM pg_temp.u(who.school)
			AND o.kind IN ('bureau', 'moral_education');
		INSERT INTO file (county, id, school, name, media_type, size, content_hash, key_id, purge_at)
		VALUES (this_county(), pg_temp.u('f' || who.mark), pg_temp.u(who.school), 'f', 'text/csv', 1, '\x00', 1,
			'2030-01-01');
		INSERT INTO import (county, id, kind, school, as_of_on, purge_at)
		VALUES (this_county(), pg_temp.u('7' || who.mark), 'teachers', pg_temp.u(who.school), '2026-10-15',
			'2030-01-01');
		INSERT INTO import_part (county, import, part, file, owner_school)
		VALUES (this_county(), pg_temp.u('7' || who.mark), 1, pg_temp.u('f' || who.mark), pg_temp.u(who.school));
		INSERT INTO import_row (county, import, part, row, owner_school, outcome)
		VALUES (this_county(), pg_temp.u('7' || who.mark), 1, 1, pg_temp.u(who.school), 'accepted');
		INSERT INTO job (county, id, kind, actor_person, actor_school)
		VALUES (this_county(), pg_temp.u('8' || who.mark), 'test', NULL, pg_temp.u(who.school));
		INSERT INTO job_heartbeat (county, job, attempt, school, until)
		VALUES (this_county(), pg_temp.u('8' || who.mark), 1, pg_temp.u(who.school), '2030-01-01');
		INSERT INTO idempotency (county, actor, operation, key, body_hash, answer, expires_at)
		VALUES (this_county(), CASE who.mark WHEN 'c' THEN '//county//'
				WHEN '2' THEN '//school/' || pg_temp.u(who.school) || '/'
				ELSE '/' || pg_temp.u(who.person) || '/teacher//' END, 'test', who.mark, '\x00', '{}', '2030-01-01');
	END LOOP;
	FOR who IN SELECT * FROM (VALUES ('c1', '9c'), ('cb', '9b')) AS w(person, id) LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO token_revocation (county, token_id, expires_at) VALUES (this_county(), 'x', '2030-01-01');
		INSERT INTO requirement (county, id, name, window_kind)
		VALUES (this_county(), pg_temp.u(who.id), 'R', 'calendar_year');
		INSERT INTO requirement_version (county, id, requirement, effective_on, kinds, target)
		VALUES (this_county(), pg_temp.u(who.id), pg_temp.u(who.id), '2026-01-01', '{homeroom}', 10);
	END LOOP;
	FOR who IN SELECT * FROM (VALUES ('c1', 'a1', '9c'), ('c2', 'a2', '9c'), ('cb', 'b1', '9b'))
		AS w(person, school, id)
	LOOP
		PERFORM pg_temp.enter(who.person);
		INSERT INTO requirement_state (county, requirement, window_on, person, ends_on, requirement_version,
			school, needed, counted, short, levels)
		VALUES (this_county(), pg_temp.u(who.id), '2026-01-01', pg_temp.u(who.person), '2026-12-31',
			pg_temp.u(who.id), pg_temp.u(who.school), 10, 2, 8, '{}')
		ON CONFLICT (county, requirement, window_on, person, part) DO UPDATE SET school = excluded.school;
	END LOOP;
END
$$;
