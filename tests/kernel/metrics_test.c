/*
 * metrics_test.c -- what is counted, as Prometheus reads it, and the admin server over it.
 */
#include "harness/socket.h"
#include "kernel/http.h"
#include "kernel/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const operations[] = {"school_get", "hour_post"};
static struct arena *arena;
static bool ready;

static double hits(void *context)
{
	(void)context;
	return 42;
}

static int setup(void **state)
{
	(void)state;
	arena = arena_new(16 * 1024 * 1024);
	if (!arena || !metrics_init(operations, 2) ||
	    !metrics_register("token_cache_hits_total", "Tokens found in the cache.",
			      METRIC_COUNTER, hits, NULL))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (!at || (at != text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no line: %s", line);
}

static void a_request_is_counted_under_its_operation_and_status(void **state)
{
	const char *text;

	(void)state;
	metrics_request(0, 200, 4000000, 2000000);
	metrics_request(0, 200, 5000000, 0);
	metrics_request(0, 200, 80000000, 0);
	metrics_request(0, 404, 1000, 0);
	metrics_request(1, 201, 20000000000, 0);
	metrics_request(-1, 400, 0, 0);
	metrics_request(7, 400, 0, 0);
	metrics_request(0, 99, 0, 0);
	metrics_request(0, 600, 0, 0);
	text = metrics_text(arena);
	assert_non_null(text);
#define SERIES(what, labels) "http_server_request_duration_seconds_" what "{operation=" labels
	has_line(text, SERIES("bucket",
			      "\"school_get\",http_response_status_code=\"200\",le=\"0.005\"} 2"));
	has_line(text, SERIES("bucket",
			      "\"school_get\",http_response_status_code=\"200\",le=\"0.075\"} 2"));
	has_line(text, SERIES("bucket",
			      "\"school_get\",http_response_status_code=\"200\",le=\"0.1\"} 3"));
	has_line(text, SERIES("bucket",
			      "\"school_get\",http_response_status_code=\"200\",le=\"+Inf\"} 3"));
	has_line(text, SERIES("count", "\"school_get\",http_response_status_code=\"200\"} 3"));
	has_line(text, SERIES("sum", "\"school_get\",http_response_status_code=\"200\"} 0.089"));
	has_line(text, SERIES("count", "\"school_get\",http_response_status_code=\"404\"} 1"));
	has_line(text,
		 SERIES("bucket", "\"hour_post\",http_response_status_code=\"201\",le=\"10\"} 0"));
	has_line(text, SERIES("bucket",
			      "\"hour_post\",http_response_status_code=\"201\",le=\"+Inf\"} 1"));
	has_line(text, SERIES("count", "\"none\",http_response_status_code=\"400\"} 2"));
	has_line(text, "db_client_operation_duration_seconds_count{operation=\"school_get\"} 1");
	has_line(text, "token_cache_hits_total 42");
	arena_clear(arena);
}

static void gauges_go_up_and_down(void **state)
{
	(void)state;
	metrics_add(GAUGE_REQUESTS, 3);
	metrics_add(GAUGE_REQUESTS, -1);
	assert_int_equal(metrics_get(GAUGE_REQUESTS), 2);
	has_line(metrics_text(arena), "http_server_active_requests 2");
	metrics_add(GAUGE_REQUESTS, -2);
	arena_clear(arena);
}

static void the_process_tells_its_memory_and_files(void **state)
{
	const char *text = metrics_text(arena);
	static const char *const names[] = {
		"\nprocess_resident_memory_bytes ", "\nprocess_open_fds ", "\nprocess_max_fds ",
		"\nprocess_cpu_seconds_total ", "\nprocess_start_time_seconds "};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		const char *at = strstr(text, names[i]);

		assert_non_null(at);
		assert_true(strtod(at + strlen(names[i]), NULL) > 0);
	}
	arena_clear(arena);
}

static void *count_many(void *unused)
{
	int i;

	for (i = 0; i < 20000; i++)
		metrics_request(1, 202 + i % 7, 1000, 0);
	return unused;
}

static void no_count_is_lost_between_threads(void **state)
{
	pthread_t threads[4];
	const char *text;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_many, NULL), 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	text = metrics_text(arena);
	/* 20,000 is 7 times 2,857 and 1: the first of the seven got one more from each thread. */
	has_line(text, SERIES("count", "\"hour_post\",http_response_status_code=\"202\"} 11432"));
	has_line(text, SERIES("count", "\"hour_post\",http_response_status_code=\"208\"} 11428"));
	arena_clear(arena);
}

/* The status of promtool, given TEXT to read. */
static int promtool(const char *text)
{
	int ends[2], status = -1;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/usr/bin/promtool", "promtool", "check", "metrics", (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void promtool_finds_nothing_to_say(void **state)
{
	const char *text = metrics_text(arena);

	(void)state;
	if (!access("/usr/bin/promtool", X_OK)) {
		assert_int_equal(promtool(text), 0);
	} else {
		/* Where Prometheus is not installed each line is at least a comment or a sample. */
		for (; *text; text = strchr(text, '\n') + 1)
			assert_true(*text == '#' || (*text >= 'a' && *text <= 'z'));
	}
	arena_clear(arena);
}

static void without_memory_there_is_no_half_text(void **state)
{
	struct arena *small = arena_new(20 * 1024);

	(void)state;
	assert_null(metrics_text(small));
	arena_free(small);
}

static bool is_ready(void *context)
{
	(void)context;
	return ready;
}

static void asks(int port, const char *request, int status, const char *text)
{
	struct socket_reply r = socket_ask(port, request);

	assert_int_equal(r.status, status);
	assert_true(r.whole);
	if (text)
		assert_non_null(strstr(r.body, text));
	socket_reply_free(&r);
}

static void the_admin_server_says_how_it_goes(void **state)
{
	char error[300];
	struct admin *a = admin_start("127.0.0.1:0", is_ready, NULL, error);
	int port;

	(void)state;
	assert_non_null(a);
	port = admin_port(a);
	asks(port, "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", 200, "ok");
	asks(port, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n", 503, "not ready");
	ready = true;
	asks(port, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n", 200, "ok");
	asks(port, "HEAD /readyz HTTP/1.1\r\nHost: h\r\n\r\n", 200, NULL);
	asks(port, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n", 200, "process_open_fds");
	asks(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 404, NULL);
	asks(port, "GET /livez/x HTTP/1.1\r\nHost: h\r\n\r\n", 404, NULL);
	asks(port, "POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 405, NULL);
	assert_null(admin_start("127.0.0.1:99999", is_ready, NULL, error));
	assert_non_null(strstr(error, "127.0.0.1:99999"));
	admin_stop(a);
	assert_int_equal(socket_open("127.0.0.1", port).fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_counted_under_its_operation_and_status),
		cmocka_unit_test(gauges_go_up_and_down),
		cmocka_unit_test(the_process_tells_its_memory_and_files),
		cmocka_unit_test(no_count_is_lost_between_threads),
		cmocka_unit_test(promtool_finds_nothing_to_say),
		cmocka_unit_test(without_memory_there_is_no_half_text),
		cmocka_unit_test(the_admin_server_says_how_it_goes),
	};

	return cmocka_run_group_tests_name("metrics", tests, setup, teardown);
}
