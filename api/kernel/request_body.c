/*
 * request_body.c -- what came in: content negotiation, the JSON body, parameters, preconditions.
 *
 * All that is wrong with parameters and body is answered at once.
 */
#include "request_private.h"

#include "json.h"
#include "negotiate.h"
#include "params.h"

#include <string.h>

/* The names of TYPES as one text, for people. */
static char *type_names(struct arena *a, const struct body_type *types, size_t count)
{
	char *text = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		text = text ? arena_printf(a, "%s, %s", text, types[i].media_type)
			    : arena_strdup(a, types[i].media_type);
	return text ? text : arena_strdup(a, "-");
}

/* Chooses the best of the success answer's media types; a problem type is always acceptable. */
static int negotiate_answer(struct request *r)
{
	const struct response *answer = operation_response(r->operation, r->operation->success);
	const char *accept = message_header(r->in, "Accept");
	int best = 0;
	size_t i;

	r->media_type = "application/json";
	if (!answer || !answer->type_count)
		return 0;
	for (i = 0; i < answer->type_count; i++) {
		int quality = accept_quality(accept, answer->types[i].media_type);

		if (quality > best) {
			best = quality;
			r->media_type = answer->types[i].media_type;
		}
	}
	if (best)
		return 0;
	return problem(r, NOT_ACCEPTABLE,
		       json_pack("{ss}", "available",
				 type_names(r->arena, answer->types, answer->type_count)));
}

static int refuse_type(struct request *r)
{
	char *names = type_names(r->arena, r->operation->bodies, r->operation->body_count);

	reply_header(r->out, r->operation->method == METHOD_PATCH ? "Accept-Patch" : "Accept-Post",
		     names);
	return problem(r, UNSUPPORTED_MEDIA_TYPE, json_pack("{ss}", "available", names));
}

/* Finds the declared body type of the Content-Type; JSON must be UTF-8. */
static int find_type(struct request *r)
{
	const char *sent = message_header(r->in, "Content-Type");
	char *charset = sent ? media_parameter(r->arena, sent, "charset") : NULL;
	size_t i;

	for (i = 0; sent && i < r->operation->body_count; i++)
		if (content_type_is(sent, r->operation->bodies[i].media_type))
			r->body_type = &r->operation->bodies[i];
	if (!r->body_type)
		return refuse_type(r);
	if (r->body_type->schema && charset && strcasecmp(charset, "utf-8"))
		return refuse_type(r);
	return 0;
}

static int read_json(struct request *r)
{
	const char *reason = NULL;
	size_t offset = 0;

	if (!r->body_type->schema)
		return 0;
	r->body = json_read(r->arena, r->in->body, r->in->body_length, &reason, &offset);
	if (r->body)
		return 0;
	if (!reason)
		return problem(r, UNAVAILABLE, NULL);
	violation_add(&r->violations, IN_BODY, "#", reason,
		      json_pack("{sI}", "offset", (json_int_t)offset));
	return problem(r, BAD_REQUEST, NULL);
}

int step_decode(struct request *r)
{
	const struct operation *o = r->operation;
	size_t most = o->body_max ? o->body_max : (size_t)r->service->config->max_body;
	int status = negotiate_answer(r);

	if (status)
		return status;
	if (r->in->body_too_large || r->in->body_length > most)
		return problem(r, CONTENT_TOO_LARGE, json_pack("{sI}", "limit", (json_int_t)most));
	if (message_header(r->in, "Content-Encoding") &&
	    strcasecmp(message_header(r->in, "Content-Encoding"), "identity"))
		return refuse_type(r);
	if (!r->in->body_length) {
		if (!o->body_required)
			return 0;
		violation_add(&r->violations, IN_BODY, "#", "body-missing", NULL);
		return problem(r, BAD_REQUEST, NULL);
	}
	if (!o->body_count) {
		violation_add(&r->violations, IN_BODY, "#", "body-unexpected", NULL);
		return problem(r, BAD_REQUEST, NULL);
	}
	status = find_type(r);
	return status ? status : read_json(r);
}

static const char *header_value(void *message, const char *name)
{
	return message_header(message, name);
}

int step_validate(struct request *r)
{
	size_t parameters;

	r->params = arena_json(r->arena, json_object());
	if (!r->params)
		return problem(r, UNAVAILABLE, NULL);
	params_read(r->arena, r->operation, &r->match, &r->target, header_value, (void *)r->in,
		    r->params, &r->violations);
	fields_check(r);
	parameters = r->violations.count;
	if (r->body)
		schema_validate(r->body_type->schema, r->body, IN_BODY, "#",
				r->operation->method != METHOD_PATCH, &r->violations);
	if (parameters)
		return problem(r, INVALID_PARAMETERS, NULL);
	if (r->violations.count)
		return problem(r, UNPROCESSABLE, NULL);
	if (r->body) {
		r->body_text = json_text(r->arena, r->body);
		if (!r->body_text)
			return problem(r, UNAVAILABLE, NULL);
	}
	r->validate_only = json_is_true(json_object_get(r->params, "validate_only"));
	return 0;
}

/*
 * The versions an If-Match names, by commas: of "3-ab12" the part before the dash, W/ allowed
 * because proxies weaken tags; of a tag that is none of ours 0, which no version is.  NULL when
 * it is not a list of entity tags.
 */
static char *if_match_versions(struct arena *a, const char *text)
{
	char *versions = NULL;

	if (!strcmp(text, "*"))
		return arena_strdup(a, text);
	for (;;) {
		const char *end, *version = "0";
		size_t digits;

		/* A list may have empty elements (RFC 9110 section 5.6.1). */
		text += strspn(text, " \t,");
		if (!*text)
			return versions;
		if (!strncmp(text, "W/", 2))
			text += 2;
		end = *text == '"' ? strchr(++text, '"') : NULL;
		if (!end)
			return NULL;
		digits = strspn(text, "0123456789");
		if (digits && (text[digits] == '-' || text[digits] == '"'))
			version = arena_strndup(a, text, digits);
		if (!version)
			return NULL;
		versions = versions ? arena_printf(a, "%s,%s", versions, version)
				    : arena_strdup(a, version);
		text = end + 1 + strspn(end + 1, " \t");
		if (!versions || (*text && *text != ','))
			return NULL;
	}
}

/* Names the header that this operation needs, and how to come by it. */
static int precondition_missing(struct request *r, const char *header, const char *code)
{
	violation_add(&r->violations, IN_HEADER, header, code, NULL);
	return problem(r, PRECONDITION_REQUIRED, json_pack("{ss}", "header", header));
}

int step_precondition(struct request *r)
{
	const char *if_match = message_header(r->in, "If-Match");
	const char *key = message_header(r->in, "Idempotency-Key");

	if (r->operation->if_match && !if_match)
		return precondition_missing(r, "If-Match", "if-match-missing");
	if (r->operation->idempotency_required && !key)
		return precondition_missing(r, "Idempotency-Key", "idempotency-key-missing");
	if (if_match && r->operation->if_match) {
		r->if_match = if_match_versions(r->arena, if_match);
		if (!r->if_match)
			return violation(r, IN_HEADER, "If-Match", "entity-tag", NULL);
	}
	if (key && json_object_get(r->params, "idempotency_key")) {
		size_t length = strlen(key);

		/* The draft's structured string and Stripe's bare form are the same key. */
		if (length > 2 && *key == '"' && key[length - 1] == '"')
			key = arena_strndup(r->arena, key + 1, length - 2);
		/* Without its key the request would be another one. */
		if (!key)
			return problem(r, UNAVAILABLE, NULL);
		r->idempotency_key = key;
	}
	return 0;
}
