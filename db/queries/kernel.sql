-- What the kernel itself asks of the database; foundation: db/migrations/0001_foundation.sql.

-- name: settings :exec
-- Who acts, before everything else: sets what walls judge by, to the end of the transaction. What is
-- not given was never set in it. Request, operation, office and client are for what is recorded, so
-- a read that records nothing does without. Ids are compared and kept as uuid: they may be typed in
-- capitals. A change of rules recounts everybody and is given time.
-- Whom a school names is looked up in sight, after the inner select has set what sight is judged by:
-- the lateral one cannot run before the row that it reads. A last day to come hides nothing yet. One
-- column for all, since each that is described and answered costs as much as setting it.
--? sees=school: SELECT concat(set_config('qinglan.subject', coalesce(named.person::text, ''), true),
--? sees=school: 	set_config('qinglan.until_on', coalesce(CASE WHEN isfinite(named.until_on)
--? sees=school: 		AND named.until_on < today() THEN named.until_on END, 'infinity')::text, true))
--? sees=school: FROM (
SELECT set_config('qinglan.county', :county::text, true) AS county, concat(
	set_config('qinglan.role', :role::text, true),
	set_config('qinglan.sees', :sees::text, true),
	set_config('qinglan.person', nullif(:person::text, '')::uuid::text, true)
	--? school: , set_config('qinglan.school', :school::text, true)
	--? office: , set_config('qinglan.office', :office::text, true)
	--? client: , set_config('qinglan.client', :client::text, true)
	--? request_id: , set_config('qinglan.request_id', :request_id::text, true)
	--? request_id: , set_config('qinglan.operation', :operation::text, true)
	--? request_id: , set_config('qinglan.ahead', '', true)
	--? request_id: , CASE WHEN :operation::text IN ('requirement_create', 'requirement_version_create',
	--? request_id: 	'school_year_create', 'school_year_patch', 'term_create', 'term_patch')
	--? request_id: 	THEN set_config('statement_timeout', '20s', true) END
	--? sees=self: , set_config('qinglan.subject', CASE WHEN nullif(:subject::text, '')::uuid
	--? sees=self: 	= nullif(:person::text, '')::uuid THEN nullif(:subject::text, '')::uuid::text ELSE '' END, true)
	--? sees=self: , set_config('qinglan.until_on', 'infinity', true)
	--? sees=self: , set_config('qinglan.workplace',
	--? sees=self: 	coalesce(workplace_of(:county::int, nullif(:person::text, '')::uuid)::text, ''), true)
	) AS others
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

-- name: expired_purge :one
-- For qinglan_gate: removes expired keys of requests and revocations, some at a time; whether there may
-- be more.
SELECT expired_purge() >= 10000 AS more

-- name: event_purge :one
-- For qinglan_gate: removes events older than so many days (0: none), some at a time.
SELECT event_purge(:event_days::int) >= 10000 AS more

-- name: people_upkeep :one
-- For qinglan_gate, every second: on a new day of a county memberships that begin or end move who works and
-- who sees whom, some at a time; whether there may be more.
SELECT people_upkeep() > 0 AS more
