/*
 * transaction_test.c -- what one request leaves on its connection is never another's.
 *
 * The requests here run out of memory, or find a connection that somebody left in a
 * transaction, or lose what stands behind their COMMIT.
 */
#include "harness/together.h"
#include "kernel/clock.h"
#include "kernel/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 16 * 1024, BLOCKS_MAX = 3, STEP = 128 };

/* Runs one statement on the worker's own connection. */
static enum pg_outcome on_its_connection(struct world *w, const char *sql)
{
	const struct statement s = {.name = "", .sql = sql};
	PGresult *result, *failed;

	return pg_pipeline(w->worker->app, w->arena, &s, 1, &result, &failed,
			   clock_monotonic_ns() + INT64_C(10000000000));
}

struct tally {
	int made, unknown, cut; /* answered 201; unknown; refused after the database was asked */
};

/* A new school from a worker that has CEILING bytes, and a body that takes PAD more of them. */
static void create_within(struct world *w, size_t ceiling, size_t pad, struct tally *t)
{
	struct arena *roomy = w->worker->arena, *tiny = arena_new(ceiling);
	static char body[BLOCK + 300];
	struct reply reply;
	struct sent s;
	int length;

	assert_non_null(tiny);
	length = sprintf(body,
			 "{\"code\": \"21995%05d\", \"name\": \"校\", \"stages\": [\"primary\"]}",
			 (int)(ceiling / BLOCK * 1000 + pad / STEP));
	memset(body + length, ' ', pad);
	body[(size_t)length + pad] = '\0';
	s = sent_new(w, w->county, "POST", "/v1/schools", body, text("tiny-%zu-%zu", ceiling, pad));
	w->worker->arena = tiny;
	request_run(w->worker, &s.message, &reply);
	w->worker->arena = roomy;
	if (reply.status != 201 && reply.status != 503)
		fail_msg("%zu, %zu: %d %.300s", ceiling, pad, reply.status, reply.body);
	t->made += reply.status == 201;
	t->cut += reply.status == 503 && reply.db_ns > 0;
	/* There may be no memory left to say which of the two it is. */
	t->unknown += reply.status == 503 && reply.db_ns > 0 &&
		      (!reply.body_length || strstr(reply.body, "outcome-unknown"));
	arena_free(tiny);
}

static void who_runs_out_of_memory_leaves_no_transaction_to_the_next(void **state)
{
	struct world *w = *state;
	struct tally t = {0};
	size_t ceiling, pad;
	long rows;

	for (ceiling = BLOCK; ceiling <= BLOCKS_MAX * BLOCK; ceiling += BLOCK)
		for (pad = 0; pad < BLOCK; pad += STEP) {
			struct answer *a;

			create_within(w, ceiling, pad, &t);
			assert_false(pg_in_transaction(w->worker->app));
			a = GET(w->other_county, "/v1/schools?page_size=200");
			expect(a, 200, text("{'data': [{'id': '%s'}]}", w->school_b1));
			assert_int_equal(count_at(a, "data"), 1);
		}
	assert_true(t.made > 0 && t.cut > 0);
	rows = strtol(
		world_value(w, "SELECT count(*)::text FROM school WHERE code LIKE '21995%'", NULL),
		NULL, 10);
	assert_in_range(rows, t.made, t.made + t.unknown);
}

static void a_transaction_that_was_left_open_ends_before_a_request_begins(void **state)
{
	static const char *const left[] = {"SELECT 1", "SELECT 1/0"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof left / sizeof *left; i++) {
		expect(GET(w->county, "/v1/schools/%s", w->school_a1), 200, NULL);
		assert_int_equal(on_its_connection(w, "BEGIN READ ONLY"), PG_OK);
		(void)on_its_connection(w, left[i]);
		assert_true(pg_in_transaction(w->worker->app));
		expect(GET(w->other_county, "/v1/schools/%s", w->school_a1), 404, NULL);
		assert_false(pg_in_transaction(w->worker->app));
		assert_int_equal(on_its_connection(w, "BEGIN READ ONLY"), PG_OK);
		expect(POST(w->county, "/v1/schools",
			    text("{'code': '219940000%zu', 'name': '新校', 'stages': ['primary']}",
				 i)),
		       201, NULL);
	}
}

/* A file of teachers to be imported, under a key of its own. */
static struct answer *import(struct world *w, int number)
{
	static const char roster[] = "姓名\r\n甲\r\n";

	return call_bytes(w->county, "POST", "/v1/teacher-imports?filename=list.csv", roster,
			  sizeof roster - 1, "Content-Type", "text/csv", "Idempotency-Key",
			  text("notify-%d", number), NULL);
}

static void a_notification_that_fails_does_not_undo_what_was_committed(void **state)
{
	struct world *w = *state;
	struct answer *a;

	expect(import(w, 1), 202, NULL);
	/* The statement is gone behind the worker's back, as when the queue is full. */
	assert_int_equal(on_its_connection(w, "DEALLOCATE notify"), PG_OK);
	a = import(w, 2);
	expect(a, 202, NULL);
	expect(GET(w->county, "%s", header_of(a, "Location")), 200, NULL);
	assert_false(pg_in_transaction(w->worker->app));
	expect(import(w, 2), 202, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_runs_out_of_memory_leaves_no_transaction_to_the_next),
		cmocka_unit_test(a_transaction_that_was_left_open_ends_before_a_request_begins),
		cmocka_unit_test(a_notification_that_fails_does_not_undo_what_was_committed),
	};

	return cmocka_run_group_tests_name("transaction", tests, world_begin, world_end);
}
