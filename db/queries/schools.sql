-- Schools; table: db/migrations/0003_people.sql, rules: 0005_people_change.sql.

-- name: school_list :page
-- Schools by name or code.
--sort name: s.name::text, s.id::uuid
--sort code: s.code::text, s.id::uuid
SELECT row_to_json(s) AS body, :keys FROM school_view s WHERE :after
--? code: AND s.code = :code::text
--? category: AND s.category = :category::text
--? stage: AND :stage::text = ANY (s.stages)
--? town: AND s.town = :town::text
--? status: AND s.status = :status::text
--? q: AND strpos(s.name, :q::text) > 0
:order

-- name: school_create :one
-- A new school; its category follows from its code, its first office is made with it.
INSERT INTO school AS s (county, code, name, stages, school_system, town)
VALUES (this_county(), :code::text, :name::text, ARRAY(SELECT jsonb_array_elements_text(:stages::jsonb)),
	coalesce(:school_system::text, 'six_three'), coalesce(:town::text, ''))
RETURNING s.id, s.version, body_of('school_view', s.id) AS body

-- name: school_get :one
-- A school.
SELECT row_to_json(s) AS body, s.version FROM school_view s WHERE s.id = :school_id::uuid

-- name: school_patch :one
-- Name, town, stages and school system; the code never changes.
UPDATE school s
SET name = coalesce(:name::text, s.name), town = coalesce(:town::text, s.town),
	stages = CASE WHEN :stages::jsonb IS NOT NULL
		THEN ARRAY(SELECT jsonb_array_elements_text(:stages::jsonb)) ELSE s.stages END,
	school_system = coalesce(:school_system::text, s.school_system),
	version = next_version(s.version, :if_match::text), updated_at = clock_now()
WHERE s.id = :school_id::uuid
RETURNING s.version, body_of('school_view', s.id) AS body

-- name: school_close :one
-- Ends a school where nobody works any more.
SELECT * FROM told('school_view', school_end(:school_id::uuid, :if_match::text, :ended_on::date, NULL))

-- name: school_merge :one
-- Ends a school and takes its people over to another.
SELECT * FROM told('school_view', school_end(:school_id::uuid, :if_match::text, :ended_on::date, :successor_id::uuid))
