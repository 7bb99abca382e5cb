/*
 * course_rows.h -- courses with sessions and participants, written straight into the database, for
 * tests of what comes after them.
 */
#ifndef QINGLAN_TEST_COURSE_ROWS_H
#define QINGLAN_TEST_COURSE_ROWS_H

#include "harness/world.h"

/*
 * A course of SCHOOL (NULL: the county's) that is open, at level school or county, whole with 3
 * hours; MORE (an object, ' for ", may be NULL) says which columns are otherwise.  Its id.
 */
static inline const char *course_made(struct world *w, const char *school, const char *more)
{
	return world_value(
		w,
		"INSERT INTO course (county, school, title, level, modules, credit, hours, "
		"result_hours, minutes_per_hour, admission, capacity, absent_sessions, absent_share, "
		"assessment, state, created_at, updated_at) SELECT c.county, c.school, c.title, "
		"c.level, coalesce(c.modules, '{}'), c.credit, c.hours, c.result_hours, "
		"c.minutes_per_hour, c.admission, c.capacity, c.absent_sessions, c.absent_share, "
		"c.assessment, c.state, clock_now(), clock_now() "
		"FROM jsonb_populate_record(NULL::course, jsonb_build_object('county', coalesce((SELECT "
		"s.county FROM school s WHERE s.id = nullif($1, '')::uuid), $3::int), 'school', "
		"nullif($1, ''), 'title', '家校沟通', 'level', CASE $1 WHEN '' THEN 'county' ELSE "
		"'school' END, 'credit', 'whole', 'hours', 3, 'minutes_per_hour', 45, 'admission', "
		"'manual', 'assessment', '{}'::jsonb, 'state', 'open') "
		"|| replace($2, '''', '\"')::jsonb) c RETURNING id::text",
		school ? school : "", more ? more : "{}", text("%d", w->county_a), NULL);
}

static inline const char *session_made(struct world *w, const char *course, const char *starts_at,
				       int minutes)
{
	return world_value(
		w,
		"INSERT INTO course_session (county, course, school, shown, starts_at, "
		"minutes) SELECT c.county, c.id, c.school, c.shown, $2::timestamptz, $3::int "
		"FROM course c WHERE c.id = $1::uuid RETURNING id::text",
		course, starts_at, text("%d", minutes), NULL);
}

/* PERSON takes part in COURSE, and was admitted at this instant: her enrolment. */
static inline const char *enrolled(struct world *w, const char *course, const char *person,
				   const char *admitted_at)
{
	const char *id = world_value(
		w,
		"WITH c AS (SELECT set_config('qinglan.county', county::text, true), * FROM course "
		"WHERE id = $1::uuid) INSERT INTO enrolment (county, course, organiser, person, "
		"school, way, state) SELECT c.county, c.id, c.school, p.id, p.school, 'nomination', "
		"'admitted' FROM c JOIN person p ON p.county = c.county WHERE p.id = $2::uuid "
		"RETURNING id::text",
		course, person, NULL);

	world_value(w, "UPDATE enrolment SET admitted_at = $2::timestamptz WHERE id = $1::uuid", id,
		    admitted_at, NULL);
	return id;
}

/* So does everybody whose name begins like this. */
static inline void all_enrolled(struct world *w, const char *course, const char *name,
				const char *admitted_at)
{
	world_value(
		w,
		"WITH c AS (SELECT set_config('qinglan.county', county::text, true), * FROM course "
		"WHERE id = $1::uuid) INSERT INTO enrolment (county, course, organiser, person, "
		"school, way, state) SELECT c.county, c.id, c.school, p.id, p.school, 'audience', "
		"'admitted' FROM c JOIN person p ON p.county = c.county WHERE p.name LIKE $2 || '%'",
		course, name, NULL);
	world_value(w, "UPDATE enrolment SET admitted_at = $2::timestamptz WHERE course = $1::uuid",
		    course, admitted_at, NULL);
}

/* PERSON asked for leave from a session of a course in which she takes part: its id. */
static inline const char *leave_made(struct world *w, const char *session, const char *person)
{
	return world_value(
		w,
		"INSERT INTO session_leave (county, session, course, enrolment, person, "
		"school, organiser, reason) SELECT e.county, s.id, e.course, e.id, e.person, "
		"e.school, e.organiser, '病假' FROM enrolment e JOIN course_session s ON "
		"s.course = e.course WHERE s.id = $1::uuid AND e.person = $2::uuid "
		"RETURNING id::text",
		session, person, NULL);
}

static inline void course_becomes(struct world *w, const char *course, const char *state)
{
	world_value(
		w,
		"WITH c AS (SELECT set_config('qinglan.county', county::text, true), id FROM course "
		"WHERE id = $1::uuid) UPDATE course k SET state = $2 FROM c WHERE k.id = c.id",
		course, state, NULL);
}

/* Everybody leaves COURSE. */
static inline void course_is_left(struct world *w, const char *course)
{
	world_value(
		w,
		"WITH c AS (SELECT set_config('qinglan.county', county::text, true), id FROM course "
		"WHERE id = $1::uuid) UPDATE enrolment e SET state = 'withdrawn' FROM c WHERE "
		"e.course = c.id",
		course, NULL);
}

static inline void holds_course(struct world *w, const char *course, const char *person)
{
	world_value(
		w,
		"INSERT INTO course_instructor (county, course, person, school, shown, name) SELECT "
		"c.county, c.id, $2::uuid, c.school, c.shown, p.name FROM course c JOIN person p ON "
		"p.county = c.county AND p.id = $2::uuid WHERE c.id = $1::uuid",
		course, person, NULL);
}

/* A further teacher of SCHOOL: her id. */
static inline const char *teacher_made(struct world *w, const char *name, const char *school)
{
	struct answer *a = POST(w->county, "/v1/teachers",
				text("{'name': '%s', 'school_id': '%s'}", name, school));

	expect(a, 201, NULL);
	return text_at(a, "id");
}

#endif
