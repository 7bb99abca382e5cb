/*
 * program.c -- everything that lives as long as the process and needs no database.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_CACHE_SIZE = 20000, STREAM_QUEUE_MAX = 1000 };

struct contract *program_contract(void)
{
	char error[400];
	struct contract *c;

	c = contract_load(openapi_yaml, openapi_yaml_length, operation_names, operation_count,
			  error);
	if (!c)
		complain("the contract: %s", error);
	return c;
}

/* The number of the query NAME, or of NAME with SUFFIX behind it; -1 if there is none. */
static int query_of(const struct query_registry *q, const char *name, const char *suffix)
{
	char whole[200];
	int length = snprintf(whole, sizeof whole, "%s%s", name, suffix);

	if (length < 0 || length >= (int)sizeof whole)
		return -1;
	return query_number(q, whole);
}

/* Which query answers which operation. */
static bool queries_assign(struct program *p)
{
	const struct operation *operation;
	size_t i;

	p->operation_query = calloc(operation_count + 1, sizeof *p->operation_query);
	p->operation_csv = calloc(operation_count + 1, sizeof *p->operation_csv);
	if (!p->operation_query || !p->operation_csv)
		return false;
	for (i = 0; i < operation_count; i++) {
		p->operation_query[i] = query_of(p->queries, operation_names[i], "");
		p->operation_csv[i] = query_of(p->queries, operation_names[i], "_csv");
		operation = contract_operation(p->contract, operation_names[i]);
		if (p->operation_query[i] < 0 && !operation_handlers[i] && !operation->batch_of) {
			complain("operation %s has neither a query nor a handler",
				 operation_names[i]);
			return false;
		}
	}
	return true;
}

static bool keys_open(struct service *s, const struct config *c)
{
	char error[300];

	s->keys = token_keys_load(c->token_keys, error);
	if (!s->keys) {
		complain("QINGLAN_TOKEN_KEYS: %s", error);
		return false;
	}
	s->verifier = token_verifier_new(s->keys, c->issuer, c->audience, TOKEN_CACHE_SIZE);
	s->seal = seal_load(c->seal_keys, error);
	if (!s->seal) {
		complain("QINGLAN_SEAL_KEYS: %s", error);
		return false;
	}
	return s->verifier != NULL;
}

bool program_open(struct program *p, const struct config *c)
{
	struct service *s = &p->service;
	char error[300];

	memset(p, 0, sizeof *p);
	json_object_seed(0);
	p->contract = program_contract();
	if (!p->contract)
		return false;
	p->queries = query_registry_load(query_sources, query_source_count, error);
	if (!p->queries) {
		complain("%s", error);
		return false;
	}
	if (!request_names_check(p->contract, p->queries, error)) {
		complain("%s", error);
		return false;
	}
	if (!queries_assign(p) || !keys_open(s, c))
		return false;
	s->config = c;
	s->contract = p->contract;
	s->queries = p->queries;
	s->handlers = operation_handlers;
	s->operation_query = p->operation_query;
	s->operation_csv = p->operation_csv;
	s->by_address = limit_new(c->rate_address);
	s->by_actor = limit_new(c->rate_actor);
	s->by_client = limit_new(c->rate_client);
	s->streams = stream_pool_new(c->database_url, c->stream_threads, STREAM_QUEUE_MAX);
	s->draining = &p->draining;
	if (!s->by_address || !s->by_actor || !s->by_client || !s->streams) {
		complain("no memory");
		return false;
	}
	stream_pool_patience(s->streams, c->request_seconds);
	return true;
}

void program_close(struct program *p)
{
	struct service *s = &p->service;

	stream_pool_free(s->streams);
	limit_free(s->by_address);
	limit_free(s->by_actor);
	limit_free(s->by_client);
	seal_free(s->seal);
	token_verifier_free(s->verifier);
	token_keys_free(s->keys);
	free(p->operation_query);
	free(p->operation_csv);
	query_registry_free(p->queries);
	contract_free(p->contract);
}
