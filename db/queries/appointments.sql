-- Appointments from proposal to end, and tenure; table: db/migrations/0004_offices_classes.sql, rules:
-- 0016_appointments.sql.

-- name: appointment_list :page
-- Proposals and appointments, the latest recorded first.
--sort -created_at: a.created_at::timestamptz DESC, a.id::uuid DESC
SELECT row_to_json(v) AS body, :keys
FROM homeroom_appointment a JOIN appointment_view v ON v.id = a.id
WHERE :after
--? school_id: AND a.school = :school_id::uuid
--? class_id: AND a.class = :class_id::uuid
--? teacher_id: AND a.person = :teacher_id::uuid
--? kind: AND a.kind = :kind::text
--? state: AND a.state = CASE WHEN :state::text IN ('active', 'ended') THEN 'appointed' ELSE :state::text END
--? state: AND v.state = :state::text
--? on: AND a.during @> :on::date
:order

-- name: appointment_create :one
-- A teacher applies, or is nominated.
SELECT n.id, b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_propose(:body::jsonb) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: appointment_get :one
-- A proposal or appointment.
SELECT row_to_json(a) AS body, a.version FROM appointment_view a WHERE a.id = :appointment_id::uuid

-- name: appointment_review :one
-- Whether each condition is met.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_review(:appointment_id::uuid, :if_match::text, :conditions::jsonb, :reviewers::jsonb) AS id
	OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: appointment_appoint :one
-- Who is qualified is appointed, with a letter of duties.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_appoint(:appointment_id::uuid, :if_match::text, :started_on::date, :ended_on::date,
	:letter::text, :reason::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: appointment_accept :one
-- The letter of duties is accepted.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_accept(:appointment_id::uuid, :if_match::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: appointment_withdraw :one
-- A proposal is taken back.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_withdraw(:appointment_id::uuid, :if_match::text, :reason::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: appointment_end :one
-- Its last day, sooner than was said.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_end(:appointment_id::uuid, :if_match::text, :ended_on::date, :reason::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: appointment_renew :one
-- It goes on beyond its last day.
SELECT b.body, (b.body->>'version')::int AS version
FROM (SELECT appointment_renew(:appointment_id::uuid, :if_match::text, :ended_on::date, :letter::text) AS id OFFSET 0) n
CROSS JOIN LATERAL (SELECT body_of('appointment_view', n.id) AS body OFFSET 0) b

-- name: teacher_tenure :one
-- How long she has led classes, up to a day; to a school that she left, up to her last day with it.
SELECT tenure(t.id, least(coalesce(:on::date, today()), nullif(current_setting('qinglan.until_on', true), '')::date))
	AS body
FROM teacher_members t WHERE t.id = :teacher_id::uuid
--? auth_sees=school: AND (t.status <> 'voided' OR subject_is_present())
