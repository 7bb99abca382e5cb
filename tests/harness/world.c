/*
 * world.c -- see world.h: a database, a service and a worker for one test program.
 */
#include "world.h"
#include "pause.h"
#include "world_private.h"

#include "kernel/clock.h"
#include "kernel/log.h"
#include "kernel/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ANSWERS_CEILING = 1 << 30, WAIT_SECONDS = 60 };

static pthread_mutex_t stream_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stream_ready = PTHREAD_COND_INITIALIZER;
static bool stream_woken;

void stream_wake(void *world)
{
	(void)world;
	pthread_mutex_lock(&stream_lock);
	stream_woken = true;
	pthread_cond_signal(&stream_ready);
	pthread_mutex_unlock(&stream_lock);
}

void stream_wait(struct world *w)
{
	(void)w;
	pthread_mutex_lock(&stream_lock);
	while (!stream_woken)
		pthread_cond_wait(&stream_ready, &stream_lock);
	stream_woken = false;
	pthread_mutex_unlock(&stream_lock);
}

void coverage_note(const char *operation, int status)
{
	const char *path = getenv("QINGLAN_COVERAGE");
	FILE *file = path ? fopen(path, "a") : NULL;

	if (!file)
		return;
	fprintf(file, "%s %d\n", operation, status);
	fclose(file);
}

const char *text(const char *format, ...)
{
	static char buffers[16][4000];
	static int next;
	char *buffer = buffers[next++ % 16];
	va_list args;

	va_start(args, format);
	vsnprintf(buffer, sizeof *buffers, format, args);
	va_end(args);
	return buffer;
}

/* Runs one statement as the engine; the result, or NULL with a line printed. */
static PGresult *run_as_engine(struct world *w, const char *sql, const char *const *parameters,
			       int count)
{
	const struct statement list[] = {
		{.name = "", .sql = "BEGIN"},
		{.name = "", .sql = "SET LOCAL ROLE qinglan_engine"},
		{.name = "", .sql = sql, .parameter_count = count, .parameters = parameters},
		{.name = "", .sql = "COMMIT"},
	};
	PGresult *results[4], *failed = NULL;

	assert_true(pg_ready(w->owner));
	if (pg_pipeline(w->owner, w->arena, list, 4, results, &failed,
			clock_monotonic_ns() + (int64_t)WAIT_SECONDS * 1000000000) != PG_OK) {
		print_error("%s: %s\n", sql, failed ? pg_message(failed) : "connection lost");
		fail();
	}
	return results[2];
}

const char *world_value(struct world *w, const char *sql, ...)
{
	const char *parameters[16];
	int count = 0;
	PGresult *rows;
	va_list args;

	va_start(args, sql);
	while (count < 16 && (parameters[count] = va_arg(args, const char *)))
		count++;
	va_end(args);
	rows = run_as_engine(w, sql, parameters, count);
	return pg_rows(rows) ? pg_value(rows, 0, 0) : NULL;
}

void expect_sql(struct world *w, const char *expected, const char *sql)
{
	const char *found = world_value(w, sql, NULL);

	if (!found || strcmp(found, expected)) {
		print_error("%s\ngave %s, expected %s\n", sql, found ? found : "nothing", expected);
		fail();
	}
}

void world_until(struct world *w, const char *sql)
{
	for (int i = 0; i < 3000; i++) {
		if (!strcmp(world_value(w, sql, NULL), "true"))
			return;
		pause_ms(5);
	}
	fail_msg("never true: %s", sql);
}

void world_clock(struct world *w, int county, const char *at)
{
	world_value(w, "SELECT clock_set($1::int, $2::timestamptz)", text("%d", county), at, NULL);
}

void world_jobs(struct world *w)
{
	while (job_run_one(&w->program.service, job_kinds, job_kind_count))
		;
}

bool world_jobs_ended(struct world *w)
{
	for (int i = 0; i < 600; i++) {
		if (!strcmp(world_value(w,
					"SELECT count(*)::text FROM job "
					"WHERE state IN ('queued', 'running')",
					NULL),
			    "0"))
			return true;
		pause_ms(100);
	}
	return false;
}

static bool make_keys(struct world *w)
{
	char error[300];
	static char tokens[80], seal[80];

	strcpy(w->folder, "/tmp/qinglan-world.XXXXXX");
	if (!mkdtemp(w->folder))
		return false;
	snprintf(tokens, sizeof tokens, "%s/tokens", w->folder);
	snprintf(seal, sizeof seal, "%s/seal", w->folder);
	w->config.token_keys = tokens;
	w->config.seal_keys = seal;
	if (token_key_make(tokens, "test", error) && seal_key_make(seal, error))
		return true;
	print_error("keys: %s\n", error);
	return false;
}

/* The address of the world's database for a role, kept in the world. */
static const char *url_of(struct world *w, int place, const char *role)
{
	snprintf(w->urls[place], sizeof w->urls[place], "%s",
		 cluster_url(w->cluster, w->database, role));
	return w->urls[place];
}

static bool make_database(struct world *w)
{
	const char *template;

	w->cluster = cluster_start();
	template = w->cluster ? cluster_template(w->cluster, migrations, migration_count) : NULL;
	snprintf(w->database, sizeof w->database, "world_%d", (int)getpid());
	if (!template || !cluster_database(w->cluster, w->database, template))
		return false;
	w->config.database_url = url_of(w, 0, "qinglan_app");
	w->config.gate_url = url_of(w, 1, "qinglan_gate");
	w->config.owner_url = url_of(w, 2, "qinglan_owner");
	w->owner = pg_new(w->config.owner_url, "world");
	return w->owner != NULL;
}

int world_begin_empty(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	char error[300];

	if (!w || !config_load(&w->config, error))
		return -1;
	log_set_level(getenv("QINGLAN_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
	w->config.rate_address = w->config.rate_actor = w->config.rate_client = 100000000;
	w->config.development = true;
	w->arena = arena_new(ANSWERS_CEILING);
	*state = w;
	if (!w->arena || !make_database(w) || !make_keys(w) ||
	    !metrics_init(operation_names, operation_count) ||
	    !program_open(&w->program, &w->config))
		return -1;
	w->worker = worker_new(&w->program.service);
	w->nobody = client_with_token(w, NULL);
	if (!w->worker)
		return -1;
	w->config.origins = "https://a.example";
	w->exposed = header_of(
		call(w->nobody, "GET", "/v1/me", NULL, "Origin", "https://a.example", NULL),
		"Access-Control-Expose-Headers");
	w->config.origins = "";
	return 0;
}

int world_end(void **state)
{
	struct world *w = *state;

	worker_free(w->worker);
	program_close(&w->program);
	pg_free(w->owner);
	cluster_stop(w->cluster);
	arena_free(w->arena);
	unlink(text("%s/tokens/test.pem", w->folder));
	rmdir(w->config.token_keys);
	unlink(w->config.seal_keys);
	rmdir(w->folder);
	free(w);
	return 0;
}
