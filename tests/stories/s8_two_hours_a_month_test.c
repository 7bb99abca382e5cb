/*
 * s8_two_hours_a_month_test.c -- the story "two class-hours a month" (card S8), over a socket.
 *
 * 红山小学 names two of its homeroom teachers for the year's training, and a reserve applies for
 * it herself. Each month has two class-hours, a lecture and a video: eight topics of lectures and
 * seven of videos in all. The rest is self-study with homework. Notes are inspected monthly, a
 * reflection each term; there are one forum, one skills contest and one observation of a class
 * meeting. (Its awards are not told here.) The chapters stand on each other.
 */
#include "school_year.h"

#define TRAINEES "'homeroom', 'reserve'"
#define FIRST_TERM "2026-12-31"
#define SECOND_TERM "2027-06-30"

static struct school school = {.code = "2199700003", .name = "红山小学", .officer = "孙慧"};

static const struct month {
	const char *month, *day, *lecture, *video; /* the last lecture takes both hours */
} months[] = {
	{"2026-09", "2026-09-15", "班主任的职责", "开学第一课"},
	{"2026-10", "2026-10-15", "班级常规", "班干部培养"},
	{"2026-11", "2026-11-16", "家校沟通", "一次家访"},
	{"2026-12", "2026-12-15", "学生心理", "倾听"},
	{"2027-03", "2027-03-15", "主题班会", "优秀班会"},
	{"2027-04", "2027-04-15", "偶发事件", "课间十分钟"},
	{"2027-05", "2027-05-17", "学困生转化", "等一朵花开"},
	{"2027-06", "2027-06-15", "学生评价", NULL},
};
enum { MONTHS = sizeof months / sizeof *months };

/* 周莉 and 吴刚 are named; 郑爽 applies, s->teacher calls for her. */
static const char *zhou_li, *wu_gang, *zheng_shuang;
static const char *plan, *lectures, *videos, *monthly, *termly, *yearly;

/* The notes of a month, on paper, of all but EXCEPT: the school enters and inspects them. */
static void notes_inspected(struct story *s, const char *month, const char *except)
{
	const char *const all[] = {zhou_li, wu_gang, zheng_shuang};

	for (int i = 0; i < 3; i++)
		if (all[i] != except)
			made(post(s, &school.office, "/v1/deliverables",
				  say("{'teacher_id': '%s', 'type': 'study_notes', 'month': '%s', "
				      "'title': '学习笔记', 'submit': true}",
				      all[i], month)));
	inspects(s, &school.office, "study_notes", NULL, NULL);
}

/*
 * The training of a month: who was named is entered, 郑爽 applies if SHE_APPLIES; of the lecture
 * and of the video all are there but those told.
 */
static void month_held(struct story *s, const struct month *m, bool she_applies,
		       const char *not_at_lecture, const char *not_at_video)
{
	const bool two = m->video != NULL;
	const char *course, *lecture, *video = NULL;

	day_comes(s, say("%s-01", m->month));
	course = course_opened(
		s, &school.office, say("%s月培训", m->month),
		say("'level': 'school', 'credit': 'session', 'admission': 'automatic', 'plan_id': "
		    "'%s', 'mode_ids': ['%s'%s], 'audience': {'appointment_kinds': [" TRAINEES "]}",
		    id_of(plan), lectures, two ? say(", '%s'", videos) : ""));
	lecture = session_planned(s, &school.office, course, m->day, "15:00", two ? 45 : 90);
	if (two)
		video = session_planned(s, &school.office, course, m->day, "16:00", 45);
	enrolled(s, &school.office, course, zhou_li);
	enrolled(s, &school.office, course, wu_gang);
	if (she_applies)
		expect(post(s, &s->teacher, "/v1/enrolments",
			    say("{'course_id': '%s'}", id_of(course))),
		       201, "{'way': 'application', 'state': 'admitted'}");
	day_comes(s, say("%s 18:00", m->day));
	all_present_but(s, &school.office, lecture, not_at_lecture);
	if (two)
		all_present_but(s, &school.office, video, not_at_video);
	settled(s, &school.office, course);
}

/* --- the story --- */

static void two_are_named_and_one_applies(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2026-09-01", 2026, 2026);
	school_opens(s, &school, "2026-08-01");
	zhou_li = leads(s, &school, "周莉", 2022, 1, "2026-09-01");
	wu_gang = leads(s, &school, "吴刚", 2023, 1, "2026-09-01");
	zheng_shuang = hired(s, &school, "郑爽", "2026-09-01", "");
	appointed(s, &school, zheng_shuang, NULL, "reserve", "2026-09-01");
	teacher_calls(s, zheng_shuang);
	lectures = mode(s, "lecture");
	videos = mode(s, "online");
}

static void the_year_is_planned_with_two_hours_a_month(void **state)
{
	struct story *s = *state;

	plan = plan_filed(
		s, &school, "班主任培训方案", "2026-09-01", "2027-08-31",
		say("'promises': ["
		    "{'title': '专题讲座八讲', 'of': 'course', 'mode_id': '%s', 'count': 8, 'per': "
		    "'plan'}, {'title': '录像七讲', 'of': 'course', 'mode_id': '%s', 'count': 7, "
		    "'per': 'plan'}, {'title': '论坛', 'of': 'activity', 'activity_kind': 'forum', "
		    "'count': 1, 'per': 'year'}, {'title': '技能竞赛', 'of': 'activity', "
		    "'activity_kind': 'contest', 'count': 1, 'per': 'year'}, {'title': '班会观摩', "
		    "'of': 'activity', 'activity_kind': 'observation', 'count': 1, 'per': 'year'}]",
		    lectures, videos));
	monthly = required(s, "{'name': '每月两学时', 'window': 'month', 'effective_on': "
			      "'2026-09-01', 'population': {'appointment_kinds': [" TRAINEES
			      "]}, 'target_hours': 2, 'limits': [{'level': 'self_study', "
			      "'at_most': 0}], 'counts': [{'what': 'deliverable', 'kind': "
			      "'study_notes', 'at_least': 1}]}");
	termly = required(s, "{'name': '每学期一篇反思', 'window': 'term', 'effective_on': "
			     "'2026-09-01', 'population': {'appointment_kinds': [" TRAINEES
			     "]}, 'counts': [{'what': 'deliverable', 'kind': 'reflection', "
			     "'at_least': 1}]}");
	yearly = required(s, "{'name': '全年培训', 'window': 'school_year', 'effective_on': "
			     "'2026-09-01', 'population': {'appointment_kinds': [" TRAINEES
			     "]}, 'target_hours': 20, 'counts': ["
			     "{'what': 'course', 'kind': 'self_study', 'at_least': 1}, "
			     "{'what': 'activity', 'kind': 'forum', 'at_least': 1}, "
			     "{'what': 'activity', 'kind': 'contest', 'at_least': 1}, "
			     "{'what': 'activity', 'kind': 'observation', 'at_least': 1}]}");
}

static void eight_months_have_a_lecture_and_a_video_each(void **state)
{
	struct story *s = *state;

	char left_early[120], missed[120];

	snprintf(left_early, sizeof left_early,
		 "{'teacher_id': '%s', 'state': 'left_early', 'minutes': 20}", wu_gang);
	snprintf(missed, sizeof missed, "%s", absent(wu_gang));
	for (int i = 0; i < MONTHS; i++) {
		const bool october = i == 1, march = i == 4, april = i == 5, may = i == 6;

		/* 吴刚 leaves a video after twenty minutes and misses a lecture; 郑爽 forgets May. */
		month_held(s, &months[i], !may, april ? missed : "", october ? left_early : "");
		notes_inspected(s, months[i].month, march ? zhou_li : NULL);
	}
}

static void there_are_a_forum_a_contest_and_an_observation(void **state)
{
	struct story *s = *state;

	activity_held(s, &school, "forum", "班级文化", "2026-11-20", TRAINEES, "");
	activity_held(s, &school, "contest", "情境答辩", "2027-04-20", TRAINEES,
		      absent(zheng_shuang));
	activity_held(s, &school, "observation", "主题班会观摩", "2027-05-20", TRAINEES, "");
}

static void the_rest_is_self_study_with_homework(void **state)
{
	struct story *s = *state;
	const char *course;
	char of[70];

	day_comes(s, "2027-05-24");
	course = course_opened(
		s, &school.office, "自学作业",
		say("'level': 'self_study', 'hours': 4, 'plan_id': '%s', "
		    "'audience': {'appointment_kinds': [" TRAINEES "]}, "
		    "'assessment': {'deliverables': [{'type': 'homework', 'count': 1}]}",
		    id_of(plan)));
	whole_audience(s, &school.office, course, "");
	snprintf(of, sizeof of, "'course_id': '%s'", id_of(course));
	hands_in(s, zhou_li, "homework", of, "班规设计", 600);
	hands_in(s, wu_gang, "homework", of, "班规设计", 80);
	inspects(s, &school.office, "homework", wu_gang, "过于简单");
	/* Of 郑爽 there is nothing. */
	expect(settled(s, &school.office, course), 200, "{'credited': 1, 'hours': 4}");
}

static void each_term_ends_with_a_reflection(void **state)
{
	struct story *s = *state;

	for (int n = 1; n <= 2; n++) {
		char of[70];

		day_comes(s, n == 1 ? FIRST_TERM : SECOND_TERM);
		snprintf(of, sizeof of, "'term_id': '%s'", term(s, 2026, n));
		hands_in(s, zhou_li, "reflection", of, "学期反思", 900);
		hands_in(s, zheng_shuang, "reflection", of, "学期反思", 700);
		if (n == 1)
			hands_in(s, wu_gang, "reflection", of, "学期反思", 500);
		inspects(s, &school.office, "reflection", NULL, NULL);
	}
}

static void what_was_promised_was_held(void **state)
{
	struct story *s = *state;
	static const char *const held[] = {"8", "7", "1", "1", "1"};

	day_comes(s, "2027-09-01");
	for (int i = 0; i < 5; i++)
		assert_string_equal(kept(s, plan, i), held[i]);
}

static void each_month_tells_who_had_two_hours_and_who_had_not(void **state)
{
	struct story *s = *state;
	/* Twenty minutes are missing in October, notes in March, hours in April and May. */
	static const char *const in_short[MONTHS] = {"",       "吴刚 0.56", "",       "",
						     "周莉 0", "吴刚 1",    "郑爽 2", ""};

	for (int i = 0; i < MONTHS; i++)
		assert_string_equal(who_is_short(&school.office, monthly, months[i].day),
				    in_short[i]);
	stands(s, zhou_li, monthly, "2027-05-17",
	       "{'counted': 2, 'status': 'met', 'levels': [{'level': 'school', 'counted': 2}, "
	       "{'level': 'self_study', 'at_most': 0, 'counted': 0}]}");
}

static void term_and_year_tell_the_rest(void **state)
{
	struct story *s = *state;

	expect(compliance(s, termly, FIRST_TERM), 200, "{'population': 3, 'met': 3}");
	assert_string_equal(who_is_short(&school.office, termly, SECOND_TERM), "吴刚 0");
	/* 周莉 alone has it all: 16 hours of school and 4 of homework. */
	stands(s, zhou_li, yearly, SECOND_TERM, "{'counted': 20, 'status': 'met'}");
	stands(s, wu_gang, yearly, SECOND_TERM,
	       "{'counted': 14.44, 'short': 5.56, 'status': 'overdue', 'windows': [{'counts': "
	       "[{'what': 'course', 'short': 1}, {'short': 0}, {'short': 0}, {'short': 0}]}]}");
	stands(s, zheng_shuang, yearly, SECOND_TERM,
	       "{'counted': 14, 'short': 6, 'status': 'overdue', 'windows': [{'counts': [{'what': "
	       "'course', 'short': 1}, {'kind': 'forum', 'short': 0}, {'kind': 'contest', 'short': "
	       "1}, {'short': 0}]}]}");
	expect(balance(s, wu_gang), 200,
	       "{'hours': 14.44, 'years': [{'year': 2027, 'hours': 7}, {'year': 2026, 'hours': "
	       "7.44}]}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_are_named_and_one_applies),
		cmocka_unit_test(the_year_is_planned_with_two_hours_a_month),
		cmocka_unit_test(eight_months_have_a_lecture_and_a_video_each),
		cmocka_unit_test(there_are_a_forum_a_contest_and_an_observation),
		cmocka_unit_test(the_rest_is_self_study_with_homework),
		cmocka_unit_test(each_term_ends_with_a_reflection),
		cmocka_unit_test(what_was_promised_was_held),
		cmocka_unit_test(each_month_tells_who_had_two_hours_and_who_had_not),
		cmocka_unit_test(term_and_year_tell_the_rest),
	};

	return cmocka_run_group_tests_name("two class-hours a month", tests, story_begin, year_end);
}
