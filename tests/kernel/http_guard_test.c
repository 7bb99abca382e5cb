/*
 * http_guard_test.c -- requests that must not pass, whoever would have let them.
 *
 * Some are refused by our own look at the head, some by libmicrohttpd, whose error pages are
 * replaced: from outside there must be no difference, a problem and the end of the connection.
 */
#include "harness/echo.h"
#include "harness/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { WAIT_MS = 10000 };

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_start(&echo, &(struct http_settings){0});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo, 2);
	return 0;
}

/* A whole problem of this status, and then the end; the application heard nothing. */
static void refused(const char *bytes, size_t length, int status, const char *code)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	int before = atomic_load(&echo.answers);
	struct socket_reply r;
	json_t *problem;
	char value[512];

	socket_send(&c, bytes, length);
	r = socket_read(&c, false, WAIT_MS);
	if (r.status != status)
		fail_msg("%d instead of %d for %.300s", r.status, status, bytes);
	assert_true(r.whole);
	assert_string_equal(socket_header(&r, "Content-Type", value), "application/problem+json");
	assert_string_equal(socket_header(&r, "Connection", value), "close");
	problem = json_loadb(r.body, r.body_length, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(problem);
	assert_int_equal(json_integer_value(json_object_get(problem, "status")), status);
	assert_string_equal(json_string_value(json_object_get(problem, "code")), code);
	assert_string_equal(json_string_value(json_object_get(problem, "request_id")),
			    socket_header(&r, "X-Request-Id", value));
	/* What calls on errors to say more has them. */
	assert_int_equal(json_array_size(json_object_get(problem, "errors")), status == 400);
	json_decref(problem);
	assert_true(socket_ended(&c, WAIT_MS));
	assert_int_equal(atomic_load(&echo.answers), before);
	socket_reply_free(&r);
	socket_close(&c);
}

static void malformed(const char *text)
{
	refused(text, strlen(text), 400, "bad-request");
}

#define MALFORMED_BYTES(text) refused(text, sizeof(text) - 1, 400, "bad-request")

static void a_doubled_or_crooked_content_length_is_refused(void **state)
{
	static const char huge[] =
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n";

	(void)state;
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\ncontent-length: 1\r\nContent-Length: 1\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\na");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\na");
	refused(huge, sizeof huge - 1, 413, "content-too-large");
}

static void length_and_chunks_together_are_refused(void **state)
{
	(void)state;
	malformed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n"
		  "0\r\n\r\n");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
		  "Content-Length: 3\r\n\r\n"
		  "0\r\n\r\n");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	malformed(
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n");
	malformed("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

static void malformed_chunks_are_refused(void **state)
{
	(void)state;
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n");
	malformed("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n");
}

static void there_is_one_host_and_it_is_a_host(void **state)
{
	(void)state;
	malformed("GET / HTTP/1.1\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nAccept: a\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost:\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: x@a\r\n\r\n");
}

static void other_headers_that_say_one_thing_are_not_doubled(void **state)
{
	(void)state;
	malformed("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n"
		  "Authorization: Bearer y\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: 1\r\nidempotency-key: 2\r\n\r\n");
	malformed("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n\r\n");
}

static void bytes_that_no_header_may_hold_are_refused(void **state)
{
	(void)state;
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\rb\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\001b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\033b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\177\r\n\r\n");
	MALFORMED_BYTES("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\0b\r\n\r\n");
	MALFORMED_BYTES("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\0\r\n\r\n");
	MALFORMED_BYTES("GET / HTTP/1.1\r\nHost: h\0\r\nX-A: a\r\n\r\n");
	MALFORMED_BYTES("GET / HTTP/1.1\r\nHost: h\r\nX\0A: a\r\n\r\n");
	MALFORMED_BYTES("GET / HTTP/1.1\r\nHost: h\r\nX-A:\0a\r\n\r\n");
}

static void folded_lines_and_bare_line_feeds_are_refused(void **state)
{
	(void)state;
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\r\n b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\r\n\tb\r\nX-B: c\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A: a\r\n \r\nX-B: c\r\n\r\n");
	malformed("GET / HTTP/1.1\r\n X-A: a\r\nHost: h\r\n\r\n");
	malformed("GET / HTTP/1.1\nHost: h\n\n");
	malformed("GET / HTTP/1.1\r\nHost: h\nX-A: b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\n\n");
}

static void names_are_tokens(void **state)
{
	(void)state;
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX A: b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-A : b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX(A): b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nX-\xc3\xa9: b\r\n\r\n");
	malformed("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n");
}

static void the_request_line_has_three_parts_and_one_blank_between(void **state)
{
	(void)state;
	malformed("GARBAGE\r\n\r\n");
	malformed("\026\003\001\002 TLS\r\n\r\n");
	malformed("GET /\r\n\r\n");
	malformed("GET  / HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("GET /  HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("GET / HTTP/1.1 \r\nHost: h\r\n\r\n");
	malformed("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("GET /\xe4\xb8\xad HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("G(T / HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("GETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1\r\nHost: h\r\n\r\n");
	malformed("GET / http/1.1\r\nHost: h\r\n\r\n");
	malformed("GET / HTTX/1.1\r\nHost: h\r\n\r\n");
	MALFORMED_BYTES("GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n");
	MALFORMED_BYTES("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n");
	MALFORMED_BYTES("GE\0T / HTTP/1.1\r\nHost: h\r\n\r\n");
}

static void another_version_of_http_is_refused(void **state)
{
	static const char two[] = "GET / HTTP/2.0\r\nHost: h\r\n\r\n";
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	(void)state;
	refused(two, sizeof two - 1, 505, "version-not-supported");
	refused(preface, sizeof preface - 1, 505, "version-not-supported");
}

/* A head of one header of LENGTH bytes, or of COUNT short ones, or a target of LENGTH bytes. */
static char *long_request(const char *before, size_t count, size_t length, const char *after)
{
	char *text = calloc(1, strlen(before) + count * 20 + length + strlen(after) + 1);
	char *at = text + sprintf(text, "%s", before);
	size_t i;

	for (i = 0; i < count; i++)
		at += sprintf(at, "X-%zu: a\r\n", i);
	memset(at, 'a', length);
	memcpy(at + length, after, strlen(after) + 1);
	return text;
}

static void too_long(size_t count, size_t length)
{
	char *text = long_request("GET / HTTP/1.1\r\nHost: h\r\n", count, 0, "X-L: ");
	char *whole = long_request(text, 0, length, "\r\n\r\n");

	refused(whole, strlen(whole), 431, "headers-too-large");
	free(whole);
	free(text);
}

static void more_headers_or_longer_ones_than_we_take_are_431(void **state)
{
	char *text = long_request("GET / HTTP/1.1\r\nHost: h\r\n", 63, 0, "\r\n");
	struct socket_reply r;

	(void)state;
	r = socket_ask(echo.port, text);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "X-62: a|"));
	socket_reply_free(&r);
	free(text);
	too_long(63, 1);
	too_long(200, 1);
	too_long(2000, 1);
	too_long(0, 12 * 1024);
	too_long(0, 20 * 1024);
	too_long(0, 100 * 1024);
	text = long_request("GET / HTTP/1.1\r\nHost: h\r\nX-L: ", 0, 11 * 1024, "\r\n\r\n");
	r = socket_ask(echo.port, text);
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	free(text);
}

static void a_target_longer_than_we_take_is_414(void **state)
{
	static const size_t lengths[] = {8000, 11000, 30000, 200000};
	struct socket_reply r;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		text = long_request("GET /", 0, lengths[i], " HTTP/1.1\r\nHost: h\r\n\r\n");
		refused(text, strlen(text), 414, "uri-too-long");
		free(text);
	}
	text = long_request("GET /", 0, 7999, " HTTP/1.1\r\nHost: h\r\n\r\n");
	r = socket_ask(echo.port, text);
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	free(text);
}

/* LENGTH bytes that libmicrohttpd would make a list of, larger than a connection's memory. */
static char *pairs_request(const char *before, size_t length, const char *after)
{
	char *text = long_request(before, 0, length, after);
	char *at = text + strlen(before);

	for (; length > 1; length -= 2, at += 2)
		at[1] = *before == 'G' && strchr(before, '?') ? '&' : ';';
	return text;
}

static void a_query_or_cookie_of_thousands_of_parts_costs_nothing(void **state)
{
	char *text = pairs_request("GET /?", 7900, " HTTP/1.1\r\nHost: h\r\n\r\n");
	struct socket_reply r = socket_ask(echo.port, text);

	(void)state;
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "target=/?a&a&a&a&"));
	socket_reply_free(&r);
	free(text);
	text = pairs_request("GET / HTTP/1.1\r\nHost: h\r\nCookie: ", 8000, "\r\n\r\n");
	refused(text, strlen(text), 431, "headers-too-large");
	free(text);
}

static void a_refused_head_gets_no_body(void **state)
{
	struct socket_reply r = socket_ask(echo.port, "HEAD / HTTP/1.1\r\n\r\n");

	(void)state;
	assert_int_equal(r.status, 400);
	assert_int_equal(r.body_length, 0);
	socket_reply_free(&r);
}

static void a_problem_speaks_the_language_that_was_asked_for(void **state)
{
	struct socket_reply r;

	(void)state;
	r = socket_ask(echo.port, "GET / HTTP/1.1\r\nAccept-Language: en\r\n\r\n");
	assert_int_equal(r.status, 400);
	assert_non_null(strstr(r.body, "\"title\":\"The request is malformed\""));
	socket_reply_free(&r);
	r = socket_ask(echo.port, "GET / HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(r.body, "\"title\":\"请求格式有误\""));
	socket_reply_free(&r);
}

static void what_is_malformed_is_named_and_so_is_its_place(void **state)
{
	static const struct {
		const char *lines, *error;
	} cases[] = {
		{"GET /?q=\xe4\xb8\xad HTTP/1.1\r\nHost: h",
		 "{\"parameter\":\"target\",\"code\":\"target-character\","},
		{"GET / HTTP/1.1\r\nHost: h\r\nauthorization: Bearer x\r\nAuthorization: Bearer y",
		 "{\"header\":\"Authorization\",\"code\":\"header-repeated\","},
		{"GET / HTTP/1.1\r\nAccept: a",
		 "{\"header\":\"Host\",\"code\":\"header-missing\","},
		{"GET / HTTP/1.1\r\nHost: a b", "{\"header\":\"Host\",\"code\":\"header-value\","},
		{"GET / HTTP/1.1\r\nHost: h\r\nX-A: a\001b",
		 "{\"header\":\"X-A\",\"code\":\"header-value\","},
		{"GET / HTTP/1.1\r\nHost: h\r\nX(A: b", "[{\"code\":\"header-name\","},
		{"GET / HTTP/1.1\r\nHost: h\r\nX-A: a\r\n b", "[{\"code\":\"request-malformed\","},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[300];
		struct socket_reply r;

		snprintf(text, sizeof text, "%s\r\n\r\n", cases[i].lines);
		r = socket_ask(echo.port, text);
		if (!strstr(r.body, cases[i].error))
			fail_msg("not %s in %s", cases[i].error, r.body);
		socket_reply_free(&r);
	}
}

static void what_follows_a_refused_request_is_not_read_as_one(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;

	(void)state;
	assert_true(socket_text(&c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
				    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
				    "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 400);
	assert_true(socket_ended(&c, WAIT_MS));
	socket_reply_free(&r);
	socket_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_doubled_or_crooked_content_length_is_refused),
		cmocka_unit_test(length_and_chunks_together_are_refused),
		cmocka_unit_test(malformed_chunks_are_refused),
		cmocka_unit_test(there_is_one_host_and_it_is_a_host),
		cmocka_unit_test(other_headers_that_say_one_thing_are_not_doubled),
		cmocka_unit_test(bytes_that_no_header_may_hold_are_refused),
		cmocka_unit_test(folded_lines_and_bare_line_feeds_are_refused),
		cmocka_unit_test(names_are_tokens),
		cmocka_unit_test(the_request_line_has_three_parts_and_one_blank_between),
		cmocka_unit_test(another_version_of_http_is_refused),
		cmocka_unit_test(more_headers_or_longer_ones_than_we_take_are_431),
		cmocka_unit_test(a_target_longer_than_we_take_is_414),
		cmocka_unit_test(a_query_or_cookie_of_thousands_of_parts_costs_nothing),
		cmocka_unit_test(a_refused_head_gets_no_body),
		cmocka_unit_test(a_problem_speaks_the_language_that_was_asked_for),
		cmocka_unit_test(what_is_malformed_is_named_and_so_is_its_place),
		cmocka_unit_test(what_follows_a_refused_request_is_not_read_as_one),
	};

	return cmocka_run_group_tests_name("http guard", tests, setup, teardown);
}
