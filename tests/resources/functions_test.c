/*
 * functions_test.c -- the small functions of 0001_foundation.sql: ids, instants, problems, periods,
 * texts.
 */
#include "sql.h"

static struct sql *world;

static void ids_are_uuids_of_version_seven_and_rise(void **state)
{
	(void)state;
	assert_string_equal(sql_value(world->app,
				      "SELECT bool_and(u::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7"
				      "[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$') AND "
				      "count(DISTINCT u) = 5000 FROM (SELECT uuid_v7() AS u "
				      "FROM generate_series(1, 5000)) x"),
			    "t");
	assert_string_equal(sql_value(world->app,
				      "SELECT bool_and(rises) FROM (SELECT u > lag(u) OVER "
				      "(ORDER BY n) AS rises FROM (SELECT n, uuid_v7() AS u, "
				      "pg_sleep(0.002) FROM generate_series(1, 20) n) x) y"),
			    "t");
	assert_string_equal(
		sql_value(world->app,
			  "SELECT abs(('x' || substr(replace(u::text, '-', ''), 1, 12))::bit(48)"
			  "::bigint - date_part('epoch', machine_now()) * 1000) < 5000 "
			  "FROM uuid_v7() u"),
		"t");
}

static void an_instant_is_written_in_utc_with_milliseconds(void **state)
{
	(void)state;
	assert_string_equal(sql_value(world->app, "SELECT instant('2026-10-15 08:00:00.1239+08')"),
			    "2026-10-15T00:00:00.123Z");
}

/* --- problems --- */

static void a_version_goes_up_only_from_the_one_that_was_read(void **state)
{
	(void)state;
	assert_string_equal(sql_value(world->app, "SELECT next_version(3, '3')"), "4");
	assert_string_equal(sql_value(world->app, "SELECT next_version(3, '*')"), "4");
	assert_string_equal(sql_value(world->app, "SELECT next_version(3, NULL)"), "4");
	assert_string_equal(sql_state(world->app, "SELECT next_version(3, '2')"), "QL412");
	assert_string_equal(sql_complaint(world->app, "SELECT next_version(3, '2')"),
			    "stale {\"version\": 3}");
}

static void what_a_body_names_must_be_seen(void **state)
{
	(void)state;
	assert_string_equal(sql_value(world->app, "SELECT must_see(true, '#/x')"), "t");
	assert_string_equal(sql_state(world->app, "SELECT must_see(false, '#/x')"), "QL422");
	assert_string_equal(sql_state(world->app, "SELECT must_see(NULL, '#/x')"), "QL422");
	assert_string_equal(sql_complaint(world->app, "SELECT must_see(false, '#/x')"),
			    "unprocessable {\"code\": \"not-found\", \"pointer\": \"#/x\"}");
	assert_string_equal(sql_value(world->app, "SELECT must_find(true)"), "t");
	assert_string_equal(sql_state(world->app, "SELECT must_find(false)"), "QL404");
}

static void the_last_day_of_a_period_is_included(void **state)
{
	(void)state;
	assert_string_equal(sql_value(world->app, "SELECT period('2026-09-01', '2026-09-01')"),
			    "[2026-09-01,2026-09-02)");
	assert_string_equal(
		sql_value(world->app, "SELECT last_day(period('2026-09-01', '2026-12-31'))"),
		"2026-12-31");
	assert_string_equal(
		sql_value(world->app, "SELECT last_day(period('2026-09-01', NULL)) IS NULL"), "t");
	assert_string_equal(sql_state(world->app, "SELECT period('2026-09-02', '2026-09-01')"),
			    "QL422");
}

/* --- texts --- */

static void names_are_kept_in_one_form(void **state)
{
	const char *cases[][2] = {
		{"张 三", "张三"},
		{" 张\u3000三\t", "张三"},
		{"欧阳  修", "欧阳修"},
		{"买买提•艾力", "买买提·艾力"},
		{"买买提 ・ 艾力", "买买提·艾力"},
		{"Anna  Maria", "Anna Maria"},
		{"𠮷 田", "𠮷田"},
		{"〇 二", "〇二"},
		{"e\u0301", "é"},
		{" \u3000", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
			sql_value(world->app, sql_text("SELECT person_name(E'%s')", cases[i][0])),
			cases[i][1]);
}

static void a_spreadsheet_sees_no_formula(void **state)
{
	(void)state;
	assert_string_equal(sql_value(world->app,
				      "SELECT csv_line('a', NULL, 'b\"c', '=1+1', '-1.5', '-x', "
				      "'＠', '', '2026')"),
			    "\"a\",,\"b\"\"c\",\"'=1+1\",\"-1.5\",\"'-x\",\"'＠\",,\"2026\"\r\n");
}

static void picked_members_stay_as_they_were_written(void **state)
{
	(void)state;
	assert_string_equal(
		sql_value(world->app,
			  "SELECT pick('{\"a\": 1.10, \"b\": {\"c\": [1]}, \"d\": null}', "
			  "'d,a')"),
		"{\"a\":1.10,\"d\":null}");
	assert_string_equal(sql_value(world->app, "SELECT pick('{\"a\": 1}', 'x')"), "{}");
}

static int set_up(void **state)
{
	world = sql_begin("functions");
	*state = world;
	return world ? 0 : -1;
}

static int tear_down(void **state)
{
	sql_end(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_uuids_of_version_seven_and_rise),
		cmocka_unit_test(an_instant_is_written_in_utc_with_milliseconds),
		cmocka_unit_test(a_version_goes_up_only_from_the_one_that_was_read),
		cmocka_unit_test(what_a_body_names_must_be_seen),
		cmocka_unit_test(the_last_day_of_a_period_is_included),
		cmocka_unit_test(names_are_kept_in_one_form),
		cmocka_unit_test(a_spreadsheet_sees_no_formula),
		cmocka_unit_test(picked_members_stay_as_they_were_written),
	};

	return cmocka_run_group_tests_name("functions", tests, set_up, tear_down);
}
