/*
 * serve.c -- the life of the service: contract, keys, database, http; wait; the reverse.
 *
 * The API's port opens when the schema was found to be right; until then the admin port says
 * alive but not ready.  A database that goes away later is the workers' matter: they answer
 * 503 and recover by themselves.  SIGTERM and SIGINT drain; a second one ends at once.
 */
#include "commands.h"

#include "kernel/clock.h"
#include "kernel/http.h"
#include "kernel/log.h"
#include "kernel/metrics.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct serving {
	const struct config *config;
	struct program program;
	struct admin *admin;
	struct job_runner *jobs;
	struct http *http;
	struct listener *listener;
	bool ready; /* read by the admin port's thread */
};

/* --- signals: blocked in every thread, asked for by the first one --- */

static void signals_block(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* The signal that came within MILLISECONDS, or 0. */
static int signal_wait(const sigset_t *set, int milliseconds)
{
	const struct timespec limit = {.tv_sec = milliseconds / 1000,
				       .tv_nsec = milliseconds % 1000 * 1000000L};
	int signal = sigtimedwait(set, NULL, &limit);

	return signal > 0 ? signal : 0;
}

/* --- what http.c asks of the program --- */

static void *application_worker_new(void *context)
{
	return worker_new(context);
}

static void application_worker_free(void *worker)
{
	worker_free(worker);
}

static void application_answer(void *worker, const struct message *m, struct reply *r)
{
	request_run(worker, m, r);
}

static void application_worker_done(void *worker)
{
	worker_done(worker);
}

static size_t application_body_max(void *context, const struct message_head *head)
{
	return request_body_max(context, head);
}

static bool serving_ready(void *context)
{
	const struct serving *s = context;

	return __atomic_load_n(&s->ready, __ATOMIC_ACQUIRE);
}

/* --- the database, before anything is served --- */

/* 1 ready, 0 not reachable yet, -1 it will not do (said in the log). */
static int database_check(const struct config *c, struct pg *pg)
{
	struct desk d = {.pg = pg};
	char error[500] = "";
	bool tight;
	int state;

	if (!pg_ready(pg))
		return 0;
	state = migrate_check(pg, migrations, migration_count, error);
	if (state == 2) {
		log_warning("schema_ahead", "{ss}", "detail", error);
	} else if (state) {
		log_error("schema_wrong", "{ss ss}", "detail", error, "remedy",
			  state == 1 ? "run qinglan migrate" : "use the program that made it");
		return pg_ready(pg) ? -1 : 0;
	}
	d.arena = arena_new(1 << 20);
	d.queries = query_registry_load(query_sources, query_source_count, error);
	if (!d.arena || !d.queries || !capacity_check(&d, c, &tight, error)) {
		log_error("too_few_connections", "{ss}", "detail", error);
		state = -1;
	} else {
		state = 1;
		if (tight)
			log_warning("few_connections", "{ss}", "detail", error);
	}
	query_registry_free(d.queries);
	arena_free(d.arena);
	return state;
}

/* Waits until the database is there and right; false when it is wrong or a signal came. */
static bool database_await(const struct config *c, const sigset_t *signals)
{
	struct pg *pg = pg_new(c->database_url, "qinglan start");
	int64_t told = 0;
	int state = 0;

	if (!pg)
		return false;
	while ((state = database_check(c, pg)) == 0) {
		if (!told || clock_monotonic_ns() - told > 10000000000) {
			told = clock_monotonic_ns();
			log_warning("database_awaited", "{ss}", "detail", pg_error(pg));
		}
		if (signal_wait(signals, 250))
			break;
	}
	pg_free(pg);
	return state == 1;
}

/* --- up and down --- */

static bool serving_start(struct serving *s, const sigset_t *signals)
{
	const struct config *c = s->config;
	const struct http_application application = {
		.context = &s->program.service,
		.worker_new = application_worker_new,
		.worker_free = application_worker_free,
		.answer = application_answer,
		.worker_done = application_worker_done,
		.body_max = application_body_max,
	};
	const struct http_settings settings = {
		.listen = c->listen,
		.threads = c->threads,
		.max_clients = c->max_clients,
		.request_seconds = c->request_seconds,
		.idle_seconds = c->idle_seconds,
		.trusted_proxies = c->trusted_proxies,
	};
	char error[300];

	s->admin = admin_start(c->admin_listen, serving_ready, s, error);
	if (!s->admin)
		return complain("QINGLAN_ADMIN_LISTEN=%s: %s", c->admin_listen, error), false;
	if (!database_await(c, signals))
		return false;
	s->jobs =
		job_runner_start(&s->program.service, job_kinds, job_kind_count, c->stream_threads);
	s->listener = s->jobs ? listener_new(&s->program.service, s->jobs) : NULL;
	if (!s->listener)
		return complain("no memory"), false;
	s->http = http_start(&settings, &application, error);
	if (!s->http)
		return complain("QINGLAN_LISTEN=%s: %s", c->listen, error), false;
	return true;
}

/* New connections are refused, every reply closes its own, what runs is finished. */
static void serving_stop(struct serving *s)
{
	__atomic_store_n(&s->ready, false, __ATOMIC_RELEASE);
	__atomic_store_n(&s->program.draining, true, __ATOMIC_RELEASE);
	if (s->http)
		http_stop(s->http, s->config->drain_seconds);
	listener_free(s->listener);
	if (s->jobs)
		job_runner_stop(s->jobs);
	if (s->admin)
		admin_stop(s->admin);
}

static enum log_level level_of(const char *name)
{
	if (!strcmp(name, "error"))
		return LOG_LEVEL_ERROR;
	if (!strcmp(name, "warning"))
		return LOG_LEVEL_WARNING;
	return strcmp(name, "debug") ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

int command_serve(const struct config *c, int count, char **arguments)
{
	struct serving s = {.config = c};
	sigset_t signals;
	int signal = 0;
	bool started;

	(void)arguments;
	if (count > 1)
		return usage("serve");
	if (!*c->database_url)
		return complain("QINGLAN_DATABASE_URL is not set");
	log_set_level(level_of(c->log_level));
	signals_block(&signals);
	if (!metrics_init(operation_names, operation_count) || !program_open(&s.program, c)) {
		program_close(&s.program);
		return 1;
	}
	started = serving_start(&s, &signals);
	if (started) {
		log_info("serving", "{ss si si}", "listen", c->listen, "port", http_port(s.http),
			 "admin_port", admin_port(s.admin));
		__atomic_store_n(&s.ready, true, __ATOMIC_RELEASE);
		/* Without its database this instance is alive but not ready. */
		while (!(signal = signal_wait(&signals, 1)))
			__atomic_store_n(&s.ready, listener_turn(s.listener, 200),
					 __ATOMIC_RELEASE);
		log_info("draining", "{si}", "signal", signal);
		pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	}
	serving_stop(&s);
	program_close(&s.program);
	if (started)
		log_info("stopped", NULL);
	return started ? 0 : 1;
}
