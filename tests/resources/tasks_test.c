/*
 * tasks_test.c -- what waits for a teacher, a school and the county, and that what is done by the
 * link of a task waits no longer.
 *
 * What waits of courses and deliverables: tasks_courses_test.c.
 */
#include "tasks.h"

#define NOBODYS_OWN "0199b0a4-7c00-7000-8000-000000000001"

static void an_appointment_waits_at_each_step_for_who_takes_it(void **state)
{
	struct world *w = *state;
	struct answer *a = POST(w->school, "/v1/classes",
				"{'stage': 'primary', 'entry_year': 2024, 'number': 3}");
	const char *path;

	a = POST(w->teacher, "/v1/appointments",
		 text("{'class_id': '%s', 'kind': 'homeroom'}", text_at(a, "id")));
	path = header_of(a, "Location");
	expect_list(w->school, "appointment_to_review",
		    text("'count': 1, 'school_id': '%s', 'title': '班主任任职资格待审查：1人'",
			 w->school_a1),
		    1);
	expect_none(herself(w), "appointment_to_review");
	expect_none(w->other_school, "appointment_to_review");
	expect(step(w->school, path, "review",
		    "{'conditions': [{'code': 'conduct', 'met': true}]}"),
	       200, NULL);
	expect_none(w->school, "appointment_to_review");
	expect_list(w->school, "appointment_to_appoint", "'count': 1", 1);
	expect_none(herself(w), "appointment_to_appoint");
	expect(step(w->school, path, "appoint",
		    "{'started_on': '2026-09-01', 'ended_on': '2026-11-14', 'letter': '责任书'}"),
	       200, NULL);
	expect_none(w->school, "appointment_to_appoint");
	expect_done(
		w->teacher, "letter_unaccepted",
		text("'title': '签收责任书：2024级3班班主任', 'due_on': null, 'about': '%s'", path),
		NULL, 200);
	expect_none(herself(w), "appointment_ending");
	expect_done(
		w->school, "appointment_ending",
		"'due_on': '2026-11-14', 'title': '任职到期，续聘或结束：周兰（2024级3班班主任）'",
		"{'ended_on': '2026-11-15'}", 200);
	/* One that somebody ended has been decided about. */
	world_clock(w, w->county_a, "2026-10-16T02:00:00Z");
	expect_one(w->school, "appointment_ending", "'due_on': '2026-11-15'");
	expect(step(w->school, path, "end", "{'ended_on': '2026-11-10', 'reason': '调岗'}"), 200,
	       NULL);
	expect_none(w->school, "appointment_ending");
}

static void a_roster_waits_for_its_school_and_then_for_the_county(void **state)
{
	struct world *w = *state;
	struct answer *a =
		POST(w->county, "/v1/roster-calls",
		     "{'title': '秋季花名册', 'as_of_on': '2026-10-15', 'due_on': '2026-10-31'}");
	struct client *on_it = client_new(w, "county", w->county_a, NULL, w->teacher_a1, NULL);
	const char *path = header_of(a, "Location"), *class;

	class = text_at(POST(w->school, "/v1/classes",
			     "{'stage': 'primary', 'entry_year': 2024, 'number': 4}"),
			"id");
	world_appoint(w, w->teacher_a1, class, "2026-10-10");
	expect_list(w->county, "roster_unreported",
		    text("'count': 2, 'due_on': '2026-10-31', 'about': '%s', 'title': "
			 "'尚未上报花名册：秋季花名册（2所学校）'",
			 path),
		    2);
	expect_done(w->school, "roster_to_report", "'title': '上报花名册：秋季花名册'", "{}", 201);
	expect_one(w->other_school, "roster_to_report", "'due_on': '2026-10-31'");
	expect_one(w->county, "roster_unreported", "'count': 1");
	a = expect_list(w->county, "roster_to_review", "'count': 1", 1);
	expect_none(on_it, "roster_to_review");
	expect(step(w->county, text("%s/reports/%s", path, text_at(a, "data/0/id")), "review",
		    "{'returned': [{'row': 1, 'reason': '缺'}]}"),
	       200, NULL);
	expect_none(w->county, "roster_to_review");
	expect_one(w->school, "roster_to_report", "'title': '花名册被退回，重新上报：秋季花名册'");
	expect_none(w->foreign_school, "roster_to_report");
	/* What was due more than a year ago is let be. */
	world_clock(w, w->county_a, "2027-11-01T02:00:00Z");
	expect_none(w->other_school, "roster_to_report");
	expect_none(w->county, "roster_unreported");
}

static void the_next_school_year_waits_from_a_month_before(void **state)
{
	struct world *w = *state;

	expect(POST(w->other_school, "/v1/classes",
		    "{'stage': 'primary', 'entry_year': 2021, 'number': 1}"),
	       201, NULL);
	world_clock(w, w->county_a, "2027-08-01T02:00:00Z");
	expect_none(w->other_school, "year_to_roll_over");
	world_clock(w, w->county_a, "2027-08-02T02:00:00Z");
	/* A school without a class that graduates has nothing to go over to. */
	expect_none(w->school, "year_to_roll_over");
	expect_done(w->other_school, "year_to_roll_over",
		    "'due_on': '2027-09-01', 'title': '办理学年升级：2027-2028学年'",
		    text("{'plan': '%s'}",
			 text_at(GET(w->other_school, "%s",
				     text_at(waits(w->other_school, "year_to_roll_over"),
					     "data/0/about")),
				 "plan")),
		    200);
}

static void a_plan_waits_until_it_is_in_force(void **state)
{
	struct world *w = *state;
	const char *path = header_of(
		POST(w->school, "/v1/plans",
		     "{'title': '方案', 'started_on': '2026-09-01', 'ended_on': '2027-08-31'}"),
		"Location");

	expect(PATCH(w->county, "/v1/county", "*", "{'plan_days': 10}"), 200, NULL);
	expect(step(w->school, path, "submit", NULL), 200, "{'in_force_on': '2026-10-25'}");
	expect_list(w->county, "plan_filed",
		    "'count': 1, 'due_on': '2026-10-24', 'title': "
		    "'备案方案：1份，不退回则10月25日起生效'",
		    1);
	expect_none(w->school, "plan_filed");
	expect(step(w->county, path, "return", "{'reason': '缺模块'}"), 200, NULL);
	expect_none(w->county, "plan_filed");
	expect_none(w->other_school, "plan_returned");
	expect_done(w->school, "plan_returned", "'title': '方案被退回，修改后再报：方案'", NULL,
		    200);
	world_clock(w, w->county_a, "2026-10-25T02:00:00Z");
	expect_none(w->county, "plan_filed");
}

static void a_list_that_was_read_waits_for_who_sent_it(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->school, "teacher", TWO);

	expect_none(w->county, "import_ready");
	expect_none(w->other_school, "import_ready");
	expect_done(w->school, "import_ready", "'title': '提交名单：教师（10月15日）'",
		    text("{'plan_id': '%s', 'mode': 'all'}",
			 text_at(look(w->school, "teacher", id), "plan_id")),
		    202);
	import_text(w, w->county, "school", "学校标识码,学校名称,学段\n2199700077,新校,小学\n");
	expect_one(w->county, "import_ready", "'title': '提交名单：学校（10月15日）'");
}

static void a_requirement_waits_until_it_is_met(void **state)
{
	struct world *w = *state;

	expect(POST(w->county, "/v1/requirements",
		    "{'name': '年度学时', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		    "'population': {'appointment_kinds': null, 'school_ids': null}, 'target_hours': 3.5, 'limits': []}"),
	       201, NULL);
	expect(follow(w->teacher,
		      expect_one(w->teacher, "requirement_short",
				 "'due_on': '2026-12-31', 'title': '年度学时：还差3.5学时'"),
		      NULL),
	       200, "{'data': [{'short': 3.5}]}");
	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 3.5, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'x'}}",
			 w->teacher_a1)),
	       201, NULL);
	expect_none(w->teacher, "requirement_short");
}

static void every_other_kind_of_the_contract_was_told(void **state)
{
	expect_told(*state, OF_COURSES, true);
}

/* --- the list --- */

static void who_may_not_act_is_told_nothing(void **state)
{
	struct world *w = *state;
	struct client *reader = client_new(w, "school", w->county_a, w->school_a1, NOBODYS_OWN,
					   "me:read deliverables:read");
	struct client *inspector = client_new(w, "school", w->county_a, w->school_a1, NOBODYS_OWN,
					      "me:read deliverables:inspect");

	expect(POST(w->school, "/v1/deliverables",
		    text("{'teacher_id': '%s', 'type': 'essay', 'title': '随笔', 'month': '2026-09', "
			 "'submit': true}",
			 w->teacher_a1)),
	       201, NULL);
	expect(GET(reader, "/v1/me/tasks"), 200, "{'data': []}");
	expect(GET(inspector, "/v1/me/tasks"), 200,
	       "{'data': [{'kind': 'deliverable_to_inspect'}]}");
	expect(GET(w->foreign_school, "/v1/me/tasks"), 200, "{'data': []}");
}

static void the_soonest_due_comes_first_page_by_page(void **state)
{
	struct world *w = *state;
	struct answer *a, *page = NULL;
	size_t count, i;
	const char *before = "", *cursor = "";

	for (i = 0; i < 3; i++)
		session_made(w, course_made(w, w->school_a1, "{'state': 'draft'}"),
			     text("2026-11-0%zuT01:00:00Z", 3 - i), 90);
	course_made(w, w->school_a1, "{'state': 'draft'}");
	a = GET(w->school, "/v1/me/tasks?include=total_count");
	count = count_at(a, "data");
	assert_true(count > 4);
	expect(a, 200, text("{'page': {'next_cursor': null, 'total_count': %zu}}", count));
	for (i = 0; i < count; i++) {
		const char *due = json_string_value(json_at(a, text("data/%zu/due_on", i)));

		assert_true(strcmp(before, due ? due : "~") <= 0);
		before = due ? due : "~";
		page = GET(w->school, "/v1/me/tasks?page_size=1%s", cursor);
		assert_true(json_equal(json_at(page, "data/0"), json_at(a, text("data/%zu", i))));
		if (i + 1 < count)
			cursor = text("&cursor=%s", text_at(page, "page/next_cursor"));
	}
	assert_non_null(page);
	assert_true(json_is_null(json_at(page, "page/next_cursor")));
	assert_string_equal(before, "~");
	expect(call(w->school, "GET", "/v1/me/tasks", NULL, "If-None-Match",
		    header_of(GET(w->school, "/v1/me/tasks"), "ETag"), NULL),
	       304, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_appointment_waits_at_each_step_for_who_takes_it),
		TEST(a_roster_waits_for_its_school_and_then_for_the_county),
		TEST(the_next_school_year_waits_from_a_month_before),
		TEST(a_plan_waits_until_it_is_in_force),
		TEST(a_list_that_was_read_waits_for_who_sent_it),
		TEST(a_requirement_waits_until_it_is_met),
		TEST(every_other_kind_of_the_contract_was_told),
		TEST(who_may_not_act_is_told_nothing),
		TEST(the_soonest_due_comes_first_page_by_page),
	};

	return cmocka_run_group_tests_name("tasks", tests, set_up, tear_down);
}
