/*
 * metrics.h -- counters and histograms in Prometheus' text form (OpenTelemetry's names).
 *
 * No ids in labels: operation, status and fixed names only.  Counting is lock-free.
 */
#ifndef QINGLAN_METRICS_H
#define QINGLAN_METRICS_H

#include "arena.h"
#include <stdint.h>

/* Called once at start, before threads: the names of the operations, by number. */
bool metrics_init(const char *const *operations, size_t count);

/* A finished request; OPERATION is -1 where none was found. */
void metrics_request(int operation, int status, int64_t duration_ns, int64_t db_ns);

enum metric_gauge {
	GAUGE_CLIENTS,
	GAUGE_REQUESTS,
	GAUGE_DB_CONNECTIONS,
	GAUGE_STREAMS,
	GAUGE_COUNT
};
void metrics_add(enum metric_gauge g, long amount);
long metrics_get(enum metric_gauge g);

/*
 * A figure that somebody else keeps (a cache's hits, a queue's length): READ(CONTEXT) is called
 * when the metrics are, on any thread, for as long as the process runs.  NAME, HELP live as
 * long; a counter's name ends in _total.  Called before threads; false when there are too many.
 */
enum metric_type { METRIC_COUNTER, METRIC_GAUGE };
bool metrics_register(const char *name, const char *help, enum metric_type type,
		      double (*read)(void *context), void *context);

/* The whole exposition; NULL without memory. */
char *metrics_text(struct arena *a);

#endif
