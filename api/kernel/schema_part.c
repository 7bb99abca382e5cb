/*
 * schema_part.c -- compiling the keywords that hold other schemas, or names of members.
 */
#include "schema_keyword.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compiles what stands under KEYWORD, and there under KEY or INDEX unless BELOW is NULL. */
static struct schema *child(const struct site *s, const char *keyword, const struct path *below,
			    const json_t *definition)
{
	struct path step = {s->at, keyword, strlen(keyword), 0}, deeper;

	if (!below)
		return compile_node(s->set, definition, s->prefix, &step, s->depth + 1, s->error);
	deeper = *below;
	deeper.up = &step;
	return compile_node(s->set, definition, s->prefix, &deeper, s->depth + 1, s->error);
}

bool set_list(struct site *s, const json_t *value, const char *keyword)
{
	struct schema_list *list;
	size_t count = json_array_size(value), i;

	if (!count)
		return site_refuse(s, keyword, "must be an array of schemas");
	if (strcmp(keyword, "prefixItems") == 0) {
		if (!site_array(s))
			return site_out_of_memory(s);
		list = &s->schema->array->prefix;
	} else {
		list = strcmp(keyword, "allOf") == 0   ? &s->schema->all
		       : strcmp(keyword, "anyOf") == 0 ? &s->schema->any
						       : &s->schema->one;
	}
	list->items = arena_alloc(s->set->arena, count * sizeof(*list->items));
	if (!list->items)
		return site_out_of_memory(s);
	for (i = 0; i < count; i++) {
		struct path below = {NULL, NULL, 0, i};

		list->items[i] = child(s, keyword, &below, json_array_get(value, i));
		if (!list->items[i])
			return false;
	}
	list->count = count;
	return true;
}

bool set_part(struct site *s, const json_t *value, const char *keyword)
{
	struct schema *part = child(s, keyword, NULL, value);

	if (!part)
		return false;
	if (strcmp(keyword, "not") == 0) {
		s->schema->negated = part;
	} else if (strcmp(keyword, "items") == 0) {
		if (!site_array(s))
			return site_out_of_memory(s);
		s->schema->array->items = part;
	} else {
		if (!site_object(s))
			return site_out_of_memory(s);
		if (strcmp(keyword, "additionalProperties") == 0)
			s->schema->object->additional = part;
		else
			s->schema->object->names = part;
	}
	return true;
}

bool set_properties(struct site *s, const json_t *value, const char *keyword)
{
	struct object_rules *o = site_object(s);
	const char *name;
	json_t *definition;

	if (!json_is_object(value))
		return site_refuse(s, keyword, "must be an object of schemas");
	if (!o)
		return site_out_of_memory(s);
	o->properties =
		arena_alloc(s->set->arena, json_object_size(value) * sizeof *o->properties + 1);
	if (!o->properties)
		return site_out_of_memory(s);
	json_object_foreach((json_t *)value, name, definition) {
		struct property *p = &o->properties[o->property_count];
		struct path below = {NULL, name, strlen(name), 0};

		p->name = name;
		p->length = below.length;
		p->schema = child(s, keyword, &below, definition);
		if (!p->schema)
			return false;
		o->property_count++;
	}
	qsort(o->properties, o->property_count, sizeof *o->properties, property_order);
	return true;
}

bool set_patterns(struct site *s, const json_t *value, const char *keyword)
{
	struct object_rules *o = site_object(s);
	const char *name;
	json_t *definition;
	char why[120];

	if (!json_is_object(value))
		return site_refuse(s, keyword, "must be an object of schemas");
	if (!o)
		return site_out_of_memory(s);
	o->patterns = arena_alloc(s->set->arena, json_object_size(value) * sizeof *o->patterns + 1);
	if (!o->patterns)
		return site_out_of_memory(s);
	json_object_foreach((json_t *)value, name, definition) {
		struct pattern_property *p = &o->patterns[o->pattern_count];
		struct path below = {NULL, name, strlen(name), 0};

		p->pattern = pattern_compile(s->set->arena, name, below.length, why, sizeof why);
		if (!p->pattern)
			return site_refuse(s, keyword, why);
		p->schema = child(s, keyword, &below, definition);
		if (!p->schema)
			return false;
		o->pattern_count++;
	}
	return true;
}

bool set_required(struct site *s, const json_t *value, const char *keyword)
{
	struct object_rules *o = site_object(s);
	size_t count = json_array_size(value), i, j;

	if (!json_is_array(value))
		return site_refuse(s, keyword, "must be an array of names");
	if (!o)
		return site_out_of_memory(s);
	o->required = arena_alloc(s->set->arena, count * sizeof *o->required + 1);
	if (!o->required)
		return site_out_of_memory(s);
	for (i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(value, i));

		if (!name)
			return site_refuse(s, keyword, "must be an array of names");
		for (j = 0; j < i; j++) {
			if (strcmp(o->required[j], name) == 0)
				return site_refuse(s, keyword, "a name stands there twice");
		}
		o->required[i] = name;
	}
	o->required_count = count;
	return true;
}

/* Compiles what nobody may refer to as well, so that a misspelt keyword does not hide there. */
bool set_definitions(struct site *s, const json_t *value, const char *keyword)
{
	const char *name;
	json_t *definition;

	if (!json_is_object(value))
		return site_refuse(s, keyword, "must be an object of schemas");
	json_object_foreach((json_t *)value, name, definition) {
		struct path below = {NULL, name, strlen(name), 0};

		if (!child(s, keyword, &below, definition))
			return false;
	}
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Undoes the escapes of a URI fragment, in place; false when one is broken. */
static bool unescape_fragment(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '%') {
			int high = hex_value(text[1]), low = high < 0 ? -1 : hex_value(text[2]);

			if (low < 0 || (high == 0 && low == 0))
				return false;
			*to++ = (char)(high * 16 + low);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return true;
}

/* Undoes ~0 and ~1 of one token of a JSON pointer, in place. */
static void unescape_token(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '~' && (text[1] == '0' || text[1] == '1')) {
			*to++ = text[1] == '0' ? '~' : '/';
			text++;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* What the pointer "/a/0" (changed by this) names below VALUE, or NULL. */
static const json_t *find(const json_t *value, char *pointer)
{
	char *token = pointer, *end;

	while (value && token && *token == '/') {
		char *next = strchr(++token, '/');

		if (next)
			*next = '\0';
		unescape_token(token);
		if (json_is_array(value)) {
			size_t index = strtoul(token, &end, 10);

			value = *token >= '0' && *token <= '9' && !*end
					? json_array_get(value, index)
					: NULL;
		} else {
			value = json_object_get(value, token);
		}
		if (next)
			*next = '/';
		token = next;
	}
	return value;
}

bool set_reference(struct site *s, const json_t *value, const char *keyword)
{
	const char *reference = json_string_value(value);
	const json_t *target = NULL;
	char *pointer;

	if (!reference || *reference != '#' || (reference[1] && reference[1] != '/'))
		return site_refuse(s, keyword, "must be a pointer within this document");
	pointer = arena_strdup(s->set->arena, reference + 1);
	if (!pointer)
		return site_out_of_memory(s);
	if (unescape_fragment(pointer))
		target = find(s->set->root, pointer);
	if (!target)
		return site_refuse(s, keyword, "leads nowhere");
	s->schema->reference =
		compile_node(s->set, target, reference, NULL, s->depth + 1, s->error);
	return s->schema->reference;
}
