/*
 * http_limit_test.c -- deadlines, too many clients, no descriptors left, too many events.
 */
#include "harness/echo.h"
#include "harness/pause.h"
#include "harness/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 10000 };

/* Sends BEFORE, then one byte each 100 ms; returns after how many milliseconds it was ended. */
static int64_t drip(int port, const char *before, char byte)
{
	struct socket_client c = socket_open("127.0.0.1", port);
	int64_t began = now_ms(), took;

	assert_true(c.fd >= 0);
	assert_true(socket_text(&c, before));
	while (!socket_ended(&c, 100) && now_ms() < began + WAIT_MS)
		socket_send(&c, &byte, 1);
	took = now_ms() - began;
	socket_close(&c);
	return took;
}

/* A deadline of one second, noticed within a scan or two and not before. */
static void assert_about_one_second(int64_t ms)
{
	if (ms < 950 || ms > 3500)
		fail_msg("ended after %lld ms", (long long)ms);
}

static struct echo brisk;

static int setup(void **state)
{
	(void)state;
	echo_start(&brisk, &(struct http_settings){.request_seconds = 1, .idle_seconds = 4});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&brisk, 2);
	return 0;
}

static void a_request_line_that_drips_is_ended(void **state)
{
	(void)state;
	assert_about_one_second(drip(brisk.port, "G", 'E'));
}

static void headers_that_drip_are_ended(void **state)
{
	(void)state;
	assert_about_one_second(drip(brisk.port, "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ", 'a'));
}

static void a_body_that_drips_is_ended(void **state)
{
	int before = atomic_load(&brisk.answers);

	(void)state;
	assert_about_one_second(drip(
		brisk.port, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n", 'a'));
	assert_int_equal(atomic_load(&brisk.answers), before);
}

/* The reply, behind which the connection ends; then the request was never answered otherwise. */
static void expect_timeout(struct socket_client *c, const char *before, const char *title)
{
	int answers = atomic_load(&brisk.answers);
	struct socket_reply r;
	char value[512];

	assert_true(socket_text(c, before));
	r = socket_read(c, false, WAIT_MS);
	assert_int_equal(r.status, 408);
	assert_true(r.whole);
	assert_string_equal(socket_header(&r, "Connection", value), "close");
	assert_non_null(strstr(r.body, "\"code\":\"request-timeout\""));
	assert_non_null(strstr(r.body, title));
	socket_text(c, "aaaa");
	assert_true(socket_ended(c, WAIT_MS));
	assert_int_equal(atomic_load(&brisk.answers), answers);
	socket_reply_free(&r);
	socket_close(c);
}

static void expect_timeout_of_fresh(const char *before, const char *title)
{
	struct socket_client c = socket_open("127.0.0.1", brisk.port);

	expect_timeout(&c, before, title);
}

#define POST_OF(length) "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " #length "\r\n"

static void who_sends_too_slowly_is_told(void **state)
{
	(void)state;
	expect_timeout_of_fresh(POST_OF(4) "\r\n", "请求发送过慢");
	expect_timeout_of_fresh(POST_OF(9999) "\r\naaaa", "请求发送过慢");
	expect_timeout_of_fresh("GET / HTTP/1.1\r\nHost: h\r\nX-Slow: a", "请求发送过慢");
}

/* As the head of this request asks, once it is whole; not that of the one before. */
static void who_sends_too_slowly_is_told_in_her_language(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", brisk.port);
	struct socket_reply r;

	(void)state;
	expect_timeout_of_fresh(POST_OF(4) "Accept-Language: zh;q=0.5, en\r\n\r\naa",
				"The request took too long");
	assert_true(socket_text(&c, "GET / HTTP/1.1\r\nHost: h\r\nAccept-Language: en\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	expect_timeout(&c, "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: a", "请求发送过慢");
}

static void the_second_request_of_a_connection_has_its_deadline_too(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", brisk.port);
	struct socket_reply r;
	int64_t began;

	(void)state;
	assert_true(socket_text(&c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	pause_ms(1500);
	began = now_ms();
	while (!socket_ended(&c, 100) && now_ms() < began + WAIT_MS)
		socket_text(&c, "G");
	assert_about_one_second(now_ms() - began);
	socket_close(&c);
}

static void a_client_that_does_not_read_is_ended(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", brisk.port);
	struct socket_reply r;
	int small = 4096;

	(void)state;
	setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_true(socket_text(&c, "GET /bytes/20000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	pause_ms(3000);
	r = socket_read(&c, false, WAIT_MS);
	assert_false(r.whole);
	assert_true(r.body_length < 20000000);
	socket_reply_free(&r);
	socket_close(&c);
}

static void silence_between_requests_ends_after_its_own_time(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", brisk.port);
	struct socket_reply r;
	int64_t began;

	(void)state;
	assert_true(socket_text(&c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	socket_reply_free(&r);
	began = now_ms();
	assert_false(socket_ended(&c, 2000));
	assert_true(socket_ended(&c, WAIT_MS));
	assert_true(now_ms() - began >= 3900);
	socket_close(&c);
}

static void the_applications_time_is_not_the_clients(void **state)
{
	struct socket_reply r =
		socket_ask(brisk.port, "GET /sleep/2500 HTTP/1.1\r\nHost: h\r\n\r\n");

	(void)state;
	assert_int_equal(r.status, 200);
	assert_true(r.whole);
	socket_reply_free(&r);
}

static void clients_beyond_the_limit_get_a_short_503(void **state)
{
	struct socket_client clients[12];
	struct socket_reply r;
	struct echo small;
	char value[512];
	int i;

	(void)state;
	echo_start(&small, &(struct http_settings){.max_clients = 10});
	for (i = 0; i < 12; i++) {
		clients[i] = socket_open("127.0.0.1", small.port);
		assert_true(socket_text(&clients[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
		r = socket_read(&clients[i], false, WAIT_MS);
		assert_int_equal(r.status, i < 10 ? 200 : 503);
		if (i >= 10) {
			assert_non_null(socket_header(&r, "Retry-After", value));
			assert_string_equal(socket_header(&r, "Content-Type", value),
					    "application/problem+json");
			assert_true(socket_ended(&clients[i], WAIT_MS));
		}
		socket_reply_free(&r);
	}
	for (i = 0; i < 12; i++)
		socket_close(&clients[i]);
	pause_ms(200);
	r = socket_ask(small.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	echo_stop(&small, 2);
}

static double cpu_seconds(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* With no descriptor left clients wait or hear 503; no processor is burnt; then all is well. */
static void without_descriptors_it_neither_spins_nor_dies(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct rlimit before, tight;
	struct socket_reply r;
	struct echo own;
	int fds[40], next, i;
	double cpu;

	(void)state;
	echo_start(&own, &(struct http_settings){0});
	to.sin_port = htons((uint16_t)own.port);
	for (i = 0; i < 40; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_true(fds[i] >= 0);
	}
	next = dup(0);
	close(next);
	getrlimit(RLIMIT_NOFILE, &before);
	tight = before;
	tight.rlim_cur = (rlim_t)next + 5;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	for (i = 0; i < 40; i++)
		assert_int_equal(connect(fds[i], (struct sockaddr *)&to, sizeof to), 0);
	pause_ms(300);
	cpu = cpu_seconds();
	pause_ms(1000);
	cpu = cpu_seconds() - cpu;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(cpu < 0.3);
	for (i = 0; i < 40; i++)
		close(fds[i]);
	pause_ms(300);
	r = socket_ask(own.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(r.status, 200);
	socket_reply_free(&r);
	echo_stop(&own, 2);
}

/*
 * The library takes 128 events at once, and when there are just so many waits for more before
 * it serves any: here nobody would ever send more.
 */
static void exactly_as_many_events_as_are_taken_at_once_are_served(void **state)
{
	static struct socket_client clients[129];
	struct echo one;
	struct socket_reply r;
	int i;

	(void)state;
	echo_start(&one, &(struct http_settings){.threads = 1});
	for (i = 0; i < 129; i++) {
		clients[i] = socket_open("127.0.0.1", one.port);
		assert_true(socket_text(&clients[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
		r = socket_read(&clients[i], false, WAIT_MS);
		assert_int_equal(r.status, 200);
		socket_reply_free(&r);
	}
	assert_true(socket_text(&clients[128], "GET /sleep/300 HTTP/1.1\r\nHost: h\r\n\r\n"));
	pause_ms(100);
	for (i = 0; i < 128; i++)
		assert_true(socket_text(&clients[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
	for (i = 0; i < 129; i++) {
		r = socket_read(&clients[i], false, 2000);
		assert_int_equal(r.status, 200);
		socket_reply_free(&r);
		socket_close(&clients[i]);
	}
	echo_stop(&one, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_line_that_drips_is_ended),
		cmocka_unit_test(headers_that_drip_are_ended),
		cmocka_unit_test(a_body_that_drips_is_ended),
		cmocka_unit_test(who_sends_too_slowly_is_told),
		cmocka_unit_test(who_sends_too_slowly_is_told_in_her_language),
		cmocka_unit_test(the_second_request_of_a_connection_has_its_deadline_too),
		cmocka_unit_test(a_client_that_does_not_read_is_ended),
		cmocka_unit_test(silence_between_requests_ends_after_its_own_time),
		cmocka_unit_test(the_applications_time_is_not_the_clients),
		cmocka_unit_test(clients_beyond_the_limit_get_a_short_503),
		cmocka_unit_test(without_descriptors_it_neither_spins_nor_dies),
		cmocka_unit_test(exactly_as_many_events_as_are_taken_at_once_are_served),
	};

	return cmocka_run_group_tests_name("http limits", tests, setup, teardown);
}
