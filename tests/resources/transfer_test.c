/*
 * transfer_test.c -- what follows when a teacher moves from one school to another: her appointments end,
 * the new school has her from its first day, and the old one keeps what it knew on its last.
 */
#include "import_list.h"

/* A teacher of A1 since 2020, with MORE members; her id. */
static const char *joins(struct world *w, const char *name, const char *more)
{
	struct answer *made =
		POST(w->school, "/v1/teachers",
		     text("{'name': '%s', 'school_id': '%s', 'started_on': '2020-09-01'%s}", name,
			  w->school_a1, more));

	expect(made, 201, NULL);
	return arena_strdup(w->arena, text_at(made, "id"));
}

static struct answer *ends(struct client *c, const char *path, const char *last)
{
	return call(c, "POST", text("%s/end", path),
		    text("{'ended_on': '%s', 'reason': '调出'}", last), "If-Match", "*", NULL);
}

/* The county ends all that she has on LAST, and A2 has her from FIRST on. */
static void moves(struct world *w, const char *id, const char *last, const char *first)
{
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	struct answer *list = GET(w->county, "%s", path);
	static const char *const kinds[] = {"working", "personnel"};

	for (int i = 0; i < 2; i++)
		expect(ends(w->county, text("%s/%s", path, text_at(list, text("data/%d/id", i))),
			    last),
		       200, NULL);
	for (int i = 0; i < 2; i++)
		expect(POST(w->county, path,
			    text("{'school_id': '%s', 'kind': '%s', 'started_on': '%s', "
				 "'reason': '调入'}",
				 w->school_a2, kinds[i], first)),
		       201, NULL);
}

static void lists(struct world *w, const char *line)
{
	commit(w, w->county, "teacher",
	       import_text(w, w->county, "teacher", text(HEAD "%s", line)));
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appointments_end_with_the_work_in_their_school),
		cmocka_unit_test(an_appointment_lasts_no_longer_than_the_membership_it_is_given_in),
		cmocka_unit_test(a_merger_of_schools_ends_the_appointments_of_whom_it_moves),
	};

	return cmocka_run_group_tests_name("transfer", tests, world_begin, world_end);
}
