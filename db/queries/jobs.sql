-- Long work: what its requester sees of it, and how qinglan_gate hands it out; db/migrations/0009_files_jobs.sql.

-- name: job_get :one
-- A job with its progress, its result or its problem.
SELECT row_to_json(v) AS body, v.version FROM job_view v WHERE v.id = :job_id::uuid

-- name: job_cancel :one
-- Stops a job that waits, or one that can be stopped while it runs.
SELECT body_of('job_view', j.id) AS body, j.version, j.id
FROM job_stop(:job_id::uuid, :if_match::text) j

-- name: job_patience :exec
-- Before the statement of a job: it may take its time.
SELECT set_config('statement_timeout', '600s', true), set_config('lock_timeout', '10s', true)

-- name: job_reclaim :exec
-- For qinglan_gate: jobs whose worker let the lease run out wait again.
UPDATE job j SET state = 'queued', version = version + 1
WHERE j.state = 'running' AND NOT EXISTS (SELECT FROM job_heartbeat h
	WHERE h.county = j.county AND h.job = j.id AND h.attempt = j.attempt
		AND h.until > machine_now())

-- name: job_take :maybe
-- For qinglan_gate: the next waiting job, leased for so many seconds.
SELECT t.county, t.id, t.kind, t.actor_role, t.actor_person, t.actor_office, t.actor_school,
	t.actor_client, t.actor_scope, t.operation, t.request_id, t.language, t.input, t.attempt
FROM job_take(:lease::int, :share::int) t

-- name: job_keep :maybe
-- For qinglan_gate: extends the lease of an attempt and notes its progress; no row when it is over.
UPDATE job_heartbeat h SET until = machine_now() + make_interval(secs => :lease::int),
	done = coalesce(:done::bigint, h.done), total = coalesce(:total::bigint, h.total)
FROM job j
WHERE j.county = :county::int AND j.id = :job_id::uuid AND j.state = 'running'
	AND j.attempt = :attempt::int AND h.county = j.county AND h.job = j.id
	AND h.attempt = j.attempt
RETURNING h.job AS id

-- name: job_finish :exec
-- For qinglan_gate: how an attempt ended; 'queued' gives the job back for later.
UPDATE job SET state = :state::text, result = :result::jsonb, problem = :problem::jsonb,
	version = version + 1,
	finished_at = CASE WHEN :state::text <> 'queued' THEN machine_now() END,
	not_before = machine_now() + make_interval(secs => 2 * attempt)
WHERE county = :county::int AND id = :job_id::uuid AND state = 'running'
	AND attempt = :attempt::int

-- name: job_purge :one
-- For qinglan_gate: removes jobs that ended so many days ago, some at a time; whether there may be more.
SELECT jobs_purge(:days::int, 10000) >= 10000 AS more

-- name: file_purge :one
-- For qinglan_gate: empties files whose time is over. Few at a time, for one may have 8 MiB, all of which
-- is read for the record of events.
SELECT files_purge(20) >= 20 AS more

-- name: import_purge :one
-- For qinglan_gate: forgets what was read from such files, some records at a time.
SELECT imports_purge(10000) >= 10000 AS more
