/*
 * enrolment_places_test.c -- the places of a course: taken, waited for, passed on, kept for
 * schools, and given to the whole audience at once.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Teachers of both schools by turns, the even ones of A1. */
enum { PEOPLE = 8 };
static char people[PEOPLE][37];

static struct client *school_of(struct world *w, int who)
{
	return who % 2 ? w->other_school : w->school;
}

/* WHO is nominated by her school: the answer. */
static struct answer *nominate(struct world *w, const char *course, int who)
{
	struct answer *a =
		POST(school_of(w, who), "/v1/enrolments",
		     text("{'course_id': '%s', 'teacher_id': '%s'}", course, people[who]));

	expect(a, 201, NULL);
	return a;
}

static struct answer *step(struct client *c, const struct answer *a, const char *verb,
			   const char *body)
{
	return call(c, "POST", text("/v1/enrolments/%s/%s", text_at(a, "id"), verb), body,
		    "If-Match", "*", NULL);
}

/* A letter for each of the course's people: a for admitted, w for waiting, - for the others. */
static const char *standing(struct world *w, const char *course)
{
	static char letters[PEOPLE + 1];

	for (int i = 0; i < PEOPLE; i++) {
		const char *state = world_value(w,
						"SELECT state FROM enrolment WHERE course = "
						"$1::uuid AND person = $2::uuid",
						course, people[i], NULL);

		letters[i] = state && (!strcmp(state, "waiting") || !strcmp(state, "admitted"))
				     ? *state
				     : '-';
	}
	return letters;
}

static void set_capacity(struct world *w, const char *course, const char *capacity)
{
	world_value(w,
		    "WITH s AS (SELECT set_config('qinglan.county', $2, true)) UPDATE course SET "
		    "capacity = nullif($3, '')::int FROM s WHERE id = $1::uuid",
		    course, text("%d", w->county_a), capacity, NULL);
}

static struct answer *put(struct client *c, const char *course, const char *list)
{
	return call(c, "PUT", text("/v1/courses/%s/allotments", course),
		    text("{'allotments': [%s]}", list), "If-Match", "*", NULL);
}

static void a_full_course_has_a_waiting_list_and_a_free_place_goes_to_its_first(void **state)
{
	struct world *w = *state;
	const char *course =
		world_course(w, w->county_a, NULL, "{'capacity': 2, 'admission': 'automatic'}");
	struct answer *a[PEOPLE];

	for (int i = 0; i < 6; i++)
		a[i] = nominate(w, course, i);
	assert_string_equal(standing(w, course), "aawwww--");
	expect(a[2], 201, "{'state': 'waiting', 'queue_number': 1, 'admitted_at': null}");
	expect(GET(w->county, "/v1/courses/%s/places", course), 200,
	       "{'capacity': 2, 'taken': 2, 'waiting': 4, 'allotted': 0, 'free': 0}");
	expect(GET(w->county, "/v1/courses/%s/waiting-list", course), 200,
	       "{'data': [{'queue_number': 1}, {'queue_number': 2}, {'queue_number': 3}, "
	       "{'queue_number': 4}]}");
	/* Who waits gives up, then somebody who has a place, then one is rejected. */
	expect(step(w->school, a[2], "withdraw", "{}"), 200,
	       "{'state': 'withdrawn', 'queue_number': null}");
	assert_string_equal(standing(w, course), "aa-www--");
	expect(step(w->school, a[0], "withdraw", "{}"), 200, NULL);
	assert_string_equal(standing(w, course), "-a-aww--");
	expect(GET(w->other_school, "/v1/enrolments/%s", text_at(a[3], "id")), 200,
	       "{'state': 'admitted', 'version': 2}");
	expect(step(w->county, a[1], "reject", "{'reason': '已参加过'}"), 200, NULL);
	assert_string_equal(standing(w, course), "---aaw--");
	/* Who comes again has a new place in the queue. */
	nominate(w, course, 0);
	nominate(w, course, 6);
	assert_string_equal(standing(w, course), "w--aaww-");
	set_capacity(w, course, "4");
	assert_string_equal(standing(w, course), "a--aaaw-");
	set_capacity(w, course, "");
	assert_string_equal(standing(w, course), "a--aaaa-");
	expect(GET(w->county, "/v1/courses/%s/places", course), 200,
	       "{'capacity': null, 'taken': 5, 'waiting': 0, 'free': null}");
}

static void an_application_takes_its_place_when_her_school_agrees(void **state)
{
	struct world *w = *state;
	const char *course =
		world_course(w, w->county_a, NULL, "{'capacity': 1, 'admission': 'automatic'}");
	struct answer *a = POST(w->teacher, "/v1/enrolments", text("{'course_id': '%s'}", course));

	expect(a, 201, "{'state': 'applied'}");
	nominate(w, course, 1);
	assert_string_equal(standing(w, course), "-a------");
	expect(step(w->school, a, "agree", NULL), 200, "{'state': 'waiting', 'queue_number': 1}");
}

static void admission_by_hand_waits_for_the_organiser_and_then_for_a_place(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, "{'capacity': 1}");
	struct answer *a = nominate(w, course, 0), *b = nominate(w, course, 1);

	expect(a, 201, "{'state': 'agreed'}");
	expect(step(w->county, b, "admit", NULL), 200, "{'state': 'admitted'}");
	expect(step(w->county, a, "admit", NULL), 200, "{'state': 'waiting', 'queue_number': 1}");
	expect(step(w->county, a, "admit", NULL), 409,
	       "{'state': 'waiting', 'allowed': ['reject', 'withdraw']}");
	expect(step(w->other_school, b, "withdraw", "{}"), 200, NULL);
	assert_string_equal(standing(w, course), "a-------");
}

static void places_are_kept_for_the_schools_that_have_them(void **state)
{
	struct world *w = *state;
	const char *course =
		world_course(w, w->county_a, NULL, "{'capacity': 4, 'admission': 'automatic'}");
	struct answer *first;

	expect(put(w->county, course,
		   text("{'school_id': '%s', 'places': 2, 'duty': true, 'returns_on': '2026-10-20'}",
			w->school_a1)),
	       200,
	       "{'version': 2, 'allotments': [{'school_name': '青山中心小学', 'places': 2, 'duty': true, "
	       "'returned': false, 'used': 0, 'unfilled': 2}]}");
	expect(GET(w->county, "/v1/courses/%s/places", course), 200, "{'allotted': 2, 'free': 2}");
	first = nominate(w, course, 0);
	expect(first, 201, "{'way': 'allotment', 'state': 'admitted'}");
	for (int i = 1; i < PEOPLE; i += 2)
		nominate(w, course, i);
	/* Two of A2 have the free ones, two wait although a place of A1 is unused. */
	assert_string_equal(standing(w, course), "aa-a-w-w");
	expect(GET(w->county, "/v1/courses/%s/allotments", course), 200,
	       "{'allotments': [{'duty': true, 'used': 1, 'unfilled': 1}]}");
	nominate(w, course, 2);
	assert_string_equal(standing(w, course), "aaaa-w-w");
	/* The place is A1's again when one of its people leaves. */
	expect(step(w->school, first, "withdraw", "{}"), 200, NULL);
	assert_string_equal(standing(w, course), "-aaa-w-w");
	/* On the day it is everybody's: who waits goes before who comes. */
	world_clock(w, w->county_a, "2026-10-20T02:00:00Z");
	expect(GET(w->county, "/v1/courses/%s/places", course), 200, "{'allotted': 0, 'free': 1}");
	expect(nominate(w, course, 4), 201, "{'way': 'nomination', 'state': 'waiting'}");
	assert_string_equal(standing(w, course), "-aaawa-w");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_list_of_allotments_is_put_as_a_whole(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, "{'capacity': 3}");
	const char *own = world_course(w, w->county_a, w->school_a1, NULL);
	const char *list =
		text("{'school_id': '%s', 'places': 2}, {'school_id': '%s', 'places': 1}",
		     w->school_a1, w->school_a2);

	expect(put(w->county, course, list), 200, NULL);
	/* A school reads its own, and allots nothing in a course of the county. */
	expect(GET(w->other_school, "/v1/courses/%s/allotments", course), 200,
	       text("{'allotments': [{'school_id': '%s', 'places': 1}]}", w->school_a2));
	assert_int_equal(
		count_at(GET(w->other_school, "/v1/courses/%s/allotments", course), "allotments"),
		1);
	expect(put(w->school, course, list), 404, NULL);
	expect(call(w->county, "PUT", text("/v1/courses/%s/allotments", course),
		    "{'allotments': []}", "If-Match", "\"1\"", NULL),
	       412, "{'code': 'stale'}");
	expect(put(w->county, course, text("{'school_id': '%s', 'places': 4}", w->school_a1)), 409,
	       "{'code': 'more-than-its-places', 'capacity': 3, 'short': 1}");
	expect_error(put(w->county, course,
			 text("{'school_id': '%s', 'places': 1}, {'school_id': '%s', 'places': 1}",
			      w->school_a1, w->school_a1)),
		     "#/allotments/1/school_id", "named-twice");
	expect_error(put(w->school, own, text("{'school_id': '%s', 'places': 1}", w->school_a2)),
		     "#/allotments/0/school_id", "not-found");
	expect(put(w->county, course, text("{'school_id': '%s', 'places': 1}", w->school_a2)), 200,
	       NULL);
	assert_int_equal(
		count_at(GET(w->county, "/v1/courses/%s/allotments", course), "allotments"), 1);
}

static void who_waits_gets_the_places_that_a_new_list_frees(void **state)
{
	struct world *w = *state;
	const char *course =
		world_course(w, w->county_a, NULL, "{'capacity': 1, 'admission': 'automatic'}");

	expect(put(w->county, course, text("{'school_id': '%s', 'places': 1}", w->school_a1)), 200,
	       NULL);
	nominate(w, course, 1);
	nominate(w, course, 3);
	assert_string_equal(standing(w, course), "-w-w----");
	expect(put(w->county, course, ""), 200, "{'allotments': []}");
	assert_string_equal(standing(w, course), "-a-w----");
}

static void the_whole_audience_is_enrolled_at_once_but_for_named_exceptions(void **state)
{
	struct world *w = *state;
	const char *course = world_course(
		w, w->county_a, NULL,
		text("{'capacity': 4, 'audience': {'school_ids': ['%s']}}", w->school_a1));
	const char *all = text("/v1/courses/%s/enrol-audience", course);

	nominate(w, course, 0);
	expect(POST(w->school, all, "{}"), 404, NULL);
	expect_error(
		POST(w->county, all,
		     text("{'except': [{'teacher_id': '%s', 'reason': '病假'}]}", w->teacher_b1)),
		"#/except/0/teacher_id", "not-found");
	/* 周兰 and four of the eight are of A1; one of them was there before. */
	expect(POST(w->county, all,
		    text("{'except': [{'teacher_id': '%s', 'reason': '产假'}]}", people[2])),
	       200, "{'admitted': 3, 'waiting': 0, 'excepted': 1, 'enrolled_before': 1}");
	assert_string_equal(standing(w, course), "----a-a-");
	expect(GET(w->school, "/v1/enrolments?course_id=%s&state=excepted", course), 200,
	       text("{'data': [{'teacher_id': '%s', 'way': 'audience', 'reason': '产假'}]}",
		    people[2]));
	expect(POST(w->county, all, "{}"), 200,
	       "{'admitted': 0, 'waiting': 0, 'excepted': 0, 'enrolled_before': 5}");
	/* Beyond the capacity they wait. */
	course = world_course(w, w->county_a, w->school_a1, "{'capacity': 2}");
	expect(POST(w->school, text("/v1/courses/%s/enrol-audience", course), "{}"), 200,
	       "{'admitted': 2, 'waiting': 3}");
	expect_sql(w, "1 2 3",
		   text("SELECT string_agg(queue_number::text, ' ' ORDER BY queue_number) FROM "
			"enrolment WHERE course = '%s' AND state = 'waiting'",
			course));
}

static void the_whole_audience_takes_places_as_one_after_the_other_would(void **state)
{
	struct world *w = *state;
	const char *course =
		world_course(w, w->county_a, NULL, "{'capacity': 3, 'admission': 'automatic'}");

	/* Two of three places are kept for A1; the third is taken, and one of A2 waits for it. */
	expect(put(w->county, course, text("{'school_id': '%s', 'places': 2}", w->school_a1)), 200,
	       NULL);
	nominate(w, course, 1);
	nominate(w, course, 3);
	expect(POST(w->county, text("/v1/courses/%s/enrol-audience", course),
		    text("{'except': [{'teacher_id': '%s', 'reason': '病假'}]}", people[0])),
	       200, "{'admitted': 2, 'waiting': 5, 'excepted': 1, 'enrolled_before': 2}");
	expect(GET(w->county, "/v1/courses/%s/places", course), 200,
	       "{'taken': 3, 'waiting': 6, 'allotted': 0, 'free': 0}");
	expect_sql(
		w, "A1 admitted 2, A1 excepted 1, A1 waiting 2, A2 admitted 1, A2 waiting 4",
		text("SELECT string_agg(concat_ws(' ', e.who, e.state, e.n), ', ' ORDER BY e.who, "
		     "e.state) FROM (SELECT CASE school WHEN '%s' THEN 'A1' ELSE 'A2' END AS who, "
		     "state, count(*) AS n FROM enrolment WHERE course = '%s' GROUP BY 1, 2) e",
		     w->school_a1, course));
	/* Each is recorded by herself, the places as one. */
	expect_sql(
		w, "course 1, enrolment 8",
		text("SELECT string_agg(n.object || ' ' || n.n, ', ' ORDER BY n.object) FROM (SELECT "
		     "v.object, count(*) AS n FROM event v LEFT JOIN enrolment e ON e.id::text = "
		     "v.object_id WHERE v.operation = 'course_enrol_audience' AND '%s' IN "
		     "(v.object_id, e.course::text) GROUP BY 1) n",
		     course));
	/* Who waited before is the first when there are more; the rest keep their order. */
	set_capacity(w, course, "6");
	expect_sql(w, "4 5 6",
		   text("SELECT string_agg(queue_number::text, ' ' ORDER BY queue_number) FROM "
			"enrolment WHERE course = '%s' AND state = 'waiting'",
			course));
	assert_true(standing(w, course)[3] == 'a');
	/* A school's people use what is kept for it before what is free for all. */
	course = world_course(w, w->county_a, NULL, "{'capacity': 5}");
	expect(put(w->county, course,
		   text("{'school_id': '%s', 'places': 1}, {'school_id': '%s', 'places': 2}",
			w->school_a1, w->school_a2)),
	       200, NULL);
	expect(POST(w->county, text("/v1/courses/%s/enrol-audience", course), "{}"), 200,
	       "{'admitted': 5, 'waiting': 5}");
	expect_sql(w, "3",
		   text("SELECT count(*) FROM enrolment WHERE course = '%s' AND school = '%s' AND "
			"state = 'admitted'",
			course, w->school_a1));
}

static int begin(void **state)
{
	struct world *w;

	if (world_begin(state))
		return -1;
	w = *state;
	for (int i = 0; i < PEOPLE; i++) {
		struct answer *a = POST(w->county, "/v1/teachers",
					text("{'name': '学员%c', 'school_id': '%s'}", 'A' + i,
					     i % 2 ? w->school_a2 : w->school_a1));

		expect(a, 201, NULL);
		snprintf(people[i], sizeof people[i], "%s", text_at(a, "id"));
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_full_course_has_a_waiting_list_and_a_free_place_goes_to_its_first),
		cmocka_unit_test(an_application_takes_its_place_when_her_school_agrees),
		cmocka_unit_test(admission_by_hand_waits_for_the_organiser_and_then_for_a_place),
		cmocka_unit_test(places_are_kept_for_the_schools_that_have_them),
		cmocka_unit_test(a_list_of_allotments_is_put_as_a_whole),
		cmocka_unit_test(who_waits_gets_the_places_that_a_new_list_frees),
		cmocka_unit_test(the_whole_audience_is_enrolled_at_once_but_for_named_exceptions),
		cmocka_unit_test(the_whole_audience_takes_places_as_one_after_the_other_would),
	};

	return cmocka_run_group_tests_name("enrolment places", tests, begin, world_end);
}
