/*
 * echo.c -- see echo.h.
 */
#include "echo.h"

#include "pause.h"
#include "socket.h"

#include "kernel/metrics.h"
#include "kernel/stream.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	STREAM_THREADS = 4,
	STREAM_QUEUE = 1000,
	ARENA_SIZE = 32 * 1024 * 1024,
	LIMITED = 1000,
	BODY_MAX = 4 * 1024 * 1024
};

struct echo_worker {
	struct echo *echo;
	struct arena *arena;
};

struct echo_stream {
	struct echo *echo;
	long lines;
	bool breaks, polls;
};

static void *echo_worker_new(void *echo)
{
	struct echo *e = echo;
	struct echo_worker *w;

	if (atomic_load(&e->no_workers) || !(w = calloc(1, sizeof *w)))
		return NULL;
	w->echo = e;
	w->arena = arena_new(ARENA_SIZE);
	atomic_fetch_add(&e->workers_made, 1);
	return w;
}

static void echo_worker_free(void *worker)
{
	struct echo_worker *w = worker;

	atomic_fetch_add(&w->echo->workers_freed, 1);
	arena_free(w->arena);
	free(w);
}

static void echo_worker_done(void *worker)
{
	arena_clear(((struct echo_worker *)worker)->arena);
}

static size_t echo_body_max(void *echo, const struct message_head *head)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct echo *e = echo;

	atomic_fetch_add(&e->limits_asked, 1);
	pthread_mutex_lock(&lock);
	snprintf(e->limit_peer, sizeof e->limit_peer, "%s", head->peer);
	pthread_mutex_unlock(&lock);
	return strcmp(head->target, "/limited") ? BODY_MAX : LIMITED;
}

static bool echo_fill(struct stream *s, struct pg *c, void *context)
{
	const struct echo_stream *e = context;
	char line[64];
	long i;

	(void)c;
	while (e->polls && !atomic_load(&e->echo->released)) {
		if (!stream_write(s, "", 0))
			return false;
		pause_ms(5);
	}
	for (i = 0; i < e->lines; i++) {
		int length = snprintf(line, sizeof line, "line %ld\n", i);

		if (!stream_write(s, line, (size_t)length))
			return false;
	}
	return !e->breaks;
}

static void echo_stream_free(void *context)
{
	struct echo_stream *s = context;

	atomic_fetch_add(&s->echo->streams_freed, 1);
	free(s);
}

static void answer_stream(struct echo *e, struct reply *r, long lines, bool breaks, bool polls)
{
	struct echo_stream *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	*s = (struct echo_stream){e, lines, breaks, polls};
	r->stream = stream_new(e->streams, echo_fill, s, echo_stream_free);
	if (!r->stream) {
		free(s);
		r->status = 503;
	}
}

static void answer_bytes(struct echo_worker *w, struct reply *r, size_t length)
{
	char *bytes = arena_alloc(w->arena, length + 1);

	if (!bytes)
		abort();
	memset(bytes, 'x', length);
	r->body = bytes;
	r->body_length = length;
}

static void answer_echo(struct echo_worker *w, const struct message *m, struct reply *r)
{
	char *text =
		arena_printf(w->arena, "method=%s\ntarget=%s\npeer=%s\ntoo_large=%d\nlength=%zu\n",
			     m->method, m->target, m->peer, m->body_too_large, m->body_length);
	size_t i;

	for (i = 0; i < m->header_count && text; i++)
		text = arena_printf(w->arena, "%s%s: %s|\n", text, m->headers[i].name,
				    m->headers[i].value);
	if (text)
		text = arena_printf(w->arena, "%s\n%.*s", text,
				    (int)(m->body_length > 100 ? 100 : m->body_length), m->body);
	if (!text)
		abort();
	r->body = text;
	r->body_length = strlen(text);
}

static void echo_answer(void *worker, const struct message *m, struct reply *r)
{
	struct echo_worker *w = worker;
	struct echo *e = w->echo;

	atomic_fetch_add(&e->answers, 1);
	r->status = 200;
	r->operation = -1;
	reply_header(r, "Content-Type", "text/plain");
	if (m->body_too_large)
		r->status = 413;
	if (!strncmp(m->target, "/bytes/", 7)) {
		answer_bytes(w, r, (size_t)strtol(m->target + 7, NULL, 10));
	} else if (!strncmp(m->target, "/status/", 8)) {
		r->status = (int)strtol(m->target + 8, NULL, 10);
	} else if (!strncmp(m->target, "/stream/", 8)) {
		answer_stream(e, r, strtol(m->target + 8, NULL, 10), false, false);
	} else if (!strcmp(m->target, "/broken")) {
		answer_stream(e, r, 100, true, false);
	} else if (!strcmp(m->target, "/poll")) {
		answer_stream(e, r, 1, false, true);
	} else {
		if (!strncmp(m->target, "/sleep/", 7))
			pause_ms(strtol(m->target + 7, NULL, 10));
		if (!strcmp(m->target, "/headers")) {
			reply_header(r, "ETag", "\"3-abc\"");
			reply_header(r, "X-Empty", "");
			reply_header(r, "X-Split", "a\r\nX-Forged: yes");
			reply_header(r, "Connection", "upgrade");
			reply_header(r, "Content-Length", "7");
		}
		answer_echo(w, m, r);
	}
}

void echo_start(struct echo *e, const struct http_settings *s)
{
	struct http_application a = {.context = e,
				     .worker_new = echo_worker_new,
				     .worker_free = echo_worker_free,
				     .answer = echo_answer,
				     .worker_done = echo_worker_done,
				     .body_max = echo_body_max};
	struct http_settings settings = *s;
	char error[300];

	memset(e, 0, sizeof *e);
	settings.listen = s->listen ? s->listen : "127.0.0.1:0";
	settings.threads = s->threads ? s->threads : 2;
	settings.max_clients = s->max_clients ? s->max_clients : 4096;
	settings.request_seconds = s->request_seconds ? s->request_seconds : 10;
	settings.idle_seconds = s->idle_seconds ? s->idle_seconds : 30;
	e->streams = stream_pool_new(NULL, STREAM_THREADS, STREAM_QUEUE);
	e->http = e->streams ? http_start(&settings, &a, error) : NULL;
	if (!e->http) {
		fprintf(stderr, "echo: %s\n", error);
		abort();
	}
	e->port = http_port(e->http);
}

void echo_stop(struct echo *e, long seconds)
{
	http_stop(e->http, seconds);
	e->http = NULL;
	stream_pool_free(e->streams);
	e->streams = NULL;
}

void echo_release(struct echo *e)
{
	atomic_store(&e->released, true);
}

void echo_settled(struct echo *e)
{
	int i;

	for (i = 0; i < 1000 && metrics_get(GAUGE_STREAMS); i++) {
		struct socket_reply r = socket_ask(e->port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");

		socket_reply_free(&r);
		pause_ms(10);
	}
	assert_int_equal(metrics_get(GAUGE_STREAMS), 0);
}
