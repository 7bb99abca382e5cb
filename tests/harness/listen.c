/*
 * listen.c -- see listen.h.
 */
#include "listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void *new_worker(void *service)
{
	return worker_new(service);
}

static void free_worker(void *worker)
{
	worker_free(worker);
}

static void run(void *worker, const struct message *m, struct reply *r)
{
	request_run(worker, m, r);
}

static void done(void *worker)
{
	worker_done(worker);
}

static size_t most(void *service, const struct message_head *head)
{
	return request_body_max(service, head);
}

struct http *world_listen(struct world *w, long threads)
{
	const struct http_settings settings = {.listen = "127.0.0.1:0",
					       .threads = threads,
					       .max_clients = 20,
					       .request_seconds = 10,
					       .idle_seconds = 10,
					       .trusted_proxies = ""};
	const struct http_application application = {
		&w->program.service, new_worker, free_worker, run, done, most};
	char error[300];
	struct http *http = http_start(&settings, &application, error);

	if (!http)
		fail_msg("%s", error);
	return http;
}
