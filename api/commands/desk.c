/*
 * desk.c -- a command's connection, statements and memory.  Not for requests.
 */
#include "commands.h"

#include "kernel/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { VALUES_MAX = 16, DESK_MEMORY = 256 << 20 };

static const int64_t SECOND = 1000000000;

/* Waits until the connection stands, at most SECONDS. */
static bool connection_wait(struct pg *c, int seconds)
{
	int64_t until = clock_monotonic_ns() + seconds * SECOND;

	while (!pg_ready(c)) {
		const struct timespec pause = {.tv_nsec = 100000000};

		if (clock_monotonic_ns() > until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool desk_open(struct desk *d, const char *variable, const char *url)
{
	char error[300];

	memset(d, 0, sizeof *d);
	if (!*url) {
		complain("%s is not set", variable);
		return false;
	}
	d->queries = query_registry_load(query_sources, query_source_count, error);
	if (!d->queries) {
		complain("%s", error);
		return false;
	}
	d->arena = arena_new(DESK_MEMORY);
	d->pg = d->arena ? pg_new(url, "qinglan command") : NULL;
	if (!d->pg) {
		complain("no memory");
		return false;
	}
	if (!connection_wait(d->pg, 10)) {
		complain("the database of %s cannot be reached: %s", variable, pg_error(d->pg));
		return false;
	}
	return true;
}

void desk_close(struct desk *d)
{
	pg_free(d->pg);
	arena_free(d->arena);
	query_registry_free(d->queries);
	memset(d, 0, sizeof *d);
}

void desk_clear(struct desk *d)
{
	arena_clear(d->arena);
}

struct values {
	const char *names[VALUES_MAX], *values[VALUES_MAX];
	int count;
};

static const char *value_lookup(void *context, const char *name)
{
	const struct values *v = context;
	int i;

	for (i = 0; i < v->count; i++)
		if (!strcmp(v->names[i], name))
			return v->values[i];
	return NULL;
}

static void values_read(struct values *v, va_list args)
{
	const char *name;

	v->count = 0;
	while ((name = va_arg(args, const char *)) != NULL) {
		const char *text = va_arg(args, const char *);

		if (v->count < VALUES_MAX) {
			v->names[v->count] = name;
			v->values[v->count++] = text;
		}
	}
}

/* Runs QUERY with the values of ARGS; NULL with a line in d->error. */
static const PGresult *run(struct desk *d, int query, bool as_engine, va_list args)
{
	const int64_t deadline = clock_monotonic_ns() + 600 * SECOND;
	struct statement statements[2];
	PGresult *results[2] = {NULL, NULL}, *failed = NULL;
	struct values v;
	int count = 0;
	bool fits = true;

	values_read(&v, args);
	if (as_engine)
		fits = query_compose(query_get(d->queries, Q_command_engine), d->arena,
				     value_lookup, &v, NULL, NULL, &statements[count++]);
	fits = fits && query_compose(query_get(d->queries, query), d->arena, value_lookup, &v, NULL,
				     NULL, &statements[count++]);
	if (!fits) {
		snprintf(d->error, sizeof d->error, "no memory");
		return NULL;
	}
	switch (pg_pipeline(d->pg, d->arena, statements, count, results, &failed, deadline)) {
	case PG_OK:
		return results[count - 1];
	case PG_ERROR:
		snprintf(d->error, sizeof d->error, "%s%s%s",
			 failed ? pg_message(failed) : "statement refused",
			 failed && *pg_detail(failed) ? ": " : "", failed ? pg_detail(failed) : "");
		return NULL;
	case PG_NOT_SENT:
	case PG_UNKNOWN:
		snprintf(d->error, sizeof d->error, "the connection to the database was lost: %s",
			 pg_error(d->pg));
		return NULL;
	}
	return NULL;
}

/* ROWS; without them what was wrong is complained of. */
static const PGresult *aloud(const struct desk *d, const PGresult *rows)
{
	if (!rows)
		complain("%s", d->error);
	return rows;
}

const PGresult *desk_run(struct desk *d, int query, ...)
{
	const PGresult *rows;
	va_list args;

	va_start(args, query);
	rows = run(d, query, true, args);
	va_end(args);
	return aloud(d, rows);
}

const PGresult *desk_run_plainly(struct desk *d, int query, ...)
{
	const PGresult *rows;
	va_list args;

	va_start(args, query);
	rows = run(d, query, false, args);
	va_end(args);
	return aloud(d, rows);
}

const PGresult *desk_try(struct desk *d, int query, ...)
{
	const PGresult *rows;
	va_list args;

	va_start(args, query);
	rows = run(d, query, false, args);
	va_end(args);
	return rows;
}
