/*
 * c2_county_two_level_test.c -- the story of card C2, "county, two levels".
 *
 * Homeroom teachers apply, are reviewed by nine conditions and sign a letter of duties; one is
 * dismissed early.  The county trains the excellent and the newly appointed, every school its own
 * by its plan; on post it is thirty hours every year, divided over county, school and self-study.
 * Two school years of 青蓝县.
 */
#include "stories/deliverables.h"

static struct school lanshui = {.code = "2199700001", .name = "蓝水第二小学", .officer = "赵明"};
static struct school qingshan = {.code = "2199700002", .name = "青山小学", .officer = "孙慧"};

static const char *he_wei, *qian_fang, *sun_tao; /* who apply in 蓝水 */
static const char *li_na, *zhou_jie, *wu_min;    /* who lead classes in 青山 since 2025 */

static const char *he_weis, *qian_fangs, *sun_taos, *zhou_jies; /* appointments */
static const char *second_class;
static const char *requirement, *qualification;

#define FIRST_YEAR "2027-08-31"
#define SECOND_YEAR "2028-08-31"

/* All nine conditions of the county met but one (NULL: all), as the reviewers found. */
static const char *review(struct story *s, const char *but)
{
	struct answer *list = get(&s->bureau, "/v1/reference-data/appointment_condition");
	const char *all = "";

	assert_int_equal(count_at(list, "items"), 9);
	for (int i = 0; i < 9; i++) {
		const char *code = text_at(list, say("items/%d/code", i));

		all = say("%s%s{'code': '%s', 'met': %s}", all, i ? ", " : "", code,
			  but && !strcmp(code, but) ? "false" : "true");
	}
	return say("{'conditions': [%s], 'reviewers': ['赵明', '韩校长']}", all);
}

static const char *applies(struct story *s, const char *teacher, const char *class)
{
	teacher_calls(s, teacher);
	return made(
		post(s, &s->teacher, "/v1/appointments",
		     say("{'class_id': '%s', 'kind': 'homeroom', 'statement': '愿意'}", class)));
}

static struct answer *step_of_lanshui(struct story *s, const char *path, const char *verb,
				      const char *body)
{
	struct answer *a = step(s, &lanshui.office, path, verb, body);

	expect(a, 200, NULL);
	return a;
}

/* --- August 2026: who leads which class --- */

static void a_county_has_two_schools_and_three_who_lead_classes(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2026-08-20", 2026, 2027);
	school_opens(s, &lanshui, "2026-08-01");
	school_opens(s, &qingshan, "2026-08-01");
	he_wei = hired(s, &lanshui, "何伟", "2024-09-01", "");
	qian_fang = hired(s, &lanshui, "钱芳", "2024-09-01", "");
	sun_tao = hired(s, &lanshui, "孙涛", "2024-09-01", "");
	li_na = leads(s, &qingshan, "李娜", 2025, 1, "2025-09-01");
	wu_min = leads(s, &qingshan, "吴敏", 2025, 2, "2025-09-01");
	zhou_jie = hired(s, &qingshan, "周杰", "2025-09-01", "");
	zhou_jies = appointed(s, &qingshan, zhou_jie, class_made(s, &qingshan, 2025, 3), "homeroom",
			      "2025-09-01");
}

static void teachers_apply_and_are_reviewed_by_nine_conditions(void **state)
{
	struct story *s = *state;
	const char *first_class = class_made(s, &lanshui, 2026, 1), *second_choice;

	second_class = class_made(s, &lanshui, 2026, 2);
	he_weis = applies(s, he_wei, first_class);
	qian_fangs = applies(s, qian_fang, first_class);
	second_choice = applies(s, sun_tao, first_class);
	sun_taos = applies(s, sun_tao, second_class);
	expect(step_of_lanshui(s, he_weis, "review", review(s, NULL)), 200,
	       "{'state': 'qualified', 'way': 'application', 'reviewers': ['赵明', '韩校长']}");
	expect(step_of_lanshui(s, qian_fangs, "review", review(s, "health")), 200,
	       "{'state': 'unqualified'}");
	expect(step(s, &lanshui.office, qian_fangs, "appoint", "{'started_on': '2026-09-01'}"), 409,
	       "{'code': 'not-in-this-state', 'state': 'unqualified'}");
	step_of_lanshui(s, second_choice, "review", review(s, NULL));
	step_of_lanshui(s, second_choice, "withdraw", "{'reason': '学校另有人选'}");
	step_of_lanshui(s, sun_taos, "review", review(s, NULL));
}

static void who_is_selected_signs_a_letter_of_duties(void **state)
{
	const char *appointment = "{'started_on': '2026-09-01', 'ended_on': '" FIRST_YEAR "', "
				  "'letter': '班主任责任书：关心每一名学生，每年家访一遍……'}";
	struct story *s = *state;

	expect(step_of_lanshui(s, he_weis, "appoint", appointment), 200,
	       "{'state': 'appointed', 'letter': {'version': 1, 'accepted_at': null}}");
	teacher_calls(s, he_wei);
	expect(step(s, &s->teacher, he_weis, "accept", NULL), 200, "{'state': 'active'}");
	/* The other signs on paper, which his school enters. */
	step_of_lanshui(s, sun_taos, "appoint", appointment);
	expect(step_of_lanshui(s, sun_taos, "accept", NULL), 200,
	       "{'state': 'active', 'class_name': '2026级2班'}");
}

/* --- plans, and what a year asks --- */

static void each_school_files_its_plan_and_one_comes_back(void **state)
{
	static const char *const modes[] = {"self_study", "group_study",   "practice",
					    "reading",    "case_analysis", "exchange",
					    "site_visit", "research"};
	struct story *s = *state;
	const char *ids = "", *plan;

	for (int i = 0; i < 8; i++)
		ids = say("%s%s'%s'", ids, i ? ", " : "", listed(s, "modes", modes[i]));
	expect(wire_ask(&s->bureau, "PATCH", "/v1/county", "{'plan_days': 7}", "If-Match", "*",
			NULL),
	       200, NULL);
	plan = made(post(s, &lanshui.office, "/v1/plans",
			 "{'title': '班主任校本培训方案', 'started_on': '2026-09-01', 'ended_on': "
			 "'" SECOND_YEAR "', 'target_hours': 22}"));
	expect(step(s, &lanshui.office, plan, "submit", NULL), 200, "{'state': 'submitted'}");
	expect(step(s, &s->bureau, plan, "return", "{'reason': '缺培训形式'}"), 200, NULL);
	expect(wire_ask(&lanshui.office, "PATCH", plan,
			say("{'mode_ids': [%s], 'promises': [{'title': '案例分析', 'of': 'course', "
			    "'mode_id': '%s', 'count': 1, 'per': 'year'}]}",
			    ids, listed(s, "modes", "case_analysis")),
			"If-Match", "*", NULL),
	       200, NULL);
	expect(step(s, &lanshui.office, plan, "submit", NULL), 200,
	       "{'state': 'submitted', 'in_force_on': '2026-08-27'}");
	day_comes(s, "2026-08-27");
	expect(get(&lanshui.office, plan), 200, "{'state': 'in_force'}");
}

static void the_county_asks_thirty_hours_a_year_over_three_levels(void **state)
{
	struct story *s = *state;

	day_comes(s, "2026-09-01");
	requirement = required(
		s, "{'name': '在岗班主任每年三十学时', 'window': 'school_year', 'effective_on': "
		   "'2026-09-01', 'population': {'appointment_kinds': ['homeroom', 'acting']}, "
		   "'target_hours': 30, 'limits': [{'level': 'county', 'at_least': 6, 'at_most': "
		   "12}, {'level': 'school', 'at_least': 8, 'at_most': 14}, {'level': "
		   "'self_study', 'at_least': 4, 'at_most': 8}], 'counts': [{'what': "
		   "'deliverable', 'kind': 'home_visits', 'at_least': 1}]}");
	expect(compliance(s, requirement, "2026-09-01"), 200, "{'population': 5, 'met': 0}");
}

/* --- a year of training --- */

/* The county's course for excellent homeroom teachers, to whom schools nominate. */
static void excellent_ones_are_trained(struct story *s, const char *day, const char *const whom[],
				       struct school *const from[], int count)
{
	const char *course = course_opened(s, &s->bureau, say("优秀班主任培训 %s", day),
					   "'level': 'county', 'hours': 10, 'audience': "
					   "{'appointment_kinds': ['homeroom']}");
	const char *session = session_planned(s, &s->bureau, course, day, "08:30", 450);

	for (int i = 0; i < count; i++) {
		struct answer *a = post(
			s, &from[i]->office, "/v1/enrolments",
			say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(course), whom[i]));

		expect(a, 201, "{'way': 'nomination', 'state': 'agreed'}");
		expect(step(s, &s->bureau, header_of(a, "Location"), "admit", NULL), 200,
		       "{'state': 'admitted'}");
	}
	day_comes(s, say("%s 18:00", day));
	all_present_but(s, &s->bureau, session, "");
	settled(s, &s->bureau, course);
}

/* A course of a school for its homeroom teachers. */
static void school_course(struct story *s, struct school *k, const char *level, const char *mode,
			  int hours, const char *day, const char *absent_ones)
{
	course_held(s, &k->office, say("校本 %s", day),
		    say("'level': '%s', 'hours': %d, 'mode_ids': ['%s'], 'audience': "
			"{'appointment_kinds': ['homeroom']}",
			level, hours, listed(s, "modes", mode)),
		    "", day, absent_ones);
}

/* The record of her home visits, as her school found it. */
static void home_visits(struct story *s, struct school *k, const char *teacher, const char *month,
			const char *grade)
{
	handed_in(s, k, teacher, "home_visits", say("'month': '%s'", month), grade);
}

static void in_the_first_year_both_levels_train(void **state)
{
	const char *const excellent[] = {li_na, zhou_jie};
	struct school *const from[] = {&qingshan, &qingshan};
	struct story *s = *state;

	struct answer *a =
		course_held(s, &s->bureau, "2026年资格培训",
			    "'level': 'county', 'hours': 8, 'audience': {'appointment_kinds': "
			    "['homeroom'], 'appointed_from': '2026-09-01'}",
			    "", "2026-09-19", "");

	expect(a, 200, "{'rows': [{'name': '何伟', 'hours': 8}, {'name': '孙涛'}]}");
	qualification = text_at(a, "course_id");
	excellent_ones_are_trained(s, "2026-10-24", excellent, from, 2);
	school_course(s, &lanshui, "school", "group_study", 8, "2026-11-14", "");
	school_course(s, &qingshan, "school", "group_study", 8, "2026-11-15", "");
	school_course(s, &lanshui, "school", "case_analysis", 6, "2027-03-06", absent(sun_tao));
	school_course(s, &qingshan, "school", "case_analysis", 6, "2027-03-07", "");
	stands(s, zhou_jie, requirement, "2027-03-07", "{'counted': 24}");
}

static void who_neglects_his_duties_is_dismissed_early(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-03-31");
	expect(step(s, &qingshan.office, zhou_jies, "end",
		    "{'ended_on': '2027-03-31', 'reason': '严重失职'}"),
	       200, "{'ended_on': '2027-03-31', 'end_reason': '严重失职'}");
	day_comes(s, "2027-04-01");
	expect(get(&qingshan.office, zhou_jies), 200, "{'state': 'ended'}");
	expect(get(&s->bureau, say("/v1/teachers/%s/tenure", zhou_jie)), 200, "{'months': 19}");
}

static void self_study_counts_up_to_its_limit(void **state)
{
	struct story *s = *state;

	school_course(s, &lanshui, "self_study", "reading", 8, "2027-05-08", "");
	school_course(s, &qingshan, "self_study", "self_study", 8, "2027-05-09", "");
	school_course(s, &lanshui, "self_study", "research", 6, "2027-06-05", absent(he_wei));
	home_visits(s, &lanshui, he_wei, "2027-05", "qualified");
	home_visits(s, &lanshui, sun_tao, "2027-05", "qualified");
	home_visits(s, &qingshan, li_na, "2027-05", "excellent");
	home_visits(s, &qingshan, wu_min, "2027-05", "returned");
	stands(s, sun_tao, requirement, FIRST_YEAR,
	       "{'counted': 24, 'short': 6, 'levels': [{'level': 'county', 'counted': 8}, {'level': "
	       "'school', 'counted': 8}, {'level': 'self_study', 'at_most': 8, 'counted': 8}], "
	       "'entries': [{'level': 'county', 'reason': null}, {'level': 'school', 'reason': "
	       "null}, {'hours': 8, 'reason': null}, {'hours': 6, 'counted': 0, 'reason': "
	       "'cap_reached'}]}");
}

static void who_is_renewed_signs_anew_and_who_is_not_leaves_the_post(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-08-25");
	expect(step_of_lanshui(s, he_weis, "renew",
			       "{'ended_on': '" SECOND_YEAR "', 'letter': '班主任责任书（续聘）'}"),
	       200, "{'state': 'appointed', 'renewals': 1, 'letter': {'version': 2}}");
	teacher_calls(s, he_wei);
	expect(step(s, &s->teacher, he_weis, "accept", NULL), 200, "{'state': 'active'}");
	day_comes(s, "2027-09-01");
	expect(get(&lanshui.office, sun_taos), 200, "{'state': 'ended', 'end_reason': ''}");
}

static void the_first_year_says_who_met_it_and_who_did_not(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-09-01");
	expect(compliance(s, requirement, FIRST_YEAR), 200,
	       "{'window': {'name': '2026-2027学年'}, 'population': 4, 'met': 2}");
	/* 孙涛 missed the case analysis, 吴敏 was not nominated, 周杰 is no longer on post. */
	assert_string_equal(who_is_short(&s->bureau, requirement, FIRST_YEAR), "孙涛 6, 吴敏 8");
	assert_null(standing(s, zhou_jie, requirement, FIRST_YEAR));
	stands(s, he_wei, requirement, FIRST_YEAR, "{'counted': 30, 'status': 'met'}");
	stands(s, wu_min, requirement, FIRST_YEAR,
	       "{'counted': 22, 'status': 'overdue', 'levels': [{'level': 'county', 'short': 6}, {}, "
	       "{}], 'windows': [{'counts': [{'kind': 'home_visits', 'counted': 0, 'short': 1}]}]}");
}

/* --- the second year --- */

static void a_second_year_begins_with_nothing(void **state)
{
	struct story *s = *state;

	stands(s, li_na, requirement, FIRST_YEAR, "{'counted': 32}");
	stands(s, li_na, requirement, "2027-09-01", "{'counted': 0, 'short': 30}");
}

/* 钱芳 is well again: last year's review is done once more. */
static void who_was_not_qualified_may_be_a_year_later(void **state)
{
	struct story *s = *state;

	qian_fangs = applies(s, qian_fang, second_class);
	step_of_lanshui(s, qian_fangs, "review", review(s, NULL));
	step_of_lanshui(s, qian_fangs, "appoint",
			"{'started_on': '2027-09-01', 'ended_on': '" SECOND_YEAR "'}");
	expect(compliance(s, requirement, "2027-09-01"), 200, "{'population': 4, 'met': 0}");
}

/* The qualification course is last year's, for those who were appointed since. */
static void in_the_second_year_both_levels_train_again(void **state)
{
	const char *const excellent[] = {he_wei, li_na, wu_min};
	struct school *const from[] = {&lanshui, &qingshan, &qingshan};
	struct story *s = *state;
	const char *course = made(step(s, &s->bureau, say("/v1/courses/%s", qualification), "copy",
				       "{'title': '2027年资格培训', 'shift_days': 364}"));
	const char *session = text_at(get(&s->bureau, say("%s/sessions", course)), "data/0/id");

	expect(wire_ask(&s->bureau, "PATCH", course,
			"{'audience': {'appointed_from': '2027-09-01'}}", "If-Match", "*", NULL),
	       200, "{'audience': {'appointment_kinds': ['homeroom']}}");
	expect(step(s, &s->bureau, course, "submit", NULL), 200, NULL);
	expect(step(s, &s->bureau, course, "approve", NULL), 200, NULL);
	expect(step(s, &s->bureau, course, "open", NULL), 200, NULL);
	whole_audience(s, &s->bureau, course, "");
	day_comes(s, "2027-09-18 18:00");
	all_present_but(s, &s->bureau, say("/%s", session), "");
	expect(settled(s, &s->bureau, course), 200, "{'rows': [{'name': '钱芳', 'hours': 8}]}");
	excellent_ones_are_trained(s, "2027-10-23", excellent, from, 3);
	school_course(s, &lanshui, "school", "exchange", 14, "2027-11-13", "");
	school_course(s, &qingshan, "school", "site_visit", 14, "2027-11-14", "");
	school_course(s, &lanshui, "self_study", "reading", 8, "2028-05-06", "");
	school_course(s, &qingshan, "self_study", "reading", 8, "2028-05-07", absent(li_na));
	home_visits(s, &lanshui, he_wei, "2028-05", "qualified");
	home_visits(s, &lanshui, qian_fang, "2028-05", "qualified");
	home_visits(s, &qingshan, li_na, "2028-05", "qualified");
	home_visits(s, &qingshan, wu_min, "2028-05", "excellent");
}

static void the_second_year_has_another_outcome(void **state)
{
	struct story *s = *state;

	day_comes(s, "2028-09-01");
	expect(compliance(s, requirement, SECOND_YEAR), 200,
	       "{'window': {'name': '2027-2028学年'}, 'population': 4, 'met': 3, 'schools': [{'met': "
	       "2}, {'met': 1}]}");
	assert_string_equal(who_is_short(&s->bureau, requirement, SECOND_YEAR), "李娜 6");
	/* What was said of the first year stays. */
	assert_string_equal(who_is_short(&s->bureau, requirement, FIRST_YEAR), "孙涛 6, 吴敏 8");
}

static void each_school_has_a_file_of_its_teachers(void **state)
{
	struct story *s = *state;
	struct answer *hers = get(&qingshan.office, say("/v1/teachers/%s/hours", wu_min));

	assert_int_equal(count_at(hers, "data"), 6);
	expect(balance(s, wu_min), 200,
	       "{'hours': 54, 'years': [{'year': 2028}, {'year': 2027}, {'year': 2026}]}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_county_has_two_schools_and_three_who_lead_classes),
		cmocka_unit_test(teachers_apply_and_are_reviewed_by_nine_conditions),
		cmocka_unit_test(who_is_selected_signs_a_letter_of_duties),
		cmocka_unit_test(each_school_files_its_plan_and_one_comes_back),
		cmocka_unit_test(the_county_asks_thirty_hours_a_year_over_three_levels),
		cmocka_unit_test(in_the_first_year_both_levels_train),
		cmocka_unit_test(who_neglects_his_duties_is_dismissed_early),
		cmocka_unit_test(self_study_counts_up_to_its_limit),
		cmocka_unit_test(who_is_renewed_signs_anew_and_who_is_not_leaves_the_post),
		cmocka_unit_test(the_first_year_says_who_met_it_and_who_did_not),
		cmocka_unit_test(a_second_year_begins_with_nothing),
		cmocka_unit_test(who_was_not_qualified_may_be_a_year_later),
		cmocka_unit_test(in_the_second_year_both_levels_train_again),
		cmocka_unit_test(the_second_year_has_another_outcome),
		cmocka_unit_test(each_school_has_a_file_of_its_teachers),
	};

	return cmocka_run_group_tests_name("C2, county and school", tests, story_begin, year_end);
}
