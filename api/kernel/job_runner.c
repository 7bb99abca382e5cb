/*
 * job_runner.c -- the threads that take jobs and do them; see job.h.
 *
 * Each working thread has its own connection; all share one gate.  One more thread keeps the
 * leases of running jobs, so that a long transaction does not lose its job, follows the days of the
 * counties, and purges.
 */
#include "job_private.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

enum {
	LOOK_SECONDS = 1,
	KEEP_SECONDS = JOB_LEASE_SECONDS / 3,
	PURGE_SECONDS = 600,
	PURGE_ROUNDS = 200
};

struct working {
	struct job_runner *runner;
	pthread_t thread;
	/* Under the runner's lock: the job in hand, "" for none. */
	char id[37];
	int county;
	long attempt;
};

struct job_runner {
	const struct service *service;
	const struct job_kind *kinds;
	size_t kind_count;
	struct job_gate gate;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	unsigned long wakes; /* counts notifications, so that none is slept through */
	pthread_t keeper;
	size_t count;
	struct working working[];
};

/* Waits at most SECONDS, less when stopped or woken after *SEEN (if any) was read; locked. */
static void wait_for(struct job_runner *r, const unsigned long *seen, int seconds)
{
	int64_t end = clock_monotonic_ns() + (int64_t)seconds * 1000000000;
	struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};

	while (!r->stopping && (!seen || r->wakes == *seen)) {
		if (pthread_cond_timedwait(&r->wake, &r->lock, &until))
			break;
	}
}

static void hold(struct working *w, const struct job *j)
{
	struct job_runner *r = w->runner;

	pthread_mutex_lock(&r->lock);
	memcpy(w->id, j ? j->id : "", j ? sizeof w->id : 1);
	w->county = j ? j->actor.county : 0;
	w->attempt = j ? j->attempt : 0;
	pthread_mutex_unlock(&r->lock);
}

/* Takes jobs while there are any; false when it was told to stop. */
static bool work_off(struct working *w, struct worker *worker)
{
	struct job_runner *r = w->runner;
	bool stopping = false;
	struct job j;

	while (!stopping && job_take(&r->gate, &j)) {
		hold(w, &j);
		job_run(&j, worker, r->kinds, r->kind_count);
		hold(w, NULL);
		pthread_mutex_lock(&r->lock);
		stopping = r->stopping;
		pthread_mutex_unlock(&r->lock);
	}
	return !stopping;
}

static void *working_thread(void *context)
{
	struct working *w = context;
	struct job_runner *r = w->runner;
	struct worker *worker = NULL;
	unsigned long seen;
	bool stopping;

	do {
		pthread_mutex_lock(&r->lock);
		seen = r->wakes;
		pthread_mutex_unlock(&r->lock);
		if (!worker)
			worker = worker_new(r->service);
		if (worker)
			work_off(w, worker);
		pthread_mutex_lock(&r->lock);
		wait_for(r, &seen, LOOK_SECONDS);
		stopping = r->stopping;
		pthread_mutex_unlock(&r->lock);
	} while (!stopping);
	if (worker)
		worker_free(worker);
	return NULL;
}

/* Runs QUERY, which does some of its work at a time; whether there may be more. */
static bool portion(struct job_runner *r, const char *query)
{
	char upload_days[24], event_days[24];
	const struct job_value values[] = {
		{"days", upload_days}, {"event_days", event_days}, {NULL, NULL}};
	struct arena *a = arena_new(64 * 1024);
	const PGresult *row;
	bool more;

	if (!a)
		return false;
	snprintf(upload_days, sizeof upload_days, "%ld", r->service->config->upload_days);
	snprintf(event_days, sizeof event_days, "%ld", r->service->config->event_days);
	row = job_gate_run(&r->gate, a, query, values);
	more = row && pg_rows(row) == 1 && *pg_text(row, 0, "more") == 't';
	arena_free(a);
	return more;
}

/* How far purging is: the query that is next (PURGES: nothing to do) and how often it ran. */
struct purging {
	size_t query;
	int rounds;
};

static const char *const purges[] = {"file_purge", "import_purge", "job_purge", "expired_purge",
				     "event_purge"};
enum { PURGES = sizeof purges / sizeof purges[0] };

/*
 * One round, a transaction of its own, so that leases and days are kept between two.  What a
 * query has left after many waits for the next time.
 */
static void purge_round(struct job_runner *r, struct purging *p)
{
	if (portion(r, purges[p->query]) && ++p->rounds < PURGE_ROUNDS)
		return;
	p->query++;
	p->rounds = 0;
}

static void keep_all(struct job_runner *r)
{
	for (size_t i = 0;; i++) {
		struct working *w = &r->working[i];
		char id[37];
		int county;
		long attempt;

		pthread_mutex_lock(&r->lock);
		if (i >= r->count) {
			pthread_mutex_unlock(&r->lock);
			return;
		}
		memcpy(id, w->id, sizeof id);
		county = w->county;
		attempt = w->attempt;
		pthread_mutex_unlock(&r->lock);
		/* A job that is no longer ours learns it at its next progress and at its end. */
		if (id[0] && !job_keep(&r->gate, county, id, attempt))
			log_warning("job_lost", "{s:s}", "job", id);
	}
}

/* Whether SECONDS have passed since *LAST, which is then now. */
static bool is_due(int64_t *last, int seconds)
{
	int64_t now = clock_monotonic_ns();

	if (now - *last < (int64_t)seconds * 1000000000)
		return false;
	*last = now;
	return true;
}

static void *keeping_thread(void *context)
{
	struct job_runner *r = context;
	int64_t kept = clock_monotonic_ns();
	int64_t purged = kept - (int64_t)PURGE_SECONDS * 1000000000;
	struct purging purging = {.query = PURGES};
	bool more, stopping = false;

	while (!stopping) {
		/* A job that was taken a moment ago has its lease. */
		if (is_due(&kept, KEEP_SECONDS))
			keep_all(r);
		more = portion(r, "people_upkeep");
		if (purging.query == PURGES && is_due(&purged, PURGE_SECONDS))
			purging.query = 0;
		if (purging.query < PURGES) {
			purge_round(r, &purging);
			more = true;
		}
		pthread_mutex_lock(&r->lock);
		/* Notifications are not for here. */
		if (!more)
			wait_for(r, NULL, LOOK_SECONDS);
		stopping = r->stopping;
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

/* One county leaves a thread to the others, where there are several. */
static bool runner_init(struct job_runner *r, long threads)
{
	pthread_condattr_t attributes;

	if (!job_gate_init(&r->gate, r->service, threads > 1 ? threads - 1 : 1))
		return false;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return true;
}

struct job_runner *job_runner_start(const struct service *s, const struct job_kind *kinds,
				    size_t count, long threads)
{
	struct job_runner *r = calloc(1, sizeof *r + (size_t)threads * sizeof r->working[0]);

	if (!r)
		return NULL;
	r->service = s;
	r->kinds = kinds;
	r->kind_count = count;
	if (!runner_init(r, threads)) {
		free(r);
		return NULL;
	}
	if (pthread_create(&r->keeper, NULL, keeping_thread, r)) {
		job_gate_release(&r->gate);
		free(r);
		return NULL;
	}
	for (long i = 0; i < threads; i++) {
		r->working[i].runner = r;
		pthread_mutex_lock(&r->lock);
		if (pthread_create(&r->working[i].thread, NULL, working_thread, &r->working[i]) ==
		    0)
			r->count = (size_t)i + 1;
		pthread_mutex_unlock(&r->lock);
		if (r->count != (size_t)i + 1)
			break;
	}
	if (threads > 0 && r->count == 0) {
		job_runner_stop(r);
		return NULL;
	}
	return r;
}

void job_runner_wake(struct job_runner *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->wakes++;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

void job_runner_stop(struct job_runner *r)
{
	if (!r)
		return;
	atomic_store(&r->gate.stopping, true);
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < r->count; i++)
		pthread_join(r->working[i].thread, NULL);
	pthread_join(r->keeper, NULL);
	job_gate_release(&r->gate);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

bool job_run_one(const struct service *s, const struct job_kind *kinds, size_t count)
{
	struct worker *worker = worker_new(s);
	struct job_gate gate;
	struct job j;
	bool found = false;

	if (!worker)
		return false;
	if (job_gate_init(&gate, s, 1)) {
		found = job_take(&gate, &j);
		if (found)
			job_run(&j, worker, kinds, count);
		job_gate_release(&gate);
	}
	worker_free(worker);
	return found;
}
