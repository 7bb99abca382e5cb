-- What waits for the caller or her office (待办): nothing is kept, each task is read from what waits.
--
-- Each function says the tasks of one room for whoever asks, each with the scope that acting needs. `about` is what is to
-- be read first, `method` and `path` the link that acts, or the list to work through. What is one thing is a task of its
-- own; what comes in masses is one with its number. Nobody is told to decide about herself.

-- `count`: how many things it stands for; `id`: of the one thing, or none (nil).
CREATE TYPE task AS (kind text, id uuid, due_on date, count bigint, school uuid, title text, about text, method text,
	path text, scope text);

-- Whether the caller sees all of the county, a school or herself.
CREATE FUNCTION caller_sees(what text) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT current_setting('qinglan.sees', true) = what $$;

-- The county's day and wall clock of an instant.
CREATE FUNCTION county_time(at timestamptz) RETURNS timestamp LANGUAGE sql STABLE AS
$$ SELECT at AT TIME ZONE c.zone FROM county c WHERE c.county = this_county() $$;

-- The courses that the caller organises and that are neither settled nor cancelled.
CREATE FUNCTION courses_in_work() RETURNS SETOF course LANGUAGE sql STABLE AS
$$
SELECT c.* FROM course c WHERE caller_sees('all') AND c.county = this_county() AND c.school IS NULL
	AND c.state IN ('draft', 'submitted', 'returned', 'approved', 'open', 'closed')
UNION ALL
SELECT c.* FROM course c WHERE caller_sees('school') AND c.county = this_county() AND c.school = this_school()
	AND c.state IN ('draft', 'submitted', 'returned', 'approved', 'open', 'closed')
$$;

-- ---------------------------------------------------------------- appointments

-- Letters of duties; proposals of a school, and appointments that end within 30 days and nobody ended.
CREATE FUNCTION appointment_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'letter_unaccepted', a.id, NULL::date, 1::bigint, a.school,
	'签收责任书：' || coalesce(class_name(c.entry_year, c.number), '') || reference_label('appointment_kind', a.kind),
	'/v1/appointments/' || a.id, 'POST', '/v1/appointments/' || a.id || '/accept', 'appointments:apply'
FROM homeroom_appointment a
LEFT JOIN class c ON c.county = a.county AND c.id = a.class
WHERE caller_sees('self') AND a.county = this_county() AND a.person = this_person()
	AND appointment_state(a.state, a.during, a.letter, a.accepted_at) = 'appointed'
UNION ALL
SELECT 'appointment_to_' || w.verb, nil.id, NULL, count(*), this_school(), w.words || count(*) || '人', NULL, 'GET',
	format('/v1/appointments?school_id=%s&state=%s', this_school(), a.state), w.scope
FROM homeroom_appointment a
JOIN (VALUES ('proposed', 'review', '班主任任职资格待审查：', 'appointments:review'),
	('qualified', 'appoint', '审查合格待任命：', 'appointments:write')) AS w(state, verb, words, scope) ON w.state = a.state
CROSS JOIN (VALUES (uuid '00000000-0000-0000-0000-000000000000')) AS nil(id)
WHERE caller_sees('school') AND a.county = this_county() AND a.school = this_school()
	AND a.state IN ('proposed', 'qualified') AND a.person IS DISTINCT FROM this_person()
GROUP BY a.state, w.verb, w.words, w.scope, nil.id
UNION ALL
SELECT 'appointment_ending', a.id, last_day(a.during), 1, a.school, format('任职到期，续聘或结束：%s（%s%s）', k.name,
		class_name(c.entry_year, c.number), reference_label('appointment_kind', a.kind)),
	'/v1/appointments/' || a.id, 'POST', '/v1/appointments/' || a.id || '/renew', 'appointments:write'
FROM homeroom_appointment a
JOIN person p ON p.county = a.county AND p.id = a.person
CROSS JOIN LATERAL person_as_known(p) k
LEFT JOIN class c ON c.county = a.county AND c.id = a.class
WHERE caller_sees('school') AND a.county = this_county() AND a.school = this_school()
	AND a.state = 'appointed' AND a.end_reason = '' AND upper(a.during) > today() AND upper(a.during) <= today() + 31
	AND a.person IS DISTINCT FROM this_person()
$$;

-- ---------------------------------------------------------------- rosters and classes

-- Calls for rosters of the last year: what a school has to report, what the county has to review and misses. Nobody
-- reviews the roster that she is on.
CREATE FUNCTION roster_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'roster_to_report', c.id, c.due_on, 1::bigint, t.school,
	CASE t.state WHEN 'returned' THEN '花名册被退回，重新上报：' ELSE '上报花名册：' END || c.title,
	'/v1/roster-calls/' || c.id, 'POST', '/v1/roster-calls/' || c.id || '/reports', 'rosters:report'
FROM roster_call c
CROSS JOIN LATERAL roster_call_schools(c.id) t
WHERE caller_sees('school') AND c.county = this_county() AND c.due_on > today() - 366
	AND t.state IN ('missing', 'returned')
UNION ALL
SELECT w.kind, c.id, c.due_on, w.schools, NULL, format('%s：%s（%s所学校）', w.words, c.title, w.schools),
	'/v1/roster-calls/' || c.id, 'GET', format(w.list, c.id), w.scope
FROM roster_call c
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE t.state IN ('missing', 'returned')) AS missing,
		count(*) FILTER (WHERE t.state = 'reported' AND NOT EXISTS (SELECT FROM homeroom_appointment a
			WHERE a.county = c.county AND a.person = this_person() AND a.school = t.school
				AND a.during @> c.as_of_on)) AS reported
	FROM roster_call_schools(c.id) t) n
CROSS JOIN LATERAL (VALUES
	('roster_to_review', n.reported, '审核花名册', '/v1/roster-calls/%s/reports?state=reported', 'rosters:write'),
	('roster_unreported', n.missing, '尚未上报花名册', '/v1/reports/reminders?what=roster&roster_call_id=%s',
		'reports:read'))
	AS w(kind, schools, words, list, scope)
WHERE caller_sees('all') AND c.county = this_county() AND c.due_on > today() - 366 AND w.schools > 0
$$;

-- The school year that begins within 30 days or has begun, while the school has classes that graduate with it.
CREATE FUNCTION rollover_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'year_to_roll_over', y.id, lower(y.during), 1::bigint, this_school(), '办理学年升级：' || y.name, w.path, 'POST',
	w.path || '/commit', 'classes:write'
FROM school_year y
CROSS JOIN LATERAL (SELECT format('/v1/schools/%s/year-rollovers/%s', this_school(), y.id) AS path) w
WHERE caller_sees('school') AND y.county = this_county()
	AND lower(y.during) <= today() + 30 AND upper(y.during) > today()
	AND NOT EXISTS (SELECT FROM year_rollover r
		WHERE r.county = y.county AND r.school = this_school() AND r.school_year = y.id)
	AND EXISTS (SELECT FROM rollover_classes(this_school(), lower(y.during)) c WHERE c.next_grade IS NULL)
$$;

-- ---------------------------------------------------------------- courses

-- What its organiser has to do next with a course. Nobody settles one in which she takes part.
CREATE FUNCTION course_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'course_to_' || w.verb, c.id, w.due_on, 1::bigint, c.school, w.words || c.title, '/v1/courses/' || c.id
	|| CASE w.verb WHEN 'settle' THEN '/settlement' ELSE '' END, 'POST', '/v1/courses/' || c.id || '/' || w.verb, w.scope
FROM courses_in_work() c
CROSS JOIN LATERAL (SELECT min(s.starts_at) AS first_start, max(session_ends_at(s)) AS last_end
	FROM course_session s WHERE s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL) s
CROSS JOIN LATERAL (VALUES
	('approve', '审批课程：', county_time(s.first_start)::date, 'courses:approve', true),
	('submit', '课程被退回，修改后再报：', county_time(s.first_start)::date, 'courses:write', c.state = 'returned'),
	('open', '开放课程：', county_time(s.first_start)::date, 'courses:write', true),
	('close', '截止报名：', least(c.applies_until, county_time(s.first_start)::date), 'courses:write',
		c.applies_until < today() OR s.first_start <= clock_now()),
	('settle', '课程结业：', NULL, 'courses:settle', coalesce(s.last_end <= clock_now(), true)
		AND NOT EXISTS (SELECT FROM enrolment e WHERE e.county = c.county AND e.course = c.id
			AND e.person = this_person() AND e.state = 'admitted')))
	AS w(verb, words, due_on, scope, waits)
WHERE w.waits AND course_allows(c.school IS NOT NULL)->c.state ? w.verb
$$;

-- The courses that are open to a teacher who is not in them: those of her duty one by one, the others by number.
CREATE FUNCTION open_course_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
WITH free AS MATERIALIZED (
	SELECT c.id, c.title, c.applies_until, c.required
	FROM my_open_courses() AS m(id) JOIN course c ON c.id = m.id
	WHERE caller_sees('self') AND c.county = this_county() AND NOT EXISTS (SELECT FROM enrolment e
		WHERE e.county = c.county AND e.course = c.id AND e.person = this_person() AND e.state <> 'withdrawn')
)
SELECT 'course_duty', f.id, f.applies_until, 1::bigint, NULL::uuid, '报名必修课程：' || f.title, '/v1/courses/' || f.id,
	'POST', '/v1/enrolments', 'enrolments:apply'
FROM free f WHERE f.required
UNION ALL
SELECT 'course_open', '00000000-0000-0000-0000-000000000000', min(f.applies_until), count(*), NULL,
	'可报名的课程：' || count(*) || '门', NULL, 'GET', '/v1/courses?open_for_me=true', 'enrolments:apply'
FROM free f WHERE NOT f.required HAVING count(*) > 0
$$;

-- Enrolments that a school agrees to and an organiser decides, and the places of a school that nobody has yet.
CREATE FUNCTION enrolment_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'enrolment_to_agree', c.id, c.applies_until, count(*), this_school(),
	format('同意报名：%s（%s人）', c.title, count(*)), '/v1/courses/' || c.id, 'GET',
	format('/v1/enrolments?course_id=%s&school_id=%s&state=applied', c.id, this_school()), 'enrolments:write'
FROM course c
JOIN enrolment e ON e.county = c.county AND e.course = c.id AND e.state = 'applied' AND e.school = this_school()
WHERE caller_sees('school') AND c.county = this_county() AND c.state = 'open'
	AND e.person IS DISTINCT FROM this_person()
GROUP BY c.id, c.title, c.applies_until
UNION ALL
SELECT 'enrolment_to_admit', c.id, f.due_on, e.count, c.school, format('录取：%s（%s人报名）', c.title, e.count),
	'/v1/courses/' || c.id, 'GET', format('/v1/enrolments?course_id=%s&state=agreed', c.id), 'enrolments:write'
FROM courses_in_work() c
CROSS JOIN LATERAL (SELECT count(*) FROM enrolment e WHERE e.county = c.county AND e.course = c.id
	AND e.state = 'agreed' AND e.person IS DISTINCT FROM this_person()) e
CROSS JOIN LATERAL (SELECT county_time(min(s.starts_at))::date AS due_on FROM course_session s
	WHERE s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL) f
WHERE c.state IN ('open', 'closed') AND e.count > 0
UNION ALL
SELECT 'places_unfilled', c.id, least(a.returns_on - 1, c.applies_until), a.unfilled, a.school,
	format('%s：%s（%s个）', CASE WHEN a.duty THEN '名额须报满' ELSE '名额未用' END, c.title, a.unfilled),
	'/v1/courses/' || c.id || '/allotments', 'POST', '/v1/enrolments', 'enrolments:write'
FROM course c
JOIN allotment_use a ON a.county = c.county AND a.course = c.id AND a.school = this_school()
WHERE caller_sees('school') AND c.county = this_county() AND c.state = 'open' AND a.unfilled > 0
	AND coalesce(a.returns_on > today(), true)
	AND today() BETWEEN coalesce(c.applies_from, '-infinity') AND coalesce(c.applies_until, 'infinity')
$$;

-- ---------------------------------------------------------------- attendance

-- Sessions of today that a teacher takes part in until they are over; of an organiser those that are over without a
-- sheet, and leave that was asked for.
CREATE FUNCTION attendance_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'session_today', s.id, county_time(s.starts_at)::date, 1::bigint, c.school,
	format('今天签到：%s（%s）', c.title, concat_ws(' ', to_char(county_time(s.starts_at), 'HH24:MI'), s.place)),
	'/v1/courses/' || c.id || '/sessions/' || s.id, 'POST', '/v1/sessions/' || s.id || '/check-ins',
	'attendance:check-in'
FROM course_session s
JOIN course c ON c.county = s.county AND c.id = s.course AND c.state IN ('open', 'closed')
JOIN enrolment e ON e.county = s.county AND e.course = s.course AND e.person = this_person() AND e.state = 'admitted'
WHERE caller_sees('self') AND s.county = this_county() AND s.cancelled_at IS NULL
	-- No session is longer than a day.
	AND s.starts_at > clock_now() - interval '1 day' AND s.starts_at < clock_now() + interval '1 day'
	AND county_time(s.starts_at)::date <= today() AND session_ends_at(s) > clock_now()
	AND NOT EXISTS (SELECT FROM attendance a
		WHERE a.county = s.county AND a.session = s.id AND a.enrolment = e.id)
UNION ALL
SELECT 'session_unrecorded', s.id, county_time(s.starts_at)::date, 1, c.school,
	format('登记考勤：%s（%s）', c.title, to_char(county_time(s.starts_at), 'FMMM"月"FMDD"日"')),
	'/v1/sessions/' || s.id || '/attendance', 'POST', '/v1/sessions/' || s.id || '/attendance', 'attendance:write'
FROM courses_in_work() c
CROSS JOIN LATERAL unrecorded_sessions(c) s
UNION ALL
SELECT 'leave_asked', s.id, county_time(s.starts_at)::date, l.count, c.school,
	format('批假：%s（%s，%s人）', c.title, to_char(county_time(s.starts_at), 'FMMM"月"FMDD"日"'), l.count),
	'/v1/courses/' || c.id || '/sessions/' || s.id, 'GET', '/v1/sessions/' || s.id || '/leaves?state=asked',
	'attendance:write'
FROM courses_in_work() c
CROSS JOIN LATERAL (SELECT k.session, count(*) FROM session_leave k WHERE k.county = c.county AND k.course = c.id
	AND k.state = 'asked' AND k.person IS DISTINCT FROM this_person() GROUP BY k.session) l
JOIN course_session s ON s.county = c.county AND s.id = l.session AND s.cancelled_at IS NULL
WHERE c.state IN ('open', 'closed')
$$;

-- ---------------------------------------------------------------- deliverables and plans

-- Deliverables that came back to a teacher or were entered for her; those that a school inspects.
CREATE FUNCTION deliverable_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'deliverable_returned', d.id, NULL::date, 1::bigint, d.school, '材料被退回，修改后再交：' || d.title,
	'/v1/deliverables/' || d.id, 'POST', '/v1/deliverables/' || d.id || '/submit', 'deliverables:write'
FROM deliverable d
WHERE caller_sees('self') AND d.county = this_county() AND d.person = this_person() AND d.state = 'returned'
UNION ALL
SELECT 'deliverable_unconfirmed', d.id, NULL, 1, d.school, '确认学校代录的材料：' || d.title,
	'/v1/deliverables/' || d.id, 'POST', '/v1/deliverables/' || d.id || '/confirm', 'deliverables:write'
FROM deliverable d
WHERE caller_sees('self') AND d.county = this_county() AND d.person = this_person()
	AND d.entered AND d.confirmed IS NULL
UNION ALL
SELECT 'deliverable_to_inspect', '00000000-0000-0000-0000-000000000000', NULL, count(*), this_school(),
	'检查材料：' || count(*) || '份', NULL, 'GET',
	format('/v1/deliverables?school_id=%s&state=submitted', this_school()), 'deliverables:inspect'
FROM deliverable d
WHERE caller_sees('school') AND d.county = this_county() AND d.school = this_school() AND d.state = 'submitted'
	AND d.person IS DISTINCT FROM this_person()
HAVING count(*) > 0
$$;

-- Plans that came back to their school; to the county those filed, by the last day on which they may be returned.
CREATE FUNCTION plan_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'plan_returned', p.id, NULL::date, 1::bigint, p.school, '方案被退回，修改后再报：' || p.title,
	'/v1/plans/' || p.id, 'POST', '/v1/plans/' || p.id || '/submit', 'plans:write'
FROM plan p
WHERE caller_sees('school') AND p.county = this_county() AND p.school = this_school() AND p.state = 'returned'
UNION ALL
SELECT 'plan_filed', '00000000-0000-0000-0000-000000000000', p.in_force_on - 1, count(*), NULL,
	format('备案方案：%s份，不退回则%s起生效', count(*), to_char(p.in_force_on, 'FMMM"月"FMDD"日"')), NULL, 'GET',
	'/v1/plans?state=submitted', 'plans:write'
FROM plan p
WHERE caller_sees('all') AND p.county = this_county() AND p.state = 'submitted' AND p.in_force_on > today()
GROUP BY p.in_force_on
$$;

-- ---------------------------------------------------------------- imports and requirements

-- Lists that were read and wait to be committed, of who sent them.
CREATE FUNCTION import_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'import_ready', i.id, NULL::date, 1::bigint, i.school,
	format('提交名单：%s（%s）', w.words, to_char(county_time(i.created_at), 'FMMM"月"FMDD"日"')),
	w.path, 'POST', w.path || '/commit', i.kind || ':write'
FROM (
	SELECT n.* FROM import n WHERE caller_sees('all') AND n.county = this_county() AND n.school IS NULL
		AND n.state = 'ready' AND NOT n.purged
	UNION ALL
	SELECT n.* FROM import n WHERE caller_sees('school') AND n.county = this_county() AND n.school = this_school()
		AND n.state = 'ready' AND NOT n.purged
) i
CROSS JOIN LATERAL (SELECT format('/v1/%s-imports/%s', rtrim(i.kind, 's'), i.id) AS path,
	CASE i.kind WHEN 'schools' THEN '学校' WHEN 'teachers' THEN '教师' ELSE '学时' END AS words) w
$$;

-- Where the caller stands today. The engine's, since her own figures are shown to a request that names her.
CREATE FUNCTION my_requirements() RETURNS TABLE (id uuid, name text, body json) LANGUAGE sql STABLE AS
$$ SELECT r.id, r.name, r.body FROM requirement_of_person(this_person(), today(), 0) r WHERE caller_sees('self') $$;
CALL engine_owned('my_requirements()', 'qinglan_app');

-- The requirements that a teacher has not met.
CREATE FUNCTION requirement_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT 'requirement_short', r.id, (r.body->>'due_on')::date, 1::bigint, NULL::uuid,
	r.name || '：' || requirement_short_words((r.body->>'short')::numeric, r.body->'windows'),
	w.path, 'GET', w.path, 'requirements:read'
FROM my_requirements() r
CROSS JOIN LATERAL (SELECT '/v1/teachers/' || this_person() || '/requirements' AS path) w
WHERE caller_sees('self') AND r.body->>'status' NOT IN ('met', 'exempt')
$$;

-- ---------------------------------------------------------------- all of them

CREATE FUNCTION my_tasks() RETURNS SETOF task LANGUAGE sql STABLE AS
$$
SELECT * FROM appointment_tasks()
UNION ALL SELECT * FROM roster_tasks()
UNION ALL SELECT * FROM rollover_tasks()
UNION ALL SELECT * FROM course_tasks()
UNION ALL SELECT * FROM open_course_tasks()
UNION ALL SELECT * FROM enrolment_tasks()
UNION ALL SELECT * FROM attendance_tasks()
UNION ALL SELECT * FROM deliverable_tasks()
UNION ALL SELECT * FROM plan_tasks()
UNION ALL SELECT * FROM import_tasks()
UNION ALL SELECT * FROM requirement_tasks()
$$;
