/*
 * query_compose.c -- from pieces and a choice to the text of one statement.
 *
 * A composed statement is kept for all threads; the lists only grow and what is in them never
 * changes, so reading takes no lock.  What no longer fits is made anew for each request.
 */
#include "query_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A generic plan takes LIMIT $n for a tenth of all rows and then sorts instead of walking the
 * index.  So the inner limit is a literal, the next of these, and the exact one stands outside.
 * 0: no literal, the exact limit is the only one.
 */
static const int limits[] = {0, 51, 501};

enum { COLUMNS_MAX = 32 };

/* A statement in the making. */
struct draft {
	const struct query *q;
	const struct choice *choice;
	struct composed *out;
	int numbers[SLOTS_MAX]; /* the $n of a slot, 0: none yet */
	int key_numbers[KEYS_MAX];
};

static uint64_t choice_key(const struct choice *c)
{
	return (uint64_t)c->mask << 32 | (uint64_t)c->sort << 16 | (uint64_t)c->limit << 8 |
	       (uint64_t)c->after << 2 | (uint64_t)c->fields << 1 | (uint64_t)c->total;
}

/* Short and stable: the query, the variants in hexadecimal, the sort and what else differs. */
static void statement_name(char name[64], const struct query *q, const struct choice *c)
{
	static const char *const size[] = {"", "s", "m"};

	if (q->kind != QUERY_PAGE && !c->mask && !c->fields)
		snprintf(name, 64, "%s", q->name);
	else
		snprintf(name, 64, "%.40s~%x.%u%s%s%s%s", q->name, (unsigned)c->mask,
			 (unsigned)c->sort, size[c->limit], c->after ? "a" : "",
			 c->fields ? "f" : "", c->total ? "t" : "");
}

/* Number of a new parameter. */
static int source_add(struct draft *d, enum source_kind kind, int index)
{
	d->out->sources[d->out->source_count].kind = kind;
	d->out->sources[d->out->source_count].index = index;
	return ++d->out->source_count;
}

static void write_keys(struct draft *d, FILE *out)
{
	const struct sort *s = &d->q->sorts[d->choice->sort];
	int i;

	for (i = 0; i < s->key_count; i++)
		fprintf(out, "%s%s AS key%d", i ? ", " : "", s->keys[i].expression, i + 1);
}

/* What is behind the cursor; a row comparison, so that one index range answers it. */
static void write_after(struct draft *d, FILE *out)
{
	const struct sort *s = &d->q->sorts[d->choice->sort];
	int i;

	if (!d->choice->after) {
		fputs("true", out);
		return;
	}
	for (i = 0; i < s->key_count; i++)
		fprintf(out, "%s%s", i ? ", " : "(", s->keys[i].expression);
	fputs(s->descending ? ") < (" : ") > (", out);
	for (i = 0; i < s->key_count; i++) {
		if (!d->key_numbers[i])
			d->key_numbers[i] = source_add(d, SOURCE_KEY, i);
		fprintf(out, "%s$%d::%s", i ? ", " : "", d->key_numbers[i], s->keys[i].type);
	}
	fputs(")", out);
}

static void write_order(struct draft *d, FILE *out)
{
	const struct sort *s = &d->q->sorts[d->choice->sort];
	int i;

	if (d->choice->total)
		return;
	for (i = 0; i < s->key_count; i++)
		fprintf(out, "%s%s%s", i ? ", " : "ORDER BY ", s->keys[i].expression,
			s->descending ? " DESC" : "");
	if (limits[d->choice->limit])
		fprintf(out, " LIMIT %d", limits[d->choice->limit]);
	else
		fprintf(out, " LIMIT $%d::bigint", source_add(d, SOURCE_LIMIT, 0));
}

static bool variant_holds(const struct draft *d, int variant)
{
	const struct variant *v = &d->q->variants[variant];

	return (d->choice->mask >> v->atom & 1) != v->negated;
}

static void write_pieces(struct draft *d, FILE *out)
{
	const struct query *q = d->q;
	int i;

	for (i = 0; i < q->piece_count; i++) {
		const struct piece *p = &q->pieces[i];

		if (p->variant >= 0 && !variant_holds(d, p->variant))
			continue;
		switch (p->kind) {
		case PIECE_TEXT:
			fputs(p->text, out);
			break;
		case PIECE_SLOT:
			if (!d->numbers[p->slot])
				d->numbers[p->slot] = source_add(d, SOURCE_SLOT, p->slot);
			fprintf(out, "$%d", d->numbers[p->slot]);
			break;
		case PIECE_KEYS:
			write_keys(d, out);
			break;
		case PIECE_AFTER:
			write_after(d, out);
			break;
		case PIECE_ORDER:
			write_order(d, out);
			break;
		}
	}
}

/* The chosen pieces as malloc'd text, NULL without memory. */
static char *inner_text(struct draft *d)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	bool failed;

	if (!out)
		return NULL;
	write_pieces(d, out);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* The columns of the statement around INNER: `body` picked from, the others as they are. */
static bool write_columns(struct draft *d, FILE *out, const char *inner)
{
	struct column columns[COLUMNS_MAX];
	int i, count;

	if (!d->choice->fields) {
		fputs("SELECT q.*", out);
		return true;
	}
	count = query_columns(inner, columns, COLUMNS_MAX);
	if (count < 0)
		return false;
	fprintf(out, "SELECT pick(q.body::json, $%d::text) AS body",
		source_add(d, SOURCE_FIELDS, 0));
	for (i = 0; i < count; i++)
		if (columns[i].length != 4 || strncmp(columns[i].name, "body", 4))
			fprintf(out, ", q.%.*s", (int)columns[i].length, columns[i].name);
	return true;
}

/* Puts around INNER what the choice asks for; NULL without memory or if it cannot be done. */
static char *outer_text(struct draft *d, char *inner)
{
	char *text = NULL;
	size_t length;
	FILE *out;
	bool fine = true;

	if (!d->choice->total && !d->choice->fields && !limits[d->choice->limit])
		return inner;
	out = open_memstream(&text, &length);
	if (!out) {
		free(inner);
		return NULL;
	}
	if (d->choice->total)
		fputs("SELECT count(*) AS total_count", out);
	else
		fine = write_columns(d, out, inner);
	fprintf(out, " FROM (\n%s\n) q", inner);
	if (!d->choice->total && limits[d->choice->limit])
		fprintf(out, " LIMIT $%d::bigint", source_add(d, SOURCE_LIMIT, 0));
	free(inner);
	fine = fine && !ferror(out);
	if (fclose(out) || !fine) {
		free(text);
		return NULL;
	}
	return text;
}

static struct composed *compose(const struct query *q, const struct choice *c)
{
	struct composed *made = calloc(1, sizeof *made);
	struct draft d = {.q = q, .choice = c, .out = made};

	if (!made)
		return NULL;
	made->key = choice_key(c);
	statement_name(made->name, q, c);
	made->sql = inner_text(&d);
	if (made->sql)
		made->sql = outer_text(&d, made->sql);
	if (!made->sql) {
		free(made);
		return NULL;
	}
	return made;
}

static void composed_release(void *object)
{
	struct composed *c = object;

	free(c->sql);
	free(c);
}

static const struct composed *cache_find(const struct composed *list, uint64_t key)
{
	while (list && list->key != key)
		list = list->next;
	return list;
}

const struct composed *query_composed(const struct query *q, struct arena *a,
				      const struct choice *c)
{
	const uint64_t key = choice_key(c);
	/* The cache is the one thing of a query that changes, for all threads alike. */
	struct query *shared = (struct query *)(uintptr_t)q;
	struct composed *_Atomic *head =
		&shared->cache[(key ^ key >> 8 ^ key >> 16 ^ key >> 32) % CACHE_BUCKETS];
	const struct composed *found = cache_find(atomic_load(head), key);
	struct composed *made;

	if (found)
		return found;
	made = compose(q, c);
	if (!made)
		return NULL;
	if (atomic_fetch_add(&shared->cached, 1) >= CACHE_MAX) {
		atomic_fetch_sub(&shared->cached, 1);
		return arena_defer(a, composed_release, made) ? made : NULL;
	}
	made->next = atomic_load(head);
	while (!atomic_compare_exchange_weak(head, &made->next, made))
		;
	return made;
}
