/*
 * check_in.c -- codes for checking in: the number of a window of time, sealed for its session.
 *
 * Windows, and what a code is good for, are in db/migrations/0022_attendance.sql; here is only what
 * PostgreSQL has no key for.
 */
#include "api.h"

#include <ctype.h>
#include <string.h>

/* What a code is bound to: county and session, whose id may be written in capitals. */
static char *code_context(struct request *r)
{
	char *context =
		arena_printf(r->arena, "check-in %d %s", r->actor.county, value(r, "session_id"));

	for (char *at = context; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return context;
}

static void bind_seconds(struct request *r)
{
	bind_value(r, BOUND_check_in_seconds,
		   arena_printf(r->arena, "%ld", r->service->config->check_in_seconds));
}

/* GET /v1/sessions/{session_id}/check-in-code */
int check_in_code_get(struct request *r)
{
	const char *context = code_context(r), *code, *text;
	const PGresult *rows;
	json_t *body;

	bind_seconds(r);
	rows = db(r, Q_check_in_code_get);
	if (!rows)
		return answer(r, rows);
	code = context ? seal_cursor(r->service->seal, r->arena, context,
				     pg_text(rows, 0, "code_window"))
		       : NULL;
	body = arena_json(r->arena, json_pack("{ss* ss ss ss ss}", "code", code, "session_id",
					      strrchr(context ? context : " ", ' ') + 1,
					      "server_at", pg_text(rows, 0, "server_at"), "ends_at",
					      pg_text(rows, 0, "ends_at"), "taken_until",
					      pg_text(rows, 0, "taken_until")));
	text = code && body ? json_text(r->arena, body) : NULL;
	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	return answer_bytes(r, "application/json", text, strlen(text), NULL);
}

/*
 * POST /v1/sessions/{session_id}/check-ins
 *
 * What is no code of this session goes on without a window, so that who may not check in anyway
 * is told that.
 */
int check_in_create(struct request *r)
{
	const char *context = code_context(r);

	if (!context)
		return problem(r, UNAVAILABLE, NULL);
	bind_seconds(r);
	bind_value(r, BOUND_check_in_window,
		   seal_cursor_open(r->service->seal, r->arena, context, value(r, "code")));
	return answer(r, db(r, Q_check_in_create));
}
