/*
 * stream.c -- a bounded buffer between a thread that fills and a worker that reads.
 *
 * It knows neither HTTP nor SQL: what is written is what is read, in order, and an end is
 * either whole or broken off.  Two sides hold a stream, the reader from stream_new() and the
 * filler once it is queued; the one that lets go last frees it.
 */
#include "stream.h"

#include "clock.h"
#include "metrics.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A reader is woken for a quarter of the buffer or the end: a line at a time would cost more. */
enum { BUFFER_SIZE = 64 * 1024, WORTH_WAKING = BUFFER_SIZE / 4 };

/* A filler goes on when half is free; who drips has no thread for longer than the patience. */
enum { ROOM = BUFFER_SIZE / 2, PATIENCE_SECONDS = 30 };

struct stream {
	struct stream_pool *pool;
	struct stream *next; /* in the pool's queue */
	stream_fill *fill;
	void *context;
	void (*release)(void *);
	pthread_mutex_t mutex;
	pthread_cond_t room;
	int holders;
	bool begun, ended, whole, closed;
	bool too_slow;          /* the reader used the patience up; nothing more is written */
	void (*resume)(void *); /* called with the mutex held, so never after close */
	void *resume_argument;
	size_t start, length; /* what is in the buffer, round its end */
	char buffer[BUFFER_SIZE];
};

struct stream_pool {
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct stream *first, *last;
	char *database_url;
	pthread_t *threads;
	long thread_count;
	long most, alive; /* streams at once: running and waiting */
	long patience_seconds;
	bool stopping;
};

static void stream_let_go(struct stream *s)
{
	struct stream_pool *p = s->pool;
	bool last;

	pthread_mutex_lock(&s->mutex);
	last = --s->holders == 0;
	pthread_mutex_unlock(&s->mutex);
	if (!last)
		return;
	if (s->release)
		s->release(s->context);
	pthread_cond_destroy(&s->room);
	pthread_mutex_destroy(&s->mutex);
	free(s);
	metrics_add(GAUGE_STREAMS, -1);
	pthread_mutex_lock(&p->mutex);
	p->alive--;
	pthread_mutex_unlock(&p->mutex);
}

/* Wakes a reader that found nothing; the mutex is held. */
static void reader_wake(struct stream *s)
{
	void (*resume)(void *) = s->resume;

	s->resume = NULL;
	if (resume && !s->closed)
		resume(s->resume_argument);
}

static void stream_run(struct stream *s, struct pg *c)
{
	bool closed, whole;

	pthread_mutex_lock(&s->mutex);
	closed = s->closed;
	pthread_mutex_unlock(&s->mutex);
	whole = !closed && s->fill(s, c, s->context);
	pthread_mutex_lock(&s->mutex);
	s->ended = true;
	s->whole = whole;
	reader_wake(s);
	pthread_mutex_unlock(&s->mutex);
	stream_let_go(s);
}

static struct stream *pool_take(struct stream_pool *p)
{
	struct stream *s;

	pthread_mutex_lock(&p->mutex);
	while (!p->first && !p->stopping)
		pthread_cond_wait(&p->work, &p->mutex);
	s = p->first;
	if (s)
		p->first = s->next;
	if (!p->first)
		p->last = NULL;
	pthread_mutex_unlock(&p->mutex);
	return s;
}

static void *pool_run(void *pool)
{
	struct stream_pool *p = pool;
	struct pg *c = p->database_url ? pg_new(p->database_url, "qinglan-stream") : NULL;
	struct stream *s;

	while ((s = pool_take(p)))
		stream_run(s, c);
	if (c)
		pg_free(c);
	return NULL;
}

static void pool_start(struct stream_pool *p, long threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->thread_count < threads &&
	       !pthread_create(&p->threads[p->thread_count], NULL, pool_run, p))
		p->thread_count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct stream_pool *stream_pool_new(const char *database_url, long threads, long queue_max)
{
	struct stream_pool *p = threads > 0 ? calloc(1, sizeof *p) : NULL;

	if (!p)
		return NULL;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	p->most = threads + queue_max;
	p->patience_seconds = PATIENCE_SECONDS;
	p->database_url = database_url ? strdup(database_url) : NULL;
	p->threads = calloc((size_t)threads, sizeof *p->threads);
	if (p->threads && !(database_url && !p->database_url))
		pool_start(p, threads);
	if (p->thread_count == threads)
		return p;
	stream_pool_free(p);
	return NULL;
}

void stream_pool_patience(struct stream_pool *p, long seconds)
{
	p->patience_seconds = seconds;
}

void stream_pool_free(struct stream_pool *p)
{
	long i;

	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mutex);
	for (i = 0; i < p->thread_count; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->mutex);
	free(p->threads);
	free(p->database_url);
	free(p);
}

struct stream *stream_new(struct stream_pool *p, stream_fill *fill, void *context,
			  void (*release)(void *))
{
	pthread_condattr_t monotonic;
	struct stream *s;
	bool room;

	pthread_mutex_lock(&p->mutex);
	room = p->alive < p->most && !p->stopping;
	if (room)
		p->alive++;
	pthread_mutex_unlock(&p->mutex);
	if (!room)
		return NULL;
	s = calloc(1, sizeof *s);
	if (!s) {
		pthread_mutex_lock(&p->mutex);
		p->alive--;
		pthread_mutex_unlock(&p->mutex);
		return NULL;
	}
	s->pool = p;
	s->fill = fill;
	s->context = context;
	s->release = release;
	s->holders = 1;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->room, &monotonic);
	pthread_condattr_destroy(&monotonic);
	metrics_add(GAUGE_STREAMS, 1);
	return s;
}

/* As much as fits, in at most two pieces; the mutex is held. */
static size_t buffer_put(struct stream *s, const char *bytes, size_t length)
{
	size_t end = (s->start + s->length) % BUFFER_SIZE;
	size_t room = BUFFER_SIZE - s->length;
	size_t first = BUFFER_SIZE - end;

	if (length > room)
		length = room;
	if (first > length)
		first = length;
	memcpy(s->buffer + end, bytes, first);
	memcpy(s->buffer, bytes + first, length - first);
	s->length += length;
	return length;
}

static size_t buffer_take(struct stream *s, char *out, size_t size)
{
	size_t first = BUFFER_SIZE - s->start;

	if (size > s->length)
		size = s->length;
	if (first > size)
		first = size;
	memcpy(out, s->buffer + s->start, first);
	memcpy(out + first, s->buffer, size - first);
	s->start = (s->start + size) % BUFFER_SIZE;
	s->length -= size;
	return size;
}

/* Waits until there is room worth filling, at most the patience; the mutex is held. */
static void room_await(struct stream *s)
{
	const int64_t end = clock_monotonic_ns() + (int64_t)s->pool->patience_seconds * 1000000000;
	const struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
	int waited = 0;

	while (!waited && !s->closed && BUFFER_SIZE - s->length < ROOM)
		waited = pthread_cond_timedwait(&s->room, &s->mutex, &until);
	s->too_slow = waited != 0;
}

bool stream_write(struct stream *s, const char *bytes, size_t length)
{
	bool open;

	pthread_mutex_lock(&s->mutex);
	while (length > 0 && !s->closed && !s->too_slow) {
		size_t put = buffer_put(s, bytes, length);

		bytes += put;
		length -= put;
		if (s->length >= WORTH_WAKING)
			reader_wake(s);
		if (!put)
			room_await(s);
	}
	open = !s->closed && !s->too_slow;
	pthread_mutex_unlock(&s->mutex);
	return open;
}

/* Gives the stream to the pool; the mutex is held. */
static void stream_begin(struct stream *s)
{
	struct stream_pool *p = s->pool;

	s->begun = true;
	s->holders++;
	pthread_mutex_lock(&p->mutex);
	s->next = NULL;
	if (p->last)
		p->last->next = s;
	else
		p->first = s;
	p->last = s;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->mutex);
}

ssize_t stream_read(struct stream *s, char *buffer, size_t size, void (*resume)(void *),
		    void *argument)
{
	ssize_t got;

	pthread_mutex_lock(&s->mutex);
	if (!s->begun)
		stream_begin(s);
	if (s->length > 0) {
		got = (ssize_t)buffer_take(s, buffer, size);
		pthread_cond_signal(&s->room);
	} else if (s->ended) {
		got = s->whole ? -1 : -2;
	} else {
		got = 0;
		s->resume = resume;
		s->resume_argument = argument;
	}
	pthread_mutex_unlock(&s->mutex);
	return got;
}

void stream_close(struct stream *s)
{
	pthread_mutex_lock(&s->mutex);
	s->closed = true;
	s->resume = NULL;
	pthread_cond_signal(&s->room);
	pthread_mutex_unlock(&s->mutex);
	stream_let_go(s);
}
