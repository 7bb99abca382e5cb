/*
 * yaml.c -- see yaml.h.
 *
 * Reads libyaml's events, so that what is refused is refused where it stands.
 */
#include "yaml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

enum { YAML_DEPTH_MAX = 64, ERROR_SIZE = 200 };

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one being looked at; yaml_event_delete() may repeat */
	char *error;
	unsigned depth;
};

static void refuse(struct reader *r, const char *why)
{
	snprintf(r->error, ERROR_SIZE, "line %zu: %.150s", r->event.start_mark.line + 1, why);
}

/* Goes on to the next event. */
static bool next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return true;
	snprintf(r->error, ERROR_SIZE, "line %zu: %.150s",
		 (r->parser.problem_mark.line ? r->parser.problem_mark.line : r->parser.mark.line) +
			 1,
		 r->parser.problem ? r->parser.problem : "not YAML");
	return false;
}

static bool expect(struct reader *r, yaml_event_type_t type, const char *why)
{
	if (!next(r))
		return false;
	if (r->event.type == type)
		return true;
	refuse(r, why);
	return false;
}

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

/* A number by JSON's grammar; *REAL says whether it has a point or an exponent. */
static bool is_json_number(const char *p, bool *real)
{
	size_t digits;

	*real = false;
	if (*p == '-')
		p++;
	digits = strspn(p, "0123456789");
	if (!digits || (digits > 1 && *p == '0'))
		return false;
	p += digits;
	if (*p == '.') {
		digits = strspn(p + 1, "0123456789");
		if (!digits)
			return false;
		*real = true;
		p += 1 + digits;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		digits = strspn(p, "0123456789");
		if (!digits)
			return false;
		*real = true;
		p += digits;
	}
	return !*p;
}

/* True for what another reader of YAML might take for a number, a boolean or a date. */
static bool is_ambiguous(const char *text)
{
	static const char *const words[] = {"yes",   "no",   "on",    "off",   "null", "true",
					    "false", ".inf", "+.inf", "-.inf", ".nan", "<<"};
	const char *p = text + (*text == '+' || *text == '-');
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	if (!(*p >= '0' && *p <= '9') && !(*p == '.' && p[1] >= '0' && p[1] <= '9'))
		return false;
	if (*p == '0' && (p[1] == 'x' || p[1] == 'o'))
		return true;
	/* Versions (0.1.0) and dates have two of their separators and stay text. */
	return strspn(p, "0123456789_") == strlen(p) ||
	       (strchr(p, '.') == strrchr(p, '.') && strspn(p, "0123456789_.eE+-") == strlen(p) &&
		!strchr(p + 1, '-'));
}

static json_t *plain(struct reader *r, const char *text)
{
	static const char *const null[] = {"null", "Null", "NULL", "~", "", NULL};
	static const char *const truth[] = {"true", "True", "TRUE", NULL};
	static const char *const falsehood[] = {"false", "False", "FALSE", NULL};
	bool real;

	if (is_one_of(text, null))
		return json_null();
	if (is_one_of(text, truth))
		return json_true();
	if (is_one_of(text, falsehood))
		return json_false();
	if (is_json_number(text, &real)) {
		json_t *number = NULL;

		errno = 0;
		if (real) {
			json_error_t error;

			/* Jansson's own reading does not depend on the locale. */
			number = json_loads(text, JSON_DECODE_ANY, &error);
		} else {
			long long integer = strtoll(text, NULL, 10);

			if (!errno)
				number = json_integer(integer);
		}
		if (!number)
			refuse(r, "the number is out of range");
		return number;
	}
	if (is_ambiguous(text)) {
		refuse(r, "YAML readers take this plain scalar differently: quote it");
		return NULL;
	}
	return json_string(text);
}

/* Refuses what no event of the contract may carry. */
static bool bare(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor) {
		refuse(r, "anchors are not allowed");
		return false;
	}
	if (tag) {
		refuse(r, "tags are not allowed");
		return false;
	}
	return true;
}

static json_t *scalar(struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value;
	size_t length = r->event.data.scalar.length;
	json_t *value;

	if (!bare(r, r->event.data.scalar.anchor, r->event.data.scalar.tag))
		return NULL;
	if (strlen(text) != length) {
		refuse(r, "NUL is not allowed");
		return NULL;
	}
	if (r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return plain(r, text);
	value = json_stringn(text, length);
	if (!value)
		refuse(r, "out of memory");
	return value;
}

static json_t *node(struct reader *r);

static json_t *sequence(struct reader *r)
{
	json_t *array = NULL;

	if (!bare(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag))
		return NULL;
	array = json_array();
	while (array && next(r)) {
		json_t *item;

		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return array;
		item = node(r);
		if (!item || json_array_append_new(array, item))
			break;
	}
	json_decref(array);
	return NULL;
}

/* The key in the current event as malloc'd text; NULL when it is not one, or is there already. */
static char *mapping_key(struct reader *r, const json_t *object)
{
	const char *text = (const char *)r->event.data.scalar.value;

	if (r->event.type != YAML_SCALAR_EVENT) {
		refuse(r, "a key must be a scalar");
		return NULL;
	}
	if (!bare(r, r->event.data.scalar.anchor, r->event.data.scalar.tag))
		return NULL;
	if (strlen(text) != r->event.data.scalar.length) {
		refuse(r, "NUL is not allowed");
		return NULL;
	}
	if (r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, "<<") == 0) {
		refuse(r, "merge keys are not allowed");
		return NULL;
	}
	if (json_object_get(object, text)) {
		char why[120];

		snprintf(why, sizeof why, "the key %.80s stands there twice", text);
		refuse(r, why);
		return NULL;
	}
	return strdup(text);
}

static json_t *mapping(struct reader *r)
{
	json_t *object = NULL;

	if (!bare(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag))
		return NULL;
	object = json_object();
	while (object && next(r)) {
		json_t *value;
		char *key;

		if (r->event.type == YAML_MAPPING_END_EVENT)
			return object;
		key = mapping_key(r, object);
		if (!key)
			break;
		value = next(r) ? node(r) : NULL;
		if (!value || json_object_set_new(object, key, value)) {
			free(key);
			break;
		}
		free(key);
	}
	json_decref(object);
	return NULL;
}

/* The value that begins with the current event, which is left at its last one. */
static json_t *node(struct reader *r)
{
	json_t *value = NULL;

	if (r->depth == YAML_DEPTH_MAX) {
		refuse(r, "nested too deeply");
		return NULL;
	}
	r->depth++;
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		value = scalar(r);
		break;
	case YAML_SEQUENCE_START_EVENT:
		value = sequence(r);
		break;
	case YAML_MAPPING_START_EVENT:
		value = mapping(r);
		break;
	case YAML_ALIAS_EVENT:
		refuse(r, "aliases are not allowed");
		break;
	default:
		refuse(r, "a value is missing");
		break;
	}
	r->depth--;
	return value;
}

static bool document_start(struct reader *r)
{
	if (!expect(r, YAML_DOCUMENT_START_EVENT, "there is no document"))
		return false;
	if (r->event.data.document_start.version_directive ||
	    r->event.data.document_start.tag_directives.start !=
		    r->event.data.document_start.tag_directives.end) {
		refuse(r, "directives are not allowed");
		return false;
	}
	return next(r);
}

json_t *yaml_read(const char *text, size_t length, char error[200])
{
	struct reader r = {.error = error};
	json_t *value = NULL;

	snprintf(error, ERROR_SIZE, "out of memory");
	if (!yaml_parser_initialize(&r.parser))
		return NULL;
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, length);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	if (expect(&r, YAML_STREAM_START_EVENT, "not YAML") && document_start(&r))
		value = node(&r);
	if (value && (!expect(&r, YAML_DOCUMENT_END_EVENT, "something follows the document") ||
		      !expect(&r, YAML_STREAM_END_EVENT, "there is a second document"))) {
		json_decref(value);
		value = NULL;
	}
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return value;
}
