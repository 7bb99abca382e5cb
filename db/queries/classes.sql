-- Classes, grade groups and the roll-over to the next school year; tables:
-- db/migrations/0004_offices_classes.sql, rules: 0015_class_years.sql.

-- name: class_list :page
-- Classes, those that entered last first.
--sort -entry_year: (-c.entry_year)::int, c.stage::text, c.number::int, c.id::uuid
SELECT row_to_json(v) AS body, :keys
FROM class c JOIN class_view v ON v.id = c.id
WHERE :after
--? school_id: AND c.school = :school_id::uuid
--? stage: AND c.stage = :stage::text
--? entry_year: AND c.entry_year = :entry_year::int
--? status: AND v.status = :status::text
:order

-- name: class_create :one
-- A further class of a school.
INSERT INTO class AS c (county, school, stage, entry_year, number)
SELECT this_county(), s.id, :stage::text, :entry_year::int, :number::int
FROM (SELECT coalesce(:school_id::uuid, this_school()) AS id) s
WHERE must_see(s.id IS NOT NULL, '#/school_id') AND must_be_own_school(s.id, '#/school_id')
	AND must_have_grade(s.id, :stage::text, :entry_year::int)
RETURNING c.id, c.version, body_of('class_view', c.id) AS body

-- name: class_get :one
-- A class.
SELECT row_to_json(c) AS body, c.version FROM class_view c WHERE c.id = :class_id::uuid

-- name: class_patch :one
-- What was entered wrongly; of a class that has ended nothing is changed.
UPDATE class c
SET stage = coalesce(:stage::text, c.stage), entry_year = coalesce(:entry_year::int, c.entry_year),
	number = coalesce(:number::int, c.number), version = next_version(c.version, :if_match::text),
	updated_at = clock_now()
WHERE c.id = :class_id::uuid
	AND class_goes_on(c.ended_on)
	AND must_have_grade(c.school, coalesce(:stage::text, c.stage), coalesce(:entry_year::int, c.entry_year))
RETURNING c.version, body_of('class_view', c.id) AS body

-- name: class_end :one
-- A class ends, for instance on regrouping (分班), and names those in which its pupils go on.
SELECT * FROM told('class_view',
	class_end(:class_id::uuid, :if_match::text, :ended_on::date, :reason::text,
		ARRAY(SELECT jsonb_array_elements_text(:successor_ids::jsonb))::uuid[]))

-- name: grade_group_list :page
-- The grade groups (年级组) of a school on a day, the lowest grade of each stage first.
--sort grade: g.stage::text, (-g.entry_year)::int
SELECT g.body, :keys
FROM grade_groups(:school_id::uuid, coalesce(:on::date, today())) g
WHERE must_find(EXISTS (SELECT FROM school s WHERE s.id = :school_id::uuid AND organises(s.id))) AND :after
:order

-- name: year_rollover_get :one
-- What going over to a school year would do in a school, or did.
SELECT rollover_preview(:school_id::uuid, :school_year_id::uuid) AS body

-- name: year_rollover_commit :one
-- Goes over, once.
SELECT rollover_commit(:school_id::uuid, :school_year_id::uuid, :plan::text, :body::jsonb) AS body
