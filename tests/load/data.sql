-- The benchmark's county: 64 schools, :teachers teachers, :entries hour entries
-- each.  Run as superuser, before floor/setup.sql; row triggers are off, since what they
-- would keep is written here, so chains of these entries do not verify.
--
-- Every id is made from a number, so that pgbench can name a random one: see bench_id().
\set ON_ERROR_STOP on
SET search_path = qinglan;
SET synchronous_commit = off;

SELECT county_add('990101', '青蓝县') AS county \gset

SET session_replication_role = replica;

CREATE FUNCTION bench_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ('0199b0a4-7c0' || kind || '-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
GRANT EXECUTE ON FUNCTION bench_id(int, bigint) TO PUBLIC;

INSERT INTO school (county, id, code, name, category, stages, town)
SELECT :county, bench_id(1, s), '21997' || lpad(s::text, 5, '0'), '第' || s || '小学', 'primary',
	ARRAY['primary'], '青山镇'
FROM generate_series(0, 63) s;

-- Teacher N works at school N % 64.
INSERT INTO person (county, id, name, gender, birth_on, phone, sort_key, school, personnel_school,
	schools, teacher, teaching_stage, subjects, title)
SELECT :county, bench_id(2, t), '教师' || t, 'female', '1985-01-01', '13900000000',
	'jiaoshi' || lpad(t::text, 6, '0'), bench_id(1, t % 64), bench_id(1, t % 64),
	ARRAY[bench_id(1, t % 64)], true, 'primary', ARRAY['chinese'], 'level_1'
FROM generate_series(1, :teachers) t;

-- Officers, one to act for each of the 64 actors.
INSERT INTO person (county, id, name, sort_key, officer)
SELECT :county, bench_id(3, o), '专员' || o, 'zhuanyuan' || lpad(o::text, 6, '0'), true
FROM generate_series(0, 63) o;

-- Officer N holds the bureau's office and the one of school N.
INSERT INTO office (county, id, school, kind, name)
SELECT :county, bench_id(6, s), bench_id(1, s), 'moral_education', '德育处' FROM generate_series(0, 63) s;
INSERT INTO office_holder (county, office, school, person, during)
SELECT :county, bench_id(6, s), bench_id(1, s), bench_id(3, s), daterange('2020-09-01', NULL)
FROM generate_series(0, 63) s
UNION ALL
SELECT :county, b.id, NULL, bench_id(3, s), daterange('2020-09-01', NULL)
FROM (SELECT id FROM office WHERE school IS NULL ORDER BY id LIMIT 1) b, generate_series(0, 63) s;

INSERT INTO membership (county, person, school, kind, during)
SELECT :county, bench_id(2, t), bench_id(1, t % 64), k.kind, '[2010-09-01,)'
FROM generate_series(1, :teachers) t, (VALUES ('working'), ('personnel')) k(kind);

INSERT INTO sight (county, school, person, until_on)
SELECT :county, bench_id(1, t % 64), bench_id(2, t), 'infinity'
FROM generate_series(1, :teachers) t;

INSERT INTO ledger_account (county, id, person, school, head_seq)
SELECT :county, bench_id(4, t), bench_id(2, t), bench_id(1, t % 64), :entries
FROM generate_series(1, :teachers) t;

INSERT INTO hour_entry (county, id, account, seq, person, school, hours, level, activity_on,
	source_kind, source_key, posted_by, posted_at, form,
	chain)
SELECT :county, bench_id(5, (t - 1) * :entries + e), bench_id(4, t), e, bench_id(2, t),
	bench_id(1, t % 64), 1.50, CASE e % 3 WHEN 0 THEN 'county' WHEN 1 THEN 'school' ELSE 'self_study' END,
	date '2021-01-01' + (e * 17) % 2000, 'opening_balance', 'bench-' || e, bench_id(3, 0), machine_now(), 1,
	sha256('bench')
FROM generate_series(1, :entries) e, generate_series(1, :teachers) t
-- As they come in life, not person by person: the floor's rows lie the same way.
ORDER BY e, t;

INSERT INTO hour_source (county, kind, key, person, entry)
SELECT county, source_kind, source_key, person, id FROM hour_entry;

INSERT INTO hour_balance (county, person, year, level, school, hours)
SELECT e.county, e.person, date_part('year', e.activity_on), e.level, a.school, sum(e.hours)
FROM hour_entry e JOIN ledger_account a ON a.county = e.county AND a.id = e.account
GROUP BY 1, 2, 3, 4, 5;

SET session_replication_role = origin;
VACUUM ANALYZE;
CHECKPOINT;
\echo :county
