/*
 * echo.h -- an application for the tests of the wire: it says what it was asked.
 *
 *   any target     200, text: method, target, peer, too_large, length, headers, body
 *   /limited       the same, takes 1,000 bytes; 413 beyond
 *   /bytes/N       200, N bytes of 'x'
 *   /sleep/N       200 after N milliseconds
 *   /status/N      N without a body
 *   /stream/N      200, a stream of N numbered lines
 *   /broken        200, a stream that is broken off after some lines
 *   /poll          200, a stream that says one line once echo_release() was called
 *   /headers       200 with a few odd reply headers
 */
#ifndef QINGLAN_TESTS_ECHO_H
#define QINGLAN_TESTS_ECHO_H

#include "kernel/http.h"

#include <stdatomic.h>

struct echo {
	struct http *http;
	struct stream_pool *streams;
	int port;
	_Atomic int workers_made, workers_freed, answers, streams_freed, limits_asked;
	_Atomic bool released, no_workers;
	char limit_peer[46]; /* for whom a body's limit was asked last; read when answered */
};

/* Starts it with these settings (0: 2 threads, 4,096 clients, 10 s, 30 s); aborts if it cannot. */
void echo_start(struct echo *e, const struct http_settings *s);

/* Waits until no stream is left; its requests wake the worker that has one to free. */
void echo_settled(struct echo *e);
void echo_stop(struct echo *e, long seconds);

/* Lets long polls answer. */
void echo_release(struct echo *e);

#endif
