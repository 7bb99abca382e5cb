/*
 * concurrency_appointments_test.c -- rules of appointments and rosters, broken by two at once: one
 * wins, the other gets the answer that the contract has for it.
 */
#include "harness/race.h"

/* A class of A1; its id. */
static const char *class_made(struct race *r, int number)
{
	return race_made(r, "/v1/classes",
			 text("{'school_id': '%s', 'stage': 'primary', 'entry_year': 2023, "
			      "'number': %d}",
			      r->world->school_a1, number));
}

/* Somebody of A1 who is qualified for CLASS, or without one for the reserve; the address. */
static const char *qualified(struct race *r, const char *teacher, const char *class)
{
	struct client *c = r->world->county;
	const char *path = text(
		"/v1/appointments/%s",
		race_made(r, "/v1/appointments",
			  class ? text("{'teacher_id': '%s', 'class_id': '%s', 'kind': 'homeroom'}",
				       teacher, class)
				: text("{'teacher_id': '%s', 'kind': 'reserve'}", teacher)));

	expect(call(c, "POST", text("%s/review", path),
		    "{'conditions': [{'code': 'conduct', 'met': true}]}", "If-Match", "*", NULL),
	       200, NULL);
	return path;
}

static void of_two_who_are_appointed_to_a_class_one_leads_it(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *teachers[RACERS];
	int i, k;

	for (k = 0; k < RACERS; k++)
		teachers[k] = race_teacher(r, "竞任", k);
	for (i = 0; i < TIMES; i++) {
		const char *class = class_made(r, i + 1);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "", "{'started_on': '2026-09-01'}",
			     "{'started_on': '2026-10-01'}");
		for (k = 0; k < RACERS; k++) {
			list[k].target = text("%s/appoint", qualified(r, teachers[k], class));
			list[k].if_match = "*";
		}
		race_run(r, list);
		race_won(list, 200, 409, "class-led-already");
		expect_sql(w, "1",
			   text("SELECT count(*) FROM homeroom_appointment WHERE class = '%s' AND "
				"during IS NOT NULL",
				class));
	}
}

static void somebody_is_proposed_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(r, w->county, "POST", "/v1/appointments",
			  text("{'teacher_id': '%s', 'kind': 'trainee', 'class_id': '%s'}",
			       w->teacher_a1, class_made(r, 30 + i)),
			  NULL, 201, 409, "duplicate");
}

static void of_two_steps_from_one_version_one_is_stale(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *path = qualified(r, race_teacher(r, "两步", i), NULL);
		struct answer *a = GET(w->county, "%s", path);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "", "{'started_on': '2026-09-01'}",
			     "{'reason': '另有安排'}");
		list[0].target = text("%s/appoint", path);
		list[1].target = text("%s/withdraw", path);
		list[0].if_match = list[1].if_match = header_of(a, "ETag");
		race_run(r, list);
		race_won(list, 200, 412, "stale");
	}
}

/* The class ends while somebody is appointed to it: she leads it no longer than it is there. */
static void nobody_leads_a_class_beyond_its_end(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *class = class_made(r, 60 + i);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "", "{'started_on': '2026-09-01'}",
			     "{'ended_on': '2026-12-31', 'reason': '分班'}");
		list[0].target = text("%s/appoint", qualified(r, w->teacher_a1, class));
		list[1].target = text("/v1/classes/%s/end", class);
		list[0].if_match = list[1].if_match = "*";
		race_run(r, list);
		assert_int_equal(list[0].answer->status, 200);
		assert_int_equal(list[1].answer->status, 200);
		expect_sql(w, "2026-12-31",
			   text("SELECT last_day(during) FROM homeroom_appointment WHERE class = "
				"'%s'",
				class));
	}
}

/* --- rosters --- */

static const char *roster_asked(struct race *r)
{
	return text("/v1/roster-calls/%s/reports",
		    race_made(r, "/v1/roster-calls",
			      "{'title': '花名册', 'as_of_on': '2026-10-15', 'due_on': "
			      "'2026-10-31'}"));
}

static void of_two_reports_the_later_replaces_the_other(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < TIMES; i++) {
		const char *reports = roster_asked(r);
		struct runner list[RACERS];

		race_line_up(list, w->school, "POST", reports, "{}", "{'note': '更正'}");
		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			assert_int_equal(list[k].answer->status, 201);
		expect(GET(w->county, "%s", reports), 200,
		       "{'data': [{'round': 2, 'state': 'reported'}, {'round': 1, 'state': "
		       "'replaced'}]}");
	}
}

/* Either it is accepted and there is no other report, or it is replaced before that. */
static void a_report_that_was_accepted_is_not_replaced(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *reports = roster_asked(r), *first;
		struct runner list[RACERS];
		struct answer *a = POST(w->school, reports, "{}");

		expect(a, 201, NULL);
		first = header_of(a, "Location");
		race_line_up(list, w->county, "POST", text("%s/review", first), "{'returned': []}",
			     "{}");
		list[0].if_match = header_of(a, "ETag");
		list[1].client = w->school;
		list[1].target = reports;
		race_run(r, list);
		if (list[0].answer->status == 200) {
			expect(list[1].answer, 409, "{'code': 'not-in-this-state'}");
			expect(GET(w->county, "%s", first), 200, "{'state': 'accepted'}");
		} else {
			expect(list[0].answer, 412, "{'code': 'stale'}");
			assert_int_equal(list[1].answer->status, 201);
			expect(GET(w->county, "%s", first), 200, "{'state': 'replaced'}");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_who_are_appointed_to_a_class_one_leads_it),
		cmocka_unit_test(somebody_is_proposed_once),
		cmocka_unit_test(of_two_steps_from_one_version_one_is_stale),
		cmocka_unit_test(nobody_leads_a_class_beyond_its_end),
		cmocka_unit_test(of_two_reports_the_later_replaces_the_other),
		cmocka_unit_test(a_report_that_was_accepted_is_not_replaced),
	};

	return cmocka_run_group_tests_name("concurrency of appointments", tests, race_begin,
					   race_end);
}
