/*
 * c1_county_thirty_test.c -- the story of card C1, "county thirty".
 *
 * Schools report their homeroom teachers by the end of April; 青蓝县 splits them into three yearly
 * cohorts and trains all who never were within three years, thirty hours in six modules.  Who is
 * appointed later needs thirty hours before, and (in one print) or (in the other) within half a
 * year after.  Only what is of county level or above, or was recognised, counts.
 */
#include "stories/modules.h"

enum { MODULES = 6, COHORTS = 3 };

static const char *const modules[MODULES] = {"norms",
					     "mental_health",
					     "class_activities",
					     "class_management",
					     "minors_moral_education",
					     "law_and_policy"};

static struct school lanshui = {.code = "2199700001", .name = "蓝水第二小学", .officer = "赵明"};
static struct school qingshan = {.code = "2199700002", .name = "青山小学", .officer = "孙慧"};
static struct school baishi = {.code = "2199700003", .name = "白石小学", .officer = "马强"};

/* Three homeroom teachers of each school, all since 2025; 孙涛 was trained in that summer. */
static const char *he_wei, *qian_fang, *sun_tao;
static const char *li_na, *zhou_jie, *wu_min;
static const char *zheng_li, *feng_yuan, *chen_jing;
/* Those who are appointed in September 2027. */
static const char *han_xue, *yang_fan, *zhu_lin, *xu_qiang;

static const char *call, *plan, *cohorts[COHORTS], *city;
static const char *served, *later_and, *later_or;

#define LEVELS "['county', 'city', 'province', 'national']"
#define LAST_DAY "2029-08-31"

/* The bureau sends a list of hours and commits it; ROWS below the head. */
static void hours_listed(struct story *s, const char *rows)
{
	const char *list = say("教师编号,姓名,日期,学时,级别,模块,来源,来源编号\r\n%s", rows);

	list = list_sent(s, "hour", list, strlen(list));
	expect(get(&s->bureau, list), 200, "{'state': 'ready', 'counts': {'rejected': 0}}");
	plan_committed(s, list);
}

static void three_schools_have_homeroom_teachers(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2026-03-10", 2025, 2029);
	school_opens(s, &lanshui, "2026-03-01");
	school_opens(s, &qingshan, "2026-03-01");
	school_opens(s, &baishi, "2026-03-01");
	he_wei = leads(s, &lanshui, "何伟", 2024, 1, "2025-09-01");
	qian_fang = leads(s, &lanshui, "钱芳", 2024, 2, "2025-09-01");
	sun_tao = leads(s, &lanshui, "孙涛", 2024, 3, "2025-09-01");
	li_na = leads(s, &qingshan, "李娜", 2024, 1, "2025-09-01");
	zhou_jie = leads(s, &qingshan, "周杰", 2024, 2, "2025-09-01");
	wu_min = leads(s, &qingshan, "吴敏", 2025, 1, "2025-09-01");
	zheng_li = leads(s, &baishi, "郑丽", 2024, 1, "2025-09-01");
	feng_yuan = leads(s, &baishi, "冯远", 2025, 1, "2025-09-01");
	chen_jing = leads(s, &baishi, "陈静", 2025, 2, "2025-09-01");
	hours_listed(s, say("%s,孙涛,2025-07-20,30,县级,,期初学时,县培-2025-017\r\n", sun_tao));
}

static void rosters_are_due_by_the_end_of_april_and_one_is_late(void **state)
{
	struct story *s = *state;
	struct answer *a;

	call = made(post(s, &s->bureau, "/v1/roster-calls",
			 "{'title': '班主任花名册', 'as_of_on': '2026-04-15', 'due_on': "
			 "'2026-04-30'}"));
	day_comes(s, "2026-04-24");
	expect(post(s, &lanshui.office, say("%s/reports", call), "{}"), 201, "{'late': false}");
	expect(post(s, &qingshan.office, say("%s/reports", call), "{}"), 201, "{'late': false}");
	expect(get(&s->bureau, say("%s/schools?state=missing", call)), 200,
	       "{'data': [{'name': '白石小学', 'overdue': false}]}");
	day_comes(s, "2026-05-06");
	expect(get(&s->bureau, say("%s/schools", call)), 200,
	       "{'data': [{'state': 'reported', 'overdue': false}, {'state': 'reported'}, {'name': "
	       "'白石小学', 'state': 'missing', 'overdue': true}]}");
	a = post(s, &baishi.office, say("%s/reports", call), "{}");
	expect(a, 201, "{'late': true, 'row_count': 3}");
	expect(get(&s->bureau, say("%s/rows", header_of(a, "Location"))), 200,
	       "{'data': [{'entry': {'class_name': '2025级1班'}}, {}, {'entry': {'name': '郑丽'}}]}");
}

static void the_county_accepts_the_rosters(void **state)
{
	struct story *s = *state;
	struct answer *reports = get(&s->bureau, say("%s/reports", call));

	assert_int_equal(count_at(reports, "data"), 3);
	for (int i = 0; i < 3; i++)
		expect(step(s, &s->bureau,
			    say("%s/reports/%s", call, text_at(reports, say("data/%d/id", i))),
			    "review", "{'returned': []}"),
		       200, "{'state': 'accepted'}");
}

static void the_plan_splits_the_roster_into_three_yearly_cohorts(void **state)
{
	struct story *s = *state;
	struct answer *a;

	plan = made(
		post(s, &s->bureau, "/v1/plans",
		     say("{'title': '三年全员培训', 'started_on': '2026-09-01', 'ended_on': "
			 "'" LAST_DAY "', 'target_hours': 30, 'module_ids': [%s], 'promises': "
			 "[{'title': '暑期县级培训', 'of': 'course', 'count': 1, 'per': 'year'}]}",
			 module_ids(s, modules, MODULES))));
	expect(step(s, &s->bureau, plan, "submit", NULL), 200, "{'state': 'in_force'}");
	expect(step(s, &s->bureau, plan, "cohorts:split",
		    "{'as_of_on': '2026-04-15', 'cohorts': [{'name': '第一批', 'started_on': "
		    "'2026-09-01', 'ended_on': '2027-08-31'}, {'name': '第二批', 'started_on': "
		    "'2027-09-01', 'ended_on': '2028-08-31'}, {'name': '第三批', 'started_on': "
		    "'2028-09-01', 'ended_on': '" LAST_DAY "'}]}"),
	       200, NULL);
	a = get(&s->bureau, say("%s/cohorts", plan));
	expect(a, 200, "{'data': [{'members': 3}, {'members': 3}, {'members': 3}]}");
	for (int i = 0; i < COHORTS; i++)
		cohorts[i] = text_at(a, say("data/%d/id", i));
	/* Each has its part of every school. */
	expect(get(&s->bureau, say("%s/cohorts/%s/members", plan, cohorts[0])), 200,
	       "{'data': [{'name': '何伟'}, {'name': '李娜'}, {'name': '郑丽'}]}");
	expect(get(&qingshan.office, say("%s/cohorts/%s/members", plan, cohorts[2])), 200,
	       "{'data': [{'name': '吴敏'}]}");
}

static void who_served_before_and_was_never_trained_needs_thirty_hours(void **state)
{
	struct story *s = *state;
	day_comes(s, "2026-09-01");
	served = required(
		s,
		say("{'name': '在岗班主任三年三十学时', 'window': 'fixed', 'windows': "
		    "[{'starts_on': '2026-09-01', 'years': 3}], 'effective_on': '2026-09-01', "
		    "'population': {'appointment_kinds': ['homeroom', 'acting'], "
		    "'appointed_before': '2026-09-01', 'never_trained': {'levels': " LEVELS "}}, "
		    "'target_hours': 30, 'only_modules': [%s], 'limits': [%s], "
		    "'recognised_levels': " LEVELS "}",
		    module_ids(s, modules, MODULES), module_limits(s, modules, MODULES, 5)));
	expect(compliance(s, served, "2026-09-01"), 200, "{'population': 8, 'met': 0}");
	assert_null(standing(s, sun_tao, served, "2026-09-01"));
}

/* The same but for the word that joins the two windows. */
static void who_is_appointed_later_needs_thirty_before_and_or_after(void **state)
{
	struct story *s = *state;
	for (int i = 0; i < 2; i++)
		*(i ? &later_or : &later_and) = required(
			s, say("{'name': '新任班主任三十学时（%s）', 'window': 'appointment', "
			       "'effective_on': '2026-09-01', 'population': {'appointment_kinds': "
			       "['homeroom', 'acting'], 'appointed_from': '2026-09-01'}, "
			       "'target_hours': 30, 'recognised_levels': " LEVELS ", 'joined': "
			       "'%s', 'windows': [{'event': 'first_appointment', 'months_before': "
			       "12}, {'event': 'first_appointment', 'months_after': 6}]}",
			       i ? "or" : "and", i ? "or" : "and"));
}

static void schools_nominate_to_the_places_of_a_city_course(void **state)
{
	struct story *s = *state;
	city = course_opened(s, &s->bureau, "市级心理健康骨干班",
			     "'level': 'city', 'credit': 'session', 'capacity': 3, 'audience': "
			     "{'appointment_kinds': ['homeroom']}");
	expect(wire_ask(&s->bureau, "PUT", say("%s/allotments", city),
			say("{'allotments': [{'school_id': '%s', 'places': 1, 'duty': true, "
			    "'returns_on': '2026-10-20'}, {'school_id': '%s', 'places': 1, 'duty': "
			    "true, 'returns_on': '2026-10-20'}, {'school_id': '%s', 'places': 1, "
			    "'returns_on': '2026-10-20'}]}",
			    lanshui.id, qingshan.id, baishi.id),
			"If-Match", "*", NULL),
	       200, NULL);
	expect(post(s, &qingshan.office, "/v1/enrolments",
		    say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(city), li_na)),
	       201, "{'way': 'allotment', 'state': 'admitted'}");
	/* Until the others give theirs back there is none for a second one. */
	expect(get(&s->bureau, say("%s/places", city)), 200, "{'allotted': 2, 'free': 0}");
	day_comes(s, "2026-10-20");
	expect(get(&s->bureau, say("%s/allotments", city)), 200,
	       "{'allotments': [{'school_name': '蓝水第二小学', 'duty': true, 'returned': true, "
	       "'used': 0, 'unfilled': 1}, {'school_name': '青山小学', 'used': 1, 'unfilled': 0}, "
	       "{'school_name': '白石小学', 'duty': false, 'unfilled': 1}]}");
	enrolled(s, &s->bureau, city, wu_min);
	expect(get(&s->bureau, say("%s/places", city)), 200, "{'taken': 2, 'free': 1}");
}

static void hours_of_the_city_come_in_by_the_countys_list(void **state)
{
	struct story *s = *state;

	day_comes(s, "2026-12-20");
	hours_listed(s, say("%s,李娜,2026-11-28,6,市级,学生心理健康教育,外部证书,市培-2026-031\r\n"
			    "%s,吴敏,2026-11-28,6,市级,学生心理健康教育,外部证书,市培-2026-032\r\n",
			    li_na, wu_min));
	stands(s, wu_min, served, LAST_DAY, "{'counted': 6, 'short': 25}");
}

#define OF_SCHOOL "'level': 'school', 'hours': 5, 'module_ids': ['%s']"

static void of_school_training_only_what_was_recognised_counts(void **state)
{
	struct story *s = *state;
	struct answer *a;

	course_held(s, &qingshan.office, "校本：班级管理",
		    say(OF_SCHOOL, module(s, "class_management")), "", "2027-03-12", "");
	a = course_held(s, &baishi.office, "校本：班级活动",
			say(OF_SCHOOL, module(s, "class_activities")), "", "2027-03-19", "");
	stands(s, chen_jing, served, LAST_DAY, "{'counted': 0}");
	expect(step(s, &s->bureau, say("/v1/courses/%s", text_at(a, "course_id")), "recognise",
		    NULL),
	       200, NULL);
	stands(s, chen_jing, served, LAST_DAY, "{'counted': 5, 'entries': [{'reason': null}]}");
	stands(s, zhou_jie, served, LAST_DAY,
	       "{'counted': 0, 'entries': [{'level': 'school', 'hours': 5, 'reason': "
	       "'not_recognised'}]}");
}

/* A course of five hours for each module. */
struct summer {
	const char *courses[MODULES], *sessions[MODULES];
};

/* A cohort comes in July of a year; the first course has an exam. */
static struct summer summer_begins(struct story *s, int year, int cohort)
{
	struct summer summer;

	day_comes(s, say("%d-07-01", year));
	for (int i = 0; i < MODULES; i++) {
		summer.courses[i] = course_opened(
			s, &s->bureau, say("%d暑期 %d", year, i + 1),
			say("'level': 'county', 'hours': 5, 'module_ids': ['%s'], 'plan_id': '%s', "
			    "'audience': {'cohort_id': '%s'}%s",
			    module(s, modules[i]), id_of(plan), cohorts[cohort],
			    i ? "" : ", 'assessment': {'exam': {'full': 100, 'pass': 60}}"));
		summer.sessions[i] = session_planned(s, &s->bureau, summer.courses[i],
						     say("%d-07-1%d", year, i), "08:30", 225);
		whole_audience(s, &s->bureau, summer.courses[i], "");
	}
	day_comes(s, say("%d-07-16", year));
	return summer;
}

/* Everybody was there but one (NULL: all) in the third; SCORES are of the exam. */
static void summer_ends(struct story *s, struct summer *summer, const char *away,
			const char *scores)
{
	expect(post(s, &s->bureau, say("%s/results:batch", summer->courses[0]),
		    say("{'items': [%s]}", scores)),
	       200, "{'failed': 0}");
	for (int i = 0; i < MODULES; i++) {
		all_present_but(s, &s->bureau, summer->sessions[i],
				i == 2 && away ? absent(away) : "");
		settled(s, &s->bureau, summer->courses[i]);
	}
}

static const char *score(const char *teacher, int points)
{
	return say("{'teacher_id': '%s', 'score': %d}", teacher, points);
}

static void the_first_cohort_is_trained_and_one_fails_the_assessment(void **state)
{
	struct story *s = *state;
	struct summer summer = summer_begins(s, 2027, 0);

	summer_ends(s, &summer, NULL,
		    say("%s, %s, %s", score(he_wei, 48), score(li_na, 77), score(zheng_li, 90)));
	expect(get(&s->bureau, say("%s/settlement", summer.courses[0])), 200,
	       "{'credited': 2, 'rows': [{'name': '何伟', 'hours': null, 'reason': "
	       "'not_passed'}, {'name': '李娜', 'hours': 5}, {'name': '郑丽', 'hours': 5}]}");
	stands(s, he_wei, served, LAST_DAY, "{'counted': 25, 'short': 5, 'status': 'on_track'}");
	stands(s, li_na, served, LAST_DAY, "{'counted': 36, 'status': 'met'}");
}

static void reserves_are_trained_before_they_are_appointed(void **state)
{
	struct story *s = *state;
	const char **people[] = {&han_xue, &yang_fan, &zhu_lin, &xu_qiang};
	const char *const names[] = {"韩雪", "杨帆", "朱琳", "许强"};
	const char *members = "'level': 'county', 'hours': 15, 'audience': {'appointment_kinds': "
			      "['reserve']}";
	const char *reserve[4];

	for (int i = 0; i < 4; i++) {
		*people[i] = hired(s, &qingshan, names[i], "2027-02-01", "");
		reserve[i] = appointed(s, &qingshan, *people[i], NULL, "reserve", "2027-03-01");
	}
	course_held(s, &s->bureau, "岗前培训（一）", members, "", "2027-07-20", absent(xu_qiang));
	course_held(s, &s->bureau, "岗前培训（二）", members, "", "2027-07-24",
		    say("%s, %s", absent(xu_qiang), absent(zhu_lin)));
	day_comes(s, "2027-09-01");
	for (int i = 0; i < 4; i++) {
		expect(step(s, &qingshan.office, reserve[i], "end",
			    "{'ended_on': '2027-08-31', 'reason': '任班主任'}"),
		       200, NULL);
		appointed(s, &qingshan, *people[i], class_made(s, &qingshan, 2027, i + 1),
			  "homeroom", "2027-09-01");
	}
	stands(s, han_xue, later_and, "2027-09-01",
	       "{'needed': 60, 'short': 30, 'due_on': '2028-02-29', 'windows': [{'starts_on': "
	       "'2026-09-01', 'ends_on': '2027-08-31', 'status': 'met'}, {'starts_on': "
	       "'2027-09-01', 'ends_on': '2028-02-29', 'counted': 0}]}");
	stands(s, han_xue, later_or, "2027-09-01", "{'short': 0, 'status': 'met'}");
}

static void half_a_year_later_the_two_prints_judge_differently(void **state)
{
	struct story *s = *state;

	day_comes(s, "2028-01-10");
	hours_listed(s, say("%s,杨帆,2027-12-19,30,市级,,外部证书,市培-2027-101\r\n"
			    "%s,朱琳,2027-12-19,15,市级,,外部证书,市培-2027-102\r\n"
			    "%s,许强,2027-12-19,30,市级,,外部证书,市培-2027-103\r\n",
			    yang_fan, zhu_lin, xu_qiang));
	course_held(s, &qingshan.office, "校本研修", "'level': 'school', 'hours': 30", "",
		    "2028-01-20", "");
	day_comes(s, "2028-03-01");
	assert_string_equal(who_is_short(&s->bureau, later_and, "2028-03-01"),
			    "韩雪 30, 许强 30, 朱琳 30");
	/* Fifteen before and fifteen after are thirty in neither. */
	assert_string_equal(who_is_short(&s->bureau, later_or, "2028-03-01"), "朱琳 15");
	stands(s, yang_fan, later_and, "2028-03-01", "{'counted': 60, 'status': 'met'}");
	stands(s, xu_qiang, later_or, "2028-03-01", "{'status': 'met'}");
	/* Who served before is not among them, nor they among these. */
	assert_null(standing(s, he_wei, later_or, "2028-03-01"));
	assert_null(standing(s, han_xue, served, "2028-03-01"));
}

static void who_is_ill_in_the_second_summer_comes_with_the_third_cohort(void **state)
{
	struct story *s = *state;
	struct summer summer;

	expect(post(s, &s->bureau, say("%s/cohorts/%s/members", plan, cohorts[2]),
		    say("{'teacher_id': '%s', 'reason': '病假'}", zhou_jie)),
	       200, NULL);
	summer = summer_begins(s, 2028, 1);
	summer_ends(s, &summer, NULL, say("%s, %s", score(qian_fang, 81), score(feng_yuan, 65)));
	stands(s, qian_fang, served, LAST_DAY, "{'counted': 30, 'status': 'met'}");
	stands(s, zhou_jie, served, LAST_DAY, "{'counted': 0, 'short': 30}");
	/* 陈静 misses a lesson that her school held for her before. */
	summer = summer_begins(s, 2029, 2);
	summer_ends(s, &summer, chen_jing,
		    say("%s, %s, %s, %s", score(sun_tao, 88), score(wu_min, 72),
			score(chen_jing, 70), score(zhou_jie, 60)));
	stands(s, zhou_jie, served, LAST_DAY, "{'counted': 30, 'status': 'met'}");
	stands(s, chen_jing, served, LAST_DAY, "{'counted': 30, 'status': 'met'}");
}

static void after_three_years_one_of_eight_is_short(void **state)
{
	struct story *s = *state;

	day_comes(s, "2029-09-03");
	expect(compliance(s, served, LAST_DAY), 200, "{'population': 8, 'met': 7, 'rate': 0.875}");
	assert_string_equal(who_is_short(&s->bureau, served, LAST_DAY), "何伟 5");
	expect(get(&s->bureau, say("%s/progress", plan)), 200,
	       "{'promises': [{'periods': [{'held': 8, 'short': 0, 'state': 'over'}, {'held': 6}, "
	       "{'held': 6, 'short': 0}]}]}");
	/* The ledger has all, whether it counts or not. */
	expect(balance(s, wu_min), 200,
	       "{'hours': 71, 'years': [{'year': 2029, 'hours': 30}, {'year': 2028, 'levels': "
	       "[{'level': 'school', 'hours': 30}]}, {'year': 2027, 'hours': 5}, {'year': 2026, "
	       "'levels': [{'level': 'city', 'hours': 6}]}]}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_schools_have_homeroom_teachers),
		cmocka_unit_test(rosters_are_due_by_the_end_of_april_and_one_is_late),
		cmocka_unit_test(the_county_accepts_the_rosters),
		cmocka_unit_test(the_plan_splits_the_roster_into_three_yearly_cohorts),
		cmocka_unit_test(who_served_before_and_was_never_trained_needs_thirty_hours),
		cmocka_unit_test(who_is_appointed_later_needs_thirty_before_and_or_after),
		cmocka_unit_test(schools_nominate_to_the_places_of_a_city_course),
		cmocka_unit_test(hours_of_the_city_come_in_by_the_countys_list),
		cmocka_unit_test(of_school_training_only_what_was_recognised_counts),
		cmocka_unit_test(the_first_cohort_is_trained_and_one_fails_the_assessment),
		cmocka_unit_test(reserves_are_trained_before_they_are_appointed),
		cmocka_unit_test(half_a_year_later_the_two_prints_judge_differently),
		cmocka_unit_test(who_is_ill_in_the_second_summer_comes_with_the_third_cohort),
		cmocka_unit_test(after_three_years_one_of_eight_is_short),
	};

	return cmocka_run_group_tests_name("C1, county thirty", tests, story_begin, year_end);
}
