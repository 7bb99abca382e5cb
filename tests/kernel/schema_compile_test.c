/*
 * schema_compile_test.c -- what does not compile, and what is asked of a compiled schema.
 */
#include "schema_expect.h"

/* ---- what does not compile ---- */

static void what_would_not_be_enforced_does_not_compile(void **state)
{
	(void)state;
	not_compiled("{\"properties\":{\"a\":{\"maxLenght\":1}}}", "#/x/properties/a: maxLenght");
	not_compiled("{\"allOf\":[true,{\"if\":true}]}", "#/x/allOf/1: if");
	not_compiled("{\"$defs\":{\"a\":{\"nullable\":true}}}", "#/x/$defs/a: nullable");
	not_compiled("{\"$id\":\"x\"}", "$id");
	not_compiled("{\"format\":\"phone\"}", "format");
	not_compiled("{\"contains\":true}", "contains");
	not_compiled("{\"discriminator\":{}}", "discriminator");
	gives("{\"title\":\"t\",\"description\":\"d\",\"$comment\":\"c\",\"deprecated\":true,"
	      "\"readOnly\":true,\"writeOnly\":false,\"x-any\":[1],"
	      "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}",
	      "1", "");
}

static void wrong_values_of_keywords_do_not_compile(void **state)
{
	static const char *const schemas[][2] = {
		{"{\"type\":\"text\"}", "type"},
		{"{\"type\":[]}", "type"},
		{"{\"type\":[\"string\",1]}", "type"},
		{"{\"enum\":[]}", "enum"},
		{"{\"enum\":1}", "enum"},
		{"{\"minimum\":\"1\"}", "minimum"},
		{"{\"multipleOf\":0}", "multipleOf"},
		{"{\"multipleOf\":-1}", "multipleOf"},
		{"{\"maxLength\":-1}", "maxLength"},
		{"{\"maxItems\":1.5}", "maxItems"},
		{"{\"pattern\":\"(\"}", "pattern"},
		{"{\"pattern\":1}", "pattern"},
		{"{\"required\":[1]}", "required"},
		{"{\"required\":[\"a\",\"a\"]}", "required"},
		{"{\"properties\":[]}", "properties"},
		{"{\"items\":[true]}", "items"},
		{"{\"allOf\":[]}", "allOf"},
		{"{\"anyOf\":{}}", "anyOf"},
		{"{\"uniqueItems\":1}", "uniqueItems"},
		{"{\"not\":1}", "not"},
		{"{\"description\":1}", "description"},
		{"{\"deprecated\":\"no\"}", "deprecated"},
		{"{\"$ref\":\"#/nowhere\"}", "$ref"},
		{"{\"$ref\":\"other.yaml\"}", "$ref"},
		{"{\"$ref\":\"#/%zz\"}", "$ref"},
		{"{\"$ref\":1}", "$ref"},
		{"{\"patternProperties\":{\"[\":true}}", "patternProperties"},
		{"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "$schema"},
		{"{\"examples\":1}", "examples"},
		{"1", "schema"},
		{"{\"properties\":{\"a\":null}}", "#/x/properties/a"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof schemas / sizeof *schemas; i++)
		not_compiled(schemas[i][0], schemas[i][1]);
}

static void a_schema_that_leads_back_in_place_does_not_compile(void **state)
{
	(void)state;
	not_compiled("{\"$ref\":\"#\"}", "back to itself");
	not_compiled("{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},"
		     "\"b\":{\"anyOf\":[true,{\"$ref\":\"#/$defs/a\"}]}}}",
		     "back to itself");
	not_compiled("{\"not\":{\"$ref\":\"#\"}}", "back to itself");
}

static void wrong_defaults_and_examples_do_not_compile(void **state)
{
	(void)state;
	not_compiled("{\"properties\":{\"a\":{\"type\":\"integer\",\"default\":\"1\"}}}",
		     "#/x/properties/a: default");
	not_compiled("{\"type\":\"integer\",\"examples\":[1,\"a\"]}", "example");
	gives("{\"type\":\"integer\",\"default\":1,\"examples\":[1,2]}", "5", "");
}

/* ---- what is asked of a schema ---- */

static unsigned types_of(const char *schema)
{
	json_t *definition = read_json(schema);
	struct schema *s = compile(definition);
	unsigned types = schema_types(s);

	schema_free(s);
	json_decref(definition);
	return types;
}

static void the_types_at_the_top_are_known(void **state)
{
	(void)state;
	assert_int_equal(types_of("{}"), SCHEMA_ANY);
	assert_int_equal(types_of("{\"type\":\"integer\"}"), SCHEMA_INTEGER);
	assert_int_equal(types_of("{\"type\":\"number\"}"), SCHEMA_NUMBER | SCHEMA_INTEGER);
	assert_int_equal(
		types_of("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"array\"}}}"),
		SCHEMA_ARRAY);
	assert_int_equal(types_of("{\"enum\":[\"a\",true]}"), SCHEMA_STRING | SCHEMA_BOOLEAN);
	assert_int_equal(types_of("{\"anyOf\":[{\"type\":\"null\"},{\"const\":\"a\"}]}"),
			 SCHEMA_NULL | SCHEMA_STRING);
	assert_int_equal(types_of("false"), 0);
}

static void items_defaults_and_lengths_are_found_behind_references(void **state)
{
	json_t *definition = read_json("{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"default\":[],"
				       "\"maxLength\":7,\"items\":{\"type\":\"integer\"}}}}");
	struct schema *s = compile(definition);

	(void)state;
	assert_int_equal(schema_types(schema_items(s)), SCHEMA_INTEGER);
	assert_true(json_is_array(schema_default(s)));
	assert_int_equal(schema_max_length(s), 7);
	assert_null(schema_items(schema_items(s)));
	assert_null(schema_default(schema_items(s)));
	assert_true(schema_max_length(schema_items(s)) == (size_t)-1);
	schema_free(s);
	json_decref(definition);
}

static void a_set_compiles_each_part_once(void **state)
{
	json_t *root = read_json("{\"a\":{\"$ref\":\"#/b\"},\"b\":{\"type\":\"integer\"}}");
	struct schema_set *set = schema_set_new(root);
	struct schema *a, *b;
	char error[300];

	(void)state;
	assert_non_null(set);
	a = schema_set_compile(set, json_object_get(root, "a"), "#/a", error);
	b = schema_set_compile(set, json_object_get(root, "b"), "#/b", error);
	assert_non_null(a);
	assert_ptr_equal(b, schema_set_compile(set, json_object_get(root, "b"), "#/b", error));
	assert_int_equal(schema_types(a), SCHEMA_INTEGER);
	schema_set_free(set);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_not_be_enforced_does_not_compile),
		cmocka_unit_test(wrong_values_of_keywords_do_not_compile),
		cmocka_unit_test(a_schema_that_leads_back_in_place_does_not_compile),
		cmocka_unit_test(wrong_defaults_and_examples_do_not_compile),
		cmocka_unit_test(the_types_at_the_top_are_known),
		cmocka_unit_test(items_defaults_and_lengths_are_found_behind_references),
		cmocka_unit_test(a_set_compiles_each_part_once),
	};

	return cmocka_run_group_tests_name("schema: compiling", tests, set_up, tear_down);
}
