/*
 * s4_monthly_calendar_test.c -- the story "a theme for every month" (card S4), over a socket.
 *
 * The centre school of 青溪镇 gives each month of the first term its theme: September law and
 * one's own story, October skills and an activity observed, November talks of experience, December
 * the law on juvenile crime, January summaries (awards are not told here); its four homeroom
 * teachers meet every month. The chapters stand on each other.
 */
#include "school_year.h"

#define FROM "2026-09-01"
#define TO "2027-01-31"

static struct school school = {.code = "2199700001", .name = "青溪镇中心小学", .officer = "赵明"};

/* 林静 is always there; what the others miss is told below. */
static const char *lin_jing, *gao_yuan, *su_mei, *zheng_yan;
static const char *plan, *law, *monthly, *termly;

/* The month's training, four class-hours on DAY, with all but ABSENT. */
static void trained(struct story *s, const char *title, const char *module, const char *day,
		    const char *absent_ones)
{
	day_comes(s, say("%.8s01", day));
	expect(course_held(s, &school.office, title,
			   say("'level': 'school', 'hours': 4, 'module_ids': ['%s'], 'plan_id': "
			       "'%s', 'audience': {'appointment_kinds': ['homeroom']}",
			       module, id_of(plan)),
			   "", day, absent_ones),
	       200, NULL);
}

static void met(struct story *s, const char *day, const char *except)
{
	activity_held(s, &school, "meeting", "班主任例会", day, "'homeroom'", except);
}

/* --- the story --- */

static void four_homeroom_teachers_begin_their_year(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", FROM, 2026, 2026);
	school_opens(s, &school, "2026-08-01");
	lin_jing = leads(s, &school, "林静", 2021, 1, FROM);
	gao_yuan = leads(s, &school, "高远", 2022, 1, FROM);
	su_mei = leads(s, &school, "苏梅", 2023, 1, FROM);
	zheng_yan = leads(s, &school, "郑岩", 2024, 1, FROM);
	law = module(s, "law_and_policy");
}

static void the_school_files_a_plan_with_one_theme_a_month(void **state)
{
	struct story *s = *state;

	plan = plan_filed(
		s, &school, "班主任校本培训月历", FROM, TO,
		"'timetable': [{'month': '2026-09', 'theme': '学习法规，讲自己的故事'}, "
		"{'month': '2026-10', 'theme': '班主任技能', 'content': '观摩活动'}, "
		"{'month': '2026-11', 'theme': '经验交流'}, "
		"{'month': '2026-12', 'theme': '预防未成年人犯罪法'}, "
		"{'month': '2027-01', 'theme': '总结表彰'}], 'promises': ["
		"{'title': '每月例会', 'of': 'activity', 'activity_kind': 'meeting', 'count': 1, "
		"'per': 'month'}, "
		"{'title': '观摩活动', 'of': 'activity', 'activity_kind': 'observation', 'count': "
		"1, 'per': 'plan'}, "
		"{'title': '经验交流', 'of': 'activity', 'activity_kind': 'exchange', 'count': 1, "
		"'per': 'plan'}]");
	expect(get(&s->bureau, plan), 200, "{'in_force_on': '2026-09-16'}");
	assert_string_equal(kept(s, plan, 0), "0 0 0 0 0");
	monthly = required(s, "{'name': '每月例会', 'window': 'month', 'effective_on': '" FROM "', "
			      "'population': {'appointment_kinds': ['homeroom']}, 'counts': "
			      "[{'what': 'activity', 'kind': 'meeting', 'at_least': 1}]}");
	termly = required(s,
			  "{'name': '月历培训', 'window': 'term', 'effective_on': '" FROM "', "
			  "'population': {'appointment_kinds': ['homeroom']}, 'target_hours': 12, "
			  "'counts': [{'what': 'deliverable', 'kind': 'essay', 'at_least': 1}, "
			  "{'what': 'deliverable', 'kind': 'work_summary', 'at_least': 1}]}");
}

static void september_is_for_the_law_and_ones_own_story(void **state)
{
	struct story *s = *state;

	trained(s, "教育法规", law, "2026-09-18", "");
	expect(get(&s->bureau, plan), 200, "{'state': 'in_force'}");
	met(s, "2026-09-25", "");
	for (int i = 0; i < 4; i++)
		hands_in(s, ((const char *[]){lin_jing, gao_yuan, su_mei, zheng_yan})[i], "essay",
			 "'month': '2026-09'", "我的带班故事", 800);
	inspects(s, &school.office, "essay", NULL, NULL);
	assert_string_equal(who_is_missing(&school, "essay", "month=2026-09"), "");
}

static void october_is_for_skills_and_an_activity_observed(void **state)
{
	struct story *s = *state;

	trained(s, "班主任技能", module(s, "class_activities"), "2026-10-15", "");
	activity_held(s, &school, "observation", "观摩主题班会", "2026-10-22", "'homeroom'", "");
	/* 高远 has no time for the meeting. */
	met(s, "2026-10-28", absent(gao_yuan));
}

static void november_is_for_talks_of_experience_and_its_meeting_falls_out(void **state)
{
	struct story *s = *state;
	const char *meeting;

	activity_held(s, &school, "exchange", "我这样带班", "2026-11-12", "'homeroom'", "");
	meeting =
		activity_held(s, &school, "meeting", "班主任例会", "2026-11-25", "'homeroom'", "");
	assert_string_equal(kept(s, plan, 0), "1 1 1 0 0");
	expect(step(s, &school.office, meeting, "cancel", "{'reason': '大雪停课'}"), 200,
	       "{'state': 'cancelled'}");
}

static void december_is_for_the_law_on_juvenile_crime(void **state)
{
	struct story *s = *state;

	/* 苏梅 misses the law. */
	trained(s, "预防未成年人犯罪法", law, "2026-12-10", absent(su_mei));
	met(s, "2026-12-23", "");
}

static void january_is_for_summaries(void **state)
{
	struct story *s = *state;

	met(s, "2027-01-08", "");
	hands_in(s, lin_jing, "work_summary", "'month': '2027-01'", "第一学期总结", 1500);
	hands_in(s, gao_yuan, "work_summary", "'month': '2027-01'", "第一学期总结", 1200);
	hands_in(s, su_mei, "work_summary", "'month': '2027-01'", "第一学期总结", 1000);
	assert_string_equal(who_is_missing(&school, "work_summary", "month=2027-01"), "郑岩");
	inspects(s, &school.office, "work_summary", NULL, NULL);
}

static void the_term_tells_what_was_promised_and_what_was_held(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-02-01");
	assert_string_equal(kept(s, plan, 0), "1 1 0 1 1");
	assert_string_equal(kept(s, plan, 1), "1");
	assert_string_equal(kept(s, plan, 2), "1");
	expect(get(&school.office, say("%s/progress", plan)), 200,
	       "{'promises': [{'count': 1, 'per': 'month', 'periods': [{'name': '2026-09', 'short': "
	       "0}, {'short': 0}, {'name': '2026-11', 'short': 1, 'state': 'over'}, {'short': 0}, "
	       "{'short': 0}]}, {'periods': [{'short': 0}]}, {'periods': [{'short': 0}]}]}");
	expect(get(&s->bureau, plan), 200, "{'courses': {'courses': 3}}");
}

static void who_missed_a_month_or_its_training_is_named(void **state)
{
	struct story *s = *state;

	expect(compliance(s, monthly, "2026-09-30"), 200, "{'population': 4, 'met': 4}");
	assert_string_equal(who_is_short(&s->bureau, monthly, "2026-10-31"), "高远 0");
	expect(compliance(s, monthly, "2026-11-30"), 200, "{'population': 4, 'met': 0}");
	expect(compliance(s, monthly, "2026-12-31"), 200, "{'population': 4, 'met': 4}");
	/* 苏梅 is short of hours, 郑岩 of a summary. */
	expect(get(&school.office, say("/v1/reports/short?requirement_id=%s&on=" TO, termly)), 200,
	       "{'data': [{'name': '苏梅', 'short': 4}, {'name': '郑岩', 'short': 0, 'windows': "
	       "[{'counts': [{'kind': 'essay', 'short': 0}, {'kind': 'work_summary', 'short': "
	       "1}]}]}]}");
	stands(s, lin_jing, termly, TO, "{'counted': 12, 'short': 0, 'status': 'met'}");
	stands(s, gao_yuan, termly, TO, "{'status': 'met'}");
	stands(s, su_mei, termly, TO, "{'counted': 8, 'short': 4, 'status': 'overdue'}");
	stands(s, zheng_yan, termly, TO,
	       "{'counted': 12, 'status': 'overdue', 'windows': [{'counts': [{'kind': 'essay', "
	       "'short': 0}, {'kind': 'work_summary', 'counted': 0, 'short': 1}]}]}");
}

static void the_ledger_has_the_hours_of_whom_the_school_settled(void **state)
{
	struct story *s = *state;

	expect(balance(s, lin_jing), 200,
	       "{'hours': 12, 'years': [{'year': 2026, 'levels': [{'level': 'school', 'hours': "
	       "12}]}]}");
	expect(balance(s, su_mei), 200, "{'hours': 8}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_homeroom_teachers_begin_their_year),
		cmocka_unit_test(the_school_files_a_plan_with_one_theme_a_month),
		cmocka_unit_test(september_is_for_the_law_and_ones_own_story),
		cmocka_unit_test(october_is_for_skills_and_an_activity_observed),
		cmocka_unit_test(november_is_for_talks_of_experience_and_its_meeting_falls_out),
		cmocka_unit_test(december_is_for_the_law_on_juvenile_crime),
		cmocka_unit_test(january_is_for_summaries),
		cmocka_unit_test(the_term_tells_what_was_promised_and_what_was_held),
		cmocka_unit_test(who_missed_a_month_or_its_training_is_named),
		cmocka_unit_test(the_ledger_has_the_hours_of_whom_the_school_settled),
	};

	return cmocka_run_group_tests_name("a theme for every month", tests, story_begin, year_end);
}
