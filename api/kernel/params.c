/*
 * params.c -- see params.h.
 */
#include "params.h"

#include "json.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN_MAX = 90 };

/* One run over the parameters of a request. */
struct reading {
	struct arena *arena;
	json_t *out;
	struct violations *violations;
};

static bool refuse(struct reading *r, const struct parameter *p, const char *code, json_t *params)
{
	violation_add(r->violations, p->place == FROM_HEADER ? IN_HEADER : IN_PARAMETER, p->name,
		      code, params);
	return false;
}

/* True for what may be a number, or an integer, of JSON and is nothing else. */
static bool is_number(const char *text, size_t length, bool integer)
{
	size_t i = length && text[0] == '-', digits;

	digits = strspn(text + i, "0123456789");
	if (i + digits > length)
		digits = length - i;
	if (!digits)
		return false;
	return i + digits == length || (!integer && strspn(text, "0123456789.eE+-") >= length);
}

/* TEXT as a number, or NULL; the rest JSON's own reader judges. */
static json_t *number_of(struct reading *r, const char *text, size_t length, bool integer)
{
	const char *reason;
	size_t offset;
	json_t *number;

	if (!is_number(text, length, integer))
		return NULL;
	number = json_read(r->arena, text, length, &reason, &offset);
	return json_is_number(number) ? json_incref(number) : NULL;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* LENGTH bytes of TEXT as a scalar of one of TYPES: a new reference, or NULL. */
static json_t *scalar_of(struct reading *r, unsigned types, const char *text, size_t length)
{
	json_t *value = NULL;

	if (types & SCHEMA_BOOLEAN) {
		if (is_word(text, length, "true"))
			return json_true();
		if (is_word(text, length, "false"))
			return json_false();
	}
	if (types & (SCHEMA_INTEGER | SCHEMA_NUMBER))
		value = number_of(r, text, length, !(types & SCHEMA_NUMBER));
	if (!value && types & SCHEMA_STRING)
		value = json_stringn_nocheck(text, length);
	return value;
}

/* "a,b,c" as an array; NULL when an item is not of its type. */
static json_t *array_of(struct reading *r, const struct parameter *p, const char *text)
{
	const struct schema *items = schema_items(p->schema);
	unsigned types = items ? schema_types(items) : SCHEMA_STRING;
	json_t *array = json_array();

	while (array) {
		size_t length = strcspn(text, ","), next = length;
		json_t *item;

		if (p->place == FROM_HEADER) {
			size_t blank = strspn(text, " \t");

			blank = blank > length ? length : blank;
			text += blank;
			length -= blank;
			next = length;
			while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
				length--;
		}
		item = scalar_of(r, types, text, length);
		if (!item || json_array_append_new(array, item))
			break;
		if (!text[next])
			return array;
		text += next + 1;
	}
	json_decref(array);
	return NULL;
}

static bool read_value(struct reading *r, const struct parameter *p, const char *text)
{
	unsigned types = schema_types(p->schema);
	json_t *value;
	bool good;

	if (!utf8_valid(text, strlen(text)))
		return refuse(r, p, "parameter-encoding", NULL);
	if (!*text && !p->allow_empty)
		return refuse(r, p, "parameter-empty", NULL);
	value = p->exploded_array ? array_of(r, p, text) : scalar_of(r, types, text, strlen(text));
	if (!value)
		return refuse(r, p, "parameter-type",
			      json_pack("{s:s}", "expected",
					types & SCHEMA_ARRAY     ? "array"
					: types & SCHEMA_NUMBER  ? "number"
					: types & SCHEMA_INTEGER ? "integer"
								 : "boolean"));
	good = schema_validate(p->schema, value, p->place == FROM_HEADER ? IN_HEADER : IN_PARAMETER,
			       p->name, false, r->violations);
	if (json_object_set_new_nocheck(r->out, p->key, value))
		return refuse(r, p, "parameter-memory", NULL);
	return good;
}

static bool read_absent(struct reading *r, const struct parameter *p)
{
	const json_t *fallback = schema_default(p->schema);

	if (p->required) {
		if (p->place == FROM_HEADER &&
		    (strcmp(p->key, "if_match") == 0 || strcmp(p->key, "idempotency_key") == 0))
			return true;
		return refuse(r, p, "parameter-missing", NULL);
	}
	if (fallback && json_object_set_new_nocheck(r->out, p->key, json_deep_copy(fallback)))
		return refuse(r, p, "parameter-memory", NULL);
	return true;
}

static const char *path_value(const struct route_match *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->value_count; i++) {
		if (strcmp(m->names[i], name) == 0)
			return m->values[i];
	}
	return NULL;
}

static const char *query_value(const struct target *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->query_count; i++) {
		if (strcmp(t->query[i].name, name) == 0)
			return t->query[i].value;
	}
	return NULL;
}

static bool is_declared(const struct operation *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->parameter_count; i++) {
		if (o->parameters[i].place == FROM_QUERY &&
		    strcmp(o->parameters[i].name, name) == 0)
			return true;
	}
	return false;
}

/* An unknown name is the caller's text: it is shown, but not at any length. */
static void refuse_unknown(struct reading *r, const char *name)
{
	char shown[NAME_SHOWN_MAX + 4];
	size_t length = strlen(name);

	if (length > NAME_SHOWN_MAX) {
		length = NAME_SHOWN_MAX;
		while (length && ((unsigned char)name[length] & 0xC0) == 0x80)
			length--;
		snprintf(shown, sizeof shown, "%.*s…", (int)length, name);
		name = shown;
	}
	violation_add(r->violations, IN_PARAMETER, name, "parameter-unknown", NULL);
}

bool params_read(struct arena *a, const struct operation *o, const struct route_match *m,
		 const struct target *t, params_lookup *header, void *headers, json_t *out,
		 struct violations *v)
{
	struct reading r = {a, out, v};
	bool good = true;
	size_t i;

	for (i = 0; i < o->parameter_count; i++) {
		const struct parameter *p = &o->parameters[i];
		const char *text = p->place == FROM_PATH    ? path_value(m, p->name)
				   : p->place == FROM_QUERY ? query_value(t, p->name)
							    : header(headers, p->name);

		good &= text ? read_value(&r, p, text) : read_absent(&r, p);
	}
	for (i = 0; i < t->query_count; i++) {
		if (is_declared(o, t->query[i].name))
			continue;
		refuse_unknown(&r, t->query[i].name);
		good = false;
	}
	return good;
}
