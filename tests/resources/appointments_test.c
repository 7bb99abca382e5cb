/*
 * appointments_test.c -- appointments follow the work in their school: they are given within it,
 * end and go with it, and go on with it when its last day is corrected.
 */
#include "import_list.h"

/* A teacher of A1 from FIRST on; her id. */
static const char *joins(struct world *w, const char *name, const char *first)
{
	struct answer *made =
		POST(w->county, "/v1/teachers",
		     text("{'name': '%s', 'birth_on': '1990-01-01', 'school_id': '%s', "
			  "'started_on': '%s'}",
			  name, w->school_a1, first));

	expect(made, 201, NULL);
	return arena_strdup(w->arena, text_at(made, "id"));
}

/* LAST becomes the last day of a membership of hers of a kind, the latest. */
static void ends(struct world *w, const char *id, const char *kind, const char *last)
{
	const char *membership =
		world_value(w,
			    "SELECT id::text FROM membership WHERE person = $1::uuid AND kind = $2 "
			    "ORDER BY during DESC LIMIT 1",
			    id, kind, NULL);

	expect(call(w->county, "POST", text("/v1/teachers/%s/memberships/%s/end", id, membership),
		    text("{'ended_on': '%s'}", last), "If-Match", "*", NULL),
	       200, NULL);
}

static void works_again(struct world *w, const char *id, const char *school, const char *first)
{
	expect(POST(w->county, text("/v1/teachers/%s/memberships", id),
		    text("{'school_id': '%s', 'kind': 'working', 'started_on': '%s'}", school,
			 first)),
	       201, NULL);
}

/* A list of A1 as of a day, of one LINE. */
static const char *list_as_of(struct world *w, const char *day, const char *line)
{
	const char *csv = text(HEAD "2199700001,%s\n", line);
	struct answer *a = send_bytes(
		w->county, text("/v1/teacher-imports?filename=list.csv&as_of_on=%s", day), csv,
		strlen(csv));

	expect(a, 202, NULL);
	world_jobs(w);
	return text_at(a, "id");
}

/* A list says which class somebody leads since when. */
static void leads(struct world *w, const char *day, const char *name, const char *class,
		  const char *since)
{
	const char *id =
		list_as_of(w, day, text("%s,,1990-01-01,,,%s,班主任,%s", name, class, since));

	expect(look(w->county, "teacher", id), 200, "{'counts': {'rejected': 0}}");
	commit(w, w->county, "teacher", id);
}

#define TODAY "2026-10-15"

static void expect_appointments(struct world *w, const char *name, const char *expected)
{
	expect_sql(
		w, expected,
		text("SELECT coalesce(string_agg(a.during || a.end_reason, ' ' ORDER BY a.during), '') "
		     "FROM person p LEFT JOIN homeroom_appointment a ON a.person = p.id "
		     "WHERE p.name = '%s'",
		     name));
}

static void an_appointment_that_begins_before_her_work_ends_with_it(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "后到", "2026-10-01");

	ends(w, id, "working", "2027-01-31");
	leads(w, TODAY, "后到", "三年级(1)班", "2020-09");
	expect_appointments(w, "后到", "[2026-09-01,2027-02-01)离开学校");
	/* The class is another's from then on. */
	joins(w, "续班", "2026-09-01");
	leads(w, TODAY, "续班", "三年级(1)班", "2027-02");
	expect_appointments(w, "续班", "[2027-02-01,)");
}

static void memberships_without_a_gap_are_one_work(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "续聘", "2026-09-01");

	ends(w, id, "working", "2026-12-31");
	works_again(w, id, w->school_a1, "2027-01-01");
	leads(w, TODAY, "续聘", "三年级(2)班", "2026-09");
	expect_appointments(w, "续聘", "[2026-09-01,)");
	ends(w, id, "working", "2027-03-31");
	expect_appointments(w, "续聘", "[2026-09-01,2027-04-01)离开学校");
}

static void a_last_day_that_is_moved_moves_the_end_of_the_appointment(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "改期", "2026-09-01");

	leads(w, TODAY, "改期", "三年级(3)班", "2026-09");
	ends(w, id, "working", "2026-10-31");
	expect_appointments(w, "改期", "[2026-09-01,2026-11-01)离开学校");
	ends(w, id, "working", "2027-07-31");
	expect_appointments(w, "改期", "[2026-09-01,2027-08-01)离开学校");
	/* Another leads the class meanwhile. */
	ends(w, id, "working", "2026-10-31");
	joins(w, "接任", "2026-09-01");
	leads(w, TODAY, "接任", "三年级(3)班", "2026-11");
	ends(w, id, "working", "2027-07-31");
	expect_appointments(w, "改期", "[2026-09-01,2026-11-01)离开学校");
	expect_appointments(w, "接任", "[2026-11-01,)");
}

static void an_appointment_that_ended_of_itself_is_not_lengthened(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "换班", "2025-09-01");

	leads(w, "2025-10-15", "换班", "三年级(4)班", "2025-09");
	leads(w, TODAY, "换班", "三年级(5)班", "2026-09");
	ends(w, id, "working", "2026-08-31");
	expect_appointments(w, "换班", "[2025-09-01,2026-09-01)名单导入");
	ends(w, id, "working", "2027-07-31");
	expect_appointments(w, "换班", "[2025-09-01,2026-09-01)名单导入");
}

static void a_membership_that_is_withdrawn_takes_its_appointments_along(void **state)
{
	struct world *w = *state;
	const char *id;

	leads(w, "2027-10-01", "明年", "三年级(6)班", "2027-09");
	expect_appointments(w, "明年", "[2027-09-01,)");
	id = world_value(w, "SELECT id::text FROM person WHERE name = '明年'", NULL);
	ends(w, id, "working", "2027-08-01");
	ends(w, id, "personnel", "2027-08-01");
	expect_sql(w, "0", text("SELECT count(*) FROM membership WHERE person = '%s'", id));
	expect_appointments(w, "明年", "");
	leads(w, "2027-10-01", "另派", "三年级(6)班", "2027-09");
	expect_appointments(w, "另派", "[2027-09-01,)");
}

static void what_goes_on_without_the_membership_that_is_withdrawn_ends_before_it(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "半途", "2026-09-01");

	ends(w, id, "working", "2027-08-31");
	works_again(w, id, w->school_a1, "2027-09-01");
	leads(w, TODAY, "半途", "三年级(7)班", "2026-09");
	ends(w, id, "working", "2027-08-01");
	expect_appointments(w, "半途", "[2026-09-01,2027-09-01)离开学校");
}

static void refuses(struct world *w, const char *day, const char *line)
{
	expect(rows(w->county, "teacher", list_as_of(w, day, line), "rejected"), 200,
	       "{'data': [{'problems': [{'column': '学校标识码', 'code': 'not-at-work'}]}]}");
}

/* No plan could appoint them, however often it is decided again. */
static void a_list_appoints_nobody_who_does_not_work_there_then(void **state)
{
	static const char leaving[] = "将离,,1990-01-01,,,三年级(8)班,班主任,2027-09";
	static const char gone[] = "已离,990103199001011233,,,,三年级(9)班,班主任,2026-09";
	struct world *w = *state;
	const char *id = joins(w, "将离", "2026-09-01");

	expect(rows(w->county, "teacher", list_as_of(w, "2027-10-01", leaving), "changed"), 200,
	       "{'data': [{'name': '将离'}]}");
	ends(w, id, "working", "2027-07-31");
	refuses(w, "2027-10-01", leaving);

	commit(w, w->county, "teacher", list_as_of(w, "2025-10-15", gone));
	id = world_value(w, "SELECT id::text FROM person WHERE name = '已离'", NULL);
	ends(w, id, "working", "2026-10-01");
	refuses(w, TODAY, gone);
	/* Nor whom another school expects. */
	works_again(w, id, w->school_a2, "2026-12-01");
	refuses(w, "2026-11-01", gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_appointment_that_begins_before_her_work_ends_with_it),
		cmocka_unit_test(memberships_without_a_gap_are_one_work),
		cmocka_unit_test(a_last_day_that_is_moved_moves_the_end_of_the_appointment),
		cmocka_unit_test(an_appointment_that_ended_of_itself_is_not_lengthened),
		cmocka_unit_test(a_membership_that_is_withdrawn_takes_its_appointments_along),
		cmocka_unit_test(
			what_goes_on_without_the_membership_that_is_withdrawn_ends_before_it),
		cmocka_unit_test(a_list_appoints_nobody_who_does_not_work_there_then),
	};

	return cmocka_run_group_tests_name("appointments", tests, world_begin, world_end);
}
