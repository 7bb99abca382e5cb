/*
 * course.h -- courses, sessions and enrolments for tests that need some.
 */
#ifndef QINGLAN_TEST_COURSE_H
#define QINGLAN_TEST_COURSE_H

#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The id of a thing, the last part of its address. */
static inline const char *id_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Takes what is at PATH a step further: PATH/VERB; BODY may be NULL. */
static inline struct answer *step(struct client *c, const char *path, const char *verb,
				  const char *body)
{
	return call(c, "POST", text("%s/%s", path, verb), body, "If-Match", "*", NULL);
}

/* A draft 研修 with these MEMBERS: its address. */
static inline const char *course_made(struct client *c, const char *members)
{
	struct answer *a = POST(c, "/v1/courses", text("{'title': '研修', %s}", members));

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

/* The same, opened: by its school, or by the county that approved it. */
static inline const char *course_open(struct client *c, const char *members)
{
	const char *path = course_made(c, members);

	if (step(c, path, "submit", NULL)->status == 200)
		expect(step(c, path, "approve", NULL), 200, NULL);
	expect(step(c, path, "open", NULL), 200, NULL);
	return path;
}

/* A session of two hours: its address. */
static inline const char *session_made(struct client *c, const char *course, const char *starts_at)
{
	struct answer *a =
		POST(c, text("%s/sessions", course),
		     text("{'starts_at': '%s', 'minutes': 120, 'place': '礼堂'}", starts_at));

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

/* A person in a course. */
static inline void enrolled(struct world *w, const char *course, const char *person,
			    const char *state)
{
	world_value(
		w,
		"INSERT INTO enrolment (county, course, organiser, person, school, way, state, "
		"admitted_at, queue_number) SELECT c.county, c.id, c.school, p.id, p.school, "
		"'application', $3, CASE $3 WHEN 'admitted' THEN clock_now() END, 1 FROM course c "
		"JOIN person p ON p.county = c.county WHERE c.id = $1::uuid AND p.id = $2::uuid "
		"RETURNING id::text",
		id_of(course), person, state, NULL);
}

#endif
