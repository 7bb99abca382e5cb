/*
 * transaction.c -- the end of a write: its answer is stored in the same transaction as its effect.
 *
 * No answer leaves before the COMMIT is known: deferred constraints speak only there.  A
 * connection lost after the COMMIT was sent leaves the outcome unknown, and it is never sent
 * again by us.
 */
#include "db_private.h"

#include "json.h"

#include <string.h>

void transaction_abandon(struct request *r)
{
	struct statement rollback = {.name = "rollback", .sql = "ROLLBACK"};
	PGresult *result, *failed;

	/* What cannot be rolled back ends with its connection; the next request opens another. */
	if (pg_in_transaction(r->worker->app) &&
	    db_send(r, &rollback, 1, &result, &failed) != PG_OK)
		pg_drop(r->worker->app);
	r->in_transaction = false;
}

/*
 * The answer as replay() will give it back: status, the headers that matter, and the body as text.
 */
static char *answer_text(struct request *r)
{
	static const char *const kept[] = {"ETag", "Location", "Content-Type"};
	const char *body = r->out->body ? r->out->body : "";
	json_t *headers = json_object(), *whole;
	size_t i;

	for (i = 0; i < sizeof kept / sizeof *kept; i++) {
		const char *text = reply_header_value(r->out, kept[i]);

		if (text)
			json_object_set_new(headers, kept[i], json_string(text));
	}
	whole = arena_json(r->arena, json_pack("{si so ss%}", "status", r->out->status, "headers",
					       headers, "body", body, r->out->body_length));
	return whole ? json_text(r->arena, whole) : NULL;
}

/* Checks what is deferred, then undoes everything. */
static int finish_dry_run(struct request *r)
{
	struct statement check = {.name = "constraints", .sql = "SET CONSTRAINTS ALL IMMEDIATE"};
	PGresult *result, *failed;
	enum pg_outcome outcome = db_send(r, &check, 1, &result, &failed);

	if (outcome == PG_ERROR)
		problem_from_database(r, failed);
	else if (outcome != PG_OK)
		problem(r, UNAVAILABLE, NULL);
	transaction_abandon(r);
	return r->problem ? problem_info(r->problem)->status : 0;
}

static int finish_commit(struct request *r)
{
	struct statement list[3];
	PGresult *results[3], *failed;
	enum pg_outcome outcome;
	int count = 0, commit;

	if (r->idempotency_key) {
		char *text = answer_text(r);

		bind_value(r, BOUND_replay_answer, text);
		bind_value(r, BOUND_replay_days,
			   arena_printf(r->arena, "%ld", r->service->config->idempotency_days));
		if (!text || !compose_named(r, "store_answer", &list[count++])) {
			transaction_abandon(r);
			return problem(r, UNAVAILABLE, NULL);
		}
	}
	commit = count;
	list[count++] = (struct statement){.name = "commit", .sql = "COMMIT"};
	/* After the commit, not in it, where it would cost every write its rate. */
	if (r->out->status == 202)
		list[count++] = (struct statement){.name = "notify", .sql = "NOTIFY qinglan"};
	outcome = db_send(r, list, count, results, &failed);
	r->in_transaction = false;
	/* Done, whatever became of the notification: who waits for one looks by himself, too. */
	if (results[commit])
		return 0;
	if (outcome == PG_ERROR) {
		problem_from_database(r, failed);
		transaction_abandon(r);
	} else {
		problem(r, outcome == PG_NOT_SENT ? UNAVAILABLE : OUTCOME_UNKNOWN, NULL);
	}
	return problem_info(r->problem)->status;
}

int step_finish(struct request *r)
{
	if (!r->in_transaction)
		return 0;
	if (r->problem || r->replayed || r->out->status >= 300) {
		transaction_abandon(r);
		return 0;
	}
	return r->validate_only ? finish_dry_run(r) : finish_commit(r);
}
