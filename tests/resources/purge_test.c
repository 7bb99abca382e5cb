/*
 * purge_test.c -- what is kept for some days goes in rounds: files, what was read from them, and
 * jobs; in SQL.
 */
#include "sql.h"

static struct sql *world;
static char county[SQL_COUNTY_SIZE];

#define FIRST "0199b0a4-7c00-7000-8000-000000000001"
#define SECOND "0199b0a4-7c00-7000-8000-000000000002"
#define KEPT "0199b0a4-7c00-7000-8000-000000000003"

/* An import of so many records whose time is over in so many hours. */
static void add_import(const char *id, int rows, int hours)
{
	sql_value(
		world->super,
		sql_text("INSERT INTO import (county, id, kind, state, as_of_on, purge_at)"
			 " VALUES (%s, '%s', 'teachers', 'ready', '2026-10-15',"
			 " machine_now() + interval '%d hours');"
			 "INSERT INTO import_row (county, import, part, row, outcome, name, parsed,"
			 " row_hash, document_sealed, problems) SELECT %s, '%s', 1, n, 'rejected',"
			 " 'x', '{}', '\\x01', '\\x02', '[{\"code\": \"c\", \"value\": \"v\"}]'"
			 " FROM generate_series(1, %d) n",
			 county, id, hours, county, id, rows));
}

static const char *left_of(const char *id)
{
	return sql_value(
		world->super,
		sql_text(
			"SELECT count(*) FROM import_row WHERE import = '%s' AND (num_nonnulls("
			"name, parsed, row_hash, document_sealed) > 0 OR problems::text ~ 'value')",
			id));
}

static void what_was_read_goes_in_rounds_and_an_import_is_closed_with_the_first(void **state)
{
	(void)state;
	sql_value(world->super, "SET session_replication_role = replica");
	add_import(FIRST, 25000, -2);
	add_import(SECOND, 5, -1);
	add_import(KEPT, 5, 1);
	sql_value(world->super, "SET session_replication_role = origin");
	assert_string_equal(sql_value(world->gate, "SELECT imports_purge(10000)"), "10001");
	assert_string_equal(left_of(FIRST), "15000");
	assert_string_equal(left_of(SECOND), "5");
	assert_string_equal(
		sql_value(world->super,
			  "SELECT string_agg(purged::text, ' ' ORDER BY id) FROM import"),
		"true false false");
	assert_string_equal(sql_value(world->gate, "SELECT imports_purge(10000)"), "10001");
	assert_string_equal(sql_value(world->gate, "SELECT imports_purge(10000)"), "5007");
	assert_string_equal(sql_value(world->gate, "SELECT imports_purge(10000)"), "0");
	assert_string_equal(left_of(FIRST), "0");
	assert_string_equal(left_of(SECOND), "0");
	assert_string_equal(left_of(KEPT), "5");
	assert_string_equal(
		sql_value(
			world->super,
			"SELECT string_agg(concat(purged, version), ' ' ORDER BY id) FROM import"),
		"t2 t2 f1");
}

/* Somebody who holds an import keeps the others waiting no more than its own. */
static void an_import_that_is_held_is_left_to_the_next_time(void **state)
{
	(void)state;
	sql_value(world->super, "UPDATE import SET purge_at = machine_now() - interval '1 hour' "
				"WHERE id <> '" KEPT "';"
				"UPDATE import_row SET name = 'x', parsed = '{}' "
				"WHERE import <> '" KEPT "' AND row <= 3");
	sql_value(world->super, "BEGIN; SELECT 1 FROM import WHERE id = '" FIRST "' FOR UPDATE");
	assert_string_equal(sql_value(world->gate, "SELECT imports_purge(10000)"), "4");
	assert_string_equal(left_of(SECOND), "0");
	sql_value(world->super, "COMMIT");
	assert_string_equal(left_of(FIRST), "3");
	assert_string_equal(sql_value(world->gate, "SELECT imports_purge(10000)"), "4");
	assert_string_equal(left_of(FIRST), "0");
}

static void files_are_emptied_some_at_a_time(void **state)
{
	(void)state;
	sql_value(
		world->super,
		sql_text(
			"INSERT INTO file (county, name, media_type, size, content_hash, content, key_id,"
			" purge_at) SELECT %s, 'f', 'text/csv', 1, '\\x00', '\\x00', 1,"
			" machine_now() + make_interval(hours => n - 24) FROM generate_series(1, 25) n",
			county));
	assert_string_equal(sql_value(world->gate, "SELECT files_purge(20)"), "20");
	assert_string_equal(sql_value(world->gate, "SELECT files_purge(20)"), "4");
	assert_string_equal(sql_value(world->super, "SELECT count(content) FROM file"), "1");
}

static void jobs_that_ended_long_ago_go_some_at_a_time(void **state)
{
	(void)state;
	sql_value(
		world->super,
		sql_text("SET session_replication_role = replica; INSERT INTO job (county, kind,"
			 " actor_role, state, finished_at) SELECT %s, 'x', 'county', 'succeeded',"
			 " machine_now() - make_interval(days => n) FROM generate_series(1, 60) n;"
			 "INSERT INTO job (county, kind, actor_role) VALUES (%s, 'x', 'county');"
			 "SET session_replication_role = origin",
			 county, county));
	assert_string_equal(sql_value(world->gate, "SELECT jobs_purge(30, 20)"), "20");
	assert_string_equal(sql_value(world->gate, "SELECT jobs_purge(30, 20)"), "11");
	assert_string_equal(sql_value(world->super, "SELECT count(*) FROM job"), "30");
}

static int set_up(void **state)
{
	world = sql_begin("purge");
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
		cmocka_unit_test(
			what_was_read_goes_in_rounds_and_an_import_is_closed_with_the_first),
		cmocka_unit_test(an_import_that_is_held_is_left_to_the_next_time),
		cmocka_unit_test(files_are_emptied_some_at_a_time),
		cmocka_unit_test(jobs_that_ended_long_ago_go_some_at_a_time),
	};

	return cmocka_run_group_tests_name("purge", tests, set_up, tear_down);
}
