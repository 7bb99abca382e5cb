-- The county itself and its calendar; tables: db/migrations/0002_county.sql.

-- name: county_get :one
-- The caller's county.
SELECT row_to_json(c) AS body, c.version FROM county_view c

-- name: county_patch :one
-- Its name and time zone, what makes tenure, and within how many days it may return a school's plan.
UPDATE county c
SET name = coalesce(:name::text, c.name), zone = coalesce(:zone::text, c.zone),
	tenure_kinds = CASE WHEN :tenure_policy::jsonb IS NULL THEN c.tenure_kinds
		ELSE ARRAY(SELECT jsonb_array_elements_text(:tenure_policy::jsonb->'kinds')) END,
	tenure_gap_days = coalesce((:tenure_policy::jsonb->>'gap_days')::int, c.tenure_gap_days),
	plan_days = coalesce(:plan_days::int, c.plan_days),
	version = next_version(c.version, :if_match::text), updated_at = clock_now()
WHERE c.county = this_county()
RETURNING c.version, county_body() AS body

-- name: school_year_list :page
-- School years, the latest first.
--sort -started_on: y.started_on::date DESC, y.id::uuid DESC
--sort started_on: y.started_on::date, y.id::uuid
SELECT row_to_json(y) AS body, :keys FROM school_year_view y WHERE :after
:order

-- name: school_year_get :one
-- A school year.
SELECT row_to_json(y) AS body, y.version FROM school_year_view y
WHERE y.id = :school_year_id::uuid

-- name: school_year_create :one
-- A further school year; two do not overlap.
INSERT INTO school_year AS y (county, name, during)
VALUES (this_county(), :name::text, period(:started_on::date, :ended_on::date))
RETURNING y.id, y.version, body_of('school_year_view', y.id) AS body

-- name: school_year_patch :one
-- Name and days of a school year; its terms stay within it.
UPDATE school_year y
SET name = coalesce(:name::text, y.name),
	during = period(coalesce(:started_on::date, lower(y.during)), coalesce(:ended_on::date, last_day(y.during))),
	version = next_version(y.version, :if_match::text), updated_at = clock_now()
WHERE y.id = :school_year_id::uuid
RETURNING y.version, body_of('school_year_view', y.id) AS body

-- name: term_list :page
-- Terms, the latest first.
--sort -started_on: t.started_on::date DESC, t.id::uuid DESC
--sort started_on: t.started_on::date, t.id::uuid
SELECT row_to_json(t) AS body, :keys FROM term_view t WHERE :after
--? school_year_id: AND t.school_year_id = :school_year_id::uuid
:order

-- name: term_get :one
-- A term.
SELECT row_to_json(t) AS body, t.version FROM term_view t
WHERE t.id = :term_id::uuid

-- name: term_create :one
-- A further term of a school year.
INSERT INTO term AS t (county, school_year, name, number, during)
SELECT this_county(), y.id, :name::text, :number::int, period(:started_on::date, :ended_on::date)
FROM (SELECT :school_year_id::uuid AS id) asked
LEFT JOIN school_year y ON y.id = asked.id
WHERE must_see(y.id IS NOT NULL, '#/school_year_id')
RETURNING t.id, t.version, body_of('term_view', t.id) AS body

-- name: term_patch :one
-- Name and days of a term.
UPDATE term t
SET name = coalesce(:name::text, t.name),
	during = period(coalesce(:started_on::date, lower(t.during)), coalesce(:ended_on::date, last_day(t.during))),
	version = next_version(t.version, :if_match::text), updated_at = clock_now()
WHERE t.id = :term_id::uuid
RETURNING t.version, body_of('term_view', t.id) AS body
