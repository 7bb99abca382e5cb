/*
 * route_test.c -- the tree of paths.
 */
#include "kernel/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct operation operations[] = {
	{.id = "root", .path = "/"},
	{.id = "list", .path = "/v1/schools"},
	{.id = "create", .path = "/v1/schools", .method = METHOD_POST},
	{.id = "get", .path = "/v1/schools/{school_id}"},
	{.id = "patch", .path = "/v1/schools/{school_id}", .method = METHOD_PATCH},
	{.id = "close", .path = "/v1/schools/{school_id}/close", .method = METHOD_POST},
	{.id = "mine", .path = "/v1/schools/mine"},
	{.id = "batch", .path = "/v1/schools:batch", .method = METHOD_POST},
	{.id = "nested", .path = "/v1/schools/{school_id}/classes/{class_id}"},
	{.id = "file", .path = "/v1/schools/mine/files/{file_id}", .method = METHOD_DELETE},
};

static struct arena *arena;
static struct route_node *root;
static struct route_match match;
static struct target target;

static int set_up(void **state)
{
	char error[200];
	size_t i;

	(void)state;
	arena = arena_new(1024 * 1024);
	for (i = 0; i < sizeof operations / sizeof *operations; i++) {
		if (!route_add(&root, &operations[i], error))
			return -1;
	}
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	route_free(root);
	arena_free(arena);
	return 0;
}

static bool find(const char *path)
{
	const char *where;

	assert_null(target_parse(arena, path, &target, &where));
	return route_find(root, &target, &match);
}

static void leads_to(const char *path, enum method method, const char *id)
{
	assert_true(find(path));
	assert_non_null(match.by_method[method]);
	assert_string_equal(match.by_method[method]->id, id);
}

static void each_path_leads_to_its_operations(void **state)
{
	(void)state;
	leads_to("/", METHOD_GET, "root");
	leads_to("/v1/schools", METHOD_GET, "list");
	leads_to("/v1/schools", METHOD_POST, "create");
	leads_to("/v1/schools:batch", METHOD_POST, "batch");
	leads_to("/v1/schools/7", METHOD_GET, "get");
	leads_to("/v1/schools/7", METHOD_PATCH, "patch");
	assert_null(match.by_method[METHOD_DELETE]);
	leads_to("/v1/schools/7/close", METHOD_POST, "close");
}

static void parameters_are_named_in_order(void **state)
{
	(void)state;
	leads_to("/v1/schools/a%20b/classes/%E4%BA%8C", METHOD_GET, "nested");
	assert_int_equal(match.value_count, 2);
	assert_string_equal(match.names[0], "school_id");
	assert_string_equal(match.values[0], "a b");
	assert_string_equal(match.names[1], "class_id");
	assert_string_equal(match.values[1], "二");
}

static void a_literal_wins_and_gives_way_where_it_leads_nowhere(void **state)
{
	(void)state;
	leads_to("/v1/schools/mine", METHOD_GET, "mine");
	assert_int_equal(match.value_count, 0);
	leads_to("/v1/schools/mine/close", METHOD_POST, "close");
	assert_int_equal(match.value_count, 1);
	assert_string_equal(match.values[0], "mine");
	leads_to("/v1/schools/mine/files/1", METHOD_DELETE, "file");
	assert_int_equal(match.value_count, 1);
	assert_string_equal(match.names[0], "file_id");
}

static void an_unknown_path_has_no_operation(void **state)
{
	size_t i;

	(void)state;
	assert_false(find("/v1"));
	assert_false(find("/v1/school"));
	assert_false(find("/v1/Schools"));
	assert_false(find("/v1/schools/7/close/x"));
	assert_false(find("/v1/schools/7/classes"));
	for (i = 0; i < METHOD_COUNT; i++)
		assert_null(match.by_method[i]);
	assert_int_equal(match.value_count, 0);
	assert_false(route_find(NULL, &target, &match));
}

static void allow_lists_methods_with_head_and_options(void **state)
{
	(void)state;
	assert_true(find("/v1/schools/7"));
	assert_string_equal(route_allow(arena, &match), "GET, HEAD, PATCH, OPTIONS");
	assert_true(find("/v1/schools:batch"));
	assert_string_equal(route_allow(arena, &match), "POST, OPTIONS");
	assert_true(find("/v1/schools/mine/files/1"));
	assert_string_equal(route_allow(arena, &match), "DELETE, OPTIONS");
}

static void refused(const char *path, const char *why)
{
	const struct operation o = {.id = "x", .path = path};
	char error[200] = "";

	if (route_add(&root, &o, error))
		fail_msg("%s is accepted", path);
	if (!strstr(error, why))
		fail_msg("%s: %s, not %s", path, error, why);
}

static void wrong_templates_are_refused(void **state)
{
	(void)state;
	refused("/v1/schools", "list");
	refused("/v1/schools/{id}", "school_id");
	refused("/v1/schools/", "neither");
	refused("/v1//x", "neither");
	refused("/v1/{a}b", "one parameter");
	refused("/v1/{}", "one parameter");
	refused("/v1/{a", "one parameter");
	refused("/v1/{a{b}", "one parameter");
	refused("/v1/a{b}", "neither");
	refused("v1", "begins with /");
	refused("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "too many");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_leads_to_its_operations),
		cmocka_unit_test(parameters_are_named_in_order),
		cmocka_unit_test(a_literal_wins_and_gives_way_where_it_leads_nowhere),
		cmocka_unit_test(an_unknown_path_has_no_operation),
		cmocka_unit_test(allow_lists_methods_with_head_and_options),
		cmocka_unit_test(wrong_templates_are_refused),
	};

	return cmocka_run_group_tests_name("route", tests, set_up, tear_down);
}
