/*
 * concurrency_people_test.c -- rules of people, schools and offices, broken by two at once.
 *
 * Two workers ask at the same moment, many times over: one of them wins, the other gets the
 * answer that the contract has for it, and what is stored is as if they had come one by one.
 */
#include "harness/race.h"

/* --- people, schools, offices --- */

static void a_person_has_one_membership_of_a_kind_at_a_time(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(
			r, w->county, "POST", text("/v1/teachers/%s/memberships", w->teacher_a1),
			text("{'school_id': '%s', 'kind': 'working', 'started_on': '%d-03-01', 'ended_on': "
			     "'%d-06-30'}",
			     w->school_a2, 1990 + i, 1990 + i),
			NULL, 201, 409, "membership-overlaps");
	expect_sql(w, "0",
		   "SELECT count(*) FROM membership a JOIN membership b ON a.person = b.person "
		   "AND a.kind = b.kind AND a.during && b.during AND a.id < b.id");
}

static void a_school_code_is_used_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(r, w->county, "POST", "/v1/schools",
			  text("{'code': '21977%05d', 'name': '新校%d', 'stages': ['primary']}", i,
			       i),
			  NULL, 201, 409, "school-code-taken");
	expect_sql(w, text("%d", TIMES), "SELECT count(*) FROM school WHERE code LIKE '21977%'");
}

static void a_document_belongs_to_one_person(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(r, w->county, "POST", "/v1/teachers",
			  text("{'name': '证件%d', 'school_id': '%s', 'document_type': 'passport', "
			       "'document_number': 'R%07d'}",
			       i, w->school_a1, i),
			  NULL, 201, 409, "possible-duplicate");
	expect_sql(w, text("%d", TIMES), "SELECT count(*) FROM person WHERE name LIKE '证件%'");
}

/* Officers of a school, to hold its offices. */
static void officers_make(struct race *r, const char *school, char ids[RACERS][37])
{
	int i;

	for (i = 0; i < RACERS; i++)
		snprintf(ids[i], 37, "%s",
			 race_made(r, "/v1/officers",
				   text("{'name': '候任%d', 'school_id': '%s'}", i, school)));
}

static void a_person_holds_an_office_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	char ids[RACERS][37], office[37];
	int i;

	officers_make(r, w->school_a1, ids);
	snprintf(office, sizeof office, "%s",
		 text_at(GET(w->county, "/v1/offices?school_id=%s", w->school_a1), "data/0/id"));
	for (i = 0; i < TIMES; i++)
		race_both(
			r, w->county, "POST", text("/v1/offices/%s/holders", office),
			text("{'person_id': '%s', 'started_on': '%d-03-01', 'ended_on': '%d-06-30'}",
			     ids[0], 1990 + i, 1990 + i),
			NULL, 201, 409, "periods-overlap");
}

static void an_office_is_handed_over_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	char ids[RACERS][37], office[37];
	int i, k;

	officers_make(r, w->school_a2, ids);
	snprintf(office, sizeof office, "%s",
		 text_at(GET(w->county, "/v1/offices?school_id=%s", w->school_a2), "data/0/id"));
	for (i = 0; i < TIMES; i++) {
		struct answer *a = GET(w->county, "/v1/offices/%s", office);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", text("/v1/offices/%s/hand-over", office),
			     NULL, NULL);
		for (k = 0; k < RACERS; k++) {
			list[k].body = text("{'person_id': '%s', 'started_on': '2026-09-%02d'}",
					    ids[(i + k) % RACERS], i + 1);
			list[k].if_match = header_of(a, "ETag");
		}
		race_run(r, list);
		race_won(list, 200, 412, "stale");
		expect_sql(w, "1",
			   text("SELECT count(*) FROM office_holder WHERE office = '%s' AND "
				"during @> date '2026-12-01'",
				office));
	}
}

static void of_two_changes_to_one_version_one_is_stale(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		struct answer *a = GET(w->county, "/v1/teachers/%s", w->teacher_a1);
		const long before = (long)json_integer_value(json_at(a, "version"));

		race_both(r, w->county, "PATCH", text("/v1/teachers/%s", w->teacher_a1),
			  text("{'phone': '138%08d'}", i), header_of(a, "ETag"), 200, 412, "stale");
		expect(GET(w->county, "/v1/teachers/%s", w->teacher_a1), 200,
		       text("{'version': %ld, 'phone': '138%08d'}", before + 1, i));
	}
}

static void of_two_changes_whatever_the_version_none_is_lost(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < TIMES; i++) {
		struct runner list[RACERS];

		race_line_up(list, w->county, "PATCH", text("/v1/teachers/%s", w->teacher_a1),
			     text("{'homeroom_since': '%d-09-01'}", 2000 + i),
			     text("{'phone': '139%08d'}", i));
		list[0].if_match = list[1].if_match = "*";
		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			expect(list[k].answer, 200, NULL);
		expect(GET(w->county, "/v1/teachers/%s", w->teacher_a1), 200,
		       text("{'phone': '139%08d', 'homeroom_since': '%d-09-01'}", i, 2000 + i));
	}
}

static const char *new_school(struct race *r, int number)
{
	return race_made(r, "/v1/schools",
			 text("{'code': '21978%05d', 'name': '将撤%d', 'stages': ['primary']}",
			      number, number));
}

static void nobody_is_hired_by_a_school_that_ends(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < 2 * TIMES; i++) {
		const char *school = new_school(r, i);
		struct runner list[RACERS] = {
			{.client = w->county,
			 .method = "POST",
			 .target = text("/v1/schools/%s/%s", school, i % 2 ? "merge" : "close"),
			 .body = i % 2 ? text("{'ended_on': '2026-10-14', 'successor_id': '%s'}",
					      w->school_a2)
				       : "{'ended_on': '2026-10-14'}",
			 .if_match = "*"},
			{.client = w->county,
			 .method = "POST",
			 .target = "/v1/teachers",
			 .body = text("{'name': '抢招%d', 'school_id': '%s', 'started_on': "
				      "'2026-09-01'}",
				      i, school)}};

		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			if (list[k].answer->status >= 300)
				expect(list[k].answer, 409, NULL);
	}
	expect_sql(w, "0",
		   "SELECT count(*) FROM membership m JOIN school s ON s.id = m.school WHERE "
		   "s.status <> 'open' AND coalesce(upper(m.during), 'infinity') > s.ended_on + 1");
}

static void nobody_is_voided_who_has_hours(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < 2 * TIMES; i++) {
		const char *id = race_teacher(r, "误录", i);
		struct runner list[RACERS] = {
			{.client = w->county,
			 .method = "POST",
			 .target = text("/v1/teachers/%s/void", id),
			 .body = "{'reason': '误录'}",
			 .if_match = "*"},
			{.client = w->county, .method = "POST", .target = "/v1/hour-entries"}};

		/* Also where there is an account already, though empty. */
		if (i % 2)
			world_value(w,
				    "SELECT hour_accounts_lock(ARRAY[$2::uuid])::text FROM (SELECT "
				    "set_config('qinglan.county', $1, true), "
				    "set_config('qinglan.sees', 'all', true) OFFSET 0) c",
				    text("%d", w->county_a), id, NULL);
		list[1].body = text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', "
				    "'activity_on': '2026-10-01', 'source': {'kind': 'adjustment', "
				    "'key': '作废%d'}}",
				    id, i);
		race_run(r, list);
		if (list[0].answer->status == 200)
			expect(list[1].answer, 422, NULL);
		else
			race_won(list, 201, 409, "person-in-use");
	}
	expect_sql(w, "0",
		   "SELECT count(*) FROM person p WHERE p.voided_at IS NOT NULL AND EXISTS (SELECT "
		   "FROM hour_entry e WHERE e.person = p.id)");
}

/* Voids a person while the other gives her something; what came second is refused. */
static void void_against(struct race *r, const char *id, const char *target, const char *body)
{
	struct world *w = r->world;
	struct runner list[RACERS] = {{.client = w->county,
				       .method = "POST",
				       .target = text("/v1/teachers/%s/void", id),
				       .body = "{'reason': '误录'}",
				       .if_match = "*"},
				      {.client = w->county,
				       .method = "POST",
				       .target = target,
				       .body = body,
				       .if_match = "*"}};

	race_run(r, list);
	if (list[1].answer->status < 300)
		expect(list[0].answer, 409, "{'code': 'person-in-use'}");
	else
		expect(list[0].answer, 200, NULL);
}

static void nobody_is_voided_who_is_given_an_office(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *office =
		text_at(GET(w->county, "/v1/offices?school_id=%s", w->school_a1), "data/0/id");
	int i;

	for (i = 0; i < 2 * TIMES; i++) {
		const char *id = race_teacher(r, "任职", i);

		void_against(
			r, id, text("/v1/offices/%s/%s", office, i % 2 ? "hand-over" : "holders"),
			text("{'person_id': '%s', 'started_on': '2026-09-%02d'}", id, 1 + i / 2));
	}
	expect_sql(w, "0",
		   "SELECT count(*) FROM person p JOIN office_holder h ON h.person = p.id WHERE "
		   "p.voided_at IS NOT NULL");
}

static void of_twins_made_at_once_the_second_may_be_there_already(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < 2 * TIMES; i++) {
		struct runner list[RACERS];

		/* The same name and birth date; then the same phone only. */
		race_line_up(
			list, w->county, "POST", "/v1/teachers",
			text("{'name': '双生%d', 'school_id': '%s', %s}", i, w->school_a1,
			     i % 2 ? text("'phone': '137%08d'", i) : "'birth_on': '1990-05-05'"),
			text("{'name': '双生%d', 'school_id': '%s', %s}", i % 2 ? -i : i,
			     w->school_a2,
			     i % 2 ? text("'phone': '137%08d'", i) : "'birth_on': '1990-05-05'"));
		race_run(r, list);
		race_won(list, 201, 409, "possible-duplicate");
	}
	expect_sql(w, text("%d", 2 * TIMES), "SELECT count(*) FROM person WHERE name LIKE '双生%'");
}

static void of_two_who_take_one_name_the_second_may_be_there_already(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < TIMES; i++) {
		const char *body = text("{'name': '同名%d', 'birth_on': '1991-06-06'}", i);
		struct runner list[RACERS];

		race_line_up(list, w->county, "PATCH", NULL, body, body);
		for (k = 0; k < RACERS; k++) {
			list[k].target =
				text("/v1/teachers/%s", race_teacher(r, "改名", 2 * i + k));
			list[k].if_match = "*";
		}
		race_run(r, list);
		race_won(list, 200, 409, "possible-duplicate");
	}
}

static void two_schools_do_not_become_each_others_successor(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < TIMES; i++) {
		const char *schools[RACERS] = {new_school(r, 1000 + 2 * i),
					       new_school(r, 1001 + 2 * i)};
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", NULL, NULL, NULL);
		for (k = 0; k < RACERS; k++) {
			list[k].target = text("/v1/schools/%s/merge", schools[k]);
			list[k].body = text("{'ended_on': '2026-10-14', 'successor_id': '%s'}",
					    schools[1 - k]);
			list[k].if_match = "*";
		}
		race_run(r, list);
		race_won(list, 200, 409, "school-not-open");
	}
	expect_sql(w, "0",
		   "SELECT count(*) FROM school a JOIN school b ON b.id = a.successor WHERE "
		   "b.status <> 'open' AND a.name LIKE '将撤%'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_has_one_membership_of_a_kind_at_a_time),
		cmocka_unit_test(a_school_code_is_used_once),
		cmocka_unit_test(a_document_belongs_to_one_person),
		cmocka_unit_test(a_person_holds_an_office_once),
		cmocka_unit_test(an_office_is_handed_over_once),
		cmocka_unit_test(of_two_changes_to_one_version_one_is_stale),
		cmocka_unit_test(of_two_changes_whatever_the_version_none_is_lost),
		cmocka_unit_test(nobody_is_hired_by_a_school_that_ends),
		cmocka_unit_test(two_schools_do_not_become_each_others_successor),
		cmocka_unit_test(nobody_is_voided_who_has_hours),
		cmocka_unit_test(nobody_is_voided_who_is_given_an_office),
		cmocka_unit_test(of_twins_made_at_once_the_second_may_be_there_already),
		cmocka_unit_test(of_two_who_take_one_name_the_second_may_be_there_already),
	};

	return cmocka_run_group_tests_name("concurrency of people", tests, race_begin, race_end);
}
