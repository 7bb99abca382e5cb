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
	json_t *results;            /* by item */
	struct statement statement; /* the one statement of all rows */
	size_t failed;
	bool atomic;
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
	return json_parameter(b->r, member);
}

/*
 * The faults of item I as faults of the whole request: its problem, then what is wrong within it.
 */
static bool row_blamed(struct batch *b, size_t i, enum problem p, const json_t *params,
		       const struct violations *v)
{
	struct violations *all = &b->r->violations;
	const char *item = arena_printf(b->r->arena, "#/items/%zu", i);
	size_t n;

	if (!item)
		return false;
	violation_add(all, IN_BODY, item, problem_info(p)->slug,
		      params ? json_deep_copy(params) : NULL);
	for (n = 0; n < v->count; n++) {
		const struct violation *inner = &v->list[n];
		const char *within =
			inner->place == IN_BODY && *inner->where == '#' ? inner->where + 1 : "";
		const char *where = arena_printf(b->r->arena, "%s%s", item, within);

		if (!where)
			return false;
		violation_add(all, IN_BODY, where, inner->code, json_incref(inner->params));
	}
	all->more = all->more || v->more;
	return true;
}

/* Notes that item I failed; for an atomic batch also where.  False without memory. */
static bool row_failed(struct batch *b, size_t i, enum problem p, const json_t *params,
		       const struct violations *v)
{
	char *text = problem_document(b->r->arena, p, b->r->language, params, v, NULL);
	json_t *document = text ? json_loads(text, 0, NULL) : NULL;

	b->failed++;
	if (!document || (b->atomic && !row_blamed(b, i, p, params, v))) {
		json_decref(document);
		return false;
	}
	return !json_array_set_new(b->results, i,
				   json_pack("{sI si so}", "index", (json_int_t)i, "status",
					     problem_info(p)->status, "problem", document));
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
	if (!schema_validate(b->single->bodies[0].schema, b->item, IN_BODY, "#", true, v))
		return row_failed(b, i, UNPROCESSABLE, NULL, v);
	b->item_text = json_text(b->r->arena, b->item);
	if (!b->item_text || !query_compose(b->query, b->r->arena, row_lookup, b, NULL, NULL, &s) ||
	    b->r->problem)
		return false;
	/* Single calls that are batched have one form: no variants. */
	if (b->statement.name && strcmp(b->statement.name, s.name))
		return false;
	b->statement = s;
	row = json_array();
	b->place[json_array_size(b->rows)] = i;
	if (json_array_append_new(b->rows, row))
		return false;
	for (n = 0; n < s.parameter_count; n++)
		if (json_array_append_new(row, s.parameters[n] ? json_string(s.parameters[n])
							       : json_null()))
			return false;
	return true;
}

static bool row_done(struct batch *b, size_t i, const json_t *done)
{
	json_t *body = json_object_get(done, "body");
	const char *id =
		b->single->success == 201 ? json_string_value(json_object_get(done, "id")) : NULL;

	return done &&
	       !json_array_set_new(b->results, i,
				   json_pack("{sI si ss* sO*}", "index", (json_int_t)i, "status",
					     b->single->success, "id", id, "data", body));
}

static bool row_refused(struct batch *b, size_t i, const json_t *error)
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
	enum problem p;

	if (!v || !f.sqlstate || !f.message || !f.detail)
		return false;
	/* Inside attempt() only a policy refuses a right: the role's grants never change. */
	f.row_security = !strcmp(f.sqlstate, "42501");
	v->arena = b->r->arena;
	p = refusal_problem(b->r, &f, v, &params);
	return row_failed(b, i, p, params, v);
}

/* One row of attempt(): {result} or {error}. */
static bool row_take(struct batch *b, const PGresult *rows, int row)
{
	const char *done = pg_text(rows, row, "result");
	const char *error = pg_text(rows, row, "error");
	const char *text = error ? error : done, *reason;
	size_t offset;
	json_t *read = text ? json_read(b->r->arena, text, strlen(text), &reason, &offset) : NULL;

	return error ? row_refused(b, b->place[row], read) : row_done(b, b->place[row], read);
}

/* Runs the rows that passed; false with the problem recorded. */
static bool run_rows(struct batch *b)
{
	const int count = (int)json_array_size(b->rows);
	struct statement list[2];
	PGresult **results;
	char *rows;
	int row;

	if (!count)
		return true;
	rows = json_text(b->r->arena, b->rows);
	if (!rows)
		return false;
	bind_value(b->r, BOUND_batch_statement, b->statement.name);
	bind_value(b->r, BOUND_batch_rows, rows);
	list[0] = b->statement;
	list[0].prepare_only = true;
	results = compose_named(b->r, "attempt", &list[1]) ? db_run(b->r, list, 2) : NULL;
	if (!results)
		return false;
	/* A row without an answer must not pass for one that succeeded. */
	if (pg_rows(results[1]) != count)
		return problem(b->r, INTERNAL_ERROR, NULL), false;
	for (row = 0; row < count; row++)
		if (!row_take(b, results[1], row))
			return false;
	return true;
}

static int batch_reply(struct batch *b)
{
	const size_t count = json_array_size(b->items);
	json_t *whole;
	char *text;

	if (b->failed && b->atomic)
		return problem(b->r, BATCH_FAILED, NULL);
	whole = arena_json(b->r->arena, json_pack("{sO sI sI}", "results", b->results, "succeeded",
						  (json_int_t)(count - b->failed), "failed",
						  (json_int_t)b->failed));
	text = whole ? json_text(b->r->arena, whole) : NULL;
	if (!text)
		return problem(b->r, UNAVAILABLE, NULL);
	b->r->out->status = b->failed ? 207 : b->r->operation->success;
	b->r->out->body = text;
	b->r->out->body_length = strlen(text);
	reply_header(b->r->out, "Content-Type", "application/json");
	return b->r->out->status;
}

/* Room for an answer to each item; false without memory. */
static bool batch_begin(struct batch *b, struct request *r, const struct operation *single)
{
	size_t i;

	b->r = r;
	b->single = single;
	b->query = query_get(r->service->queries, r->service->operation_query[single->number]);
	b->items = json_object_get(r->body, "items");
	b->atomic = json_is_true(json_object_get(r->body, "atomic"));
	b->rows = arena_json(r->arena, json_array());
	b->results = arena_json(r->arena, json_array());
	if (!b->rows || !b->results || json_array_size(b->items) > ROWS_MAX)
		return false;
	for (i = 0; i < json_array_size(b->items); i++)
		if (json_array_append_new(b->results, json_null()))
			return false;
	return true;
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
	if (!batch_begin(b, r, single))
		return problem(r, UNAVAILABLE, NULL);
	for (i = 0; i < json_array_size(b->items); i++)
		if (!row_prepare(b, i))
			return problem(r, UNAVAILABLE, NULL);
	if (!run_rows(b))
		return r->replayed ? r->out->status : problem(r, UNAVAILABLE, NULL);
	return batch_reply(b);
}
