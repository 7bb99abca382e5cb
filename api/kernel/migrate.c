/*
 * migrate.c -- see migrate.h.
 *
 * The ledger of what ran is the table schema_migration in the schema of everything; it is made
 * here because it must be there before the first migration, which says who may read it.  For the
 * same reason its statements stand here and not in db/queries, which counts on the schema.
 * There is no way back down: a release that went wrong is followed by a further migration.
 */
#include "migrate.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 64 << 20 };

static const int64_t SECOND = 1000000000;

enum state { STATE_EXACT, STATE_BEHIND, STATE_AHEAD, STATE_CHANGED, STATE_UNREADABLE = -1 };

/* One run of migrate() or migrate_check(). */
struct ledger {
	struct pg *pg;
	const struct migration *list;
	size_t count, done; /* in the list; of these, in the database */
	struct arena *arena;
	char *error; /* size 500 */
};

/* Settings of the session: a migration may take long, and waits for another one to end. */
static const char lock_sql[] =
	"SET statement_timeout = 0; SET lock_timeout = '10min'; SET client_min_messages = warning;"
	"SELECT pg_advisory_lock(1903260017); SET lock_timeout = '30s'";
static const char unlock_sql[] =
	"SELECT pg_advisory_unlock(1903260017);"
	"RESET client_min_messages; RESET lock_timeout; RESET statement_timeout";
static const char schema_sql[] = "CREATE SCHEMA qinglan";
static const char table_sql[] = "CREATE TABLE qinglan.schema_migration ("
				"number int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL)";
static const char present_sql[] = "SELECT to_regnamespace('qinglan') IS NOT NULL AS schema,"
				  " to_regclass('qinglan.schema_migration') IS NOT NULL AS table";
static const char read_sql[] =
	"SELECT number, name, sha256 FROM qinglan.schema_migration ORDER BY number";
static const char digest_sql[] = "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex') AS sha256";
static const char begin_sql[] = "BEGIN; SET LOCAL search_path = qinglan";
static const char record_sql[] =
	"INSERT INTO qinglan.schema_migration (number, name, sha256)"
	" VALUES ($1::int, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))";

/* Runs one statement; NULL with the reason in the ledger's error. */
static const PGresult *ask(struct ledger *l, const char *sql, const char *const *parameters,
			   int count)
{
	const struct statement s = {
		.name = "",
		.sql = sql,
		.parameter_count = count,
		.parameters = parameters,
	};
	PGresult *result, *failed;

	switch (pg_pipeline(l->pg, l->arena, &s, 1, &result, &failed,
			    clock_monotonic_ns() + 60 * SECOND)) {
	case PG_OK:
		return result;
	case PG_ERROR:
		snprintf(l->error, 500, "the migrations of the database cannot be read: %s",
			 failed ? pg_message(failed) : "no memory");
		break;
	case PG_NOT_SENT:
	case PG_UNKNOWN:
		snprintf(l->error, 500, "the connection to the database was lost");
	}
	return NULL;
}

/* The files must be numbered upwards, each once. */
static bool list_valid(const struct ledger *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->list[i].number <= (i ? l->list[i - 1].number : 0)) {
			snprintf(l->error, 500, "migration %.100s is out of order",
				 l->list[i].name);
			return false;
		}
	return true;
}

/* Compares row I of what ran with the file of its place. */
static enum state row_compare(struct ledger *l, const PGresult *rows, size_t i)
{
	const int number = (int)strtol(pg_text(rows, (int)i, "number"), NULL, 10);
	const int newest = l->count ? l->list[l->count - 1].number : 0;
	const char *name = pg_text(rows, (int)i, "name");
	const struct migration *m = i < l->count ? &l->list[i] : NULL;
	const PGresult *digest;

	if (number > newest) {
		snprintf(l->error, 500,
			 "the database is newer than this program: it has "
			 "migration %.100s",
			 name);
		return STATE_AHEAD;
	}
	if (!m || m->number > number) {
		snprintf(l->error, 500, "migration %.100s ran, but its file is missing", name);
		return STATE_CHANGED;
	}
	if (m->number < number) {
		snprintf(l->error, 500, "migration %.100s did not run, but %.100s did", m->name,
			 name);
		return STATE_CHANGED;
	}
	digest = ask(l, digest_sql, &m->sql, 1);
	if (!digest)
		return STATE_UNREADABLE;
	if (strcmp(pg_text(digest, 0, "sha256"), pg_text(rows, (int)i, "sha256")) ||
	    strcmp(m->name, name)) {
		snprintf(l->error, 500, "migration %.100s was changed after it ran", m->name);
		return STATE_CHANGED;
	}
	return STATE_EXACT;
}

/* Compares the database with the list. */
static enum state ledger_compare(struct ledger *l)
{
	const PGresult *present = ask(l, present_sql, NULL, 0), *rows;
	enum state state = STATE_EXACT;
	size_t i;

	if (!present)
		return STATE_UNREADABLE;
	l->done = 0;
	if (!strcmp(pg_text(present, 0, "table"), "t")) {
		rows = ask(l, read_sql, NULL, 0);
		if (!rows)
			return STATE_UNREADABLE;
		for (i = 0; i < (size_t)pg_rows(rows) && state == STATE_EXACT; i++)
			state = row_compare(l, rows, i);
		l->done = i;
	}
	if (state == STATE_EXACT && l->done < l->count) {
		snprintf(l->error, 500, "migration %.100s has not run yet", l->list[l->done].name);
		return STATE_BEHIND;
	}
	return state;
}

static bool script(struct ledger *l, const char *what, const char *sql)
{
	char why[500];

	if (pg_script(l->pg, sql, why))
		return true;
	snprintf(l->error, 500, "%.100s: %.390s", what, why);
	return false;
}

static bool ledger_make(struct ledger *l)
{
	const PGresult *present = ask(l, present_sql, NULL, 0);

	if (!present)
		return false;
	/*
	 * CREATE SCHEMA IF NOT EXISTS would ask for the right to create one also where it exists.
	 */
	if (strcmp(pg_text(present, 0, "schema"), "t") && !script(l, "schema", schema_sql))
		return false;
	return !strcmp(pg_text(present, 0, "table"), "t") ||
	       script(l, "schema_migration", table_sql);
}

/* Runs one migration and notes it, in one transaction; undone as a whole when it fails. */
static bool migration_run(struct ledger *l, const struct migration *m)
{
	char number[12], ignored[500];
	const char *const parameters[] = {number, m->name, m->sql};

	snprintf(number, sizeof number, "%d", m->number);
	if (strlen(m->sql) != m->length) {
		snprintf(l->error, 500, "migration %.100s contains a NUL byte", m->name);
		return false;
	}
	if (!script(l, m->name, begin_sql) || !script(l, m->name, m->sql))
		goto undo;
	if (!pg_in_transaction(l->pg)) {
		snprintf(l->error, 500, "migration %.100s ends its transaction itself", m->name);
		return false;
	}
	if (ask(l, record_sql, parameters, 3) && script(l, m->name, "COMMIT"))
		return true;
undo:
	/* Without a connection the server has undone it; then this fails, and nothing is lost. */
	(void)pg_script(l->pg, "ROLLBACK", ignored);
	return false;
}

/* With the lock held. */
static bool migrations_run(struct ledger *l)
{
	enum state state;

	if (!ledger_make(l))
		return false;
	state = ledger_compare(l);
	if (state != STATE_EXACT && state != STATE_BEHIND)
		return false;
	for (; l->done < l->count; l->done++)
		if (!migration_run(l, &l->list[l->done]))
			return false;
	return true;
}

int migrate(struct pg *owner, const struct migration *list, size_t count, char error[500])
{
	struct ledger l = {.pg = owner, .list = list, .count = count, .error = error};
	char ignored[500];
	bool done = false;

	snprintf(error, 500, "no memory");
	l.arena = arena_new(MEMORY_BYTES);
	if (l.arena && list_valid(&l) && script(&l, "waiting for another migration", lock_sql)) {
		done = migrations_run(&l);
		/* If this fails the connection is gone, and the lock with it. */
		(void)pg_script(owner, unlock_sql, ignored);
	}
	arena_free(l.arena);
	if (!done)
		return -1;
	*error = '\0';
	return count ? list[count - 1].number : 0;
}

int migrate_check(struct pg *c, const struct migration *list, size_t count, char error[500])
{
	struct ledger l = {.pg = c, .list = list, .count = count, .error = error};
	enum state state = STATE_UNREADABLE;

	snprintf(error, 500, "not connected");
	l.arena = arena_new(MEMORY_BYTES);
	if (l.arena && pg_ready(c) && list_valid(&l))
		state = ledger_compare(&l);
	arena_free(l.arena);
	if (state == STATE_EXACT)
		*error = '\0';
	return state;
}
