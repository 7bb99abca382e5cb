/*
 * query_test.c -- which statements come of a query: parameters, variants, pages, fields.
 *
 * Texts alone; whether they are SQL is shown by query_pages_test.c.
 */
#include "query_fixture.h"

static const char *page_of(void *parameters, const struct page_request *page)
{
	load(QUERY_PAGE, PEOPLE);
	assert_true(query_compose(thing(), f.arena, look, parameters, page, NULL, &f.s));
	return f.s.sql;
}

/* --- placeholders --- */

static void named_parameters_become_numbered_ones(void **state)
{
	(void)state;
	assert_string_equal(
		sql_of(QUERY_ONE, "SELECT :a::int, :b::text\n", WITH("b", "two", "a", "1")),
		"SELECT $1::int, $2::text");
	assert_int_equal(f.s.parameter_count, 2);
	assert_string_equal(f.s.parameters[0], "1");
	assert_string_equal(f.s.parameters[1], "two");
	assert_string_equal(f.s.name, "thing_list");
}

static void an_absent_parameter_is_null(void **state)
{
	(void)state;
	sql_of(QUERY_ONE, "SELECT :a::int, :b::int", WITH("b", "2"));
	assert_null(f.s.parameters[0]);
	assert_string_equal(f.s.parameters[1], "2");
}

static void a_parameter_used_twice_is_sent_once_for_each_cast(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_ONE, "SELECT :a::int, :a::int, :a::text, :a, :a::int[]",
				   WITH("a", "1")),
			    "SELECT $1::int, $1::int, $2::text, $3, $4::int[]");
	assert_int_equal(f.s.parameter_count, 4);
}

static void casts_are_no_parameters(void **state)
{
	(void)state;
	assert_string_equal(
		sql_of(QUERY_ONE, "SELECT 'x'::text, now()::date::text, a :: int", NOTHING),
		"SELECT 'x'::text, now()::date::text, a :: int");
}

static void quoted_text_and_identifiers_are_left_alone(void **state)
{
	static const char sql[] = "SELECT ':a it''s -- no :b', \"co:l\"\"umn :c\", E'\\':d', "
				  "'IS NULL OR $1 /* ; */'";

	(void)state;
	assert_string_equal(sql_of(QUERY_ONE, sql, NOTHING), sql);
	assert_int_equal(f.s.parameter_count, 0);
}

static void a_backslash_escapes_only_in_an_escape_string(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_ONE, "SELECT '\\', :a::text", NOTHING),
			    "SELECT '\\', $1::text");
	assert_string_equal(sql_of(QUERY_ONE, "SELECT E'\\' :b', :a::text", NOTHING),
			    "SELECT E'\\' :b', $1::text");
	assert_string_equal(sql_of(QUERY_ONE, "SELECT DATE'\\', :a::text", NOTHING),
			    "SELECT DATE'\\', $1::text");
}

static void quoted_text_may_span_lines_that_look_like_comments(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_ONE, "SELECT 'a\n--? x: b\n-- c' AS d\n", NOTHING),
			    "SELECT 'a\n--? x: b\n-- c' AS d");
}

static void comments_are_dropped(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_ONE,
				   "-- It's a :comment with a 'quote\nSELECT 1 -- :a 'b\n, 2\n",
				   NOTHING),
			    "SELECT 1 \n, 2");
	assert_int_equal(f.s.parameter_count, 0);
}

static void one_semicolon_at_the_end_is_dropped(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_ONE, "SELECT 1;\n-- end\n\n", NOTHING), "SELECT 1");
	refused(QUERY_ONE, "SELECT 1; SELECT 2", "semicolon");
	refused(QUERY_ONE, "SELECT 1;\n:a", "semicolon");
}

/* --- variants --- */

static const char variants[] = "SELECT 1 WHERE true\n"
			       "--? a: AND a = :a::int\n"
			       "--? b=x: AND bx\n"
			       "--? b=y: AND by\n"
			       "--? !a: AND no_a\n"
			       "--? !b=x: AND no_bx\n"
			       "LIMIT :n::int\n";

static void a_variant_holds_when_its_parameter_is_given(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_MANY, variants, WITH("a", "1", "b", "x")),
			    "SELECT 1 WHERE true\n AND a = $1::int\n AND bx\nLIMIT $2::int");
}

static void a_variant_can_ask_for_absence_and_for_a_value(void **state)
{
	(void)state;
	assert_string_equal(sql_of(QUERY_MANY, variants, WITH("b", "y", "n", "3")),
			    "SELECT 1 WHERE true\n AND by\n AND no_a\n AND no_bx\nLIMIT $1::int");
	assert_string_equal(f.s.parameters[0], "3");
}

static void a_variant_holds_for_a_value_within_a_list(void **state)
{
	static const char *const lists[] = {"x,y", "{y,x}", "[\"y\",\"x\"]", "[\"x\", \"y\"]"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof lists / sizeof *lists; i++) {
		const char *sql = sql_of(QUERY_MANY, variants, WITH("b", lists[i]));

		assert_non_null(strstr(sql, "bx"));
		assert_non_null(strstr(sql, "by"));
		assert_null(strstr(sql, "no_bx"));
	}
	assert_null(strstr(sql_of(QUERY_MANY, variants, WITH("b", "xx,yy,x-y")), " bx"));
}

static void each_combination_has_a_short_stable_name_of_its_own(void **state)
{
	char first[64];

	(void)state;
	sql_of(QUERY_MANY, variants, WITH("a", "1"));
	snprintf(first, sizeof first, "%s", f.s.name);
	assert_string_not_equal(first, "thing_list");
	assert_true(strlen(first) < 30);
	sql_of(QUERY_MANY, variants, WITH("a", "2"));
	assert_string_equal(f.s.name, first);
	sql_of(QUERY_MANY, variants, WITH("a", "2", "b", "x"));
	assert_string_not_equal(f.s.name, first);
}

/* --- pages --- */

static void the_first_sort_is_the_default(void **state)
{
	const struct page_request page = {.size = 20};

	(void)state;
	assert_string_equal(page_of(NOTHING, &page),
			    "SELECT q.* FROM (\n"
			    "SELECT row_to_json(p) AS body, p.id AS version, "
			    "p.name::text COLLATE \"C\" AS key1, p.id::int AS key2 "
			    "FROM person p WHERE true\n AND NOT p.gone\n"
			    "ORDER BY p.name::text COLLATE \"C\", p.id::int LIMIT 51\n"
			    ") q LIMIT $1::bigint");
	assert_string_equal(f.s.parameters[0], "21");
	assert_int_equal(query_key_count(thing(), NULL), 2);
	assert_int_equal(query_key_count(thing(), "id"), 1);
	assert_int_equal(query_key_count(thing(), "nothing"), 0);
}

static void a_cursor_becomes_a_row_comparison_with_the_types_of_the_keys(void **state)
{
	const char *after[] = {"Li", "7"};
	const struct page_request up = {.size = 500, .after = after, .after_count = 2};
	const struct page_request down = {
		.size = 5, .sort = "-name", .after = after, .after_count = 2};
	const char *sql;

	(void)state;
	sql = page_of(WITH("school", "3"), &up);
	assert_non_null(strstr(sql, "WHERE (p.name::text COLLATE \"C\", p.id::int) > "
				    "($1::text, $2::int)\n AND p.school = $3::int"));
	assert_non_null(strstr(sql, "LIMIT 501\n) q LIMIT $4::bigint"));
	assert_string_equal(f.s.parameters[0], "Li");
	assert_string_equal(f.s.parameters[1], "7");
	assert_string_equal(f.s.parameters[2], "3");
	assert_string_equal(f.s.parameters[3], "501");
	sql = page_of(NOTHING, &down);
	assert_non_null(
		strstr(sql, "(p.name::text COLLATE \"C\", p.id::int) < ($1::text, $2::int)"));
	assert_non_null(strstr(sql, "ORDER BY p.name::text COLLATE \"C\" DESC, p.id::int DESC "));
}

static void a_large_page_has_only_its_own_limit(void **state)
{
	const struct page_request page = {.size = 5000, .sort = "id"};

	(void)state;
	assert_non_null(strstr(page_of(NOTHING, &page), "ORDER BY p.id::int LIMIT $1::bigint"));
	assert_null(strstr(f.s.sql, ") q"));
	assert_string_equal(f.s.parameters[0], "5001");
}

static void a_cursor_or_sort_that_does_not_fit_is_refused(void **state)
{
	const char *after[] = {"Li"};
	const struct page_request short_one = {.size = 20, .after = after, .after_count = 1};
	const struct page_request unknown = {.size = 20, .sort = "age"};

	(void)state;
	load(QUERY_PAGE, PEOPLE);
	assert_false(query_compose(thing(), f.arena, look, NOTHING, &short_one, NULL, &f.s));
	assert_false(query_compose(thing(), f.arena, look, NOTHING, &unknown, NULL, &f.s));
	assert_false(query_compose(thing(), f.arena, look, NOTHING, NULL, NULL, &f.s));
}

static void the_total_counts_with_the_same_variants(void **state)
{
	(void)state;
	load(QUERY_PAGE, PEOPLE);
	assert_true(query_compose_total(thing(), f.arena, look, WITH("school", "3"), &f.s));
	assert_int_equal(strncmp(f.s.sql, "SELECT count(*) AS total_count FROM (\n", 38), 0);
	assert_non_null(strstr(f.s.sql, "WHERE true\n AND p.school = $1::int\n AND NOT p.gone"));
	assert_null(strstr(f.s.sql, "LIMIT"));
	assert_null(strstr(f.s.sql, "ORDER"));
	load(QUERY_MANY, "SELECT 1");
	assert_false(query_compose_total(thing(), f.arena, look, NOTHING, &f.s));
}

/* --- fields --- */

static const char *fields_of(const char *text)
{
	load(QUERY_ONE, text);
	assert_true(query_compose(thing(), f.arena, look, WITH("id", "1"), NULL, "a,b", &f.s));
	return f.s.sql;
}

static void fields_pick_from_the_body_and_keep_the_other_columns(void **state)
{
	const struct page_request page = {.size = 20, .sort = "id", .fields = "name"};

	(void)state;
	assert_string_equal(
		fields_of("SELECT row_to_json(s) AS body, s.version, x(1, 2) AS \"W\" "
			  "FROM s WHERE s.id = :id::int;"),
		"SELECT pick(q.body::json, $2::text) AS body, q.version, q.\"W\" FROM (\n"
		"SELECT row_to_json(s) AS body, s.version, x(1, 2) AS \"W\" FROM s "
		"WHERE s.id = $1::int\n) q");
	assert_string_equal(f.s.parameters[1], "a,b");
	assert_string_equal(f.s.name, "thing_list~0.0f");
	page_of(NOTHING, &page);
	assert_int_equal(strncmp(f.s.sql,
				 "SELECT pick(q.body::json, $1::text) AS body, q.version, "
				 "q.key1 FROM (\n",
				 70),
			 0);
	assert_non_null(strstr(f.s.sql, "LIMIT 51\n) q LIMIT $2::bigint"));
}

static void fields_see_through_what_a_select_list_may_hold(void **state)
{
	(void)state;
	assert_non_null(
		strstr(fields_of("WITH x AS (SELECT 1 AS no FROM t) SELECT DISTINCT ON (a) "
				 "b AS body, (SELECT c FROM d) AS sub, CASE WHEN a THEN 1 END, "
				 "'from, as' AS \"quo\"\"ted\", x.*, count(*), a::date, "
				 "a IS DISTINCT FROM b AS differs FROM x"),
		       "AS body, q.sub, q.\"quo\"\"ted\", q.differs FROM ("));
	assert_non_null(strstr(fields_of("SELECT body, id"), "AS body, q.id FROM ("));
}

static void fields_of_a_change_are_refused(void **state)
{
	static const char *const changes[] = {
		"INSERT INTO t (a) SELECT 1 RETURNING a AS body",
		"WITH x AS (SELECT 1) UPDATE t SET a = 1 RETURNING a AS body",
		"DELETE FROM t",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof changes / sizeof *changes; i++) {
		load(QUERY_ONE, changes[i]);
		assert_false(query_compose(thing(), f.arena, look, NOTHING, NULL, "a", &f.s));
	}
	fields_of("SELECT body FROM t FOR UPDATE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_parameters_become_numbered_ones),
		cmocka_unit_test(an_absent_parameter_is_null),
		cmocka_unit_test(a_parameter_used_twice_is_sent_once_for_each_cast),
		cmocka_unit_test(casts_are_no_parameters),
		cmocka_unit_test(quoted_text_and_identifiers_are_left_alone),
		cmocka_unit_test(a_backslash_escapes_only_in_an_escape_string),
		cmocka_unit_test(quoted_text_may_span_lines_that_look_like_comments),
		cmocka_unit_test(comments_are_dropped),
		cmocka_unit_test(one_semicolon_at_the_end_is_dropped),
		cmocka_unit_test(a_variant_holds_when_its_parameter_is_given),
		cmocka_unit_test(a_variant_can_ask_for_absence_and_for_a_value),
		cmocka_unit_test(a_variant_holds_for_a_value_within_a_list),
		cmocka_unit_test(each_combination_has_a_short_stable_name_of_its_own),
		cmocka_unit_test(the_first_sort_is_the_default),
		cmocka_unit_test(a_cursor_becomes_a_row_comparison_with_the_types_of_the_keys),
		cmocka_unit_test(a_large_page_has_only_its_own_limit),
		cmocka_unit_test(a_cursor_or_sort_that_does_not_fit_is_refused),
		cmocka_unit_test(the_total_counts_with_the_same_variants),
		cmocka_unit_test(fields_pick_from_the_body_and_keep_the_other_columns),
		cmocka_unit_test(fields_see_through_what_a_select_list_may_hold),
		cmocka_unit_test(fields_of_a_change_are_refused),
	};

	return cmocka_run_group_tests_name("query", tests, begin, end);
}
