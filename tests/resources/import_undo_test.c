/*
 * import_undo_test.c -- undoing lists of schools, which removes what nothing hangs on, and lists of
 * hours, which only ever adds reversals. Undoing lists of teachers: import_changes_test.c.
 */
#include "import_list.h"

#define SCHOOLS "学校标识码,学校名称,学段,乡镇\n"
#define HOURS "姓名,学校标识码,日期,学时,级别,来源,来源编号\n"

/* Undoes an import and returns its job. */
static struct answer *undo(struct world *w, const char *kind, const char *id)
{
	struct answer *a = ask_undo(w->county, kind, id);

	expect(a, 202, "{'state': 'undoing'}");
	world_jobs(w);
	expect(look(w->county, kind, id), 200, "{'state': 'undone', 'problem': null}");
	a = GET(w->county, "/v1/jobs/%s", text_at(a, "job_id"));
	expect(a, 200, "{'state': 'succeeded'}");
	return a;
}

static const char *school_of(struct world *w, const char *code)
{
	return world_value(w, "SELECT id::text FROM school WHERE code = $1", code, NULL);
}

/* --- schools --- */

static void schools_of_a_list_go_and_changed_ones_are_as_before(void **state)
{
	struct world *w = *state;
	const char *all = "SELECT count(*) || ' ' || (SELECT count(*) FROM office) FROM school";
	const char *before = world_value(w, all, NULL);
	const char *was = world_value(
		w,
		"SELECT concat(name, stages, school_system, town) FROM school WHERE code = '2199700001'",
		NULL);
	const char *id = import_text(w, w->county, "school",
				     SCHOOLS "2199000101,新甲小学,小学,甲镇\n"
					     "2199000102,新乙小学,小学,乙镇\n"
					     "2199700001,改名小学,\"小学,初中\",别镇\n");

	expect(look(w->county, "school", id), 200, "{'counts': {'accepted': 2, 'changed': 1}}");
	commit(w, w->county, "school", id);
	expect_sql(w, "改名小学", "SELECT name FROM school WHERE code = '2199700001'");
	expect(undo(w, "school", id), 200, "{'result': {'removed': 2}}");
	expect_sql(w, before, all);
	expect_sql(w, was,
		   "SELECT concat(name, stages, school_system, town) FROM school "
		   "WHERE code = '2199700001'");
	expect(rows(w->county, "school", id, "accepted"), 200,
	       "{'data': [{'school_code': '2199000101'}, {'school_code': '2199000102'}]}");
	/* Twice changes nothing. */
	expect(ask_undo(w->county, "school", id), 409,
	       "{'code': 'import-not-committed', 'state': 'undone'}");
	expect_sql(w, before, all);
	/* The codes are free again, for they were never in use. */
	id = import_text(w, w->county, "school", SCHOOLS "2199000101,新甲小学,小学,甲镇\n");
	commit(w, w->county, "school", id);
	undo(w, "school", id);
}

/* A list of one new school, committed. */
static const char *new_school(struct world *w, const char *code)
{
	const char *id =
		import_text(w, w->county, "school", text(SCHOOLS "%s,新校,小学,甲镇\n", code));

	commit(w, w->county, "school", id);
	return id;
}

static void expect_in_use(struct world *w, const char *id, const char *what)
{
	struct answer *a = ask_undo(w->county, "school", id);

	expect(a, 409, "{'code': 'import-in-use'}");
	if (!strstr(a->body, text("\"%s\"", what)))
		fail_msg("%s is not named: %s", what, a->body);
	expect(look(w->county, "school", id), 200, "{'state': 'committed'}");
}

static void a_school_that_was_changed_since_is_not_undone(void **state)
{
	struct world *w = *state;
	const char *id = new_school(w, "2199000110");
	const char *school = school_of(w, "2199000110");

	expect(PATCH(w->county, text("/v1/schools/%s", school),
		     header_of(GET(w->county, "/v1/schools/%s", school), "ETag"),
		     "{'town': '乙镇'}"),
	       200, NULL);
	expect_in_use(w, id, "school");
}

static void a_school_where_somebody_works_is_not_undone(void **state)
{
	struct world *w = *state;
	const char *id = new_school(w, "2199000111");
	const char *teachers =
		import_text(w, w->county, "teacher",
			    HEAD "2199000111,尤新,,1990-02-02,,,三年级(1)班,班主任,2026-09\n");

	commit(w, w->county, "teacher", teachers);
	expect_in_use(w, id, "membership");
	expect_in_use(w, id, "class");
	expect_in_use(w, id, "homeroom_appointment");
	expect(ask_undo(w->county, "teacher", teachers), 202, NULL);
	world_jobs(w);
	/* Nothing hangs on it any more. */
	undo(w, "school", id);
}

/* Hours and requirements name a school without a foreign key. */
static void a_school_of_hours_or_of_a_requirement_is_not_undone(void **state)
{
	struct world *w = *state;
	const char *with_hours = new_school(w, "2199000112");
	const char *required = new_school(w, "2199000113");
	const char *held = new_school(w, "2199000114");

	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'school_id': '%s', 'hours': 1, 'level': 'county', "
			 "'activity_on': '2026-10-01', 'source': {'kind': 'adjustment', 'key': 'u1'}}",
			 w->teacher_a1, school_of(w, "2199000112"))),
	       201, NULL);
	expect_in_use(w, with_hours, "hour_entry");
	expect(POST(w->county, "/v1/requirements",
		    text("{'name': '新校要求', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
			 "'population': {'appointment_kinds': ['homeroom'], 'school_ids': ['%s']}, "
			 "'target_hours': 10}",
			 school_of(w, "2199000113"))),
	       201, NULL);
	expect_in_use(w, required, "requirement_version");
	world_value(w,
		    "INSERT INTO office_holder (county, office, school, person, during) "
		    "SELECT o.county, o.id, o.school, $2::uuid, '[2026-01-01,)' FROM office o "
		    "JOIN school s ON s.id = o.school WHERE s.code = $1 RETURNING 'x'",
		    "2199000114", w->teacher_a1, NULL);
	expect_in_use(w, held, "office_holder");
}

/* --- hours --- */

static const char *balance(struct world *w)
{
	return world_value(w,
			   "SELECT coalesce(sum(b.hours), 0)::text FROM hour_balance b "
			   "JOIN person p ON p.id = b.person WHERE p.name IN ('周甲', '吴乙')",
			   NULL);
}

static const char *two_entries(struct world *w, const char *key)
{
	const char *id = import_text(w, w->county, "hour",
				     text(HOURS "周甲,2199700001,2026-07-15,6.5,县级,期初,%s\n"
						"吴乙,2199700001,2026-07-15,2,校级,期初,%s\n",
					  key, key));

	commit(w, w->county, "hour", id);
	return id;
}

static void hours_of_a_list_are_reversed_in_one_step_and_never_removed(void **state)
{
	struct world *w = *state;
	const char *mine =
		"SELECT count(*)::text FROM hour_entry WHERE source_key = 'h1' OR reverses "
		"IN (SELECT id FROM hour_entry WHERE source_key = 'h1')";
	const char *before, *id;

	commit(w, w->county, "teacher", import_text(w, w->county, "teacher", TWO));
	before = balance(w);
	id = two_entries(w, "h1");
	assert_string_not_equal(balance(w), before);
	expect(undo(w, "hour", id), 200, "{'result': {'reversed': 2}}");
	assert_string_equal(balance(w), strcmp(before, "0") ? before : "0.00");
	expect_sql(w, "4", mine);
	expect_sql(w, "2",
		   "SELECT count(*)::text FROM hour_entry v JOIN hour_entry o ON o.id = v.reverses "
		   "WHERE o.source_key = 'h1' AND v.hours = -o.hours AND v.posted_by IS NOT NULL "
		   "AND v.reason <> ''");
	expect_sql(w, "0", text("SELECT count(*)::text FROM ledger_verify(%d)", w->county_a));
	/* Twice changes nothing. */
	expect(ask_undo(w->county, "hour", id), 409, "{'code': 'import-not-committed'}");
	expect_sql(w, "4", mine);
}

static void hours_that_were_reversed_do_not_come_back_by_the_same_list(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "hour",
				     HOURS "周甲,2199700001,2026-07-15,6.5,县级,期初,h1\n");

	expect(rows(w->county, "hour", id, "rejected"), 200,
	       "{'data': [{'problems': [{'column': '来源编号', 'code': 'credit-reversed'}]}]}");
}

static void hours_of_which_one_is_reversed_already_are_not_undone(void **state)
{
	struct world *w = *state;
	const char *id = two_entries(w, "h2"), *entry, *before;

	entry = world_value(w,
			    "SELECT e.id::text FROM hour_entry e JOIN person p ON p.id = e.person "
			    "WHERE e.source_key = 'h2' AND p.name = '吴乙'",
			    NULL);
	expect(POST(w->county, text("/v1/hour-entries/%s/reverse", entry), "{'reason': '写错'}"),
	       201, NULL);
	before = balance(w);
	expect(ask_undo(w->county, "hour", id), 409,
	       "{'code': 'import-in-use', 'rows': [{'part': 1, 'row': 3, 'what': 'hour_entry'}]}");
	assert_string_equal(balance(w), before);
	expect(look(w->county, "hour", id), 200, "{'state': 'committed'}");
}

/* --- who may --- */

static void only_the_county_undoes_its_lists(void **state)
{
	struct world *w = *state;
	const char *id = new_school(w, "2199000120");
	struct client *reader =
		client_new(w, "client", w->county_a, NULL, NULL, "imports:read schools:read");

	expect(call(w->school, "POST", text("/v1/school-imports/%s/undo", id), NULL, "If-Match",
		    "*", NULL),
	       403, NULL);
	expect(ask_undo(reader, "school", id), 403, NULL);
	expect(call(w->other_county, "POST", text("/v1/school-imports/%s/undo", id), NULL,
		    "If-Match", "*", NULL),
	       404, NULL);
	expect(call(w->county, "POST", text("/v1/hour-imports/%s/undo", id), NULL, "If-Match", "*",
		    NULL),
	       404, NULL);
	expect(call(w->county, "POST", text("/v1/school-imports/%s/undo", id), NULL, "If-Match",
		    "\"999\"", NULL),
	       412, NULL);
	undo(w, "school", id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schools_of_a_list_go_and_changed_ones_are_as_before),
		cmocka_unit_test(a_school_that_was_changed_since_is_not_undone),
		cmocka_unit_test(a_school_where_somebody_works_is_not_undone),
		cmocka_unit_test(a_school_of_hours_or_of_a_requirement_is_not_undone),
		cmocka_unit_test(hours_of_a_list_are_reversed_in_one_step_and_never_removed),
		cmocka_unit_test(hours_that_were_reversed_do_not_come_back_by_the_same_list),
		cmocka_unit_test(hours_of_which_one_is_reversed_already_are_not_undone),
		cmocka_unit_test(only_the_county_undoes_its_lists),
	};

	return cmocka_run_group_tests_name("import_undo", tests, world_begin, world_end);
}
