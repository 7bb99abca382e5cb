/*
 * jobs.h -- the kinds of work that is done as jobs: JOB(kind) for each, done by job_<kind>().
 */
#ifndef QINGLAN_JOBS_H
#define QINGLAN_JOBS_H

#include "kernel/job.h"

#define JOBS(JOB)                                                                                  \
	JOB(import_read)                                                                           \
	JOB(import_commit)                                                                         \
	JOB(import_undo)

job_work job_import_read;
job_work job_import_commit;
job_work job_import_undo;

#endif
