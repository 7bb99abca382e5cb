/*
 * roster_to_short_test.c -- the story "from a roster to who is short", over a socket.
 *
 * 青蓝县 sends the list of its schools and the roster of its homeroom teachers, posts hours
 * one by one, many at once and by list, takes one back, sets the requirement of the year, and
 * reads who meets it and who is short.  A school, a teacher and another county look as well.
 * The chapters stand on each other; the service is the program itself.
 */
#include "harness/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * 周敏 of the bureau (bureau), 赵明 of 蓝水第二小学 (school), 金琪 who teaches there (teacher), and
 * 李强 of 白水县 (neighbour) are the people who call.  What they come to know:
 */
static char school_id[37], other_school_id[37];
static char jin_qi[37], tan_minjun[37],
	liang_yunwei[37]; /* 金琪, 谭敏军, 梁云伟: homeroom teachers of one school */
static char requirement[37], mistaken[37];

/* The id of the one teacher whom Q finds. */
static void found(struct story *s, const char *q, const char *name, char id[37])
{
	struct answer *a = get(&s->bureau, say("/v1/teachers?q=%s&school_id=%s", q, school_id));

	expect(a, 200, say("{'data': [{'name': '%s'}]}", name));
	keep_id(a, "data/0/id", id);
}

static const char *entry(const char *teacher, const char *hours, const char *level, const char *day,
			 const char *key)
{
	return say(
		"{'teacher_id': '%s', 'hours': %s, 'level': '%s', 'activity_on': '%s', 'source': "
		"{'kind': 'external_certificate', 'key': '%s'}}",
		teacher, hours, level, day, key);
}

/* --- the story --- */

static void two_counties_begin_on_the_fifteenth_of_october(void **state)
{
	struct story *s = *state;

	run(s, "county", "add", "990101", "青蓝县", "--officer", "周敏", NULL);
	run(s, "county", "add", "990201", "白水县", "--officer", "李强", NULL);
	/* They hold their offices from today's date: on the day of the story they do not yet. */
	acts_as(s, &s->bureau, "990101", "county", NULL, NULL);
	acts_as(s, &s->neighbour, "990201", "county", NULL, NULL);
	run(s, "clock", "--county", "990101", "--set", "2026-10-15 10:00", NULL, NULL);
	run(s, "clock", "--county", "990201", "--set", "2026-10-15 10:00", NULL, NULL);
	assert_true(process_start(&s->service) && process_await(&s->service, 20000));
	expect(get(&s->bureau, "/v1/county"), 200, "{'name': '青蓝县', 'today': '2026-10-15'}");
	expect(get(&s->bureau, "/v1/me"), 200, "{'person': {'name': '周敏'}}");
}

static void the_bureau_adds_its_schools_by_list(void **state)
{
	struct story *s = *state;
	const char *list = file_sent(s, "school", "db/demo/schools.csv");
	struct answer *school;

	expect(get(&s->bureau, list), 200,
	       "{'state': 'ready', 'counts': {'accepted': 24, 'rejected': 0}}");
	expect(get(&s->bureau, "/v1/schools"), 200, "{'data': []}");
	plan_committed(s, list);
	school = get(&s->bureau, "/v1/schools?code=2199700001");
	expect(school, 200, "{'data': [{'name': '蓝水第二小学', 'stages': ['primary']}]}");
	keep_id(school, "data/0/id", school_id);
	keep_id(get(&s->bureau, "/v1/schools?code=2199700000"), "data/0/id", other_school_id);
}

static void the_school_gets_an_officer(void **state)
{
	struct story *s = *state;
	struct answer *office = get(&s->bureau, say("/v1/offices?school_id=%s", school_id));
	struct answer *zhao =
		post(s, &s->bureau, "/v1/officers",
		     say("{'name': '赵明', 'title': '德育主任', 'school_id': '%s'}", school_id));

	expect(zhao, 201, NULL);
	expect(post(s, &s->bureau, say("/v1/offices/%s/holders", text_at(office, "data/0/id")),
		    say("{'person_id': '%s', 'started_on': '2026-09-01'}", text_at(zhao, "id"))),
	       201, NULL);
	acts_as(s, &s->school, "990101", "school", "--school", "2199700001");
	expect(get(&s->school, "/v1/me"), 200, "{'person': {'name': '赵明'}}");
}

static void the_roster_comes_in_with_a_report_first(void **state)
{
	struct story *s = *state;
	const char *roster = file_sent(s, "teacher", "db/demo/roster-gb18030.csv");
	struct answer *rejected;

	expect(get(&s->bureau, roster), 200,
	       "{'state': 'ready', 'counts': {'accepted': 1364, 'warned': 17, 'duplicate': 7, "
	       "'rejected': 132, 'skipped': 7}}");
	/* A dry run: nobody is there yet. */
	expect(get(&s->bureau, "/v1/teachers"), 200, "{'data': []}");
	rejected = get(&s->bureau, say("%s/rows?outcome=rejected&page_size=500", roster));
	assert_int_equal(count_at(rejected, "data"), 132);
	assert_true(count_at(rejected, "data/0/problems") > 0);
	plan_committed(s, roster);
	expect(get(&s->bureau, "/v1/teachers?page_size=1&include=total_count"), 200,
	       "{'page': {'total_count': 1381}}");
	found(s, "jinqi", "金琪", jin_qi);
	found(s, "tanminjun", "谭敏军", tan_minjun);
	found(s, "liangyunwei", "梁云伟", liang_yunwei);
	acts_as(s, &s->teacher, "990101", "teacher", "--person", jin_qi);
}

static void the_same_file_again_changes_nothing(void **state)
{
	struct story *s = *state;
	struct answer *before = get(&s->bureau, say("/v1/teachers/%s", jin_qi));
	const char *again = file_sent(s, "teacher", "db/demo/roster-gb18030.csv");

	expect(get(&s->bureau, again), 200,
	       "{'counts': {'accepted': 0, 'warned': 0, 'changed': 0, 'unchanged': 1381}}");
	plan_committed(s, again);
	expect(wire_ask(&s->bureau, "GET", say("/v1/teachers/%s", jin_qi), NULL, "If-None-Match",
			header_of(before, "ETag"), NULL),
	       304, NULL);
}

static void hours_are_posted_one_by_one(void **state)
{
	struct story *s = *state;
	const char *body = entry(jin_qi, "12", "county", "2026-09-20", "县培-2026-001");
	struct answer *a;

	a = wire_ask(&s->bureau, "POST", "/v1/hour-entries", body, "Idempotency-Key", "jin-1",
		     NULL);
	expect(a, 201, say("{'hours': 12, 'seq': 1, 'school_id': '%s'}", school_id));
	/* The same click again is the same entry; the same certificate again is refused. */
	expect(wire_ask(&s->bureau, "POST", "/v1/hour-entries", body, "Idempotency-Key", "jin-1",
			NULL),
	       201, say("{'id': '%s'}", text_at(a, "id")));
	expect(post(s, &s->bureau, "/v1/hour-entries", body), 409,
	       say("{'code': 'already-credited', 'entry_id': '%s'}", text_at(a, "id")));
	a = post(s, &s->bureau, "/v1/hour-entries",
		 entry(liang_yunwei, "5", "county", "2026-09-20", "县培-2026-900"));
	expect(a, 201, NULL);
	keep_id(a, "id", mistaken);
}

static void hours_are_posted_many_at_once(void **state)
{
	struct story *s = *state;
	struct answer *a = post(s, &s->bureau, "/v1/hour-entries:batch",
				say("{'items': [%s, %s, %s, %s, %s]}",
				    entry(jin_qi, "14", "self_study", "2026-05-06", "自学-1"),
				    entry(jin_qi, "10.5", "school", "2026-06-01", "校本-1"),
				    entry(tan_minjun, "6", "county", "2026-09-20", "县培-2026-001"),
				    entry(tan_minjun, "30", "school", "2026-06-01", "校本-1"),
				    entry(tan_minjun, "3", "school", "2027-06-01", "校本-2")));

	expect(a, 207, "{'succeeded': 4, 'failed': 1}");
	expect(a, 207,
	       "{'results': [{'status': 201}, {'status': 201}, {'status': 201}, {'status': 201}, "
	       "{'status': 422, 'problem': {'code': 'activity-in-future'}}]}");
}

static void hours_are_posted_by_list(void **state)
{
	struct story *s = *state;
	const char *csv = say("教师编号,姓名,日期,学时,级别,来源,来源编号\r\n"
			      "%s,金琪,2025-12-20,2,国家级,外部证书,国培-2025-77\r\n"
			      "%s,金琪,2026-09-20,12,县级,外部证书,县培-2026-001\r\n"
			      "%s,谭敏军,2026-10-01,半天,县级,外部证书,县培-2026-009\r\n",
			      jin_qi, jin_qi, tan_minjun);
	const char *list = list_sent(s, "hour", csv, strlen(csv));

	expect(get(&s->bureau, list), 200,
	       "{'state': 'ready', 'counts': {'accepted': 1, 'rejected': 1}}");
	expect(get(&s->bureau, say("%s/rows?outcome=rejected", list)), 200,
	       "{'data': [{'row': 4, 'problems': [{'column': '学时'}]}]}");
	plan_committed(s, list);
	expect(get(&s->bureau, say("/v1/teachers/%s/hours/balance", jin_qi)), 200,
	       "{'hours': 38.5, 'years': [{'year': 2026, 'hours': 36.5}, {'year': 2025, 'hours': 2}]}");
}

static void a_mistake_is_taken_back_and_stays_to_be_seen(void **state)
{
	const char *reason = "{'reason': '记错了人'}";
	struct story *s = *state;
	struct answer *a;

	a = post(s, &s->bureau, say("/v1/hour-entries/%s/reverse", mistaken), reason);
	expect(a, 201, say("{'hours': -5, 'reverses': '%s', 'reason': '记错了人'}", mistaken));
	expect(post(s, &s->bureau, say("/v1/hour-entries/%s/reverse", mistaken), reason), 409,
	       "{'code': 'already-reversed'}");
	expect(get(&s->bureau, say("/v1/hour-entries/%s", mistaken)), 200,
	       say("{'hours': 5, 'reversed_by': '%s'}", text_at(a, "id")));
	expect(get(&s->bureau, say("/v1/teachers/%s/hours/balance", liang_yunwei)), 200,
	       "{'hours': 0}");
}

static void the_bureau_sets_thirty_hours_a_year(void **state)
{
	struct story *s = *state;
	struct answer *a = post(
		s, &s->bureau, "/v1/requirements",
		"{'name': '在岗班主任每年三十学时', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		"'population': {'appointment_kinds': ['homeroom', 'acting']}, 'target_hours': 30, "
		"'limits': [{'level': 'county', 'at_least': 10}, {'level': 'self_study', 'at_most': 10}]}");

	expect(a, 201, NULL);
	keep_id(a, "id", requirement);
	expect(post(s, &s->school, "/v1/requirements", "{'name': '本校'}"), 403, NULL);
}

static void every_entry_of_a_teacher_is_explained(void **state)
{
	struct story *s = *state;

	expect(get(&s->bureau, say("/v1/teachers/%s/requirements", jin_qi)), 200,
	       "{'data': [{'needed': 30, 'counted': 32.5, 'short': 0, 'status': 'met', "
	       "'due_on': '2026-12-31', 'window': {'name': '2026'}, 'entries': ["
	       "{'activity_on': '2025-12-20', 'hours': 2, 'counted': 0, 'reason': 'outside_window'}, "
	       "{'activity_on': '2026-05-06', 'hours': 14, 'counted': 10, 'reason': 'cap_reached'}, "
	       "{'activity_on': '2026-06-01', 'hours': 10.5, 'counted': 10.5, 'reason': null}, "
	       "{'activity_on': '2026-09-20', 'hours': 12, 'counted': 12, 'reason': null}]}]}");
	/* Thirty-six hours, but four of them too few at county level. */
	expect(get(&s->bureau, say("/v1/teachers/%s/requirements", tan_minjun)), 200,
	       "{'data': [{'counted': 36, 'short': 4, 'levels': [{'level': 'county', 'at_least': 10, "
	       "'counted': 6, 'short': 4}, {'level': 'school', 'at_least': null, 'counted': 30}, "
	       "{'level': 'self_study', 'at_most': 10, 'counted': 0}]}]}");
	expect(get(&s->bureau, say("/v1/teachers/%s/requirements", liang_yunwei)), 200,
	       "{'data': [{'counted': 0, 'short': 30, 'status': 'at_risk', 'entries': ["
	       "{'hours': 5, 'counted': 0, 'reason': 'reversed'}, "
	       "{'hours': -5, 'counted': 0, 'reason': 'reversal'}]}]}");
}

static void the_report_counts_who_meets_it(void **state)
{
	struct story *s = *state;
	const char *target = say("/v1/reports/compliance?requirement_id=%s", requirement);
	struct answer *report = get(&s->bureau, target), *csv;
	json_int_t population, together = 0;
	json_t *school;
	size_t i;

	expect(report, 200, "{'met': 1, 'judged_on': '2026-10-15'}");
	population = json_integer_value(json_at(report, "population"));
	json_array_foreach(json_at(report, "schools"), i, school)
		together += json_integer_value(json_object_get(school, "population"));
	assert_true(population > 500);
	assert_int_equal(population, together);
	assert_int_equal(population - 1, json_integer_value(json_at(report, "short")));
	csv = wire_ask(&s->bureau, "GET", target, NULL, "Accept", "text/csv", NULL);
	expect(csv, 200, NULL);
	/*
	 * A spreadsheet reads it: byte order mark, CRLF, one line for each school below the head.
	 */
	assert_memory_equal(csv->body, "\xEF\xBB\xBF\"学校标识码\",",
			    3 + strlen("\"学校标识码\","));
	assert_non_null(strstr(csv->body, "\r\n\"2199700001\",\"蓝水第二小学\","));
	for (together = 0, i = 0; i < csv->length; i++)
		together += csv->body[i] == '\n';
	assert_int_equal(together, 1 + count_at(report, "schools"));
}

static void the_list_says_who_is_short_and_by_how_much(void **state)
{
	struct story *s = *state;
	const char *target = say("/v1/reports/short?requirement_id=%s&school_id=%s&page_size=500",
				 requirement, school_id);
	struct answer *list = get(&s->bureau, target);
	struct answer *all =
		get(&s->bureau, say("/v1/reports/compliance?requirement_id=%s", requirement));
	struct answer *first;
	json_t *row;
	size_t i, seen = 0;

	expect(list, 200, NULL);
	json_array_foreach(json_at(list, "data"), i, row) {
		const char *id = json_string_value(json_object_get(row, "teacher_id"));
		const double missing = json_number_value(json_object_get(row, "short"));

		assert_string_not_equal(id, jin_qi);
		assert_true(strcmp(id, tan_minjun) || missing == 4);
		assert_true(strcmp(id, liang_yunwei) || missing == 30);
		seen += !strcmp(id, tan_minjun) || !strcmp(id, liang_yunwei);
	}
	assert_int_equal(seen, 2);
	first = get(&s->bureau,
		    say("/v1/reports/short?requirement_id=%s&page_size=1&include=total_count",
			requirement));
	assert_int_equal(json_integer_value(json_at(first, "page/total_count")),
			 json_integer_value(json_at(all, "short")));
	assert_non_null(strstr(
		wire_ask(&s->bureau, "GET", target, NULL, "Accept", "text/csv", NULL)->body,
		"\"蓝水第二小学\",\"谭敏军\",\"30.00\",\"36.00\",\"4.00\",\"无\",\"2026-12-31\","));
}

static void the_school_sees_its_own(void **state)
{
	struct story *s = *state;
	struct answer *report =
		get(&s->school, say("/v1/reports/compliance?requirement_id=%s", requirement));
	struct answer *list = get(
		&s->school, say("/v1/reports/short?requirement_id=%s&page_size=500", requirement));
	struct answer *elsewhere =
		get(&s->bureau, say("/v1/teachers?school_id=%s&page_size=1", other_school_id));
	json_t *row;
	size_t i;

	expect(report, 200, say("{'met': 1, 'schools': [{'school_id': '%s'}]}", school_id));
	assert_int_equal(count_at(list, "data"), json_integer_value(json_at(report, "short")));
	json_array_foreach(json_at(list, "data"), i, row)
		assert_string_equal(json_string_value(json_object_get(row, "school_id")),
				    school_id);
	expect(get(&s->school, say("/v1/teachers/%s/requirements", tan_minjun)), 200, NULL);
	expect(get(&s->school, say("/v1/teachers/%s", text_at(elsewhere, "data/0/id"))), 404, NULL);
	expect(get(&s->school, say("/v1/teachers/%s/hours", text_at(elsewhere, "data/0/id"))), 404,
	       NULL);
	expect(post(s, &s->school, "/v1/hour-entries",
		    entry(tan_minjun, "4", "county", "2026-10-01", "补-1")),
	       403, NULL);
}

static void the_teacher_sees_herself(void **state)
{
	struct story *s = *state;

	expect(get(&s->teacher, say("/v1/teachers/%s", jin_qi)), 200, "{'name': '金琪'}");
	expect(get(&s->teacher, say("/v1/teachers/%s/requirements", jin_qi)), 200,
	       "{'data': [{'counted': 32.5, 'status': 'met'}]}");
	expect(get(&s->teacher, "/v1/teachers"), 200, say("{'data': [{'id': '%s'}]}", jin_qi));
	expect(get(&s->teacher, say("/v1/teachers/%s", tan_minjun)), 404, NULL);
	expect(get(&s->teacher, say("/v1/teachers/%s/requirements", tan_minjun)), 404, NULL);
	expect(get(&s->teacher, say("/v1/teachers/%s/hours/balance", tan_minjun)), 404, NULL);
	expect(get(&s->teacher, say("/v1/hour-entries/%s", mistaken)), 404, NULL);
	expect(get(&s->teacher, say("/v1/reports/short?requirement_id=%s", requirement)), 403,
	       NULL);
}

static void another_county_sees_nothing(void **state)
{
	struct story *s = *state;
	struct wire *w = &s->neighbour;

	expect(get(w, "/v1/schools"), 200, "{'data': []}");
	expect(get(w, "/v1/teachers"), 200, "{'data': []}");
	expect(get(w, "/v1/hour-entries"), 200, "{'data': []}");
	expect(get(w, "/v1/requirements"), 200, "{'data': []}");
	expect(get(w, say("/v1/schools/%s", school_id)), 404, NULL);
	expect(get(w, say("/v1/teachers/%s", jin_qi)), 404, NULL);
	expect(get(w, say("/v1/hour-entries/%s", mistaken)), 404, NULL);
	expect(get(w, say("/v1/requirements/%s", requirement)), 404, NULL);
	expect(get(w, say("/v1/reports/compliance?requirement_id=%s", requirement)), 404, NULL);
	expect(get(w, say("/v1/reports/short?requirement_id=%s", requirement)), 404, NULL);
}

static void the_ledger_verifies_and_the_service_ends_well(void **state)
{
	struct story *s = *state;

	assert_non_null(strstr(run(s, "verify", "--county", "990101", NULL, NULL, NULL, NULL),
			       "3 chains, 8 entries, 0 faults"));
	assert_int_equal(process_stop(&s->service), 0);
	/* What succeeded has no problem in the log. */
	assert_true(process_said(&s->service, "\"state\":\"succeeded\""));
	assert_false(process_said(&s->service, "internal-error"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_counties_begin_on_the_fifteenth_of_october),
		cmocka_unit_test(the_bureau_adds_its_schools_by_list),
		cmocka_unit_test(the_school_gets_an_officer),
		cmocka_unit_test(the_roster_comes_in_with_a_report_first),
		cmocka_unit_test(the_same_file_again_changes_nothing),
		cmocka_unit_test(hours_are_posted_one_by_one),
		cmocka_unit_test(hours_are_posted_many_at_once),
		cmocka_unit_test(hours_are_posted_by_list),
		cmocka_unit_test(a_mistake_is_taken_back_and_stays_to_be_seen),
		cmocka_unit_test(the_bureau_sets_thirty_hours_a_year),
		cmocka_unit_test(every_entry_of_a_teacher_is_explained),
		cmocka_unit_test(the_report_counts_who_meets_it),
		cmocka_unit_test(the_list_says_who_is_short_and_by_how_much),
		cmocka_unit_test(the_school_sees_its_own),
		cmocka_unit_test(the_teacher_sees_herself),
		cmocka_unit_test(another_county_sees_nothing),
		cmocka_unit_test(the_ledger_verifies_and_the_service_ends_well),
	};

	return cmocka_run_group_tests_name("from a roster to who is short", tests, story_begin,
					   story_end);
}
