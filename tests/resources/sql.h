/*
 * sql.h -- a migrated database and plain connections to it, for tests that speak SQL and not HTTP.
 *
 * For one test program each: the functions are static, a database bears the program's name.
 */
#ifndef QINGLAN_TEST_SQL_H
#define QINGLAN_TEST_SQL_H

#include "harness/cluster.h"
#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

struct sql {
	struct cluster *cluster;
	const char *database;
	PGconn *super, *owner, *app, *gate;
};

/* A further connection; the caller finishes it. */
static inline PGconn *sql_connect(struct sql *s, const char *role)
{
	PGconn *c = PQconnectdb(cluster_url(s->cluster, s->database, role));

	if (PQstatus(c) != CONNECTION_OK)
		fail_msg("%s: %s", role, PQerrorMessage(c));
	return c;
}

/* Group set-up: a database of the migrated template. */
static inline struct sql *sql_begin(const char *database)
{
	static struct sql s;
	const char *template;

	s.database = database;
	s.cluster = cluster_start();
	if (!s.cluster)
		return NULL;
	template = cluster_template(s.cluster, migrations, migration_count);
	if (!template || !cluster_database(s.cluster, database, template))
		return NULL;
	s.super = sql_connect(&s, "postgres");
	s.owner = sql_connect(&s, "qinglan_owner");
	s.app = sql_connect(&s, "qinglan_app");
	s.gate = sql_connect(&s, "qinglan_gate");
	PQclear(PQexec(s.super, "SET search_path = qinglan"));
	return &s;
}

static inline void sql_end(struct sql *s)
{
	PQfinish(s->super);
	PQfinish(s->owner);
	PQfinish(s->app);
	PQfinish(s->gate);
	cluster_stop(s->cluster);
}

/*
 * Runs statements that must succeed; the first value of the
 * last, "" for none or NULL; kept for 16 calls.
 */
static inline const char *sql_value(PGconn *c, const char *sql)
{
	static char values[16][8000];
	static int next;
	char *value = values[next++ % 16];
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		fail_msg("%s\n%s", PQerrorMessage(c), sql);
	snprintf(value, sizeof values[0], "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	return value;
}

/* The SQLSTATE that statements end with, "" when they succeed. */
static inline const char *sql_state(PGconn *c, const char *sql)
{
	static char state[6];
	PGresult *r = PQexec(c, sql);
	const char *found = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	snprintf(state, sizeof state, "%s", found ? found : "");
	PQclear(r);
	return state;
}

/* MESSAGE and DETAIL of a failure, by a space between; "" when there is none. */
static inline const char *sql_complaint(PGconn *c, const char *sql)
{
	static char text[4000];
	PGresult *r = PQexec(c, sql);
	const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);

	snprintf(text, sizeof text, "%s%s%s", message ? message : "", detail ? " " : "",
		 detail ? detail : "");
	PQclear(r);
	return text;
}

/* A formatted text, kept for 16 calls. */
__attribute__((format(printf, 1, 2))) static inline const char *sql_text(const char *format, ...)
{
	static char texts[16][8000];
	static int next;
	char *text = texts[next++ % 16];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof texts[0], format, args);
	va_end(args);
	return text;
}

/* A further county by its code; its number goes into COUNTY. */
enum { SQL_COUNTY_SIZE = 20 };
static inline void sql_county(struct sql *s, const char *code, char county[SQL_COUNTY_SIZE])
{
	snprintf(county, SQL_COUNTY_SIZE, "%s",
		 sql_value(s->owner, sql_text("SELECT county_add('%s', '%s')", code, code)));
}

/* Asserts that a query has no row; its first column is what is wrong. */
static inline void sql_none(PGconn *c, const char *sql)
{
	const char *wrong = sql_value(
		c, sql_text("SELECT string_agg(x.what, E'\\n') FROM (%s) AS x(what)", sql));

	if (*wrong)
		fail_msg("%s", wrong);
}

/* Makes the session the actor's, to its end: as the kernel's settings, without a subject. */
static inline void sql_act(PGconn *c, const char *county, const char *role, const char *sees,
			   const char *school, const char *person)
{
	sql_value(
		c,
		sql_text(
			"SELECT set_config('qinglan.county', '%s', false), "
			"set_config('qinglan.role', '%s', false), "
			"set_config('qinglan.sees', '%s', false), "
			"set_config('qinglan.school', '%s', false), "
			"set_config('qinglan.person', '%s', false), "
			"set_config('qinglan.office', '', false), "
			"set_config('qinglan.client', '', false), "
			"set_config('qinglan.workplace', CASE WHEN '%s' = 'self' THEN "
			"coalesce(workplace_of(nullif('%s', '')::int, nullif('%s', '')::uuid)::text, '') ELSE '' END, "
			"false), set_config('qinglan.subject', '', false), "
			"set_config('qinglan.until_on', 'infinity', false), "
			"set_config('qinglan.ahead', '', false)",
			county, role, sees, school, person, sees, county, person));
}

/* Pairs of name and value up to NULL. */
struct sql_values {
	const char *const *pairs;
};

static inline const char *sql_lookup(void *context, const char *name)
{
	const struct sql_values *v = context;

	for (int i = 0; v->pairs[i]; i += 2)
		if (!strcmp(v->pairs[i], name))
			return v->pairs[i + 1];
	return NULL;
}

/*
 * Sends a statement of kernel.sql with named values (pairs up to NULL); its SQLSTATE, "" for none.
 */
static inline const char *sql_send(PGconn *c, const char *query, const char *const *pairs)
{
	static struct query_registry *queries;
	static char state[6], error[300];
	struct arena *arena = arena_new(1 << 20);
	struct sql_values v = {pairs};
	struct statement s;
	const char *found;
	PGresult *r;

	if (!queries)
		queries = query_registry_load(query_sources, query_source_count, error);
	assert_non_null(queries);
	assert_true(query_compose(query_get(queries, query_number(queries, query)), arena,
				  sql_lookup, &v, NULL, NULL, &s));
	r = PQexecParams(c, s.sql, s.parameter_count, NULL, s.parameters, NULL, NULL, 0);
	found = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	snprintf(state, sizeof state, "%s", found ? found : "");
	PQclear(r);
	arena_free(arena);
	return state;
}

/* Begins a transaction with the settings of an actor. */
static inline void sql_enter(PGconn *c, const char *county, const char *role, const char *sees,
			     const char *school, const char *person, const char *subject)
{
	const char *pairs[] = {"county",     county, "role",   role,   "sees",      sees,
			       "school",     school, "person", person, "subject",   subject,
			       "office",     "",     "client", "",     "operation", "test",
			       "request_id", "r-1",  NULL};

	sql_value(c, "BEGIN");
	assert_string_equal(sql_send(c, "settings", pairs), "");
}

#endif
