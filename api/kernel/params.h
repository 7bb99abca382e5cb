/*
 * params.h -- path, query and header values, typed by the contract.
 *
 * Values come as text and leave as JSON of the types that their schemas say.  What a body may
 * be is decided elsewhere.
 */
#ifndef QINGLAN_PARAMS_H
#define QINGLAN_PARAMS_H

#include "route.h"

/* The value of a header (name without case) among HEADERS, or NULL. */
typedef const char *params_lookup(void *headers, const char *name);

/*
 * Reads every declared parameter of O into the object OUT under its key ("If-Match" is
 * if_match), defaults included; what is absent without a default is absent.  True when all
 * obey; else each fault is a violation in V (parameter-unknown, parameter-missing,
 * parameter-empty, parameter-type, parameter-encoding, or one of the schema's), and OUT holds
 * what could be read.
 *
 * A required If-Match or Idempotency-Key that is absent is not a violation here: the step
 * that asks for preconditions has a status of its own for it.
 */
bool params_read(struct arena *a, const struct operation *o, const struct route_match *m,
		 const struct target *t, params_lookup *header, void *headers, json_t *out,
		 struct violations *v);

#endif
