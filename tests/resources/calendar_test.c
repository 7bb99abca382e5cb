/*
 * calendar_test.c -- school years, terms, modules and modes: reading one, changing it, and who may.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A school year from 1 September FIRST on, made by the county. */
static struct answer *year(struct world *w, int first)
{
	struct answer *a =
		POST(w->county, "/v1/school-years",
		     text("{'name': '%d学年', 'started_on': '%d-09-01', 'ended_on': '%d-08-31'}",
			  first, first, first + 1));

	expect(a, 201, NULL);
	return a;
}

static struct answer *term(struct world *w, const char *year_id, int number, const char *from,
			   const char *to)
{
	return POST(
		w->county, "/v1/terms",
		text("{'school_year_id': '%s', 'name': '第%d学期', 'number': %d, 'started_on': '%s', "
		     "'ended_on': '%s'}",
		     year_id, number, number, from, to));
}

static void what_was_made_is_read_at_its_location(void **state)
{
	struct world *w = *state;
	struct answer *made = year(w, 2060), *read;
	const char *path = header_of(made, "Location");

	assert_string_equal(path, text("/v1/school-years/%s", text_at(made, "id")));
	read = GET(w->teacher, "%s", path);
	expect(read, 200,
	       "{'name': '2060学年', 'started_on': '2060-09-01', 'ended_on': '2061-08-31'}");
	assert_string_equal(header_of(read, "ETag"), header_of(made, "ETag"));
	expect(call(w->teacher, "GET", path, NULL, "If-None-Match", header_of(read, "ETag"), NULL),
	       304, NULL);
	expect(GET(w->teacher, "%s?fields=name", path), 200, "{'name': '2060学年'}");
	assert_null(json_at(GET(w->teacher, "%s?fields=name", path), "started_on"));
	expect(GET(w->other_county, "%s", path), 404, NULL);
}

static void a_school_year_changes_its_name_and_days(void **state)
{
	struct world *w = *state;
	struct answer *made = year(w, 2062);
	const char *path = header_of(made, "Location"), *tag = header_of(made, "ETag");
	struct answer *changed;

	changed = PATCH(w->county, path, tag, "{'name': '新学年', 'ended_on': '2063-07-31'}");
	expect(changed, 200,
	       "{'name': '新学年', 'started_on': '2062-09-01', 'ended_on': '2063-07-31', 'version': 2}");
	expect(PATCH(w->county, path, tag, "{'name': '旧'}"), 412, "{'code': 'stale'}");
	year(w, 2063);
	expect(PATCH(w->county, path, header_of(changed, "ETag"), "{'ended_on': '2063-09-01'}"),
	       409, "{'code': 'periods-overlap'}");
	expect_error(PATCH(w->county, path, "*", "{'ended_on': '2062-08-31'}"), "#/ended_on",
		     "period-reversed");
	expect(PATCH(w->school, path, "*", "{'name': 'x'}"), 403, NULL);
	expect(PATCH(w->other_county, path, "*", "{'name': 'x'}"), 404, NULL);
	expect(GET(w->county, "%s", path), 200, "{'ended_on': '2063-07-31', 'version': 2}");
}

static void a_term_moves_within_its_year_only(void **state)
{
	struct world *w = *state;
	const char *id = text_at(year(w, 2070), "id");
	struct answer *first = term(w, id, 1, "2070-09-01", "2071-01-31");
	struct answer *second = term(w, id, 2, "2071-02-01", "2071-07-31");
	const char *path = header_of(second, "Location");

	expect(first, 201, NULL);
	expect(second, 201, NULL);
	expect(GET(w->teacher, "%s", path), 200, "{'number': 2, 'started_on': '2071-02-01'}");
	expect(PATCH(w->county, path, "*", "{'started_on': '2071-01-31'}"), 409,
	       "{'code': 'periods-overlap'}");
	expect(PATCH(w->county, path, "*", "{'ended_on': '2071-09-01'}"), 422,
	       "{'code': 'term-outside-year'}");
	expect(PATCH(w->county, path, "*", "{'ended_on': '2071-08-31'}"), 200,
	       "{'ended_on': '2071-08-31', 'version': 2}");
	expect(GET(w->teacher, "/v1/terms?school_year_id=%s&sort=started_on", id), 200,
	       "{'data': [{'number': 1}, {'number': 2}]}");
	expect(GET(w->teacher, "/v1/terms?school_year_id=%s", id), 200,
	       "{'data': [{'number': 2}, {'number': 1}]}");
	expect(GET(w->other_county, "/v1/terms?school_year_id=%s", id), 200, "{'data': []}");
}

static void a_dry_run_answers_as_if_and_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct answer *a =
		POST(w->county, "/v1/school-years?validate_only=true",
		     "{'name': '试', 'started_on': '2075-09-01', 'ended_on': '2076-08-31'}");

	expect(a, 201, "{'name': '试'}");
	expect(GET(w->county, "/v1/school-years/%s", text_at(a, "id")), 404, NULL);
	year(w, 2075);
	expect(POST(w->county, "/v1/school-years?validate_only=true",
		    "{'name': '试', 'started_on': '2075-09-01', 'ended_on': '2076-08-31'}"),
	       409, "{'code': 'periods-overlap'}");
}

static void a_year_sent_twice_with_one_key_is_made_once(void **state)
{
	struct world *w = *state;
	const char *body = "{'name': '重', 'started_on': '2080-09-01', 'ended_on': '2081-08-31'}";
	struct answer *first = call(w->county, "POST", "/v1/school-years", body, "Idempotency-Key",
				    "year-2080", NULL);
	struct answer *again = call(w->county, "POST", "/v1/school-years", body, "Idempotency-Key",
				    "year-2080", NULL);

	expect(first, 201, NULL);
	expect(again, 201, text("{'id': '%s'}", text_at(first, "id")));
	assert_string_equal(header_of(first, "Idempotency-Replayed"), "");
	assert_string_equal(header_of(again, "Idempotency-Replayed"), "true");
	assert_string_equal(header_of(again, "Location"), header_of(first, "Location"));
}

static void a_list_is_read_page_by_page_along_its_link(void **state)
{
	struct world *w = *state;
	int pages = 0, rows = 0;
	struct answer *a;
	char target[600];

	for (int i = 0; i < 3; i++)
		year(w, 2090 + 2 * i);
	a = GET(w->teacher, "/v1/school-years?page_size=2&include=total_count");
	for (;; pages++) {
		const char *link = header_of(a, "Link");

		expect(a, 200, NULL);
		rows += (int)count_at(a, "data");
		if (!*link)
			break;
		assert_int_equal(count_at(a, "data"), 2);
		assert_string_equal(link + strcspn(link, ">"), ">; rel=\"next\"");
		snprintf(target, sizeof target, "%.*s", (int)strcspn(link, ">") - 1, link + 1);
		a = GET(w->teacher, "%s", target);
	}
	assert_true(pages > 0);
	assert_int_equal(rows, json_integer_value(json_at(a, "page/total_count")));
	expect(GET(w->teacher, "/v1/terms?cursor=%s",
		   text_at(GET(w->teacher, "/v1/school-years?page_size=2"), "page/next_cursor")),
	       400, "{'code': 'invalid-cursor'}");
}

static void modes_stand_in_the_order_the_county_gives_them(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(
		w->county, "/v1/modes",
		"{'code': 'night_school', 'name_zh': '夜校', 'name_en': 'Night school', 'position': 999}");
	const char *path = header_of(made, "Location");
	struct answer *list;

	expect(made, 201, "{'active': true}");
	list = GET(w->school, "/v1/modes?page_size=500");
	assert_string_equal(text_at(list, text("data/%zu/code", count_at(list, "data") - 1)),
			    "night_school");
	expect(PATCH(w->county, path, header_of(made, "ETag"), "{'position': 0, 'active': false}"),
	       200, "{'position': 0, 'active': false, 'name_zh': '夜校'}");
	expect(GET(w->teacher, "%s", path), 200, "{'code': 'night_school', 'active': false}");
	assert_null(strstr(GET(w->school, "/v1/modes?active=true&page_size=500")->body,
			   "night_school"));
	expect(POST(w->county, "/v1/modes",
		    "{'code': 'night_school', 'name_zh': '又', 'name_en': 'Again'}"),
	       409, "{'code': 'duplicate'}");
	expect_error(POST(w->county, "/v1/modes",
			  "{'code': 'Night School', 'name_zh': '　', 'name_en': 'a\\nb'}"),
		     "#/code", "pattern");
	expect(GET(w->other_county, "%s", path), 404, NULL);
}

static void a_module_is_read_by_its_id(void **state)
{
	struct world *w = *state;
	struct answer *first = GET(w->teacher, "/v1/modules?page_size=1");
	const char *id = text_at(first, "data/0/id");

	expect(GET(w->teacher, "/v1/modules/%s", id), 200,
	       text("{'code': '%s'}", text_at(first, "data/0/code")));
	expect(GET(w->foreign_school, "/v1/modules/%s", id), 404, NULL);
}

static void a_name_is_one_line_and_not_blank(void **state)
{
	static const char *const names[] = {"",      " ",     "　\u00A0", "\u200B\uFEFF",
					    "a\\nb", "a\\tb", "\\u0007"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++)
		expect_error(PATCH(w->county, "/v1/county", "*", text("{'name': '%s'}", names[i])),
			     "#/name", *names[i] ? "pattern" : "min-length");
	expect(PATCH(w->county, "/v1/county?validate_only=true", "*", "{'name': '　𠮷 县 '}"), 200,
	       NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_made_is_read_at_its_location),
		cmocka_unit_test(a_school_year_changes_its_name_and_days),
		cmocka_unit_test(a_term_moves_within_its_year_only),
		cmocka_unit_test(a_dry_run_answers_as_if_and_leaves_nothing),
		cmocka_unit_test(a_year_sent_twice_with_one_key_is_made_once),
		cmocka_unit_test(a_list_is_read_page_by_page_along_its_link),
		cmocka_unit_test(modes_stand_in_the_order_the_county_gives_them),
		cmocka_unit_test(a_module_is_read_by_its_id),
		cmocka_unit_test(a_name_is_one_line_and_not_blank),
	};

	return cmocka_run_group_tests_name("calendar", tests, world_begin, world_end);
}
