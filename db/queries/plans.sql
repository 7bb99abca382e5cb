-- Plans, their cohorts and promises; db/migrations/0018_plans.sql, 0026_plan_progress.sql.

-- name: plan_list :page
-- Plans, the latest first.
--sort -started_on: lower(p.during)::date DESC, p.id::uuid DESC
SELECT row_to_json(v) AS body, :keys FROM plan p JOIN plan_view v ON v.id = p.id
WHERE :after
--? school_id: AND p.school = :school_id::uuid
--? state: AND v.state = :state::text
--? on: AND p.during @> :on::date
:order

-- name: plan_create :one
-- A plan of a school, or of the county.
INSERT INTO plan AS p (county, school, title, during, details)
SELECT this_county(), s.id, :title::text, period(:started_on::date, :ended_on::date), plan_details(:body::jsonb)
FROM (SELECT coalesce(:school_id::uuid, this_school()) AS id) s
WHERE must_be_own_school(s.id, '#/school_id')
RETURNING p.id, p.version, body_of('plan_view', p.id) AS body

-- name: plan_get :one
-- A plan.
SELECT row_to_json(p) AS body, p.version FROM plan_view p WHERE p.id = :plan_id::uuid

-- name: plan_patch :one
-- What a plan says, while it is prepared; a list that is given takes the place of the one before.
UPDATE plan p
SET title = coalesce(:title::text, p.title),
	during = period(coalesce(:started_on::date, lower(p.during)), coalesce(:ended_on::date, last_day(p.during))),
	details = p.details - ARRAY(SELECT jsonb_object_keys(:body::jsonb)) || plan_details(:body::jsonb),
	version = next_version(p.version, :if_match::text), updated_at = clock_now()
WHERE p.id = :plan_id::uuid
	AND must_be_in_state(plan_state(p.state, p.in_force_on, today()), '{draft,returned}', plan_allows())
RETURNING p.version, body_of('plan_view', p.id) AS body

-- name: plan_submit :one
-- Files a plan: the county's own is in force at once, a school's when the days are over in which it may be returned.
UPDATE plan p
SET state = 'submitted', reason = NULL, submitted_at = clock_now(),
	in_force_on = today() + CASE WHEN p.school IS NULL THEN 0 ELSE k.plan_days END,
	version = next_version(p.version, :if_match::text), updated_at = clock_now()
FROM county k
WHERE k.county = p.county AND p.id = :plan_id::uuid
	AND must_be_in_state(plan_state(p.state, p.in_force_on, today()), '{draft,returned}', plan_allows())
RETURNING p.version, body_of('plan_view', p.id) AS body

-- name: plan_return :one
-- The county gives a filed plan back before it is in force.
UPDATE plan p
SET state = 'returned', reason = :reason::text, in_force_on = NULL,
	version = next_version(p.version, :if_match::text), updated_at = clock_now()
WHERE p.id = :plan_id::uuid AND must_act_for_county()
	AND must_be_in_state(plan_state(p.state, p.in_force_on, today()), '{submitted}', plan_allows())
RETURNING p.version, body_of('plan_view', p.id) AS body

-- name: plan_withdraw :one
-- A plan is given up by who made it.
UPDATE plan p
SET state = 'withdrawn', reason = :reason::text, in_force_on = NULL,
	version = next_version(p.version, :if_match::text), updated_at = clock_now()
WHERE p.id = :plan_id::uuid AND must_be_in_state(plan_state(p.state, p.in_force_on, today()),
	'{draft,submitted,returned,in_force}', plan_allows())
RETURNING p.version, body_of('plan_view', p.id) AS body

-- name: plan_recognise :one
-- Recognises all courses of a plan.
SELECT * FROM told('plan_view', plan_recognise(:plan_id::uuid, :if_match::text))

-- name: plan_progress_get :one
-- What a plan promised, and what was held.
SELECT json_build_object('plan_id', p.id, 'promises', plan_progress(p)) AS body FROM plan p WHERE p.id = :plan_id::uuid

-- name: cohort_split :one
-- Splits a roster into the cohorts of a plan, once.
SELECT * FROM told('plan_view', plan_split(:plan_id::uuid, :if_match::text, :body::jsonb))

-- name: cohort_list :page
-- The cohorts of a plan.
--sort number: c.number::int, c.id::uuid
SELECT row_to_json(c) AS body, :keys FROM cohort_view c
WHERE c.plan_id = :plan_id::uuid AND must_find(EXISTS (SELECT FROM plan p WHERE p.id = :plan_id::uuid)) AND :after
:order

-- name: cohort_member_list :page
-- Who is in a cohort, as far as the caller may see them.
--sort name: m.sort_key::text, m.person::uuid
SELECT m.body, :keys FROM cohort_member_view m
WHERE m.cohort = :cohort_id::uuid
	AND must_find(EXISTS (SELECT FROM plan p JOIN cohort c ON c.plan = p.id
		WHERE p.id = :plan_id::uuid AND c.id = :cohort_id::uuid)) AND :after
--? school_id: AND m.school = :school_id::uuid
:order

-- name: cohort_member_put :one
-- Puts a person into a cohort by hand.
SELECT * FROM told('cohort_view', cohort_put(:plan_id::uuid, :cohort_id::uuid, :teacher_id::uuid, :reason::text))
