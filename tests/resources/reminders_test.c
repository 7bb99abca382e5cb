/*
 * reminders_test.c -- who has not yet, school by school, as lines to paste and as a list.
 */
#include "course_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define REMINDERS "/v1/reports/reminders?what="
#define A1 "青山中心小学："
#define A2 "柳河第三小学："

/* What C gets to paste. */
static void expect_lines(struct client *c, const char *asked, const char *lines)
{
	struct answer *a =
		call(c, "GET", text(REMINDERS "%s", asked), NULL, "Accept", "text/plain", NULL);

	expect(a, 200, NULL);
	assert_string_equal(header_of(a, "Content-Type"), "text/plain; charset=utf-8");
	assert_string_equal(a->body, lines);
}

/* A class of the school of C, led by PERSON: the id of the appointment. */
static const char *leads(struct world *w, struct client *c, int number, const char *person)
{
	struct answer *a =
		POST(c, "/v1/classes",
		     text("{'stage': 'primary', 'entry_year': 2024, 'number': %d}", number));

	expect(a, 201, NULL);
	return world_appoint(w, person, text_at(a, "id"), "2026-09-01");
}

static const char *colleague; /* of the teacher of A1, since the first test */

static void who_has_not_handed_in_stands_in_the_line_of_her_school(void **state)
{
	struct world *w = *state;
	struct answer *a;

	colleague = teacher_made(w, "谭敏军", w->school_a1);
	leads(w, w->school, 1, w->teacher_a1);
	leads(w, w->school, 2, colleague);
	leads(w, w->other_school, 1, w->teacher_a2);
	expect_lines(w->county, "deliverable&type=monthly_report",
		     A1 "谭敏军、周兰（缺10月的月工作报告）\n" A2 "吴强（缺10月的月工作报告）\n");
	expect(GET(w->county, REMINDERS "deliverable&type=monthly_report&page_size=1"), 200,
	       text("{'data': [{'school_id': '%s', 'code': '2199700001', 'name': '青山中心小学', "
		    "'line': '" A1
		    "谭敏军、周兰（缺10月的月工作报告）', 'people': [{'teacher_id': '%s', "
		    "'name': '谭敏军', 'note': '缺10月的月工作报告'}, {'teacher_id': '%s'}]}]}",
		    w->school_a1, colleague, w->teacher_a1));
	/* A school sees its own. */
	expect_lines(w->other_school, "deliverable&type=monthly_report&month=2026-09",
		     A2 "吴强（缺9月的月工作报告）\n");
	expect_lines(w->other_school,
		     text("deliverable&type=monthly_report&school_id=%s", w->school_a1), "");
	expect_lines(w->other_county, "deliverable&type=monthly_report", "");
	/* What differs is said of each. */
	a = POST(w->teacher, "/v1/deliverables",
		 "{'type': 'monthly_report', 'title': '月报', 'month': '2026-10', 'submit': true}");
	expect_lines(w->school, "deliverable&type=monthly_report",
		     A1 "谭敏军（缺10月的月工作报告）\n");
	expect(POST(w->school, "/v1/deliverable-inspections",
		    text("{'deliverable_id': '%s', 'version': 1, 'grade': 'returned', 'reason': '短'}",
			 text_at(a, "id"))),
	       201, NULL);
	expect_lines(w->school, "deliverable&type=monthly_report",
		     A1 "谭敏军（缺10月的月工作报告）、周兰（10月的月工作报告被退回）\n");
	expect_lines(w->school, "deliverable&type=monthly_report&appointment_kinds=reserve", "");
}

static void who_is_short_of_a_requirement_is_told_by_how_much(void **state)
{
	struct world *w = *state;
	struct answer *a = POST(
		w->county, "/v1/requirements",
		"{'name': '年度学时', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		"'population': {'appointment_kinds': ['homeroom'], 'school_ids': null}, "
		"'target_hours': 10, 'limits': []}");
	const char *asked = text("requirement&requirement_id=%s", text_at(a, "id"));

	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 3.5, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'x'}}",
			 w->teacher_a1)),
	       201, NULL);
	expect_lines(w->school, asked, A1 "谭敏军（还差10学时）、周兰（还差6.5学时）\n");
	expect_lines(w->county, text("%s&school_id=%s", asked, w->school_a2),
		     A2 "吴强（还差10学时）\n");
	/* Before it was made there is nothing to be short of. */
	expect(GET(w->county, REMINDERS "%s&on=2025-06-01", asked), 404, NULL);
}

static void schools_that_have_not_reported_their_rosters_are_named(void **state)
{
	struct world *w = *state;
	struct answer *a =
		POST(w->county, "/v1/roster-calls",
		     "{'title': '秋季花名册', 'as_of_on': '2026-10-15', 'due_on': '2026-10-31'}");
	const char *asked = text("roster&roster_call_id=%s", text_at(a, "id"));

	expect_lines(w->county, asked, A1 "未报秋季花名册\n" A2 "未报秋季花名册\n");
	expect(POST(w->school, text("%s/reports", header_of(a, "Location")), "{}"), 201, NULL);
	expect_lines(w->county, asked, A2 "未报秋季花名册\n");
	expect_lines(w->school, asked, "");
	expect(GET(w->county, REMINDERS "%s", asked), 200, "{'data': [{'people': []}]}");
}

static void who_has_not_accepted_her_letter_of_duties_is_named(void **state)
{
	struct world *w = *state;
	const char *made =
		"UPDATE homeroom_appointment SET letter = '责任书', letter_version = 1 WHERE person = "
		"$1::uuid RETURNING id::text";
	const char *hers = world_value(w, made, w->teacher_a1, NULL);

	world_value(w, made, w->teacher_a2, NULL);
	expect_lines(w->county, "letter", A1 "周兰（责任书未签收）\n" A2 "吴强（责任书未签收）\n");
	expect(call(w->teacher, "POST", text("/v1/appointments/%s/accept", hers), NULL, "If-Match",
		    "*", NULL),
	       200, NULL);
	expect_lines(w->county, "letter", A2 "吴强（责任书未签收）\n");
	expect_lines(w->school, "letter", "");
}

static void who_has_not_enrolled_and_places_not_used_are_told_of_a_course(void **state)
{
	struct world *w = *state;
	const char *course = world_course(w, w->county_a, NULL, "{'title': '骨干', 'capacity': 9}");

	expect_lines(w->county, text("enrolment&course_id=%s", course),
		     A1 "谭敏军、周兰（未报名《骨干》）\n" A2 "吴强（未报名《骨干》）\n");
	expect_lines(w->school, text("enrolment&course_id=%s", course),
		     A1 "谭敏军、周兰（未报名《骨干》）\n");
	expect(call(w->county, "PUT", text("/v1/courses/%s/allotments", course),
		    text("{'allotments': [{'school_id': '%s', 'places': 2, 'duty': true}, "
			 "{'school_id': '%s', 'places': 1, 'returns_on': '2026-10-20'}]}",
			 w->school_a1, w->school_a2),
		    "If-Match", "*", NULL),
	       200, NULL);
	expect(POST(w->school, "/v1/enrolments",
		    text("{'course_id': '%s', 'teacher_id': '%s'}", course, w->teacher_a1)),
	       201, NULL);
	expect_lines(w->school, text("enrolment&course_id=%s", course),
		     A1 "谭敏军（未报名《骨干》）\n");
	expect_lines(w->county, text("places&course_id=%s", course),
		     A1 "《骨干》须报满，还差1个名额\n" A2 "《骨干》还有1个名额\n");
	expect_lines(w->other_school, text("places&course_id=%s", course),
		     A2 "《骨干》还有1个名额\n");
	world_clock(w, w->county_a, "2026-10-20T02:00:00Z");
	expect_lines(w->other_school, text("places&course_id=%s", course), "");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void schools_that_have_not_recorded_their_sessions_are_told_which(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w, w->school_a1, NULL), *session;

	session = session_made(w, course, "2026-10-13T01:00:00Z", 45);
	session_made(w, course, "2026-10-12T01:00:00Z", 45);
	session_made(w, course, "2026-10-16T01:00:00Z", 45);
	enrolled(w, course, w->teacher_a1, "2026-10-01T00:00:00Z");
	expect_lines(w->county, "attendance",
		     A1 "10月12日《家校沟通》未登记考勤；10月13日《家校沟通》未登记考勤\n");
	expect(POST(w->school, text("/v1/sessions/%s/attendance", session), "{'except': []}"), 200,
	       NULL);
	expect_lines(w->school, "attendance", A1 "10月12日《家校沟通》未登记考勤\n");
	expect_lines(w->other_school, "attendance", "");
}

static void each_kind_takes_its_own_parameters(void **state)
{
	static const char *const lacks[][2] = {{"deliverable", "type"},
					       {"requirement", "requirement_id"},
					       {"roster", "roster_call_id"},
					       {"enrolment", "course_id"},
					       {"places", "course_id"}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++)
		expect_error(GET(w->county, REMINDERS "%s", lacks[i][0]), lacks[i][1],
			     "parameter-missing");
	expect_error(GET(w->county, REMINDERS "letter&type=essay"), "type", "not-with-what");
	expect_error(call(w->county, "GET", REMINDERS "attendance&on=2026-10-01", NULL, "Accept",
			  "text/plain", NULL),
		     "on", "not-with-what");
	expect(GET(w->county, REMINDERS "enrolment&course_id=%s", w->school_a1), 404, NULL);
	expect(GET(w->teacher, REMINDERS "letter"), 403, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_not_handed_in_stands_in_the_line_of_her_school),
		cmocka_unit_test(who_is_short_of_a_requirement_is_told_by_how_much),
		cmocka_unit_test(schools_that_have_not_reported_their_rosters_are_named),
		cmocka_unit_test(who_has_not_accepted_her_letter_of_duties_is_named),
		cmocka_unit_test(who_has_not_enrolled_and_places_not_used_are_told_of_a_course),
		cmocka_unit_test(schools_that_have_not_recorded_their_sessions_are_told_which),
		cmocka_unit_test(each_kind_takes_its_own_parameters),
	};

	return cmocka_run_group_tests_name("reminders", tests, world_begin, world_end);
}
