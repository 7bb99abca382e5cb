-- What the kernel itself asks of the database; foundation: db/migrations/0001_foundation.sql.

-- name: settings :exec
-- Who acts, before everything else: sets what walls judge by, to the end of the transaction. What is
-- not given was never set in it. Request, operation, office and client are for what is recorded, so
-- a read that records nothing does without. A change of rules recounts everybody and is given time.
-- Whom a school names is looked up in sight, after the inner select has set what sight is judged by:
-- the lateral one cannot run before the row that it reads.
--? sees=school: SELECT set_config('qinglan.subject', coalesce(named.person::text, ''), true),
--? sees=school: set_config('qinglan.until_on', coalesce(named.until_on, 'infinity')::text, true)
--? sees=school: FROM (
SELECT set_config('qinglan.county', :county::text, true) AS county,
	set_config('qinglan.role', :role::text, true),
	set_config('qinglan.sees', :sees::text, true),
	set_config('qinglan.person', :person::text, true)
	--? school: , set_config('qinglan.school', :school::text, true)
	--? office: , set_config('qinglan.office', :office::text, true)
	--? client: , set_config('qinglan.client', :client::text, true)
	--? request_id: , set_config('qinglan.request_id', :request_id::text, true)
	--? request_id: , set_config('qinglan.operation', :operation::text, true)
	--? request_id: , set_config('qinglan.ahead', '', true)
	--? request_id: , CASE WHEN :operation::text IN ('requirement_create', 'requirement_version_create',
	--? request_id: 	'school_year_create', 'school_year_patch')
	--? request_id: 	THEN set_config('statement_timeout', '20s', true) END
	--? sees=all: , set_config('qinglan.subject', :subject::text, true)
	--? sees=self: , set_config('qinglan.subject', CASE WHEN :subject::text = :person::text
	--? sees=self: 	THEN :subject::text ELSE '' END, true)
	--? !sees=school: , set_config('qinglan.until_on', 'infinity', true)
--? sees=school: 	OFFSET 0
--? sees=school: ) AS request
--? sees=school: LEFT JOIN LATERAL (
--? sees=school: 	SELECT s.person, s.until_on FROM sight s
--? sees=school: 	WHERE s.county = request.county::int AND s.school = nullif(:school::text, '')::uuid
--? sees=school: 		AND s.person = nullif(:subject::text, '')::uuid
--? sees=school: 	OFFSET 0
--? sees=school: ) AS named ON true

-- name: replay :exec
-- Before a write with an Idempotency-Key.
SELECT replay(:replay_key::text, :replay_operation::text, :replay_hash::bytea)

-- name: store_answer :exec
-- After it, in the same transaction, with a 2xx answer only: {"status", "headers", "body"}.
INSERT INTO idempotency (county, actor, operation, key, body_hash, answer, expires_at)
VALUES (this_county(), request_actor(), :replay_operation::text, :replay_key::text, :replay_hash::bytea,
	:replay_answer::json, machine_now() + make_interval(days => coalesce(:replay_days::int, 7)))

-- name: attempt :many
-- The rows of a batch, each a call of one prepared statement; what fails is undone alone.
SELECT a."position", a.result, a.error FROM attempt(:batch_statement::text, :batch_rows::jsonb) AS a

-- name: revocations :many
-- For qinglan_gate, every second: what was revoked in the last so many seconds (all: a large number).
SELECT token_id, person, date_part('epoch', issued_before)::bigint AS issued_before,
	date_part('epoch', expires_at)::bigint AS expires_at
FROM token_revocation
WHERE created_at > machine_now() - make_interval(secs => :seconds::int) AND expires_at > machine_now()

-- name: revocation_put :exec
-- For qinglan_gate: a token by its id, or a person's tokens issued before an instant (unix seconds).
INSERT INTO token_revocation (county, token_id, person, issued_before, expires_at)
VALUES (:county::int, :token_id::text, :person::uuid, to_timestamp(:issued_before::bigint),
	to_timestamp(:expires_at::bigint))

-- name: county_of_code :maybe
-- For qinglan_gate: the county whose code this is today, for commands that make tokens.
SELECT c.county, c.name, c.zone
FROM county_code k JOIN county c ON c.county = k.county
WHERE k.code = :code::text AND k.valid @> machine_now()::date

-- name: clock_get :maybe
-- For qinglan_gate: a county's development clock.
SELECT instant(machine_now() + coalesce(k.ahead, '0')) AS at, coalesce(k.ahead, '0')::text AS ahead
FROM county c LEFT JOIN county_clock k ON k.county = c.county
WHERE c.county = :county::int

-- name: clock_set :one
-- For qinglan_gate: moves a county's calendar to an instant.
SELECT instant(clock_set(:county::int, :at::timestamptz)) AS at

-- name: clock_advance :one
-- For qinglan_gate: moves it on by an interval.
SELECT instant(clock_advance(:county::int, :span::interval)) AS at

-- name: foundation_purge :one
-- For qinglan_gate: removes expired keys and revocations, and events older than so many days (0: none).
SELECT foundation_purge(:event_days::int) AS removed

-- name: people_upkeep :one
-- For qinglan_gate, daily: memberships that begin or end today move who works and who sees whom.
SELECT people_upkeep() AS moved
