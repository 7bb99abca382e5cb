/*
 * concurrency_import_test.c -- commits and undoings of lists that meet.
 *
 * Two workers ask at the same moment, many times over: one of them wins, the other gets the
 * answer that the contract has for it, and what is stored is as if they had come one by one.
 */
#include "import_race.h"

enum { IMPORTS = 6 };

/* --- imports --- */

static void a_plan_is_committed_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	struct runner list[RACERS];
	char target[100];
	int i;

	for (i = 0; i < IMPORTS; i++) {
		import_ready(w, text("名单%c甲", 'A' + i), "一级教师", target);
		list[0] = list[1] = commit_of(w, target, i % 2);
		race_run(r, list);
		race_won(list, 202, i % 2 ? 409 : 412, i % 2 ? "import-not-ready" : "stale");
		world_jobs(w);
		expect(GET(w->county, "%s", target), 200, "{'state': 'committed'}");
	}
	expect_sql(w, text("%d", IMPORTS), "SELECT count(*) FROM person WHERE name LIKE '名单%甲'");
}

static void a_commit_and_an_undo_do_not_pass_each_other(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	struct runner list[RACERS];
	char target[100];
	int i;

	for (i = 0; i < IMPORTS; i++) {
		import_ready(w, text("进退%c", 'A' + i), "一级教师", target);
		list[0] = commit_of(w, target, true);
		list[1] = undo_of(w, target);
		race_run(r, list);
		assert_int_equal(race_won(list, 202, 409, "import-not-committed"), 0);
		world_jobs(w);
		list[0] = list[1] = undo_of(w, target);
		race_run(r, list);
		race_won(list, 202, 409, "import-not-committed");
		world_jobs(w);
		expect(GET(w->county, "%s", target), 200, "{'state': 'undone'}");
	}
	expect_sql(w, "0", "SELECT count(*) FROM person WHERE name LIKE '进退%'");
}

/* The second list changes who the first one made: it is undone, or built upon, never both. */
static void what_a_later_list_builds_upon_is_not_undone(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	char first[100], second[100], name[20];
	struct runner list[RACERS];
	const char *states;
	int i;

	for (i = 0; i < IMPORTS; i++) {
		snprintf(name, sizeof name, "相继%c", 'A' + i);
		import_ready(w, name, "一级教师", first);
		list[0] = commit_of(w, first, true);
		expect(call(w->county, "POST", list[0].target, list[0].body, "If-Match", "*", NULL),
		       202, NULL);
		world_jobs(w);
		import_ready(w, name, "高级教师", second);
		list[0] = commit_of(w, second, true);
		list[1] = undo_of(w, first);
		race_run(r, list);
		world_jobs(w);
		states = text("%s %s", text_at(GET(w->county, "%s", first), "state"),
			      text_at(GET(w->county, "%s", second), "state"));
		if (!strcmp(states, "undone ready") || !strcmp(states, "undone failed"))
			expect_sql(w, "0",
				   text("SELECT count(*) FROM person WHERE name = '%s'", name));
		else if (strcmp(states, "committed committed"))
			fail_msg("first and second list are %s", states);
		else
			expect_sql(w, "senior",
				   text("SELECT title FROM person WHERE name = '%s'", name));
	}
}

/* Whichever is asked for first: the entry is reversed once. */
static void a_reversal_by_hand_keeps_its_list_from_being_undone(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	struct runner list[RACERS];
	const char *entry, *csv;
	struct answer *a;
	char target[100];
	int i;

	import_ready(w, "一再冲", "一级教师", target);
	list[0] = commit_of(w, target, true);
	expect(call(w->county, "POST", list[0].target, list[0].body, "If-Match", "*", NULL), 202,
	       NULL);
	world_jobs(w);
	for (i = 0; i < IMPORTS; i++) {
		csv = text("姓名,学校标识码,日期,学时,级别,来源,来源编号\n"
			   "一再冲,2199700001,2026-07-15,1,县级,期初,r%d\n",
			   i);
		a = call_bytes(w->county, "POST", "/v1/hour-imports?filename=list.csv", csv,
			       strlen(csv), "Content-Type", "text/csv", NULL);
		expect(a, 202, NULL);
		world_jobs(w);
		snprintf(target, sizeof target, "/v1/hour-imports/%s", text_at(a, "id"));
		list[0] = commit_of(w, target, true);
		expect(call(w->county, "POST", list[0].target, list[0].body, "If-Match", "*", NULL),
		       202, NULL);
		world_jobs(w);
		entry = world_value(w, "SELECT id::text FROM hour_entry WHERE source_key = $1",
				    text("r%d", i), NULL);
		list[0] = undo_of(w, target);
		list[1] = (struct runner){.client = w->county,
					  .method = "POST",
					  .target = text("/v1/hour-entries/%s/reverse", entry),
					  .body = "{'reason': '写错'}"};
		race_run(r, list);
		world_jobs(w);
		expect(GET(w->county, "%s", target), 200, "{'state': 'committed'}");
		expect_sql(w, "1",
			   text("SELECT count(*) FROM hour_entry WHERE reverses = '%s'", entry));
	}
}

/* Holds what a job holds that writes a list of the county, until COMMIT. */
static void a_list_is_written(struct race *r)
{
	as_owner(r, "BEGIN",
		 text("SELECT set_config('qinglan.county', '%d', true), qinglan.imports_lock()",
		      r->world->county_a));
}

/* Who asks is answered at once; the job waits until the list that is written is done. */
static void asked_meanwhile(struct race *r, struct runner ask)
{
	struct writer job;

	expect(call(r->world->county, "POST", ask.target, ask.body, "If-Match", "*", NULL), 202,
	       NULL);
	start(&job, r, NULL, NULL, 1);
	as_owner(r, "SELECT 1", "COMMIT");
	pthread_join(job.thread, NULL);
}

/* One after another they are written and undone; read and asked about they are meanwhile. */
static void only_the_job_waits_for_a_list_that_is_written(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	char target[100];

	a_list_is_written(r);
	import_ready(w, "不等人", "一级教师", target);
	asked_meanwhile(r, commit_of(w, target, true));
	expect(GET(w->county, "%s", target), 200, "{'state': 'committed'}");
	a_list_is_written(r);
	asked_meanwhile(r, undo_of(w, target));
	expect(GET(w->county, "%s", target), 200, "{'state': 'undone'}");
}

/* She is there when the list is decided again, and is not when it appoints her. */
static void a_list_appoints_nobody_who_leaves_meanwhile(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *person =
		race_made(r, "/v1/teachers",
			  text("{'name': '离岗', 'birth_on': '1990-01-01', 'school_id': '%s', "
			       "'started_on': '2025-09-01'}",
			       w->school_a1));
	struct writer list;
	struct runner ask;
	char target[100];

	list_ready(w, "teacher",
		   "学校标识码,姓名,出生年月,任职类型,担任班级,任班主任起始时间\n"
		   "2199700001,离岗,1990-01-01,班主任,三年级(1)班,2026-10\n",
		   target);
	ask = commit_of(w, target, true);
	expect(call(w->county, "POST", ask.target, ask.body, "If-Match", "*", NULL), 202, NULL);
	ends(r, person, "working", "2026-09-10");
	start(&list, r, NULL, NULL, 1);
	as_owner(r, "SELECT 1", "COMMIT");
	pthread_join(list.thread, NULL);
	expect(GET(w->county, "%s", target), 200,
	       "{'state': 'ready', 'problem': {'code': 'not-at-work'}}");
	expect(call(w->county, "POST", ask.target, ask.body, "If-Match", "*", NULL), 409,
	       "{'code': 'import-plan-changed', 'rows': [{'row': 2}]}");
	expect_sql(w, "0",
		   text("SELECT count(*) FROM homeroom_appointment WHERE person = '%s'", person));
}

/* --- a list and a single teacher --- */

/*
 * A list and a request make the same person: nobody may write a person until both want to, so
 * that each has looked whether she is there.  WHO is the row of the list and BODY the request's.
 */
static void both_make(struct race *r, const char *who, const char *body, bool list_first)
{
	struct world *w = r->world;
	const char *
		csv = text(
		       "学校标识码,姓名,身份证号,出生年月,任职类型,担任班级\n2199700001,%s,后备,\n",
		       who),
	       *id;
	struct writer list, single;
	struct answer *a = call_bytes(w->county, "POST", "/v1/teacher-imports?filename=list.csv",
				      csv, strlen(csv), "Content-Type", "text/csv", NULL);
	struct runner ask;

	expect(a, 202, NULL);
	world_jobs(w);
	id = text("/v1/teacher-imports/%s", text_at(a, "id"));
	ask = commit_of(w, id, true);
	expect(call(w->county, "POST", ask.target, ask.body, "If-Match", "*", NULL), 202, NULL);

	as_owner(r, "BEGIN", "LOCK TABLE qinglan.person IN SHARE MODE");
	if (list_first)
		start(&list, r, NULL, NULL, 1);
	start(&single, r, "/v1/teachers", body, list_first ? 2 : 1);
	if (!list_first)
		start(&list, r, NULL, NULL, 2);
	as_owner(r, "SELECT 1", "COMMIT");
	pthread_join(list.thread, NULL);
	pthread_join(single.thread, NULL);
	if (list_first) {
		expect(single.answer, 409, "{'code': 'possible-duplicate'}");
		expect(GET(w->county, "%s", id), 200, "{'state': 'committed'}");
	} else {
		expect(single.answer, 201, NULL);
		expect(GET(w->county, "%s", id), 200,
		       "{'state': 'ready', 'problem': {'code': 'import-plan-changed'}}");
	}
}

static void a_list_and_a_request_make_no_twins(void **state)
{
	struct race *r = *state;
	const char *school = r->world->school_a1, *number;

	for (int list_first = 0; list_first < 2; list_first++) {
		both_make(r, text("双生%c,,1990-01-01", 'A' + list_first),
			  text("{'name': '双生%c', 'birth_on': '1990-01-01', 'school_id': '%s'}",
			       'A' + list_first, school),
			  list_first);
		number = list_first ? "990101199001011003" : "990101199001011011";
		both_make(r, text("同证%c,%s,", 'A' + list_first, number),
			  text("{'name': '同证%c', 'document_type': 'resident_id', "
			       "'document_number': '%s', 'school_id': '%s'}",
			       'A' + list_first, number, school),
			  list_first);
	}
	expect_sql(r->world, "4",
		   "SELECT count(*) FROM person WHERE name LIKE '双生%' OR name LIKE '同证%'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_is_committed_once),
		cmocka_unit_test(a_commit_and_an_undo_do_not_pass_each_other),
		cmocka_unit_test(what_a_later_list_builds_upon_is_not_undone),
		cmocka_unit_test(a_reversal_by_hand_keeps_its_list_from_being_undone),
		cmocka_unit_test(only_the_job_waits_for_a_list_that_is_written),
		cmocka_unit_test(a_list_appoints_nobody_who_leaves_meanwhile),
		cmocka_unit_test(a_list_and_a_request_make_no_twins),
	};

	return cmocka_run_group_tests_name("concurrency of imports", tests, race_begin, race_end);
}
