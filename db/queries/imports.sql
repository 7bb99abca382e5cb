-- List imports of schools, teachers and hours; tables and rules: db/migrations/0010_imports.sql and
-- the files after it.

-- name: import_add :one
-- Stores a sealed file as an import or a further part of one, and queues its reading.
SELECT a.body, a.body->>'version' AS version, a.job_id
FROM (SELECT i.job_id, body_of('import_view', i.import_id) AS body
	FROM import_add(:import_kind::text, :continues::uuid, :as_of_on::date, :upload_days::int,
		:file_id::uuid, :filename::text, :media_type::text, :size::int, :content_hash::bytea,
		:content::bytea, :key_id::int, :auth_scope::text, :language::text) i) a

-- name: import_commit_ask :one
-- Queues the commit of a plan.
SELECT a.body, a.body->>'version' AS version, a.job_id
FROM (SELECT j.job_id, body_of('import_view', :import_id::uuid) AS body
	FROM import_commit_ask(:import_id::uuid, :import_kind::text, :plan_id::uuid, :mode::text,
		:if_match::text, :auth_scope::text, :language::text) AS j(job_id)) a

-- name: import_undo_ask :one
-- Queues taking back what an import made.
SELECT a.body, a.body->>'version' AS version, a.job_id
FROM (SELECT j.job_id, body_of('import_view', :import_id::uuid) AS body
	FROM import_undo_ask(:import_id::uuid, :import_kind::text, :if_match::text, :auth_scope::text,
		:language::text) AS j(job_id)) a

-- name: school_import_get :one
-- An import of schools and its counts.
SELECT row_to_json(v) AS body, v.version FROM import_view v
WHERE v.id = :import_id::uuid AND v.kind = 'schools'

-- name: teacher_import_get :one
-- An import of teachers and its counts.
SELECT row_to_json(v) AS body, v.version FROM import_view v
WHERE v.id = :import_id::uuid AND v.kind = 'teachers'

-- name: hour_import_get :one
-- An import of hours and its counts.
SELECT row_to_json(v) AS body, v.version FROM import_view v
WHERE v.id = :import_id::uuid AND v.kind = 'hours'

-- name: school_import_list :page
-- Imports of schools, the latest first.
--sort -created_at: v.id::uuid DESC
--sort created_at: v.id::uuid
SELECT row_to_json(v) AS body, :keys FROM import_view v
WHERE v.kind = 'schools' AND :after
--? state: AND v.state = :state::text
:order

-- name: teacher_import_list :page
-- Imports of teachers, the latest first.
--sort -created_at: v.id::uuid DESC
--sort created_at: v.id::uuid
SELECT row_to_json(v) AS body, :keys FROM import_view v
WHERE v.kind = 'teachers' AND :after
--? state: AND v.state = :state::text
:order

-- name: hour_import_list :page
-- Imports of hours, the latest first.
--sort -created_at: v.id::uuid DESC
--sort created_at: v.id::uuid
SELECT row_to_json(v) AS body, :keys FROM import_view v
WHERE v.kind = 'hours' AND :after
--? state: AND v.state = :state::text
:order

-- name: school_import_rows :page
-- What was decided about each record, in the order of the file.
--sort row: r.part::int, r.row::int
SELECT row_to_json(r) AS body, :keys FROM import_row_view r
WHERE r.import_id = :import_id::uuid AND :after
	AND (SELECT must_find(EXISTS (SELECT FROM import i
		WHERE i.id = :import_id::uuid AND i.kind = 'schools')))
--? outcome: AND r.outcome = :outcome::text
:order

-- name: teacher_import_rows :page
-- What was decided about each record, in the order of the file.
--sort row: r.part::int, r.row::int
SELECT row_to_json(r) AS body, :keys FROM import_row_view r
WHERE r.import_id = :import_id::uuid AND :after
	AND (SELECT must_find(EXISTS (SELECT FROM import i
		WHERE i.id = :import_id::uuid AND i.kind = 'teachers')))
--? outcome: AND r.outcome = :outcome::text
:order

-- name: hour_import_rows :page
-- What was decided about each record, in the order of the file.
--sort row: r.part::int, r.row::int
SELECT row_to_json(r) AS body, :keys FROM import_row_view r
WHERE r.import_id = :import_id::uuid AND :after
	AND (SELECT must_find(EXISTS (SELECT FROM import i
		WHERE i.id = :import_id::uuid AND i.kind = 'hours')))
--? outcome: AND r.outcome = :outcome::text
:order

-- name: teacher_import_missing :page
-- Who is on the roster of the schools that the list names and not in the list: for somebody to
-- look at; an import ends nothing. In the order of the names, each looked up on the way (OFFSET 0),
-- so that a page does not read the county.
--sort name: p.sort_key::text, p.id::uuid
SELECT json_build_object('teacher_id', p.id, 'name', k.name,
	'school_id', CASE WHEN is_seen_today(p.id) THEN p.school END, 'appointments', a.kinds) AS body, :keys
FROM person p CROSS JOIN LATERAL person_as_known(p) k
CROSS JOIN LATERAL (
	SELECT json_agg(h.kind ORDER BY h.kind) AS kinds
	FROM homeroom_appointment h
	WHERE h.person = p.id
		AND h.during @> (SELECT i.as_of_on FROM import i WHERE i.id = :import_id::uuid)
		AND EXISTS (SELECT FROM import_row r
			WHERE r.import = :import_id::uuid AND r.school = h.school OFFSET 0)
) a
WHERE :after AND p.merged_into IS NULL AND p.voided_at IS NULL AND a.kinds IS NOT NULL
--? auth_sees=school: AND p.id IN (SELECT s.person FROM sight s WHERE s.school = :auth_school::uuid)
	AND NOT EXISTS (SELECT FROM import_row r
		WHERE r.import = :import_id::uuid AND r.person = p.id OFFSET 0)
	AND NOT EXISTS (SELECT FROM import_row r WHERE r.import = :import_id::uuid
		AND r.school = p.school AND r.name = p.name OFFSET 0)
	AND (SELECT must_find(EXISTS (SELECT FROM import i
		WHERE i.id = :import_id::uuid AND i.kind = 'teachers')))
:order

-- name: import_for_rejected :one
-- The file of a part, to give its rejected records back, and who sent it.
SELECT i.kind, i.purged, i.person, i.client, p.file AS file_id, f.content
FROM import i
JOIN import_part p ON p.import = i.id AND p.part = coalesce(:part::int, 1)
JOIN file f ON f.id = p.file
WHERE i.id = :import_id::uuid AND i.kind = :import_kind::text

-- name: import_rejected :many
-- The rejected records of a part, in the order of the file.
SELECT r.row, r.problems FROM import_row r
WHERE r.import = :import_id::uuid AND r.part = coalesce(:part::int, 1) AND r.outcome = 'rejected'
ORDER BY r.row

-- name: import_csv :one
-- Lines of a CSV file from an array of arrays of texts.
SELECT coalesce(string_agg(csv_line(VARIADIC ARRAY(SELECT f.field
	FROM jsonb_array_elements_text(l.line) WITH ORDINALITY AS f(field, n) ORDER BY f.n)), ''
	ORDER BY l.n), '') AS lines
FROM jsonb_array_elements(:lines::jsonb) WITH ORDINALITY AS l(line, n)

-- name: import_part_open :one
-- For the job that reads it: a part's sealed file and what its records are judged by.
SELECT i.kind, (i.as_of_on + interval '1 year')::date AS latest_on, p.read_at IS NOT NULL AS read,
	p.file AS file_id, f.content
FROM import i
JOIN import_part p ON p.import = i.id
JOIN file f ON f.id = p.file
WHERE i.id = :import_id::uuid AND p.part = :part::int AND f.content IS NOT NULL

-- name: import_names :one
-- Names as they are kept, in the order given.
SELECT coalesce(json_agg(person_name(n.name) ORDER BY n.n), '[]') AS names
FROM jsonb_array_elements_text(:names::jsonb) WITH ORDINALITY AS n(name, n)

-- name: import_rows_put :one
-- Stores records as they were read.
SELECT import_rows_put(:import_id::uuid, :part::int, :rows::jsonb) AS stored

-- name: import_part_end :one
-- A part was read: decides over the list when it was the last.
SELECT import_part_end(:import_id::uuid, :part::int, :unread_columns::jsonb) AS counts

-- name: import_commit :one
-- Writes what a plan says.
SELECT import_commit(:import_id::uuid, :plan_id::uuid, :mode::text, :upload_days::int) AS counts

-- name: import_undo :one
-- Takes back what an import made.
SELECT import_undo(:import_id::uuid) AS counts
