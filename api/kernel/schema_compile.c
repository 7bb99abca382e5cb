/*
 * schema_compile.c -- from a schema's JSON to the tree that is walked.
 *
 * One table of keywords; what is not in it, and not an annotation, is an error.  A definition
 * is compiled once, so that recursion through $ref ends.
 */
#include "schema_keyword.h"

#include <stdio.h>
#include <string.h>

enum { POINTER_SIZE = 512, ARENA_CEILING = 256 * 1024 * 1024 };

static const struct {
	const char *name;
	keyword_set *set;
} keywords[] = {
	{"type", set_type},
	{"properties", set_properties},
	{"required", set_required},
	{"additionalProperties", set_part},
	{"$ref", set_reference},
	{"description", set_text},
	{"enum", set_enum},
	{"const", set_const},
	{"default", set_default},
	{"examples", set_examples},
	{"minimum", set_limit},
	{"maximum", set_limit},
	{"exclusiveMinimum", set_limit},
	{"exclusiveMaximum", set_limit},
	{"multipleOf", set_multiple},
	{"minLength", set_size},
	{"maxLength", set_size},
	{"pattern", set_pattern},
	{"format", set_format},
	{"items", set_part},
	{"prefixItems", set_list},
	{"minItems", set_size},
	{"maxItems", set_size},
	{"uniqueItems", set_unique},
	{"patternProperties", set_patterns},
	{"propertyNames", set_part},
	{"minProperties", set_size},
	{"maxProperties", set_size},
	{"allOf", set_list},
	{"anyOf", set_list},
	{"oneOf", set_list},
	{"not", set_part},
	{"$defs", set_definitions},
	{"$schema", set_dialect},
	{"$comment", set_text},
	{"title", set_text},
	{"deprecated", set_flag},
	{"readOnly", set_flag},
	{"writeOnly", set_flag},
};

bool site_refuse(const struct site *s, const char *keyword, const char *why)
{
	char pointer[POINTER_SIZE];

	path_text(s->prefix, s->at, pointer, sizeof pointer);
	snprintf(s->error, SCHEMA_ERROR_SIZE, "%.150s: %.40s: %.90s", pointer, keyword, why);
	return false;
}

bool site_out_of_memory(const struct site *s)
{
	return site_refuse(s, "schema", "out of memory");
}

static bool compile_keywords(struct site *s)
{
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)s->schema->definition, name, value) {
		if (strncmp(name, "x-", 2) == 0)
			continue;
		for (i = 0; i < sizeof keywords / sizeof *keywords; i++) {
			if (strcmp(keywords[i].name, name) == 0)
				break;
		}
		if (i == sizeof keywords / sizeof *keywords)
			return site_refuse(s, name, "not a keyword that is enforced");
		if (!keywords[i].set(s, value, name))
			return false;
	}
	return true;
}

static struct schema **bucket_of(struct schema_set *set, const json_t *definition)
{
	const size_t count = sizeof set->buckets / sizeof *set->buckets;

	return &set->buckets[((uintptr_t)definition >> 4) % count];
}

struct schema *compile_node(struct schema_set *set, const json_t *definition, const char *prefix,
			    const struct path *at, unsigned depth, char *error)
{
	struct site site = {set, NULL, prefix, at, depth, error};
	struct schema **bucket = bucket_of(set, definition), *s;
	char pointer[POINTER_SIZE];

	for (s = *bucket; s; s = s->bucket) {
		if (s->definition == definition)
			return s;
	}
	if (!json_is_object(definition) && !json_is_boolean(definition)) {
		site_refuse(&site, "schema", "must be an object, true or false");
		return NULL;
	}
	if (depth > SCHEMA_DEPTH_MAX) {
		site_refuse(&site, "schema", "nested too deeply");
		return NULL;
	}
	path_text(prefix, at, pointer, sizeof pointer);
	site.schema = s = arena_alloc(set->arena, sizeof *s);
	if (s)
		s->pointer = arena_strdup(set->arena, pointer);
	if (!s || !s->pointer) {
		site_out_of_memory(&site);
		return NULL;
	}
	s->set = set;
	s->definition = definition;
	s->types = SCHEMA_ANY;
	s->never = json_is_false(definition);
	s->bucket = *bucket;
	*bucket = s;
	s->older = set->newest;
	set->newest = s;
	return !json_is_object(definition) || compile_keywords(&site) ? s : NULL;
}

struct schema_set *schema_set_new(const json_t *root)
{
	struct arena *a = arena_new(ARENA_CEILING);
	struct schema_set *set = a ? arena_alloc(a, sizeof *set) : NULL;

	if (!set) {
		arena_free(a);
		return NULL;
	}
	set->arena = a;
	set->root = root;
	return set;
}

void schema_set_free(struct schema_set *set)
{
	if (set)
		arena_free(set->arena);
}

struct schema *schema_set_compile(struct schema_set *set, const json_t *definition,
				  const char *pointer, char error[300])
{
	struct schema *s = compile_node(set, definition, pointer, NULL, 0, error);

	return s && check_new_nodes(set, error) ? s : NULL;
}

struct schema *schema_compile(const json_t *root, const json_t *definition, const char *pointer,
			      char error[300])
{
	struct schema_set *set = schema_set_new(root);
	struct schema *s = NULL;

	if (set)
		s = schema_set_compile(set, definition, pointer, error);
	else
		snprintf(error, SCHEMA_ERROR_SIZE, "out of memory");
	if (!s)
		schema_set_free(set);
	return s;
}

void schema_free(struct schema *s)
{
	if (s)
		schema_set_free(s->set);
}
