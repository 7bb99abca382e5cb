/*
 * contract_parameter.c -- the parameters that the contract declares.
 *
 * Names of path, query and header parameters share one set of keys, so that a query's :name is
 * never two things.
 */
#include "contract_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool set_place(struct loader *l, const char *at, const json_t *definition,
		      struct parameter *p)
{
	static const char *const handled[] = {"Accept", "Content-Type", "Authorization"};
	const char *place = json_string_value(json_object_get(definition, "in"));
	size_t i;

	if (place && strcmp(place, "path") == 0)
		p->place = FROM_PATH;
	else if (place && strcmp(place, "query") == 0)
		p->place = FROM_QUERY;
	else if (place && strcmp(place, "header") == 0)
		p->place = FROM_HEADER;
	else
		return shape_refuse(l, at, "in must be path, query or header");
	for (i = 0; p->place == FROM_HEADER && i < sizeof handled / sizeof *handled; i++) {
		if (strcasecmp(handled[i], p->name) == 0)
			return shape_refuse(l, at,
					    "%s is not a parameter (OpenAPI 3.1 section 4.8.12)",
					    p->name);
	}
	return true;
}

/* "If-Match" becomes if_match; names of the path and the query are keys already. */
static bool set_key(struct loader *l, const char *at, struct parameter *p)
{
	char *key = arena_strdup(l->arena, p->name), *c;

	if (!key)
		return shape_refuse(l, at, "out of memory");
	for (c = key; *c; c++) {
		if (p->place == FROM_HEADER)
			*c = *c == '-' ? '_' : (char)tolower((unsigned char)*c);
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return shape_refuse(l, at,
					    "%.60s: a name has lower-case letters, digits and _",
					    p->name);
	}
	p->key = key;
	return true;
}

static bool set_style(struct loader *l, const char *at, const json_t *definition,
		      struct parameter *p)
{
	const char *style = json_string_value(json_object_get(definition, "style"));
	const json_t *explode = json_object_get(definition, "explode");
	unsigned types = schema_types(p->schema);

	if (json_object_get(definition, "style") &&
	    (!style || strcmp(style, p->place == FROM_QUERY ? "form" : "simple") != 0))
		return shape_refuse(l, at, "only the usual style of its place is known");
	if (types & SCHEMA_OBJECT)
		return shape_refuse(l, at,
				    "the schema of a parameter must say its type, and not object");
	p->exploded_array = types & SCHEMA_ARRAY;
	if (p->exploded_array && types != SCHEMA_ARRAY)
		return shape_refuse(l, at, "a parameter is an array or it is not");
	if (p->exploded_array && p->place == FROM_QUERY && !json_is_false(explode))
		return shape_refuse(l, at, "an array wants explode: false, for no key comes twice");
	return true;
}

bool parameter_check(struct loader *l, const char *at, const json_t *definition,
		     struct parameter *p)
{
	static const char *const allowed[] = {
		"name",    "in",      "required", "description", "schema",          "style",
		"explode", "example", "examples", "deprecated",  "allowEmptyValue", NULL};
	bool flag;

	*p = (struct parameter){0};
	if (!shape_only(l, at, definition, allowed) ||
	    !shape_text(l, at, definition, "name", true) ||
	    !shape_text(l, at, definition, "description", false) ||
	    !shape_flag(l, at, definition, "required", &p->required) ||
	    !shape_flag(l, at, definition, "deprecated", &flag) ||
	    !shape_flag(l, at, definition, "explode", &flag) ||
	    !shape_flag(l, at, definition, "allowEmptyValue", &p->allow_empty))
		return false;
	p->name = json_string_value(json_object_get(definition, "name"));
	if (!set_place(l, at, definition, p) || !set_key(l, at, p))
		return false;
	if (p->place == FROM_PATH && !p->required)
		return shape_refuse(l, at, "a path parameter must be required");
	if (p->allow_empty && p->place != FROM_QUERY)
		return shape_refuse(l, at, "allowEmptyValue is for the query");
	if (!json_object_get(definition, "schema"))
		return shape_refuse(l, at, "schema is missing");
	p->schema = shape_schema(l, at, json_object_get(definition, "schema"));
	if (!p->schema || !set_style(l, at, definition, p))
		return false;
	if (p->required && schema_default(p->schema))
		return shape_refuse(l, at, "a required parameter has no default");
	return shape_examples(l, at, definition, p->schema);
}

/* Adds one parameter; those of the operation stand in for those of the path. */
static bool add(struct loader *l, struct operation *o, const char *at, const json_t *definition,
		size_t of_path)
{
	struct parameter p;
	bool referred;
	size_t i;

	definition = shape_resolve(l, &at, definition, "parameters", &referred);
	if (!definition || !parameter_check(l, at, definition, &p))
		return false;
	for (i = 0; i < o->parameter_count; i++) {
		if (strcmp(o->parameters[i].key, p.key) != 0)
			continue;
		if (i >= of_path || o->parameters[i].place != p.place)
			return shape_refuse(l, at, "%s: %.60s is there twice", o->id, p.name);
		o->parameters[i] = p;
		return true;
	}
	o->parameters[o->parameter_count++] = p;
	return true;
}

static const struct parameter *path_parameter(const struct operation *o, const char *name,
					      size_t length)
{
	size_t i;

	for (i = 0; i < o->parameter_count; i++) {
		const struct parameter *p = &o->parameters[i];

		if (p->place == FROM_PATH && strlen(p->name) == length &&
		    memcmp(p->name, name, length) == 0)
			return p;
	}
	return NULL;
}

/* The parameters in the path and those of its template are the same. */
static bool agrees(struct loader *l, const struct operation *o, const char *at)
{
	const char *brace;
	size_t declared = 0, used = 0, i;

	for (brace = strchr(o->path, '{'); brace; brace = strchr(brace + 1, '{')) {
		size_t length = strcspn(brace + 1, "}");

		if (!path_parameter(o, brace + 1, length))
			return shape_refuse(l, at, "{%.*s} is not declared",
					    (int)(length > 60 ? 60 : length), brace + 1);
		used++;
	}
	for (i = 0; i < o->parameter_count; i++)
		declared += o->parameters[i].place == FROM_PATH;
	if (declared != used)
		return shape_refuse(l, at,
				    "a path parameter is declared that the path does not have");
	return true;
}

/* Adds each parameter of LIST, which stands at AT/parameters. */
static bool add_list(struct loader *l, struct operation *o, const char *at, const json_t *list)
{
	size_t of_path = o->parameter_count, i;
	char step[24];

	at = shape_below(l, at, "parameters");
	if (list && !json_is_array(list))
		return shape_refuse(l, at, "must be an array");
	for (i = 0; i < json_array_size(list); i++) {
		snprintf(step, sizeof step, "%zu", i);
		if (!add(l, o, shape_below(l, at, step), json_array_get(list, i), of_path))
			return false;
	}
	return true;
}

bool parameters_load(struct loader *l, struct operation *o, const char *path_at,
		     const json_t *of_path, const char *at, const json_t *of_operation)
{
	size_t count = json_array_size(of_path) + json_array_size(of_operation), i;

	o->parameters = arena_alloc(l->arena, (count + 1) * sizeof *o->parameters);
	if (!o->parameters)
		return shape_refuse(l, at, "out of memory");
	if (!add_list(l, o, path_at, of_path) || !add_list(l, o, at, of_operation))
		return false;
	for (i = 0; i < o->parameter_count; i++) {
		const struct parameter *p = &o->parameters[i];

		if (p->place != FROM_HEADER)
			continue;
		o->if_match |= strcmp(p->key, "if_match") == 0;
		o->idempotency_required |= p->required && strcmp(p->key, "idempotency_key") == 0;
	}
	return agrees(l, o, at);
}
