/*
 * roster_test.c -- the roster of a school, as JSON and as the list that it came from, and what
 * schools report when the county asks for it.
 */
#include "import_list.h"

/* As the template has it, in the order of the classes. */
#define COLUMNS                                                                                                                \
	"序号,学校名称,学校标识码,姓名,性别,证件类型,身份证号,出生年月,职称,联系电话,学段," \
	"任教学科,担任班级,任职类型,任班主任起始时间,备注\r\n"
#define SCHOOL "青山中心小学,2199700001"
#define LIST                                                                                                  \
	COLUMNS "1," SCHOOL ",周甲,女,居民身份证,990999199202090026,1992-02-09,一级教师,"         \
		"13000000001,小学,\"语文、道德与法治\",一年级(1)班,班主任,2020-09-01,\r\n"   \
		"2," SCHOOL ",吴乙,男,,,1991-01-01,,,小学,数学,一年级(1)班,副班主任,,\r\n"     \
		"3," SCHOOL ",郑丙,,护照,G1234567,1990-03-03,二级教师,13000000003,,,二年级(3)班," \
		"代理班主任,2026-09-01,\r\n"                                                             \
		"4," SCHOOL ",王丁,,,,1989-04-04,,,,,,后备,,\r\n"

/* Without the quotes of fields and the mark at the beginning, as it is compared. */
static const char *bare(struct world *w, const char *csv)
{
	char *out = arena_strdup(w->arena, csv), *to = out;

	if (!strncmp(csv, "\xEF\xBB\xBF", 3))
		csv += 3;
	for (; *csv; csv++)
		if (*csv != '"')
			*to++ = *csv;
	*to = '\0';
	return out;
}

static const char *replaced(struct world *w, const char *all, const char *old, const char *new)
{
	const char *at = strstr(all, old);

	assert_non_null(at);
	return arena_printf(w->arena, "%.*s%s%s", (int)(at - all), all, new, at + strlen(old));
}

static struct answer *as_csv(struct client *c, const char *school)
{
	return call(c, "GET", text("/v1/schools/%s/roster", school), NULL, "Accept", "text/csv",
		    NULL);
}

static void what_came_in_as_a_list_goes_out_as_it(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->school, "teacher", LIST), *expected;
	struct answer *a;

	expect(look(w->school, "teacher", id), 200,
	       "{'counts': {'accepted': 4, 'warned': 0, 'rejected': 0}}");
	commit(w, w->school, "teacher", id);
	expected = replaced(w, bare(w, LIST), "990999199202090026", "990***********0026");
	expected = replaced(w, expected, "G1234567", "G1****67");
	a = as_csv(w->school, w->school_a1);
	expect(a, 200, NULL);
	assert_string_equal(bare(w, a->body), expected);
	assert_string_equal(bare(w, as_csv(w->county, w->school_a1)->body), expected);
	expect(as_csv(w->other_school, w->school_a1), 404, NULL);
}

static void a_roster_is_of_a_day(void **state)
{
	struct world *w = *state;
	struct answer *a = GET(w->school, "/v1/schools/%s/roster?page_size=2", w->school_a1);

	expect(a, 200,
	       "{'data': [{'name': '周甲', 'kind': 'homeroom', 'class_name': '2026级1班', 'grade': "
	       "'一年级', 'started_on': '2026-09-01', 'ended_on': null}, {'name': '吴乙', 'kind': "
	       "'deputy'}]}");
	expect(GET(w->school, "/v1/schools/%s/roster?page_size=2&cursor=%s", w->school_a1,
		   text_at(a, "page/next_cursor")),
	       200,
	       "{'data': [{'name': '郑丙', 'kind': 'acting'}, {'name': '王丁', 'kind': 'reserve', "
	       "'class_id': null, 'grade': null}]}");
	assert_int_equal(
		count_at(GET(w->school, "/v1/schools/%s/roster?on=2026-08-31", w->school_a1),
			 "data"),
		0);
	/* Who is only proposed is not on it. */
	expect(POST(w->school, "/v1/appointments",
		    text("{'teacher_id': '%s', 'kind': 'reserve'}", w->teacher_a1)),
	       201, NULL);
	assert_int_equal(count_at(GET(w->county, "/v1/schools/%s/roster", w->school_a1), "data"),
			 4);
	expect(GET(w->other_school, "/v1/schools/%s/roster", w->school_a1), 404, NULL);
	expect(GET(w->other_county, "/v1/schools/%s/roster", w->school_a1), 404, NULL);
}

/* --- what schools report --- */

/* The county asks for rosters by DUE; the address of its call. */
static const char *asked(struct world *w, const char *due)
{
	struct answer *a =
		POST(w->county, "/v1/roster-calls",
		     text("{'title': '花名册', 'as_of_on': '2026-10-15', 'due_on': '%s'}", due));

	expect(a, 201, text("{'title': '花名册', 'due_on': '%s', 'version': 1}", due));
	return header_of(a, "Location");
}

static const char *reported(struct client *c, const char *call_path)
{
	struct answer *a = POST(c, text("%s/reports", call_path), "{}");

	expect(a, 201, "{'state': 'reported'}");
	return header_of(a, "Location");
}

static struct answer *review(struct client *c, const char *report, const char *body)
{
	return call(c, "POST", text("%s/review", report), body, "If-Match", "*", NULL);
}

static void a_report_is_returned_row_by_row_and_reported_again(void **state)
{
	struct world *w = *state;
	const char *path = asked(w, "2026-10-31"), *first = reported(w->school, path), *second;

	expect(GET(w->school, "%s", first), 200,
	       text("{'round': 1, 'row_count': 4, 'late': false, 'reported_on': '2026-10-15', "
		    "'school_id': '%s'}",
		    w->school_a1));
	expect_error(review(w->county, first, "{'returned': [{'row': 9, 'reason': 'x'}]}"),
		     "#/returned/0/row", "not-found");
	expect(review(w->county, first,
		      "{'returned': [{'row': 2, 'reason': '此人已调出'}], 'note': '请核对'}"),
	       200, "{'state': 'returned', 'review_note': '请核对'}");
	expect(GET(w->school, "%s/rows", first), 200,
	       "{'data': [{'row': 1, 'state': 'accepted', 'reason': null, 'entry': {'name': "
	       "'周甲'}}, {'row': 2, 'state': 'returned', 'reason': '此人已调出', 'entry': {'name': "
	       "'吴乙'}}, {'state': 'accepted'}, {'state': 'accepted'}]}");
	expect(review(w->county, first, "{'returned': []}"), 409,
	       "{'code': 'not-in-this-state', 'state': 'returned'}");
	/* What changed meanwhile is looked at again, the rest is not. */
	expect(call(w->school, "POST",
		    text("/v1/appointments/%s/end",
			 text_at(GET(w->school, "%s/rows", first), "data/1/entry/appointment_id")),
		    "{'ended_on': '2026-10-14', 'reason': '调出'}", "If-Match", "*", NULL),
	       200, NULL);
	second = reported(w->school, path);
	expect(GET(w->school, "%s", second), 200, "{'round': 2, 'row_count': 3}");
	assert_int_equal(count_at(GET(w->county, "%s/rows?state=waiting", second), "data"), 0);
	expect(review(w->county, second, "{'returned': []}"), 200, "{'state': 'accepted'}");
	expect(POST(w->school, text("%s/reports", path), "{}"), 409,
	       "{'code': 'not-in-this-state', 'state': 'accepted', 'allowed': []}");
	/* The first is as it was. */
	expect(GET(w->county, "%s", first), 200, "{'state': 'returned', 'row_count': 4}");
	expect(GET(w->county, "%s/reports?school_id=%s", path, w->school_a1), 200,
	       "{'data': [{'round': 2, 'state': 'accepted'}, {'round': 1, 'state': 'returned'}]}");
}

static void a_report_is_kept_when_the_roster_changes(void **state)
{
	struct world *w = *state;
	const char *path = asked(w, "2026-11-30"), *report = reported(w->school, path);
	struct answer *before = GET(w->county, "%s/rows", report);

	expect(call(w->school, "POST",
		    text("/v1/appointments/%s/end", text_at(before, "data/0/entry/appointment_id")),
		    "{'ended_on': '2026-10-01', 'reason': '病假'}", "If-Match", "*", NULL),
	       200, NULL);
	assert_string_equal(GET(w->county, "%s/rows", report)->body, before->body);
	assert_int_equal(count_at(GET(w->county, "/v1/schools/%s/roster", w->school_a1), "data"),
			 2);
	/* One that nobody looked at yet is replaced. */
	expect(POST(w->school, text("%s/reports", path), "{'note': '更正'}"), 201,
	       "{'round': 2, 'row_count': 2, 'note': '更正'}");
	expect(GET(w->school, "%s", report), 200, "{'state': 'replaced'}");
	expect(review(w->county, report, "{'returned': []}"), 409, "{'state': 'replaced'}");
}

static void who_has_not_reported_is_listed(void **state)
{
	struct world *w = *state;
	const char *path = asked(w, "2026-10-20");
	struct answer *a = GET(w->county, "%s/schools?state=missing", path);

	expect(a, 200,
	       "{'data': [{'code': '2199700001', 'state': 'missing', 'overdue': false, 'report_id': "
	       "null}, {'code': '2199700002'}]}");
	reported(w->school, path);
	a = GET(w->county, "%s/schools?state=missing", path);
	assert_int_equal(count_at(a, "data"), 1);
	assert_string_equal(text_at(a, "data/0/code"), "2199700002");
	world_clock(w, w->county_a, "2026-10-21T02:00:00Z");
	expect(GET(w->county, "%s/schools", path), 200,
	       "{'data': [{'state': 'reported', 'overdue': false}, {'state': 'missing', 'overdue': "
	       "true}]}");
	/* A school is told of itself alone. */
	a = GET(w->other_school, "%s/schools", path);
	assert_int_equal(count_at(a, "data"), 1);
	assert_string_equal(text_at(a, "data/0/code"), "2199700002");
	expect(GET(w->other_school, "%s", reported(w->other_school, path)), 200,
	       "{'late': true, 'row_count': 0}");
	assert_int_equal(count_at(GET(w->county, "%s/schools?state=missing", path), "data"), 0);
	/* It may have longer. */
	expect(call(w->county, "PATCH", path, "{'due_on': '2026-10-25'}", "If-Match", "*", NULL),
	       200, "{'due_on': '2026-10-25', 'title': '花名册', 'version': 2}");
	expect(PATCH(w->school, path, "*", "{'due_on': '2026-12-25'}"), 403, NULL);
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_report_is_of_ones_own_school_and_judged_by_the_county(void **state)
{
	struct world *w = *state;
	const char *path = asked(w, "2026-12-31"), *report = reported(w->other_school, path);
	struct client *script = client_new(w, "client", w->county_a, w->school_a2, NULL, NULL);

	expect(GET(w->school, "%s", report), 404, NULL);
	expect(GET(w->school, "%s/rows", report), 404, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(review(w->other_school, report, "{'returned': []}"), 403, NULL);
	expect(review(script, report, "{'returned': []}"), 403, "{'code': 'needs-county'}");
	expect_error(POST(w->school, text("%s/reports", path),
			  text("{'school_id': '%s'}", w->school_a2)),
		     "#/school_id", "not-found");
	expect_error(POST(w->county, text("%s/reports", path), "{}"), "#/school_id", "not-found");
	expect(POST(w->county, text("%s/reports", path), text("{'school_id': '%s'}", w->school_a2)),
	       201, "{'round': 2}");
}

static void nobody_accepts_a_roster_that_she_is_on(void **state)
{
	struct world *w = *state;
	const char *path = asked(w, "2027-01-31"), *report = reported(w->school, path);
	const char *her = text_at(GET(w->county, "%s/rows", report), "data/0/entry/teacher_id");
	struct client *c = client_new(w, "county", w->county_a, NULL, her, NULL);

	expect(review(c, report, "{'returned': []}"), 403, "{'code': 'own-record'}");
	expect(review(w->county, report, "{'returned': []}"), 200, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_in_as_a_list_goes_out_as_it),
		cmocka_unit_test(a_roster_is_of_a_day),
		cmocka_unit_test(a_report_is_returned_row_by_row_and_reported_again),
		cmocka_unit_test(a_report_is_kept_when_the_roster_changes),
		cmocka_unit_test(who_has_not_reported_is_listed),
		cmocka_unit_test(a_report_is_of_ones_own_school_and_judged_by_the_county),
		cmocka_unit_test(nobody_accepts_a_roster_that_she_is_on),
	};

	return cmocka_run_group_tests_name("rosters", tests, world_begin, world_end);
}
