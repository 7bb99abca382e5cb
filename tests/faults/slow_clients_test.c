/*
 * slow_clients_test.c -- 2,000 clients that send a header byte every ten seconds, and others
 * who are served as if they were not there.
 *
 * SLOW_SECONDS sets how long (30).  Half of the time the slow ones are only held, then their
 * deadline as whole requests comes and they are thrown out and come again.
 */
#include "harness/echo.h"
#include "harness/slow_clients.h"
#include "harness/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { COUNT = 2000, BYTE_MS = 10000, WAIT_MS = 5000, REPLY_MS = 1000, SAMPLES_MAX = 100000 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int seconds(void)
{
	const char *text = getenv("SLOW_SECONDS");
	int value = text ? (int)strtol(text, NULL, 10) : 0;

	return value > 0 ? value : 30;
}

static void all_connect(const struct slow_clients *slow)
{
	struct timespec nap = {0, 20000000};
	int64_t end = now_ms() + 20000;

	while (slow_connected(slow) < COUNT && now_ms() < end)
		nanosleep(&nap, NULL);
	assert_int_equal(slow_connected(slow), COUNT);
}

/* One request, on a kept or a fresh connection; returns the milliseconds it took. */
static int64_t served(struct socket_client *kept, int port)
{
	int64_t before = now_ms();
	struct socket_reply r;

	if (kept) {
		assert_true(socket_text(kept, "GET /kept HTTP/1.1\r\nHost: h\r\n\r\n"));
		r = socket_read(kept, false, WAIT_MS);
	} else {
		r = socket_ask(port, "GET /fresh HTTP/1.1\r\nHost: h\r\n\r\n");
	}
	assert_int_equal(r.status, 200);
	assert_true(r.whole);
	socket_reply_free(&r);
	return now_ms() - before;
}

static void others_are_served_while_two_thousand_dawdle(void **state)
{
	int length = seconds();
	struct slow_settings slow_settings = {
		.count = COUNT, .byte_ms = BYTE_MS, .duration_ms = (length + 30) * 1000};
	struct timespec nap = {0, 5000000};
	struct slow_clients *slow;
	struct socket_client kept;
	struct echo echo;
	int64_t end, slowest = 0;
	int samples = 0;

	(void)state;
	/* Before the server, which would raise the limit of files for itself only. */
	echo_start(&echo, &(struct http_settings){.request_seconds = length / 2 ? length / 2 : 1});
	slow_settings.port = echo.port;
	slow = slow_begin(&slow_settings);
	assert_non_null(slow);
	all_connect(slow);
	kept = socket_open("127.0.0.1", echo.port);
	for (end = now_ms() + (int64_t)length * 1000; now_ms() < end && samples < SAMPLES_MAX;
	     samples++) {
		int64_t took = served(samples % 2 ? &kept : NULL, echo.port);

		if (took > slowest)
			slowest = took;
		nanosleep(&nap, NULL);
	}
	print_message("%d requests, the slowest took %lld ms; %zu slow clients thrown out\n",
		      samples, (long long)slowest, slow_ended(slow));
	assert_true(samples > length * 10);
	assert_true(slowest < REPLY_MS);
	assert_true(slow_ended(slow) >= COUNT / 2);
	socket_close(&kept);
	slow_end(slow);
	echo_stop(&echo, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_served_while_two_thousand_dawdle),
	};

	return cmocka_run_group_tests_name("slow clients", tests, NULL, NULL);
}
