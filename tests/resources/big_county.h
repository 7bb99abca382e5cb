/*
 * big_county.h -- a county of 20,000 teachers with 100,000 hour entries, and the ids in it that
 * tests of what is read ask by.
 */
#ifndef QINGLAN_TEST_BIG_COUNTY_H
#define QINGLAN_TEST_BIG_COUNTY_H

#define ID(kind, n) "0199b0a4-7c0" #kind "-7000-8000-" #n
#define HERS ID(2, 000000000777)
#define HER_SCHOOL ID(1, 000000000009) /* 777 % 64 */
#define ENTRY ID(5, 000000000777)
#define REQUIREMENT ID(7, 000000000001)
#define COURSE ID(6, 000000000009)     /* of her school; she is in it */
#define EVERYBODYS ID(6, 000000000002) /* a course of the county */
#define LIST ID(8, 000000000001)
#define SCHOOLS ID(8, 000000000011)
#define HOURS ID(8, 000000000012)
#define CLASS ID(6, 000000000777) /* hers */
#define OFFICE ID(9, 000000000001)
#define SCHOOL_YEAR ID(6, 000000000001)
#define TERM ID(6, 000000000002)
#define CALL ID(9, 000000000002)
#define OTHER_CALL ID(9, 000000000003) /* that nobody answered */
#define REPORT ID(6, 000000000009)
#define ACTIVITY ID(3, 000000000009) /* of her school; she is in it, as in the next two */
#define PLAN ID(3, 000000000009)
#define COHORT ID(3, 000000000009)
#define LIST_MADE ID(8, 000000000013)
#define LIST_CHANGED ID(8, 000000000014)
#define LIST_HOURS ID(8, 000000000015)
#define SESSION ID(6, 000000000101)

static const char county_of_many[] =
	"SET session_replication_role = replica; SET synchronous_commit = off;"
	"CREATE FUNCTION pg_temp.id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS"
	" $$ SELECT ('0199b0a4-7c0' || kind || '-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;"
	"INSERT INTO school_year (county, id, name, during)"
	" VALUES (3, '" SCHOOL_YEAR "', '2031-2032', '[2031-09-01,2032-09-01)');"
	"INSERT INTO term (county, id, school_year, name, number, during)"
	" VALUES (3, '" TERM "', '" SCHOOL_YEAR "', '上学期', 1, '[2031-09-01,2032-02-01)');"
	"INSERT INTO school (county, id, code, name, category, stages, town)"
	" SELECT 3, pg_temp.id(1, s), '21997' || lpad(s::text, 5, '0'), '校' || s, 'primary',"
	" '{primary}', '镇' FROM generate_series(0, 63) s;"
	"INSERT INTO person (county, id, name, phone, sort_key, school, personnel_school, schools,"
	" teacher, officer, external, title, teaching_stage,"
	" document_type, document_masked, resident_sealed, resident_hash)"
	" SELECT 3, pg_temp.id(2, t), '师' || t, '139' || lpad(t::text, 8, '0'),"
	" 'shi' || lpad(t::text, 6, '0'), pg_temp.id(1, t % 64), pg_temp.id(1, t % 64),"
	" ARRAY[pg_temp.id(1, t % 64)], true, t % 100 = 77, t % 1000 = 123,"
	" CASE WHEN t % 1000 = 777 THEN 'first' END, 'primary',"
	" 'passport', '*', '\\x0101', sha256(t::text::bytea)"
	" FROM generate_series(1, 20000) t;"
	"INSERT INTO person_token (county, school, person, token)"
	" SELECT 3, p.school, p.id, u.token FROM person p CROSS JOIN LATERAL"
	" (VALUES (p.sort_key), (right(p.phone, 4))) AS u(token) WHERE p.county = 3;"
	"INSERT INTO membership (county, person, school, kind, during)"
	" SELECT 3, p.id, p.school, 'working', '[2010-09-01,)' FROM person p WHERE p.county = 3;"
	"INSERT INTO sight (county, school, person, until_on)"
	" SELECT 3, p.school, p.id, 'infinity' FROM person p WHERE p.county = 3;"
	"INSERT INTO title (county, person, school, name, obtained_on)"
	" SELECT 3, p.id, p.school, coalesce(p.title, 'second'), '2020-12-01' FROM person p"
	" WHERE p.county = 3;"
	"INSERT INTO identifier (county, person, school, source, value)"
	" SELECT 3, p.id, p.school, '继教', p.sort_key FROM person p WHERE p.county = 3;"
	"INSERT INTO homeroom_appointment (county, person, school, class, kind, during, letter,"
	" letter_version)"
	" SELECT 3, p.id, p.school, pg_temp.id(6, right(p.id::text, 12)::bigint), 'reserve',"
	" '[2020-09-01,)', l.letter, (l.letter IS NOT NULL)::int"
	" FROM person p CROSS JOIN LATERAL"
	" (SELECT CASE WHEN p.sort_key LIKE '%073' THEN '责任书' END AS letter) l WHERE p.county = 3;"
	"INSERT INTO ledger_account (county, id, person, school, head_seq)"
	" SELECT 3, pg_temp.id(4, t), pg_temp.id(2, t), pg_temp.id(1, t % 64), 5"
	" FROM generate_series(1, 20000) t;"
	"INSERT INTO hour_entry (county, id, account, seq, person, school, hours, level, activity_on,"
	" source_kind, source_key, client, posted_at, form, chain)"
	" SELECT 3, pg_temp.id(5, (e - 1) * 20000 + t), pg_temp.id(4, t), e, pg_temp.id(2, t),"
	" pg_temp.id(1, t % 64), 1.50, 'county', date '2022-01-01' + (e * 97 + t) % 1500,"
	" 'adjustment', 'x' || ((e - 1) * 20000 + t), 'test', machine_now(), 1, sha256('x')"
	" FROM generate_series(1, 5) e, generate_series(1, 20000) t;"
	"INSERT INTO hour_source (county, kind, key, person, entry)"
	" SELECT county, source_kind, source_key, person, id FROM hour_entry WHERE county = 3;"
	"INSERT INTO hour_balance (county, person, year, level, school, hours)"
	" SELECT 3, p.id, y, 'county', p.school, 3 FROM person p, generate_series(2022, 2025) y"
	" WHERE p.county = 3;"
	"INSERT INTO requirement (county, id, name, window_kind)"
	" VALUES (3, '" REQUIREMENT "', '规定', 'calendar_year');"
	"INSERT INTO requirement_version (county, id, requirement, effective_on, kinds, target)"
	" VALUES (3, '" REQUIREMENT "', '" REQUIREMENT "', '2022-01-01', '{reserve}', 30);"
	"INSERT INTO requirement_state (county, requirement, window_on, person, ends_on,"
	" requirement_version, school, needed, counted, short, levels)"
	" SELECT 3, '" REQUIREMENT "', make_date(y, 1, 1), p.id, make_date(y, 12, 31),"
	" '" REQUIREMENT "', p.school, 30, 3, 27, '{}'"
	" FROM person p, generate_series(2022, 2026) y WHERE p.county = 3;"
	"INSERT INTO import (county, id, kind, school, as_of_on, purge_at)"
	" SELECT 3, pg_temp.id(8, i), 'teachers', CASE i WHEN 1 THEN uuid '" HER_SCHOOL "' END,"
	" '2026-09-01', machine_now() FROM generate_series(1, 10) i;"
	"INSERT INTO import (county, id, kind, school, as_of_on, purge_at)"
	" VALUES (3, '" SCHOOLS "', 'schools', NULL, '2026-09-01', machine_now()),"
	" (3, '" HOURS "', 'hours', '" HER_SCHOOL "', '2026-09-01', machine_now());"
	"INSERT INTO import_row (county, import, part, \"row\", outcome, name, person, school,"
	" owner_school)"
	" SELECT 3, i.id, 1, t, 'accepted', '师', pg_temp.id(2, t), pg_temp.id(1, t % 64), i.school"
	" FROM generate_series(1, 20000) t JOIN import i ON i.id = pg_temp.id(8, 1 + t / 64 % 12);"
	"INSERT INTO enrolment (county, id, course, person, school, way, state, queue_number)"
	" SELECT 3, pg_temp.id(3, t), pg_temp.id(6, 1 + (t + 1) % 70), pg_temp.id(2, t), pg_temp.id(1, t % 64),"
	" 'application', CASE WHEN t % 9 = 0 THEN 'waiting' WHEN t % 100 = 5 THEN 'applied'"
	" WHEN t % 100 = 6 THEN 'agreed' ELSE 'admitted' END, t"
	" FROM generate_series(1, 20000) t;"
	"INSERT INTO office (county, id, school, name, kind)"
	" VALUES (3, '" OFFICE "', '" HER_SCHOOL "', '校办', 'school');"
	"INSERT INTO office_holder (county, office, school, person, during)"
	" VALUES (3, '" OFFICE "', '" HER_SCHOOL "', '" HERS "', '[2020-09-01,)');"
	"INSERT INTO class (county, school, stage, entry_year, number)"
	" SELECT 3, pg_temp.id(1, s), 'primary', 2021 + c % 6, 1 + c / 6"
	" FROM generate_series(0, 63) s, generate_series(0, 29) c;"
	"INSERT INTO course (county, id, school, title, level, hours, state, modules, modes)"
	" SELECT 3, pg_temp.id(6, c), CASE c % 2 WHEN 1 THEN pg_temp.id(1, c % 64) END, '课' || c,"
	" 'cluster', 3, CASE WHEN c <= 80 OR c % 50 < 2 THEN 'open' ELSE 'settled' END,"
	" ARRAY[uuid '" ENTRY "'], ARRAY[uuid '" ENTRY "'] FROM generate_series(1, 5000) c;"
	"INSERT INTO course_allotment (county, course, school, places)"
	" SELECT 3, pg_temp.id(6, c), pg_temp.id(1, s), 500"
	" FROM generate_series(1, 500) c, generate_series(0, 63) s;"
	"INSERT INTO course_session (county, course, school, shown, starts_at, minutes)"
	" SELECT 3, c.id, c.school, c.shown, clock_now() + make_interval(days => s), 60"
	" FROM course c CROSS JOIN generate_series(1, 2) s WHERE c.county = 3;"
	"INSERT INTO file (county, school, course, shown, name, media_type, size, content_hash,"
	" content, key_id, purge_at)"
	" SELECT 3, c.school, c.id, c.shown, '通知' || n, 'application/pdf', 5, '', '', 1, 'infinity'"
	" FROM course c CROSS JOIN generate_series(1, 2) n WHERE c.county = 3;"
	/* One who left her school. */
	"INSERT INTO person (county, id, name, sort_key, teacher, schools)"
	" VALUES (3, pg_temp.id(2, 20002), '旧', 'jiu', true, ARRAY[uuid '" HER_SCHOOL "']);"
	"INSERT INTO membership (county, person, school, kind, during)"
	" VALUES (3, pg_temp.id(2, 20002), '" HER_SCHOOL "', 'working', '[2010-09-01,2020-09-01)');"
	"INSERT INTO sight (county, school, person, until_on, known)"
	" VALUES (3, '" HER_SCHOOL "', pg_temp.id(2, 20002), '2020-08-31', '{\"name\": \"旧\"}');"
	"INSERT INTO course_session (county, id, course, shown, starts_at, minutes)"
	" SELECT 3, pg_temp.id(6, 100 + c), pg_temp.id(6, c), 'county', '2026-10-10 01:00+00', 45"
	" FROM generate_series(1, 20) c;"
	"INSERT INTO enrolment (county, id, course, person, school, way, state, admitted_at)"
	" SELECT 3, pg_temp.id(6, c * 100000 + t), pg_temp.id(6, c), pg_temp.id(2, t),"
	" pg_temp.id(1, t % 64), 'nomination', 'admitted', '2026-09-01'"
	" FROM generate_series(1, 20) c, generate_series(700, 899) t ON CONFLICT DO NOTHING;"
	"INSERT INTO attendance (county, session, course, enrolment, person, school, state, minutes, way)"
	" SELECT 3, s.id, e.course, e.id, e.person, e.school, 'present', 45, 'sheet'"
	" FROM enrolment e JOIN course_session s ON s.course = e.course WHERE e.county = 3;"
	"INSERT INTO session_leave (county, session, course, enrolment, person, school, reason, state)"
	" SELECT 3, s.id, e.course, e.id, e.person, e.school, '事',"
	" CASE WHEN right(e.id::text, 2) = '77' THEN 'asked' ELSE 'granted' END"
	" FROM enrolment e JOIN course_session s ON s.course = e.course WHERE e.county = 3;"
	/* Sessions of which nothing was recorded. */
	"INSERT INTO course_session (county, course, school, shown, starts_at, minutes)"
	" SELECT 3, c.id, c.school, c.shown, '2026-10-12 01:00+00', 45 FROM course c"
	" WHERE c.county = 3 AND c.state = 'open';"
	"UPDATE course SET taken = 200 WHERE county = 3 AND state = 'open';"
	"INSERT INTO roster_call (county, id, title, as_of_on, due_on)"
	" VALUES (3, '" CALL "', '花名册', '2026-10-01', '2026-10-31'),"
	" (3, '" OTHER_CALL "', '花名册', '2026-10-01', '2026-11-30');"
	"INSERT INTO roster_report (county, id, call, school, round, row_count)"
	" SELECT 3, pg_temp.id(6, s), '" CALL "', pg_temp.id(1, s), 1, 312"
	" FROM generate_series(0, 63) s;"
	"INSERT INTO roster_report_row (county, report, \"row\", school, person, entry, state)"
	" SELECT 3, pg_temp.id(6, t % 64), t, pg_temp.id(1, t % 64), pg_temp.id(2, t), '{}',"
	" 'waiting' FROM generate_series(1, 20000) t;"
	/* An activity, and a plan with a cohort, of each school. */
	"INSERT INTO activity (county, id, school, kind, theme, held_on)"
	" SELECT 3, pg_temp.id(3, s), pg_temp.id(1, s), 'forum', '论坛', '2026-10-12'"
	" FROM generate_series(0, 63) s;"
	"INSERT INTO plan (county, id, school, title, during)"
	" SELECT 3, pg_temp.id(3, s), pg_temp.id(1, s), '方案', '[2026-09-01,2027-09-01)'"
	" FROM generate_series(0, 63) s;"
	"INSERT INTO cohort (county, id, plan, organiser, number, name, during)"
	" SELECT 3, p.id, p.id, p.school, 1, '第一批', p.during FROM plan p WHERE p.county = 3;"
	"INSERT INTO deliverable (county, person, school, type, month, term, course, title, entered, state)"
	" SELECT 3, p.id, p.school, 'monthly_report', CASE k.n WHEN 1 THEN date '2026-10-01' END,"
	" CASE k.n WHEN 2 THEN uuid '" TERM "' END, CASE k.n WHEN 3 THEN uuid '" COURSE
	"' END, '月报',"
	" false, 'submitted' FROM person p CROSS JOIN generate_series(1, 3) AS k(n)"
	" WHERE p.county = 3 AND p.sort_key BETWEEN 'shi' AND 'shi002000';"
	"INSERT INTO cohort_member (county, plan, person, cohort, school)"
	" SELECT 3, c.plan, pg_temp.id(2, t), c.id, pg_temp.id(1, t % 64)"
	" FROM cohort c CROSS JOIN generate_series(500, 999) t WHERE c.county = 3;"
	"INSERT INTO activity_attendance (county, activity, person, school, state)"
	" SELECT 3, a.id, pg_temp.id(2, t), pg_temp.id(1, t % 64), 'present'"
	" FROM activity a CROSS JOIN generate_series(500, 999) t WHERE a.county = 3;"
	/* Lists of one row: who was made, who was changed, what was posted. */
	"INSERT INTO person (county, id, name, sort_key, teacher)"
	" VALUES (3, pg_temp.id(2, 20001), '新', 'xin', true);"
	"INSERT INTO import (county, id, kind, state, as_of_on, purge_at, committed_at)"
	" SELECT 3, pg_temp.id(8, i), CASE i WHEN 15 THEN 'hours' ELSE 'teachers' END, 'committed',"
	" '2026-09-01', 'infinity', machine_now() FROM generate_series(13, 15) i;"
	"INSERT INTO import_row (county, import, part, \"row\", outcome, name, person, made, before)"
	" VALUES (3, '" LIST_MADE "', 1, 1, 'accepted', '新', pg_temp.id(2, 20001),"
	" '{\"person\": true}', '{}'), (3, '" LIST_CHANGED "', 1, 1, 'changed', '师', '" HERS "',"
	" '{\"memberships\": []}', '{\"version\": 1}'), (3, '" LIST_HOURS "', 1, 1, 'accepted',"
	" '师', '" HERS "', '{\"entry\": \"" ENTRY "\"}', '{}');"
	"SELECT import_keep_given(i) FROM import i WHERE i.id = '" LIST_CHANGED "';"
	"INSERT INTO county_clock VALUES (3, timestamptz '2026-10-15 10:00+08' - machine_now());"
	"SET session_replication_role = origin; SET synchronous_commit = on; ANALYZE";

#endif
