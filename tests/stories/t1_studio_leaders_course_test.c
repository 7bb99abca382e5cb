/*
 * t1_studio_leaders_course_test.c -- the story "five days, eight topics" (card T1), over a socket.
 *
 * 青蓝县 trains those who lead homeroom teachers' studios in a course of five days and eight
 * topics: on site for 枫林小学, online and on dates of its own for 湖滨小学. Attendance is strict:
 * each minute counts, and one absence forfeits all hours. Everybody writes a reflection. The
 * chapters stand on each other.
 */
#include "school_year.h"

#define JULY "2027-07-31"

static struct school maple = {.code = "2199700005", .name = "枫林小学", .officer = "何芳"},
		     lake = {.code = "2199700006", .name = "湖滨小学", .officer = "许敏"};

static const struct topic {
	const char *day, *hour, *theme;
} topics[] = {
	{"2027-07-12", "09:00", "工作室的定位"}, {"2027-07-12", "14:00", "三年规划"},
	{"2027-07-13", "09:00", "成员的培养"},   {"2027-07-13", "14:00", "主题研修的设计"},
	{"2027-07-14", "09:00", "课题研究"},     {"2027-07-14", "14:00", "典型案例"},
	{"2027-07-15", "09:00", "资源与辐射"},   {"2027-07-16", "09:00", "考核与评价"},
};
enum { TOPICS = sizeof topics / sizeof *topics };

/* Who leads a studio: three of each school. */
static const char *liang_dong, *miao_qing, *tian_ye, *duan_yun, *lei_ming, *shao_hua;
static const char *on_site, *online, *trained;
static char sessions[TOPICS][60]; /* of the course on site */

/* A school nominates a studio leader, and the county admits her. */
static void nominated(struct story *s, struct school *k, const char *course, const char *teacher)
{
	const char *path =
		made(post(s, &k->office, "/v1/enrolments",
			  say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(course), teacher)));

	expect(step(s, &s->bureau, path, "admit", NULL), 200,
	       "{'way': 'nomination', 'state': 'admitted'}");
}

/* The teacher who calls checks in at HOUR with the code that is shown then. */
static void checks_in(struct story *s, int topic, const char *hour, const char *pattern)
{
	struct answer *shown;

	day_comes(s, say("%s %s", topics[topic].day, hour));
	shown = get(&s->bureau, say("%s/check-in-code", sessions[topic]));
	expect(shown, 200, NULL);
	expect(post(s, &s->teacher, say("%s/check-ins", sessions[topic]),
		    say("{'code': '%s'}", text_at(shown, "code"))),
	       200, pattern);
}

static void writes(struct story *s, const char *teacher, const char *course, int characters)
{
	char of[70];

	snprintf(of, sizeof of, "'course_id': '%s'", id_of(course));
	hands_in(s, teacher, "reflection", of, "培训反思", characters);
}

/* --- the story --- */

static void two_schools_have_studios(void **state)
{
	struct story *s = *state;

	county_begins(s, "青蓝县", "周敏", "2027-06-01", 2026, 2026);
	school_opens(s, &maple, "2027-06-01");
	school_opens(s, &lake, "2027-06-01");
	liang_dong = leads(s, &maple, "梁栋", 2022, 1, "2027-06-01");
	miao_qing = leads(s, &maple, "苗青", 2023, 1, "2027-06-01");
	tian_ye = leads(s, &maple, "田野", 2024, 1, "2027-06-01");
	duan_yun = leads(s, &lake, "段云", 2022, 1, "2027-06-01");
	lei_ming = leads(s, &lake, "雷鸣", 2023, 1, "2027-06-01");
	shao_hua = leads(s, &lake, "邵华", 2024, 1, "2027-06-01");
}

static void five_days_have_eight_topics(void **state)
{
	struct story *s = *state;
	const char *expert =
		id_made(post(s, &s->bureau, "/v1/external-persons",
			     "{'name': '顾明', 'unit': '省教育学院', 'title': '教授'}"));

	trained =
		required(s, say("{'name': '工作室主持人培训', 'window': 'fixed', 'windows': "
				"[{'starts_on': '2027-07-01', 'ends_on': '" JULY "'}], "
				"'effective_on': '2027-06-01', 'population': {'appointment_kinds': "
				"['homeroom'], 'school_ids': ['%s', '%s']}, 'counts': [{'what': "
				"'course', 'kind': 'county', 'at_least': 1}]}",
				maple.id, lake.id));
	on_site = course_opened(
		s, &s->bureau, "工作室主持人研修班（枫林）",
		say("'level': 'county', 'credit': 'session', 'absent_sessions': 1, 'mode_ids': "
		    "['%s'], 'instructor_ids': ['%s'], 'audience': {'school_ids': ['%s']}, "
		    "'assessment': {'deliverables': [{'type': 'reflection', 'count': 1}]}",
		    mode(s, "group_study"), expert, maple.id));
	for (int i = 0; i < TOPICS; i++) {
		struct answer *a =
			post(s, &s->bureau, say("%s/sessions", on_site),
			     say("{'starts_at': '%sT%s:00+08:00', 'minutes': 180, 'theme': '%s'}",
				 topics[i].day, topics[i].hour, topics[i].theme));

		snprintf(sessions[i], sizeof sessions[i], "/v1/sessions/%s", id_made(a));
	}
	nominated(s, &maple, on_site, liang_dong);
	nominated(s, &maple, on_site, miao_qing);
	nominated(s, &maple, on_site, tian_ye);
	expect(get(&maple.office, on_site), 200,
	       "{'session_count': 8, 'taken': 3, 'starts_at': '2027-07-12T01:00:00.000Z', 'ends_at': "
	       "'2027-07-16T04:00:00.000Z', 'instructors': [{'name': '顾明'}]}");
}

static void the_other_school_takes_it_online_a_week_later(void **state)
{
	struct story *s = *state;

	online = made(post(s, &s->bureau, say("%s/copy", on_site),
			   "{'title': '工作室主持人研修班（湖滨）', 'shift_days': 7}"));
	expect(wire_ask(&s->bureau, "PATCH", online,
			say("{'mode_ids': ['%s'], 'audience': {'school_ids': ['%s']}}",
			    mode(s, "online"), lake.id),
			"If-Match", "*", NULL),
	       200, NULL);
	expect(step(s, &s->bureau, online, "submit", NULL), 200, NULL);
	expect(step(s, &s->bureau, online, "approve", NULL), 200, NULL);
	expect(step(s, &s->bureau, online, "open", NULL), 200,
	       "{'state': 'open', 'session_count': 8, 'absent_sessions': 1, 'starts_at': "
	       "'2027-07-19T01:00:00.000Z', 'ends_at': '2027-07-23T04:00:00.000Z'}");
	/* Who is of the other school is not for these dates. */
	expect(post(s, &maple.office, "/v1/enrolments",
		    say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(online), tian_ye)),
	       409, "{'code': 'not-in-audience'}");
	nominated(s, &lake, online, duan_yun);
	nominated(s, &lake, online, lei_ming);
	nominated(s, &lake, online, shao_hua);
}

static void everybody_finds_the_eight_in_her_calendar(void **state)
{
	struct story *s = *state;
	struct answer *a;
	const char *at;
	int events = 0;

	teacher_calls(s, duan_yun);
	a = get(&s->teacher, "/v1/me/calendar");
	expect(a, 200, NULL);
	for (at = a->body; (at = strstr(at, "BEGIN:VEVENT")); at++)
		events++;
	assert_int_equal(events, TOPICS);
	assert_non_null(strstr(a->body, "DTSTART:20270719T010000Z"));
	assert_non_null(strstr(a->body, "工作室的定位"));
}

static void attendance_is_strict(void **state)
{
	struct story *s = *state;
	const char *leave;

	/* On the first morning 梁栋 checks in in time, 苗青 twenty minutes after it began. */
	teacher_calls(s, liang_dong);
	checks_in(s, 0, "09:05", "{'state': 'present', 'minutes': 180}");
	teacher_calls(s, miao_qing);
	checks_in(s, 0, "09:20", "{'state': 'late', 'minutes': 160}");
	/* She asks for leave from the fourth topic, and has it. */
	leave = id_made(post(s, &s->teacher, say("%s/leaves", sessions[3]), "{'reason': '就诊'}"));
	expect(step(s, &s->bureau, say("%s/leaves/%s", sessions[3], leave), "grant", "{}"), 200,
	       "{'state': 'granted'}");
	for (int i = 0; i < TOPICS; i++) {
		day_comes(s, say("%s 18:00", topics[i].day));
		/* 田野 is gone on the last morning. */
		all_present_but(s, &s->bureau, sessions[i], i == TOPICS - 1 ? absent(tian_ye) : "");
	}
	expect(get(&maple.office, say("%s/attendance", sessions[3])), 200,
	       "{'data': [{'name': '梁栋', 'state': 'present'}, {'name': '苗青', 'state': "
	       "'excused', 'way': 'leave'}, {'name': '田野', 'state': 'present'}]}");
}

static void those_on_site_write_and_are_settled(void **state)
{
	struct story *s = *state;
	struct answer *a;

	writes(s, liang_dong, on_site, 1200);
	writes(s, miao_qing, on_site, 900);
	writes(s, tian_ye, on_site, 1000);
	inspects(s, &s->bureau, "reflection", NULL, NULL);
	a = settled(s, &s->bureau, on_site);
	/* Eight times four hours; of 苗青 twenty minutes and a session less, rounded down. */
	expect(a, 200,
	       "{'activity_on': '2027-07-16', 'credited': 2, 'hours': 59.55, 'rows': ["
	       "{'name': '梁栋', 'due': 8, 'attended': 8, 'minutes': 1440, 'hours': 32}, "
	       "{'name': '苗青', 'attended': 7, 'absent': 0, 'minutes': 1240, 'hours': 27.55}, "
	       "{'name': '田野', 'absent': 1, 'result': 'qualified', 'hours': null, 'reason': "
	       "'absent_limit'}]}");
	expect(post(s, &s->bureau, say("%s/settle", on_site),
		    say("{'plan': '%s'}", text_at(a, "plan"))),
	       200, "{'state': 'settled', 'credited': 2}");
}

static void those_online_are_settled_a_week_later(void **state)
{
	struct story *s = *state;
	struct answer *list = get(&s->bureau, say("%s/sessions", online));

	for (int i = 0; i < TOPICS; i++) {
		day_comes(s, say("%.10s 18:00", text_at(list, say("data/%d/starts_at", i))));
		all_present_but(s, &s->bureau, say("/%s", text_at(list, say("data/%d/id", i))), "");
	}
	writes(s, duan_yun, online, 1500);
	writes(s, shao_hua, online, 120);
	inspects(s, &s->bureau, "reflection", shao_hua, "没有联系本校工作室");
	expect(settled(s, &s->bureau, online), 200,
	       "{'activity_on': '2027-07-23', 'credited': 1, 'hours': 32, 'rows': ["
	       "{'name': '段云', 'hours': 32, 'reason': null}, "
	       "{'name': '雷鸣', 'hours': null, 'reason': 'deliverables_missing'}, "
	       "{'name': '邵华', 'hours': null, 'reason': 'deliverables_missing'}]}");
}

static void the_county_tells_who_is_trained(void **state)
{
	struct story *s = *state;

	expect(compliance(s, trained, JULY), 200,
	       "{'population': 6, 'met': 3, 'schools': [{'name': '枫林小学', 'met': 2}, {'name': "
	       "'湖滨小学', 'met': 1}]}");
	assert_string_equal(who_is_short(&lake.office, trained, JULY), "雷鸣 0, 邵华 0");
	expect(balance(s, liang_dong), 200, "{'hours': 32}");
	expect(balance(s, miao_qing), 200, "{'hours': 27.55}");
	expect(balance(s, tian_ye), 200, "{'hours': 0}");
	year_ends_well(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_schools_have_studios),
		cmocka_unit_test(five_days_have_eight_topics),
		cmocka_unit_test(the_other_school_takes_it_online_a_week_later),
		cmocka_unit_test(everybody_finds_the_eight_in_her_calendar),
		cmocka_unit_test(attendance_is_strict),
		cmocka_unit_test(those_on_site_write_and_are_settled),
		cmocka_unit_test(those_online_are_settled_a_week_later),
		cmocka_unit_test(the_county_tells_who_is_trained),
	};

	return cmocka_run_group_tests_name("five days, eight topics", tests, story_begin, year_end);
}
