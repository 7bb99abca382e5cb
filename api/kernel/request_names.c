/*
 * request_names.c -- what a query sees under a name, and at start: whether there is anything.
 *
 * A name is what a handler has bound, what every request has, a parameter of the contract, or
 * a property of the body.  An absent value is NULL, and so would a misspelt name be.
 */
#include "request_private.h"

#include "json.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>

/* What every request has of its actor, as auth_<name>. */
#define ACTOR(VALUE)                                                                               \
	VALUE(person, actor->person)                                                               \
	VALUE(office, actor->office)                                                               \
	VALUE(school, actor->school)                                                               \
	VALUE(client, actor->client)                                                               \
	VALUE(role, actor->role_name)                                                              \
	VALUE(scope, actor->scope)                                                                 \
	VALUE(sees, settings_sees(actor))

static const char *const bound_names[] = {
#define BOUND(name) #name,
#define GIVEN(name)
#include "names.def"
#undef BOUND
#undef GIVEN
};

static const char *const given_names[] = {
#define BOUND(name)
#define GIVEN(name) #name,
#include "names.def"
#undef BOUND
#undef GIVEN
};

/* --- while a request runs --- */

void bind_value(struct request *r, enum bound_name name, const char *text)
{
	struct bind *b = arena_alloc(r->arena, sizeof *b);

	if (!b) {
		problem(r, UNAVAILABLE, NULL);
		return;
	}
	b->name = bound_names[name];
	b->value = text;
	b->next = r->binds;
	r->binds = b;
}

const char *json_parameter(struct request *r, const json_t *value)
{
	const char *text;

	if (!value || json_is_null(value))
		return NULL;
	if (json_is_string(value))
		return json_string_value(value);
	text = json_text(r->arena, value);
	/* NULL would mean that nothing was sent. */
	if (!text)
		problem(r, UNAVAILABLE, NULL);
	return text;
}

static const char *actor_value(const struct actor *actor, const char *name)
{
	const char *text = NULL;

#define VALUE(suffix, expression)                                                                  \
	if (!strcmp(name, #suffix))                                                                \
		text = expression;
	ACTOR(VALUE)
#undef VALUE
	return text && *text ? text : NULL;
}

const char *request_lookup(void *request, const char *name)
{
	struct request *r = request;
	const struct bind *b;
	const json_t *found;

	for (b = r->binds; b; b = b->next)
		if (!strcmp(b->name, name))
			return b->value;
	if (!strcmp(name, "body"))
		return r->body_text;
	if (!strcmp(name, "if_match"))
		return r->if_match;
	if (!strncmp(name, "auth_", 5))
		return actor_value(&r->actor, name + 5);
	found = json_object_get(r->params, name);
	if (!found && json_is_object(r->body))
		found = json_object_get(r->body, name);
	return json_parameter(r, found);
}

const char *value(struct request *r, const char *name)
{
	return request_lookup(r, name);
}

const char *query_value(const struct request *r, const char *name)
{
	return json_string_value(json_object_get(r->params, name));
}

/* --- at start --- */

static bool listed(const char *const *list, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

#define LISTED(list, name) listed(list, sizeof(list) / sizeof *(list), name)

/* What request_lookup() has without a contract. */
static bool always_there(const char *name)
{
	static const char *const names[] = {
#define VALUE(suffix, expression) "auth_" #suffix,
		ACTOR(VALUE)
#undef VALUE
			"body",
	};

	return LISTED(names, name);
}

static bool body_has(const struct operation *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->body_count; i++)
		if (o->bodies[i].schema && schema_has_property(o->bodies[i].schema, name))
			return true;
	return false;
}

/* What the contract lets a request of O bring. */
static bool brought(const struct operation *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->parameter_count; i++)
		if (!strcmp(o->parameters[i].key, name))
			return true;
	return body_has(o, name);
}

/* The operation that Q answers, also as CSV, or NULL. */
static const struct operation *answers(const struct contract *c, const struct query *q)
{
	const char *name = query_name(q);
	size_t i, length;

	for (i = 0; i < c->operation_count; i++) {
		length = strlen(c->operations[i].id);
		if (!strncmp(name, c->operations[i].id, length) &&
		    (!name[length] || !strcmp(name + length, "_csv")))
			return &c->operations[i];
	}
	return NULL;
}

/* Whether a query that answers O, or no operation for NULL, may find something under NAME. */
static bool known(const struct contract *c, const struct operation *o, const char *name)
{
	size_t i;

	if (always_there(name))
		return true;
	if (o)
		return brought(o, name) || (o->has_handler && LISTED(bound_names, name));
	for (i = 0; i < c->operation_count; i++)
		if (brought(&c->operations[i], name))
			return true;
	return LISTED(bound_names, name) || LISTED(given_names, name);
}

/* The batch that runs O's query for each of its rows and would not find NAME, or NULL. */
static const struct operation *batch_without(const struct contract *c, const struct operation *o,
					     const char *name)
{
	size_t i;

	if (always_there(name) || body_has(o, name))
		return NULL;
	for (i = 0; i < c->operation_count; i++) {
		const struct operation *batch = &c->operations[i];

		if (batch->batch_of && !strcmp(batch->batch_of, o->id) && !brought(batch, name))
			return batch;
	}
	return NULL;
}

bool request_names_check(const struct contract *c, const struct query_registry *queries,
			 char error[300])
{
	const struct operation *o, *batch;
	const struct query *q;
	const char *name;
	int number;
	size_t i;

	for (number = 0; (q = query_get(queries, number)); number++) {
		o = answers(c, q);
		for (i = 0; (name = query_parameter(q, i)); i++) {
			if (!known(c, o, name)) {
				snprintf(error, 300,
					 "db/queries: query %s has :%.60s, which nothing gives it",
					 query_name(q), name);
				return false;
			}
			batch = o ? batch_without(c, o, name) : NULL;
			if (batch) {
				snprintf(
					error, 300,
					"db/queries: query %s has :%.60s, which %.60s does not give it",
					query_name(q), name, batch->id);
				return false;
			}
		}
	}
	return true;
}
