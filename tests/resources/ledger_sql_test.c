/*
 * ledger_sql_test.c -- the hour ledger as the database keeps it; db/migrations/0007_ledger.sql and
 * db/queries/hours.sql.  What the API adds to it is tested through the API.
 */
#include "resources/ledger.h"

static int set_up(void **state)
{
	(void)state;
	return ledger_begin("ledger_sql");
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

static const char *faults(void)
{
	return as_engine("SELECT coalesce(string_agg(DISTINCT fault, ' ' ORDER BY fault), '')"
			 " FROM ledger_verify(1)");
}

/* --- posting --- */

static void the_same_source_credits_a_person_once(void **state)
{
	const char *first = post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "k1");
	const char *again = post(sql->app, TEACHER "1", "2", "school", "2025-03-01", "k1");

	(void)state;
	assert_string_equal(again,
			    sql_text("already-credited {\"entry_id\": \"%s\"}", id_of(first)));
	assert_string_equal(
		json_member(post(sql->app, TEACHER "2", "2", "school", "2025-03-01", "k1"),
			    "{source,key}"),
		"k1");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_entry"), "2");
}

static void a_key_written_with_other_code_points_is_the_same_key(void **state)
{
	(void)state;
	post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "Caf\xC3\xA9");
	assert_begins(post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "Cafe\xCC\x81"),
		      "already-credited ");
	assert_begins(post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "　Ｃafé　"),
		      "already-credited ");
}

static void hours_belong_where_she_worked_that_day(void **state)
{
	(void)state;
	assert_string_equal(
		json_member(post(sql->app, TEACHER "1", "1", "county", "2026-03-01", "a"),
			    "{school_id}"),
		SCHOOL "2");
	assert_string_equal(
		json_member(post(sql->app, TEACHER "1", "1", "county", "2019-03-01", "b"),
			    "{school_id}"),
		"");
	assert_string_equal(
		json_member(QUERY(sql->app, "hour_entry_create", "teacher_id", TEACHER "1",
				  "school_id", SCHOOL "3", "hours", "1", "level", "county",
				  "activity_on", "2026-03-01", "source",
				  "{\"kind\": \"transfer_in\", \"key\": \"c\"}"),
			    "{school_id}"),
		SCHOOL "3");
}

static void who_is_not_seen_is_not_found_at_its_member(void **state)
{
	static const char *const cases[][2] = {
		{"school_id", SCHOOL "4"},
		{"school_id", TEACHER "1"},
		{"module_id", SCHOOL "1"},
		{"teacher_id", "0199b0a4-7c00-7000-8000-000000000010"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool teacher = !strcmp(cases[i][0], "teacher_id");
		const char *complaint =
			QUERY(sql->app, "hour_entry_create", cases[i][0], cases[i][1], "hours", "1",
			      "level", "county", "activity_on", "2026-03-01", "source",
			      "{\"kind\": \"adjustment\", \"key\": \"x\"}",
			      teacher ? NULL : "teacher_id", TEACHER "1");

		assert_string_equal(complaint, sql_text("unprocessable {\"code\": \"not-found\", "
							"\"pointer\": \"#/%s\"}",
							cases[i][0]));
	}
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_entry"), "0");
}

static void what_the_ledger_cannot_hold_is_refused(void **state)
{
	(void)state;
	assert_begins(post(sql->app, TEACHER "1", "1", "county", "2126-01-01", "a"),
		      "activity-in-future ");
	assert_begins(post(sql->app, TEACHER "1", "1", "county", "1989-12-31", "a"), "new row");
	assert_begins(post(sql->app, TEACHER "1", "0", "county", "2026-01-01", "a"),
		      "value for domain hour_amount");
	assert_begins(post(sql->app, TEACHER "1", "-1", "county", "2026-01-01", "a"), "new row");
	assert_begins(post(sql->app, TEACHER "1", "1000", "county", "2026-01-01", "a"),
		      "value for domain hour_amount");
	assert_begins(post(sql->app, TEACHER "1", "1", "village", "2026-01-01", "a"),
		      "value for domain hour_level");
	assert_begins(post(sql->app, TEACHER "1", "1", "county", "2026-01-01", " "),
		      "value for domain hour_source_key");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_entry"), "0");
	assert_string_equal(faults(), "");
}

static void only_who_sees_the_county_may_post(void **state)
{
	static const char insert[] =
		"INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind, source_key)"
		" VALUES (%d, '" TEACHER "1', 1, 'county', '2026-01-01', 'adjustment', 'x')";

	(void)state;
	act_school(sql->app, SCHOOL "2", TEACHER "1");
	assert_string_equal(sql_state(sql->app, sql_text(insert, 1)), "42501");
	act_teacher(sql->app, TEACHER "1");
	assert_string_equal(sql_state(sql->app, sql_text(insert, 1)), "42501");
	act_county(sql->app);
	assert_string_not_equal(sql_state(sql->app, sql_text(insert, 2)), "");
	assert_string_equal(sql_state(sql->app, sql_text(insert, 1)), "");
}

static void who_posted_it_is_the_requests_actor_whatever_is_given(void **state)
{
	(void)state;
	sql_value(sql->app, "SELECT set_config('qinglan.office', '" SCHOOL "8', false),"
			    " set_config('qinglan.client', '集成', false)");
	assert_string_equal(
		sql_value(
			sql->app,
			"INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind,"
			" source_key, seq, posted_by, office, client, posted_at, form, chain, account)"
			" VALUES (1, '" TEACHER
			"1', 1, 'county', '2026-01-01', 'adjustment', 'x', 77, '" TEACHER
			"3', NULL, 'other', '2001-01-01', 9, '\\x00', '" TEACHER "3')"
			" RETURNING concat_ws(' ', seq, posted_by, office, client, form,"
			" posted_at > clock_now() - interval '1 minute')"),
		"1 " OFFICER " " SCHOOL "8 集成 1 t");
	assert_string_equal(faults(), "");
}

/* --- append-only --- */

static void nobody_changes_or_deletes_an_entry(void **state)
{
	static const char *const statements[] = {
		"UPDATE hour_entry SET hours = 9", "DELETE FROM hour_entry",
		"DELETE FROM ledger_account", "TRUNCATE hour_entry",
		"TRUNCATE ledger_account CASCADE"};
	static const char *const roles[] = {"qinglan_app", "qinglan_engine", "qinglan_owner",
					    "qinglan_gate", "postgres"};

	(void)state;
	post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "k1");
	for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
		for (size_t s = 0; s < sizeof statements / sizeof *statements; s++) {
			sql_value(sql->super, sql_text("SET ROLE %s", roles[r]));
			/* The owner sees no row, so that its UPDATE and DELETE reach none. */
			if (strcmp(roles[r], "qinglan_owner") || s > 2)
				assert_string_not_equal(sql_state(sql->super, statements[s]), "");
			else
				sql_state(sql->super, statements[s]);
			sql_value(sql->super, "RESET ROLE");
		}
	assert_string_equal(sql_value(sql->app, "SELECT hours FROM hour_entry"), "1.50");
}

/* --- reversing --- */

static void a_reversal_takes_the_hours_back_and_names_the_original(void **state)
{
	const char *first = post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "k1");
	const char *taken =
		QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(first), "reason", "录错");

	(void)state;
	assert_string_equal(json_member(taken, "{hours}"), "-1.50");
	assert_string_equal(json_member(taken, "{reverses}"), id_of(first));
	assert_string_equal(json_member(taken, "{activity_on}"), "2026-03-01");
	assert_string_equal(json_member(taken, "{reason}"), "录错");
	assert_string_equal(json_member(QUERY(sql->app, "hour_entry_get", "entry_id", id_of(first)),
					"{reversed_by}"),
			    id_of(taken));
	assert_string_equal(sql_value(sql->app, "SELECT sum(hours) FROM hour_balance"), "0.00");
	assert_begins(
		QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(first), "reason", "再"),
		sql_text("already-reversed {\"entry_id\": \"%s\"}", id_of(taken)));
	assert_begins(
		QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(taken), "reason", "再"),
		"entry-is-reversal ");
	assert_begins(post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "k1"),
		      "already-credited ");
	assert_string_equal(
		QUERY(sql->app, "hour_entry_reverse", "entry_id", TEACHER "1", "reason", "无"), "");
	assert_string_equal(faults(), "");
}

static void a_reversal_by_hand_is_the_original_negated_whatever_is_given(void **state)
{
	const char *first = post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "k1");

	(void)state;
	assert_string_equal(
		sql_value(
			sql->app,
			sql_text(
				"INSERT INTO hour_entry (county, person, hours, level, activity_on,"
				" source_kind, source_key, reverses, reason) VALUES (1, '" TEACHER
				"2', -9, 'school', '2020-01-01', 'adjustment', 'x', '%s', 'y')"
				" RETURNING concat_ws(' ', person, hours, level, activity_on,"
				" source_kind)",
				id_of(first))),
		TEACHER "1 -1.50 county 2026-03-01 reversal");
	assert_string_equal(faults(), "");
}

/* --- balances --- */

static void a_balance_is_the_sum_of_its_year_and_level(void **state)
{
	const char *balance;

	(void)state;
	post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "a");
	post(sql->app, TEACHER "1", "2.25", "county", "2026-12-31", "future");
	post(sql->app, TEACHER "1", "2.25", "county", "2026-01-01", "b");
	post(sql->app, TEACHER "1", "4", "school", "2026-01-01", "c");
	post(sql->app, TEACHER "1", "8.01", "school", "2025-12-31", "d");
	act_county_of(sql->app, TEACHER "1");
	balance = QUERY(sql->app, "teacher_hours_balance", "teacher_id", TEACHER "1");
	assert_string_equal(json_member(balance, "{hours}"), "15.76");
	assert_string_equal(json_member(balance, "{years,0,year}"), "2026");
	assert_string_equal(json_member(balance, "{years,0,levels,0,hours}"), "3.75");
	assert_string_equal(json_member(balance, "{years,1,levels,0,hours}"), "8.01");
	assert_string_equal(QUERY(sql->app, "teacher_hours_balance", "teacher_id", SCHOOL "1"), "");
}

static void accounts_and_balances_follow_her_school(void **state)
{
	(void)state;
	post(sql->app, TEACHER "1", "1.5", "county", "2026-03-01", "a");
	sql_value(sql->super, "BEGIN");
	as_engine("UPDATE membership SET during = daterange(lower(during), today())"
		  " WHERE person = '" TEACHER "1' AND upper_inf(during)");
	as_engine("INSERT INTO membership (county, person, school, kind, during)"
		  " VALUES (1, '" TEACHER "1', '" SCHOOL
		  "3', 'working', daterange(today(), NULL))");
	assert_string_equal(as_engine("SELECT concat_ws(' ', a.school, b.school, e.school)"
				      " FROM ledger_account a, hour_balance b, hour_entry e"),
			    SCHOOL "3 " SCHOOL "3 " SCHOOL "2");
	sql_value(sql->super, "ROLLBACK");
}

/* --- sight --- */

/* Teacher 4 left school 2 for school 1 on 2026-02-01. */
static void transfer(void)
{
	as_engine("DELETE FROM membership WHERE person = '" TEACHER "4';"
		  "INSERT INTO membership (county, person, school, kind, during)"
		  " VALUES (1, '" TEACHER "4', '" SCHOOL
		  "2', 'working', '[2020-01-01,2026-02-01)'),"
		  " (1, '" TEACHER "4', '" SCHOOL "1', 'working', '[2026-02-01,)')");
	post(sql->app, TEACHER "4", "1", "county", "2025-05-05", "a");
	post(sql->app, TEACHER "4", "2", "county", "2026-01-31", "b");
	post(sql->app, TEACHER "4", "4", "county", "2026-02-01", "c");
}

static const char *seen(const char *school)
{
	act_school(sql->app, school, TEACHER "4");
	return sql_value(sql->app, "SELECT coalesce(sum(hours), 0) FROM hour_entry");
}

static void a_school_sees_who_left_up_to_that_day_and_who_came_whole(void **state)
{
	const char *entry;

	(void)state;
	transfer();
	assert_string_equal(seen(SCHOOL "2"), "3.00");
	assert_string_equal(
		json_member(QUERY(sql->app, "teacher_hours_balance", "teacher_id", TEACHER "4"),
			    "{hours}"),
		"3.00");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM ledger_account"), "0");
	assert_string_equal(seen(SCHOOL "1"), "7.00");
	assert_string_equal(
		json_member(QUERY(sql->app, "teacher_hours_balance", "teacher_id", TEACHER "4"),
			    "{hours}"),
		"7.00");
	assert_string_equal(seen(SCHOOL "3"), "0");
	entry = as_engine("SELECT id FROM hour_entry WHERE source_key = 'c'");
	assert_string_equal(QUERY(sql->app, "hour_entry_get", "entry_id", entry), "");
	act_school(sql->app, SCHOOL "2", "");
	assert_string_equal(QUERY(sql->app, "hour_entry_get", "entry_id", entry), "");
	assert_begins(QUERY(sql->app, "hour_entry_get", "entry_id",
			    as_engine("SELECT id FROM hour_entry WHERE source_key = 'b'")),
		      "{");
	act_school(sql->app, SCHOOL "1", "");
	assert_begins(QUERY(sql->app, "hour_entry_get", "entry_id", entry), "{");
}

static void a_teacher_sees_her_own_and_another_county_nothing(void **state)
{
	const char *entry = id_of(post(sql->app, TEACHER "1", "1", "county", "2025-05-05", "a"));

	(void)state;
	act_teacher(sql->app, TEACHER "1");
	assert_begins(QUERY(sql->app, "hour_entry_get", "entry_id", entry), "{");
	assert_begins(QUERY(sql->app, "teacher_hours", "teacher_id", TEACHER "1"), "{");
	assert_begins(QUERY(sql->app, "teacher_hours", "teacher_id", TEACHER "2"), "not-found ");
	act_teacher(sql->app, TEACHER "2");
	assert_string_equal(QUERY(sql->app, "hour_entry_get", "entry_id", entry), "");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_entry"), "0");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_balance"), "0");
	sql_act(sql->app, "2", "county", "all", "", OFFICER);
	assert_string_equal(QUERY(sql->app, "hour_entry_get", "entry_id", entry), "");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_entry"), "0");
	assert_string_equal(QUERY(sql->app, "hour_entry_reverse", "entry_id", entry, "reason", "x"),
			    "");
}

static void lists_are_filtered_and_in_order(void **state)
{
	const char *list;

	(void)state;
	post(sql->app, TEACHER "1", "1", "county", "2025-05-05", "a");
	post(sql->app, TEACHER "1", "2", "school", "2026-05-05", "b");
	post(sql->app, TEACHER "1", "4", "county", "2026-02-02", "c");
	post(sql->app, TEACHER "2", "8", "county", "2026-02-02", "d");
	act_county_of(sql->app, TEACHER "1");
	list = QUERY(sql->app, "teacher_hours", "teacher_id", TEACHER "1");
	assert_non_null(strstr(list, "\"key\":\"b\""));
	assert_true(strstr(list, "\"key\":\"b\"") < strstr(list, "\"key\":\"c\""));
	assert_true(strstr(list, "\"key\":\"c\"") < strstr(list, "\"key\":\"a\""));
	assert_null(strstr(list, "\"key\":\"d\""));
	list = QUERY_SORTED(sql->app, "teacher_hours", "activity_on", "teacher_id", TEACHER "1");
	assert_true(strstr(list, "\"key\":\"b\"") > strstr(list, "\"key\":\"c\""));
	list = QUERY(sql->app, "teacher_hours", "teacher_id", TEACHER "1", "year", "2026", "level",
		     "county");
	assert_string_equal(json_member(list, "{source,key}"), "c");
	list = QUERY(sql->app, "teacher_hours", "teacher_id", TEACHER "1", "activity_from",
		     "2026-02-03", "activity_to", "2026-05-05");
	assert_string_equal(json_member(list, "{source,key}"), "b");
	list = QUERY(sql->app, "hour_entry_list", "source_kind", "course_enrolment", "source_key",
		     "d");
	assert_string_equal(json_member(list, "{teacher_id}"), TEACHER "2");
	assert_string_equal(QUERY(sql->app, "hour_entry_list", "source_key", "e"), "");
	list = QUERY(sql->app, "hour_entry_list", "school_id", SCHOOL "3", "level", "county");
	assert_string_equal(json_member(list, "{source,key}"), "d");
	act_school(sql->app, SCHOOL "2", TEACHER "1");
	assert_string_equal(QUERY(sql->app, "hour_entry_list", "level", "county"), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(the_same_source_credits_a_person_once),
		TEST(a_key_written_with_other_code_points_is_the_same_key),
		TEST(hours_belong_where_she_worked_that_day),
		TEST(who_is_not_seen_is_not_found_at_its_member),
		TEST(what_the_ledger_cannot_hold_is_refused),
		TEST(only_who_sees_the_county_may_post),
		TEST(who_posted_it_is_the_requests_actor_whatever_is_given),
		TEST(nobody_changes_or_deletes_an_entry),
		TEST(a_reversal_takes_the_hours_back_and_names_the_original),
		TEST(a_reversal_by_hand_is_the_original_negated_whatever_is_given),
		TEST(a_balance_is_the_sum_of_its_year_and_level),
		TEST(accounts_and_balances_follow_her_school),
		TEST(a_school_sees_who_left_up_to_that_day_and_who_came_whole),
		TEST(a_teacher_sees_her_own_and_another_county_nothing),
		TEST(lists_are_filtered_and_in_order),
	};

	return cmocka_run_group_tests_name("ledger_sql", tests, set_up, tear_down);
}
