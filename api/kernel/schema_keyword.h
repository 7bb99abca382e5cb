/*
 * schema_keyword.h -- what compiling one keyword needs, shared by the files that do it.
 *
 * schema_keyword.c judges a value by itself, schema_part.c by schemas within it;
 * schema_compile.c has the table.
 */
#ifndef QINGLAN_SCHEMA_KEYWORD_H
#define QINGLAN_SCHEMA_KEYWORD_H

#include "schema_private.h"

/* The node being compiled. */
struct site {
	struct schema_set *set;
	struct schema *schema;
	const char *prefix;
	const struct path *at;
	unsigned depth;
	char *error;
};

/* Takes over the VALUE of KEYWORD; false with a line in the site's error. */
typedef bool keyword_set(struct site *s, const json_t *value, const char *name);

/* schema_compile.c; both always false. */
bool site_refuse(const struct site *s, const char *keyword, const char *why);
bool site_out_of_memory(const struct site *s);

/* schema_keyword.c */
keyword_set set_type, set_const, set_enum, set_default, set_examples, set_text, set_flag,
	set_dialect, set_limit, set_multiple, set_pattern, set_format, set_size, set_unique;

/* schema_part.c */
keyword_set set_list, set_part, set_properties, set_patterns, set_required, set_definitions,
	set_reference;

/* The rules of a type, made when its first keyword comes; NULL without memory. */
struct array_rules *site_array(struct site *s);
struct object_rules *site_object(struct site *s);

#endif
