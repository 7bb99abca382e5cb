/*
 * json_schema_fuzz.c -- any bytes as JSON, and what is JSON against a schema with every keyword.
 *
 * What was read is written, read and judged again, and must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/json.h"
#include "kernel/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char definition_text[] =
	"{\"type\":[\"object\",\"array\",\"string\",\"number\",\"null\"],"
	"\"properties\":{\"name\":{\"$ref\":\"#/$defs/name\"},\"kind\":{\"enum\":[\"a\",1,null]},"
	"\"hours\":{\"type\":\"number\",\"minimum\":-5,\"exclusiveMaximum\":100,"
	"\"multipleOf\":0.01},"
	"\"count\":{\"type\":\"integer\",\"format\":\"int32\",\"default\":3},"
	"\"on\":{\"format\":\"date\"},\"at\":{\"format\":\"date-time\"},"
	"\"id\":{\"format\":\"uuid\"},"
	"\"mail\":{\"format\":\"email\"},\"link\":{\"format\":\"uri\"},"
	"\"list\":{\"type\":\"array\",\"uniqueItems\":true,\"minItems\":1,\"maxItems\":50,"
	"\"prefixItems\":[{\"type\":\"boolean\"}],\"items\":{\"$ref\":\"#\"}},"
	"\"child\":{\"$ref\":\"#\"},\"none\":false,"
	"\"shape\":{\"oneOf\":[{\"type\":\"object\",\"required\":[\"k\"],\"properties\":{"
	"\"k\":{\"const\":\"x\"},\"v\":{\"default\":[]}}},{\"type\":\"object\",\"properties\":{"
	"\"k\":{\"const\":\"y\"}},\"minProperties\":2,\"maxProperties\":3}]}},"
	"\"patternProperties\":{\"^x-\":{\"not\":{\"type\":\"string\"}}},"
	"\"propertyNames\":{\"maxLength\":40},\"additionalProperties\":{\"anyOf\":["
	"{\"$ref\":\"#\"},{\"type\":\"boolean\"}]},"
	"\"allOf\":[{\"maxProperties\":30},{\"maxItems\":500}],"
	"\"$defs\":{\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":60,"
	"\"pattern\":\"^(\\\\p{Han}+|[a-z]+ ?)*$\"}}}";

static struct schema *schema(void)
{
	static struct schema *compiled;
	static json_t *definition;
	char error[300];

	if (!compiled) {
		definition = json_loads(definition_text, 0, NULL);
		compiled = definition ? schema_compile(definition, definition, "#", error) : NULL;
	}
	if (!compiled)
		abort();
	return compiled;
}

/* Whether VALUE obeys, and what it has become. */
static bool judge(struct arena *a, json_t *value, char **text)
{
	struct violations v = {.arena = a};
	bool good = schema_validate(schema(), value, IN_BODY, "#", true, &v);
	size_t i;

	if (good != (v.count == 0))
		abort();
	for (i = 0; i < v.count; i++) {
		if (v.list[i].where[0] != '#' || strlen(v.list[i].where) > 1000)
			abort();
	}
	*text = json_text(a, value);
	return good;
}

/* TEXT read and judged once more, or NULL. */
static char *again(struct arena *a, const char *text)
{
	const char *reason;
	size_t offset;
	json_t *value = json_read(a, text, strlen(text), &reason, &offset);
	char *written;

	/* Only the integers that 15 digits round up to may leave the range. */
	if (!value && strcmp(reason, "json-number-range") != 0)
		abort();
	return value && judge(a, value, &written) ? written : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(256 * 1024 * 1024);
	const char *reason;
	size_t offset;
	json_t *value;
	char *text, *second, *third;

	if (!a)
		return 0;
	value = json_read(a, (const char *)data, size, &reason, &offset);
	if (!value && (!reason || offset > size))
		abort();
	if (value && judge(a, value, &text)) {
		/* Written once, a number has its fifteen digits; from then on nothing changes. */
		second = again(a, text);
		third = second ? again(a, second) : NULL;
		if (third && strcmp(second, third) != 0)
			abort();
	}
	arena_free(a);
	return 0;
}
