/*
 * schema_branch.c -- anyOf and oneOf, and what to say when no branch fits.
 *
 * "None of five fits" helps nobody.  If the branches are told apart by a member with a constant
 * (or by the value's type), the violations are those of the branch that was meant.
 */
#include "schema_private.h"

#include <string.h>

/* The schema at the end of a chain of bare references. */
static const struct schema *resolve(const struct schema *s)
{
	unsigned depth;

	for (depth = 0; s->reference && !s->object && depth < SCHEMA_DEPTH_MAX; depth++)
		s = s->reference;
	return s;
}

/* The one value that S admits, or NULL. */
static const json_t *only_value(const struct schema *s)
{
	s = resolve(s);
	if (s->constant)
		return s->constant;
	return json_array_size(s->choices) == 1 ? json_array_get(s->choices, 0) : NULL;
}

/* The one value that branch S admits for its member NAME, or NULL. */
static const json_t *constant_of(const struct schema *s, const char *name, size_t length)
{
	const struct property *p;

	s = resolve(s);
	p = s->object ? property_find(s->object, name, length) : NULL;
	return p ? only_value(p->schema) : NULL;
}

/* The first member that has a constant in every branch, or NULL. */
static const struct property *discriminator(const struct schema_list *list)
{
	const struct schema *first = resolve(list->items[0]);
	size_t i, j;

	for (i = 0; first->object && i < first->object->property_count; i++) {
		const struct property *p = &first->object->properties[i];

		for (j = 0; j < list->count; j++) {
			if (!constant_of(list->items[j], p->name, p->length))
				break;
		}
		if (j == list->count)
			return p;
	}
	return NULL;
}

/* The constants of all branches as text; NULL without memory. */
static const char *constants_text(struct walk *w, const struct schema_list *list,
				  const struct property *p)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < list->count && text; i++) {
		const json_t *constant = constant_of(list->items[i], p->name, p->length);
		const char *one = json_is_string(constant) ? json_string_value(constant) : "…";

		text = arena_printf(w->arena, "%s%s%s", text, i ? ", " : "", one);
	}
	return text;
}

/* Reports by the member P, which tells the branches apart. */
static bool fail_by_member(struct walk *w, const struct schema_list *list, const struct property *p,
			   json_t *value, const struct path *at)
{
	const json_t *chosen = json_object_getn(value, p->name, p->length);
	struct path below = {at, p->name, p->length, 0};
	const char *allowed;
	size_t i;

	if (!chosen)
		return walk_fail(w, &below, "required", NULL);
	for (i = 0; i < list->count; i++) {
		if (value_same(constant_of(list->items[i], p->name, p->length), chosen))
			return walk_node(w, list->items[i], value, at);
	}
	allowed = constants_text(w, list, p);
	return walk_fail(w, &below, "enum", "{s:s}", "allowed", allowed ? allowed : "…");
}

/* Reports why no branch of LIST fits; always false. */
static bool fail_none(struct walk *w, const struct schema_list *list, const char *code,
		      json_t *value, const struct path *at)
{
	const struct schema *candidate = NULL;
	const struct property *p;
	unsigned types = value_types(value), expected = 0;
	size_t i, candidates = 0;

	if (w->quiet)
		return false;
	for (i = 0; i < list->count; i++) {
		unsigned branch = schema_types(list->items[i]);

		expected |= branch;
		if (branch & types) {
			candidate = list->items[i];
			candidates++;
		}
	}
	if (!candidates && expected) {
		const char *text = types_text(w->arena, expected);

		return walk_fail(w, at, "type", "{s:s}", "expected", text ? text : "…");
	}
	p = json_is_object(value) ? discriminator(list) : NULL;
	if (p)
		fail_by_member(w, list, p, value, at);
	else if (candidates == 1)
		(void)walk_node(w, candidate, value,
				at); /* known to fail; this is for its report */
	else
		walk_fail(w, at, code, NULL);
	return false;
}

static bool walk_any(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	size_t i;

	for (i = 0; i < s->any.count; i++) {
		if (walk_quietly(w, s->any.items[i], value, at))
			return true;
	}
	return fail_none(w, &s->any, "any-of", value, at);
}

static bool walk_one(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	size_t i, fitting = 0;

	for (i = 0; i < s->one.count && fitting < 2; i++)
		fitting += walk_quietly(w, s->one.items[i], value, at);
	if (fitting == 1)
		return true;
	if (fitting > 1)
		return walk_fail(w, at, "one-of-several", NULL);
	return fail_none(w, &s->one, "one-of", value, at);
}

bool walk_branches(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	bool good = !s->any.count || walk_any(w, s, value, at);

	if ((good || !w->quiet) && s->one.count)
		good &= walk_one(w, s, value, at);
	return good;
}
