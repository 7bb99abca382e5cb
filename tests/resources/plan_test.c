/*
 * plan_test.c -- plans of schools and of the county, from draft to in force; what they promise.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FILING "2026-10-15T02:00:00Z"

/* A plan for the school year with these further members, made by C: its address. */
static const char *made(struct client *c, const char *members)
{
	struct answer *a =
		POST(c, "/v1/plans",
		     text("{'title': '培训方案', 'started_on': '2026-09-01', 'ended_on': "
			  "'2027-08-31'%s%s}",
			  *members ? ", " : "", members));

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

static struct answer *step(struct client *c, const char *path, const char *verb)
{
	bool reason = !strcmp(verb, "return") || !strcmp(verb, "withdraw");

	return call(c, "POST", text("%s/%s", path, verb), reason ? "{'reason': '缺模块'}" : NULL,
		    "If-Match", "*", NULL);
}

static void a_plan_is_drafted_and_changed_by_its_school(void **state)
{
	struct world *w = *state;
	const char *path =
		made(w->school,
		     "'aims': '一年入门', 'timetable': [{'month': '2026-09', 'theme': '法规'}], "
		     "'target_hours': 20, 'budget': [{'item': '讲座', 'amount': 1600.5}], "
		     "'responsible': [{'name': '王芳', 'role': '组长'}]");
	struct answer *a = GET(w->school, "%s", path);

	expect(a, 200,
	       text("{'school_id': '%s', 'state': 'draft', 'aims': '一年入门', 'target_hours': 20, "
		    "'timetable': [{'theme': '法规'}], 'budget': [{'amount': 1600.5}], 'promises': [], "
		    "'in_force_on': null, 'courses': {'courses': 0, 'recognised': 0}}",
		    w->school_a1));
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->teacher, "%s", path), 404, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(PATCH(w->school, path, header_of(a, "ETag"),
		     "{'aims': null, 'budget': [], 'title': '新方案', 'ended_on': '2029-08-31'}"),
	       200,
	       "{'aims': null, 'budget': [], 'title': '新方案', 'target_hours': 20, 'ended_on': "
	       "'2029-08-31', 'timetable': [{'theme': '法规'}], 'version': 2}");
	expect(PATCH(w->school, path, header_of(a, "ETag"), "{'title': '旧'}"), 412, NULL);
	expect_error(PATCH(w->school, path, "*", "{'ended_on': '2026-08-31'}"), "#/ended_on",
		     "period-reversed");
	expect_error(POST(w->school, "/v1/plans",
			  text("{'title': '方案', 'started_on': '2026-09-01', 'ended_on': "
			       "'2027-08-31', 'school_id': '%s'}",
			       w->school_a2)),
		     "#/school_id", "not-found");
	expect_error(PATCH(w->school, path, "*",
			   "{'promises': [{'title': '舞会', 'of': 'activity', 'activity_kind': "
			   "'dance', 'count': 1, 'per': 'term'}]}"),
		     "#/promises/0/activity_kind", "code-unknown");
}

static void what_is_filed_is_in_force_unless_returned_in_time(void **state)
{
	struct world *w = *state;
	const char *path = made(w->school, "");

	expect(PATCH(w->county, "/v1/county", "*", "{'plan_days': 10}"), 200, "{'plan_days': 10}");
	expect(step(w->school, path, "submit"), 200,
	       "{'state': 'submitted', 'in_force_on': '2026-10-25'}");
	expect(GET(w->teacher, "%s", path), 200, "{'state': 'submitted'}");
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(PATCH(w->school, path, "*", "{'title': '改'}"), 409,
	       "{'code': 'not-in-this-state', 'allowed': ['split', 'return', 'withdraw']}");
	expect(step(w->school, path, "return"), 403, "{'code': 'needs-county'}");
	expect(step(w->county, path, "return"), 200,
	       "{'state': 'returned', 'reason': '缺模块', 'in_force_on': null}");
	expect(PATCH(w->school, path, "*", "{'title': '改'}"), 200, NULL);
	expect(step(w->school, path, "submit"), 200, "{'state': 'submitted', 'reason': null}");
	/* The day before, and the day. */
	world_clock(w, w->county_a, "2026-10-24T02:00:00Z");
	expect(GET(w->school, "%s", path), 200, "{'state': 'submitted'}");
	world_clock(w, w->county_a, "2026-10-25T02:00:00Z");
	expect(GET(w->school, "%s", path), 200, "{'state': 'in_force'}");
	expect(step(w->county, path, "return"), 409,
	       "{'state': 'in_force', 'allowed': ['split', 'recognise', 'withdraw']}");
	expect(GET(w->school, "/v1/plans?state=in_force&on=2027-01-01&school_id=%s", w->school_a1),
	       200, "{'data': [{'title': '改'}]}");
	assert_int_equal(count_at(GET(w->school, "/v1/plans?on=2026-08-31"), "data"), 0);
	expect(step(w->school, path, "withdraw"), 200, "{'state': 'withdrawn'}");
	expect(step(w->school, path, "submit"), 409, "{'state': 'withdrawn', 'allowed': []}");
	world_clock(w, w->county_a, FILING);
}

static void the_countys_own_is_in_force_at_once(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county, "");

	expect(GET(w->school, "%s", path), 404, NULL);
	expect(step(w->county, path, "submit"), 200,
	       "{'state': 'in_force', 'school_id': null, 'in_force_on': '2026-10-15'}");
	expect(GET(w->other_school, "%s", path), 200, "{'state': 'in_force'}");
	expect(GET(w->teacher, "%s", path), 200, "{'state': 'in_force'}");
	expect(PATCH(w->school, path, "*", "{'title': '改'}"), 404, NULL);
	expect(step(w->school, path, "withdraw"), 404, NULL);
}

/* A course of a plan in some state, put there directly. */
static void course(struct world *w, const char *path, const char *course_state)
{
	world_value(w,
		    "INSERT INTO course (county, school, title, level, hours, plan, state) SELECT "
		    "k.county, k.school, '课', 'school', 2, k.id, $2 FROM (SELECT p.*, "
		    "set_config('qinglan.county', p.county::text, true) FROM plan p WHERE p.id = "
		    "$1::uuid) k RETURNING id::text",
		    strrchr(path, '/') + 1, course_state, NULL);
}

static void all_courses_of_a_plan_are_recognised_at_once(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county, "");

	course(w, path, "open");
	course(w, path, "draft");
	course(w, path, "cancelled");
	expect(step(w->county, path, "recognise"), 409, "{'state': 'draft'}");
	expect(step(w->county, path, "submit"), 200, NULL);
	expect(step(w->school, path, "recognise"), 403, "{'code': 'needs-county'}");
	expect(step(w->county, path, "recognise"), 200,
	       "{'courses': {'courses': 3, 'recognised': 2}}");
	assert_non_null(text_at(GET(w->county, "%s", path), "recognised_at"));
	/* One that comes later waits for the next time. */
	course(w, path, "open");
	expect(GET(w->county, "%s", path), 200, "{'courses': {'courses': 4, 'recognised': 2}}");
	expect(step(w->county, path, "recognise"), 200,
	       "{'courses': {'courses': 4, 'recognised': 3}}");
}

static struct answer *course_of(struct client *c, const char *path)
{
	return POST(c, "/v1/courses",
		    text("{'title': '课', 'level': 'school', 'hours': 2, 'plan_id': '%s'}",
			 strrchr(path, '/') + 1));
}

static void a_course_is_of_its_schools_plan_or_of_one_of_the_county(void **state)
{
	struct world *w = *state;
	const char *countys = made(w->county, ""), *schools = made(w->school, "");
	struct answer *a = course_of(w->school, schools);

	expect(a, 201, text("{'plan_id': '%s'}", strrchr(schools, '/') + 1));
	/* It is filed first. */
	expect_error(course_of(w->school, countys), "#/plan_id", "not-found");
	expect(step(w->county, countys, "submit"), 200, NULL);
	expect(PATCH(w->school, header_of(a, "Location"), "*",
		     text("{'plan_id': '%s'}", strrchr(countys, '/') + 1)),
	       200, text("{'plan_id': '%s'}", strrchr(countys, '/') + 1));
	expect(PATCH(w->school, header_of(a, "Location"), "*", "{'plan_id': null}"), 200,
	       "{'plan_id': null}");
	/* Another school's is no plan of hers, whoever asks. */
	expect_error(course_of(w->other_school, schools), "#/plan_id", "not-found");
	expect(step(w->school, schools, "submit"), 200, NULL);
	expect_error(course_of(w->county, schools), "#/plan_id", "not-found");
}

/* --- promises --- */

static void held(struct client *c, const char *kind, const char *day)
{
	expect(POST(c, "/v1/activities",
		    text("{'kind': '%s', 'theme': '活动', 'held_on': '%s'}", kind, day)),
	       201, NULL);
}

/* The figures of a period of a plan's promise: "held short state". */
static const char *figures(struct answer *a, int promise, int period)
{
	const char *at = text("promises/%d/periods/%d", promise, period);

	return text("%lld %lld %s", json_integer_value(json_at(a, text("%s/held", at))),
		    json_integer_value(json_at(a, text("%s/short", at))),
		    text_at(a, text("%s/state", at)));
}

static void what_was_promised_is_told_beside_what_was_held(void **state)
{
	struct world *w = *state;
	const char *path = made(
		w->other_school,
		"'promises': [{'title': '每学期两次集中培训', 'of': 'activity', 'activity_kind': "
		"'group_training', 'count': 2, 'per': 'term'}, {'title': '每月例会', 'of': "
		"'activity', 'activity_kind': 'meeting', 'count': 1, 'per': 'month'}, {'title': "
		"'每年活动三次', 'of': 'activity', 'count': 3, 'per': 'year'}]");
	struct answer *cancelled, *a;

	held(w->other_school, "group_training", "2026-09-10");
	held(w->other_school, "meeting", "2026-09-30");
	/* Of another, of the county, before the plan, and to come. */
	held(w->school, "meeting", "2026-10-12");
	held(w->county, "meeting", "2026-10-12");
	held(w->other_school, "meeting", "2026-08-31");
	held(w->other_school, "meeting", "2026-10-16");
	cancelled = POST(w->other_school, "/v1/activities",
			 "{'kind': 'meeting', 'theme': '例会', 'held_on': '2026-10-14'}");
	expect(call(w->other_school, "POST", text("%s/cancel", header_of(cancelled, "Location")),
		    "{'reason': '台风'}", "If-Match", "*", NULL),
	       200, NULL);
	a = GET(w->other_school, "%s/progress", path);
	expect(a, 200,
	       "{'promises': [{'title': '每学期两次集中培训', 'count': 2, 'per': 'term'}, {'per': "
	       "'month'}, {'per': 'year', 'activity_kind': null}]}");
	assert_int_equal(count_at(a, "promises/0/periods"), 2);
	assert_string_equal(text_at(a, "promises/0/periods/0/name"), "2026-2027学年第一学期");
	assert_string_equal(figures(a, 0, 0), "1 1 running");
	assert_string_equal(figures(a, 0, 1), "0 2 coming");
	assert_int_equal(count_at(a, "promises/1/periods"), 12);
	assert_string_equal(text_at(a, "promises/1/periods/0/name"), "2026-09");
	assert_string_equal(figures(a, 1, 0), "1 0 over");
	assert_string_equal(figures(a, 1, 1), "0 1 running");
	assert_int_equal(count_at(a, "promises/2/periods"), 1);
	assert_string_equal(figures(a, 2, 0), "2 1 running");
	expect(GET(w->school, "%s/progress", path), 404, NULL);
	/* The next day the meeting that was to come counts. */
	world_clock(w, w->county_a, "2026-10-16T02:00:00Z");
	assert_string_equal(figures(GET(w->other_school, "%s/progress", path), 1, 1),
			    "1 0 running");
	world_clock(w, w->county_a, FILING);
}

/* A session of a course that is put there directly, with the id of its mode or NULL. */
static void session(struct world *w, const char *mode, const char *course_state, const char *at)
{
	world_value(
		w,
		"WITH made AS (INSERT INTO course (county, school, title, level, hours, state, "
		"modes) SELECT m.county, NULL, '课', 'county', 2, $2, ARRAY[m.id] FROM (SELECT "
		"m.*, set_config('qinglan.county', m.county::text, true) FROM mode m WHERE m.id = "
		"$1::uuid) m RETURNING *) INSERT INTO course_session (county, course, school, "
		"shown, starts_at, minutes) SELECT c.county, c.id, c.school, c.shown, x.at, 45 "
		"FROM made c, (VALUES ($3::timestamptz), ($3::timestamptz + interval '1 month')) "
		"AS x(at) RETURNING id::text",
		mode, course_state, at, NULL);
}

static void a_course_counts_once_on_the_day_of_its_first_session(void **state)
{
	struct world *w = *state;
	const char *lecture = text_at(GET(w->county, "/v1/modes"), "data/0/id"),
		   *other = text_at(GET(w->county, "/v1/modes"), "data/1/id");
	const char *path =
		made(w->county,
		     text("'promises': [{'title': '每月一讲', 'of': 'course', 'mode_id': '%s', "
			  "'count': 1, 'per': 'month'}, {'title': '共三门', 'of': 'course', "
			  "'count': 3, 'per': 'plan'}]",
			  lecture));
	struct answer *a;

	/* By the county's day, which begins eight hours before the day of UTC. */
	session(w, lecture, "open", "2026-08-31T16:30:00Z");
	session(w, other, "settled", "2026-09-20T02:00:00Z");
	session(w, lecture, "cancelled", "2026-09-20T02:00:00Z");
	session(w, lecture, "draft", "2026-09-20T02:00:00Z");
	session(w, lecture, "open", "2026-10-15T03:00:00Z");
	a = GET(w->county, "%s/progress", path);
	assert_string_equal(figures(a, 0, 0), "1 0 over");
	assert_string_equal(figures(a, 0, 1), "0 1 running");
	assert_string_equal(figures(a, 1, 0), "2 1 running");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_is_drafted_and_changed_by_its_school),
		cmocka_unit_test(what_is_filed_is_in_force_unless_returned_in_time),
		cmocka_unit_test(the_countys_own_is_in_force_at_once),
		cmocka_unit_test(all_courses_of_a_plan_are_recognised_at_once),
		cmocka_unit_test(a_course_is_of_its_schools_plan_or_of_one_of_the_county),
		cmocka_unit_test(what_was_promised_is_told_beside_what_was_held),
		cmocka_unit_test(a_course_counts_once_on_the_day_of_its_first_session),
	};

	return cmocka_run_group_tests_name("plans", tests, world_begin, world_end);
}
