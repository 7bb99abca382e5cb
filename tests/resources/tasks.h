/*
 * tasks.h -- what waits for somebody, and following its links, for the tests of tasks.
 */
#ifndef QINGLAN_TEST_TASKS_H
#define QINGLAN_TEST_TASKS_H

#include "course_rows.h"
#include "import_list.h"

static json_t *told; /* kinds */

/* What waits for C of a KIND. */
static inline struct answer *waits(struct client *c, const char *kind)
{
	struct answer *a = GET(c, "/v1/me/tasks?kind=%s", kind);

	expect(a, 200, NULL);
	return a;
}

static inline void expect_none(struct client *c, const char *kind)
{
	expect(waits(c, kind), 200, "{'data': []}");
}

/* One task of KIND waits for C, with these members, and its `about` can be read. */
static inline struct answer *expect_one(struct client *c, const char *kind, const char *members)
{
	struct answer *a = waits(c, kind);
	const json_t *about = json_at(a, "data/0/about");

	expect(a, 200, text("{'data': [{'kind': '%s', %s}]}", kind, members));
	if (json_is_string(about))
		expect(GET(c, "%s", json_string_value(about)), 200, NULL);
	json_object_set_new(told, kind, json_true());
	return a;
}

/* Follows the link of the first task; BODY may be NULL. */
static inline struct answer *follow(struct client *c, const struct answer *a, const char *body)
{
	return call(c, text_at(a, "data/0/link/method"), text_at(a, "data/0/link/path"), body,
		    "If-Match", "*", NULL);
}

/* One such task waits; its link with BODY is answered STATUS, and it waits no longer. */
static inline struct answer *expect_done(struct client *c, const char *kind, const char *members,
					 const char *body, int status)
{
	struct answer *a = follow(c, expect_one(c, kind, members), body);

	expect(a, status, NULL);
	expect_none(c, kind);
	return a;
}

/* One such task waits; its link is a list of COUNT things. */
static inline struct answer *expect_list(struct client *c, const char *kind, const char *members,
					 size_t count)
{
	struct answer *a = follow(c, expect_one(c, kind, members), NULL);

	expect(a, 200, NULL);
	assert_int_equal(count_at(a, "data"), count);
	return a;
}

static inline struct answer *step(struct client *c, const char *path, const char *verb,
				  const char *body)
{
	return call(c, "POST", text("%s/%s", path, verb), body, "If-Match", "*", NULL);
}

/* The teacher of A1 as an officer of her school, who decides nothing about herself. */
static inline struct client *herself(struct world *w)
{
	return client_new(w, "school", w->county_a, w->school_a1, w->teacher_a1, NULL);
}

/*
 * Of the contract's kinds, those that begin with one of these WORDS were told, or (OTHERS) all
 * that do not, and no other.
 */
static inline void expect_told(struct world *w, const char *words, bool others)
{
	json_t *schemas = json_object_get(
		json_object_get(w->program.contract->document, "components"), "schemas");
	json_t *kinds = json_object_get(json_object_get(schemas, "TaskKind"), "enum"), *kind;
	size_t i;

	json_array_foreach(kinds, i, kind) {
		const char *name = json_string_value(kind);
		bool ours = has_word(words, text("%.*s", (int)strcspn(name, "_"), name)) != others;

		if (ours != (json_object_get(told, name) != NULL))
			fail_msg("%s was %s told", name, ours ? "never" : "also");
	}
}

#define OF_COURSES "course, enrolment, places, session, leave, deliverable"

static inline int set_up(void **state)
{
	told = json_object();
	return world_begin(state);
}

static inline int tear_down(void **state)
{
	json_decref(told);
	return world_end(state);
}

/* Before each test. */
static inline int on_the_day(void **state)
{
	struct world *w = *state;

	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, on_the_day)

#endif
