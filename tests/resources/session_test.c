/*
 * session_test.c -- sessions of courses through the API: made, moved, cancelled, and who has
 * another one then.
 */
#include "course.h"

static const char *const school_course = "'level': 'school', 'hours': 2";

static void a_session_is_added_moved_and_cancelled(void **state)
{
	struct world *w = *state;
	const char *course = course_open(w->school, school_course), *path, *second;
	struct answer *made = POST(w->school, text("%s/sessions", course),
				   "{'starts_at': '2026-11-07T09:00:00+08:00', 'minutes': 90}");

	path = header_of(made, "Location");
	expect(made, 201,
	       "{'starts_at': '2026-11-07T01:00:00.000Z', 'ends_at': '2026-11-07T02:30:00.000Z', "
	       "'place': null, 'cancelled_at': null, 'warnings': []}");
	second = session_made(w->school, course, "2026-11-01T01:00:00Z");
	expect(GET(w->teacher, "%s/sessions", course), 200,
	       text("{'data': [{'id': '%s', 'place': '礼堂'}, {'id': '%s', 'minutes': 90}]}",
		    id_of(second), id_of(path)));
	expect(GET(w->school, "%s", course), 200,
	       "{'session_count': 2, 'starts_at': '2026-11-01T01:00:00.000Z', 'ends_at': "
	       "'2026-11-07T02:30:00.000Z', 'status': 'open'}");
	expect(PATCH(w->school, path, header_of(made, "ETag"),
		     "{'starts_at': '2026-10-31T01:00:00Z', 'theme': '家校沟通'}"),
	       200, "{'minutes': 90, 'theme': '家校沟通', 'version': 2}");
	expect(PATCH(w->school, path, header_of(made, "ETag"), "{'minutes': 60}"), 412, NULL);
	expect(step(w->school, path, "cancel", NULL), 200, "{'version': 3}");
	expect(step(w->school, path, "cancel", NULL), 409,
	       "{'code': 'not-in-this-state', 'state': 'cancelled', 'allowed': []}");
	expect(PATCH(w->school, path, "*", "{'minutes': 60}"), 409, "{'state': 'cancelled'}");
	expect(GET(w->school, "%s", course), 200,
	       "{'session_count': 1, 'starts_at': '2026-11-01T01:00:00.000Z'}");
	/* It is still there to be seen, of its own course. */
	expect(GET(w->school, "%s", path), 200, "{'theme': '家校沟通'}");
	expect(GET(w->school, "%s/sessions/%s", course_made(w->school, school_course), id_of(path)),
	       404, NULL);
}

static void a_course_runs_from_its_first_session_on(void **state)
{
	struct world *w = *state;
	const char *course = course_open(w->school, school_course);
	const char *first = session_made(w->school, course, "2026-10-15T01:00:00Z");

	session_made(w->school, course, "2026-10-22T01:00:00Z");
	expect(GET(w->school, "%s", course), 200, "{'state': 'open', 'status': 'running'}");
	expect(step(w->school, course, "close", NULL), 200, "{'status': 'running'}");
	/* One that is cancelled began nothing. */
	expect(step(w->school, first, "cancel", NULL), 200, NULL);
	expect(GET(w->school, "%s", course), 200, "{'status': 'closed'}");
}

static void only_the_organiser_changes_sessions_and_not_of_a_cancelled_course(void **state)
{
	struct world *w = *state;
	const char *course = course_open(w->county, "'level': 'county', 'hours': 2");
	const char *path = session_made(w->county, course, "2026-11-07T01:00:00Z");
	const char *body = "{'starts_at': '2026-11-08T01:00:00Z', 'minutes': 90}";

	expect(GET(w->school, "%s", path), 200, NULL);
	expect(POST(w->school, text("%s/sessions", course), body), 404, NULL);
	expect(PATCH(w->school, path, "*", body), 404, NULL);
	expect(step(w->school, path, "cancel", NULL), 404, NULL);
	expect(POST(w->teacher, text("%s/sessions", course), body), 403, NULL);
	expect(GET(w->other_county, "%s/sessions", course), 404, NULL);
	expect(step(w->county, course, "cancel", "{'reason': '停办'}"), 200, NULL);
	expect(POST(w->county, text("%s/sessions", course), body), 409,
	       "{'code': 'not-in-this-state'}");
	expect(PATCH(w->county, path, "*", body), 409, "{'code': 'not-in-this-state'}");
}

static void once_attendance_was_taken_a_session_stays(void **state)
{
	struct world *w = *state;
	const char *course = course_open(w->school, school_course);
	const char *path = session_made(w->school, course, "2026-11-07T01:00:00Z");
	struct answer *leave;

	enrolled(w, course, w->teacher_a1, "admitted");
	/* Leave that was granted is not attendance. */
	leave = POST(w->school, text("/v1/sessions/%s/leaves", id_of(path)),
		     text("{'teacher_id': '%s', 'reason': '病假'}", w->teacher_a1));
	expect(leave, 201, NULL);
	expect(step(w->school, header_of(leave, "Location"), "grant", "{}"), 200, NULL);
	expect(PATCH(w->school, path, "*", "{'minutes': 60}"), 200, NULL);
	world_clock(w, w->county_a, "2026-11-07T01:30:00Z");
	expect(POST(w->school, text("/v1/sessions/%s/attendance", id_of(path)),
		    text("{'except': [{'teacher_id': '%s', 'state': 'present'}]}", w->teacher_a1)),
	       200, "{'present': 1}");
	expect(PATCH(w->school, path, "*", "{'minutes': 90}"), 409, "{'code': 'attendance-taken'}");
	expect(step(w->school, path, "cancel", NULL), 409, "{'code': 'attendance-taken'}");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

/* --- clashes --- */

static void who_has_another_session_then_is_told_of(void **state)
{
	struct world *w = *state;
	const char *hers = course_open(
		w->school,
		text("'level': 'school', 'hours': 2, 'instructor_ids': ['%s']", w->teacher_a1));
	const char *countys = course_open(w->county, "'level': 'county', 'hours': 6");
	const char *path, *other;
	struct answer *a;

	enrolled(w, countys, w->teacher_a1, "admitted");
	enrolled(w, countys, w->teacher_a2, "admitted");
	other = session_made(w->county, countys, "2026-12-01T01:00:00Z");
	a = POST(w->school, text("%s/sessions", hers),
		 "{'starts_at': '2026-12-01T02:59:00Z', 'minutes': 10}");
	expect(a, 201,
	       text("{'warnings': [{'person_id': '%s', 'name': '周兰', 'part': 'instructor', "
		    "'starts_at': '2026-12-01T01:00:00.000Z', 'minutes': 120, 'course_title': "
		    "'研修'}]}",
		    w->teacher_a1));
	assert_int_equal(count_at(a, "warnings"), 1);
	path = header_of(a, "Location");
	/* One that begins when the other ends is none. */
	a = PATCH(w->school, path, "*", "{'starts_at': '2026-12-01T03:00:00Z'}");
	assert_int_equal(count_at(a, "warnings"), 0);
	/* The county is told likewise, from the other side. */
	expect(PATCH(w->county, other, "*", "{'minutes': 121}"), 200,
	       text("{'warnings': [{'person_id': '%s', 'part': 'participant'}]}", w->teacher_a1));
	expect(step(w->school, path, "cancel", NULL), 200, NULL);
	assert_int_equal(count_at(PATCH(w->county, other, "*", "{'minutes': 122}"), "warnings"), 0);
	assert_null(json_at(GET(w->county, "%s", other), "warnings"));
}

static void who_waits_or_whose_course_is_cancelled_has_no_clash(void **state)
{
	struct world *w = *state;
	const char *first = course_open(w->county, "'level': 'county', 'hours': 6");
	const char *next = course_open(w->county, "'level': 'county', 'hours': 6");
	const char *path = session_made(w->county, first, "2027-01-05T01:00:00Z");

	session_made(w->county, next, "2027-01-05T01:00:00Z");
	enrolled(w, first, w->teacher_a1, "admitted");
	enrolled(w, next, w->teacher_a1, "waiting");
	assert_int_equal(count_at(PATCH(w->county, path, "*", "{'minutes': 60}"), "warnings"), 0);
	world_value(
		w,
		"UPDATE enrolment SET state = 'admitted', admitted_at = clock_now() WHERE course = $1::uuid "
		"RETURNING state",
		id_of(next), NULL);
	assert_int_equal(count_at(PATCH(w->county, path, "*", "{'minutes': 61}"), "warnings"), 1);
	expect(step(w->county, next, "cancel", "{'reason': '停办'}"), 200, NULL);
	assert_int_equal(count_at(PATCH(w->county, path, "*", "{'minutes': 62}"), "warnings"), 0);
}

static void of_a_course_that_she_does_not_see_an_organiser_learns_the_hours_alone(void **state)
{
	struct world *w = *state;
	const char *expert = text_at(
		POST(w->county, "/v1/external-persons", "{'name': '贾老师', 'unit': '师范大学'}"),
		"id");
	const char *members =
		text("'level': 'school', 'hours': 1, 'instructor_ids': ['%s']", expert);
	const char *draft = course_made(w->other_school, members);
	const char *ours = course_open(w->school, members);
	struct answer *a;

	session_made(w->other_school, draft, "2027-02-01T01:00:00Z");
	a = POST(w->school, text("%s/sessions", ours),
		 "{'starts_at': '2027-02-01T01:00:00Z', 'minutes': 10}");
	assert_int_equal(count_at(a, "warnings"), 0);
	expect(step(w->other_school, draft, "open", NULL), 200, NULL);
	expect(PATCH(w->school, header_of(a, "Location"), "*", "{'minutes': 20}"), 200,
	       "{'warnings': [{'name': '贾老师', 'minutes': 120, 'course_title': null}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_added_moved_and_cancelled),
		cmocka_unit_test(a_course_runs_from_its_first_session_on),
		cmocka_unit_test(only_the_organiser_changes_sessions_and_not_of_a_cancelled_course),
		cmocka_unit_test(once_attendance_was_taken_a_session_stays),
		cmocka_unit_test(who_has_another_session_then_is_told_of),
		cmocka_unit_test(who_waits_or_whose_course_is_cancelled_has_no_clash),
		cmocka_unit_test(
			of_a_course_that_she_does_not_see_an_organiser_learns_the_hours_alone),
	};

	return cmocka_run_group_tests_name("sessions", tests, world_begin, world_end);
}
