/*
 * page.c -- lists: keyset pages behind sealed cursors.
 *
 * A cursor holds the sort keys of the last row and is bound to operation, filter, order and
 * actor's reach, so that it fits nothing else.  One row more than asked is fetched to know
 * whether there is a next page.
 */
#include "db_private.h"

#include "fingerprint.h"
#include "json.h"

#include <string.h>

enum { KEYS_MAX = 8, PAGE_SIZE = 50 };

/* Parameters that may differ from page to page. */
static bool free_to_change(const char *name)
{
	return !strcmp(name, "cursor") || !strcmp(name, "page_size") || !strcmp(name, "fields") ||
	       !strcmp(name, "include");
}

/* What a cursor is bound to: operation, actor's reach and a fingerprint of the filter. */
static char *cursor_context(struct request *r)
{
	char *filter = arena_strdup(r->arena, "");
	char hash[FINGERPRINT_SIZE];
	const char *name;
	json_t *item;

	json_object_foreach(r->params, name, item)
		if (filter && !free_to_change(name))
			filter = arena_printf(r->arena, "%s%s=%s\n", filter, name,
					      json_text(r->arena, item));
	if (!filter)
		return NULL;
	fingerprint(filter, strlen(filter), hash);
	return arena_printf(r->arena, "cursor %s %d %s %s %s %s", r->operation->id, r->actor.county,
			    r->authenticated ? r->actor.role_name : "-", r->actor.school,
			    r->actor.role & ROLE_TEACHER ? r->actor.person : "", hash);
}

/* The keys of the cursor that was sent; false when it is not one of ours for this list. */
static bool cursor_read(struct request *r, const char *context, struct page_request *page)
{
	const char *sent = query_value(r, "cursor"), *reason;
	const char **keys;
	size_t offset, i;
	char *payload;
	json_t *list;

	if (!sent)
		return true;
	payload = seal_cursor_open(r->service->seal, r->arena, context, sent);
	list = payload ? json_read(r->arena, payload, strlen(payload), &reason, &offset) : NULL;
	if (!json_is_array(list) || json_array_size(list) > KEYS_MAX)
		return false;
	keys = arena_alloc(r->arena, sizeof *keys * KEYS_MAX);
	if (!keys)
		return false;
	for (i = 0; i < json_array_size(list); i++)
		keys[i] = json_string_value(json_array_get(list, i));
	page->after = keys;
	page->after_count = json_array_size(list);
	return true;
}

/* The cursor behind ROW, from its columns key1, key2, ... */
static char *cursor_write(struct request *r, const char *context, const PGresult *rows, int row,
			  size_t keys)
{
	json_t *list = arena_json(r->arena, json_array());
	char *payload;
	size_t i;

	for (i = 1; list && i <= keys; i++) {
		char column[16] = {'k', 'e', 'y', (char)('0' + i), '\0'};

		json_array_append_new(list, json_string(pg_text(rows, row, column)));
	}
	payload = list ? json_text(r->arena, list) : NULL;
	return payload ? seal_cursor(r->service->seal, r->arena, context, payload) : NULL;
}

/* Link: the same target with the next cursor (RFC 8288). */
static void link_next(struct request *r, const char *cursor)
{
	char *link =
		arena_printf(r->arena, "<%.*s?", (int)strcspn(r->in->target, "?"), r->in->target);
	const char *query = strchr(r->in->target, '?');

	while (link && query && *query) {
		size_t length = strcspn(++query, "&");

		if (length && strncmp(query, "cursor=", 7))
			link = arena_printf(r->arena, "%s%.*s&", link, (int)length, query);
		query += length;
	}
	if (link)
		link = arena_printf(r->arena, "%scursor=%s>; rel=\"next\"", link, cursor);
	if (link)
		reply_header(r->out, "Link", link);
}

/* {"data":[...],"page":{...}} from the bodies of the rows. */
static void envelope(struct request *r, const PGresult *rows, int count, const char *cursor,
		     const char *total)
{
	size_t length = 160 + (cursor ? strlen(cursor) : 0);
	int column = pg_column(rows, "body"), i;
	char *text, *at;

	for (i = 0; i < count; i++)
		length += strlen(pg_value(rows, i, column)) + 1;
	text = at = arena_alloc(r->arena, length);
	if (!text) {
		problem(r, UNAVAILABLE, NULL);
		return;
	}
	at = stpcpy(at, "{\"data\":[");
	for (i = 0; i < count; i++) {
		if (i)
			*at++ = ',';
		at = stpcpy(at, pg_value(rows, i, column));
	}
	at = stpcpy(at, "],\"page\":{\"next_cursor\":");
	at = cursor ? stpcpy(stpcpy(stpcpy(at, "\""), cursor), "\"") : stpcpy(at, "null");
	if (total)
		at = stpcpy(stpcpy(at, ",\"total_count\":"), total);
	at = stpcpy(at, "}}");
	r->out->body = text;
	r->out->body_length = (size_t)(at - text);
}

static void page_reply(struct request *r, const struct query *q, const char *context,
		       const struct page_request *page, PGresult **results)
{
	int count = pg_rows(results[0]);
	char *cursor = NULL;

	if (count > page->size) {
		count = (int)page->size;
		cursor = cursor_write(r, context, results[0], count - 1,
				      query_key_count(q, page->sort));
		if (!cursor) {
			problem(r, UNAVAILABLE, NULL);
			return;
		}
		link_next(r, cursor);
	}
	envelope(r, results[0], count, cursor, page->total ? pg_value(results[1], 0, 0) : NULL);
	if (r->problem)
		return;
	r->out->status = r->operation->success;
	reply_header(r->out, "Content-Type", "application/json");
	reply_etag(r, NULL);
}

int page_answer(struct request *r, int number)
{
	const struct query *q = query_get(r->service->queries, number);
	const json_t *size = json_object_get(r->params, "page_size");
	const char *include = query_value(r, "include");
	struct page_request page = {
		.sort = query_value(r, "sort"),
		.size = json_is_integer(size) ? (long)json_integer_value(size) : PAGE_SIZE,
		.total = include && !strcmp(include, "total_count"),
		.fields = fields_wanted(r),
	};
	char *context = cursor_context(r);
	struct statement list[2];
	PGresult **results;

	if (!context)
		return problem(r, UNAVAILABLE, NULL);
	if (!cursor_read(r, context, &page))
		return problem(r, INVALID_CURSOR, NULL);
	if (!query_compose(q, r->arena, request_lookup, r, &page, NULL, &list[0]))
		return problem(r, INVALID_CURSOR, NULL);
	if (page.total && !query_compose_total(q, r->arena, request_lookup, r, &list[1]))
		return problem(r, UNAVAILABLE, NULL);
	results = db_run(r, list, page.total ? 2 : 1);
	if (results)
		page_reply(r, q, context, &page, results);
	return r->out->status;
}
