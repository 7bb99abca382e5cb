-- Results and settlement of courses; rules: db/migrations/0024_settlement.sql.

-- name: enrolment_result_enter :one
-- Enters the result of a participant.
SELECT result_enter(:enrolment_id::uuid, :body::jsonb) AS body

-- name: course_result_enter :one
-- The same by course and person, as a list has it.
SELECT course_result_enter(:course_id::uuid, :body::jsonb) AS body

-- name: course_result_batch :one
-- Before the rows of a batch or list: holds all participants, in one order for all.
SELECT count(*) AS held
FROM (SELECT FROM enrolment e WHERE e.course = :course_id::uuid
	AND must_find(EXISTS (SELECT FROM course c WHERE c.id = :course_id::uuid AND organises(c.school)))
	ORDER BY e.id FOR NO KEY UPDATE) e

-- name: course_scores_enter :one
-- Enters a list of scores, or tells what is wrong with its rows: then the handler undoes it.
SELECT s.body, s.faults FROM scores_enter(:course_id::uuid, :lines::jsonb) s

-- name: settlement_get :one
-- What the settlement of a course would do, or did.
SELECT settlement_preview(:course_id::uuid) AS body

-- name: course_settle :one
-- Settles a course.
SELECT course_settle(:course_id::uuid, :plan::text) AS body
