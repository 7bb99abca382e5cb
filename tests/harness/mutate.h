/*
 * mutate.h -- from an example body and its schema, every body that breaks one rule of it.
 */
#ifndef QINGLAN_MUTATE_H
#define QINGLAN_MUTATE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Called for each broken body: BODY (borrowed) differs from the example at POINTER by one rule,
 * whose violation code is CODE.
 */
typedef void mutation(void *context, json_t *body, const char *pointer, const char *code);

/* Walks EXAMPLE along SCHEMA ($ref resolved in ROOT) and calls EACH for every rule it can break. */
void mutate(const json_t *root, const json_t *schema, const json_t *example, mutation *each,
	    void *context);

/* SCHEMA with its $ref followed. */
const json_t *schema_resolved(const json_t *root, const json_t *schema);

#endif
