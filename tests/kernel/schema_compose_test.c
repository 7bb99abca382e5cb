/*
 * schema_compose_test.c -- schemas put together, what is said about violations, and defaults.
 */
#include "schema_expect.h"

static void references_lead_anywhere_in_the_document(void **state)
{
	(void)state;
	gives("{\"$ref\":\"#/$defs/a~1b%20c\",\"$defs\":{\"a/b c\":{\"type\":\"integer\"}}}",
	      "\"x\"", "# type");
	gives("{\"$ref\":\"#/$defs/a\",\"minimum\":5,\"$defs\":{\"a\":{\"maximum\":1}}}", "3",
	      "# minimum, # maximum");
	gives("{\"properties\":{\"a\":{\"minimum\":1},\"b\":{\"$ref\":\"#/properties/a\"}}}",
	      "{\"b\":0}", "#/b minimum");
	gives("{\"allOf\":[true,{\"minimum\":1}],\"properties\":{\"b\":{\"$ref\":\"#/allOf/1\"}}}",
	      "{\"b\":0}", "#/b minimum");
}

static void schemas_may_contain_themselves(void **state)
{
	const char *tree =
		"{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{"
		"\"name\":{\"type\":\"string\"},\"parts\":{\"items\":{\"$ref\":\"#\"}}}}";

	(void)state;
	gives(tree, "{\"name\":\"a\",\"parts\":[{\"name\":\"b\",\"parts\":[{\"name\":\"c\"}]}]}",
	      "");
	gives(tree, "{\"name\":\"a\",\"parts\":[{\"name\":\"b\",\"parts\":[{\"name\":1},{}]}]}",
	      "#/parts/0/parts/0/name type, #/parts/0/parts/1/name required");
}

static void all_of_reports_every_part(void **state)
{
	(void)state;
	gives("{\"allOf\":[{\"minimum\":2},{\"multipleOf\":2}]}", "1", "# minimum, # multiple-of");
	gives("{\"allOf\":[{\"minimum\":2},{\"multipleOf\":2}]}", "4", "");
	gives("{\"not\":{\"type\":\"string\"}}", "\"a\"", "# not");
	gives("{\"not\":{\"type\":\"string\"}}", "1", "");
}

static void a_failed_choice_tells_of_the_branch_that_was_meant(void **state)
{
	const char *kinds = "{\"oneOf\":["
			    "{\"type\":\"object\",\"required\":[\"kind\",\"a\"],\"properties\":{"
			    "\"kind\":{\"const\":\"x\"},\"a\":{\"type\":\"integer\"}}},"
			    "{\"type\":\"object\",\"required\":[\"kind\",\"b\"],\"properties\":{"
			    "\"kind\":{\"enum\":[\"y\"]},\"b\":{\"type\":\"string\"}}}]}";

	(void)state;
	gives(kinds, "{\"kind\":\"x\",\"a\":1}", "");
	gives(kinds, "{\"kind\":\"y\",\"b\":1}", "#/b type");
	gives(kinds, "{\"kind\":\"x\"}", "#/a required");
	gives(kinds, "{\"kind\":\"z\"}", "#/kind enum");
	gives(kinds, "{}", "#/kind required");
	gives(kinds, "[]", "# type");
	gives("{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\",\"minLength\":2}]}", "\"a\"",
	      "# min-length");
	gives("{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "1", "# type");
	gives("{\"anyOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "1", "# any-of");
	gives("{\"oneOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "1", "# one-of");
	gives("{\"oneOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "6", "# one-of-several");
	gives("{\"oneOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "7", "");
	gives("{\"anyOf\":[{\"minimum\":5},{\"multipleOf\":2}]}", "6", "");
}

static void boolean_schemas_are_schemas(void **state)
{
	(void)state;
	gives("true", "1", "");
	gives("false", "1", "# not-allowed");
	gives("{}", "[{\"a\":null}]", "");
}

/* ---- what is said ---- */

static void texts_have_their_parameters(void **state)
{
	json_t *definition = read_json("{\"type\":[\"string\",\"null\"],\"maxLength\":2}");
	json_t *number = json_integer(5), *text = json_string("abc");
	struct violations v = {.arena = arena};
	struct schema *s = compile(definition);

	(void)state;
	assert_false(schema_validate(s, number, IN_PARAMETER, "name", false, &v));
	assert_false(schema_validate(s, text, IN_HEADER, "If-Match", false, &v));
	assert_int_equal(v.count, 2);
	assert_int_equal(v.list[0].place, IN_PARAMETER);
	assert_string_equal(v.list[0].where, "name");
	assert_string_equal(json_string_value(json_object_get(v.list[0].params, "expected")),
			    "string | null");
	assert_int_equal(v.list[1].place, IN_HEADER);
	assert_string_equal(v.list[1].where, "If-Match");
	assert_int_equal(json_integer_value(json_object_get(v.list[1].params, "limit")), 2);
	json_decref(number);
	json_decref(text);
	schema_free(s);
	json_decref(definition);
	arena_clear(arena);
}

static void a_parameter_is_named_without_a_pointer(void **state)
{
	json_t *definition = read_json("{\"items\":{\"enum\":[\"a\",\"b\"]}}");
	json_t *value = read_json("[\"a\",\"c\"]");
	struct violations v = {.arena = arena};
	struct schema *s = compile(definition);

	(void)state;
	assert_false(schema_validate(s, value, IN_PARAMETER, "status", false, &v));
	assert_string_equal(v.list[0].where, "status");
	assert_string_equal(json_string_value(json_object_get(v.list[0].params, "allowed")),
			    "a, b");
	json_decref(value);
	schema_free(s);
	json_decref(definition);
	arena_clear(arena);
}

static void violations_beyond_the_list_are_counted_as_more(void **state)
{
	json_t *definition = read_json("{\"items\":{\"type\":\"string\"}}"), *value = json_array();
	struct violations v = {.arena = arena};
	struct schema *s = compile(definition);
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		json_array_append_new(value, json_integer(i));
	assert_false(schema_validate(s, value, IN_BODY, "#", false, &v));
	assert_int_equal(v.count, VIOLATIONS_MAX);
	assert_true(v.more);
	json_decref(value);
	schema_free(s);
	json_decref(definition);
	arena_clear(arena);
}

static void work_is_bounded_whatever_the_schema(void **state)
{
	/* Each level of the value is looked at twice by each branch: 2^60 without a bound. */
	const char *schema = "{\"type\":\"array\",\"anyOf\":[{\"items\":{\"$ref\":\"#\"},"
			     "\"maxItems\":1,\"minItems\":1},{\"items\":{\"$ref\":\"#\"},"
			     "\"minItems\":1}]}";
	char value[130];

	(void)state;
	memset(value, '[', 60);
	memset(value + 60, ']', 60);
	value[120] = '\0';
	gives(schema, value, "# too-complex");
}

/* ---- defaults ---- */

/* VALUE becomes EXPECTED where SCHEMA fills in its defaults. */
static void fills(const char *schema, const char *value, bool good, const char *expected)
{
	json_t *definition = read_json(schema), *instance = read_json(value);
	struct violations v = {.arena = arena};
	struct schema *s = compile(definition);
	char *text;

	if (schema_validate(s, instance, IN_BODY, "#", true, &v) != good)
		fail_msg("%s against %s", value, schema);
	text = json_dumps(instance, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, expected);
	free(text);
	schema_free(s);
	json_decref(definition);
	json_decref(instance);
	arena_clear(arena);
}

static void absent_members_get_their_defaults(void **state)
{
	const char *schema =
		"{\"properties\":{\"a\":{\"default\":1},\"b\":{\"$ref\":\"#/$defs/b\"},"
		"\"c\":{\"properties\":{\"d\":{\"default\":[]}}}},"
		"\"$defs\":{\"b\":{\"default\":\"x\"}}}";

	(void)state;
	fills(schema, "{}", true, "{\"a\":1,\"b\":\"x\"}");
	fills(schema, "{\"c\":{},\"a\":null}", true, "{\"c\":{\"d\":[]},\"a\":null,\"b\":\"x\"}");
	fills(schema, "[]", true, "[]");
	fills("{\"items\":{\"properties\":{\"a\":{\"default\":0}}}}", "[{},{\"a\":1},5]", true,
	      "[{\"a\":0},{\"a\":1},5]");
	fills("{\"additionalProperties\":{\"properties\":{\"a\":{\"default\":0}}}}", "{\"x\":{}}",
	      true, "{\"x\":{\"a\":0}}");
	fills("{\"properties\":{\"a\":{\"default\":{},\"properties\":{\"b\":{\"default\":1}}}}}",
	      "{}", true, "{\"a\":{\"b\":1}}");
}

static void defaults_are_filled_in_beside_faults_and_rescue_nothing(void **state)
{
	(void)state;
	fills("{\"properties\":{\"a\":{\"default\":1},\"b\":{\"type\":\"string\"}}}", "{\"b\":1}",
	      false, "{\"b\":1,\"a\":1}");
	fills("{\"minProperties\":1,\"properties\":{\"a\":{\"default\":1}}}", "{}", false,
	      "{\"a\":1}");
	fills("{\"required\":[\"a\"],\"properties\":{\"a\":{\"default\":1}}}", "{}", false,
	      "{\"a\":1}");
	fills("{\"allOf\":[{\"properties\":{\"a\":{\"default\":1}}},"
	      "{\"additionalProperties\":false}]}",
	      "{}", true, "{\"a\":1}");
}

static void only_the_branch_that_fits_gives_defaults(void **state)
{
	const char *schema = "{\"oneOf\":["
			     "{\"properties\":{\"k\":{\"const\":1},\"a\":{\"default\":1}}},"
			     "{\"properties\":{\"k\":{\"const\":2},\"b\":{\"default\":2}}}]}";

	(void)state;
	fills(schema, "{\"k\":2}", true, "{\"k\":2,\"b\":2}");
	fills(schema, "{\"k\":3}", false, "{\"k\":3}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_lead_anywhere_in_the_document),
		cmocka_unit_test(schemas_may_contain_themselves),
		cmocka_unit_test(all_of_reports_every_part),
		cmocka_unit_test(a_failed_choice_tells_of_the_branch_that_was_meant),
		cmocka_unit_test(boolean_schemas_are_schemas),
		cmocka_unit_test(texts_have_their_parameters),
		cmocka_unit_test(a_parameter_is_named_without_a_pointer),
		cmocka_unit_test(violations_beyond_the_list_are_counted_as_more),
		cmocka_unit_test(work_is_bounded_whatever_the_schema),
		cmocka_unit_test(absent_members_get_their_defaults),
		cmocka_unit_test(defaults_are_filled_in_beside_faults_and_rescue_nothing),
		cmocka_unit_test(only_the_branch_that_fits_gives_defaults),
	};

	return cmocka_run_group_tests_name("schema: composition", tests, set_up, tear_down);
}
