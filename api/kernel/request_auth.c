/*
 * request_auth.c -- how often one may call, who calls, and whether she may.
 *
 * The address's quota is asked before a signature is checked, so that a flood of forged
 * tokens costs its sender more than it costs us.
 */
#include "request_private.h"

#include "clock.h"

#include <string.h>

/* Takes one request from a quota; 0, or the status of TOO_MANY_REQUESTS. */
static int take(struct request *r, struct limit *quota, const char *name, const char *key)
{
	if (!quota)
		return 0;
	r->quota_name = name;
	if (limit_take(quota, key, r->started_ns, &r->quota))
		return 0;
	return problem(r, TOO_MANY_REQUESTS, NULL);
}

int step_limit(struct request *r)
{
	return take(r, r->service->by_address, "address", r->in->peer);
}

static int refuse_token(struct request *r, const char *fault)
{
	r->token_fault = fault;
	return problem(r, UNAUTHENTICATED, json_pack("{ss}", "reason", fault));
}

/* The token of the one Authorization header, or NULL with *FAULT. */
static const char *bearer(const struct message *in, const char **fault)
{
	const char *found = NULL;
	size_t i;

	*fault = "token-missing";
	for (i = 0; i < in->header_count; i++) {
		if (strcasecmp(in->headers[i].name, "Authorization"))
			continue;
		if (found) {
			*fault = "token-malformed";
			return NULL;
		}
		found = in->headers[i].value;
	}
	return found && !strncasecmp(found, "Bearer ", 7) ? found + 7 : NULL;
}

/* True when there is a bearer token, right or wrong; what a proxy has asked for is not ours. */
static bool sends_token(const struct message *in)
{
	size_t i;

	for (i = 0; i < in->header_count; i++)
		if (!strcasecmp(in->headers[i].name, "Authorization") &&
		    !strncasecmp(in->headers[i].value, "Bearer ", 7))
			return true;
	return false;
}

int step_authenticate(struct request *r)
{
	const char *fault, *token;

	if (r->operation->is_public && !(r->operation->judges_token && sends_token(r->in)))
		return 0;
	token = bearer(r->in, &fault);
	if (!token)
		return refuse_token(r, fault);
	fault = token_verify(r->service->verifier, r->arena, token, strlen(token), clock_unix(),
			     &r->actor);
	r->out->auth_ns = clock_monotonic_ns() - r->started_ns;
	if (fault)
		return refuse_token(r, fault);
	r->authenticated = true;
	return 0;
}

/* True when the space-separated LIST holds NAME. */
static bool scope_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list) {
		size_t word = strcspn(list, " ");

		if (word == length && !strncmp(list, name, length))
			return true;
		list += word;
		list += strspn(list, " ");
	}
	return false;
}

static bool held(const struct request *r, const struct scope *s)
{
	return (s->roles & r->actor.role) && scope_listed(r->actor.scope, s->name);
}

bool holds_scope(const struct request *r, const char *name)
{
	const struct scope *s = contract_scope(r->service->contract, name, strlen(name));

	return s && held(r, s);
}

static bool may_call(const struct request *r)
{
	const struct operation *o = r->operation;
	size_t i;

	for (i = 0; i < o->scope_count; i++)
		if (held(r, o->scopes[i]))
			return true;
	return o->scope_count == 0;
}

int step_authorize(struct request *r)
{
	int status;

	if (r->operation->is_public)
		return 0;
	if (!may_call(r))
		return problem(r, INSUFFICIENT_SCOPE,
			       json_pack("{ss}", "scope", r->operation->scopes[0]->name));
	status = *r->actor.client ? take(r, r->service->by_client, "client", r->actor.client) : 0;
	if (!status && *r->actor.person)
		status = take(r, r->service->by_actor, "actor", r->actor.person);
	return status;
}

bool token_accepted(const struct service *s, struct arena *a, const struct message_head *head)
{
	const char *token = head->authorization;
	struct actor actor;
	int64_t now = clock_unix();

	if (!token || strncasecmp(token, "Bearer ", 7))
		return false;
	token += 7;
	if (token_cached(s->verifier, a, token, strlen(token), now, &actor))
		return true;
	/* A signature costs: the address's quota comes before it here too. */
	return limit_take(s->by_address, head->peer, clock_monotonic_ns(), NULL) &&
	       !token_verify(s->verifier, a, token, strlen(token), now, &actor);
}
