/*
 * world_people.c -- the counties, schools and people that most tests begin with, made through
 * the API itself.
 */
#include "world.h"
#include "world_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The id of what a POST made, into ID; the test stops when it was not made. */
static void make(struct client *c, const char *target, const char *body, char id[37])
{
	struct answer *a = POST(c, target, body);

	expect(a, 201, NULL);
	snprintf(id, 37, "%s", text_at(a, "id"));
}

static int county(struct world *w, const char *code, const char *name)
{
	const char *number = world_value(w, "SELECT county_add($1, $2)::text", code, name, NULL);

	assert_non_null(number);
	return (int)strtol(number, NULL, 10);
}

static void school(struct client *c, const char *code, const char *name, char id[37])
{
	make(c, "/v1/schools",
	     text("{'code': '%s', 'name': '%s', 'stages': ['primary'], 'town': '青山镇'}", code,
		  name),
	     id);
}

static void teacher(struct client *c, const char *name, const char *birth_on, const char *school_id,
		    char id[37])
{
	make(c, "/v1/teachers",
	     text("{'name': '%s', 'birth_on': '%s', 'gender': 'female', 'school_id': '%s'}", name,
		  birth_on, school_id),
	     id);
}

/* An officer of the county, and a client that acts as her. */
static struct client *officer(struct world *w, struct client *script, int number, const char *name,
			      const char *role, const char *school_id)
{
	char id[37];

	make(script, "/v1/officers", text("{'name': '%s'}", name), id);
	return client_new(w, role, number, school_id, id, NULL);
}

const char *world_appoint(struct world *w, const char *person, const char *class, const char *from)
{
	const char *id = world_value(
		w,
		"WITH s AS (SELECT set_config('qinglan.county', c.county::text, true), c.* FROM class c "
		"WHERE c.id = $2::uuid) INSERT INTO homeroom_appointment (county, person, class, school, "
		"kind, during) SELECT s.county, $1::uuid, s.id, s.school, 'homeroom', "
		"daterange($3::date, NULL) FROM s RETURNING id::text",
		person, class, from, NULL);

	assert_non_null(id);
	return id;
}

const char *world_course(struct world *w, int county, const char *school, const char *more)
{
	const char *id = world_value(
		w,
		"INSERT INTO course (county, school, title, level, hours, state, admission, capacity, "
		"audience, applies_from, applies_until) SELECT $1::int, nullif($2, '')::uuid, "
		"coalesce(x.title, '班级管理十讲'), coalesce(x.level, CASE $2 WHEN '' THEN 'county' ELSE "
		"'school' END), 3, coalesce(x.state, 'open'), coalesce(x.admission, 'manual'), x.capacity, "
		"coalesce(x.audience, '{}'), x.applies_from, x.applies_until FROM (SELECT "
		"set_config('qinglan.county', $1, true)) c, jsonb_to_record(translate($3, '''', "
		"'\"')::jsonb) AS x(title text, level text, state text, admission text, capacity int, "
		"audience jsonb, applies_from date, applies_until date) RETURNING id::text",
		text("%d", county), school ? school : "", more ? more : "{}", NULL);

	assert_non_null(id);
	return id;
}

int world_begin(void **state)
{
	struct client *script_b;
	struct world *w;

	if (world_begin_empty(state))
		return -1;
	w = *state;
	w->county_a = county(w, "990101", "青蓝县");
	w->county_b = county(w, "990201", "白水县");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
	world_clock(w, w->county_b, "2026-10-15T02:00:00Z");
	w->client = client_new(w, "client", w->county_a, NULL, NULL, NULL);
	script_b = client_new(w, "client", w->county_b, NULL, NULL, NULL);
	w->county = officer(w, w->client, w->county_a, "王芳", "county", NULL);
	w->other_county = officer(w, script_b, w->county_b, "李强", "county", NULL);
	school(w->county, "2199700001", "青山中心小学", w->school_a1);
	school(w->county, "2199700002", "柳河第三小学", w->school_a2);
	school(w->other_county, "2199800001", "白水第一小学", w->school_b1);
	w->school = officer(w, w->client, w->county_a, "赵敏", "school", w->school_a1);
	w->other_school = officer(w, w->client, w->county_a, "钱进", "school", w->school_a2);
	w->foreign_school = officer(w, script_b, w->county_b, "孙丽", "school", w->school_b1);
	teacher(w->county, "周兰", "1988-03-02", w->school_a1, w->teacher_a1);
	teacher(w->county, "吴强", "1979-11-20", w->school_a2, w->teacher_a2);
	teacher(w->other_county, "郑华", "1991-07-07", w->school_b1, w->teacher_b1);
	w->teacher = client_new(w, "teacher", w->county_a, NULL, w->teacher_a1, NULL);
	return 0;
}
