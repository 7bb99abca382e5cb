/*
 * contract_operation.c -- paths and their operations.
 */
#include "contract_private.h"

#include "route.h"

#include <ctype.h>
#include <string.h>

static const char *const methods[METHOD_COUNT] = {
	[METHOD_GET] = "get",     [METHOD_POST] = "post",     [METHOD_PUT] = "put",
	[METHOD_PATCH] = "patch", [METHOD_DELETE] = "delete",
};

/* ---- security ---- */

/* One way in: {} for nobody in particular, or {scheme: [scope]}. */
static bool load_requirement(struct loader *l, struct operation *o, const char *at,
			     const json_t *requirement)
{
	const json_t *schemes = json_object_get(
		json_object_get(l->contract->document, "components"), "securitySchemes");
	void *scheme = json_object_iter((json_t *)requirement);
	const json_t *scopes = scheme ? json_object_iter_value(scheme) : NULL;
	const char *name;

	if (!json_is_object(requirement) || json_object_size(requirement) > 1)
		return shape_refuse(l, at, "a requirement is {} or one scheme");
	if (!scheme) {
		o->is_public = true;
		return true;
	}
	if (!json_object_get(schemes, json_object_iter_key(scheme)))
		return shape_refuse(l, at, "no such scheme: %.60s", json_object_iter_key(scheme));
	if (!json_is_array(scopes) || json_array_size(scopes) > 1)
		return shape_refuse(
			l, at,
			"a requirement has one scope at most: alternatives stand side by side");
	if (!json_array_size(scopes))
		return true;
	name = json_string_value(json_array_get(scopes, 0));
	o->scopes[o->scope_count] = name ? contract_scope(l->contract, name, strlen(name)) : NULL;
	if (!o->scopes[o->scope_count])
		return shape_refuse(l, at, "no such scope: %.60s", name ? name : "not text");
	o->scope_count++;
	return true;
}

static bool load_security(struct loader *l, struct operation *o, const char *at,
			  const json_t *security)
{
	size_t count = json_array_size(security), i;

	at = shape_below(l, at, "security");
	if (!json_is_array(security))
		return shape_refuse(l, at, "must be an array");
	o->scopes = arena_alloc(l->arena, (count + 1) * sizeof(*o->scopes));
	if (!o->scopes)
		return shape_refuse(l, at, "out of memory");
	o->is_public = !count;
	for (i = 0; i < count; i++) {
		if (!load_requirement(l, o, at, json_array_get(security, i)))
			return false;
	}
	o->judges_token = o->is_public && count == 2 && !o->scope_count;
	if (count > 1 && !o->judges_token && (o->is_public || o->scope_count != count))
		return shape_refuse(l, at, "several requirements must be one scope each");
	return true;
}

/* ---- what is said about an operation ---- */

static bool check_tags(struct loader *l, const char *at, const json_t *tags)
{
	json_t *declared = json_object_get(l->contract->document, "tags"), *tag;
	size_t i, j;

	if (tags && !json_is_array(tags))
		return shape_refuse(l, at, "tags must be an array");
	for (i = 0; i < json_array_size(tags); i++) {
		bool found = false;

		json_array_foreach(declared, j, tag)
			found |= json_equal(json_object_get(tag, "name"), json_array_get(tags, i));
		if (!found)
			return shape_refuse(l, at, "a tag is not declared");
	}
	return true;
}

static bool check_subject(struct loader *l, const struct operation *o, const char *at)
{
	size_t i;

	for (i = 0; o->subject && i < o->parameter_count; i++) {
		if (strcmp(o->parameters[i].name, o->subject) == 0 &&
		    o->parameters[i].place != FROM_HEADER)
			return true;
	}
	return !o->subject ||
	       shape_refuse(l, at, "x-subject names no parameter: %.60s", o->subject);
}

static bool load_extensions(struct loader *l, struct operation *o, const char *at)
{
	const json_t *limit = json_object_get(o->definition, "x-max-body");
	bool safe;

	if (!shape_flag(l, at, o->definition, "x-handler", &o->has_handler) ||
	    !shape_flag(l, at, o->definition, "x-safe", &safe) ||
	    !shape_text(l, at, o->definition, "x-subject", false) ||
	    !shape_text(l, at, o->definition, "x-batch", false))
		return false;
	o->writes = o->method != METHOD_GET && !safe;
	o->subject = json_string_value(json_object_get(o->definition, "x-subject"));
	if (limit && json_integer_value(limit) <= 0)
		return shape_refuse(l, at, "x-max-body must be a number of bytes");
	o->body_max = limit ? (size_t)json_integer_value(limit) : 0;
	return true;
}

/* Finds O's number; an id is a name of C and of SQL. */
static bool set_number(struct loader *l, const char *at, const char *id, size_t *number)
{
	size_t i;

	for (i = 0; id[i]; i++) {
		if (!islower((unsigned char)id[i]) &&
		    !(i && (isdigit((unsigned char)id[i]) || id[i] == '_')))
			return shape_refuse(l, at, "operationId: lower-case letters, digits and _");
	}
	if (contract_operation(l->contract, id))
		return shape_refuse(l, at, "operationId %.60s is there twice", id);
	if (!l->names) {
		*number = l->contract->operation_count;
		return true;
	}
	for (i = 0; i < l->name_count; i++) {
		if (strcmp(l->names[i], id) == 0) {
			*number = i;
			return true;
		}
	}
	return shape_refuse(l, at, "operationId %.60s is not in operations.def", id);
}

static bool load_operation(struct loader *l, const char *path, const char *path_at,
			   const json_t *item, enum method method, const json_t *definition)
{
	static const char *const allowed[] = {
		"operationId", "tags",        "summary",    "description", "security",
		"parameters",  "requestBody", "responses",  "deprecated",  "x-handler",
		"x-safe",      "x-subject",   "x-max-body", "x-batch",     NULL};
	const char *at = shape_below(l, path_at, methods[method]), *id;
	struct operation *o;
	char why[200];
	size_t number = 0;
	bool flag;

	if (!shape_only(l, at, definition, allowed) ||
	    !shape_text(l, at, definition, "operationId", true) ||
	    !shape_text(l, at, definition, "summary", true) ||
	    !shape_text(l, at, definition, "description", false) ||
	    !shape_flag(l, at, definition, "deprecated", &flag))
		return false;
	id = json_string_value(json_object_get(definition, "operationId"));
	if (!set_number(l, at, id, &number))
		return false;
	o = &l->contract->operations[number];
	*o = (struct operation){.id = id,
				.number = (int)number,
				.method = method,
				.path = path,
				.definition = definition};
	l->contract->operation_count++;
	if (!check_tags(l, at, json_object_get(definition, "tags")) ||
	    !load_security(l, o, at, json_object_get(definition, "security")) ||
	    !load_extensions(l, o, at) ||
	    !parameters_load(l, o, path_at, json_object_get(item, "parameters"), at,
			     json_object_get(definition, "parameters")) ||
	    !check_subject(l, o, at) ||
	    !request_body_load(l, o, at, json_object_get(definition, "requestBody")) ||
	    !responses_load(l, o, at, json_object_get(definition, "responses")))
		return false;
	return route_add(&l->contract->routes, o, why) || shape_refuse(l, at, "%s", why);
}

/* ---- all of them ---- */

static size_t count_operations(json_t *paths)
{
	const char *path;
	json_t *item;
	size_t count = 0, i;

	json_object_foreach(paths, path, item) {
		for (i = 0; i < METHOD_COUNT; i++)
			count += json_object_get(item, methods[i]) != NULL;
	}
	return count;
}

static bool load_path(struct loader *l, const char *path, json_t *item)
{
	static const char *const allowed[] = {"summary", "description", "parameters", "get", "post",
					      "put",     "patch",       "delete",     NULL};
	const char *at = shape_below(l, "#/paths", path);
	size_t i;

	if (!shape_only(l, at, item, allowed))
		return false;
	for (i = 0; i < METHOD_COUNT; i++) {
		const json_t *definition = json_object_get(item, methods[i]);

		if (definition && !load_operation(l, path, at, item, (enum method)i, definition))
			return false;
	}
	return true;
}

/* What x-batch names must be an operation with a JSON body. */
static bool link_batches(struct loader *l)
{
	size_t i;

	for (i = 0; i < l->contract->operation_count; i++) {
		struct operation *o = &l->contract->operations[i];
		const struct operation *single;

		o->batch_of = json_string_value(json_object_get(o->definition, "x-batch"));
		single = o->batch_of ? contract_operation(l->contract, o->batch_of) : NULL;
		if (o->batch_of && (!single || single == o || !single->body_count))
			return shape_refuse(l, o->id,
					    "x-batch names no operation with a body: %.60s",
					    o->batch_of);
	}
	return true;
}

bool operations_load(struct loader *l)
{
	struct contract *c = l->contract;
	json_t *paths = json_object_get(c->document, "paths"), *item;
	const char *path;
	size_t count, i;

	if (!json_is_object(paths))
		return shape_refuse(l, "#/paths", "must be an object");
	count = l->names ? l->name_count : count_operations(paths);
	c->operations = arena_alloc(l->arena, (count + 1) * sizeof *c->operations);
	if (!c->operations)
		return shape_refuse(l, "#/paths", "out of memory");
	json_object_foreach(paths, path, item) {
		if (!load_path(l, path, item))
			return false;
	}
	for (i = 0; l->names && i < count; i++) {
		if (!c->operations[i].id)
			return shape_refuse(l, "#/paths",
					    "operations.def has %.60s, the contract has not",
					    l->names[i]);
	}
	c->operation_count = count;
	return link_batches(l);
}
