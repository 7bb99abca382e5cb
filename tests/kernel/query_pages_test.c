/*
 * query_pages_test.c -- queries in use: every combination, many threads, pages in PostgreSQL.
 */
#include "query_fixture.h"

#include "harness/cluster.h"
#include "kernel/clock.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 3000 };

static struct {
	struct cluster *cluster;
	struct pg *pg;
} db;

/* --- every combination --- */

static void all_combinations_that_can_occur_are_enumerated(void **state)
{
	int parameters, seen_after = 0, total = 0;
	const char *sql;
	size_t i;

	(void)state;
	load(QUERY_PAGE, PEOPLE);
	/*
	 * school or not, status absent, left or another: 6; each with 3 sorts twice and the total
	 */
	for (i = 0; (sql = query_combination(thing(), f.arena, i, &parameters)) != NULL; i++) {
		const bool left = strstr(sql, "AND p.gone");

		assert_false(left && strstr(sql, "AND NOT p.gone"));
		seen_after += strstr(sql, ") > (") || strstr(sql, ") < (");
		total += strstr(sql, "count(*)") != NULL;
	}
	assert_int_equal(i, 6 * 7);
	assert_int_equal(seen_after, 6 * 3);
	assert_int_equal(total, 6);
}

static void many_conditions_are_enumerated_by_pairs(void **state)
{
	char text[600] = "SELECT 1\n", line[40];
	int parameters;
	size_t i;

	(void)state;
	for (i = 0; i < 10; i++) {
		snprintf(line, sizeof line, "--? p%zu: AND :p%zu\n", i, i);
		memcpy(text + strlen(text), line, strlen(line) + 1);
	}
	load(QUERY_MANY, text);
	for (i = 0; query_combination(thing(), f.arena, i, &parameters); i++)
		;
	assert_int_equal(i, 1 + 10 + 45 + 1);
}

/* --- many threads, many combinations --- */

/* Composes by turns more combinations than the cache keeps, and checks each. */
static void *compose_all(void *failures)
{
	struct arena *arena = arena_new(1 << 20);
	int *failed = failures, i;

	for (i = 0; arena && i < ROUNDS; i++) {
		char names[9][3], wanted[12], got[12];
		const char *pairs[20];
		struct statement s;
		int bit, count = 0, position;

		for (bit = 0; bit < 9; bit++)
			if ((i * 7) >> bit & 1) {
				snprintf(names[bit], sizeof names[bit], "p%d", bit);
				pairs[count++] = names[bit];
				pairs[count++] = names[bit];
			}
		pairs[count] = NULL;
		if (!query_compose(thing(), arena, look, pairs, NULL, NULL, &s) ||
		    s.parameter_count != count / 2) {
			++*failed;
			continue;
		}
		for (position = 0; position < s.parameter_count; position++)
			*failed += strcmp(s.parameters[position], pairs[2 * position]) != 0;
		snprintf(wanted, sizeof wanted, "~%x.", (unsigned)(i * 7) & 0x1ff);
		snprintf(got, sizeof got, "%s", strchr(s.name, '~') ? strchr(s.name, '~') : "~0.");
		*failed += strncmp(wanted, got, strlen(wanted)) != 0;
		arena_clear(arena);
	}
	*failed += !arena;
	arena_free(arena);
	return NULL;
}

static void composing_is_safe_for_threads_beyond_what_is_kept(void **state)
{
	char text[400] = "SELECT 1\n", line[40];
	pthread_t threads[THREADS];
	int failures[THREADS] = {0}, i;

	(void)state;
	for (i = 0; i < 9; i++) {
		snprintf(line, sizeof line, "--? p%d: AND :p%d\n", i, i);
		memcpy(text + strlen(text), line, strlen(line) + 1);
	}
	load(QUERY_MANY, text);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, compose_all, &failures[i]), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failures[i], 0);
	}
}

/* --- against PostgreSQL --- */

static const PGresult *rows_of(const struct statement *s)
{
	PGresult *rows, *failed;

	if (pg_pipeline(db.pg, f.arena, s, 1, &rows, &failed,
			clock_monotonic_ns() + INT64_C(20000000000)) != PG_OK)
		fail_msg("%s: %s", s->sql, failed ? pg_message(failed) : "lost");
	return rows;
}

/* Walks all pages of a sort; the ids in their order, separated by commas. */
static void walk(const char *sort, void *parameters, const char *expected)
{
	const char *after[2];
	struct page_request page = {.size = 2, .sort = sort, .fields = "name"};
	char ids[200] = "";
	int i, count;

	load(QUERY_PAGE, PEOPLE);
	do {
		const PGresult *rows;

		assert_true(query_compose(thing(), f.arena, look, parameters, &page, NULL, &f.s));
		rows = rows_of(&f.s);
		count = pg_rows(rows);
		assert_true(count <= 3);
		for (i = 0; i < count && i < 2; i++) {
			snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s,",
				 pg_text(rows, i, "version"));
			assert_non_null(strstr(pg_text(rows, i, "body"), "\"name\""));
			assert_null(strstr(pg_text(rows, i, "body"), "\"school\""));
			after[0] = pg_text(rows, i, "key1");
			after[1] = pg_text(rows, i, "key2");
		}
		page.after = after;
		page.after_count = query_key_count(thing(), sort);
	} while (count > 2);
	assert_string_equal(ids, expected);
}

static void pages_follow_each_other_without_gap_or_repetition(void **state)
{
	(void)state;
	walk("name", NOTHING, "3,5,6,1,2,");
	walk("-name", NOTHING, "2,1,6,5,3,");
	walk("id", NOTHING, "1,2,3,5,6,");
	walk("-name", WITH("school", "1"), "1,5,3,");
	walk("name", WITH("status", "left"), "4,");
	assert_true(query_compose_total(thing(), f.arena, look, WITH("status", "any"), &f.s));
	assert_string_equal(pg_text(rows_of(&f.s), 0, "total_count"), "6");
}

static void every_combination_can_be_prepared(void **state)
{
	char *prepare, error[500];
	int parameters;
	const char *sql;
	size_t i;

	(void)state;
	load(QUERY_PAGE, PEOPLE);
	for (i = 0; (sql = query_combination(thing(), f.arena, i, &parameters)) != NULL; i++) {
		prepare = arena_printf(f.arena, "PREPARE s AS %s; DEALLOCATE s", sql);
		assert_non_null(prepare);
		if (!pg_script(db.pg, prepare, error))
			fail_msg("%s: %s", error, sql);
	}
}

static int connect_begin(void **state)
{
	static const char script[] =
		"CREATE TABLE person (id int, name text, school int, gone bool);"
		"INSERT INTO person VALUES (1, 'Li', 1, false), (2, 'Li', 2, false),"
		"(3, '', 1, false), (4, 'Bo', 2, true), (5, 'An', 1, false), (6, 'Bo', 2, false);"
		"CREATE FUNCTION pick(json, text) RETURNS json LANGUAGE sql AS "
		"'SELECT json_object_agg(e.key, e.value) FROM json_each($1) e "
		"WHERE e.key = ANY (string_to_array($2, '',''))'";
	char error[500];

	db.cluster = cluster_start();
	if (!db.cluster || !cluster_database(db.cluster, "query_test", NULL))
		return -1;
	db.pg = pg_new(cluster_url(db.cluster, "query_test", "postgres"), "query_test");
	if (!db.pg || !pg_script(db.pg, script, error))
		return -1;
	return begin(state);
}

static int connect_end(void **state)
{
	end(state);
	pg_free(db.pg);
	cluster_stop(db.cluster);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_combinations_that_can_occur_are_enumerated),
		cmocka_unit_test(many_conditions_are_enumerated_by_pairs),
		cmocka_unit_test(composing_is_safe_for_threads_beyond_what_is_kept),
		cmocka_unit_test(pages_follow_each_other_without_gap_or_repetition),
		cmocka_unit_test(every_combination_can_be_prepared),
	};

	return cmocka_run_group_tests_name("query, pages", tests, connect_begin, connect_end);
}
