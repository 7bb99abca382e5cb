-- Enrolments, the places of a course and how they are allotted; tables and rules: db/migrations/0020_enrolments.sql.

-- name: enrolment_list :page
-- Enrolments, the latest first. A school's are looked up, since the wall alone would read the county's.
--sort -created_at: e.id::uuid DESC
SELECT row_to_json(v) AS body, :keys
FROM enrolment e JOIN enrolment_view v ON v.id = e.id
WHERE :after
--? auth_sees=school: AND (e.school = :auth_school::uuid OR e.organiser = :auth_school::uuid)
--? course_id: AND e.course = :course_id::uuid
--? teacher_id: AND e.person = :teacher_id::uuid
--? school_id: AND e.school = :school_id::uuid
--? state: AND e.state = :state::text
:order

-- name: enrolment_create :one
-- A teacher applies, or her school or the organiser enters her.
SELECT * FROM told('enrolment_view', enrolment_enter(:course_id::uuid, :teacher_id::uuid))

-- name: enrolment_get :one
-- An enrolment.
SELECT row_to_json(e) AS body, e.version FROM enrolment_view e WHERE e.id = :enrolment_id::uuid

-- name: enrolment_agree :one
-- Her school agrees.
SELECT * FROM told('enrolment_view', enrolment_step(:enrolment_id::uuid, 'agree', :if_match::text, NULL))

-- name: enrolment_admit :one
-- The organiser admits, or puts on the waiting list of a full course.
SELECT * FROM told('enrolment_view', enrolment_step(:enrolment_id::uuid, 'admit', :if_match::text, NULL))

-- name: enrolment_reject :one
-- The organiser rejects.
SELECT * FROM told('enrolment_view', enrolment_step(:enrolment_id::uuid, 'reject', :if_match::text, :reason::text))

-- name: enrolment_withdraw :one
-- She, her school or the organiser takes it back.
SELECT * FROM told('enrolment_view', enrolment_step(:enrolment_id::uuid, 'withdraw', :if_match::text, :reason::text))

-- name: enrolment_decide :one
-- One of the organiser's decisions, as they come in batches.
SELECT * FROM told('enrolment_view',
	enrolment_decide(:enrolment_id::uuid, :decision::text, :version::int, :reason::text))

-- name: enrolment_batch :one
-- Before the rows of a batch: holds the courses of all that it names, in one order for all.
SELECT enrolment_courses_held(ARRAY(SELECT (i.item->>'enrolment_id')::uuid
	FROM jsonb_array_elements(:body::jsonb->'items') AS i(item)
	WHERE jsonb_typeof(i.item) = 'object'
		AND i.item->>'enrolment_id' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$')) AS held

-- name: course_enrol_audience :one
-- All whom the course is for at once, but for named exceptions.
SELECT enrol_audience(:course_id::uuid, coalesce(:except::jsonb, '[]')) AS body

-- name: course_places :one
-- How many places a course has, and who has them.
SELECT course_places(c.id) AS body FROM course c WHERE c.id = :course_id::uuid

-- name: course_waiting_list :page
-- Who waits for a place, in order.
--sort queue_number: e.queue_number::bigint
SELECT row_to_json(v) AS body, :keys
FROM enrolment e JOIN enrolment_view v ON v.id = e.id
WHERE e.course = :course_id::uuid AND e.state = 'waiting'
	AND must_find(EXISTS (SELECT FROM course c WHERE c.id = :course_id::uuid)) AND :after
:order

-- name: allotment_list :one
-- The places allotted to schools, used and unfilled.
SELECT allotments_json(c.id) AS body, c.version FROM course c WHERE c.id = :course_id::uuid

-- name: allotment_put :one
-- Allots the places anew.
SELECT a.body, (a.body->>'version')::int AS version
FROM (SELECT allotments_put(:course_id::uuid, :if_match::text, :allotments::jsonb) AS body OFFSET 0) a
