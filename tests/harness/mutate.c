/*
 * mutate.c -- see mutate.h.
 */
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	const json_t *root;
	json_t *whole; /* a copy of the example that is changed and restored */
	mutation *each;
	void *context;
};

const json_t *schema_resolved(const json_t *root, const json_t *schema)
{
	const char *ref;
	char part[100];

	while ((ref = json_string_value(json_object_get(schema, "$ref")))) {
		const json_t *at = root;

		ref += strspn(ref, "#/");
		while (at && *ref) {
			size_t length = strcspn(ref, "/");

			snprintf(part, sizeof part, "%.*s", (int)length, ref);
			at = json_object_get(at, part);
			ref += length;
			ref += *ref == '/';
		}
		schema = at;
	}
	return schema;
}

static bool has_type(const json_t *schema, const char *type)
{
	const json_t *types = json_object_get(schema, "type"), *one;
	size_t i;

	if (json_is_string(types))
		return !strcmp(json_string_value(types), type);
	json_array_foreach(types, i, one)
		if (!strcmp(json_string_value(one), type))
			return true;
	return false;
}

/* Puts WRONG (stolen) in the place of NAME in PARENT, reports, and restores. */
static void try_wrong(struct walk *w, json_t *parent, const char *name, size_t index, json_t *wrong,
		      const char *pointer, const char *code)
{
	json_t *before;

	if (name) {
		before = json_incref(json_object_get(parent, name));
		json_object_set_new(parent, name, wrong);
	} else {
		before = json_incref(json_array_get(parent, index));
		json_array_set_new(parent, index, wrong);
	}
	w->each(w->context, w->whole, pointer, code);
	if (name)
		json_object_set_new(parent, name, before);
	else
		json_array_set_new(parent, index, before);
}

static json_t *text_of_length(size_t length)
{
	char *text = malloc(length + 1);
	json_t *value;

	memset(text, 'a', length);
	text[length] = '\0';
	value = json_string(text);
	free(text);
	return value;
}

static void break_string(struct walk *w, json_t *parent, const char *name, size_t index,
			 const json_t *schema, const char *pointer)
{
	json_t *most = json_object_get(schema, "maxLength");
	json_t *least = json_object_get(schema, "minLength");

	if (most && json_integer_value(most) < 10000)
		try_wrong(w, parent, name, index,
			  text_of_length((size_t)json_integer_value(most) + 1), pointer,
			  "max-length");
	if (json_integer_value(least) > 0)
		try_wrong(w, parent, name, index,
			  text_of_length((size_t)json_integer_value(least) - 1), pointer,
			  "min-length");
	if (json_object_get(schema, "enum"))
		try_wrong(w, parent, name, index, json_string("no-such-value"), pointer, "enum");
	if (json_object_get(schema, "pattern"))
		try_wrong(w, parent, name, index, json_string(" \n\x01\n "), pointer, "pattern");
	if (json_object_get(schema, "format"))
		try_wrong(w, parent, name, index, json_string("2026-13-99"), pointer, "format");
}

static void break_number(struct walk *w, json_t *parent, const char *name, size_t index,
			 const json_t *schema, const char *pointer)
{
	json_t *least = json_object_get(schema, "minimum"),
	       *most = json_object_get(schema, "maximum");
	json_t *above = json_object_get(schema, "exclusiveMinimum");

	if (least)
		try_wrong(w, parent, name, index, json_real(json_number_value(least) - 1), pointer,
			  "minimum");
	if (most)
		try_wrong(w, parent, name, index, json_real(json_number_value(most) + 1), pointer,
			  "maximum");
	if (above)
		try_wrong(w, parent, name, index, json_incref(above), pointer, "exclusive-minimum");
	if (json_object_get(schema, "multipleOf") && has_type(schema, "number"))
		try_wrong(w, parent, name, index, json_real(1.001), pointer, "multiple-of");
}

static void visit(struct walk *w, json_t *parent, const char *name, size_t index,
		  const json_t *schema, const char *pointer);

static void break_array(struct walk *w, json_t *parent, const char *name, size_t index,
			const json_t *schema, const char *pointer, json_t *value)
{
	json_t *most = json_object_get(schema, "maxItems"), *longer;
	char below[300];
	size_t i, count = (size_t)json_integer_value(most) + 1;

	if (json_integer_value(json_object_get(schema, "minItems")) > 0)
		try_wrong(w, parent, name, index, json_array(), pointer, "min-items");
	if (!json_array_size(value))
		return;
	if (most && count < 2000) {
		longer = json_array();
		for (i = 0; i < count; i++)
			json_array_append(longer, json_array_get(value, 0));
		try_wrong(w, parent, name, index, longer, pointer, "max-items");
	}
	snprintf(below, sizeof below, "%s/0", pointer);
	visit(w, value, NULL, 0, json_object_get(schema, "items"), below);
}

static void break_object(struct walk *w, const json_t *schema, const char *pointer, json_t *object)
{
	json_t *required = json_object_get(schema, "required"), *part, *before;
	const json_t *properties = json_object_get(schema, "properties");
	const char *name;
	char below[300];
	size_t i;

	json_array_foreach(required, i, part) {
		name = json_string_value(part);
		before = json_incref(json_object_get(object, name));
		snprintf(below, sizeof below, "%s/%s", pointer, name);
		json_object_del(object, name);
		w->each(w->context, w->whole, below, "required");
		json_object_set_new(object, name, before);
	}
	if (json_is_false(json_object_get(schema, "additionalProperties"))) {
		snprintf(below, sizeof below, "%s/no_such_member", pointer);
		json_object_set_new(object, "no_such_member", json_true());
		w->each(w->context, w->whole, below, "additional-property");
		json_object_del(object, "no_such_member");
	}
	json_object_foreach((json_t *)properties, name, part) {
		snprintf(below, sizeof below, "%s/%s", pointer, name);
		if (json_object_get(object, name))
			visit(w, object, name, 0, part, below);
	}
}

static void visit(struct walk *w, json_t *parent, const char *name, size_t index,
		  const json_t *schema, const char *pointer)
{
	json_t *value = name ? json_object_get(parent, name) : json_array_get(parent, index);
	json_t *rules = json_copy((json_t *)schema_resolved(w->root, schema));

	/* What stands beside a $ref narrows what it refers to. */
	json_object_update(rules, (json_t *)schema);
	if (value && json_object_get(rules, "type")) {
		if (!has_type(rules, "boolean"))
			try_wrong(w, parent, name, index, json_true(), pointer, "type");
		if (json_is_string(value))
			break_string(w, parent, name, index, rules, pointer);
		else if (json_is_number(value))
			break_number(w, parent, name, index, rules, pointer);
		else if (json_is_array(value))
			break_array(w, parent, name, index, rules, pointer, value);
		else if (json_is_object(value))
			break_object(w, rules, pointer, value);
	}
	json_decref(rules);
}

void mutate(const json_t *root, const json_t *schema, const json_t *example, mutation *each,
	    void *context)
{
	struct walk w = {root, json_deep_copy(example), each, context};

	schema = schema_resolved(root, schema);
	if (json_is_object(w.whole))
		break_object(&w, schema, "#", w.whole);
	json_decref(w.whole);
}
