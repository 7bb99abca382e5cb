/*
 * http_test.c -- the wire over real sockets: what is asked arrives, what is answered leaves.
 *
 * Bodies are in http_body_test.c, malformed requests in http_guard_test.c, deadlines and limits
 * in http_limit_test.c, streams in stream_test.c, stopping in drain_test.c.
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 10000 };

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_start(&echo, &(struct http_settings){.trusted_proxies = "::1 127.0.0.9"});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (echo.http)
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

static void a_request_arrives_as_it_was_sent(void **state)
{
	(void)state;
	answered(
		"GET /A%20b//c/?x=%00&x=2&y HTTP/1.1\r\nHost: h\r\nX-Odd:\t a  b \t\r\n\r\n", 200,
		"method=GET\ntarget=/A%20b//c/?x=%00&x=2&y\npeer=127.0.0.1\ntoo_large=0\nlength=0\n"
		"Host: h|\nX-Odd: a  b|\n");
	answered("GET http://other:80/path?q HTTP/1.1\r\nHost: h\r\n\r\n", 200, "target=/path?q\n");
	answered("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 200, "method=OPTIONS\ntarget=*\n");
}

static void a_method_nobody_knows_is_for_the_application_to_refuse(void **state)
{
	(void)state;
	answered("get / HTTP/1.1\r\nHost: h\r\n\r\n", 200, "method=get\n");
	answered("PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n", 200, "method=PROPFIND\n");
}

static void doubled_lists_are_joined_and_cookies_by_semicolons(void **state)
{
	(void)state;
	answered("GET / HTTP/1.1\r\nHost: h\r\nAccept: a\r\naccept: b\r\nCookie: x=1\r\n"
		 "Cookie: y=2\r\n"
		 "If-None-Match: \"1\"\r\nIf-None-Match: \"2\"\r\n\r\n",
		 200, "Accept: a, b|\nCookie: x=1; y=2|\nIf-None-Match: \"1\", \"2\"|\n");
}

static void one_connection_serves_many_requests(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;
	char value[512];
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		assert_true(socket_text(&c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
		r = socket_read(&c, false, WAIT_MS);
		assert_int_equal(r.status, 200);
		assert_null(socket_header(&r, "Connection", value));
		socket_reply_free(&r);
	}
	assert_true(socket_text(&c, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_string_equal(socket_header(&r, "Connection", value), "close");
	assert_true(socket_ended(&c, WAIT_MS));
	socket_reply_free(&r);
	socket_close(&c);
}

static void requests_sent_together_are_answered_in_order(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	static const char *const targets[] = {"target=/1\n", "target=/2\n", "target=/3\n"};
	size_t i;

	(void)state;
	assert_true(socket_text(&c, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
				    "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
				    "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n"));
	for (i = 0; i < 3; i++) {
		struct socket_reply r = socket_read(&c, false, WAIT_MS);

		assert_int_equal(r.status, 200);
		assert_non_null(strstr(r.body, targets[i]));
		socket_reply_free(&r);
	}
	socket_close(&c);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] =
		"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct timespec nap = {0, 200000};
	struct socket_reply r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof request - 1; i++) {
		assert_true(socket_send(&c, request + i, 1));
		nanosleep(&nap, NULL);
	}
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "length=5\n"));
	assert_non_null(strstr(r.body, "\n\nabcde"));
	socket_reply_free(&r);
	socket_close(&c);
}

static void head_says_the_length_and_sends_no_body(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;
	char value[512];

	(void)state;
	assert_true(socket_text(&c, "HEAD /bytes/12345 HTTP/1.1\r\nHost: h\r\n\r\n"
				    "GET /after HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, true, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_string_equal(socket_header(&r, "Content-Length", value), "12345");
	socket_reply_free(&r);
	r = socket_read(&c, false, WAIT_MS);
	assert_non_null(strstr(r.body, "target=/after\n"));
	socket_reply_free(&r);
	socket_close(&c);
}

static void reply_headers_cannot_be_split_and_framing_is_the_wires(void **state)
{
	struct socket_reply r = socket_ask(echo.port, "GET /headers HTTP/1.1\r\nHost: h\r\n\r\n");
	char value[512];

	(void)state;
	assert_int_equal(r.status, 200);
	assert_string_equal(socket_header(&r, "ETag", value), "\"3-abc\"");
	assert_null(socket_header(&r, "X-Forged", value));
	assert_null(socket_header(&r, "X-Split", value));
	assert_null(socket_header(&r, "X-Empty", value));
	assert_null(socket_header(&r, "Connection", value));
	assert_null(strstr(strstr(r.head, "Content-Length") + 1, "Content-Length"));
	assert_null(socket_header(&r, "Server", value));
	socket_reply_free(&r);
}

static void a_forged_forwarded_for_is_not_believed(void **state)
{
	(void)state;
	answered("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n", 200,
		 "peer=127.0.0.1\n");
}

static void a_trusted_proxys_last_entry_is_the_peer(void **state)
{
	static const struct {
		const char *sent, *peer;
	} cases[] = {
		{"X-Forwarded-For: 6.6.6.6, 10.1.2.3", "peer=10.1.2.3\n"},
		{"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:DB8:0::7",
		 "peer=2001:db8::7\n"},
		{"X-Forwarded-For: 10.1.2.3:4711", "peer=10.1.2.3\n"},
		{"X-Forwarded-For: [2001:db8::8]:1", "peer=2001:db8::8\n"},
		{"X-Forwarded-For: 10.1.2.3, unknown", "peer=::1\n"},
		{"X-Forwarded-For: ", "peer=::1\n"},
	};
	struct echo v6;
	size_t i;

	(void)state;
	echo_start(&v6, &(struct http_settings){.listen = "[::1]:0", .trusted_proxies = "0:0::1"});
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct socket_client c = socket_open("::1", v6.port);
		struct socket_reply r;
		char text[200];

		snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n%s\r\n\r\n",
			 cases[i].sent);
		assert_true(socket_text(&c, text));
		r = socket_read(&c, false, WAIT_MS);
		assert_int_equal(r.status, 200);
		assert_non_null(strstr(r.body, cases[i].peer));
		socket_reply_free(&r);
		socket_close(&c);
	}
	echo_stop(&v6, 2);
}

static void three_hundred_clients_at_once_are_all_served(void **state)
{
	static struct socket_client clients[300];
	int i, round;

	(void)state;
	for (i = 0; i < 300; i++) {
		clients[i] = socket_open("127.0.0.1", echo.port);
		assert_true(clients[i].fd >= 0);
	}
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 300; i++)
			assert_true(socket_text(&clients[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
		for (i = 0; i < 300; i++) {
			struct socket_reply r = socket_read(&clients[i], false, WAIT_MS);

			assert_int_equal(r.status, 200);
			socket_reply_free(&r);
		}
	}
	for (i = 0; i < 300; i++)
		socket_close(&clients[i]);
}

static void without_a_worker_it_answers_503_and_recovers(void **state)
{
	struct echo own;
	struct socket_reply r;
	char value[512];

	(void)state;
	echo_start(&own, &(struct http_settings){.threads = 1});
	atomic_store(&own.no_workers, true);
	r = socket_ask(own.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(r.status, 503);
	assert_string_equal(socket_header(&r, "Content-Type", value), "application/problem+json");
	assert_non_null(socket_header(&r, "Retry-After", value));
	socket_reply_free(&r);
	atomic_store(&own.no_workers, false);
	r = socket_ask(own.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	echo_stop(&own, 2);
	assert_int_equal(atomic_load(&own.workers_made), 1);
	assert_int_equal(atomic_load(&own.workers_freed), 1);
}

static void an_answer_without_a_status_is_a_failure_of_the_service(void **state)
{
	(void)state;
	answered("GET /status/0 HTTP/1.1\r\nHost: h\r\n\r\n", 500, "\"code\":\"internal-error\"");
}

static void a_wrong_address_is_named_at_start(void **state)
{
	static const char *const wrong[] = {"127.0.0.1", "127.0.0.1:", ":80", "1.2.3.4:x",
					    "203.0.113.7:80"};
	struct http_application none = {0};
	char error[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct http_settings s = {.listen = wrong[i], .threads = 1, .max_clients = 10};

		assert_null(http_start(&s, &none, error));
		assert_non_null(strstr(error, wrong[i]));
	}
	assert_null(http_start(&(struct http_settings){.listen = "127.0.0.1:0",
						       .threads = 1,
						       .trusted_proxies = "10.0.0.1 nginx"},
			       &none, error));
	assert_non_null(strstr(error, "'nginx'"));
}

static void why_an_address_cannot_be_listened_on_is_said(void **state)
{
	char error[300], own[40];
	int fd = http_listen("127.0.0.1:0", 1, error);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(http_listen("203.0.113.7:8080", 1, error), -1);
	assert_string_equal(error, "cannot listen on '203.0.113.7:8080': "
				   "this machine does not have the address");
	snprintf(own, sizeof own, "127.0.0.1:%d", echo.port);
	assert_int_equal(http_listen(own, 1, error), -1);
	assert_non_null(strstr(error, ": the port is taken already"));
}

static void both_workers_were_used_and_are_given_back(void **state)
{
	(void)state;
	echo_stop(&echo, 2);
	assert_int_equal(atomic_load(&echo.workers_made), 2);
	assert_int_equal(atomic_load(&echo.workers_freed), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_arrives_as_it_was_sent),
		cmocka_unit_test(a_method_nobody_knows_is_for_the_application_to_refuse),
		cmocka_unit_test(doubled_lists_are_joined_and_cookies_by_semicolons),
		cmocka_unit_test(one_connection_serves_many_requests),
		cmocka_unit_test(requests_sent_together_are_answered_in_order),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(head_says_the_length_and_sends_no_body),
		cmocka_unit_test(reply_headers_cannot_be_split_and_framing_is_the_wires),
		cmocka_unit_test(a_forged_forwarded_for_is_not_believed),
		cmocka_unit_test(a_trusted_proxys_last_entry_is_the_peer),
		cmocka_unit_test(three_hundred_clients_at_once_are_all_served),
		cmocka_unit_test(without_a_worker_it_answers_503_and_recovers),
		cmocka_unit_test(an_answer_without_a_status_is_a_failure_of_the_service),
		cmocka_unit_test(a_wrong_address_is_named_at_start),
		cmocka_unit_test(why_an_address_cannot_be_listened_on_is_said),
		cmocka_unit_test(both_workers_were_used_and_are_given_back),
	};

	return cmocka_run_group_tests_name("http", tests, setup, teardown);
}
