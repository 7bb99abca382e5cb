/*
 * gzip_test.c -- when a reply is compressed, and what is said about it; headers of messages.
 */
#include "kernel/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

static struct arena *arena;
static char text[5001];

static int setup(void **state)
{
	size_t i;

	(void)state;
	arena = arena_new(1024 * 1024);
	for (i = 0; i < 5000; i++)
		text[i] = "{\"hours\": 1.25}\n"[i % 16];
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct reply reply_of(const char *type, size_t length)
{
	struct reply r = {.status = 200, .body = text, .body_length = length};

	reply_header(&r, "Content-Type", type);
	reply_header(&r, "ETag", "\"3-abc\"");
	return r;
}

static struct message message_of(const char *accept_encoding)
{
	struct message m = {.method = "GET", .target = "/"};

	if (accept_encoding) {
		m.headers[0] = (struct header){"accept-encoding", accept_encoding};
		m.header_count = 1;
	}
	return m;
}

static bool compressed(const char *accept_encoding, const char *type, size_t length)
{
	struct message m = message_of(accept_encoding);
	struct reply r = reply_of(type, length);

	assert_true(gzip_reply(arena, &m, &r));
	return reply_header_value(&r, "Content-Encoding") != NULL;
}

static void what_was_compressed_is_the_body_again(void **state)
{
	struct message m = message_of("gzip");
	struct reply r = reply_of("application/json", 5000);
	char out[6000];
	z_stream z = {0};

	(void)state;
	assert_true(gzip_reply(arena, &m, &r));
	assert_string_equal(reply_header_value(&r, "Content-Encoding"), "gzip");
	assert_true(r.body_length < 500);
	z.next_in = (Bytef *)(uintptr_t)r.body;
	z.avail_in = (uInt)r.body_length;
	z.next_out = (Bytef *)out;
	z.avail_out = sizeof out;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, 5000);
	assert_memory_equal(out, text, 5000);
	inflateEnd(&z);
}

static void the_weights_of_accept_encoding_decide(void **state)
{
	static const struct {
		const char *header;
		bool gzip;
	} cases[] = {
		{NULL, false},
		{"", false},
		{"gzip", true},
		{"GZIP", true},
		{"x-gzip", true},
		{"br, gzip", true},
		{"deflate, br", false},
		{"gzip;q=0", false},
		{"gzip; q=0.0", false},
		{"gzip;q=0.001", true},
		{"gzip;q=1.000", true},
		{"*", true},
		{"*;q=0", false},
		{"*, gzip;q=0", false},
		{"gzip;q=0, *", false},
		{"gzip;q=0.5, *;q=0", true},
		{"identity", false},
		{"identity, gzip;q=0.5", false},
		{"identity;q=0.5, gzip", true},
		{"identity;q=0, *", true},
		{"gzip;q=x", false},
		{"gzip;q=2", false},
		{"gzipped", false},
		{" gzip , br", true},
		{",,gzip", true},
		{"gzip;level=1", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		if (compressed(cases[i].header, "application/json", 5000) != cases[i].gzip)
			fail_msg("Accept-Encoding: %s",
				 cases[i].header ? cases[i].header : "(none)");
}

static void only_text_of_more_than_a_kilobyte_is_worth_it(void **state)
{
	(void)state;
	assert_false(compressed("gzip", "application/json", 1024));
	assert_true(compressed("gzip", "application/json", 1025));
	assert_true(compressed("gzip", "application/problem+json; charset=utf-8", 2000));
	assert_true(compressed("gzip", "text/csv; charset=gb18030; header=present", 2000));
	assert_true(compressed("gzip", "application/yaml", 2000));
	assert_false(compressed("gzip", "application/pdf", 2000));
	assert_false(compressed("gzip", "image/png", 2000));
}

static void noise_that_does_not_shrink_is_left(void **state)
{
	struct message m = message_of("gzip");
	struct reply r = reply_of("text/plain", 0);
	char noise[2000];
	uint32_t x = 12345;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof noise; i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = (char)(x >> 24);
	}
	r.body = noise;
	r.body_length = sizeof noise;
	assert_true(gzip_reply(arena, &m, &r));
	assert_null(reply_header_value(&r, "Content-Encoding"));
	assert_ptr_equal(r.body, noise);
	assert_string_equal(reply_header_value(&r, "ETag"), "\"3-abc\"");
}

static void vary_is_merged_and_the_etag_becomes_weak(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{"Origin", "Origin, Accept-Encoding"},
		{"Accept, Accept-Encoding", "Accept, Accept-Encoding"},
		{"accept-encoding,Origin", "accept-encoding,Origin"},
		{"Accept-Encodings", "Accept-Encodings, Accept-Encoding"},
		{"*", "*"},
	};
	struct message m = message_of("gzip"), plain = message_of(NULL);
	struct reply r = reply_of("application/json", 5000);
	size_t i;

	(void)state;
	assert_true(gzip_reply(arena, &plain, &r));
	assert_string_equal(reply_header_value(&r, "Vary"), "Accept-Encoding");
	assert_string_equal(reply_header_value(&r, "ETag"), "\"3-abc\"");
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		r = reply_of("application/json", 5000);
		reply_header(&r, "Vary", cases[i].before);
		assert_true(gzip_reply(arena, &m, &r));
		assert_string_equal(reply_header_value(&r, "Vary"), cases[i].after);
		assert_string_equal(reply_header_value(&r, "ETag"), "W/\"3-abc\"");
	}
	r = reply_of("application/json", 5000);
	reply_header(&r, "ETag", "W/\"x\"");
	assert_true(gzip_reply(arena, &m, &r));
	assert_string_equal(reply_header_value(&r, "ETag"), "W/\"x\"");
}

static void what_is_encoded_already_is_left(void **state)
{
	struct message m = message_of("gzip");
	struct reply r = reply_of("application/json", 5000);

	(void)state;
	reply_header(&r, "Content-Encoding", "br");
	assert_true(gzip_reply(arena, &m, &r));
	assert_ptr_equal(r.body, text);
	assert_string_equal(reply_header_value(&r, "Content-Encoding"), "br");
}

static void without_memory_the_reply_stays_as_it_was(void **state)
{
	struct arena *none = arena_new(16 * 1024);
	struct message m = message_of("gzip");
	struct reply r = reply_of("application/json", 5000);

	(void)state;
	while (arena_alloc(none, 1024))
		continue;
	assert_false(gzip_reply(none, &m, &r));
	assert_ptr_equal(r.body, text);
	assert_int_equal(r.body_length, 5000);
	assert_null(reply_header_value(&r, "Content-Encoding"));
	assert_string_equal(reply_header_value(&r, "ETag"), "\"3-abc\"");
	arena_free(none);
}

static void headers_are_found_without_case_and_replaced(void **state)
{
	struct message m = message_of("gzip");
	struct reply r = {0};
	int i;

	(void)state;
	assert_string_equal(message_header(&m, "ACCEPT-encoding"), "gzip");
	assert_null(message_header(&m, "Accept"));
	reply_header(&r, "Vary", "a");
	reply_header(&r, "vary", "b");
	assert_int_equal(r.header_count, 1);
	assert_string_equal(reply_header_value(&r, "VARY"), "b");
	for (i = 0; i < 100; i++) {
		char *name = calloc(1, 8);

		name[0] = (char)('A' + i / 26);
		name[1] = (char)('A' + i % 26);
		reply_header(&r, arena_strdup(arena, name), "x");
		free(name);
	}
	assert_int_equal(r.header_count, HEADERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_compressed_is_the_body_again),
		cmocka_unit_test(the_weights_of_accept_encoding_decide),
		cmocka_unit_test(only_text_of_more_than_a_kilobyte_is_worth_it),
		cmocka_unit_test(noise_that_does_not_shrink_is_left),
		cmocka_unit_test(vary_is_merged_and_the_etag_becomes_weak),
		cmocka_unit_test(what_is_encoded_already_is_left),
		cmocka_unit_test(without_memory_the_reply_stays_as_it_was),
		cmocka_unit_test(headers_are_found_without_case_and_replaced),
	};

	return cmocka_run_group_tests_name("gzip", tests, setup, teardown);
}
