/*
 * titles_test.c -- titles of teachers: which is the present one, and how one is taken back.
 */
#include "transfer.h"

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

/* A seconded teacher's school sees her whole up to her last day with it. */
static void a_school_with_an_end_to_come_is_told_a_title_without_a_day(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "将调", "");
	const char *path = arena_printf(w->arena, "/v1/teachers/%s", id);

	expect(POST(w->school, text("%s/titles", path), "{'title': 'third'}"), 201, NULL);
	expect(POST(w->school, text("%s/identifiers", path), "{'source': '省平台', 'value': 'T4'}"),
	       201, NULL);
	moves(w, id, "2026-10-10", "2026-10-11");
	/* Today is her last day but one, her last, the one behind it. */
	leaves(w, id, "2026-10-16");
	expect(GET(w->other_school, "%s", path), 200, "{'title': 'third'}");
	for (int day = 15; day <= 17; day++) {
		size_t told = day <= 16;

		world_clock(w, w->county_a, text("2026-10-%dT02:00:00Z", day));
		assert_int_equal(count_at(GET(w->other_school, "%s/titles", path), "data"), told);
		assert_int_equal(count_at(GET(w->other_school, "%s/identifiers", path), "data"),
				 told);
	}
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
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
		cmocka_unit_test(a_school_with_an_end_to_come_is_told_a_title_without_a_day),
		cmocka_unit_test(a_former_school_takes_no_title_back),
	};

	return cmocka_run_group_tests_name("titles", tests, world_begin, world_end);
}
