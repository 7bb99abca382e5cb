/*
 * schema_test.c -- each keyword that judges a value, and its traps.
 *
 * Schemas put together are in schema_compose_test.c, what does not compile and what is asked of
 * a schema in schema_compile_test.c.
 */
#include "schema_expect.h"

/* ---- types and values ---- */

static void types_are_told_apart(void **state)
{
	(void)state;
	gives("{\"type\":\"integer\"}", "1", "");
	gives("{\"type\":\"integer\"}", "1.0", "");
	gives("{\"type\":\"integer\"}", "1.5", "# type");
	gives("{\"type\":\"number\"}", "1", "");
	gives("{\"type\":\"number\"}", "\"1\"", "# type");
	gives("{\"type\":\"boolean\"}", "0", "# type");
	gives("{\"type\":\"null\"}", "false", "# type");
	gives("{\"type\":\"string\"}", "null", "# type");
	gives("{\"type\":[\"string\",\"null\"]}", "null", "");
	gives("{\"type\":[\"string\",\"null\"]}", "1", "# type");
	gives("{\"type\":[\"integer\",\"string\"]}", "1.5", "# type");
	gives("{\"type\":\"array\"}", "{}", "# type");
	gives("{\"type\":\"object\"}", "[]", "# type");
}

static void constants_and_choices_are_compared_as_json(void **state)
{
	(void)state;
	gives("{\"const\":1}", "1.0", "");
	gives("{\"const\":1}", "true", "# const");
	gives("{\"const\":{\"a\":1,\"b\":[0]}}", "{\"b\":[0.0],\"a\":1}", "");
	gives("{\"const\":{\"a\":1}}", "{\"a\":1,\"b\":1}", "# const");
	gives("{\"enum\":[\"a\",null,0]}", "null", "");
	gives("{\"enum\":[\"a\",null,0]}", "false", "# enum");
	gives("{\"enum\":[[1,2]]}", "[2,1]", "# enum");
	gives("{\"enum\":[\"a\"],\"minLength\":5}", "\"b\"", "# enum");
}

/* ---- numbers ---- */

static void numbers_are_judged_at_their_bounds(void **state)
{
	(void)state;
	gives("{\"minimum\":1}", "1", "");
	gives("{\"minimum\":1}", "0.999", "# minimum");
	gives("{\"maximum\":1.5}", "1.5", "");
	gives("{\"maximum\":1.5}", "2", "# maximum");
	gives("{\"exclusiveMinimum\":0}", "0", "# exclusive-minimum");
	gives("{\"exclusiveMinimum\":0}", "0.01", "");
	gives("{\"exclusiveMaximum\":10}", "10.0", "# exclusive-maximum");
	gives("{\"exclusiveMaximum\":10}", "9.99", "");
	gives("{\"minimum\":2,\"multipleOf\":2}", "1", "# minimum, # multiple-of");
	gives("{\"minimum\":9007199254740993}", "9007199254740992", "# minimum");
	gives("{\"minimum\":5}", "\"1\"", "");
}

static void multiples_are_judged_in_decimal(void **state)
{
	(void)state;
	gives("{\"multipleOf\":0.01}", "[]", "");
	gives("{\"multipleOf\":0.01}", "19.99", "");
	gives("{\"multipleOf\":0.01}", "4.35", "");
	gives("{\"multipleOf\":0.01}", "0.07", "");
	gives("{\"multipleOf\":0.01}", "4.351", "# multiple-of");
	gives("{\"multipleOf\":0.5}", "1.25", "# multiple-of");
	gives("{\"multipleOf\":0.1}", "-0.3", "");
	gives("{\"type\":\"integer\",\"multipleOf\":0.123456789}", "1e308", "# multiple-of");
}

static void integer_formats_bound_their_width(void **state)
{
	(void)state;
	gives("{\"format\":\"int32\"}", "2147483647", "");
	gives("{\"format\":\"int32\"}", "-2147483648", "");
	gives("{\"format\":\"int32\"}", "2147483648", "# format");
	gives("{\"format\":\"int32\"}", "1.5", "# format");
	gives("{\"format\":\"int64\"}", "9223372036854775807", "");
	gives("{\"format\":\"int64\"}", "1e19", "# format");
	gives("{\"format\":\"int64\"}", "\"x\"", "");
	gives("{\"format\":\"double\"}", "1.5", "");
}

/* ---- strings ---- */

static void lengths_count_code_points(void **state)
{
	(void)state;
	gives("{\"maxLength\":2}", "\"教师\"", "");
	gives("{\"maxLength\":2}", "\"班主任\"", "# max-length");
	gives("{\"maxLength\":2}", "\"\\ud83d\\ude00\\ud83d\\ude00\"", "");
	gives("{\"minLength\":2}", "\"\\ud83d\\ude00\"", "# min-length");
	gives("{\"minLength\":2}", "\"师\"", "# min-length");
	gives("{\"minLength\":3}", "\"abc\"", "");
	gives("{\"minLength\":0,\"maxLength\":0}", "\"\"", "");
	gives("{\"maxLength\":2.0}", "\"abc\"", "# max-length");
}

static void patterns_are_not_anchored_and_know_unicode(void **state)
{
	(void)state;
	gives("{\"pattern\":\"b\"}", "\"abc\"", "");
	gives("{\"pattern\":\"^b\"}", "\"abc\"", "# pattern");
	gives("{\"pattern\":\"^a$\"}", "\"a\\n\"", "# pattern");
	gives("{\"pattern\":\"^.$\"}", "\"\\ud83d\\ude00\"", "");
	gives("{\"pattern\":\"^\\\\p{Han}{2,4}$\"}", "\"张老师\"", "");
	gives("{\"pattern\":\"^\\\\d+$\"}", "\"１２\"", "# pattern");
	gives("{\"pattern\":\"^\\\\u5f20\"}", "\"张\"", "");
	gives("{\"pattern\":\"a\"}", "5", "");
	/* A text that is too long is not given to the expression. */
	gives("{\"pattern\":\"^b\",\"maxLength\":2}", "\"aaa\"", "# max-length");
}

static void a_pattern_cannot_be_made_to_run_for_ever(void **state)
{
	enum { MANY = 2000 };
	char value[MANY + 4];

	(void)state;
	memset(value, 'a', sizeof value);
	value[0] = '"';
	value[MANY + 1] = '!';
	value[MANY + 2] = '"';
	value[MANY + 3] = '\0';
	gives("{\"pattern\":\"^(a+)+$\"}", value, "# pattern");
	gives("{\"pattern\":\"^(a|aa)*(a|b)*$\"}", value, "# pattern");
	gives("{\"pattern\":\"^(?:a|a|!)*$\"}", value, "");
}

static void formats_are_asserted(void **state)
{
	(void)state;
	gives("{\"format\":\"date\"}", "\"2024-02-29\"", "");
	gives("{\"format\":\"date\"}", "\"2023-02-29\"", "# format");
	gives("{\"format\":\"date\"}", "\"0000-01-01\"", "# format");
	gives("{\"format\":\"date-time\"}", "\"2026-10-15T02:00:00.000Z\"", "");
	gives("{\"format\":\"date-time\"}", "\"2026-10-15T02:00:00\"", "# format");
	gives("{\"format\":\"date-time\"}", "\"2026-10-15 02:00:00Z\"", "# format");
	gives("{\"format\":\"date-time\"}", "\"2016-12-31T23:59:60Z\"", "");
	gives("{\"format\":\"date-time\"}", "\"2017-01-01T07:59:60+08:00\"", "");
	gives("{\"format\":\"date-time\"}", "\"2016-12-31T12:59:60Z\"", "# format");
	gives("{\"format\":\"date-time\"}", "\"2016-12-31T12:59:59.Z\"", "# format");
	gives("{\"format\":\"uuid\"}", "\"0199b0a4-7c00-7000-8000-000000000001\"", "");
	gives("{\"format\":\"uuid\"}", "\"0199b0a47c00-7000-8000-0000000000010\"", "# format");
	gives("{\"format\":\"email\"}", "\"li.lei@school.example\"", "");
	gives("{\"format\":\"email\"}", "\"li..lei@school.example\"", "# format");
	gives("{\"format\":\"email\"}", "\"a@-b.example\"", "# format");
	gives("{\"format\":\"email\"}", "\"\\\"a\\\\\\\"b\\\"@[IPv6:::1]\"", "");
	gives("{\"format\":\"email\"}", "\"a@[1.2.3]\"", "# format");
	gives("{\"format\":\"uri\"}", "\"https://a.example:443/x?y=%20#z\"", "");
	gives("{\"format\":\"uri\"}", "\"urn:uuid:1\"", "");
	gives("{\"format\":\"uri\"}", "\"/relative\"", "# format");
	gives("{\"format\":\"uri\"}", "\"http://[v1.a:b]:/\"", "");
	gives("{\"format\":\"uri\"}", "\"http://[::1]x/\"", "# format");
	gives("{\"format\":\"uri\"}", "\"http://a/%4\"", "# format");
	assert_true(schema_format_valid("uuid", "0199b0a4-7c00-7000-8000-000000000001", 36));
	assert_false(schema_format_valid("date", "2024-2-29", 9));
	assert_false(schema_format_valid("int32", "1", 1));
	assert_false(schema_format_valid("nonsense", "1", 1));
}

/* ---- arrays ---- */

static void arrays_are_judged_item_by_item(void **state)
{
	(void)state;
	gives("{\"items\":{\"type\":\"integer\"}}", "[1,\"a\",2,null]", "#/1 type, #/3 type");
	gives("{\"prefixItems\":[{\"type\":\"string\"}],\"items\":{\"type\":\"integer\"}}",
	      "[1,\"a\"]", "#/0 type, #/1 type");
	gives("{\"prefixItems\":[true,true],\"items\":false}", "[1,2,3]", "#/2 not-allowed");
	gives("{\"minItems\":1}", "[]", "# min-items");
	gives("{\"maxItems\":2,\"items\":false}", "[1,2,3]", "# max-items");
	gives("{\"minItems\":2,\"items\":{\"type\":\"string\"}}", "[1]", "# min-items, #/0 type");
}

static void items_that_are_the_same_are_found(void **state)
{
	(void)state;
	gives("{\"uniqueItems\":true}", "[1,true,\"1\",[1],{\"a\":1},null,0,false]", "");
	gives("{\"uniqueItems\":true}", "[1,2,1.0]", "# unique-items");
	gives("{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},{\"b\":2.0,\"a\":1}]",
	      "# unique-items");
	gives("{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,1.0]", "# unique-items");
	gives("{\"uniqueItems\":true}", "[0,1,2,3,4,5,6,7,8,-0.0]", "# unique-items");
	gives("{\"uniqueItems\":true}",
	      "[[1],[2],[3],[4],[5],[6],[7],[8],{\"a\":[1],\"b\":2},{\"b\":2,\"a\":[1.0]}]",
	      "# unique-items");
	gives("{\"uniqueItems\":true}",
	      "[1,2,3,4,5,6,7,8,9,1.5,\"1\",true,[1],{\"a\":1},null,[[1]]]", "");
	gives("{\"uniqueItems\":false}", "[1,1]", "");
}

static void many_unique_items_take_no_quadratic_time(void **state)
{
	const size_t count = 100000;
	json_t *array = json_array(), *definition = read_json("{\"uniqueItems\":true}");
	struct violations v = {.arena = arena};
	struct schema *s = compile(definition);
	size_t i;

	(void)state;
	for (i = 0; i < count; i++)
		json_array_append_new(array, json_integer((json_int_t)i * 1024));
	assert_true(schema_validate(s, array, IN_BODY, "#", false, &v));
	json_array_append_new(array, json_real(1024.0));
	assert_false(schema_validate(s, array, IN_BODY, "#", false, &v));
	assert_int_equal(json_integer_value(json_object_get(v.list[0].params, "first")), 1);
	assert_int_equal(json_integer_value(json_object_get(v.list[0].params, "second")), count);
	json_decref(array);
	schema_free(s);
	json_decref(definition);
	arena_clear(arena);
}

/* ---- objects ---- */

static void members_are_known_required_and_judged(void **state)
{
	const char *schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			     "\"required\":[\"name\",\"hours\"],\"properties\":{"
			     "\"name\":{\"type\":\"string\",\"minLength\":1},"
			     "\"hours\":{\"type\":\"number\",\"multipleOf\":0.01},"
			     "\"note\":{\"type\":[\"string\",\"null\"]}}}";

	(void)state;
	gives(schema, "{\"name\":\"a\",\"hours\":1.25}", "");
	gives(schema, "{\"name\":\"a\",\"hours\":1.25,\"note\":null}", "");
	gives(schema, "{}", "#/name required, #/hours required");
	gives(schema, "{\"name\":\"\",\"hours\":0.001,\"Name\":1}",
	      "#/name min-length, #/hours multiple-of, #/Name additional-property");
}

static void every_violation_is_told_at_once_with_its_pointer(void **state)
{
	(void)state;
	gives("{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"type\":\"string\"}}}},"
	      "\"c\":{\"maximum\":1}}}",
	      "{\"a\":[{\"b\":1},{\"b\":\"x\"},{\"b\":null}],\"c\":2}",
	      "#/a/0/b type, #/a/2/b type, #/c maximum");
}

static void pointers_are_escaped(void **state)
{
	(void)state;
	gives("{\"additionalProperties\":false}", "{\"a/b~c\":1}", "#/a~1b~0c additional-property");
	gives("{\"additionalProperties\":false}", "{\"a b%\\\"张\":1}",
	      "#/a%20b%25%22%E5%BC%A0 additional-property");
	gives("{\"additionalProperties\":false}", "{\"\":1}", "#/ additional-property");
}

static void a_name_that_is_too_long_is_not_told(void **state)
{
	enum { MANY = 5000 };
	char value[MANY + 30];

	(void)state;
	snprintf(value, sizeof value, "{\"a\":{\"%0*d\":1}}", MANY, 0);
	gives("{\"properties\":{\"a\":{\"additionalProperties\":false}}}", value,
	      "#/a additional-property");
}

static void other_keywords_of_objects(void **state)
{
	(void)state;
	gives("{\"minProperties\":1}", "{}", "# min-properties");
	gives("{\"maxProperties\":1,\"additionalProperties\":false}", "{\"a\":1,\"b\":1}",
	      "# max-properties");
	gives("{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":1,\"b\":\"x\"}",
	      "#/b type");
	gives("{\"patternProperties\":{\"^x-\":{\"type\":\"integer\"}},"
	      "\"additionalProperties\":false}",
	      "{\"x-a\":1,\"x-b\":\"\",\"y\":1}", "#/x-b type, #/y additional-property");
	gives("{\"properties\":{\"ab\":{\"minimum\":1}},"
	      "\"patternProperties\":{\"^a\":{\"maximum\":-1}}}",
	      "{\"ab\":0}", "#/ab minimum, #/ab maximum");
	gives("{\"propertyNames\":{\"maxLength\":2}}", "{\"ab\":1,\"abc\":1}",
	      "#/abc property-name");
	gives("{\"properties\":{\"a\":false}}", "{\"a\":1}", "#/a not-allowed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_told_apart),
		cmocka_unit_test(constants_and_choices_are_compared_as_json),
		cmocka_unit_test(numbers_are_judged_at_their_bounds),
		cmocka_unit_test(multiples_are_judged_in_decimal),
		cmocka_unit_test(integer_formats_bound_their_width),
		cmocka_unit_test(lengths_count_code_points),
		cmocka_unit_test(patterns_are_not_anchored_and_know_unicode),
		cmocka_unit_test(a_pattern_cannot_be_made_to_run_for_ever),
		cmocka_unit_test(formats_are_asserted),
		cmocka_unit_test(arrays_are_judged_item_by_item),
		cmocka_unit_test(items_that_are_the_same_are_found),
		cmocka_unit_test(many_unique_items_take_no_quadratic_time),
		cmocka_unit_test(members_are_known_required_and_judged),
		cmocka_unit_test(every_violation_is_told_at_once_with_its_pointer),
		cmocka_unit_test(pointers_are_escaped),
		cmocka_unit_test(a_name_that_is_too_long_is_not_told),
		cmocka_unit_test(other_keywords_of_objects),
	};

	return cmocka_run_group_tests_name("schema", tests, set_up, tear_down);
}
