/*
 * answer.c -- see answer.h.
 */
#include "answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

bool json_has(const json_t *value, const json_t *pattern)
{
	const char *name;
	json_t *part;
	size_t i;

	if (json_is_object(pattern)) {
		json_object_foreach((json_t *)pattern, name, part)
			if (!json_has(json_object_get(value, name), part))
				return false;
		return json_is_object(value);
	}
	if (json_is_array(pattern)) {
		if (json_array_size(value) != json_array_size(pattern))
			return false;
		json_array_foreach(pattern, i, part)
			if (!json_has(json_array_get(value, i), part))
				return false;
		return true;
	}
	if (json_is_number(pattern) && json_is_number(value))
		return json_number_value(pattern) == json_number_value(value);
	return value && json_equal(value, pattern);
}

/* PATTERN with ' for ", parsed; a new reference. */
static json_t *pattern_read(const char *pattern)
{
	char *copy = strdup(pattern), *at;
	json_error_t error;
	json_t *parsed;

	for (at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	parsed = json_loads(copy, JSON_DECODE_ANY, &error);
	if (!parsed)
		print_error("pattern %s: %s\n", pattern, error.text);
	free(copy);
	return parsed;
}

void expect_at(const struct answer *a, int status, const char *pattern, const char *file, int line)
{
	json_t *wanted = pattern ? pattern_read(pattern) : NULL;
	bool fits = a->status == status && (!pattern || (wanted && json_has(a->json, wanted)));

	json_decref(wanted);
	if (fits)
		return;
	print_error("%s answered %d, expected %d %s\n%.4000s\n", a->request, a->status, status,
		    pattern ? pattern : "", a->body ? a->body : "");
	_fail(file, line);
}

void expect_error_at(const struct answer *a, const char *where, const char *code, const char *file,
		     int line)
{
	static const char *const places[] = {"pointer", "parameter", "header"};
	json_t *row;
	size_t i, p;

	json_array_foreach(json_object_get(a->json, "errors"), i, row) {
		const char *found = json_string_value(json_object_get(row, "code"));

		for (p = 0; p < 3; p++) {
			const char *place = json_string_value(json_object_get(row, places[p]));

			if (place && found && !strcmp(place, where) && !strcmp(found, code))
				return;
		}
	}
	print_error("%s: no error %s at %s\n%.4000s\n", a->request, code, where,
		    a->body ? a->body : "");
	_fail(file, line);
}

bool has_word(const char *list, const char *word)
{
	const size_t length = strlen(word);
	const char *at;

	for (at = strstr(list, word); at; at = strstr(at + 1, word))
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ','))
			return true;
	return false;
}

const char *header_of(const struct answer *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->header_count; i++)
		if (!strcasecmp(a->headers[i].name, name))
			return a->headers[i].value;
	return "";
}

json_t *json_at(const struct answer *a, const char *path)
{
	json_t *at = a->json;
	char part[100];

	while (at && *path) {
		size_t length = strcspn(path, "/");

		if (length >= sizeof part)
			return NULL;
		memcpy(part, path, length);
		part[length] = '\0';
		at = json_is_array(at) ? json_array_get(at, strtoul(part, NULL, 10))
				       : json_object_get(at, part);
		path += length;
		path += *path == '/';
	}
	return at;
}

const char *text_at(const struct answer *a, const char *path)
{
	const char *found = json_string_value(json_at(a, path));

	if (!found) {
		print_error("%s: no text at %s\n%.4000s\n", a->request, path,
			    a->body ? a->body : "");
		fail();
	}
	return found;
}

size_t count_at(const struct answer *a, const char *path)
{
	json_t *found = json_at(a, path);

	return json_is_array(found) ? json_array_size(found) : json_object_size(found);
}
