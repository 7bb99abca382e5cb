/*
 * import_changes_test.c -- lists that follow one another: undoing, changing, clashing, missing
 * people.
 */
#include "import_list.h"

static const char *two_id;

static void a_small_list_is_committed_and_undone_whole(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO), *people, *events;

	people = world_value(w, "SELECT count(*)::text FROM person", NULL);
	commit(w, w->county, "teacher", id);
	expect_sql(w, text("%ld", strtol(people, NULL, 10) + 2),
		   "SELECT count(*)::text FROM person");
	expect(ask_undo(w->county, "teacher", id), 202, "{'state': 'undoing'}");
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone'}");
	expect_sql(w, people, "SELECT count(*)::text FROM person");
	expect_sql(w, "0",
		   "SELECT count(*)::text FROM homeroom_appointment a JOIN person p "
		   "ON p.id = a.person AND p.name IN ('周甲', '吴乙')");
	expect_sql(w, "0", text("SELECT count(*)::text FROM class WHERE county = %d", w->county_a));
	events = world_value(w,
			     "SELECT count(*)::text FROM person_token t WHERE NOT EXISTS "
			     "(SELECT FROM person p WHERE p.id = t.person)",
			     NULL);
	assert_string_equal(events, "0");
	expect(ask_undo(w->county, "teacher", id), 409, "{'code': 'import-not-committed'}");
	two_id = import_text(w, w->county, "teacher", TWO);
	commit(w, w->county, "teacher", two_id);
}

static void a_later_list_changes_what_it_says_and_shows_old_and_new(void **state)
{
	struct world *w = *state;
	/* The two teachers change classes with each other; one title moves. Who would have freed a
	 * class and is refused does not free it. */
	const char *id = import_text(
		w, w->county, "teacher",
		HEAD "2199700001,周甲,,1990-01-01,高级教师,13000000001,三年级(2)班,班主任,2020-09\n"
		     "2199700001,吴乙,990103199101019112,,,,三年级(1)班,班主任,2026-09\n");

	expect(rows(w->county, "teacher", id, "rejected"), 200,
	       "{'data': [{'row': 2}, {'row': 3, "
	       "'problems': [{'column': '身份证号', 'code': 'resident-id-checksum'}]}]}");
	id = import_text(
		w, w->county, "teacher",
		HEAD "2199700001,周甲,,1990-01-01,高级教师,13000000001,三年级(2)班,班主任,2020-09\n"
		     "2199700001,吴 乙,,1991-01-01,,,三年级(1)班,班主任,2026-09\n");
	expect(rows(w->county, "teacher", id, "changed"), 200,
	       "{'data': [{'changes': {'职称': {'old': 'first', 'new': 'senior'}, "
	       "'担任班级': {'old': '三年级(1)班', 'new': '三年级(2)班'}}}, {'name': '吴乙'}]}");
	commit(w, w->county, "teacher", id);
	expect_sql(w, "2 senior",
		   "SELECT c.number || ' ' || p.title FROM person p JOIN homeroom_appointment a "
		   "ON a.person = p.id JOIN class c ON c.id = a.class WHERE p.name = '周甲'");
	expect(ask_undo(w->county, "teacher", two_id), 409, "{'code': 'import-in-use'}");
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
	expect_sql(w, "1 first",
		   "SELECT c.number || ' ' || p.title FROM person p JOIN homeroom_appointment a "
		   "ON a.person = p.id JOIN class c ON c.id = a.class WHERE p.name = '周甲'");
}

static void a_class_that_has_a_teacher_takes_no_other(void **state)
{
	struct world *w = *state;
	const char *id =
		import_text(w, w->county, "teacher",
			    HEAD "2199700001,郑丙,,1992-01-01,,,三年级(1)班,班主任,2026-09\n"
				 "2199700002,周甲,,1990-01-01,,,三年级(1)班,班主任,2026-09\n");

	expect(rows(w->county, "teacher", id, "rejected"), 200,
	       "{'data': [{'name': '郑丙', 'problems': [{'column': '担任班级', "
	       "'code': 'class-has-homeroom-teacher'}]}]}");
	/* The same name and birth date in another school: to be looked at, and taken. */
	expect(rows(w->county, "teacher", id, "warned"), 200,
	       "{'data': [{'name': '周甲', 'problems': [{'code': 'may-exist'}]}]}");
}

static void rows_about_the_same_say_which_one_was_first(void **state)
{
	struct world *w = *state;
	const char *id =
		import_text(w, w->county, "school",
			    "学校标识码,学校名称,学段\n2199000201,甲校,小学\n2199000202,乙校,小学\n"
			    "2199000201,丙校,小学\n2199000202,乙校,小学\n");

	expect(rows(w->county, "school", id, "rejected"), 200,
	       "{'data': [{'row': 4, 'problems': [{'code': 'school-code-twice'}], "
	       "'duplicate_of': {'part': 1, 'row': 2}}]}");
	expect(rows(w->county, "school", id, "duplicate"), 200,
	       "{'data': [{'row': 5, 'duplicate_of': {'part': 1, 'row': 3}}]}");
	expect(rows(w->county, "school", id, "accepted"), 200,
	       "{'data': [{'duplicate_of': null}, {'duplicate_of': null}]}");
	id = import_text(w, w->county, "teacher",
			 HEAD "2199700001,柳丁,,1993-03-03,,,四年级(1)班,班主任,2026-09\n"
			      "2199700001,柳丁,,1993-03-03,,,四年级(2)班,班主任,2026-09\n");
	expect(rows(w->county, "teacher", id, "rejected"), 200,
	       "{'data': [{'row': 3, 'problems': [{'code': 'person-twice'}], "
	       "'duplicate_of': {'part': 1, 'row': 2}}]}");
	id = import_text(w, w->county, "hour",
			 "姓名,学校标识码,日期,学时,级别,来源,来源编号\n"
			 "周甲,2199700001,2026-07-15,1,县级,期初,d1\n"
			 "周甲,2199700001,2026-07-15,1,县级,期初,d1\n");
	expect(rows(w->county, "hour", id, "duplicate"), 200,
	       "{'data': [{'row': 3, 'duplicate_of': {'part': 1, 'row': 2}}]}");
}

static void who_is_missing_is_listed_and_not_ended(void **state)
{
	struct world *w = *state;
	const char *id =
		import_text(w, w->county, "teacher",
			    HEAD "2199700001,周甲,,1990-01-01,,,三年级(1)班,班主任,2020-09\n");

	expect(GET(w->county, "/v1/teacher-imports/%s/missing", id), 200,
	       "{'data': [{'name': '吴乙', 'appointments': ['homeroom']}]}");
	expect(GET(w->other_county, "/v1/teacher-imports/%s/missing", id), 404, NULL);
	commit(w, w->county, "teacher", id);
	expect_sql(w, "true",
		   "SELECT bool_and(upper_inf(a.during))::text FROM homeroom_appointment a "
		   "JOIN person p ON p.id = a.person WHERE p.name = '吴乙'");
}

static void a_plan_that_no_longer_holds_is_refused_with_what_changed(void **state)
{
	struct world *w = *state;
	const char *id = import_text(
		w, w->county, "teacher",
		HEAD "2199700001,周甲,,1990-01-01,,13000000002,三年级(1)班,班主任,2020-09\n");
	struct answer *a = look(w->county, "teacher", id), *teacher;
	const char *person =
		world_value(w, "SELECT id::text FROM person WHERE name = '周甲'", NULL);

	teacher = GET(w->county, "/v1/teachers/%s", person);
	expect(PATCH(w->county, text("/v1/teachers/%s", person), header_of(teacher, "ETag"),
		     "{'phone': '13000000003'}"),
	       200, NULL);
	teacher = call(w->county, "POST", text("/v1/teacher-imports/%s/commit", id),
		       text("{'plan_id': '%s', 'mode': 'all'}", text_at(a, "plan_id")), "If-Match",
		       header_of(a, "ETag"), NULL);
	expect(teacher, 409,
	       "{'code': 'import-plan-changed', 'rows': [{'row': 2, 'outcome': 'changed'}]}");
	/* The problem names the plan that holds now. */
	expect(call(w->county, "POST", text("/v1/teacher-imports/%s/commit", id),
		    text("{'plan_id': '%s', 'mode': 'all'}", text_at(teacher, "plan_id")),
		    "If-Match", header_of(a, "ETag"), NULL),
	       202, NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'committed', 'mode': 'all'}");
	expect_sql(w, "13000000002", "SELECT phone FROM person WHERE name = '周甲'");
}

/* --- undoing what somebody built upon --- */

static const char *person_named(struct world *w, const char *name)
{
	return world_value(w, "SELECT id::text FROM person WHERE name = $1", name, NULL);
}

/* A list of teachers, committed. */
static const char *list_of(struct world *w, const char *lines)
{
	return list_committed(w, w->county, text(HEAD "%s", lines));
}

/* A posting that failed leaves such an account behind. */
static void an_account_without_entries_goes_with_whom_the_list_made(void **state)
{
	struct world *w = *state;
	const char *id = list_of(w, "2199700001,空户,,1990-01-01,,,,后备,\n");
	const char *person = person_named(w, "空户"), *account;

	account = text("SELECT count(*)::text FROM ledger_account WHERE person = '%s'", person);
	expect(POST(w->county, "/v1/hour-entries:batch",
		    text("{'items': [{'teacher_id': '%s', 'hours': 1, 'level': 'county', "
			 "'activity_on': '2099-01-01', 'source': {'kind': 'adjustment', 'key': 'e'}}]}",
			 person)),
	       207, "{'results': [{'status': 422}]}");
	expect_sql(w, "1", account);
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
	expect_sql(w, "0", account);
}

static void expect_in_use(struct world *w, const char *id, const char *what)
{
	struct answer *a = ask_undo(w->county, "teacher", id);

	expect(a, 409, "{'code': 'import-in-use'}");
	if (!strstr(a->body, text("\"%s\"", what)))
		fail_msg("%s is not named: %s", what, a->body);
	expect(look(w->county, "teacher", id), 200, "{'state': 'committed'}");
}

static void what_was_given_since_to_whom_the_list_changed_is_in_the_way(void **state)
{
	struct world *w = *state;
	const char *person, *id;

	list_of(w, "2199700001,后得,,1990-01-01,三级教师,,五年级(1)班,班主任,2020-09\n");
	person = person_named(w, "后得");
	id = list_of(w, "2199700001,后得,,1990-01-01,二级教师,,五年级(2)班,班主任,2020-09\n");
	/* A request that began before the list was committed has an earlier time. */
	world_clock(w, w->county_a, "2026-10-15 01:00+00");
	expect(POST(w->county, text("/v1/teachers/%s/titles", person),
		    "{'title': 'first', 'obtained_on': '2026-10-01'}"),
	       201, NULL);
	world_clock(w, w->county_a, "2026-10-15 02:00+00");
	expect_in_use(w, id, "title");
}

/* She keeps her new class, or another keeps the one that she left. */
static void a_class_that_another_leads_since_is_not_given_back(void **state)
{
	struct world *w = *state;
	const char *id, *later;

	list_of(w, "2199700001,让班,,1990-01-01,,,五年级(3)班,班主任,2020-09\n");
	id = list_of(w, "2199700001,让班,,1990-01-01,,,五年级(4)班,班主任,2020-09\n");
	later = list_of(w, "2199700001,接班,,1990-01-01,,,五年级(3)班,班主任,2020-09\n");
	expect_in_use(w, id, "homeroom_appointment");
	expect(ask_undo(w->county, "teacher", later), 202, NULL);
	world_jobs(w);
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
}

#define BACK "2199700001,归来,990103199001011233,,,%s,,后备,\n"

/*
 * Else they would stand for a school where she never worked;
 * of who was there before they say nothing.
 */
static void hours_are_in_the_way_where_the_list_brought_her_to_the_school(void **state)
{
	struct world *w = *state;
	const char *person, *brought, *changed;

	list_of(w, text(BACK, ""));
	person = person_named(w, "归来");
	world_value(
		w,
		"UPDATE membership SET during = '[2026-08-01,2026-08-02)' WHERE person = $1::uuid "
		"RETURNING 'x'",
		person, NULL);
	brought = list_of(w, text(BACK, "13000000091"));
	changed = list_of(w, text(BACK, "13000000092"));
	world_clock(w, w->county_a, "2026-10-15 01:00+00");
	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'since'}}",
			 person)),
	       201, NULL);
	world_clock(w, w->county_a, "2026-10-15 02:00+00");
	expect(ask_undo(w->county, "teacher", changed), 202, NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", changed), 200, "{'state': 'undone'}");
	expect_in_use(w, brought, "hour_entry");
}

/*
 * The person's title alone would be put back, and the next look at her titles would move it again.
 */
static void a_title_that_a_list_made_current_again_goes_back_to_its_place(void **state)
{
	struct world *w = *state;
	const char *last = "SELECT t.name FROM title t JOIN person p ON p.id = t.person WHERE "
			   "p.name = '升降' ORDER BY t.recorded_at DESC LIMIT 1";
	const char *made = "SELECT string_agg(DISTINCT left(instant(t.created_at), 16), ' ') FROM "
			   "title t JOIN person p ON p.id = t.person WHERE p.name = '升降'";
	const char *id;

	for (int i = 0; i < 3; i++) {
		world_clock(w, w->county_a, text("2026-10-15 02:%02d+00", 10 + i));
		id = list_of(w, i == 1 ? "2199700001,升降,,1990-01-01,高级教师,,,后备,\n"
				       : "2199700001,升降,,1990-01-01,一级教师,,,后备,\n");
	}
	expect_sql(w, "first", last);
	expect_sql(
		w, "t",
		"SELECT bool_and(before ? 'recorded_at' AND after ? 'recorded_at') FROM event "
		"WHERE object = 'title' AND action = 'update' AND object_id IN (SELECT t.id::text "
		"FROM title t JOIN person p ON p.id = t.person WHERE p.name = '升降')");
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
	expect_sql(w, "senior", "SELECT title FROM person WHERE name = '升降'");
	expect_sql(w, "senior", last);
	/* When each was made stays as it was. */
	expect_sql(w, "2026-10-15T02:10 2026-10-15T02:11", made);
	world_clock(w, w->county_a, "2026-10-15 02:00+00");
}

static void a_list_does_not_revive_a_title_that_is_void(void **state)
{
	struct world *w = *state;
	struct answer *a;
	const char *person;

	list_of(w, "2199700001,作废,,1990-01-01,一级教师,,,后备,\n");
	person = world_value(w, "SELECT id::text FROM person WHERE name = '作废'", NULL);
	a = GET(w->county, "/v1/teachers/%s/titles", person);
	expect(call(w->county, "POST",
		    text("/v1/teachers/%s/titles/%s/void", person, text_at(a, "data/0/id")),
		    "{'reason': '误录'}", "If-Match", "*", NULL),
	       200, NULL);
	list_of(w, "2199700001,作废,,1990-01-01,一级教师,,,后备,\n");
	expect(GET(w->county, "/v1/teachers/%s", person), 200, "{'title': 'first'}");
	expect_sql(w, "1 1",
		   text("SELECT concat_ws(' ', count(*) FILTER (WHERE voided_at IS NULL), count(*) "
			"FILTER (WHERE voided_at IS NOT NULL)) FROM title WHERE person = '%s'",
			person));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_list_is_committed_and_undone_whole),
		cmocka_unit_test(a_later_list_changes_what_it_says_and_shows_old_and_new),
		cmocka_unit_test(a_class_that_has_a_teacher_takes_no_other),
		cmocka_unit_test(rows_about_the_same_say_which_one_was_first),
		cmocka_unit_test(who_is_missing_is_listed_and_not_ended),
		cmocka_unit_test(a_plan_that_no_longer_holds_is_refused_with_what_changed),
		cmocka_unit_test(an_account_without_entries_goes_with_whom_the_list_made),
		cmocka_unit_test(what_was_given_since_to_whom_the_list_changed_is_in_the_way),
		cmocka_unit_test(a_class_that_another_leads_since_is_not_given_back),
		cmocka_unit_test(hours_are_in_the_way_where_the_list_brought_her_to_the_school),
		cmocka_unit_test(a_title_that_a_list_made_current_again_goes_back_to_its_place),
		cmocka_unit_test(a_list_does_not_revive_a_title_that_is_void),
	};

	return cmocka_run_group_tests_name("import_changes", tests, world_begin, world_end);
}
