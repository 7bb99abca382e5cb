/*
 * idempotency_test.c -- the same POST again has one effect and one answer.
 *
 * Also the dry run, which goes the same way and leaves nothing.
 */
#include "harness/state.h"
#include "harness/together.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A body for a school that is not there yet. */
static const char *new_school(void)
{
	static int number;

	number++;
	return text("{\"code\": \"21996%05d\", \"name\": \"第%d小学\", \"stages\": [\"primary\"]}",
		    number, number);
}

static struct answer *post(struct client *c, const char *target, const char *key, const char *body)
{
	return call(c, "POST", target, body, "Idempotency-Key", key, NULL);
}

static long rows(struct world *w, const char *table)
{
	return strtol(world_value(w, text("SELECT count(*)::text FROM %s", table), NULL), NULL, 10);
}

static void the_same_again_gets_the_first_answer_and_no_effect(void **state)
{
	struct world *w = *state;
	const char *body = new_school(), *before;
	struct answer *first = post(w->county, "/v1/schools", "again-1", body), *second;

	expect(first, 201, NULL);
	assert_string_equal(header_of(first, "Idempotency-Replayed"), "");
	before = world_state(w);
	second = post(w->county, "/v1/schools", "again-1", body);
	expect(second, 201, NULL);
	assert_string_equal(second->body, first->body);
	assert_string_equal(header_of(second, "Idempotency-Replayed"), "true");
	assert_string_not_equal(header_of(first, "ETag"), "");
	assert_string_equal(header_of(second, "ETag"), header_of(first, "ETag"));
	assert_string_equal(header_of(second, "Location"),
			    text("/v1/schools/%s", text_at(first, "id")));
	assert_string_equal(header_of(second, "Location"), header_of(first, "Location"));
	assert_string_equal(header_of(second, "Content-Type"), "application/json");
	assert_string_not_equal(header_of(second, "X-Request-Id"),
				header_of(first, "X-Request-Id"));
	expect_state(w, before);
}

static void another_body_under_the_same_key_is_refused(void **state)
{
	struct world *w = *state;
	const char *body = new_school(), *before;

	expect(post(w->county, "/v1/schools", "other-1", body), 201, NULL);
	before = world_state(w);
	expect(post(w->county, "/v1/schools", "other-1", new_school()), 422,
	       "{'code': 'idempotency-key-reused'}");
	expect(post(w->county, "/v1/schools", "other-1", text("%s ", body)), 422,
	       "{'code': 'idempotency-key-reused'}");
	expect_state(w, before);
}

static const char *new_teacher(const char *name, const char *school_id)
{
	return text("{'name': '%s', 'birth_on': '1990-01-01', 'school_id': '%s'}", name, school_id);
}

static void somebody_elses_key_is_another_key(void **state)
{
	struct world *w = *state;
	struct answer *a;

	expect(post(w->county, "/v1/teachers", "shared", new_teacher("冯一", w->school_a1)), 201,
	       NULL);
	a = post(w->school, "/v1/teachers", "shared", new_teacher("冯二", w->school_a1));
	expect(a, 201, "{'name': '冯二'}");
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "");
	expect(post(w->other_county, "/v1/teachers", "shared", new_teacher("冯三", w->school_b1)),
	       201, "{'name': '冯三'}");
	/* The same actor may use it for another operation. */
	expect(post(w->county, "/v1/schools", "shared", new_school()), 201, NULL);
}

static void a_key_in_quotes_is_the_key_without(void **state)
{
	struct world *w = *state;
	const char *body = new_school();
	struct answer *a;

	expect(post(w->county, "/v1/schools", "\"quoted-1\"", body), 201, NULL);
	a = post(w->county, "/v1/schools", "quoted-1", body);
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "true");
}

static void a_key_that_is_none_is_refused(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	char longest[257];

	memset(longest, 'k', 256);
	longest[256] = '\0';
	expect_error(post(w->county, "/v1/schools", longest, new_school()), "Idempotency-Key",
		     "max-length");
	expect_error(post(w->county, "/v1/schools", "two words", new_school()), "Idempotency-Key",
		     "pattern");
	expect(post(w->county, "/v1/schools", "钥匙", new_school()), 400, NULL);
	expect_state(w, before);
}

static void only_what_succeeded_is_kept(void **state)
{
	struct world *w = *state;
	const char *wrong = "{'code': '2199700001', 'name': '重码小学', 'stages': ['primary']}";
	const char *before = world_state(w);

	expect(post(w->county, "/v1/schools", "failed-1", wrong), 409,
	       "{'code': 'school-code-taken'}");
	expect(post(w->county, "/v1/schools", "failed-1", "{'code': 1}"), 422, NULL);
	expect_state(w, before);
	expect(post(w->county, "/v1/schools", "failed-1", new_school()), 201, NULL);
}

static void a_dry_run_says_what_would_be_and_leaves_nothing(void **state)
{
	struct world *w = *state;
	const char *body = new_school(), *before = world_state(w);
	struct answer *a = post(w->county, "/v1/schools?validate_only=true", "dry-1", body);

	expect(a, 201, "{'version': 1, 'town': ''}");
	expect_state(w, before);
	expect(call(w->county, "PATCH", text("/v1/schools/%s?validate_only=true", w->school_a1),
		    "{'town': '空镇'}", "If-Match", "*", NULL),
	       200, "{'town': '空镇'}");
	expect(post(w->county, "/v1/schools?validate_only=true", "dry-2",
		    "{'code': '2199700001', 'name': '重码小学', 'stages': ['primary']}"),
	       409, "{'code': 'school-code-taken'}");
	expect(call(w->county, "POST", "/v1/schools?validate_only=true", body, "Idempotency-Key",
		    "", NULL),
	       201, NULL);
	expect_state(w, before);
	/* The key is still free, and the effect still to come. */
	a = post(w->county, "/v1/schools", "dry-1", body);
	expect(a, 201, NULL);
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "");
	a = post(w->county, "/v1/schools?validate_only=true", "dry-1", body);
	expect(a, 201, NULL);
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "true");
}

static void the_answer_comes_again_although_the_tag_is_stale_by_then(void **state)
{
	struct world *w = *state;
	struct answer *made = post(w->county, "/v1/schools", "stale-1", new_school()), *a;
	const char *close = text("%s/close", header_of(made, "Location"));

	a = call(w->county, "POST", close, "{'ended_on': '2026-08-31'}", "If-Match",
		 header_of(made, "ETag"), "Idempotency-Key", "stale-2", NULL);
	expect(a, 200, "{'status': 'closed'}");
	a = call(w->county, "POST", close, "{'ended_on': '2026-08-31'}", "If-Match",
		 header_of(made, "ETag"), "Idempotency-Key", "stale-2", NULL);
	expect(a, 200, "{'status': 'closed'}");
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "true");
	a = call(w->county, "POST", close, "{'ended_on': '2026-08-31'}", "If-Match",
		 header_of(made, "ETag"), "Idempotency-Key", "stale-3", NULL);
	assert_in_range(a->status, 409, 412);
}

static void the_same_key_at_once_has_one_effect(void **state)
{
	enum { CROWD = 8, ROUNDS = 5 };
	struct world *w = *state;
	struct sent list[CROWD];
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		const char *body = new_school();
		long before = rows(w, "school");
		size_t first = 0;

		for (i = 0; i < CROWD; i++)
			list[i] = sent_new(w, w->county, "POST", "/v1/schools", body,
					   text("at-once-%d", round));
		together(w, list, CROWD);
		assert_int_equal(rows(w, "school"), before + 1);
		for (i = 0; i < CROWD; i++) {
			first += list[i].status == 201 && !list[i].replayed;
			if (list[i].status == 409)
				assert_non_null(strstr(list[i].body, "idempotency-in-progress"));
		}
		assert_int_equal(first, 1);
		assert_int_equal(answered(list, CROWD, 201) + answered(list, CROWD, 409), CROWD);
	}
}

static void a_posted_hour_is_never_counted_twice(void **state)
{
	enum { CROWD = 6 };
	struct world *w = *state;
	const char *body = text("{\"teacher_id\": \"%s\", \"hours\": 1.5, \"level\": \"county\", "
				"\"activity_on\": \"2026-10-10\", \"source\": {\"kind\": "
				"\"adjustment\", \"key\": \"once\"}}",
				w->teacher_a1);
	struct sent list[CROWD];
	int i;

	expect(call(w->county, "POST", "/v1/hour-entries", body, "Idempotency-Key", "", NULL), 428,
	       "{'code': 'precondition-required', 'header': 'Idempotency-Key', "
	       "'errors': [{'header': 'Idempotency-Key', 'code': 'idempotency-key-missing'}]}");
	for (i = 0; i < CROWD; i++)
		list[i] = sent_new(w, w->county, "POST", "/v1/hour-entries", body,
				   text("hour-%d", i % 2));
	together(w, list, CROWD);
	for (i = 0; i < CROWD; i++)
		if (list[i].status != 201 && list[i].status != 409)
			fail_msg("%d %s", list[i].status, list[i].body);
	assert_true(answered(list, CROWD, 201) >= 1);
	expect_sql(w, "1.50", "SELECT sum(hours) FROM hour_entry WHERE source_key = 'once'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_again_gets_the_first_answer_and_no_effect),
		cmocka_unit_test(another_body_under_the_same_key_is_refused),
		cmocka_unit_test(somebody_elses_key_is_another_key),
		cmocka_unit_test(a_key_in_quotes_is_the_key_without),
		cmocka_unit_test(a_key_that_is_none_is_refused),
		cmocka_unit_test(only_what_succeeded_is_kept),
		cmocka_unit_test(a_dry_run_says_what_would_be_and_leaves_nothing),
		cmocka_unit_test(the_answer_comes_again_although_the_tag_is_stale_by_then),
		cmocka_unit_test(the_same_key_at_once_has_one_effect),
		cmocka_unit_test(a_posted_hour_is_never_counted_twice),
	};

	return cmocka_run_group_tests_name("idempotency", tests, world_begin, world_end);
}
