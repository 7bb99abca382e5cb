-- Courses, their files and sessions and everybody's calendar; db/migrations/0019_courses.sql and 0021_sessions.sql.

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
SELECT * FROM told('course_view', course_add(:body::jsonb))

-- name: course_get :one
-- A course.
SELECT row_to_json(c) AS body, c.version FROM course_view c WHERE c.id = :course_id::uuid

-- name: course_patch :one
-- As much as its state lets change.
SELECT * FROM told('course_view', course_change(:course_id::uuid, :if_match::text, :body::jsonb))

-- name: course_submit :one
-- Asks the county to approve its course.
SELECT * FROM told('course_view', course_move(:course_id::uuid, :if_match::text, 'submit'))

-- name: course_approve :one
-- It may be opened.
SELECT * FROM told('course_view', course_move(:course_id::uuid, :if_match::text, 'approve'))

-- name: course_return :one
-- It is to be changed and submitted again.
SELECT * FROM told('course_view', course_move(:course_id::uuid, :if_match::text, 'return', :reason::text))

-- name: course_open :one
-- Those whom it is for see it and may enrol.
SELECT * FROM told('course_view', course_move(:course_id::uuid, :if_match::text, 'open'))

-- name: course_close :one
-- Nobody enrols any more.
SELECT * FROM told('course_view', course_move(:course_id::uuid, :if_match::text, 'close'))

-- name: course_cancel :one
-- It is not held; whoever enrolled is told by her enrolment.
SELECT * FROM told('course_view', course_move(:course_id::uuid, :if_match::text, 'cancel', :reason::text))

-- name: course_recognise :one
-- Its hours count where only recognised ones do.
SELECT * FROM told('course_view', course_recognise(:course_id::uuid, :if_match::text))

-- name: course_copy :one
-- One like it, as a draft.
SELECT t.*, '/v1/courses/' || t.id AS location
FROM told('course_view', course_copy(:course_id::uuid, :title::text, :shift_days::int)) t

-- name: course_file_list :page
-- The files of a course.
--sort name: f.name::text, f.id::uuid
SELECT row_to_json(v) AS body, :keys
FROM file f JOIN course_file_view v ON v.id = f.id
WHERE f.course = :course_id::uuid AND f.content IS NOT NULL
	AND must_find(EXISTS (SELECT FROM course c WHERE c.id = :course_id::uuid)) AND :after
:order

-- name: course_file_id :one
-- The id of a file to be, of a course that is the caller's; held, since files are counted.
SELECT uuid_v7() AS id FROM course c WHERE c.id = :course_id::uuid FOR NO KEY UPDATE

-- name: course_file_create :one
-- Keeps a file, sealed by the handler.
INSERT INTO file AS f (county, id, school, course, shown, name, media_type, size, content_hash, content, key_id,
	purge_at)
SELECT c.county, :file_id::uuid, c.school, c.id, c.shown, :filename::text, :media_type::text, :size::int,
	:content_hash::bytea, :content::bytea, :key_id::int, 'infinity'
FROM course c WHERE c.id = :course_id::uuid AND course_takes_file(c.id)
RETURNING f.id, f.version, body_of('course_file_view', f.id) AS body

-- name: course_file_get :one
-- A file as it is sealed.
SELECT f.id, f.name, f.content FROM file f
WHERE f.id = :file_id::uuid AND f.course = :course_id::uuid AND f.content IS NOT NULL

-- name: course_file_remove :one
-- Its bytes go; what was there stays in the record.
UPDATE file f
SET content = NULL, purge_at = machine_now(), version = next_version(f.version, :if_match::text),
	updated_at = clock_now()
WHERE f.id = :file_id::uuid AND f.course = :course_id::uuid AND f.content IS NOT NULL
RETURNING f.version, body_of('course_file_view', f.id) AS body

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
