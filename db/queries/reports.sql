-- Reports over requirements: requirement_roll() of db/migrations/0029_requirement_reading.sql gives the
-- county everybody, a school its own.

-- name: report_compliance :one
-- The rate at which a requirement is met, by school and together, in the window that holds a day.
SELECT json_build_object('requirement_id', r.id, 'name', r.name,
	'window', w."window", 'judged_on', w.judged_on,
	'population', t.population, 'met', t.met, 'short', t.population - t.met,
	'rate', round(t.met / nullif(t.population, 0), 4), 'schools', t.schools) AS body
FROM requirement r
CROSS JOIN LATERAL requirement_window_at(r.id, coalesce(:on::date, today())) w
CROSS JOIN LATERAL (
	SELECT coalesce(sum(g.population), 0) AS population, coalesce(sum(g.met), 0) AS met,
		coalesce(json_agg(json_build_object('school_id', g.school, 'code', s.code, 'name', s.name,
			'population', g.population, 'met', g.met, 'short', g.population - g.met,
			'rate', round(g.met::numeric / g.population, 4)) ORDER BY s.code), '[]') AS schools
	FROM (SELECT p.school, count(*) AS population, count(*) FILTER (WHERE p.status = 'met') AS met
		FROM requirement_roll(r.id, coalesce(:on::date, today())) p GROUP BY p.school) g
	JOIN school s ON s.id = g.school
) t
WHERE r.id = :requirement_id::uuid

-- name: report_compliance_csv :many
-- The same by school, as lines of a CSV file.
SELECT l.line
FROM (
	SELECT NULL AS code, csv_line('学校标识码', '学校', '应达标人数', '已达标人数', '未达标人数',
		'达标率') AS line
	UNION ALL
	SELECT s.code, csv_line(s.code, s.name, g.population::text, g.met::text,
		(g.population - g.met)::text, round(g.met::numeric / g.population, 4)::text)
	FROM (SELECT p.school, count(*) AS population, count(*) FILTER (WHERE p.status = 'met') AS met
		FROM requirement_roll(:requirement_id::uuid, coalesce(:on::date, today())) p
		GROUP BY p.school) g
	JOIN school s ON s.id = g.school
) l
ORDER BY l.code NULLS FIRST

-- name: report_short :page
-- Who is short of a requirement in the window that holds a day, and by how much.
--sort name: t.sort_key::text, t.person::uuid
--sort -short: t.short::numeric DESC, t.person::uuid DESC
SELECT json_build_object('teacher_id', t.person, 'name', t.person_name, 'school_id', t.school,
	'school_name', s.name, 'needed', t.needed, 'counted', t.counted, 'short', t.short,
	'due_on', t.due_on, 'status', t.status, 'levels', requirement_levels_told(t.parts, t.limits),
	'windows', requirement_windows_told(t.parts, t.limits)) AS body, :keys
FROM requirement_roll(:requirement_id::uuid, coalesce(:on::date, today())) t
JOIN school s ON s.id = t.school
WHERE t.status <> 'met'
	AND (SELECT must_find(EXISTS (SELECT FROM requirement_window_at(:requirement_id::uuid,
		coalesce(:on::date, today())))))
	AND :after
--? school_id: AND t.school = :school_id::uuid
:order

-- name: report_short_csv :many
-- The same as lines of a CSV file.
SELECT l.line
FROM (
	SELECT NULL AS code, NULL AS sort_key, NULL::uuid AS person,
		csv_line('学校标识码', '学校', '姓名', '应修学时', '已计学时', '尚缺学时', '另缺', '截止日期', '状态') AS line
	UNION ALL
	SELECT s.code, t.sort_key, t.person, csv_line(s.code, s.name, t.person_name, t.needed::text,
		t.counted::text, t.short::text,
		coalesce(requirement_things_missing(requirement_windows_told(t.parts, t.limits)), '无'), t.due_on::text,
		CASE t.status WHEN 'overdue' THEN '已逾期' WHEN 'at_risk' THEN '有风险' ELSE '进行中' END)
	FROM requirement_roll(:requirement_id::uuid, coalesce(:on::date, today())) t
	JOIN school s ON s.id = t.school
	WHERE t.status <> 'met'
--? school_id: AND t.school = :school_id::uuid
) l
ORDER BY l.code NULLS FIRST, l.sort_key, l.person

-- name: report_reminders :page
-- Who has not yet, school by school; rules: db/migrations/0031_reminders.sql.
--sort code: g.code::text, g.school::uuid
SELECT json_build_object('school_id', g.school, 'code', g.code, 'name', g.name, 'line', g.line, 'people', g.people)
	AS body, :keys
FROM reminder_schools(:what::text, jsonb_strip_nulls(jsonb_build_object('type', :type::text, 'month', :month::text,
	'term_id', :term_id::uuid, 'appointment_kinds', :appointment_kinds::jsonb, 'requirement_id', :requirement_id::uuid,
	'on', :on::date, 'roster_call_id', :roster_call_id::uuid, 'course_id', :course_id::uuid))) g
WHERE :after
--? school_id: AND g.school = :school_id::uuid
:order

-- name: report_reminders_text :one
-- The same as lines to paste.
SELECT coalesce(string_agg(g.line || E'\n', '' ORDER BY g.code), '') AS lines
FROM reminder_schools(:what::text, jsonb_strip_nulls(jsonb_build_object('type', :type::text, 'month', :month::text,
	'term_id', :term_id::uuid, 'appointment_kinds', :appointment_kinds::jsonb, 'requirement_id', :requirement_id::uuid,
	'on', :on::date, 'roster_call_id', :roster_call_id::uuid, 'course_id', :course_id::uuid))) g
WHERE true
--? school_id: AND g.school = :school_id::uuid
