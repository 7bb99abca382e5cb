/*
 * yaml_test.c -- the contract's YAML as JSON, and what of YAML is refused.
 */
#include "kernel/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void becomes(const char *text, const char *expected)
{
	char error[200] = "", *json;
	json_t *value = yaml_read(text, strlen(text), error);

	if (!value)
		fail_msg("%.60s: %s", text, error);
	json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	assert_string_equal(json, expected);
	free(json);
	json_decref(value);
}

/* The error begins with LINE and names WHY somewhere. */
static void refused(const char *text, const char *line, const char *why)
{
	char error[200] = "";
	json_t *value = yaml_read(text, strlen(text), error);

	if (value) {
		json_decref(value);
		fail_msg("%.60s is accepted", text);
	}
	if (strncmp(error, line, strlen(line)) != 0 || !strstr(error, why))
		fail_msg("%.60s: %s, not %s … %s", text, error, line, why);
}

static void plain_scalars_are_typed_and_quoted_ones_are_text(void **state)
{
	(void)state;
	becomes("[null, ~, true, false, 0, -12, 1.5, 1e3, text]",
		"[null,null,true,false,0,-12,1.5,1000.0,\"text\"]");
	becomes("['null', \"true\", '12', \"1.5\"]", "[\"null\",\"true\",\"12\",\"1.5\"]");
	becomes("a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}");
	becomes("- 9223372036854775807\n- 0.01\n", "[9223372036854775807,0.01]");
}

static void text_that_only_begins_like_a_number_stays_text(void **state)
{
	(void)state;
	becomes("[3.1.1, 2026-10-15, 0199b0a4-7c00-7000-8000-000000000001, 1-2, 12:30, P-256]",
		"[\"3.1.1\",\"2026-10-15\",\"0199b0a4-7c00-7000-8000-000000000001\",\"1-2\","
		"\"12:30\",\"P-256\"]");
}

static void order_and_block_text_are_kept(void **state)
{
	(void)state;
	becomes("b: 1\na: |\n  一\n  二\nc: {z: [1, {y: x}]}\n",
		"{\"b\":1,\"a\":\"一\\n二\\n\",\"c\":{\"z\":[1,{\"y\":\"x\"}]}}");
}

static void keys_are_text_whatever_they_look_like(void **state)
{
	(void)state;
	becomes("{200: a, true: b, ~: c}", "{\"200\":\"a\",\"true\":\"b\",\"~\":\"c\"}");
}

static void a_key_given_twice_is_refused_with_its_line(void **state)
{
	(void)state;
	refused("a: 1\nb: 2\na: 3\n", "line 3", "twice");
	refused("a:\n  b: {c: 1, c: 2}\n", "line 2", "twice");
	refused("200: a\n'200': b\n", "line 2", "twice");
}

static void anchors_aliases_tags_and_merges_are_refused(void **state)
{
	(void)state;
	refused("a: &x 1\n", "line 1", "anchor");
	refused("a: 1\nb: &x [1]\n", "line 2", "anchor");
	refused("b: &x {c: 1}\n", "line 1", "anchor");
	refused("a: *x\n", "line 1", "alias");
	refused("a: !!str 1\n", "line 1", "tag");
	refused("a: !x [1]\n", "line 1", "tag");
	refused("a: ! x\n", "line 1", "tag");
	refused("a: !!map {}\n", "line 1", "tag");
	refused("<<: {a: 1}\n", "line 1", "merge");
}

static void scalars_that_readers_take_differently_want_quotes(void **state)
{
	static const char *const texts[] = {"yes",   "No",   "ON",   "off", "0x1F",  "0o17",
					    "017",   "+1",   ".5",   "1.",  "1_000", ".inf",
					    "-.INF", ".nan", "nUll", "tRue"};
	char text[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		snprintf(text, sizeof text, "a: 1\nb: %s\n", texts[i]);
		refused(text, "line 2", "quote");
	}
	becomes("['yes', '0x1F', \".5\"]", "[\"yes\",\"0x1F\",\".5\"]");
}

static void what_is_not_one_document_is_refused(void **state)
{
	char deep[301];

	(void)state;
	refused("", "line 1", "document");
	refused("# nothing\n", "line", "document");
	refused("a: 1\n---\nb: 2\n", "line 2", "second");
	refused("%YAML 1.2\n---\na: 1\n", "line", "directive");
	refused("%TAG ! tag:x,2000:\n---\na: 1\n", "line", "directive");
	refused("a: [1\n", "line", "");
	refused("a: b: c\n", "line 1", "");
	refused("\tx: 1\n", "line 1", "");
	refused("{[1]: 2}", "line 1", "key");
	refused("a: \"\\0\"\n", "line 1", "NUL");
	refused("a: \xFF\n", "line", "");
	refused("a: 9223372036854775808\n", "line 1", "range");
	refused("a: 1e999\n", "line 1", "range");
	memset(deep, '[', 300);
	deep[300] = '\0';
	refused(deep, "line 1", "deep");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_scalars_are_typed_and_quoted_ones_are_text),
		cmocka_unit_test(text_that_only_begins_like_a_number_stays_text),
		cmocka_unit_test(order_and_block_text_are_kept),
		cmocka_unit_test(keys_are_text_whatever_they_look_like),
		cmocka_unit_test(a_key_given_twice_is_refused_with_its_line),
		cmocka_unit_test(anchors_aliases_tags_and_merges_are_refused),
		cmocka_unit_test(scalars_that_readers_take_differently_want_quotes),
		cmocka_unit_test(what_is_not_one_document_is_refused),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
