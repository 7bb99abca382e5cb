/*
 * migrate_test.c -- migrations: each once, in order, unchanged, and never two at a time.
 */
#include "harness/cluster.h"
#include "kernel/clock.h"
#include "kernel/migrate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIGRATION(number, name, sql)                                                               \
	{                                                                                          \
		number, name, sql, sizeof(sql) - 1                                                 \
	}
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct migration three[] = {
	MIGRATION(1, "0001_table",
		  "-- A table; with $$quotes$$ and 'text'.\n"
		  "CREATE TABLE mark (n int);\nINSERT INTO mark VALUES (1);\n"),
	MIGRATION(2, "0002_more", "INSERT INTO mark SELECT max(n) * 10 FROM mark;"),
	MIGRATION(3, "0003_青蓝",
		  "DO $$ BEGIN INSERT INTO mark SELECT max(n) + 2 FROM mark; END $$"),
};

static struct fixture {
	struct cluster *cluster;
	struct arena *arena;
	struct pg *pg;
	const char *url;
	char error[500];
} f;

static const char *value(const char *sql)
{
	const struct statement s = {.name = "", .sql = sql};
	PGresult *rows, *failed;

	if (pg_pipeline(f.pg, f.arena, &s, 1, &rows, &failed,
			clock_monotonic_ns() + INT64_C(10000000000)) != PG_OK)
		fail_msg("%s: %s", sql, failed ? pg_message(failed) : "lost");
	return pg_value(rows, 0, 0);
}

static const char *marks(void)
{
	return value("SELECT string_agg(n::text, ',' ORDER BY n) FROM qinglan.mark");
}

/* Refused with a line that says WHAT, by migrate(), and as STATE by migrate_check(). */
static void refused(const struct migration *list, size_t count, int state, const char *what)
{
	assert_int_equal(migrate(f.pg, list, count, f.error), -1);
	if (!strstr(f.error, what))
		fail_msg("\"%s\" says nothing of \"%s\"", f.error, what);
	assert_int_equal(migrate_check(f.pg, list, count, f.error), state);
	if (!strstr(f.error, what))
		fail_msg("\"%s\" says nothing of \"%s\"", f.error, what);
}

static void all_run(size_t count)
{
	if (migrate(f.pg, three, count, f.error) != (int)count)
		fail_msg("%s", f.error);
}

static void migrations_run_in_order(void **state)
{
	(void)state;
	assert_int_equal(migrate_check(f.pg, three, 3, f.error), 1);
	all_run(3);
	assert_string_equal(marks(), "1,10,12");
	assert_int_equal(migrate_check(f.pg, three, 3, f.error), 0);
	assert_string_equal(value("SELECT string_agg(number || name, ',' ORDER BY number) "
				  "FROM qinglan.schema_migration"),
			    "10001_table,20002_more,30003_青蓝");
	assert_string_equal(value("SELECT sha256 FROM qinglan.schema_migration WHERE number = 2"),
			    value("SELECT encode(sha256('INSERT INTO mark SELECT max(n) * 10 "
				  "FROM mark;'), 'hex')"));
}

static void a_second_run_does_nothing(void **state)
{
	(void)state;
	all_run(3);
	all_run(3);
	assert_string_equal(marks(), "1,10,12");
}

static void only_what_is_new_runs(void **state)
{
	(void)state;
	all_run(2);
	assert_string_equal(marks(), "1,10");
	assert_int_equal(migrate_check(f.pg, three, 3, f.error), 1);
	assert_non_null(strstr(f.error, "0003_青蓝"));
	all_run(3);
	assert_string_equal(marks(), "1,10,12");
}

static void nothing_to_run_is_no_error(void **state)
{
	(void)state;
	all_run(0);
	assert_int_equal(migrate_check(f.pg, three, 0, f.error), 0);
}

static void a_changed_file_is_refused(void **state)
{
	struct migration changed[3], renamed[3];

	(void)state;
	all_run(2);
	memcpy(changed, three, sizeof three);
	changed[1] = (struct migration)MIGRATION(2, "0002_more", "INSERT INTO mark VALUES (7);");
	refused(changed, 3, 3, "0002_more was changed");
	memcpy(renamed, three, sizeof three);
	renamed[0].name = "0001_tables";
	refused(renamed, 3, 3, "0001_tables was changed");
	assert_string_equal(marks(), "1,10");
}

static void a_missing_file_is_refused(void **state)
{
	const struct migration missing[] = {three[0], three[2]};

	(void)state;
	all_run(2);
	refused(missing, 2, 3, "0002_more ran, but its file is missing");
	assert_string_equal(marks(), "1,10");
}

static void a_file_that_was_left_out_is_refused(void **state)
{
	const struct migration gap[] = {three[0], three[2]};

	(void)state;
	assert_int_equal(migrate(f.pg, gap, 2, f.error), 3);
	refused(three, 3, 3, "0002_more did not run, but 0003_青蓝 did");
}

static void a_newer_database_is_refused(void **state)
{
	(void)state;
	all_run(3);
	refused(three, 2, 2, "newer");
	refused(three, 0, 2, "newer");
	assert_string_equal(marks(), "1,10,12");
}

static void files_out_of_order_are_refused(void **state)
{
	const struct migration twice[] = {three[0], three[0]};
	const struct migration backwards[] = {three[1], three[0]};

	(void)state;
	refused(twice, 2, -1, "out of order");
	refused(backwards, 2, -1, "out of order");
	assert_null(value("SELECT to_regclass('qinglan.mark')"));
}

static void a_failing_migration_leaves_nothing_behind(void **state)
{
	const struct migration failing[] = {
		three[0],
		MIGRATION(2, "0002_bad", "INSERT INTO mark VALUES (2);\nSELECT 1/0;"),
	};
	const struct migration ending[] = {
		three[0],
		MIGRATION(2, "0002_ends", "INSERT INTO mark VALUES (2);\nCOMMIT;"),
	};
	const struct migration nul[] = {three[0], MIGRATION(2, "0002_nul", "SELECT 1;\0SELECT 2;")};

	(void)state;
	assert_int_equal(migrate(f.pg, failing, 2, f.error), -1);
	assert_string_equal(f.error, "0002_bad: division by zero");
	assert_string_equal(marks(), "1");
	assert_false(pg_in_transaction(f.pg));
	assert_int_equal(migrate_check(f.pg, three, 1, f.error), 0);
	assert_int_equal(migrate(f.pg, nul, 2, f.error), -1);
	assert_non_null(strstr(f.error, "NUL"));
	assert_int_equal(migrate(f.pg, ending, 2, f.error), -1);
	assert_non_null(strstr(f.error, "ends its transaction itself"));
	/* The lock was given back each time. */
	assert_string_equal(value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
				  "AND database = (SELECT oid FROM pg_database "
				  "WHERE datname = current_database())"),
			    "0");
	assert_string_equal(value("SELECT current_setting('lock_timeout')"), "0");
}

static void a_role_that_may_not_read_is_told_so(void **state)
{
	struct pg *stranger =
		pg_new(cluster_url(f.cluster, "migrate_test", "qinglan_gate"), "test");

	(void)state;
	all_run(3);
	assert_non_null(stranger);
	assert_int_equal(migrate_check(stranger, three, 3, f.error), -1);
	assert_non_null(strstr(f.error, "permission denied"));
	pg_free(stranger);
}

/* --- two at once --- */

static void *migrate_slowly(void *result)
{
	static const struct migration slow[] = {
		MIGRATION(1, "0001_slow", "CREATE TABLE mark (n int); SELECT pg_sleep(0.3);"),
		MIGRATION(2, "0002_slow", "INSERT INTO mark VALUES (1); SELECT pg_sleep(0.3);"),
	};
	struct pg *c = pg_new(f.url, "migrate_test");
	char error[500];

	*(int *)result = c ? migrate(c, slow, COUNT(slow), error) : -1;
	pg_free(c);
	return NULL;
}

static void two_at_once_run_each_migration_once(void **state)
{
	pthread_t threads[3];
	int results[3];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, migrate_slowly, &results[i]), 0);
	for (i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < COUNT(threads); i++)
		assert_int_equal(results[i], 2);
	assert_string_equal(marks(), "1");
}

/* --- the harness itself --- */

static void databases_begin_with_what_their_template_has(void **state)
{
	const char *name = cluster_template(f.cluster, three, 3);
	struct pg *copy;

	(void)state;
	assert_non_null(name);
	assert_string_equal(cluster_template(f.cluster, three, 3), name);
	assert_string_not_equal(cluster_template(f.cluster, three, 2), name);
	assert_true(cluster_database(f.cluster, "migrate_test_copy", name));
	copy = pg_new(cluster_url(f.cluster, "migrate_test_copy", "qinglan_owner"), "test");
	assert_non_null(copy);
	assert_int_equal(migrate_check(copy, three, 3, f.error), 0);
	pg_free(copy);
}

/* --- frame --- */

static int begin(void **state)
{
	(void)state;
	f.arena = arena_new(1 << 20);
	f.cluster = cluster_start();
	return f.arena && f.cluster ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	cluster_stop(f.cluster);
	arena_free(f.arena);
	return 0;
}

/* A new, empty database for each test. */
static int each(void **state)
{
	(void)state;
	arena_clear(f.arena);
	if (!cluster_database(f.cluster, "migrate_test", NULL))
		return -1;
	f.url = cluster_url(f.cluster, "migrate_test", "qinglan_owner");
	f.pg = pg_new(f.url, "migrate_test");
	return f.pg && pg_ready(f.pg) ? 0 : -1;
}

static int each_end(void **state)
{
	(void)state;
	pg_free(f.pg);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, each, each_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(migrations_run_in_order),
		TEST(a_second_run_does_nothing),
		TEST(only_what_is_new_runs),
		TEST(nothing_to_run_is_no_error),
		TEST(a_changed_file_is_refused),
		TEST(a_missing_file_is_refused),
		TEST(a_file_that_was_left_out_is_refused),
		TEST(a_newer_database_is_refused),
		TEST(files_out_of_order_are_refused),
		TEST(a_failing_migration_leaves_nothing_behind),
		TEST(a_role_that_may_not_read_is_told_so),
		TEST(two_at_once_run_each_migration_once),
		TEST(databases_begin_with_what_their_template_has),
	};

	return cmocka_run_group_tests_name("migrate", tests, begin, end);
}
