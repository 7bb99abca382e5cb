/*
 * course_test.c -- courses through the API: made, changed as far as their state lets, approved,
 * opened, cancelled, recognised and copied.
 */
#include "course.h"

static void a_schools_course_is_opened_by_the_school_itself(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(w->school, "/v1/courses",
				   "{'title': '校本研修', 'level': 'school', 'hours': 2.5}");
	const char *path = header_of(made, "Location");

	expect(made, 201,
	       text("{'school_id': '%s', 'state': 'draft', 'status': 'draft', 'credit': 'whole', "
		    "'hours': 2.5, 'minutes_per_hour': 45, 'admission': 'manual', 'taken': 0, "
		    "'audience': {}, 'assessment': {}, 'instructors': [], 'session_count': 0}",
		    w->school_a1));
	expect(GET(w->school, "%s", path), 200, "{'version': 1}");
	/* Nobody else sees it until it is opened. */
	expect(GET(w->teacher, "%s", path), 404, NULL);
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(step(w->school, path, "submit", NULL), 409,
	       "{'code': 'not-in-this-state', 'state': 'draft', 'allowed': ['patch', 'sessions', "
	       "'open', 'recognise', 'cancel']}");
	expect(step(w->school, path, "open", NULL), 200, "{'state': 'open', 'version': 2}");
	expect(GET(w->teacher, "%s", path), 200, "{'title': '校本研修'}");
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(step(w->other_school, path, "close", NULL), 404, NULL);
	expect(step(w->teacher, path, "close", NULL), 403, NULL);
	expect(step(w->school, path, "close", NULL), 200, "{'state': 'closed'}");
	expect(step(w->school, path, "open", NULL), 409, "{'state': 'closed'}");
}

static void a_countys_course_is_opened_when_it_was_approved(void **state)
{
	struct world *w = *state;
	const char *path = course_made(w->county, "'level': 'county', 'hours': 6");
	struct client *clerk = client_new(w, "county", w->county_a, NULL, w->teacher_a1,
					  "courses:read courses:write");

	expect(step(w->county, path, "open", NULL), 409, "{'state': 'draft'}");
	expect(step(w->county, path, "submit", NULL), 200, "{'state': 'submitted'}");
	expect(PATCH(w->county, path, "*", "{'title': '别的'}"), 409,
	       "{'code': 'not-in-this-state', 'allowed': ['approve', 'return', 'recognise', "
	       "'cancel']}");
	expect(step(clerk, path, "approve", NULL), 403, "{'code': 'insufficient-scope'}");
	expect(step(w->county, path, "return", "{}"), 422, NULL);
	expect(step(w->county, path, "return", "{'reason': '补充考核'}"), 200,
	       "{'state': 'returned', 'reason': '补充考核'}");
	expect(PATCH(w->county, path, "*", "{'assessment': {'exam': {'full': 100, 'pass': 60}}}"),
	       200, "{'assessment': {'exam': {'full': 100, 'pass': 60}}}");
	expect(step(w->county, path, "submit", NULL), 200, NULL);
	expect(call(w->county, "POST", text("%s/approve", path), NULL, "If-Match", "\"1\"", NULL),
	       412, NULL);
	expect(step(w->county, path, "approve", NULL), 200, "{'state': 'approved'}");
	expect(GET(w->school, "%s", path), 404, NULL);
	expect(step(w->county, path, "open", NULL), 200, "{'state': 'open', 'reason': null}");
	/* All may see it now, and nobody but the county changes it. */
	expect(GET(w->school, "%s", path), 200, NULL);
	expect(GET(w->teacher, "%s", path), 200, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(PATCH(w->school, path, "*", "{'capacity': 10}"), 404, NULL);
	expect(POST(w->school, text("%s/copy", path), "{}"), 404, NULL);
}

static void what_was_announced_stays(void **state)
{
	struct world *w = *state;
	const char *path = course_open(w->school, "'level': 'school', 'hours': 2");

	expect(PATCH(w->school, path, "*", "{'hours': 3, 'capacity': 10}"), 409,
	       "{'code': 'course-fixed', 'state': 'open'}");
	expect(PATCH(w->school, path, "*",
		     "{'capacity': 10, 'description': '带教案', 'applies_until': '2026-10-31'}"),
	       200, "{'capacity': 10, 'hours': 2, 'applies_until': '2026-10-31'}");
	/* Two have a place. */
	world_value(w, "UPDATE course SET taken = 2 WHERE id = $1::uuid", id_of(path), NULL);
	expect(PATCH(w->school, path, "*", "{'capacity': 1}"), 409,
	       "{'code': 'places-taken', 'taken': 2}");
	expect(PATCH(w->school, path, "*", "{'capacity': 2}"), 200, "{'taken': 2}");
	expect(PATCH(w->school, path, "*", "{'capacity': null}"), 200, "{'capacity': null}");
}

static void hours_go_with_how_they_are_earned(void **state)
{
	static const char *const wrong[][3] = {
		{"'level': 'school'", "#/hours", "not-with-this-credit"},
		{"'level': 'school', 'hours': 1, 'credit': 'session'", "#/hours",
		 "not-with-this-credit"},
		{"'level': 'school', 'credit': 'result'", "#/result_hours", "not-with-this-credit"},
		{"'level': 'county', 'hours': 1", "#/level", "level-of-the-county"},
		{"'level': 'school', 'hours': 1, 'applies_from': '2026-10-02', 'applies_until': "
		 "'2026-10-01'",
		 "#/applies_until", "period-reversed"},
		{"'level': 'school', 'hours': 1, 'assessment': {'exam': {'full': 60, 'pass': 61}}",
		 "#/assessment/exam/pass", "range-reversed"},
		{"'level': 'school', 'hours': 1, 'audience': {'ages': [{'from_age': 40, 'under_age': "
		 "30}]}",
		 "#/audience/ages", "range-reversed"},
		{"'level': 'school', 'hours': 1, 'audience': {'appointed_from': '2026-10-02', "
		 "'appointed_until': '2026-10-01'}",
		 "#/audience/appointed_until", "period-reversed"},
		{"'level': 'school', 'hours': 1, 'audience': {'titles': ['emperor']}",
		 "#/audience/titles/0", "code-unknown"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_error(
			POST(w->school, "/v1/courses", text("{'title': '研修', %s}", wrong[i][0])),
			wrong[i][1], wrong[i][2]);
	expect(POST(w->school, "/v1/courses",
		    "{'title': '研修', 'level': 'self_study', 'credit': 'result', 'result_hours': "
		    "{'excellent': 4, 'qualified': 2.5}}"),
	       201, "{'hours': null, 'result_hours': {'excellent': 4, 'qualified': 2.5}}");
	expect(POST(w->school, "/v1/courses",
		    "{'title': '研修', 'level': 'school', 'credit': 'session', 'minutes_per_hour': "
		    "40, 'absent_share': 0.333, 'absent_sessions': 2}"),
	       201, "{'minutes_per_hour': 40, 'absent_share': 0.333, 'absent_sessions': 2}");
}

static void what_is_patched_to_null_goes(void **state)
{
	struct world *w = *state;
	const char *path = course_made(
		w->school,
		"'level': 'school', 'hours': 2, 'audience': "
		"{'stages': ['primary'], 'ages_on': '2026-10-01'}, 'provider': '德育处'");

	expect(PATCH(w->school, path, "*",
		     "{'audience': {'ages_on': null, 'ages': [{'gender': 'female'}]}, 'provider': null}"),
	       200,
	       "{'provider': null, 'audience': {'stages': ['primary'], 'ages': [{'gender': 'female'}]}}");
	assert_null(json_at(GET(w->school, "%s", path), "audience/ages_on"));
	expect(PATCH(w->school, path, "*", "{'credit': 'session', 'hours': null}"), 200,
	       "{'credit': 'session', 'hours': null}");
}

#define ONE_OF "{'%s': ['%s']}"

static void what_a_course_names_is_there(void **state)
{
	struct world *w = *state;
	const char *module = text_at(GET(w->county, "/v1/modules"), "data/0/id");
	const char *mode = text_at(GET(w->county, "/v1/modes"), "data/0/id");
	const char *expert =
		text_at(POST(w->county, "/v1/external-persons",
			     "{'name': '贾老师', 'unit': '师范大学', 'title': '教授'}"),
			"id");
	const char *path;

	path = header_of(
		POST(w->school, "/v1/courses",
		     text("{'title': '研修', 'level': 'school', 'hours': 2, 'module_ids': ['%s'], "
			  "'mode_ids': ['%s'], 'instructor_ids': ['%s', '%s']}",
			  module, mode, expert, w->teacher_a1)),
		"Location");
	expect(GET(w->school, "%s", path), 200,
	       text("{'module_ids': ['%s'], 'mode_ids': ['%s'], 'instructors': [{'person_id': "
		    "'%s', 'name': '周兰'}, {'person_id': '%s', 'unit': '师范大学', 'title': "
		    "'教授'}]}",
		    module, mode, w->teacher_a1, expert));
	expect_error(PATCH(w->school, path, "*", text(ONE_OF, "module_ids", mode)), "#/module_ids",
		     "not-found");
	expect_error(PATCH(w->school, path, "*", text(ONE_OF, "mode_ids", module)), "#/mode_ids",
		     "not-found");
	expect_error(PATCH(w->school, path, "*", text(ONE_OF, "instructor_ids", w->teacher_a2)),
		     "#/instructor_ids", "not-found");
	expect_error(PATCH(w->school, path, "*",
			   text("{'audience': {'school_ids': ['%s']}}", w->school_a2)),
		     "#/audience/school_ids", "not-found");
	/* One for the people of several schools names others. */
	expect(PATCH(w->school, path, "*",
		     text("{'level': 'cluster', 'audience': {'school_ids': ['%s']}}",
			  w->school_a2)),
	       200, NULL);
	/* Who no longer holds it is gone. */
	expect(PATCH(w->school, path, "*", text(ONE_OF, "instructor_ids", expert)), 200, NULL);
	assert_int_equal(count_at(GET(w->school, "%s", path), "instructors"), 1);
}

static void courses_are_found_by_what_they_are(void **state)
{
	struct world *w = *state;
	const char *module = text_at(GET(w->county, "/v1/modules"), "data/1/id");
	const char *id = id_of(course_made(
		w->school,
		text("'level': 'self_study', 'hours': 2, 'module_ids': ['%s']", module)));
	const char *filters[] = {text("module_id=%s", module), "level=self_study&state=draft",
				 text("school_id=%s&sort=created_at", w->school_a1),
				 "q=%E7%A0%94%E4%BF%AE&sort=title"};

	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
		assert_non_null(strstr(GET(w->school, "/v1/courses?%s", filters[i])->body, id));
	assert_null(strstr(GET(w->school, "/v1/courses?state=open")->body, id));
	assert_int_equal(count_at(GET(w->other_school, "/v1/courses?module_id=%s", module), "data"),
			 0);
	assert_int_equal(count_at(GET(w->school, "/v1/courses?mode_id=%s", module), "data"), 0);
}

static void a_cancelled_course_tells_everybody_in_it(void **state)
{
	struct world *w = *state;
	const char *path = course_open(w->school, "'level': 'school', 'hours': 2");
	const char *draft = course_made(w->school, "'level': 'cluster', 'hours': 2");

	enrolled(w, path, w->teacher_a1, "admitted");
	expect(step(w->school, path, "cancel", "{'reason': ' '}"), 422, NULL);
	expect(step(w->school, path, "cancel", "{'reason': '下雪停课'}"), 200,
	       "{'state': 'cancelled', 'reason': '下雪停课'}");
	assert_string_equal(
		world_value(
			w,
			"SELECT concat_ws(' ', state, reason, version) FROM enrolment WHERE course = "
			"$1::uuid",
			id_of(path), NULL),
		"cancelled 下雪停课 2");
	assert_string_equal(
		world_value(w,
			    "SELECT count(*)::text FROM event WHERE object = 'enrolment' AND "
			    "action = 'update' AND operation = 'course_cancel' AND after->>'state' "
			    "= 'cancelled'",
			    NULL),
		"1");
	expect(GET(w->teacher, "%s", path), 200, "{'status': 'cancelled'}");
	expect(step(w->school, path, "open", NULL), 409, "{'state': 'cancelled', 'allowed': []}");
	/* What was never opened is told to nobody. */
	expect(step(w->school, draft, "cancel", "{'reason': '重复'}"), 200, NULL);
	expect(GET(w->other_school, "%s", draft), 404, NULL);
}

static void a_course_is_recognised_once_by_the_county(void **state)
{
	struct world *w = *state;
	const char *path = course_open(w->school, "'level': 'school', 'hours': 2");

	expect(step(w->school, path, "recognise", NULL), 403, NULL);
	expect(step(w->county, path, "recognise", NULL), 200, "{'version': 3}");
	assert_non_null(text_at(GET(w->teacher, "%s", path), "recognised_at"));
	expect(step(w->county, path, "recognise", NULL), 200, "{'version': 3}");
	/* One that is changed afterwards is another. */
	path = course_made(w->school, "'level': 'school', 'hours': 2");
	expect(step(w->county, path, "recognise", NULL), 200, NULL);
	expect(PATCH(w->school, path, "*", "{'description': '每周一次'}"), 200, NULL);
	assert_non_null(text_at(GET(w->school, "%s", path), "recognised_at"));
	expect(PATCH(w->school, path, "*", "{'hours': 900}"), 200, "{'recognised_at': null}");
	expect_error(PATCH(w->school, path, "*",
			   "{'assessment': {'exam': {'full': 100, 'pass': 60, 'excellent': 10}}}"),
		     "#/assessment/exam/excellent", "range-reversed");
}

static void last_years_course_is_held_again(void **state)
{
	struct world *w = *state;
	const char *path = course_open(
		w->school,
		text("'level': 'school', 'hours': 2, 'capacity': 9, 'applies_from': '2026-10-01', "
		     "'instructor_ids': ['%s']",
		     w->teacher_a1));
	const char *gone = session_made(w->school, path, "2026-10-20T01:00:00Z");
	struct answer *copy;

	session_made(w->school, path, "2026-10-21T01:00:00Z");
	expect(step(w->school, gone, "cancel", NULL), 200, NULL);
	expect(step(w->county, path, "recognise", NULL), 200, NULL);
	copy = POST(w->school, text("%s/copy", path), "{'title': '再办', 'shift_days': 364}");
	expect(copy, 201,
	       text("{'title': '再办', 'state': 'draft', 'capacity': 9, 'recognised_at': null, "
		    "'copied_from_id': '%s', 'applies_from': '2027-09-30', 'session_count': 1, "
		    "'starts_at': '2027-10-20T01:00:00.000Z', 'instructors': [{'person_id': '%s'}]}",
		    id_of(path), w->teacher_a1));
	expect(GET(w->school, "%s", header_of(copy, "Location")), 200, "{'title': '再办'}");
	expect(POST(w->school, text("%s/copy", path), "{}"), 201,
	       "{'title': '研修', 'session_count': 0, 'applies_from': null}");
	expect(POST(w->other_school, text("%s/copy", path), "{}"), 404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schools_course_is_opened_by_the_school_itself),
		cmocka_unit_test(a_countys_course_is_opened_when_it_was_approved),
		cmocka_unit_test(what_was_announced_stays),
		cmocka_unit_test(hours_go_with_how_they_are_earned),
		cmocka_unit_test(what_is_patched_to_null_goes),
		cmocka_unit_test(what_a_course_names_is_there),
		cmocka_unit_test(courses_are_found_by_what_they_are),
		cmocka_unit_test(a_cancelled_course_tells_everybody_in_it),
		cmocka_unit_test(a_course_is_recognised_once_by_the_county),
		cmocka_unit_test(last_years_course_is_held_again),
	};

	return cmocka_run_group_tests_name("courses", tests, world_begin, world_end);
}
