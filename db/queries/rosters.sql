-- Rosters of schools and the county's calls for them; rules: db/migrations/0017_rosters.sql.

-- name: school_roster :page
-- Who leads or helps to lead which class of a school on a day.
--sort class: t.stage::int, (-t.entry_year)::int, t.number::int, t.kind::int, t.appointment::uuid
SELECT t.body, :keys
FROM school_roster(:school_id::uuid, coalesce(:on::date, today())) t
WHERE (SELECT must_be_at_school(:school_id::uuid)) AND :after
:order

-- name: school_roster_csv :many
-- The same as the list of teachers is sent in, document numbers masked.
SELECT l.line
FROM (
	SELECT 0 AS n, csv_line('序号', '学校名称', '学校标识码', '姓名', '性别', '证件类型', '身份证号', '出生年月', '职称',
		'联系电话', '学段', '任教学科', '担任班级', '任职类型', '任班主任起始时间', '备注') AS line
	UNION ALL
	SELECT t.n, csv_line(t.n::text, s.name, s.code, t.body->>'name',
		CASE k.gender WHEN 'male' THEN '男' WHEN 'female' THEN '女' END,
		reference_label('document_type', k.document_type), k.document_number, k.birth_on::text,
		reference_label('title', k.title), k.phone, reference_label('teaching_stage', k.teaching_stage),
		(SELECT string_agg(reference_label('subject', u.code), '、' ORDER BY u.n)
			FROM unnest(k.subjects) WITH ORDINALITY AS u(code, n)),
		import_class_label(t.class, coalesce(:on::date, today())), reference_label('appointment_kind', t.body->>'kind'),
		k.homeroom_since::text, '')
	FROM (SELECT r.*, row_number() OVER (ORDER BY r.stage, r.entry_year DESC, r.number, r.kind, r.appointment) AS n
		FROM school_roster(:school_id::uuid, coalesce(:on::date, today())) r) t
	JOIN school s ON s.id = :school_id::uuid
	LEFT JOIN LATERAL (SELECT v.gender, v.document_type, v.document_number, v.birth_on, v.title, v.phone,
			v.teaching_stage, v.subjects, v.homeroom_since FROM teacher_view v WHERE v.id = t.person
		UNION ALL
		SELECT f.gender, f.document_type, f.document_number, f.birth_on, f.title, f.phone,
			f.teaching_stage, f.subjects, f.homeroom_since FROM former_teacher_view f WHERE f.id = t.person
		LIMIT 1) k ON true
) l
ORDER BY l.n

-- name: roster_call_list :page
-- Which rosters the county asked for, those due last first.
--sort -due_on: c.due_on::date DESC, c.id::uuid DESC
SELECT row_to_json(c) AS body, :keys FROM roster_call_view c WHERE :after
:order

-- name: roster_call_create :one
-- The county asks every school for its roster.
INSERT INTO roster_call AS c (county, title, as_of_on, due_on, note)
VALUES (this_county(), :title::text, :as_of_on::date, :due_on::date, :note::text)
RETURNING c.id, c.version, body_of('roster_call_view', c.id) AS body

-- name: roster_call_get :one
-- One of these.
SELECT row_to_json(c) AS body, c.version FROM roster_call_view c WHERE c.id = :roster_call_id::uuid

-- name: roster_call_patch :one
-- Its words, and by when it is due.
UPDATE roster_call c
SET title = coalesce(:title::text, c.title), due_on = coalesce(:due_on::date, c.due_on),
	note = coalesce(:note::text, c.note), version = next_version(c.version, :if_match::text), updated_at = clock_now()
WHERE c.id = :roster_call_id::uuid
RETURNING c.version, body_of('roster_call_view', c.id) AS body

-- name: roster_call_schools :page
-- Where each school stands with it, and so which have not reported.
--sort code: t.code::text, t.school::uuid
SELECT t.body, :keys
FROM roster_call_schools(:roster_call_id::uuid) t
WHERE (SELECT must_find(EXISTS (SELECT FROM roster_call c WHERE c.id = :roster_call_id::uuid))) AND :after
--? state: AND t.state = :state::text
:order

-- name: roster_report_list :page
-- What was reported, each school's last report first.
--sort school: r.school::uuid, (-r.round)::int
SELECT row_to_json(v) AS body, :keys
FROM roster_report r JOIN roster_report_view v ON v.id = r.id
WHERE r.call = :roster_call_id::uuid
	AND (SELECT must_find(EXISTS (SELECT FROM roster_call c WHERE c.id = :roster_call_id::uuid))) AND :after
--? school_id: AND r.school = :school_id::uuid
--? state: AND r.state = :state::text
:order

-- name: roster_report_create :one
-- A school reports its roster as it is now.
SELECT * FROM told('roster_report_view',
	roster_report_make(:roster_call_id::uuid, coalesce(:school_id::uuid, this_school()), :note::text))

-- name: roster_report_get :one
-- What a school reported.
SELECT row_to_json(r) AS body, r.version FROM roster_report_view r
WHERE r.id = :report_id::uuid AND r.roster_call_id = :roster_call_id::uuid

-- name: roster_report_rows :page
-- The roster as it was reported, and what became of each row.
--sort row: w."row"::int
SELECT json_build_object('row', w."row", 'entry', w.entry, 'state', w.state, 'reason', w.reason) AS body, :keys
FROM roster_report_row w
WHERE w.report = :report_id::uuid AND (SELECT must_find(EXISTS (SELECT FROM roster_report r
	WHERE r.id = :report_id::uuid AND r.call = :roster_call_id::uuid))) AND :after
--? state: AND w.state = :state::text
:order

-- name: roster_report_review :one
-- The county accepts it but for the rows that it returns.
SELECT * FROM told('roster_report_view',
	roster_report_review(:roster_call_id::uuid, :report_id::uuid, :if_match::text, :returned::jsonb, :note::text))
