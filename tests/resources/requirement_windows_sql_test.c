/*
 * requirement_windows_sql_test.c -- the windows of requirements beyond the year: terms, months,
 * given dates, and those around a first appointment; db/migrations/0008_requirements.sql.
 */
#include "resources/requirement.h"

/* Trainees, whom nobody is but those of a test. */
#define TRAINEES "\"population\": {\"appointment_kinds\": [\"trainee\"]}, \"target_hours\": 10"
#define BEFORE "{\"event\": \"first_appointment\", \"months_before\": 12}"
#define AFTER "{\"event\": \"first_appointment\", \"months_after\": 6}"

static int set_up(void **state)
{
	(void)state;
	return requirement_begin("requirement_windows_sql");
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
	as_engine("DELETE FROM homeroom_appointment WHERE kind = 'trainee';"
		  "UPDATE person SET homeroom_since = NULL WHERE homeroom_since IS NOT NULL");
	as_engine("SELECT clock_set(1, '" TODAY " 10:00+08')");
	act_county(sql->app);
	return 0;
}

/* Teacher N becomes a trainee in her school, for the days DURING. */
static void appoint(int n, const char *during)
{
	as_engine(sql_text("INSERT INTO homeroom_appointment (county, person, school, kind, during)"
			   " SELECT county, person, school, 'trainee', '%s' FROM membership"
			   " WHERE person = '" TEACHER "%d'",
			   during, n));
	act_county(sql->app);
}

static const char *around(const char *name, const char *windows, const char *joined)
{
	return require_rules(name, "appointment", "2026-01-01",
			     sql_text(TRAINEES ", \"windows\": [%s]%s%s%s", windows,
				      *joined ? ", \"joined\": \"" : "", joined,
				      *joined ? "\"" : ""));
}

/* --- the same for everybody --- */

static void a_month_is_a_window_of_its_own(void **state)
{
	(void)state;
	require("月", "month", "2026-02-01", "2", "[]");
	post(sql->app, TEACHER "1", "1", "school", "2026-02-28", "a");
	post(sql->app, TEACHER "1", "2", "school", "2026-03-01", "b");
	post(sql->app, TEACHER "1", "4", "school", "2026-10-01", "c");
	assert_string_equal(stands_of(TEACHER "1", "2026-01-31"), "");
	assert_string_equal(stands_of(TEACHER "1", "2026-02-01"), "2.00 1.00 1.00 overdue");
	assert_string_equal(stands_of(TEACHER "1", "2026-03-31"), "2.00 2.00 0.00 met");
	assert_string_equal(json_member(standing(TEACHER "1", TODAY), "{window,name}"), "2026-10");
	assert_string_equal(stands_of(TEACHER "1", TODAY), "2.00 4.00 0.00 met");
	assert_string_equal(state_differs(), "");
}

static void a_term_is_the_countys_and_follows_it(void **state)
{
	const char *id = id_of(require("学期", "term", "2026-02-01", "5", "[]"));

	(void)state;
	post(sql->app, TEACHER "1", "1", "school", "2026-08-31", "a");
	post(sql->app, TEACHER "1", "3", "school", "2026-09-01", "b");
	assert_string_equal(stands_of(TEACHER "1", "2026-08-31"), "5.00 1.00 4.00 overdue");
	assert_string_equal(stands_of(TEACHER "1", TODAY), "5.00 3.00 2.00 on_track");
	assert_string_equal(stands_of(TEACHER "1", "2026-01-31"), "");
	sql_value(sql->super, "BEGIN");
	as_engine("UPDATE term SET during = daterange('2026-09-02', upper(during))"
		  " WHERE county = 1 AND during @> date '" TODAY "'");
	assert_string_equal(
		as_engine(
			"SELECT string_agg(window_on || ' ' || counted, ', ') FROM requirement_state"),
		"2026-02-01 1.00");
	assert_string_equal(state_differs(), "");
	/* The day between two terms is in no window. */
	assert_string_equal(
		as_engine(sql_text("SELECT count(*) FROM requirement_window_at('%s', '2026-09-01')",
				   id)),
		"0");
	sql_value(sql->super, "ROLLBACK");
}

static void given_dates_may_be_several_years(void **state)
{
	const char *id = id_of(require_rules(
		"三年", "fixed", "2026-01-01",
		RESERVES ", \"target_hours\": 30, \"windows\": [{\"starts_on\": \"2024-09-01\","
			 " \"years\": 3}]"));

	(void)state;
	post(sql->app, TEACHER "1", "5", "county", "2024-08-31", "a");
	post(sql->app, TEACHER "1", "8", "county", "2024-09-01", "b");
	post(sql->app, TEACHER "1", "9", "county", "2026-10-01", "c");
	assert_string_equal(stands_of(TEACHER "1", TODAY), "30.00 17.00 13.00 at_risk");
	assert_string_equal(json_member(standing(TEACHER "1", TODAY), "{due_on}"), "2027-08-31");
	assert_string_equal(explained_of(TEACHER "1", TODAY),
			    "5.00 0.00 outside_window, 8.00 8.00, 9.00 9.00");
	assert_string_equal(stands_of(TEACHER "1", "2024-08-31"), "");
	assert_string_equal(stands_of(TEACHER "1", "2027-09-01"), "");
	/* Other dates, before these are over, take their place. */
	act_county(sql->app);
	assert_begins(QUERY(sql->app, "requirement_version_create", "requirement_id", id,
			    "if_match", "1", "body",
			    "{\"effective_on\": \"2026-10-01\", " RESERVES
			    ", \"target_hours\": 10, \"windows\": [{\"starts_on\": \"2026-09-01\","
			    " \"ends_on\": \"2027-08-31\"}]}"),
		      "{");
	assert_string_equal(stands_of(TEACHER "1", TODAY), "10.00 9.00 1.00 on_track");
	assert_string_equal(state_differs(), "");
}

static void given_windows_are_joined_by_and_or_by_or(void **state)
{
	static const char windows[] =
		RESERVES ", \"target_hours\": 10, \"windows\": [{\"starts_on\": \"2026-01-01\","
			 " \"ends_on\": \"2026-06-30\"}, {\"starts_on\": \"2026-07-01\","
			 " \"ends_on\": \"2026-12-31\"}], \"joined\": \"%s\"";
	const char *both =
		id_of(require_rules("和", "fixed", "2026-01-01", sql_text(windows, "and")));
	const char *either =
		id_of(require_rules("或", "fixed", "2026-01-01", sql_text(windows, "or")));
	const char *list;

	(void)state;
	post(sql->app, TEACHER "1", "12", "county", "2026-08-01", "a");
	post(sql->app, TEACHER "1", "4", "county", "2026-05-01", "b");
	post(sql->app, TEACHER "2", "9", "county", "2026-05-01", "a");
	assert_string_equal(state_differs(), "");
	list = QUERY(sql->app, "report_short", "requirement_id", both);
	assert_non_null(strstr(list, TEACHER "1"));
	list = QUERY(sql->app, "report_short", "requirement_id", either);
	assert_null(strstr(list, TEACHER "1"));
	assert_non_null(strstr(list, TEACHER "2"));
	assert_string_equal(
		as_engine(sql_text("SELECT concat_ws(' ', needed, counted, short, due_on, status)"
				   " FROM requirement_roll('%s', today()) WHERE person = '" TEACHER
				   "1'",
				   both)),
		"20.00 16.00 6.00 2026-06-30 overdue");
	assert_string_equal(
		as_engine(sql_text("SELECT concat_ws(' ', needed, counted, short, due_on, status)"
				   " FROM requirement_roll('%s', today()) WHERE person = '" TEACHER
				   "2'",
				   either)),
		"10.00 9.00 1.00 2026-12-31 at_risk");
}

/* --- around the first appointment --- */

static void before_and_after_an_appointment_each_have_their_hours(void **state)
{
	const char *id = id_of(around("前和后", BEFORE ", " AFTER, "and"));
	const char *body;

	(void)state;
	appoint(2, "[2026-09-01,)");
	post(sql->app, TEACHER "2", "3", "county", "2025-08-31", "too early");
	post(sql->app, TEACHER "2", "10", "county", "2026-08-31", "before");
	post(sql->app, TEACHER "2", "4", "county", "2026-09-01", "on the day");
	body = standing(TEACHER "2", TODAY);
	assert_string_equal(json_member(body, "{status}"), "on_track");
	assert_string_equal(json_member(body, "{needed}"), "20.00");
	assert_string_equal(json_member(body, "{short}"), "6.00");
	assert_string_equal(json_member(body, "{due_on}"), "2027-02-28");
	assert_string_equal(json_member(body, "{windows,0,starts_on}"), "2025-09-01");
	assert_string_equal(json_member(body, "{windows,0,ends_on}"), "2026-08-31");
	assert_string_equal(json_member(body, "{windows,0,status}"), "met");
	assert_string_equal(json_member(body, "{windows,1,counted}"), "4.00");
	assert_string_equal(json_member(body, "{windows,1,ends_on}"), "2027-02-28");
	assert_string_equal(explained_of(TEACHER "2", TODAY),
			    "3.00 0.00 outside_window, 10.00 10.00, 4.00 0.00 outside_window, "
			    "10.00 0.00 outside_window, 4.00 4.00");
	assert_string_equal(roll(id, TODAY), "2");
	assert_string_equal(state_differs(), "");
	/* Half a year after: over, and short; she stays listed. */
	as_engine("SELECT clock_set(1, '2027-06-01 10:00+08')");
	assert_string_equal(stands_of(TEACHER "2", "2027-06-01"), "20.00 14.00 6.00 overdue");
	assert_string_equal(roll(id, "2027-06-01"), "2");
}

static void before_or_after_an_appointment_is_enough(void **state)
{
	const char *id = id_of(around("前或后", BEFORE ", " AFTER, "or"));

	(void)state;
	appoint(2, "[2026-09-01,)");
	appoint(3, "[2026-09-01,)");
	post(sql->app, TEACHER "2", "10", "county", "2026-08-31", "before");
	post(sql->app, TEACHER "3", "6", "county", "2026-08-31", "before");
	post(sql->app, TEACHER "3", "6", "county", "2026-09-30", "after");
	assert_string_equal(stands_of(TEACHER "2", TODAY), "10.00 10.00 0.00 met");
	assert_string_equal(stands_of(TEACHER "3", TODAY), "10.00 6.00 4.00 on_track");
	act_county(sql->app);
	assert_string_equal(
		json_member(QUERY(sql->app, "report_compliance", "requirement_id", id), "{met}"),
		"1");
	assert_string_equal(json_member(QUERY(sql->app, "report_compliance", "requirement_id", id),
					"{window,starts_on}"),
			    "");
	assert_string_equal(
		QUERY(sql->app, "report_compliance", "requirement_id", id, "on", "2025-12-31"), "");
	assert_string_equal(state_differs(), "");
}

/* One window over both: the hours are added up. */
static void hours_before_and_after_may_be_added_up(void **state)
{
	(void)state;
	around("前后",
	       "{\"event\": \"first_appointment\", \"months_before\": 12, \"months_after\": 6}",
	       "");
	appoint(3, "[2026-09-01,)");
	post(sql->app, TEACHER "3", "6", "county", "2026-08-31", "before");
	post(sql->app, TEACHER "3", "6", "county", "2026-09-30", "after");
	assert_string_equal(stands_of(TEACHER "3", TODAY), "10.00 12.00 0.00 met");
	assert_string_equal(state_differs(), "");
}

/* What she needs before it is known as soon as the appointment is. */
static void an_appointment_to_come_is_prepared_for(void **state)
{
	const char *id = id_of(around("前", BEFORE, ""));

	(void)state;
	appoint(2, "[2026-12-01,)");
	post(sql->app, TEACHER "2", "2", "county", "2026-10-01", "a");
	assert_string_equal(stands_of(TEACHER "2", TODAY), "10.00 2.00 8.00 at_risk");
	assert_string_equal(json_member(standing(TEACHER "2", TODAY), "{due_on}"), "2026-11-30");
	assert_string_equal(roll(id, TODAY), "2");
}

static void only_the_first_appointment_under_the_rules_counts(void **state)
{
	const char *id = id_of(around("后", AFTER, ""));

	(void)state;
	appoint(1, "[2025-12-31,2026-03-01)");
	appoint(1, "[2026-09-01,)");
	appoint(2, "[2026-01-01,)");
	appoint(4, "[2026-09-01,)");
	assert_string_equal(roll(id, TODAY), "24");
	assert_string_equal(json_member(standing(TEACHER "2", TODAY), "{due_on}"), "2026-06-30");
	/* Service before the record is of homeroom teachers; trainees have none. */
	as_engine("UPDATE person SET homeroom_since = '2015-09-01' WHERE id = '" TEACHER "4'");
	assert_string_equal(roll(id, TODAY), "24");
	require_rules("班主任", "appointment", "2026-01-01",
		      "\"population\": {\"appointment_kinds\": [\"homeroom\", \"trainee\"]},"
		      "\"target_hours\": 10, \"windows\": [" AFTER "]");
	assert_string_equal(
		as_engine(
			"SELECT string_agg(right(w.person::text, 1) || ' ' || w.anchor, ', '"
			" ORDER BY w.person) FROM requirement r, requirement_windows_of(1,"
			" ARRAY(SELECT id FROM person WHERE county = 1), '[2026-10-16,2026-10-17)') w"
			" WHERE r.name = '班主任' AND w.requirement = r.id"),
		"2 2026-01-01");
}

static void an_appointment_that_moves_takes_its_windows_along(void **state)
{
	(void)state;
	around("后", AFTER, "");
	require("年", "calendar_year", "2026-01-01", "5", "[]");
	post(sql->app, TEACHER "2", "1", "county", "2026-03-15", "a");
	post(sql->app, TEACHER "2", "2", "county", "2026-08-15", "b");
#define ANCHORED                                                                                   \
	as_engine("SELECT coalesce(string_agg(s.window_on || ' ' || s.counted, ', '), '')"         \
		  " FROM requirement_state s JOIN requirement r ON r.id = s.requirement"           \
		  " WHERE r.window_kind = 'appointment'")
	assert_string_equal(ANCHORED, "");
	appoint(2, "[2026-03-01,)");
	assert_string_equal(ANCHORED, "2026-03-01 3.00");
	as_engine(
		"UPDATE homeroom_appointment SET during = '[2026-04-01,)' WHERE kind = 'trainee'");
	assert_string_equal(ANCHORED, "2026-04-01 2.00");
	assert_string_equal(state_differs(), "");
	as_engine("DELETE FROM homeroom_appointment WHERE kind = 'trainee'");
	assert_string_equal(ANCHORED, "");
	assert_string_equal(state_differs(), "");
}

/* --- rules --- */

static void windows_are_given_where_the_kind_asks_for_them(void **state)
{
	static const char *const wrong[][2] = {
		{"calendar_year", "\"windows\": [" AFTER "]"},
		{"appointment", "\"note\": null"},
		{"fixed", "\"windows\": [" AFTER "]"},
		{"appointment", "\"windows\": [{\"starts_on\": \"2026-01-01\", \"years\": 1}]"},
		{"appointment", "\"windows\": [" BEFORE ", " AFTER "]"},
		{"appointment", "\"windows\": [" AFTER "], \"joined\": \"or\""},
		{"appointment", "\"windows\": [{\"event\": \"first_appointment\"}]"},
		{"fixed", "\"windows\": [{\"starts_on\": \"2026-01-01\"}]"},
		{"fixed",
		 "\"windows\": [{\"starts_on\": \"2026-02-01\", \"ends_on\": \"2026-01-31\"}]"},
		{"fixed",
		 "\"windows\": [{\"starts_on\": \"2026-02-01\", \"ends_on\": \"2026-03-31\","
		 " \"years\": 1}]"},
		{"fixed", "\"windows\": [{\"starts_on\": \"2026-02-01\", \"years\": 1}, " AFTER
			  "], \"joined\": \"or\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const char *made = require_rules("甲", wrong[i][0], "2026-01-01",
						 sql_text(TRAINEES ", %s", wrong[i][1]));

		if (!strstr(made, "rules-do-not-fit") && !strstr(made, "requirement_rules_fit"))
			fail_msg("%s was taken: %s", wrong[i][1], made);
	}
}

static void the_day_of_the_appointment_says_which_rules_hold(void **state)
{
	const char *id = id_of(around("后", AFTER, ""));
	static const char later[] =
		"{\"effective_on\": \"%s\", \"population\": {\"appointment_kinds\": "
		"[\"trainee\"]}, \"target_hours\": 4, \"windows\": "
		"[{\"event\": \"first_appointment\", \"months_after\": 2}]}";

	(void)state;
	appoint(1, "[2026-08-31,)");
	appoint(2, "[2026-09-01,)");
	/* Who began on that day would have been judged already. */
	assert_begins(QUERY(sql->app, "requirement_version_create", "requirement_id", id,
			    "if_match", "1", "body", sql_text(later, "2026-04-16")),
		      "version-too-early ");
	assert_begins(QUERY(sql->app, "requirement_version_create", "requirement_id", id,
			    "if_match", "1", "body", sql_text(later, "2026-09-01")),
		      "{");
	post(sql->app, TEACHER "1", "5", "county", "2026-10-01", "a");
	post(sql->app, TEACHER "2", "5", "county", "2026-10-01", "a");
	assert_string_equal(stands_of(TEACHER "1", TODAY), "10.00 5.00 5.00 on_track");
	assert_string_equal(stands_of(TEACHER "2", TODAY), "4.00 5.00 0.00 met");
	assert_string_equal(state_differs(), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(a_month_is_a_window_of_its_own),
		TEST(a_term_is_the_countys_and_follows_it),
		TEST(given_dates_may_be_several_years),
		TEST(given_windows_are_joined_by_and_or_by_or),
		TEST(before_and_after_an_appointment_each_have_their_hours),
		TEST(before_or_after_an_appointment_is_enough),
		TEST(hours_before_and_after_may_be_added_up),
		TEST(an_appointment_to_come_is_prepared_for),
		TEST(only_the_first_appointment_under_the_rules_counts),
		TEST(an_appointment_that_moves_takes_its_windows_along),
		TEST(windows_are_given_where_the_kind_asks_for_them),
		TEST(the_day_of_the_appointment_says_which_rules_hold),
	};

	return cmocka_run_group_tests_name("requirement_windows_sql", tests, set_up, tear_down);
}
