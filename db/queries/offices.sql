-- Offices and who holds them; tables and rules: db/migrations/0004_offices_classes.sql.

-- name: office_list :page
-- Offices of the county and of the schools that the caller sees.
--sort name: o.name::text, o.id::uuid
SELECT row_to_json(o) AS body, :keys FROM office_view o WHERE :after
--? school_id: AND o.school_id = :school_id::uuid
--? kind: AND o.kind = :kind::text
:order

-- name: office_create :one
-- A further office of the county or a school; one of that name is told by its id.
INSERT INTO office AS o (county, school, kind, name)
SELECT this_county(), s.id, :kind::text, :name::text
FROM (SELECT coalesce(:school_id::uuid, this_school()) AS id) s
WHERE must_be_own_school(s.id, '#/school_id') IS NOT NULL AND must_be_listed('office_kind', :kind::text, '#/kind')
	AND NOT EXISTS (SELECT FROM office d
		WHERE d.school IS NOT DISTINCT FROM s.id AND d.name = :name::text
			AND raise_problem('duplicate', jsonb_build_object('office_id', d.id), 'QL409'))
RETURNING o.id, o.version, body_of('office_view', o.id) AS body

-- name: office_get :one
-- An office.
SELECT row_to_json(o) AS body, o.version FROM office_view o WHERE o.id = :office_id::uuid

-- name: office_holder_list :page
-- Who holds or held an office, the latest first.
--sort -started_on: h.started_on::date DESC, h.id::uuid DESC
SELECT row_to_json(h) AS body, :keys FROM office_holder_view h
WHERE h.office_id = :office_id::uuid
	AND must_find(EXISTS (SELECT FROM office o WHERE o.id = :office_id::uuid)) AND :after
:order

-- name: office_holder_get :one
-- Who holds or held an office, and when.
SELECT row_to_json(h) AS body, h.version FROM office_holder_view h
WHERE h.id = :holder_id::uuid AND h.office_id = :office_id::uuid

-- name: office_holder_create :one
-- One more holder, or a deputy within dates.
INSERT INTO office_holder AS h (county, office, school, person, kind, during)
SELECT this_county(), o.id, o.school, p.id, coalesce(:kind::text, 'holder'),
	period(:started_on::date, :ended_on::date)
FROM (SELECT :office_id::uuid AS office, :person_id::uuid AS person) asked
LEFT JOIN office o ON o.id = asked.office
LEFT JOIN person p ON p.id = asked.person AND p.voided_at IS NULL AND p.merged_into IS NULL
WHERE CASE WHEN must_find(o.id IS NOT NULL)
	THEN must_see(CASE WHEN o.school IS NULL THEN p.id IS NOT NULL ELSE is_present(p.id, o.school) END,
		'#/person_id') END
RETURNING h.id, h.version, body_of('office_holder_view', h.id) AS body

-- name: office_holder_end :one
-- The last day of a holder or deputy.
UPDATE office_holder h
SET during = period(lower(h.during), :ended_on::date),
	version = next_version(h.version, :if_match::text), updated_at = clock_now()
WHERE h.id = :holder_id::uuid AND h.office = :office_id::uuid
RETURNING h.version, body_of('office_holder_view', h.id) AS body

-- name: office_hand_over :one
-- The holders end the day before, and another holds the office from a day on.
SELECT * FROM told('office_holder_view',
	office_pass(:office_id::uuid, :if_match::text, :person_id::uuid, :started_on::date))
