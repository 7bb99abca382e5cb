/*
 * db_private.h -- what the files between a request and PostgreSQL share.
 */
#ifndef QINGLAN_DB_PRIVATE_H
#define QINGLAN_DB_PRIVATE_H

#include "request_private.h"

/*
 * Sends TAIL after the opening that is due (BEGIN, settings, replay) in one round trip; the
 * results of TAIL, or NULL with the problem recorded.
 */
PGresult **db_run(struct request *r, const struct statement *tail, int tail_count);

/* One pipeline, with its time added to the request's. */
enum pg_outcome db_send(struct request *r, struct statement *list, int count, PGresult **results,
			PGresult **failed);

/* A write of more than one round trip: it begins and ends a transaction by hand. */
bool needs_transaction(const struct request *r);

/* Rolls back what a failed round trip left open. */
void transaction_abandon(struct request *r);

/*
 * Nothing is there for the caller: what the request names does not exist for it; where it names
 * nothing, such rows are not the caller's to write, whatever scope it holds.
 */
enum problem hidden_problem(const struct request *r);

/* What PostgreSQL said when it refused a statement. */
struct refusal {
	const char *sqlstate, *constraint, *message, *detail;
	bool row_security; /* refused by a policy */
};

/* The problem it stands for; its place goes to V, its parameters (borrowed) to *PARAMS. */
enum problem refusal_problem(struct request *r, const struct refusal *f, struct violations *v,
			     json_t **params);

/* The statement that makes the actor known to row security. */
bool compose_settings(struct request *r, struct statement *out);

/* A query of the kernel itself (db/queries/kernel.sql) by name. */
bool compose_named(struct request *r, const char *query, struct statement *out);

#endif
