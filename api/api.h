/*
 * api.h -- everything a resource file may use, and the only header that it includes.
 *
 * A resource file holds the functions of the operations marked x-handler in openapi.yaml,
 * for rules that neither the contract nor PostgreSQL can hold.  It frees nothing.
 */
#ifndef QINGLAN_API_H
#define QINGLAN_API_H

#include "kernel/csv.h"
#include "kernel/job.h"
#include "kernel/json.h"
#include "kernel/negotiate.h"
#include "kernel/request.h"

/* Every operation with x-handler: true has a function of its name ... */
#define OP(name)
#define HANDLER(name) handler name;
#include "operations.def"
#undef OP
#undef HANDLER

/* ... and every query a number of its name. */
enum query_id {
#define QUERY(name, kind, text) Q_##name,
#include "queries.def"
#undef QUERY
	QUERY_COUNT
};

#endif
