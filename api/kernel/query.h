/*
 * query.h -- the statements of db/queries: their kinds, named parameters and variants.
 *
 * A file holds blocks:
 *
 *   -- name: teacher_list :page        kind: one (no row = 404), maybe, page, many, exec
 *   -- What it answers, in a sentence.
 *   --sort name: t.sort_key::text, t.id::uuid
 *   --sort -name: t.sort_key::text DESC, t.id::uuid DESC
 *   SELECT row_to_json(t) AS body, :keys FROM teacher_view t WHERE :after
 *   --? school_id: AND t.school_id = :school_id::uuid       when the parameter is given
 *   --? status=left: AND t.left_on IS NOT NULL              when it has (or contains) this value
 *   --? !status: AND t.left_on IS NULL                      when it is absent
 *   :order
 *
 * In a :page query, :keys, :after and :order are written by the kernel from the chosen sort
 * (the first one by default) and the cursor.  Sort keys are never NULL, all one direction,
 * and end with a unique one; each is an expression that ends in ::type (COLLATE may follow), and
 * the result has them as key1, key2, ...  `::type`, quoted text and comments are left alone; a
 * query is one command and has no dollar quotes, no block comments and no "IS NULL OR".  A
 * parameter used twice with one cast is sent once.  Result columns by name: body (JSON text of the
 * answer), version (for the ETag), id or location (for Location).
 *
 * One statement is prepared per combination of variants that is used, so the planner never
 * sees "x IS NULL OR".  Composing is cheap and safe for several threads at once.
 */
#ifndef QINGLAN_QUERY_H
#define QINGLAN_QUERY_H

#include "pg.h"

enum query_kind { QUERY_ONE, QUERY_MAYBE, QUERY_PAGE, QUERY_MANY, QUERY_EXEC };

/* A row of queries.def, made by awk from db/queries. */
struct query_source {
	const char *name;
	enum query_kind kind;
	const char *text;
};

struct query;
struct query_registry;

/* Parses all; NULL with a line in ERROR naming the query. */
struct query_registry *query_registry_load(const struct query_source *sources, size_t count,
					   char error[300]);
void query_registry_free(struct query_registry *r);
const struct query *query_get(const struct query_registry *r, int number);
int query_number(const struct query_registry *r, const char *name); /* -1 */
const char *query_name(const struct query *q);
enum query_kind query_kind(const struct query *q);

/* The names that Q looks up, one after the other, some perhaps twice; NULL at the end. */
const char *query_parameter(const struct query *q, size_t number);

/* Gives the value of a named parameter as text, NULL for absent or null. */
typedef const char *query_lookup(void *context, const char *name);

/* What a page needs besides its parameters. */
struct page_request {
	const char *sort;         /* chosen sort, or NULL for the first */
	const char *const *after; /* key values of the cursor, or NULL */
	size_t after_count;
	long size;          /* rows wanted; one more is fetched */
	bool total;         /* also count all */
	const char *fields; /* a,b: members of body to keep, or NULL */
};

/*
 * Composes the statement of Q for these parameters: chooses variants, numbers placeholders,
 * gathers values into A.  PAGE is NULL but for QUERY_PAGE; FIELDS as page->fields for others.
 * False on an unknown sort or a wrong number of cursor keys (the cursor does not fit), and
 * for FIELDS of a query that is not a SELECT.  With fields, `body` is pick(body::json, fields)
 * and of the other columns those stay that have a name (an alias, or that of a bare column).
 */
bool query_compose(const struct query *q, struct arena *a, query_lookup *lookup, void *context,
		   const struct page_request *page, const char *fields, struct statement *out);

/*
 * The statement that counts all rows of a page query, with the same variants: column total_count.
 */
bool query_compose_total(const struct query *q, struct arena *a, query_lookup *lookup,
			 void *context, struct statement *out);

/* Number of key columns (key1, key2, ...) of the chosen sort; 0 if there is no such sort. */
size_t query_key_count(const struct query *q, const char *sort);

/*
 * For the EXPLAIN test: every combination of variants, sorts, first and later page, and the
 * count, one after the other; NULL at the end.  Of seven conditions and more it is none, each,
 * each pair and all.
 */
const char *query_combination(const struct query *q, struct arena *a, size_t number,
			      int *parameter_count);

#endif
