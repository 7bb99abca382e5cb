/*
 * enrolment_states_test.c -- an enrolment from application or nomination to its end: who may take
 * which step, and who is told of it.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct answer *enter(struct client *c, const char *course, const char *teacher)
{
	return POST(c, "/v1/enrolments",
		    teacher ? text("{'course_id': '%s', 'teacher_id': '%s'}", course, teacher)
			    : text("{'course_id': '%s'}", course));
}

/* What VERB answers for the enrolment that A told of, whatever its version. */
static struct answer *step(struct client *c, const struct answer *a, const char *verb,
			   const char *body)
{
	return call(c, "POST", text("/v1/enrolments/%s/%s", text_at(a, "id"), verb), body,
		    "If-Match", "*", NULL);
}

static struct client *colleague(struct world *w)
{
	struct answer *a = POST(w->county, "/v1/teachers",
				text("{'name': '冯梅', 'school_id': '%s'}", w->school_a1));

	expect(a, 201, NULL);
	return client_new(w, "teacher", w->county_a, NULL, text_at(a, "id"), NULL);
}

static void a_teacher_applies_her_school_agrees_and_the_county_admits(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, NULL);
	struct answer *a = enter(w->teacher, course, NULL);
	const char *path = header_of(a, "Location");

	expect(a, 201,
	       text("{'course_title': '班级管理十讲', 'teacher_id': '%s', 'teacher_name': '周兰', "
		    "'school_id': '%s', 'organiser_school_id': null, 'way': 'application', 'state': "
		    "'applied', 'entered_by': null, 'queue_number': null, 'version': 1}",
		    w->teacher_a1, w->school_a1));
	/* The school's step is not skipped. */
	expect(step(w->county, a, "admit", NULL), 409,
	       "{'code': 'not-in-this-state', 'state': 'applied', 'allowed': ['agree', 'reject', "
	       "'withdraw']}");
	expect(step(w->other_school, a, "agree", NULL), 404, NULL);
	expect(step(w->teacher, a, "agree", NULL), 403, "{'code': 'insufficient-scope'}");
	expect(step(w->school, a, "admit", NULL), 403, "{'code': 'not-yours-to-decide'}");
	expect(call(w->school, "POST", text("%s/agree", path), NULL, "If-Match", "\"7\"", NULL),
	       412, NULL);
	expect(call(w->school, "POST", text("%s/agree", path), NULL, "If-Match",
		    header_of(a, "ETag"), NULL),
	       200, "{'state': 'agreed', 'version': 2}");
	expect(step(w->school, a, "agree", NULL), 409, "{'code': 'not-in-this-state'}");
	expect(step(w->county, a, "admit", NULL), 200, "{'state': 'admitted'}");
	a = GET(w->teacher, "%s", path);
	expect(a, 200, "{'state': 'admitted'}");
	assert_memory_equal(text_at(a, "admitted_at"), "2026-10-15T02:00", 16);
	expect(GET(w->school, "/v1/enrolments?course_id=%s&state=admitted", course), 200,
	       text("{'data': [{'id': '%s'}]}", text_at(a, "id")));
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
}

static void a_person_enrols_once_and_again_after_she_withdrew(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, NULL);
	struct answer *a = enter(w->teacher, course, NULL);

	expect(enter(w->teacher, course, NULL), 409,
	       text("{'code': 'already-enrolled', 'enrolment_id': '%s'}", text_at(a, "id")));
	expect(enter(w->school, course, w->teacher_a1), 409, "{'code': 'already-enrolled'}");
	expect(step(w->teacher, a, "withdraw", "{'reason': '时间冲突'}"), 200,
	       "{'state': 'withdrawn', 'reason': '时间冲突'}");
	expect(step(w->teacher, a, "withdraw", "{}"), 409,
	       "{'code': 'not-in-this-state', 'allowed': ['enrol']}");
	expect(enter(w->school, course, w->teacher_a1), 201,
	       text("{'id': '%s', 'way': 'nomination', 'state': 'agreed', 'reason': null, 'version': "
		    "3}",
		    text_at(a, "id")));
}

static void what_a_school_enters_says_by_whom(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, NULL);
	const char *officer = text_at(GET(w->school, "/v1/me"), "person/id");

	expect(enter(w->school, course, w->teacher_a1), 201,
	       text("{'way': 'nomination', 'state': 'agreed', 'entered_by': '%s'}", officer));
	expect_error(enter(w->school, course, w->teacher_a2), "#/teacher_id", "not-found");
	expect_error(enter(w->school, course, NULL), "#/teacher_id", "not-found");
	expect_error(enter(w->teacher, course, w->teacher_a2), "#/teacher_id", "not-found");
	expect_error(enter(w->school, w->school_a1, w->teacher_a1), "#/course_id", "not-found");
	/* What the organiser enters is its decision. */
	expect(enter(w->county, course, w->teacher_a2), 201,
	       "{'way': 'nomination', 'state': 'admitted'}");
}

static void nobody_decides_about_herself(void **state)
{
	struct world *w = *state;
	struct client *she =
		client_new(w, "school", w->county_a, w->school_a1, w->teacher_a1, NULL);
	struct client *bureau = client_new(w, "county", w->county_a, NULL, w->teacher_a1, NULL);
	const char *course = world_course(w, w->county_a, NULL, NULL);
	struct answer *a;

	expect(enter(she, course, w->teacher_a1), 403, "{'code': 'own-record'}");
	a = enter(w->teacher, course, NULL);
	expect(step(she, a, "agree", NULL), 403, "{'code': 'own-record'}");
	expect(step(w->school, a, "agree", NULL), 200, NULL);
	expect(step(bureau, a, "admit", NULL), 403, "{'code': 'own-record'}");
	expect(step(bureau, a, "reject", "{'reason': '不去'}"), 403, "{'code': 'own-record'}");
	expect(POST(bureau, "/v1/enrolments:decide",
		    text("{'enrolment_id': '%s', 'decision': 'admit'}", text_at(a, "id"))),
	       403, "{'code': 'own-record'}");
	/* The whole audience is a rule, but not about the one who says so. */
	course = world_course(w, w->county_a, w->school_a1, NULL);
	expect(POST(she, text("/v1/courses/%s/enrol-audience", course), "{}"), 200, NULL);
	expect(GET(she, "/v1/enrolments?course_id=%s&teacher_id=%s", course, w->teacher_a1), 200,
	       "{'data': []}");
	expect(step(she, a, "withdraw", "{}"), 200, NULL);
}

static void a_course_of_her_own_school_needs_no_consent(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, w->school_a1, NULL);
	struct answer *a = enter(w->teacher, course, NULL);

	expect(a, 201, text("{'state': 'agreed', 'organiser_school_id': '%s'}", w->school_a1));
	expect(step(w->school, a, "admit", NULL), 200, "{'state': 'admitted'}");
	expect_error(enter(w->other_school, course, w->teacher_a2), "#/course_id", "not-found");
	expect(enter(w->county, course, w->teacher_a2), 409, "{'code': 'not-in-audience'}");
}

static void the_host_of_a_cluster_admits_people_of_others_in_its_own_course_only(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, w->school_a2, "{'level': 'cluster'}");
	struct answer *a = enter(w->teacher, course, NULL);

	expect(a, 201, "{'state': 'applied'}");
	expect(step(w->other_school, a, "agree", NULL), 403, "{'code': 'not-yours-to-decide'}");
	expect(step(w->school, a, "agree", NULL), 200, NULL);
	expect(step(w->school, a, "admit", NULL), 403, "{'code': 'not-yours-to-decide'}");
	/* It knows whom it admits, though it does not see her. */
	expect(step(w->other_school, a, "admit", NULL), 200,
	       "{'state': 'admitted', 'teacher_name': '周兰'}");
	expect(GET(w->other_school, "/v1/teachers/%s", w->teacher_a1), 404, NULL);
	expect(step(w->other_school, a, "reject", "{'reason': '停办'}"), 200,
	       "{'state': 'rejected', 'reason': '停办'}");
	expect(step(w->teacher, a, "withdraw", "{}"), 409, "{'allowed': ['admit']}");
	expect(step(w->other_school, a, "admit", NULL), 200, "{'reason': null}");
}

static void who_applies_is_in_the_audience_and_in_time(void **state)
{
	struct world *w = *state;
	const char *draft = world_course(w, w->county_a, NULL, "{'state': 'draft'}");
	const char *closed = world_course(w, w->county_a, NULL, "{'state': 'closed'}");
	const char *over = world_course(w, w->county_a, NULL, "{'applies_until': '2026-10-14'}");
	const char *later = world_course(w, w->county_a, NULL, "{'applies_from': '2026-10-16'}");
	const char *theirs = world_course(
		w, w->county_a, NULL, text("{'audience': {'school_ids': ['%s']}}", w->school_a2));
	const char *leaders =
		world_course(w, w->county_a, NULL,
			     "{'audience': {'appointment_kinds': ['homeroom', 'acting']}}");
	struct answer *class;

	expect_error(enter(w->teacher, draft, NULL), "#/course_id", "not-found");
	expect(enter(w->county, draft, w->teacher_a1), 409,
	       "{'code': 'course-not-open', 'state': 'draft'}");
	expect(enter(w->teacher, closed, NULL), 409, "{'code': 'course-not-open'}");
	expect(enter(w->teacher, over, NULL), 409,
	       "{'code': 'applications-closed', 'applies_until': '2026-10-14'}");
	expect(enter(w->school, later, w->teacher_a1), 409, "{'code': 'applications-closed'}");
	/* Late joiners are the organiser's to enter. */
	expect(enter(w->county, over, w->teacher_a1), 201, "{'state': 'admitted'}");
	expect(enter(w->teacher, theirs, NULL), 409, "{'code': 'not-in-audience'}");
	expect(enter(w->other_school, theirs, w->teacher_a2), 201, NULL);
	expect(enter(w->teacher, leaders, NULL), 409, "{'code': 'not-in-audience'}");
	class = POST(w->school, "/v1/classes",
		     "{'stage': 'primary', 'entry_year': 2024, 'number': 61}");
	world_appoint(w, w->teacher_a1, text_at(class, "id"), "2026-09-01");
	expect(enter(w->teacher, leaders, NULL), 201, NULL);
}

static void what_has_ended_is_the_organisers(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, NULL);
	struct answer *a = enter(w->county, course, w->teacher_a1);

	world_value(
		w,
		"WITH s AS (SELECT set_config('qinglan.county', $2, true)) UPDATE course SET state = "
		"'closed' FROM s WHERE id = $1::uuid",
		course, text("%d", w->county_a), NULL);
	expect(step(w->teacher, a, "withdraw", "{}"), 409,
	       "{'code': 'course-not-open', 'state': 'closed'}");
	expect(step(w->school, a, "withdraw", "{}"), 409, "{'code': 'course-not-open'}");
	expect(step(w->county, a, "withdraw", "{'reason': '未到'}"), 200, "{'state': 'withdrawn'}");
}

static void a_cancelled_course_cancels_its_enrolments_and_they_tell_its_title(void **state)
{
	struct world *w = *state;
	struct client *feng = colleague(w);
	const char *course =
		world_course(w, w->county_a, w->school_a1,
			     "{'title': '家校沟通', 'capacity': 1, 'admission': 'automatic'}");
	struct answer *a = enter(w->teacher, course, NULL), *b = enter(feng, course, NULL);

	expect(a, 201, "{'state': 'admitted'}");
	expect(b, 201, "{'state': 'waiting'}");
	world_value(
		w,
		"WITH s AS (SELECT set_config('qinglan.county', $2, true)) UPDATE course SET state = "
		"'cancelled', reason = '疫情' FROM s WHERE id = $1::uuid",
		course, text("%d", w->county_a), NULL);
	expect(GET(w->teacher, "/v1/enrolments/%s", text_at(a, "id")), 200,
	       "{'state': 'cancelled', 'reason': '疫情', 'course_title': '家校沟通'}");
	/* Nobody moves up in what is not held. */
	expect(GET(feng, "/v1/enrolments/%s", text_at(b, "id")), 200, "{'state': 'cancelled'}");
	expect_sql(w, "0", text("SELECT taken FROM course WHERE id = '%s'", course));
	/* Whoever no longer sees the course is told its title. */
	world_value(
		w,
		"WITH s AS (SELECT set_config('qinglan.county', $2, true)) UPDATE course SET state = "
		"'draft' FROM s WHERE id = $1::uuid",
		course, text("%d", w->county_a), NULL);
	expect(GET(feng, "/v1/courses/%s/places", course), 404, NULL);
	expect(GET(feng, "/v1/enrolments?course_id=%s", course), 200,
	       "{'data': [{'course_title': '家校沟通', 'teacher_name': '冯梅'}]}");
}

static void the_organiser_decides_on_many_row_by_row(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, NULL);
	struct answer *a = enter(w->school, course, w->teacher_a1);
	struct answer *b = enter(w->other_school, course, w->teacher_a2);
	const char *both = text("{'enrolment_id': '%s', 'decision': 'admit', 'version': 1}, "
				"{'enrolment_id': '%s', 'decision': 'reject', 'reason': '已满额'}",
				text_at(a, "id"), text_at(b, "id"));

	expect(POST(w->county, "/v1/enrolments:batch", text("{'items': [%s]}", both)), 200,
	       "{'succeeded': 2, 'results': [{'data': {'state': 'admitted'}}, {'data': {'state': "
	       "'rejected', 'reason': '已满额'}}]}");
	expect(POST(w->county, "/v1/enrolments:batch",
		    text("{'items': [{'enrolment_id': '%s', 'decision': 'reject'}, {'enrolment_id': "
			 "'%s', 'decision': 'admit', 'version': 9}, {'enrolment_id': '%s', 'decision': "
			 "'admit'}]}",
			 text_at(a, "id"), text_at(b, "id"), w->school_a1)),
	       207,
	       "{'failed': 3, 'results': [{'problem': {'errors': [{'pointer': '#/reason', 'code': "
	       "'required'}]}}, {'status': 412}, {'problem': {'errors': [{'pointer': "
	       "'#/enrolment_id', 'code': 'not-found'}]}}]}");
	expect(POST(w->county, "/v1/enrolments:decide",
		    text("{'enrolment_id': '%s', 'decision': 'admit', 'version': 2}",
			 text_at(b, "id"))),
	       200, "{'state': 'admitted', 'reason': null, 'version': 3}");
	expect(POST(w->school, "/v1/enrolments:batch",
		    text("{'atomic': true, 'items': [{'enrolment_id': '%s', 'decision': 'admit'}]}",
			 text_at(a, "id"))),
	       422, "{'code': 'batch-failed'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_teacher_applies_her_school_agrees_and_the_county_admits),
		cmocka_unit_test(a_person_enrols_once_and_again_after_she_withdrew),
		cmocka_unit_test(what_a_school_enters_says_by_whom),
		cmocka_unit_test(nobody_decides_about_herself),
		cmocka_unit_test(a_course_of_her_own_school_needs_no_consent),
		cmocka_unit_test(
			the_host_of_a_cluster_admits_people_of_others_in_its_own_course_only),
		cmocka_unit_test(who_applies_is_in_the_audience_and_in_time),
		cmocka_unit_test(what_has_ended_is_the_organisers),
		cmocka_unit_test(a_cancelled_course_cancels_its_enrolments_and_they_tell_its_title),
		cmocka_unit_test(the_organiser_decides_on_many_row_by_row),
	};

	return cmocka_run_group_tests_name("enrolment states", tests, world_begin, world_end);
}
