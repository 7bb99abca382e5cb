/*
 * db_error.c -- from what PostgreSQL refuses to the problem that the caller sees.
 *
 * A rule raised by our own SQL names its problem; a constraint is looked up in problem.def;
 * what is neither goes by its SQLSTATE.  The server's text never reaches the caller.
 */
#include "db_private.h"

#include "json.h"
#include "log.h"

#include <string.h>

/* The first answer to the same key, given once more. */
static void replay_answer(struct request *r, const char *stored)
{
	const char *reason;
	size_t offset;
	json_t *answer = json_read(r->arena, stored, strlen(stored), &reason, &offset);
	const char *name;
	json_t *text;

	if (!json_is_object(answer)) {
		problem(r, INTERNAL_ERROR, NULL);
		return;
	}
	r->replayed = true;
	r->out->status = (int)json_integer_value(json_object_get(answer, "status"));
	json_object_foreach(json_object_get(answer, "headers"), name, text)
		reply_header(r->out, name, json_string_value(text));
	reply_header(r->out, "Idempotency-Replayed", "true");
	r->out->body = json_string_value(json_object_get(answer, "body"));
	r->out->body_length = json_string_length(json_object_get(answer, "body"));
}

/* Parameters that SQL sent as DETAIL; an object or NULL. */
static json_t *raised_params(struct arena *a, const char *detail)
{
	const char *reason;
	size_t offset;
	json_t *params = detail && *detail == '{'
				 ? json_read(a, detail, strlen(detail), &reason, &offset)
				 : NULL;

	return json_is_object(params) ? params : NULL;
}

/* Parameters may say where in the request the fault is, and what it is besides the problem. */
static void raised_place(struct violations *v, const char *code, json_t *params)
{
	const char *pointer = json_string_value(json_object_get(params, "pointer"));
	const char *parameter = json_string_value(json_object_get(params, "parameter"));
	const char *own = json_string_value(json_object_get(params, "code"));

	if (own)
		code = arena_strdup(v->arena, own);
	if (!code)
		return;
	if (pointer)
		violation_add(v, IN_BODY, pointer, code, json_incref(params));
	else if (parameter)
		violation_add(v, IN_PARAMETER, parameter, code, json_incref(params));
	json_object_del(params, "pointer");
	json_object_del(params, "parameter");
	json_object_del(params, "code");
}

/* Only the messages of class 42 (wrong SQL) are logged: those of others may quote what was sent. */
static void log_refusal(const struct refusal *f, const struct request *r)
{
	log_error("database-refused", "{ss ss ss ss ss?}", "request_id", r->out->request_id,
		  "sqlstate", f->sqlstate, "constraint", f->constraint ? f->constraint : "",
		  "operation", r->operation ? r->operation->id : "-", "message",
		  strncmp(f->sqlstate, "42", 2) ? NULL : f->message);
}

enum problem hidden_problem(const struct request *r)
{
	return operation_response(r->operation, 404) ? NOT_FOUND : NEEDS_COUNTY;
}

enum problem refusal_problem(struct request *r, const struct refusal *f, struct violations *v,
			     json_t **params)
{
	enum problem p = PROBLEM_NONE;

	*params = NULL;
	if (!strncmp(f->sqlstate, "QL", 2)) {
		p = problem_by_slug(f->message);
		*params = raised_params(r->arena, f->detail);
		if (p != PROBLEM_NONE && *params)
			raised_place(v, problem_info(p)->slug, *params);
	} else if (f->row_security) {
		return hidden_problem(r);
	} else {
		if (f->constraint && *f->constraint)
			p = problem_by_constraint(f->constraint);
		if (p == PROBLEM_NONE)
			p = problem_by_sqlstate(f->sqlstate);
		if (p == RULE_BROKEN && f->constraint)
			*params = arena_json(r->arena,
					     json_pack("{ss}", "constraint", f->constraint));
	}
	if (p == PROBLEM_NONE || problem_info(p)->status >= 500)
		log_refusal(f, r);
	return p == PROBLEM_NONE ? INTERNAL_ERROR : p;
}

void problem_from_database(struct request *r, const PGresult *failed)
{
	struct refusal f = {
		.sqlstate = pg_sqlstate(failed),
		.constraint = pg_constraint(failed),
		.message = pg_message(failed),
		.detail = pg_detail(failed),
	};
	enum problem p;
	json_t *params;

	if (!strcmp(f.sqlstate, "QL208")) {
		replay_answer(r, f.detail);
		return;
	}
	/* A right that a role lacks is our mistake, a row that a policy refuses is the caller's. */
	f.row_security = !strcmp(f.sqlstate, "42501") &&
			 !strcmp(pg_source_function(failed), "ExecWithCheckOptions");
	p = refusal_problem(r, &f, &r->violations, &params);
	problem(r, p, params ? json_incref(params) : NULL);
}
