/*
 * decimal.h -- JSON numbers as exact decimals, for rules such as "a multiple of 0.01".
 *
 * A real is taken as the text that json_text() writes for it (at most 15 digits), so what is
 * judged is what is stored.  This is not an arithmetic library: nothing is added or rounded.
 */
#ifndef QINGLAN_DECIMAL_H
#define QINGLAN_DECIMAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The absolute value DIGITS * 10^EXPONENT, without trailing zeros in DIGITS. */
struct decimal {
	uint64_t digits;
	int exponent;
};

/* The absolute value of a JSON number; zero for anything else. */
struct decimal decimal_of(const json_t *number);

/* True when OF may be the second argument of decimal_is_multiple(): positive, 18 digits at most. */
bool decimal_is_divisor(const struct decimal *of);

/* True when VALUE divided by OF is an integer. */
bool decimal_is_multiple(const struct decimal *value, const struct decimal *of);

/* True for a JSON number without fraction, however it was written (1, 1.0, 1e3). */
bool number_is_integer(const json_t *number);

/* Below, equal or above zero as A is below, equal or above B; exact for integers against reals. */
int number_compare(const json_t *a, const json_t *b);

#endif
