/*
 * contract_body.c -- request bodies, responses and headers of the contract.
 *
 * A schema of a body that is not JSON can only say that it is text and how long: the length is
 * the operation's limit of bytes.
 */
#include "contract_private.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_media_type(const char *name)
{
	const char *slash = strchr(name, '/'), *p;

	for (p = name; *p; p++) {
		if (p != slash && !islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
		    !strchr("!#$&^_.+-", *p))
			return false;
	}
	return slash && slash > name && slash[1];
}

static bool is_json(const char *name)
{
	size_t length = strlen(name);

	return strcmp(name, "application/json") == 0 ||
	       (length > 5 && strcmp(name + length - 5, "+json") == 0);
}

/* One Media Type Object; *LIMIT is lowered to what a schema of text says. */
static bool load_type(struct loader *l, const char *at, const char *name, const json_t *definition,
		      struct body_type *type, size_t *limit)
{
	static const char *const allowed[] = {"schema", "example", "examples", NULL};
	const json_t *part = json_object_get(definition, "schema");
	const struct schema *s = NULL;

	if (!is_media_type(name))
		return shape_refuse(l, at, "not a media type in lower case without parameters");
	if (!shape_only(l, at, definition, allowed))
		return false;
	if (part) {
		s = shape_schema(l, at, part);
		if (!s)
			return false;
	}
	*type = (struct body_type){name, NULL};
	if (is_json(name)) {
		if (!s)
			return shape_refuse(l, at, "schema is missing");
		type->schema = s;
	} else if (s) {
		if (schema_types(s) != SCHEMA_STRING)
			return shape_refuse(l, at,
					    "the schema of what is not JSON must be a string");
		if (schema_max_length(s) < *limit)
			*limit = schema_max_length(s);
	}
	return shape_examples(l, at, definition, s);
}

/* The types of CONTENT into an array of the arena, *COUNT of them. */
static bool load_content(struct loader *l, const char *at, const json_t *content,
			 struct body_type **types, size_t *count, size_t *limit)
{
	const char *name;
	json_t *definition;

	*count = 0;
	at = shape_below(l, at, "content");
	if (!json_is_object(content) || !json_object_size(content))
		return shape_refuse(l, at, "must be an object of media types");
	*types = arena_alloc(l->arena, json_object_size(content) * sizeof **types);
	if (!*types)
		return shape_refuse(l, at, "out of memory");
	json_object_foreach((json_t *)content, name, definition) {
		if (!load_type(l, shape_below(l, at, name), name, definition, &(*types)[*count],
			       limit))
			return false;
		++*count;
	}
	return true;
}

/* ---- request bodies ---- */

static bool load_request_body(struct loader *l, struct operation *o, const char *at,
			      const json_t *definition)
{
	static const char *const allowed[] = {"description", "content", "required", NULL};
	size_t limit = SIZE_MAX;

	if (!shape_only(l, at, definition, allowed) ||
	    !shape_text(l, at, definition, "description", false) ||
	    !shape_flag(l, at, definition, "required", &o->body_required) ||
	    !load_content(l, at, json_object_get(definition, "content"), &o->bodies, &o->body_count,
			  &limit))
		return false;
	if (o->body_max && limit < o->body_max)
		return shape_refuse(l, at, "x-max-body is more than the schema's maxLength");
	if (!o->body_max && limit != SIZE_MAX)
		o->body_max = limit;
	return true;
}

bool request_body_check(struct loader *l, const char *at, const json_t *definition)
{
	struct operation unused = {0};

	return load_request_body(l, &unused, at, definition);
}

bool request_body_load(struct loader *l, struct operation *o, const char *at,
		       const json_t *definition)
{
	bool referred;

	if (!definition)
		return true;
	if (o->method == METHOD_GET || o->method == METHOD_DELETE)
		return shape_refuse(l, at, "GET and DELETE have no body");
	at = shape_below(l, at, "requestBody");
	definition = shape_resolve(l, &at, definition, "requestBodies", &referred);
	return definition && load_request_body(l, o, at, definition);
}

/* ---- responses ---- */

bool header_check(struct loader *l, const char *at, const json_t *definition)
{
	static const char *const allowed[] = {"description", "required", "deprecated", "schema",
					      "example",     "examples", NULL};
	const json_t *part = json_object_get(definition, "schema");
	const struct schema *s;
	bool flag;

	if (!shape_only(l, at, definition, allowed) ||
	    !shape_text(l, at, definition, "description", false) ||
	    !shape_flag(l, at, definition, "required", &flag) ||
	    !shape_flag(l, at, definition, "deprecated", &flag))
		return false;
	if (!part)
		return shape_refuse(l, at, "schema is missing");
	s = shape_schema(l, at, part);
	return s && shape_examples(l, at, definition, s);
}

static bool check_headers(struct loader *l, const char *at, json_t *headers)
{
	const char *name, *place;
	json_t *definition;
	bool referred;

	at = shape_below(l, at, "headers");
	if (headers && !json_is_object(headers))
		return shape_refuse(l, at, "must be an object");
	json_object_foreach(headers, name, definition) {
		const json_t *header;

		place = shape_below(l, at, name);
		header = shape_resolve(l, &place, definition, "headers", &referred);
		if (!header || (!referred && !header_check(l, place, header)))
			return false;
	}
	return true;
}

bool response_check(struct loader *l, const char *at, const json_t *definition, struct response *r)
{
	static const char *const allowed[] = {"description", "headers", "content", NULL};
	const json_t *content = json_object_get(definition, "content");
	struct body_type *types = NULL;
	size_t limit = SIZE_MAX, i;

	*r = (struct response){0};
	if (!shape_only(l, at, definition, allowed) ||
	    !shape_text(l, at, definition, "description", true) ||
	    !check_headers(l, at, json_object_get(definition, "headers")))
		return false;
	if (!content)
		return true;
	if (!load_content(l, at, content, &types, &r->type_count, &limit))
		return false;
	if (r->type_count > sizeof r->types / sizeof *r->types)
		return shape_refuse(l, at, "too many media types");
	for (i = 0; i < r->type_count; i++)
		r->types[i] = types[i];
	return true;
}

/* "200" and its like; 0 when it is none. */
static int status_of(const char *text)
{
	if (strlen(text) != 3 || strspn(text, "0123456789") != 3)
		return 0;
	return *text >= '2' && *text <= '5' ? (int)strtol(text, NULL, 10) : 0;
}

static bool load_response(struct loader *l, struct operation *o, const char *at, const char *status,
			  const json_t *definition)
{
	struct response *r = &o->responses[o->response_count];
	bool referred;

	definition = shape_resolve(l, &at, definition, "responses", &referred);
	if (!definition || !response_check(l, at, definition, r))
		return false;
	r->status = status_of(status);
	r->by_reference = referred;
	if (!r->status)
		return shape_refuse(l, at, "%.30s is not a status from 200 to 599", status);
	if ((r->status == 204 || r->status == 304) && r->type_count)
		return shape_refuse(l, at, "%s has no content", status);
	if (r->status < 300 && (!o->success || r->status < o->success))
		o->success = r->status;
	o->response_count++;
	return true;
}

bool responses_load(struct loader *l, struct operation *o, const char *at,
		    const json_t *definitions)
{
	const char *status;
	json_t *definition;

	at = shape_below(l, at, "responses");
	if (!json_is_object(definitions))
		return shape_refuse(l, at, "must be an object of statuses");
	o->responses =
		arena_alloc(l->arena, (json_object_size(definitions) + 1) * sizeof *o->responses);
	if (!o->responses)
		return shape_refuse(l, at, "out of memory");
	json_object_foreach((json_t *)definitions, status, definition) {
		if (!load_response(l, o, shape_below(l, at, status), status, definition))
			return false;
	}
	return o->success || shape_refuse(l, at, "a status from 200 to 299 is missing");
}
