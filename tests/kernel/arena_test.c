/*
 * arena_test.c -- the memory of a request.
 */
#include "kernel/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int order[8], ordered;

static void note(void *number)
{
	order[ordered++] = *(int *)number;
}

static void what_is_taken_is_zeroed_and_aligned(void **state)
{
	struct arena *a = arena_new(1 << 20);
	size_t size;

	(void)state;
	for (size = 1; size < 5000; size += 37) {
		unsigned char *bytes = arena_alloc(a, size);
		size_t i;

		assert_non_null(bytes);
		assert_int_equal((uintptr_t)bytes % 16, 0);
		for (i = 0; i < size; i++)
			assert_int_equal(bytes[i], 0);
		memset(bytes, 0xff, size);
	}
	arena_clear(a);
	assert_int_equal(*(unsigned char *)arena_alloc(a, 1), 0);
	arena_free(a);
}

static void releases_run_newest_first_and_once(void **state)
{
	int one = 1, two = 2, three = 3;
	struct arena *a = arena_new(1 << 20);

	(void)state;
	ordered = 0;
	assert_true(arena_defer(a, note, &one));
	assert_true(arena_defer(a, note, &two));
	assert_true(arena_defer(a, note, &three));
	arena_clear(a);
	assert_int_equal(ordered, 3);
	assert_int_equal(order[0], 3);
	assert_int_equal(order[2], 1);
	arena_free(a);
	assert_int_equal(ordered, 3);
}

static void nothing_is_given_beyond_the_ceiling(void **state)
{
	struct arena *a = arena_new(100 * 1024);
	size_t got = 0;

	(void)state;
	assert_null(arena_alloc(a, 200 * 1024));
	assert_null(arena_alloc(a, SIZE_MAX));
	while (arena_alloc(a, 1000))
		got += 1000;
	assert_true(got > 50 * 1024 && got <= 100 * 1024);
	arena_clear(a);
	assert_non_null(arena_alloc(a, 1000));
	arena_free(a);
}

static void without_memory_a_deferred_object_is_released_at_once(void **state)
{
	int one = 1;
	struct arena *a = arena_new(16 * 1024);

	(void)state;
	while (arena_alloc(a, 16))
		;
	ordered = 0;
	assert_false(arena_defer(a, note, &one));
	assert_int_equal(ordered, 1);
	arena_free(a);
	assert_int_equal(ordered, 1);
}

static void texts_are_copied_and_formatted(void **state)
{
	struct arena *a = arena_new(1 << 20);

	(void)state;
	assert_string_equal(arena_strdup(a, "青蓝"), "青蓝");
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	arena_free(a);
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_zeroed_and_aligned),
		cmocka_unit_test(releases_run_newest_first_and_once),
		cmocka_unit_test(nothing_is_given_beyond_the_ceiling),
		cmocka_unit_test(without_memory_a_deferred_object_is_released_at_once),
		cmocka_unit_test(texts_are_copied_and_formatted),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
