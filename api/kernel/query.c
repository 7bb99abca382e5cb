/*
 * query.c -- the registry of all queries, and what a request asks of one.
 *
 * The text of db/queries is read by query_parse.c, statements are written by query_compose.c.
 * Nothing here knows what a query is about.
 */
#include "query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTRY_BYTES = 256 << 20, PAIRWISE_FROM = 7 };

struct query_registry {
	struct arena *arena; /* of everything parsed */
	struct query *queries;
	size_t count;
};

/* --- loading --- */

static bool name_valid(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') &&
		    !(i && ((name[i] >= '0' && name[i] <= '9') || name[i] == '_')))
			return false;
	return i && i <= QUERY_NAME_MAX;
}

static bool source_load(struct query_registry *r, size_t i, const struct query_source *source,
			char error[300])
{
	struct query *q = &r->queries[i];
	char why[200];

	q->name = source->name;
	q->kind = source->kind;
	if (!name_valid(source->name)) {
		snprintf(error, 300, "db/queries: %.60s is no name for a query", source->name);
		return false;
	}
	if ((unsigned)source->kind > QUERY_EXEC) {
		snprintf(error, 300, "db/queries: query %s has no kind", source->name);
		return false;
	}
	r->count = i;
	if (query_number(r, source->name) >= 0) {
		snprintf(error, 300, "db/queries: query %s is there twice", source->name);
		return false;
	}
	if (!query_parse(q, r->arena, source->text, why)) {
		snprintf(error, 300, "db/queries: query %s %s", source->name, why);
		return false;
	}
	return true;
}

struct query_registry *query_registry_load(const struct query_source *sources, size_t count,
					   char error[300])
{
	struct query_registry *r = calloc(1, sizeof *r);
	size_t i;

	snprintf(error, 300, "no memory");
	if (!r)
		return NULL;
	r->arena = arena_new(REGISTRY_BYTES);
	r->queries = calloc(count + 1, sizeof *r->queries);
	if (!r->arena || !r->queries)
		goto fail;
	for (i = 0; i < count; i++)
		if (!source_load(r, i, &sources[i], error))
			goto fail;
	r->count = count;
	*error = '\0';
	return r;
fail:
	query_registry_free(r);
	return NULL;
}

void query_registry_free(struct query_registry *r)
{
	size_t i, bucket;

	if (!r)
		return;
	for (i = 0; r->queries && i < r->count; i++)
		for (bucket = 0; bucket < CACHE_BUCKETS; bucket++) {
			struct composed *c = atomic_load(&r->queries[i].cache[bucket]);

			while (c) {
				struct composed *next = c->next;

				free(c->sql);
				free(c);
				c = next;
			}
		}
	free(r->queries);
	arena_free(r->arena);
	free(r);
}

const struct query *query_get(const struct query_registry *r, int number)
{
	return number >= 0 && (size_t)number < r->count ? &r->queries[number] : NULL;
}

int query_number(const struct query_registry *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (!strcmp(r->queries[i].name, name))
			return (int)i;
	return -1;
}

const char *query_name(const struct query *q)
{
	return q->name;
}

enum query_kind query_kind(const struct query *q)
{
	return q->kind;
}

const char *query_parameter(const struct query *q, size_t number)
{
	const size_t slots = (size_t)q->slot_count;

	if (number < slots)
		return q->slots[number].name;
	number -= slots;
	return number < (size_t)q->atom_count ? q->atoms[number].name : NULL;
}

int query_sort_index(const struct query *q, const char *sort)
{
	int i;

	if (!sort)
		return q->sort_count ? 0 : -1;
	for (i = 0; i < q->sort_count; i++)
		if (!strcmp(q->sorts[i].name, sort))
			return i;
	return -1;
}

size_t query_key_count(const struct query *q, const char *sort)
{
	const int i = query_sort_index(q, sort);

	return i < 0 ? 0 : (size_t)q->sorts[i].key_count;
}

/* --- composing --- */

/* True when TEXT is VALUE, or a list (a,b / {a,b} / ["a","b"]) that contains it. */
static bool contains(const char *text, const char *value)
{
	static const char separators[] = "[]{}\", \t\n";
	const size_t length = strlen(value);

	if (!strcmp(text, value))
		return true;
	while (*text) {
		size_t here;

		text += strspn(text, separators);
		here = strcspn(text, separators);
		if (here == length && !strncmp(text, value, length))
			return true;
		text += here;
	}
	return false;
}

static uint32_t choose(const struct query *q, query_lookup *lookup, void *context)
{
	uint32_t mask = 0;
	int i;

	for (i = 0; i < q->atom_count; i++) {
		const char *text = lookup(context, q->atoms[i].name);

		if (text && (!q->atoms[i].value || contains(text, q->atoms[i].value)))
			mask |= UINT32_C(1) << i;
	}
	return mask;
}

/* Gathers the values of a composed statement. */
static bool statement_fill(const struct query *q, const struct composed *c, struct arena *a,
			   query_lookup *lookup, void *context, const struct page_request *page,
			   const char *fields, struct statement *out)
{
	const char **values = arena_alloc(a, (size_t)(c->source_count + 1) * sizeof *values);
	int i;

	if (!values)
		return false;
	for (i = 0; i < c->source_count; i++) {
		const int index = c->sources[i].index;

		switch (c->sources[i].kind) {
		case SOURCE_SLOT:
			values[i] = lookup(context, q->slots[index].name);
			break;
		case SOURCE_KEY:
			values[i] = page && page->after ? page->after[index] : NULL;
			break;
		case SOURCE_LIMIT:
			values[i] = page ? arena_printf(a, "%ld", page->size + 1) : NULL;
			if (!values[i])
				return false;
			break;
		case SOURCE_FIELDS:
			values[i] = fields;
			break;
		}
	}
	*out = (struct statement){
		.name = c->name,
		.sql = c->sql,
		.parameter_count = c->source_count,
		.parameters = values,
	};
	return true;
}

bool query_compose(const struct query *q, struct arena *a, query_lookup *lookup, void *context,
		   const struct page_request *page, const char *fields, struct statement *out)
{
	const struct composed *composed;
	struct choice c = {0};

	if (q->kind == QUERY_PAGE ? !page : page != NULL)
		return false;
	if (page) {
		const int sort = query_sort_index(q, page->sort);

		if (sort < 0 || page->size < 0 ||
		    (page->after && page->after_count != (size_t)q->sorts[sort].key_count))
			return false;
		c.sort = (uint8_t)sort;
		c.after = page->after != NULL;
		c.limit = page->size <= 50 ? 1 : page->size <= 500 ? 2 : 0;
		fields = page->fields;
	}
	c.fields = fields != NULL;
	c.mask = choose(q, lookup, context);
	composed = query_composed(q, a, &c);
	return composed && statement_fill(q, composed, a, lookup, context, page, fields, out);
}

bool query_compose_total(const struct query *q, struct arena *a, query_lookup *lookup,
			 void *context, struct statement *out)
{
	const struct composed *composed;
	struct choice c = {.total = true};

	if (q->kind != QUERY_PAGE)
		return false;
	c.mask = choose(q, lookup, context);
	composed = query_composed(q, a, &c);
	return composed && statement_fill(q, composed, a, lookup, context, NULL, NULL, out);
}

/* --- every combination --- */

/* True when the atoms of MASK can hold together: a value implies that its name is given. */
static bool possible(const struct query *q, uint32_t mask)
{
	int i, j;

	for (i = 0; i < q->atom_count; i++) {
		if (!q->atoms[i].value || !(mask >> i & 1))
			continue;
		for (j = 0; j < q->atom_count; j++)
			if (!q->atoms[j].value && !strcmp(q->atoms[j].name, q->atoms[i].name) &&
			    !(mask >> j & 1))
				return false;
	}
	return true;
}

/* Whether MASK is enumerated: with many atoms none, each, each pair and all are enough. */
static bool enumerated(const struct query *q, uint32_t mask)
{
	const uint32_t all = (UINT32_C(1) << q->atom_count) - 1;

	return possible(q, mask) &&
	       (q->atom_count < PAIRWISE_FROM || mask == all || __builtin_popcount(mask) <= 2);
}

const char *query_combination(const struct query *q, struct arena *a, size_t number,
			      int *parameter_count)
{
	const size_t per_mask = q->kind == QUERY_PAGE ? (size_t)q->sort_count * 2 + 1 : 1;
	const uint32_t end = UINT32_C(1) << q->atom_count;
	const struct composed *composed;
	struct choice c = {0};
	size_t rest = number / per_mask;

	while (c.mask < end && !(enumerated(q, c.mask) && !rest--))
		c.mask++;
	if (c.mask == end)
		return NULL;
	number %= per_mask;
	if (q->kind == QUERY_PAGE) {
		c.total = number + 1 == per_mask;
		c.sort = (uint8_t)(c.total ? 0 : number / 2);
		c.after = !c.total && number % 2;
		c.limit = c.total ? 0 : 1;
	}
	composed = query_composed(q, a, &c);
	if (!composed)
		return NULL;
	*parameter_count = composed->source_count;
	return composed->sql;
}
