/*
 * schema_private.h -- the compiled tree, shared by the schema_*.c files and by nobody else.
 */
#ifndef QINGLAN_SCHEMA_PRIVATE_H
#define QINGLAN_SCHEMA_PRIVATE_H

#include "decimal.h"
#include "schema.h"

#include <stdint.h>

enum { SCHEMA_ERROR_SIZE = 300, SCHEMA_DEPTH_MAX = 400, SCHEMA_STEPS_MAX = 5000000 };

enum format {
	FORMAT_NONE,
	FORMAT_DATE,
	FORMAT_DATE_TIME,
	FORMAT_UUID,
	FORMAT_EMAIL,
	FORMAT_URI,
	FORMAT_INT32,
	FORMAT_INT64,
	FORMAT_NUMBER
};

struct schema_list {
	struct schema **items;
	size_t count;
};

struct number_rules {
	const json_t *minimum, *maximum, *exclusive_minimum, *exclusive_maximum, *multiple;
	struct decimal divisor;
};

struct string_rules {
	size_t min_length, max_length; /* code points */
	const struct pattern *pattern;
	const char *pattern_text;
};

struct array_rules {
	size_t min_items, max_items;
	bool unique;
	struct schema_list prefix;
	struct schema *items; /* of what stands behind the prefix; NULL: anything */
};

struct property {
	const char *name;
	size_t length;
	struct schema *schema;
};

struct pattern_property {
	const struct pattern *pattern;
	struct schema *schema;
};

struct object_rules {
	size_t min_properties, max_properties;
	struct property *properties; /* sorted by property_order() */
	size_t property_count;
	struct pattern_property *patterns;
	size_t pattern_count;
	const char **required;
	size_t required_count;
	struct schema *additional, *names; /* NULL: anything */
};

struct schema {
	struct schema_set *set;
	struct schema *older;  /* the one compiled before, of all in the set */
	struct schema *bucket; /* the next with the same hash of its definition */
	const json_t *definition;
	const char *pointer;
	unsigned types; /* SCHEMA_ANY when the keyword is absent */
	const char *types_text;
	bool never;         /* the schema false */
	unsigned char mark; /* for walks over the tree after compiling */
	bool defaults_below;
	enum format format;
	const char *format_text;
	const json_t *constant, *choices, *fallback; /* const, enum, default */
	const char *choices_text, *constant_text;
	struct schema *reference, *negated;
	struct schema_list all, any, one;
	struct number_rules *number; /* NULL: no such keyword; likewise below */
	struct string_rules *string;
	struct array_rules *array;
	struct object_rules *object;
	const json_t *examples;
};

struct schema_set {
	struct arena *arena;
	const json_t *root;
	struct schema *newest, *checked; /* all nodes; those from CHECKED on were checked */
	struct schema *buckets[4096];
};

/* --- where something is, in the value or in the definition --- */

/* A step from a value to a member (KEY) or an item (KEY is NULL); a chain on the stack. */
struct path {
	const struct path *up;
	const char *key;
	size_t length, index;
};

/* PREFIX and the steps down to AT as an escaped pointer, or as much of it as SIZE bytes hold. */
void path_text(const char *prefix, const struct path *at, char *buffer, size_t size);

/* --- schema_compile.c --- */
struct schema *compile_node(struct schema_set *set, const json_t *definition, const char *prefix,
			    const struct path *at, unsigned depth, char *error);

/* --- schema_check.c: what can be judged only when all is compiled --- */
bool check_new_nodes(struct schema_set *set, char *error);
int property_order(const void *a, const void *b);
const struct property *property_find(const struct object_rules *o, const char *name, size_t length);

/* --- schema_pattern.c, the only user of PCRE2 --- */
struct pattern;
struct matcher {
	void *general, *data;
}; /* zeroed at first; memory of one validation */
struct pattern *pattern_compile(struct arena *a, const char *text, size_t length, char *error,
				size_t error_size);
bool pattern_matches(const struct pattern *p, struct matcher *m, struct arena *a, const char *text,
		     size_t length);

/* --- schema_format.c, schema_address.c --- */
enum format format_by_name(const char *name);
bool format_valid(enum format f, const char *text, size_t length);
bool address_email(const char *text, size_t length);
bool address_uri(const char *text, size_t length);

/* --- schema_value.c: equality as JSON Schema has it (1 equals 1.0) --- */
bool value_same(const json_t *a, const json_t *b);

/* True when no two items are the same; else their places.  Linear in the size of ARRAY. */
bool value_items_unique(struct arena *a, const json_t *array, size_t *first, size_t *second);

/* --- schema_walk.c, schema_container.c, schema_branch.c --- */
struct walk {
	struct violations *violations;
	struct arena *arena;
	enum violation_place place;
	const char *prefix;
	bool quiet; /* nothing is reported and the first failure ends it */
	bool exhausted;
	unsigned depth;
	size_t steps;
	struct matcher matcher;
};

/* True when VALUE obeys S; else violations at AT and below are added, unless quiet. */
bool walk_node(struct walk *w, const struct schema *s, json_t *value, const struct path *at);

/* As walk_node() without a report, whatever W says. */
bool walk_quietly(struct walk *w, const struct schema *s, json_t *value, const struct path *at);

/* Adds a violation unless quiet; FORMAT as json_pack(), borrowed values as "O".  Always false. */
bool walk_fail(struct walk *w, const struct path *at, const char *code, const char *format, ...);

bool walk_array(struct walk *w, const struct schema *s, json_t *value, const struct path *at);
bool walk_object(struct walk *w, const struct schema *s, json_t *value, const struct path *at);
bool walk_branches(struct walk *w, const struct schema *s, json_t *value, const struct path *at);
unsigned value_types(const json_t *value);

/* The names of a type set, "integer | null"; NULL without memory. */
char *types_text(struct arena *a, unsigned types);

/* --- schema_default.c --- */
void defaults_apply(struct walk *w, const struct schema *s, json_t *value, unsigned depth);

#endif
