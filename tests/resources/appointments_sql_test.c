/*
 * appointments_sql_test.c -- who may lead a class, where and when, in SQL.  What becomes of
 * appointments with the work in their school: appointments_test.c.
 */
#include "sql.h"

static struct sql *world;
static char county[SQL_COUNTY_SIZE];

#define U(tail) "0199b0a4-7c00-7000-8000-0000000000" tail

/* Appoints PERSON to class d1 of a1; the constraint or SQLSTATE that refuses it, or "". */
static const char *appoint(PGconn *c, const char *person, const char *kind, const char *during)
{
	static char outcome[64];
	PGresult *r = PQexec(
		c,
		sql_text("INSERT INTO homeroom_appointment (county, person, class, school, kind, "
			 "during) VALUES (%s, '%s', '" U("d1") "', '" U("a1") "', '%s', '%s')",
			 county, person, kind, during));
	const char *found = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);

	if (!found)
		found = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	snprintf(outcome, sizeof outcome, "%s", found ? found : "");
	PQclear(r);
	return outcome;
}

static void a_class_has_one_homeroom_teacher_at_a_time(void **state)
{
	PGconn *c = world->super;

	(void)state;
	assert_string_equal(appoint(c, U("c1"), "homeroom", "[2025-09-01,2026-09-01)"), "");
	assert_string_equal(appoint(c, U("c2"), "homeroom", "[2026-08-31,)"),
			    "class_has_one_homeroom_teacher");
	assert_string_equal(appoint(c, U("c2"), "acting", "[2026-08-31,)"),
			    "class_has_one_homeroom_teacher");
	assert_string_equal(appoint(c, U("c2"), "homeroom", "[2026-09-01,)"), "");
	assert_string_equal(appoint(c, U("c1"), "deputy", "[2026-09-01,)"), "");
	assert_string_equal(appoint(c, U("c1"), "deputy", "[2026-10-01,)"), "appointment_once");
}

static void nobody_is_appointed_where_she_does_not_work(void **state)
{
	PGconn *c = world->super;

	(void)state;
	assert_string_equal(appoint(c, U("c2"), "trainee", "[2019-09-01,2020-01-01)"), "QL409");
	assert_string_equal(appoint(c, U("c2"), "trainee", "[2027-01-01,)"), "QL409");
	assert_string_equal(appoint(c, U("c2"), "trainee", "[2026-12-31,)"), "");
	assert_string_equal(
		sql_value(c, "SELECT upper(during) || end_reason FROM homeroom_appointment "
			     "WHERE kind = 'trainee'"),
		"2027-01-01离开学校");
	/* Who was made for a school and has no memberships is there. */
	sql_value(c, sql_text("INSERT INTO person (county, id, name, sort_key, officer, school) "
			      "VALUES (%s, '" U("c3") "', '丙', 'bing', true, '" U("a1") "')",
			      county));
	assert_string_equal(appoint(c, U("c3"), "assistant", "[2026-09-01,)"), "");
}

static void two_that_appoint_at_once_do_not_both_succeed(void **state)
{
	PGconn *first = sql_connect(world, "postgres"), *second = sql_connect(world, "postgres");

	(void)state;
	sql_value(first, "SET search_path = qinglan");
	sql_value(second, "SET search_path = qinglan; SET lock_timeout = '200ms'");
	sql_value(first, "BEGIN");
	assert_string_equal(appoint(first, U("c1"), "homeroom", "[2020-01-01,2020-06-01)"), "");
	/* It waits for the first to end, and may not pass it. */
	assert_string_equal(appoint(second, U("c2"), "homeroom", "[2020-05-01,2020-07-01)"),
			    "55P03");
	sql_value(first, "COMMIT");
	assert_string_equal(appoint(second, U("c2"), "homeroom", "[2020-05-01,2020-07-01)"),
			    "class_has_one_homeroom_teacher");
	PQfinish(first);
	PQfinish(second);
}

/* Tries a row of c1's; the constraint or SQLSTATE that refuses it, or "". */
static const char *enter(PGconn *c, const char *columns, const char *values)
{
	static char outcome[64];
	PGresult *r = PQexec(
		c, sql_text("INSERT INTO homeroom_appointment (county, person, school, "
			    "kind, %s) VALUES (%s, '" U("c1") "', '" U("a1") "', "
									     "'reserve', %s)",
			    columns, county, values));
	const char *found = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);

	if (!found)
		found = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	snprintf(outcome, sizeof outcome, "%s", found ? found : "");
	PQclear(r);
	return outcome;
}

static void a_teacher_proposes_herself_and_gives_herself_no_days(void **state)
{
	(void)state;
	sql_act(world->app, county, "teacher", "self", "", U("c1"));
	assert_string_equal(enter(world->app, "way, state", "'application', 'proposed'"), "");
	assert_string_equal(enter(world->app, "during", "'[2026-09-01,)'"), "42501");
	assert_string_equal(sql_state(world->app, "UPDATE homeroom_appointment SET state = "
						  "'appointed', during = '[2026-09-01,)'"),
			    "42501");
	assert_string_equal(sql_state(world->app, "UPDATE homeroom_appointment SET state = "
						  "'withdrawn' WHERE state = 'proposed'"),
			    "");
}

static void nobody_reviews_or_appoints_herself(void **state)
{
	PGconn *c = world->super;

	(void)state;
	assert_string_equal(enter(c, "way, state, reviewed_at, reviewed_by",
				  "'nomination', 'qualified', clock_now(), '" U("c1") "'"),
			    "nobody_appoints_herself");
	assert_string_equal(enter(c, "during, appointed_by", "'[2026-09-01,)', '" U("c1") "'"),
			    "nobody_appoints_herself");
	assert_string_equal(enter(c, "way, state", "'nomination', 'qualified'"),
			    "qualified_was_reviewed");
	assert_string_equal(enter(c, "way, state", "'nomination', 'appointed'"),
			    "appointed_has_days");
}

/* c1 works in a1 without an end, c2 up to the end of 2026. */
static int set_up(void **state)
{
	world = sql_begin("appointments_sql");
	*state = world;
	if (!world)
		return -1;
	sql_county(world, "990101", county);
	sql_value(
		world->super,
		sql_text(
			"SELECT set_config('qinglan.county', '%s', false); "
			"INSERT INTO school (county, id, code, name, stages) "
			"SELECT this_county(), '" U(
				"a1") "', '2199000001', 'P', '{primary}'; "
				      "INSERT INTO class (county, id, school, stage, entry_year, number) "
				      "SELECT this_county(), '" U("d1") "', '" U(
					      "a1") "', 'primary', 2023, 2; "
						    "INSERT INTO person (county, id, name, sort_key, tokens, teacher) VALUES "
						    "(this_county(), '" U(
							    "c1") "', '甲', 'jia', '{jia}', true), "
								  "(this_county(), '" U(
									  "c2") "', '乙', 'yi', '{yi}', true); "
										"INSERT INTO membership (county, person, school, kind, during) VALUES "
										"(this_county(), '" U("c1") "', '" U(
											"a1") "', 'working', '[2020-01-01,)'), "
											      "(this_county(), '" U(
												      "c2") "', '" U("a1") "', 'working', '[2020-01-01,2027-01-01)')",
			county));
	return 0;
}

static int tear_down(void **state)
{
	sql_end(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_has_one_homeroom_teacher_at_a_time),
		cmocka_unit_test(nobody_is_appointed_where_she_does_not_work),
		cmocka_unit_test(two_that_appoint_at_once_do_not_both_succeed),
		cmocka_unit_test(a_teacher_proposes_herself_and_gives_herself_no_days),
		cmocka_unit_test(nobody_reviews_or_appoints_herself),
	};

	return cmocka_run_group_tests_name("appointments_sql", tests, set_up, tear_down);
}
