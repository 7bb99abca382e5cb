-- Requirements; tables, windows and counting: db/migrations/0008_requirements.sql and 0027 to 0029.

-- name: requirement_list :page
-- The county's requirements with all their versions.
--sort name: r.name::text, r.id::uuid
--sort -name: r.name::text DESC, r.id::uuid DESC
SELECT row_to_json(r) AS body, :keys FROM requirement_view r WHERE :after
--? window: AND r."window" = :window::text
:order

-- name: requirement_get :one
-- One requirement with its versions, the latest first.
SELECT row_to_json(r) AS body, r.version FROM requirement_view r WHERE r.id = :requirement_id::uuid

-- name: requirement_create :one
-- A requirement with its first version. The state of everybody is counted in the same statement.
WITH made AS (
	INSERT INTO requirement (county, name, window_kind)
	SELECT this_county(), b.name, b."window"
	FROM jsonb_to_record(:body::jsonb) AS b(name text, "window" text)
	RETURNING *
), first AS (
	INSERT INTO requirement_version (county, requirement, effective_on, kinds, schools, target,
		limits, rules, note)
	SELECT m.county, m.id, b.effective_on, b.kinds, b.schools, b.target, b.limits, b.rules, b.note
	FROM made m CROSS JOIN requirement_rules(:body::jsonb) b
	RETURNING *
)
SELECT body_of('requirement_view', v.requirement) AS body, m.version, m.id,
	'/v1/requirements/' || m.id AS location
FROM made m CROSS JOIN first v

-- name: requirement_version_create :one
-- New rules from a day on.
WITH held AS (
	UPDATE requirement SET version = next_version(version, :if_match::text),
		updated_at = clock_now()
	WHERE id = :requirement_id::uuid
	RETURNING *
), made AS (
	INSERT INTO requirement_version (county, requirement, effective_on, kinds, schools, target,
		limits, rules, note)
	SELECT h.county, h.id, b.effective_on, b.kinds, b.schools, b.target, b.limits, b.rules, b.note
	FROM held h CROSS JOIN requirement_rules(:body::jsonb) b
	RETURNING *
)
SELECT body_of('requirement_view', v.requirement) AS body, h.version, h.id,
	'/v1/requirements/' || h.id AS location
FROM held h CROSS JOIN made v

-- name: teacher_requirements :page
-- Where a person stands in the windows that hold a day, every entry of and near them explained.
--sort name: t.name::text, t.id::uuid
SELECT t.body, :keys
FROM requirement_of_person(:teacher_id::uuid, coalesce(:on::date, today()), 92) t
WHERE (SELECT must_find(EXISTS (SELECT FROM person p WHERE p.id = :teacher_id::uuid)))
	AND :after
:order
