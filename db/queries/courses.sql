-- Courses, their sessions and everybody's calendar; db/migrations/0019_courses.sql and 0021_sessions.sql.

-- name: course_list :page
-- Courses that the caller sees, the latest first.
--sort -created_at: c.id::uuid DESC
--sort created_at: c.id::uuid
--sort title: c.title::text, c.id::uuid
SELECT row_to_json(v) AS body, :keys
FROM course c JOIN course_view v ON v.id = c.id
WHERE :after
--? school_id: AND c.school = :school_id::uuid
--? level: AND c.level = :level::text
--? state: AND c.state = :state::text
--? module_id: AND c.modules @> ARRAY[:module_id::uuid]
--? mode_id: AND c.modes @> ARRAY[:mode_id::uuid]
--? q: AND strpos(c.title, :q::text) > 0
--? open_for_me=true: AND c.id IN (SELECT m.id FROM my_open_courses() AS m(id))
:order

-- name: course_create :one
-- A course as a draft.
SELECT n.id, b.body, (b.body->>'version')::int AS version
FROM (SELECT course_add(:body::jsonb) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_get :one
-- A course.
SELECT row_to_json(c) AS body, c.version FROM course_view c WHERE c.id = :course_id::uuid

-- name: course_patch :one
-- As much as its state lets change.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_change(:course_id::uuid, :if_match::text, :body::jsonb) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_submit :one
-- Asks the county to approve its course.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_move(:course_id::uuid, :if_match::text, 'submit') AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_approve :one
-- It may be opened.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_move(:course_id::uuid, :if_match::text, 'approve') AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_return :one
-- It is to be changed and submitted again.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_move(:course_id::uuid, :if_match::text, 'return', :reason::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_open :one
-- Those whom it is for see it and may enrol.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_move(:course_id::uuid, :if_match::text, 'open') AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_close :one
-- Nobody enrols any more.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_move(:course_id::uuid, :if_match::text, 'close') AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_cancel :one
-- It is not held; whoever enrolled is told by her enrolment.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_move(:course_id::uuid, :if_match::text, 'cancel', :reason::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_recognise :one
-- Its hours count where only recognised ones do.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT course_recognise(:course_id::uuid, :if_match::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: course_copy :one
-- One like it, as a draft.
SELECT n.id, b.body, (b.body->>'version')::int AS version, '/v1/courses/' || n.id AS location
FROM (SELECT course_copy(:course_id::uuid, :title::text, :shift_days::int) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_view', n.id) AS body OFFSET 0) b

-- name: session_list :page
-- The sessions of a course in their order, cancelled ones too.
--sort starts_at: s.starts_at::timestamptz, s.id::uuid
SELECT row_to_json(v) AS body, :keys
FROM course_session s JOIN course_session_view v ON v.id = s.id
WHERE s.course = :course_id::uuid
	AND must_find(EXISTS (SELECT FROM course c WHERE c.id = :course_id::uuid)) AND :after
:order

-- name: session_create :one
-- A further session.
SELECT n.id, b.body, (b.body->>'version')::int AS version
FROM (SELECT session_add(:course_id::uuid, :starts_at::timestamptz, :minutes::int, :place::text, :theme::text) AS id
	OFFSET 0) n
CROSS JOIN LATERAL (SELECT session_body(n.id) AS body OFFSET 0) b

-- name: session_get :one
-- A session.
SELECT row_to_json(s) AS body, s.version FROM course_session_view s
WHERE s.id = :session_id::uuid AND s.course_id = :course_id::uuid

-- name: session_patch :one
-- When, where and what about.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT session_change(:session_id::uuid, :course_id::uuid, :if_match::text, :body::jsonb) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT session_body(n.id) AS body OFFSET 0) b

-- name: session_cancel :one
-- It is not held.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT session_cancel(:session_id::uuid, :course_id::uuid, :if_match::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('course_session_view', n.id) AS body OFFSET 0) b

-- name: me_calendar :one
-- The caller's sessions as a calendar.
SELECT my_calendar() AS body
