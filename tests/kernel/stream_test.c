/*
 * stream_test.c -- the bounded buffer by itself, and streams over real sockets.
 */
#include "harness/echo.h"
#include "harness/pause.h"
#include "harness/socket.h"

#include "kernel/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

enum { WAIT_MS = 20000 };

/* --- by itself --- */

struct job {
	_Atomic int ran, released, resumed;
	_Atomic size_t written;
	_Atomic bool refused, go;
	size_t blocks;
	bool fails;
};

static bool job_fill(struct stream *s, struct pg *c, void *context)
{
	struct job *j = context;
	char block[1000];
	size_t i;

	assert_null(c);
	atomic_fetch_add(&j->ran, 1);
	while (!atomic_load(&j->go))
		pause_ms(1);
	memset(block, 'z', sizeof block);
	for (i = 0; i < j->blocks; i++) {
		if (!stream_write(s, block, sizeof block)) {
			atomic_store(&j->refused, true);
			return false;
		}
		atomic_fetch_add(&j->written, sizeof block);
	}
	return !j->fails;
}

static void job_release(void *context)
{
	atomic_fetch_add(&((struct job *)context)->released, 1);
}

static void job_resume(void *context)
{
	atomic_fetch_add(&((struct job *)context)->resumed, 1);
}

/* Reads until there is something to say: bytes, -1 or -2. */
static ssize_t read_on(struct stream *s, char *out, size_t size)
{
	ssize_t n;

	while ((n = stream_read(s, out, size, NULL, NULL)) == 0)
		pause_ms(1);
	return n;
}

static void a_stream_is_not_begun_before_it_is_read(void **state)
{
	struct stream_pool *p = stream_pool_new(NULL, 1, 1);
	struct job j = {.go = true};
	struct stream *s = stream_new(p, job_fill, &j, job_release);

	(void)state;
	pause_ms(30);
	assert_int_equal(atomic_load(&j.ran), 0);
	stream_close(s);
	assert_int_equal(atomic_load(&j.released), 1);
	stream_pool_free(p);
	assert_int_equal(atomic_load(&j.ran), 0);
}

static void what_is_written_is_read_and_the_end_is_whole_or_broken(void **state)
{
	struct stream_pool *p = stream_pool_new(NULL, 1, 1);
	char out[777];
	int fails;

	(void)state;
	for (fails = 0; fails < 2; fails++) {
		struct job j = {.go = true, .blocks = 500, .fails = fails};
		struct stream *s = stream_new(p, job_fill, &j, job_release);
		size_t got = 0;
		ssize_t n;

		while ((n = read_on(s, out, sizeof out)) > 0) {
			assert_int_equal(out[0], 'z');
			assert_int_equal(out[n - 1], 'z');
			got += (size_t)n;
		}
		assert_int_equal(n, fails ? -2 : -1);
		assert_int_equal(got, 500000);
		stream_close(s);
		while (!atomic_load(&j.released))
			pause_ms(1);
	}
	stream_pool_free(p);
}

static void a_filler_waits_for_a_reader_who_is_slow(void **state)
{
	struct stream_pool *p = stream_pool_new(NULL, 1, 1);
	struct job j = {.go = true, .blocks = 500};
	struct stream *s = stream_new(p, job_fill, &j, job_release);
	char out[16];

	(void)state;
	assert_true(read_on(s, out, sizeof out) > 0);
	pause_ms(100);
	assert_true(atomic_load(&j.written) < 70000);
	stream_close(s);
	stream_pool_free(p);
	assert_true(atomic_load(&j.refused));
	assert_int_equal(atomic_load(&j.released), 1);
}

static void a_reader_who_drips_is_broken_off_and_frees_its_thread(void **state)
{
	struct stream_pool *p = stream_pool_new(NULL, 1, 1);
	struct job j = {.go = true, .blocks = 500}, k = {.go = true, .blocks = 1};
	struct stream *s, *next;
	char out[1000];
	ssize_t n;
	int drops;

	(void)state;
	stream_pool_patience(p, 1);
	s = stream_new(p, job_fill, &j, job_release);
	next = stream_new(p, job_fill, &k, job_release);
	for (drops = 0; drops < 300 && !atomic_load(&j.refused); drops++) {
		assert_int_equal(read_on(s, out, 1), 1);
		pause_ms(20);
	}
	assert_true(atomic_load(&j.refused));
	/* The other one had to wait for the thread, and has it now. */
	assert_int_equal(read_on(next, out, sizeof out), 1000);
	while ((n = read_on(s, out, sizeof out)) > 0)
		;
	assert_int_equal(n, -2);
	stream_close(s);
	stream_close(next);
	stream_pool_free(p);
}

static void a_reader_who_found_nothing_is_woken_once_and_never_after_closing(void **state)
{
	struct stream_pool *p = stream_pool_new(NULL, 1, 1);
	struct job j = {.blocks = 3}, k = {.blocks = 3};
	struct stream *s = stream_new(p, job_fill, &j, job_release);
	char out[16];

	(void)state;
	assert_int_equal(stream_read(s, out, sizeof out, job_resume, &j), 0);
	atomic_store(&j.go, true);
	while (!atomic_load(&j.resumed))
		pause_ms(1);
	pause_ms(30);
	assert_int_equal(atomic_load(&j.resumed), 1);
	stream_close(s);
	s = stream_new(p, job_fill, &k, job_release);
	assert_int_equal(stream_read(s, out, sizeof out, job_resume, &k), 0);
	stream_close(s);
	atomic_store(&k.go, true);
	stream_pool_free(p);
	assert_int_equal(atomic_load(&k.resumed), 0);
	assert_int_equal(atomic_load(&k.released), 1);
}

static void there_are_only_so_many_streams_at_once(void **state)
{
	struct stream_pool *p = stream_pool_new(NULL, 2, 1);
	struct job j = {.go = true};
	struct stream *s[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_non_null(s[i] = stream_new(p, job_fill, &j, NULL));
	assert_null(stream_new(p, job_fill, &j, NULL));
	stream_close(s[0]);
	assert_non_null(s[0] = stream_new(p, job_fill, &j, NULL));
	for (i = 0; i < 3; i++)
		stream_close(s[i]);
	stream_pool_free(p);
}

/* --- over sockets --- */

static struct echo echo;

static int setup(void **state)
{
	(void)state;
	echo_start(&echo, &(struct http_settings){.threads = 2});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	echo_stop(&echo, 5);
	return 0;
}

static void a_stream_arrives_whole_in_chunks(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;
	size_t at;
	int length;
	long i = 0;

	(void)state;
	assert_true(socket_text(&c, "GET /stream/100000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_true(r.chunked && r.whole);
	/*
	 * By length: string functions that are checked look at the whole rest, for each line anew.
	 */
	for (at = 0; at < r.body_length; at += (size_t)length, i++) {
		char wanted[32];

		length = snprintf(wanted, sizeof wanted, "line %ld\n", i);
		assert_true(at + (size_t)length <= r.body_length);
		assert_memory_equal(r.body + at, wanted, (size_t)length);
	}
	assert_int_equal(i, 100000);
	socket_reply_free(&r);
	assert_true(socket_text(&c, "GET /stream/0 HTTP/1.1\r\nHost: h\r\n\r\n"
				    "GET /after HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_true(r.whole);
	assert_int_equal(r.body_length, 0);
	socket_reply_free(&r);
	r = socket_read(&c, false, WAIT_MS);
	assert_non_null(strstr(r.body, "target=/after\n"));
	socket_reply_free(&r);
	socket_close(&c);
}

static void a_client_of_http_1_0_gets_the_bytes_and_the_end(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", echo.port);
	struct socket_reply r;

	(void)state;
	assert_true(socket_text(&c, "GET /stream/5000 HTTP/1.0\r\n\r\n"));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_false(r.chunked);
	assert_non_null(strstr(r.body, "line 4999\n"));
	socket_reply_free(&r);
	socket_close(&c);
}

static void a_stream_that_is_broken_off_never_looks_whole(void **state)
{
	struct socket_reply r = socket_ask(echo.port, "GET /broken HTTP/1.1\r\nHost: h\r\n\r\n");

	(void)state;
	assert_int_equal(r.status, 200);
	assert_false(r.whole);
	socket_reply_free(&r);
}

static void head_of_a_stream_runs_nothing_and_sends_no_chunk(void **state)
{
	struct socket_client c;
	struct socket_reply r;
	int before;

	(void)state;
	echo_settled(&echo);
	before = atomic_load(&echo.streams_freed);
	c = socket_open("127.0.0.1", echo.port);
	assert_true(socket_text(&c, "HEAD /stream/5 HTTP/1.1\r\nHost: h\r\n\r\n"));
	r = socket_read(&c, true, WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_true(socket_ended(&c, WAIT_MS));
	socket_reply_free(&r);
	socket_close(&c);
	assert_int_equal(atomic_load(&echo.streams_freed), before + 1);
}

static void freed_reaches(int count)
{
	int i;

	for (i = 0; i < 1000 && atomic_load(&echo.streams_freed) < count; i++)
		pause_ms(10);
	assert_int_equal(atomic_load(&echo.streams_freed), count);
}

static void a_client_that_leaves_in_the_middle_frees_the_stream(void **state)
{
	struct socket_client c;
	char some[100];
	int before;

	(void)state;
	echo_settled(&echo);
	before = atomic_load(&echo.streams_freed);
	c = socket_open("127.0.0.1", echo.port);
	assert_true(socket_text(&c, "GET /stream/10000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	assert_true(recv(c.fd, some, sizeof some, 0) > 0);
	socket_close(&c);
	freed_reaches(before + 1);
	/* Suspended, with nothing to send that would fail: the watchdog sees that it left. */
	c = socket_open("127.0.0.1", echo.port);
	assert_true(socket_text(&c, "GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"));
	pause_ms(200);
	socket_close(&c);
	freed_reaches(before + 2);
}

static void two_hundred_long_polls_on_two_workers_hold_nobody_up(void **state)
{
	static struct socket_client polls[200];
	int before = atomic_load(&echo.streams_freed);
	struct socket_reply r;
	struct timespec t0, t1;
	clock_t cpu;
	int i;

	(void)state;
	for (i = 0; i < 200; i++) {
		polls[i] = socket_open("127.0.0.1", echo.port);
		assert_true(socket_text(&polls[i], "GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"));
	}
	pause_ms(300);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (i = 0; i < 200; i++) {
		r = socket_ask(echo.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
		assert_int_equal(r.status, 200);
		socket_reply_free(&r);
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_true(t1.tv_sec - t0.tv_sec <= 2);
	cpu = clock();
	pause_ms(500);
	assert_true(clock() - cpu < CLOCKS_PER_SEC / 5);
	echo_release(&echo);
	for (i = 0; i < 200; i++) {
		r = socket_read(&polls[i], false, WAIT_MS);
		assert_int_equal(r.status, 200);
		assert_true(r.whole);
		assert_string_equal(r.body, "line 0\n");
		socket_reply_free(&r);
		socket_close(&polls[i]);
	}
	freed_reaches(before + 200);
	atomic_store(&echo.released, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_not_begun_before_it_is_read),
		cmocka_unit_test(what_is_written_is_read_and_the_end_is_whole_or_broken),
		cmocka_unit_test(a_filler_waits_for_a_reader_who_is_slow),
		cmocka_unit_test(a_reader_who_drips_is_broken_off_and_frees_its_thread),
		cmocka_unit_test(a_reader_who_found_nothing_is_woken_once_and_never_after_closing),
		cmocka_unit_test(there_are_only_so_many_streams_at_once),
		cmocka_unit_test(a_stream_arrives_whole_in_chunks),
		cmocka_unit_test(a_client_of_http_1_0_gets_the_bytes_and_the_end),
		cmocka_unit_test(a_stream_that_is_broken_off_never_looks_whole),
		cmocka_unit_test(head_of_a_stream_runs_nothing_and_sends_no_chunk),
		cmocka_unit_test(a_client_that_leaves_in_the_middle_frees_the_stream),
		cmocka_unit_test(two_hundred_long_polls_on_two_workers_hold_nobody_up),
	};

	return cmocka_run_group_tests_name("stream", tests, setup, teardown);
}
