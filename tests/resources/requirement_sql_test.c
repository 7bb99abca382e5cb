/*
 * requirement_sql_test.c -- requirements as the database counts and keeps them;
 * db/migrations/0008_requirements.sql and 0019 to 0021, db/queries/requirements.sql, reports.sql.
 */
#include "resources/requirement.h"

static int set_up(void **state)
{
	(void)state;
	return requirement_begin("requirement_sql");
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

/* needed, counted, short and status of teacher 1 in the window of DAY. */
static const char *stands(const char *day)
{
	return stands_of(TEACHER "1", day);
}

/* --- rules --- */

static void limits_that_cannot_be_met_together_are_refused(void **state)
{
	static const char *const wrong[] = {
		"[{\"level\":\"county\",\"at_least\":5,\"at_most\":3}]",
		"[{\"level\":\"county\",\"at_least\":20},{\"level\":\"city\",\"at_least\":11}]",
		"[{\"level\":\"county\",\"at_least\":1},{\"level\":\"county\",\"at_most\":3}]",
		"[{\"level\":\"county\"}]",
		"[{\"level\":\"village\",\"at_least\":1}]",
		"[{\"level\":\"county\",\"at_least\":-1}]",
		"[{\"level\":\"national\",\"at_most\":1},{\"level\":\"province\",\"at_most\":1},"
		"{\"level\":\"city\",\"at_most\":1},{\"level\":\"county\",\"at_most\":1},"
		"{\"level\":\"cluster\",\"at_most\":1},{\"level\":\"school\",\"at_most\":1},"
		"{\"level\":\"self_study\",\"at_most\":1}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (!strstr(require("甲", "calendar_year", "2026-01-01", "30", wrong[i]),
			    "requirement_limits_fit"))
			fail_msg("%s was taken", wrong[i]);
	assert_begins(
		require("甲", "calendar_year", "2026-01-01", "30",
			"[{\"level\":\"county\",\"at_least\":20},{\"level\":\"city\",\"at_most\":10}]"),
		"{");
	assert_begins(require("甲", "calendar_year", "2026-01-01", "30", "[]"), "duplicate key");
}

static void only_the_county_makes_rules_and_all_may_read_them(void **state)
{
	const char *id;

	(void)state;
	act_school(sql->app, SCHOOL "1", "");
	assert_begins(require("甲", "calendar_year", "2026-01-01", "30", "[]"),
		      "new row violates row-level");
	act_county(sql->app);
	id = id_of(require("甲", "calendar_year", "2026-01-01", "30", "[]"));
	act_teacher(sql->app, TEACHER "1");
	assert_begins(QUERY(sql->app, "requirement_get", "requirement_id", id), "{");
	sql_act(sql->app, "2", "county", "all", "", OFFICER);
	assert_string_equal(QUERY(sql->app, "requirement_get", "requirement_id", id), "");
	assert_string_equal(QUERY(sql->app, "requirement_list", "window", "calendar_year"), "");
}

static void a_school_that_is_not_there_is_not_found(void **state)
{
	(void)state;
	assert_string_equal(
		QUERY(sql->app, "requirement_create", "body",
		      "{\"name\": \"甲\", \"window\": \"calendar_year\", \"effective_on\": \"2026-01-01\","
		      "\"population\": {\"appointment_kinds\": [\"reserve\"], \"school_ids\": [\"" SCHOOL
		      "1\", \"" SCHOOL "4\"]}, \"target_hours\": 3}"),
		"unprocessable {\"code\": \"not-found\", \"pointer\": \"#/population/school_ids\"}");
}

static void a_window_is_judged_by_the_version_in_force_on_its_last_day(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2024-06-01", "30", "[]"));

	(void)state;
	assert_string_equal(stands("2023-12-31"), "");
	assert_string_equal(stands("2024-01-01"), "30.00 0.00 30.00 overdue");
	act_county(sql->app);
	assert_begins(amend(id, "7", "2026-03-01", "20"), "stale ");
	assert_begins(amend(id, "1", "2024-06-01", "20"), "version-too-early ");
	assert_begins(amend(id, "1", "2025-12-31", "20"), "version-too-early ");
	assert_string_equal(
		json_member(amend(id, "1", "2026-03-01", "20"), "{versions,0,target_hours}"),
		"20.00");
	assert_begins(amend(id, "2", "2026-02-01", "10"), "version-too-early ");
	assert_begins(amend(id, "2", "2027-01-01", "10"), "{");
	assert_string_equal(stands("2025-12-31"), "30.00 0.00 30.00 overdue");
	assert_begins(stands("2026-01-01"), "20.00 ");
	assert_begins(stands("2027-05-01"), "10.00 ");
	assert_string_equal(state_differs(), "");
}

static void a_school_year_is_the_countys_and_not_a_month(void **state)
{
	(void)state;
	require("甲", "school_year", "2025-10-01", "30", "[]");
	post(sql->app, TEACHER "1", "1", "county", "2025-08-31", "a");
	post(sql->app, TEACHER "1", "2", "county", "2025-09-01", "b");
	post(sql->app, TEACHER "1", "4", "county", "2026-08-31", "c");
	post(sql->app, TEACHER "1", "8", "county", "2026-09-01", "d");
	assert_string_equal(stands("2026-03-01"), "30.00 6.00 24.00 overdue");
	assert_begins(stands("2026-10-01"), "30.00 8.00 22.00 ");
	sql_value(sql->super, "BEGIN");
	as_engine(
		"DELETE FROM term; UPDATE school_year SET during = daterange('2026-09-02', upper(during))"
		" WHERE during @> date '2026-10-01' AND county = 1");
	as_engine("UPDATE school_year SET during = daterange(lower(during), '2026-09-02')"
		  " WHERE during @> date '2026-08-31' AND county = 1");
	assert_string_equal(
		as_engine("SELECT string_agg(window_on || ' ' || counted, ', ' ORDER BY window_on)"
			  " FROM requirement_state"),
		"2025-09-01 14.00");
	assert_string_equal(state_differs(), "");
	sql_value(sql->super, "ROLLBACK");
}

/* --- counting --- */

static void entries_count_by_day_then_order_up_to_the_most_of_their_level(void **state)
{
	const char *taken;

	(void)state;
	require("甲", "calendar_year", "2026-01-01", "30",
		"[{\"level\":\"school\",\"at_most\":10},{\"level\":\"self_study\",\"at_most\":0}]");
	post(sql->app, TEACHER "1", "6", "school", "2026-05-05", "late, posted first");
	post(sql->app, TEACHER "1", "5", "school", "2026-05-04", "early");
	post(sql->app, TEACHER "1", "4", "school", "2026-05-05", "late, posted last");
	post(sql->app, TEACHER "1", "3.5", "county", "2026-05-06", "free");
	post(sql->app, TEACHER "1", "2", "self_study", "2026-05-07", "never");
	post(sql->app, TEACHER "1", "9", "county", "2025-12-31", "before");
	post(sql->app, TEACHER "1", "9", "county", "2025-01-01", "long before");
	taken = post(sql->app, TEACHER "1", "7", "school", "2026-01-02", "taken back");
	QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(taken), "reason", "x");
	assert_string_equal(
		explained_of(TEACHER "1", "2026-06-01"),
		"9.00 0.00 outside_window, 7.00 0.00 reversed, -7.00 0.00 reversal, 5.00 5.00, "
		"6.00 5.00 cap_reached, 4.00 0.00 cap_reached, 3.50 3.50, "
		"2.00 0.00 level_mismatch");
	assert_begins(stands("2026-06-01"), "30.00 13.50 16.50 ");
	assert_string_equal(state_differs(), "");
}

static void hours_that_a_level_lacks_are_short_also_when_the_target_is_reached(void **state)
{
	(void)state;
	require("甲", "calendar_year", "2026-01-01", "10",
		"[{\"level\":\"county\",\"at_least\":4},{\"level\":\"city\",\"at_least\":1}]");
	post(sql->app, TEACHER "1", "12", "school", "2026-05-05", "a");
	assert_begins(stands("2026-06-01"), "10.00 12.00 5.00 ");
	post(sql->app, TEACHER "1", "3.99", "county", "2026-05-05", "b");
	post(sql->app, TEACHER "1", "1", "city", "2026-05-05", "c");
	assert_begins(stands("2026-06-01"), "10.00 16.99 0.01 ");
	post(sql->app, TEACHER "1", "0.01", "county", "2026-05-05", "d");
	assert_string_equal(stands("2026-06-01"), "10.00 17.00 0.00 met");
	assert_string_equal(state_differs(), "");
}

static void the_status_compares_what_is_short_with_the_days_left(void **state)
{
	static const char *const cases[][3] = {
		/* short of 365 hours in a window of 365 days: an hour a day */
		{"0", "2026-12-31", "met"},        {"0", "2027-01-05", "met"},
		{"365", "2025-12-01", "on_track"}, {"365", "2026-01-01", "on_track"},
		{"365", "2026-01-02", "at_risk"},  {"364", "2026-01-02", "on_track"},
		{"1", "2026-12-31", "on_track"},   {"1.01", "2026-12-31", "at_risk"},
		{"0.01", "2027-01-01", "overdue"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(
			sql_value(
				sql->super,
				sql_text(
					"SELECT requirement_status(%s, 365, '[2026-01-01,2027-01-01)',"
					" '%s')",
					cases[i][0], cases[i][1])),
			cases[i][2]);
}

/* --- who is concerned --- */

static void who_is_concerned_follows_from_the_appointment_on_the_judged_day(void **state)
{
	const char *id;

	(void)state;
	id = id_of(QUERY(
		sql->app, "requirement_create", "body",
		"{\"name\": \"甲\", \"window\": \"calendar_year\", \"effective_on\": \"2025-01-01\","
		"\"population\": {\"appointment_kinds\": [\"trainee\"], \"school_ids\": [\"" SCHOOL
		"2\", \"" SCHOOL "3\"]}, \"target_hours\": 3}"));
	sql_value(sql->super, "BEGIN");
	as_engine("INSERT INTO homeroom_appointment (county, person, school, kind, during) VALUES"
		  " (1, '" TEACHER "1', '" SCHOOL "2', 'trainee', '[2025-12-31,2026-03-01)'),"
		  " (1, '" TEACHER "2', '" SCHOOL "3', 'trainee', '[2026-01-01,)'),"
		  " (1, '" TEACHER "3', '" SCHOOL "1', 'trainee', '[2025-01-01,)'),"
		  " (1, '" TEACHER "5', '" SCHOOL "3', 'trainee', '[2026-10-17,)')");
	assert_string_equal(roll(id, "2025-05-05"), "1");
	assert_string_equal(roll(id, "2026-05-05"), "2");
	as_engine("SELECT clock_set(1, '2026-10-17 10:00+08')");
	assert_string_equal(roll(id, "2026-05-05"), "25");
	sql_value(sql->super, "ROLLBACK");
	sql_value(sql->super, "SELECT set_config('qinglan.ahead', '', false)");
}

static void a_school_has_its_own_people_in_the_report_and_a_teacher_none(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2025-01-01", "10", "[]"));
	const char *report;

	(void)state;
	post(sql->app, TEACHER "1", "12", "school", "2026-05-05", "a");
	report = QUERY(sql->app, "report_compliance", "requirement_id", id);
	assert_string_equal(json_member(report, "{population}"), "9");
	assert_string_equal(json_member(report, "{rate}"), "0.1111");
	assert_string_equal(json_member(report, "{judged_on}"), TODAY);
	assert_string_equal(json_member(report, "{schools,1,rate}"), "0.3333");
	assert_string_equal(json_member(report, "{schools,1,met}"), "1");
	act_school(sql->app, SCHOOL "2", "");
	report = QUERY(sql->app, "report_compliance", "requirement_id", id);
	assert_string_equal(json_member(report, "{population}"), "3");
	assert_string_equal(json_member(report, "{schools,0,school_id}"), SCHOOL "2");
	act_teacher(sql->app, TEACHER "1");
	report = QUERY(sql->app, "report_compliance", "requirement_id", id);
	assert_string_equal(json_member(report, "{population}"), "0");
	assert_string_equal(json_member(report, "{rate}"), "");
	sql_act(sql->app, "2", "county", "all", "", OFFICER);
	assert_string_equal(QUERY(sql->app, "report_compliance", "requirement_id", id), "");
	act_county(sql->app);
	assert_string_equal(
		QUERY(sql->app, "report_compliance", "requirement_id", id, "on", "2024-01-01"), "");
}

static void who_moved_counts_in_the_past_where_she_was(void **state)
{
	const char *id = id_of(require("甲", "calendar_year", "2025-01-01", "10", "[]"));

	(void)state;
	post(sql->app, TEACHER "4", "12", "school", "2025-05-05", "a");
	post(sql->app, TEACHER "4", "12", "school", "2026-05-05", "b");
	as_engine(
		"UPDATE membership SET during = '[2020-01-01,2026-02-01)' WHERE person = '" TEACHER
		"4';"
		"INSERT INTO membership (county, person, school, kind, during)"
		" VALUES (1, '" TEACHER "4', '" SCHOOL "1', 'working', '[2026-02-01,)');"
		"INSERT INTO homeroom_appointment (county, person, school, kind, during)"
		" VALUES (1, '" TEACHER "4', '" SCHOOL "1', 'reserve', '[2026-02-01,)')");
	act_school(sql->app, SCHOOL "2", "");
	assert_string_equal(json_member(QUERY(sql->app, "report_compliance", "requirement_id", id,
					      "on", "2025-06-01"),
					"{met}"),
			    "1");
	assert_string_equal(
		json_member(QUERY(sql->app, "report_compliance", "requirement_id", id), "{met}"),
		"0");
	act_school(sql->app, SCHOOL "1", "");
	assert_string_equal(
		json_member(QUERY(sql->app, "report_compliance", "requirement_id", id), "{met}"),
		"1");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM requirement_state"), "2");
	/* The school that she left reads her as on the day she left: the window was not over. */
	act_school(sql->app, SCHOOL "2", TEACHER "4");
	assert_string_equal(json_member(QUERY(sql->app, "teacher_requirements", "teacher_id",
					      TEACHER "4", "on", "2026-06-01"),
					"{counted}"),
			    "0.00");
	assert_string_equal(json_member(QUERY(sql->app, "teacher_requirements", "teacher_id",
					      TEACHER "4", "on", "2025-06-01"),
					"{counted}"),
			    "12.00");
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM requirement_state"), "1");
	act_school(sql->app, SCHOOL "3", TEACHER "4");
	assert_begins(QUERY(sql->app, "teacher_requirements", "teacher_id", TEACHER "4"),
		      "not-found ");
	as_engine("DELETE FROM membership WHERE person = '" TEACHER "4' AND school = '" SCHOOL "1';"
		  "UPDATE membership SET during = '[2020-01-01,)' WHERE person = '" TEACHER "4'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(limits_that_cannot_be_met_together_are_refused),
		TEST(only_the_county_makes_rules_and_all_may_read_them),
		TEST(a_school_that_is_not_there_is_not_found),
		TEST(a_window_is_judged_by_the_version_in_force_on_its_last_day),
		TEST(a_school_year_is_the_countys_and_not_a_month),
		TEST(entries_count_by_day_then_order_up_to_the_most_of_their_level),
		TEST(hours_that_a_level_lacks_are_short_also_when_the_target_is_reached),
		TEST(the_status_compares_what_is_short_with_the_days_left),
		TEST(who_is_concerned_follows_from_the_appointment_on_the_judged_day),
		TEST(a_school_has_its_own_people_in_the_report_and_a_teacher_none),
		TEST(who_moved_counts_in_the_past_where_she_was),
	};

	return cmocka_run_group_tests_name("requirement_sql", tests, set_up, tear_down);
}
