/*
 * target_fuzz.c -- any bytes as a request target: parsing, routing and typing of parameters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/json.h"
#include "kernel/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
	"openapi: 3.1.1\n"
	"info: {title: t, version: '1'}\n"
	"paths:\n"
	"  /v1/things/{thing_id}:\n"
	"    get:\n"
	"      operationId: thing_get\n"
	"      summary: s\n"
	"      security: []\n"
	"      parameters:\n"
	"        - {name: thing_id, in: path, required: true, schema: {type: string, "
	"format: uuid}}\n"
	"        - {name: size, in: query, schema: {type: integer, maximum: 500}}\n"
	"        - {name: least, in: query, schema: {type: number, multipleOf: 0.01}}\n"
	"        - {name: full, in: query, schema: {type: boolean, default: false}}\n"
	"        - {name: q, in: query, allowEmptyValue: true, schema: {type: string, "
	"maxLength: 9}}\n"
	"        - {name: list, in: query, explode: false, schema: {type: array, maxItems: 3,\n"
	"           items: {type: integer}}}\n"
	"        - {name: Prefer, in: header, schema: {type: array, items: {type: string}}}\n"
	"      responses: {'200': {description: d}}\n"
	"  /v1/things/mine/{part}/x: \n"
	"    post:\n"
	"      operationId: part_post\n"
	"      summary: s\n"
	"      security: []\n"
	"      parameters: [{name: part, in: path, required: true, schema: {type: string}}]\n"
	"      responses: {'200': {description: d}}\n";

static const struct contract *contract(void)
{
	static struct contract *loaded;
	char error[400];

	if (!loaded)
		loaded = contract_load(document, strlen(document), NULL, 0, error);
	if (!loaded)
		abort();
	return loaded;
}

/* The fuzzed bytes stand for a header as well. */
static const char *look_up(void *headers, const char *name)
{
	(void)name;
	return headers;
}

static void check(const struct target *t)
{
	size_t i, j;

	if (t->segment_count > TARGET_SEGMENTS_MAX || t->query_count > TARGET_PARAMETERS_MAX)
		abort();
	for (i = 0; i < t->segment_count; i++) {
		const char *s = t->segments[i];

		if (!*s || strchr(s, '/') || strcmp(s, ".") == 0 || strcmp(s, "..") == 0 ||
		    !utf8_valid(s, strlen(s)))
			abort();
	}
	for (i = 0; i < t->query_count; i++) {
		if (!*t->query[i].name || !utf8_valid(t->query[i].value, strlen(t->query[i].value)))
			abort();
		for (j = 0; j < i; j++) {
			if (strcmp(t->query[i].name, t->query[j].name) == 0)
				abort();
		}
	}
}

static void run(struct arena *a, char *raw)
{
	struct violations v = {.arena = a};
	json_t *out = arena_json(a, json_object());
	struct route_match m;
	struct target t;
	const char *where, *code = target_parse(a, raw, &t, &where);
	size_t i;

	if (code) {
		if (strncmp(code, "target-", 7) != 0 ||
		    (where && !utf8_valid(where, strlen(where))))
			abort();
		return;
	}
	check(&t);
	if (!out || !route_find(contract()->routes, &t, &m))
		return;
	for (i = 0; i < METHOD_COUNT; i++) {
		if (m.by_method[i] &&
		    params_read(a, m.by_method[i], &m, &t, look_up, raw, out, &v) != (v.count == 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 * 1024 * 1024);
	char *raw = malloc(size + 1);

	if (a && raw) {
		memcpy(raw, data, size);
		raw[size] = '\0';
		run(a, raw);
	}
	free(raw);
	arena_free(a);
	return 0;
}
