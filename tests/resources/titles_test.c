/*
 * titles_test.c -- titles of teachers: which is the present one, and how one is taken back.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The titles of a fresh teacher of school A1, of whom MORE is told. */
static const char *titles_of(struct world *w, const char *name, const char *more)
{
	struct answer *made =
		POST(w->school, "/v1/teachers",
		     text("{'name': '%s', 'school_id': '%s'%s}", name, w->school_a1, more));

	expect(made, 201, NULL);
	return arena_printf(w->arena, "/v1/teachers/%s/titles", text_at(made, "id"));
}

/* Her present title is TITLE, a JSON value. */
static void expect_present(struct world *w, const char *titles, const char *title)
{
	const int length = (int)(strrchr(titles, '/') - titles);

	expect(GET(w->school, "%.*s", length, titles), 200, text("{'title': %s}", title));
}

static struct answer *void_as(struct client *c, const char *titles, const struct answer *made,
			      const char *if_match)
{
	return call(c, "POST", text("%s/%s/void", titles, text_at(made, "id")),
		    "{'reason': '录入有误'}", "If-Match", if_match, NULL);
}

static void the_present_title_is_the_one_obtained_last(void **state)
{
	struct world *w = *state;
	const char *titles =
		titles_of(w, "职称", ", 'title': 'second', 'title_obtained_on': '2020-01-01'");

	expect(POST(w->school, titles, "{'title': 'first', 'obtained_on': '2025-01-01'}"), 201,
	       "{'title': 'first', 'voided_at': null, 'void_reason': null}");
	expect_present(w, titles, "'first'");
	expect(POST(w->school, titles, "{'title': 'third', 'obtained_on': '2015-01-01'}"), 201,
	       NULL);
	expect_present(w, titles, "'first'");
	assert_string_equal(text_at(GET(w->school, "%s", titles), "data/2/title"), "third");
	expect_error(POST(w->school, titles, "{'title': 'emperor'}"), "#/title", "code-unknown");
	expect(POST(w->school, titles, "{'title': 'first', 'obtained_on': '2025-01-01'}"), 409,
	       NULL);
	expect(POST(w->other_school, titles, "{'title': 'first'}"), 404, NULL);
}

static void a_title_recorded_by_mistake_is_taken_back(void **state)
{
	struct world *w = *state;
	const char *titles = titles_of(w, "误录职称", ", 'title': 'second'");
	struct answer *slip = POST(w->school, titles, "{'title': 'first'}");

	expect_present(w, titles, "'first'");
	expect(void_as(w->school, titles, slip, "\"2-0\""), 412, NULL);
	expect(void_as(w->other_school, titles, slip, "*"), 404, NULL);
	expect_present(w, titles, "'first'");
	expect(void_as(w->school, titles, slip, header_of(slip, "ETag")), 200,
	       "{'title': 'first', 'void_reason': '录入有误', 'version': 2}");
	expect_present(w, titles, "'second'");
	expect(void_as(w->school, titles, slip, "*"), 409, "{'code': 'title-is-void'}");
	text_at(GET(w->school, "%s/%s", titles, text_at(slip, "id")), "voided_at");
	/* It stays on record, and the same may be recorded again, once. */
	assert_int_equal(count_at(GET(w->school, "%s", titles), "data"), 2);
	expect(POST(w->school, titles, "{'title': 'first'}"), 201, NULL);
	expect(POST(w->school, titles, "{'title': 'first'}"), 409, NULL);
	expect_present(w, titles, "'first'");
}

static void who_has_no_title_left_has_none(void **state)
{
	struct world *w = *state;
	const char *titles = titles_of(w, "无职称", "");
	struct answer *slip = POST(w->school, titles, "{'title': 'first'}");

	expect(void_as(w->county, titles, slip, "*"), 200, NULL);
	expect_present(w, titles, "null");
}

/* Of one who left, the county takes back what is wrong. */
static void a_former_school_takes_no_title_back(void **state)
{
	struct world *w = *state;
	const char *titles = titles_of(w, "调走职称", ", 'started_on': '2020-09-01'");
	struct answer *made =
		POST(w->school, titles, "{'title': 'first', 'obtained_on': '2024-01-01'}");
	const char *memberships =
		text("%.*s/memberships", (int)(strrchr(titles, '/') - titles), titles);
	struct answer *list = GET(w->county, "%s", memberships);
	size_t i;

	for (i = 0; i < count_at(list, "data"); i++)
		expect(call(w->county, "POST",
			    text("%s/%s/end", memberships, text_at(list, text("data/%zu/id", i))),
			    "{'ended_on': '2026-10-10'}", "If-Match", "*", NULL),
		       200, NULL);
	expect(void_as(w->school, titles, made, "*"), 404, NULL);
	expect(void_as(w->county, titles, made, "*"), 200, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_present_title_is_the_one_obtained_last),
		cmocka_unit_test(a_title_recorded_by_mistake_is_taken_back),
		cmocka_unit_test(who_has_no_title_left_has_none),
		cmocka_unit_test(a_former_school_takes_no_title_back),
	};

	return cmocka_run_group_tests_name("titles", tests, world_begin, world_end);
}
