/*
 * requirement_state_sql_test.c -- lists of who is short and files of them, and that what the
 * engine keeps of requirements is what a count from scratch gives, whatever happens at the same
 * time; db/migrations/0028_requirement_state.sql, db/queries/reports.sql.
 */
#include "resources/requirement.h"

static int set_up(void **state)
{
	(void)state;
	return requirement_begin("requirement_state_sql");
}

static int tear_down(void **state)
{
	(void)state;
	ledger_end();
	return 0;
}

static int clear(void **state)
{
	(void)state;
	ledger_clear();
	act_county(sql->app);
	return 0;
}

/* --- lists and files --- */

static void who_is_short_is_listed_with_how_much(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2026-01-01", "10",
				       "[{\"level\":\"county\",\"at_least\":2}]"));
	const char *list;

	(void)state;
	post(sql->app, TEACHER "1", "12", "county", "2026-05-05", "a");
	post(sql->app, TEACHER "4", "9", "school", "2026-05-05", "a");
	list = QUERY(sql->app, "report_short", "requirement_id", id, "school_id", SCHOOL "2");
	assert_string_equal(
		json_member(
			sql_value(sql->super, sql_text("SELECT split_part('%s', E'\\n', 1)", list)),
			"{short}"),
		"2.00");
	assert_null(strstr(list, TEACHER "1"));
	assert_non_null(strstr(list, TEACHER "7"));
	assert_null(strstr(list, TEACHER "2"));
	list = QUERY_SORTED(sql->app, "report_short", "-short", "requirement_id", id);
	assert_true(strstr(list, TEACHER "4") > strstr(list, TEACHER "2"));
	assert_begins(QUERY(sql->app, "report_short", "requirement_id", SCHOOL "1"), "not-found ");
}

/* Though the other one began later. */
static void who_has_two_appointments_counts_where_she_works(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2026-01-01", "10", "[]"));

	(void)state;
	as_engine(
		"UPDATE membership SET during = '[2020-01-01,2090-01-01)' WHERE person = '" TEACHER
		"4'; INSERT INTO membership (county, person, school, kind, during)"
		" VALUES (1, '" TEACHER "4', '" SCHOOL "1', 'working', '[2090-01-01,)');"
		"INSERT INTO homeroom_appointment (county, person, school, kind, during)"
		" VALUES (1, '" TEACHER "4', '" SCHOOL "1', 'reserve', '[2021-01-01,)')");
	assert_string_equal(
		sql_value(sql->app, sql_text("SELECT string_agg(right(school::text, 1), ' ')"
					     " FROM requirement_roll('%s', today())"
					     " WHERE person = '" TEACHER "4'",
					     id)),
		"2");
	as_engine("DELETE FROM membership WHERE person = '" TEACHER "4' AND school = '" SCHOOL "1';"
		  "UPDATE membership SET during = '[2020-01-01,)' WHERE person = '" TEACHER "4'");
}

static void reports_are_files_of_lines(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2026-01-01", "10", "[]"));
	const char *lines;

	(void)state;
	as_engine("UPDATE school SET name = '=1+1' WHERE county = 1 AND code = '2130000001'");
	lines = QUERY(sql->app, "report_compliance_csv", "requirement_id", id);
	assert_begins(lines, "\"学校标识码\",\"学校\",");
	assert_non_null(strstr(lines, "\"2130000001\",\"'=1+1\",\"3\",\"0\",\"3\",\"0.0000\""));
	as_engine("UPDATE school SET name = '第1小学' WHERE county = 1 AND code = '2130000001'");
	lines = QUERY(sql->app, "report_short_csv", "requirement_id", id, "school_id", SCHOOL "2");
	assert_non_null(strstr(
		lines, "\"教师4\",\"10.00\",\"0.00\",\"10.00\",\"无\",\"2026-12-31\",\"有风险\""));
	assert_null(strstr(lines, "教师2"));
}

/* --- the kept state --- */

static void the_kept_state_equals_a_count_from_scratch(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2025-01-01", "10",
				       "[{\"level\":\"school\",\"at_most\":4}]"));

	(void)state;
	require("乙", "school_year", "2025-01-01", "20", "[{\"level\":\"city\",\"at_least\":3}]");
	sql_value(
		sql->app,
		"INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind, source_key)"
		" SELECT 1, (left('" TEACHER
		"', 34) || lpad((1 + i % 9)::text, 2, '0'))::uuid, 0.25 * (1 + i % 7),"
		" (ARRAY['school', 'city', 'county'])[1 + i % 3], date '2024-11-01' + i * 3, 'adjustment', i::text"
		" FROM generate_series(1, 200) i");
	assert_string_equal(state_differs(), "");
	sql_value(
		sql->app,
		"INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind, source_key,"
		" reverses, reason) SELECT county, person, -hours, level, activity_on, 'reversal', id, id, 'x'"
		" FROM hour_entry WHERE right(source_key, 1) = '7'");
	assert_string_equal(state_differs(), "");
	assert_begins(amend(id, "1", "2026-02-01", "15"), "{");
	assert_string_equal(state_differs(), "");
	assert_int_not_equal(atoi(as_engine("SELECT count(*) FROM requirement_state")), 0);
	as_engine("UPDATE requirement_state SET counted = counted + 1 WHERE person = '" TEACHER
		  "3'");
	assert_string_not_equal(state_differs(), "");
	post(sql->app, TEACHER "3", "1", "city", "2025-02-02", "heals");
	post(sql->app, TEACHER "3", "1", "city", "2026-10-02", "heals too");
	as_engine("SELECT requirement_refresh_all(1)");
	assert_string_equal(state_differs(), "");
	/* What one person is told is what the lists say. */
	act_county_of(sql->app, TEACHER "3");
	assert_string_equal(
		as_engine(sql_text(
			"SELECT concat_ws(' ', counted, short) FROM requirement_roll('%s', today())"
			" WHERE person = '" TEACHER "3'",
			id)),
		sql_value(sql->app,
			  sql_text("SELECT concat_ws(' ', body->>'counted', body->>'short')"
				   " FROM requirement_of_person('" TEACHER
				   "3', today(), 92) WHERE id = '%s'",
				   id)));
}

static void rules_that_change_while_hours_are_posted_miss_none(void **state)
{
	struct writer w[6];
	char statements[6][700];

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(
			statements[i], sizeof statements[i],
			"INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind, source_key)"
			" VALUES (1, (left('" TEACHER
			"', 34) || lpad((1 + ($1::int + %d) %% 9)::text, 2, '0'))::uuid,"
			" 0.5, 'county', '2026-05-05', 'adjustment', '%d-' || $1)",
			i, i);
		w[i] = (struct writer){.statement = statements[i], .times = 25};
	}
	for (int i = 4; i < 6; i++) {
		snprintf(
			statements[i], sizeof statements[i],
			"WITH r AS (INSERT INTO requirement (county, name, window_kind) VALUES"
			" (1, '%d-' || $1, 'calendar_year') RETURNING *) INSERT INTO requirement_version"
			" (county, requirement, effective_on, kinds, target) SELECT county, id, '2026-01-01',"
			" '{reserve}', 10 FROM r",
			i);
		w[i] = (struct writer){.statement = statements[i], .times = 4};
	}
	at_once(w, 6);
	assert_string_equal(as_engine("SELECT concat_ws(' ', (SELECT count(*) FROM hour_entry),"
				      " (SELECT count(*) FROM requirement))"),
			    "100 8");
	assert_string_equal(
		as_engine("SELECT concat_ws(' ', count(*), sum(counted)) FROM requirement_state"),
		"72 400.00");
	assert_string_equal(state_differs(), "");
}

/* Makes rules while TEACHER's hours are posted but not committed: the rules must wait for them. */
static void post_beside_new_rules(const char *teacher)
{
	PGconn *posting = sql_connect(sql, "qinglan_app"),
	       *ruling = sql_connect(sql, "qinglan_app");
	PGresult *r;

	act_county(posting);
	act_county(ruling);
	sql_value(ruling, "SET lock_timeout = 0");
	sql_value(posting, "BEGIN");
	assert_begins(post(posting, teacher, "2", "county", "2026-05-05", "in flight"), "{");
	assert_int_equal(
		PQsendQuery(
			ruling,
			"WITH r AS (INSERT INTO requirement (county, name, window_kind) VALUES"
			" (1, 'in flight', 'calendar_year') RETURNING *) INSERT INTO"
			" requirement_version (county, requirement, effective_on, kinds, target)"
			" SELECT county, id, '2026-01-01', '{reserve}', 10 FROM r"),
		1);
	/* It comes to stand behind the posting, or is through already where nothing holds it. */
	for (int i = 0;
	     i < 500 && PQconsumeInput(ruling) && PQisBusy(ruling) &&
	     !atoi(sql_value(sql->super,
			     "SELECT count(*) FROM pg_stat_activity "
			     "WHERE datname = current_database() AND wait_event_type = 'Lock'"));
	     i++)
		sql_value(sql->super, "SELECT pg_sleep(0.01)");
	sql_value(posting, "COMMIT");
	while ((r = PQgetResult(ruling))) {
		assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
		PQclear(r);
	}
	PQfinish(posting);
	PQfinish(ruling);
	assert_string_equal(as_engine("SELECT sum(counted) FROM requirement_state"), "2.00");
	assert_string_equal(state_differs(), "");
}

static void new_rules_wait_for_a_first_posting(void **state)
{
	(void)state;
	post_beside_new_rules(TEACHER "1");
}

static void new_rules_wait_for_a_posting_to_an_account(void **state)
{
	(void)state;
	post(sql->app, TEACHER "1", "1", "county", "2025-05-05", "before");
	post_beside_new_rules(TEACHER "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(who_is_short_is_listed_with_how_much),
		TEST(who_has_two_appointments_counts_where_she_works),
		TEST(reports_are_files_of_lines),
		TEST(the_kept_state_equals_a_count_from_scratch),
		TEST(rules_that_change_while_hours_are_posted_miss_none),
		TEST(new_rules_wait_for_a_first_posting),
		TEST(new_rules_wait_for_a_posting_to_an_account),
	};

	return cmocka_run_group_tests_name("requirement_state_sql", tests, set_up, tear_down);
}
