/*
 * metrics.c -- see metrics.h.
 *
 * One series per operation and status, made when first counted and never removed: their
 * number is bounded by the contract, not by what strangers send.
 */
#include "metrics.h"

#include "clock.h"
#include "metrics_process.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_FIRST = 100, STATUS_COUNT = 500, REGISTERED_MAX = 32, TEXT_FIRST = 16 * 1024 };

/* OpenTelemetry's advice for http.server.request.duration, in microseconds. */
static const int64_t bounds_us[] = {5000,   10000,  25000,   50000,   75000,   100000,  250000,
				    500000, 750000, 1000000, 2500000, 5000000, 7500000, 10000000};
enum { BOUNDS = sizeof bounds_us / sizeof *bounds_us };

struct histogram {
	_Atomic uint64_t
		buckets[BOUNDS + 1]; /* each counts its own range; sums are made at reading */
	_Atomic int64_t sum_ns;
};

struct series {
	struct histogram duration;
};

static struct {
	const char *const *operations;
	size_t count;
	_Atomic(struct series *) *requests; /* [operation + 1][status] */
	struct histogram *database;         /* [operation + 1] */
} known;

static _Atomic long gauges[GAUGE_COUNT];

static struct {
	const char *name, *help;
	enum metric_type type;
	double (*read)(void *);
	void *context;
} registered[REGISTERED_MAX];
static size_t registered_count;

bool metrics_init(const char *const *operations, size_t count)
{
	known.operations = operations;
	known.count = count;
	known.requests = calloc((count + 1) * STATUS_COUNT, sizeof *known.requests);
	known.database = calloc(count + 1, sizeof *known.database);
	metrics_process_begin();
	return known.requests && known.database;
}

bool metrics_register(const char *name, const char *help, enum metric_type type,
		      double (*read)(void *context), void *context)
{
	if (registered_count == REGISTERED_MAX)
		return false;
	registered[registered_count].name = name;
	registered[registered_count].help = help;
	registered[registered_count].type = type;
	registered[registered_count].read = read;
	registered[registered_count++].context = context;
	return true;
}

static void observe(struct histogram *h, int64_t ns)
{
	size_t i = 0;

	if (ns < 0)
		ns = 0;
	while (i < BOUNDS && ns > bounds_us[i] * 1000)
		i++;
	atomic_fetch_add_explicit(&h->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum_ns, ns, memory_order_relaxed);
}

/* The series of a place, made by whoever counts there first. */
static struct series *series_at(_Atomic(struct series *) *place)
{
	struct series *s = atomic_load(place), *fresh;

	if (s)
		return s;
	fresh = calloc(1, sizeof *fresh);
	if (!fresh)
		return NULL;
	if (atomic_compare_exchange_strong(place, &s, fresh))
		return fresh;
	free(fresh);
	return s;
}

void metrics_request(int operation, int status, int64_t duration_ns, int64_t db_ns)
{
	size_t row = operation < 0 || (size_t)operation >= known.count ? 0 : (size_t)operation + 1;
	struct series *s;

	if (!known.requests || status < STATUS_FIRST || status >= STATUS_FIRST + STATUS_COUNT)
		return;
	s = series_at(&known.requests[row * STATUS_COUNT + (size_t)(status - STATUS_FIRST)]);
	if (s)
		observe(&s->duration, duration_ns);
	if (db_ns > 0)
		observe(&known.database[row], db_ns);
}

void metrics_add(enum metric_gauge g, long amount)
{
	atomic_fetch_add_explicit(&gauges[g], amount, memory_order_relaxed);
}

long metrics_get(enum metric_gauge g)
{
	return atomic_load_explicit(&gauges[g], memory_order_relaxed);
}

/* --- writing --- */

static void histogram_write(struct metrics_out *o, const char *name, const char *labels,
			    struct histogram *h)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i <= BOUNDS; i++) {
		char bound[32] = "+Inf";

		sum += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
		if (i < BOUNDS)
			snprintf(bound, sizeof bound, "%g", (double)bounds_us[i] / 1e6);
		metrics_write(o, "%s_bucket{%s,le=\"%s\"} %llu\n", name, labels, bound,
			      (unsigned long long)sum);
	}
	metrics_write(o, "%s_sum{%s} %.9g\n", name, labels,
		      (double)atomic_load_explicit(&h->sum_ns, memory_order_relaxed) / 1e9);
	metrics_write(o, "%s_count{%s} %llu\n", name, labels, (unsigned long long)sum);
}

static const char *operation_name(size_t row)
{
	return row ? known.operations[row - 1] : "none";
}

static void requests_write(struct metrics_out *o)
{
	static const char name[] = "http_server_request_duration_seconds";
	size_t row, status;
	char labels[200];

	metrics_head(o, name, "Time from a request's last byte to its answer.", "histogram");
	for (row = 0; known.requests && row <= known.count; row++) {
		for (status = 0; status < STATUS_COUNT; status++) {
			struct series *s =
				atomic_load(&known.requests[row * STATUS_COUNT + status]);

			if (!s)
				continue;
			snprintf(labels, sizeof labels,
				 "operation=\"%.120s\",http_response_status_code=\"%zu\"",
				 operation_name(row), status + STATUS_FIRST);
			histogram_write(o, name, labels, &s->duration);
		}
	}
}

static void database_write(struct metrics_out *o)
{
	static const char name[] = "db_client_operation_duration_seconds";
	size_t row, i;
	char labels[160];

	metrics_head(o, name, "Time that a request waited for PostgreSQL.", "histogram");
	for (row = 0; known.database && row <= known.count; row++) {
		uint64_t any = 0;

		for (i = 0; i <= BOUNDS; i++)
			any |= atomic_load_explicit(&known.database[row].buckets[i],
						    memory_order_relaxed);
		if (!any)
			continue;
		snprintf(labels, sizeof labels, "operation=\"%.120s\"", operation_name(row));
		histogram_write(o, name, labels, &known.database[row]);
	}
}

static void gauges_write(struct metrics_out *o)
{
	static const struct {
		const char *name, *help;
	} texts[GAUGE_COUNT] = {
		[GAUGE_CLIENTS] = {"http_server_open_connections", "Connections of HTTP clients."},
		[GAUGE_REQUESTS] = {"http_server_active_requests", "Requests being answered."},
		[GAUGE_DB_CONNECTIONS] = {"db_client_connections", "Connections to PostgreSQL."},
		[GAUGE_STREAMS] = {"http_server_streams", "Exports and long polls under way."},
	};
	int g;

	for (g = 0; g < GAUGE_COUNT; g++) {
		metrics_head(o, texts[g].name, texts[g].help, "gauge");
		metrics_write(o, "%s %ld\n", texts[g].name, metrics_get((enum metric_gauge)g));
	}
}

static void registered_write(struct metrics_out *o)
{
	size_t i;

	for (i = 0; i < registered_count; i++) {
		metrics_head(o, registered[i].name, registered[i].help,
			     registered[i].type == METRIC_COUNTER ? "counter" : "gauge");
		metrics_write(o, "%s %.15g\n", registered[i].name,
			      registered[i].read(registered[i].context));
	}
}

char *metrics_text(struct arena *a)
{
	struct metrics_out o = {.arena = a, .room = TEXT_FIRST};

	o.text = arena_alloc(a, o.room);
	if (!o.text)
		return NULL;
	requests_write(&o);
	database_write(&o);
	gauges_write(&o);
	registered_write(&o);
	metrics_process_write(&o);
	return o.text;
}
