/*
 * http_body_test.c -- bodies over real sockets: whole, cut off, too large, waited for.
 */
#include "harness/echo.h"
#include "harness/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { WAIT_MS = 10000 };

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_start(&echo, &(struct http_settings){.request_seconds = 3});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo, 2);
	return 0;
}

static void answered(const char *request, int status, const char *text)
{
	struct socket_reply r = socket_ask(echo.port, request);

	assert_int_equal(r.status, status);
	assert_true(r.whole);
	if (text && !strstr(r.body, text))
		fail_msg("not in the reply: %s\n%s", text, r.body);
	socket_reply_free(&r);
}

static void send_body(struct socket_client *c, size_t length)
{
	char block[8192];

	memset(block, 'b', sizeof block);
	for (; length > sizeof block; length -= sizeof block)
		assert_true(socket_send(c, block, sizeof block));
	assert_true(socket_send(c, block, length));
}

static void a_large_body_arrives_whole_and_so_does_a_large_reply(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;

	(void)state;
	assert_true(
		socket_text(&c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n"));
	send_body(&c, 4000000);
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "length=4000000\n"));
	socket_reply_free(&r);
	assert_true(socket_text(&c, "GET /bytes/5000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_true(r.whole);
	assert_int_equal(r.body_length, 5000000);
	socket_reply_free(&r);
	socket_close(&c);
}

static void forms_are_bodies_like_any_other(void **state)
{
	(void)state;
	answered("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
		 "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b",
		 200, "length=3\n");
	answered("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
		 "Content-Type: multipart/form-data; boundary=x\r\n\r\na=b",
		 200, "length=3\n");
}

static void a_client_that_waits_for_100_gets_it(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;
	char line[32] = "";

	(void)state;
	assert_true(socket_text(&c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
				    "Expect: 100-continue\r\n\r\n"));
	assert_int_equal(recv(c.fd, line, 25, MSG_WAITALL), 25);
	assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
	assert_true(socket_text(&c, "body"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "length=4\n"));
	socket_reply_free(&r);
	socket_close(&c);
}

static void a_body_that_is_cut_off_never_reaches_the_application(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	int before = atomic_load(&echo.answers);

	(void)state;
	assert_true(
		socket_text(&c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345"));
	shutdown(c.fd, SHUT_WR);
	/* MHD may not notice an end that comes with the last bytes: then the deadline does. */
	assert_true(socket_ended(&c, WAIT_MS));
	socket_close(&c);
	answered("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 200, NULL);
	assert_int_equal(atomic_load(&echo.answers), before + 1);
}

static void a_body_over_its_limit_is_refused_before_it_is_read(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;

	(void)state;
	assert_true(socket_text(&c, "POST /limited HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n"
				    "Expect: 100-continue\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 413);
	assert_non_null(strstr(r.body, "too_large=1\nlength=0\n"));
	assert_true(socket_ended(&c, WAIT_MS));
	socket_reply_free(&r);
	socket_close(&c);
	/* The reply is not lost to a reset when the client has sent the body all the same. */
	c = socket_open("127.0.0.1", echo.port);
	assert_true(socket_text(
		&c, "POST /limited HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n"));
	send_body(&c, 90000);
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 413);
	assert_true(r.whole);
	socket_reply_free(&r);
	socket_close(&c);
}

static void a_chunked_body_over_its_limit_is_refused_when_it_gets_there(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;
	char value[512];
	int before = atomic_load(&echo.answers);

	(void)state;
	assert_true(socket_text(&c, "POST /limited HTTP/1.1\r\nHost: h\r\n"
				    "Transfer-Encoding: chunked\r\n\r\n2000\r\n"));
	send_body(&c, 0x1000);
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 413);
	assert_true(r.whole);
	assert_string_equal(socket_header(&r, "Content-Type", value), "application/problem+json");
	assert_non_null(strstr(r.body, "\"code\":\"content-too-large\""));
	assert_true(socket_ended(&c, WAIT_MS));
	assert_int_equal(atomic_load(&echo.answers), before);
	socket_reply_free(&r);
	socket_close(&c);
}

static void a_body_of_just_the_limit_is_taken(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;

	(void)state;
	assert_true(socket_text(&c, "POST /limited HTTP/1.1\r\nHost: h\r\n"
				    "Transfer-Encoding: chunked\r\n\r\n3e8\r\n"));
	send_body(&c, 1000);
	assert_true(socket_text(&c, "\r\n0\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "length=1000\n"));
	socket_reply_free(&r);
	socket_close(&c);
}

/* Which operation is meant and who asks is looked up for the limit: not in vain. */
static void only_where_a_body_comes_is_its_limit_asked_for(void **state)
{
	int before = atomic_load(&echo.limits_asked);

	(void)state;
	answered("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 200, "length=0\n");
	answered("POST / HTTP/1.1\r\nHost: h\r\n\r\n", 200, "length=0\n");
	answered("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 200, "length=0\n");
	assert_int_equal(atomic_load(&echo.limits_asked), before);
	answered("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nb", 200, "length=1\n");
	assert_int_equal(atomic_load(&echo.limits_asked), before + 1);
	answered("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "1\r\nb\r\n0\r\n\r\n",
		 200, "length=1\n");
	assert_int_equal(atomic_load(&echo.limits_asked), before + 2);
}

static void the_limit_is_that_of_the_path_however_the_target_is_written(void **state)
{
	(void)state;
	answered("POST http://h/limited HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n"
		 "Expect: 100-continue\r\n\r\n",
		 413, "target=/limited\n");
}

/* Behind a proxy the quota that is asked for an unknown token is the client's, not the proxy's. */
static void the_limit_is_asked_for_the_client_behind_a_proxy(void **state)
{
	struct echo own;
	struct socket_reply r;

	(void)state;
	echo_start(&own, &(struct http_settings){.trusted_proxies = "127.0.0.1"});
	r = socket_ask(own.port, "POST / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 10.1.2.3\r\n"
				 "Content-Length: 1\r\n\r\nb");
	assert_int_equal(r.status, 200);
	assert_string_equal(own.limit_peer, "10.1.2.3");
	socket_reply_free(&r);
	echo_stop(&own, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_body_arrives_whole_and_so_does_a_large_reply),
		cmocka_unit_test(forms_are_bodies_like_any_other),
		cmocka_unit_test(a_client_that_waits_for_100_gets_it),
		cmocka_unit_test(a_body_that_is_cut_off_never_reaches_the_application),
		cmocka_unit_test(a_body_over_its_limit_is_refused_before_it_is_read),
		cmocka_unit_test(a_chunked_body_over_its_limit_is_refused_when_it_gets_there),
		cmocka_unit_test(a_body_of_just_the_limit_is_taken),
		cmocka_unit_test(the_limit_is_that_of_the_path_however_the_target_is_written),
		cmocka_unit_test(the_limit_is_asked_for_the_client_behind_a_proxy),
		cmocka_unit_test(only_where_a_body_comes_is_its_limit_asked_for),
	};

	return cmocka_run_group_tests_name("http bodies", tests, setup, teardown);
}
