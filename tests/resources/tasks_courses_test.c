/*
 * tasks_courses_test.c -- what waits of courses, enrolments, sessions and deliverables, and that
 * what is done by the link of a task waits no longer.
 */
#include "tasks.h"

static void a_course_waits_from_approval_to_settlement(void **state)
{
	struct world *w = *state;
	struct client *in_it = client_new(w, "county", w->county_a, NULL, w->teacher_a1, NULL);
	const char *session,
		*course = header_of(POST(w->county, "/v1/courses",
					 "{'title': '研修', 'level': 'county', 'hours': 2}"),
				    "Location");
	const char *id = strrchr(course, '/') + 1;

	expect_none(w->county, "course_to_submit");
	expect(step(w->county, course, "submit", NULL), 200, NULL);
	expect_one(w->county, "course_to_approve", "'title': '审批课程：研修'");
	expect_none(w->client, "course_to_approve");
	expect(step(w->county, course, "return", "{'reason': '缺师资'}"), 200, NULL);
	expect_none(w->county, "course_to_approve");
	expect_done(w->county, "course_to_submit", "'school_id': null", NULL, 200);
	expect_done(w->county, "course_to_approve", "'due_on': null", NULL, 200);
	session = session_made(w, id, "2026-10-20T01:30:00Z", 90);
	expect_done(w->county, "course_to_open", "'due_on': '2026-10-20'", NULL, 200);
	enrolled(w, id, w->teacher_a1, "2026-10-15T00:00:00Z");
	expect_none(w->county, "course_to_close");
	world_clock(w, w->county_a, "2026-10-20T02:00:00Z");
	expect_done(w->county, "course_to_close", "'due_on': '2026-10-20'", NULL, 200);
	expect_none(w->county, "session_unrecorded");
	expect_none(w->county, "course_to_settle");
	world_clock(w, w->county_a, "2026-10-20T03:00:00Z");
	expect_none(w->school, "session_unrecorded");
	expect_done(w->county, "session_unrecorded",
		    "'title': '登记考勤：研修（10月20日）', 'due_on': '2026-10-20'",
		    "{'except': []}", 200);
	expect(GET(w->county, "/v1/sessions/%s/attendance", session), 200, NULL);
	expect_none(in_it, "course_to_settle");
	expect_done(
		w->county, "course_to_settle", "'title': '课程结业：研修'",
		text("{'plan': '%s'}", text_at(GET(w->county, "%s/settlement", course), "plan")),
		200);
}

static void a_schools_draft_waits_to_be_opened(void **state)
{
	struct world *w = *state;

	expect(POST(w->school, "/v1/courses", "{'title': '校本', 'level': 'school', 'hours': 2}"),
	       201, NULL);
	expect_none(w->county, "course_to_open");
	expect_none(w->other_school, "course_to_open");
	expect_done(w->school, "course_to_open", "'title': '开放课程：校本'", NULL, 200);
}

static void an_enrolment_waits_for_the_teacher_her_school_and_the_organiser(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL,
					  "{'title': '家校', 'applies_until': '2026-10-31'}");

	world_value(w,
		    "UPDATE course SET state = 'cancelled' WHERE state = 'open' AND id <> $1::uuid",
		    course, NULL);
	session_made(w, course, "2026-11-07T01:30:00Z", 90);
	expect_list(w->teacher, "course_open",
		    "'count': 1, 'due_on': '2026-10-31', 'title': '可报名的课程：1门'", 1);
	expect_none(w->teacher, "course_duty");
	world_value(w, "UPDATE course SET required = true WHERE id = $1::uuid", course, NULL);
	expect_none(w->teacher, "course_open");
	expect_done(w->teacher, "course_duty",
		    "'title': '报名必修课程：家校', 'due_on': '2026-10-31'",
		    text("{'course_id': '%s'}", course), 201);
	expect_none(herself(w), "enrolment_to_agree");
	expect_none(w->other_school, "enrolment_to_agree");
	expect_none(w->county, "enrolment_to_admit");
	step(w->school,
	     text("/v1/enrolments/%s", text_at(expect_list(w->school, "enrolment_to_agree",
							   "'count': 1, 'due_on': '2026-10-31'", 1),
					       "data/0/id")),
	     "agree", NULL);
	expect_none(w->school, "enrolment_to_agree");
	step(w->county,
	     text("/v1/enrolments/%s",
		  text_at(expect_list(w->county, "enrolment_to_admit",
				      "'due_on': '2026-11-07', 'title': '录取：家校（1人报名）'",
				      1),
			  "data/0/id")),
	     "admit", NULL);
	expect_none(w->county, "enrolment_to_admit");
	expect_none(w->teacher, "course_duty");
}

static void places_wait_until_they_are_used_or_returned(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, "{'title': '骨干', 'capacity': 5}");

	expect(call(w->county, "PUT", text("/v1/courses/%s/allotments", course),
		    text("{'allotments': [{'school_id': '%s', 'places': 2, 'duty': true, "
			 "'returns_on': '2026-10-20'}]}",
			 w->school_a1),
		    "If-Match", "*", NULL),
	       200, NULL);
	expect_none(w->other_school, "places_unfilled");
	expect(follow(w->school,
		      expect_one(w->school, "places_unfilled",
				 "'count': 2, 'due_on': '2026-10-19', 'title': "
				 "'名额须报满：骨干（2个）'"),
		      text("{'course_id': '%s', 'teacher_id': '%s'}", course, w->teacher_a1)),
	       201, "{'state': 'admitted', 'way': 'allotment'}");
	expect_one(w->school, "places_unfilled", "'count': 1");
	world_clock(w, w->county_a, "2026-10-20T02:00:00Z");
	expect_none(w->school, "places_unfilled");
}

static void a_session_waits_on_its_day_and_leave_for_its_organiser(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, NULL), *session, *tomorrow;

	session = session_made(w, course, "2026-10-15T03:00:00Z", 45);
	tomorrow = session_made(w, course, "2026-10-15T16:00:00Z", 45);
	enrolled(w, course, w->teacher_a1, "2026-09-01T00:00:00Z");
	expect(follow(w->teacher,
		      expect_one(w->teacher, "session_today",
				 "'due_on': '2026-10-15', 'title': '今天签到：家校沟通（11:00）'"),
		      "{'code': '0'}"),
	       409, "{'code': 'session-not-begun'}");
	leave_made(w, tomorrow, w->teacher_a1);
	expect_none(w->county, "leave_asked");
	expect_none(herself(w), "leave_asked");
	expect(step(w->school,
		    text("/v1/sessions/%s/leaves/%s", tomorrow,
			 text_at(expect_list(w->school, "leave_asked",
					     "'count': 1, 'due_on': '2026-10-16'", 1),
				 "data/0/id")),
		    "grant", "{}"),
	       200, NULL);
	expect_none(w->school, "leave_asked");
	world_clock(w, w->county_a, "2026-10-15T03:10:00Z");
	expect(POST(w->school, text("/v1/sessions/%s/attendance", session), "{'except': []}"), 200,
	       NULL);
	expect_none(w->teacher, "session_today");
	/* She has leave. */
	world_clock(w, w->county_a, "2026-10-15T16:10:00Z");
	expect_none(w->teacher, "session_today");
}

/* --- deliverables --- */

static void a_deliverable_waits_for_whose_turn_it_is(void **state)
{
	struct world *w = *state;
	struct answer *a =
		POST(w->school, "/v1/deliverables",
		     text("{'teacher_id': '%s', 'type': 'essay', 'title': '随笔', 'month': "
			  "'2026-09', 'submit': true}",
			  w->teacher_a1));

	expect_done(w->teacher, "deliverable_unconfirmed", "'title': '确认学校代录的材料：随笔'",
		    "{}", 200);
	expect_none(herself(w), "deliverable_to_inspect");
	expect_none(w->other_school, "deliverable_to_inspect");
	expect_list(w->school, "deliverable_to_inspect", "'count': 1, 'title': '检查材料：1份'", 1);
	expect(POST(w->school, "/v1/deliverable-inspections",
		    text("{'deliverable_id': '%s', 'version': 2, 'grade': 'returned', 'reason': '短'}",
			 text_at(a, "id"))),
	       201, NULL);
	expect_none(w->school, "deliverable_to_inspect");
	expect_done(w->teacher, "deliverable_returned", "'title': '材料被退回，修改后再交：随笔'",
		    NULL, 200);
	expect_one(w->school, "deliverable_to_inspect", "'count': 1");
}

static void every_such_kind_of_the_contract_was_told(void **state)
{
	expect_told(*state, OF_COURSES, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_course_waits_from_approval_to_settlement),
		TEST(a_schools_draft_waits_to_be_opened),
		TEST(an_enrolment_waits_for_the_teacher_her_school_and_the_organiser),
		TEST(places_wait_until_they_are_used_or_returned),
		TEST(a_session_waits_on_its_day_and_leave_for_its_organiser),
		TEST(a_deliverable_waits_for_whose_turn_it_is),
		TEST(every_such_kind_of_the_contract_was_told),
	};

	return cmocka_run_group_tests_name("tasks of courses", tests, set_up, tear_down);
}
