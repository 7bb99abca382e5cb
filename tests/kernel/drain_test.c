/*
 * drain_test.c -- stopping under load, with idle connections, running requests and streams.
 */
#include "harness/echo.h"
#include "harness/pause.h"
#include "harness/socket.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WAIT_MS = 10000, BUSY = 32 };

/*
 * A client that asks without a pause or with a short one (its connection is idle then), and
 * connects anew only when told that this one closes.
 */
struct busy {
	pthread_t thread;
	int port, pause_ms;
	_Atomic int asked, answered, failed;
};

static void *busy_run(void *busy)
{
	struct busy *b = busy;
	struct socket_client c = socket_open("127.0.0.1", b->port);
	char value[512];

	while (c.fd >= 0) {
		struct socket_reply r;
		bool closes;

		atomic_fetch_add(&b->asked, 1);
		r = socket_text(&c, "GET /sleep/1 HTTP/1.1\r\nHost: h\r\n\r\n")
			    ? socket_read(&c, false, WAIT_MS)
			    : (struct socket_reply){0};
		if (r.status == 200 && r.whole)
			atomic_fetch_add(&b->answered, 1);
		else
			atomic_fetch_add(&b->failed, 1);
		closes = r.status != 200 || socket_header(&r, "Connection", value) != NULL;
		socket_reply_free(&r);
		pause_ms(b->pause_ms);
		if (closes) {
			socket_close(&c);
			/* Refused from here on: the listener is closed, and no request was sent. */
			c = socket_open("127.0.0.1", b->port);
		}
	}
	socket_close(&c);
	return NULL;
}

static void busy_clients_see_no_failed_request(void **state)
{
	static struct busy busy[BUSY];
	struct echo echo;
	int i, asked = 0, answered = 0, failed = 0;
	int64_t began, took;

	(void)state;
	echo_start(&echo, &(struct http_settings){.threads = 4});
	for (i = 0; i < BUSY; i++) {
		busy[i].port = echo.port;
		busy[i].pause_ms = i % 2 * 40;
		assert_int_equal(pthread_create(&busy[i].thread, NULL, busy_run, &busy[i]), 0);
	}
	pause_ms(500);
	began = now_ms();
	echo_stop(&echo, 10);
	took = now_ms() - began;
	for (i = 0; i < BUSY; i++) {
		pthread_join(busy[i].thread, NULL);
		asked += atomic_load(&busy[i].asked);
		answered += atomic_load(&busy[i].answered);
		failed += atomic_load(&busy[i].failed);
	}
	print_message("%d requests, %d failed, stopped after %lld ms\n", asked, failed,
		      (long long)took);
	assert_int_equal(failed, 0);
	assert_int_equal(asked, answered);
	assert_true(asked > 200);
	assert_true(took < 5000);
	assert_int_equal(atomic_load(&echo.workers_freed), atomic_load(&echo.workers_made));
}

static void idle_connections_are_closed_and_do_not_hold_the_stop_up(void **state)
{
	struct socket_client idle[20];
	struct socket_reply r;
	struct echo echo;
	int64_t began;
	int i;

	(void)state;
	echo_start(&echo, &(struct http_settings){0});
	for (i = 0; i < 20; i++) {
		idle[i] = socket_open("127.0.0.1", echo.port);
		assert_true(socket_text(&idle[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
		r = socket_read(&idle[i], false, WAIT_MS);
		assert_int_equal(r.status, 200);
		socket_reply_free(&r);
	}
	began = now_ms();
	echo_stop(&echo, 30);
	assert_true(now_ms() - began < 5000);
	for (i = 0; i < 20; i++) {
		assert_true(socket_ended(&idle[i], 100));
		socket_close(&idle[i]);
	}
}

static void *stop_run(void *echo)
{
	echo_stop(echo, 10);
	return NULL;
}

static void a_running_request_is_finished_and_no_new_connection_taken(void **state)
{
	struct socket_client c, body;
	struct socket_reply r;
	struct echo echo;
	pthread_t stopping;
	char value[512];

	(void)state;
	echo_start(&echo, &(struct http_settings){0});
	c = socket_open("127.0.0.1", echo.port);
	body = socket_open("127.0.0.1", echo.port);
	assert_true(socket_text(&c, "GET /sleep/1500 HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_true(
		socket_text(&body, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo"));
	pause_ms(200);
	assert_int_equal(pthread_create(&stopping, NULL, stop_run, &echo), 0);
	pause_ms(300);
	assert_int_equal(socket_open("127.0.0.1", echo.port).fd, -1);
	pause_ms(1500);
	assert_true(socket_text(&body, "dy"));
	r = socket_read(&body, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_string_equal(socket_header(&r, "Connection", value), "close");
	socket_reply_free(&r);
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_true(r.whole);
	socket_reply_free(&r);
	pthread_join(stopping, NULL);
	socket_close(&c);
	socket_close(&body);
}

static void what_is_not_done_in_time_is_broken_off(void **state)
{
	struct socket_client polls[50], half;
	struct echo echo;
	int64_t began, took;
	int i;

	(void)state;
	echo_start(&echo, &(struct http_settings){0});
	for (i = 0; i < 50; i++) {
		polls[i] = socket_open("127.0.0.1", echo.port);
		assert_true(socket_text(&polls[i], "GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"));
	}
	half = socket_open("127.0.0.1", echo.port);
	assert_true(
		socket_text(&half, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo"));
	pause_ms(300);
	began = now_ms();
	echo_stop(&echo, 1);
	took = now_ms() - began;
	assert_true(took >= 1000 && took < 6000);
	for (i = 0; i < 50; i++) {
		struct socket_reply r = socket_read(&polls[i], false, 1000);

		assert_int_equal(r.status, 200);
		assert_false(r.whole);
		socket_reply_free(&r);
		socket_close(&polls[i]);
	}
	assert_true(socket_ended(&half, 1000));
	socket_close(&half);
	assert_int_equal(atomic_load(&echo.streams_freed), 50);
}

static void a_server_without_clients_stops_at_once(void **state)
{
	struct echo echo;
	int64_t began;

	(void)state;
	echo_start(&echo, &(struct http_settings){.threads = 8});
	began = now_ms();
	echo_stop(&echo, 30);
	assert_true(now_ms() - began < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_clients_see_no_failed_request),
		cmocka_unit_test(idle_connections_are_closed_and_do_not_hold_the_stop_up),
		cmocka_unit_test(a_running_request_is_finished_and_no_new_connection_taken),
		cmocka_unit_test(what_is_not_done_in_time_is_broken_off),
		cmocka_unit_test(a_server_without_clients_stops_at_once),
	};

	return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
