/*
 * json_test.c -- what is read as JSON, what is refused, and how it is written.
 *
 * The published parsing vectors are run besides where they are at hand (QINGLAN_VECTORS or
 * ../shared/data); the cases here cover the same ground without them.
 */
#include "kernel/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

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

/* The violation code for LENGTH bytes, "accepted", or "memory". */
static const char *verdict_of(const char *text, size_t length)
{
	/* A copy of exact size, so that a sanitizer sees a byte read too far. */
	char *copy = malloc(length ? length : 1);
	const char *reason = NULL;
	size_t offset = 0;
	json_t *value;

	assert_non_null(copy);
	memcpy(copy, text, length);
	value = json_read(arena, copy, length, &reason, &offset);
	free(copy);
	assert_true(offset <= length);
	return value ? "accepted" : reason ? reason : "memory";
}

static void verdict(const char *text, const char *expected)
{
	const char *is = verdict_of(text, strlen(text));

	if (strcmp(is, expected) != 0)
		fail_msg("%.60s is %s, not %s", text, is, expected);
}

static void becomes(const char *text, const char *expected)
{
	const char *reason;
	size_t offset;
	json_t *value = json_read(arena, text, strlen(text), &reason, &offset);

	assert_non_null(value);
	assert_string_equal(json_text(arena, value), expected);
}

static void every_kind_of_value_may_stand_at_the_top(void **state)
{
	(void)state;
	becomes("null", "null");
	becomes(" true ", "true");
	becomes("\t-12\r\n", "-12");
	becomes("\"a\"", "\"a\"");
	becomes("[1,[],{}]", "[1,[],{}]");
	becomes("{\"b\":1,\"a\":{\"c\":[null]}}", "{\"b\":1,\"a\":{\"c\":[null]}}");
}

static void what_is_not_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"",         " ",    "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]",
		"01",       "+1",   ".5",   "1.",         "1e",    "0x1F",    "NaN",
		"Infinity", "-",    "tru",  "TRUE",       "\"a",   "\"\\x\"", "\"\\u12\"",
		"\"\t\"",   "[",    "{",    "]",          "}",     "[}",      "// a\n1",
		"1 2",      "{} x", "[1]]", "\f1",        "\"\\\""};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof *texts; i++)
		verdict(texts[i], "json-syntax");
}

static void a_key_given_twice_is_refused(void **state)
{
	(void)state;
	verdict("{\"a\":1,\"a\":1}", "json-duplicate-name");
	verdict("[{\"a\":{\"b\":1,\"\\u0062\":2}}]", "json-duplicate-name");
	verdict("{\"a\":{\"a\":{\"a\":1}}}", "accepted");
}

static void depth_is_bounded_before_anything_is_parsed(void **state)
{
	enum { MANY = 100000 };
	char *text = malloc(MANY + 1);
	int i;

	(void)state;
	assert_non_null(text);
	memset(text, '[', MANY);
	assert_string_equal(verdict_of(text, MANY), "json-too-deep");
	for (i = 0; i < MANY; i++)
		text[i] = "{\"a\":"[i % 5];
	assert_string_equal(verdict_of(text, MANY), "json-too-deep");
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_string_equal(verdict_of(text, 128), "accepted");
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	assert_string_equal(verdict_of(text, 130), "json-too-deep");
	free(text);
	verdict("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
		"accepted");
}

static void the_number_of_values_is_bounded(void **state)
{
	size_t count = JSON_VALUES_MAX, i;
	char *text = malloc(2 * count + 4);

	(void)state;
	assert_non_null(text);
	text[0] = '[';
	for (i = 0; i < count; i++)
		snprintf(text + 1 + 2 * i, 3, "1,");
	snprintf(text + 2 * count, 4, "]");
	assert_string_equal(verdict_of(text, 2 * count + 1), "accepted");
	snprintf(text + 2 * count, 4, ",1]");
	assert_string_equal(verdict_of(text, 2 * count + 3), "json-too-many-values");
	free(text);
}

static void nul_surrogates_and_what_is_not_utf8_are_refused(void **state)
{
	(void)state;
	verdict("\"\\u0000\"", "json-encoding");
	verdict("{\"a\\u0000b\":1}", "json-encoding");
	verdict("\"\\uD800\"", "json-encoding");
	verdict("\"\\uDC00\"", "json-encoding");
	verdict("\"\\uD800\\uD800\"", "json-encoding");
	verdict("\"\\uD800x\"", "json-encoding");
	verdict("\"\\uDC00\\uD800\"", "json-encoding");
	verdict("\"\\ud83d\\ude00\"", "accepted");
	verdict("\"\\\\uD800\"", "accepted");
	verdict("\"\\\\\\uD800\"", "json-encoding");
	verdict("\"\xFF\"", "json-encoding");
	verdict("\"\xC0\x80\"", "json-encoding");
	verdict("\"\xED\xA0\x80\"", "json-encoding");
	verdict("\"\xF4\x90\x80\x80\"", "json-encoding");
	verdict("\"\xE5\xBC\"", "json-encoding");
	verdict("\xEF\xBB\xBF{}", "json-encoding");
	assert_string_equal(verdict_of("{\0}", 3), "json-encoding");
	assert_string_equal(verdict_of("\"\0\"", 3), "json-encoding");
	assert_string_equal(verdict_of("1\0", 2), "json-encoding");
	assert_string_equal(verdict_of("[\0\"\0a\0\"\0]\0", 10), "json-encoding");
}

static void numbers_beyond_their_range_are_refused(void **state)
{
	(void)state;
	becomes("9223372036854775807", "9223372036854775807");
	becomes("-9223372036854775808", "-9223372036854775808");
	verdict("9223372036854775808", "json-number-range");
	verdict("-9223372036854775809", "json-number-range");
	verdict("1e400", "json-number-range");
	verdict("[-1e400]", "json-number-range");
	verdict("123456789012345678901234567890123456789012345678901234567890",
		"json-number-range");
	becomes("1e-400", "0");
}

/* It would be rounded before it is judged. */
static void a_decimal_that_a_double_cannot_keep_is_refused(void **state)
{
	(void)state;
	becomes("[0.123456789012345,0.0000000000000000000001,100.000000000000000000000]",
		"[0.123456789012345,1e-22,100]");
	becomes("[1234567890123456789,\"0.010000000000000000001\",1e-0000000000000000000001]",
		"[1234567890123456789,\"0.010000000000000000001\",0.1]");
	verdict("0.010000000000000000001", "json-number-digits");
	verdict("{\"a\":[1,-1234567890.123456]}", "json-number-digits");
	verdict("1000000000000001e2", "json-number-digits");
}

static void a_number_without_fraction_is_an_integer(void **state)
{
	(void)state;
	becomes("1.0", "1");
	becomes("[1.0,1e3,-0.0,2.50,{\"a\":[10.00,-7E0]}]", "[1,1000,0,2.5,{\"a\":[10,-7]}]");
	becomes("[\"1.0\",\"e\"]", "[\"1.0\",\"e\"]");
	becomes("[900719925474099.0,9.00719925474099e19]", "[900719925474099,9.00719925474099e19]");
}

static void decimals_are_written_as_people_write_them(void **state)
{
	(void)state;
	becomes("[0.1,1.1,2.675,4.35,99999.99,-0.01,1e-7]",
		"[0.1,1.1,2.675,4.35,99999.99,-0.01,1e-7]");
}

static void long_text_is_written_whole(void **state)
{
	enum { MANY = 5000 };
	char text[MANY + 3];
	json_t *value;
	const char *reason;
	size_t offset;

	(void)state;
	memset(text, 'x', sizeof text);
	text[0] = text[MANY + 1] = '"';
	text[MANY + 2] = '\0';
	value = json_read(arena, text, MANY + 2, &reason, &offset);
	assert_non_null(value);
	assert_string_equal(json_text(arena, value), text);
}

static void the_place_of_an_error_is_told(void **state)
{
	const char *reason;
	size_t offset;

	(void)state;
	assert_null(json_read(arena, "{\"a\": x}", 8, &reason, &offset));
	assert_in_range(offset, 6, 8);
	assert_null(json_read(arena, "[\"\\uD800\"]", 10, &reason, &offset));
	assert_int_equal(offset, 2);
}

static void utf8_is_judged_by_rfc_3629(void **state)
{
	static const char *const good[] = {"",
					   "plain text of some length",
					   "教师",
					   "\xF0\x9F\x98\x80",
					   "\xC2\x80",
					   "\xEF\xBF\xBF",
					   "\xF4\x8F\xBF\xBF",
					   "12345678é"};
	static const char *const bad[] = {"\x80",
					  "\xC1\xBF",
					  "\xE0\x9F\xBF",
					  "\xF0\x8F\xBF\xBF",
					  "\xF5\x80\x80\x80",
					  "12345678\xE6\x95",
					  "a\xFE",
					  "\xED\xBF\xBF"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_int_equal(utf8_length("教师a😀", strlen("教师a😀")), 4);
}

/* ---- published vectors ---- */

/* Accepted by the RFC, but not by us: duplicate names and NUL. */
static const char *const stricter[] = {
	"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
	"y_object_escaped_null_in_key.json", "y_string_null_escape.json"};

static bool is_stricter(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof stricter / sizeof *stricter; i++) {
		if (strcmp(stricter[i], name) == 0)
			return true;
	}
	return false;
}

static void run_file(const char *folder, const char *name)
{
	static char bytes[1024 * 1024];
	char path[600];
	bool accepted;
	size_t length;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	accepted = strcmp(verdict_of(bytes, length), "accepted") == 0;
	if (*name == 'y' && accepted == is_stricter(name))
		fail_msg("%s is %s", name, accepted ? "accepted" : "refused");
	if (*name == 'n' && accepted)
		fail_msg("%s is accepted", name);
}

static void the_published_parsing_vectors_are_judged_rightly(void **state)
{
	const char *vectors = getenv("QINGLAN_VECTORS");
	char folder[300];
	struct dirent *entry;
	size_t count = 0;
	DIR *directory;

	(void)state;
	snprintf(folder, sizeof folder, "%s/json-parsing/test_parsing",
		 vectors ? vectors : "../shared/data");
	directory = opendir(folder);
	if (!directory) {
		print_message("left out: the JSON parsing vectors are not in %s\n", folder);
		return;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		run_file(folder, entry->d_name);
		count++;
	}
	closedir(directory);
	assert_true(count > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_may_stand_at_the_top),
		cmocka_unit_test(what_is_not_json_is_refused),
		cmocka_unit_test(a_key_given_twice_is_refused),
		cmocka_unit_test(depth_is_bounded_before_anything_is_parsed),
		cmocka_unit_test(the_number_of_values_is_bounded),
		cmocka_unit_test(nul_surrogates_and_what_is_not_utf8_are_refused),
		cmocka_unit_test(numbers_beyond_their_range_are_refused),
		cmocka_unit_test(a_decimal_that_a_double_cannot_keep_is_refused),
		cmocka_unit_test(a_number_without_fraction_is_an_integer),
		cmocka_unit_test(decimals_are_written_as_people_write_them),
		cmocka_unit_test(long_text_is_written_whole),
		cmocka_unit_test(the_place_of_an_error_is_told),
		cmocka_unit_test(utf8_is_judged_by_rfc_3629),
		cmocka_unit_test(the_published_parsing_vectors_are_judged_rightly),
	};

	return cmocka_run_group_tests_name("json", tests, set_up, tear_down);
}
