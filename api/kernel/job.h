/*
 * job.h -- long work, as rows: taken with a lease, done under the requester's settings.
 *
 * Any instance may take a job (SKIP LOCKED, role qinglan_gate); a job whose lease ran out is
 * taken again, so each kind must be repeatable from its start.  Statements: db/queries/jobs.sql.
 */
#ifndef QINGLAN_JOB_H
#define QINGLAN_JOB_H

#include "request.h"
#include "upload.h"

struct job_gate;
struct job_bind;

/* One running job; its worker's connection acts with the settings of who asked for it. */
struct job {
	struct arena
		*arena; /* for job_db() and its results; may be changed to a shorter-lived one */
	struct worker *worker;
	struct actor actor;
	char id[37];
	const char *kind;
	json_t *input;          /* what the operation that queued it stored */
	enum language language; /* of who asked */

	/* For job*.c only. */
	struct job_gate *gate;
	struct job_bind *binds;
	struct arena *own; /* lives as long as the job */
	const char *operation, *request_id;
	long attempt;
	enum problem problem;
	char *document; /* the problem as JSON, in OWN */
	char *result;   /* JSON, in OWN, or NULL */
	bool later;     /* not its fault: to be taken again */
};

/* Does the work: true when done; false fails the job with the problem it recorded. */
typedef bool job_work(struct job *j);
struct job_kind {
	const char *name;
	job_work *work;
};

struct job_runner;

/* Threads that take and do jobs, and one that keeps their leases and purges; NULL on failure. */
struct job_runner *job_runner_start(const struct service *s, const struct job_kind *kinds,
				    size_t count, long threads);
void job_runner_stop(struct job_runner *r); /* lets running jobs end or gives them back */

/* A notification came (or may have): look for work now.  NULL is allowed. */
void job_runner_wake(struct job_runner *r);

/* Runs one waiting job on the calling thread, for tests; false when none waits. */
bool job_run_one(const struct service *s, const struct job_kind *kinds, size_t count);

/* As db() for a job: one transaction of its own, with settings; NULL with the problem recorded. */
const PGresult *job_db(struct job *j, int query);

/* Gives a parameter a value for the job_db() that follow; VALUE must live as long, NULL is NULL. */
void job_bind(struct job *j, const char *name, const char *value);

/* A further arena for parts of the work, to be cleared between them; freed with the job.  NULL
 * without memory. */
struct arena *job_arena(struct job *j, size_t ceiling);

/* Extends the lease and reports progress; false when the job was cancelled or lost its lease. */
bool job_progress(struct job *j, long done, long total);

/* Records why the job fails (the first one sticks); PARAMS is stolen, may be NULL. */
void job_fail(struct job *j, enum problem p, json_t *params);

/* What the job found, a JSON object as text; copied. */
void job_result(struct job *j, const char *json);

#endif
