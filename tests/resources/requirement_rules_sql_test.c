/*
 * requirement_rules_sql_test.c -- whom requirements concern, and what of modules, sources and
 * recognised courses counts; db/migrations/0027_requirement_counting.sql and
 * 0029_requirement_reading.sql.
 */
#include "resources/requirement.h"

static int set_up(void **state)
{
	(void)state;
	return requirement_begin("requirement_rules_sql");
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
		  "UPDATE person SET homeroom_since = NULL, gender = NULL, birth_on = NULL,"
		  " teaching_stage = NULL WHERE county = 1");
	act_county(sql->app);
	return 0;
}

/* Posts hours of module N for teacher 1. */
static void post_module(int n, const char *hours, const char *level, const char *day,
			const char *key)
{
	const char *made =
		QUERY(sql->app, "hour_entry_create", "teacher_id", TEACHER "1", "hours", hours,
		      "level", level, "activity_on", day, "module_id", module(n), "source",
		      sql_text("{\"kind\": \"course_enrolment\", \"key\": \"%s\"}", key));

	assert_begins(made, "{");
}

/* A requirement of the year 2026 for those of POPULATION; its id. */
static const char *concerning(const char *population)
{
	static int number;

	act_county(sql->app);
	return id_of(
		require_rules(sql_text("%d", ++number), "calendar_year", "2025-01-01",
			      sql_text("\"population\": {%s}, \"target_hours\": 10", population)));
}

/* Whom it concerns, as the list says; each of them, and nobody else, is told so herself. */
static const char *concerned(const char *population)
{
	const char *id = concerning(population), *list = roll(id, TODAY);

	for (int n = 1; n <= 9; n++) {
		const char *told = sql_value(
			sql->app, sql_text("SELECT count(*) FROM requirement_of_person('" TEACHER
					   "%d', '" TODAY "', 92) WHERE id = '%s'",
					   n, id));

		if (!strchr(list, '0' + n) != !strcmp(told, "0"))
			fail_msg("%s: teacher %d", population, n);
	}
	return list;
}

/* --- who is concerned --- */

static void the_first_appointment_decides_who_is_old_and_who_is_new(void **state)
{
	(void)state;
	as_engine(
		"INSERT INTO homeroom_appointment (county, person, school, kind, during)"
		" SELECT m.county, m.person, m.school, 'trainee', d.during::daterange FROM membership m"
		" JOIN (VALUES (1, '[2025-03-01,2025-09-01)'), (1, '[2026-09-01,)'),"
		" (2, '[2026-09-01,)'), (3, '[2024-01-01,)')) AS d(n, during)"
		" ON m.person::text = '" TEACHER "' || d.n");
#define TRAINEES "\"appointment_kinds\": [\"trainee\"]"
	assert_string_equal(concerned(TRAINEES), "123");
	assert_string_equal(concerned(TRAINEES ", \"appointed_from\": \"2025-03-01\""), "12");
	assert_string_equal(concerned(TRAINEES ", \"appointed_before\": \"2025-03-01\""), "3");
	assert_string_equal(concerned(TRAINEES ", \"appointment\": \"first\""), "23");
	assert_string_equal(concerned(TRAINEES ", \"appointment\": \"renewed\""), "1");
}

static void gender_age_and_stage_are_judged_on_the_day_stated(void **state)
{
	(void)state;
	as_engine("UPDATE person p SET gender = v.gender, birth_on = v.birth_on::date,"
		  " teaching_stage = v.stage FROM (VALUES"
		  " (1, 'male', '1976-09-02', 'primary'), (2, 'male', '1976-09-01', 'primary'),"
		  " (3, 'female', '1981-09-02', 'junior'), (4, 'female', '1981-09-01', NULL),"
		  " (5, NULL, '1990-01-01', NULL), (6, 'female', NULL, NULL)"
		  ") AS v(n, gender, birth_on, stage) WHERE p.id::text = '" TEACHER "' || v.n");
#define S6                                                                                         \
	"\"ages\": [{\"gender\": \"male\", \"under_age\": 50}, "                                   \
	"{\"gender\": \"female\", \"under_age\": 45}]"
	assert_string_equal(
		concerned("\"appointment_kinds\": null, " S6 ", \"ages_on\": \"2026-09-01\""),
		"13");
	/* Not on the stated day, but on the one it is judged. */
	assert_string_equal(concerned("\"appointment_kinds\": [\"reserve\"], " S6), "");
	assert_string_equal(
		concerned("\"appointment_kinds\": null, \"ages\": [{\"from_age\": 36}]"), "12345");
	assert_string_equal(concerned("\"appointment_kinds\": null, \"stages\": [\"primary\"]"),
			    "12");
}

static void all_teachers_are_who_works_in_the_schools(void **state)
{
	const char *id = concerning("\"appointment_kinds\": null");
	const char *of_school =
		concerning("\"appointment_kinds\": null, \"school_ids\": [\"" SCHOOL "2\"]");

	(void)state;
	sql_value(sql->super, "BEGIN");
	as_engine(
		"DELETE FROM homeroom_appointment; UPDATE person SET teacher = false, officer = true"
		" WHERE id = '" TEACHER "9'");
	assert_string_equal(roll(id, TODAY), "12345678");
	assert_string_equal(roll(of_school, TODAY), "147");
	sql_value(sql->super, "ROLLBACK");
	act_school(sql->app, SCHOOL "2", "");
	assert_string_equal(
		sql_value(sql->app,
			  sql_text("SELECT count(*) FROM requirement_roll('%s', '" TODAY "')", id)),
		"3");
}

static void who_was_trained_before_is_left_out(void **state)
{
	const char *earlier = id_of(require("前", "calendar_year", "2025-01-01", "5", "[]"));
	const char *back;

	(void)state;
	post(sql->app, TEACHER "1", "1", "school", "2025-05-05", "a");
	post(sql->app, TEACHER "2", "1", "county", "2024-05-05", "a");
	post(sql->app, TEACHER "3", "1", "county", "2026-01-01", "a");
	back = post(sql->app, TEACHER "4", "1", "county", "2024-05-05", "a");
	QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(back), "reason", "x");
	assert_string_equal(concerned("\"appointment_kinds\": [\"reserve\"], \"never_trained\": "
				      "{\"levels\": [\"county\", \"city\"]}"),
			    "13456789");
	assert_string_equal(concerned(sql_text("\"appointment_kinds\": [\"reserve\"], "
					       "\"never_trained\": {\"requirement_id\": \"%s\"}",
					       earlier)),
			    "23456789");
	act_county(sql->app);
	assert_non_null(strstr(require_rules("乙", "calendar_year", "2026-01-01",
					     "\"population\": {\"appointment_kinds\": null, "
					     "\"never_trained\": {\"requirement_id\": \"" SCHOOL
					     "1\"}}, \"target_hours\": 1"),
			       "#/population/never_trained/requirement_id"));
}

static void a_cohort_is_those_whom_its_plan_names(void **state)
{
	const char *id;

	(void)state;
	assert_begins(require_rules("甲", "calendar_year", "2026-01-01",
				    "\"population\": {\"appointment_kinds\": [\"reserve\"], "
				    "\"cohort_id\": \"" SCHOOL "6\"}, \"target_hours\": 1"),
		      "unprocessable {\"code\": \"not-found\", \"pointer\": "
		      "\"#/population/cohort_id\"}");
	sql_value(sql->super, "BEGIN");
	as_engine(
		"INSERT INTO plan (county, id, title, during) VALUES (1, '" SCHOOL
		"5', '三年', '[2026-09-01,2029-09-01)');"
		"INSERT INTO cohort (county, id, plan, number, name, during) VALUES (1, '" SCHOOL
		"6', '" SCHOOL "5', 1, '第一批', '[2026-09-01,2027-09-01)');"
		"INSERT INTO cohort_member (county, plan, person, cohort, school) SELECT 1, '" SCHOOL
		"5', p.id, '" SCHOOL "6', p.school FROM person p WHERE p.county = 1"
		" AND p.id IN ('" TEACHER "2', '" TEACHER "7')");
	sql_value(sql->super, "COMMIT");
	act_county(sql->app);
	id = id_of(require_rules("甲", "calendar_year", "2026-01-01",
				 "\"population\": {\"appointment_kinds\": [\"reserve\"], "
				 "\"cohort_id\": \"" SCHOOL "6\"}, \"target_hours\": 1"));
	assert_string_equal(roll(id, TODAY), "27");
	as_engine("DELETE FROM cohort_member; DELETE FROM cohort; DELETE FROM plan");
}

/* --- what counts --- */

static void an_entry_counts_the_least_that_all_its_limits_leave(void **state)
{
	(void)state;
	assert_begins(require_rules("甲", "calendar_year", "2026-01-01",
				    sql_text(RESERVES
					     ", \"target_hours\": 30, \"limits\": ["
					     "{\"level\": \"school\", \"at_most\": 10},"
					     "{\"module_id\": \"%s\", \"at_most\": 6},"
					     "{\"module_id\": \"%s\", \"at_most\": 0},"
					     "{\"source_kind\": \"adjustment\", \"at_most\": 3}]",
					     module(0), module(1))),
		      "{");
	post_module(0, "5", "school", "2026-02-01", "a");
	post_module(0, "5", "county", "2026-02-02", "b"); /* the module leaves 1 */
	post_module(2, "8", "school", "2026-02-03", "c"); /* the level leaves 5 */
	post_module(1, "2", "county", "2026-02-04", "d");
	QUERY(sql->app, "hour_entry_create", "teacher_id", TEACHER "1", "hours", "4", "level",
	      "county", "activity_on", "2026-02-05", "source",
	      "{\"kind\": \"adjustment\", \"key\": \"e\"}");
	assert_string_equal(explained_of(TEACHER "1", "2026-03-01"),
			    "5.00 5.00, 5.00 1.00 cap_reached, 8.00 5.00 cap_reached, "
			    "2.00 0.00 module_not_required, 4.00 3.00 cap_reached");
	assert_begins(stands_of(TEACHER "1", "2026-03-01"), "30.00 14.00 16.00 ");
	assert_string_equal(state_differs(), "");
}

/* S11: six modules, two of them elective. */
static void required_modules_and_some_of_a_choice_are_met_one_by_one(void **state)
{
	(void)state;
	assert_begins(
		require_rules("甲", "calendar_year", "2026-01-01",
			      sql_text(RESERVES
				       ", \"target_hours\": 10, \"limits\": ["
				       "{\"module_id\": \"%s\", \"at_least\": 3}],"
				       "\"choices\": [{\"module_ids\": [\"%s\", \"%s\", \"%s\"],"
				       " \"different\": 2, \"hours_each\": 2}]",
				       module(0), module(1), module(2), module(3))),
		"{");
	post_module(4, "12", "school", "2026-02-01", "a");
	assert_begins(stands_of(TEACHER "1", "2026-03-01"), "10.00 12.00 7.00 ");
	post_module(0, "1", "school", "2026-02-02", "b");
	post_module(2, "0.5", "school", "2026-02-03", "c");
	post_module(3, "2", "school", "2026-02-03", "d");
	assert_begins(stands_of(TEACHER "1", "2026-03-01"), "10.00 15.50 3.50 ");
	assert_string_equal(
		json_member(standing(TEACHER "1", "2026-03-01"), "{windows,0,choices,0,held}"),
		"1");
	post_module(0, "2", "school", "2026-02-04", "e");
	post_module(1, "2", "school", "2026-02-04", "f");
	assert_begins(stands_of(TEACHER "1", "2026-03-01"), "10.00 19.50 0.00 met");
	assert_string_equal(state_differs(), "");
}

static void only_the_modules_listed_count(void **state)
{
	(void)state;
	require_rules(
		"甲", "calendar_year", "2026-01-01",
		sql_text(RESERVES ", \"target_hours\": 10, \"only_modules\": [\"%s\"]", module(0)));
	post_module(0, "3", "school", "2026-02-01", "a");
	post_module(1, "4", "school", "2026-02-02", "b");
	post(sql->app, TEACHER "1", "5", "school", "2026-02-03", "c");
	assert_string_equal(
		explained_of(TEACHER "1", "2026-03-01"),
		"3.00 3.00, 4.00 0.00 module_not_required, 5.00 0.00 module_not_required");
	assert_string_equal(state_differs(), "");
	act_county(sql->app);
	assert_string_equal(
		require_rules("乙", "calendar_year", "2026-01-01",
			      RESERVES ", \"target_hours\": 10, \"only_modules\": [\"" SCHOOL
				       "1\"]"),
		"unprocessable {\"code\": \"not-found\", \"pointer\": \"#/only_modules\"}");
}

/* Of a school's course when the county recognises it, also afterwards, and for who reads. */
static void of_other_levels_only_recognised_courses_count(void **state)
{
	(void)state;
	sql_value(sql->super, "BEGIN");
	as_engine(
		"INSERT INTO course (county, id, school, title, level, hours) VALUES (1, '" SCHOOL
		"7', '" SCHOOL "1', '校课', 'school', 3);"
		"INSERT INTO enrolment (county, id, course, organiser, person, school, way, state)"
		" VALUES (1, '" SCHOOL "8', '" SCHOOL "7', '" SCHOOL "1', '" TEACHER "1', '" SCHOOL
		"2', 'application', 'admitted')");
	sql_value(sql->super, "COMMIT");
	require_rules("甲", "calendar_year", "2026-01-01",
		      RESERVES
		      ", \"target_hours\": 10, \"recognised_levels\": [\"county\", \"city\"]");
	post(sql->app, TEACHER "1", "3", "school", "2026-02-01", SCHOOL "8");
	post(sql->app, TEACHER "1", "4", "school", "2026-02-02", "x");
	/* Neither a key that looks like an id, nor somebody else's enrolment. */
	post(sql->app, TEACHER "2", "4", "school", "2026-02-02",
	     "------------------------------------");
	post(sql->app, TEACHER "1", "5", "county", "2026-02-03", "y");
	assert_string_equal(explained_of(TEACHER "1", "2026-03-01"),
			    "3.00 0.00 not_recognised, 4.00 0.00 not_recognised, 5.00 5.00");
	as_engine("UPDATE course SET recognised_at = clock_now() WHERE id = '" SCHOOL "7'");
	assert_string_equal(
		as_engine("SELECT counted FROM requirement_state WHERE person = '" TEACHER "1'"),
		"8.00");
	assert_string_equal(state_differs(), "");
	act_teacher(sql->app, TEACHER "1");
	assert_string_equal(json_member(QUERY(sql->app, "teacher_requirements", "teacher_id",
					      TEACHER "1", "on", "2026-03-01"),
					"{counted}"),
			    "8.00");
	as_engine("UPDATE course SET recognised_at = NULL WHERE id = '" SCHOOL "7'");
	assert_string_equal(
		as_engine("SELECT counted FROM requirement_state WHERE person = '" TEACHER "1'"),
		"5.00");
	as_engine("DELETE FROM enrolment; DELETE FROM course");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(the_first_appointment_decides_who_is_old_and_who_is_new),
		TEST(gender_age_and_stage_are_judged_on_the_day_stated),
		TEST(all_teachers_are_who_works_in_the_schools),
		TEST(who_was_trained_before_is_left_out),
		TEST(a_cohort_is_those_whom_its_plan_names),
		TEST(an_entry_counts_the_least_that_all_its_limits_leave),
		TEST(required_modules_and_some_of_a_choice_are_met_one_by_one),
		TEST(only_the_modules_listed_count),
		TEST(of_other_levels_only_recognised_courses_count),
	};

	return cmocka_run_group_tests_name("requirement_rules_sql", tests, set_up, tear_down);
}
