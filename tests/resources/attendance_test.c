/*
 * attendance_test.c -- attendance by the organiser's sheet, and leave that is asked for in advance.
 */
#include "resources/course_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* It is 2026-10-15 10:00 in the county: two sessions have begun, one is to come. */
#define FIRST "2026-10-13T01:00:00Z"
#define NOW "2026-10-15T01:30:00Z"
#define NEXT "2026-10-20T01:00:00Z"
#define BEFORE "2026-10-01T00:00:00Z"

/* A course of school A1 with three people of it. */
struct course {
	const char *id, *first, *now, *next;
	const char *people[3], *enrolments[3];
};

static struct course course_of_three(struct world *w)
{
	static int number;
	struct course c = {.id = course_made(w, w->school_a1, NULL)};
	int i;

	c.first = session_made(w, c.id, FIRST, 90);
	c.now = session_made(w, c.id, NOW, 90);
	c.next = session_made(w, c.id, NEXT, 90);
	for (i = 0; i < 3; i++) {
		c.people[i] =
			i ? teacher_made(w, text("学员%d", number++), w->school_a1) : w->teacher_a1;
		c.enrolments[i] = enrolled(w, c.id, c.people[i], BEFORE);
	}
	return c;
}

static const char *roll_of(const char *session)
{
	return text("/v1/sessions/%s/attendance", session);
}

/* What is recorded of somebody in a session: "state minutes way". */
static const char *recorded(struct world *w, const char *session, const char *enrolment)
{
	const char *found =
		world_value(w,
			    "SELECT concat_ws(' ', state, minutes, way) FROM attendance "
			    "WHERE session = $1::uuid AND enrolment = $2::uuid",
			    session, enrolment, NULL);

	return found ? found : "nothing";
}

static void a_sheet_says_all_present_but(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	struct answer *a = GET(w->school, "%s", roll_of(c.now));

	expect(a, 200,
	       "{'data': [{'state': null}, {'state': null}, {'state': null, 'way': null}]}");
	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'enrolment_id': '%s', 'state': 'absent', 'reason': '未到'}, "
			 "{'teacher_id': '%s', 'state': 'left_early', 'minutes': 40}]}",
			 c.enrolments[1], c.people[2])),
	       200,
	       text("{'session_id': '%s', 'client_ref': null, 'present': 1, 'left_early': 1, "
		    "'absent': 1, 'late': 0, 'excused': 0}",
		    c.now));
	assert_string_equal(recorded(w, c.now, c.enrolments[0]), "present 90 sheet");
	assert_string_equal(recorded(w, c.now, c.enrolments[1]), "absent 0 sheet");
	assert_string_equal(recorded(w, c.now, c.enrolments[2]), "left_early 40 sheet");
	a = GET(w->school, "%s?state=absent", roll_of(c.now));
	assert_int_equal(count_at(a, "data"), 1);
	expect(a, 200,
	       text("{'data': [{'enrolment_id': '%s', 'teacher_id': '%s', 'reason': '未到', "
		    "'minutes': 0, 'way': 'sheet'}]}",
		    c.enrolments[1], c.people[1]));
}

static void a_sheet_that_was_offline_and_comes_twice_does_no_harm(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *body = text("{'client_ref': 'pad-1', 'except': [{'enrolment_id': '%s', "
				"'state': 'late', 'minutes': 60}]}",
				c.enrolments[0]);
	struct answer *first = POST(w->school, roll_of(c.first), body), *again;

	expect(first, 200, "{'client_ref': 'pad-1', 'present': 2, 'late': 1}");
	/* Meanwhile somebody corrects it. */
	expect(POST(w->school, roll_of(c.first), "{'except': []}"), 200, "{'present': 3}");
	again = POST(w->school, roll_of(c.first), body);
	assert_string_equal(first->body, again->body);
	assert_string_equal(recorded(w, c.first, c.enrolments[0]), "present 90 sheet");
	expect(POST(w->school, roll_of(c.first), "{'client_ref': 'pad-1', 'except': []}"), 422,
	       "{'code': 'client-ref-reused'}");
	/* In another session it is another sheet. */
	expect(POST(w->school, roll_of(c.now), "{'client_ref': 'pad-1', 'except': []}"), 200,
	       "{'present': 3}");
}

static void a_correction_keeps_what_was_before(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *of_hers = text("FROM event WHERE object = 'attendance' AND object_id = (SELECT "
				   "id::text FROM attendance WHERE enrolment = '%s')",
				   c.enrolments[0]);

	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'enrolment_id': '%s', 'state': 'absent'}]}",
			 c.enrolments[0])),
	       200, NULL);
	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'enrolment_id': '%s', 'state': 'excused', 'reason': '公差'}]}",
			 c.enrolments[0])),
	       200, "{'present': 2, 'excused': 1, 'absent': 0}");
	expect_sql(
		w, "absent>excused",
		text("SELECT (before->>'state') || '>' || (after->>'state') %s AND action = 'update'",
		     of_hers));
	/* The same once more changes nothing. */
	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'enrolment_id': '%s', 'state': 'excused', 'reason': '公差'}]}",
			 c.enrolments[0])),
	       200, NULL);
	expect_sql(w, "2", text("SELECT count(*) %s", of_hers));
}

static void nothing_is_recorded_of_what_is_to_come_or_over(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *const states[] = {"draft", "settled", "cancelled"};
	size_t i;

	expect(POST(w->school, roll_of(c.next), "{'except': []}"), 409,
	       "{'code': 'session-not-begun'}");
	assert_string_equal(recorded(w, c.next, c.enrolments[0]), "nothing");
	for (i = 0; i < sizeof states / sizeof *states; i++) {
		course_becomes(w, c.id, states[i]);
		expect(POST(w->school, roll_of(c.now), "{'except': []}"), 409,
		       text("{'code': 'not-in-this-state', 'state': '%s'}", states[i]));
	}
	course_becomes(w, c.id, "closed");
	world_value(w, "UPDATE course_session SET cancelled_at = now() WHERE id = $1::uuid", c.now,
		    NULL);
	expect(POST(w->school, roll_of(c.now), "{'except': []}"), 409, "{'state': 'cancelled'}");
	expect(POST(w->school, roll_of(c.first), "{'except': []}"), 200, NULL);
}

static void who_was_admitted_after_a_session_is_not_absent_from_it(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *late = teacher_made(w, "插班", w->school_a1);
	const char *hers = enrolled(w, c.id, late, "2026-10-14T00:00:00Z");

	assert_null(strstr(GET(w->school, "%s", roll_of(c.first))->body, late));
	expect(POST(w->school, roll_of(c.first), "{'except': []}"), 200, "{'present': 3}");
	assert_string_equal(recorded(w, c.first, hers), "nothing");
	expect(POST(w->school, roll_of(c.now), "{'except': []}"), 200, "{'present': 4}");
	/* She was there all the same, before anybody wrote her down. */
	expect(POST(w->school, roll_of(c.first),
		    text("{'except': [{'teacher_id': '%s', 'state': 'present'}]}", late)),
	       200, "{'present': 4}");
}

static void a_course_may_be_entered_when_it_is_over(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *late = teacher_made(w, "补录", w->school_a1);
	const char *in = enrolled(w, c.id, late, "2026-10-15T01:59:00Z");

	expect(POST(w->school, roll_of(c.first), "{'except': []}"), 200, "{'present': 3}");
	assert_string_equal(recorded(w, c.first, in), "nothing");
	expect(POST(w->school, roll_of(c.first), "{'except': [], 'everybody': true}"), 200,
	       "{'present': 4}");
	assert_string_equal(recorded(w, c.first, in), "present 90 sheet");
}

static void a_sheet_names_people_of_the_course_with_minutes_where_they_are_due(void **state)
{
	static const char *const wrong[] = {"'left_early'", "'left_early', 'minutes': 91",
					    "'present', 'minutes': 10", "'absent', 'minutes': 0"};
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *other = teacher_made(w, "局外", w->school_a1);
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_error(POST(w->school, roll_of(c.now),
				  text("{'except': [{'enrolment_id': '%s', 'state': %s}]}",
				       c.enrolments[0], wrong[i])),
			     "#/except/0/minutes", "minutes-of-presence");
	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'teacher_id': '%s', 'state': 'absent'}]}", other)),
	       409, "{'code': 'not-admitted'}");
	expect_error(
		POST(w->school, roll_of(c.now),
		     text("{'except': [{'teacher_id': '%s', 'state': 'absent'}]}", w->teacher_a2)),
		"#/except/0/teacher_id", "not-found");
	expect_error(POST(w->school, roll_of(c.now), "{'except': [{'state': 'absent'}]}"),
		     "#/except/0/teacher_id", "not-found");
	/* Both names must be one person's. */
	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'teacher_id': '%s', 'enrolment_id': '%s', 'state': 'absent'}]}",
			 c.people[1], c.enrolments[0])),
	       409, "{'code': 'not-admitted'}");
	expect_error(
		POST(w->school, roll_of(c.now),
		     text("{'except': [{'teacher_id': '%s', 'state': 'absent'}, {'enrolment_id': "
			  "'%s', 'state': 'late'}]}",
			  c.people[0], c.enrolments[0])),
		"#/except/1", "person-twice");
	assert_string_equal(recorded(w, c.now, c.enrolments[1]), "nothing");
	expect(POST(w->school, roll_of(c.now),
		    text("{'except': [{'teacher_id': '%s', 'state': 'late'}]}", c.people[0])),
	       200, "{'late': 1}");
	assert_string_equal(recorded(w, c.now, c.enrolments[0]), "late 90 sheet");
}

static void who_runs_a_course_sees_all_a_school_its_own_and_a_teacher_herself(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, NULL, NULL),
		   *session = session_made(w, course, NOW, 45);
	const char *guide = teacher_made(w, "导师", w->school_a2);
	struct client *instructor = client_new(w, "teacher", w->county_a, NULL, guide, NULL);
	const char *roll = roll_of(session);

	enrolled(w, course, w->teacher_a1, BEFORE);
	enrolled(w, course, w->teacher_a2, BEFORE);
	assert_int_equal(count_at(GET(w->county, "%s", roll), "data"), 2);
	expect(GET(w->school, "%s", roll), 200, "{'data': [{'name': '周兰'}]}");
	expect(GET(w->other_school, "%s", roll), 200, "{'data': [{'name': '吴强'}]}");
	expect(GET(w->teacher, "%s", roll), 200, "{'data': [{'name': '周兰'}]}");
	assert_int_equal(count_at(GET(instructor, "%s", roll), "data"), 0);
	holds_course(w, course, guide);
	assert_int_equal(count_at(GET(instructor, "%s", roll), "data"), 2);
	expect(GET(w->foreign_school, "%s", roll), 404, NULL);
	/* The organiser takes the attendance. */
	expect(POST(w->school, roll, "{'except': []}"), 404, NULL);
	expect(POST(w->teacher, roll, "{'except': []}"), 403, NULL);
	expect(POST(w->county, roll, "{'except': []}"), 200, "{'present': 2}");
}

static void a_school_that_hosts_others_people_sees_and_records_them(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, "{'level': 'cluster'}");
	const char *session = session_made(w, course, NOW, 45);

	enrolled(w, course, w->teacher_a2, BEFORE);
	expect(GET(w->school, "%s", roll_of(session)), 200, "{'data': [{'name': '吴强'}]}");
	expect(POST(w->school, roll_of(session),
		    text("{'except': [{'teacher_id': '%s', 'state': 'absent'}]}", w->teacher_a2)),
	       200, "{'absent': 1}");
	expect(GET(w->other_school, "%s", roll_of(session)), 200,
	       "{'data': [{'state': 'absent'}]}");
}

/* --- leave --- */

static void leave_is_asked_for_in_advance_and_granted_by_the_organiser(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	const char *leaves = text("/v1/sessions/%s/leaves", c.next), *path, *tag;
	struct answer *a = POST(w->teacher, leaves, "{'reason': '病假'}");

	expect(a, 201,
	       text("{'enrolment_id': '%s', 'state': 'asked', 'answer': null}", c.enrolments[0]));
	path = header_of(a, "Location");
	tag = header_of(a, "ETag");
	expect(POST(w->teacher, leaves, "{'reason': '病假'}"), 409, "{'code': 'leave-asked'}");
	expect(POST(w->teacher, text("/v1/sessions/%s/leaves", c.now), "{'reason': '病假'}"), 409,
	       "{'code': 'session-has-begun'}");
	expect(GET(w->teacher, "%s", path), 200, "{'reason': '病假'}");
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->school, "%s?state=asked", leaves), 200, "{'data': [{'state': 'asked'}]}");
	expect(call(w->teacher, "POST", text("%s/grant", path), "{}", "If-Match", tag, NULL), 403,
	       NULL);
	expect(call(w->other_school, "POST", text("%s/grant", path), "{}", "If-Match", tag, NULL),
	       404, NULL);
	expect(call(w->school, "POST", text("%s/grant", path), "{}", "If-Match", "\"9-x\"", NULL),
	       412, NULL);
	expect(call(w->school, "POST", text("%s/grant", path), "{'answer': '同意'}", "If-Match",
		    tag, NULL),
	       200, "{'state': 'granted', 'answer': '同意', 'version': 2}");
	expect(call(w->school, "POST", text("%s/refuse", path), "{}", "If-Match", "*", NULL), 409,
	       "{'code': 'not-in-this-state', 'state': 'granted'}");
	assert_string_equal(recorded(w, c.next, c.enrolments[0]), "excused 0 leave");
	/* The sheet leaves her excused, unless it names her. */
	world_clock(w, w->county_a, "2026-10-20T02:00:00Z");
	expect(POST(w->school, roll_of(c.next), "{'except': []}"), 200,
	       "{'present': 2, 'excused': 1}");
	expect(POST(w->school, roll_of(c.next),
		    text("{'except': [{'teacher_id': '%s', 'state': 'present'}]}", c.people[0])),
	       200, "{'present': 3}");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_school_asks_for_its_people_and_what_was_refused_is_asked_again(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, NULL, NULL),
		   *session = session_made(w, course, NEXT, 45);
	const char *leaves = text("/v1/sessions/%s/leaves", session), *path;
	const char *body = text("{'teacher_id': '%s', 'reason': '监考'}", w->teacher_a1);
	struct answer *a;

	expect(POST(w->school, leaves, body), 409, "{'code': 'not-admitted'}");
	enrolled(w, course, w->teacher_a1, BEFORE);
	expect_error(POST(w->other_school, leaves, body), "#/teacher_id", "not-found");
	a = POST(w->school, leaves, body);
	expect(a, 201, NULL);
	path = header_of(a, "Location");
	/* Whoever asks does not grant, when another organises. */
	expect(call(w->school, "POST", text("%s/grant", path), "{}", "If-Match", "*", NULL), 404,
	       NULL);
	expect(call(w->county, "POST", text("%s/refuse", path), "{'answer': '必修'}", "If-Match",
		    "*", NULL),
	       200, "{'state': 'refused'}");
	expect_sql(w, "0", text("SELECT count(*) FROM attendance WHERE session = '%s'", session));
	expect(POST(w->school, leaves, body), 201, NULL);
}

static void nobody_grants_her_own_leave(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	struct client *dean =
		client_new(w, "school", w->county_a, w->school_a1, w->teacher_a1, NULL);
	struct answer *a = POST(dean, text("/v1/sessions/%s/leaves", c.next), "{'reason': '出差'}");
	const char *path = header_of(a, "Location");

	expect(a, 201, NULL);
	expect(call(dean, "POST", text("%s/grant", path), "{}", "If-Match", "*", NULL), 403,
	       "{'code': 'own-record'}");
	expect(call(w->school, "POST", text("%s/grant", path), "{}", "If-Match", "*", NULL), 200,
	       NULL);
}

static void nobody_records_herself(void **state)
{
	struct world *w = *state;
	struct course c = course_of_three(w);
	struct client *herself =
		client_new(w, "school", w->county_a, w->school_a1, c.people[1], NULL);

	expect(POST(herself, roll_of(c.now), "{'except': []}"), 200, "{'present': 2}");
	assert_string_equal(recorded(w, c.now, c.enrolments[1]), "nothing");
	expect(POST(herself, roll_of(c.now),
		    text("{'except': [{'teacher_id': '%s', 'state': 'present'}]}", c.people[1])),
	       403, "{'code': 'own-record'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sheet_says_all_present_but),
		cmocka_unit_test(a_sheet_that_was_offline_and_comes_twice_does_no_harm),
		cmocka_unit_test(a_correction_keeps_what_was_before),
		cmocka_unit_test(nothing_is_recorded_of_what_is_to_come_or_over),
		cmocka_unit_test(who_was_admitted_after_a_session_is_not_absent_from_it),
		cmocka_unit_test(a_course_may_be_entered_when_it_is_over),
		cmocka_unit_test(
			a_sheet_names_people_of_the_course_with_minutes_where_they_are_due),
		cmocka_unit_test(who_runs_a_course_sees_all_a_school_its_own_and_a_teacher_herself),
		cmocka_unit_test(a_school_that_hosts_others_people_sees_and_records_them),
		cmocka_unit_test(leave_is_asked_for_in_advance_and_granted_by_the_organiser),
		cmocka_unit_test(a_school_asks_for_its_people_and_what_was_refused_is_asked_again),
		cmocka_unit_test(nobody_grants_her_own_leave),
		cmocka_unit_test(nobody_records_herself),
	};

	return cmocka_run_group_tests_name("attendance", tests, world_begin, world_end);
}
