/*
 * decimal_test.c -- multiples, integers and order of JSON numbers, in decimal.
 */
#include "kernel/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A JSON number of TEXT; borrowed by none, so the caller gives it back. */
static json_t *number(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_true(json_is_number(value));
	return value;
}

static bool is_multiple(const char *value, const char *of)
{
	json_t *a = number(value), *b = number(of);
	struct decimal x = decimal_of(a), y = decimal_of(b);
	bool result;

	assert_true(decimal_is_divisor(&y));
	result = decimal_is_multiple(&x, &y);
	json_decref(a);
	json_decref(b);
	return result;
}

static void two_decimals_are_told_from_three(void **state)
{
	char text[32];
	int cents;

	(void)state;
	for (cents = -100000; cents <= 100000; cents += 7) {
		snprintf(text, sizeof text, "%s%d.%02d", cents < 0 ? "-" : "", abs(cents) / 100,
			 abs(cents) % 100);
		if (!is_multiple(text, "0.01"))
			fail_msg("%s is no multiple of 0.01", text);
		snprintf(text, sizeof text, "%s%d.%02d1", cents < 0 ? "-" : "", abs(cents) / 100,
			 abs(cents) % 100);
		if (is_multiple(text, "0.01"))
			fail_msg("%s is a multiple of 0.01", text);
	}
}

static void the_traps_of_binary_fractions_are_none(void **state)
{
	(void)state;
	assert_true(is_multiple("0.3", "0.1"));
	assert_true(is_multiple("1.1", "0.1"));
	assert_true(is_multiple("4.35", "0.01"));
	assert_true(is_multiple("0.0075", "0.0001"));
	assert_false(is_multiple("0.00751", "0.0001"));
	assert_true(is_multiple("99999.99", "0.01"));
	assert_true(is_multiple("0", "0.01"));
	assert_true(is_multiple("1e308", "0.5"));
	assert_true(is_multiple("1e308", "1e-10"));
	assert_false(is_multiple("1e308", "0.123456789"));
	assert_false(is_multiple("1e-300", "0.01"));
	/* With 15 digits, as it is written out, this is ...234.6. */
	assert_true(is_multiple("12345678901234.567", "0.01"));
}

static void integers_are_multiples_as_well(void **state)
{
	(void)state;
	assert_true(is_multiple("10", "5"));
	assert_false(is_multiple("10", "4"));
	assert_false(is_multiple("2.1", "2"));
	assert_true(is_multiple("9", "1.5"));
	assert_false(is_multiple("10", "1.5"));
	assert_true(is_multiple("-9223372036854775808", "2"));
	assert_true(is_multiple("9223372036854775807", "7"));
	assert_false(is_multiple("9223372036854775807", "2"));
	assert_true(is_multiple("1000", "1e2"));
	assert_false(is_multiple("150", "1e2"));
	assert_true(is_multiple("1e18", "250"));
}

static void a_divisor_is_above_zero_and_not_too_long(void **state)
{
	struct decimal zero = {0, 0}, longest = {UINT64_MAX / 10, 0}, too_long = {UINT64_MAX, 0};

	(void)state;
	assert_false(decimal_is_divisor(&zero));
	assert_true(decimal_is_divisor(&longest));
	assert_false(decimal_is_divisor(&too_long));
}

static bool is_integer(const char *text)
{
	json_t *value = number(text);
	bool result = number_is_integer(value);

	json_decref(value);
	return result;
}

static void a_number_without_fraction_is_an_integer(void **state)
{
	json_t *text = json_string("1");

	(void)state;
	assert_true(is_integer("1"));
	assert_true(is_integer("1.0"));
	assert_true(is_integer("-3e2"));
	assert_true(is_integer("1e300"));
	assert_true(is_integer("-1e19"));
	assert_false(is_integer("1.5"));
	assert_false(is_integer("-0.01"));
	assert_false(is_integer("1e-300"));
	assert_false(number_is_integer(text));
	json_decref(text);
}

static int order(const char *a, const char *b)
{
	json_t *x = number(a), *y = number(b);
	int result = number_compare(x, y);

	json_decref(x);
	json_decref(y);
	return result;
}

static void integers_and_reals_are_compared_exactly(void **state)
{
	(void)state;
	assert_int_equal(order("1", "1.0"), 0);
	assert_int_equal(order("1", "2"), -1);
	assert_int_equal(order("-1", "-2"), 1);
	assert_int_equal(order("9007199254740993", "9007199254740992.0"), 1);
	assert_int_equal(order("9223372036854775807", "9223372036854775808.0"), -1);
	assert_int_equal(order("-9223372036854775808", "-9223372036854775808.0"), 0);
	assert_int_equal(order("0.1", "0.1"), 0);
	assert_int_equal(order("1e308", "9223372036854775807"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_decimals_are_told_from_three),
		cmocka_unit_test(the_traps_of_binary_fractions_are_none),
		cmocka_unit_test(integers_are_multiples_as_well),
		cmocka_unit_test(a_divisor_is_above_zero_and_not_too_long),
		cmocka_unit_test(a_number_without_fraction_is_an_integer),
		cmocka_unit_test(integers_and_reals_are_compared_exactly),
	};

	return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
