/*
 * limit_test.c -- how many requests pass, and what those that do not are told.
 */
#include "kernel/limit.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t SECOND = 1000000000;
static const int64_t START = INT64_C(12345678901234);

/* How many of COUNT requests pass at NOW. */
static long passing(struct limit *l, const char *key, long count, int64_t now)
{
	long passed = 0;

	for (long i = 0; i < count; i++)
		passed += limit_take(l, key, now, NULL);
	return passed;
}

static void a_burst_of_a_minute_s_quota_passes_and_no_more(void **state)
{
	static const long QUOTAS[] = {1, 2, 7, 60, 61, 1000, 600000};

	(void)state;
	for (size_t i = 0; i < sizeof QUOTAS / sizeof *QUOTAS; i++) {
		struct limit *l = limit_new(QUOTAS[i]);

		assert_non_null(l);
		assert_int_equal(passing(l, "a", QUOTAS[i] + 50, START), QUOTAS[i]);
		limit_free(l);
	}
}

static void tokens_come_back_evenly(void **state)
{
	struct limit *l = limit_new(60);

	(void)state;
	assert_int_equal(passing(l, "a", 100, START), 60);
	assert_int_equal(passing(l, "a", 5, START + SECOND - 1), 0);
	assert_int_equal(passing(l, "a", 5, START + SECOND), 1);
	assert_int_equal(passing(l, "a", 5, START + 3 * SECOND), 2);
	assert_int_equal(passing(l, "a", 100, START + 33 * SECOND), 30);
	/* However long it rests, never more than one quota. */
	assert_int_equal(passing(l, "a", 100, START + 100000 * SECOND), 60);
	limit_free(l);
}

static void over_an_hour_no_more_than_the_quota_passes(void **state)
{
	struct limit *l = limit_new(30);
	long passed = 0;

	(void)state;
	for (int64_t at = 0; at < 3600; at++)
		passed += passing(l, "a", 3, START + at * SECOND);
	/* One burst and what came back since. */
	assert_int_equal(passed, 30 + 3599 / 2);
	limit_free(l);
}

static void a_refused_request_costs_nothing(void **state)
{
	struct limit *l = limit_new(60);

	(void)state;
	assert_int_equal(passing(l, "a", 100000, START), 60);
	assert_int_equal(passing(l, "a", 100, START + 10 * SECOND), 10);
	limit_free(l);
}

static void keys_do_not_share(void **state)
{
	struct limit *l = limit_new(5);
	long full = 0;
	char key[20];

	(void)state;
	assert_int_equal(passing(l, "10.0.0.1", 10, START), 5);
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "10.1.%d.%d", i / 250, i % 250);
		full += passing(l, key, 5, START) == 5;
	}
	/* 1,000 keys in 65,536 buckets: about eight pairs meet. */
	assert_true(full > 950);
	limit_free(l);
}

static void each_table_spreads_its_keys_by_a_secret_of_its_own(void **state)
{
	struct limit *one = limit_new(1), *two = limit_new(1);
	int differently = 0;
	char key[20];

	(void)state;
	for (int i = 0; i < 60000; i++) {
		snprintf(key, sizeof key, "k%d", i);
		differently +=
			limit_take(one, key, START, NULL) != limit_take(two, key, START, NULL);
	}
	assert_true(differently > 1000);
	limit_free(one);
	limit_free(two);
}

static void the_state_says_what_is_left_and_when_it_is_whole(void **state)
{
	struct limit *l = limit_new(60);
	struct limit_state s;

	(void)state;
	assert_true(limit_take(l, "a", START, &s));
	assert_int_equal(s.quota, 60);
	assert_int_equal(s.remaining, 59);
	assert_int_equal(s.reset_seconds, 1);
	assert_int_equal(s.retry_seconds, 0);
	assert_int_equal(passing(l, "a", 58, START), 58);
	assert_true(limit_take(l, "a", START, &s));
	assert_int_equal(s.remaining, 0);
	assert_int_equal(s.reset_seconds, 60);
	assert_false(limit_take(l, "a", START, &s));
	assert_int_equal(s.quota, 60);
	assert_int_equal(s.remaining, 0);
	assert_int_equal(s.reset_seconds, 60);
	assert_int_equal(s.retry_seconds, 1);
	assert_true(limit_take(l, "a", START + 10 * SECOND, &s));
	assert_int_equal(s.remaining, 9);
	limit_free(l);
}

static void who_waits_as_long_as_told_passes(void **state)
{
	static const long QUOTAS[] = {1, 7, 59, 600};

	(void)state;
	for (size_t i = 0; i < sizeof QUOTAS / sizeof *QUOTAS; i++) {
		struct limit *l = limit_new(QUOTAS[i]);
		struct limit_state s;

		passing(l, "a", QUOTAS[i], START);
		assert_false(limit_take(l, "a", START + 1, &s));
		assert_true(s.retry_seconds >= 1);
		assert_true(limit_take(l, "a", START + 1 + s.retry_seconds * SECOND, NULL));
		limit_free(l);
	}
}

static void no_quota_is_no_limit(void **state)
{
	struct limit *l = limit_new(0);
	struct limit_state s = {1, 2, 3, 4};

	(void)state;
	assert_int_equal(passing(l, "a", 100000, START), 100000);
	assert_true(limit_take(l, "a", START, &s));
	assert_int_equal(s.quota, 0);
	assert_int_equal(s.remaining, 0);
	assert_int_equal(s.reset_seconds, 0);
	assert_int_equal(s.retry_seconds, 0);
	limit_free(l);
	limit_free(NULL);
}

static struct limit *shared;
static _Atomic long passed;

static void *take_many(void *argument)
{
	(void)argument;
	passed += passing(shared, "a", 5000, START);
	return NULL;
}

static void threads_together_get_one_quota(void **state)
{
	pthread_t threads[4];

	(void)state;
	shared = limit_new(6000);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&passed), 6000);
	limit_free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_of_a_minute_s_quota_passes_and_no_more),
		cmocka_unit_test(tokens_come_back_evenly),
		cmocka_unit_test(over_an_hour_no_more_than_the_quota_passes),
		cmocka_unit_test(a_refused_request_costs_nothing),
		cmocka_unit_test(keys_do_not_share),
		cmocka_unit_test(each_table_spreads_its_keys_by_a_secret_of_its_own),
		cmocka_unit_test(the_state_says_what_is_left_and_when_it_is_whole),
		cmocka_unit_test(who_waits_as_long_as_told_passes),
		cmocka_unit_test(no_quota_is_no_limit),
		cmocka_unit_test(threads_together_get_one_quota),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
