/*
 * school_year.h -- what stories of one school's scheme tell with, above year.h: its plan and what
 * came of the promises, activities, what teachers hand in and how it is inspected.
 */
#ifndef QINGLAN_STORY_SCHOOL_YEAR_H
#define QINGLAN_STORY_SCHOOL_YEAR_H

#include "year.h"

#include <stdio.h>

/* The id of the county's mode with this code. */
static inline const char *mode(struct story *s, const char *code)
{
	return listed(s, "modes", code);
}

/* A plan of a school, drafted and filed today: its address. */
static inline const char *plan_filed(struct story *s, struct school *k, const char *title,
				     const char *from, const char *to, const char *members)
{
	const char *path =
		made(post(s, &k->office, "/v1/plans",
			  say("{'title': '%s', 'started_on': '%s', 'ended_on': '%s', %s}", title,
			      from, to, members)));

	expect(step(s, &k->office, path, "submit", NULL), 200, "{'state': 'submitted'}");
	return path;
}

/* How often a plan's promise N, from 0, was kept in each of its periods by today: "1 1 0". */
static inline const char *kept(struct story *s, const char *plan, int n)
{
	struct answer *a = get(&s->bureau, say("%s/progress", plan));
	const char *all = "";
	json_t *one;
	size_t i;

	expect(a, 200, NULL);
	json_array_foreach(json_at(a, say("promises/%d/periods", n)), i, one)
		all = say("%s%s%lld", all, i ? " " : "",
			  (long long)json_integer_value(json_object_get(one, "held")));
	return all;
}

/*
 * DAY comes, and a school holds an activity: all who have one of its appointments of KINDS
 * ("'homeroom'") are there but EXCEPT. Its address.
 */
static inline const char *activity_held(struct story *s, struct school *k, const char *kind,
					const char *theme, const char *day, const char *kinds,
					const char *except)
{
	const char *path;

	day_comes(s, day);
	path = made(post(s, &k->office, "/v1/activities",
			 say("{'kind': '%s', 'theme': '%s', 'held_on': '%s', 'minutes': 90}", kind,
			     theme, day)));
	expect(wire_ask(&k->office, "PUT", say("%s/attendance", path),
			say("{'appointment_kinds': [%s], 'except': [%s]}", kinds, except),
			"If-Match", "*", NULL),
	       200, NULL);
	return path;
}

/*
 * A teacher hands in a deliverable of TYPE for a time or a course ("'month': '2026-10'"): so many
 * characters, and white space besides. She calls from now on.
 */
static inline struct answer *hands_in(struct story *s, const char *teacher, const char *type,
				      const char *of, const char *title, int characters)
{
	struct answer *a;
	char *body, *at;

	teacher_calls(s, teacher);
	at = body = arena_alloc(s->teacher.arena, 1000 + (size_t)characters * 4);
	assert_non_null(body);
	at += sprintf(at, "{'type': '%s', %s, 'title': '%s', 'submit': true, 'text': '", type, of,
		      title);
	for (int i = 0; i < characters; i++)
		at += sprintf(at, i % 20 ? "班" : " 班");
	strcpy(at, "'}");
	a = post(s, &s->teacher, "/v1/deliverables", body);
	expect(a, 201, say("{'state': 'submitted', 'length': %d}", characters));
	return a;
}

/*
 * Somebody inspects what waits of TYPE: qualified are all but that of RETURNED (or NULL), which
 * goes back for REASON.
 */
static inline void inspects(struct story *s, struct wire *who, const char *type,
			    const char *returned, const char *reason)
{
	struct answer *a =
		get(who, say("/v1/deliverables?type=%s&state=submitted&page_size=100", type));
	const char *items = "";
	json_t *one;
	size_t i;

	expect(a, 200, NULL);
	json_array_foreach(json_at(a, "data"), i, one) {
		const char *teacher = json_string_value(json_object_get(one, "teacher_id"));
		const bool back = returned && !strcmp(teacher, returned);

		items = say("%s%s{'deliverable_id': '%s', 'version': %lld, 'grade': '%s'%s}", items,
			    i ? ", " : "", json_string_value(json_object_get(one, "id")),
			    (long long)json_integer_value(json_object_get(one, "version")),
			    back ? "returned" : "qualified",
			    back ? say(", 'reason': '%s'", reason) : "");
	}
	expect(post(s, who, "/v1/deliverable-inspections:batch",
		    say("{'atomic': true, 'items': [%s]}", items)),
	       200, "{'failed': 0}");
}

/* Who has not handed in TYPE in a time ("month=2026-10"), by name: "高远, 苏梅", or "". */
static inline const char *who_is_missing(struct school *k, const char *type, const char *time)
{
	struct answer *a = get(&k->office, say("/v1/deliverables/desk?type=%s&%s", type, time));
	const char *all = "";
	json_t *one;
	size_t i;

	expect(a, 200, NULL);
	json_array_foreach(json_at(a, "data/0/missing"), i, one)
		all = say("%s%s%s", all, i ? ", " : "",
			  json_string_value(json_object_get(one, "name")));
	return all;
}

#endif
