/*
 * job.c -- one job: its row, its transactions, its end; see job.h.
 *
 * The threads that take jobs are in job_runner.c, what a kind of job does in api/resources.
 */
#include "job_private.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "request_private.h"
#include "settings.h"

enum {
	WORK_SECONDS = 900, /* for one transaction of a job */
	SERIALIZATION_TRIES = 3
};

struct job_bind {
	struct job_bind *next;
	const char *name, *value;
};

static int64_t deadline_in(int seconds)
{
	return clock_monotonic_ns() + (int64_t)seconds * 1000000000;
}

static void arena_release(void *arena)
{
	arena_free(arena);
}

struct arena *job_arena(struct job *j, size_t ceiling)
{
	struct arena *a = arena_new(ceiling);

	return a && arena_defer(j->own, arena_release, a) ? a : NULL;
}

/* --- the work's own transactions --- */

void job_bind(struct job *j, const char *name, const char *value)
{
	struct job_bind *b;

	for (b = j->binds; b && strcmp(b->name, name) != 0; b = b->next)
		;
	if (!b) {
		b = arena_alloc(j->own, sizeof *b);
		if (!b) {
			job_fail(j, UNAVAILABLE, NULL);
			return;
		}
		b->name = name;
		b->next = j->binds;
		j->binds = b;
	}
	b->value = value;
}

static const char *bound_value(void *context, const char *name)
{
	struct job *j = context;

	if (strcmp(name, "job_id") == 0)
		return j->id;
	for (struct job_bind *b = j->binds; b; b = b->next) {
		if (strcmp(b->name, name) == 0)
			return b->value;
	}
	return NULL;
}

static void fail_with(struct job *j, enum problem p, const json_t *params,
		      const struct violations *v)
{
	if (j->problem)
		return;
	j->problem = p;
	j->document = problem_document(j->own, p, j->language, params, v, j->request_id);
}

void job_fail(struct job *j, enum problem p, json_t *params)
{
	fail_with(j, p, params ? arena_json(j->own, params) : NULL, NULL);
}

void job_result(struct job *j, const char *json)
{
	j->result = arena_strdup(j->own, json);
}

/* The problem of a failed statement, read as if it had been a request's. */
static void fail_from_database(struct job *j, const PGresult *failed)
{
	struct request *r = arena_alloc(j->own, sizeof *r);
	struct reply *out = arena_alloc(j->own, sizeof *out);

	if (!r || !out) {
		job_fail(j, UNAVAILABLE, NULL);
		return;
	}
	r->out = out;
	if (j->request_id)
		snprintf(out->request_id, sizeof out->request_id, "%s", j->request_id);
	r->arena = j->own;
	r->worker = j->worker;
	r->service = j->worker->service;
	r->language = j->language;
	r->actor = j->actor;
	r->violations.arena = j->own;
	problem_from_database(r, failed);
	j->later = problem_info(r->problem)->status == 503;
	fail_with(j, r->problem ? r->problem : INTERNAL_ERROR, r->problem_params, &r->violations);
}

/* Composes settings, patience and the query; false without memory. */
static bool compose(struct job *j, int query, struct statement out[3])
{
	const struct service *s = j->worker->service;
	int patience = query_number(s->queries, "job_patience");

	return patience >= 0 &&
	       settings_compose(s, j->arena, &j->actor, NULL, j->request_id, j->operation,
				&out[0]) &&
	       query_compose(query_get(s->queries, patience), j->arena, bound_value, j, NULL, NULL,
			     &out[1]) &&
	       query_compose(query_get(s->queries, query), j->arena, bound_value, j, NULL, NULL,
			     &out[2]);
}

static bool to_be_repeated(const PGresult *failed)
{
	const char *state = pg_sqlstate(failed);

	return strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
}

const PGresult *job_db(struct job *j, int query)
{
	struct statement statements[3];
	PGresult *results[3] = {NULL}, *failed = NULL;
	enum pg_outcome outcome = PG_NOT_SENT;

	if (j->problem)
		return NULL;
	if (!compose(j, query, statements)) {
		job_fail(j, UNAVAILABLE, NULL);
		return NULL;
	}
	for (int i = 0; i < SERIALIZATION_TRIES && pg_ready(j->worker->app); i++) {
		outcome = pg_pipeline(j->worker->app, j->arena, statements, 3, results, &failed,
				      deadline_in(WORK_SECONDS));
		if (outcome != PG_ERROR || !failed || !to_be_repeated(failed))
			break;
	}
	if (outcome == PG_OK &&
	    query_kind(query_get(j->worker->service->queries, query)) == QUERY_ONE &&
	    pg_rows(results[2]) == 0) {
		job_fail(j, NOT_FOUND, NULL);
		return NULL;
	}
	if (outcome == PG_OK)
		return results[2];
	if (outcome == PG_ERROR && failed) {
		fail_from_database(j, failed);
	} else {
		j->later = true;
		job_fail(j, UNAVAILABLE, NULL);
	}
	return NULL;
}

/* --- the end --- */

/* Writes down how the job ended; a gate that is away is waited for until the lease is over. */
static void finish(struct job *j, const char *state)
{
	char county[12], attempt[24];
	const struct job_value values[] = {{"county", county},    {"job_id", j->id},
					   {"attempt", attempt},  {"state", state},
					   {"result", j->result}, {"problem", j->document},
					   {NULL, NULL}};
	int64_t end = deadline_in(JOB_LEASE_SECONDS / 2);

	snprintf(county, sizeof county, "%d", j->actor.county);
	snprintf(attempt, sizeof attempt, "%ld", j->attempt);
	while (!job_gate_run(j->gate, j->own, "job_finish", values) && clock_monotonic_ns() < end)
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}

void job_run(struct job *j, struct worker *w, const struct job_kind *kinds, size_t count)
{
	job_work *work = NULL;
	const char *state = "failed";

	j->worker = w;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kinds[i].name, j->kind) == 0)
			work = kinds[i].work;
	}
	if (j->attempt > JOB_ATTEMPTS_MAX || !work)
		job_fail(j, JOB_GIVEN_UP, NULL);
	else if (work(j))
		state = "succeeded";
	else if (j->later)
		state = "queued";
	j->arena = j->own;
	if (strcmp(state, "failed") == 0)
		job_fail(j, INTERNAL_ERROR, NULL);
	if (strcmp(state, "queued") == 0)
		j->document = NULL;
	log_info("job", "{s:s, s:s, s:s, s:I, s:s*}", "job", j->id, "kind", j->kind, "state", state,
		 "attempt", (json_int_t)j->attempt, "problem",
		 j->problem ? problem_info(j->problem)->slug : NULL);
	finish(j, state);
	arena_free(j->own);
}
