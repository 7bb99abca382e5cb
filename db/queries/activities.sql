-- Activities and who was there; db/migrations/0025_activities.sql.

-- name: activity_list :page
-- Activities, the latest first.
--sort -held_on: a.held_on::date DESC, a.id::uuid DESC
--sort held_on: a.held_on::date, a.id::uuid
SELECT row_to_json(v) AS body, :keys FROM activity a JOIN activity_view v ON v.id = a.id
WHERE :after
--? school_id: AND a.school = :school_id::uuid
--? kind: AND a.kind = :kind::text
--? held_from: AND a.held_on >= :held_from::date
--? held_to: AND a.held_on <= :held_to::date
--? teacher_id: AND a.id IN (SELECT t.activity FROM activity_attendance t
--? teacher_id: WHERE t.person = :teacher_id::uuid AND t.state IN ('present', 'late', 'left_early'))
:order

-- name: activity_create :one
-- An activity of a school, or of the county.
INSERT INTO activity AS a (county, school, kind, theme, held_on, minutes, place, people, record)
SELECT this_county(), s.id, :kind::text, :theme::text, :held_on::date, :minutes::int, :place::text, :people::text,
	:record::text
FROM (SELECT coalesce(:school_id::uuid, this_school()) AS id) s
WHERE must_be_own_school(s.id, '#/school_id') AND must_be_listed('activity_kind', :kind::text, '#/kind')
RETURNING a.id, a.version, body_of('activity_view', a.id) AS body

-- name: activity_get :one
-- An activity.
SELECT row_to_json(a) AS body, a.version FROM activity_view a WHERE a.id = :activity_id::uuid

-- name: activity_patch :one
-- What is planned, or what is recorded afterwards.
UPDATE activity a
SET kind = coalesce(:kind::text, a.kind), theme = coalesce(:theme::text, a.theme),
	held_on = coalesce(:held_on::date, a.held_on),
	minutes = CASE WHEN :body::jsonb ? 'minutes' THEN :minutes::int ELSE a.minutes END,
	place = CASE WHEN :body::jsonb ? 'place' THEN :place::text ELSE a.place END,
	people = CASE WHEN :body::jsonb ? 'people' THEN :people::text ELSE a.people END,
	record = CASE WHEN :body::jsonb ? 'record' THEN :record::text ELSE a.record END,
	version = next_version(a.version, :if_match::text), updated_at = clock_now()
WHERE a.id = :activity_id::uuid AND activity_stays(a, coalesce(:held_on::date, a.held_on))
	AND must_be_listed('activity_kind', :kind::text, '#/kind')
	AND must_be_in_state(activity_state(a.held_on, a.cancelled_at), '{planned,held}', activity_allows())
RETURNING a.version, body_of('activity_view', a.id) AS body

-- name: activity_cancel :one
-- It is not held, or was not.
UPDATE activity a
SET cancelled_at = clock_now(), reason = :reason::text, version = next_version(a.version, :if_match::text),
	updated_at = clock_now()
WHERE a.id = :activity_id::uuid
	AND must_be_in_state(activity_state(a.held_on, a.cancelled_at), '{planned,held}', activity_allows())
RETURNING a.version, body_of('activity_view', a.id) AS body

-- name: activity_attendance_put :one
-- The whole sheet of an activity in one call.
SELECT * FROM told('activity_view', activity_attend(:activity_id::uuid, :if_match::text, :body::jsonb))

-- name: activity_attendance_list :page
-- Who was there and who was not, as far as the caller may see them.
--sort name: k.sort_key::text, t.person::uuid
SELECT json_build_object('teacher_id', t.person, 'name', k.name, 'school_id', t.school, 'state', t.state,
	'reason', t.reason) AS body, :keys
FROM activity_attendance t JOIN person p ON p.county = t.county AND p.id = t.person
CROSS JOIN LATERAL person_as_known(p) k
WHERE t.activity = :activity_id::uuid AND t.state <> 'struck'
	AND must_find(EXISTS (SELECT FROM activity a WHERE a.id = :activity_id::uuid)) AND :after
:order
