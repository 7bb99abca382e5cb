/*
 * document.h -- an identity document as the table person keeps it: sealed, hashed, masked.
 *
 * resident_sealed is bound to the county and to resident_hash beside it, so the two are always
 * written together (also when keys are changed).  The plain number never reaches PostgreSQL.
 */
#ifndef QINGLAN_DOCUMENT_H
#define QINGLAN_DOCUMENT_H

#include "api.h"

struct document {
	const char *type;   /* person.document_type: "resident_id", "passport", ... */
	const char *number; /* as checked: no white space, letters upper case */
	const char *sealed; /* person.resident_sealed, "\x..." */
	const char *hash;   /* person.resident_hash under the newest key, "\x..." */
	const char *masked; /* person.document_masked */
};

/*
 * Checks a number of any type: NULL, or the slug of what is wrong with it.  On success
 * *NORMALIZED is its text in A.
 */
const char *document_check(struct arena *a, const char *type, const char *number,
			   const char **normalized);

/* Fills OUT, strings in A, from a checked number; false without memory. */
bool document_close(struct seal *s, struct arena *a, int county, const char *type,
		    const char *normalized, struct document *out)
	__attribute__((warn_unused_result));

/* The number behind the two columns ("\x..."), or NULL when they do not belong together. */
const char *document_open(struct seal *s, struct arena *a, int county, const char *hash,
			  const char *sealed);

/*
 * The hashes of a checked number under every key, as a
 * PostgreSQL array: {"\\x..","\\x.."}; or NULL.
 */
const char *document_hashes(struct seal *s, struct arena *a, const char *type,
			    const char *normalized);

/*
 * The number as answers show it: a resident id as resident_id_mask(), another by its ends; or NULL.
 */
const char *document_mask(struct arena *a, const char *type, const char *normalized);

#endif
