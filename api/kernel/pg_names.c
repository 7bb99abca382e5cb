/*
 * pg_names.c -- which statements a connection has prepared.
 *
 * Bounded, so that neither this process nor a backend grows with the number of variants that
 * clients think of.  It knows names only: that a name always stands for the same statement is
 * the promise of whoever makes the names.
 */
#include "pg_private.h"

#include <string.h>

void pg_names_clear(struct pg_names *n)
{
	size_t i;

	n->count = 0;
	n->used = 0;
	n->first_free = -1;
	for (i = 0; i < sizeof n->buckets / sizeof *n->buckets; i++)
		n->buckets[i] = -1;
}

/* FNV-1a, folded to the number of buckets. */
static size_t bucket_of(const struct pg_names *n, const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return (hash ^ hash >> 16) % (sizeof n->buckets / sizeof *n->buckets);
}

/* The link that points to NAME's entry, or NULL. */
static int *link_of(struct pg_names *n, const char *name)
{
	int *link = &n->buckets[bucket_of(n, name)];

	while (*link >= 0 && strcmp(n->entries[*link].name, name))
		link = &n->entries[*link].next;
	return *link >= 0 ? link : NULL;
}

bool pg_names_has(const struct pg_names *n, const char *name)
{
	int i = n->buckets[bucket_of(n, name)];

	while (i >= 0 && strcmp(n->entries[i].name, name))
		i = n->entries[i].next;
	return i >= 0;
}

bool pg_names_add(struct pg_names *n, const char *name)
{
	size_t length = strlen(name), bucket = bucket_of(n, name);
	int i;

	if (pg_names_has(n, name))
		return true;
	if (n->count == PG_NAMES_MAX || length >= PG_NAME_SIZE)
		return false;
	i = n->first_free;
	if (i >= 0)
		n->first_free = n->entries[i].next;
	else
		i = n->used++;
	memcpy(n->entries[i].name, name, length + 1);
	n->entries[i].next = n->buckets[bucket];
	n->buckets[bucket] = i;
	n->count++;
	return true;
}

void pg_names_remove(struct pg_names *n, const char *name)
{
	int *link = link_of(n, name), i;

	if (!link)
		return;
	i = *link;
	*link = n->entries[i].next;
	n->entries[i].next = n->first_free;
	n->first_free = i;
	n->count--;
}
