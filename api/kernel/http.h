/*
 * http.h -- the wire.  The only user of Ulfius and libmicrohttpd.
 *
 * One accept thread hands sockets to an epoll pool; each worker has its own connection to
 * PostgreSQL and its own arena.  Refuses what the library lets through: doubled
 * Content-Length or Host, both length and chunks, control bytes, bodies over their limit.
 * A watchdog closes a socket whose request is not whole in time.  On drain every reply is
 * marked Connection: close and nothing is cut off.
 */
#ifndef QINGLAN_HTTP_H
#define QINGLAN_HTTP_H

#include "message.h"

struct http;

/* What http.c needs of the program; request.c provides it, tests may fake it. */
struct http_application {
	void *context;
	void *(*worker_new)(void *context); /* on its thread's behalf; NULL = failure */
	void (*worker_free)(void *worker);
	/* Answers M into R; what R points to lives until worker_done(). */
	void (*answer)(void *worker, const struct message *m, struct reply *r);
	void (*worker_done)(void *worker);
	/* The most bytes that the body may have which follows HEAD; asked before it is read. */
	size_t (*body_max)(void *context, const struct message_head *head);
};

struct http_settings {
	const char *listen; /* "127.0.0.1:8080"; port 0 = any */
	long threads, max_clients, request_seconds, idle_seconds;
	/* Addresses by spaces; the last entry of their X-Forwarded-For is the peer. */
	const char *trusted_proxies;
};

/* A socket that listens on an address, for the caller to close; -1: why not is in ERROR. */
int http_listen(const char *listen, int backlog, char error[300]);

struct http *http_start(const struct http_settings *s, const struct http_application *a,
			char error[300]);
int http_port(const struct http *h);

/* Stops accepting, waits at most SECONDS for requests in flight, stops all threads, frees H. */
void http_stop(struct http *h, long seconds);

/* The small server for livez, readyz and metrics; READY says whether to answer 200. */
struct admin;
struct admin *admin_start(const char *listen, bool (*ready)(void *), void *context,
			  char error[300]);
int admin_port(const struct admin *a);
void admin_stop(struct admin *a);

#endif
