/*
 * schema_walk.c -- judging a value by a compiled schema: scalars, and the way through the tree.
 *
 * Bounded in depth and in steps, whatever the value: a schema that branches at each level of a
 * deep value could otherwise cost without end.
 */
#include "schema_private.h"

#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { POINTER_SIZE = 1000 };

/* Bytes of KEY as a token of a pointer within a URI fragment (RFC 6901 section 6). */
static size_t write_token(const char *key, size_t length, char *to)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._!$&'()*+,;=:@";
	static const char hex[] = "0123456789ABCDEF";
	char *start = to;
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)key[i];

		if (c == '~' || c == '/') {
			*to++ = '~';
			*to++ = c == '~' ? '0' : '1';
		} else if (c && strchr(plain, c)) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return (size_t)(to - start);
}

/* Appends the steps down to AT; false when BUFFER has no room for the whole of a step. */
static bool write_path(const struct path *at, char *buffer, size_t size, size_t *length)
{
	if (!at)
		return true;
	if (!write_path(at->up, buffer, size, length))
		return false;
	if (!at->key) {
		int written = snprintf(NULL, 0, "/%zu", at->index);

		if (*length + (size_t)written + 1 > size)
			return false;
		*length += (size_t)snprintf(buffer + *length, size - *length, "/%zu", at->index);
		return true;
	}
	if (at->length > size || *length + 3 * at->length + 2 > size)
		return false;
	buffer[(*length)++] = '/';
	*length += write_token(at->key, at->length, buffer + *length);
	buffer[*length] = '\0';
	return true;
}

void path_text(const char *prefix, const struct path *at, char *buffer, size_t size)
{
	size_t length;

	snprintf(buffer, size, "%s", prefix);
	length = strlen(buffer);
	(void)write_path(at, buffer, size,
			 &length); /* what does not fit is left off as documented */
}

bool walk_fail(struct walk *w, const struct path *at, const char *code, const char *format, ...)
{
	struct violations *v = w->violations;
	char pointer[POINTER_SIZE];
	json_t *params = NULL;
	va_list args;

	if (w->quiet || w->exhausted)
		return false;
	if (format) {
		va_start(args, format);
		params = json_vpack_ex(NULL, 0, format, args);
		va_end(args);
	}
	path_text(w->prefix, w->place == IN_BODY ? at : NULL, pointer, sizeof pointer);
	violation_add(v, w->place, pointer, code, params);
	if (v->more)
		w->quiet = true; /* the list is full: find out no more than that it is wrong */
	return false;
}

bool walk_quietly(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	bool quiet = w->quiet, good;

	w->quiet = true;
	good = walk_node(w, s, value, at);
	w->quiet = quiet;
	return good;
}

unsigned value_types(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
		return SCHEMA_NULL;
	case JSON_TRUE:
	case JSON_FALSE:
		return SCHEMA_BOOLEAN;
	case JSON_INTEGER:
		return SCHEMA_INTEGER | SCHEMA_NUMBER;
	case JSON_REAL:
		return number_is_integer(value) ? SCHEMA_INTEGER | SCHEMA_NUMBER : SCHEMA_NUMBER;
	case JSON_STRING:
		return SCHEMA_STRING;
	case JSON_ARRAY:
		return SCHEMA_ARRAY;
	case JSON_OBJECT:
		return SCHEMA_OBJECT;
	}
	return 0;
}

char *types_text(struct arena *a, unsigned types)
{
	static const struct {
		const char *name;
		unsigned type;
	} names[] = {
		{"object", SCHEMA_OBJECT}, {"array", SCHEMA_ARRAY},     {"string", SCHEMA_STRING},
		{"number", SCHEMA_NUMBER}, {"integer", SCHEMA_INTEGER}, {"boolean", SCHEMA_BOOLEAN},
		{"null", SCHEMA_NULL},
	};
	char text[80] = "";
	size_t i, length = 0;

	if (types & SCHEMA_NUMBER)
		types &= ~(unsigned)SCHEMA_INTEGER;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		if (types & names[i].type)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
						   length ? " | " : "", names[i].name);
	}
	return arena_strdup(a, text);
}

static bool walk_number(struct walk *w, const struct number_rules *n, json_t *value,
			const struct path *at)
{
	struct decimal decimal;
	bool good = true;

	if (n->minimum && number_compare(value, n->minimum) < 0)
		good = walk_fail(w, at, "minimum", "{s:O}", "limit", n->minimum);
	if (n->maximum && number_compare(value, n->maximum) > 0)
		good = walk_fail(w, at, "maximum", "{s:O}", "limit", n->maximum);
	if (n->exclusive_minimum && number_compare(value, n->exclusive_minimum) <= 0)
		good = walk_fail(w, at, "exclusive-minimum", "{s:O}", "limit",
				 n->exclusive_minimum);
	if (n->exclusive_maximum && number_compare(value, n->exclusive_maximum) >= 0)
		good = walk_fail(w, at, "exclusive-maximum", "{s:O}", "limit",
				 n->exclusive_maximum);
	if (n->multiple) {
		decimal = decimal_of(value);
		if (!decimal_is_multiple(&decimal, &n->divisor))
			good = walk_fail(w, at, "multiple-of", "{s:O}", "multiple", n->multiple);
	}
	return good;
}

static bool walk_string(struct walk *w, const struct string_rules *r, json_t *value,
			const struct path *at)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	/* A code point has one to four bytes: mostly no counting is needed. */
	if (length > r->max_length && utf8_length(text, length) > r->max_length)
		return walk_fail(w, at, "max-length", "{s:I}", "limit", (json_int_t)r->max_length);
	if (length / 4 < r->min_length && utf8_length(text, length) < r->min_length)
		return walk_fail(w, at, "min-length", "{s:I}", "limit", (json_int_t)r->min_length);
	/* Only a text of permitted length is given to an expression. */
	if (r->pattern && !pattern_matches(r->pattern, &w->matcher, w->arena, text, length))
		return walk_fail(w, at, "pattern", "{s:s}", "pattern", r->pattern_text);
	return true;
}

static bool walk_format(struct walk *w, const struct schema *s, json_t *value,
			const struct path *at)
{
	double number = json_number_value(value);
	bool good = true;

	if (s->format == FORMAT_INT32 && json_is_number(value))
		good = number_is_integer(value) && number >= -2147483648.0 &&
		       number <= 2147483647.0;
	else if (s->format == FORMAT_INT64 && json_is_real(value))
		good = number_is_integer(value) && number >= -9223372036854775808.0 &&
		       number < 9223372036854775808.0;
	else if (json_is_string(value))
		good = format_valid(s->format, json_string_value(value), json_string_length(value));
	return good || walk_fail(w, at, "format", "{s:s}", "format", s->format_text);
}

static bool is_choice(const json_t *choices, const json_t *value)
{
	size_t count = json_array_size(choices), i;

	for (i = 0; i < count; i++) {
		if (value_same(json_array_get(choices, i), value))
			return true;
	}
	return false;
}

/* What depends on the value's type. */
static bool walk_typed(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return !s->object || walk_object(w, s, value, at);
	case JSON_ARRAY:
		return !s->array || walk_array(w, s, value, at);
	case JSON_STRING:
		return !s->string || walk_string(w, s->string, value, at);
	case JSON_INTEGER:
	case JSON_REAL:
		return !s->number || walk_number(w, s->number, value, at);
	default:
		return true;
	}
}

static bool walk_keywords(struct walk *w, const struct schema *s, json_t *value,
			  const struct path *at)
{
	bool good = true;
	size_t i;

	if (s->constant && !value_same(s->constant, value))
		good = walk_fail(w, at, "const", "{s:s}", "allowed", s->constant_text);
	if (good && s->choices && !is_choice(s->choices, value))
		good = walk_fail(w, at, "enum", "{s:s}", "allowed", s->choices_text);
	if (good && s->format)
		good = walk_format(w, s, value, at);
	if (!good)
		return false;
	good = walk_typed(w, s, value, at);
	if ((good || !w->quiet) && s->reference)
		good &= walk_node(w, s->reference, value, at);
	for (i = 0; (good || !w->quiet) && i < s->all.count; i++)
		good &= walk_node(w, s->all.items[i], value, at);
	if ((good || !w->quiet) && (s->any.count || s->one.count))
		good &= walk_branches(w, s, value, at);
	if (good && s->negated && walk_quietly(w, s->negated, value, at))
		good = walk_fail(w, at, "not", NULL);
	return good;
}

bool walk_node(struct walk *w, const struct schema *s, json_t *value, const struct path *at)
{
	bool good;

	if (w->exhausted)
		return false;
	if (w->depth == SCHEMA_DEPTH_MAX || ++w->steps > SCHEMA_STEPS_MAX) {
		w->exhausted = true;
		return false;
	}
	if (s->never)
		return walk_fail(w, at, "not-allowed", NULL);
	if (s->types != SCHEMA_ANY && !(s->types & value_types(value)))
		return walk_fail(w, at, "type", "{s:s}", "expected", s->types_text);
	w->depth++;
	good = walk_keywords(w, s, value, at);
	w->depth--;
	return good;
}

bool schema_validate(const struct schema *s, json_t *value, enum violation_place place,
		     const char *prefix, bool defaults, struct violations *v)
{
	struct walk w = {.violations = v, .arena = v->arena, .place = place, .prefix = prefix};
	bool good = walk_node(&w, s, value, NULL);

	w.quiet = false;
	if (defaults && s->defaults_below && !w.exhausted)
		defaults_apply(&w, s, value, 0);
	if (!w.exhausted)
		return good;
	w.exhausted = false;
	return walk_fail(&w, NULL, "too-complex", NULL);
}
