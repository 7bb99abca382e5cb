/*
 * transfer_test.c -- what follows when a teacher moves from one school to another: her
 * appointments end, and the new school has her from its first day.
 */
#include "transfer.h"

#include "harness/pause.h"
#include "kernel/job.h"

static bool is_short(struct client *c, const char *requirement, const char *id)
{
	struct answer *a = GET(c, "/v1/reports/short?page_size=500&requirement_id=%s", requirement);

	expect(a, 200, NULL);
	return strstr(a->body, id) != NULL;
}

static void appointments_end_with_the_work_in_their_school(void **state)
{
	struct world *w = *state;
	const char *id, *requirement;

	lists(w, "2199700001,任满,,1990-05-05,,,三年级(8)班,班主任,2020-09\n");
	id = world_value(w, "SELECT id::text FROM person WHERE name = '任满'", NULL);
	requirement = text_at(
		POST(w->county, "/v1/requirements",
		     "{'name': '调动', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		     "'population': {'appointment_kinds': ['homeroom']}, 'target_hours': 5}"),
		"id");
	assert_true(is_short(w->school, requirement, id));
	moves(w, id, "2026-10-10", "2026-10-11");
	expect_sql(w, "2026-10-11 离开学校",
		   text("SELECT upper(during) || ' ' || end_reason FROM homeroom_appointment "
			"WHERE person = '%s'",
			id));
	assert_false(is_short(w->school, requirement, id));
	/* The class is free, and she may lead one where she works now. */
	lists(w, "2199700001,接任,,1991-05-05,,,三年级(8)班,班主任,2026-10\n"
		 "2199700002,任满,,1990-05-05,,,三年级(8)班,班主任,2026-10\n");
	assert_true(is_short(w->other_school, requirement, id));
	assert_true(is_short(w->county, requirement, id));
	expect(GET(w->other_school, "/v1/reports/compliance?requirement_id=%s", requirement), 200,
	       "{'population': 1}");
}

static void an_appointment_lasts_no_longer_than_the_membership_it_is_given_in(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "借期", ", 'birth_on': '1990-01-07'");
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	struct answer *list = GET(w->school, "%s", path);

	for (int i = 0; i < 2; i++)
		expect(ends(w->school, text("%s/%s", path, text_at(list, text("data/%d/id", i))),
			    "2026-12-31"),
		       200, NULL);
	lists(w, "2199700001,借期,,1990-01-07,,,三年级(9)班,班主任,2026-09\n");
	expect_sql(w, "2027-01-01",
		   text("SELECT upper(during) FROM homeroom_appointment WHERE person = '%s'", id));
}

static void a_merger_of_schools_ends_the_appointments_of_whom_it_moves(void **state)
{
	struct world *w = *state;
	const char *school =
		text_at(POST(w->county, "/v1/schools",
			     "{'code': '2199700199', 'name': '并入校', 'stages': ['primary']}"),
			"id");

	lists(w, "2199700199,并走,,1990-05-06,,,三年级(1)班,班主任,2026-09\n");
	expect(call(w->county, "POST", text("/v1/schools/%s/merge", school),
		    text("{'ended_on': '2026-10-14', 'successor_id': '%s'}", w->school_a2),
		    "If-Match", "*", NULL),
	       200, NULL);
	expect_sql(
		w, "2026-10-15",
		text("SELECT upper(during) FROM homeroom_appointment WHERE school = '%s'", school));
}

static void what_was_written_of_her_is_no_longer_her_former_schools_to_change(void **state)
{
	struct world *w = *state;
	const char *id =
		joins(w, "移交", ", 'document_type': 'passport', 'document_number': 'T1234567'");
	const char *path = arena_printf(w->arena, "/v1/teachers/%s", id);
	struct answer *number = POST(w->school, text("%s/identifiers", path),
				     "{'source': '省平台', 'value': 'T1'}");
	const char *end = arena_printf(w->arena, "%s/identifiers/%s", path, text_at(number, "id"));

	moves(w, id, "2026-10-15", "2026-10-16");
	/* From midnight on, before anything was brought in line with the new day. */
	world_clock(w, w->county_a, "2026-10-15T17:00:00Z");
	expect(call(w->school, "POST", text("%s/end", end), "{'ended_on': '2026-10-15'}",
		    "If-Match", "*", NULL),
	       404, NULL);
	expect(PATCH(w->school, path, "*", "{'phone': '13900000001'}"), 404, NULL);
	expect(POST(w->school, text("%s/titles", path), "{'title': 'first'}"), 404, NULL);
	expect(POST(w->school, text("%s/identifiers", path), "{'source': '省平台', 'value': 'T2'}"),
	       404, NULL);
	expect(call(w->school, "POST", text("%s/void", path), "{'reason': '误建'}", "If-Match", "*",
		    NULL),
	       404, NULL);
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_membership_that_has_not_begun_can_be_withdrawn(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "预置", "");
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	struct answer *list = GET(w->county, "%s", path);
	const char *later = arena_printf(
		w->arena, "{'school_id': '%s', 'kind': 'personnel', 'started_on': '2027-03-01'}",
		w->school_a1);
	const char *planted;

	for (int i = 0; i < 2; i++) {
		const char *each =
			arena_printf(w->arena, "%s/%s", path, text_at(list, text("data/%d/id", i)));

		if (strcmp(text_at(list, text("data/%d/kind", i)), "personnel") == 0)
			expect(ends(w->school, each, "2026-10-14"), 200, NULL);
		expect_error(ends(w->county, each, "2020-08-31"), "#/ended_on", "period-reversed");
	}
	/* Only the county plans where she will be. */
	expect_error(POST(w->school, path, later), "#/started_on", "date-in-future");
	planted = arena_strdup(w->arena, text_at(POST(w->county, path, later), "id"));
	expect(POST(w->county, path,
		    text("{'school_id': '%s', 'kind': 'personnel', 'started_on': '2026-10-15'}",
			 w->school_a2)),
	       409, "{'code': 'membership-overlaps'}");
	planted = arena_printf(w->arena, "%s/%s", path, planted);
	expect(ends(w->other_school, planted, "2027-02-28"), 404, NULL);
	expect(call(w->county, "POST", text("%s/end", planted), "{'ended_on': '2027-02-28'}",
		    "If-Match", "\"9-x\"", NULL),
	       412, NULL);
	expect(ends(w->county, planted, "2027-02-28"), 200,
	       "{'started_on': '2027-03-01', 'ended_on': '2027-02-28', 'reason': '调出'}");
	expect(GET(w->county, "%s", planted), 404, NULL);
	expect(POST(w->county, path,
		    text("{'school_id': '%s', 'kind': 'personnel', 'started_on': '2026-10-15'}",
			 w->school_a2)),
	       201, NULL);
}

static void many_move_on_one_day_some_at_a_time(void **state)
{
	struct world *w = *state;
	int moved, portions = 0, all = 0;

	world_value(
		w,
		"WITH here AS MATERIALIZED (SELECT $1::int AS county, "
		"set_config('qinglan.county', $1::int::text, true) AS setting), "
		"p AS (INSERT INTO person (county, name, sort_key, tokens, teacher) "
		"SELECT county, '众' || translate(i::text, '0123456789', '零一二三四五六七八九'), "
		"'zhong', '{zhong}', true FROM here, generate_series(1, 1200) i "
		"WHERE setting <> '' RETURNING county, id) "
		"INSERT INTO membership (county, person, school, kind, during) "
		"SELECT p.county, p.id, m.school::uuid, 'working', m.during::daterange FROM p, "
		"(VALUES ($2, '[2020-09-01,2026-11-01)'), ($3, '[2026-11-01,)')) AS m(school, "
		"during) RETURNING 1",
		text("%d", w->county_a), w->school_a1, w->school_a2, NULL);
	world_clock(w, w->county_a, "2026-10-31T17:00:00Z");
	do {
		moved = atoi(world_value(w, "SELECT people_upkeep()", NULL));
		assert_true(moved <= 500);
		all += moved;
		portions++;
	} while (moved > 0 && portions < 20);
	assert_true(all >= 1200);
	assert_true(portions > 3 && portions < 20);
	expect_sql(w, text("1200 %s", w->school_a2),
		   "SELECT count(*) || ' ' || min(school::text) FROM person "
		   "WHERE sort_key = 'zhong' GROUP BY school");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
	while (atoi(world_value(w, "SELECT people_upkeep()", NULL)) > 0)
		continue;
}

/* Whether the list of C has her within a quarter of a minute. */
static bool comes_to(struct client *c, const char *id)
{
	for (int i = 0; i < 150; i++) {
		if (strstr(GET(c, "/v1/teachers?q=lingchen&page_size=500")->body, id))
			return true;
		pause_ms(100);
	}
	return false;
}

static struct job_runner *runner;

static int runner_stops(void **state)
{
	(void)state;
	job_runner_stop(runner);
	return 0;
}

static void a_new_day_moves_people_while_the_service_runs(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "凌晨", "");

	runner = job_runner_start(&w->program.service, NULL, 0, 1);
	assert_non_null(runner);
	moves(w, id, "2026-10-15", "2026-10-16");
	assert_true(comes_to(w->school, id));
	world_clock(w, w->county_a, "2026-10-15T16:00:01Z");
	assert_true(comes_to(w->other_school, id));
	/* Also when the calendar is put back. */
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
	assert_true(comes_to(w->school, id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appointments_end_with_the_work_in_their_school),
		cmocka_unit_test(an_appointment_lasts_no_longer_than_the_membership_it_is_given_in),
		cmocka_unit_test(a_merger_of_schools_ends_the_appointments_of_whom_it_moves),
		cmocka_unit_test(what_was_written_of_her_is_no_longer_her_former_schools_to_change),
		cmocka_unit_test(a_membership_that_has_not_begun_can_be_withdrawn),
		cmocka_unit_test(many_move_on_one_day_some_at_a_time),
		cmocka_unit_test_teardown(a_new_day_moves_people_while_the_service_runs,
					  runner_stops),
	};

	return cmocka_run_group_tests_name("transfer", tests, world_begin, world_end);
}
