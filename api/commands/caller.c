/*
 * caller.c -- a client within the process: requests through the very steps of the service.
 *
 * For the demonstration, which goes the way that everybody's data go.  No socket, no retry.
 */
#include "commands.h"

#include "kernel/clock.h"
#include "kernel/fingerprint.h"

#include <stdlib.h>
#include <string.h>

bool caller_open(struct caller *c, struct program *p)
{
	memset(c, 0, sizeof *c);
	c->program = p;
	c->worker = worker_new(&p->service);
	c->arena = arena_new(64 << 20);
	return (c->worker && c->arena) || (complain("no memory"), false);
}

void caller_close(struct caller *c)
{
	free(c->token);
	worker_free(c->worker);
	arena_free(c->arena);
	memset(c, 0, sizeof *c);
}

/* Prints what was answered instead of a success. */
static void problem_print(const char *method, const char *target, const struct reply *r)
{
	complain("%s %s was answered %d: %.*s", method, target, r->status,
		 (int)(r->body_length > 2000 ? 2000 : r->body_length), r->body ? r->body : "");
}

json_t *caller_send(struct caller *c, const char *method, const char *target,
		    const char *media_type, const char *body, size_t length)
{
	char key[FINGERPRINT_SIZE];
	struct reply r = {0};
	struct message m = {.method = method, .target = target, .body = body, .peer = "127.0.0.1"};
	const char *reason, *etag;
	json_t *value = NULL;
	size_t offset;

	fingerprint_random(key);
	m.body_length = length;
	m.headers[m.header_count++] = (struct header){"Host", "localhost"};
	m.headers[m.header_count++] =
		(struct header){"Authorization", arena_printf(c->arena, "Bearer %s", c->token)};
	if (body)
		m.headers[m.header_count++] = (struct header){"Content-Type", media_type};
	if (!strcmp(method, "POST"))
		m.headers[m.header_count++] = (struct header){"Idempotency-Key", key};
	if (strcmp(method, "GET") && *c->etag)
		m.headers[m.header_count++] = (struct header){"If-Match", c->etag};
	request_run(c->worker, &m, &r);
	etag = reply_header_value(&r, "ETag");
	if (etag && strlen(etag) < sizeof c->etag)
		memcpy(c->etag, etag, strlen(etag) + 1);
	else
		c->etag[0] = '\0';
	if (r.status >= 300 || !r.body)
		problem_print(method, target, &r);
	else
		value = json_read(c->arena, r.body, r.body_length, &reason, &offset);
	worker_done(c->worker);
	return value;
}

json_t *caller_post(struct caller *c, const char *target, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
	json_t *reply = NULL;

	if (text)
		reply = caller_send(c, "POST", target, "application/json", text, strlen(text));
	free(text);
	json_decref(body);
	return reply;
}

json_t *caller_get(struct caller *c, const char *target)
{
	return caller_send(c, "GET", target, NULL, NULL, 0);
}
