/*
 * params_test.c -- path, query and header values by the contract's types.
 */
#include "kernel/params.h"

#include "contract_sample.h"
#include "kernel/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static struct contract *contract;
static struct arena *arena;
static const char *header_name, *header_text;

static int set_up(void **state)
{
	char error[400];

	(void)state;
	arena = arena_new(4 * 1024 * 1024);
	contract = contract_load(sample, strlen(sample), NULL, 0, error);
	return arena && contract ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	contract_free(contract);
	arena_free(arena);
	return 0;
}

static const char *look_up(void *headers, const char *name)
{
	assert_ptr_equal(headers, &header_name);
	return header_name && strcasecmp(header_name, name) == 0 ? header_text : NULL;
}

/* METHOD and RAW give EXPECTED, members sorted, or "place:name code, …". */
static void gives(enum method method, const char *raw, const char *expected)
{
	struct violations v = {.arena = arena};
	json_t *out = arena_json(arena, json_object());
	char text[2000] = "", *json;
	struct route_match m;
	struct target t;
	const char *where;
	size_t i, length = 0;
	bool good;

	assert_null(target_parse(arena, raw, &t, &where));
	assert_true(route_find(contract->routes, &t, &m));
	good = params_read(arena, m.by_method[method], &m, &t, look_up, &header_name, out, &v);
	assert_int_equal(good, v.count == 0);
	for (i = 0; i < v.count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s:%s %s",
					   i ? ", " : "",
					   v.list[i].place == IN_HEADER ? "header" : "parameter",
					   v.list[i].where, v.list[i].code);
	json = json_dumps(out, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
	assert_string_equal(good ? json : text, expected);
	free(json);
	arena_clear(arena);
}

static void list_gives(const char *query, const char *expected)
{
	char raw[600];

	snprintf(raw, sizeof raw, "/v1/things?%s", query);
	gives(METHOD_GET, raw, expected);
}

static void values_are_typed_and_defaults_filled_in(void **state)
{
	(void)state;
	list_gives("", "{\"page_size\":50}");
	list_gives("page_size=7&full=true&least=1.25&q=%E5%BC%A0",
		   "{\"full\":true,\"least\":1.25,\"page_size\":7,\"q\":\"张\"}");
	list_gives("least=-3&full=false", "{\"full\":false,\"least\":-3,\"page_size\":50}");
	list_gives("q=true", "{\"page_size\":50,\"q\":\"true\"}");
	list_gives("q=12", "{\"page_size\":50,\"q\":\"12\"}");
	list_gives("least=1e2", "{\"least\":100,\"page_size\":50}");
}

static void arrays_are_separated_by_commas(void **state)
{
	(void)state;
	list_gives("status=open,closed", "{\"page_size\":50,\"status\":[\"open\",\"closed\"]}");
	list_gives("status=open", "{\"page_size\":50,\"status\":[\"open\"]}");
	list_gives("status=open%2Cclosed", "{\"page_size\":50,\"status\":[\"open\",\"closed\"]}");
	list_gives("numbers=1,-2,3", "{\"numbers\":[1,-2,3],\"page_size\":50}");
	list_gives("numbers=1,x", "parameter:numbers parameter-type");
	list_gives("numbers=1,", "parameter:numbers parameter-type");
	list_gives("numbers=1.5", "parameter:numbers parameter-type");
	list_gives("status=open,shut", "parameter:status enum");
	list_gives("status=open,open,open,open", "parameter:status max-items");
	list_gives("status=open,", "parameter:status enum");
}

static void what_is_not_of_its_type_is_refused(void **state)
{
	static const char *const integers[] = {"a",    "1.0", "1e1", "+1",   "01",
					       "-",    "0x1", "1,2", "%201", "9223372036854775808",
					       "1%2B", "--1", "NaN"};
	static const char *const numbers[] = {".5",    "1.",    "1e",    "Infinity", "1_0",
					      "1e999", "0x1p3", "1.2.3", "1-2",      "-"};
	char query[60];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof integers / sizeof *integers; i++) {
		snprintf(query, sizeof query, "page_size=%s", integers[i]);
		list_gives(query, "parameter:page_size parameter-type");
	}
	for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		snprintf(query, sizeof query, "least=%s", numbers[i]);
		list_gives(query, "parameter:least parameter-type");
	}
	list_gives("full=1", "parameter:full parameter-type");
	list_gives("full=True", "parameter:full parameter-type");
}

static void every_fault_is_told_at_once(void **state)
{
	(void)state;
	list_gives("page_size=0&least=0.001&q=abcdef&x=1&Q=2",
		   "parameter:page_size minimum, parameter:q max-length, "
		   "parameter:least multiple-of, parameter:x parameter-unknown, "
		   "parameter:Q parameter-unknown");
}

static void a_long_unknown_name_is_cut(void **state)
{
	char query[400], expected[400];

	(void)state;
	snprintf(query, sizeof query, "%0200d=1", 0);
	snprintf(expected, sizeof expected, "parameter:%090d… parameter-unknown", 0);
	list_gives(query, expected);
}

static void empty_values_are_refused_unless_allowed(void **state)
{
	(void)state;
	list_gives("page_size=", "parameter:page_size parameter-empty");
	list_gives("status", "parameter:status parameter-empty");
	list_gives("q=", "{\"page_size\":50,\"q\":\"\"}");
	list_gives("q", "{\"page_size\":50,\"q\":\"\"}");
}

static void path_values_obey_their_schema(void **state)
{
	(void)state;
	header_name = "if-match";
	header_text = "\"1-a\"";
	gives(METHOD_PATCH, "/v1/things/0199b0a4-7c00-7000-8000-000000000001",
	      "{\"if_match\":\"\\\"1-a\\\"\","
	      "\"thing_id\":\"0199b0a4-7c00-7000-8000-000000000001\"}");
	gives(METHOD_PATCH, "/v1/things/7", "parameter:thing_id format");
	gives(METHOD_PATCH, "/v1/things/0199b0a4-7c00-7000-8000-000000000001?thing_id=7",
	      "parameter:thing_id parameter-unknown");
	header_name = NULL;
}

static void headers_are_parameters_too(void **state)
{
	(void)state;
	header_name = "PREFER";
	header_text = "respond-async ,\twait=5";
	list_gives("", "{\"page_size\":50,\"prefer\":[\"respond-async\",\"wait=5\"]}");
	header_text = "a, b, c";
	list_gives("", "header:Prefer max-items");
	header_text = "";
	list_gives("", "header:Prefer parameter-empty");
	header_text = "\xFF";
	list_gives("", "header:Prefer parameter-encoding");
	header_name = "Idempotency-Key";
	header_text = "0123456789";
	gives(METHOD_POST, "/v1/things", "header:Idempotency-Key max-length");
	header_text = "k";
	gives(METHOD_POST, "/v1/things", "{\"idempotency_key\":\"k\"}");
	header_name = NULL;
}

static void a_missing_precondition_is_left_to_its_step(void **state)
{
	(void)state;
	gives(METHOD_POST, "/v1/things", "{}");
	gives(METHOD_PATCH, "/v1/things/0199b0a4-7c00-7000-8000-000000000001",
	      "{\"thing_id\":\"0199b0a4-7c00-7000-8000-000000000001\"}");
}

static void a_missing_parameter_is_refused(void **state)
{
	const char *text =
		sample_with("{name: full, in: query,", "{name: full, in: query, required: true,");
	struct contract *usual = contract;
	char error[400];

	(void)state;
	assert_non_null(text);
	contract = contract_load(text, strlen(text), NULL, 0, error);
	assert_non_null(contract);
	list_gives("", "parameter:full parameter-missing");
	contract_free(contract);
	contract = usual;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_typed_and_defaults_filled_in),
		cmocka_unit_test(arrays_are_separated_by_commas),
		cmocka_unit_test(what_is_not_of_its_type_is_refused),
		cmocka_unit_test(every_fault_is_told_at_once),
		cmocka_unit_test(a_long_unknown_name_is_cut),
		cmocka_unit_test(empty_values_are_refused_unless_allowed),
		cmocka_unit_test(path_values_obey_their_schema),
		cmocka_unit_test(headers_are_parameters_too),
		cmocka_unit_test(a_missing_precondition_is_left_to_its_step),
		cmocka_unit_test(a_missing_parameter_is_refused),
	};

	return cmocka_run_group_tests_name("params", tests, set_up, tear_down);
}
