/*
 * job_private.h -- the database side of jobs, shared by job.c and job_runner.c.
 */
#ifndef QINGLAN_JOB_PRIVATE_H
#define QINGLAN_JOB_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "job.h"

enum { JOB_LEASE_SECONDS = 30, JOB_ATTEMPTS_MAX = 5 };

/* The connection of role qinglan_gate that all jobs of a runner share. */
struct job_gate {
	const struct service *service;
	struct pg *pg;
	pthread_mutex_t lock;
	long share;           /* how many jobs of one county may run, everywhere together */
	atomic_bool stopping; /* running jobs give themselves back at their next progress */
};

bool job_gate_init(struct job_gate *g, const struct service *s, long share);
void job_gate_release(struct job_gate *g);

struct job_value {
	const char *name, *value;
};

/* Runs a statement of jobs.sql as the gate; results in A.  NULL when it could not be run. */
const PGresult *job_gate_run(struct job_gate *g, struct arena *a, const char *query,
			     const struct job_value *values);

/* Takes the next waiting job and fills J (an arena of its own); false when none waits. */
bool job_take(struct job_gate *g, struct job *j);

/* Does the work of a taken job and writes down how it ended; frees its arena. */
void job_run(struct job *j, struct worker *w, const struct job_kind *kinds, size_t count);

/* Keeps the lease of a running job; false when it is no longer ours. */
bool job_keep(struct job_gate *g, int county, const char *id, long attempt);

#endif
