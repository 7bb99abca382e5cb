/*
 * schema_default.c -- filling in defaults, after the value was judged as it came.
 *
 * A second walk, so that no rule (minProperties, additionalProperties of a neighbour) sees a
 * member that the caller did not send.  Of branches, the first one that fits gives defaults.
 */
#include "schema_private.h"

static void apply_member(struct walk *w, const struct property *p, json_t *object, unsigned depth)
{
	json_t *member = json_object_getn(object, p->name, p->length);
	const json_t *fallback;

	if (!p->schema->defaults_below)
		return;
	if (!member) {
		fallback = schema_default(p->schema);
		if (!fallback)
			return;
		member = json_deep_copy(fallback);
		if (!member || json_object_setn_new(object, p->name, p->length, member)) {
			w->exhausted = true;
			return;
		}
	}
	defaults_apply(w, p->schema, member, depth + 1);
}

static void apply_object(struct walk *w, const struct object_rules *o, json_t *value,
			 unsigned depth)
{
	bool others = o->additional && o->additional->defaults_below;
	void *at;
	size_t i;

	for (i = 0; i < o->pattern_count; i++)
		others |= o->patterns[i].schema->defaults_below;
	for (at = others ? json_object_iter(value) : NULL; at;
	     at = json_object_iter_next(value, at)) {
		const char *name = json_object_iter_key(at);
		size_t length = json_object_iter_key_len(at);
		json_t *member = json_object_iter_value(at);
		bool known = property_find(o, name, length);

		for (i = 0; i < o->pattern_count; i++) {
			if (!pattern_matches(o->patterns[i].pattern, &w->matcher, w->arena, name,
					     length))
				continue;
			known = true;
			defaults_apply(w, o->patterns[i].schema, member, depth + 1);
		}
		if (!known && o->additional)
			defaults_apply(w, o->additional, member, depth + 1);
	}
	for (i = 0; i < o->property_count; i++)
		apply_member(w, &o->properties[i], value, depth);
}

static void apply_array(struct walk *w, const struct array_rules *a, json_t *value, unsigned depth)
{
	size_t i;

	for (i = 0; i < json_array_size(value); i++) {
		const struct schema *item = i < a->prefix.count ? a->prefix.items[i] : a->items;

		if (!item)
			break;
		defaults_apply(w, item, json_array_get(value, i), depth + 1);
	}
}

static void apply_branch(struct walk *w, const struct schema_list *list, json_t *value,
			 unsigned depth)
{
	bool any = false;
	size_t i;

	for (i = 0; i < list->count; i++)
		any |= list->items[i]->defaults_below;
	for (i = 0; any && i < list->count; i++) {
		if (walk_quietly(w, list->items[i], value, NULL)) {
			defaults_apply(w, list->items[i], value, depth + 1);
			return;
		}
	}
}

void defaults_apply(struct walk *w, const struct schema *s, json_t *value, unsigned depth)
{
	size_t i;

	if (!s->defaults_below || depth > SCHEMA_DEPTH_MAX || w->exhausted)
		return;
	/* Branches first: what fits is judged by what was sent. */
	apply_branch(w, &s->any, value, depth);
	apply_branch(w, &s->one, value, depth);
	if (s->reference)
		defaults_apply(w, s->reference, value, depth + 1);
	for (i = 0; i < s->all.count; i++)
		defaults_apply(w, s->all.items[i], value, depth + 1);
	if (s->object && json_is_object(value))
		apply_object(w, s->object, value, depth);
	if (s->array && json_is_array(value))
		apply_array(w, s->array, value, depth);
}
