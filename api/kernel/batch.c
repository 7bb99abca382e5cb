/*
 * batch.c -- an operation with x-batch: each element of `items` is one call of another operation.
 *
 * All rows run in one transaction.  Each is checked against the other operation's body schema
 * and then run by SQL's attempt(), which undoes a failed row alone; with atomic: true one
 * failure undoes all.  The operation's own query, if there is one, runs first: it takes locks
 * in an order that two overlapping batches share.
 */
#include "db_private.h"

#include "json.h"

#include <string.h>

enum { ROWS_MAX = 500 };

struct batch {
	struct request *r;
	const struct operation *single;
	const struct query *query;
	json_t *items, *item; /* ITEM: the row that lookup() speaks of */
	char *item_text;
	json_t *rows;               /* parameters of the rows that may run: arrays of texts */
	size_t place[ROWS_MAX];     /* the item of each such row */
	json_t *results[ROWS_MAX];  /* by item */
	struct statement statement; /* the one statement of all rows */
	size_t failed;
};

/* As request_lookup(), with the row in place of the body. */
static const char *row_lookup(void *context, const char *name)
{
	struct batch *b = context;
	json_t *member;

	if (!strcmp(name, "body"))
		return b->item_text;
	member = json_object_get(b->item, name);
	if (!member)
		return request_lookup(b->r, name);
	if (json_is_null(member))
		return NULL;
	return json_is_string(member) ? json_string_value(member) : json_text(b->r->arena, member);
}

/* Notes that item I failed; for an atomic batch also where. */
static void row_failed(struct batch *b, size_t i, enum problem p, const json_t *params,
		       const struct violations *v)
{
	char *text = problem_document(b->r->arena, p, b->r->language, params, v, NULL);
	json_t *document = text ? json_loads(text, 0, NULL) : NULL;
	char pointer[40];

	b->failed++;
	b->results[i] = json_pack("{sI si so*}", "index", (json_int_t)i, "status",
				  problem_info(p)->status, "problem", document);
	snprintf(pointer, sizeof pointer, "#/items/%zu", i);
	violation_add(&b->r->violations, IN_BODY, pointer, problem_info(p)->slug, NULL);
}

/* Checks item I and composes its parameters. */
static bool row_prepare(struct batch *b, size_t i)
{
	struct violations *v = arena_alloc(b->r->arena, sizeof *v);
	struct statement s;
	json_t *row;
	int n;

	if (!v)
		return false;
	v->arena = b->r->arena;
	b->item = json_array_get(b->items, i);
	if (!schema_validate(b->single->bodies[0].schema, b->item, IN_BODY, "#", true, v)) {
		row_failed(b, i, UNPROCESSABLE, NULL, v);
		return true;
	}
	b->item_text = json_text(b->r->arena, b->item);
	if (!b->item_text || !query_compose(b->query, b->r->arena, row_lookup, b, NULL, NULL, &s))
		return false;
	/* Single calls that are batched have one form: no variants. */
	if (b->statement.name && strcmp(b->statement.name, s.name))
		return false;
	b->statement = s;
	row = json_array();
	for (n = 0; n < s.parameter_count; n++)
		json_array_append_new(row,
				      s.parameters[n] ? json_string(s.parameters[n]) : json_null());
	b->place[json_array_size(b->rows)] = i;
	return !json_array_append_new(b->rows, row);
}

static void row_done(struct batch *b, size_t i, json_t *done)
{
	json_t *body = json_object_get(done, "body");
	const char *id = json_string_value(json_object_get(done, "id"));

	b->results[i] = json_pack("{sI si ss* sO*}", "index", (json_int_t)i, "status",
				  b->single->success, "id", id, "data", body);
}

static void row_refused(struct batch *b, size_t i, json_t *error)
{
	char *detail = json_text(b->r->arena, json_object_get(error, "detail"));
	struct violations *v = arena_alloc(b->r->arena, sizeof *v);
	struct refusal f = {
		.sqlstate = json_string_value(json_object_get(error, "sqlstate")),
		.constraint = json_string_value(json_object_get(error, "constraint")),
		.message = json_string_value(json_object_get(error, "message")),
		.detail = detail,
	};
	json_t *params = NULL;
	enum problem p = INTERNAL_ERROR;

	/* Inside attempt() only a policy refuses a right: the role's grants never change. */
	f.row_security = f.sqlstate && !strcmp(f.sqlstate, "42501");
	if (v) {
		v->arena = b->r->arena;
		p = refusal_problem(b->r, &f, v, &params);
	}
	row_failed(b, i, p, params, v);
}

/* Runs the rows that passed; false with the problem recorded. */
static bool run_rows(struct batch *b)
{
	struct statement list[2];
	PGresult **results;
	int row;

	if (!json_array_size(b->rows))
		return true;
	bind_value(b->r, "batch_statement", b->statement.name);
	bind_value(b->r, "batch_rows", json_text(b->r->arena, b->rows));
	list[0] = b->statement;
	list[0].prepare_only = true;
	results = compose_named(b->r, "attempt", &list[1]) ? db_run(b->r, list, 2) : NULL;
	if (!results)
		return false;
	for (row = 0; row < pg_rows(results[1]); row++) {
		const char *done = pg_text(results[1], row, "result");
		const char *error = pg_text(results[1], row, "error");
		const char *reason;
		size_t offset, i = b->place[row];

		if (error)
			row_refused(b, i,
				    json_read(b->r->arena, error, strlen(error), &reason, &offset));
		else
			row_done(b, i,
				 json_read(b->r->arena, done, strlen(done), &reason, &offset));
	}
	return true;
}

static int batch_reply(struct batch *b)
{
	json_t *list = json_array();
	json_t *whole;
	char *text;
	size_t i, count = json_array_size(b->items);

	for (i = 0; i < count; i++)
		json_array_append_new(list, b->results[i]);
	whole = arena_json(b->r->arena, json_pack("{so sI sI}", "results", list, "succeeded",
						  (json_int_t)(count - b->failed), "failed",
						  (json_int_t)b->failed));
	if (b->failed && json_is_true(json_object_get(b->r->body, "atomic")))
		return problem(b->r, BATCH_FAILED, NULL);
	b->r->violations.count = 0;
	text = whole ? json_text(b->r->arena, whole) : NULL;
	if (!text)
		return problem(b->r, UNAVAILABLE, NULL);
	b->r->out->status = b->failed ? 207 : b->r->operation->success;
	b->r->out->body = text;
	b->r->out->body_length = strlen(text);
	reply_header(b->r->out, "Content-Type", "application/json");
	return b->r->out->status;
}

int batch_answer(struct request *r)
{
	const struct service *s = r->service;
	const struct operation *single = contract_operation(s->contract, r->operation->batch_of);
	int own = s->operation_query[r->operation->number];
	struct batch *b = arena_alloc(r->arena, sizeof *b);
	size_t i;

	if (!b || (own >= 0 && !db(r, own) && !r->replayed))
		return problem(r, UNAVAILABLE, NULL);
	if (r->replayed)
		return r->out->status;
	b->r = r;
	b->single = single;
	b->query = query_get(s->queries, s->operation_query[single->number]);
	b->items = json_object_get(r->body, "items");
	b->rows = arena_json(r->arena, json_array());
	for (i = 0; b->rows && i < json_array_size(b->items); i++)
		if (!row_prepare(b, i))
			return problem(r, UNAVAILABLE, NULL);
	if (!b->rows || !run_rows(b)) {
		for (i = 0; i < ROWS_MAX; i++)
			json_decref(b->results[i]);
		return r->replayed ? r->out->status : problem(r, UNAVAILABLE, NULL);
	}
	return batch_reply(b);
}
