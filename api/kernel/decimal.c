/*
 * decimal.c -- see decimal.h.
 */
#include "decimal.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(LDBL_MANT_DIG >= 64, "a long double must hold every 64-bit integer");

static void strip_zeros(struct decimal *d)
{
	if (!d->digits) {
		d->exponent = 0;
		return;
	}
	while (d->digits % 10 == 0) {
		d->digits /= 10;
		d->exponent++;
	}
}

/* The 15 digits that "%.14e" gives; the decimal point may be any character (locale). */
static struct decimal of_real(double real)
{
	struct decimal d = {0, -14};
	char text[40];
	const char *p;

	snprintf(text, sizeof text, "%.14e", real);
	for (p = text; *p && *p != 'e'; p++) {
		if (*p >= '0' && *p <= '9')
			d.digits = d.digits * 10 + (uint64_t)(*p - '0');
	}
	if (*p == 'e')
		d.exponent += (int)strtol(p + 1, NULL, 10);
	strip_zeros(&d);
	return d;
}

struct decimal decimal_of(const json_t *number)
{
	struct decimal d = {0, 0};

	if (json_is_integer(number)) {
		json_int_t i = json_integer_value(number);

		d.digits = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
		strip_zeros(&d);
	} else if (json_is_real(number)) {
		d = of_real(json_real_value(number));
	}
	return d;
}

bool decimal_is_divisor(const struct decimal *of)
{
	return of->digits && of->digits <= UINT64_MAX / 10;
}

bool decimal_is_multiple(const struct decimal *value, const struct decimal *of)
{
	int shift = value->exponent - of->exponent;
	uint64_t rest;

	if (!value->digits)
		return true;
	if (shift >= 0) {
		for (rest = value->digits % of->digits; rest && shift > 0; shift--)
			rest = rest * 10 % of->digits;
		return !rest;
	}
	if (value->digits % of->digits)
		return false;
	for (rest = value->digits / of->digits; shift < 0; shift++) {
		if (rest % 10)
			return false;
		rest /= 10;
	}
	return true;
}

bool number_is_integer(const json_t *number)
{
	double real;

	if (json_is_integer(number))
		return true;
	if (!json_is_real(number))
		return false;
	real = json_real_value(number);
	/* From 2^53 on a double has no digits behind the point. */
	if (real >= 9007199254740992.0 || real <= -9007199254740992.0)
		return true;
	return real == (double)(int64_t)real;
}

int number_compare(const json_t *a, const json_t *b)
{
	long double x, y;

	if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t i = json_integer_value(a), j = json_integer_value(b);

		return (i > j) - (i < j);
	}
	x = json_is_integer(a) ? (long double)json_integer_value(a)
			       : (long double)json_real_value(a);
	y = json_is_integer(b) ? (long double)json_integer_value(b)
			       : (long double)json_real_value(b);
	return (x > y) - (x < y);
}
