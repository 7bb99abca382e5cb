/*
 * walk.h -- the operations of the contract with ids that exist, their examples, and sending them.
 *
 * For the tests of this folder, which say what must come back.
 */
#ifndef QINGLAN_TEST_WALK_H
#define QINGLAN_TEST_WALK_H

#include "harness/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *ids; /* by parameter name: ids that exist */
static char nowhere[] = "0199b0a4-7c00-7000-8000-0000deadbeef";

static const char *const method_names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

/* The id of a thing in the collection that LENGTH bytes of PATH name, or one that goes by NAME. */
static inline const char *known_id(struct world *w, const char *path, int length, const char *name)
{
	const char *collection = arena_printf(w->arena, "%.*s", length, path);
	const json_t *id = json_object_get(ids, collection);

	return json_string_value(id ? id : json_object_get(ids, name));
}

/*
 * The operation's path with each {name} replaced; ids that are
 * unknown, or UNKNOWN, by one that nobody has.
 */
static inline const char *target_of(struct world *w, const struct operation *o, bool unknown)
{
	char *target = arena_strdup(w->arena, "");
	const char *at = o->path;

	while (*at) {
		size_t length = strcspn(at, "{");
		const char *id = NULL;
		char name[60];

		target = arena_printf(w->arena, "%s%.*s", target, (int)length, at);
		at += length;
		if (!*at)
			break;
		length = strcspn(at, "}");
		snprintf(name, sizeof name, "%.*s", (int)length - 1, at + 1);
		if (!unknown)
			id = known_id(w, o->path, (int)(at - o->path), name);
		target = arena_printf(w->arena, "%s%s", target, id ? id : nowhere);
		at += length + 1;
	}
	return target;
}

/* Replaces ids in an example, in place: members named x_id, and x_ids, whose x is known. */
static inline void replace_ids(json_t *value)
{
	const char *name;
	json_t *part;
	size_t i;

	json_array_foreach(value, i, part)
		replace_ids(part);
	json_object_foreach(value, name, part) {
		const json_t *id = json_object_get(ids, name);

		if (json_is_string(part) && id)
			json_string_set(part, json_string_value(id));
		replace_ids(part);
	}
}

/* The example of a body, of several the first; NULL if there is none. */
static inline json_t *first_example(json_t *media)
{
	json_t *example = json_object_get(media, "example"), *named;
	const char *name;

	json_object_foreach(json_object_get(media, "examples"), name, named) {
		return json_object_get(named, "value");
	}
	return example;
}

/* The JSON body example of an operation with known ids; a new reference, NULL if it has none. */
static inline json_t *example_of(const struct operation *o)
{
	json_t *content = json_object_get(json_object_get(o->definition, "requestBody"), "content");
	const char *type;
	json_t *media, *copy;

	json_object_foreach(content, type, media) {
		json_t *example = first_example(media);

		if (!strstr(type, "json") || !example)
			continue;
		copy = json_deep_copy(example);
		replace_ids(copy);
		return copy;
	}
	return NULL;
}

static inline struct answer *send_body(struct client *c, const struct operation *o,
				       const char *target, const json_t *body)
{
	char *dumped = body ? json_dumps(body, JSON_REAL_PRECISION(15)) : NULL;
	struct answer *a =
		call_bytes(c, method_names[o->method], target, dumped, dumped ? strlen(dumped) : 0,
			   o->if_match ? "If-Match" : "X-Walk", o->if_match ? "*" : "1", NULL);

	free(dumped);
	return a;
}

static inline bool takes_json(const struct operation *o)
{
	return o->body_count && strstr(o->bodies[0].media_type, "json");
}

/* "{teacher_id}" of the path that goes on from this collection, to keep the new id under. */
static inline void remember(struct world *w, const struct operation *o, const struct answer *a)
{
	const char *id = json_string_value(json_object_get(a->json, "id"));
	size_t i, length = strlen(o->path);

	for (i = 0; id && i < w->program.contract->operation_count; i++) {
		const char *path = w->program.contract->operations[i].path;
		char name[60];

		if (strncmp(path, o->path, length) || strncmp(path + length, "/{", 2))
			continue;
		snprintf(name, sizeof name, "%.*s", (int)strcspn(path + length + 2, "}"),
			 path + length + 2);
		if (!json_object_get(ids, name))
			json_object_set_new(ids, name, json_string(id));
		if (!json_object_get(ids, text("%s/", o->path)))
			json_object_set_new(ids, text("%s/", o->path), json_string(id));
	}
}

#define EACH_OPERATION(w, o)                                                                       \
	for (const struct operation *o = (w)->program.contract->operations;                        \
	     o < (w)->program.contract->operations + (w)->program.contract->operation_count; o++)

/* Ids of things that are there already, from the first row of each list. */
static inline void find_ids(struct world *w)
{
	EACH_OPERATION(w, o)
	{
		struct answer *a, first = {0};

		if (o->method != METHOD_GET || strstr(target_of(w, o, false), nowhere))
			continue;
		a = call(w->county, "GET", target_of(w, o, false), NULL, NULL);
		first.json = json_at(a, "data/0");
		if (a->status == 200 && json_is_object(first.json))
			remember(w, o, &first);
	}
}

#endif
