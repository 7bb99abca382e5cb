/*
 * requirement_any_sql_test.c -- rules that cannot be met are refused, and whatever others there
 * are, and whatever is posted, taken back, appointed and amended under them, the state kept is what
 * a count from scratch gives, and a person is told what the lists say;
 * db/migrations/0028_requirement_state.sql.
 */
#include "resources/requirement.h"

/* Rules from then on judge no window that is over. */
#define TOMORROW "2026-10-17"

static int set_up(void **state)
{
	(void)state;
	return requirement_begin("requirement_any_sql");
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
	as_engine("DELETE FROM homeroom_appointment WHERE kind = 'trainee'");
	act_county(sql->app);
	return 0;
}

static void rules_that_cannot_be_met_are_refused(void **state)
{
	const char *const wrong[] = {
		"\"note\": null",
		sql_text(
			"\"target_hours\": 10, \"choices\": [{\"module_ids\": [\"%s\"], \"different\": 2,"
			" \"hours_each\": 1}]",
			module(0)),
		sql_text("\"target_hours\": 3, \"choices\": [{\"module_ids\": [\"%s\", \"%s\"],"
			 " \"different\": 2, \"hours_each\": 2}]",
			 module(0), module(1)),
		sql_text(
			"\"target_hours\": 9, \"limits\": [{\"module_id\": \"%s\", \"at_least\": 1}],"
			" \"choices\": [{\"module_ids\": [\"%s\"], \"different\": 1, \"hours_each\": 2}]",
			module(0), module(0)),
		sql_text(
			"\"target_hours\": 9, \"limits\": [{\"module_id\": \"%s\", \"level\": \"city\","
			" \"at_least\": 1}]",
			module(0)),
		sql_text(
			"\"target_hours\": 9, \"limits\": [{\"module_id\": \"%s\", \"at_least\": 6},"
			" {\"module_id\": \"%s\", \"at_least\": 4}]",
			module(0), module(1)),
		"\"target_hours\": 9, \"limits\": [{\"at_least\": 4, \"at_most\": 5}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const char *made = require_rules("甲", "calendar_year", "2026-01-01",
						 sql_text(RESERVES ", %s", wrong[i]));

		if (!strstr(made, "requirement_rules_fit") &&
		    !strstr(made, "requirement_limits_fit"))
			fail_msg("%s was taken: %s", wrong[i], made);
	}
}

/* --- at random --- */

static unsigned seed;

/* A number below LIMIT, the same in every run. */
static unsigned any(unsigned limit)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % limit;
}

static const char *any_level(void)
{
	static const char *const levels[] = {"city", "county", "school", "self_study"};

	return levels[any(4)];
}

/* One limit of three kinds; the level ones alone where PLAIN. */
static const char *any_limit(bool plain)
{
	switch (plain ? 0 : any(3)) {
	case 0:
		return sql_text("{\"level\": \"%s\", \"at_least\": %u, \"at_most\": %u}",
				any_level(), any(4), 4 + any(6));
	case 1:
		return sql_text("{\"module_id\": \"%s\", \"at_least\": %u, \"at_most\": %u}",
				module(any(3)), any(3), 3 + any(5));
	default:
		return sql_text("{\"source_kind\": \"%s\", \"at_most\": %u}",
				any(2) ? "adjustment" : "course_enrolment", any(12));
	}
}

static const char *any_windows(const char *kind)
{
	static const char *const fixed[] = {
		"{\"starts_on\": \"2025-10-01\", \"years\": 1}",
		"{\"starts_on\": \"2026-03-01\", \"ends_on\": \"2026-12-31\"}"};
	static const char *const around[] = {
		"{\"event\": \"first_appointment\", \"months_before\": 9}",
		"{\"event\": \"first_appointment\", \"months_before\": 2, \"months_after\": 6}"};
	const char *const *two = !strcmp(kind, "fixed") ? fixed : around;

	if (strcmp(kind, "fixed") && strcmp(kind, "appointment"))
		return "";
	if (any(2))
		return sql_text(", \"windows\": [%s]", two[any(2)]);
	return sql_text(", \"windows\": [%s, %s], \"joined\": \"%s\"", two[0], two[1],
			any(2) ? "and" : "or");
}

/* Rules of the day FROM for a window of KIND: the members of a body besides name and window. */
static const char *any_rules(const char *kind, const char *from)
{
	bool plain = !any(3);
	const char *first = any_limit(plain), *second = any(2) ? any_limit(plain) : NULL;

	if (second && !strncmp(first, second, 30))
		second = NULL;
	return sql_text(
		"\"effective_on\": \"%s\", \"population\": {\"appointment_kinds\": [\"%s\"]},"
		" \"target_hours\": %u, \"limits\": [%s%s%s]%s%s%s%s",
		from, any(2) ? "trainee" : "reserve", 8 + any(10), first, second ? ", " : "",
		second ? second : "", any_windows(kind),
		!plain && !any(3)
			? sql_text(", \"only_modules\": [\"%s\", \"%s\"]", module(0), module(1))
			: "",
		!plain && !any(3) ? ", \"recognised_levels\": [\"city\", \"county\"]" : "",
		!plain && !any(3)
			? sql_text(
				  ", \"choices\": [{\"module_ids\": [\"%s\", \"%s\"], \"different\": 1,"
				  " \"hours_each\": 2}]",
				  module(4), module(5))
			: "");
}

static void any_entry(int number)
{
	const char *person = sql_text(TEACHER "%u", 1 + any(9));
	const char *made = QUERY(
		sql->app, "hour_entry_create", "teacher_id", person, "hours",
		sql_text("%u.%02u", any(5), 25 * (1 + any(3))), "level", any_level(), "activity_on",
		sql_value(sql->super, sql_text("SELECT date '2025-09-01' + %u", any(400))),
		"module_id", module(any(6)), "source",
		sql_text("{\"kind\": \"%s\", \"key\": \"%d\"}",
			 any(2) ? "adjustment" : "course_enrolment", number));

	assert_begins(made, "{");
	if (!any(5))
		assert_begins(QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(made),
				    "reason", "x"),
			      "{");
}

/* Somebody becomes a trainee, begins on another day, or never was one. */
static void any_appointment(void)
{
	unsigned n = 1 + any(9), day = any(400);

	as_engine(sql_text(
		"DELETE FROM homeroom_appointment WHERE kind = 'trainee' AND person = '" TEACHER
		"%u'",
		n));
	if (any(3))
		as_engine(sql_text(
			"INSERT INTO homeroom_appointment (county, person, school, kind, during)"
			" SELECT county, person, school, 'trainee',"
			" daterange(date '2025-09-01' + %u, NULL) FROM membership"
			" WHERE person = '" TEACHER "%u'",
			day, n));
	if (!any(3))
		as_engine(sql_text("UPDATE homeroom_appointment SET during ="
				   " daterange(lower(during) + 20, upper(during))"
				   " WHERE kind = 'trainee' AND person = '" TEACHER "%u'",
				   n));
}

/* What each of the roll's people is told herself, and of whom that differs. */
static const char *told_differs(void)
{
	act_county(sql->app);
	return sql_value(
		sql->app,
		"WITH listed AS (SELECT r.id, l.person, l.needed, l.counted, l.short, l.due_on, l.status"
		" FROM requirement r CROSS JOIN LATERAL requirement_roll(r.id, today()) l),"
		" told AS (SELECT t.id, p.id, (t.body->>'needed')::numeric, (t.body->>'counted')::numeric,"
		" (t.body->>'short')::numeric, (t.body->>'due_on')::date, t.body->>'status'"
		" FROM person p CROSS JOIN LATERAL requirement_of_person(p.id, today(), 92) t)"
		"SELECT coalesce(string_agg(x::text, E'\n'), '') FROM ((TABLE listed EXCEPT TABLE told)"
		" UNION ALL (TABLE told EXCEPT TABLE listed)) x");
}

static void whatever_the_rules_what_is_kept_is_what_a_count_gives(void **state)
{
	static const char *const kinds[] = {"calendar_year", "school_year", "term",
					    "month",         "fixed",       "appointment"};
	char ids[6][37];
	int number = 0;

	(void)state;
	for (seed = 1; seed < 5; seed++) {
		const unsigned began = seed;

		clear(NULL);
		for (int i = 0; i < 6; i++) {
			const char *made =
				QUERY(sql->app, "requirement_create", "body",
				      sql_text("{\"name\": \"%d\", \"window\": \"%s\", %s}", i,
					       kinds[i], any_rules(kinds[i], "2025-06-01")));

			assert_begins(made, "{");
			snprintf(ids[i], sizeof ids[i], "%s", id_of(made));
		}
		for (int i = 0; i < 60; i++) {
			act_county(sql->app);
			if (any(4))
				any_entry(number++);
			else
				any_appointment();
		}
		for (int i = 0; i < 6; i++) {
			act_county(sql->app);
			assert_begins(QUERY(sql->app, "requirement_version_create",
					    "requirement_id", ids[i], "if_match", "1", "body",
					    sql_text("{%s}", any_rules(kinds[i], TOMORROW))),
				      "{");
		}
		for (int i = 0; i < 15; i++)
			any_entry(number++);
		any_appointment();
		if (*state_differs() || *told_differs())
			fail_msg("seed %u:\n%s\n%s", began, state_differs(), told_differs());
		seed = began;
	}
	assert_int_not_equal(
		atoi(as_engine("SELECT count(*) FROM requirement_state WHERE counted > 0")), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(rules_that_cannot_be_met_are_refused),
		TEST(whatever_the_rules_what_is_kept_is_what_a_count_gives),
	};

	return cmocka_run_group_tests_name("requirement_any_sql", tests, set_up, tear_down);
}
