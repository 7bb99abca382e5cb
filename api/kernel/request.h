/*
 * request.h -- the life of a request, and what it carries.
 *
 * The steps are listed once, in request.c.  The first problem sticks: after it every db call
 * is a no-op and the reply is that problem.  Everything a request needs lives in its arena.
 */
#ifndef QINGLAN_REQUEST_H
#define QINGLAN_REQUEST_H

#include "config.h"
#include "contract.h"
#include "limit.h"
#include "message.h"
#include "query.h"
#include "route.h"
#include "seal.h"
#include "stream.h"
#include "token.h"

struct request;
typedef int handler(struct request *r);

/* Everything that lives as long as the process; read-only once threads run. */
struct service {
	const struct config *config;
	const struct contract *contract;
	const struct query_registry *queries;
	handler *const *handlers;   /* by operation number; NULL = runs its query */
	const int *operation_query; /* by operation number: the query of the same name, or -1 */
	const int *operation_csv;   /* the query <name>_csv, or -1 */
	struct token_keys *keys;
	struct token_verifier *verifier;
	struct seal *seal;
	struct limit *by_address, *by_actor, *by_client;
	struct stream_pool *streams;
	bool *draining;
};

struct worker {
	const struct service *service;
	struct pg *app;      /* role qinglan_app */
	struct arena *arena; /* of the running request */
};

struct worker *worker_new(const struct service *s);
void worker_free(struct worker *w);

/* Answers IN; what OUT points to lives until the worker's next request or worker_done(). */
void request_run(struct worker *w, const struct message *in, struct reply *out);
void worker_done(struct worker *w);

/*
 * The body limit of the operation that a head names, for http.c: 0 for a caller who will be
 * refused anyway, so that nobody without a token can make the service hold bodies.
 */
size_t request_body_max(const struct service *s, const struct message_head *head);

/* Whether somebody gives a value to each name in the queries; else a line in ERROR says which. */
bool request_names_check(const struct contract *c, const struct query_registry *queries,
			 char error[300]);

/* The names that C gives values to. */
enum bound_name {
#define BOUND(name) BOUND_##name,
#define GIVEN(name)
#include "names.def"
#undef BOUND
#undef GIVEN
};

struct bind {
	struct bind *next;
	const char *name, *value;
};

struct request {
	struct arena *arena;
	struct worker *worker;
	const struct service *service;
	const struct message *in;
	struct reply *out;
	int64_t started_ns, deadline_ns;

	enum language language;
	struct target target;
	struct route_match match;
	const struct operation *operation;
	bool head;      /* HEAD asked; the GET operation runs */
	char trace[56]; /* traceparent of this request, or "" */

	struct actor actor;
	bool authenticated;
	const char *token_fault;  /* why there is no actor, for WWW-Authenticate */
	struct limit_state quota; /* of the limit that was asked last */
	const char *quota_name;   /* "address", "actor", "client"; NULL = none yet */

	json_t *params;  /* typed path, query and header values, by name */
	json_t *body;    /* parsed JSON body, defaults applied; NULL if none */
	char *body_text; /* the same as text, for :body */
	const struct body_type *body_type;
	const char *media_type; /* of the answer, negotiated */
	bool validate_only;
	const char *idempotency_key;
	char *if_match;     /* version parts by commas, "*", or NULL */
	struct bind *binds; /* set by bind_value() */

	bool in_transaction; /* BEGIN was sent: finish commits or rolls back */
	bool asked;          /* a db call succeeded: it is too late to start again */
	bool replayed;
	enum problem problem;
	json_t *problem_params;
	struct violations violations;
};

/* --- what a handler uses (through api.h) --- */

/* Gives a query parameter a value by hand, before db(); TEXT must live in the arena. */
void bind_value(struct request *r, enum bound_name name, const char *text);

/* Whether the token has a scope, and the contract lets its role hold it. */
bool holds_scope(const struct request *r, const char *name);

/* The value a query would see under NAME, as text; NULL when absent. */
const char *value(struct request *r, const char *name);

/*
 * Runs a query with the request's parameters; the first call of a writing operation also
 * begins its transaction and looks the idempotency key up, all in one round trip.  NULL once
 * there is a problem.  A :one query without a row is NOT_FOUND.
 */
const PGresult *db(struct request *r, int number);

/* Answers the operation's success status from columns body, version, id/location of ROWS. */
int answer(struct request *r, const PGresult *rows);

/* Answers a :page query, from cursor to envelope. */
int page_answer(struct request *r, int number);

/* Answers bytes of another media type, with a download name (may be NULL). */
int answer_bytes(struct request *r, const char *media_type, const char *bytes, size_t length,
		 const char *filename);

/* Answers 202 with Location: /v1/jobs/{job_id} and the body, from columns body and job_id. */
int accepted(struct request *r, const PGresult *rows);

/*
 * Records a problem (the first one sticks) and returns its status; PARAMS is stolen, may be NULL.
 */
int problem(struct request *r, enum problem p, json_t *params);

/*
 * Adds a violation; the reply becomes UNPROCESSABLE (body) or
 * INVALID_PARAMETERS.  Returns its status.
 */
int violation(struct request *r, enum violation_place place, const char *where, const char *code,
	      json_t *params);

#endif
