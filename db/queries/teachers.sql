-- Teachers and what hangs on them; tables: db/migrations/0003_people.sql, rules: 0005_people_change.sql.

-- name: teacher_list :page
-- Teachers whom the caller sees today; with status=left those whom she saw until they left, by
-- name only: what they are now is not to be found out by asking for it.
-- A school's are looked up in sight, since the wall alone would read the county by name.
--sort name: p.sort_key::text, p.id::uuid
--sort -name: p.sort_key::text DESC, p.id::uuid DESC
--? !expand=school: SELECT row_to_json(t) AS body,
--? expand=school: SELECT with_member(row_to_json(t), 'school',
--? expand=school: 	(SELECT row_to_json(s) FROM school_view s WHERE s.id = t.school_id)) AS body,
	:keys
--? !status: FROM person p JOIN teacher_view t ON t.id = p.id
--? status: FROM person n CROSS JOIN LATERAL person_as_known(n) p JOIN former_teacher_view t ON t.id = n.id
WHERE p.voided_at IS NULL AND p.merged_into IS NULL AND :after
--? status: AND (SELECT must_go_together(:school_id::text IS NULL, 'school_id', 'not-with-left')
--? status: 	AND must_go_together(:stage::text IS NULL, 'stage', 'not-with-left')
--? status: 	AND must_go_together(:title::text IS NULL, 'title', 'not-with-left')
--? status: 	AND must_go_together(:appointment_kind::text IS NULL, 'appointment_kind', 'not-with-left'))
--? auth_sees=school: AND t.id IN (SELECT s.person FROM sight s WHERE s.school = :auth_school::uuid)
--? school_id: AND p.school = :school_id::uuid
--? stage: AND p.teaching_stage = :stage::text
--? title: AND p.title = :title::text
--? appointment_kind: AND p.id IN (SELECT a.person FROM homeroom_appointment a
--? appointment_kind: WHERE a.kind = :appointment_kind::text AND a.during @> (SELECT today()))
--? q: AND p.id IN (SELECT k.person FROM person_token k WHERE k.token >= search_text(:q::text)
--? q: AND k.token < search_text(:q::text) || chr(1114111))
:order

-- name: teacher_create :one
-- A new teacher of a school; the document is sealed by the handler.
SELECT * FROM told('teacher_view',
	teacher_add(:body::jsonb - 'document_number', :birth_on::date, :gender::text, :sealed::bytea, :hashes::bytea[],
		:hash::bytea, :masked::text, :sort_key::text, :tokens::jsonb))

-- name: teacher_get :one
-- A teacher; to a school that she left, only what it knew. The settings say up to when she is seen.
SELECT
--? expand=school: with_member(
--? auth_sees=school: CASE WHEN subject_is_present() THEN
row_to_json(t)
--? auth_sees=school: ELSE former_teacher(t.id) END
--? expand=school: , 'school', (SELECT row_to_json(s) FROM school_view s
--? expand=school: 	WHERE s.id = t.school_id AND subject_is_present()))
	AS body,
--? !auth_sees=school: t.version
--? auth_sees=school: CASE WHEN subject_is_present() THEN t.version
--? auth_sees=school: 	ELSE (former_teacher(t.id)->>'version')::int END AS version
FROM teacher_members t
WHERE t.id = :teacher_id::uuid
--? auth_sees=school: AND (t.status <> 'voided' OR subject_is_present())

-- name: teacher_patch :one
-- Her particulars; a changed document is sealed by the handler.
SELECT * FROM told('teacher_view',
	teacher_change(:teacher_id::uuid, :if_match::text, :body::jsonb - 'document_number', :birth_on::date,
		:gender::text, :sealed::bytea, :hashes::bytea[], :hash::bytea, :masked::text, :sort_key::text,
		:tokens::jsonb))

-- name: teacher_void :one
-- Declares a teacher made by mistake, on whom nothing hangs.
SELECT * FROM told('teacher_view', person_void(:teacher_id::uuid, :if_match::text, :reason::text))

-- name: teacher_find :one
-- Who has a document: the teacher where the caller sees her, else the school where she is known.
SELECT json_build_object('teacher', (SELECT row_to_json(t) FROM teacher_view t WHERE t.id = c.person),
	'known_at', CASE WHEN c.person IS NOT NULL AND NOT EXISTS (SELECT FROM teacher_view t WHERE t.id = c.person)
		THEN json_build_object('school_id', c.school, 'school_name', c.school_name) END) AS body
FROM (SELECT 1) one
LEFT JOIN (SELECT * FROM person_candidates(NULL, NULL, NULL, :hashes::bytea[]) LIMIT 1) c ON true

-- name: teacher_resident_id_get :one
-- The sealed number of a teacher's document; that it was read is recorded.
SELECT p.document_type, p.resident_hash AS hash, p.resident_sealed AS sealed,
	event_read('person', p.id, 'document_number') IS NULL AS recorded
FROM person p
WHERE p.id = :teacher_id::uuid AND p.teacher AND p.resident_sealed IS NOT NULL

-- name: membership_list :page
-- Where a teacher belonged, the latest first.
--sort -started_on: m.started_on::date DESC, m.id::uuid DESC
SELECT row_to_json(m) AS body, :keys FROM membership_view m
WHERE m.teacher_id = :teacher_id::uuid
	AND must_find(EXISTS (SELECT FROM person p WHERE p.id = :teacher_id::uuid AND p.teacher)) AND :after
:order

-- name: membership_get :one
-- A membership of a teacher.
SELECT row_to_json(m) AS body, m.version FROM membership_view m
WHERE m.id = :membership_id::uuid AND m.teacher_id = :teacher_id::uuid

-- name: membership_create :one
-- A further membership; the one of its kind before it must have ended. A school gives them to who is
-- with it today only, since a membership is what it sees her by, and none that begins later: she may be
-- elsewhere by then. The county brings anybody anywhere.
INSERT INTO membership AS m (county, person, school, kind, during, reason)
SELECT this_county(), p.id, :school_id::uuid, :kind::text, period(:started_on::date, :ended_on::date),
	coalesce(:reason::text, '')
FROM (SELECT :teacher_id::uuid AS id) asked
LEFT JOIN person p ON p.id = asked.id AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL
	AND is_seen_today(p.id)
-- What the body names is looked at only where the path names somebody.
WHERE CASE WHEN must_find(p.id IS NOT NULL) THEN must_be_own_school(:school_id::uuid, '#/school_id')
	AND (current_setting('qinglan.sees', true) = 'all' OR must_not_be_future(:started_on::date, '#/started_on')) END
RETURNING m.id, m.version, body_of('membership_view', m.id) AS body

-- name: membership_end :one
-- The last day of a membership, or that one which has not begun never will. Once she has left, her
-- former school no longer moves it.
SELECT e.body, (e.body->>'version')::int AS version
FROM (SELECT membership_last(:membership_id::uuid, :teacher_id::uuid, :if_match::text, :ended_on::date,
	:reason::text) AS body OFFSET 0) e

-- name: title_list :page
-- A teacher's titles, the latest first.
--sort -obtained_on: coalesce(t.obtained_on, '-infinity')::date DESC, t.id::uuid DESC
SELECT row_to_json(t) AS body, :keys FROM title_view t
WHERE t.teacher_id = :teacher_id::uuid
	AND must_find(EXISTS (SELECT FROM person p WHERE p.id = :teacher_id::uuid AND p.teacher)) AND :after
:order

-- name: title_get :one
-- A title of a teacher.
SELECT row_to_json(t) AS body, t.version FROM title_view t
WHERE t.id = :title_id::uuid AND t.teacher_id = :teacher_id::uuid

-- name: title_create :one
-- A title that a teacher obtained.
INSERT INTO title AS t (county, person, school, name, obtained_on)
SELECT this_county(), p.id, p.school, :title::text, :obtained_on::date
FROM (SELECT :teacher_id::uuid AS id) asked
LEFT JOIN person p ON p.id = asked.id AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL
	AND subject_is_present()
WHERE CASE WHEN must_find(p.id IS NOT NULL) THEN must_be_listed('title', :title::text, '#/title')
	AND must_not_be_future(:obtained_on::date, '#/obtained_on') END
RETURNING t.id, t.version, body_of('title_view', t.id) AS body

-- name: title_void :one
-- Declares a title recorded by mistake.
SELECT * FROM told('title_view', title_void(:title_id::uuid, :teacher_id::uuid, :if_match::text, :reason::text))

-- name: identifier_list :page
-- Numbers that others know a teacher by.
--sort source: i.source::text, i.id::uuid
SELECT row_to_json(i) AS body, :keys FROM identifier_view i
WHERE i.teacher_id = :teacher_id::uuid
	AND must_find(EXISTS (SELECT FROM person p WHERE p.id = :teacher_id::uuid AND p.teacher)) AND :after
:order

-- name: identifier_get :one
-- A number that others know a teacher by.
SELECT row_to_json(i) AS body, i.version FROM identifier_view i
WHERE i.id = :identifier_id::uuid AND i.teacher_id = :teacher_id::uuid

-- name: identifier_create :one
-- A number that others know a teacher by.
INSERT INTO identifier AS i (county, person, school, source, value)
SELECT this_county(), p.id, p.school, :source::text, :value::text
FROM (SELECT :teacher_id::uuid AS id) asked
LEFT JOIN person p ON p.id = asked.id AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL
	AND subject_is_present()
WHERE must_find(p.id IS NOT NULL)
RETURNING i.id, i.version, body_of('identifier_view', i.id) AS body

-- name: identifier_end :one
-- The last day of such a number; it may then be given to another. Not for a school that she left.
UPDATE identifier i
SET ended_on = :ended_on::date, version = next_version(i.version, :if_match::text), updated_at = clock_now()
WHERE i.id = :identifier_id::uuid AND i.person = :teacher_id::uuid AND subject_is_present()
RETURNING i.version, body_of('identifier_view', i.id) AS body
