/*
 * pg_private.h -- what the files of the connection share: pg.c, pg_names.c, pg_pipeline.c,
 * pg_result.c.  Nothing else includes it.
 */
#ifndef QINGLAN_PG_PRIVATE_H
#define QINGLAN_PG_PRIVATE_H

#include "pg.h"

#include <libpq-fe.h>

/* PostgreSQL cuts names of prepared statements behind 63 bytes; longer ones are not kept. */
enum { PG_NAME_SIZE = 64, PG_NAMES_MAX = 1000 };

/* The statements prepared on a connection, by name: a hash of fixed size with chains. */
struct pg_names {
	int count;
	int first_free;    /* chain of removed entries, -1 at its end */
	int used;          /* entries ever handed out */
	int buckets[1024]; /* index into entries, -1 empty */
	struct {
		char name[PG_NAME_SIZE];
		int next;
	} entries[PG_NAMES_MAX];
};

void pg_names_clear(struct pg_names *n);
bool pg_names_has(const struct pg_names *n, const char *name);

/* False when the table is full or NAME too long; adding a name twice does nothing. */
bool pg_names_add(struct pg_names *n, const char *name);
void pg_names_remove(struct pg_names *n, const char *name);

struct pg {
	PGconn *connection; /* NULL while there is none */
	char *url, *application_name;
	char *password; /* of the url; only to keep it out of messages */
	bool url_valid;
	char error[300];
	bool dying;                    /* the server has announced the end */
	bool seen_alive;               /* by pg_ready(), since the last pipeline */
	int64_t next_try_ns, delay_ns; /* back-off; 0 = at once */
	bool forget;                   /* prepared statements are to be dropped first */
	char channel[PG_NAME_SIZE];    /* LISTENing on, or "" */
	struct pg_names names;
};

/* True when nothing says that the other side has gone; reads what has arrived meanwhile. */
bool pg_alive(struct pg *c);

/* The connection has done work: the next one may be opened without a pause. */
void pg_proven(struct pg *c);

/* Runs SQL outside of a pipeline; the result is the caller's, NULL without a connection. */
PGresult *pg_execute(struct pg *c, const char *sql);

/* Waits for EVENTS of poll() at most MILLISECONDS: what came, 0 for nothing, -1 on failure. */
int pg_poll(const struct pg *c, short events, int milliseconds);

#endif
