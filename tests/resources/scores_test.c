/*
 * scores_test.c -- the exam scores of a course as a list: read whole, entered whole or not at all.
 */
#include "resources/course_rows.h"

#include "kernel/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BEFORE "2026-10-01T00:00:00Z"
#define EXAM "{'assessment': {'exam': {'pass': 60, 'excellent': 90, 'full': 100}, 'attempts': 2}}"

static const char *hers, *second, *third; /* 周兰, 钱二 with T2 and a phone, 孙三 with T3 */

static struct answer *send_list(struct client *c, const char *course, const char *list)
{
	return call_bytes(c, "POST", text("/v1/courses/%s/scores", course), list, strlen(list),
			  "Content-Type", "text/csv", NULL);
}

/* An exam of A1 in which the three take part. */
static const char *exam(struct world *w, const char *more)
{
	const char *course = course_made(w, w->school_a1, more);

	enrolled(w, course, hers, BEFORE);
	enrolled(w, course, second, BEFORE);
	enrolled(w, course, third, BEFORE);
	return course;
}

static void expect_scores(struct world *w, const char *course, const char *expected)
{
	expect_sql(
		w, expected,
		text("SELECT coalesce(string_agg(concat_ws(' ', p.name, e.score, e.result, e.attempt), "
		     "', ' ORDER BY e.score, p.name), 'none') FROM enrolment e JOIN person p ON p.id = "
		     "e.person WHERE e.course = '%s' AND e.attempt > 0",
		     course));
}

static void a_list_is_entered_as_single_scores_are(void **state)
{
	struct world *w = *state;
	const char *course = exam(w, EXAM);
	const char *enrolment = world_value(w,
					    "SELECT id::text FROM enrolment WHERE course = "
					    "$1::uuid AND person = $2::uuid",
					    course, hers, NULL);

	expect(send_list(
		       w->school, course,
		       text("培训考试成绩,,,,,\n\n手机,姓名,工号,报名编号,成绩,备注\n"
			    "139-0000 0002,钱二,,,90,\n,孙 三,'T3,,５９.5,\n,周兰,,%s,60,\n合计,,,,,3\n",
			    enrolment)),
	       200,
	       text("{'course_id': '%s', 'entered': 3, 'excellent': 1, 'qualified': 1, 'failed': 1}",
		    course));
	expect_scores(w, course,
		      "孙三 59.50 failed 1, 周兰 60.00 qualified 1, 钱二 90.00 excellent 1");
	/* Sent again it corrects; who failed has a second attempt. */
	expect(send_list(w->school, course, "姓名,工号,分数,第几次\n孙三,T3,75,2\n钱二,T2,88,\n"),
	       200, "{'entered': 2, 'qualified': 2}");
	expect_scores(w, course,
		      "周兰 60.00 qualified 1, 孙三 75.00 qualified 2, 钱二 88.00 qualified 1");
}

static void a_list_may_be_in_gb18030_and_give_results_instead_of_scores(void **state)
{
	struct world *w = *state;
	const char *course = exam(w, NULL);
	const char *list = "姓名,工号,结果\r\n钱二,T2,优秀\r\n孙三,T3,不合格\r\n";
	size_t length;
	const char *bytes = csv_encode_gb18030(w->arena, list, strlen(list), &length);

	expect(call_bytes(w->school, "POST", text("/v1/courses/%s/scores", course), bytes, length,
			  "Content-Type", "text/csv; charset=gbk", NULL),
	       200, "{'entered': 2, 'excellent': 1, 'failed': 1}");
	expect_scores(w, course, "孙三 failed 1, 钱二 excellent 1");
}

static void with_one_wrong_row_nothing_is_entered_and_all_wrong_ones_are_told(void **state)
{
	static const char list[] = "姓名,工号,手机,分数,结果,第几次\n"
				   "钱二,T2,,80,,\n"            /* 2: right */
				   "孙三,T3,,101,,\n"           /* over the full mark */
				   "周兰,T3,,70,,\n"            /* somebody else's number */
				   "李四,T9,,70,,\n"            /* nobody's */
				   "孙三,T3,13900000002,70,,\n" /* of two people */
				   "钱二,T2,,81,,\n"            /* again */
				   "孙三,,,70,,\n"              /* by her name alone */
				   "孙三,T3,,七十,,0\n"         /* no numbers */
				   "孙三,T3,,,,\n"              /* no score */
				   "孙三,T3,,70,良,2\n";        /* no such result */
	static const char *const wrong[][2] = {
		{"#/3", "maximum"},           {"#/4", "name-differs"},
		{"#/5", "not-a-participant"}, {"#/6", "not-a-participant"},
		{"#/7", "person-twice"},      {"#/8", "participant-not-named"},
		{"#/9", "score-form"},        {"#/9", "attempt-form"},
		{"#/10", "missing"},          {"#/11", "unknown-result"}};
	struct world *w = *state;
	const char *course = exam(w, EXAM);
	struct answer *a = send_list(w->school, course, list);

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_error(a, wrong[i][0], wrong[i][1]);
	assert_int_equal(count_at(a, "errors"), sizeof wrong / sizeof *wrong);
	expect_scores(w, course, "none");
	expect(send_list(w->school, course, "姓名,工号,分数\n孙三,T3,七十\n"), 422,
	       "{'errors': [{'params': {'column': '分数', 'value': '七十'}}]}");
	expect(send_list(w->school, course, "姓名,工号,分数\n孙三,T3,100.5\n"), 422,
	       "{'errors': [{'pointer': '#/2', 'code': 'maximum', 'params': {'limit': 100}}]}");
	expect_error(send_list(w->school, course, "姓名,工号,分数,结果\n孙三,T3,50,合格\n"), "#/2",
		     "result-above-score");
	expect_error(send_list(w->school, course, "姓名,工号,分数,次数\n孙三,T3,50,2\n"), "#/2",
		     "attempt-not-open");
}

static void a_list_may_be_tried_first(void **state)
{
	static const char list[] = "姓名,工号,分数\n钱二,T2,80\n";
	struct world *w = *state;
	const char *course = exam(w, EXAM);

	expect(call_bytes(w->school, "POST",
			  text("/v1/courses/%s/scores?validate_only=true", course), list,
			  strlen(list), "Content-Type", "text/csv", NULL),
	       200, "{'entered': 1}");
	expect_scores(w, course, "none");
}

static void the_organiser_sends_the_list_and_nobody_enters_her_own_score(void **state)
{
	static const char list[] = "姓名,工号,分数\n周兰,T1,80\n钱二,T2,80\n";
	struct world *w = *state;
	const char *course = exam(w, EXAM);
	struct client *officer = client_new(w, "county", w->county_a, NULL, hers, NULL);

	expect_error(send_list(officer, course, list), "#/2", "own-record");
	expect_scores(w, course, "none");
	expect(send_list(w->other_school, course, list), 404, NULL);
	expect(send_list(w->other_county, course, list), 404, NULL);
	expect(send_list(w->teacher, course, list), 403, NULL);
	course_becomes(w, course, "settled");
	expect(send_list(w->school, course, list), 409, "{'state': 'settled'}");
}

static void participants_of_other_schools_are_found_as_well(void **state)
{
	struct world *w = *state;
	const char *course = course_made(
		w, w->school_a2,
		"{'level': 'cluster', 'assessment': {'exam': {'pass': 60, 'full': 100}}}");

	enrolled(w, course, second, BEFORE);
	expect(send_list(w->other_school, course, "姓名,工号,分数\n钱二,T2,80\n"), 200,
	       "{'entered': 1}");
	/* Who takes no part is nobody to it. */
	expect_error(send_list(w->other_school, course, "姓名,工号,分数\n孙三,T3,80\n"), "#/2",
		     "not-a-participant");
}

static void a_file_that_is_no_such_list_is_refused_as_a_whole(void **state)
{
	struct world *w = *state;
	const char *course = exam(w, EXAM), *many = "姓名,工号,分数\n";
	char *rows = arena_alloc(w->arena, 2001 * 20), *end = rows;

	expect(send_list(w->school, course, "PK\x03\x04"), 415, "{'code': 'spreadsheet-not-csv'}");
	expect(send_list(w->school, course, "a,b,c\n1,2,3\n"), 422, "{'code': 'import-no-header'}");
	expect(send_list(w->school, course, "姓名,分数,结果\n钱二,80,\n"), 422,
	       "{'code': 'import-lacks-column', 'column': '报名编号/工号/电话'}");
	expect(send_list(w->school, course, "姓名,工号,分数\n\"钱二,T2,80\n"), 422,
	       "{'code': 'import-unreadable'}");
	for (int i = 0; i < 2001; i++)
		end = stpcpy(end, "钱二,T2,80\n");
	expect(send_list(w->school, course, arena_printf(w->arena, "%s%s", many, rows)), 422,
	       "{'code': 'too-many-scores', 'most': 2000}");
}

static int begin(void **state)
{
	static const char *const numbers[] = {"T1", "T2", "T3"};
	struct world *w;
	const char **who[] = {&hers, &second, &third};

	if (world_begin(state))
		return -1;
	w = *state;
	hers = w->teacher_a1;
	second = arena_strdup(w->arena, teacher_made(w, "钱二", w->school_a1));
	third = arena_strdup(w->arena, teacher_made(w, "孙三", w->school_a1));
	expect(PATCH(w->school, text("/v1/teachers/%s", second), "*", "{'phone': '13900000002'}"),
	       200, NULL);
	for (size_t i = 0; i < 3; i++)
		expect(POST(w->school, text("/v1/teachers/%s/identifiers", *who[i]),
			    text("{'source': '工号', 'value': '%s'}", numbers[i])),
		       201, NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_entered_as_single_scores_are),
		cmocka_unit_test(a_list_may_be_in_gb18030_and_give_results_instead_of_scores),
		cmocka_unit_test(with_one_wrong_row_nothing_is_entered_and_all_wrong_ones_are_told),
		cmocka_unit_test(a_list_may_be_tried_first),
		cmocka_unit_test(the_organiser_sends_the_list_and_nobody_enters_her_own_score),
		cmocka_unit_test(participants_of_other_schools_are_found_as_well),
		cmocka_unit_test(a_file_that_is_no_such_list_is_refused_as_a_whole),
	};

	return cmocka_run_group_tests_name("lists of scores", tests, begin, world_end);
}
