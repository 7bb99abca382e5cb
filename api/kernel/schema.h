/*
 * schema.h -- JSON Schema 2020-12, as far as the contract uses it.
 *
 * Compiled once at start: a keyword that would not be enforced is an error then, and so are a
 * default or an example that the schema itself refuses.  Annotations (title, description,
 * examples, deprecated, readOnly, writeOnly, $comment, x-*) are allowed.  Validation reports
 * every violation with its JSON pointer and, where asked, fills in defaults.  Numbers are
 * judged in decimal, lengths in code points, patterns by PCRE2, formats always.
 *
 * Left out: $id, $anchor, $dynamicRef, references to other documents, contains, if/then/else,
 * dependent*, unevaluated*.
 */
#ifndef QINGLAN_SCHEMA_H
#define QINGLAN_SCHEMA_H

#include "problem.h"

struct schema;

/*
 * Compiles the schema at DEFINITION; $ref is resolved against ROOT ("#/components/...").
 * NULL with a line in ERROR (size 300) that names the pointer and the keyword.  Recursion
 * through $ref is allowed.  The result lives as long as the process (schema_free for tests);
 * ROOT must outlive it.
 */
struct schema *schema_compile(const json_t *root, const json_t *definition, const char *pointer,
			      char error[300]);
void schema_free(struct schema *s);

/* Many schemas of one document, each part of it compiled once.  Freed as a whole. */
struct schema_set;
struct schema_set *schema_set_new(const json_t *root);
struct schema *schema_set_compile(struct schema_set *set, const json_t *definition,
				  const char *pointer, char error[300]);
void schema_set_free(struct schema_set *set);

/*
 * True when VALUE obeys S; else every violation is added to V, its pointer below PREFIX
 * ("#" for a body).  PLACE says how the violations are named; for IN_PARAMETER and IN_HEADER
 * the PREFIX is the name and no pointer is appended.  With DEFAULTS, absent members that have
 * a default are set in VALUE, also where other members are wrong.  A pointer of more than
 * 1,000 bytes ends at the last ancestor that fits.  Safe for several threads at once.
 */
bool schema_validate(const struct schema *s, json_t *value, enum violation_place place,
		     const char *prefix, bool defaults, struct violations *v);

/* Types a schema admits at its top, as a bit set, for typing parameters. */
enum {
	SCHEMA_NULL = 1,
	SCHEMA_BOOLEAN = 2,
	SCHEMA_INTEGER = 4,
	SCHEMA_NUMBER = 8,
	SCHEMA_STRING = 16,
	SCHEMA_ARRAY = 32,
	SCHEMA_OBJECT = 64,
	SCHEMA_ANY = 127
};
unsigned schema_types(const struct schema *s);

/* The schema of an array's items, or NULL. */
const struct schema *schema_items(const struct schema *s);

/* True when S names PROPERTY, itself or by what it refers to or is made of. */
bool schema_has_property(const struct schema *s, const char *property);

/* The default of a schema (its own, else the one it refers to), or NULL. */
const json_t *schema_default(const struct schema *s);

/* The most code points a string may have by S itself or what it refers to; SIZE_MAX: any number. */
size_t schema_max_length(const struct schema *s);

/* True when LENGTH bytes of TEXT are of the named format (date, date-time, uuid, email, uri). */
bool schema_format_valid(const char *format, const char *text, size_t length);

#endif
