/*
 * job_gate.c -- jobs as rows: taking one with a lease, keeping it, telling progress; see job.h.
 *
 * All of it as role qinglan_gate, which has no county of its own; db/queries/jobs.sql.
 */
#include "job_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "log.h"

enum { ARENA_CEILING = 256 * 1024 * 1024, GATE_SECONDS = 5 };

bool job_gate_init(struct job_gate *g, const struct service *s, long share)
{
	g->service = s;
	g->share = share;
	atomic_init(&g->stopping, false);
	g->pg = pg_new(s->config->gate_url, "qinglan jobs");
	if (!g->pg)
		return false;
	if (pthread_mutex_init(&g->lock, NULL)) {
		pg_free(g->pg);
		return false;
	}
	return true;
}

void job_gate_release(struct job_gate *g)
{
	pg_free(g->pg);
	pthread_mutex_destroy(&g->lock);
}

static const char *gate_value(void *context, const char *name)
{
	for (const struct job_value *v = context; v && v->name; v++) {
		if (strcmp(v->name, name) == 0)
			return v->value;
	}
	return NULL;
}

const PGresult *job_gate_run(struct job_gate *g, struct arena *a, const char *query,
			     const struct job_value *values)
{
	const struct query_registry *queries = g->service->queries;
	int number = query_number(queries, query);
	struct statement statement;
	PGresult *result = NULL, *failed = NULL;
	enum pg_outcome outcome = PG_NOT_SENT;

	if (number < 0 || !query_compose(query_get(queries, number), a, gate_value, (void *)values,
					 NULL, NULL, &statement))
		return NULL;
	pthread_mutex_lock(&g->lock);
	if (pg_ready(g->pg))
		outcome = pg_pipeline(g->pg, a, &statement, 1, &result, &failed,
				      clock_monotonic_ns() + GATE_SECONDS * INT64_C(1000000000));
	pthread_mutex_unlock(&g->lock);
	if (outcome == PG_ERROR)
		log_error("job_gate", "{s:s, s:s}", "query", query, "sqlstate",
			  failed ? pg_sqlstate(failed) : "");
	return outcome == PG_OK ? result : NULL;
}

/* --- taking --- */

static void copy_id(char to[37], const char *from)
{
	if (from && strlen(from) == 36)
		memcpy(to, from, 37);
	else
		to[0] = '\0';
}

static unsigned role_bit(const char *name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} roles[] = {
		{"county", ROLE_COUNTY},
		{"school", ROLE_SCHOOL},
		{"teacher", ROLE_TEACHER},
		{"client", ROLE_CLIENT},
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (name && strcmp(roles[i].name, name) == 0)
			return roles[i].bit;
	}
	return 0;
}

static char *own_text(struct job *j, const PGresult *row, const char *column)
{
	const char *text = pg_text(row, 0, column);

	return arena_strdup(j->own, text ? text : "");
}

/* Fills J from the row of job_take; false without memory or when the row makes no sense. */
static bool job_fill(struct job *j, const PGresult *row)
{
	const char *reason;
	char *input = own_text(j, row, "input");
	size_t offset;

	copy_id(j->id, pg_text(row, 0, "id"));
	copy_id(j->actor.person, pg_text(row, 0, "actor_person"));
	copy_id(j->actor.office, pg_text(row, 0, "actor_office"));
	copy_id(j->actor.school, pg_text(row, 0, "actor_school"));
	copy_id(j->actor.client, pg_text(row, 0, "actor_client"));
	j->actor.county = (int)strtol(pg_text(row, 0, "county"), NULL, 10);
	j->actor.role_name = own_text(j, row, "actor_role");
	j->actor.role = role_bit(j->actor.role_name);
	j->actor.scope = own_text(j, row, "actor_scope");
	j->attempt = strtol(pg_text(row, 0, "attempt"), NULL, 10);
	j->language = strcmp(pg_text(row, 0, "language"), "en") == 0 ? LANGUAGE_EN : LANGUAGE_ZH;
	j->kind = own_text(j, row, "kind");
	j->operation = own_text(j, row, "operation");
	j->request_id = own_text(j, row, "request_id");
	if (!input || !j->actor.role_name || !j->actor.scope || !j->kind || !j->operation ||
	    !j->request_id)
		return false;
	j->input = json_read(j->own, input, strlen(input), &reason, &offset);
	return j->input != NULL;
}

bool job_take(struct job_gate *g, struct job *j)
{
	char lease[12], share[24];
	const struct job_value values[] = {{"lease", lease}, {"share", share}, {NULL, NULL}};
	const PGresult *row;

	snprintf(lease, sizeof lease, "%d", JOB_LEASE_SECONDS);
	snprintf(share, sizeof share, "%ld", g->share);
	memset(j, 0, sizeof *j);
	j->gate = g;
	j->own = arena_new(ARENA_CEILING);
	if (!j->own)
		return false;
	j->arena = j->own;
	job_gate_run(g, j->own, "job_reclaim", values);
	row = job_gate_run(g, j->own, "job_take", values);
	if (!row || pg_rows(row) != 1 || !job_fill(j, row)) {
		arena_free(j->own);
		return false;
	}
	return true;
}

/* --- lease and progress --- */

static bool keep(struct job_gate *g, int county, const char *id, long attempt, const char *done,
		 const char *total)
{
	char county_text[12], attempt_text[24], lease[12];
	const struct job_value values[] = {{"county", county_text},
					   {"job_id", id},
					   {"attempt", attempt_text},
					   {"lease", lease},
					   {"done", done},
					   {"total", total},
					   {NULL, NULL}};
	struct arena *a = arena_new(64 * 1024);
	const PGresult *row;
	bool ours;

	if (!a)
		return true;
	snprintf(county_text, sizeof county_text, "%d", county);
	snprintf(attempt_text, sizeof attempt_text, "%ld", attempt);
	snprintf(lease, sizeof lease, "%d", JOB_LEASE_SECONDS);
	row = job_gate_run(g, a, "job_keep", values);
	/* A gate that is away for a moment does not take the lease away. */
	ours = !row || pg_rows(row) == 1;
	arena_free(a);
	return ours;
}

bool job_keep(struct job_gate *g, int county, const char *id, long attempt)
{
	return keep(g, county, id, attempt, NULL, NULL);
}

bool job_progress(struct job *j, long done, long total)
{
	char done_text[24], total_text[24];

	snprintf(done_text, sizeof done_text, "%ld", done);
	snprintf(total_text, sizeof total_text, "%ld", total);
	if (atomic_load(&j->gate->stopping)) {
		j->later = true;
		return false;
	}
	return keep(j->gate, j->actor.county, j->id, j->attempt, done_text, total_text);
}
