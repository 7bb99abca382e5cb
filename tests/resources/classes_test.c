/*
 * classes_test.c -- grades and labels of classes, and what passes with the days, in SQL.  Who leads
 * them: appointments_sql_test.c.
 */
#include "sql.h"

static struct sql *world;
static char county[SQL_COUNTY_SIZE];

#define U(tail) "0199b0a4-7c00-7000-8000-0000000000" tail

static const char *grade(int entry_year, const char *stage, const char *system, const char *day)
{
	return sql_value(world->super, sql_text("SELECT class_grade(%d, '%s', '%s', '%s')",
						entry_year, stage, system, day));
}

static void a_grade_follows_from_calendar_and_school_system(void **state)
{
	(void)state;
	assert_string_equal(grade(2026, "primary", "six_three", "2026-10-15"), "一年级");
	assert_string_equal(grade(2026, "primary", "six_three", "2027-08-31"), "一年级");
	assert_string_equal(grade(2026, "primary", "six_three", "2027-09-01"), "二年级");
	assert_string_equal(grade(2021, "primary", "six_three", "2026-10-15"), "六年级");
	assert_string_equal(grade(2021, "primary", "five_four", "2026-10-15"), "");
	assert_string_equal(grade(2020, "primary", "six_three", "2026-10-15"), "");
	assert_string_equal(grade(2027, "primary", "six_three", "2026-10-15"), "");
	assert_string_equal(grade(2026, "junior", "six_three", "2026-10-15"), "七年级");
	assert_string_equal(grade(2026, "junior", "five_four", "2026-10-15"), "六年级");
	assert_string_equal(grade(2023, "junior", "five_four", "2026-10-15"), "九年级");
	assert_string_equal(grade(2024, "senior", "six_three", "2026-10-15"), "高三");
	assert_string_equal(grade(2025, "vocational", "six_three", "2026-10-15"), "二年级");
	/* No school year, no grade. */
	assert_string_equal(grade(2026, "primary", "six_three", "2049-10-15"), "");
}

static void a_label_is_read_as_people_write_it(void **state)
{
	const struct {
		const char *school, *label, *read;
	} cases[] = {
		{U("a1"), "四年级(2)班", "primary 2023 2"},
		{U("a1"), "四年级（２）班", "primary 2023 2"},
		{U("a1"), "四年级 二班", "primary 2023 2"},
		{U("a1"), "4年级12班", "primary 2023 12"},
		{U("a1"), "一年级十二班", "primary 2026 12"},
		{U("a1"), "2024级3班", "primary 2024 3"},
		{U("a1"), "小三(1)班", "primary 2024 1"},
		{U("a1"), "七年级(1)班", ""},
		{U("a1"), "2019级3班", ""},
		{U("a1"), "四年级", ""},
		{U("a1"), "四年级(0)班", ""},
		{U("a1"), "", ""},
		{U("a1"), "班主任", ""},
		{U("a2"), "七年级(12)班", "junior 2026 12"},
		{U("a2"), "初二3班", "junior 2025 3"},
		{U("a2"), "高一(7)班", "senior 2026 7"},
		{U("a2"), "高三(11)班", "senior 2024 11"},
		{U("a2"), "高四(1)班", ""},
		/* Junior or senior: nobody can say. */
		{U("a2"), "2025级3班", ""},
		{U("a3"), "一年级(3)班", "vocational 2026 3"},
		{U("a4"), "六年级(1)班", "junior 2026 1"},
		{U("a4"), "五年级(1)班", ""},
		{U("a9"), "一年级(1)班", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *read =
			sql_value(world->super,
				  sql_text("SELECT concat_ws(' ', stage, entry_year, number) FROM "
					   "class_of_label('%s', '%s', '2026-10-15')",
					   cases[i].school, cases[i].label));

		if (strcmp(read, cases[i].read))
			fail_msg("%s: '%s', should be '%s'", cases[i].label, read, cases[i].read);
	}
}

static void a_label_finds_the_class_that_is_there(void **state)
{
	(void)state;
	sql_value(
		world->super,
		sql_text("INSERT INTO class (county, id, school, stage, entry_year, number) VALUES "
			 "(%s, '" U("d1") "', '" U("a1") "', 'primary', 2023, 2)",
			 county));
	assert_string_equal(sql_value(world->super, "SELECT class FROM class_of_label('" U(
							    "a1") "', "
								  "'四年级(2)班', '2026-10-15')"),
			    U("d1"));
	assert_string_equal(sql_value(world->super, "SELECT class FROM class_of_label('" U(
							    "a1") "', "
								  "'五年级(2)班', '2027-10-15')"),
			    U("d1"));
	assert_string_equal(
		sql_state(world->super,
			  sql_text("INSERT INTO class (county, school, stage, entry_year, "
				   "number) VALUES (%s, '" U("a1") "', 'primary', 2023, 2)",
				   county)),
		"23505");
}

/* Where PERSON works, and which schools see her until when. */
static const char *place(const char *person)
{
	return sql_value(
		world->super,
		sql_text(
			"SELECT concat_ws(' ', right(p.school::text, 2), (SELECT string_agg(right("
			"s.school::text, 2) || ':' || s.until_on, ' ' ORDER BY s.school) FROM sight s "
			"WHERE s.person = p.id)) FROM person p WHERE p.id = '%s'",
			person));
}

static void a_membership_begins_and_ends_with_the_days(void **state)
{
	(void)state;
	assert_string_equal(place(U("c1")), "a1 a1:infinity");
	sql_value(
		world->super,
		sql_text(
			"UPDATE membership SET during = '[2020-09-01,2026-11-01)' WHERE person = '" U(
				"c1") "'; INSERT INTO membership (county, person, school, kind, "
				      "during) VALUES (%s, '" U("c1") "', '" U(
					      "a2") "', 'working', "
						    "'[2026-11-01,)')",
			county));
	/* Known already, and not yet so. */
	assert_string_equal(place(U("c1")), "a1 a1:2026-10-31");
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-11-01 02:00+00')", county));
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "1");
	assert_string_equal(place(U("c1")), "a2 a1:2026-10-31 a2:infinity");
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	/* She is searched for where she is seen. */
	assert_string_equal(
		sql_value(world->super,
			  "SELECT string_agg(right(school::text, 2), ' ' ORDER BY school) "
			  "FROM person_token WHERE person = '" U("c1") "'"),
		"a1 a2");
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 02:00+00')", county));
}

/* As a day before was found to be in line, for people_upkeep() to look again. */
static void look_again(void)
{
	sql_value(world->super,
		  "UPDATE people_day SET looked_at = looked_at - interval '2 minutes'");
}

/* What was begun the day before goes by that day, and is committed when the new one was seen to. */
static void who_is_written_across_midnight_is_moved_too(void **state)
{
	PGconn *late = sql_connect(world, "postgres");

	(void)state;
	sql_value(world->gate, "SELECT people_upkeep()");
	sql_value(late, sql_text("SET search_path = qinglan; BEGIN; SELECT set_config("
				 "'qinglan.county', '%s', true); INSERT INTO membership (county, "
				 "person, school, kind, during) VALUES (%s, '" U("c2") "', '" U(
					 "a2") "', 'working', '[2026-10-16,)')",
				 county, county));
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 16:00:05+00')", county));
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	sql_value(late, "COMMIT");
	/* Not each second. */
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	assert_string_equal(place(U("c2")), "");
	look_again();
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "1");
	assert_string_equal(place(U("c2")), "a2 a2:infinity");
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	/* Nor when nothing begun the day before can be left. */
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 16:20+00')", county));
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	look_again();
	assert_string_equal(
		sql_value(world->super, sql_text("UPDATE person SET school = NULL WHERE id = '" U(
						"c2") "'; SELECT people_upkeep()")),
		"0");
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 02:00+00')", county));
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "1");
	assert_string_equal(place(U("c2")), "");
	PQfinish(late);
}

#define MOVING "'" U("c1") "', '" U("c2") "', '" U("e1") "'"
static void who_is_being_changed_keeps_nobody_else_from_moving(void **state)
{
	PGconn *busy = sql_connect(world, "postgres");
	char other[SQL_COUNTY_SIZE];

	(void)state;
	sql_county(world, "990102", other);
	sql_value(world->gate, "SELECT people_upkeep()");
	sql_value(world->super,
		  sql_text("INSERT INTO school (county, id, code, name, stages) VALUES (%s, '" U(
				   "a3") "', '2199000001', 'Q', '{primary}'); INSERT INTO person "
					 "(county, id, name, sort_key, teacher) VALUES (%s, '" U(
						 "e1") "', "
						       "'戊', 'wu', true)",
			   other, other));
	sql_value(
		world->super,
		"DELETE FROM membership WHERE person IN (" MOVING ")"
		"; INSERT INTO membership (county, person, school, kind, during) SELECT county, id, '" U(
			"a3") "', 'working', '[2026-11-01,)' FROM person WHERE id IN (" MOVING ")");
	sql_value(busy, "SET search_path = qinglan; BEGIN");
	sql_value(busy, "SELECT 1 FROM person WHERE id = '" U("c1") "' FOR NO KEY UPDATE");
	sql_value(world->owner,
		  sql_text("SELECT clock_set(n::int, '2026-11-01 02:00+00') FROM unnest(ARRAY[%s, "
			   "%s]) AS u(n)",
			   county, other));
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "1");
	assert_string_equal(place(U("c2")), "a3 a3:infinity");
	/* The next county's turn. */
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "1");
	assert_string_equal(place(U("e1")), "a3 a3:infinity");
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	sql_value(busy, "COMMIT");
	/* She is not forgotten. */
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "1");
	assert_string_equal(place(U("c1")), "a3 a3:infinity");
	assert_string_equal(sql_value(world->gate, "SELECT people_upkeep()"), "0");
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 02:00+00')", county));
	PQfinish(busy);
}

static int set_up(void **state)
{
	world = sql_begin("classes");
	*state = world;
	if (!world)
		return -1;
	sql_value(world->super, "SET lock_timeout = '5s'");
	sql_county(world, "990101", county);
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 02:00+00')", county));
	sql_value(
		world->super,
		sql_text(
			"SELECT set_config('qinglan.county', '%s', false); "
			"INSERT INTO school (county, id, code, name, stages, school_system) VALUES "
			"(%s, '" U(
				"a1") "', '2199000001', 'P', '{primary}', 'six_three'), "
				      "(%s, '" U(
					      "a2") "', '3499000002', 'S', '{junior,senior}', 'six_three'), "
						    "(%s, '" U(
							    "a3") "', '3699000003', 'V', '{vocational}', 'six_three'), "
								  "(%s, '" U(
									  "a4") "', '3199000004', 'J', '{junior}', 'five_four'); "
										"INSERT INTO person (county, id, name, sort_key, tokens, teacher) VALUES "
										"(%s, '" U(
											"c1") "', '甲', 'jia', '{jia}', true), "
											      "(%s, '" U(
												      "c2") "', '乙', 'yi', '{yi}', true); "
													    "INSERT INTO membership (county, person, school, kind, during) VALUES "
													    "(%s, '" U("c1") "', '" U(
														    "a1") "', 'working', '[2020-09-01,)')",
			county, county, county, county, county, county, county, county));
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
		cmocka_unit_test(a_grade_follows_from_calendar_and_school_system),
		cmocka_unit_test(a_label_is_read_as_people_write_it),
		cmocka_unit_test(a_label_finds_the_class_that_is_there),
		cmocka_unit_test(a_membership_begins_and_ends_with_the_days),
		cmocka_unit_test(who_is_written_across_midnight_is_moved_too),
		cmocka_unit_test(who_is_being_changed_keeps_nobody_else_from_moving),
	};

	return cmocka_run_group_tests_name("classes", tests, set_up, tear_down);
}
