/*
 * concurrency_undo_test.c -- undoing a list while somebody builds upon what it made: the one or
 * the other, and nothing is left that names what is gone.
 */
#include "import_race.h"

/*
 * Her account is there and empty: who posts has it, and the undoing waits for what she will find.
 */
static void nobody_goes_with_a_list_while_hours_are_posted_to_her(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	struct writer undoing, posting;
	struct runner ask;
	const char *person;
	char target[100];

	import_ready(w, "空账户", "一级教师", target);
	commit_now(w, target);
	person = world_value(w, "SELECT id::text FROM person WHERE name = '空账户'", NULL);
	world_value(
		w,
		"SELECT hour_accounts_lock(ARRAY[$2::uuid])::text FROM (SELECT "
		"set_config('qinglan.county', $1, true), set_config('qinglan.sees', 'all', true) "
		"OFFSET 0) c",
		text("%d", w->county_a), person, NULL);
	ask = undo_of(w, target);
	expect(call(w->county, "POST", ask.target, NULL, "If-Match", "*", NULL), 202, NULL);

	as_owner(r, "BEGIN", "LOCK TABLE qinglan.hour_balance IN SHARE MODE");
	start(&posting, r, "/v1/hour-entries",
	      text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
		   "'2026-10-01', 'source': {'kind': 'adjustment', 'key': '空账户'}}",
		   person),
	      1);
	start(&undoing, r, NULL, NULL, 2);
	as_owner(r, "SELECT 1", "COMMIT");
	pthread_join(posting.thread, NULL);
	pthread_join(undoing.thread, NULL);
	/* Who posted may have waited too long and come again, when she was gone. */
	if (posting.answer->status == 201)
		expect(GET(w->county, "%s", target), 200,
		       "{'state': 'committed', 'problem': {'code': 'import-in-use'}}");
	else
		expect(GET(w->county, "%s", target), 200, "{'state': 'undone'}");
	expect_sql(w, posting.answer->status == 201 ? "1 1" : "0 0",
		   text("SELECT concat_ws(' ', (SELECT count(*) FROM ledger_account WHERE person = "
			"'%s'), (SELECT count(*) FROM hour_entry WHERE person = '%s'))",
			person, person));
}

/*
 * Undoes a list of one new school while TARGET is asked with BODY, whose %s is the school.  Who
 * asks has looked at the school and waits for TABLE, which it writes next.
 */
static void undone_meanwhile(struct race *r, const char *code, const char *target,
			     const char *before, const char *after, const char *table,
			     const char *named)
{
	struct world *w = r->world;
	struct writer asking, undoing;
	struct runner undo;
	const char *school;
	char list[100];

	list_ready(w, "school", text("学校标识码,学校名称,学段,乡镇\n%s,新校,小学,甲镇\n", code),
		   list);
	commit_now(w, list);
	school = world_value(w, "SELECT id::text FROM school WHERE code = $1", code, NULL);
	undo = undo_of(w, list);
	expect(call(w->county, "POST", undo.target, NULL, "If-Match", "*", NULL), 202, NULL);

	as_owner(r, "BEGIN", text("LOCK TABLE qinglan.%s IN SHARE MODE", table));
	start(&asking, r, target, text("%s%s%s", before, school, after), 1);
	start(&undoing, r, NULL, NULL, 1);
	world_until(w, "SELECT (" WAITING " > 1 OR NOT EXISTS (SELECT FROM import "
		       "WHERE state = 'undoing'))::text");
	as_owner(r, "SELECT 1", "COMMIT");
	pthread_join(asking.thread, NULL);
	pthread_join(undoing.thread, NULL);
	/* Who asked may have waited too long and come again, when the school was gone. */
	expect(GET(w->county, "%s", list), 200,
	       asking.answer->status == 201
		       ? "{'state': 'committed', 'problem': {'code': 'import-in-use'}}"
		       : "{'state': 'undone'}");
	if (asking.answer->status != 201)
		expect(asking.answer, 422, NULL);
	expect_sql(w, "0",
		   text("SELECT count(*) FROM %s s(id) WHERE NOT EXISTS (SELECT FROM school "
			"WHERE school.id = s.id)",
			named));
}

static void no_hours_are_posted_to_a_school_that_is_undone(void **state)
{
	struct race *r = *state;

	undone_meanwhile(r, "2199000301", "/v1/hour-entries",
			 text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
			      "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'u'}, "
			      "'school_id': '",
			      r->world->teacher_a1),
			 "'}", "hour_balance",
			 "(SELECT school FROM hour_entry WHERE school IS NOT NULL)");
}

static void no_requirement_names_a_school_that_is_undone(void **state)
{
	undone_meanwhile(
		*state, "2199000302", "/v1/requirements",
		"{'name': '某校', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		"'target_hours': 10, 'population': {'appointment_kinds': ['homeroom'], "
		"'school_ids': ['",
		"']}}", "requirement_state", "(SELECT unnest(schools) FROM requirement_version)");
}

/*
 * So many lists about one teacher, each with another class; the last is undone while a membership
 * of hers of KIND gets an end to come, which holds neither her nor her account.
 */
static void ended_meanwhile(struct race *r, const char *name, int lists, const char *kind,
			    const char *what)
{
	struct world *w = r->world;
	struct writer undoing;
	struct runner ask;
	char target[100];

	for (int i = 1; i <= lists; i++) {
		list_ready(w, "teacher",
			   text("学校标识码,姓名,出生年月,任职类型,担任班级\n"
				"2199700001,%s,1990-01-01,班主任,三年级(%d)班\n",
				name, i),
			   target);
		commit_now(w, target);
	}
	ask = undo_of(w, target);
	expect(call(w->county, "POST", ask.target, NULL, "If-Match", "*", NULL), 202, NULL);
	ends(r, world_value(w, "SELECT id::text FROM person WHERE name = $1", name, NULL), kind,
	     "2027-01-31");
	start(&undoing, r, NULL, NULL, 1);
	as_owner(r, "SELECT 1", "COMMIT");
	pthread_join(undoing.thread, NULL);
	expect(GET(w->county, "%s", target), 200,
	       text("{'state': 'committed', 'problem': {'code': 'import-in-use', 'rows': "
		    "[{'what': '%s'}]}}",
		    what));
}

static void an_appointment_that_gets_an_end_meanwhile_is_not_put_back(void **state)
{
	struct race *r = *state;

	ended_meanwhile(r, "将离", 2, "working", "homeroom_appointment");
	expect_sql(
		r->world, "2 2027-02-01",
		"SELECT c.number || ' ' || upper(a.during) FROM homeroom_appointment a JOIN class c "
		"ON c.id = a.class JOIN person p ON p.id = a.person WHERE p.name = '将离'");
}

static void a_membership_that_gets_an_end_meanwhile_does_not_go(void **state)
{
	ended_meanwhile(*state, "调档", 1, "personnel", "membership");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_goes_with_a_list_while_hours_are_posted_to_her),
		cmocka_unit_test(an_appointment_that_gets_an_end_meanwhile_is_not_put_back),
		cmocka_unit_test(a_membership_that_gets_an_end_meanwhile_does_not_go),
		cmocka_unit_test(no_hours_are_posted_to_a_school_that_is_undone),
		cmocka_unit_test(no_requirement_names_a_school_that_is_undone),
	};

	return cmocka_run_group_tests_name("concurrency of undoing", tests, race_begin, race_end);
}
