/*
 * cohort_test.c -- the cohorts that a plan splits a roster into, and who is in them.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define THIRDS                                                                                      \
	"'cohorts': [{'name': '第一批', 'started_on': '2026-09-01', 'ended_on': '2027-08-31'}, " \
	"{'name': '第二批', 'started_on': '2027-09-01', 'ended_on': '2028-08-31'}, {'name': "    \
	"'第三批', 'started_on': '2028-09-01', 'ended_on': '2029-08-31'}]"

enum { OF_FIRST = 7, OF_SECOND = 4 };

/* A plan of three years, made by C: its address. */
static const char *made(struct client *c)
{
	struct answer *a = POST(c, "/v1/plans",
				"{'title': '三年全员培训', 'started_on': '2026-09-01', 'ended_on': "
				"'2029-08-31'}");

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

static struct answer *split(struct client *c, const char *path, const char *day)
{
	return call(c, "POST", text("%s/cohorts:split", path),
		    text("{'as_of_on': '%s', " THIRDS "}", day), "If-Match", "*", NULL);
}

/* The id of the cohort with this number (from 1). */
static const char *cohort(struct client *c, const char *path, int number)
{
	return text_at(GET(c, "%s/cohorts", path), text("data/%d/id", number - 1));
}

/* Homeroom teachers from 1 September: seven of the first school, four of the second. */
static void appoint_all(struct world *w)
{
	struct client *schools[] = {w->school, w->other_school};
	const char *ids[] = {w->school_a1, w->school_a2};
	const int counts[] = {OF_FIRST, OF_SECOND};

	for (int s = 0; s < 2; s++)
		for (int n = 1; n <= counts[s]; n++) {
			struct answer *class = POST(
				schools[s], "/v1/classes",
				text("{'stage': 'primary', 'entry_year': 2023, 'number': %d}", n));
			struct answer *a = POST(
				w->county, "/v1/teachers",
				text("{'name': '班%c', 'birth_on': '19%02d-01-%02d', 'gender': "
				     "'male', 'school_id': '%s', 'started_on': '2026-08-01'}",
				     'A' + s * 10 + n, 70 + s, n, ids[s]));

			expect(class, 201, NULL);
			expect(a, 201, NULL);
			world_appoint(w, text_at(a, "id"), text_at(class, "id"), "2026-09-01");
		}
}

static void a_roster_is_split_evenly_and_every_school_too(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county);

	appoint_all(w);
	expect(split(w->county, path, "2026-09-30"), 200, "{'version': 2}");
	expect(GET(w->county, "%s/cohorts", path), 200,
	       "{'data': [{'number': 1, 'name': '第一批', 'ended_on': '2027-08-31', 'members': 4}, "
	       "{'number': 2, 'members': 4}, {'number': 3, 'members': 3}]}");
	expect_sql(w, "2,2,3 1,1,2",
		   "SELECT string_agg(n, ' ' ORDER BY n DESC) FROM (SELECT string_agg(n::text, ',' "
		   "ORDER BY n) AS n FROM (SELECT m.school, count(*) AS n FROM cohort_member m "
		   "GROUP BY m.school, m.cohort) x GROUP BY x.school) y");
	/* Once. */
	expect(split(w->county, path, "2026-09-30"), 409, "{'code': 'plan-is-split'}");
	/* Who led nothing then is in none. */
	path = made(w->county);
	expect_error(split(w->county, path, "2026-08-31"), "#/as_of_on", "nobody-then");
	expect_error(call(w->county, "POST", text("%s/cohorts:split", path),
			  "{'as_of_on': '2026-09-30', 'cohorts': [{'name': '第一批', 'started_on': "
			  "'2031-09-01', 'ended_on': '2032-08-31'}]}",
			  "If-Match", "*", NULL),
		     "#/cohorts/0", "outside-the-plan");
}

static void the_same_roster_gives_the_same_cohorts(void **state)
{
	struct world *w = *state;
	const char *one = made(w->county), *other = made(w->county);

	expect(split(w->county, one, "2026-09-30"), 200, NULL);
	expect(split(w->county, other, "2026-10-10"), 200, NULL);
	assert_string_equal(
		world_value(
			w,
			"SELECT count(*)::text FROM cohort_member a JOIN cohort c ON c.id = "
			"a.cohort JOIN cohort_member b ON b.person = a.person JOIN cohort d ON "
			"d.id = b.cohort AND d.number = c.number WHERE a.plan = $1::uuid AND b.plan "
			"= $2::uuid",
			strrchr(one, '/') + 1, strrchr(other, '/') + 1, NULL),
		"11");
}

static void a_school_sees_its_own_in_them_and_splits_only_its_own_plan(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county), *own = made(w->school), *first;
	struct answer *a;

	expect(split(w->county, path, "2026-09-30"), 200, NULL);
	expect(call(w->county, "POST", text("%s/submit", path), NULL, "If-Match", "*", NULL), 200,
	       NULL);
	first = cohort(w->school, path, 1);
	a = GET(w->school, "%s/cohorts/%s/members", path, first);
	assert_int_equal(count_at(a, "data"), 3);
	assert_string_equal(text_at(a, "data/0/school_id"), w->school_a1);
	assert_int_equal(
		count_at(GET(w->other_school, "%s/cohorts/%s/members", path, first), "data"), 1);
	assert_int_equal(count_at(GET(w->county, "%s/cohorts/%s/members?school_id=%s", path, first,
				      w->school_a2),
				  "data"),
			 1);
	expect(split(w->school, path, "2026-09-30"), 404, NULL);
	expect(split(w->school, own, "2026-09-30"), 200, NULL);
	expect(GET(w->school, "%s/cohorts", own), 200,
	       "{'data': [{'members': 3}, {'members': 2}, {'members': 2}]}");
	expect(GET(w->other_school, "%s/cohorts", own), 404, NULL);
	expect(GET(w->school, "%s/cohorts/%s/members", path, cohort(w->school, own, 1)), 404, NULL);
}

static void somebody_is_moved_by_hand(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county), *first, *third, *her;
	struct answer *a;

	expect(split(w->county, path, "2026-09-30"), 200, NULL);
	first = cohort(w->county, path, 1);
	third = cohort(w->county, path, 3);
	her = text_at(GET(w->county, "%s/cohorts/%s/members", path, first), "data/0/teacher_id");
	expect(POST(w->county, text("%s/cohorts/%s/members", path, third),
		    text("{'teacher_id': '%s', 'reason': '产假'}", her)),
	       200, "{'number': 3, 'members': 4}");
	a = GET(w->county, "%s/cohorts/%s/members", path, third);
	assert_string_equal(text_at(a, "data/0/teacher_id"), her);
	assert_string_equal(text_at(a, "data/0/reason"), "产假");
	assert_int_equal(count_at(GET(w->county, "%s/cohorts/%s/members", path, first), "data"), 3);
	/* Who was in none comes in. */
	expect(POST(w->county, text("%s/cohorts/%s/members", path, third),
		    text("{'teacher_id': '%s', 'reason': '新任'}", w->teacher_a1)),
	       200, "{'members': 5}");
	expect_error(POST(w->county, text("%s/cohorts/%s/members", path, third),
			  text("{'teacher_id': '%s', 'reason': '新任'}", w->teacher_b1)),
		     "#/teacher_id", "not-found");
	/* Not by a school, in the county's. */
	expect(POST(w->school, text("%s/cohorts/%s/members", path, third),
		    text("{'teacher_id': '%s', 'reason': '新任'}", w->teacher_a1)),
	       404, NULL);
}

static void a_course_may_be_for_a_cohort(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county), *first, *second, *course;
	struct answer *a;

	expect(split(w->county, path, "2026-09-30"), 200, NULL);
	first = cohort(w->county, path, 1);
	second = text_at(GET(w->county, "%s/cohorts/%s/members", path, cohort(w->county, path, 2)),
			 "data/0/teacher_id");
	a = POST(
		w->county, "/v1/courses",
		text("{'title': '第一批', 'level': 'county', 'hours': 2, 'audience': {'cohort_id': "
		     "'%s'}}",
		     first));
	expect(a, 201, NULL);
	course = header_of(a, "Location");
	for (size_t i = 0; i < 3; i++)
		expect(call(w->county, "POST",
			    text("%s/%s", course,
				 (const char *const[]){"submit", "approve", "open"}[i]),
			    NULL, "If-Match", "*", NULL),
		       200, NULL);
	expect(POST(w->county, text("%s/enrol-audience", course), "{}"), 200, "{'admitted': 4}");
	expect(POST(w->county, "/v1/enrolments",
		    text("{'course_id': '%s', 'teacher_id': '%s'}", strrchr(course, '/') + 1,
			 second)),
	       409, "{'code': 'not-in-audience'}");
}

static void of_a_plan_that_is_prepared_or_given_up_nobody_is_told_or_moved(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county), *first, *put;

	expect(split(w->county, path, "2026-09-30"), 200, NULL);
	first = cohort(w->county, path, 1);
	expect(GET(w->school, "%s/cohorts/%s/members", path, first), 404, NULL);
	put = text("{'teacher_id': '%s', 'reason': '新任'}", w->teacher_a1);
	expect(POST(w->county, text("%s/cohorts/%s/members", path, first), put), 200,
	       "{'version': 2}");
	expect(call(w->county, "POST", text("%s/withdraw", path), "{'reason': '停办'}", "If-Match",
		    "*", NULL),
	       200, NULL);
	expect(POST(w->county, text("%s/cohorts/%s/members", path, first), put), 409,
	       "{'code': 'not-in-this-state'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_roster_is_split_evenly_and_every_school_too),
		cmocka_unit_test(the_same_roster_gives_the_same_cohorts),
		cmocka_unit_test(a_school_sees_its_own_in_them_and_splits_only_its_own_plan),
		cmocka_unit_test(somebody_is_moved_by_hand),
		cmocka_unit_test(a_course_may_be_for_a_cohort),
		cmocka_unit_test(of_a_plan_that_is_prepared_or_given_up_nobody_is_told_or_moved),
	};

	return cmocka_run_group_tests_name("cohorts", tests, world_begin, world_end);
}
