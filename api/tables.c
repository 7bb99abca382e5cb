/*
 * tables.c -- the made registries as arrays; the only file that knows all resources.
 *
 * A missing handler is an error of the linker, an operation or query named twice one of the
 * compiler.
 */
#include "tables.h"

#include "api.h"
#include "resources/jobs.h"

/* Numbers of the operations, for the arrays below. */
enum operation_number {
#define OP(name) OP_##name,
#define HANDLER(name)
#include "operations.def"
#undef OP
#undef HANDLER
	OPERATION_COUNT
};

const size_t operation_count = OPERATION_COUNT;

const char *const operation_names[] = {
#define OP(name) #name,
#define HANDLER(name)
#include "operations.def"
#undef OP
#undef HANDLER
	NULL,
};

handler *const operation_handlers[OPERATION_COUNT + 1] = {
#define OP(name)
#define HANDLER(name) [OP_##name] = name,
#include "operations.def"
#undef OP
#undef HANDLER
};

const size_t query_source_count = QUERY_COUNT;

const struct query_source query_sources[] = {
#define QUERY(name, kind, text) {#name, kind, text},
#include "queries.def"
#undef QUERY
	{NULL, QUERY_EXEC, NULL},
};

const struct migration migrations[] = {
#define MIGRATION(number, name, text) {number, name, text, sizeof(text) - 1},
#include "migrations.def"
#undef MIGRATION
};

const size_t migration_count = sizeof migrations / sizeof *migrations;

const struct job_kind job_kinds[] = {
#define JOB(name) {#name, job_##name},
	JOBS(JOB)
#undef JOB
};

const size_t job_kind_count = sizeof job_kinds / sizeof *job_kinds;
