/*
 * request.c -- the life of a request, step by step.
 *
 * This page is the whole of it: what each step may answer stands beside it, how it does it is
 * in the file named in request_private.h.  Nothing here knows what a school is.
 */
#include "request_private.h"

#include "clock.h"
#include "fingerprint.h"
#include "gzip.h"
#include "log.h"
#include "metrics.h"
#include "negotiate.h"

#include <stdlib.h>
#include <string.h>

/* A step returns 0 to go on, or the status it has answered. */
#define STEPS(STEP)                                                                                \
	STEP(route)        /* 404, 405            contract.paths                   */              \
	STEP(limit)        /* 429                 per address                      */              \
	STEP(authenticate) /* 401                 operation.security               */              \
	STEP(authorize)    /* 403, 429            scopes; per client and actor     */              \
	STEP(decode)       /* 400, 406, 413, 415  operation.requestBody            */              \
	STEP(validate)     /* 400 parameters, 422 body; every error at once        */              \
	STEP(precondition) /* 428                 If-Match, Idempotency-Key due    */              \
	STEP(handle)       /* the resource file   operation.operationId            */              \
	STEP(finish)       /* commit or roll back                                  */

typedef int step(struct request *r);

static step *const steps[] = {
#define STEP(name) step_##name,
	STEPS(STEP)
#undef STEP
};

enum { ARENA_CEILING = 96 * 1024 * 1024, DATABASE_SECONDS = 10 };

struct worker *worker_new(const struct service *s)
{
	struct worker *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->service = s;
	w->arena = arena_new(ARENA_CEILING);
	w->app = w->arena ? pg_new(s->config->database_url, "qinglan") : NULL;
	if (!w->app) {
		worker_free(w);
		return NULL;
	}
	metrics_add(GAUGE_DB_CONNECTIONS, 1);
	return w;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	if (w->app) {
		pg_free(w->app);
		metrics_add(GAUGE_DB_CONNECTIONS, -1);
	}
	arena_free(w->arena);
	free(w);
}

void worker_done(struct worker *w)
{
	arena_clear(w->arena);
}

/* Characters of an X-Request-Id that we take over; any other is replaced by our own. */
static bool request_id_valid(const char *id)
{
	size_t length =
		strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return length > 0 && length <= 64 && !id[length];
}

/* W3C Trace Context: the caller's trace goes on under a span of ours. */
static void trace_continue(struct request *r)
{
	const char *parent = message_header(r->in, "traceparent");
	char span[FINGERPRINT_SIZE];
	static const char digits[] = "0123456789abcdef";

	if (!parent || strlen(parent) != 55 || strncmp(parent, "00-", 3) || parent[35] != '-' ||
	    parent[52] != '-' || strspn(parent + 3, digits) != 32 ||
	    strspn(parent + 36, digits) != 16 || strspn(parent + 53, digits) != 2 ||
	    strspn(parent + 3, "0") == 32 || strspn(parent + 36, "0") == 16)
		return;
	fingerprint_random(span);
	memcpy(r->trace, parent, 56);
	memcpy(r->trace + 36, span, 16);
}

static void request_begin(struct request *r, struct worker *w, const struct message *in,
			  struct reply *out)
{
	const char *id = message_header(in, "X-Request-Id");
	const char *language = message_header(in, "Accept-Language");

	r->arena = w->arena;
	r->worker = w;
	r->service = w->service;
	r->in = in;
	r->out = out;
	r->violations.arena = w->arena;
	r->started_ns = clock_monotonic_ns();
	r->deadline_ns = r->started_ns + (int64_t)DATABASE_SECONDS * 1000000000;
	r->language = accept_english(language) ? LANGUAGE_EN : LANGUAGE_ZH;
	out->operation = -1;
	if (id && request_id_valid(id))
		memcpy(out->request_id, id, strlen(id) + 1);
	else
		fingerprint_random(out->request_id);
	trace_continue(r);
}

/*
 * What it answers stands in r->out or r->problem; step_finish goes by these, not by what a handler
 * returns, and always has its turn.
 */
int step_handle(struct request *r)
{
	int number = r->operation->number;
	int query = r->service->operation_query[number];

	if (r->service->handlers[number])
		r->service->handlers[number](r);
	else if (r->operation->batch_of)
		batch_answer(r);
	else if (!strcmp(r->media_type, "text/csv") && r->service->operation_csv[number] >= 0)
		export_answer(r, r->service->operation_csv[number]);
	else if (query_kind(query_get(r->service->queries, query)) == QUERY_PAGE)
		page_answer(r, query);
	else
		answer(r, db(r, query));
	return 0;
}

/* Nanoseconds as milliseconds with three decimals. */
static double milliseconds(int64_t ns)
{
	int64_t us = ns / 1000;

	return (double)us / 1000;
}

/* One line a request, without anything that a person could be known by. */
static void request_log(const struct request *r, int64_t total_ns)
{
	const struct reply *out = r->out;

	log_event(out->status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "request",
		  "{ss ss ss si sf sf ss si ss ss*}", "request_id", out->request_id, "method",
		  r->in->method, "operation", r->operation ? r->operation->id : "-", "status",
		  out->status, "ms", milliseconds(total_ns), "db_ms", milliseconds(out->db_ns),
		  "role", r->authenticated ? r->actor.role_name : "-", "county",
		  r->authenticated ? r->actor.county : 0, "problem",
		  r->problem ? problem_info(r->problem)->slug : "-", "trace",
		  *r->trace ? r->trace : NULL);
}

void request_run(struct worker *w, const struct message *in, struct reply *out)
{
	struct request *r;
	int64_t total_ns;
	size_t i;

	arena_clear(w->arena);
	memset(out, 0, sizeof *out);
	r = arena_alloc(w->arena, sizeof *r);
	if (!r)
		return; /* no status: the wire says that it failed */
	metrics_add(GAUGE_REQUESTS, 1);
	request_begin(r, w, in, out);
	for (i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i](r))
			break;
	if (r->problem)
		reply_problem(r);
	reply_prepare(r);
	if (!out->stream && !gzip_reply(r->arena, in, out))
		log_warning("gzip-failed", "{ss}", "request_id", out->request_id);
	total_ns = clock_monotonic_ns() - r->started_ns;
	metrics_request(out->operation, out->status, total_ns, out->db_ns);
	request_log(r, total_ns);
	metrics_add(GAUGE_REQUESTS, -1);
}

size_t request_body_max(const struct service *s, const struct message_head *head)
{
	struct arena *a = arena_new(64 * 1024);
	const struct operation *o = NULL;
	int method = request_method(head->method);
	struct target t;
	struct route_match m;
	const char *where;
	size_t most = 0;

	if (a && method >= 0 && !target_parse(a, head->target, &t, &where) &&
	    route_find(s->contract->routes, &t, &m))
		o = m.by_method[method];
	if (o && (o->is_public || token_accepted(s, a, head)))
		most = o->body_max ? o->body_max : (size_t)s->config->max_body;
	arena_free(a);
	return most;
}
