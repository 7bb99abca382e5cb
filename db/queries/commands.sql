-- What the commands of the program ask the database; see api/commands.
-- Run on the owner's connection, as the engine role where row security would hide the rows.

-- name: command_engine :exec
-- The statements of this transaction see every county.
SELECT set_config('role', 'qinglan_engine', true)

-- name: command_connections :one
-- Connections that ordinary roles may have, and those there are besides the asking one. Of another
-- role's one sees who and where, and not its backend_type.
SELECT current_setting('max_connections')::int
	- current_setting('superuser_reserved_connections')::int AS most,
	(SELECT count(*) FROM pg_stat_activity
	WHERE usesysid IS NOT NULL AND datid IS NOT NULL AND pid <> pg_backend_pid()) AS used

-- name: command_role :one
-- Who is connected, and what that role is or may beyond what any role of ours should.
SELECT current_user AS name, current_setting('server_version') AS server_version,
	concat_ws(', ',
		CASE WHEN r.rolsuper THEN 'superuser' END,
		CASE WHEN r.rolbypassrls THEN 'above row security' END,
		CASE WHEN r.rolcreaterole THEN 'maker of roles' END,
		CASE WHEN r.rolreplication THEN 'replicator' END,
		CASE WHEN d.datdba <> r.oid AND has_database_privilege(d.oid, 'TEMPORARY')
			THEN 'maker of temporary tables' END,
		CASE WHEN d.datdba <> r.oid AND has_database_privilege(d.oid, 'CREATE')
			THEN 'maker of schemas' END) AS excess
FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()

-- name: command_restored :exec
-- As the owner: what a dump does not carry, and a new epoch of events.
CALL feed_restored()

-- name: command_epoch :one
-- The epoch that new events get.
SELECT pg_get_expr(d.adbin, d.adrelid) AS epoch
FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE d.adrelid = 'event'::regclass AND a.attname = 'epoch'

-- name: command_counties :many
-- The counties, or the one that has this code today.
SELECT c.county, c.name
FROM county c
WHERE true
--? code: AND EXISTS (SELECT FROM county_code k WHERE k.county = c.county AND k.code = :code::text
--? code: 	AND k.valid @> (machine_now() AT TIME ZONE c.zone)::date)
ORDER BY c.county

-- name: command_verify :many
-- What does not agree in a county's ledger: nothing, as it should be.
SELECT fault, coalesce(account::text, '-') AS account, coalesce(person::text, '-') AS person,
	coalesce(entry::text, '-') AS entry, coalesce(seq::text, '-') AS seq
FROM ledger_verify(:county::int)

-- name: command_digest :one
-- The digest over the heads of all chains of a county, as of its today.
SELECT d.digest, d.accounts, d.entries
FROM county c LEFT JOIN county_clock k ON k.county = c.county
CROSS JOIN LATERAL ledger_digest(c.county,
	((machine_now() + coalesce(k.ahead, '0')) AT TIME ZONE c.zone)::date) d
WHERE c.county = :county::int

-- name: command_clock :one
-- What time it is in a county.
SELECT to_char((machine_now() + coalesce(k.ahead, '0')) AT TIME ZONE c.zone, 'YYYY-MM-DD HH24:MI:SS')
	|| ' ' || c.zone AS at, coalesce(k.ahead, '0')::text AS ahead
FROM county c LEFT JOIN county_clock k ON k.county = c.county
WHERE c.county = :county::int

-- name: command_clock_set :exec
-- Moves a county's clock to a date, or date and time, of its zone.
SELECT clock_set(c.county, :at::timestamp AT TIME ZONE c.zone) FROM county c
WHERE c.county = :county::int

-- name: command_clock_add :exec
-- Moves a county's clock on.
SELECT clock_advance(:county::int, :span::interval)

-- name: command_clock_reset :exec
-- Gives a county the machine's time again.
DELETE FROM county_clock WHERE county = :county::int

-- name: command_actor :maybe
-- Whom a development token names: a holder of an office of county or school, a teacher, or for a
-- client nobody. Of several the first who fits; of teachers one who leads a class and has hours, if there is one.
SELECT here.county, actor.person, actor.office, actor.school, actor.name
FROM (
	SELECT k.county, ((machine_now() + coalesce(t.ahead, '0')) AT TIME ZONE c.zone)::date AS today
	FROM county_code k JOIN county c ON c.county = k.county LEFT JOIN county_clock t ON t.county = k.county
	WHERE k.code = :county_code::text AND k.valid @> (machine_now() AT TIME ZONE c.zone)::date
) AS here
CROSS JOIN LATERAL (
	SELECT 1 AS rank, p.id AS person, h.office, o.school, o.school AS place, p.name
	FROM office_holder h
	JOIN office o ON o.county = h.county AND o.id = h.office
	JOIN person p ON p.county = h.county AND p.id = h.person
	WHERE h.county = here.county AND h.during @> here.today
		AND :role::text = CASE WHEN o.school IS NULL THEN 'county' ELSE 'school' END
	UNION ALL
	SELECT CASE WHEN NOT EXISTS (SELECT FROM hour_balance b WHERE b.county = p.county AND b.person = p.id)
			THEN 3
		WHEN EXISTS (SELECT FROM homeroom_appointment a WHERE a.county = p.county AND a.person = p.id
			AND a.kind = 'homeroom' AND a.during @> here.today) THEN 1 ELSE 2 END,
		p.id, NULL, NULL, p.school, p.name
	FROM person p
	WHERE p.county = here.county AND :role::text = 'teacher' AND p.teacher
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	UNION ALL
	SELECT 2, NULL, NULL, NULL, NULL, '' WHERE :role::text = 'client'
	UNION ALL
	SELECT 3, NULL, NULL, s.id, s.id, '' FROM school s WHERE s.county = here.county AND :role::text = 'client'
) AS actor
WHERE true
--? school_code: AND actor.place = (SELECT s.id FROM school s WHERE s.county = here.county AND s.code = :school_code::text)
--? person: AND (actor.person::text = :person::text OR actor.name = :person::text)
ORDER BY actor.rank, actor.place, actor.person, actor.office
LIMIT 1

-- name: command_actor_lacks :one
-- What there is not today when nobody is found for a token: county, school, or somebody who acts.
SELECT CASE WHEN here.county IS NULL THEN 'county'
	WHEN NOT EXISTS (SELECT FROM school s WHERE s.county = here.county AND s.code = :school_code::text)
	THEN 'school' ELSE 'actor' END AS lacks
FROM (SELECT max(k.county) AS county FROM county_code k JOIN county c ON c.county = k.county
	WHERE k.code = :county_code::text AND k.valid @> (machine_now() AT TIME ZONE c.zone)::date) here

-- name: command_county_add :one
-- A county with its code, calendar, lists and offices.
SELECT county_add(:code::text, :name::text) AS county

-- name: command_officer_add :one
-- Somebody who holds an office from today: of the bureau, or of the school with a code.
WITH here AS (
	SELECT :county::int AS county, set_config('qinglan.county', :county::text, true) AS setting,
		set_config('qinglan.ahead', '', true) AS clock, set_config('qinglan.operation', 'command', true) AS operation
), place AS (
	SELECT o.county, o.id AS office, o.school
	FROM here JOIN office o ON o.county = here.county
	WHERE true
--? school_code: AND o.school = (SELECT s.id FROM school s WHERE s.county = here.county AND s.code = :school_code::text)
--? !school_code: AND o.school IS NULL AND o.kind = 'bureau'
	ORDER BY o.id LIMIT 1
), officer AS (
	INSERT INTO person (county, name, sort_key, tokens, officer)
	SELECT place.county, person_name(:name::text), :sort_key::text,
		ARRAY(SELECT jsonb_array_elements_text(:tokens::jsonb)), true
	FROM place
	RETURNING county, id
)
INSERT INTO office_holder (county, office, school, person, during)
SELECT place.county, place.office, place.school, officer.id, daterange(today(), NULL)
FROM place JOIN officer ON officer.county = place.county
RETURNING person, office

-- name: command_rekey_persons :many
-- Documents sealed under another key than the newest, some at a time from a place of the primary key on.
-- The key's number is the second byte of what is sealed (api/kernel/seal.c).
SELECT p.county || ' ' || p.id AS key, p.county, p.document_type AS type,
	p.resident_hash AS hash, p.resident_sealed AS sealed
FROM person p
WHERE get_byte(p.resident_sealed, 1) <> :newest::int
	AND (p.county, p.id) > (split_part(:after::text, ' ', 1)::int, split_part(:after::text, ' ', 2)::uuid)
ORDER BY p.county, p.id
LIMIT 500

-- name: command_rekey_persons_put :exec
-- The same, resealed; one that was changed meanwhile is left for the next time.
UPDATE person p SET resident_sealed = r.sealed, resident_hash = r.hash
FROM jsonb_to_recordset(:rows::jsonb) AS r(key text, sealed bytea, hash bytea, was bytea)
WHERE p.county = split_part(r.key, ' ', 1)::int AND p.id = split_part(r.key, ' ', 2)::uuid
	AND p.resident_hash = r.was

-- name: command_rekey_imports :many
-- Documents in the reports of imports, which a later commit writes to persons.
SELECT concat_ws(' ', i.county, i.import, i.part, i.row) AS key, i.county, i.document_type AS type,
	i.document_hash AS hash, i.document_sealed AS sealed
FROM import_row i
WHERE get_byte(i.document_sealed, 1) <> :newest::int
	AND (i.county, i.import, i.part, i.row) > (split_part(:after::text, ' ', 1)::int,
		split_part(:after::text, ' ', 2)::uuid, split_part(:after::text, ' ', 3)::int,
		split_part(:after::text, ' ', 4)::int)
ORDER BY i.county, i.import, i.part, i.row
LIMIT 500

-- name: command_rekey_imports_put :exec
-- The same, resealed.
UPDATE import_row i SET document_sealed = r.sealed, document_hash = r.hash, document_hashes = r.hashes
FROM jsonb_to_recordset(:rows::jsonb) AS r(key text, sealed bytea, hash bytea, hashes bytea[], was bytea)
WHERE i.county = split_part(r.key, ' ', 1)::int AND i.import = split_part(r.key, ' ', 2)::uuid
	AND i.part = split_part(r.key, ' ', 3)::int AND i.row = split_part(r.key, ' ', 4)::int
	AND i.document_hash = r.was

-- name: command_rekey_files :many
-- Files, two at a time, for one may have 8 MiB; bound to county and id (api/kernel/upload.c).
SELECT f.county || ' ' || f.id AS key, f.county, f.id, f.content AS sealed
FROM file f
WHERE f.content IS NOT NULL AND f.key_id <> :newest::int
	AND (f.county, f.id) > (split_part(:after::text, ' ', 1)::int, split_part(:after::text, ' ', 2)::uuid)
ORDER BY f.county, f.id
LIMIT 2

-- name: command_rekey_files_put :exec
-- The same, resealed; one that was purged meanwhile stays so.
UPDATE file f SET content = r.sealed, key_id = r.key_id::int
FROM jsonb_to_recordset(:rows::jsonb) AS r(key text, sealed bytea, key_id text)
WHERE f.county = split_part(r.key, ' ', 1)::int AND f.id = split_part(r.key, ' ', 2)::uuid
	AND f.content IS NOT NULL
