/*
 * readiness_test.c -- /readyz of the program follows its database, /livez does not.
 *
 * A balancer takes an instance out while it says 503 and gives it back when it says 200;
 * nobody starts it again for that.
 */
#include "harness/pause.h"
#include "harness/process.h"
#include "harness/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, STEP_MS = 20, STEADY_STEPS = 50 };

struct site {
	struct cluster *cluster;
	struct process process;
};

static int begin(void **state)
{
	struct site *s = calloc(1, sizeof *s);

	*state = s;
	if (!s || !(s->cluster = cluster_start_private(false, NULL)))
		return -1;
	return cluster_database(s->cluster, "readiness", NULL) &&
			       process_make(&s->process, s->cluster, "readiness")
		       ? 0
		       : -1;
}

static int end(void **state)
{
	struct site *s = *state;

	process_remove(&s->process);
	cluster_stop(s->cluster);
	free(s);
	return 0;
}

/* What the admin port says at PATH, or 0. */
static int said(struct site *s, const char *path)
{
	char request[100];
	struct socket_reply r;
	int status;

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
	r = socket_ask(s->process.admin_port, request);
	status = r.status;
	socket_reply_free(&r);
	return status;
}

static void await(struct site *s, const char *path, int status)
{
	const int64_t since = now_ms();

	while (said(s, path) != status) {
		if (now_ms() - since > PATIENCE_MS) {
			process_show(&s->process);
			fail_msg("%s is not %d", path, status);
		}
		pause_ms(STEP_MS);
	}
}

/* Alive and not ready, for a while. */
static void expect_away(struct site *s)
{
	int i;

	for (i = 0; i < STEADY_STEPS; i++) {
		assert_int_equal(said(s, "/readyz"), 503);
		assert_int_equal(said(s, "/livez"), 200);
		pause_ms(STEP_MS);
	}
}

static void expect_served(struct site *s)
{
	struct socket_reply r =
		socket_ask(s->process.port, "GET /v1/me HTTP/1.1\r\nHost: h\r\n\r\n");

	assert_int_equal(r.status, 401);
	socket_reply_free(&r);
}

static void started_without_its_database_it_waits_and_becomes_ready(void **state)
{
	struct site *s = *state;

	assert_true(cluster_halt(s->cluster));
	assert_true(process_start(&s->process));
	await(s, "/livez", 200);
	expect_away(s);
	assert_true(cluster_restart(s->cluster));
	await(s, "/readyz", 200);
	expect_served(s);
}

static void while_the_database_is_away_it_is_alive_and_not_ready(void **state)
{
	struct site *s = *state;

	assert_int_equal(said(s, "/readyz"), 200);
	assert_true(cluster_kill(s->cluster));
	await(s, "/readyz", 503);
	expect_away(s);
	assert_true(cluster_restart(s->cluster));
	await(s, "/readyz", 200);
	expect_served(s);
}

static void an_orderly_halt_of_the_database_is_no_end_of_the_service(void **state)
{
	struct site *s = *state;

	assert_true(cluster_halt(s->cluster));
	await(s, "/readyz", 503);
	assert_true(cluster_restart(s->cluster));
	await(s, "/readyz", 200);
	assert_int_equal(process_stop(&s->process), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(started_without_its_database_it_waits_and_becomes_ready),
		cmocka_unit_test(while_the_database_is_away_it_is_alive_and_not_ready),
		cmocka_unit_test(an_orderly_halt_of_the_database_is_no_end_of_the_service),
	};

	return cmocka_run_group_tests_name("readiness", tests, begin, end);
}
