/*
 * schema_check.c -- what can be judged only when all of a schema is compiled, and look-ups in it.
 *
 * A schema may lead back to itself through members and items, but not in place, for that would
 * never end.  Defaults and examples must obey the schema that they stand in.
 */
#include "schema_private.h"

#include <stdio.h>
#include <string.h>

enum { MARK_NEW, MARK_ENTERED, MARK_DONE, CHECK_CEILING = 16 * 1024 * 1024 };

int property_order(const void *a, const void *b)
{
	const struct property *x = a, *y = b;
	size_t shorter = x->length < y->length ? x->length : y->length;
	int order = memcmp(x->name, y->name, shorter);

	return order ? order : (x->length > y->length) - (x->length < y->length);
}

const struct property *property_find(const struct object_rules *o, const char *name, size_t length)
{
	struct property wanted = {name, length, NULL};
	size_t low = 0, high = o->property_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = property_order(&wanted, &o->properties[middle]);

		if (!order)
			return &o->properties[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Schemas that judge the same value as S, by number; NULL behind the last. */
static struct schema *beside(const struct schema *s, size_t number)
{
	const struct schema_list *lists[] = {&s->all, &s->any, &s->one};
	size_t i;

	if (s->reference && number-- == 0)
		return s->reference;
	if (s->negated && number-- == 0)
		return s->negated;
	for (i = 0; i < 3; i++) {
		if (number < lists[i]->count)
			return lists[i]->items[number];
		number -= lists[i]->count;
	}
	return NULL;
}

/* Schemas that judge parts of the value of S, likewise. */
static struct schema *below(const struct schema *s, size_t number)
{
	const struct array_rules *a = s->array;
	const struct object_rules *o = s->object;

	if (a && a->items && number-- == 0)
		return a->items;
	if (a && number < a->prefix.count)
		return a->prefix.items[number];
	number -= a ? a->prefix.count : 0;
	if (!o)
		return NULL;
	if (o->additional && number-- == 0)
		return o->additional;
	if (number < o->property_count)
		return o->properties[number].schema;
	number -= o->property_count;
	return number < o->pattern_count ? o->patterns[number].schema : NULL;
}

/* Recursion is as deep as schemas refer to one another in place. */
static bool ends(struct schema *s, unsigned depth)
{
	struct schema *other;
	size_t i;

	if (s->mark == MARK_DONE)
		return true;
	if (s->mark == MARK_ENTERED || depth > SCHEMA_DEPTH_MAX)
		return false;
	s->mark = MARK_ENTERED;
	for (i = 0; (other = beside(s, i)); i++) {
		if (!ends(other, depth + 1))
			return false;
	}
	s->mark = MARK_DONE;
	return true;
}

/* Marks the new nodes below which there is a default, until nothing changes. */
static void mark_defaults(struct schema_set *set)
{
	struct schema *s, *other;
	bool changed = true;
	size_t i;

	while (changed) {
		changed = false;
		for (s = set->newest; s != set->checked; s = s->older) {
			if (s->defaults_below)
				continue;
			s->defaults_below = s->fallback;
			for (i = 0; !s->defaults_below && (other = beside(s, i)); i++)
				s->defaults_below = other != s->negated && other->defaults_below;
			for (i = 0; !s->defaults_below && (other = below(s, i)); i++)
				s->defaults_below = other->defaults_below;
			changed |= s->defaults_below;
		}
	}
}

static bool obeys(const struct schema *s, const json_t *value, const char *what,
		  struct violations *v, char *error)
{
	json_t *copy = json_deep_copy(value);
	bool good = copy && schema_validate(s, copy, IN_BODY, "#", false, v);

	json_decref(copy);
	if (!good)
		snprintf(error, SCHEMA_ERROR_SIZE, "%.150s: %s breaks the schema: %.60s %.40s",
			 s->pointer, what, v->count ? v->list[0].where : "",
			 v->count ? v->list[0].code : "out of memory");
	return good;
}

static bool check_values(const struct schema *s, struct arena *a, char *error)
{
	struct violations v = {.arena = a};
	size_t i;

	if (s->fallback && !obeys(s, s->fallback, "default", &v, error))
		return false;
	for (i = 0; i < json_array_size(s->examples); i++) {
		if (!obeys(s, json_array_get(s->examples, i), "an example", &v, error))
			return false;
	}
	arena_clear(a);
	return true;
}

bool check_new_nodes(struct schema_set *set, char *error)
{
	struct arena *a;
	struct schema *s;
	bool good = true;

	for (s = set->newest; s != set->checked; s = s->older) {
		if (!ends(s, 0)) {
			snprintf(error, SCHEMA_ERROR_SIZE, "%.150s: $ref: leads back to itself",
				 s->pointer);
			return false;
		}
	}
	mark_defaults(set);
	a = arena_new(CHECK_CEILING);
	if (!a)
		snprintf(error, SCHEMA_ERROR_SIZE, "out of memory");
	for (s = set->newest; a && good && s != set->checked; s = s->older) {
		if (s->fallback || s->examples)
			good = check_values(s, a, error);
	}
	set->checked = set->newest;
	good = good && a;
	arena_free(a);
	return good;
}

/* ---- what others ask of a schema ---- */

static unsigned types_at(const struct schema *s, unsigned depth)
{
	const struct schema_list *choices[] = {&s->any, &s->one};
	unsigned types = s->never ? 0 : s->types;
	size_t i, j;

	if (depth > SCHEMA_DEPTH_MAX)
		return 0;
	if (s->constant)
		types &= value_types(s->constant);
	if (s->choices) {
		unsigned some = 0;

		for (i = 0; i < json_array_size(s->choices); i++)
			some |= value_types(json_array_get(s->choices, i));
		types &= some;
	}
	if (s->reference)
		types &= types_at(s->reference, depth + 1);
	for (i = 0; i < s->all.count; i++)
		types &= types_at(s->all.items[i], depth + 1);
	for (i = 0; i < 2; i++) {
		unsigned some = 0;

		for (j = 0; j < choices[i]->count; j++)
			some |= types_at(choices[i]->items[j], depth + 1);
		if (choices[i]->count)
			types &= some;
	}
	return types;
}

unsigned schema_types(const struct schema *s)
{
	return types_at(s, 0);
}

const struct schema *schema_items(const struct schema *s)
{
	unsigned depth;

	for (depth = 0; s && depth < SCHEMA_DEPTH_MAX; depth++) {
		if (s->array && s->array->items)
			return s->array->items;
		s = s->reference;
	}
	return NULL;
}

/* The compiler has seen to it that references end. */
bool schema_has_property(const struct schema *s, const char *property)
{
	const struct schema_list *lists[] = {&s->all, &s->any, &s->one};
	size_t i, j;

	if (s->object && property_find(s->object, property, strlen(property)))
		return true;
	if (s->reference && schema_has_property(s->reference, property))
		return true;
	for (i = 0; i < sizeof lists / sizeof *lists; i++)
		for (j = 0; j < lists[i]->count; j++)
			if (schema_has_property(lists[i]->items[j], property))
				return true;
	return false;
}

const json_t *schema_default(const struct schema *s)
{
	unsigned depth;

	for (depth = 0; s && depth < SCHEMA_DEPTH_MAX; depth++) {
		if (s->fallback)
			return s->fallback;
		s = s->reference;
	}
	return NULL;
}

size_t schema_max_length(const struct schema *s)
{
	unsigned depth;

	for (depth = 0; s && depth < SCHEMA_DEPTH_MAX; depth++) {
		if (s->string && s->string->max_length != SIZE_MAX)
			return s->string->max_length;
		s = s->reference;
	}
	return SIZE_MAX;
}
