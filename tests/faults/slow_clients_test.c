/*
 * slow_clients_test.c -- 2,000 clients that send a header byte every ten seconds, and others
 * whom the program serves as if they were not there.
 *
 * SLOW_SECONDS sets how long (30).  Half of the time the slow ones are only held, then their
 * deadline as whole requests comes and they are thrown out and come again.  Each of the others'
 * requests is answered as it should be, and they are many: who had to wait for slow ones, each for
 * half of the time, would come to a few.
 */
#include "harness/pause.h"
#include "harness/slow_clients.h"
#include "harness/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 2000, BYTE_MS = 10000, CONNECT_MS = 20000, PAUSE_MS = 20, SERVED_LEAST = 12 };

static int seconds(void)
{
	const char *text = getenv("SLOW_SECONDS");
	int value = text ? (int)strtol(text, NULL, 10) : 0;

	return value > 1 ? value : 30;
}

static void all_connect(const struct slow_clients *slow)
{
	const int64_t end = now_ms() + CONNECT_MS;

	while (slow_connected(slow) < COUNT && now_ms() < end)
		pause_ms(PAUSE_MS);
	assert_int_equal(slow_connected(slow), COUNT);
}

/* A county and its officer, with a service that gives a request half of the time there is. */
static void county_opens(struct story *s, int length)
{
	process_setting(&s->service, "QINGLAN_REQUEST_SECONDS", say("%d", length / 2));
	run(s, "county", "add", "990101", "青蓝县", "--officer", "周敏", NULL);
	acts_as(s, &s->bureau, "990101", "county", NULL, NULL);
	assert_true(process_start(&s->service) && process_await(&s->service, CONNECT_MS));
}

/* Reads and writes, on a kept connection and on fresh ones; fails unless it was done. */
static void expect_served(struct story *s, int number)
{
	if (number % 2)
		socket_close(&s->bureau.socket);
	if (number % 10)
		expect(get(&s->bureau, "/v1/schools?page_size=5"), 200, NULL);
	else
		expect(post(s, &s->bureau, "/v1/schools",
			    say("{'code': '21975%05d', 'name': '慢校%d', 'stages': ['primary']}",
				number, number)),
		       201, NULL);
}

static void others_are_served_while_two_thousand_dawdle(void **state)
{
	const int length = seconds();
	struct story *s = *state;
	struct slow_settings slow_settings = {
		.count = COUNT, .byte_ms = BYTE_MS, .duration_ms = (length + 30) * 1000};
	struct slow_clients *slow;
	int64_t end;
	int served = 0;

	county_opens(s, length);
	slow_settings.port = s->service.port;
	slow = slow_begin(&slow_settings);
	assert_non_null(slow);
	all_connect(slow);
	for (end = now_ms() + (int64_t)length * 1000; now_ms() < end; served++) {
		expect_served(s, served);
		pause_ms(PAUSE_MS);
	}
	/* What was made is there: of ten, one was a school. */
	expect(get(&s->bureau, "/v1/schools?q=%E6%85%A2%E6%A0%A1&page_size=1&include=total_count"),
	       200, say("{'page': {'total_count': %d}}", (served + 9) / 10));
	print_message("%d requests served; %zu slow clients thrown out\n", served,
		      slow_ended(slow));
	/* Who waited for the slow ones would get two or three: each has half of the time. */
	assert_true(served >= SERVED_LEAST);
	assert_true(slow_ended(slow) >= COUNT / 2);
	slow_end(slow);
	assert_int_equal(process_stop(&s->service), 0);
	assert_false(process_said(&s->service, "AddressSanitizer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_served_while_two_thousand_dawdle),
	};

	return cmocka_run_group_tests_name("slow clients", tests, story_begin, story_end);
}
