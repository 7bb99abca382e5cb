/*
 * database_away_test.c -- the database gone before, between and after the two round trips.
 *
 * Gone before or between, nothing has happened (503 unavailable); gone after the COMMIT was
 * sent, nobody knows (503 outcome-unknown).  The same key sent again always ends with exactly
 * one effect.
 */
#include "harness/state.h"
#include "harness/world.h"

#include "kernel/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const int64_t SECOND = 1000000000;
static struct world *world;
static void (*cut)(void); /* what happens between the two round trips */
static handler **handlers;

/* Runs a script as superuser. */
static void super(const char *sql)
{
	struct pg *pg = pg_new(cluster_url(world->cluster, world->database, "postgres"), "super");
	char error[500];

	assert_non_null(pg);
	if (!pg_script(pg, sql, error))
		fail_msg("%s: %s", sql, error);
	pg_free(pg);
}

/* The handler of school_create: its query, and then the cut. */
static int cut_after_the_effect(struct request *r)
{
	const PGresult *rows = db(r, r->service->operation_query[r->operation->number]);
	int status = answer(r, rows);

	if (rows && cut)
		cut();
	cut = NULL;
	return status;
}

/* A cluster of its own, with a way to be between the round trips. */
static int begin(void **state)
{
	const struct operation *o;

	unsetenv("QINGLAN_CLUSTER");
	if (world_begin(state))
		return -1;
	world = *state;
	o = contract_operation(world->program.contract, "school_create");
	handlers = calloc(world->program.contract->operation_count, sizeof *handlers);
	if (!o || !handlers)
		return -1;
	memcpy(handlers, world->program.service.handlers,
	       world->program.contract->operation_count * sizeof *handlers);
	handlers[o->number] = cut_after_the_effect;
	world->program.service.handlers = handlers;
	return 0;
}

static int end(void **state)
{
	int failed = world_end(state);

	free(handlers);
	return failed;
}

static struct answer *post(const char *key, int number)
{
	return call(world->county, "POST", "/v1/schools",
		    text("{'code': '21994%05d', 'name': '断校', 'stages': ['primary']}", number),
		    "Idempotency-Key", key, NULL);
}

static void expect_schools(int number, const char *count)
{
	assert_string_equal(world_value(world, "SELECT count(*)::text FROM school WHERE code = $1",
					text("21994%05d", number), NULL),
			    count);
}

static void expect_away(const struct answer *a, const char *code)
{
	expect(a, 503, text("{'code': '%s'}", code));
	assert_true(strtol(header_of(a, "Retry-After"), NULL, 10) >= 1);
	assert_string_equal(header_of(a, "ETag"), "");
	assert_string_equal(header_of(a, "Location"), "");
}

/* Waits until reading works again: by itself, and within seconds. */
static void expect_recovery(void)
{
	const struct timespec pause = {.tv_nsec = 50000000};
	int64_t until = clock_monotonic_ns() + 10 * SECOND;

	while (GET(world->county, "/v1/schools")->status != 200) {
		assert_true(clock_monotonic_ns() < until);
		nanosleep(&pause, NULL);
	}
}

static void while_it_is_away_every_answer_is_503_at_once(void **state)
{
	int64_t before;

	(void)state;
	assert_int_equal(GET(world->county, "/v1/schools")->status, 200);
	assert_true(cluster_halt(world->cluster));
	before = clock_monotonic_ns();
	expect_away(GET(world->county, "/v1/schools"), "unavailable");
	expect_away(post("away-1", 1), "unavailable");
	expect_away(PATCH(world->county, text("/v1/schools/%s", world->school_a1), "*",
			  "{'town': 'x'}"),
		    "unavailable");
	assert_true(clock_monotonic_ns() - before < 5 * SECOND);
	/* What needs no database is still answered. */
	expect(GET(world->nobody, "/openapi.json"), 200, NULL);
	expect(GET(world->nobody, "/v1/schools"), 401, NULL);
	expect(POST(world->county, "/v1/schools", "{}"), 422, NULL);
	assert_true(cluster_restart(world->cluster));
	expect_recovery();
	expect_schools(1, "0");
	expect(post("away-1", 1), 201, NULL);
}

static void a_connection_lost_between_requests_is_not_noticed(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		super("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
		      "WHERE usename = 'qinglan_app'");
		expect(i % 2 ? post(text("lost-%d", i), 10 + i) : GET(world->county, "/v1/schools"),
		       i % 2 ? 201 : 200, NULL);
	}
}

static void cut_connection(void)
{
	super("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'qinglan_app'");
}

static void cut_server(void)
{
	assert_true(cluster_kill(world->cluster));
}

static void a_connection_lost_between_the_round_trips_leaves_nothing(void **state)
{
	const char *before = world_state(world);
	struct answer *a;

	(void)state;
	cut = cut_connection;
	expect_away(post("between-1", 20), "unavailable");
	assert_null(cut);
	expect_state(world, before);
	a = post("between-1", 20);
	expect(a, 201, NULL);
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "");
	expect_schools(20, "1");
}

static void a_server_killed_between_the_round_trips_leaves_nothing(void **state)
{
	struct answer *a;

	(void)state;
	cut = cut_server;
	expect_away(post("between-2", 21), "unavailable");
	expect_away(GET(world->county, "/v1/schools"), "unavailable");
	assert_true(cluster_restart(world->cluster));
	expect_recovery();
	expect_schools(21, "0");
	a = post("between-2", 21);
	expect(a, 201, NULL);
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "");
	expect_schools(21, "1");
}

/* A school or its change ends its own connection at the COMMIT. */
static void trap(const char *event, const char *deferred)
{
	super("CREATE FUNCTION qinglan.trap() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
	      "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$");
	super(text("CREATE CONSTRAINT TRIGGER trap AFTER %s ON qinglan.school %s FOR EACH ROW "
		   "EXECUTE FUNCTION qinglan.trap()",
		   event, deferred));
}

static void untrap(void)
{
	super("DROP FUNCTION qinglan.trap() CASCADE");
}

static void a_commit_without_an_answer_is_of_unknown_outcome(void **state)
{
	struct answer *a;

	(void)state;
	trap("INSERT", "DEFERRABLE INITIALLY DEFERRED");
	expect_away(post("commit-1", 30), "outcome-unknown");
	untrap();
	expect_schools(30, "0");
	a = post("commit-1", 30);
	expect(a, 201, NULL);
	expect_schools(30, "1");
}

static void a_write_of_one_round_trip_is_not_tried_twice(void **state)
{
	const char *target = arena_printf(world->arena, "/v1/schools/%s", world->school_a1);

	(void)state;
	trap("UPDATE", "DEFERRABLE INITIALLY DEFERRED");
	expect_away(PATCH(world->county, target, "*", "{'town': '断镇'}"), "outcome-unknown");
	untrap();
	expect(PATCH(world->county, target, "*", "{'town': '断镇'}"), 200, "{'town': '断镇'}");
}

/* Ends the connection that waits for a replica which never comes. */
static void *cut_at_the_commit(void *unused)
{
	(void)unused;
	super("DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM pg_stat_clear_snapshot(); "
	      "IF EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep') THEN "
	      "PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'SyncRep'; "
	      "RETURN; END IF; PERFORM pg_sleep(0.02); END LOOP; "
	      "RAISE EXCEPTION 'nobody waits'; END $$");
	return NULL;
}

static void what_was_committed_unheard_is_answered_when_asked_again(void **state)
{
	pthread_t thread;
	struct answer *a;

	(void)state;
	super("ALTER ROLE qinglan_app SET synchronous_commit = 'on'");
	super("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	super("SELECT pg_reload_conf()");
	cut_connection();
	assert_int_equal(pthread_create(&thread, NULL, cut_at_the_commit, NULL), 0);
	a = post("commit-2", 40);
	pthread_join(thread, NULL);
	super("ALTER SYSTEM RESET synchronous_standby_names");
	super("SELECT pg_reload_conf()");
	expect_away(a, "outcome-unknown");
	expect_schools(40, "1");
	a = post("commit-2", 40);
	expect(a, 201, NULL);
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "true");
	expect_schools(40, "1");
	super("ALTER ROLE qinglan_app RESET synchronous_commit");
}

static void who_waits_for_a_lock_is_sent_away(void **state)
{
	struct pg *holder =
		pg_new(cluster_url(world->cluster, world->database, "postgres"), "holder");
	const char *target = arena_printf(world->arena, "/v1/schools/%s", world->school_a1);
	char error[500];
	int64_t before;

	(void)state;
	assert_true(pg_script(holder, "BEGIN; SELECT FROM qinglan.school FOR UPDATE", error));
	before = clock_monotonic_ns();
	expect_away(PATCH(world->county, target, "*", "{'town': '锁镇'}"), "unavailable");
	assert_true(clock_monotonic_ns() - before < 3 * SECOND);
	expect(GET(world->county, "%s", target), 200, NULL);
	assert_true(pg_script(holder, "ROLLBACK", error));
	pg_free(holder);
	expect(PATCH(world->county, target, "*", "{'town': '锁镇'}"), 200, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_it_is_away_every_answer_is_503_at_once),
		cmocka_unit_test(a_connection_lost_between_requests_is_not_noticed),
		cmocka_unit_test(a_connection_lost_between_the_round_trips_leaves_nothing),
		cmocka_unit_test(a_server_killed_between_the_round_trips_leaves_nothing),
		cmocka_unit_test(a_commit_without_an_answer_is_of_unknown_outcome),
		cmocka_unit_test(a_write_of_one_round_trip_is_not_tried_twice),
		cmocka_unit_test(what_was_committed_unheard_is_answered_when_asked_again),
		cmocka_unit_test(who_waits_for_a_lock_is_sent_away),
	};

	return cmocka_run_group_tests_name("database away", tests, begin, end);
}
