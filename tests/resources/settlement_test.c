/*
 * settlement_test.c -- what a course comes to: who gets how many hours, who none and why, and the
 * step that posts them all.
 */
#include "resources/settle.h"

#include <string.h>

/* It is 2026-10-15 in the county. */
#define BEFORE "2026-09-01T00:00:00Z"
#define ONE "2026-10-01T01:00:00Z"
#define TWO "2026-10-08T01:00:00Z"
/* On the 13th in the county, on the 12th in Greenwich. */
#define THREE "2026-10-12T23:30:00Z"
#define SHEET(session) text("/v1/sessions/%s/attendance", session)

static void result(struct world *w, const char *enrolment, const char *result)
{
	expect(POST(w->county, text("/v1/enrolments/%s/result", enrolment),
		    text("{'result': '%s'}", result)),
	       200, NULL);
}

/* --- who gets what --- */

static void who_attended_and_passed_gets_the_hours_and_the_others_are_told_why_not(void **state)
{
	static const char *const names[] = {"通过", "缺考", "没过", "没来", "多缺"};
	struct world *w = *state;
	const char *course = course_made(
		w, NULL,
		"{'absent_sessions': 2, 'assessment': {'deliverables': [{'type': 'case', 'count': 1}]}}");
	const char *one = session_made(w, course, ONE, 90), *two = session_made(w, course, TWO, 90),
		   *three = session_made(w, course, THREE, 90), *in[5], *who[5];
	struct answer *a;
	size_t i;

	for (i = 0; i < 5; i++) {
		who[i] = teacher_made(w, names[i], w->school_a1);
		in[i] = enrolled(w, course, who[i], BEFORE);
	}
	sheet(w, one,
	      text("{'enrolment_id': '%s', 'state': 'excused'}, {'enrolment_id': '%s', 'state': "
		   "'absent'}",
		   in[3], in[4]));
	sheet(w, two,
	      text("{'enrolment_id': '%s', 'state': 'excused'}, {'enrolment_id': '%s', 'state': "
		   "'absent'}",
		   in[3], in[4]));
	sheet(w, three, text("{'enrolment_id': '%s', 'state': 'excused'}", in[3]));
	result(w, in[0], "qualified");
	result(w, in[2], "failed");
	result(w, in[4], "excellent");
	a = preview(w->county, course);
	expect(a, 200,
	       "{'state': 'open', 'credited': 1, 'hours': 3, 'activity_on': '2026-10-13', "
	       "'unrecorded_sessions': 0}");
	assert_string_equal(came_to(a, in[0]), "3.00 -");
	assert_string_equal(came_to(a, in[1]), "- deliverables_missing");
	assert_string_equal(came_to(a, in[2]), "- not_passed");
	assert_string_equal(came_to(a, in[3]), "- not_attended");
	assert_string_equal(came_to(a, in[4]), "- absent_limit");
	a = settled(w, course);
	assert_string_equal(came_to(a, in[0]), "3.00 -");
	assert_string_equal(came_to(a, in[4]), "- absent_limit");
	assert_string_equal(entries(w, course), "1 3.00");
	expect(GET(w->county, "/v1/teachers/%s/hours", who[0]), 200,
	       text("{'data': [{'hours': 3, 'level': 'county', 'activity_on': '2026-10-13', "
		    "'school_id': '%s', 'module_id': null, 'source': {'kind': 'course_enrolment', "
		    "'key': '%s'}}]}",
		    w->school_a1, in[0]));
	ledger_is_sound(w);
}

static void hours_may_go_by_the_result(void **state)
{
	struct world *w = *state;
	const char *course =
		course_made(w, NULL,
			    "{'credit': 'result', 'hours': null, 'result_hours': {'excellent': 10, "
			    "'qualified': 7.5}}");
	const char *first = enrolled(w, course, w->teacher_a1, BEFORE);
	const char *second = enrolled(w, course, w->teacher_a2, BEFORE);
	struct answer *a;

	sheet(w, session_made(w, course, ONE, 90), "");
	result(w, first, "excellent");
	assert_string_equal(came_to(preview(w->county, course), second), "- no_result");
	result(w, second, "qualified");
	a = settled(w, course);
	assert_string_equal(came_to(a, first), "10.00 -");
	assert_string_equal(came_to(a, second), "7.50 -");
	assert_string_equal(entries(w, course), "2 17.50");
}

static void hours_by_session_are_minutes_summed_and_rounded_down_once(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, NULL, "{'credit': 'session', 'hours': null}");
	const char *one = session_made(w, course, ONE, 50), *two = session_made(w, course, TWO, 50),
		   *three = session_made(w, course, THREE, 50);
	const char *first = enrolled(w, course, w->teacher_a1, BEFORE);
	const char *second = enrolled(w, course, w->teacher_a2, BEFORE);
	struct answer *a;

	sheet(w, one, text("{'enrolment_id': '%s', 'state': 'late', 'minutes': 33}", first));
	sheet(w, two, text("{'enrolment_id': '%s', 'state': 'absent'}", second));
	/* One that did not take place does not count. */
	sheet(w, three, "");
	world_value(w, "UPDATE course_session SET cancelled_at = now() WHERE id = $1::uuid", three,
		    NULL);
	a = settled(w, course);
	expect(a, 200, "{'activity_on': '2026-10-08'}");
	/* 83 minutes of 45 are 1.8444, twice rounded they would be 1.84 less. */
	assert_string_equal(came_to(a, first), "1.84 -");
	assert_string_equal(came_to(a, second), "1.11 -");
}

static void a_share_of_absence_counts_from_the_day_of_admission(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, NULL, "{'absent_share': 0.5}");
	const char *one = session_made(w, course, ONE, 45), *two = session_made(w, course, TWO, 45);
	const char *first, *second, *joined;

	session_made(w, course, THREE, 45);
	first = enrolled(w, course, w->teacher_a1, BEFORE);
	sheet(w, one, "");
	/* Who came later was not absent before; what nobody wrote down counts against nobody. */
	joined = enrolled(w, course, teacher_made(w, "后到", w->school_a1), "2026-10-05T00:00:00Z");
	sheet(w, two, text("{'enrolment_id': '%s', 'state': 'absent'}", first));
	second = enrolled(w, course, w->teacher_a2, BEFORE);
	expect(preview(w->county, course), 200, "{'unrecorded_sessions': 1}");
	assert_string_equal(came_to(preview(w->county, course), first), "3.00 -");
	assert_string_equal(came_to(preview(w->county, course), joined), "3.00 -");
	/* Of whom nothing is known where the others were written down, she was absent. */
	assert_string_equal(came_to(preview(w->county, course), second), "- absent_limit");
	world_value(w,
		    "UPDATE course_session SET cancelled_at = now() WHERE course = $1::uuid AND "
		    "starts_at = $2::timestamptz",
		    course, THREE, NULL);
	/* One of two is half. */
	assert_string_equal(came_to(preview(w->county, course), first), "- absent_limit");
	assert_string_equal(came_to(preview(w->county, course), joined), "3.00 -");
}

static void a_course_without_sessions_goes_by_results(void **state)
{
	struct world *w = *state;
	const char *modules = world_value(
		w,
		"SELECT json_agg(id)::text FROM (SELECT id FROM module WHERE county = $1::int "
		"LIMIT 1) m",
		text("%d", w->county_a), NULL);
	const char *course = course_made(w, w->school_a1, text("{'modules': %s}", modules));
	const char *hers = enrolled(w, course, w->teacher_a1, BEFORE);
	struct answer *a = settled(w, course);

	expect(a, 200,
	       text("{'activity_on': '2026-10-15', 'level': 'school', 'module_id': '%.36s'}",
		    modules + 2));
	assert_string_equal(came_to(a, hers), "3.00 -");
	expect_sql(w, text("%.36s", modules + 2),
		   text("SELECT module FROM hour_entry WHERE source_key = '%s'", hers));
	/* The same when it is looked at later. */
	world_clock(w, w->county_a, "2026-10-20T02:00:00Z");
	assert_string_equal(preview(w->county, course)->body, a->body);
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void what_cannot_be_posted_holds_nobody_else_up(void **state)
{
	struct world *w = *state;
	const char *course = course_made(
		w, NULL, "{'credit': 'result', 'hours': null, 'result_hours': {'excellent': 2}}");
	const char *in[4];
	struct answer *a;
	int i;

	for (i = 0; i < 4; i++) {
		in[i] = enrolled(w, course, teacher_made(w, text("例外%d", i), w->school_a1),
				 BEFORE);
		result(w, in[i], i ? "excellent" : "qualified");
	}
	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'course_enrolment', 'key': '%s'}}",
			 world_value(w, "SELECT person::text FROM enrolment WHERE id = $1::uuid",
				     in[1], NULL),
			 in[1])),
	       201, NULL);
	world_value(w,
		    "UPDATE person SET voided_at = now() WHERE id = (SELECT person FROM "
		    "enrolment WHERE id = $1::uuid)",
		    in[2], NULL);
	a = settled(w, course);
	assert_string_equal(came_to(a, in[0]), "- no_hours");
	assert_string_equal(came_to(a, in[1]), "- already_credited");
	assert_string_equal(came_to(a, in[2]), "- person_not_current");
	assert_string_equal(came_to(a, in[3]), "2.00 -");
	assert_string_equal(preview(w->county, course)->body, a->body);
}

/* --- the step --- */

static const char *only_session(struct world *w, const char *course)
{
	return world_value(w, "SELECT id::text FROM course_session WHERE course = $1::uuid", course,
			   NULL);
}

/* A course of A1 with its teacher, who was there; closed. */
static const char *closed_course(struct world *w)
{
	const char *course = course_made(w, w->school_a1, NULL);

	enrolled(w, course, w->teacher_a1, BEFORE);
	sheet(w, session_made(w, course, ONE, 45), "");
	course_becomes(w, course, "closed");
	return course;
}

static void settling_twice_changes_nothing(void **state)
{
	struct world *w = *state;
	const char *course = closed_course(w), *plan = text_at(preview(w->school, course), "plan");
	struct answer *first = settle(w->school, course, plan), *again;
	const char *entry;

	expect(first, 200, "{'state': 'settled', 'credited': 1}");
	again = settle(w->school, course, plan);
	expect(again, 200, NULL);
	assert_string_equal(first->body, again->body);
	assert_string_equal(preview(w->school, course)->body, first->body);
	assert_string_equal(entries(w, course), "1 3.00");
	expect_sql(w, "2", text("SELECT version FROM course WHERE id = '%s'", course));
	expect(settle(w->school, course, "0123456789abcdef0123456789abcdef"), 409,
	       "{'code': 'settlement-changed'}");
	/* Not even where the ledger took the hours back. */
	entry = world_value(
		w,
		"SELECT h.id::text FROM hour_entry h JOIN enrolment e ON h.source_key = "
		"e.id::text WHERE e.course = $1::uuid",
		course, NULL);
	expect(POST(w->county, text("/v1/hour-entries/%s/reverse", entry), "{'reason': '误录'}"),
	       201, NULL);
	expect(settle(w->school, course, plan), 200, "{'credited': 1}");
	assert_string_equal(entries(w, course), "1 3.00");
	ledger_is_sound(w);
}

static void what_changed_since_the_preview_is_looked_at_again(void **state)
{
	struct world *w = *state;
	const char *course = closed_course(w), *plan = text_at(preview(w->school, course), "plan");
	const char *session = only_session(w, course);

	sheet(w, session, text("{'teacher_id': '%s', 'state': 'absent'}", w->teacher_a1));
	expect(settle(w->school, course, plan), 409, "{'code': 'settlement-changed'}");
	assert_string_equal(entries(w, course), "0 0");
	expect(call(w->school, "POST", text("/v1/courses/%s/settle?validate_only=true", course),
		    text("{'plan': '%s'}", text_at(preview(w->school, course), "plan")), NULL),
	       200, "{'state': 'settled', 'credited': 0}");
	expect(preview(w->school, course), 200, "{'state': 'closed'}");
}

static void only_a_course_that_is_closed_and_over_is_settled(void **state)
{
	struct world *w = *state;
	const char *course = closed_course(w), *plan = text_at(preview(w->school, course), "plan");

	course_becomes(w, course, "open");
	expect(settle(w->school, course, plan), 409,
	       "{'code': 'not-in-this-state', 'state': 'open', 'allowed': ['close']}");
	course_becomes(w, course, "closed");
	session_made(w, course, "2026-10-20T01:00:00Z", 45);
	expect(settle(w->school, course, plan), 409, "{'code': 'session-not-begun'}");
	assert_string_equal(entries(w, course), "0 0");
}

static void what_was_settled_is_corrected_in_the_ledger_only(void **state)
{
	struct world *w = *state;
	const char *course = closed_course(w);
	const char *session = only_session(w, course);
	const char *hers = world_value(w, "SELECT id::text FROM enrolment WHERE course = $1::uuid",
				       course, NULL);

	settled(w, course);
	expect(POST(w->school, SHEET(session), "{'except': []}"), 409,
	       "{'code': 'not-in-this-state', 'state': 'settled'}");
	expect(POST(w->school, text("/v1/enrolments/%s/result", hers), "{'result': 'failed'}"), 409,
	       NULL);
}

static void a_school_settles_its_own_courses_and_posts_nothing_else(void **state)
{
	struct world *w = *state;
	const char *course = closed_course(w), *plan = text_at(preview(w->school, course), "plan");
	const char *countys = course_made(w, NULL, "{'state': 'closed'}");
	struct client *script = client_new(w, "client", w->county_a, w->school_a1, NULL, NULL);

	enrolled(w, countys, w->teacher_a1, BEFORE);
	expect(settle(w->other_school, course, plan), 404, NULL);
	expect(GET(w->other_school, "/v1/courses/%s/settlement", course), 404, NULL);
	expect(settle(w->teacher, course, plan), 403, NULL);
	expect(settle(w->foreign_school, course, plan), 404, NULL);
	expect(settle(w->school, countys, text_at(preview(w->county, countys), "plan")), 404, NULL);
	expect(GET(w->school, "/v1/courses/%s/settlement", countys), 404, NULL);
	expect(settle(script, course, plan), 200, NULL);
	assert_string_equal(entries(w, course), "1 3.00");
	/* In the same transaction or later, it sees and posts no more than before. */
	expect(POST(script, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'x'}}",
			 w->teacher_a1)),
	       403, NULL);
	ledger_is_sound(w);
}

static void nobody_settles_a_course_in_which_she_takes_part(void **state)
{
	struct world *w = *state;
	const char *course = closed_course(w), *plan = text_at(preview(w->school, course), "plan");
	struct client *dean =
		client_new(w, "school", w->county_a, w->school_a1, w->teacher_a1, NULL);

	expect(settle(dean, course, plan), 403, "{'code': 'own-record'}");
	assert_string_equal(entries(w, course), "0 0");
}

static void five_hundred_are_settled_in_one_step(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, NULL, NULL),
		   *session = session_made(w, course, ONE, 45);
	struct answer *a;

	world_value(w,
		    "INSERT INTO person (county, name, sort_key, teacher, school, schools) SELECT "
		    "s.county, '众' || i, 'zhong' || i, true, s.id, ARRAY[s.id] FROM school s, "
		    "generate_series(1, 500) i WHERE s.id = $1::uuid",
		    w->school_a1, NULL);
	all_enrolled(w, course, "众", BEFORE);
	sheet(w, session, "");
	a = settled(w, course);
	expect(a, 200, "{'credited': 500, 'hours': 1500}");
	assert_string_equal(entries(w, course), "500 1500.00");
	expect_sql(
		w, "500",
		text("SELECT count(*) FROM enrolment WHERE course = '%s' AND settled_hours = 3 AND "
		     "settled_at IS NOT NULL",
		     course));
	ledger_is_sound(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			who_attended_and_passed_gets_the_hours_and_the_others_are_told_why_not),
		cmocka_unit_test(hours_may_go_by_the_result),
		cmocka_unit_test(hours_by_session_are_minutes_summed_and_rounded_down_once),
		cmocka_unit_test(a_share_of_absence_counts_from_the_day_of_admission),
		cmocka_unit_test(a_course_without_sessions_goes_by_results),
		cmocka_unit_test(what_cannot_be_posted_holds_nobody_else_up),
		cmocka_unit_test(settling_twice_changes_nothing),
		cmocka_unit_test(what_changed_since_the_preview_is_looked_at_again),
		cmocka_unit_test(only_a_course_that_is_closed_and_over_is_settled),
		cmocka_unit_test(what_was_settled_is_corrected_in_the_ledger_only),
		cmocka_unit_test(a_school_settles_its_own_courses_and_posts_nothing_else),
		cmocka_unit_test(nobody_settles_a_course_in_which_she_takes_part),
		cmocka_unit_test(five_hundred_are_settled_in_one_step),
	};

	return cmocka_run_group_tests_name("settlement", tests, world_begin, world_end);
}
