/*
 * query_refusal_test.c -- what a file of db/queries may not say.
 */
#include "query_fixture.h"

static void phrases_that_defeat_plans_are_refused(void **state)
{
	(void)state;
	refused(QUERY_ONE, "SELECT 1 WHERE :a::int IS NULL OR a = :a::int", "IS NULL OR");
	refused(QUERY_ONE, "SELECT 1 WHERE (a is\n\tnull -- so\n) or b", "IS NULL OR");
	refused(QUERY_ONE, "SELECT 1 WHERE true\n--? x: AND (x IS NULL OR y)", "IS NULL OR");
	load(QUERY_ONE, "SELECT 1 WHERE a IS NULL AND b OR 'IS NULL' OR is_null OR or_is_null");
	load(QUERY_ONE, "SELECT 1 WHERE b OR a IS NULL ORDER BY 1");
	load(QUERY_ONE, "SELECT a IS NULL, ORDER");
}

static void what_could_be_misread_is_refused(void **state)
{
	(void)state;
	refused(QUERY_ONE, "SELECT $$text$$", "dollar");
	refused(QUERY_ONE, "SELECT $tag$text$tag$", "dollar");
	refused(QUERY_ONE, "SELECT $1", "dollar");
	refused(QUERY_ONE, "SELECT /* a */ 1", "block comment");
	refused(QUERY_ONE, "SELECT 'a", "quote");
	refused(QUERY_ONE, "SELECT \"a", "quote");
	refused(QUERY_ONE, "SELECT E'a\\'", "quote");
	refused(QUERY_ONE, "", "empty");
	refused(QUERY_ONE, "-- only a comment\n", "empty");
	load(QUERY_ONE, "SELECT a$b, 'c$$'");
}

static void variants_without_a_name_are_refused(void **state)
{
	(void)state;
	refused(QUERY_ONE, "SELECT 1\n--? AND x", "variant");
	refused(QUERY_ONE, "SELECT 1\n--? : AND x", "variant");
	refused(QUERY_ONE, "SELECT 1\n--? a=: AND x", "variant");
	refused(QUERY_ONE, "SELECT 1\n--? a AND x", "variant");
	refused(QUERY_ONE, "SELECT 1\n--?", "variant");
}

static void a_page_needs_sorts_and_their_places(void **state)
{
	(void)state;
	refused(QUERY_PAGE, "SELECT :keys FROM t WHERE :after :order", "--sort");
	refused(QUERY_PAGE, "--sort a: a::int\nSELECT 1 FROM t WHERE :after :order", ":keys");
	refused(QUERY_PAGE, "--sort a: a::int\nSELECT :keys FROM t :order", ":after");
	refused(QUERY_PAGE, "--sort a: a::int\nSELECT :keys FROM t WHERE :after", ":order");
	refused(QUERY_MANY, "--sort a: a::int\nSELECT 1", "not a :page");
	refused(QUERY_PAGE,
		"--sort a: a::int\nSELECT :keys FROM t WHERE :after :order\n"
		"--? x: :order",
		"in a variant");
	/* Elsewhere the three are names like any other. */
	assert_string_equal(sql_of(QUERY_MANY, "SELECT :after::int, :order::int", NOTHING),
			    "SELECT $1::int, $2::int");
}

static void bad_sorts_are_refused(void **state)
{
	static const char *const lines[] = {
		"--sort a: a",
		"--sort a: a::int, b",
		"--sort a: a::int DESC, b::int",
		"--sort a: a::int NULLS LAST",
		"--sort a: f(a::int",
		"--sort a: 'a::int",
		"--sort a: a::int, ",
		"--sort a:",
		"--sort : a::int",
		"--sort a::int",
		"--sort a: :x::int",
		"--sort a: a::int\n--sort a: b::int",
		"--sort a b: a::int",
		"--sort a: a::int), b::int",
		"--sort",
	};
	char text[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof lines / sizeof *lines; i++) {
		snprintf(text, sizeof text, "%s\nSELECT :keys FROM t WHERE :after :order",
			 lines[i]);
		refused(QUERY_PAGE, text, "--sort");
	}
}

static void a_sort_key_may_be_an_expression_with_commas_and_quotes(void **state)
{
	const char *after[] = {"a", "1.5"};
	const struct page_request page = {.size = 1, .after = after, .after_count = 2};

	(void)state;
	load(QUERY_PAGE, "--sort a: coalesce(a, ',::x')::text, (b + 1)::numeric(7,2) ASC\n"
			 "SELECT :keys FROM t WHERE :after :order");
	assert_true(query_compose(thing(), f.arena, look, NOTHING, &page, NULL, &f.s));
	assert_non_null(strstr(f.s.sql, "(coalesce(a, ',::x')::text, (b + 1)::numeric(7,2)) > "
					"($1::text, $2::numeric(7,2))"));
}

static void names_and_kinds_of_queries_are_checked(void **state)
{
	static const struct query_source twice[] = {
		{"a", QUERY_ONE, "SELECT 1"},
		{"b", QUERY_ONE, "SELECT 1"},
		{"a", QUERY_ONE, "SELECT 2"},
	};
	static const struct query_source named[] = {{"School-get", QUERY_ONE, "SELECT 1"}};
	char error[300];

	(void)state;
	assert_null(query_registry_load(twice, 3, error));
	assert_non_null(strstr(error, "query a is there twice"));
	assert_null(query_registry_load(named, 1, error));
	assert_non_null(strstr(error, "School-get"));
	refused((enum query_kind)17, "SELECT 1", "no kind");
}

static void queries_are_found_by_name_and_number(void **state)
{
	static const struct query_source two[] = {
		{"a", QUERY_ONE, "SELECT 1"},
		{"b", QUERY_EXEC, "SELECT 2"},
	};
	char error[300];
	struct query_registry *r = query_registry_load(two, 2, error);

	(void)state;
	assert_non_null(r);
	assert_int_equal(query_number(r, "b"), 1);
	assert_int_equal(query_number(r, "c"), -1);
	assert_string_equal(query_name(query_get(r, 0)), "a");
	assert_int_equal(query_kind(query_get(r, 1)), QUERY_EXEC);
	assert_null(query_get(r, 2));
	assert_null(query_get(r, -1));
	query_registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phrases_that_defeat_plans_are_refused),
		cmocka_unit_test(what_could_be_misread_is_refused),
		cmocka_unit_test(variants_without_a_name_are_refused),
		cmocka_unit_test(a_page_needs_sorts_and_their_places),
		cmocka_unit_test(bad_sorts_are_refused),
		cmocka_unit_test(a_sort_key_may_be_an_expression_with_commas_and_quotes),
		cmocka_unit_test(names_and_kinds_of_queries_are_checked),
		cmocka_unit_test(queries_are_found_by_name_and_number),
	};

	return cmocka_run_group_tests_name("query, refusals", tests, begin, end);
}
