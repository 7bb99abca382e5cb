-- The hour ledger; tables and rules: db/migrations/0007_ledger.sql.

-- name: hour_entry_create :one
-- Posts one entry; the trigger finds the teacher, and the school where none is given. What else the
-- body names must be there.
INSERT INTO hour_entry AS e (county, person, school, hours, level, module, activity_on,
	source_kind, source_key, evidence, note)
SELECT this_county(), :teacher_id::uuid, :school_id::uuid, :hours::numeric, :level::text,
	:module_id::uuid, :activity_on::date, :source::jsonb->>'kind', :source::jsonb->>'key',
	:evidence::text, :note::text
WHERE CASE WHEN num_nonnulls(:school_id::uuid, :module_id::uuid) > 0
	THEN must_see_named(:school_id::uuid, :module_id::uuid) ELSE true END
RETURNING hour_entry_json(e, NULL)::json AS body, 1 AS version, e.id,
	'/v1/hour-entries/' || e.id AS location

-- name: hour_entry_batch :one
-- Before the rows of a batch: locks the accounts of all that it names, in one order for all.
SELECT hour_accounts_lock(ARRAY(SELECT DISTINCT (i.item->>'teacher_id')::uuid
	FROM jsonb_array_elements(:body::jsonb->'items') AS i(item)
	WHERE jsonb_typeof(i.item) = 'object'
		AND i.item->>'teacher_id' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$')) AS locked

-- name: hour_entry_reverse :one
-- Posts the entry that takes another back; the trigger fills it from the original.
INSERT INTO hour_entry AS e (county, person, hours, level, activity_on, source_kind, source_key,
	reverses, reason)
SELECT o.county, o.person, -o.hours, o.level, o.activity_on, 'reversal', o.id::text, o.id,
	:reason::text
FROM hour_entry o
WHERE o.id = :entry_id::uuid
RETURNING hour_entry_json(e, NULL)::json AS body, 1 AS version, e.id,
	'/v1/hour-entries/' || e.id AS location

-- name: hour_entry_get :one
-- One entry, with the one that reverses it.
SELECT s.body, 1 AS version FROM hour_entry_seen(:entry_id::uuid) AS s(body)

-- name: hour_entry_list :page
-- The county's entries as they were posted, the latest first. What has no index of its own narrows
-- the entries of a school or of a source.
--sort -posted_at: e.id::uuid DESC
--sort posted_at: e.id::uuid
SELECT hour_entry_json(e, r.id) AS body, :keys
FROM hour_entry e LEFT JOIN hour_entry r ON r.county = e.county AND r.reverses = e.id
WHERE (SELECT current_setting('qinglan.sees') = 'all') AND :after
--? school_id: AND e.school = :school_id::uuid
--? level: AND e.level = :level::text
--? level: AND (SELECT must_go_together(num_nonnulls(:school_id::uuid, :source_key::text) > 0, 'level',
--? level: 'needs-school-or-source'))
--? activity_from: AND e.activity_on >= :activity_from::date
--? activity_from: AND (SELECT must_go_together(num_nonnulls(:school_id::uuid, :source_key::text) > 0, 'activity_from',
--? activity_from: 'needs-school-or-source'))
--? activity_to: AND e.activity_on <= :activity_to::date
--? activity_to: AND (SELECT must_go_together(num_nonnulls(:school_id::uuid, :source_key::text) > 0, 'activity_to',
--? activity_to: 'needs-school-or-source'))
--? source_kind: AND e.source_kind = :source_kind::text
--? source_kind: AND (SELECT must_go_together(num_nonnulls(:school_id::uuid, :source_key::text) > 0, 'source_kind',
--? source_kind: 'needs-school-or-source'))
--? source_key: AND e.id IN (SELECT s.entry FROM hour_source s WHERE s.key = plain_source_key(:source_key::text)
--? source_key: AND s.kind = ANY (hour_source_kinds()))
:order

-- name: teacher_hours :page
-- A person's entries, the latest activity first. Her few reversals are looked up once for all rows.
--sort -activity_on: e.activity_on::date DESC, e.id::uuid DESC
--sort activity_on: e.activity_on::date, e.id::uuid
SELECT hour_entry_json(e, ((SELECT jsonb_object_agg(r.reverses, r.id) FROM hour_entry r
		WHERE r.person = :teacher_id::uuid AND r.reverses IS NOT NULL)->>e.id::text)::uuid) AS body, :keys
FROM hour_entry e
WHERE e.person = :teacher_id::uuid AND (SELECT must_see_person(:teacher_id::uuid)) AND :after
--? year: AND e.activity_on >= make_date(:year::int, 1, 1)
--? year: AND e.activity_on < make_date(:year::int + 1, 1, 1)
--? level: AND e.level = :level::text
--? activity_from: AND e.activity_on >= :activity_from::date
--? activity_to: AND e.activity_on <= :activity_to::date
:order

-- name: teacher_hours_balance :one
-- A person's hours by year and level. For a school that she left, the year of leaving is summed
-- from the entries that it may see, since the balance speaks of the whole year.
SELECT json_build_object('teacher_id', p.id, 'hours', coalesce(t.hours, 0.00),
	'years', coalesce(t.years, '[]')) AS body
FROM person p
CROSS JOIN LATERAL (
	SELECT sum(y.hours) AS hours, json_agg(row_to_json(y) ORDER BY y.year DESC) AS years
	FROM (
		SELECT f.year, sum(f.hours) AS hours, json_agg(json_build_object('level', f.level,
			'hours', f.hours) ORDER BY hour_level_rank(f.level)) AS levels
		FROM (
			SELECT b.year, b.level, b.hours FROM hour_balance b WHERE b.person = p.id
			UNION ALL
			SELECT u.year, e.level, sum(e.hours)
			FROM (SELECT date_part('year', CASE WHEN isfinite(s.until_on) THEN s.until_on END)::int
					AS year
				FROM (SELECT nullif(current_setting('qinglan.until_on', true), '')::date AS until_on) s
				) u
			JOIN hour_entry e ON e.person = p.id AND e.activity_on >= make_date(u.year, 1, 1)
				AND e.activity_on < make_date(u.year + 1, 1, 1)
			WHERE NOT EXISTS (SELECT FROM hour_balance b
				WHERE b.person = p.id AND b.year = u.year)
			GROUP BY 1, 2
		) f
		WHERE f.hours <> 0
		GROUP BY f.year
	) y
) t
WHERE p.id = :teacher_id::uuid
