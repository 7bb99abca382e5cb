/*
 * concurrency_people_test.c -- rules of people, schools and offices, broken by two at once.
 *
 * Two workers ask at the same moment, many times over: one of them wins, the other gets the
 * answer that the contract has for it, and what is stored is as if they had come one by one.
 */
#include "harness/race.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TIMES = 20 };

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
static void officers_make(struct world *w, const char *school, char ids[RACERS][37])
{
	int i;

	for (i = 0; i < RACERS; i++)
		snprintf(ids[i], 37, "%s",
			 text_at(POST(w->county, "/v1/officers",
				      text("{'name': '候任%d', 'school_id': '%s'}", i, school)),
				 "id"));
}

static void a_person_holds_an_office_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	char ids[RACERS][37], office[37];
	int i;

	officers_make(w, w->school_a1, ids);
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

	officers_make(w, w->school_a2, ids);
	snprintf(office, sizeof office, "%s",
		 text_at(GET(w->county, "/v1/offices?school_id=%s", w->school_a2), "data/0/id"));
	for (i = 0; i < TIMES; i++) {
		struct answer *a = GET(w->county, "/v1/offices/%s", office);
		struct runner list[RACERS];

		for (k = 0; k < RACERS; k++)
			list[k] = (struct runner){
				.client = w->county,
				.method = "POST",
				.target = text("/v1/offices/%s/hand-over", office),
				.body = text("{'person_id': '%s', 'started_on': '2026-09-%02d'}",
					     ids[(i + k) % RACERS], i + 1),
				.if_match = header_of(a, "ETag")};
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

		for (k = 0; k < RACERS; k++)
			list[k] = (struct runner){
				.client = w->county,
				.method = "PATCH",
				.target = text("/v1/teachers/%s", w->teacher_a1),
				.body = k ? text("{'phone': '139%08d'}", i)
					  : text("{'homeroom_since': '%d-09-01'}", 2000 + i),
				.if_match = "*"};
		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			expect(list[k].answer, 200, NULL);
		expect(GET(w->county, "/v1/teachers/%s", w->teacher_a1), 200,
		       text("{'phone': '139%08d', 'homeroom_since': '%d-09-01'}", i, 2000 + i));
	}
}

static const char *made(struct world *w, const char *target, const char *body)
{
	struct answer *a = POST(w->county, target, body);

	expect(a, 201, NULL);
	return text("%s", text_at(a, "id"));
}

static const char *new_school(struct world *w, int number)
{
	return made(w, "/v1/schools",
		    text("{'code': '21978%05d', 'name': '将撤%d', 'stages': ['primary']}", number,
			 number));
}

static const char *new_teacher(struct world *w, const char *name, int number)
{
	return made(w, "/v1/teachers",
		    text("{'name': '%s%d', 'school_id': '%s'}", name, number, w->school_a1));
}

static void nobody_is_hired_by_a_school_that_ends(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < 2 * TIMES; i++) {
		const char *school = new_school(w, i);
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
		const char *id = new_teacher(w, "误录", i);
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
				    "set_config('qinglan.county', $1, true) OFFSET 0) c",
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

/* There is no operation for appointments yet: the table itself must hold. */
static void a_class_has_one_homeroom_teacher(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *sql[RACERS];
	char results[RACERS][80];
	int i, k;

	for (i = 0; i < TIMES; i++) {
		const char *class = world_value(
			w,
			"WITH c AS (SELECT set_config('qinglan.county', $1, true)) INSERT INTO class "
			"(county, school, stage, entry_year, number) SELECT $1::int, $2::uuid, "
			"'primary', 2026, $3::int FROM c RETURNING id::text",
			text("%d", w->county_a), w->school_a1, text("%d", i + 1), NULL);

		for (k = 0; k < RACERS; k++)
			sql[k] = text(
				"WITH c AS (SELECT set_config('qinglan.county', '%d', true)) INSERT INTO "
				"homeroom_appointment (county, person, class, school, kind, during) "
				"SELECT %d, '%s', '%s', '%s', '%s', '[2026-09-01,)' FROM c",
				w->county_a, w->county_a, k ? w->teacher_a2 : w->teacher_a1, class,
				w->school_a1, k ? "acting" : "homeroom");
		race_sql(r, sql, results);
		k = *results[0] ? 1 : 0;
		assert_string_equal(results[k], "");
		/* Each may have waited for the other: then one is given up as a deadlock. */
		if (strcmp(results[1 - k], "40P01") && strcmp(results[1 - k], "55P03"))
			assert_string_equal(results[1 - k], "class_has_one_homeroom_teacher");
		expect_sql(w, "1",
			   text("SELECT count(*) FROM homeroom_appointment WHERE class = '%s'",
				class));
	}
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
		cmocka_unit_test(nobody_is_voided_who_has_hours),
		cmocka_unit_test(a_class_has_one_homeroom_teacher),
	};

	return cmocka_run_group_tests_name("concurrency of people", tests, race_begin, race_end);
}
