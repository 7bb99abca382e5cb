/*
 * check_in_test.c -- checking in to a session with a code that changes all the time.
 */
#include "resources/course_rows.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BEFORE "2026-10-01T00:00:00Z"
#define BEGINS "2026-10-15T01:00:00Z"

/* The county's time on 2026-10-15 at one o'clock, and so many minutes and seconds. */
static void it_is(struct world *w, const char *minutes)
{
	world_clock(w, w->county_a, text("2026-10-15T01:%sZ", minutes));
}

/* A session of 90 minutes from one o'clock on, of a course of A1 with its teacher. */
static const char *session_at_one(struct world *w)
{
	const char *course = course_made(w, w->school_a1, NULL);

	enrolled(w, course, w->teacher_a1, BEFORE);
	return session_made(w, course, BEGINS, 90);
}

static struct answer *code_of(struct client *c, const char *session)
{
	return GET(c, "/v1/sessions/%s/check-in-code", session);
}

/* A body with the code that is shown now. */
static const char *shown(struct world *w, const char *session)
{
	struct answer *a = code_of(w->school, session);

	expect(a, 200, NULL);
	return text("{'code': '%s'}", text_at(a, "code"));
}

static struct answer *check_in(struct client *c, const char *session, const char *body)
{
	return POST(c, text("/v1/sessions/%s/check-ins", session), body);
}

static void who_scans_the_code_is_there_once(void **state)
{
	struct world *w = *state;
	const char *session = session_at_one(w), *body;

	it_is(w, "00:05");
	expect(code_of(w->school, session), 200,
	       text("{'session_id': '%s', 'ends_at': '2026-10-15T01:00:30.000Z', 'taken_until': "
		    "'2026-10-15T01:01:00.000Z'}",
		    session));
	assert_memory_equal(text_at(code_of(w->school, session), "server_at"),
			    "2026-10-15T01:00:", 17);
	body = shown(w, session);
	expect(check_in(w->teacher, session, body), 200,
	       text("{'session_id': '%s', 'state': 'present', 'minutes': 90}", session));
	expect(check_in(w->teacher, session, body), 409, "{'code': 'attendance-recorded'}");
	expect(GET(w->teacher, "/v1/sessions/%s/attendance", session), 200,
	       "{'data': [{'state': 'present', 'way': 'check_in'}]}");
}

static void a_code_is_taken_until_the_next_one_ends(void **state)
{
	struct world *w = *state;
	const char *first = session_at_one(w), *second = session_at_one(w), *body, *later;

	it_is(w, "00:05");
	body = shown(w, first);
	later = shown(w, second);
	it_is(w, "00:55");
	assert_string_not_equal(body, shown(w, first));
	expect(check_in(w->teacher, first, body), 200, NULL);
	it_is(w, "01:05");
	expect(check_in(w->teacher, second, later), 409, "{'code': 'check-in-code-expired'}");
	/* Nor is one of a time to come, when the clock was put back. */
	it_is(w, "05:00");
	body = shown(w, second);
	it_is(w, "04:00");
	expect(check_in(w->teacher, second, body), 409, "{'code': 'check-in-code-expired'}");
}

static void a_code_is_good_for_its_session_only(void **state)
{
	struct world *w = *state;
	const char *session = session_at_one(w), *other = session_at_one(w), *body;
	char changed[300];

	it_is(w, "00:05");
	body = shown(w, other);
	expect(check_in(w->teacher, session, body), 422, "{'code': 'check-in-code-wrong'}");
	expect(check_in(w->teacher, session, "{'code': '12345'}"), 422,
	       "{'code': 'check-in-code-wrong'}");
	snprintf(changed, sizeof changed, "%s", shown(w, session));
	changed[20] = changed[20] == 'A' ? 'B' : 'A';
	expect(check_in(w->teacher, session, changed), 422, "{'code': 'check-in-code-wrong'}");
	/* However its address is written. */
	snprintf(changed, sizeof changed, "%s", session);
	for (char *at = changed; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	expect(check_in(w->teacher, changed, shown(w, session)), 200, NULL);
}

static void nobody_checks_in_before_a_session_or_after_it(void **state)
{
	struct world *w = *state;
	const char *session = session_at_one(w), *body;

	it_is(w, "10:00");
	body = shown(w, session);
	world_clock(w, w->county_a, "2026-10-15T00:59:59Z");
	expect(code_of(w->school, session), 409, "{'code': 'session-not-begun'}");
	expect(check_in(w->teacher, session, body), 409, "{'code': 'session-not-begun'}");
	world_clock(w, w->county_a, "2026-10-15T02:30:01Z");
	expect(code_of(w->school, session), 409, "{'code': 'session-over'}");
	expect(check_in(w->teacher, session, body), 409, "{'code': 'session-over'}");
	expect_sql(w, "0", text("SELECT count(*) FROM attendance WHERE session = '%s'", session));
}

static void who_comes_late_was_there_for_the_rest(void **state)
{
	struct world *w = *state;
	const char *early = session_at_one(w), *late = session_at_one(w);

	it_is(w, "14:30");
	expect(check_in(w->teacher, early, shown(w, early)), 200, "{'state': 'present'}");
	it_is(w, "30:30");
	expect(check_in(w->teacher, late, shown(w, late)), 200, "{'state': 'late', 'minutes': 60}");
}

static void only_who_was_admitted_checks_in(void **state)
{
	struct world *w = *state;
	const char *session = session_at_one(w), *all;
	struct client *other = client_new(w, "teacher", w->county_a, NULL,
					  teacher_made(w, "旁听", w->school_a1), NULL);
	struct client *elsewhere = client_new(w, "teacher", w->county_a, NULL, w->teacher_a2, NULL);

	it_is(w, "00:05");
	all = shown(w, session);
	expect(check_in(other, session, all), 409, "{'code': 'not-admitted'}");
	expect(check_in(w->county, session, all), 409, "{'code': 'not-admitted'}");
	expect(check_in(elsewhere, session, all), 404, NULL);
	course_is_left(w,
		       world_value(w, "SELECT course::text FROM course_session WHERE id = $1::uuid",
				   session, NULL));
	expect(check_in(w->teacher, session, all), 409, "{'code': 'not-admitted'}");
}

static void the_code_is_for_who_runs_the_course(void **state)
{
	struct world *w = *state;
	const char *session = session_at_one(w);
	const char *course = world_value(
		w, "SELECT course::text FROM course_session WHERE id = $1::uuid", session, NULL);
	struct client *instructor =
		client_new(w, "teacher", w->county_a, NULL, w->teacher_a2, NULL);

	it_is(w, "00:05");
	expect(code_of(w->county, session), 200, NULL);
	expect(code_of(w->teacher, session), 404, NULL);
	expect(code_of(w->other_school, session), 404, NULL);
	expect(code_of(w->other_county, session), 404, NULL);
	expect(code_of(instructor, session), 404, NULL);
	holds_course(w, course, w->teacher_a2);
	expect(code_of(instructor, session), 200, NULL);
}

static void who_has_leave_may_come_and_what_the_sheet_says_stays(void **state)
{
	struct world *w = *state;
	const char *excused = session_at_one(w), *absent = session_at_one(w);
	struct answer *a;

	world_clock(w, w->county_a, "2026-10-14T00:00:00Z");
	a = POST(w->teacher, text("/v1/sessions/%s/leaves", excused), "{'reason': '就诊'}");
	expect(call(w->school, "POST", text("%s/grant", header_of(a, "Location")), "{}", "If-Match",
		    "*", NULL),
	       200, NULL);
	it_is(w, "00:05");
	expect(check_in(w->teacher, excused, shown(w, excused)), 200, "{'state': 'present'}");
	expect(POST(w->school, text("/v1/sessions/%s/attendance", absent),
		    text("{'except': [{'teacher_id': '%s', 'state': 'absent'}]}", w->teacher_a1)),
	       200, NULL);
	expect(check_in(w->teacher, absent, shown(w, absent)), 409,
	       "{'code': 'attendance-recorded'}");
	/* A sheet leaves who checked in as she is. */
	expect(POST(w->school, text("/v1/sessions/%s/attendance", excused), "{'except': []}"), 200,
	       "{'present': 1}");
	expect(GET(w->school, "/v1/sessions/%s/attendance", excused), 200,
	       "{'data': [{'way': 'check_in'}]}");
}

static void how_long_a_code_lives_is_a_setting(void **state)
{
	struct world *w = *state;
	const char *session = session_at_one(w);
	const long usual = w->config.check_in_seconds;

	it_is(w, "00:05");
	assert_int_equal(usual, 30);
	w->config.check_in_seconds = 600;
	expect(code_of(w->school, session), 200,
	       "{'ends_at': '2026-10-15T01:10:00.000Z', 'taken_until': '2026-10-15T01:20:00.000Z'}");
	w->config.check_in_seconds = usual;
}

static void who_holds_the_course_does_not_check_in(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, NULL), *session;

	enrolled(w, course, w->teacher_a1, BEFORE);
	holds_course(w, course, w->teacher_a1);
	session = session_made(w, course, BEGINS, 90);
	it_is(w, "00:05");
	expect(check_in(w->teacher, session, shown(w, session)), 403, "{'code': 'own-record'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_scans_the_code_is_there_once),
		cmocka_unit_test(who_holds_the_course_does_not_check_in),
		cmocka_unit_test(a_code_is_taken_until_the_next_one_ends),
		cmocka_unit_test(a_code_is_good_for_its_session_only),
		cmocka_unit_test(nobody_checks_in_before_a_session_or_after_it),
		cmocka_unit_test(who_comes_late_was_there_for_the_rest),
		cmocka_unit_test(only_who_was_admitted_checks_in),
		cmocka_unit_test(the_code_is_for_who_runs_the_course),
		cmocka_unit_test(who_has_leave_may_come_and_what_the_sheet_says_stays),
		cmocka_unit_test(how_long_a_code_lives_is_a_setting),
	};

	return cmocka_run_group_tests_name("check-in", tests, world_begin, world_end);
}
