/*
 * target_test.c -- the raw request target, taken apart or refused.
 */
#include "kernel/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct target target;
static const char *where;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1024 * 1024);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Segments in brackets, then pairs: "[v1][schools] a=b". */
static void becomes(const char *raw, const char *expected)
{
	const char *code = target_parse(arena, raw, &target, &where);
	char text[2000] = "";
	size_t i, length = 0;

	if (code)
		fail_msg("%s: %s", raw, code);
	for (i = 0; i < target.segment_count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "[%s]",
					   target.segments[i]);
	for (i = 0; i < target.query_count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, " %s=%s",
					   target.query[i].name, target.query[i].value);
	assert_string_equal(text, expected);
}

static void refused(const char *raw, const char *expected)
{
	const char *code = target_parse(arena, raw, &target, &where);

	if (!code || strcmp(code, expected) != 0)
		fail_msg("%.60s is %s, not %s", raw, code ? code : "accepted", expected);
}

static void segments_and_query_are_split_and_decoded(void **state)
{
	(void)state;
	becomes("/", "");
	becomes("/v1/schools", "[v1][schools]");
	becomes("/v1/teachers:find", "[v1][teachers:find]");
	becomes("/v1/%73chools/%E5%BC%A0", "[v1][schools][张]");
	becomes("/v1/a?b=c&d=%26%3D&e=", "[v1][a] b=c d=&= e=");
	becomes("/a?x", "[a] x=");
	becomes("/a?", "[a]");
	becomes("/?a=b=c", " a=b=c");
	becomes("/a?q=%2Fx%2F..%5C", "[a] q=/x/..\\");
	becomes("/a,b;c=d@e", "[a,b;c=d@e]");
}

static void a_plus_is_a_space_in_the_query_only(void **state)
{
	(void)state;
	becomes("/a+b?q=c+d%2Be", "[a+b] q=c d+e");
}

static void raw_utf8_is_taken_as_typed(void **state)
{
	(void)state;
	becomes("/张?q=老师", "[张] q=老师");
	refused("/\xFF", "target-encoding");
	refused("/a?q=\xE5\xBC", "target-encoding");
}

static void the_absolute_form_is_read_without_its_host(void **state)
{
	(void)state;
	becomes("http://example.org/v1/a?b=c", "[v1][a] b=c");
	becomes("HTTPS://u@[::1]:80/", "");
	refused("http://example.org", "target-form");
	refused("http:///a", "target-form");
	refused("ftp://example.org/a", "target-form");
}

static void other_forms_are_refused(void **state)
{
	(void)state;
	refused("", "target-form");
	refused("*", "target-form");
	refused("example.org:80", "target-form");
	refused("v1/schools", "target-form");
	refused("?a=b", "target-form");
}

static void encoded_slashes_are_refused_in_the_path(void **state)
{
	(void)state;
	refused("/a%2Fb", "target-slash");
	refused("/a%2fb", "target-slash");
	refused("/a%5Cb", "target-slash");
}

static void control_bytes_are_refused_raw_and_encoded(void **state)
{
	(void)state;
	refused("/a%00", "target-control");
	refused("/a%0a", "target-control");
	refused("/a%7F", "target-control");
	refused("/a?q=%00", "target-control");
	assert_string_equal(where, "q");
	refused("/a?q%00=1", "target-control");
	refused("/a\tb", "target-character");
	refused("/a b", "target-character");
	refused("/a?q=a b", "target-character");
	refused("/a\x7F", "target-character");
	refused("/a#b", "target-character");
	refused("/a?b#c", "target-character");
	refused("/a<b", "target-character");
	refused("/a\\b", "target-character");
	refused("/{id}", "target-character");
}

static void broken_escapes_and_bytes_are_refused(void **state)
{
	(void)state;
	refused("/%", "target-escape");
	refused("/%4", "target-escape");
	refused("/%zz", "target-escape");
	refused("/a?b=%4", "target-escape");
	refused("/a?b=%G0&c=d", "target-escape");
	refused("/%4/1", "target-escape");
	refused("/%FF", "target-encoding");
	refused("/%C0%80", "target-encoding");
	refused("/%ED%A0%80", "target-encoding");
	refused("/a?b=%E5%BC", "target-encoding");
	assert_string_equal(where, "b");
}

static void empty_and_dot_segments_are_refused(void **state)
{
	(void)state;
	refused("//", "target-segment");
	refused("/a/", "target-segment");
	refused("/a//b", "target-segment");
	refused("/a/?b=c", "target-segment");
	refused("/.", "target-segment");
	refused("/a/../b", "target-segment");
	refused("/a/%2e%2E/b", "target-segment");
	becomes("/.../.a", "[...][.a]");
}

static void a_key_given_twice_is_refused(void **state)
{
	char text[300];

	(void)state;
	refused("/a?b=1&b=2", "target-parameter-repeated");
	assert_string_equal(where, "b");
	refused("/a?b=1&%62=1", "target-parameter-repeated");
	refused("/a?=1", "target-parameter-empty");
	refused("/a?b=1&", "target-parameter-empty");
	refused("/a?&", "target-parameter-empty");
	snprintf(text, sizeof text, "/a?%0120d=1&%0120d=1", 0, 0);
	refused(text, "target-parameter-repeated");
	assert_int_equal(strlen(where), 90);
}

static void everything_has_a_ceiling(void **state)
{
	static char text[TARGET_LENGTH_MAX + 2];
	size_t length = 0;
	int i;

	(void)state;
	for (i = 0; i < TARGET_SEGMENTS_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "/s");
	assert_null(target_parse(arena, text, &target, &where));
	snprintf(text + length, sizeof text - length, "/s");
	refused(text, "target-too-many-segments");
	length = (size_t)snprintf(text, sizeof text, "/a?");
	for (i = 0; i < TARGET_PARAMETERS_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%sp%d",
					   i ? "&" : "", i);
	assert_null(target_parse(arena, text, &target, &where));
	assert_int_equal(target.query_count, TARGET_PARAMETERS_MAX);
	snprintf(text + length, sizeof text - length, "&q");
	refused(text, "target-too-many-parameters");
	memset(text, 'a', TARGET_LENGTH_MAX + 1);
	text[0] = '/';
	text[TARGET_LENGTH_MAX + 1] = '\0';
	refused(text, "target-too-long");
	text[TARGET_LENGTH_MAX] = '\0';
	assert_null(target_parse(arena, text, &target, &where));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_and_query_are_split_and_decoded),
		cmocka_unit_test(a_plus_is_a_space_in_the_query_only),
		cmocka_unit_test(raw_utf8_is_taken_as_typed),
		cmocka_unit_test(the_absolute_form_is_read_without_its_host),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(encoded_slashes_are_refused_in_the_path),
		cmocka_unit_test(control_bytes_are_refused_raw_and_encoded),
		cmocka_unit_test(broken_escapes_and_bytes_are_refused),
		cmocka_unit_test(empty_and_dot_segments_are_refused),
		cmocka_unit_test(a_key_given_twice_is_refused),
		cmocka_unit_test(everything_has_a_ceiling),
	};

	return cmocka_run_group_tests_name("target", tests, set_up, tear_down);
}
