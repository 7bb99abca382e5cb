/*
 * page_test.c -- lists: pages, cursors, filters, order, totals and fields.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SCHOOLS = 25, ENTRIES = 12 };

static struct client *all; /* the county's officer */

static void school(int number, const char *name, const char *town)
{
	expect(POST(all, "/v1/schools",
		    text("{'code': '21995%05d', 'name': '%s', 'stages': ['primary'], 'town': '%s'}",
			 number, name, town)),
	       201, NULL);
}

/* Beside the world: schools of which some share a name, hours, and a requirement. */
static int begin(void **state)
{
	struct world *w;
	int i;

	if (world_begin(state))
		return -1;
	w = *state;
	all = w->county;
	for (i = 0; i < SCHOOLS - 2; i++)
		school(i, text("第%d小学", i / 2), i % 3 ? "东镇" : "西镇");
	for (i = 0; i < ENTRIES; i++)
		expect(POST(all, "/v1/hour-entries",
			    text("{'teacher_id': '%s', 'hours': %d.10, 'level': 'county', 'activity_on': "
				 "'2026-10-%02d', 'source': {'kind': 'adjustment', 'key': 'page-%d'}}",
				 w->teacher_a1, i + 1, i / 2 + 1, i)),
		       201, NULL);
	expect(POST(all, "/v1/requirements",
		    "{'name': '每年学时', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		    "'population': {'appointment_kinds': ['homeroom']}, 'target_hours': 30.10, 'limits': "
		    "[{'level': 'county', 'at_least': 10.25}]}"),
	       201, NULL);
	return 0;
}

/* Appends the ids of a page to LIST. */
static void collect(json_t *list, const struct answer *a, const char *member)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_at(a, "data"), i, row)
		json_array_append(list, json_object_get(row, member));
}

static const char *next_of(const struct answer *a)
{
	return json_string_value(json_at(a, "page/next_cursor"));
}

/* MEMBER of all rows of TARGET (which has a query), read page by page; a new reference. */
static json_t *walk(struct client *c, const char *target, const char *member, size_t size)
{
	json_t *list = json_array();
	char kept[500];
	struct answer *a;

	snprintf(kept, sizeof kept, "%s&page_size=%zu", target, size);
	a = GET(c, "%s", kept);
	for (;;) {
		expect(a, 200, NULL);
		assert_true(count_at(a, "data") <= size);
		collect(list, a, member);
		if (!next_of(a))
			break;
		assert_int_equal(count_at(a, "data"), size);
		a = GET(c, "%s&cursor=%s", kept, next_of(a));
	}
	assert_string_equal(header_of(a, "Link"), "");
	return list;
}

static void every_page_size_gives_every_row_once_and_in_order(void **state)
{
	static const char *const orders[] = {"name", "code"};
	size_t order, size;

	(void)state;
	for (order = 0; order < 2; order++) {
		char target[60];
		json_t *whole;

		snprintf(target, sizeof target, "/v1/schools?sort=%s", orders[order]);
		whole = walk(all, target, "id", 500);

		assert_int_equal(json_array_size(whole), SCHOOLS);
		for (size = 1; size <= SCHOOLS + 1; size++) {
			json_t *pages = walk(all, target, "id", size);

			assert_true(json_equal(pages, whole));
			json_decref(pages);
		}
		json_decref(whole);
	}
}

static void rows_are_in_the_order_that_was_asked(void **state)
{
	struct world *w = *state;
	json_t *up = walk(all, "/v1/hour-entries?sort=posted_at", "id", 5);
	json_t *down = walk(all, "/v1/hour-entries?sort=-posted_at", "id", 5);
	json_t *days = walk(all, text("/v1/teachers/%s/hours?sort=activity_on", w->teacher_a1),
			    "activity_on", 5);
	json_t *codes = walk(all, "/v1/schools?sort=code", "code", 7);
	size_t i, count = json_array_size(up);

	assert_int_equal(count, ENTRIES);
	assert_int_equal(json_array_size(down), count);
	for (i = 0; i < count; i++)
		assert_true(json_equal(json_array_get(up, i), json_array_get(down, count - 1 - i)));
	for (i = 1; i < count; i++)
		assert_true(strcmp(json_string_value(json_array_get(days, i - 1)),
				   json_string_value(json_array_get(days, i))) <= 0);
	for (i = 1; i < json_array_size(codes); i++)
		assert_true(strcmp(json_string_value(json_array_get(codes, i - 1)),
				   json_string_value(json_array_get(codes, i))) < 0);
	json_decref(up);
	json_decref(down);
	json_decref(days);
	json_decref(codes);
	expect_error(GET(all, "/v1/schools?sort=town"), "sort", "enum");
}

static void who_pages_while_rows_come_misses_none_and_sees_none_twice(void **state)
{
	json_t *before = walk(all, "/v1/schools?sort=code&status=open", "code", 500);
	json_t *seen = json_array();
	struct answer *a = GET(all, "/v1/schools?sort=code&status=open&page_size=4");
	size_t i, k;
	int number = 0;

	(void)state;
	for (;;) {
		expect(a, 200, NULL);
		collect(seen, a, "code");
		if (!next_of(a))
			break;
		/* One before all others and one behind. */
		expect(POST(all, "/v1/schools",
			    text("{'code': '2100%06d', 'name': '早', 'stages': ['primary']}",
				 number)),
		       201, NULL);
		expect(POST(all, "/v1/schools",
			    text("{'code': '2199999%03d', 'name': '晚', 'stages': ['primary']}",
				 number++)),
		       201, NULL);
		a = GET(all, "/v1/schools?sort=code&status=open&page_size=4&cursor=%s", next_of(a));
		if (number > 20)
			break;
	}
	for (i = 0; i < json_array_size(before); i++) {
		size_t times = 0;

		for (k = 0; k < json_array_size(seen); k++)
			times += json_equal(json_array_get(before, i), json_array_get(seen, k));
		assert_int_equal(times, 1);
	}
	json_decref(before);
	json_decref(seen);
}

static const char *first_cursor(struct client *c, const char *target)
{
	struct answer *a = GET(c, "%s", target);

	expect(a, 200, NULL);
	assert_non_null(next_of(a));
	return next_of(a);
}

static void a_cursor_fits_only_the_list_that_it_came_from(void **state)
{
	struct world *w = *state;
	const char *cursor = first_cursor(all, "/v1/schools?page_size=3&town=%E4%B8%9C%E9%95%87");
	static const char *const others[] = {
		"/v1/schools?page_size=3",
		"/v1/schools?page_size=3&town=%E8%A5%BF%E9%95%87",
		"/v1/schools?page_size=3&town=%E4%B8%9C%E9%95%87&sort=code",
		"/v1/schools?page_size=3&town=%E4%B8%9C%E9%95%87&status=open",
		"/v1/teachers?page_size=3",
	};
	struct client *foreign[] = {w->school, w->other_school, w->other_county};
	size_t i;

	for (i = 0; i < sizeof others / sizeof *others; i++)
		expect(GET(all, "%s&cursor=%s", others[i], cursor), 400,
		       "{'code': 'invalid-cursor'}");
	for (i = 0; i < sizeof foreign / sizeof *foreign; i++)
		expect(GET(foreign[i],
			   "/v1/schools?page_size=3&town=%%E4%%B8%%9C%%E9%%95%%87&cursor=%s",
			   cursor),
		       400, "{'code': 'invalid-cursor'}");
	/* What does not change which rows there are may differ; so may the order of parameters. */
	expect(GET(all,
		   "/v1/schools?cursor=%s&town=%%E4%%B8%%9C%%E9%%95%%87&page_size=2&fields=id"
		   "&include=total_count",
		   cursor),
	       200, NULL);
}

static void a_cursor_with_any_character_changed_is_refused(void **state)
{
	static const char letters[] = "AQgw09_-zB";
	const char *cursor = first_cursor(all, "/v1/schools?page_size=3");
	size_t i, k, length = strlen(cursor);

	(void)state;
	for (i = 0; i < length; i++) {
		for (k = 0; k < sizeof letters - 1; k++) {
			char changed[1100];

			snprintf(changed, sizeof changed, "%s", cursor);
			if (changed[i] == letters[k])
				continue;
			changed[i] = letters[k];
			expect(GET(all, "/v1/schools?page_size=3&cursor=%s", changed), 400,
			       "{'code': 'invalid-cursor'}");
		}
		expect(GET(all, "/v1/schools?page_size=3&cursor=%.*s", (int)i + 1,
			   i + 1 < length ? cursor : "x"),
		       400, NULL);
	}
	expect(GET(all, "/v1/schools?page_size=3&cursor=%sA", cursor), 400, NULL);
	expect(GET(all, "/v1/schools?page_size=3&cursor=%s", cursor), 200, NULL);
}

static void the_link_leads_to_the_next_page(void **state)
{
	struct answer *a = GET(
		all, "/v1/schools?page_size=3&town=%%E4%%B8%%9C%%E9%%95%%87&sort=code&cursor=%s",
		first_cursor(all, "/v1/schools?page_size=3&town=%E4%B8%9C%E9%95%87&sort=code"));
	char link[2000], *end;
	struct answer *by_link, *by_cursor;

	(void)state;
	snprintf(link, sizeof link, "%s", header_of(a, "Link"));
	end = strstr(link, ">; rel=\"next\"");
	assert_int_equal(*link, '<');
	assert_non_null(end);
	*end = '\0';
	/* The cursor of this page has made room for the next one. */
	assert_null(strstr(strstr(link, "cursor=") + 1, "cursor="));
	by_link = GET(all, "%s", link + 1);
	by_cursor = GET(all,
			"/v1/schools?page_size=3&town=%%E4%%B8%%9C%%E9%%95%%87&sort=code&cursor=%s",
			next_of(a));
	expect(by_link, 200, NULL);
	assert_string_equal(by_link->body, by_cursor->body);
	assert_string_not_equal(by_link->body, a->body);
}

static void the_total_is_of_all_pages_and_only_on_request(void **state)
{
	struct answer *a = GET(
		all, "/v1/schools?page_size=3&include=total_count&town=%%E8%%A5%%BF%%E9%%95%%87");
	json_t *rows = walk(all, "/v1/schools?town=%E8%A5%BF%E9%95%87", "id", 500);

	(void)state;
	expect(a, 200, text("{'page': {'total_count': %zu}}", json_array_size(rows)));
	assert_null(json_at(GET(all, "/v1/schools?page_size=3"), "page/total_count"));
	expect_error(GET(all, "/v1/schools?include=everything"), "include", "enum");
	json_decref(rows);
}

static void only_the_fields_that_were_asked_come(void **state)
{
	struct world *w = *state;
	struct answer *a = GET(all, "/v1/schools?page_size=2&fields=id,town"), *whole;

	expect(a, 200, NULL);
	assert_int_equal(count_at(a, "data/0"), 2);
	assert_non_null(json_at(a, "data/0/town"));
	a = GET(all, "/v1/schools/%s?fields=code", w->school_a1);
	expect(a, 200, "{'code': '2199700001'}");
	assert_int_equal(json_object_size(a->json), 1);
	/* Numbers stay as PostgreSQL wrote them, however deep. */
	whole = GET(all, "/v1/requirements");
	a = GET(all, "/v1/requirements?fields=versions");
	assert_int_equal(count_at(a, "data/0"), 1);
	assert_non_null(strstr(whole->body, "10.25"));
	assert_non_null(strstr(a->body, "10.25"));
	assert_non_null(strstr(a->body, "30.10"));
	a = GET(all, "/v1/hour-entries?fields=hours,id&sort=posted_at&page_size=1");
	assert_non_null(strstr(a->body, "1.10"));
}

static void a_field_that_nothing_has_is_refused(void **state)
{
	(void)state;
	expect_error(GET(all, "/v1/schools?fields=id,colour"), "fields", "field-unknown");
	expect_error(GET(all, "/v1/schools?fields=id,"), "fields", "min-length");
	expect_error(GET(all, "/v1/schools?fields=ID"), "fields", "pattern");
}

static void a_page_has_at_least_one_row_and_at_most_five_hundred(void **state)
{
	(void)state;
	expect_error(GET(all, "/v1/schools?page_size=0"), "page_size", "minimum");
	expect_error(GET(all, "/v1/schools?page_size=501"), "page_size", "maximum");
	expect_error(GET(all, "/v1/schools?page_size=1.5"), "page_size", "parameter-type");
	expect_error(GET(all, "/v1/schools?page_size=99999999999999999999"), "page_size",
		     "parameter-type");
	expect(GET(all, "/v1/schools?page_size=500"), 200, NULL);
}

/* The contract gives cursors a longest length, also behind a hundred characters of four bytes. */
static void a_cursor_has_room_for_the_longest_name(void **state)
{
	static const char target[] = "/v1/schools?page_size=1&town=%E6%9C%AB%E9%95%87";
	const char *name = "", *cursor;
	int i;

	(void)state;
	for (i = 0; i < 99; i++)
		name = text("%s\xF0\xA0\x80\x80", name);
	school(90001, text("%s\xF0\xA0\x80\x80", name), "末镇");
	school(90002, text("%s\xF0\xA0\x80\x81", name), "末镇");
	cursor = first_cursor(all, target);
	assert_in_range(strlen(cursor), 100 * 4, 1000);
	expect(GET(all, "%s&cursor=%s", target, cursor), 200, "{'data': [{'code': '2199590002'}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_size_gives_every_row_once_and_in_order),
		cmocka_unit_test(rows_are_in_the_order_that_was_asked),
		cmocka_unit_test(a_cursor_fits_only_the_list_that_it_came_from),
		cmocka_unit_test(a_cursor_with_any_character_changed_is_refused),
		cmocka_unit_test(the_link_leads_to_the_next_page),
		cmocka_unit_test(the_total_is_of_all_pages_and_only_on_request),
		cmocka_unit_test(only_the_fields_that_were_asked_come),
		cmocka_unit_test(a_field_that_nothing_has_is_refused),
		cmocka_unit_test(a_page_has_at_least_one_row_and_at_most_five_hundred),
		cmocka_unit_test(who_pages_while_rows_come_misses_none_and_sees_none_twice),
		cmocka_unit_test(a_cursor_has_room_for_the_longest_name),
	};

	return cmocka_run_group_tests_name("page", tests, begin, world_end);
}
