/*
 * pg_pipeline.c -- statements out in one piece, results back as one list.
 *
 * Between PQpipelineSync() and its answer nothing blocks but poll(): what the server sends is
 * read while what it has not taken yet is written, so neither side can wait for the other,
 * however large parameters and results are.
 */
#include "pg_private.h"

#include "clock.h"

#include <poll.h>
#include <string.h>
#include <strings.h>

static const int64_t MILLISECOND = 1000000;

/* What libpq is asked for, in order; each is answered by results and a NULL. */
enum step_kind { STEP_FORGET, STEP_PREPARE, STEP_RUN };
struct step {
	enum step_kind kind;
	int statement;
};

struct run {
	struct pg *c;
	struct arena *arena;
	const struct statement *statements;
	int count;
	PGresult **results, **failed;
	/* A preparation for each statement, and one step to forget the others. */
	struct step steps[2 * PG_STATEMENTS_MAX + 1];
	int step_count, at; /* steps queued, step whose results are being read */
	bool flushed;       /* everything is with the kernel, the Sync at the end included */
	bool synced;        /* the Sync was answered */
	bool no_memory;
};

static void result_release(void *result)
{
	PQclear(result);
}

static void results_clear(PGresult **results, int count, PGresult **failed)
{
	int i;

	for (i = 0; i < count; i++)
		results[i] = NULL;
	*failed = NULL;
}

/* Ties R to the arena. */
static PGresult *result_keep(struct run *run, PGresult *r)
{
	if (arena_defer(run->arena, result_release, r))
		return r;
	run->no_memory = true;
	return NULL;
}

/* --- sending --- */

/* True when the table of names must be emptied before these statements. */
static bool forget_due(const struct run *run)
{
	int i, unknown = 0;

	/* In a broken transaction only its end is allowed. */
	if (PQtransactionStatus(run->c->connection) == PQTRANS_INERROR)
		return false;
	for (i = 0; i < run->count; i++)
		unknown += *run->statements[i].name &&
			   !pg_names_has(&run->c->names, run->statements[i].name);
	return run->c->forget || (unknown && run->c->names.count + unknown > PG_NAMES_MAX);
}

static bool step_add(struct run *run, enum step_kind kind, int statement, int sent)
{
	run->steps[run->step_count].kind = kind;
	run->steps[run->step_count++].statement = statement;
	return sent;
}

static bool statement_send(struct run *run, int i)
{
	const struct statement *s = &run->statements[i];
	PGconn *connection = run->c->connection;

	if (*s->name && !pg_names_has(&run->c->names, s->name) &&
	    pg_names_add(&run->c->names, s->name) &&
	    !step_add(run, STEP_PREPARE, i, PQsendPrepare(connection, s->name, s->sql, 0, NULL)))
		return false;
	if (s->prepare_only)
		return *s->name && pg_names_has(&run->c->names, s->name);
	if (*s->name && pg_names_has(&run->c->names, s->name))
		return step_add(run, STEP_RUN, i,
				PQsendQueryPrepared(connection, s->name, s->parameter_count,
						    s->parameters, NULL, NULL, 0));
	return step_add(run, STEP_RUN, i,
			PQsendQueryParams(connection, s->sql, s->parameter_count, NULL,
					  s->parameters, NULL, NULL, 0));
}

/* Hands all statements and the Sync to libpq; false when the connection is no use any more. */
static bool statements_send(struct run *run)
{
	PGconn *connection = run->c->connection;
	int i;

	if (PQpipelineStatus(connection) == PQ_PIPELINE_OFF && !PQenterPipelineMode(connection))
		return false;
	if (forget_due(run)) {
		pg_names_clear(&run->c->names);
		run->c->forget = false;
		if (!step_add(run, STEP_FORGET, -1,
			      PQsendQueryParams(connection, "DEALLOCATE ALL", 0, NULL, NULL, NULL,
						NULL, 0)))
			return false;
	}
	for (i = 0; i < run->count; i++)
		if (!statement_send(run, i))
			return false;
	return PQpipelineSync(connection);
}

/* --- receiving --- */

/* The plan or the name is not what it was: everything has to be prepared again. */
static bool is_stale(const PGresult *r)
{
	const char *state = pg_sqlstate(r);

	return !strcmp(state, "26000") || !strcmp(state, "42P05") ||
	       (!strcmp(state, "0A000") && !strcmp(pg_source_function(r), "RevalidateCachedQuery"));
}

/* The statement at hand did not run: a name that it was to prepare is not there. */
static void step_unprepare(struct run *run)
{
	if (run->at < run->step_count && run->steps[run->at].kind == STEP_PREPARE)
		pg_names_remove(&run->c->names,
				run->statements[run->steps[run->at].statement].name);
}

/* Takes R over; false when the conversation makes no sense any more. */
static bool result_take(struct run *run, PGresult *r)
{
	switch (PQresultStatus(r)) {
	case PGRES_PIPELINE_SYNC:
		run->synced = true;
		break;
	case PGRES_PIPELINE_ABORTED:
		step_unprepare(run);
		break;
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		if (run->at >= run->step_count || run->steps[run->at].kind != STEP_RUN)
			break;
		run->results[run->steps[run->at].statement] = result_keep(run, r);
		return true;
	case PGRES_FATAL_ERROR:
		step_unprepare(run);
		run->c->forget = run->c->forget || is_stale(r);
		if (*run->failed)
			break;
		*run->failed = result_keep(run, r);
		return true;
	default: /* COPY, which a pipeline has no words for */
		PQclear(r);
		return false;
	}
	PQclear(r);
	return true;
}

/* Takes all results that are there; false when the connection was lost. */
static bool results_take(struct run *run)
{
	PGconn *connection = run->c->connection;

	while (!run->synced && !PQisBusy(connection)) {
		PGresult *r;

		if (PQstatus(connection) != CONNECTION_OK)
			return false;
		r = PQgetResult(connection);
		if (r && !result_take(run, r))
			return false;
		/* One NULL ends a step, one more may follow an error of the Sync itself. */
		if (!r && run->at++ > run->step_count)
			return false;
	}
	return PQstatus(connection) == CONNECTION_OK;
}

/* Writes and reads until the Sync is answered; false past the deadline or without connection. */
static bool exchange(struct run *run, int64_t deadline_ns)
{
	PGconn *connection = run->c->connection;

	for (;;) {
		int64_t left;
		int ready;

		if (!run->flushed) {
			const int rest = PQflush(connection);

			if (rest < 0)
				return false;
			run->flushed = rest == 0;
		}
		if (!results_take(run))
			return false;
		if (run->synced)
			return true;
		left = deadline_ns - clock_monotonic_ns();
		if (left <= 0)
			return false;
		if (left > 60000 * MILLISECOND)
			left = 60000 * MILLISECOND;
		ready = pg_poll(run->c, run->flushed ? POLLIN : POLLIN | POLLOUT,
				(int)(left / MILLISECOND) + 1);
		if (ready < 0)
			return false;
		if (ready & ~POLLOUT && !PQconsumeInput(connection)) {
			/* The server's last words may be in the buffer. */
			(void)results_take(run);
			return false;
		}
	}
}

/* --- ends --- */

/* COMMIT takes effect where it stands, before the Sync. */
static bool has_commit(const struct run *run)
{
	int i;

	for (i = 0; i < run->count; i++) {
		const char *sql =
			run->statements[i].sql + strspn(run->statements[i].sql, " \t\n\r");

		if (!strncasecmp(sql, "COMMIT", 6) || !strncasecmp(sql, "END", 3))
			return true;
	}
	return false;
}

/* Stops what the server may still be doing for us, so that it does not hold its locks. */
static void cancel(struct pg *c)
{
	PGcancel *cancel = PQgetCancel(c->connection);
	char error[256];

	/* A refused cancel changes nothing: the connection is dropped in any case. */
	if (cancel)
		(void)PQcancel(cancel, error, sizeof error);
	PQfreeCancel(cancel);
}

/* The connection is no use any more: what may the server have seen of it? */
static enum pg_outcome lost(struct run *run, bool queued)
{
	if (queued && PQstatus(run->c->connection) == CONNECTION_OK)
		cancel(run->c);
	results_clear(run->results, run->count, run->failed);
	pg_drop(run->c);
	/* Without a COMMIT among them, statements whose Sync did not arrive whole are undone. */
	return run->flushed || has_commit(run) ? PG_UNKNOWN : PG_NOT_SENT;
}

/* Once there and back. */
static enum pg_outcome attempt(struct pg *c, struct arena *a, const struct statement *statements,
			       int count, PGresult **results, PGresult **failed,
			       int64_t deadline_ns, bool *repeatable)
{
	struct run run = {
		.c = c,
		.arena = a,
		.statements = statements,
		.count = count,
		.results = results,
		.failed = failed,
	};
	const bool fresh = !pg_in_transaction(c);
	bool queued;

	*repeatable = false;
	results_clear(results, count, failed);
	queued = statements_send(&run);
	if (!queued || !exchange(&run, deadline_ns))
		return lost(&run, queued);
	pg_proven(c);
	/* A transaction may be open that the caller cannot know of. */
	if (run.no_memory) {
		*failed = NULL;
		pg_drop(c);
		return PG_UNKNOWN;
	}
	*repeatable = *failed && is_stale(*failed) && fresh && !has_commit(&run);
	return *failed ? PG_ERROR : PG_OK;
}

enum pg_outcome pg_pipeline(struct pg *c, struct arena *a, const struct statement *statements,
			    int count, PGresult **results, PGresult **failed, int64_t deadline_ns)
{
	static const struct statement rollback = {.name = "", .sql = "ROLLBACK"};
	PGresult *undone, *ignored;
	enum pg_outcome outcome;
	bool repeatable;

	results_clear(results, count, failed);
	if (!c->connection || count > PG_STATEMENTS_MAX)
		return PG_NOT_SENT;
	if (!c->seen_alive && !pg_alive(c)) {
		pg_drop(c);
		return PG_NOT_SENT;
	}
	c->seen_alive = false;
	outcome = attempt(c, a, statements, count, results, failed, deadline_ns, &repeatable);
	if (!repeatable)
		return outcome;
	/* A migration changed what a prepared statement answers: all is undone and asked anew. */
	if (pg_in_transaction(c)) {
		outcome = attempt(c, a, &rollback, 1, &undone, &ignored, deadline_ns, &repeatable);
		if (outcome != PG_OK)
			return outcome == PG_ERROR ? PG_UNKNOWN : outcome;
	}
	return attempt(c, a, statements, count, results, failed, deadline_ns, &repeatable);
}
