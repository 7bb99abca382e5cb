/*
 * pg_test.c -- pipelines: results, errors in the middle, prepared statements, large values;
 * and scripts.
 *
 * What happens when server or backend go away is pg_lost_test.c.
 */
#include "pg_fixture.h"

enum { MANY = 1001 };

/* --- results --- */

static void a_pipeline_answers_all_its_statements_in_order(void **state)
{
	const char *const parameters[] = {"7", NULL};
	const struct statement list[] = {
		{.name = "", .sql = "BEGIN"},
		{.name = "add",
		 .sql = "SELECT $1::int + 1 AS sum, $2::text AS nothing",
		 .parameter_count = 2,
		 .parameters = parameters},
		{.name = "two", .sql = "SELECT generate_series(1, 3) AS n"},
		{.name = "", .sql = "COMMIT"},
	};

	(void)state;
	assert_int_equal(send_all(f.pg, list, 4, 10), PG_OK);
	assert_null(f.failed);
	assert_int_equal(pg_rows(f.results[0]), 0);
	assert_string_equal(pg_text(f.results[1], 0, "sum"), "8");
	assert_null(pg_text(f.results[1], 0, "nothing"));
	assert_int_equal(pg_rows(f.results[2]), 3);
	assert_string_equal(pg_value(f.results[2], 2, 0), "3");
	assert_int_equal(pg_column(f.results[1], "nothing"), 1);
	assert_int_equal(pg_column(f.results[1], "absent"), -1);
	assert_null(pg_text(f.results[1], 0, "absent"));
	assert_null(pg_value(f.results[1], 1, 0));
	assert_false(pg_in_transaction(f.pg));
}

static void an_error_in_the_middle_stops_what_follows(void **state)
{
	const struct statement list[] = {
		{.name = "first", .sql = "SELECT 1"},
		{.name = "bad", .sql = "INSERT INTO rule VALUES (-1) RETURNING n"},
		{.name = "last", .sql = "SELECT 3"},
		{.name = "last", .sql = "SELECT 3"},
	};

	(void)state;
	assert_true(pg_script(f.pg,
			      "CREATE TABLE rule (n int CONSTRAINT rule_is_positive "
			      "CHECK (n > 0))",
			      (char[500]){0}));
	assert_int_equal(send_all(f.pg, list, 4, 10), PG_ERROR);
	assert_string_equal(pg_value(f.results[0], 0, 0), "1");
	assert_null(f.results[1]);
	assert_null(f.results[2]);
	assert_null(f.results[3]);
	assert_string_equal(pg_sqlstate(f.failed), "23514");
	assert_string_equal(pg_constraint(f.failed), "rule_is_positive");
	assert_string_equal(pg_source_function(f.failed), "ExecConstraints");
	assert_non_null(strstr(pg_message(f.failed), "rule_is_positive"));
	assert_non_null(strstr(pg_detail(f.failed), "-1"));
	assert_false(pg_in_transaction(f.pg));
	/* What was not prepared because of it is prepared now. */
	assert_int_equal(send_all(f.pg, list + 2, 2, 10), PG_OK);
	assert_string_equal(pg_value(f.results[1], 0, 0), "3");
}

static void a_statement_that_cannot_be_prepared_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(kept(f.pg, "wrong", "SELECT nothing_of_that_name"), PG_ERROR);
	assert_string_equal(pg_sqlstate(f.failed), "42703");
	assert_int_equal(kept(f.pg, "wrong", "SELECT 1"), PG_OK);
}

static void what_an_error_kept_from_being_prepared_is_not_taken_for_prepared(void **state)
{
	const struct statement list[] = {
		{.name = "", .sql = "SELECT 1/0"},
		{.name = "skipped", .sql = "SELECT 4"},
	};

	(void)state;
	assert_int_equal(send_all(f.pg, list, 2, 10), PG_ERROR);
	assert_int_equal(kept(f.pg, "unparsed", "SELECT nothing_of_that_name"), PG_ERROR);
	/* In an open transaction nothing is sent twice, so a wrong memory would show. */
	assert_int_equal(plain(f.pg, "BEGIN"), PG_OK);
	assert_int_equal(kept(f.pg, "skipped", "SELECT 4"), PG_OK);
	assert_int_equal(kept(f.pg, "unparsed", "SELECT 5"), PG_OK);
	assert_int_equal(plain(f.pg, "ROLLBACK"), PG_OK);
}

static void an_open_and_a_broken_transaction_are_known(void **state)
{
	(void)state;
	assert_int_equal(plain(f.pg, "BEGIN"), PG_OK);
	assert_true(pg_in_transaction(f.pg));
	assert_int_equal(plain(f.pg, "SELECT 1/0"), PG_ERROR);
	assert_true(pg_in_transaction(f.pg));
	assert_int_equal(kept(f.pg, "never", "SELECT 1"), PG_ERROR);
	assert_string_equal(pg_sqlstate(f.failed), "25P02");
	assert_int_equal(kept(f.pg, "rollback", "ROLLBACK"), PG_OK);
	assert_false(pg_in_transaction(f.pg));
}

static void an_error_that_comes_only_at_the_sync_is_seen(void **state)
{
	const struct statement list[] = {
		{.name = "", .sql = "INSERT INTO late VALUES (1)"},
		{.name = "", .sql = "INSERT INTO late VALUES (1)"},
	};

	(void)state;
	assert_true(pg_script(f.pg,
			      "CREATE TABLE late (n int CONSTRAINT late_once UNIQUE "
			      "DEFERRABLE INITIALLY DEFERRED)",
			      (char[500]){0}));
	assert_int_equal(send_all(f.pg, list, 2, 10), PG_ERROR);
	assert_string_equal(pg_constraint(f.failed), "late_once");
	assert_string_equal(value(f.pg, "SELECT count(*) FROM late"), "0");
}

static void copy_ends_the_connection_and_not_the_program(void **state)
{
	(void)state;
	assert_int_equal(plain(f.pg, "COPY (SELECT 1) TO STDOUT"), PG_UNKNOWN);
	assert_int_equal(plain(f.pg, "SELECT 1"), PG_NOT_SENT);
	await(f.pg);
	assert_string_equal(value(f.pg, "SELECT 1"), "1");
}

/* --- prepared statements --- */

static const char *prepared_count(void)
{
	return value(f.pg, "SELECT count(*) FROM pg_prepared_statements");
}

static void a_statement_is_prepared_once_and_survives_errors(void **state)
{
	int i;

	(void)state;
	assert_int_equal(plain(f.pg, "DEALLOCATE ALL"), PG_OK);
	for (i = 0; i < 3; i++)
		(void)kept(f.pg, "again", "SELECT 1");
	assert_int_equal(plain(f.pg, "SELECT 1/0"), PG_ERROR);
	assert_int_equal(kept(f.pg, "again", "SELECT 1"), PG_OK);
	assert_string_equal(prepared_count(), "1");
	assert_string_equal(value(f.pg, "SELECT generic_plans + custom_plans "
					"FROM pg_prepared_statements WHERE name = 'again'"),
			    "4");
}

static void a_statement_can_be_prepared_for_another_one_to_execute(void **state)
{
	const struct statement list[] = {
		{.name = "doubled", .sql = "SELECT $1::int * 2", .prepare_only = true},
		{.name = "", .sql = "EXECUTE doubled(21)"},
	};

	(void)state;
	assert_int_equal(send_all(f.pg, list, 2, 10), PG_OK);
	assert_null(f.results[0]);
	assert_string_equal(pg_value(f.results[1], 0, 0), "42");
	assert_int_equal(send_all(f.pg, list, 2, 10), PG_OK);
	assert_string_equal(pg_value(f.results[1], 0, 0), "42");
}

static void statements_that_were_forgotten_behind_our_back_are_prepared_again(void **state)
{
	const struct statement list[] = {
		{.name = "", .sql = "BEGIN"},
		{.name = "lost", .sql = "SELECT 5"},
		{.name = "", .sql = "COMMIT"},
	};

	(void)state;
	assert_int_equal(kept(f.pg, "lost", "SELECT 5"), PG_OK);
	assert_int_equal(plain(f.pg, "DEALLOCATE ALL"), PG_OK);
	assert_int_equal(kept(f.pg, "lost", "SELECT 5"), PG_OK);
	/* With a COMMIT among them the caller has to ask again; then it works. */
	assert_int_equal(plain(f.pg, "DEALLOCATE ALL"), PG_OK);
	assert_int_equal(send_all(f.pg, list, 3, 10), PG_ERROR);
	assert_string_equal(pg_sqlstate(f.failed), "26000");
	assert_int_equal(plain(f.pg, "ROLLBACK"), PG_OK);
	assert_int_equal(send_all(f.pg, list, 3, 10), PG_OK);
	assert_string_equal(pg_value(f.results[1], 0, 0), "5");
}

static void a_view_that_a_migration_widens_is_read_anew(void **state)
{
	const struct statement list[] = {
		{.name = "", .sql = "BEGIN"},
		{.name = "wide", .sql = "SELECT * FROM wide"},
	};
	char error[500];

	(void)state;
	assert_true(pg_script(f.other, "CREATE TABLE wide AS SELECT 1 AS a", error));
	assert_int_equal(kept(f.pg, "wide", "SELECT * FROM wide"), PG_OK);
	assert_true(pg_script(f.other, "ALTER TABLE wide ADD b int", error));
	assert_int_equal(kept(f.pg, "wide", "SELECT * FROM wide"), PG_OK);
	assert_int_equal(pg_column(f.results[0], "b"), 1);
	/* Also where a transaction begins with it. */
	assert_true(pg_script(f.other, "ALTER TABLE wide ADD c int", error));
	assert_int_equal(send_all(f.pg, list, 2, 10), PG_OK);
	assert_int_equal(pg_column(f.results[1], "c"), 2);
	assert_true(pg_in_transaction(f.pg));
	/* Within an open one it cannot be mended, but the next one can. */
	assert_true(pg_script(f.pg, "ALTER TABLE wide ADD d int", error));
	assert_int_equal(kept(f.pg, "wide", "SELECT * FROM wide"), PG_ERROR);
	assert_string_equal(pg_sqlstate(f.failed), "0A000");
	assert_int_equal(plain(f.pg, "ROLLBACK"), PG_OK);
	assert_int_equal(kept(f.pg, "wide", "SELECT * FROM wide"), PG_OK);
}

static void more_than_a_thousand_statements_are_not_kept(void **state)
{
	char name[80], sql[80];
	int i;

	(void)state;
	assert_int_equal(plain(f.pg, "SELECT 1"), PG_OK);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "many%d", i);
		snprintf(sql, sizeof sql, "SELECT %d", i);
		assert_int_equal(kept(f.pg, name, sql), PG_OK);
		snprintf(sql, sizeof sql, "%d", i);
		assert_string_equal(pg_value(f.results[0], 0, 0), sql);
		arena_clear(f.arena);
	}
	assert_true(strtol(prepared_count(), NULL, 10) < 100);
	assert_int_equal(kept(f.pg, "many7", "SELECT 7"), PG_OK);
	assert_string_equal(pg_value(f.results[0], 0, 0), "7");
	/* A name that PostgreSQL would cut is not kept. */
	memset(name, 'x', 70);
	name[70] = '\0';
	assert_int_equal(kept(f.pg, name, "SELECT 1"), PG_OK);
	name[69] = 'y';
	assert_int_equal(kept(f.pg, name, "SELECT 2"), PG_OK);
	assert_string_equal(pg_value(f.results[0], 0, 0), "2");
}

/* --- large --- */

static void large_parameters_and_results_pass_at_the_same_time(void **state)
{
	const size_t length = 5 << 20;
	char *large = malloc(length + 1);
	const char *const parameters[] = {large};
	const struct statement list[] = {
		{.name = "",
		 .sql = "SELECT repeat($1, 2)",
		 .parameter_count = 1,
		 .parameters = parameters},
		{.name = "",
		 .sql = "SELECT repeat('0123456789', 1000) FROM generate_series(1, 5000)"},
		{.name = "",
		 .sql = "SELECT $1::text",
		 .parameter_count = 1,
		 .parameters = parameters},
	};
	int i;

	(void)state;
	assert_non_null(large);
	memset(large, 'a', length);
	large[length] = '\0';
	assert_int_equal(send_all(f.pg, list, 3, 60), PG_OK);
	assert_int_equal(strlen(pg_value(f.results[0], 0, 0)), 2 * length);
	assert_int_equal(pg_rows(f.results[1]), 5000);
	for (i = 0; i < 5000; i++)
		assert_int_equal(strlen(pg_value(f.results[1], i, 0)), 10000);
	assert_string_equal(pg_value(f.results[2], 0, 0), large);
	free(large);
}

static void results_beyond_the_arena_are_no_crash(void **state)
{
	struct arena *small = arena_new(0);
	const struct statement s = {.name = "", .sql = "SELECT 1"};
	PGresult *result, *failed;
	enum pg_outcome outcome = PG_OK;
	int rounds;

	(void)state;
	assert_non_null(small);
	for (rounds = 0; rounds < 100000 && outcome == PG_OK; rounds++)
		outcome = pg_pipeline(f.pg, small, &s, 1, &result, &failed,
				      clock_monotonic_ns() + 10 * SECOND);
	assert_in_range(outcome, PG_NOT_SENT, PG_UNKNOWN);
	arena_free(small);
	assert_true(pg_ready(f.pg));
	assert_string_equal(value(f.pg, "SELECT 2"), "2");
}

static void what_the_arena_cannot_hold_leaves_no_transaction_open(void **state)
{
	struct arena *full = arena_new(0);
	const struct statement begin_it = {.name = "", .sql = "BEGIN"};
	PGresult *result, *failed;

	(void)state;
	assert_non_null(full);
	while (arena_alloc(full, 1))
		;
	assert_int_equal(pg_pipeline(f.pg, full, &begin_it, 1, &result, &failed,
				     clock_monotonic_ns() + 10 * SECOND),
			 PG_UNKNOWN);
	assert_false(pg_in_transaction(f.pg));
	assert_int_equal(plain(f.pg, "SELECT 1"), PG_NOT_SENT);
	arena_free(full);
}

static void a_fresh_connection_is_in_no_transaction(void **state)
{
	(void)state;
	assert_int_equal(plain(f.pg, "BEGIN"), PG_OK);
	assert_true(pg_ready(f.pg));
	assert_true(pg_in_transaction(f.pg));
	assert_true(pg_fresh(f.pg));
	assert_false(pg_in_transaction(f.pg));
	assert_string_equal(value(f.pg, "SELECT 1"), "1");
}

static void too_many_statements_are_not_sent(void **state)
{
	struct statement list[PG_STATEMENTS_MAX + 1];
	PGresult *results[PG_STATEMENTS_MAX + 1], *failed;
	int i;

	(void)state;
	for (i = 0; i <= PG_STATEMENTS_MAX; i++)
		list[i] = (struct statement){.name = "", .sql = "SELECT 1"};
	for (i = 1; i >= 0; i--)
		assert_int_equal(pg_pipeline(f.pg, f.arena, list, PG_STATEMENTS_MAX + i, results,
					     &failed, clock_monotonic_ns() + 10 * SECOND),
				 i ? PG_NOT_SENT : PG_OK);
}

/* --- scripts and notifications --- */

static void a_script_says_what_is_wrong_and_in_which_line(void **state)
{
	char error[500];

	(void)state;
	assert_true(pg_script(f.pg, "CREATE TEMP TABLE s (a int);\nINSERT INTO s VALUES (1), (2)",
			      error));
	assert_string_equal(value(f.pg, "SELECT count(*) FROM s"), "2");
	assert_false(pg_script(f.pg, "SELECT '青蓝';\nSELECT 1;\nSELECT\n  missing;\n", error));
	assert_string_equal(error, "column \"missing\" does not exist (line 4)");
	assert_false(pg_script(f.pg, "BEGIN; SELECT 1/0;", error));
	assert_string_equal(error, "division by zero");
	assert_true(pg_in_transaction(f.pg));
	assert_true(pg_script(f.pg, "ROLLBACK", error));
	assert_false(pg_in_transaction(f.pg));
	assert_true(pg_script(f.pg, "DO $$ BEGIN RAISE NOTICE 'quiet'; END $$", error));
	assert_false(pg_script(f.pg, "COPY s FROM STDIN", error));
	assert_true(pg_script(f.pg, "SELECT 1", error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pipeline_answers_all_its_statements_in_order),
		TEST(an_error_in_the_middle_stops_what_follows),
		TEST(a_statement_that_cannot_be_prepared_is_an_error),
		TEST(what_an_error_kept_from_being_prepared_is_not_taken_for_prepared),
		TEST(an_open_and_a_broken_transaction_are_known),
		TEST(an_error_that_comes_only_at_the_sync_is_seen),
		TEST(copy_ends_the_connection_and_not_the_program),
		TEST(a_statement_is_prepared_once_and_survives_errors),
		TEST(a_statement_can_be_prepared_for_another_one_to_execute),
		TEST(statements_that_were_forgotten_behind_our_back_are_prepared_again),
		TEST(a_view_that_a_migration_widens_is_read_anew),
		TEST(more_than_a_thousand_statements_are_not_kept),
		TEST(large_parameters_and_results_pass_at_the_same_time),
		TEST(results_beyond_the_arena_are_no_crash),
		TEST(what_the_arena_cannot_hold_leaves_no_transaction_open),
		TEST(a_fresh_connection_is_in_no_transaction),
		TEST(too_many_statements_are_not_sent),
		TEST(a_script_says_what_is_wrong_and_in_which_line),
	};

	return cmocka_run_group_tests_name("pg", tests, begin, end);
}
