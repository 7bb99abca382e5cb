/*
 * reply.c -- how answers are written: problems, ETags, and the headers every reply carries.
 */
#include "request_private.h"

#include "clock.h"
#include "fingerprint.h"

#include <ctype.h>
#include <string.h>

int problem(struct request *r, enum problem p, json_t *params)
{
	if (r->problem) {
		json_decref(params);
		return problem_info(r->problem)->status;
	}
	/* The first answer, given again, stands. */
	if (r->replayed) {
		json_decref(params);
		return r->out->status;
	}
	r->problem = p;
	r->problem_params = params ? arena_json(r->arena, params) : NULL;
	return problem_info(p)->status;
}

int violation(struct request *r, enum violation_place place, const char *where, const char *code,
	      json_t *params)
{
	violation_add(&r->violations, place, where, code, params);
	return problem(r, place == IN_BODY ? UNPROCESSABLE : INVALID_PARAMETERS, NULL);
}

/* The header a failed authentication owes (RFC 6750 section 3). */
static void challenge(struct request *r)
{
	if (r->problem == UNAUTHENTICATED)
		reply_header(r->out, "WWW-Authenticate",
			     !r->token_fault || !strcmp(r->token_fault, "token-missing")
				     ? "Bearer realm=\"qinglan\""
				     : "Bearer realm=\"qinglan\", error=\"invalid_token\"");
	if (r->problem == INSUFFICIENT_SCOPE)
		reply_header(r->out, "WWW-Authenticate",
			     arena_printf(r->arena,
					  "Bearer realm=\"qinglan\", error=\"insufficient_scope\", "
					  "scope=\"%s\"",
					  r->operation->scopes[0]->name));
}

/* Headers of an answer that a problem has overtaken. */
static void forget_answer(struct reply *out)
{
	size_t i, kept = 0;

	for (i = 0; i < out->header_count; i++)
		if (!strcmp(out->headers[i].name, "Allow") ||
		    !strncmp(out->headers[i].name, "Accept-", 7))
			out->headers[kept++] = out->headers[i];
	out->header_count = kept;
}

void reply_problem(struct request *r)
{
	const struct problem_info *info = problem_info(r->problem);
	char *text = problem_document(r->arena, r->problem, r->language, r->problem_params,
				      &r->violations, r->out->request_id);

	forget_answer(r->out);
	r->out->status = info->status;
	r->out->body = text ? text : "";
	r->out->body_length = text ? strlen(text) : 0;
	reply_header(r->out, "Content-Type", "application/problem+json");
	reply_header(r->out, "Content-Language", r->language == LANGUAGE_ZH ? "zh-CN" : "en");
	challenge(r);
	if (info->status == 503 || r->problem == IDEMPOTENCY_IN_PROGRESS)
		reply_header(r->out, "Retry-After", "1");
	if (info->status == 429)
		reply_header(r->out, "Retry-After",
			     arena_printf(r->arena, "%ld",
					  r->quota.retry_seconds > 0 ? r->quota.retry_seconds : 1));
}

/* True when the If-None-Match list holds TAG, whole (RFC 9110: the weak comparison). */
static bool none_match_has(const char *list, const char *tag)
{
	const char *at;

	if (!strcmp(list, "*"))
		return true;
	for (at = strstr(list, tag); at; at = strstr(at + 1, tag))
		if (at == list || at[-1] == ' ' || at[-1] == ',' || at[-1] == '/')
			return true;
	return false;
}

/* The body stays on a 304: the wire sends its length alone (RFC 9110 section 8.6). */
void reply_etag(struct request *r, const char *version)
{
	const char *asked = message_header(r->in, "If-None-Match");
	char hash[FINGERPRINT_SIZE];
	char *tag;

	fingerprint(r->out->body, r->out->body_length, hash);
	hash[16] = '\0';
	tag = version ? arena_printf(r->arena, "\"%s-%s\"", version, hash)
		      : arena_printf(r->arena, "\"%s\"", hash);
	if (!tag)
		return;
	reply_header(r->out, "ETag", tag);
	if (asked && r->operation->method == METHOD_GET && r->out->status == 200 &&
	    none_match_has(asked, tag))
		r->out->status = 304;
}

static void reply_json(struct request *r, const PGresult *rows)
{
	const char *body = pg_text(rows, 0, "body");

	r->out->body = body ? body : "";
	r->out->body_length = strlen(r->out->body);
	if (body) {
		reply_header(r->out, "Content-Type", "application/json");
		reply_etag(r, pg_text(rows, 0, "version"));
	}
}

int answer(struct request *r, const PGresult *rows)
{
	const char *location, *id;

	if (r->problem || r->replayed || !rows)
		return r->out->status;
	r->out->status = r->operation->success;
	if (r->out->status == 204 || pg_rows(rows) == 0)
		return r->out->status;
	location = pg_text(rows, 0, "location");
	id = pg_text(rows, 0, "id");
	if (r->out->status == 201 && !location && id)
		location = arena_printf(r->arena, "%.*s/%s", (int)strcspn(r->in->target, "?"),
					r->in->target, id);
	if (location && r->out->status != 200)
		reply_header(r->out, "Location", location);
	reply_json(r, rows);
	return r->out->status;
}

int accepted(struct request *r, const PGresult *rows)
{
	if (r->problem || r->replayed || !rows)
		return r->out->status;
	r->out->status = 202;
	reply_header(r->out, "Location",
		     arena_printf(r->arena, "/v1/jobs/%s", pg_text(rows, 0, "job_id")));
	reply_json(r, rows);
	return 202;
}

/*
 * The header that makes a browser save a file and never show it (RFC 6266): its name in ASCII, and
 * where that is not all of it, in UTF-8 (RFC 8187).  NULL without memory.
 */
static const char *saved_as(struct arena *a, const char *name)
{
	static const char hex[] = "0123456789ABCDEF";
	char *plain = arena_strdup(a, name), *coded = arena_alloc(a, 3 * strlen(name) + 1), *end;
	size_t i;

	if (!plain || !coded)
		return NULL;
	for (i = 0, end = coded; name[i]; i++) {
		if (isalnum((unsigned char)name[i]) || strchr(".-_", name[i])) {
			*end++ = name[i];
			continue;
		}
		plain[i] = '_';
		*end++ = '%';
		*end++ = hex[(unsigned char)name[i] >> 4];
		*end++ = hex[(unsigned char)name[i] & 15];
	}
	*end = '\0';
	if (!strcmp(plain, name))
		return arena_printf(a, "attachment; filename=\"%s\"", plain);
	return arena_printf(a, "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, coded);
}

int answer_bytes(struct request *r, const char *media_type, const char *bytes, size_t length,
		 const char *filename)
{
	if (r->problem)
		return r->out->status;
	r->out->status = r->operation->success;
	r->out->body = bytes;
	r->out->body_length = length;
	reply_header(r->out, "Content-Type", media_type);
	if (filename)
		reply_header(r->out, "Content-Disposition", saved_as(r->arena, filename));
	reply_etag(r, NULL);
	return r->out->status;
}

int reply_options(struct request *r)
{
	r->out->status = 204;
	reply_header(r->out, "Allow", route_allow(r->arena, &r->match));
	cors_headers(r, true);
	return 204;
}

static void quota_headers(struct request *r)
{
	if (!r->quota_name || !r->quota.quota)
		return;
	reply_header(r->out, "RateLimit-Policy",
		     arena_printf(r->arena, "\"%s\";q=%ld;w=60", r->quota_name, r->quota.quota));
	reply_header(r->out, "RateLimit",
		     arena_printf(r->arena, "\"%s\";r=%ld;t=%ld", r->quota_name, r->quota.remaining,
				  r->quota.reset_seconds));
}

/* Milliseconds with three decimals (W3C Server-Timing), without the cost of a double's printing. */
static void timing_header(struct request *r)
{
	const int64_t us[] = {
		r->out->auth_ns / 1000,
		r->out->db_ns / 1000,
		(clock_monotonic_ns() - r->started_ns) / 1000,
	};

	reply_header(
		r->out, "Server-Timing",
		arena_printf(r->arena, "auth;dur=%lld.%03d, db;dur=%lld.%03d, total;dur=%lld.%03d",
			     (long long)us[0] / 1000, (int)(us[0] % 1000), (long long)us[1] / 1000,
			     (int)(us[1] % 1000), (long long)us[2] / 1000, (int)(us[2] % 1000)));
}

void reply_prepare(struct request *r)
{
	struct reply *out = r->out;

	reply_header(out, "X-Request-Id", out->request_id);
	if (*r->trace)
		reply_header(out, "traceparent", r->trace);
	if (!reply_header_value(out, "Cache-Control"))
		reply_header(out, "Cache-Control", "private, no-cache");
	reply_header(out, "X-Content-Type-Options", "nosniff");
	reply_header(out, "Referrer-Policy", "no-referrer");
	reply_header(out, "X-Frame-Options", "DENY");
	if (!reply_header_value(out, "Content-Security-Policy"))
		reply_header(out, "Content-Security-Policy",
			     "default-src 'none'; frame-ancestors 'none'");
	reply_header(out, "Vary", "Accept, Accept-Language, Origin");
	cors_headers(r, false);
	quota_headers(r);
	timing_header(r);
}
