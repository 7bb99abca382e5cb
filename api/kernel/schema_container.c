/*
 * schema_container.c -- judging arrays and objects.
 *
 * What is too large is not looked into: its size is the one violation.
 */
#include "schema_private.h"

#include <string.h>

static bool walk_unique(struct walk *w, json_t *value, const struct path *at)
{
	size_t first = 0, second = 0;

	if (value_items_unique(w->arena, value, &first, &second))
		return true;
	if (first == second) {
		w->exhausted = true; /* without memory to tell */
		return false;
	}
	return walk_fail(w, at, "unique-items", "{s:I,s:I}", "first", (json_int_t)first, "second",
			 (json_int_t)second);
}

bool walk_array(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	const struct array_rules *a = s->array;
	size_t count = json_array_size(value), i;
	bool good = true;

	if (count > a->max_items)
		return walk_fail(w, at, "max-items", "{s:I}", "limit", (json_int_t)a->max_items);
	if (count < a->min_items)
		good = walk_fail(w, at, "min-items", "{s:I}", "limit", (json_int_t)a->min_items);
	for (i = 0; (good || !w->quiet) && i < count; i++) {
		const struct schema *item = i < a->prefix.count ? a->prefix.items[i] : a->items;
		struct path below = {at, NULL, 0, i};

		if (!item)
			break;
		good &= walk_node(w, item, json_array_get(value, i), &below);
	}
	if ((good || !w->quiet) && a->unique)
		good &= walk_unique(w, value, at);
	return good;
}

/* The name of a member, judged as a string. */
static bool walk_name(struct walk *w, const struct schema *names, const char *name, size_t length,
		      const struct path *at)
{
	json_t *text = arena_json(w->arena, json_stringn_nocheck(name, length));

	if (!text) {
		w->exhausted = true;
		return false;
	}
	if (walk_quietly(w, names, text, at))
		return true;
	return walk_fail(w, at, "property-name", NULL);
}

static bool walk_member(struct walk *w, const struct object_rules *o, const char *name,
			size_t length, json_t *member, const struct path *at)
{
	const struct property *p = property_find(o, name, length);
	struct path below = {at, name, length, 0};
	bool good = true, known = p;
	size_t i;

	if (p)
		good = walk_node(w, p->schema, member, &below);
	for (i = 0; (good || !w->quiet) && i < o->pattern_count; i++) {
		if (!pattern_matches(o->patterns[i].pattern, &w->matcher, w->arena, name, length))
			continue;
		known = true;
		good &= walk_node(w, o->patterns[i].schema, member, &below);
	}
	if (!known && o->additional) {
		if (o->additional->never)
			return walk_fail(w, &below, "additional-property", NULL);
		good = walk_node(w, o->additional, member, &below);
	}
	if ((good || !w->quiet) && o->names)
		good &= walk_name(w, o->names, name, length, &below);
	return good;
}

bool walk_object(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	const struct object_rules *o = s->object;
	size_t count = json_object_size(value), i;
	void *member = json_object_iter(value);
	bool good = true;

	if (count > o->max_properties)
		return walk_fail(w, at, "max-properties", "{s:I}", "limit",
				 (json_int_t)o->max_properties);
	if (count < o->min_properties)
		good = walk_fail(w, at, "min-properties", "{s:I}", "limit",
				 (json_int_t)o->min_properties);
	for (i = 0; (good || !w->quiet) && i < o->required_count; i++) {
		struct path below = {at, o->required[i], strlen(o->required[i]), 0};

		if (!json_object_get(value, o->required[i]))
			good = walk_fail(w, &below, "required", NULL);
	}
	if (!o->property_count && !o->pattern_count && !o->additional && !o->names)
		return good;
	for (; (good || !w->quiet) && member; member = json_object_iter_next(value, member))
		good &= walk_member(w, o, json_object_iter_key(member),
				    json_object_iter_key_len(member),
				    json_object_iter_value(member), at);
	return good;
}
