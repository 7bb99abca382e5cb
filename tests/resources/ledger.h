/*
 * ledger.h -- a county with schools and people for the tests of ledger and requirements, and the
 * statements of db/queries run as the service would run them, without the service.
 *
 * Included by one test program each.  County 1 has the schools 1 to 3 and the teachers 1 to 9
 * (teacher n works in school 1 + n % 3, as a reserve homeroom teacher), county 2 has school 4
 * and teacher 10.
 */
#ifndef QINGLAN_TEST_LEDGER_H
#define QINGLAN_TEST_LEDGER_H

#include "resources/sql.h"

#include "kernel/query.h"

#include <pthread.h>

static struct sql *sql;
static struct query_registry *queries;

#define TEACHER "0199b0a4-7c00-7000-8000-00000000000"
#define SCHOOL "0199b0a4-7c00-7000-8001-00000000000"
#define OFFICER TEACHER "9"

/* Runs as the superuser in the shoes of the engine, in county 1. */
static inline const char *as_engine(const char *statement)
{
	const char *value;

	sql_value(sql->super, "SET ROLE qinglan_engine");
	value = sql_value(sql->super, statement);
	sql_value(sql->super, "RESET ROLE");
	return value;
}

static inline const char *county_script(void)
{
	return "SELECT county_add('230125', '甲县'), county_add('230126', '乙县');"
	       "SELECT set_config('qinglan.county', '1', false), set_config('qinglan.sees', 'all', false),"
	       " set_config('qinglan.person', '" OFFICER "', false);"
	       "INSERT INTO school (county, id, code, name, category, stages)"
	       " SELECT 1 + i / 4, ('" SCHOOL
	       "' || i)::uuid, '213000000' || i, '第' || i || '小学',"
	       " 'primary', '{primary}' FROM generate_series(1, 4) i;"
	       "INSERT INTO person (county, id, name, sort_key, teacher)"
	       " SELECT 1 + i / 10, (left('" TEACHER
	       "', 34) || lpad(i::text, 2, '0'))::uuid, '教师' || i,"
	       " 'jiaoshi ' || i, true FROM generate_series(1, 10) i;"
	       "INSERT INTO membership (county, person, school, kind, during)"
	       " SELECT county, id, ('" SCHOOL "' || CASE county WHEN 2 THEN 4"
	       " ELSE 1 + right(id::text, 1)::int % 3 END)::uuid, 'working', '[2020-01-01,)' FROM person;"
	       "INSERT INTO homeroom_appointment (county, person, school, kind, during)"
	       " SELECT county, person, school, 'reserve', during FROM membership";
}

static inline int ledger_begin(const char *database)
{
	char error[300];

	sql = sql_begin(database);
	queries = query_registry_load(query_sources, query_source_count, error);
	if (!sql || !queries)
		return -1;
	as_engine(county_script());
	return 0;
}

static inline void ledger_end(void)
{
	if (sql)
		sql_end(sql);
	query_registry_free(queries);
}

/* Empties what tests wrote, behind the service's back; sequences of ids go on. */
static inline void ledger_clear(void)
{
	/* What a test that failed left behind. */
	if (PQtransactionStatus(sql->super) != PQTRANS_IDLE)
		PQclear(PQexec(sql->super, "ROLLBACK"));
	sql_value(sql->super, "RESET ROLE");
	sql_value(sql->super, "SET session_replication_role = replica");
	sql_value(sql->super, "DELETE FROM hour_entry; DELETE FROM hour_source;"
			      "DELETE FROM hour_balance; DELETE FROM ledger_account;"
			      "DELETE FROM requirement_state; DELETE FROM requirement_version;"
			      "DELETE FROM requirement");
	sql_value(sql->super, "RESET session_replication_role");
}

/* --- who asks --- */

static inline void act_county(PGconn *c)
{
	sql_act(c, "1", "county", "all", "", OFFICER);
}

/* The county names a person, as a request with her id in its path does. */
static inline void act_county_of(PGconn *c, const char *person)
{
	act_county(c);
	sql_value(c, sql_text("SELECT set_config('qinglan.subject', '%s', false)", person));
}

/* A school names a person: subject and last day come from sight, as in the kernel's settings. */
static inline void act_school(PGconn *c, const char *school, const char *person)
{
	sql_act(c, "1", "school", "school", school, OFFICER);
	sql_value(
		c,
		sql_text(
			"SELECT set_config('qinglan.subject', coalesce(max(person::text), ''), false),"
			" set_config('qinglan.until_on', coalesce(max(until_on), 'infinity')::text, false)"
			" FROM sight WHERE school = '%s' AND person::text = '%s'",
			school, person));
}

static inline void act_teacher(PGconn *c, const char *person)
{
	sql_act(c, "1", "teacher", "self", "", person);
	sql_value(c, sql_text("SELECT set_config('qinglan.subject', '%s', false)", person));
}

/* --- statements of db/queries --- */

struct given {
	const char *const *pairs;
};

/* PAIRS are name, value, … up to NULL. */
static inline const char *given_value(void *context, const char *name)
{
	const struct given *g = context;

	for (const char *const *p = g->pairs; *p; p += 2)
		if (!strcmp(p[0], name))
			return p[1];
	return NULL;
}

static inline PGresult *query_result(PGconn *c, const char *name, const char *sort,
				     const char *const *pairs)
{
	struct given g = {pairs};
	struct arena *a = arena_new(1 << 22);
	int number = query_number(queries, name);
	const struct query *q = number < 0 ? NULL : query_get(queries, number);
	struct page_request page = {.sort = sort, .size = 500};
	struct statement s;
	PGresult *r;

	if (!a || !q ||
	    !query_compose(q, a, given_value, &g, query_kind(q) == QUERY_PAGE ? &page : NULL, NULL,
			   &s))
		fail_msg("query %s cannot be composed", name);
	r = PQexecParams(c, s.sql, s.parameter_count, NULL, s.parameters, NULL, NULL, 0);
	arena_free(a);
	return r;
}

/* All first columns of a query of db/queries, a line each; or MESSAGE and DETAIL of its failure. */
static inline const char *query_sorted(PGconn *c, const char *name, const char *sort,
				       const char *const *pairs)
{
	static char texts[8][60000];
	static int next;
	char *text = texts[next++ % 8];
	PGresult *r = query_result(c, name, sort, pairs);
	size_t length = 0;

	*text = '\0';
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		snprintf(text, sizeof texts[0], "%s %s",
			 PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
			 PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL));
	for (int i = 0; i < PQntuples(r) && length < sizeof texts[0]; i++)
		length += (size_t)snprintf(text + length, sizeof texts[0] - length, "%s%s",
					   i ? "\n" : "", PQgetvalue(r, i, 0));
	PQclear(r);
	return text;
}

#define QUERY(c, name, ...) query_sorted(c, name, NULL, (const char *const[]){__VA_ARGS__, NULL})
#define QUERY_SORTED(c, name, sort, ...)                                                           \
	query_sorted(c, name, sort, (const char *const[]){__VA_ARGS__, NULL})

/* The value at PATH ("{source,key}") of a JSON text. */
static inline const char *json_member(const char *json, const char *path)
{
	const char *const parameters[] = {json, path};
	static char values[64][4000];
	static int next;
	char *value = values[next++ % 64];
	PGresult *r = PQexecParams(sql->super, "SELECT ($1::jsonb #>> $2::text[])", 2, NULL,
				   parameters, NULL, NULL, 0);

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", json, PQerrorMessage(sql->super));
	snprintf(value, sizeof values[0], "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	return value;
}

/*
 * Posts through hour_entry_create as the connection's actor: the body of the entry, or the failure.
 */
static inline const char *post(PGconn *c, const char *teacher, const char *hours, const char *level,
			       const char *day, const char *key)
{
	return QUERY(c, "hour_entry_create", "teacher_id", teacher, "hours", hours, "level", level,
		     "activity_on", day, "source",
		     sql_text("{\"kind\": \"course_enrolment\", \"key\": \"%s\"}", key));
}

static inline const char *id_of(const char *body)
{
	return json_member(body, "{id}");
}

#define assert_begins(text, start) assert_begins_at(text, start, __LINE__)
static inline void assert_begins_at(const char *text, const char *start, int line)
{
	if (strncmp(text, start, strlen(start)))
		fail_msg("line %d: \"%s\" does not begin with \"%s\"", line, text, start);
}

/* --- at the same time --- */

struct writer {
	pthread_t thread;
	int number;
	PGconn *connection;
	const char *statement; /* run TIMES times, its %d being the round */
	int times, done, refused, failed;
	char complaint[300];
};

/* Runs the writer's statement again where it waited too long. */
static inline void *writer_run(void *context)
{
	struct writer *w = context;

	for (int i = 0, tries = 0; i < w->times; i++) {
		char number[12];
		const char *parameters[] = {number};
		PGresult *r;
		const char *state;

		snprintf(number, sizeof number, "%d", i);
		r = PQexecParams(w->connection, w->statement, strstr(w->statement, "$1") ? 1 : 0,
				 NULL, parameters, NULL, NULL, 0);
		state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
		if (!state) {
			w->done++;
		} else if (!strncmp(state, "QL", 2)) {
			w->refused++;
		} else if (!strcmp(state, "55P03") && ++tries < 1000) {
			i--;
		} else {
			w->failed++;
			snprintf(w->complaint, sizeof w->complaint, "%s",
				 PQerrorMessage(w->connection));
		}
		PQclear(r);
	}
	return NULL;
}

/* Runs the statements, one connection each, all at once; none may fail but by a rule. */
static inline void at_once(struct writer *writers, int count)
{
	for (int i = 0; i < count; i++) {
		writers[i].number = i;
		writers[i].connection = sql_connect(sql, "qinglan_app");
		if (!writers[i].times)
			writers[i].times = 1;
		act_county(writers[i].connection);
		/*
		 * Longer than the server needs to see a deadlock, so that one
		 * is not taken for waiting.
		 */
		sql_value(writers[i].connection, "SET lock_timeout = '4s'");
	}
	for (int i = 0; i < count; i++)
		assert_int_equal(pthread_create(&writers[i].thread, NULL, writer_run, &writers[i]),
				 0);
	for (int i = 0; i < count; i++) {
		pthread_join(writers[i].thread, NULL);
		PQfinish(writers[i].connection);
		if (writers[i].failed)
			fail_msg("writer %d: %s", i, writers[i].complaint);
	}
}

#endif
