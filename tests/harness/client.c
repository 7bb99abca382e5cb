/*
 * client.c -- people who call, in process, and what every reply must be.
 */
#include "world.h"
#include "world_private.h"

#include "kernel/clock.h"
#include "kernel/fingerprint.h"
#include "kernel/json.h"
#include "kernel/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct client {
	struct world *world;
	const char *token; /* NULL: none */
};

struct client *client_with_token(struct world *w, const char *token)
{
	struct client *c = arena_alloc(w->arena, sizeof *c);

	assert_non_null(c);
	c->world = w;
	c->token = token ? arena_strdup(w->arena, token) : NULL;
	return c;
}

const char *client_token(const struct client *c)
{
	return c->token;
}

/* All scopes that a role may hold, by spaces. */
static char *scopes_of(const struct world *w, const char *role)
{
	static const struct {
		const char *name;
		unsigned bit;
	} roles[] = {{"county", ROLE_COUNTY},
		     {"school", ROLE_SCHOOL},
		     {"teacher", ROLE_TEACHER},
		     {"client", ROLE_CLIENT}};
	const struct contract *c = w->program.contract;
	char *list = arena_strdup(w->arena, "");
	size_t i, k;

	for (k = 0; k < 4; k++)
		for (i = 0; !strcmp(roles[k].name, role) && i < c->scope_count; i++)
			if (c->scopes[i].roles & roles[k].bit)
				list = arena_printf(w->arena, "%s%s%s", list, *list ? " " : "",
						    c->scopes[i].name);
	return list;
}

json_t *client_claims(const struct world *w, const char *role, int county, const char *school,
		      const char *person, const char *scope)
{
	char id[FINGERPRINT_SIZE];
	json_int_t now = clock_unix();
	json_t *claims;

	fingerprint_random(id);
	claims = json_pack("{ss ss ss si ss sI sI ss ss ss}", "iss", w->config.issuer, "aud",
			   w->config.audience, "sub", person ? person : "script-1", "county",
			   county, "role", role, "iat", now, "exp", now + 3600, "jti", id, "scope",
			   scope ? scope : scopes_of(w, role), "token_use", "access");
	assert_non_null(claims);
	if (school)
		json_object_set_new(claims, "school", json_string(school));
	if (!person)
		json_object_set_new(claims, "client_id", json_string("script-1"));
	return claims;
}

struct client *client_new(struct world *w, const char *role, int county, const char *school,
			  const char *person, const char *scope)
{
	json_t *claims = client_claims(w, role, county, school, person, scope);
	char *token = token_sign(w->program.service.keys, claims);
	struct client *c;

	assert_non_null(token);
	c = client_with_token(w, token);
	free(token);
	json_decref(claims);
	return c;
}

/* The media type that declares TYPE among those of RESPONSE. */
static const struct body_type *response_type(const struct response *response, const char *type)
{
	size_t i, length = strcspn(type, ";");

	for (i = 0; i < response->type_count; i++)
		if (strlen(response->types[i].media_type) == length &&
		    !strncmp(response->types[i].media_type, type, length))
			return &response->types[i];
	return NULL;
}

/* True when fields= was asked and nothing but members that it leaves out is amiss. */
static bool only_left_out(const struct answer *a, const struct violations *found)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (strcmp(found->list[i].code, "required"))
			return false;
	return strstr(a->request, "fields=") != NULL;
}

/* Every reply is one that the contract documents, and obeys its schema. */
static void check_reply(struct world *w, const struct answer *a, int number)
{
	const struct operation *o = NULL;
	const struct response *response;
	const struct body_type *type;
	struct violations found = {.arena = w->arena};
	size_t i;

	for (i = 0; i < w->program.contract->operation_count; i++)
		if (w->program.contract->operations[i].number == number)
			o = &w->program.contract->operations[i];
	if (!o || a->status == 304)
		return;
	coverage_note(o->id, a->status);
	response = operation_response(o, a->status);
	if (!response) {
		print_error("%s answered %d, which the contract does not document\n%.2000s\n",
			    a->request, a->status, a->body ? a->body : "");
		fail();
	}
	if (!a->length)
		return;
	type = response_type(response, header_of(a, "Content-Type"));
	if (!type) {
		print_error("%s answered undocumented type %s\n", a->request,
			    header_of(a, "Content-Type"));
		fail();
	}
	if (a->json && type->schema &&
	    !schema_validate(type->schema, a->json, IN_BODY, "#", false, &found) &&
	    !only_left_out(a, &found)) {
		for (i = 0; i < found.count; i++)
			print_error("%s: %s %s\n", a->request, found.list[i].where,
				    found.list[i].code);
		print_error("%.3000s\n", a->body);
		fail();
	}
}

/* What Fetch shows to every page, and what is for browsers and caches and not for scripts. */
#define NOT_EXPOSED                                                                                \
	"Cache-Control, Content-Language, Content-Length, Content-Type, "                          \
	"Content-Encoding, Content-Security-Policy, Referrer-Policy, Vary, "                       \
	"X-Content-Type-Options, X-Frame-Options"

/* A page's script may read every other header. */
static void check_headers(const struct world *w, const struct answer *a)
{
	for (size_t i = 0; w->exposed && i < a->header_count; i++) {
		const char *name = a->headers[i].name;

		if (!has_word(w->exposed, name) && !has_word(NOT_EXPOSED, name) &&
		    strncmp(name, "Access-Control-", 15))
			fail_msg("%s: %s is not exposed", a->request, name);
	}
}

static void add_header(struct message *m, const char *name, const char *value)
{
	size_t i, kept = 0;

	for (i = 0; i < m->header_count; i++)
		if (strcasecmp(m->headers[i].name, name))
			m->headers[kept++] = m->headers[i];
	m->header_count = kept;
	if (*value)
		m->headers[m->header_count++] = (struct header){name, value};
}

static struct answer *answer_from(struct world *w, const struct message *m, const struct reply *r)
{
	struct answer *a = arena_alloc(w->arena, sizeof *a);
	size_t i;

	assert_non_null(a);
	a->status = r->status;
	a->length = r->body_length;
	a->body = arena_strndup(w->arena, r->body ? r->body : "", r->body_length);
	for (i = 0; i < r->header_count; i++) {
		a->headers[i].name = arena_strdup(w->arena, r->headers[i].name);
		a->headers[i].value = arena_strdup(w->arena, r->headers[i].value);
	}
	a->header_count = r->header_count;
	snprintf(a->request, sizeof a->request, "%s %s", m->method, m->target);
	return a;
}

/* An export's bytes, as the wire would send them. */
static void read_stream(struct world *w, struct answer *a, struct stream *s)
{
	size_t size = 16 * 1024 * 1024, length = 0;
	char *all = malloc(size);

	assert_non_null(all);
	for (;;) {
		ssize_t got = stream_read(s, all + length, size - length, stream_wake, w);

		if (got == 0)
			stream_wait(w);
		else if (got < 0)
			break;
		else
			length += (size_t)got;
	}
	stream_close(s);
	a->body = arena_strndup(w->arena, all, length);
	a->length = length;
	free(all);
}

static struct answer *run(struct client *c, struct message *m)
{
	struct world *w = c->world;
	struct reply reply;
	struct answer *a;
	const char *type, *reason;
	size_t offset;

	request_run(w->worker, m, &reply);
	a = answer_from(w, m, &reply);
	if (reply.stream)
		read_stream(w, a, reply.stream);
	type = header_of(a, "Content-Type");
	if (a->length && strstr(type, "json"))
		a->json = json_read(w->arena, a->body, a->length, &reason, &offset);
	check_reply(w, a, reply.operation);
	check_headers(w, a);
	worker_done(w->worker);
	return a;
}

static void fill(struct client *c, struct message *m, const char *method, const char *target,
		 va_list headers)
{
	char key[FINGERPRINT_SIZE];
	const char *name;

	m->method = method;
	m->target = target;
	strcpy(m->peer, "127.0.0.1");
	add_header(m, "Host", "localhost");
	if (c->token)
		add_header(m, "Authorization",
			   arena_printf(c->world->arena, "Bearer %s", c->token));
	if (m->body)
		add_header(m, "Content-Type",
			   strcmp(method, "PATCH") ? "application/json"
						   : "application/merge-patch+json");
	if (!strcmp(method, "POST")) {
		fingerprint_random(key);
		add_header(m, "Idempotency-Key", arena_strdup(c->world->arena, key));
	}
	while ((name = va_arg(headers, const char *)))
		add_header(m, name, va_arg(headers, const char *));
}

struct answer *call(struct client *c, const char *method, const char *target, const char *body, ...)
{
	struct message m = {0};
	va_list headers;
	char *copy, *at;

	if (body) {
		copy = arena_strdup(c->world->arena, body);
		for (at = copy; *at; at++)
			if (*at == '\'')
				*at = '"';
		m.body = copy;
		m.body_length = strlen(copy);
	}
	va_start(headers, body);
	fill(c, &m, method, target, headers);
	va_end(headers);
	return run(c, &m);
}

struct answer *call_bytes(struct client *c, const char *method, const char *target,
			  const char *body, size_t length, ...)
{
	struct message m = {.body = body, .body_length = length};
	va_list headers;

	va_start(headers, length);
	fill(c, &m, method, target, headers);
	va_end(headers);
	return run(c, &m);
}
