/*
 * class_years_test.c -- classes through the API: made, corrected, ended, and going over to the next
 * school year.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A class of the school that C acts for: its address. */
static const char *class_made(struct client *c, int entry_year, int number)
{
	struct answer *a = POST(
		c, "/v1/classes",
		text("{'stage': 'primary', 'entry_year': %d, 'number': %d}", entry_year, number));

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

/* Its id, the last part of its address. */
static const char *id_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The id of the county's school year that begins in YEAR. */
static const char *school_year(struct world *w, const char *year)
{
	return world_value(
		w,
		"SELECT id::text FROM school_year WHERE county = $1::int AND name LIKE $2 || "
		"'-%'",
		text("%d", w->county_a), year, NULL);
}

static void a_class_is_made_read_and_corrected(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(w->school, "/v1/classes",
				   "{'stage': 'primary', 'entry_year': 2023, 'number': 2}");
	const char *path = header_of(made, "Location"), *tag = header_of(made, "ETag");

	expect(made, 201,
	       text("{'school_id': '%s', 'name': '2023级2班', 'grade': '四年级', 'status': 'active', "
		    "'ended_on': null, 'homeroom_teacher': null, 'successor_ids': []}",
		    w->school_a1));
	expect(GET(w->county, "%s", path), 200, "{'number': 2}");
	expect(GET(w->teacher, "%s", path), 403, NULL);
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(PATCH(w->other_school, path, tag, "{'number': 3}"), 404, NULL);
	expect(PATCH(w->school, path, tag, "{'number': 3, 'entry_year': 2022}"), 200,
	       "{'name': '2022级3班', 'grade': '五年级', 'version': 2}");
	expect(PATCH(w->school, path, tag, "{'number': 4}"), 412, NULL);
	expect_error(PATCH(w->school, path, "*", "{'entry_year': 2010}"), "#/entry_year",
		     "no-such-grade");
	expect(POST(w->teacher, "/v1/classes",
		    "{'stage': 'primary', 'entry_year': 2023, 'number': 2}"),
	       403, NULL);
}

static void a_number_is_used_once_in_a_grade(void **state)
{
	struct world *w = *state;
	const char *body = "{'stage': 'primary', 'entry_year': 2025, 'number': 7}";

	expect(POST(w->school, "/v1/classes", body), 201, NULL);
	expect(POST(w->school, "/v1/classes", body), 409, "{'code': 'class-number-taken'}");
	expect(POST(w->other_school, "/v1/classes", body), 201, NULL);
	expect_error(POST(w->school, "/v1/classes",
			  "{'stage': 'junior', 'entry_year': 2025, 'number': 7}"),
		     "#/stage", "stage-of-other-schools");
	expect_error(POST(w->school, "/v1/classes",
			  "{'stage': 'primary', 'entry_year': 2019, 'number': 7}"),
		     "#/entry_year", "no-such-grade");
	/* The next year's may be made in advance. */
	expect(POST(w->school, "/v1/classes",
		    "{'stage': 'primary', 'entry_year': 2027, 'number': 1}"),
	       201, "{'grade': null}");
	expect_error(POST(w->county, "/v1/classes", body), "#/school_id", "not-found");
	expect_error(POST(w->school, "/v1/classes",
			  text("{'stage': 'primary', 'entry_year': 2025, 'number': 8, 'school_id': "
			       "'%s'}",
			       w->school_a2)),
		     "#/school_id", "not-found");
}

static void a_class_that_ends_ends_its_appointments_and_names_its_successors(void **state)
{
	struct world *w = *state;
	const char *old = class_made(w->school, 2024, 31), *next = class_made(w->school, 2024, 32);
	const char *body =
		text("{'ended_on': '2026-10-31', 'reason': '分班', 'successor_ids': ['%s']}",
		     id_of(next));
	const char *foreign = class_made(w->other_school, 2024, 31);

	world_appoint(w, w->teacher_a1, id_of(old), "2026-09-01");
	expect(GET(w->school, "%s", old), 200,
	       text("{'homeroom_teacher': {'teacher_id': '%s', 'name': '周兰', 'kind': 'homeroom'}}",
		    w->teacher_a1));
	expect_error(
		call(w->school, "POST", text("%s/end", old),
		     text("{'ended_on': '2026-10-31', 'reason': '分班', 'successor_ids': ['%s']}",
			  id_of(foreign)),
		     "If-Match", "*", NULL),
		"#/successor_ids", "not-found");
	expect_error(call(w->school, "POST", text("%s/end", old),
			  "{'ended_on': '2026-08-31', 'reason': '分班'}", "If-Match", "*", NULL),
		     "#/ended_on", "appointment-later");
	/* It goes on until then. */
	expect(call(w->school, "POST", text("%s/end", old), body, "If-Match", "*", NULL), 200,
	       text("{'status': 'active', 'ended_on': '2026-10-31', 'end_reason': '分班', "
		    "'successor_ids': ['%s']}",
		    id_of(next)));
	expect_sql(w, "2026-10-31 分班",
		   "SELECT concat_ws(' ', last_day(during), end_reason) FROM homeroom_appointment");
	expect(call(w->school, "POST", text("%s/end", old), body, "If-Match", "*", NULL), 409,
	       "{'code': 'class-has-ended'}");
	expect(PATCH(w->school, old, "*", "{'number': 33}"), 409, "{'code': 'class-has-ended'}");
	world_clock(w, w->county_a, "2026-11-02T02:00:00Z");
	expect(GET(w->school, "%s", old), 200, "{'status': 'ended', 'grade': '三年级'}");
	/* Its number is free for another, and nobody is appointed to it. */
	expect(POST(w->school, "/v1/classes",
		    "{'stage': 'primary', 'entry_year': 2024, 'number': 31}"),
	       201, NULL);
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_grade_group_is_all_classes_of_a_grade(void **state)
{
	struct world *w = *state;

	class_made(w->other_school, 2026, 1);
	class_made(w->other_school, 2026, 2);
	class_made(w->other_school, 2021, 1);
	expect(GET(w->county, "/v1/schools/%s/grade-groups?page_size=1", w->school_a2), 200,
	       "{'data': [{'grade': '一年级', 'class_count': 2, 'classes': [{'number': 1}, {'number': "
	       "2}]}]}");
	expect(GET(w->other_school, "/v1/schools/%s/grade-groups?on=2027-09-01&page_size=1",
		   w->school_a2),
	       200, "{'data': [{'grade': '二年级'}]}");
	assert_null(strstr(
		GET(w->other_school, "/v1/schools/%s/grade-groups?on=2027-09-01", w->school_a2)
			->body,
		"2021"));
	expect(GET(w->foreign_school, "/v1/schools/%s/grade-groups", w->school_a2), 404, NULL);
	assert_int_equal(
		count_at(GET(w->other_school, "/v1/schools/%s/grade-groups", w->school_a1), "data"),
		0);
}

/* --- the next school year --- */

static void a_school_goes_over_to_the_next_year_once(void **state)
{
	struct world *w = *state;
	const char *last = class_made(w->other_school, 2021, 8),
		   *first = class_made(w->other_school, 2025, 8),
		   *second = class_made(w->other_school, 2025, 9);
	const char *target =
		text("/v1/schools/%s/year-rollovers/%s", w->school_a2, school_year(w, "2027"));
	const char *commit = text("%s/commit", target), *going, *stale, *plan;
	struct answer *a;

	world_appoint(w, w->teacher_a2, id_of(last), "2026-09-01");
	a = GET(w->other_school, "%s", target);
	expect(a, 200, "{'state': 'open', 'done': null, 'started_on': '2027-09-01'}");
	stale = text_at(a, "plan");
	expect(GET(w->school, "%s", target), 404, NULL);
	expect(POST(w->other_school, commit, text("{'plan': '%s'}", stale)), 409,
	       "{'code': 'rollover-too-early'}");
	world_clock(w, w->county_a, "2027-08-20T02:00:00Z");
	/* Somebody is appointed meanwhile. */
	going = world_value(w, "SELECT id::text FROM homeroom_appointment WHERE person = $1::uuid",
			    w->teacher_a2, NULL);
	expect(call(w->other_school, "POST", text("%s/end", second),
		    "{'ended_on': '2027-07-31', 'reason': '并班'}", "If-Match", "*", NULL),
	       200, NULL);
	expect(POST(w->other_school, commit, text("{'plan': '%s'}", stale)), 409,
	       "{'code': 'rollover-changed'}");
	a = GET(w->other_school, "%s", target);
	plan = text_at(a, "plan");
	assert_null(strstr(a->body, id_of(second)));
	expect_error(POST(w->other_school, commit,
			  text("{'plan': '%s', 'appointments': [{'appointment_id': '%s', 'reason': "
			       "'x'}]}",
			       plan, w->teacher_a2)),
		     "#/appointments/0/appointment_id", "not-found");
	expect_error(POST(w->other_school, commit,
			  text("{'plan': '%s', 'appointments': [{'appointment_id': '%s', 'to': "
			       "{'stage': 'primary', 'entry_year': 2027, 'number': 5}}]}",
			       plan, going)),
		     "#/appointments/0/to", "not-found");
	/* Whoever led the class that leaves takes a new one. */
	a = POST(
		w->other_school, commit,
		text("{'plan': '%s', 'appointments': [{'appointment_id': '%s', "
		     "'to': {'stage': 'primary', 'entry_year': 2027, 'number': 1}}], 'new_classes': "
		     "[{'stage': 'primary', 'entry_year': 2027, 'numbers': [1, 2]}]}",
		     plan, going));
	expect(a, 200,
	       "{'state': 'done', 'done': {'made': 2, 'appointments_moved': 1, 'appointments_ended': "
	       "0}}");
	expect(POST(w->other_school, commit, text("{'plan': '%s'}", plan)), 409,
	       "{'code': 'rollover-done'}");
	world_clock(w, w->county_a, "2027-09-01T02:00:00Z");
	expect(GET(w->other_school, "%s", last), 200,
	       "{'status': 'graduated', 'ended_on': '2027-08-31', 'grade': '六年级'}");
	expect(GET(w->other_school, "%s", first), 200, "{'status': 'active', 'grade': '三年级'}");
	expect(GET(w->other_school, "/v1/classes?entry_year=2027"), 200,
	       text("{'data': [{'number': 1, 'homeroom_teacher': {'teacher_id': '%s'}}, {'number': 2, "
		    "'homeroom_teacher': null}]}",
		    w->teacher_a2));
	expect_sql(
		w, "2027-08-31 换班",
		"SELECT concat_ws(' ', last_day(a.during), a.end_reason) FROM homeroom_appointment a "
		"JOIN class c ON c.id = a.class WHERE c.entry_year = 2021 AND c.number = 8");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_class_is_made_read_and_corrected),
		cmocka_unit_test(a_number_is_used_once_in_a_grade),
		cmocka_unit_test(a_class_that_ends_ends_its_appointments_and_names_its_successors),
		cmocka_unit_test(a_grade_group_is_all_classes_of_a_grade),
		cmocka_unit_test(a_school_goes_over_to_the_next_year_once),
	};

	return cmocka_run_group_tests_name("class years", tests, world_begin, world_end);
}
