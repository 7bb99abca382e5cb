-- Persons who act, experts from elsewhere, and who one is; table: db/migrations/0003_people.sql.

-- name: me_get :one
-- Who the caller is, as the token and the record say.
SELECT json_build_object('role', current_setting('qinglan.role'),
	'county', (SELECT json_build_object('code', c.code, 'name', c.name, 'today', c.today) FROM county_view c),
	'person', (SELECT json_build_object('id', p.id, 'name', p.name) FROM person p WHERE p.id = :auth_person::uuid),
	'office', (SELECT json_build_object('id', o.id, 'name', o.name, 'kind', o.kind) FROM office o
		WHERE o.id = :auth_office::uuid),
	'school', (SELECT json_build_object('id', s.id, 'name', s.name) FROM school s WHERE s.id = :auth_school::uuid),
	'client', :auth_client::text,
	'scopes', string_to_array(:auth_scope::text, ' ')) AS body

-- name: external_person_list :page
-- Experts from elsewhere, by name.
--sort name: p.sort_key::text, p.id::uuid
SELECT row_to_json(e) AS body, :keys
FROM person p JOIN external_person_view e ON e.id = p.id
WHERE p.external AND :after
--? q: AND strpos(p.name, :q::text) > 0
:order

-- name: external_person_create :one
-- An expert from elsewhere; a school's stays with the school.
INSERT INTO person AS p (county, name, phone, unit, post, external, school, schools, sort_key, tokens)
SELECT this_county(), person_name(:name::text), :phone::text, :unit::text, :title::text, true, s.id,
	array_remove(ARRAY[s.id], NULL), :sort_key::text, ARRAY(SELECT jsonb_array_elements_text(:tokens::jsonb))
FROM (SELECT this_school() AS id) s
RETURNING p.id, p.version, body_of('external_person_view', p.id) AS body

-- name: external_person_get :one
-- An expert from elsewhere.
SELECT row_to_json(e) AS body, e.version FROM external_person_view e WHERE e.id = :person_id::uuid

-- name: external_person_patch :one
-- Name, unit, title and phone; null takes a phone away.
UPDATE person p
SET name = coalesce(person_name(:name::text), p.name),
	unit = coalesce(:unit::text, p.unit), post = coalesce(:title::text, p.post),
	phone = CASE WHEN :body::jsonb ? 'phone' THEN :phone::text ELSE p.phone END,
	sort_key = coalesce(:sort_key::text, p.sort_key),
	tokens = CASE WHEN :tokens::jsonb IS NULL THEN p.tokens
		ELSE ARRAY(SELECT jsonb_array_elements_text(:tokens::jsonb)) END,
	version = next_version(p.version, :if_match::text), updated_at = clock_now()
WHERE p.id = :person_id::uuid AND p.external AND p.voided_at IS NULL AND p.merged_into IS NULL
RETURNING p.version, body_of('external_person_view', p.id) AS body

-- name: officer_list :page
-- Persons who act, by name, with the offices they hold or held.
--sort name: p.sort_key::text, p.id::uuid
SELECT row_to_json(o) AS body, :keys
FROM person n CROSS JOIN LATERAL person_as_known(n) p JOIN officer_view o ON o.id = p.id
WHERE n.officer AND :after
--? school_id: AND p.school = :school_id::uuid AND o.school_id = :school_id::uuid
:order

-- name: officer_create :one
-- A person who acts for the bureau, the college or a school.
INSERT INTO person AS p (county, name, phone, unit, post, officer, school, schools, sort_key, tokens)
SELECT this_county(), person_name(:name::text), :phone::text, :unit::text, :title::text, true, s.id,
	array_remove(ARRAY[s.id], NULL), :sort_key::text, ARRAY(SELECT jsonb_array_elements_text(:tokens::jsonb))
FROM (SELECT coalesce(:school_id::uuid, this_school()) AS id) s
WHERE must_be_own_school(s.id, '#/school_id') IS NOT NULL
RETURNING p.id, p.version, body_of('officer_view', p.id) AS body

-- name: officer_get :one
-- A person who acts.
SELECT row_to_json(o) AS body, o.version FROM officer_view o WHERE o.id = :person_id::uuid
