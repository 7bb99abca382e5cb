-- Attendance at the sessions of courses; tables and rules: db/migrations/0022_attendance.sql.

-- name: attendance_list :page
-- The roll of a session.
--sort name: r.sort_key::text, r.enrolment::uuid
SELECT r.body, :keys
FROM session_roll(:session_id::uuid) r
WHERE must_find(EXISTS (SELECT FROM course_session s WHERE s.id = :session_id::uuid)) AND :after
--? state: AND r.state = :state::text
:order

-- name: attendance_sheet_create :one
-- Enters the sheet of a session.
SELECT body_of('attendance_sheet_view', attendance_take(:session_id::uuid, :body::jsonb)) AS body

-- name: check_in_code_get :one
-- What the code of now is made from.
SELECT c.code_window, instant(c.server_at) AS server_at, instant(c.ends_at) AS ends_at,
	instant(c.taken_until) AS taken_until
FROM check_in_code(:session_id::uuid, :check_in_seconds::int) c

-- name: check_in_create :one
-- The caller checks in.
SELECT CASE WHEN must_find(EXISTS (SELECT FROM course_session s WHERE s.id = :session_id::uuid))
	THEN check_in(:session_id::uuid, :check_in_window::bigint, :check_in_seconds::int) END AS body

-- name: session_leave_list :page
-- Leave that was asked for from a session.
--sort created_at: l.id::uuid
SELECT row_to_json(l) AS body, :keys
FROM session_leave_view l
WHERE l.session_id = :session_id::uuid
	AND must_find(EXISTS (SELECT FROM course_session s WHERE s.id = :session_id::uuid)) AND :after
--? state: AND l.state = :state::text
:order

-- name: session_leave_create :one
-- Asks for leave.
SELECT t.*, '/v1/sessions/' || :session_id::uuid || '/leaves/' || t.id AS location
FROM told('session_leave_view', leave_ask(:session_id::uuid, :teacher_id::uuid, :reason::text)) t

-- name: session_leave_get :one
-- One leave.
SELECT row_to_json(l) AS body, l.version FROM session_leave_view l
WHERE l.id = :leave_id::uuid AND l.session_id = :session_id::uuid

-- name: session_leave_grant :one
-- The organiser grants leave.
SELECT * FROM told('session_leave_view',
	leave_decide(:session_id::uuid, :leave_id::uuid, :if_match::text, 'granted', :answer::text))

-- name: session_leave_refuse :one
-- The organiser refuses it.
SELECT * FROM told('session_leave_view',
	leave_decide(:session_id::uuid, :leave_id::uuid, :if_match::text, 'refused', :answer::text))
