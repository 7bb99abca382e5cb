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
SELECT * FROM told('appointment_view', appointment_propose(:body::jsonb))

-- name: appointment_get :one
-- A proposal or appointment.
SELECT row_to_json(a) AS body, a.version FROM appointment_view a WHERE a.id = :appointment_id::uuid

-- name: appointment_review :one
-- Whether each condition is met.
SELECT * FROM told('appointment_view',
	appointment_review(:appointment_id::uuid, :if_match::text, :conditions::jsonb, :reviewers::jsonb))

-- name: appointment_appoint :one
-- Who is qualified is appointed, with a letter of duties.
SELECT * FROM told('appointment_view',
	appointment_appoint(:appointment_id::uuid, :if_match::text, :started_on::date, :ended_on::date, :letter::text,
		:reason::text))

-- name: appointment_accept :one
-- The letter of duties is accepted.
SELECT * FROM told('appointment_view', appointment_accept(:appointment_id::uuid, :if_match::text))

-- name: appointment_withdraw :one
-- A proposal is taken back.
SELECT * FROM told('appointment_view', appointment_withdraw(:appointment_id::uuid, :if_match::text, :reason::text))

-- name: appointment_end :one
-- Its last day, sooner than was said.
SELECT * FROM told('appointment_view',
	appointment_end(:appointment_id::uuid, :if_match::text, :ended_on::date, :reason::text))

-- name: appointment_renew :one
-- It goes on beyond its last day.
SELECT * FROM told('appointment_view',
	appointment_renew(:appointment_id::uuid, :if_match::text, :ended_on::date, :letter::text))

-- name: teacher_tenure :one
-- How long she has led classes, up to a day; to a school that she left, up to her last day with it.
SELECT tenure(t.id, least(coalesce(:on::date, today()), nullif(current_setting('qinglan.until_on', true), '')::date))
	AS body
FROM teacher_members t WHERE t.id = :teacher_id::uuid
--? auth_sees=school: AND (t.status <> 'voided' OR subject_is_present())
