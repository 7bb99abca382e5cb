/*
 * capacity.c -- whether PostgreSQL has room for the connections of one more instance.
 *
 * All instances together must stay below max_connections; a service that finds that out
 * under load fails some of its requests for no reason that anybody sees.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

/* Workers, streams and jobs with one each, the gate's pair, the listener. */
static long connections_needed(const struct config *c)
{
	return c->threads + 2 * c->stream_threads + 2 + 1;
}

bool capacity_check(struct desk *d, const struct config *c, bool *tight, char error[300])
{
	const long needed = connections_needed(c);
	const PGresult *rows = desk_run_plainly(d, Q_command_connections, NULL);
	long most, used;

	*tight = false;
	if (!rows) {
		snprintf(error, 300, "the number of connections cannot be read");
		return false;
	}
	most = strtol(pg_text(rows, 0, "most"), NULL, 10);
	used = strtol(pg_text(rows, 0, "used"), NULL, 10);
	if (needed > most) {
		snprintf(error, 300,
			 "QINGLAN_THREADS=%ld and QINGLAN_STREAM_THREADS=%ld need %ld connections; "
			 "PostgreSQL allows %ld (max_connections less the reserved ones)",
			 c->threads, c->stream_threads, needed, most);
		return false;
	}
	if (used + needed > most) {
		*tight = true;
		snprintf(error, 300,
			 "%ld of %ld connections are in use and this instance may "
			 "need %ld: lower QINGLAN_THREADS or raise max_connections",
			 used, most, needed);
	}
	return true;
}
