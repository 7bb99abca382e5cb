/*
 * schema_expect.h -- what the tests of schemas share: compile, validate, compare in one line.
 */
#ifndef QINGLAN_SCHEMA_EXPECT_H
#define QINGLAN_SCHEMA_EXPECT_H

#include "kernel/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static inline int set_up(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024 * 1024);
	return arena ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static inline json_t *read_json(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

	if (!value)
		fail_msg("%s: %s", text, error.text);
	return value;
}

static inline struct schema *compile(json_t *definition)
{
	char error[300] = "";
	struct schema *s = schema_compile(definition, definition, "#", error);

	if (!s)
		fail_msg("%s", error);
	return s;
}

/* VALUE against SCHEMA gives "#/where code, #/where code", or "". */
static inline void gives(const char *schema, const char *value, const char *expected)
{
	json_t *definition = read_json(schema), *instance = read_json(value);
	struct violations v = {.arena = arena};
	struct schema *s = compile(definition);
	bool good = schema_validate(s, instance, IN_BODY, "#", false, &v);
	char text[2000] = "";
	size_t i, length = 0;

	for (i = 0; i < v.count && length < sizeof text; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %s",
					   i ? ", " : "", v.list[i].where, v.list[i].code);
	if (strcmp(text, expected) != 0)
		fail_msg("%s against %s gives %s, not %s", value, schema, text, expected);
	assert_int_equal(good, v.count == 0);
	schema_free(s);
	json_decref(definition);
	json_decref(instance);
	arena_clear(arena);
}

static inline void not_compiled(const char *schema, const char *why)
{
	json_t *definition = read_json(schema);
	char error[300] = "";
	struct schema *s = schema_compile(definition, definition, "#/x", error);

	if (s)
		fail_msg("%s compiles", schema);
	if (!strstr(error, why))
		fail_msg("%s: %s, not %s", schema, error, why);
	json_decref(definition);
}

#endif
