/*
 * json.c -- see json.h.
 *
 * One look over the text comes before the parser: it bounds depth and number of values before
 * anything is allocated for them, and tells apart what the parser calls one kind of error.
 * It is not a parser itself; what it does not judge is left to Jansson.
 */
#include "json.h"

#include "decimal.h"

#include <float.h>
#include <string.h>

struct scan {
	const char *text;
	size_t length, at;
	size_t depth, values;
	bool reals; /* there is a number with a point or an exponent */
	const char *reason;
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The code unit of "\uXXXX" at AT, or -1 when there is none. */
static int code_unit(const struct scan *s, size_t at)
{
	int unit = 0, i;

	if (s->length - at < 6 || s->text[at] != '\\' || s->text[at + 1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		int digit = hex_value(s->text[at + (size_t)i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_high(int unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* At a backslash inside a string: steps over the escape; false for a lone surrogate. */
static bool scan_escape(struct scan *s)
{
	int unit = code_unit(s, s->at);

	if (unit < 0) {
		s->at += 2;
		return true;
	}
	if (is_high(unit) && s->length - s->at >= 12 && is_low(code_unit(s, s->at + 6))) {
		s->at += 12;
		return true;
	}
	if (is_high(unit) || is_low(unit)) {
		s->reason = "json-encoding";
		return false;
	}
	s->at += 6;
	return true;
}

/* Behind an opening quote: steps behind the closing one, or to the end of the text. */
static bool scan_string(struct scan *s)
{
	while (s->at < s->length) {
		char c = s->text[s->at];

		if (c == '\\') {
			if (!scan_escape(s))
				return false;
			continue;
		}
		s->at++;
		if (c == '"')
			return true;
	}
	s->at = s->length;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * At the first digit of a number: steps behind it; false for a real of more digits than a double
 * keeps, which would be rounded before anything has judged it.
 */
static bool scan_number(struct scan *s)
{
	static const char parts[] = "0123456789.eE+-";
	size_t begin = s->at, digits = 0, zeros = 0;
	bool real = false, exponent = false;

	for (; s->at < s->length && memchr(parts, s->text[s->at], sizeof parts - 1); s->at++) {
		char c = s->text[s->at];

		exponent = exponent || c == 'e' || c == 'E';
		real = real || exponent || c == '.';
		if (exponent || !is_digit(c))
			continue;
		if (c != '0') {
			digits += zeros + 1;
			zeros = 0;
		} else if (digits) {
			zeros++;
		}
	}
	s->reals = s->reals || real;
	if (!real || digits <= DBL_DIG)
		return true;
	s->reason = "json-number-digits";
	s->at = begin;
	return false;
}

/* Judges one byte outside of strings and numbers. */
static bool scan_byte(struct scan *s, char c)
{
	switch (c) {
	case '[':
	case '{':
		if (++s->depth > JSON_DEPTH_MAX)
			s->reason = "json-too-deep";
		s->values++;
		break;
	case ']':
	case '}':
		if (s->depth)
			s->depth--;
		break;
	case ',':
		s->values++;
		break;
	default:
		break;
	}
	if (s->values > JSON_VALUES_MAX)
		s->reason = "json-too-many-values";
	return !s->reason;
}

static bool scan(struct scan *s)
{
	if (s->length >= 3 && memcmp(s->text, "\xEF\xBB\xBF", 3) == 0) {
		s->reason = "json-encoding";
		return false;
	}
	while (s->at < s->length) {
		char c = s->text[s->at];

		if (c == '"') {
			s->at++;
			if (!scan_string(s))
				return false;
			continue;
		}
		if (is_digit(c)) {
			if (!scan_number(s))
				return false;
			continue;
		}
		if (!scan_byte(s, c))
			return false;
		s->at++;
	}
	return true;
}

static const char *reason_of(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_out_of_memory:
		return NULL;
	case json_error_stack_overflow:
		return "json-too-deep";
	case json_error_duplicate_key:
		return "json-duplicate-name";
	case json_error_numeric_overflow:
		return "json-number-range";
	case json_error_invalid_utf8:
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "json-encoding";
	default:
		return "json-syntax";
	}
}

/* The integer that stands for a real without fraction, as a new reference; else NULL. */
static json_t *as_integer(const json_t *value)
{
	double real;

	if (!json_is_real(value) || !number_is_integer(value))
		return NULL;
	real = json_real_value(value);
	if (real > 9007199254740992.0 || real < -9007199254740992.0)
		return NULL;
	return json_integer((json_int_t)real);
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static void make_integers(json_t *value)
{
	if (json_is_array(value)) {
		size_t i;

		for (i = 0; i < json_array_size(value); i++) {
			json_t *item = json_array_get(value, i), *integer = as_integer(item);

			if (integer)
				json_array_set_new(value, i, integer);
			else
				make_integers(item);
		}
	} else if (json_is_object(value)) {
		void *at = json_object_iter(value);

		for (; at; at = json_object_iter_next(value, at)) {
			json_t *item = json_object_iter_value(at), *integer = as_integer(item);

			if (integer)
				json_object_iter_set_new(value, at, integer);
			else
				make_integers(item);
		}
	}
}

json_t *json_read(struct arena *a, const char *text, size_t length, const char **reason,
		  size_t *offset)
{
	struct scan s = {.text = text, .length = length};
	json_error_t error;
	json_t *value, *integer;

	*reason = "json-encoding";
	*offset = 0;
	/* Jansson takes a NUL behind the value for the end of the text. */
	if (!utf8_valid(text, length) || (length && memchr(text, '\0', length)))
		return NULL;
	if (!scan(&s)) {
		*reason = s.reason;
		*offset = s.at;
		return NULL;
	}
	value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value) {
		*reason = reason_of(&error);
		*offset = error.position > 0 ? (size_t)error.position : 0;
		return NULL;
	}
	if (s.reals) {
		integer = as_integer(value);
		if (integer) {
			json_decref(value);
			value = integer;
		} else {
			make_integers(value);
		}
	}
	*reason = NULL;
	return arena_json(a, value);
}

char *json_text(struct arena *a, const json_t *value)
{
	const size_t flags = JSON_REAL_PRECISION(15) | JSON_COMPACT | JSON_ENCODE_ANY;
	char buffer[2048], *text;
	size_t size = json_dumpb(value, buffer, sizeof buffer, flags);

	if (!size)
		return NULL;
	if (size <= sizeof buffer)
		return arena_strndup(a, buffer, size);
	text = arena_alloc(a, size + 1);
	if (!text || json_dumpb(value, text, size, flags) != size)
		return NULL;
	return text;
}
