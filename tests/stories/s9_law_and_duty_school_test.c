/*
 * s9_law_and_duty_school_test.c -- the story "a fixed list of laws and readings" (card S9), over a
 * socket.
 *
 * 松林小学 wants its homeroom teachers aware of their duty, creative, artful and fit for research.
 * What they learn is a fixed list of laws and readings, each of which is a course whose hours the
 * school sets; the county recognises the courses of the whole plan at once. The chapters stand on
 * each other.
 */
#include "school_year.h"

#define YEAR_ENDS "2027-08-31"

static struct school school = {.code = "2199700004", .name = "松林小学", .officer = "李红"};

/* The list, with the hours that the school sets and the day or the month. */
static const struct item {
	const char *title;
	int hours;
	const char *on;
} laws[] =
	{
		{"教育法", 2, "2026-09-24"},
		{"义务教育法", 2, "2026-10-22"},
		{"教师法", 2, "2026-11-19"},
		{"未成年人保护法", 3, "2026-12-17"},
		{"预防未成年人犯罪法", 3, "2027-03-18"},
},
  readings[] =
	  {
		  {"给教师的建议", 4, "2027-04"},
		  {"爱心与教育", 4, "2027-05"},
		  {"班主任工作漫谈", 4, "2027-06"},
},
  one_more = {"教育的目的", 3, "2027-07"};
enum { LAWS = sizeof laws / sizeof *laws, READINGS = sizeof readings / sizeof *readings };

/* 秦岚 learns it all, 魏强 misses a law, 陶然 has a book review returned. */
static const char *qin_lan, *wei_qiang, *tao_ran;
static const char *plan, *list, *duty;
static const char *law_courses[LAWS], *reading_courses[READINGS + 1];

static const char *course_of_plan(struct story *s, const struct item *i, const char *level,
				  const char *more)
{
	return course_opened(s, &school.office, i->title,
			     say("'level': '%s', 'required': true, 'hours': %d, 'plan_id': '%s', "
				 "'audience': {'appointment_kinds': ['homeroom']}%s",
				 level, i->hours, id_of(plan), more));
}

static const char *reading_of_plan(struct story *s, const struct item *i)
{
	return course_of_plan(
		s, i, "self_study",
		say(", 'mode_ids': ['%s'], 'assessment': {'deliverables': [{'type': 'book_review', "
		    "'count': 1, 'characters': 500}]}",
		    mode(s, "reading")));
}

/* A reading from beginning to end: those who wrote their review, and whose is returned or NULL. */
static struct answer *read_through(struct story *s, const char *course, const struct item *i,
				   const char *const *readers, const char *returned)
{
	char of[70];

	day_comes(s, say("%s-10", i->on));
	whole_audience(s, &school.office, course, "");
	snprintf(of, sizeof of, "'course_id': '%s'", id_of(course));
	for (; *readers; readers++)
		hands_in(s, *readers, "book_review", of, i->title,
			 *readers == returned ? 300 : 900);
	inspects(s, &school.office, "book_review", returned, "不足五百字");
	return settled(s, &school.office, course);
}

/* --- the story --- */

static void the_school_files_its_list_and_sets_the_hours(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2026-09-01", 2026, 2026);
	school_opens(s, &school, "2026-08-01");
	qin_lan = leads(s, &school, "秦岚", 2022, 1, "2026-09-01");
	wei_qiang = leads(s, &school, "魏强", 2023, 1, "2026-09-01");
	tao_ran = leads(s, &school, "陶然", 2024, 1, "2026-09-01");
	plan = plan_filed(s, &school, "学法规、明职责", "2026-09-01", YEAR_ENDS,
			  say("'aims': '自觉性、创造性、艺术性、科研能力', 'target_hours': 24, "
			      "'module_ids': ['%s', '%s']",
			      module(s, "law_and_policy"), module(s, "norms")));
	for (int i = 0; i < LAWS; i++)
		law_courses[i] =
			course_of_plan(s, &laws[i], "school",
				       say(", 'module_ids': ['%s']", module(s, "law_and_policy")));
	for (int i = 0; i < READINGS; i++)
		reading_courses[i] = reading_of_plan(s, &readings[i]);
	expect(get(&school.office, plan), 200,
	       "{'state': 'submitted', 'courses': {'courses': 8, 'recognised': 0}}");
}

static void the_county_asks_for_the_whole_list_and_recognised_hours(void **state)
{
	struct story *s = *state;

	list = required(s, "{'name': '法规与读物', 'window': 'school_year', 'effective_on': "
			   "'2026-09-01', 'population': {'appointment_kinds': ['homeroom']}, "
			   "'counts': [{'what': 'course', 'kind': 'school', 'at_least': 5}, "
			   "{'what': 'course', 'kind': 'self_study', 'at_least': 3}]}");
	duty = required(s, "{'name': '认定学时', 'window': 'school_year', 'effective_on': "
			   "'2026-09-01', 'population': {'appointment_kinds': ['homeroom']}, "
			   "'target_hours': 24, 'recognised_levels': ['county']}");
}

static void the_plan_is_in_force_when_nobody_returned_it(void **state)
{
	struct story *s = *state;

	/* Before, there is nothing to recognise. */
	expect(step(s, &s->bureau, plan, "recognise", NULL), 409, "{'state': 'submitted'}");
	day_comes(s, "2026-09-16");
	expect(get(&school.office, plan), 200, "{'state': 'in_force'}");
}

static void the_laws_are_learnt_month_by_month(void **state)
{
	struct story *s = *state;

	for (int i = 0; i < LAWS; i++) {
		const char *session = session_planned(s, &school.office, law_courses[i], laws[i].on,
						      "14:00", laws[i].hours * 45);

		whole_audience(s, &school.office, law_courses[i], "");
		day_comes(s, say("%s 18:00", laws[i].on));
		/* 魏强 is not there when 教师法 is learnt. */
		all_present_but(s, &school.office, session, i == 2 ? absent(wei_qiang) : "");
		expect(settled(s, &school.office, law_courses[i]), 200,
		       i == 2 ? "{'credited': 2}" : "{'credited': 3}");
	}
}

static void hours_count_once_the_county_recognised_the_plan(void **state)
{
	struct story *s = *state;

	stands(s, wei_qiang, duty, "2027-03-31",
	       "{'counted': 0, 'short': 24, 'entries': [{'hours': 2, 'counted': 0, 'reason': "
	       "'not_recognised'}, {'reason': 'not_recognised'}, {'reason': 'not_recognised'}, "
	       "{'reason': 'not_recognised'}]}");
	expect(step(s, &s->bureau, plan, "recognise", NULL), 200,
	       "{'courses': {'courses': 8, 'recognised': 8}}");
	stands(s, wei_qiang, duty, "2027-03-31",
	       "{'counted': 10, 'short': 14, 'entries': [{'reason': null}, {'reason': null}, "
	       "{'reason': null}, {'reason': null}]}");
	stands(s, qin_lan, duty, "2027-03-31", "{'counted': 12}");
}

static void the_readings_are_reviewed(void **state)
{
	struct story *s = *state;
	const char *const all[] = {qin_lan, wei_qiang, tao_ran, NULL};

	for (int i = 0; i < READINGS; i++)
		expect(read_through(s, reading_courses[i], &readings[i], all,
				    i == 1 ? tao_ran : NULL),
		       200, i == 1 ? "{'credited': 2}" : "{'credited': 3}");
}

static void one_more_reading_is_not_on_the_recognised_list(void **state)
{
	struct story *s = *state;
	const char *const one[] = {wei_qiang, NULL};

	day_comes(s, "2027-07-01");
	reading_courses[READINGS] = reading_of_plan(s, &one_more);
	expect(read_through(s, reading_courses[READINGS], &one_more, one, NULL), 200,
	       "{'credited': 1, 'hours': 3}");
	expect(get(&s->bureau, plan), 200, "{'courses': {'courses': 9, 'recognised': 8}}");
	assert_string_equal(who_is_short(&s->bureau, duty, YEAR_ENDS), "陶然 4, 魏强 2");
	expect(step(s, &s->bureau, plan, "recognise", NULL), 200,
	       "{'courses': {'courses': 9, 'recognised': 9}}");
	/* Now it counts, and 魏强 has his hours. */
	assert_string_equal(who_is_short(&s->bureau, duty, YEAR_ENDS), "陶然 4");
}

static void no_reading_stands_in_for_a_law(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-09-01");
	expect(compliance(s, duty, YEAR_ENDS), 200, "{'population': 3, 'met': 2}");
	expect(compliance(s, list, YEAR_ENDS), 200, "{'population': 3, 'met': 1}");
	stands(s, wei_qiang, duty, YEAR_ENDS, "{'counted': 25, 'status': 'met'}");
	stands(s, wei_qiang, list, YEAR_ENDS,
	       "{'status': 'overdue', 'windows': [{'counts': [{'kind': 'school', 'counted': 4, "
	       "'short': 1}, {'kind': 'self_study', 'counted': 4, 'short': 0}]}]}");
	stands(s, tao_ran, list, YEAR_ENDS,
	       "{'status': 'overdue', 'windows': [{'counts': [{'counted': 5, 'short': 0}, "
	       "{'counted': 2, 'short': 1}]}]}");
	stands(s, qin_lan, list, YEAR_ENDS, "{'status': 'met'}");
}

static void the_ledger_names_what_was_learnt(void **state)
{
	struct story *s = *state;

	expect(balance(s, qin_lan), 200, "{'hours': 24}");
	expect(balance(s, wei_qiang), 200,
	       "{'hours': 25, 'years': [{'year': 2027, 'levels': [{'level': 'school', 'hours': 3}, "
	       "{'level': 'self_study', 'hours': 15}]}, {'year': 2026, 'levels': [{'level': "
	       "'school', 'hours': 7}]}]}");
	expect(balance(s, tao_ran), 200, "{'hours': 20}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_school_files_its_list_and_sets_the_hours),
		cmocka_unit_test(the_county_asks_for_the_whole_list_and_recognised_hours),
		cmocka_unit_test(the_plan_is_in_force_when_nobody_returned_it),
		cmocka_unit_test(the_laws_are_learnt_month_by_month),
		cmocka_unit_test(hours_count_once_the_county_recognised_the_plan),
		cmocka_unit_test(the_readings_are_reviewed),
		cmocka_unit_test(one_more_reading_is_not_on_the_recognised_list),
		cmocka_unit_test(no_reading_stands_in_for_a_law),
		cmocka_unit_test(the_ledger_names_what_was_learnt),
	};

	return cmocka_run_group_tests_name("a fixed list of laws and readings", tests, story_begin,
					   year_end);
}
