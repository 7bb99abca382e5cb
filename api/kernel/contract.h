/*
 * contract.h -- openapi.yaml as the program's skeleton.
 *
 * Parsed and checked once at start.  Every keyword of the document is one that the kernel
 * enforces, or an annotation, or the start fails.  What an operation says here (security,
 * parameters, bodies, statuses) is said nowhere else in C.
 */
#ifndef QINGLAN_CONTRACT_H
#define QINGLAN_CONTRACT_H

#include "schema.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_COUNT };
enum parameter_place { FROM_PATH, FROM_QUERY, FROM_HEADER };
enum { ROLE_COUNTY = 1, ROLE_SCHOOL = 2, ROLE_TEACHER = 4, ROLE_CLIENT = 8 };

struct parameter {
	const char *name;
	const char *key; /* name of its value for queries: "If-Match" is if_match */
	enum parameter_place place;
	bool required;
	bool allow_empty;    /* "?name=" and "?name" are a value */
	bool exploded_array; /* an array, sent as a,b,c (explode false) */
	const struct schema *schema;
};

struct scope {
	const char *name;
	unsigned roles; /* ROLE_ bits that may hold it */
};

/* A body the operation accepts. */
struct body_type {
	const char *media_type;      /* "application/json", "text/csv"; lower case, bare */
	const struct schema *schema; /* NULL when the body is not JSON */
};

/* A documented answer. */
struct response {
	int status;
	bool by_reference; /* $ref into components/responses: proved once */
	struct body_type types[4];
	size_t type_count;
};

struct operation {
	const char *id; /* operationId */
	int number;     /* index into the registries of operations.def */
	enum method method;
	const char *path;            /* the template, "/v1/schools/{school_id}" */
	bool is_public;              /* security: [], [{}] or with judges_token */
	bool judges_token;           /* [{}, {bearer: []}]: none is needed, a wrong one refused */
	const struct scope **scopes; /* any one of these; empty: any valid token */
	size_t scope_count;
	struct parameter *parameters;
	size_t parameter_count;
	struct body_type *bodies;
	size_t body_count;
	bool body_required;
	size_t body_max; /* bytes; x-max-body or maxLength; 0: the setting */
	struct response *responses;
	size_t response_count;
	int success;      /* the lowest documented 2xx */
	bool has_handler; /* x-handler: true */
	bool if_match;    /* declares the If-Match header: a stale or missing one is refused */
	bool idempotency_required; /* declares Idempotency-Key as required */
	bool writes;               /* not GET, and not x-safe: true (a POST that only reads) */
	const char
		*batch_of;   /* x-batch: operation that each row of items is one call of, or NULL */
	const char *subject; /* x-subject: name of the parameter that names a person, or NULL */
	const json_t *definition; /* the operation object */
};

struct contract {
	json_t *document;
	char *yaml, *json; /* as served; NUL-terminated */
	size_t yaml_length, json_length;
	char yaml_etag[40], json_etag[40]; /* with their quotes */
	struct scope *scopes;
	size_t scope_count;
	struct operation *operations; /* by number */
	size_t operation_count;
	struct route_node *routes;
	struct schema_set *schemas;
	struct arena *arena; /* holds all of the above but document, routes and schemas */
};

/*
 * Reads the contract.  NAMES are the operationIds of operations.def in order: an operation
 * that is in only one of the two places is an error; where NAMES is NULL the operations are
 * numbered as they come.  NULL with a line in ERROR (size 400) that names the place.
 */
struct contract *contract_load(const char *yaml, size_t length, const char *const *names,
			       size_t name_count, char error[400]);
void contract_free(struct contract *c); /* NULL is allowed */

const struct scope *contract_scope(const struct contract *c, const char *name, size_t length);
const struct operation *contract_operation(const struct contract *c, const char *id);

/* The documented answer of O for STATUS, or NULL. */
const struct response *operation_response(const struct operation *o, int status);

#endif
