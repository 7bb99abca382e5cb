/*
 * explain_test.c -- what the hot queries read of big tables: by index, and little.
 *
 * A county of 20,000 teachers with 100,000 hour entries. Each query runs as its reader with the
 * plans that the service uses, and PostgreSQL's own counts of the transaction tell what was read,
 * also inside functions, where EXPLAIN does not look. It is not about time.
 */
#include "ledger.h"

/* Rows that a page of 500 may cost, of all big tables together. */
enum { ROWS_MAX = 3000 };

#define BIG                                                                                        \
	"('person', 'person_token', 'membership', 'sight', 'hour_entry', 'hour_source', "          \
	"'hour_balance', 'ledger_account', 'requirement_state', 'homeroom_appointment', "          \
	"'import_row')"

#define ID(kind, n) "0199b0a4-7c0" #kind "-7000-8000-" #n
#define HERS ID(2, 000000000777)
#define HER_SCHOOL ID(1, 000000000009) /* 777 % 64 */
#define ENTRY ID(5, 000000000777)
#define REQUIREMENT ID(7, 000000000001)
#define LIST ID(8, 000000000001)

static const char county_of_many[] =
	"SET session_replication_role = replica; SET synchronous_commit = off;"
	"CREATE FUNCTION pg_temp.id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS"
	" $$ SELECT ('0199b0a4-7c0' || kind || '-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;"
	"INSERT INTO school (county, id, code, name, category, stages)"
	" SELECT 3, pg_temp.id(1, s), '21997' || lpad(s::text, 5, '0'), '校' || s, 'primary',"
	" '{primary}' FROM generate_series(0, 63) s;"
	"INSERT INTO person (county, id, name, phone, sort_key, school, personnel_school, schools,"
	" teacher) SELECT 3, pg_temp.id(2, t), '师' || t, '139' || lpad(t::text, 8, '0'),"
	" 'shi' || lpad(t::text, 6, '0'), pg_temp.id(1, t % 64), pg_temp.id(1, t % 64),"
	" ARRAY[pg_temp.id(1, t % 64)], true FROM generate_series(1, 20000) t;"
	"INSERT INTO person_token (county, school, person, token)"
	" SELECT 3, p.school, p.id, u.token FROM person p CROSS JOIN LATERAL"
	" (VALUES (p.sort_key), (right(p.phone, 4))) AS u(token) WHERE p.county = 3;"
	"INSERT INTO membership (county, person, school, kind, during)"
	" SELECT 3, p.id, p.school, 'working', '[2010-09-01,)' FROM person p WHERE p.county = 3;"
	"INSERT INTO sight (county, school, person, until_on)"
	" SELECT 3, p.school, p.id, 'infinity' FROM person p WHERE p.county = 3;"
	"INSERT INTO homeroom_appointment (county, person, school, kind, during)"
	" SELECT 3, p.id, p.school, 'reserve', '[2020-09-01,)' FROM person p WHERE p.county = 3;"
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
	"INSERT INTO import (county, id, kind, as_of_on, purge_at)"
	" SELECT 3, pg_temp.id(8, i), 'teachers', '2026-09-01', machine_now()"
	" FROM generate_series(1, 10) i;"
	"INSERT INTO import_row (county, import, part, \"row\", outcome, name, person, school)"
	" SELECT 3, pg_temp.id(8, 1 + t / 64 % 10), 1, t, 'accepted', '师', pg_temp.id(2, t),"
	" pg_temp.id(1, t % 64) FROM generate_series(1, 20000) t;"
	"INSERT INTO county_clock VALUES (3, timestamptz '2026-10-15 10:00+08' - machine_now());"
	"SET session_replication_role = origin; SET synchronous_commit = on; ANALYZE";

/* --- counting --- */

/* Scans of whole big tables and rows read of them; counts of before that were not yet reported too. */
static void counts(PGconn *c, long *scans, long *rows)
{
	const char *both = sql_value(
		c,
		"SELECT sum(seq_scan) || ' ' || sum(seq_tup_read + idx_tup_fetch)"
		" FROM pg_stat_xact_user_tables WHERE schemaname = 'qinglan' AND relname IN " BIG);
	char *end;

	*scans = strtol(both, &end, 10);
	*rows = strtol(end, NULL, 10);
}

/* Whether a query reads no big table whole and few rows; a page as a first page of 500. */
static bool reads_little(PGconn *c, const char *name, const char *sort, const char *const *pairs)
{
	long scans[2], rows[2];
	PGresult *r;
	int found;

	sql_value(c, "BEGIN");
	counts(c, &scans[0], &rows[0]);
	r = query_result(c, name, sort, pairs);
	found = PQntuples(r);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", name, PQresultErrorMessage(r));
	PQclear(r);
	counts(c, &scans[1], &rows[1]);
	sql_value(c, "COMMIT");
	if (!found)
		fail_msg("%s gave no row: nothing was tried", name);
	if (scans[1] == scans[0] && rows[1] - rows[0] <= ROWS_MAX)
		return true;
	print_message("%s: %ld scans of a whole table, %ld rows\n", name, scans[1] - scans[0],
		      rows[1] - rows[0]);
	return false;
}

#define READS_LITTLE(c, name, sort, ...)                                                           \
	assert_true(reads_little(c, name, sort, (const char *const[]){__VA_ARGS__, NULL}))

static void as_county(void)
{
	sql_act(sql->app, "3", "county", "all", "", OFFICER);
	sql_value(sql->app, "SELECT set_config('qinglan.subject', '" HERS "', false)");
}

static void as_school(void)
{
	sql_act(sql->app, "3", "school", "school", HER_SCHOOL, OFFICER);
	sql_value(sql->app, "SELECT set_config('qinglan.subject', '" HERS "', false)");
}

static void as_teacher(void)
{
	sql_act(sql->app, "3", "teacher", "self", "", HERS);
	sql_value(sql->app, "SELECT set_config('qinglan.subject', '" HERS "', false)");
}

static void (*const readers[])(void) = {as_county, as_school, as_teacher};

/* --- the queries --- */

static void what_is_of_one_teacher_is_read_by_index(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		readers[i]();
		READS_LITTLE(sql->app, "teacher_get", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "teacher_get", NULL, "teacher_id", HERS, "expand",
			     "[\"school\"]");
		READS_LITTLE(sql->app, "teacher_hours", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "teacher_hours", "activity_on", "teacher_id", HERS, "year",
			     "2024");
		READS_LITTLE(sql->app, "teacher_hours_balance", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "teacher_requirements", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "membership_list", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "hour_entry_get", NULL, "entry_id", ENTRY);
	}
}

static void a_page_of_teachers_is_read_by_index(void **state)
{
	(void)state;
	as_county();
	READS_LITTLE(sql->app, "teacher_list", "name", "x", "");
	READS_LITTLE(sql->app, "teacher_list", "-name", "expand", "[\"school\"]");
	READS_LITTLE(sql->app, "teacher_list", "name", "school_id", HER_SCHOOL);
	READS_LITTLE(sql->app, "teacher_list", "name", "q", "shi00077");
	READS_LITTLE(sql->app, "teacher_list", "name", "q", "0777", "school_id", HER_SCHOOL);
	as_school();
	READS_LITTLE(sql->app, "teacher_list", "name", "school_id", HER_SCHOOL);
	READS_LITTLE(sql->app, "teacher_list", "name", "q", "shi00077");
}

static void a_page_of_the_ledger_is_read_by_index(void **state)
{
	(void)state;
	as_county();
	READS_LITTLE(sql->app, "hour_entry_list", "-posted_at", "x", "");
	READS_LITTLE(sql->app, "hour_entry_list", "posted_at", "level", "county");
	READS_LITTLE(sql->app, "hour_entry_list", "-posted_at", "source_key", "x777", "source_kind",
		     "adjustment");
}

static void a_page_of_an_import_is_read_by_index(void **state)
{
	(void)state;
	as_county();
	READS_LITTLE(sql->app, "teacher_import_rows", "row", "import_id", LIST);
	READS_LITTLE(sql->app, "teacher_import_rows", "row", "import_id", LIST, "outcome",
		     "accepted");
	READS_LITTLE(sql->app, "teacher_import_missing", "name", "import_id", LIST);
}

static void requirements_are_read_without_people(void **state)
{
	(void)state;
	as_county();
	READS_LITTLE(sql->app, "requirement_list", "name", "x", "");
	READS_LITTLE(sql->app, "requirement_get", NULL, "requirement_id", REQUIREMENT);
}

/* A report of a school reads that school's people. */
static void a_report_of_a_school_reads_its_own(void **state)
{
	(void)state;
	as_school();
	READS_LITTLE(sql->app, "report_short", "name", "requirement_id", REQUIREMENT);
	READS_LITTLE(sql->app, "report_compliance", NULL, "requirement_id", REQUIREMENT);
}

/* Last, for it takes away what the others stand on. */
static void an_index_that_is_missing_is_noticed(void **state)
{
	static const char *const hours[] = {"teacher_id", HERS, NULL};
	static const char *const found[] = {"q", "shi00077", NULL};
	static const char *const none[] = {NULL};

	(void)state;
	as_county();
	sql_value(sql->super,
		  "DROP INDEX hour_entry_of_person, person_token_by_county, person_by_name");
	assert_false(reads_little(sql->app, "teacher_hours", NULL, hours));
	assert_false(reads_little(sql->app, "teacher_list", "name", found));
	assert_false(reads_little(sql->app, "teacher_list", "name", none));
}

static int set_up(void **state)
{
	(void)state;
	if (ledger_begin("explain"))
		return -1;
	as_engine("SELECT county_add('230127', '大县')");
	sql_value(sql->super, county_of_many);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ledger_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_of_one_teacher_is_read_by_index),
		cmocka_unit_test(a_page_of_teachers_is_read_by_index),
		cmocka_unit_test(a_page_of_the_ledger_is_read_by_index),
		cmocka_unit_test(a_page_of_an_import_is_read_by_index),
		cmocka_unit_test(requirements_are_read_without_people),
		cmocka_unit_test(a_report_of_a_school_reads_its_own),
		cmocka_unit_test(an_index_that_is_missing_is_noticed),
	};

	return cmocka_run_group_tests_name("explain", tests, set_up, tear_down);
}
