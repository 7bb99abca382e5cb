/*
 * problem_test.c -- the table of problems and the documents made of it.
 */
#include "kernel/problem.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static json_t *document(enum problem p, enum language language, const char *params,
			const struct violations *v)
{
	json_t *detail = params ? json_loads(params, 0, NULL) : NULL;
	char *text = problem_document(arena, p, language, detail, v, "r-1");

	assert_non_null(text);
	json_decref(detail);
	return arena_json(arena, json_loads(text, 0, NULL));
}

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void every_problem_is_whole_and_its_slug_unique(void **state)
{
	int p;

	(void)state;
	for (p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++) {
		const struct problem_info *i = problem_info((enum problem)p);
		int language;
		const char *c;

		assert_true(i->status >= 400 && i->status <= 599);
		for (c = i->slug; *c; c++)
			assert_true(islower(*c) || isdigit(*c) || *c == '-');
		for (language = 0; language < 2; language++) {
			assert_true(strlen(i->title[language]) > 0);
			assert_true(strlen(i->cause[language]) > 0);
			assert_true(strlen(i->remedy[language]) > 0);
		}
		assert_int_equal(problem_by_slug(i->slug), p);
	}
	assert_int_equal(problem_by_slug("no-such-problem"), PROBLEM_NONE);
}

static void a_document_is_rfc_9457_in_the_language_asked_for(void **state)
{
	json_t *zh = document(NOT_FOUND, LANGUAGE_ZH, NULL, NULL);
	json_t *en = document(NOT_FOUND, LANGUAGE_EN, NULL, NULL);

	(void)state;
	assert_string_equal(member(zh, "type"), "/problems/not-found");
	assert_string_equal(member(zh, "code"), "not-found");
	assert_string_equal(member(zh, "title"), "不存在");
	assert_string_equal(member(en, "title"), "Not found");
	assert_string_equal(member(en, "request_id"), "r-1");
	assert_int_equal(json_integer_value(json_object_get(en, "status")), 404);
}

static void parameters_fill_the_text_and_are_members_too(void **state)
{
	json_t *d = document(CONTENT_TOO_LARGE, LANGUAGE_EN, "{\"limit\": 1048576}", NULL);

	(void)state;
	assert_non_null(strstr(member(d, "detail"), "1048576 bytes"));
	assert_int_equal(json_integer_value(json_object_get(d, "limit")), 1048576);
}

static void a_parameter_cannot_replace_a_member_of_the_document(void **state)
{
	json_t *d = document(CONFLICT, LANGUAGE_EN, "{\"status\": 200, \"code\": \"x\"}", NULL);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(d, "status")), 409);
	assert_string_equal(member(d, "code"), "conflict");
}

static void all_violations_are_listed_and_a_hundred_are_enough(void **state)
{
	struct violations v = {.arena = arena};
	json_t *d, *errors;
	int i;

	(void)state;
	violation_add(&v, IN_BODY, "#/hours", "not-found", NULL);
	violation_add(&v, IN_PARAMETER, "page_size", "not-found", NULL);
	violation_add(&v, IN_HEADER, "If-Match", "minimum", json_pack("{ss}", "limit", "x{y}"));
	d = document(UNPROCESSABLE, LANGUAGE_EN, NULL, &v);
	errors = json_object_get(d, "errors");
	assert_int_equal(json_array_size(errors), 3);
	assert_string_equal(member(json_array_get(errors, 0), "pointer"), "#/hours");
	assert_string_equal(member(json_array_get(errors, 1), "parameter"), "page_size");
	assert_string_equal(member(json_array_get(errors, 2), "header"), "If-Match");
	assert_string_equal(member(json_array_get(errors, 2), "detail"),
			    "must not be less than x{y}");
	for (i = 0; i < 200; i++)
		violation_add(&v, IN_BODY, "#", "not-found", NULL);
	d = document(UNPROCESSABLE, LANGUAGE_EN, NULL, &v);
	assert_int_equal(json_array_size(json_object_get(d, "errors")), VIOLATIONS_MAX);
	assert_true(json_is_true(json_object_get(d, "more_errors")));
}

static void sqlstates_and_their_classes_are_known(void **state)
{
	(void)state;
	assert_int_equal(problem_by_sqlstate("23505"), DUPLICATE);
	assert_int_equal(problem_by_sqlstate("53100"), UNAVAILABLE);
	assert_int_equal(problem_by_sqlstate("08006"), UNAVAILABLE);
	assert_int_equal(problem_by_sqlstate("42703"), PROBLEM_NONE);
	assert_int_equal(problem_by_constraint("no_such_constraint"), PROBLEM_NONE);
}

static void every_page_speaks_both_languages(void **state)
{
	int p;

	(void)state;
	for (p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++) {
		const struct problem_info *i = problem_info((enum problem)p);
		char *page = problem_page(arena, (enum problem)p);

		assert_non_null(page);
		assert_non_null(strstr(page, i->title[LANGUAGE_ZH]));
		assert_non_null(strstr(page, i->remedy[LANGUAGE_EN]));
	}
}

static void the_index_lists_every_problem_with_its_status_and_its_page(void **state)
{
	char *index = problem_index(arena);
	int p;

	(void)state;
	assert_non_null(index);
	for (p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++) {
		const struct problem_info *i = problem_info((enum problem)p);
		char *row = arena_printf(arena,
					 "<code>%d</code></td><td><a href=\"/problems/%s\">%s</a>"
					 "</td><td>%s</td><td lang=\"en\">%s</td>",
					 i->status, i->slug, i->slug, i->title[LANGUAGE_ZH],
					 i->title[LANGUAGE_EN]);

		if (!strstr(index, row))
			fail_msg("not in the index: %s", row);
	}
	assert_string_equal(index + strlen(index) - 8, "</html>\n");
}

static int begin(void **state)
{
	(void)state;
	arena = arena_new(8 << 20);
	return arena ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_is_whole_and_its_slug_unique),
		cmocka_unit_test(a_document_is_rfc_9457_in_the_language_asked_for),
		cmocka_unit_test(parameters_fill_the_text_and_are_members_too),
		cmocka_unit_test(a_parameter_cannot_replace_a_member_of_the_document),
		cmocka_unit_test(all_violations_are_listed_and_a_hundred_are_enough),
		cmocka_unit_test(sqlstates_and_their_classes_are_known),
		cmocka_unit_test(every_page_speaks_both_languages),
		cmocka_unit_test(the_index_lists_every_problem_with_its_status_and_its_page),
	};

	return cmocka_run_group_tests_name("problem", tests, begin, end);
}
