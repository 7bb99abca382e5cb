/*
 * admin.c -- the small server of the operators: /livez, /readyz, /metrics.
 *
 * Bare libmicrohttpd with one thread, on an address that strangers do not reach.  It shares
 * nothing with the service's own server, so it answers when that one is full or draining.
 */
#include "http_private.h"

#include "metrics.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, SILENCE_SECONDS = 10, TEXT_CEILING = 16 * 1024 * 1024, BACKLOG = 32 };

struct admin {
	struct MHD_Daemon *daemon;
	bool (*ready)(void *);
	void *context;
	int listener;
};

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, const char *text,
			     const char *name, const char *value)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	result = MHD_add_response_header(r, name, value);
	if (result == MHD_YES)
		result = MHD_add_response_header(r, "Cache-Control", "no-store");
	if (result == MHD_YES)
		result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result plain(struct MHD_Connection *c, unsigned status, const char *text)
{
	return reply(c, status, text, "Content-Type", "text/plain; charset=utf-8");
}

static enum MHD_Result metrics_reply(struct MHD_Connection *c)
{
	struct arena *a = arena_new(TEXT_CEILING);
	const char *text = a ? metrics_text(a) : NULL;
	enum MHD_Result result = text ? reply(c, 200, text, "Content-Type",
					      "text/plain; version=0.0.4; charset=utf-8")
				      : plain(c, 503, "out of memory\n");

	arena_free(a);
	return result;
}

static enum MHD_Result admin_answer(void *admin, struct MHD_Connection *c, const char *url,
				    const char *method, const char *version, const char *upload,
				    size_t *upload_size, void **context)
{
	const struct admin *a = admin;
	static int seen;
	bool livez = !strcmp(url, "/livez"), readyz = !strcmp(url, "/readyz");

	(void)version;
	(void)upload;
	/* First the head, then the body, which nobody reads, then the call that wants an answer. */
	if (!*context) {
		*context = &seen;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (!livez && !readyz && strcmp(url, "/metrics"))
		return plain(c, 404, "not found\n");
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return reply(c, 405, "method not allowed\n", "Allow", "GET, HEAD");
	if (livez)
		return plain(c, 200, "ok\n");
	if (readyz)
		return a->ready(a->context) ? plain(c, 200, "ok\n") : plain(c, 503, "not ready\n");
	return metrics_reply(c);
}

struct admin *admin_start(const char *listen, bool (*ready)(void *), void *context, char error[300])
{
	struct admin *a = calloc(1, sizeof *a);
	sigset_t all, before;

	snprintf(error, 300, "the admin server could not start");
	if (!a)
		return NULL;
	a->ready = ready;
	a->context = context;
	a->listener = http_listen(listen, BACKLOG, error);
	if (a->listener < 0) {
		free(a);
		return NULL;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	a->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL,
				     admin_answer, a, MHD_OPTION_LISTEN_SOCKET, a->listener,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS_MAX,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_SECONDS,
				     MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!a->daemon) {
		close(a->listener);
		free(a);
		return NULL;
	}
	error[0] = '\0';
	return a;
}

int admin_port(const struct admin *a)
{
	return http_port_of(a->listener);
}

void admin_stop(struct admin *a)
{
	if (!a)
		return;
	MHD_stop_daemon(a->daemon); /* closes the listener too */
	free(a);
}
