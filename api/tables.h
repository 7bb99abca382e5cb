/*
 * tables.h -- what the program carries: the registries that the build makes of openapi.yaml
 * and db/, as arrays.
 */
#ifndef QINGLAN_TABLES_H
#define QINGLAN_TABLES_H

#include "files.h"
#include "kernel/job.h"
#include "kernel/migrate.h"

extern const char *const operation_names[]; /* operationIds, in the contract's order */
extern handler *const operation_handlers[]; /* by operation; NULL = runs its query */
extern const size_t operation_count;

extern const struct query_source query_sources[];
extern const size_t query_source_count;

extern const struct migration migrations[];
extern const size_t migration_count;

extern const struct job_kind job_kinds[];
extern const size_t job_kind_count;

#endif
