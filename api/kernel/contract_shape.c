/*
 * contract_shape.c -- small judgements about the objects of an OpenAPI document.
 */
#include "contract_private.h"

#include <stdio.h>
#include <string.h>

bool shape_refuse(struct loader *l, const char *at, const char *format, ...)
{
	char why[250];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	snprintf(l->error, CONTRACT_ERROR_SIZE, "%.140s: %s", at, why);
	return false;
}

const char *shape_below(struct loader *l, const char *at, const char *key)
{
	char step[200];
	size_t length = 0;
	const char *below;

	for (; *key && length < sizeof step - 3; key++) {
		if (*key == '~' || *key == '/') {
			step[length++] = '~';
			step[length++] = *key == '~' ? '0' : '1';
		} else {
			step[length++] = *key;
		}
	}
	step[length] = '\0';
	below = arena_printf(l->arena, "%s/%s", at, step);
	return below ? below : "";
}

bool shape_only(struct loader *l, const char *at, const json_t *object, const char *const *allowed)
{
	const char *key;
	json_t *value;
	size_t i;

	if (!json_is_object(object))
		return shape_refuse(l, at, "must be an object");
	json_object_foreach((json_t *)object, key, value) {
		for (i = 0; allowed[i] && strcmp(allowed[i], key) != 0; i++)
			;
		if (!allowed[i])
			return shape_refuse(l, at, "%.60s is not a keyword that is enforced here",
					    key);
	}
	return true;
}

bool shape_text(struct loader *l, const char *at, const json_t *object, const char *key,
		bool required)
{
	const json_t *value = json_object_get(object, key);

	if (!value && !required)
		return true;
	if (!json_string_length(value))
		return shape_refuse(l, at, "%s must be text", key);
	return true;
}

bool shape_flag(struct loader *l, const char *at, const json_t *object, const char *key, bool *flag)
{
	const json_t *value = json_object_get(object, key);

	*flag = json_is_true(value);
	return !value || json_is_boolean(value) ||
	       shape_refuse(l, at, "%s must be true or false", key);
}

const json_t *shape_resolve(struct loader *l, const char **at, const json_t *object,
			    const char *kind, bool *referred)
{
	static const char *const allowed[] = {"$ref", "summary", "description", NULL};
	const char *reference = json_string_value(json_object_get(object, "$ref"));
	const json_t *components = json_object_get(l->contract->document, "components"), *target;
	char prefix[60];
	size_t length;

	*referred = json_object_get(object, "$ref");
	if (!*referred)
		return object;
	if (!shape_only(l, *at, object, allowed))
		return NULL;
	length = (size_t)snprintf(prefix, sizeof prefix, "#/components/%s/", kind);
	if (!reference || strncmp(reference, prefix, length) != 0) {
		shape_refuse(l, *at, "$ref must be %sname", prefix);
		return NULL;
	}
	target = json_object_get(json_object_get(components, kind), reference + length);
	if (!target)
		shape_refuse(l, *at, "$ref leads nowhere: %.80s", reference);
	else if (json_object_get(target, "$ref"))
		shape_refuse(l, *at, "$ref leads to another $ref: %.80s", reference);
	*at = reference;
	return json_object_get(target, "$ref") ? NULL : target;
}

const struct schema *shape_schema(struct loader *l, const char *at, const json_t *definition)
{
	char why[300];
	const struct schema *s;

	s = schema_set_compile(l->contract->schemas, definition, shape_below(l, at, "schema"), why);
	if (!s)
		snprintf(l->error, CONTRACT_ERROR_SIZE, "%s", why);
	return s;
}

static bool example_obeys(struct loader *l, const char *at, const json_t *value,
			  const struct schema *s)
{
	struct violations v = {.arena = l->scratch};
	json_t *copy;
	bool good;

	if (!s)
		return true;
	copy = json_deep_copy(value);
	good = copy && schema_validate(s, copy, IN_BODY, "#", false, &v);
	json_decref(copy);
	if (!good)
		shape_refuse(l, at, "the example breaks the schema: %.80s %s",
			     v.count ? v.list[0].where : "",
			     v.count ? v.list[0].code : "out of memory");
	arena_clear(l->scratch);
	return good;
}

/* One Example Object, under a name. */
static bool named_example(struct loader *l, const char *at, const json_t *example,
			  const struct schema *s)
{
	static const char *const allowed[] = {"summary", "description", "value", NULL};
	bool referred;

	example = shape_resolve(l, &at, example, "examples", &referred);
	if (!example || !shape_only(l, at, example, allowed) ||
	    !shape_text(l, at, example, "summary", false) ||
	    !shape_text(l, at, example, "description", false))
		return false;
	if (!json_object_get(example, "value"))
		return shape_refuse(l, at, "value is missing");
	return example_obeys(l, at, json_object_get(example, "value"), s);
}

bool shape_examples(struct loader *l, const char *at, const json_t *object, const struct schema *s)
{
	const json_t *one = json_object_get(object, "example");
	json_t *many = json_object_get(object, "examples"), *example;
	const char *name;

	if (one && many)
		return shape_refuse(l, at, "example and examples exclude each other");
	if (one)
		return example_obeys(l, shape_below(l, at, "example"), one, s);
	if (many && !json_is_object(many))
		return shape_refuse(l, at, "examples must be an object");
	json_object_foreach(many, name, example) {
		if (!named_example(l, shape_below(l, shape_below(l, at, "examples"), name), example,
				   s))
			return false;
	}
	return true;
}
