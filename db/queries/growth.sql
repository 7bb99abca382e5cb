-- A county of any size for `qinglan demo --teachers`: set by set, 500 teachers in a transaction.
--
-- What is written goes through the very triggers that the service's own writes do, but for the entries of
-- the ledger: posted one by one they would take hours, so growth_hours does for all of a part what
-- hour_entry_post() does for one, and their events, which would double the county's size, are left out.
-- Ids are made of numbers, so that whoever measures can name a random teacher:
-- 0199b0a4-7c00-7000-8000 + 12 digits, the last digit of 7c00 being 1 a school, 2 a teacher, 3 a class,
-- 4 a school's officer, 5 a course. Teachers 2k + 1 and 2k + 2 lead class k + 1 in school k modulo schools.

-- name: growth_room :one
-- Where the server keeps its data, if it is on this machine and the asking role may know (as a member of
-- pg_read_all_settings, whose rights the owner does not inherit); else nothing.
SELECT CASE WHEN inet_server_addr() IS NULL AND pg_has_role('pg_read_all_settings', 'MEMBER')
	THEN CASE WHEN set_config('role', 'pg_read_all_settings', true) <> ''
		THEN current_setting('data_directory') END END AS directory

-- name: growth_begin :exec
-- A part begins.
BEGIN

-- name: growth_ledger_open :exec
-- As the owner: until the part ends, entries come with sequence, chain and hash.
ALTER TABLE hour_entry DISABLE TRIGGER hour_entry_post, DISABLE TRIGGER event_write

-- name: growth_actor :exec
-- Who acts, as a request would say it; with the rights of the engine, which row security hides nothing from.
SELECT set_config('qinglan.county', :county::text, true), set_config('qinglan.ahead', '', true),
	set_config('qinglan.sees', 'all', true), set_config('qinglan.role', 'county', true),
	set_config('qinglan.person', :person::text, true), set_config('qinglan.office', :office::text, true),
	set_config('qinglan.operation', 'command', true), set_config('role', 'qinglan_engine', true)

-- name: growth_owner :exec
-- The owner again.
SELECT set_config('role', 'none', true)

-- name: growth_ledger_close :exec
-- Entries are posted one by one again.
ALTER TABLE hour_entry ENABLE TRIGGER hour_entry_post, ENABLE TRIGGER event_write

-- name: growth_commit :exec
-- The part is done.
COMMIT

-- name: growth_analyze :exec
-- As the owner: a table that was just filled is planned for as an empty one until it was looked at.
ANALYZE school, office, office_holder, person, person_token, membership, sight, class, homeroom_appointment,
	ledger_account, hour_entry, hour_source, hour_balance, requirement, requirement_version, requirement_state,
	course, course_session, enrolment, attendance, event

-- name: growth_schools :exec
-- Schools 0 to :schools - 1: of ten, six primary, three junior, one senior.
INSERT INTO school (county, id, code, name, category, stages, town)
SELECT this_county(), ('0199b0a4-7c01-7000-8000-' || lpad(s::text, 12, '0'))::uuid,
	k.code || '997' || lpad(s::text, 5, '0'), '第' || s + 1 || k.label, school_category(k.code), ARRAY[k.stage],
	'青山' || s / 20 + 1 || '镇'
FROM generate_series(0, :schools::int - 1) AS s
JOIN (VALUES (0, 5, '21', '小学', 'primary'), (6, 8, '31', '初级中学', 'junior'), (9, 9, '34', '中学', 'senior'))
	AS k(least, most, code, label, stage) ON s % 10 BETWEEN k.least AND k.most

-- name: growth_officers :exec
-- Somebody for the office of each school.
WITH name AS MATERIALIZED (
	SELECT n.i - 1 AS i, n.name->>'name' AS name, n.name->>'sort_key' AS sort_key,
		ARRAY(SELECT jsonb_array_elements_text(n.name->'tokens')) AS tokens,
		count(*) OVER () AS names
	FROM jsonb_array_elements(:names::jsonb) WITH ORDINALITY AS n(name, i)
), officer AS (
	INSERT INTO person (county, id, name, sort_key, tokens, officer, post, school)
	SELECT o.county, ('0199b0a4-7c04-7000-8000-' || right(o.school::text, 12))::uuid, n.name, n.sort_key, n.tokens,
		true, '德育主任', o.school
	FROM office o JOIN name n ON n.i = right(o.school::text, 12)::int * 13 % n.names
	WHERE o.county = this_county() AND o.school IS NOT NULL
	RETURNING county, id, school
)
INSERT INTO office_holder (county, office, school, person, during)
SELECT o.county, o.id, o.school, p.id, daterange(today(), NULL)
FROM officer p JOIN office o ON o.county = p.county AND o.school = p.school

-- name: growth_teachers :exec
-- Teachers :first to :last, as their memberships will say where they belong.
WITH name AS MATERIALIZED (
	SELECT n.i - 1 AS i, n.name->>'name' AS name, n.name->>'sort_key' AS sort_key,
		ARRAY(SELECT jsonb_array_elements_text(n.name->'tokens')) AS tokens,
		count(*) OVER () AS names
	FROM jsonb_array_elements(:names::jsonb) WITH ORDINALITY AS n(name, i)
)
INSERT INTO person (county, id, name, gender, birth_on, phone, sort_key, tokens, school, personnel_school, schools,
	teacher, teaching_stage, subjects)
SELECT s.county, ('0199b0a4-7c02-7000-8000-' || lpad(t.n::text, 12, '0'))::uuid, n.name,
	CASE t.n % 3 WHEN 0 THEN 'male' ELSE 'female' END, date '1966-01-01' + (t.n * 37::bigint % 12400)::int,
	'199' || lpad((t.n * 7919::bigint % 100000000)::text, 8, '0'), n.sort_key, n.tokens, s.id, s.id, ARRAY[s.id],
	true, s.stages[1], ARRAY[CASE t.n % 4 WHEN 0 THEN 'mathematics' WHEN 1 THEN 'english' ELSE 'chinese' END]
FROM generate_series(:first::int, :last::int) AS t(n)
JOIN school s ON s.county = this_county()
	AND s.id = ('0199b0a4-7c01-7000-8000-' || lpad(((t.n - 1) / 2 % :schools::int)::text, 12, '0'))::uuid
JOIN name n ON n.i = t.n * 101::bigint % n.names
ORDER BY t.n

-- name: growth_memberships :exec
-- They belong to one school, with record and work.
INSERT INTO membership (county, person, school, kind, during)
SELECT p.county, p.id, p.school, k.kind, daterange('2015-09-01', NULL)
FROM person p CROSS JOIN (VALUES ('working'), ('personnel')) AS k(kind)
WHERE p.county = this_county() AND p.id BETWEEN :first_id::uuid AND :last_id::uuid

-- name: growth_classes :exec
-- A class for every two of them.
INSERT INTO class (county, id, school, stage, entry_year, number)
SELECT p.county, ('0199b0a4-7c03-7000-8000-' || lpad((k.pair + 1)::text, 12, '0'))::uuid, p.school, p.teaching_stage,
	school_year_start(today()) - k.nth % k.years, 1 + k.nth / k.years
FROM person p
CROSS JOIN LATERAL (SELECT n.pair, n.pair / :schools::int AS nth,
		CASE p.teaching_stage WHEN 'primary' THEN 6 ELSE 3 END AS years
	FROM (SELECT (right(p.id::text, 12)::int - 1) / 2 AS pair) n) k
WHERE p.county = this_county() AND p.id BETWEEN :first_id::uuid AND :last_id::uuid
	AND right(p.id::text, 12)::int % 2 = 1

-- name: growth_appointments :exec
-- One of the two leads it, the other helps, since it entered.
INSERT INTO homeroom_appointment (county, person, class, school, kind, during)
SELECT p.county, p.id, c.id, c.school, k.kind, daterange(make_date(c.entry_year, 9, 1), NULL)
FROM person p
CROSS JOIN LATERAL (SELECT right(p.id::text, 12)::int AS n) t
JOIN class c ON c.county = p.county
	AND c.id = ('0199b0a4-7c03-7000-8000-' || lpad(((t.n + 1) / 2)::text, 12, '0'))::uuid
CROSS JOIN LATERAL (SELECT CASE t.n % 2 WHEN 1 THEN 'homeroom' ELSE 'deputy' END) AS k(kind)
WHERE p.county = this_county() AND p.id BETWEEN :first_id::uuid AND :last_id::uuid

-- name: growth_accounts :exec
-- Their accounts in the ledger, with nothing in them yet.
INSERT INTO ledger_account (county, person, school)
SELECT p.county, p.id, p.school FROM person p
WHERE p.county = this_county() AND p.id BETWEEN :first_id::uuid AND :last_id::uuid

-- name: growth_hours :exec
-- :entries hours of each, as if a list of another system were posted today: the last hundred over five years,
-- those before over the years before. Entry by entry for all of them, as hours come in life: so the entries of
-- one teacher lie far from each other.
WITH RECURSIVE posted AS (
	SELECT a.county, a.id AS account, a.person, a.school, right(a.person::text, 12)::int AS n,
		:entries::int AS last_seq, a.head_seq AS seq, a.head_hash AS chain, NULL::hour_entry AS e
	FROM ledger_account a
	WHERE a.county = this_county() AND a.person IN (SELECT p.id FROM person p
		WHERE p.county = this_county() AND p.id BETWEEN :first_id::uuid AND :last_id::uuid)
	UNION ALL
	SELECT p.county, p.account, p.person, p.school, p.n, p.last_seq, p.seq + 1,
		hour_entry_link(p.chain, hour_entry_form(d.e, p.account, p.seq + 1)), d.e
	FROM posted p
	CROSS JOIN LATERAL (
		SELECT ROW(p.county, uuid_v7(), p.account, p.seq + 1, p.person, p.school,
			1 + 0.25 * (p.n % 4) + 0.5 * (p.seq % 2),
			(ARRAY['county', 'school', 'county', 'city', 'self_study'])[1 + (p.seq + p.n) % 5],
			NULL, today() - (least(b.older, 100) * 18 + greatest(b.older - 100, 0) * 12 + p.n % 18)::int,
			'external_certificate', 'QL-' || b.older + 1, NULL, '旧系统转入', NULL, NULL,
			current_setting('qinglan.person')::uuid, current_setting('qinglan.office')::uuid, NULL,
			date_trunc('milliseconds', clock_now()), 1, NULL)::hour_entry AS e
		FROM (SELECT p.last_seq - p.seq - 1 AS older) b
	) d
	WHERE p.seq < p.last_seq
), entry AS (
	INSERT INTO hour_entry (county, id, account, seq, person, school, hours, level, activity_on, source_kind,
		source_key, note, posted_by, office, posted_at, form, chain)
	SELECT (p.e).county, (p.e).id, (p.e).account, (p.e).seq, (p.e).person, (p.e).school, (p.e).hours, (p.e).level,
		(p.e).activity_on, (p.e).source_kind, (p.e).source_key, (p.e).note, (p.e).posted_by, (p.e).office,
		(p.e).posted_at, (p.e).form, p.chain
	FROM posted p WHERE p.seq > 0
	RETURNING county, id, account, seq, person, school, hours, level, activity_on, source_kind, source_key, chain
), source AS (
	INSERT INTO hour_source (county, kind, key, person, entry)
	SELECT e.county, e.source_kind, e.source_key, e.person, e.id FROM entry e
), balance AS (
	INSERT INTO hour_balance (county, person, year, level, school, hours)
	SELECT e.county, e.person, date_part('year', e.activity_on), e.level, e.school, sum(e.hours)
	FROM entry e GROUP BY e.county, e.person, date_part('year', e.activity_on), e.level, e.school
)
UPDATE ledger_account a SET head_seq = e.seq, head_hash = e.chain
FROM entry e WHERE e.seq = :entries::int AND a.county = e.county AND a.id = e.account

-- name: growth_course :exec
-- A course of the county for them, open and held yesterday.
WITH held AS (
	INSERT INTO course (county, id, title, level, hours, state, opened_at, provider)
	SELECT this_county(), c.id, '班主任集中培训第' || (:first::int - 1) / 500 + 1 || '期', 'county', 6, 'open',
		clock_now(), '教师进修学校'
	FROM (SELECT ('0199b0a4-7c05-7000-8000-' || lpad(((:first::int - 1) / 500 + 1)::text, 12, '0'))::uuid) AS c(id)
	RETURNING county, id, shown
)
INSERT INTO course_session (county, course, shown, starts_at, minutes, place, theme)
SELECT h.county, h.id, h.shown, clock_now() - interval '1 day', 270, '进修学校三楼', '家校沟通' FROM held h

-- name: growth_enrolments :exec
-- All of them take part.
INSERT INTO enrolment (county, course, person, school, way, state, entered_by)
SELECT p.county, ('0199b0a4-7c05-7000-8000-' || lpad(((:first::int - 1) / 500 + 1)::text, 12, '0'))::uuid, p.id,
	p.school, 'audience', 'admitted', current_setting('qinglan.person')::uuid
FROM person p
WHERE p.county = this_county() AND p.id BETWEEN :first_id::uuid AND :last_id::uuid

-- name: growth_attendance :exec
-- And were there.
INSERT INTO attendance (county, session, course, enrolment, person, school, state, minutes, way)
SELECT e.county, s.id, e.course, e.id, e.person, e.school, 'present', s.minutes, 'sheet'
FROM enrolment e JOIN course_session s ON s.county = e.county AND s.course = e.course
WHERE e.county = this_county()
	AND e.course = ('0199b0a4-7c05-7000-8000-' || lpad(((:first::int - 1) / 500 + 1)::text, 12, '0'))::uuid
