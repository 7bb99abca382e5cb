/*
 * batch_test.c -- many rows in one request: each its own answer, or all or nothing.
 */
#include "harness/state.h"
#include "harness/together.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BATCH "/v1/hour-entries:batch"

/* A row of HOURS for TEACHER from the source KEY. */
static const char *row(const char *teacher, const char *hours, const char *key)
{
	return text(
		"{\"teacher_id\": \"%s\", \"hours\": %s, \"level\": \"county\", \"activity_on\": "
		"\"2026-10-10\", \"source\": {\"kind\": \"adjustment\", \"key\": \"%s\"}}",
		teacher, hours, key);
}

static struct answer *post(struct client *c, const char *key, const char *body)
{
	return call(c, "POST", BATCH, body, "Idempotency-Key", key, NULL);
}

/* What was posted from sources that begin so. */
static long posted(struct world *w, const char *prefix)
{
	return strtol(
		world_value(
			w,
			"SELECT count(*)::text FROM hour_entry WHERE starts_with(source_key, $1)",
			prefix, NULL),
		NULL, 10);
}

static void every_row_gets_its_own_answer_in_its_place(void **state)
{
	struct world *w = *state;
	struct answer *a = post(w->county, "rows-1",
				text("{'items': [%s, %s]}", row(w->teacher_a1, "1.10", "rows-a"),
				     row(w->teacher_a2, "2.25", "rows-b")));

	expect(a, 200,
	       text("{'succeeded': 2, 'failed': 0, 'results': [{'index': 0, 'status': 201, 'data': "
		    "{'teacher_id': '%s', 'hours': 1.1}}, {'index': 1, 'status': 201, 'data': "
		    "{'teacher_id': '%s', 'hours': 2.25}}]}",
		    w->teacher_a1, w->teacher_a2));
	assert_null(strstr(a->body, "1.1000"));
	assert_string_equal(text_at(a, "results/0/id"), text_at(a, "results/0/data/id"));
	expect(GET(w->county, "/v1/hour-entries/%s", text_at(a, "results/1/id")), 200,
	       "{'hours': 2.25, 'source': {'kind': 'adjustment', 'key': 'rows-b'}}");
}

static void a_wrong_row_is_its_own_problem_and_no_one_elses(void **state)
{
	struct world *w = *state;
	struct answer *a =
		post(w->county, "mixed-1",
		     text("{'items': [%s, {'hours': 0, 'colour': 'red'}, %s, %s]}",
			  row(w->teacher_a1, "1", "mixed-a"), row(w->teacher_b1, "1", "mixed-b"),
			  row(w->teacher_a2, "1", "mixed-c")));
	struct answer inner = {.request = "row 1"};

	expect(a, 207, "{'succeeded': 2, 'failed': 2}");
	expect(a, 207,
	       "{'results': [{'index': 0, 'status': 201}, {'index': 1, 'status': 422, 'problem': {'code': "
	       "'unprocessable'}}, {'index': 2, 'status': 422}, {'index': 3, 'status': 201}]}");
	inner.json = json_at(a, "results/1/problem");
	expect_error(&inner, "#/teacher_id", "required");
	expect_error(&inner, "#/hours", "minimum");
	expect_error(&inner, "#/colour", "additional-property");
	/* Another county's teacher is not there. */
	inner.json = json_at(a, "results/2/problem");
	expect_error(&inner, "#/teacher_id", "not-found");
	assert_int_equal(posted(w, "mixed-"), 2);
}

static void an_atomic_batch_with_a_wrong_row_posts_nothing(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	struct answer *a = post(w->county, "atomic-1",
				text("{'atomic': true, 'items': [%s, {'hours': 'x'}, %s]}",
				     row(w->teacher_a1, "1", "atomic-a"),
				     row(w->teacher_b1, "1", "atomic-b")));

	expect(a, 422, "{'code': 'batch-failed'}");
	/* Each row's problem, and what is wrong within it. */
	expect_error(a, "#/items/1", "unprocessable");
	expect_error(a, "#/items/1/hours", "type");
	expect_error(a, "#/items/1/teacher_id", "required");
	expect_error(a, "#/items/2/teacher_id", "not-found");
	expect_state(w, before);
	expect(post(w->county, "atomic-1",
		    text("{'atomic': true, 'items': [%s]}", row(w->teacher_a1, "1", "atomic-a"))),
	       200, "{'succeeded': 1}");
}

static void one_source_credits_once_within_a_batch_too(void **state)
{
	struct world *w = *state;
	struct answer *a =
		post(w->county, "twice-1",
		     text("{'items': [%s, %s, %s]}", row(w->teacher_a1, "1", "twice-a"),
			  row(w->teacher_a1, "2", "twice-a"), row(w->teacher_a2, "1", "twice-a")));

	expect(a, 207,
	       "{'results': [{'status': 201}, {'status': 409, 'problem': {'code': 'already-credited'}}, "
	       "{'status': 201}]}");
	a = post(w->county, "twice-2", text("{'items': [%s]}", row(w->teacher_a1, "1", "twice-a")));
	expect(a, 207, "{'succeeded': 0, 'failed': 1, 'results': [{'status': 409}]}");
}

/* A batch of COUNT rows for the first teacher; malloc'd. */
static char *many(struct world *w, int count, const char *prefix)
{
	char *body = malloc((size_t)count * 300 + 100), *at = body;
	int i;

	assert_non_null(body);
	at = stpcpy(at, "{\"items\": [");
	for (i = 0; i < count; i++)
		at += sprintf(at, "%s%s", i ? "," : "",
			      row(w->teacher_a1, "0.01", text("%s%d", prefix, i)));
	strcpy(at, "]}");
	return body;
}

static void five_hundred_rows_are_taken_and_one_more_is_not(void **state)
{
	struct world *w = *state;
	char *body = many(w, 500, "many-");
	struct answer *a = post(w->county, "many-1", body);
	const char *before;

	expect(a, 200, "{'succeeded': 500, 'failed': 0}");
	assert_int_equal(posted(w, "many-"), 500);
	free(body);
	before = world_state(w);
	body = many(w, 501, "more-");
	a = post(w->county, "many-2", body);
	expect(a, 422, NULL);
	expect_error(a, "#/items", "max-items");
	free(body);
	expect_error(post(w->county, "many-3", "{'items': []}"), "#/items", "min-items");
	expect_error(post(w->county, "many-4", "{'items': [5]}"), "#/items/0", "type");
	expect_state(w, before);
}

static void a_batch_sent_again_is_answered_again(void **state)
{
	struct world *w = *state;
	const char *body =
		text("{'items': [%s, {'hours': 1}]}", row(w->teacher_a1, "1", "replay-a"));
	struct answer *first = post(w->county, "replay-1", body), *second;
	const char *before = world_state(w);

	expect(first, 207, NULL);
	second = post(w->county, "replay-1", body);
	expect(second, 207, NULL);
	assert_string_equal(header_of(second, "Idempotency-Replayed"), "true");
	assert_string_equal(second->body, first->body);
	expect_state(w, before);
	expect(call(w->county, "POST", BATCH, body, "Idempotency-Key", "", NULL), 428, NULL);
}

static void a_dry_batch_answers_every_row_and_posts_none(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);

	expect(call(w->county, "POST", BATCH "?validate_only=true",
		    text("{'items': [%s, {'hours': 1}]}", row(w->teacher_a1, "1", "dry-a")), NULL),
	       207, "{'succeeded': 1, 'failed': 1}");
	expect_state(w, before);
}

/* A batch over both teachers, forwards or backwards. */
static const char *crossing(struct world *w, int number)
{
	char *list = arena_strdup(w->arena, "");
	int i;

	for (i = 0; i < 20; i++)
		list = arena_printf(w->arena, "%s%s%s", list, i ? "," : "",
				    row((i + number) % 2 ? w->teacher_a1 : w->teacher_a2, "0.01",
					text("cross-%d-%d", number, i)));
	return arena_printf(w->arena, "{\"items\": [%s]}", list);
}

static void batches_that_overlap_do_not_lock_each_other_out(void **state)
{
	enum { CROWD = 6 };
	struct world *w = *state;
	struct sent list[CROWD];
	int i, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < CROWD; i++) {
			const char *body = crossing(w, round * CROWD + i);

			list[i] = sent_new(w, w->county, "POST", BATCH, body,
					   text("cross-%d-%d", round, i));
		}
		together(w, list, CROWD);
		for (i = 0; i < CROWD; i++)
			if (list[i].status != 200)
				fail_msg("%d %.1000s", list[i].status, list[i].body);
	}
	assert_int_equal(posted(w, "cross-"), 4 * CROWD * 20);
}

static void a_county_posts_for_its_own_people_only(void **state)
{
	struct world *w = *state;
	struct answer *a = post(w->other_county, "county-1",
				text("{'items': [%s, %s]}", row(w->teacher_b1, "1", "county-a"),
				     row(w->teacher_a1, "1", "county-b")));
	struct answer inner = {.request = "row 1", .json = json_at(a, "results/1/problem")};

	expect(a, 207, "{'results': [{'status': 201}, {'status': 422}]}");
	expect_error(&inner, "#/teacher_id", "not-found");
	assert_int_equal(posted(w, "county-"), 1);
	expect(post(w->school, "county-2",
		    text("{'items': [%s]}", row(w->teacher_a1, "1", "county-c"))),
	       403, "{'code': 'insufficient-scope'}");
}

/* Its scope is not what it lacks. */
static void a_client_of_a_school_is_told_that_hours_are_posted_for_the_county(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, "client", w->county_a, w->school_a1, NULL,
				      "hours:write imports:read");
	struct answer *a = call(c, "POST", "/v1/hour-entries", row(w->teacher_a1, "1", "bound-a"),
				"Idempotency-Key", "bound-1", NULL);

	expect(a, 403, "{'code': 'needs-county'}");
	assert_string_equal(header_of(a, "WWW-Authenticate"), "");
	expect(post(c, "bound-2", text("{'items': [%s]}", row(w->teacher_a1, "1", "bound-b"))), 207,
	       "{'results': [{'status': 403, 'problem': {'code': 'needs-county'}}]}");
	expect(call_bytes(c, "POST", "/v1/hour-imports?filename=list.csv", "x", 1, "Content-Type",
			  "text/csv", NULL),
	       403, "{'code': 'needs-county'}");
	assert_int_equal(posted(w, "bound-"), 0);
	/* Nor is there anything that is not found where the address names nothing. */
	c = client_new(w, "client", w->county_a, w->school_a1, NULL, "county:write");
	expect(call(c, "PATCH", "/v1/county", "{'name': '示例县'}", "If-Match", "*", NULL), 403,
	       "{'code': 'needs-county'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_gets_its_own_answer_in_its_place),
		cmocka_unit_test(a_wrong_row_is_its_own_problem_and_no_one_elses),
		cmocka_unit_test(an_atomic_batch_with_a_wrong_row_posts_nothing),
		cmocka_unit_test(one_source_credits_once_within_a_batch_too),
		cmocka_unit_test(five_hundred_rows_are_taken_and_one_more_is_not),
		cmocka_unit_test(a_batch_sent_again_is_answered_again),
		cmocka_unit_test(a_dry_batch_answers_every_row_and_posts_none),
		cmocka_unit_test(batches_that_overlap_do_not_lock_each_other_out),
		cmocka_unit_test(a_county_posts_for_its_own_people_only),
		cmocka_unit_test(a_client_of_a_school_is_told_that_hours_are_posted_for_the_county),
	};

	return cmocka_run_group_tests_name("batch", tests, world_begin, world_end);
}
