-- Deliverables and the desk of who is missing; db/migrations/0023_deliverables.sql.

-- name: deliverable_list :page
-- Deliverables without their texts, the latest first.
--sort -created_at: d.id::uuid DESC
SELECT row_to_json(i) AS body, :keys
FROM deliverable d JOIN deliverable_item i ON i.id = d.id
WHERE :after
--? teacher_id: AND d.person = :teacher_id::uuid
--? school_id: AND d.school = :school_id::uuid
--? type: AND d.type = :type::text
--? state: AND d.state = :state::text
--? month: AND d.month = (:month::text || '-01')::date
--? term_id: AND d.term = :term_id::uuid
--? course_id: AND d.course = :course_id::uuid
:order

-- name: deliverable_create :one
-- What a teacher wrote; by herself, or entered for her.
INSERT INTO deliverable AS d (county, person, school, type, month, term, course, organiser, title, content, entered,
	entered_by, state, submitted_at)
SELECT this_county(), p.id, p.school, :type::text, (:month::text || '-01')::date, :term_id::uuid, :course_id::uuid,
	(SELECT c.school FROM course c WHERE c.id = :course_id::uuid), :title::text, :text::text,
	p.id IS DISTINCT FROM asked.actor,
	CASE WHEN p.id IS DISTINCT FROM asked.actor THEN asked.actor END,
	CASE WHEN :submit::boolean THEN 'submitted' ELSE 'draft' END, CASE WHEN :submit::boolean THEN clock_now() END
FROM (SELECT :teacher_id::uuid AS id, this_person() AS actor) asked
LEFT JOIN person p ON p.id = coalesce(asked.id, asked.actor) AND p.teacher AND p.voided_at IS NULL
	AND p.merged_into IS NULL AND p.school IS NOT NULL AND is_seen_today(p.id)
WHERE must_see(p.id IS NOT NULL, '#/teacher_id')
	AND deliverable_is_for(:month::text, :term_id::uuid, :course_id::uuid)
	AND must_be_listed('deliverable_type', :type::text, '#/type')
RETURNING d.id, d.version, body_of('deliverable_view', d.id) AS body

-- name: deliverable_get :one
-- A deliverable with its text.
SELECT row_to_json(d) AS body, d.version FROM deliverable_view d WHERE d.id = :deliverable_id::uuid

-- name: deliverable_patch :one
-- Title and text while it is not handed in: by the teacher, or of what was entered for her.
UPDATE deliverable d
SET title = coalesce(:title::text, d.title),
	content = CASE WHEN :body::jsonb ? 'text' THEN :text::text ELSE d.content END,
	version = next_version(d.version, :if_match::text), updated_at = clock_now()
WHERE d.id = :deliverable_id::uuid AND (d.entered AND organises(d.school) OR d.person = this_person())
	AND must_be_in_state(d.state, '{draft,returned}', deliverable_allows())
RETURNING d.version, body_of('deliverable_view', d.id) AS body

-- name: deliverable_file_id :one
-- The id of a file to be, of a deliverable that the caller sees.
SELECT uuid_v7() AS id FROM deliverable d WHERE d.id = :deliverable_id::uuid

-- name: deliverable_file_put :one
-- Its file, in place of the one before; sealed by the handler.
SELECT * FROM told('deliverable_view',
	deliverable_keep_file(:deliverable_id::uuid, :if_match::text, :file_id::uuid, :filename::text,
		:media_type::text, :size::int, :content_hash::bytea, :content::bytea, :key_id::int))

-- name: deliverable_file_get :one
-- Its file as it is sealed.
SELECT f.id, f.name, f.content FROM deliverable d JOIN file f ON f.county = d.county AND f.id = d.file
WHERE d.id = :deliverable_id::uuid AND f.content IS NOT NULL

-- name: deliverable_submit :one
-- Hands it in, perhaps again.
UPDATE deliverable d
SET state = 'submitted', submitted_at = clock_now(), version = next_version(d.version, :if_match::text),
	updated_at = clock_now()
WHERE d.id = :deliverable_id::uuid AND (d.entered AND organises(d.school) OR d.person = this_person())
	AND must_be_in_state(d.state, '{draft,returned}', deliverable_allows())
RETURNING d.version, body_of('deliverable_view', d.id) AS body

-- name: deliverable_confirm :one
-- She confirms what was entered for her, or objects.
UPDATE deliverable d
SET confirmed = :objection::text IS NULL, objection = :objection::text,
	version = next_version(d.version, :if_match::text), updated_at = clock_now()
WHERE d.id = :deliverable_id::uuid AND deliverable_entered_for_caller(d)
RETURNING d.version, body_of('deliverable_view', d.id) AS body

-- name: deliverable_inspection_create :one
-- Inspects one; the answer is the deliverable without its text.
SELECT t.*, '/v1/deliverables/' || t.id AS location
FROM told('deliverable_item',
	deliverable_inspect(:deliverable_id::uuid, :version::int, :grade::text, :reason::text)) t

-- name: deliverable_inspection_batch :one
-- Before the rows of a batch: locks all that it names, in one order for all.
SELECT count(l.id) AS locked FROM (SELECT d.id FROM deliverable d
	WHERE d.id = ANY (ARRAY(SELECT (i.item->>'deliverable_id')::uuid
		FROM jsonb_array_elements(:body::jsonb->'items') AS i(item)
		WHERE jsonb_typeof(i.item) = 'object'
			AND i.item->>'deliverable_id' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'))
	ORDER BY d.id FOR UPDATE) l

-- name: deliverable_desk :page
-- Who is missing in a month or term, school by school.
--sort name: d.name::text, d.school::uuid
SELECT json_build_object('school_id', d.school, 'school_name', d.name, 'population', d.population,
	'handed_in', d.handed_in, 'inspected', d.inspected, 'missing', d.missing) AS body, :keys
FROM deliverable_desks(:type::text, :month::text, :term_id::uuid, :appointment_kinds::jsonb) d
WHERE :after
--? school_id: AND d.school = :school_id::uuid
:order
