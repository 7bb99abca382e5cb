/*
 * replay_test.c -- repeated requests and batches answered row by row: replay(), store_answer() and
 * attempt() of 0001_foundation.sql, in SQL.
 */
#include "sql.h"

static struct sql *world;
static char county[SQL_COUNTY_SIZE];

static const char *ONE = "0199b0a4-7c00-7000-8000-0000000000c1";
static const char *OTHER = "0199b0a4-7c00-7000-8000-0000000000c2";

static void ask(PGconn *c, const char *person)
{
	sql_enter(c, county, "county", "all", "", person, "");
}

static const char *replay(PGconn *c, const char *key, const char *hash)
{
	const char *pairs[] = {"replay_key", key, "replay_operation", "x", "replay_hash",
			       hash,         NULL};

	return sql_send(c, "replay", pairs);
}

static void store(PGconn *c, const char *key, const char *hash)
{
	const char *pairs[] = {
		"replay_key",  key,  "replay_operation", "x",
		"replay_hash", hash, "replay_answer",    "{\"status\": 201, \"body\": \"1.50\"}",
		NULL};

	assert_string_equal(sql_send(c, "store_answer", pairs), "");
}

static void a_key_is_answered_once_and_then_again(void **state)
{
	(void)state;
	ask(world->app, ONE);
	assert_string_equal(replay(world->app, "k1", "\\x01"), "");
	store(world->app, "k1", "\\x01");
	sql_value(world->app, "COMMIT");
	ask(world->app, ONE);
	assert_string_equal(sql_complaint(world->app, "SELECT replay('k1', 'x', '\\x01')"),
			    "replayed {\"status\": 201, \"body\": \"1.50\"}");
	sql_value(world->app, "ROLLBACK");
	ask(world->app, ONE);
	assert_string_equal(replay(world->app, "k1", "\\x01"), "QL208");
	sql_value(world->app, "ROLLBACK");
	ask(world->app, ONE);
	assert_string_equal(replay(world->app, "k1", "\\x02"), "QL422");
	sql_value(world->app, "ROLLBACK");
	/* Of another actor it is another key. */
	ask(world->app, OTHER);
	assert_string_equal(replay(world->app, "k1", "\\x02"), "");
	sql_value(world->app, "ROLLBACK");
}

static void a_key_that_is_being_answered_is_refused_to_others(void **state)
{
	PGconn *second = sql_connect(world, "qinglan_app");

	(void)state;
	ask(world->app, ONE);
	assert_string_equal(replay(world->app, "k2", "\\x01"), "");
	ask(second, ONE);
	assert_string_equal(replay(second, "k2", "\\x01"), "QL409");
	sql_value(second, "ROLLBACK");
	/* What failed leaves the key free. */
	sql_value(world->app, "ROLLBACK");
	ask(second, ONE);
	assert_string_equal(replay(second, "k2", "\\x01"), "");
	store(second, "k2", "\\x01");
	sql_value(second, "COMMIT");
	ask(world->app, ONE);
	assert_string_equal(replay(world->app, "k2", "\\x01"), "QL208");
	sql_value(world->app, "ROLLBACK");
	PQfinish(second);
}

static void what_has_expired_is_purged(void **state)
{
	(void)state;
	sql_value(
		world->super,
		"UPDATE idempotency SET expires_at = machine_now() - interval '1 s' WHERE key = 'k1'");
	assert_string_equal(sql_value(world->gate, "SELECT expired_purge()"), "1");
	assert_string_equal(sql_value(world->super, "SELECT string_agg(key, ',') FROM idempotency"),
			    "k2");
}

static void events_are_purged_by_age_and_some_at_a_time(void **state)
{
	const char *reads;

	(void)state;
	sql_value(world->super,
		  sql_text("SET session_replication_role = replica;"
			   "INSERT INTO event (county, xid, at, action, object)"
			   " SELECT %s, '5', machine_now() - interval '40 days', 'read', 'old' "
			   "FROM generate_series(1, 10100);"
			   "INSERT INTO event (county, at, action, object)"
			   " SELECT %s, machine_now() - interval '2 days', 'read', 'new' "
			   "FROM generate_series(1, 30000);"
			   "SET session_replication_role = origin; ANALYZE event",
			   county, county));
	assert_string_equal(sql_value(world->gate, "SELECT event_purge(0)"), "0");
	assert_string_equal(sql_value(world->gate, "SELECT event_purge(30)"), "10000");
	assert_string_equal(sql_value(world->gate, "SELECT event_purge(30)"), "100");
	assert_string_equal(
		sql_value(world->super, "SELECT count(*) FROM event WHERE object = 'new'"),
		"30000");
	/* With nothing to remove it does not read all there is. */
	sql_value(world->gate, "BEGIN");
	assert_string_equal(sql_value(world->gate, "SELECT event_purge(30)"), "0");
	reads = sql_value(world->gate,
			  "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = "
			  "'event' AND schemaname = 'qinglan'");
	sql_value(world->gate, "COMMIT");
	assert_string_equal(reads, "0");
}

static void revocations_that_count_no_more_are_purged(void **state)
{
	(void)state;
	sql_value(world->gate,
		  sql_text("INSERT INTO token_revocation (county, token_id, expires_at) VALUES "
			   "(%s, 'gone', machine_now() - interval '1 s'), "
			   "(%s, 'stays', machine_now() + interval '1 hour')",
			   county, county));
	assert_string_equal(sql_value(world->gate, "SELECT expired_purge()"), "1");
	assert_string_equal(
		sql_value(world->super, "SELECT string_agg(token_id, ',') FROM token_revocation"),
		"stays");
}

/* --- batches --- */

static void a_failed_row_of_a_batch_is_undone_alone(void **state)
{
	PGconn *c = world->app;

	(void)state;
	ask(c, ONE);
	sql_value(
		c,
		"PREPARE add_module AS INSERT INTO module (county, code, name_zh, name_en) VALUES "
		"(this_county(), $1, $2, next_version(1, $3)::text) RETURNING code AS body");
	assert_string_equal(
		sql_value(
			c,
			"SELECT string_agg(concat_ws('|', position, result->>'body', error->>'sqlstate', "
			"error->>'message', error->>'constraint'), ' ') FROM attempt('add_module', "
			"'[[\"m1\", \"it''s\", null], [\"m1\", \"b\", null], [\"m2\", \"c\", \"9\"], "
			"[\"m3\", \"d\", \"1\"]]')"),
		"0|m1 1|23505||module_code 2|QL412|stale| 3|m3");
	assert_string_equal(
		sql_value(
			c,
			"SELECT string_agg(code, ',' ORDER BY code) FROM module WHERE code ~ '^m[0-9]'"),
		"m1,m3");
	sql_value(c, "ROLLBACK");
	sql_value(c, "DEALLOCATE add_module");
}

static void a_plan_that_must_be_made_anew_ends_the_batch(void **state)
{
	PGconn *c = world->app;

	(void)state;
	ask(c, ONE);
	assert_string_equal(sql_state(c, "SELECT * FROM attempt('not_prepared', '[[\"0\"]]')"),
			    "26000");
	sql_value(c, "ROLLBACK");
	sql_value(world->owner,
		  "CREATE VIEW changing AS SELECT 1 AS a; GRANT SELECT ON changing TO qinglan_app");
	sql_value(c, "PREPARE stale AS SELECT c.*, $1::text AS body FROM changing c");
	sql_value(world->owner, "CREATE OR REPLACE VIEW changing AS SELECT 1 AS a, 2 AS b");
	ask(c, ONE);
	assert_string_equal(sql_state(c, "SELECT * FROM attempt('stale', '[[\"0\"]]')"), "0A000");
	sql_value(c, "ROLLBACK");
	sql_value(c, "DEALLOCATE stale");
	sql_value(world->owner, "DROP VIEW changing");
}

static void what_no_row_can_be_blamed_for_ends_the_batch(void **state)
{
	PGconn *c = world->app;

	(void)state;
	ask(c, ONE);
	sql_value(c, "PREPARE sleeper AS SELECT pg_sleep($1::float)::text AS body");
	sql_value(c, "SET LOCAL statement_timeout = 100");
	assert_string_equal(sql_state(c, "SELECT * FROM attempt('sleeper', '[[\"0\"], [\"5\"]]')"),
			    "57014");
	sql_value(c, "ROLLBACK");
	sql_value(c, "DEALLOCATE sleeper");
}

static int set_up(void **state)
{
	world = sql_begin("replay");
	*state = world;
	if (!world)
		return -1;
	sql_county(world, "990101", county);
	return 0;
}

static int tear_down(void **state)
{
	sql_end(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_answered_once_and_then_again),
		cmocka_unit_test(a_key_that_is_being_answered_is_refused_to_others),
		cmocka_unit_test(what_has_expired_is_purged),
		cmocka_unit_test(events_are_purged_by_age_and_some_at_a_time),
		cmocka_unit_test(revocations_that_count_no_more_are_purged),
		cmocka_unit_test(a_failed_row_of_a_batch_is_undone_alone),
		cmocka_unit_test(a_plan_that_must_be_made_anew_ends_the_batch),
		cmocka_unit_test(what_no_row_can_be_blamed_for_ends_the_batch),
	};

	return cmocka_run_group_tests_name("replay", tests, set_up, tear_down);
}
