/*
 * schema_suite_test.c -- the official JSON-Schema-Test-Suite, draft 2020-12.
 *
 * Read in place where it is at hand (QINGLAN_VECTORS or ../shared/data), never copied.  Of
 * the files below every group runs, except those listed with their reason; and a group that is
 * listed must really be one that we refuse to compile, so the list can only shrink.  Files of
 * keywords that we do not have (anchor, contains, content, dependentRequired,
 * dependentSchemas, dynamicRef, if-then-else, min/maxContains, refRemote, unevaluated*,
 * vocabulary) are left out whole, and so is optional/bignum: integers beyond 64 bits are
 * refused when they are read.
 */
#include "kernel/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const files[] = {
	"additionalProperties",
	"allOf",
	"anyOf",
	"boolean_schema",
	"const",
	"default",
	"defs",
	"enum",
	"exclusiveMaximum",
	"exclusiveMinimum",
	"infinite-loop-detection",
	"items",
	"maxItems",
	"maxLength",
	"maxProperties",
	"maximum",
	"minItems",
	"minLength",
	"minProperties",
	"minimum",
	"multipleOf",
	"not",
	"oneOf",
	"pattern",
	"patternProperties",
	"prefixItems",
	"properties",
	"propertyNames",
	"ref",
	"required",
	"type",
	"uniqueItems",
	"optional/float-overflow",
	"optional/no-schema",
	"optional/non-bmp-regex",
	"optional/format/date",
	"optional/format/date-time",
	"optional/format/email",
	"optional/format/uri",
	"optional/format/uuid",
};

/* FILE and group that must not compile, and why that is right for us. */
static const struct {
	const char *file, *group;
} left_out[] = {
	/* $id, $anchor and references to other documents: the contract is one document. */
	{"defs", "validate definition against metaschema"},
	{"ref", "remote ref, containing refs itself"},
	{"ref", "Recursive references between schemas"},
	{"ref", "refs with relative uris and defs"},
	{"ref", "relative refs with absolute uris and defs"},
	{"ref", "$id must be resolved against nearest parent, not just immediate parent"},
	{"ref", "order of evaluation: $id and $ref"},
	{"ref", "order of evaluation: $id and $anchor and $ref"},
	{"ref", "order of evaluation: $id and $ref on nested schema"},
	{"ref", "simple URN base URI with $ref via the URN"},
	{"ref", "simple URN base URI with JSON pointer"},
	{"ref", "URN base URI with NSS"},
	{"ref", "URN base URI with r-component"},
	{"ref", "URN base URI with q-component"},
	{"ref", "URN base URI with URN and JSON pointer ref"},
	{"ref", "URN base URI with URN and anchor ref"},
	{"ref", "URN ref with nested pointer ref"},
	{"ref", "ref with absolute-path-reference"},
	{"ref", "$id with file URI still resolves pointers - *nix"},
	{"ref", "$id with file URI still resolves pointers - windows"},
	/* Other keywords that we do not have. */
	{"additionalProperties", "dependentSchemas with additionalProperties"},
	{"not", "collect annotations inside a 'not', even if collection is disabled"},
	{"ref", "ref creates new scope when adjacent to keywords"},
	{"ref", "ref to if"},
	{"ref", "ref to then"},
	{"ref", "ref to else"},
	/* A default must obey its schema: a contract with a wrong one must not start. */
	{"default", "invalid type for default"},
	{"default", "invalid string value for default"},
	{"default", "the default keyword does not do anything if the property is missing"},
	/* PCRE2 knows \p{L}, but not the long names of Unicode properties. */
	{"pattern", "pattern with Unicode property escape requires unicode mode"},
	{"patternProperties", "patternProperties with Unicode property escape"},
	/* An enum that admits nothing is a mistake. */
	{"enum", "empty enum"},
};

static struct arena *arena;
static bool seen[sizeof left_out / sizeof *left_out];
static size_t judged;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static bool is_left_out(const char *file, const char *group)
{
	size_t i;

	for (i = 0; i < sizeof left_out / sizeof *left_out; i++) {
		if (strcmp(left_out[i].file, file) == 0 && strcmp(left_out[i].group, group) == 0) {
			seen[i] = true;
			return true;
		}
	}
	return false;
}

static bool run_case(const char *file, const char *group, const struct schema *s, json_t *one)
{
	const char *name = json_string_value(json_object_get(one, "description"));
	bool expected = json_is_true(json_object_get(one, "valid"));
	struct violations v = {.arena = arena};
	bool good = schema_validate(s, json_object_get(one, "data"), IN_BODY, "#", false, &v);

	judged++;
	if (good != expected)
		print_error("%s: %s: %s is %s\n", file, group, name, good ? "accepted" : "refused");
	if (good == (v.count > 0))
		print_error("%s: %s: %s: %zu violations\n", file, group, name, v.count);
	return good == expected && good == (v.count == 0);
}

static size_t run_group(const char *file, json_t *group)
{
	const char *name = json_string_value(json_object_get(group, "description"));
	json_t *definition = json_object_get(group, "schema"), *one;
	bool out = is_left_out(file, name);
	char error[300] = "";
	struct schema *s = schema_compile(definition, definition, "#", error);
	size_t i, failures = 0;

	if (!s == !out) {
		print_error("%s: %s: %s\n", file, name, out ? "is left out, but compiles" : error);
		failures++;
	}
	json_array_foreach(json_object_get(group, "tests"), i, one)
		failures += s && !out && !run_case(file, name, s, one);
	schema_free(s);
	arena_clear(arena);
	return failures;
}

static void the_official_suite_is_judged_rightly(void **state)
{
	const char *vectors = getenv("QINGLAN_VECTORS");
	char folder[300], path[500];
	size_t i, j, failures = 0;
	json_t *groups, *group;
	FILE *there;

	(void)state;
	snprintf(folder, sizeof folder, "%s/json-schema-test-suite/tests/draft2020-12",
		 vectors ? vectors : "../shared/data");
	snprintf(path, sizeof path, "%s/%s.json", folder, files[0]);
	there = fopen(path, "r");
	if (!there) {
		print_message("left out: the JSON Schema test suite is not in %s\n", folder);
		return;
	}
	fclose(there);
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s.json", folder, files[i]);
		groups = json_load_file(path, JSON_ALLOW_NUL, NULL);
		if (!groups)
			fail_msg("%s cannot be read", path);
		json_array_foreach(groups, j, group)
			failures += run_group(files[i], group);
		json_decref(groups);
	}
	for (i = 0; i < sizeof left_out / sizeof *left_out; i++) {
		if (!seen[i])
			fail_msg("%s has no group %s", left_out[i].file, left_out[i].group);
	}
	assert_int_equal(failures, 0);
	print_message("%zu cases judged\n", judged);
	assert_true(judged > 850);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_official_suite_is_judged_rightly),
	};

	return cmocka_run_group_tests_name("schema suite", tests, set_up, tear_down);
}
