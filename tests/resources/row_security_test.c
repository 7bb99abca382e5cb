/*
 * row_security_test.c -- every table read and written by everybody, directly in SQL as qinglan_app,
 * so that the wall stands without any check of the program.
 *
 * The rows are those of row_security.sql; who may what with them says row_security_matrix.h.
 */
#include "row_security_matrix.h"

static struct sql *world;

static const size_t ROWS = sizeof matrix / sizeof *matrix;

/* The part of a matrix cell that is the actor's. */
static const char *expected(const char *cell, int actor)
{
	static char part[20];
	const char *end;

	while (actor-- > 0)
		cell = strchr(cell, '|') + 1;
	end = strchr(cell, '|');
	snprintf(part, sizeof part, "%.*s", end ? (int)(end - cell) : (int)strlen(cell), cell);
	return part;
}

static void act(const struct actor_of_test *who)
{
	sql_act(world->app, who->county, who->role, who->sees, who->school, who->person);
}

static int wrong;

static void compare(const struct row *row, const struct actor_of_test *who, const char *what,
		    const char *cell, const char *found)
{
	const char *should = expected(cell, (int)(who - actors));

	if (!strcmp(found, should))
		return;
	print_error("%s %s %s: '%s', should be '%s'\n", who->name, what, row->table, found, should);
	wrong++;
}

static void every_table_is_in_the_matrix(void **state)
{
	char tables[4000] = "";

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		snprintf(tables + strlen(tables), sizeof tables - strlen(tables), "%s'%s'",
			 i ? "," : "", matrix[i].table);
	sql_none(world->super,
		 sql_text("SELECT tablename || ': not in the matrix' FROM pg_tables WHERE "
			  "schemaname = 'qinglan' AND tablename NOT IN ('schema_migration', %s)",
			  tables));
}

static void everybody_reads_the_rows_that_exist_for_her(void **state)
{
	(void)state;
	wrong = 0;
	for (size_t i = 0; i < ROWS; i++) {
		for (int k = 0; k < ACTORS; k++) {
			act(&actors[k]);
			compare(&matrix[i], &actors[k], "reads", matrix[i].reads,
				sql_value(
					world->app,
					sql_text(
						"SELECT string_agg(x.mark, '' ORDER BY x.mark = 'c' DESC, "
						"x.mark) FROM (SELECT DISTINCT %s AS mark FROM %s) x",
						matrix[i].mark, matrix[i].table)));
		}
	}
	assert_int_equal(wrong, 0);
}

/* Asks the catalog and keeps the answer, which the buffers of sql.h would soon lose. */
static void keep(char *out, size_t size, const char *sql)
{
	snprintf(out, size, "%s", sql_value(world->super, sql));
}

/*
 * Tries a copy of one row of each mark: what gets as far as a key that is there already was
 * allowed, for row security judges before the keys do.
 */
static void try_insert(const struct row *row, const struct actor_of_test *who, const char *columns)
{
	char allowed[10] = "";

	for (const char *mark = "c12b"; *mark; mark++) {
		char copy[4000];
		const char *state;

		keep(copy, sizeof copy,
		     sql_text("SELECT quote_literal(to_jsonb(t)) FROM %s t WHERE %s = '%c' LIMIT 1",
			      row->table, row->mark, *mark));

		if (!*copy)
			continue;
		sql_value(world->app, "BEGIN");
		state = sql_state(
			world->app,
			sql_text(
				"INSERT INTO %s (%s) SELECT %s FROM jsonb_populate_record(NULL::%s, %s)",
				row->table, columns, columns, row->table, copy));
		if (strcmp(state, "42501"))
			snprintf(allowed + strlen(allowed), 2, "%c", *mark);
		sql_value(world->app, "ROLLBACK");
	}
	compare(row, who, "inserts into", row->inserts, allowed);
}

static void everybody_inserts_only_what_is_hers(void **state)
{
	(void)state;
	wrong = 0;
	for (size_t i = 0; i < ROWS; i++) {
		char columns[2000];

		keep(columns, sizeof columns,
		     sql_text("SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute "
			      "WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT "
			      "attisdropped AND attgenerated = ''",
			      matrix[i].table));

		/* Rules of triggers would speak before the wall does. */
		sql_value(world->super,
			  sql_text("ALTER TABLE %s DISABLE TRIGGER USER", matrix[i].table));
		for (int k = 0; k < ACTORS; k++) {
			act(&actors[k]);
			try_insert(&matrix[i], &actors[k], columns);
		}
		sql_value(world->super,
			  sql_text("ALTER TABLE %s ENABLE TRIGGER USER", matrix[i].table));
	}
	assert_int_equal(wrong, 0);
}

/* Changes every row of a mark to what it is; rules of the table may refuse what the wall allows. */
static void try_update(const struct row *row, const struct actor_of_test *who, const char *column)
{
	char allowed[10] = "";

	for (const char *mark = "c12b"; *mark; mark++) {
		PGresult *r;

		sql_value(world->app, "BEGIN");
		r = PQexec(world->app, sql_text("UPDATE %s SET %s = %s WHERE %s = '%c'", row->table,
						column, column, row->mark, *mark));
		if (PQresultStatus(r) == PGRES_COMMAND_OK
			    ? strcmp(PQcmdTuples(r), "0") != 0
			    : strcmp(PQresultErrorField(r, PG_DIAG_SQLSTATE), "42501") != 0)
			snprintf(allowed + strlen(allowed), 2, "%c", *mark);
		PQclear(r);
		sql_value(world->app, "ROLLBACK");
	}
	compare(row, who, "updates", row->updates, allowed);
}

static void everybody_changes_only_what_is_hers(void **state)
{
	(void)state;
	wrong = 0;
	for (size_t i = 0; i < ROWS; i++) {
		char column[100];

		keep(column, sizeof column,
		     sql_text("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = "
			      "'%s'::regclass AND attnum > 0 AND NOT attisdropped AND "
			      "attgenerated = '' AND attidentity = '' ORDER BY attnum LIMIT 1",
			      matrix[i].table));

		for (int k = 0; k < ACTORS; k++) {
			act(&actors[k]);
			try_update(&matrix[i], &actors[k], column);
		}
	}
	assert_int_equal(wrong, 0);
}

/* A row cannot be moved to another county or school either. */
static void nobody_moves_a_row_out_of_her_sight(void **state)
{
	(void)state;
	act(&actors[0]);
	assert_string_equal(
		sql_state(world->app, sql_text("UPDATE module SET county = %s", county_b)),
		"42501");
	act(&actors[1]);
	assert_string_equal(
		sql_state(world->app, "UPDATE class SET school = '" U("a2") "' WHERE number = 1"),
		"42501");
	assert_string_equal(sql_state(world->app, "UPDATE person SET school = '" U(
							  "a2") "' WHERE id = '" U("c1") "'"),
			    "42501");
}

/* What a school sees of PERSON whom a request names, by the marks of the one who moved. */
static const char *seen(const char *table, const char *mark, const struct actor_of_test *who,
			const char *person)
{
	act(who);
	sql_value(
		world->app,
		sql_text(
			"SELECT set_config('qinglan.subject', coalesce(x.person::text, ''), false), "
			"set_config('qinglan.until_on', coalesce(x.until_on, 'infinity')::text, false) FROM "
			"(SELECT 1) one LEFT JOIN (SELECT person, until_on FROM sight WHERE school = '%s' AND "
			"person = '%s') x ON true",
			who->school, person));
	return sql_value(
		world->app,
		sql_text(
			"SELECT string_agg(x.mark, ' ' ORDER BY x.mark) FROM (SELECT DISTINCT %s AS "
			"mark FROM %s WHERE person = '%s') x",
			mark, table, person));
}

static void who_moved_is_seen_whole_by_the_new_school_and_to_her_last_day_by_the_old(void **state)
{
	const struct {
		const char *table, *mark, *after, *before;
	} tables[] = {
		{"hour_entry", "source_key", "m1 m2", "m2"},
		{"title", "obtained_on::text", "2026-03-02 2026-09-10", "2026-03-02"},
		{"membership", "lower(during)::text", "2020-09-01 2026-07-01", "2020-09-01"},
		{"homeroom_appointment", "lower(during)::text", "2026-03-02 2026-09-10",
		 "2026-03-02"},
		{"identifier", "value", "m1 m2", "m2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		assert_string_equal(seen(tables[i].table, tables[i].mark, &actors[1], U("c9")),
				    tables[i].after);
		assert_string_equal(seen(tables[i].table, tables[i].mark, &actors[2], U("c9")),
				    tables[i].before);
		/* Whom a school never saw it does not see when it names her. */
		assert_string_equal(seen(tables[i].table, tables[i].mark, &actors[1], U("c2")), "");
	}
}

static void a_school_that_she_left_sees_no_more_of_her_than_it_knew(void **state)
{
	(void)state;
	act(&actors[2]);
	assert_string_equal(
		sql_value(world->app, "SELECT count(*) FROM teacher_view WHERE id = '" U("c9") "'"),
		"0");
	assert_string_equal(sql_value(world->app,
				      "SELECT concat_ws(',', name, status, phone, school_id) FROM "
				      "former_teacher_view WHERE id = '" U("c9") "'"),
			    "动,left");
	act(&actors[1]);
	assert_string_equal(
		sql_value(world->app,
			  "SELECT count(*) FROM former_teacher_view WHERE id = '" U("c9") "'"),
		"0");
	assert_string_equal(
		sql_value(world->app, "SELECT status FROM teacher_view WHERE id = '" U("c9") "'"),
		"current");
}

static int set_up(void **state)
{
	static char script[20000];
	FILE *file = fopen("tests/resources/row_security.sql", "r");

	world = sql_begin("row_security");
	*state = world;
	if (!world || !file)
		return -1;
	script[fread(script, 1, sizeof script - 1, file)] = '\0';
	fclose(file);
	sql_county(world, "990101", county_a);
	sql_county(world, "990102", county_b);
	for (int i = 0; i < 2; i++)
		sql_value(
			i ? world->app : world->super,
			sql_text(
				"SELECT set_config('test.a', '%s', false), set_config('test.b', '%s', false)",
				county_a, county_b));
	sql_value(world->super, script);
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
		cmocka_unit_test(every_table_is_in_the_matrix),
		cmocka_unit_test(everybody_reads_the_rows_that_exist_for_her),
		cmocka_unit_test(everybody_inserts_only_what_is_hers),
		cmocka_unit_test(everybody_changes_only_what_is_hers),
		cmocka_unit_test(nobody_moves_a_row_out_of_her_sight),
		cmocka_unit_test(
			who_moved_is_seen_whole_by_the_new_school_and_to_her_last_day_by_the_old),
		cmocka_unit_test(a_school_that_she_left_sees_no_more_of_her_than_it_knew),
	};

	return cmocka_run_group_tests_name("row_security", tests, set_up, tear_down);
}
