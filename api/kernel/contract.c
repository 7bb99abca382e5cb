/*
 * contract.c -- see contract.h.
 *
 * Reads the document and owns what was made of it; the contract_*.c files judge its parts.
 */
#include "contract_private.h"

#include "fingerprint.h"
#include "json.h"
#include "route.h"
#include "yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_CEILING = 64 * 1024 * 1024, SCRATCH_CEILING = 16 * 1024 * 1024 };

static void etag_of(const char *text, size_t length, char etag[40])
{
	char hex[FINGERPRINT_SIZE];

	fingerprint(text, length, hex);
	snprintf(etag, 40, "\"%s\"", hex);
}

static bool keep_texts(struct contract *c, const char *yaml, size_t length)
{
	c->yaml = arena_strndup(c->arena, yaml, length);
	c->json = json_text(c->arena, c->document);
	if (!c->yaml || !c->json)
		return false;
	c->yaml_length = length;
	c->json_length = strlen(c->json);
	etag_of(c->yaml, c->yaml_length, c->yaml_etag);
	etag_of(c->json, c->json_length, c->json_etag);
	return true;
}

static bool load(struct contract *c, const char *yaml, size_t length, const char *const *names,
		 size_t name_count, char *error)
{
	struct loader l = {.contract = c,
			   .arena = c->arena,
			   .names = names,
			   .name_count = name_count,
			   .error = error};
	char why[200];
	bool good;

	c->document = yaml_read(yaml, length, why);
	if (!c->document) {
		snprintf(error, CONTRACT_ERROR_SIZE, "%s", why);
		return false;
	}
	c->schemas = schema_set_new(c->document);
	l.scratch = arena_new(SCRATCH_CEILING);
	if (!c->schemas || !l.scratch || !keep_texts(c, yaml, length)) {
		arena_free(l.scratch);
		return shape_refuse(&l, "#", "out of memory");
	}
	good = document_load(&l) && operations_load(&l);
	arena_free(l.scratch);
	return good;
}

struct contract *contract_load(const char *yaml, size_t length, const char *const *names,
			       size_t name_count, char error[400])
{
	struct contract *c = calloc(1, sizeof *c);

	snprintf(error, CONTRACT_ERROR_SIZE, "out of memory");
	if (!c)
		return NULL;
	c->arena = arena_new(ARENA_CEILING);
	if (!c->arena || !load(c, yaml, length, names, name_count, error)) {
		contract_free(c);
		return NULL;
	}
	return c;
}

void contract_free(struct contract *c)
{
	if (!c)
		return;
	route_free(c->routes);
	schema_set_free(c->schemas);
	json_decref(c->document);
	arena_free(c->arena);
	free(c);
}

const struct scope *contract_scope(const struct contract *c, const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < c->scope_count; i++) {
		if (strlen(c->scopes[i].name) == length &&
		    memcmp(c->scopes[i].name, name, length) == 0)
			return &c->scopes[i];
	}
	return NULL;
}

const struct operation *contract_operation(const struct contract *c, const char *id)
{
	size_t i, found;

	/* While the contract is read, places of operations that are still to come have no id. */
	for (i = 0, found = 0; found < c->operation_count; i++) {
		if (!c->operations[i].id)
			continue;
		if (strcmp(c->operations[i].id, id) == 0)
			return &c->operations[i];
		found++;
	}
	return NULL;
}

const struct response *operation_response(const struct operation *o, int status)
{
	size_t i;

	for (i = 0; i < o->response_count; i++) {
		if (o->responses[i].status == status)
			return &o->responses[i];
	}
	return NULL;
}
