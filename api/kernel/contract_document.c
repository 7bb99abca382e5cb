/*
 * contract_document.c -- info, servers, tags, scopes, security schemes and components.
 *
 * Components are checked whether anything refers to them or not, so that a wrong one does not
 * wait for its first use.
 */
#include "contract_private.h"

#include <string.h>

static bool check_info(struct loader *l, const json_t *info)
{
	static const char *const allowed[] = {"title",   "version", "summary",        "description",
					      "contact", "license", "termsOfService", NULL};
	static const char *const contact[] = {"name", "url", "email", NULL};
	static const char *const license[] = {"name", "identifier", "url", NULL};
	const json_t *part;

	if (!shape_only(l, "#/info", info, allowed) ||
	    !shape_text(l, "#/info", info, "title", true) ||
	    !shape_text(l, "#/info", info, "version", true) ||
	    !shape_text(l, "#/info", info, "summary", false) ||
	    !shape_text(l, "#/info", info, "description", false) ||
	    !shape_text(l, "#/info", info, "termsOfService", false))
		return false;
	part = json_object_get(info, "contact");
	if (part && !shape_only(l, "#/info/contact", part, contact))
		return false;
	part = json_object_get(info, "license");
	return !part || (shape_only(l, "#/info/license", part, license) &&
			 shape_text(l, "#/info/license", part, "name", true));
}

/* An array of objects that have ALLOWED members, of which the first must be there. */
static bool check_list(struct loader *l, const char *key, const char *const *allowed)
{
	const char *at = shape_below(l, "#", key);
	json_t *list = json_object_get(l->contract->document, key), *item;
	size_t i;

	if (list && !json_is_array(list))
		return shape_refuse(l, at, "must be an array");
	json_array_foreach(list, i, item) {
		if (!shape_only(l, at, item, allowed) || !shape_text(l, at, item, allowed[0], true))
			return false;
	}
	return true;
}

/* For whom a server is (x-internal) says nothing that is enforced: it is for readers. */
static bool check_audience(struct loader *l)
{
	json_t *list = json_object_get(l->contract->document, "servers"), *server;
	bool internal;
	size_t i;

	json_array_foreach(list, i, server) {
		if (!shape_flag(l, "#/servers", server, "x-internal", &internal))
			return false;
	}
	return true;
}

static bool check_version(struct loader *l)
{
	const char *version = json_string_value(json_object_get(l->contract->document, "openapi"));

	if (!version || strncmp(version, "3.1.", 4) != 0)
		return shape_refuse(l, "#/openapi", "only OpenAPI 3.1 is known");
	return true;
}

/* ---- scopes ---- */

static unsigned role_by_name(const char *name)
{
	static const struct {
		const char *name;
		unsigned role;
	} roles[] = {{"county", ROLE_COUNTY},
		     {"school", ROLE_SCHOOL},
		     {"teacher", ROLE_TEACHER},
		     {"client", ROLE_CLIENT}};
	size_t i;

	for (i = 0; name && i < sizeof roles / sizeof *roles; i++) {
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	}
	return 0;
}

static bool load_scope(struct loader *l, struct scope *scope, const char *name, json_t *definition)
{
	static const char *const allowed[] = {"roles", "description", NULL};
	const char *at = shape_below(l, "#/components/x-scopes", name);
	json_t *roles = json_object_get(definition, "roles"), *role;
	size_t i;

	if (!*name || name[strcspn(name, " \"\\")])
		return shape_refuse(l, at, "not the name of a scope (RFC 6749 section 3.3)");
	if (!shape_only(l, at, definition, allowed) ||
	    !shape_text(l, at, definition, "description", true))
		return false;
	scope->name = name;
	json_array_foreach(roles, i, role) {
		unsigned bit = role_by_name(json_string_value(role));

		if (!bit || scope->roles & bit)
			return shape_refuse(l, at, "roles: not a role, or twice");
		scope->roles |= bit;
	}
	return scope->roles || shape_refuse(l, at, "roles must be an array of roles");
}

static bool load_scopes(struct loader *l, json_t *scopes)
{
	struct contract *c = l->contract;
	const char *name;
	json_t *definition;

	if (scopes && !json_is_object(scopes))
		return shape_refuse(l, "#/components/x-scopes", "must be an object");
	c->scopes = arena_alloc(l->arena, (json_object_size(scopes) + 1) * sizeof *c->scopes);
	if (!c->scopes)
		return shape_refuse(l, "#/components/x-scopes", "out of memory");
	json_object_foreach(scopes, name, definition) {
		if (!load_scope(l, &c->scopes[c->scope_count], name, definition))
			return false;
		c->scope_count++;
	}
	return true;
}

/* ---- components ---- */

/* Bearer tokens are the one way in. */
static bool check_scheme(struct loader *l, const char *at, const json_t *scheme)
{
	static const char *const allowed[] = {"type", "scheme", "bearerFormat", "description",
					      NULL};
	const char *type = json_string_value(json_object_get(scheme, "type"));
	const char *name = json_string_value(json_object_get(scheme, "scheme"));

	if (!shape_only(l, at, scheme, allowed))
		return false;
	if (!type || strcmp(type, "http") != 0 || !name || strcmp(name, "bearer") != 0)
		return shape_refuse(l, at, "only type http with scheme bearer is enforced");
	return true;
}

static bool check_schema(struct loader *l, const char *at, const json_t *definition)
{
	char why[300];

	return schema_set_compile(l->contract->schemas, definition, at, why) ||
	       shape_refuse(l, "#", "%s", why);
}

static bool check_parameter(struct loader *l, const char *at, const json_t *definition)
{
	struct parameter p;

	return parameter_check(l, at, definition, &p);
}

static bool check_response(struct loader *l, const char *at, const json_t *definition)
{
	struct response r;

	return response_check(l, at, definition, &r);
}

/* Judged by the media type that refers to it. */
static bool check_example(struct loader *l, const char *at, const json_t *definition)
{
	return json_object_get(definition, "value") || shape_refuse(l, at, "value is missing");
}

static const struct {
	const char *name;
	bool (*check)(struct loader *l, const char *at, const json_t *definition);
} kinds[] = {
	{"schemas", check_schema},
	{"parameters", check_parameter},
	{"headers", header_check},
	{"responses", check_response},
	{"requestBodies", request_body_check},
	{"securitySchemes", check_scheme},
	{"examples", check_example},
};

static bool check_components(struct loader *l, json_t *components)
{
	static const char *const allowed[] = {"schemas",   "parameters",    "headers",
					      "responses", "requestBodies", "securitySchemes",
					      "examples",  "x-scopes",      NULL};
	const char *name;
	json_t *definition;
	size_t i;

	if (!components)
		return true;
	if (!shape_only(l, "#/components", components, allowed) ||
	    !load_scopes(l, json_object_get(components, "x-scopes")))
		return false;
	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *at = shape_below(l, "#/components", kinds[i].name);
		json_t *kind = json_object_get(components, kinds[i].name);

		if (kind && !json_is_object(kind))
			return shape_refuse(l, at, "must be an object");
		json_object_foreach(kind, name, definition) {
			if (!kinds[i].check(l, shape_below(l, at, name), definition))
				return false;
		}
	}
	return true;
}

bool document_load(struct loader *l)
{
	static const char *const allowed[] = {"openapi",  "info",         "servers",
					      "tags",     "paths",        "components",
					      "security", "externalDocs", NULL};
	static const char *const server[] = {"url", "description", "x-internal", NULL};
	static const char *const tag[] = {"name", "description", "x-displayName", NULL};
	static const char *const docs[] = {"url", "description", NULL};
	const json_t *document = l->contract->document;
	const json_t *external = json_object_get(document, "externalDocs");

	return shape_only(l, "#", document, allowed) && check_version(l) &&
	       check_info(l, json_object_get(document, "info")) &&
	       check_list(l, "servers", server) && check_audience(l) &&
	       check_list(l, "tags", tag) &&
	       (!external || shape_only(l, "#/externalDocs", external, docs)) &&
	       check_components(l, json_object_get(document, "components"));
}
