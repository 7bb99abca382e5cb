/*
 * export.c -- an operation's rows as text/csv, sent while they are read.
 *
 * The query <operation>_csv has one column, `line`, made by SQL's csv_line(), line end and all.  It
 * is read through a cursor by a thread of the stream pool with its own connection, so that neither
 * a worker nor much memory is held however long the list is.
 */
#include "db_private.h"

#include "clock.h"
#include "csv.h"
#include "negotiate.h"

#include <stdlib.h>
#include <string.h>

enum { EXPORT_CEILING = 16 * 1024 * 1024, EXPORT_SECONDS = 60 };

/* What the filling thread needs after the request is gone: its own copies, in its own arena. */
struct export
{
	struct arena *arena;
	struct statement settings, declare;
	bool gb18030;
};

static void export_release(void *context)
{
	struct export *e = context;

	arena_free(e->arena);
	free(e);
}

static bool statement_copy(struct arena *a, const struct statement *from, struct statement *to)
{
	const char **parameters =
		arena_alloc(a, sizeof *parameters * ((size_t)from->parameter_count + 1));
	int i;

	*to = *from;
	to->name = arena_strdup(a, from->name);
	to->sql = arena_strdup(a, from->sql);
	if (!parameters || !to->name || !to->sql)
		return false;
	for (i = 0; i < from->parameter_count; i++) {
		parameters[i] = from->parameters[i] ? arena_strdup(a, from->parameters[i]) : NULL;
		if (from->parameters[i] && !parameters[i])
			return false;
	}
	to->parameters = parameters;
	return true;
}

static bool write_text(struct stream *s, const struct export *e, struct arena *a, const char *text)
{
	size_t length = strlen(text);

	if (e->gb18030) {
		text = csv_encode_gb18030(a, text, length, &length);
		if (!text)
			return false;
	}
	return stream_write(s, text, length);
}

/* Writes the rows of one FETCH; false when the client is gone or memory is. */
static bool write_rows(struct stream *s, const struct export *e, struct arena *a,
		       const PGresult *rows)
{
	int count = pg_rows(rows), i;

	for (i = 0; i < count; i++)
		if (!write_text(s, e, a, pg_value(rows, i, 0)))
			return false;
	return true;
}

static int64_t deadline(void)
{
	return clock_monotonic_ns() + (int64_t)EXPORT_SECONDS * 1000000000;
}

/* FETCHes until nothing comes; false when the reply must be broken off. */
static bool fetch_all(struct stream *s, struct pg *c, const struct export *e, struct arena *a)
{
	static const struct statement fetch = {.name = "export_fetch",
					       .sql = "FETCH 500 FROM export"};
	PGresult *rows, *failed;

	do {
		arena_clear(a);
		if (pg_pipeline(c, a, &fetch, 1, &rows, &failed, deadline()) != PG_OK ||
		    !write_rows(s, e, a, rows))
			return false;
	} while (pg_rows(rows) > 0);
	return true;
}

static bool export_fill(struct stream *s, struct pg *c, void *context)
{
	const struct export *e = context;
	static const struct statement rollback = {.name = "rollback", .sql = "ROLLBACK"};
	struct statement opening[] = {
		{.name = "export_begin", .sql = "BEGIN READ ONLY"}, e->settings, e->declare};
	struct arena *a = arena_new(EXPORT_CEILING);
	PGresult *results[3], *failed;
	bool whole = false;

	if (a && pg_fresh(c)) {
		whole = pg_pipeline(c, a, opening, 3, results, &failed, deadline()) == PG_OK &&
			(e->gb18030 || stream_write(s, "\xEF\xBB\xBF", 3)) && fetch_all(s, c, e, a);
		if (pg_in_transaction(c) &&
		    pg_pipeline(c, a, &rollback, 1, results, &failed, deadline()) != PG_OK)
			pg_drop(c);
	}
	arena_free(a);
	return whole;
}

static struct export *export_new(struct request *r, int number)
{
	const struct query *q = query_get(r->service->queries, number);
	const char *accept = message_header(r->in, "Accept");
	char *charset = accept ? media_parameter(r->arena, accept, "charset") : NULL;
	struct export *e = calloc(1, sizeof *e);
	struct statement settings, rows;

	if (!e)
		return NULL;
	e->arena = arena_new(EXPORT_CEILING);
	e->gb18030 = charset && !strcasecmp(charset, "gb18030");
	if (e->arena && compose_settings(r, &settings) &&
	    query_compose(q, r->arena, request_lookup, r, NULL, NULL, &rows)) {
		rows.sql =
			arena_printf(r->arena, "DECLARE export NO SCROLL CURSOR FOR %s", rows.sql);
		rows.name = "";
		if (rows.sql && statement_copy(e->arena, &settings, &e->settings) &&
		    statement_copy(e->arena, &rows, &e->declare))
			return e;
	}
	export_release(e);
	return NULL;
}

/*
 * Asks what the JSON form would ask, before anything is sent: behind the 200 there is no way to
 * say that a requirement is not there or a parameter makes no sense.  Of a list, its first page.
 */
static bool export_allowed(struct request *r)
{
	const int number = r->service->operation_query[r->operation->number];
	const struct query *q = number >= 0 ? query_get(r->service->queries, number) : NULL;
	const struct page_request page = {.sort = query_value(r, "sort"), .size = 1};
	struct statement statement;

	if (!q || query_kind(q) != QUERY_PAGE)
		return !q || db(r, number);
	if (query_compose(q, r->arena, request_lookup, r, &page, NULL, &statement))
		return db_run(r, &statement, 1) != NULL;
	problem(r, UNAVAILABLE, NULL);
	return false;
}

int export_answer(struct request *r, int number)
{
	struct export *e;
	bool gb18030;

	if (!export_allowed(r))
		return problem_info(r->problem)->status;
	e = export_new(r, number);
	if (!e)
		return problem(r, UNAVAILABLE, NULL);
	gb18030 = e->gb18030;
	/* HEAD wants to know what it would be, and takes no place of those who want it. */
	if (r->head) {
		export_release(e);
	} else {
		r->out->stream = r->service->streams ? stream_new(r->service->streams, export_fill,
								  e, export_release)
						     : NULL;
		if (!r->out->stream) {
			export_release(e);
			return problem(r, UNAVAILABLE, NULL);
		}
	}
	r->out->streamed = true;
	r->out->status = r->operation->success;
	reply_header(r->out, "Content-Type",
		     gb18030 ? "text/csv; charset=gb18030; header=present"
			     : "text/csv; charset=utf-8; header=present");
	reply_header(r->out, "Content-Disposition",
		     arena_printf(r->arena, "attachment; filename=\"%s.csv\"", r->operation->id));
	return r->out->status;
}
