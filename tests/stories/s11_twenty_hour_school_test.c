/*
 * s11_twenty_hour_school_test.c -- the story of card S11, "twenty-hour township school".
 *
 * A school's thirty-seven homeroom teachers and its reserves have twenty hours of school-based
 * training by 31 December, in four required modules and one of two elective ones; who is new from
 * July on, twenty before or within half a year of the appointment.  Besides: an article a month,
 * two essays and a forum a term, and two courses of the county.  青蓝县 in 2026.
 */
#include "stories/deliverables.h"
#include "stories/modules.h"

enum { HOMEROOM = 37, RESERVES = 3, STAFF = HOMEROOM + RESERVES, REQUIRED = 4, NEW = 2 };

static const char *const required_modules[REQUIRED] = {"norms", "class_management", "mental_health",
						       "law_and_policy"};
static const char *const elective_modules[] = {"home_school", "incidents"};

static struct school school = {.code = "2199700001", .name = "蓝水镇中心小学", .officer = "赵明"};

/* Homeroom teachers, then reserves, and who comes in September: those of whom is told more. */
static const char *staff[STAFF + NEW];
enum {
	LEADER = 0,
	EXCELLENT = 1,
	LAZY = 2,
	ILL = 3,
	BUSY = 4,
	PROMOTED = HOMEROOM,
	NEWEST = STAFF + 1
};

static const char *by_december, *when_new, *monthly, *termly;
static const char *plan;

#define YEAR_END "2026-12-31"

/* --- the school and what it has to do --- */

static void a_township_school_has_thirty_seven_homeroom_teachers_and_three_reserves(void **state)
{
	static const char *const grades[] = {"一", "二", "三", "四", "五"};
	struct story *s = *state;
	const char *rows = "", *list;
	struct answer *found;

	county_begins(s, "青蓝县", "周敏", "2026-02-25", 2025, 2026);
	school_opens(s, &school, "2026-02-01");
	for (int i = 0; i < STAFF; i++) {
		const char *class = say("%s年级(%d)班", grades[i % 5], i / 5 + 1);

		rows = say("%s%s,%s,1985-01-%02d,%s\r\n", rows, school.code, nth_name(i),
			   i % 28 + 1,
			   i < HOMEROOM ? say("%s,班主任,2024-09-01", class) : ",后备,");
	}
	rows = say("学校标识码,姓名,出生年月,担任班级,任职类型,任班主任起始时间\r\n%s", rows);
	list = list_sent(s, "teacher", rows, strlen(rows));
	expect(get(&s->bureau, list), 200, "{'counts': {'accepted': 40, 'rejected': 0}}");
	plan_committed(s, list);
	found = get(&school.office, "/v1/teachers?page_size=100");
	for (int i = 0; i < STAFF; i++)
		staff[i] = json_string_value(
			json_object_get(one_of(found, "name", nth_name(i)), "id"));
}

static void twenty_hours_are_due_by_the_end_of_december(void **state)
{
	struct story *s = *state;
	const char *electives = module_ids(s, elective_modules, 2);

	by_december = required(
		s,
		say("{'name': '校本培训二十学时', 'window': 'fixed', 'windows': [{'starts_on': "
		    "'2026-01-01', 'ends_on': '" YEAR_END "'}], 'effective_on': '2026-01-01', "
		    "'population': {'appointment_kinds': ['homeroom', 'acting', 'reserve'], "
		    "'school_ids': ['%s'], 'appointed_before': '2026-07-01'}, 'target_hours': 20, "
		    "'limits': [{'level': 'school', 'at_least': 20}, %s], 'choices': "
		    "[{'module_ids': [%s], 'different': 1, 'hours_each': 4}]}",
		    school.id, module_limits(s, required_modules, REQUIRED, 4), electives));
	when_new = required(
		s,
		say("{'name': '新任班主任二十学时', 'window': 'appointment', 'effective_on': "
		    "'2026-07-01', 'population': {'appointment_kinds': ['homeroom', 'acting'], "
		    "'school_ids': ['%s']}, 'target_hours': 20, 'limits': [{'level': 'school', "
		    "'at_least': 20}], 'joined': 'or', 'windows': [{'event': 'first_appointment', "
		    "'months_before': 12}, {'event': 'first_appointment', 'months_after': 6}]}",
		    school.id));
	monthly = required(
		s,
		say("{'name': '每月一篇推荐文章', 'window': 'month', 'effective_on': '2026-09-01', "
		    "'population': {'appointment_kinds': ['homeroom'], 'school_ids': ['%s']}, "
		    "'counts': [{'what': 'deliverable', 'kind': 'study_notes', 'at_least': 1}]}",
		    school.id));
	termly = required(
		s, say("{'name': '每学期两篇随笔、一次论坛', 'window': 'term', 'effective_on': "
		       "'2026-09-01', 'population': {'appointment_kinds': ['homeroom'], "
		       "'school_ids': ['%s']}, 'counts': [{'what': 'deliverable', 'kind': 'essay', "
		       "'at_least': 2}, {'what': 'activity', 'kind': 'forum', 'at_least': 1}]}",
		       school.id));
	expect(compliance(s, by_december, YEAR_END), 200, "{'population': 40, 'met': 0}");
}

static void the_school_plans_a_forum_a_term_and_an_exchange_a_year(void **state)
{
	struct story *s = *state;

	plan = made(
		post(s, &school.office, "/v1/plans",
		     say("{'title': '班主任校本培训方案', 'started_on': '2026-02-25', "
			 "'ended_on': '2027-01-31', 'target_hours': 20, 'module_ids': [%s, %s], "
			 "'promises': [{'title': '主题论坛', 'of': 'activity', "
			 "'activity_kind': 'forum', 'count': 1, 'per': 'term'}, {'title': "
			 "'经验交流', 'of': 'activity', 'activity_kind': 'exchange', 'count': 1, "
			 "'per': 'plan'}]}",
			 module_ids(s, required_modules, REQUIRED),
			 module_ids(s, elective_modules, 2))));
	expect(step(s, &school.office, plan, "submit", NULL), 200, NULL);
}

/* --- twenty hours --- */

/* Four hours of a module for all who were there before July. */
static void lesson(struct story *s, const char *code, const char *day, const char *not_in,
		   const char *absent_ones)
{
	course_held(s, &school.office, say("校本 %s", code),
		    say("'level': 'school', 'hours': 4, 'required': %s, 'module_ids': ['%s'], "
			"'plan_id': '%s', 'audience': {'appointment_kinds': ['homeroom', "
			"'reserve'], 'appointed_until': '2026-06-30'}",
			strcmp(code, "home_school") && strcmp(code, "incidents") ? "true" : "false",
			module(s, code), id_of(plan)),
		    not_in, day, absent_ones);
}

static void four_modules_are_for_all_in_spring(void **state)
{
	struct story *s = *state;

	lesson(s, required_modules[0], "2026-03-14", "", "");
	/* He takes another lesson for it later, but that is of another module. */
	lesson(s, required_modules[1], "2026-04-11", "", absent(staff[BUSY]));
	lesson(s, required_modules[2], "2026-05-16", "", "");
	lesson(s, required_modules[3], "2026-06-13", "", "");
	stands(s, staff[BUSY], by_december, YEAR_END, "{'counted': 12, 'short': 8}");
	stands(s, staff[EXCELLENT], by_december, YEAR_END, "{'counted': 16, 'short': 4}");
}

static void of_two_modules_each_chooses_one(void **state)
{
	struct story *s = *state;
	const char *others[] = {"", ""};

	for (int i = 0; i < STAFF; i++)
		/* The one who was busy takes both. */
		if (i != BUSY)
			others[i % 2] = say("%s%s{'teacher_id': '%s', 'reason': '选修另一门'}",
					    others[i % 2], *others[i % 2] ? ", " : "", staff[i]);
	lesson(s, elective_modules[0], "2026-09-26", others[1],
	       say("%s, %s", absent(staff[LEADER]), absent(staff[LAZY])));
	lesson(s, elective_modules[1], "2026-10-24", others[0], absent(staff[ILL]));
	stands(s, staff[BUSY], by_december, YEAR_END,
	       "{'counted': 20, 'short': 4, 'windows': [{'choices': [{'different': 1, 'held': 2, "
	       "'short': 0}]}]}");
}

static void the_county_trains_a_leader_and_excellent_ones(void **state)
{
	const char *const course_of_county = "'level': 'county', 'hours': 10, 'capacity': 1, "
					     "'audience': {'appointment_kinds': ['homeroom']}";
	struct story *s = *state;
	const char *trainers, *backbone, *sessions[2];
	struct answer *first, *second;

	day_comes(s, "2026-11-03");
	trainers = course_opened(s, &s->bureau, "培训者培训", course_of_county);
	backbone = course_opened(s, &s->bureau, "骨干班主任培训", course_of_county);
	sessions[0] = session_planned(s, &s->bureau, trainers, "2026-11-21", "08:30", 450);
	sessions[1] = session_planned(s, &s->bureau, backbone, "2026-11-22", "08:30", 450);
	/* One leader of the school, who has to come. */
	expect(wire_ask(&s->bureau, "PUT", say("%s/allotments", trainers),
			say("{'allotments': [{'school_id': '%s', 'places': 1, 'duty': true}]}",
			    school.id),
			"If-Match", "*", NULL),
	       200, "{'allotments': [{'unfilled': 1}]}");
	expect(post(s, &school.office, "/v1/enrolments",
		    say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(trainers), staff[LEADER])),
	       201, "{'way': 'allotment', 'state': 'admitted'}");
	/* Of two excellent ones the county has a place for one. */
	first = post(
		s, &school.office, "/v1/enrolments",
		say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(backbone), staff[EXCELLENT]));
	second = post(s, &school.office, "/v1/enrolments",
		      say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(backbone), staff[BUSY]));
	expect(step(s, &s->bureau, made(first), "admit", NULL), 200, "{'state': 'admitted'}");
	expect(step(s, &s->bureau, made(second), "reject", "{'reason': '名额已满'}"), 200,
	       "{'state': 'rejected'}");
	day_comes(s, "2026-11-22 18:00");
	all_present_but(s, &s->bureau, sessions[0], "");
	all_present_but(s, &s->bureau, sessions[1], "");
	expect(settled(s, &s->bureau, trainers), 200, "{'credited': 1}");
	settled(s, &s->bureau, backbone);
}

/* --- who is new --- */

static void two_are_new_in_september(void **state)
{
	struct story *s = *state;

	day_comes(s, "2026-09-01");
	for (int i = STAFF; i < STAFF + NEW; i++)
		staff[i] = leads(s, &school, nth_name(i), 2026, i - STAFF + 1, "2026-09-01");
	assert_null(standing(s, staff[NEWEST], by_december, YEAR_END));
	stands(s, staff[NEWEST], when_new, "2026-09-01", "{'short': 20, 'due_on': '2027-02-28'}");
}

static void a_reserve_takes_over_the_class_of_one_who_is_ill(void **state)
{
	struct story *s = *state;
	struct answer *his = get(&school.office, say("/v1/appointments?teacher_id=%s", staff[ILL]));
	struct answer *reserve =
		get(&school.office, say("/v1/appointments?teacher_id=%s", staff[PROMOTED]));

	day_comes(s, "2026-11-02");
	expect(step(s, &school.office, say("/v1/appointments/%s", text_at(his, "data/0/id")), "end",
		    "{'ended_on': '2026-11-01', 'reason': '病休'}"),
	       200, NULL);
	expect(step(s, &school.office, say("/v1/appointments/%s", text_at(reserve, "data/0/id")),
		    "end", "{'ended_on': '2026-11-01', 'reason': '任班主任'}"),
	       200, NULL);
	appointed(s, &school, staff[PROMOTED], text_at(his, "data/0/class_id"), "homeroom",
		  "2026-11-02");
	/* His twenty hours were before. */
	stands(s, staff[PROMOTED], when_new, "2026-11-02",
	       "{'counted': 20, 'status': 'met', 'windows': [{'starts_on': '2025-11-02', 'counted': "
	       "20}, {'ends_on': '2027-05-01', 'counted': 0}]}");
}

static void who_is_new_has_half_a_year(void **state)
{
	const char *members = "'level': 'school', 'hours': 10, 'audience': {'appointment_kinds': "
			      "['homeroom'], 'appointed_from': '2026-09-01'}";
	struct story *s = *state;
	const char *not_in = say("{'teacher_id': '%s', 'reason': '岗前已修满'}", staff[PROMOTED]);

	expect(course_held(s, &school.office, "新任班主任（一）", members, not_in, "2026-11-28",
			   ""),
	       200, "{'credited': 2}");
	course_held(s, &school.office, "新任班主任（二）", members, not_in, "2026-12-12",
		    absent(staff[NEWEST]));
	stands(s, staff[STAFF], when_new, "2026-12-12", "{'status': 'met'}");
}

/* --- articles, essays, forums --- */

static void an_article_a_month_and_the_desk_knows_who_is_missing(void **state)
{
	struct story *s = *state;

	day_comes(s, "2026-10-30");
	for (int i = 0; i < STAFF + NEW; i++)
		if (i != LAZY && i != LEADER && !(i >= HOMEROOM && i < STAFF))
			handed_in(s, &school, staff[i], "study_notes", "'month': '2026-10'",
				  i == NEWEST ? "returned" : "qualified");
	/* One writes in herself; it is still to be inspected. */
	teacher_calls(s, staff[LEADER]);
	expect(post(s, &s->teacher, "/v1/deliverables",
		    "{'type': 'study_notes', 'month': '2026-10', 'title': '读后', 'submit': true}"),
	       201, "{'entered': false, 'state': 'submitted'}");
	expect(get(&school.office, "/v1/deliverables/desk?type=study_notes&month=2026-10"), 200,
	       say("{'data': [{'population': 39, 'handed_in': 37, 'inspected': 36, 'missing': "
		   "[{'name': '%s', 'state': 'returned'}, {'name': '%s', 'state': null}]}]}",
		   nth_name(NEWEST), nth_name(LAZY)));
	assert_int_equal(json_integer_value(json_at(compliance(s, monthly, "2026-10-31"), "short")),
			 3);
}

static void two_essays_and_a_forum_a_term(void **state)
{
	struct story *s = *state;
	const char *this_term = term(s, 2026, 1), *forum;

	day_comes(s, "2027-01-15");
	forum = made(post(s, &school.office, "/v1/activities",
			  "{'kind': 'forum', 'theme': '留守儿童的班级生活', 'held_on': "
			  "'2026-12-18', 'minutes': 120, 'record': '六人发言'}"));
	expect(wire_ask(&school.office, "PUT", say("%s/attendance", forum),
			say("{'appointment_kinds': ['homeroom'], 'except': [{'teacher_id': '%s', "
			    "'state': 'excused', 'reason': '外出学习'}]}",
			    staff[LEADER]),
			"If-Match", "*", NULL),
	       200, "{'expected': 39, 'present': 38}");
	made(post(s, &school.office, "/v1/activities",
		  "{'kind': 'exchange', 'theme': '年度经验交流', 'held_on': '2027-01-15'}"));
	for (int i = 0; i < STAFF + NEW; i++) {
		if (i == ILL || (i > PROMOTED && i < STAFF))
			continue;
		handed_in(s, &school, staff[i], "essay", say("'term_id': '%s'", this_term),
			  "qualified");
		if (i != LAZY)
			handed_in(s, &school, staff[i], "essay", say("'term_id': '%s'", this_term),
				  i == BUSY ? "returned" : "excellent");
	}
	/* The spring's forum was not held. */
	expect(get(&school.office, say("%s/progress", plan)), 200,
	       "{'promises': [{'periods': [{'held': 0, 'short': 1, 'state': 'over'}, {'held': 1, "
	       "'short': 0}]}, {'title': '经验交流', 'periods': [{'held': 1, 'short': 0}]}]}");
}

/* --- the outcome --- */

static void of_thirty_nine_thirty_six_have_twenty_hours_by_december(void **state)
{
	struct story *s = *state;

	expect(compliance(s, by_december, YEAR_END), 200,
	       "{'population': 39, 'met': 36, 'schools': [{'name': '蓝水镇中心小学'}]}");
	/* Twenty hours but not in every module; county hours for those of the school; none. */
	assert_string_equal(who_is_short(&school.office, by_december, YEAR_END),
			    "孙晓明 4, 赵晓明 4, 周晓明 4");
	stands(s, staff[LEADER], by_december, YEAR_END,
	       "{'counted': 26, 'short': 4, 'status': 'overdue'}");
	assert_null(standing(s, staff[ILL], by_december, YEAR_END));
}

static void and_in_spring_it_shows_who_of_the_new_and_of_the_term_is_short(void **state)
{
	struct story *s = *state;

	day_comes(s, "2027-03-01");
	expect(compliance(s, when_new, "2027-03-01"), 200, "{'population': 3, 'met': 2}");
	assert_string_equal(who_is_short(&school.office, when_new, "2027-03-01"),
			    say("%s 10", nth_name(NEWEST)));
	expect(compliance(s, termly, "2027-01-31"), 200, "{'population': 39, 'met': 36}");
	stands(s, staff[BUSY], termly, "2027-01-31",
	       "{'status': 'overdue', 'windows': [{'counts': [{'kind': 'essay', 'counted': 1, "
	       "'short': 1}, {'kind': 'forum', 'short': 0}]}]}");
	stands(s, staff[LEADER], termly, "2027-01-31",
	       "{'windows': [{'counts': [{'short': 0}, {'kind': 'forum', 'short': 1}]}]}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_township_school_has_thirty_seven_homeroom_teachers_and_three_reserves),
		cmocka_unit_test(twenty_hours_are_due_by_the_end_of_december),
		cmocka_unit_test(the_school_plans_a_forum_a_term_and_an_exchange_a_year),
		cmocka_unit_test(four_modules_are_for_all_in_spring),
		cmocka_unit_test(two_are_new_in_september),
		cmocka_unit_test(of_two_modules_each_chooses_one),
		cmocka_unit_test(an_article_a_month_and_the_desk_knows_who_is_missing),
		cmocka_unit_test(a_reserve_takes_over_the_class_of_one_who_is_ill),
		cmocka_unit_test(the_county_trains_a_leader_and_excellent_ones),
		cmocka_unit_test(who_is_new_has_half_a_year),
		cmocka_unit_test(two_essays_and_a_forum_a_term),
		cmocka_unit_test(of_thirty_nine_thirty_six_have_twenty_hours_by_december),
		cmocka_unit_test(and_in_spring_it_shows_who_of_the_new_and_of_the_term_is_short),
	};

	return cmocka_run_group_tests_name("S11, twenty-hour school", tests, story_begin, year_end);
}
