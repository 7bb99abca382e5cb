/*
 * activity_test.c -- activities of schools and of the county, and who was there.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* An activity on a day, made by C: its address. */
static const char *made(struct client *c, const char *theme, const char *day)
{
	struct answer *a =
		POST(c, "/v1/activities",
		     text("{'kind': 'meeting', 'theme': '%s', 'held_on': '%s'}", theme, day));

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

static struct answer *sheet(struct client *c, const char *path, const char *body)
{
	return call(c, "PUT", text("%s/attendance", path), body, "If-Match", "*", NULL);
}

static struct answer *cancel(struct client *c, const char *path)
{
	return call(c, "POST", text("%s/cancel", path), "{'reason': '台风'}", "If-Match", "*",
		    NULL);
}

/* Another teacher of the first school. */
static const char *colleague(struct world *w, const char *name)
{
	struct answer *a = POST(w->school, "/v1/teachers",
				text("{'name': '%s', 'birth_on': '1990-01-02', 'gender': 'male', "
				     "'school_id': '%s'}",
				     name, w->school_a1));

	expect(a, 201, NULL);
	return text_at(a, "id");
}

static void a_school_records_its_own(void **state)
{
	struct world *w = *state;
	const char *path;
	struct answer *a = POST(
		w->school, "/v1/activities",
		"{'kind': 'forum', 'theme': '班级文化', 'held_on': '2026-10-12', 'minutes': 90, "
		"'place': '会议室', 'people': '德育处'}");

	expect(a, 201,
	       text("{'school_id': '%s', 'state': 'held', 'expected': 0, 'record': null}",
		    w->school_a1));
	path = header_of(a, "Location");
	expect(PATCH(w->school, path, header_of(a, "ETag"),
		     "{'record': '三人发言', 'place': null}"),
	       200, "{'record': '三人发言', 'place': null, 'minutes': 90, 'version': 2}");
	expect(PATCH(w->school, path, header_of(a, "ETag"), "{'theme': '别的'}"), 412, NULL);
	/* Her own teachers see it, other schools do not. */
	expect(GET(w->teacher, "%s", path), 200, "{'theme': '班级文化'}");
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(POST(w->teacher, "/v1/activities", "{}"), 403, NULL);
	expect_error(POST(w->school, "/v1/activities",
			  "{'kind': 'party', 'theme': '聚会', 'held_on': '2026-10-12'}"),
		     "#/kind", "code-unknown");
	expect_error(POST(w->school, "/v1/activities",
			  text("{'kind': 'forum', 'theme': '论坛', 'held_on': '2026-10-12', "
			       "'school_id': '%s'}",
			       w->school_a2)),
		     "#/school_id", "not-found");
	expect(POST(w->county, "/v1/activities",
		    text("{'kind': 'forum', 'theme': '论坛', 'held_on': '2026-10-12', 'school_id': "
			 "'%s'}",
			 w->school_a2)),
	       201, text("{'school_id': '%s'}", w->school_a2));
}

static void one_of_the_county_is_seen_by_all_and_changed_by_it_alone(void **state)
{
	struct world *w = *state;
	const char *path = made(w->county, "全县论坛", "2026-10-13");

	expect(GET(w->other_school, "%s", path), 200, "{'school_id': null}");
	expect(GET(w->teacher, "%s", path), 200, "{'school_id': null}");
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(PATCH(w->school, path, "*", "{'theme': '别的'}"), 404, NULL);
	expect(sheet(w->school, path, "{'appointment_kinds': ['homeroom']}"), 404, NULL);
}

static void all_were_present_but_those_who_are_named(void **state)
{
	struct world *w = *state;
	const char *path = made(w->school, "例会", "2026-10-12"), *one = colleague(w, "林一"),
		   *two = colleague(w, "林二");
	struct answer *a;

	a = sheet(
		w->school, path,
		text("{'teacher_ids': ['%s', '%s', '%s'], 'except': [{'teacher_id': '%s', 'state': "
		     "'excused', 'reason': '病假'}, {'teacher_id': '%s', 'state': 'late'}]}",
		     w->teacher_a1, one, two, one, two));
	expect(a, 200, "{'expected': 3, 'present': 2, 'version': 2}");
	expect(GET(w->school, "%s/attendance", path), 200,
	       "{'data': [{'name': '林二', 'state': 'late'}, {'name': '林一', 'state': 'excused', "
	       "'reason': '病假'}, {'name': '周兰', 'state': 'present', 'reason': null}]}");
	/* A teacher sees herself there. */
	a = GET(w->teacher, "%s/attendance", path);
	expect(a, 200, "{'data': [{'name': '周兰'}]}");
	assert_int_equal(count_at(a, "data"), 1);
	assert_int_equal(count_at(GET(w->school, "/v1/activities?teacher_id=%s", two), "data"), 1);
	assert_int_equal(count_at(GET(w->school, "/v1/activities?teacher_id=%s", one), "data"), 0);
	/* Another sheet takes the place of the first. */
	expect(sheet(w->school, path,
		     text("{'teacher_ids': ['%s'], 'except': [{'teacher_id': '%s'}]}", one, one)),
	       200, "{'expected': 1, 'present': 0}");
	a = GET(w->school, "%s/attendance", path);
	expect(a, 200, "{'data': [{'name': '林一', 'state': 'absent', 'reason': null}]}");
	assert_int_equal(count_at(a, "data"), 1);
}

static void only_who_was_expected_can_be_excepted(void **state)
{
	struct world *w = *state;
	const char *path = made(w->school, "例会", "2026-10-12");

	expect_error(sheet(w->school, path,
			   text("{'teacher_ids': ['%s'], 'except': [{'teacher_id': '%s', 'state': "
				"'absent'}]}",
				w->teacher_a1, w->teacher_a2)),
		     "#/except/0/teacher_id", "not-found");
	expect_error(sheet(w->school, path,
			   text("{'teacher_ids': ['%s', '%s']}", w->teacher_a1, w->teacher_a2)),
		     "#/teacher_ids/1", "not-found");
	/* Nor by the county, for a school's. */
	expect_error(sheet(w->county, path, text("{'teacher_ids': ['%s']}", w->teacher_a2)),
		     "#/teacher_ids/0", "not-found");
	expect_sql(w, "0",
		   "SELECT count(*)::text FROM activity_attendance t JOIN activity a ON a.id = "
		   "t.activity AND a.version = 1");
}

static void who_leads_a_class_on_the_day_is_expected(void **state)
{
	struct world *w = *state;
	const char *of_school = made(w->school, "例会", "2026-10-14"),
		   *of_county = made(w->county, "大会", "2026-10-14"),
		   *early = made(w->school, "例会", "2026-09-10");
	struct client *schools[] = {w->school, w->other_school};
	const char *teachers[] = {w->teacher_a1, w->teacher_a2};

	for (size_t i = 0; i < 2; i++) {
		struct answer *a = POST(schools[i], "/v1/classes",
					"{'stage': 'primary', 'entry_year': 2024, 'number': 7}");

		expect(a, 201, NULL);
		world_appoint(w, teachers[i], text_at(a, "id"), "2026-10-01");
	}
	expect(sheet(w->school, of_school, "{'appointment_kinds': ['homeroom']}"), 200,
	       "{'expected': 1, 'present': 1}");
	expect(sheet(w->school, early, "{'appointment_kinds': ['homeroom']}"), 200,
	       "{'expected': 0}");
	expect(sheet(w->county, of_county,
		     text("{'appointment_kinds': ['homeroom', 'acting'], 'except': [{'teacher_id': "
			  "'%s', 'state': 'absent'}]}",
			  w->teacher_a2)),
	       200, "{'expected': 2, 'present': 1}");
	/* A school sees its own in the county's. */
	expect(GET(w->other_school, "%s/attendance", of_county), 200,
	       "{'data': [{'name': '吴强', 'state': 'absent'}]}");
	assert_int_equal(count_at(GET(w->other_school, "%s/attendance", of_county), "data"), 1);
	expect(GET(w->other_school, "%s/attendance", of_school), 404, NULL);
}

static void what_is_planned_or_cancelled_has_no_sheet(void **state)
{
	struct world *w = *state;
	const char *path = made(w->school, "例会", "2026-10-16");

	expect(GET(w->school, "%s", path), 200, "{'state': 'planned'}");
	expect(sheet(w->school, path, "{'appointment_kinds': ['homeroom']}"), 409,
	       "{'code': 'not-in-this-state', 'state': 'planned', 'allowed': ['patch', 'cancel']}");
	expect(cancel(w->other_school, path), 404, NULL);
	expect(cancel(w->school, path), 200, "{'state': 'cancelled', 'reason': '台风'}");
	expect(cancel(w->school, path), 409, "{'state': 'cancelled', 'allowed': []}");
	expect(PATCH(w->school, path, "*", "{'theme': '别的'}"), 409, NULL);
}

static void a_list_is_narrowed_by_day_and_kind(void **state)
{
	struct world *w = *state;

	made(w->other_school, "例会", "2025-03-01");
	expect(GET(w->other_school,
		   "/v1/activities?held_from=2025-03-01&held_to=2025-03-31&kind="
		   "meeting&school_id=%s",
		   w->school_a2),
	       200, "{'data': [{'held_on': '2025-03-01'}]}");
	assert_int_equal(
		count_at(GET(w->other_school, "/v1/activities?held_to=2025-02-28"), "data"), 0);
	expect(GET(w->other_school, "/v1/activities?sort=held_on&page_size=1"), 200,
	       "{'data': [{'held_on': '2025-03-01'}]}");
	assert_int_equal(count_at(GET(w->other_school, "/v1/activities?kind=contest"), "data"), 0);
}

static void its_day_stays_once_its_sheet_was_taken(void **state)
{
	struct world *w = *state;
	const char *path = made(w->school, "移期", "2026-10-10");

	expect(PATCH(w->school, path, "*", "{'held_on': '2026-10-11'}"), 200, NULL);
	expect(sheet(w->school, path, text("{'teacher_ids': ['%s'], 'except': []}", w->teacher_a1)),
	       200, "{'present': 1}");
	expect(PATCH(w->school, path, "*", "{'held_on': '2099-12-31'}"), 409,
	       "{'code': 'attendance-taken'}");
	expect(PATCH(w->school, path, "*", "{'held_on': '2026-10-11', 'theme': '改'}"), 200, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_day_stays_once_its_sheet_was_taken),
		cmocka_unit_test(a_school_records_its_own),
		cmocka_unit_test(one_of_the_county_is_seen_by_all_and_changed_by_it_alone),
		cmocka_unit_test(all_were_present_but_those_who_are_named),
		cmocka_unit_test(only_who_was_expected_can_be_excepted),
		cmocka_unit_test(who_leads_a_class_on_the_day_is_expected),
		cmocka_unit_test(what_is_planned_or_cancelled_has_no_sheet),
		cmocka_unit_test(a_list_is_narrowed_by_day_and_kind),
	};

	return cmocka_run_group_tests_name("activities", tests, world_begin, world_end);
}
