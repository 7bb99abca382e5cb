/*
 * transfer.h -- teachers who move from one school to another, for the tests of what follows.
 */
#ifndef QINGLAN_TEST_TRANSFER_H
#define QINGLAN_TEST_TRANSFER_H

#include "import_list.h"

/* A teacher of A1 since 2020, with MORE members; her id. */
static inline const char *joins(struct world *w, const char *name, const char *more)
{
	struct answer *made =
		POST(w->school, "/v1/teachers",
		     text("{'name': '%s', 'school_id': '%s', 'started_on': '2020-09-01'%s}", name,
			  w->school_a1, more));

	expect(made, 201, NULL);
	return arena_strdup(w->arena, text_at(made, "id"));
}

static inline struct answer *ends(struct client *c, const char *path, const char *last)
{
	return call(c, "POST", text("%s/end", path),
		    text("{'ended_on': '%s', 'reason': '调出'}", last), "If-Match", "*", NULL);
}

/* The county ends the last two memberships that she has, working and personnel, on LAST. */
static inline void leaves(struct world *w, const char *id, const char *last)
{
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	struct answer *list = GET(w->county, "%s", path);

	for (int i = 0; i < 2; i++)
		expect(ends(w->county, text("%s/%s", path, text_at(list, text("data/%d/id", i))),
			    last),
		       200, NULL);
}

/* She leaves on LAST, and A2 has her from FIRST on. */
static inline void moves(struct world *w, const char *id, const char *last, const char *first)
{
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	static const char *const kinds[] = {"working", "personnel"};

	leaves(w, id, last);
	for (int i = 0; i < 2; i++)
		expect(POST(w->county, path,
			    text("{'school_id': '%s', 'kind': '%s', 'started_on': '%s', "
				 "'reason': '调入'}",
				 w->school_a2, kinds[i], first)),
		       201, NULL);
}

static inline void lists(struct world *w, const char *line)
{
	commit(w, w->county, "teacher",
	       import_text(w, w->county, "teacher", text(HEAD "%s", line)));
}

#endif
