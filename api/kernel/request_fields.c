/*
 * request_fields.c -- fields=a,b: which members of an answer are wanted.
 *
 * The database leaves the others out (SQL's pick()); here is only what may be asked for.
 */
#include "request_private.h"

#include <string.h>

/* SCHEMA with its $ref followed. */
static const json_t *followed(const json_t *document, const json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const char *name = ref ? strrchr(ref, '/') : NULL;
	const json_t *components = json_object_get(document, "components");

	return name ? json_object_get(json_object_get(components, "schemas"), name + 1) : schema;
}

/* The members of what the operation answers: of the thing itself, or of a list's elements. */
static const json_t *answer_members(const struct request *r)
{
	const json_t *document = r->service->contract->document;
	char status[4] = {(char)('0' + r->operation->success / 100),
			  (char)('0' + r->operation->success / 10 % 10),
			  (char)('0' + r->operation->success % 10), '\0'};
	const json_t *answer =
		json_object_get(json_object_get(r->operation->definition, "responses"), status);
	const json_t *media =
		json_object_get(json_object_get(answer, "content"), "application/json");
	const json_t *schema = followed(document, json_object_get(media, "schema"));
	const json_t *members = json_object_get(schema, "properties");
	const json_t *data = followed(document, json_object_get(members, "data"));
	const json_t *items = followed(document, json_object_get(data, "items"));

	return items ? json_object_get(items, "properties") : members;
}

void fields_check(struct request *r)
{
	const json_t *fields = json_object_get(r->params, "fields"), *field;
	const json_t *members = fields ? answer_members(r) : NULL;
	size_t i;

	json_array_foreach(fields, i, field)
		if (!json_object_get(members, json_string_value(field)))
			violation_add(&r->violations, IN_PARAMETER, "fields", "field-unknown",
				      json_pack("{sO}", "field", field));
}

char *fields_wanted(struct request *r)
{
	const json_t *list = json_object_get(r->params, "fields"), *field;
	char *text = NULL;
	size_t i;

	json_array_foreach(list, i, field)
		text = text ? arena_printf(r->arena, "%s,%s", text, json_string_value(field))
			    : arena_strdup(r->arena, json_string_value(field));
	return text;
}
