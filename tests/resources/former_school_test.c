/*
 * former_school_test.c -- what a school is told of a teacher who left it: what it knew on her last
 * day.
 */
#include "transfer.h"

static void a_title_without_a_day_is_not_told_to_a_school_that_she_left(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "无期", "");
	const char *titles = arena_printf(w->arena, "/v1/teachers/%s/titles", id);

	expect(POST(w->school, titles, "{'title': 'third'}"), 201, NULL);
	moves(w, id, "2026-10-10", "2026-10-11");
	expect(POST(w->other_school, titles, "{'title': 'first'}"), 201, NULL);
	expect(GET(w->school, "%s", titles), 200, "{'data': [{'title': 'third'}]}");
	assert_int_equal(count_at(GET(w->school, "%s", titles), "data"), 1);
	assert_int_equal(count_at(GET(w->other_school, "%s", titles), "data"), 2);
}

static void how_another_membership_ended_later_is_not_told_to_a_school_that_she_left(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "借调", "");
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	const char *working, *filed;
	struct answer *a;

	/* Her file goes to A2 before she does. */
	world_value(w,
		    "UPDATE membership SET school = $1::uuid WHERE person = $2::uuid AND kind = "
		    "'personnel' RETURNING 'x'",
		    w->school_a2, id, NULL);
	working = arena_printf(
		w->arena, "%s/%s", path,
		world_value(w,
			    "SELECT id::text FROM membership WHERE person = $1::uuid AND kind = "
			    "'working'",
			    id, NULL));
	filed = arena_printf(
		w->arena, "%s/%s", path,
		world_value(w,
			    "SELECT id::text FROM membership WHERE person = $1::uuid AND kind = "
			    "'personnel'",
			    id, NULL));
	expect(ends(w->county, working, "2026-10-01"), 200, NULL);
	expect(ends(w->county, filed, "2026-10-12"), 200, NULL);
	a = GET(w->school, "%s", filed);
	expect(a, 200, "{'ended_on': null, 'reason': '', 'version': 1}");
	assert_string_equal(text_at(a, "updated_at"), text_at(a, "created_at"));
	assert_int_equal(strncmp(header_of(a, "ETag"), "\"1-", 3), 0);
	expect(GET(w->school, "%s", working), 200, "{'ended_on': '2026-10-01', 'reason': '调出'}");
	expect(GET(w->county, "%s", filed), 200,
	       "{'ended_on': '2026-10-12', 'reason': '调出', 'version': 2}");
}

static void who_is_missing_from_a_list_is_not_told_where_she_went(void **state)
{
	struct world *w = *state;
	const char *list, *id;
	struct answer *missing;
	size_t at = 0;

	lists(w, "2199700001,缺席,,1990-06-06,,,四年级(8)班,班主任,2026-09\n");
	id = world_value(w, "SELECT id::text FROM person WHERE name = '缺席'", NULL);
	moves(w, id, "2026-10-15", "2026-10-16");
	list = import_text(w, w->school, "teacher",
			   HEAD "2199700001,在册,,1990-06-07,,,四年级(9)班,班主任,2026-09\n");
	world_clock(w, w->county_a, "2026-10-17T02:00:00Z");
	world_value(w, "SELECT people_upkeep()", NULL);
	expect_sql(w, w->school_a2, text("SELECT school FROM person WHERE id = '%s'", id));
	world_value(w,
		    "UPDATE import SET as_of_on = '2026-10-15' WHERE id = $1::uuid RETURNING 'x'",
		    list, NULL);
	/* Nor what she is called there. */
	expect(PATCH(w->other_school, text("/v1/teachers/%s", id), "*", "{'name': '另名'}"), 200,
	       NULL);
	missing = GET(w->school, "/v1/teacher-imports/%s/missing?page_size=500", list);
	expect(missing, 200, NULL);
	while (at < count_at(missing, "data") &&
	       strcmp(text_at(missing, text("data/%zu/teacher_id", at)), id))
		at++;
	assert_string_equal(text_at(missing, text("data/%zu/name", at)), "缺席");
	assert_true(json_is_null(json_at(missing, text("data/%zu/school_id", at))));
	assert_null(strstr(missing->body, w->school_a2));
	assert_null(strstr(missing->body, "另名"));
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
	world_value(w, "SELECT people_upkeep()", NULL);
}

static void a_school_that_she_left_knows_her_as_she_was_then(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "旧名",
			       ", 'birth_on': '1990-01-09', 'document_type': 'passport', "
			       "'document_number': 'K1111111'");
	const char *path = arena_printf(w->arena, "/v1/teachers/%s", id);
	struct answer *a;
	const char *then = "{'name': '旧名', 'gender': null, 'birth_on': '1990-01-09', "
			   "'document_number': 'K1****11', 'version': 1}";

	moves(w, id, "2026-10-10", "2026-10-11");
	expect(PATCH(w->other_school, path, "*",
		     "{'name': '新称', 'gender': 'female', 'birth_on': '1990-01-10', "
		     "'document_type': 'passport', 'document_number': 'N2222222'}"),
	       200, "{'name': '新称', 'version': 2}");
	a = GET(w->school, "%s", path);
	expect(a, 200, then);
	assert_int_equal(strncmp(header_of(a, "ETag"), "\"1-", 3), 0);
	expect(GET(w->school, "/v1/teachers?status=left&q=jiuming"), 200,
	       text("{'data': [{'name': '旧名', 'document_number': 'K1****11', 'version': 1, "
		    "'updated_at': '%s'}]}",
		    text_at(a, "updated_at")));
	assert_string_equal(text_at(a, "updated_at"), text_at(a, "created_at"));
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?status=left&q=xincheng"), "data"),
			 0);
	assert_int_equal(count_at(GET(w->other_school, "/v1/teachers?q=xincheng"), "data"), 1);
	assert_int_equal(count_at(GET(w->other_school, "/v1/teachers?q=jiuming"), "data"), 0);
	assert_int_equal(count_at(GET(w->county, "/v1/teachers?q=xincheng"), "data"), 1);
}

static void those_who_left_stand_in_the_order_of_the_names_they_had(void **state)
{
	struct world *w = *state;
	const char *first = joins(w, "阿先", ""), *second = joins(w, "阿在", "");
	struct answer *list;

	moves(w, first, "2026-10-10", "2026-10-11");
	moves(w, second, "2026-10-10", "2026-10-11");
	expect(PATCH(w->other_school, text("/v1/teachers/%s", first), "*", "{'name': '邹后'}"), 200,
	       NULL);
	list = GET(w->school, "/v1/teachers?status=left&page_size=500");
	expect(list, 200, NULL);
	assert_true(strstr(list->body, first) < strstr(list->body, second));
	list = GET(w->county, "/v1/teachers?page_size=500");
	assert_true(strstr(list->body, first) > strstr(list->body, second));
}

static void an_officer_who_left_has_the_name_in_her_former_school_that_she_had(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "旧职", ""), *office, *officer;

	office = arena_strdup(w->arena, header_of(POST(w->school, "/v1/offices",
						       "{'name': '离校处', 'kind': 'other'}"),
						  "Location"));
	expect(POST(w->school, text("%s/holders", office),
		    text("{'person_id': '%s', 'started_on': '2026-09-01'}", id)),
	       201, NULL);
	moves(w, id, "2026-10-10", "2026-10-11");
	expect(PATCH(w->other_school, text("/v1/teachers/%s", id), "*", "{'name': '新职'}"), 200,
	       NULL);
	officer = arena_printf(w->arena, "/v1/officers/%s", id);
	expect(GET(w->school, "%s/holders", office), 200, "{'data': [{'person_name': '旧职'}]}");
	expect(GET(w->school, "%s", officer), 200, "{'name': '旧职', 'version': 1}");
	assert_null(strstr(GET(w->school, "/v1/officers?page_size=500")->body, "新职"));
	expect(GET(w->county, "%s/holders", office), 200, "{'data': [{'person_name': '新职'}]}");
	expect(GET(w->other_school, "%s", officer), 200, "{'name': '新职', 'version': 2}");
}

/* Of a window that ended while she was there. */
static void a_report_names_her_to_her_former_school_as_she_was_then(void **state)
{
	struct world *w = *state;
	const char *id, *report;

	lists(w, "2199700001,旧表,,1990-07-07,,,四年级(6)班,班主任,2020-09\n");
	id = world_value(w, "SELECT id::text FROM person WHERE name = '旧表'", NULL);
	report = text_at(
		POST(w->county, "/v1/requirements",
		     "{'name': '旧窗', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		     "'population': {'appointment_kinds': ['homeroom']}, 'target_hours': 5}"),
		"id");
	report = arena_printf(w->arena,
			      "/v1/reports/short?on=2026-12-31&page_size=500&requirement_id=%s",
			      report);
	moves(w, id, "2026-12-31", "2027-01-01");
	world_clock(w, w->county_a, "2027-01-02T02:00:00Z");
	world_value(w, "SELECT people_upkeep()", NULL);
	expect(PATCH(w->other_school, text("/v1/teachers/%s", id), "*", "{'name': '新表'}"), 200,
	       NULL);
	assert_non_null(strstr(GET(w->school, "%s", report)->body, "旧表"));
	assert_null(strstr(GET(w->school, "%s", report)->body, "新表"));
	assert_non_null(strstr(GET(w->county, "%s", report)->body, "新表"));
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
	world_value(w, "SELECT people_upkeep()", NULL);
}

static void who_is_in_no_school_is_found_by_the_county_by_her_new_name(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "离别", "");

	leaves(w, id, "2026-10-10");
	expect(PATCH(w->county, text("/v1/teachers/%s", id), "*", "{'name': '改称'}"), 200, NULL);
	expect(GET(w->county, "/v1/teachers?q=gaicheng"), 200, "{'data': [{'name': '改称'}]}");
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?status=left&q=gaicheng"), "data"),
			 0);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?status=left&q=libie"), "data"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_title_without_a_day_is_not_told_to_a_school_that_she_left),
		cmocka_unit_test(
			how_another_membership_ended_later_is_not_told_to_a_school_that_she_left),
		cmocka_unit_test(who_is_missing_from_a_list_is_not_told_where_she_went),
		cmocka_unit_test(a_school_that_she_left_knows_her_as_she_was_then),
		cmocka_unit_test(those_who_left_stand_in_the_order_of_the_names_they_had),
		cmocka_unit_test(
			an_officer_who_left_has_the_name_in_her_former_school_that_she_had),
		cmocka_unit_test(a_report_names_her_to_her_former_school_as_she_was_then),
		cmocka_unit_test(who_is_in_no_school_is_found_by_the_county_by_her_new_name),
	};

	return cmocka_run_group_tests_name("former_school", tests, world_begin, world_end);
}
