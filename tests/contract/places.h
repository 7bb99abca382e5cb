/*
 * places.h -- every place of the contract where an id stands.
 *
 * For foreign_test.c alone, which says what may stand there.
 */
#ifndef QINGLAN_TEST_PLACES_H
#define QINGLAN_TEST_PLACES_H

#include "walk.h"

#include "harness/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { PLACE_LENGTH = 120 };

/* Where an id stands: in the path behind COLLECTION, in the query, or in the body at POINTER. */
struct place {
	const struct operation *o;
	enum { IN_PATH, IN_QUERY, IN_MEMBER } where;
	const char *name;
	char at[PLACE_LENGTH]; /* collection, or pointer as text_at() takes it */
	const json_t *media;   /* of the body */
	int told;
};

typedef void each_place(struct world *w, struct place *p);

static inline bool is_id(const json_t *root, const json_t *schema)
{
	const char *format =
		json_string_value(json_object_get(schema_resolved(root, schema), "format"));

	return format && !strcmp(format, "uuid");
}

static inline void members(struct world *w, struct place *p, const json_t *schema, const char *at,
			   const char *name, each_place *each)
{
	const json_t *root = w->program.contract->document;
	const char *member;
	json_t *part, *parts;
	size_t i;

	if (is_id(root, schema)) {
		struct place found = *p;

		found.name = name;
		snprintf(found.at, sizeof found.at, "%s", at);
		each(w, &found);
		return;
	}
	schema = schema_resolved(root, schema);
	json_object_foreach(json_object_get(schema, "properties"), member, part) {
		char inner[PLACE_LENGTH];

		if (snprintf(inner, sizeof inner, "%s%s%s", at, *at ? "/" : "", member) >=
		    (int)sizeof inner)
			fail_msg("%s/%s is too deep", at, member);
		members(w, p, part, inner, member, each);
	}
	if ((part = json_object_get(schema, "items"))) {
		char inner[PLACE_LENGTH];

		if (snprintf(inner, sizeof inner, "%s/0", at) >= (int)sizeof inner)
			fail_msg("%s/0 is too deep", at);
		members(w, p, part, inner, name, each);
	}
	parts = json_object_get(schema, "allOf");
	json_array_foreach(parts, i, part)
		members(w, p, part, at, name, each);
}

static inline void parameters(struct world *w, const struct operation *o, each_place *each)
{
	const json_t *root = w->program.contract->document, *list;
	size_t i;

	list = json_object_get(o->definition, "parameters");
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *parameter = schema_resolved(root, json_array_get(list, i));
		const char *in = json_string_value(json_object_get(parameter, "in"));
		struct place p = {.o = o, .where = strcmp(in, "path") ? IN_QUERY : IN_PATH};
		const char *found;

		p.name = json_string_value(json_object_get(parameter, "name"));
		if (!is_id(root, json_object_get(parameter, "schema")))
			continue;
		found = strstr(o->path, text("{%s}", p.name));
		if (p.where == IN_PATH)
			snprintf(p.at, sizeof p.at, "%.*s", (int)(found - o->path), o->path);
		each(w, &p);
	}
}

static inline void places(struct world *w, each_place *each)
{
	EACH_OPERATION(w, o)
	{
		const json_t *content =
			json_object_get(json_object_get(o->definition, "requestBody"), "content");
		struct place p = {.o = o, .where = IN_MEMBER};

		parameters(w, o, each);
		if (takes_json(o))
			members(w, &p,
				json_object_get(
					json_object_iter_value(json_object_iter((json_t *)content)),
					"schema"),
				"", "", each);
	}
}

#endif
