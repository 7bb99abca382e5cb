/*
 * db.c -- a request's words with PostgreSQL: db().
 *
 * A read is one round trip: settings, query, Sync, in one implicit transaction.  A write that
 * needs no second look (no handler, no key, no dry run) is the same.  Any other write begins
 * with BEGIN, settings, replay and its effect in one round trip, and ends in transaction.c.
 */
#include "db_private.h"

#include "clock.h"
#include "fingerprint.h"
#include "json.h"
#include "settings.h"

#include <string.h>

enum { STATEMENTS_MAX = 8, TRIES = 3 };

bool needs_transaction(const struct request *r)
{
	return r->operation->writes && (r->operation->has_handler || r->operation->batch_of ||
					r->idempotency_key || r->validate_only);
}

bool compose_settings(struct request *r, struct statement *out)
{
	const char *subject = r->operation->subject ? value(r, r->operation->subject) : NULL;
	/* A plain read records nothing, so it need not say what it is. */
	const bool records = r->operation->writes || r->operation->has_handler;

	return settings_compose(r->service, r->arena, &r->actor, subject,
				records ? r->out->request_id : NULL,
				records ? r->operation->id : NULL, out);
}

bool compose_named(struct request *r, const char *query, struct statement *out)
{
	int number = query_number(r->service->queries, query);

	return number >= 0 && query_compose(query_get(r->service->queries, number), r->arena,
					    request_lookup, r, NULL, NULL, out);
}

/*
 * What makes two requests the same: operation, path, query and body.  Not validate_only: the real
 * call may follow its dry run under the same key.
 */
static char *replay_content(struct request *r, size_t *length)
{
	char *text = arena_printf(r->arena, "%s %.*s\n", r->operation->id,
				  (int)strcspn(r->in->target, "?"), r->in->target);
	size_t i;
	char *whole;

	for (i = 0; text && i < r->target.query_count; i++)
		if (strcmp(r->target.query[i].name, "validate_only"))
			text = arena_printf(r->arena, "%s%s=%s\n", text, r->target.query[i].name,
					    r->target.query[i].value);
	if (!text)
		return NULL;
	*length = strlen(text);
	whole = arena_alloc(r->arena, *length + r->in->body_length + 1);
	if (!whole)
		return NULL;
	memcpy(whole, text, *length);
	if (r->in->body_length)
		memcpy(whole + *length, r->in->body, r->in->body_length);
	*length += r->in->body_length;
	return whole;
}

/*
 * The hash is keyed: a body may hold an identity number, which a plain one would give away.  The
 * key is the oldest, which stays the same when one is added.  Once it is removed, what is sent
 * again under a key of before hashes differently and is refused as reused (422), never done
 * twice; that ends when the stored answers do, after QINGLAN_IDEMPOTENCY_DAYS.
 */
static bool compose_replay(struct request *r, struct statement *out)
{
	struct seal *seal = r->service->seal;
	char digest[67], *hash;
	size_t length;
	char *content = replay_content(r, &length);

	if (!content)
		return false;
	fingerprint_sha256(content, length, digest);
	hash = seal_hash(seal, r->arena, "replay", seal_key_at(seal, 0), digest);
	if (!hash)
		return false;
	bind_value(r, BOUND_replay_key, r->idempotency_key);
	bind_value(r, BOUND_replay_operation, r->operation->id);
	bind_value(r, BOUND_replay_hash, hash);
	return compose_named(r, "replay", out);
}

/* What stands before the effect in its round trip; the number of statements or -1. */
static int compose_opening(struct request *r, struct statement *list)
{
	static const struct statement begin = {.name = "begin", .sql = "BEGIN"};
	int count = 0;

	if (r->in_transaction)
		return 0;
	if (needs_transaction(r))
		list[count++] = begin;
	if (r->authenticated && !compose_settings(r, &list[count++]))
		return -1;
	if (needs_transaction(r) && r->idempotency_key && !compose_replay(r, &list[count++]))
		return -1;
	return count;
}

enum pg_outcome db_send(struct request *r, struct statement *list, int count, PGresult **results,
			PGresult **failed)
{
	int64_t before = clock_monotonic_ns();
	enum pg_outcome outcome;

	*failed = NULL;
	outcome =
		pg_pipeline(r->worker->app, r->arena, list, count, results, failed, r->deadline_ns);
	r->out->db_ns += clock_monotonic_ns() - before;
	return outcome;
}

/* True when the work was undone for a reason that another try may not meet. */
static bool worth_another_try(struct request *r, enum pg_outcome outcome, const PGresult *failed)
{
	const char *state;

	if (clock_monotonic_ns() >= r->deadline_ns)
		return false;
	if (outcome == PG_NOT_SENT)
		return true;
	/* Lost before a COMMIT was sent, or reading only: nothing can have happened. */
	if (outcome == PG_UNKNOWN)
		return !r->operation->writes || needs_transaction(r);
	state = pg_sqlstate(failed);
	return !strcmp(state, "40001") || !strcmp(state, "40P01") || !strcmp(state, "26000") ||
	       !strcmp(state, "0A000");
}

/* Sends opening and LIST's tail; the results of the tail, or NULL with the problem recorded. */
static PGresult **run(struct request *r, struct statement *list, int opening, int count)
{
	PGresult **results = arena_alloc(r->arena, sizeof(PGresult *) * STATEMENTS_MAX);
	PGresult *failed;
	enum pg_outcome outcome;
	int tries;

	if (!results)
		return problem(r, UNAVAILABLE, NULL), NULL;
	for (tries = 1;; tries++) {
		/* Within a transaction of ours, or not within any. */
		if (r->in_transaction ? !pg_ready(r->worker->app) : !pg_fresh(r->worker->app))
			return problem(r, UNAVAILABLE, NULL), NULL;
		outcome = db_send(r, list, count, results, &failed);
		if (outcome == PG_OK)
			break;
		if (opening && needs_transaction(r) && outcome == PG_ERROR)
			transaction_abandon(r);
		if (r->asked || tries == TRIES || !worth_another_try(r, outcome, failed))
			break;
	}
	if (opening && needs_transaction(r) && outcome == PG_OK)
		r->in_transaction = true;
	if (outcome == PG_OK) {
		r->asked = true;
		return results + opening;
	}
	if (outcome != PG_ERROR)
		r->in_transaction = false;
	if (outcome == PG_ERROR)
		problem_from_database(r, failed);
	else
		problem(r,
			outcome == PG_UNKNOWN && r->operation->writes && !needs_transaction(r)
				? OUTCOME_UNKNOWN
				: UNAVAILABLE,
			NULL);
	return NULL;
}

PGresult **db_run(struct request *r, const struct statement *tail, int tail_count)
{
	struct statement list[STATEMENTS_MAX];
	int opening;

	if (r->problem || r->replayed)
		return NULL;
	opening = compose_opening(r, list);
	if (opening < 0 || opening + tail_count > STATEMENTS_MAX)
		return problem(r, UNAVAILABLE, NULL), NULL;
	/* A parameter that there was no memory for. */
	if (r->problem)
		return NULL;
	memcpy(list + opening, tail, sizeof *tail * (size_t)tail_count);
	return run(r, list, opening, opening + tail_count);
}

const PGresult *db(struct request *r, int number)
{
	const struct query *q = query_get(r->service->queries, number);
	const char *fields = NULL;
	struct statement statement;
	PGresult **results;

	if (r->problem || r->replayed)
		return NULL;
	if (number == r->service->operation_query[r->operation->number])
		fields = fields_wanted(r);
	if (!query_compose(q, r->arena, request_lookup, r, NULL, fields, &statement))
		return problem(r, UNAVAILABLE, NULL), NULL;
	results = db_run(r, &statement, 1);
	if (!results)
		return NULL;
	if (query_kind(q) == QUERY_ONE && pg_rows(results[0]) == 0)
		return problem(r, hidden_problem(r), NULL), NULL;
	return results[0];
}
