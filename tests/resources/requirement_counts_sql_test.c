/*
 * requirement_counts_sql_test.c -- what requirements count besides hours: activities, deliverables,
 * exams and courses.
 */
#include "resources/requirement.h"

static int set_up(void **state)
{
	(void)state;
	return requirement_begin("requirement_counts_sql");
}

static int tear_down(void **state)
{
	(void)state;
	ledger_end();
	return 0;
}

static int clear(void **state)
{
	(void)state;
	ledger_clear();
	as_engine("DELETE FROM deliverable; DELETE FROM activity_attendance; DELETE FROM activity;"
		  "DELETE FROM enrolment; DELETE FROM course_session; DELETE FROM course");
	act_county(sql->app);
	return 0;
}

/*
 * Of teacher 1 two papers found good, of which one is too short, a case that waits, a paper of the
 * year before handed in late; a forum of the year before, one that was cancelled, one at which
 * teacher 1 was absent and teacher 2 present; and a settled course of which 1 failed the exam.
 */
static void some_things_are_done(void)
{
	sql_value(sql->super, "BEGIN");
	as_engine(
		"INSERT INTO deliverable (county, person, school, type, month, title, content, entered,"
		" state, submitted_at) SELECT 1, '" TEACHER "1', '" SCHOOL
		"1', v.type, v.month, 'T',"
		" repeat('字 ', v.length), false, v.state, v.at FROM (VALUES"
		" ('paper', date '2026-02-01', 3000, 'qualified', timestamptz '2026-03-01 10:00+08'),"
		" ('paper', '2026-04-01', 2999, 'excellent', '2026-04-01 10:00+08'),"
		" ('case', '2026-05-01', 3000, 'submitted', '2026-05-01 10:00+08'),"
		" ('paper', '2025-12-01', 3000, 'qualified', '2026-01-09 10:00+08'))"
		" AS v(type, month, length, state, at);"
		"INSERT INTO activity (county, id, kind, theme, held_on, cancelled_at, reason) VALUES"
		" (1, '" SCHOOL "2', 'forum', 'T', '2025-12-31', NULL, NULL),"
		" (1, '" SCHOOL "3', 'forum', 'T', '2026-05-01', NULL, NULL),"
		" (1, '" SCHOOL "4', 'forum', 'T', '2026-05-01', clock_now(), 'R');"
		"INSERT INTO activity_attendance (county, activity, person, school, state) VALUES"
		" (1, '" SCHOOL "2', '" TEACHER "1', '" SCHOOL "1', 'present'),"
		" (1, '" SCHOOL "4', '" TEACHER "1', '" SCHOOL "1', 'present'),"
		" (1, '" SCHOOL "3', '" TEACHER "1', '" SCHOOL "1', 'absent'),"
		" (1, '" SCHOOL "3', '" TEACHER "2', '" SCHOOL "1', 'late');"
		"INSERT INTO course (county, id, title, level, hours, assessment, state) VALUES"
		" (1, '" SCHOOL "7', '统考', 'county', 3, '{\"exam\": {\"pass\": 60}}', 'settled');"
		"INSERT INTO course_session (county, course, shown, starts_at, minutes) SELECT 1, c.id,"
		" c.shown, '2026-06-01 10:00+08', 45 FROM course c WHERE c.id = '" SCHOOL "7';"
		"INSERT INTO enrolment (county, course, person, school, way, state, result,"
		" settled_at, settled_hours) VALUES"
		" (1, '" SCHOOL "7', '" TEACHER "1', '" SCHOOL
		"1', 'nomination', 'admitted', 'failed',"
		" clock_now(), NULL), (1, '" SCHOOL "7', '" TEACHER "2', '" SCHOOL
		"1', 'nomination',"
		" 'admitted', 'qualified', clock_now(), 3)");
	sql_value(sql->super, "COMMIT");
	act_county(sql->app);
}

static void activities_and_deliverables_are_counted_in_their_windows(void **state)
{
	const char *id = id_of(require_rules(
		"甲", "calendar_year", "2026-01-01",
		RESERVES
		", \"counts\": [{\"what\": \"deliverable\", \"kind\": \"paper\", \"at_least\": 2,"
		" \"characters\": 3000}, {\"what\": \"deliverable\", \"at_least\": 3},"
		" {\"what\": \"activity\", \"kind\": \"forum\", \"at_least\": 1}]"));
	const char *body;

	(void)state;
	assert_string_equal(stands_of(TEACHER "1", TODAY), "0.00 0.00 0.00 at_risk");
	some_things_are_done();
	body = standing(TEACHER "1", TODAY);
	assert_string_equal(json_member(body, "{windows,0,counts,0,counted}"), "1");
	assert_string_equal(json_member(body, "{windows,0,counts,0,short}"), "1");
	assert_string_equal(json_member(body, "{windows,0,counts,1,short}"), "1");
	assert_string_equal(json_member(body, "{windows,0,counts,2,counted}"), "0");
	assert_string_equal(json_member(body, "{status}"), "at_risk");
	/* So says the list of who is short, though nobody is short of hours. */
	act_county(sql->app);
	body = QUERY(sql->app, "report_short", "requirement_id", id);
	body = sql_value(sql->super, sql_text("SELECT split_part('%s', E'\\n', 1)", body));
	assert_string_equal(json_member(body, "{short}"), "0.00");
	assert_string_equal(json_member(body, "{windows,0,counts,0,short}"), "1");
	assert_string_equal(json_member(body, "{windows,0,counts,2,kind}"), "forum");
	assert_string_equal(as_engine(sql_text("SELECT requirement_short_words(t.short, "
					       "requirement_windows_told(t.parts, t.limits)) FROM "
					       "requirement_roll('%s', '" TODAY
					       "') t WHERE t.person = '" TEACHER "1'",
					       id)),
			    "还差材料1份、论坛1次、论文1份");
	act_county(sql->app);
	body = QUERY(sql->app, "requirement_get", "requirement_id", id);
	assert_string_equal(json_member(body, "{versions,0,target_hours}"), "");
	id = id_of(require_rules("乙", "calendar_year", "2026-01-01",
				 RESERVES
				 ", \"counts\": [{\"what\": \"activity\", \"at_least\": 1}]"));
	assert_null(strstr(QUERY(sql->app, "report_short", "requirement_id", id), TEACHER "2"));
	assert_string_equal(
		json_member(QUERY(sql->app, "report_compliance", "requirement_id", id), "{met}"),
		"1");
}

/* The same for everybody who asks: the county, her school, which is another now, herself. */
static void an_exam_and_a_course_count_once_they_are_settled(void **state)
{
	const char *body, *id;

	(void)state;
	some_things_are_done();
	id = id_of(require_rules("甲", "calendar_year", "2026-01-01",
				 RESERVES
				 ", \"counts\": [{\"what\": \"exam\", \"at_least\": 1}, {\"what\": "
				 "\"course\", \"kind\": \"county\", \"at_least\": 1}]"));
	body = QUERY(sql->app, "report_compliance", "requirement_id", id);
	assert_string_equal(json_member(body, "{met}"), "1");
	act_school(sql->app, SCHOOL "3", "");
	body = QUERY(sql->app, "report_compliance", "requirement_id", id);
	assert_string_equal(json_member(body, "{met}"), "1");
	act_teacher(sql->app, TEACHER "2");
	body = QUERY(sql->app, "teacher_requirements", "teacher_id", TEACHER "2", "on", TODAY);
	assert_string_equal(json_member(body, "{status}"), "met");
	act_teacher(sql->app, TEACHER "1");
	body = QUERY(sql->app, "teacher_requirements", "teacher_id", TEACHER "1", "on", TODAY);
	assert_string_equal(json_member(body, "{windows,0,counts,0,counted}"), "0");
	assert_string_equal(json_member(body, "{windows,0,counts,1,counted}"), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(activities_and_deliverables_are_counted_in_their_windows,
				       clear),
		cmocka_unit_test_setup(an_exam_and_a_course_count_once_they_are_settled, clear),
	};

	return cmocka_run_group_tests_name("requirement_counts_sql", tests, set_up, tear_down);
}
