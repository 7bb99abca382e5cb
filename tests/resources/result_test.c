/*
 * result_test.c -- results of participants: by score, as given, a second attempt, and by list.
 */
#include "resources/course_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BEFORE "2026-10-01T00:00:00Z"
#define EXAM "{'assessment': {'exam': {'pass': 60, 'excellent': 90, 'full': 100}, 'attempts': 2}}"

static struct answer *enter(struct client *c, const char *enrolment, const char *body)
{
	return POST(c, text("/v1/enrolments/%s/result", enrolment), body);
}

static void a_score_says_whether_somebody_passed(void **state)
{
	static const char *const scores[][2] = {{"59.99", "failed"},
						{"60", "qualified"},
						{"89.5", "qualified"},
						{"90", "excellent"}};
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, EXAM);
	const char *hers = enrolled(w, course, w->teacher_a1, BEFORE);
	size_t i;

	for (i = 0; i < sizeof scores / sizeof *scores; i++)
		expect(enter(w->school, hers, text("{'score': %s}", scores[i][0])), 200,
		       text("{'enrolment_id': '%s', 'course_id': '%s', 'teacher_id': '%s', 'score': "
			    "%s, 'result': '%s', 'attempt': 1}",
			    hers, course, w->teacher_a1, scores[i][0], scores[i][1]));
	expect_error(enter(w->school, hers, "{'score': 100.5}"), "#/score", "maximum");
	/* What was before a correction is kept. */
	expect_sql(w, "89.50>90.00",
		   text("SELECT (before->>'score') || '>' || (after->>'score') FROM event WHERE "
			"object_id = '%s' AND after->>'result' = 'excellent'",
			hers));
}

static void what_is_given_may_lower_what_the_score_says_and_never_raise_it(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, EXAM);
	const char *hers = enrolled(w, course, w->teacher_a1, BEFORE);
	const char *plain = enrolled(w, course_made(w, w->school_a1, NULL), w->teacher_a1, BEFORE);

	expect(enter(w->school, hers, "{'score': 95, 'result': 'failed'}"), 200,
	       "{'score': 95, 'result': 'failed'}");
	expect_error(enter(w->school, hers, "{'score': 59, 'result': 'qualified'}"), "#/result",
		     "result-above-score");
	/* A result alone is measured by the score that is there, and without one is none. */
	expect_error(enter(w->school, hers, "{'score': 30, 'result': 'excellent'}"), "#/result",
		     "result-above-score");
	expect(enter(w->school, hers, "{'score': 30}"), 200, "{'result': 'failed'}");
	expect_error(enter(w->school, hers, "{'result': 'excellent'}"), "#/result",
		     "result-above-score");
	expect_error(enter(w->school, enrolled(w, course, w->teacher_a2, BEFORE),
			   "{'result': 'excellent'}"),
		     "#/score", "required");
	/* Where there is no exam, somebody says it. */
	expect_error(enter(w->school, plain, "{'score': 59}"), "#/result", "required");
	expect(enter(w->school, plain, "{'result': 'excellent'}"), 200,
	       "{'score': null, 'result': 'excellent'}");
}

static void a_second_attempt_follows_one_that_failed_where_the_course_allows_it(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, EXAM);
	const char *hers = enrolled(w, course, w->teacher_a1, BEFORE);
	const char *once = enrolled(w, course_made(w, w->school_a1, NULL), w->teacher_a1, BEFORE);

	expect(enter(w->school, hers, "{'score': 70, 'attempt': 2}"), 409,
	       "{'code': 'attempt-not-open', 'attempt': 0}");
	expect(enter(w->school, hers, "{'score': 50}"), 200, NULL);
	expect(enter(w->school, hers, "{'score': 70, 'attempt': 2}"), 200,
	       "{'attempt': 2, 'result': 'qualified'}");
	expect(enter(w->school, hers, "{'score': 90}"), 409, "{'code': 'attempt-not-open'}");
	expect(enter(w->school, hers, "{'score': 55, 'attempt': 2}"), 200, "{'result': 'failed'}");
	expect(enter(w->school, hers, "{'score': 70, 'attempt': 3}"), 409, "{'attempts': 2}");
	expect(enter(w->school, once, "{'result': 'failed'}"), 200, NULL);
	expect(enter(w->school, once, "{'result': 'qualified', 'attempt': 2}"), 409,
	       "{'attempts': 1}");
	/* Who passed does not try again. */
	hers = enrolled(w, course_made(w, w->school_a1, EXAM), w->teacher_a1, BEFORE);
	expect(enter(w->school, hers, "{'score': 70}"), 200, NULL);
	expect(enter(w->school, hers, "{'score': 95, 'attempt': 2}"), 409, NULL);
}

static void the_organiser_enters_results_and_nobody_her_own(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, NULL, NULL);
	const char *hers = enrolled(w, course, w->teacher_a1, BEFORE);
	struct client *officer = client_new(w, "county", w->county_a, NULL, w->teacher_a1, NULL);

	expect(enter(w->school, hers, "{'result': 'qualified'}"), 404, NULL);
	expect(enter(w->teacher, hers, "{'result': 'qualified'}"), 403, NULL);
	expect(enter(w->other_county, hers, "{'result': 'qualified'}"), 404, NULL);
	expect(enter(officer, hers, "{'result': 'qualified'}"), 403, "{'code': 'own-record'}");
	expect(enter(w->county, hers, "{'result': 'qualified'}"), 200, NULL);
	course_becomes(w, course, "settled");
	expect(enter(w->county, hers, "{'result': 'failed'}"), 409,
	       "{'code': 'not-in-this-state'}");
	course_becomes(w, course, "open");
	course_is_left(w, course);
	expect(enter(w->county, hers, "{'result': 'failed'}"), 409, "{'state': 'withdrawn'}");
}

static void a_list_of_results_is_answered_row_by_row(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, EXAM);
	const char *results = text("/v1/courses/%s/results", course);
	const char *batch = text("%s:batch", results);
	const char *other = teacher_made(w, "同班", w->school_a1);
	const char *hers = enrolled(w, course, w->teacher_a1, BEFORE), *items;

	enrolled(w, course, other, BEFORE);
	expect(POST(w->school, results, text("{'teacher_id': '%s', 'score': 61}", other)), 200,
	       "{'result': 'qualified'}");
	expect(POST(w->school, batch,
		    text("{'items': [{'enrolment_id': '%s', 'score': 88}, {'teacher_id': '%s', "
			 "'score': 40}]}",
			 hers, other)),
	       200,
	       "{'succeeded': 2, 'failed': 0, 'results': [{'status': 200, 'data': {'score': 88}}, "
	       "{'data': {'result': 'failed'}}]}");
	items = text("'items': [{'enrolment_id': '%s', 'score': 77}, {'teacher_id': '%s', 'score': "
		     "80}, {'teacher_id': '%s', 'score': 101}, {'teacher_id': '%s', 'sc': 1}]",
		     hers, w->teacher_a2, other, other);
	expect_error(POST(w->school, batch, text("{'atomic': true, %s}", items)),
		     "#/items/1/teacher_id", "not-found");
	expect(POST(w->school, batch, text("{%s}", items)), 207,
	       "{'succeeded': 1, 'failed': 3, 'results': [{'status': 200}, {'status': 422, 'problem': "
	       "{'errors': [{'pointer': '#/teacher_id', 'code': 'not-found'}]}}, {'status': 422}, "
	       "{'status': 422}]}");
	expect_sql(w, "40.00 77.00",
		   text("SELECT string_agg(score::text, ' ' ORDER BY score) FROM enrolment WHERE "
			"course = '%s'",
			course));
	expect(POST(w->other_school, batch, text("{%s}", items)), 404, NULL);
	expect(POST(w->other_school, results, "{'score': 1}"), 404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_score_says_whether_somebody_passed),
		cmocka_unit_test(what_is_given_may_lower_what_the_score_says_and_never_raise_it),
		cmocka_unit_test(
			a_second_attempt_follows_one_that_failed_where_the_course_allows_it),
		cmocka_unit_test(the_organiser_enters_results_and_nobody_her_own),
		cmocka_unit_test(a_list_of_results_is_answered_row_by_row),
	};

	return cmocka_run_group_tests_name("results", tests, world_begin, world_end);
}
