/*
 * settlement_deliverables_test.c -- hours of a course that asks for deliverables: who handed in
 * what.
 */
#include "resources/settle.h"

#include <string.h>

#define BEFORE "2026-09-01T00:00:00Z"
#define ONE "2026-10-01T01:00:00Z"
#define CASES "'deliverables': [{'type': 'case', 'count': 2, 'characters': 5}]"

/* She hands in a case of LENGTH characters of the course, and it is found GRADE; NULL: it waits. */
static const char *hands_in(struct world *w, const char *course, const char *person, int length,
			    const char *grade)
{
	static const char text_of_ten[] = "一二三四五六七八九十";
	struct answer *a = POST(
		w->county, "/v1/deliverables",
		text("{'teacher_id': '%s', 'type': 'case', 'course_id': '%s', 'title': '案例', "
		     "'text': '%.*s', 'submit': true}",
		     person, course, 3 * length, text_of_ten));
	const char *id;

	expect(a, 201, NULL);
	id = text_at(a, "id");
	if (grade)
		expect(POST(w->county, "/v1/deliverable-inspections",
			    text("{'deliverable_id': '%s', 'version': 1, 'grade': '%s', 'reason': "
				 "'见批注'}",
				 id, grade)),
		       201, NULL);
	return id;
}

static void hours_come_when_every_deliverable_was_found_good(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, "{'assessment': {" CASES "}}");
	const char *in[5], *who[5];
	static const char *const names[] = {"两篇", "一篇", "未批", "太短", "录入"};
	struct answer *a;

	for (size_t i = 0; i < 5; i++) {
		who[i] = teacher_made(w, names[i], w->school_a1);
		in[i] = enrolled(w, course, who[i], BEFORE);
	}
	sheet(w, session_made(w, course, ONE, 90), "");
	hands_in(w, course, who[0], 5, "qualified");
	hands_in(w, course, who[0], 10, "excellent");
	hands_in(w, course, who[1], 10, "excellent");
	hands_in(w, course, who[2], 10, "qualified");
	hands_in(w, course, who[2], 10, NULL);
	hands_in(w, course, who[3], 10, "qualified");
	hands_in(w, course, who[3], 4, "qualified");
	/* Read on paper, and entered by the organiser. */
	expect(POST(w->county, text("/v1/enrolments/%s/result", in[4]), "{'result': 'qualified'}"),
	       200, NULL);
	a = preview(w->county, course);
	assert_string_equal(came_to(a, in[0]), "3.00 -");
	assert_string_equal(came_to(a, in[1]), "- deliverables_missing");
	assert_string_equal(came_to(a, in[2]), "- deliverables_missing");
	assert_string_equal(came_to(a, in[3]), "- deliverables_missing");
	assert_string_equal(came_to(a, in[4]), "3.00 -");
	a = settled(w, course);
	assert_string_equal(came_to(a, in[0]), "3.00 -");
	expect(GET(w->county, "/v1/enrolments/%s", in[0]), 200,
	       "{'result': 'qualified', 'settlement': {'hours': 3, 'reason': null}}");
	expect(GET(w->county, "/v1/enrolments/%s", in[1]), 200,
	       "{'result': null, 'settlement': {'hours': null, 'reason': 'deliverables_missing'}}");
}

static void hours_by_result_go_by_the_grades(void **state)
{
	struct world *w = *state;
	const char *course =
		course_made(w, w->school_a1,
			    "{'credit': 'result', 'hours': null, 'result_hours': {'excellent': 4, "
			    "'qualified': 2}, 'assessment': {" CASES "}}");
	const char *good = teacher_made(w, "合格", w->school_a1);
	const char *best = teacher_made(w, "优秀", w->school_a1);
	const char *one = enrolled(w, course, good, BEFORE),
		   *other = enrolled(w, course, best, BEFORE);
	struct answer *a;

	sheet(w, session_made(w, course, ONE, 90), "");
	for (int i = 0; i < 2; i++) {
		hands_in(w, course, good, 10, i ? "excellent" : "qualified");
		hands_in(w, course, best, 10, "excellent");
	}
	a = settled(w, course);
	assert_string_equal(came_to(a, one), "2.00 -");
	assert_string_equal(came_to(a, other), "4.00 -");
}

/* An exam that was passed does not make up for what was not handed in. */
static void an_exam_and_deliverables_are_both_asked_for(void **state)
{
	struct world *w = *state;
	const char *course = course_made(
		w, w->school_a1, "{'assessment': {'exam': {'full': 100, 'pass': 60}, " CASES "}}");
	const char *both = teacher_made(w, "都有", w->school_a1);
	const char *only_exam = teacher_made(w, "只考", w->school_a1);
	const char *only_cases = teacher_made(w, "只交", w->school_a1);
	const char *in[] = {enrolled(w, course, both, BEFORE),
			    enrolled(w, course, only_exam, BEFORE),
			    enrolled(w, course, only_cases, BEFORE)};
	struct answer *a;

	sheet(w, session_made(w, course, ONE, 90), "");
	for (int i = 0; i < 2; i++) {
		hands_in(w, course, both, 10, "qualified");
		hands_in(w, course, only_cases, 10, "qualified");
		expect(POST(w->county, text("/v1/enrolments/%s/result", in[i]), "{'score': 80}"),
		       200, NULL);
	}
	a = preview(w->county, course);
	assert_string_equal(came_to(a, in[0]), "3.00 -");
	assert_string_equal(came_to(a, in[1]), "- deliverables_missing");
	assert_string_equal(came_to(a, in[2]), "- no_result");
}

static void what_a_course_asks_for_is_found_good_by_its_organiser(void **state)
{
	struct world *w = *state;
	const char *course =
		course_made(w, w->school_a1, "{'level': 'cluster', 'assessment': {" CASES "}}");
	const char *in = enrolled(w, course, w->teacher_a2, BEFORE), *id;
	struct client *herself = client_new(w, "teacher", w->county_a, NULL, w->teacher_a2, NULL);
	const char *body;

	sheet(w, session_made(w, course, ONE, 90), "");
	hands_in(w, course, w->teacher_a2, 10, "qualified");
	id = hands_in(w, course, w->teacher_a2, 10, NULL);
	body = text("{'deliverable_id': '%s', 'version': 1, 'grade': 'excellent'}", id);
	expect(POST(w->other_school, "/v1/deliverable-inspections", body), 403,
	       "{'code': 'not-yours-to-decide'}");
	expect(GET(w->school, "/v1/deliverables/%s", id), 200, "{'state': 'submitted'}");
	expect(POST(w->school, "/v1/deliverable-inspections", body), 201, NULL);
	assert_string_equal(came_to(preview(w->county, course), in), "3.00 -");
	/* Nor does it count that she says is not hers. */
	expect(call(herself, "POST", text("/v1/deliverables/%s/confirm", id),
		    "{'objection': '不是我写的'}", "If-Match", "*", NULL),
	       200, NULL);
	assert_string_equal(came_to(preview(w->county, course), in), "- deliverables_missing");
	/* The organiser changes nothing of it. */
	expect(call(w->school, "PATCH", text("/v1/deliverables/%s", id), "{'title': '改'}",
		    "If-Match", "*", NULL),
	       404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_come_when_every_deliverable_was_found_good),
		cmocka_unit_test(hours_by_result_go_by_the_grades),
		cmocka_unit_test(an_exam_and_deliverables_are_both_asked_for),
		cmocka_unit_test(what_a_course_asks_for_is_found_good_by_its_organiser),
	};

	return cmocka_run_group_tests_name("settlement of deliverables", tests, world_begin,
					   world_end);
}
