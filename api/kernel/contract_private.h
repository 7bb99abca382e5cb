/*
 * contract_private.h -- what the contract_*.c files share while the document is read.
 */
#ifndef QINGLAN_CONTRACT_PRIVATE_H
#define QINGLAN_CONTRACT_PRIVATE_H

#include "contract.h"

enum { CONTRACT_ERROR_SIZE = 400 };

struct loader {
	struct contract *contract;
	struct arena *arena;      /* the contract's */
	struct arena *scratch;    /* of one judgement */
	const char *const *names; /* operationIds by number, or NULL */
	size_t name_count;
	char *error;
};

/* --- contract_shape.c: AT is where an object stands, as a JSON pointer in a URI fragment --- */

/* Sets the error; always false. */
bool shape_refuse(struct loader *l, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* AT and one step further; "" without memory. */
const char *shape_below(struct loader *l, const char *at, const char *key);

/* OBJECT is an object and each of its keys is in ALLOWED, which ends with NULL. */
bool shape_only(struct loader *l, const char *at, const json_t *object, const char *const *allowed);

/* The member KEY is text with something in it, or absent where it is not REQUIRED. */
bool shape_text(struct loader *l, const char *at, const json_t *object, const char *key,
		bool required);

/* The member KEY is true, false or absent; *FLAG is its value. */
bool shape_flag(struct loader *l, const char *at, const json_t *object, const char *key,
		bool *flag);

/*
 * What OBJECT stands for: itself, or what its $ref names in components/KIND; then *AT and
 * *REFERRED are set too.  NULL when it leads nowhere.
 */
const json_t *shape_resolve(struct loader *l, const char **at, const json_t *object,
			    const char *kind, bool *referred);

/* The compiled schema DEFINITION at AT/schema; NULL with the error set. */
const struct schema *shape_schema(struct loader *l, const char *at, const json_t *definition);

/* The members example and examples of OBJECT obey S (any JSON where S is NULL). */
bool shape_examples(struct loader *l, const char *at, const json_t *object, const struct schema *s);

/* --- contract_document.c: what stands around the operations --- */
bool document_load(struct loader *l);

/* --- contract_operation.c --- */
bool operations_load(struct loader *l);

/* --- contract_parameter.c: adds the parameters of a path and of its operation to O --- */
bool parameters_load(struct loader *l, struct operation *o, const char *path_at,
		     const json_t *of_path, const char *at, const json_t *of_operation);
bool parameter_check(struct loader *l, const char *at, const json_t *definition,
		     struct parameter *p);

/* --- contract_body.c --- */
bool request_body_load(struct loader *l, struct operation *o, const char *at,
		       const json_t *definition);
bool request_body_check(struct loader *l, const char *at, const json_t *definition);
bool responses_load(struct loader *l, struct operation *o, const char *at,
		    const json_t *definitions);
bool response_check(struct loader *l, const char *at, const json_t *definition, struct response *r);
bool header_check(struct loader *l, const char *at, const json_t *definition);

#endif
