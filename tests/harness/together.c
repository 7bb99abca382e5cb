/*
 * together.c -- see together.h.
 */
#include "together.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOGETHER_MAX = 16 };

struct runner {
	pthread_t thread;
	pthread_barrier_t *start;
	struct worker *worker;
	struct sent *sent;
	char *body; /* malloc'd: arenas are for one thread */
};

struct sent sent_new(struct world *w, struct client *c, const char *method, const char *target,
		     const char *body, const char *key)
{
	struct sent s = {.message = {.method = method, .peer = "127.0.0.1"}};

	s.message.target = arena_strdup(w->arena, target);
	sent_header(&s, "Host", "localhost");
	if (c)
		sent_header(&s, "Authorization",
			    arena_printf(w->arena, "Bearer %s", client_token(c)));
	if (body) {
		s.message.body = arena_strdup(w->arena, body);
		s.message.body_length = strlen(body);
		sent_header(&s, "Content-Type",
			    strcmp(method, "PATCH") ? "application/json"
						    : "application/merge-patch+json");
	}
	if (key)
		sent_header(&s, "Idempotency-Key", arena_strdup(w->arena, key));
	return s;
}

void sent_header(struct sent *s, const char *name, const char *value)
{
	s->message.headers[s->message.header_count++] = (struct header){name, value};
}

static void *run(void *context)
{
	struct runner *r = context;
	struct reply reply;

	pthread_barrier_wait(r->start);
	request_run(r->worker, &r->sent->message, &reply);
	r->sent->status = reply.status;
	r->sent->replayed = reply_header_value(&reply, "Idempotency-Replayed") != NULL;
	memcpy(r->sent->request_id, reply.request_id, sizeof reply.request_id);
	r->body = reply.body ? strndup(reply.body, reply.body_length) : NULL;
	worker_done(r->worker);
	return NULL;
}

void together(struct world *w, struct sent *list, size_t count)
{
	struct runner runners[TOGETHER_MAX] = {0};
	pthread_barrier_t start;
	size_t i;

	assert_true(count && count <= TOGETHER_MAX);
	assert_int_equal(pthread_barrier_init(&start, NULL, (unsigned)count), 0);
	for (i = 0; i < count; i++) {
		runners[i].worker = worker_new(&w->program.service);
		runners[i].sent = &list[i];
		runners[i].start = &start;
		assert_non_null(runners[i].worker);
		/* Connecting takes longer than the requests do. */
		assert_true(pg_ready(runners[i].worker->app));
	}
	for (i = 0; i < count; i++)
		assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
	for (i = 0; i < count; i++) {
		pthread_join(runners[i].thread, NULL);
		list[i].body = arena_strdup(w->arena, runners[i].body ? runners[i].body : "");
		free(runners[i].body);
		worker_free(runners[i].worker);
	}
	pthread_barrier_destroy(&start);
}

size_t answered(const struct sent *list, size_t count, int status)
{
	size_t i, found = 0;

	for (i = 0; i < count; i++)
		found += list[i].status == status;
	return found;
}
