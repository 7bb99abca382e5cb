/*
 * s6_exam_province_test.c -- the story of card S6, "exam province".
 *
 * A province wants of all teachers, men under fifty and women under forty-five, thirty hours of
 * required courses in nine modules and its unified examination in September, which may be tried
 * twice.  青蓝县 trains two schools from October to May, and reads who failed it or is short.
 */
#include "stories/modules.h"

enum { MODULES = 9 };

static const char *const modules[MODULES] = {
	"norms",           "class_management", "class_activities",
	"mental_health",   "law_and_policy",   "minors_moral_education",
	"teacher_conduct", "home_school",      "incidents"};
static const char *const months[MODULES] = {"2026-10", "2026-11", "2026-12", "2027-01", "2027-02",
					    "2027-03", "2027-04", "2027-05", "2027-06"};

#define AGES                                                                                       \
	"'ages': [{'gender': 'male', 'under_age': 50}, {'gender': 'female', 'under_age': 45}], "   \
	"'ages_on': '2026-10-01'"
#define BEGINS "2026-10-01"
#define ENDS "2027-09-30"

static struct school lanshui = {.code = "2199700001", .name = "蓝水第二小学", .officer = "赵明"};
static struct school qingshan = {.code = "2199700002", .name = "青山小学", .officer = "孙慧"};

/* 何伟 is forty-nine, 钱芳 forty-four; 孙涛 is fifty that very day, 李娜 forty-five. */
static const char *he_wei, *qian_fang, *sun_tao, *li_na;
/* Three young ones, and one whose birthday nobody has written down. */
static const char *zhou_jie, *wu_min, *zheng_li, *unknown;

static const char *requirement, *exam;

static const char *born(struct story *s, const struct school *k, const char *name,
			const char *gender, const char *on)
{
	return hired(s, k, name, "2025-09-01",
		     say(", 'gender': '%s', 'birth_on': '%s'", gender, on));
}

static void two_schools_of_the_province_have_teachers_of_every_age(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2026-09-20", 2026, 2027);
	school_opens(s, &lanshui, "2026-09-01");
	school_opens(s, &qingshan, "2026-09-01");
	he_wei = born(s, &lanshui, "何伟", "male", "1976-10-02");
	sun_tao = born(s, &lanshui, "孙涛", "male", "1976-10-01");
	qian_fang = born(s, &lanshui, "钱芳", "female", "1981-10-02");
	li_na = born(s, &lanshui, "李娜", "female", "1981-10-01");
	zhou_jie = born(s, &qingshan, "周杰", "male", "1995-03-01");
	wu_min = born(s, &qingshan, "吴敏", "female", "1992-07-15");
	zheng_li = born(s, &qingshan, "郑丽", "female", "1990-01-31");
	unknown = hired(s, &qingshan, "冯远", "2025-09-01", ", 'gender': 'male'");
}

static void men_under_fifty_and_women_under_forty_five_have_to_take_part(void **state)
{
	struct story *s = *state;
	day_comes(s, BEGINS);
	requirement = required(
		s, say("{'name': '省班主任全员培训', 'window': 'fixed', 'windows': [{'starts_on': "
		       "'" BEGINS "', 'ends_on': '" ENDS "'}], 'effective_on': '" BEGINS "', "
		       "'population': {'appointment_kinds': null, " AGES "}, 'target_hours': 30, "
		       "'only_modules': [%s], 'limits': [%s], "
		       "'counts': [{'what': 'exam', 'kind': 'province', 'at_least': 1}]}",
		       module_ids(s, modules, MODULES), module_limits(s, modules, MODULES, 3)));
	expect(compliance(s, requirement, BEGINS), 200, "{'population': 5, 'met': 0}");
	stands(s, he_wei, requirement, BEGINS, "{'needed': 30, 'short': 30, 'due_on': '" ENDS "'}");
	assert_non_null(standing(s, qian_fang, requirement, BEGINS));
	assert_null(standing(s, sun_tao, requirement, BEGINS));
	assert_null(standing(s, li_na, requirement, BEGINS));
	assert_null(standing(s, unknown, requirement, BEGINS));
}

/* Eight of three hours, and six hours of the last. */
static void nine_required_courses_make_thirty_hours(void **state)
{
	struct story *s = *state;

	for (int i = 0; i < MODULES; i++) {
		const bool last = i == MODULES - 1;
		struct answer *a = course_held(
			s, &s->bureau, say("全员培训 %d", i + 1),
			say("'level': 'county', 'required': true, 'hours': %d, 'module_ids': "
			    "['%s'], 'audience': {" AGES "}",
			    last ? 6 : 3, module(s, modules[i])),
			/* 吴敏 has her child in March. */
			i == 5 ? say("{'teacher_id': '%s', 'reason': '产假'}", wu_min) : "",
			say("%s-15", months[i]),
			/* 周杰 stays away from the lesson on incidents. */
			last ? absent(zhou_jie) : "");

		expect(a, 200, i == 5 || last ? "{'credited': 4}" : "{'credited': 5}");
	}
	expect(balance(s, he_wei), 200, "{'hours': 30}");
	stands(s, he_wei, requirement, "2027-06-30",
	       "{'counted': 30, 'short': 0, 'status': 'at_risk', 'windows': [{'counts': [{'what': "
	       "'exam', 'counted': 0, 'short': 1}]}]}");
	stands(s, zhou_jie, requirement, "2027-06-30", "{'counted': 24, 'short': 6}");
}

static void hours_of_no_module_do_not_help(void **state)
{
	struct story *s = *state;

	course_held(s, &qingshan.office, "校本研修", "'level': 'school', 'hours': 6", "",
		    "2027-06-20", "");
	expect(balance(s, zhou_jie), 200, "{'hours': 30}");
	stands(s, zhou_jie, requirement, "2027-06-30", "{'counted': 24, 'short': 6}");
}

static void in_september_the_province_examines(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-08-30");
	/* It earns no hours: it has no session here, and the scores come from the province. */
	exam = course_opened(s, &s->bureau, "全省班主任统一考试",
			     "'level': 'province', 'credit': 'session', 'required': true, "
			     "'assessment': {'exam': {'full': 100, 'pass': 60, 'excellent': 90}, "
			     "'attempts': 2}, 'audience': {" AGES "}");
	whole_audience(s, &s->bureau, exam, "");
	expect(get(&s->bureau, say("%s/places", exam)), 200, "{'taken': 5}");
	day_comes(s, "2027-09-14");
	expect(post(s, &s->bureau, say("%s/results:batch", exam),
		    say("{'items': [{'teacher_id': '%s', 'score': 91.5}, {'teacher_id': '%s', "
			"'score': 60}, {'teacher_id': '%s', 'score': 74}, {'teacher_id': '%s', "
			"'score': 59.5}, {'teacher_id': '%s', 'score': 41}]}",
			he_wei, zhou_jie, wu_min, qian_fang, zheng_li)),
	       200,
	       "{'succeeded': 5, 'results': [{'data': {'result': 'excellent'}}, {'data': {'result': "
	       "'qualified'}}, {'data': {'result': 'qualified'}}, {'data': {'result': 'failed'}}, "
	       "{'data': {'result': 'failed'}}]}");
}

static void who_failed_tries_once_more_and_not_again(void **state)
{
	struct story *s = *state;
	const char *results = say("%s/results", exam);

	day_comes(s, "2027-09-28");
	/* Who passed does not try again. */
	expect(post(s, &s->bureau, results,
		    say("{'teacher_id': '%s', 'score': 95, 'attempt': 2}", zhou_jie)),
	       409, "{'code': 'attempt-not-open'}");
	expect(post(s, &s->bureau, results,
		    say("{'teacher_id': '%s', 'score': 66, 'attempt': 2}", qian_fang)),
	       200, "{'result': 'qualified', 'attempt': 2}");
	expect(post(s, &s->bureau, results,
		    say("{'teacher_id': '%s', 'score': 52, 'attempt': 2}", zheng_li)),
	       200, "{'result': 'failed'}");
	expect(post(s, &s->bureau, results,
		    say("{'teacher_id': '%s', 'score': 70, 'attempt': 3}", zheng_li)),
	       409, "{'code': 'attempt-not-open'}");
	expect(settled(s, &s->bureau, exam), 200, "{'credited': 0, 'hours': 0}");
}

static void who_failed_or_was_not_there_is_short_when_the_year_is_over(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-10-08");
	expect(compliance(s, requirement, ENDS), 200,
	       "{'judged_on': '" ENDS "', 'population': 5, 'met': 2, 'rate': 0.4, 'schools': "
	       "[{'name': '蓝水第二小学', 'population': 2, 'met': 2}, {'name': '青山小学', "
	       "'population': 3, 'met': 0}]}");
	/* 吴敏 lacks a module, 郑丽 the exam, 周杰 six hours. */
	assert_string_equal(who_is_short(&s->bureau, requirement, ENDS), "吴敏 3, 郑丽 0, 周杰 6");
	stands(s, qian_fang, requirement, ENDS, "{'short': 0, 'status': 'met'}");
	stands(s, zheng_li, requirement, ENDS,
	       "{'counted': 30, 'short': 0, 'status': 'overdue', 'windows': [{'counts': [{'what': "
	       "'exam', 'kind': 'province', 'at_least': 1, 'counted': 0, 'short': 1}]}]}");
	stands(s, wu_min, requirement, ENDS, "{'counted': 27, 'status': 'overdue'}");
	/* A school sees its own. */
	assert_string_equal(who_is_short(&lanshui.office, requirement, ENDS), "");
	assert_string_equal(who_is_short(&qingshan.office, requirement, ENDS),
			    "吴敏 3, 郑丽 0, 周杰 6");
}

static void the_ledger_holds(void **state)
{
	struct story *s = *state;

	expect(balance(s, qian_fang), 200,
	       "{'hours': 30, 'years': [{'year': 2027, 'hours': 21, 'levels': [{'level': 'county', "
	       "'hours': 21}]}, {'year': 2026, 'hours': 9}]}");
	expect(balance(s, sun_tao), 200, "{'hours': 0}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_schools_of_the_province_have_teachers_of_every_age),
		cmocka_unit_test(men_under_fifty_and_women_under_forty_five_have_to_take_part),
		cmocka_unit_test(nine_required_courses_make_thirty_hours),
		cmocka_unit_test(hours_of_no_module_do_not_help),
		cmocka_unit_test(in_september_the_province_examines),
		cmocka_unit_test(who_failed_tries_once_more_and_not_again),
		cmocka_unit_test(who_failed_or_was_not_there_is_short_when_the_year_is_over),
		cmocka_unit_test(the_ledger_holds),
	};

	return cmocka_run_group_tests_name("S6, exam province", tests, story_begin, year_end);
}
