/*
 * pg_fixture.h -- a private server, a connection to test and a bystander, for the tests of pg.
 */
#ifndef QINGLAN_PG_FIXTURE_H
#define QINGLAN_PG_FIXTURE_H

#include "harness/cluster.h"
#include "harness/pause.h"
#include "kernel/clock.h"
#include "kernel/pg.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 << 20 };

#define SECOND INT64_C(1000000000)

static struct fixture {
	struct cluster *cluster;
	const char *url;
	struct pg *pg, *other; /* the one tested, and a bystander */
	struct arena *arena;
	PGresult *results[8], *failed;
} f;

static inline enum pg_outcome send_all(struct pg *c, const struct statement *list, int count,
				       int64_t seconds)
{
	return pg_pipeline(c, f.arena, list, count, f.results, &f.failed,
			   clock_monotonic_ns() + seconds * SECOND);
}

/* One statement without parameters, not kept. */
static inline enum pg_outcome plain(struct pg *c, const char *sql)
{
	const struct statement s = {.name = "", .sql = sql};

	return send_all(c, &s, 1, 10);
}

/* The first value that SQL gives. */
static inline const char *value(struct pg *c, const char *sql)
{
	const enum pg_outcome outcome = plain(c, sql);

	if (outcome != PG_OK)
		fail_msg("%s: outcome %d, %s", sql, outcome, f.failed ? pg_message(f.failed) : "");
	return pg_value(f.results[0], 0, 0);
}

/* A statement kept under NAME. */
static inline enum pg_outcome kept(struct pg *c, const char *name, const char *sql)
{
	const struct statement s = {.name = name, .sql = sql};

	return send_all(c, &s, 1, 10);
}

/* Waits until the connection stands again. */
static inline void await(struct pg *c)
{
	const int64_t until = clock_monotonic_ns() + 20 * SECOND;

	while (!pg_ready(c)) {
		if (clock_monotonic_ns() > until)
			fail_msg("not connected after 20 seconds: %s", pg_error(c));
		pause_ms(20);
	}
}

static inline int begin(void **state)
{
	(void)state;
	f.cluster = cluster_start_private(false, NULL);
	if (!f.cluster)
		return -1;
	f.url = cluster_url(f.cluster, "postgres", "postgres");
	f.arena = arena_new(ARENA_BYTES);
	f.pg = pg_new(f.url, "pg_test");
	f.other = pg_new(f.url, "bystander");
	return f.arena && f.pg && f.other && pg_ready(f.pg) && pg_ready(f.other) ? 0 : -1;
}

static inline int end(void **state)
{
	(void)state;
	pg_free(f.pg);
	pg_free(f.other);
	arena_free(f.arena);
	cluster_stop(f.cluster);
	return 0;
}

static inline int each(void **state)
{
	(void)state;
	arena_clear(f.arena);
	await(f.pg);
	await(f.other);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, each)

#endif
