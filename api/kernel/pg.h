/*
 * pg.h -- one connection to PostgreSQL, owned by one thread.  With query.c the only user of libpq.
 *
 * Statements are prepared when first used and remembered by name.  A lost connection is
 * opened again with back-off; until then pg_ready() is false and the service answers 503.
 * Work goes out as one pipeline and comes back as one list of results.
 */
#ifndef QINGLAN_PG_H
#define QINGLAN_PG_H

#include "arena.h"

#include <stdint.h>

struct pg;
typedef struct pg_result PGresult;

/* Does not connect yet.  NULL without memory; a malformed URL is reported by pg_ready(). */
struct pg *pg_new(const char *url, const char *application_name);
void pg_free(struct pg *c);

/*
 * True when connected; tries to connect if it is time to.  Never waits longer than 2 seconds
 * (the resolver's time for a host name comes on top).  To be asked before a transaction, not
 * within one: a connection lost with a transaction open makes it false once.
 */
bool pg_ready(struct pg *c);

/*
 * As pg_ready(), for work that has nothing to do with what was before: a connection that is
 * still inside a transaction is dropped first, so that nobody's work ends in another's.
 */
bool pg_fresh(struct pg *c);

/* Ends the connection, if any, and with it what it has open; what was prepared is forgotten. */
void pg_drop(struct pg *c);

/*
 * True when the last pipeline or script left a transaction open, or broken and not yet rolled back.
 */
bool pg_in_transaction(const struct pg *c);

/* The last error of a failed connect, on one line, without password. */
const char *pg_error(const struct pg *c);

/* More statements than this are not sent at once. */
enum { PG_STATEMENTS_MAX = 16 };

/* A statement of a pipeline. */
struct statement {
	const char *name; /* prepared under this name (always the same SQL); "" = not kept */
	const char *sql;  /* with $1..$n */
	int parameter_count;
	const char *const *parameters; /* text form, NULL = SQL NULL */
	bool prepare_only;             /* prepared under its name, not run; its result is NULL */
};

enum pg_outcome {
	PG_OK,
	PG_ERROR,    /* a statement failed: *FAILED is its result; what came after it did not run */
	PG_NOT_SENT, /* the connection was lost before the Sync could have been seen */
	PG_UNKNOWN   /* lost after it: a COMMIT in it may or may not have happened */
};

/*
 * Sends COUNT statements (at most PG_STATEMENTS_MAX, else PG_NOT_SENT) and one Sync, and waits.
 * RESULTS (COUNT places) belong to A; NULL from the failed one on (none is NULL when only the
 * commit at the Sync failed).
 * DEADLINE_NS is a clock_monotonic_ns(): past it the query is cancelled and the connection
 * dropped (PG_NOT_SENT or PG_UNKNOWN).
 *
 * When a prepared statement has gone stale under it (a migration changed a view), all is undone
 * and sent once more, unless a transaction was open before or a COMMIT is among the statements.
 *
 * It never connects, so that nothing runs outside of the transaction that it was meant for:
 * without a connection it is PG_NOT_SENT.  PG_NOT_SENT means that nothing was committed;
 * when A has no room for the results it is PG_UNKNOWN, and the connection is dropped, for
 * nobody knows what it has open.  The results that A had room for stay: they did happen.
 */
enum pg_outcome pg_pipeline(struct pg *c, struct arena *a, const struct statement *statements,
			    int count, PGresult **results, PGresult **failed, int64_t deadline_ns);

/*
 * Runs a script of several commands (migrations), however long that takes: true, or false with
 * the message and the line of the script in ERROR.  Connects if need be, like pg_ready().
 */
bool pg_script(struct pg *c, const char *sql, char error[500]);

/*
 * LISTEN side, on a connection used for nothing else: waits at most MILLISECONDS; the payload of
 * one notification in A, or NULL.  Connects again by itself; what was notified meanwhile is
 * lost, so the caller also looks by itself now and then.
 */
char *pg_wait_notification(struct pg *c, struct arena *a, const char *channel, int milliseconds);

/* Reading results: number of rows; column by name (-1); a value, NULL for SQL NULL. */
int pg_rows(const PGresult *r);
int pg_column(const PGresult *r, const char *name);
const char *pg_value(const PGresult *r, int row, int column);
const char *pg_text(const PGresult *r, int row, const char *column);

/*
 * Of a failed result: SQLSTATE, constraint, message, detail,
 * and the C function that raised (or "").
 */
const char *pg_sqlstate(const PGresult *r);
const char *pg_constraint(const PGresult *r);
const char *pg_message(const PGresult *r);
const char *pg_detail(const PGresult *r);
const char *pg_source_function(const PGresult *r);

#endif
