/*
 * query_fixture.h -- one query made of a text, and the statement that came of it.
 */
#ifndef QINGLAN_QUERY_FIXTURE_H
#define QINGLAN_QUERY_FIXTURE_H

#include "kernel/query.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One query, its parameters as pairs, and the statement that came of it. */
static struct fixture {
	struct arena *arena;
	struct query_registry *registry;
	struct statement s;
} f;

static inline const char *look(void *context, const char *name)
{
	const char *const *pair = context;

	for (; *pair; pair += 2)
		if (!strcmp(*pair, name))
			return pair[1];
	return NULL;
}

#define WITH(...) ((void *)(const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((void *)(const char *const[]){NULL})

static inline void load(enum query_kind kind, const char *text)
{
	const struct query_source source = {"thing_list", kind, text};
	char error[300];

	query_registry_free(f.registry);
	f.registry = query_registry_load(&source, 1, error);
	if (!f.registry)
		fail_msg("%s", error);
}

static inline const struct query *thing(void)
{
	return query_get(f.registry, 0);
}

static inline const char *sql_of(enum query_kind kind, const char *text, void *parameters)
{
	load(kind, text);
	assert_true(query_compose(thing(), f.arena, look, parameters, NULL, NULL, &f.s));
	return f.s.sql;
}

static inline void refused(enum query_kind kind, const char *text, const char *why)
{
	const struct query_source source = {"thing_list", kind, text};
	char error[300];

	assert_null(query_registry_load(&source, 1, error));
	if (!strstr(error, why) || !strstr(error, "thing_list"))
		fail_msg("\"%s\" says nothing of \"%s\"", error, why);
}

static inline int begin(void **state)
{
	(void)state;
	f.arena = arena_new(16 << 20);
	return f.arena ? 0 : -1;
}

static inline int end(void **state)
{
	(void)state;
	query_registry_free(f.registry);
	f.registry = NULL;
	arena_free(f.arena);
	return 0;
}

/* A page of people with all that a page can have. */
#define PEOPLE                                                                                     \
	"--sort name: p.name::text COLLATE \"C\", p.id::int\n"                                     \
	"--sort -name: p.name::text COLLATE \"C\" DESC, p.id::int DESC\n"                          \
	"--sort id: p.id::int\n"                                                                   \
	"SELECT row_to_json(p) AS body, p.id AS version, :keys FROM person p WHERE :after\n"       \
	"--? school: AND p.school = :school::int\n"                                                \
	"--? status=left: AND p.gone\n"                                                            \
	"--? !status: AND NOT p.gone\n"                                                            \
	":order\n"

#endif
