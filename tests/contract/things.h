/*
 * things.h -- what belongs to one school or county, one of each kind that has an id, made through
 * the API.
 *
 * For foreign_test.c alone, which asks for it as somebody else.
 */
#ifndef QINGLAN_TEST_THINGS_H
#define QINGLAN_TEST_THINGS_H

#include "resources/course_rows.h"
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static inline void keep(json_t *set, const char *key, const char *id)
{
	assert_non_null(id);
	assert_int_equal(strlen(id), 36);
	json_object_set_new(set, key, json_string(id));
}

static inline struct answer *keep_made(json_t *set, const char *key, struct client *c,
				       const char *target, const char *body)
{
	struct answer *a = POST(c, target, body);

	expect(a, 201, NULL);
	keep(set, key, text_at(a, "id"));
	return a;
}

static inline void keep_import(json_t *set, const char *collection, struct client *c)
{
	const char *csv =
		"学校标识码,姓名,身份证号,出生年月,担任班级\n2199700009,周甲,,1990-01-01,\n";
	struct answer *a = call_bytes(c, "POST", text("%s?filename=a.csv", collection), csv,
				      strlen(csv), "Content-Type", "text/csv", NULL);

	expect(a, 202, NULL);
	keep(set, text("%s/", collection), text_at(a, "id"));
	keep(set, "continues", text_at(a, "id"));
	keep(set, "job_id", text_at(a, "job_id"));
}

static inline const char *id_kept(const json_t *set, const char *key)
{
	return json_string_value(json_object_get(set, key));
}

/* A file of a course. */
static inline const char *file_kept(struct client *own, const char *course)
{
	struct answer *a =
		call_bytes(own, "POST", text("/v1/courses/%s/files?filename=a.pdf", course),
			   "%PDF-", 5, "Content-Type", "application/pdf", NULL);

	expect(a, 201, NULL);
	return text_at(a, "id");
}

/*
 * A course as a draft, with a file; and a session of another in which the teacher takes part, her
 * leave.
 */
static inline void keep_courses(struct world *w, json_t *set, struct client *own,
				const char *school, const char *teacher)
{
	const char *course = course_made(w, school, NULL);
	const char *session = session_made(w, course, "2026-10-15T01:30:00Z", 45);

	keep(set, "session_id", session);
	keep(set, "enrolment_id", enrolled(w, course, teacher, "2026-09-01T00:00:00Z"));
	keep(set, "leave_id", leave_made(w, session, teacher));
	keep(set, "instructor_ids", teacher);
	keep_made(set, "course_id", own, "/v1/courses",
		  "{'title': '研修', 'level': 'school', 'hours': 2}");
	keep(set, "file_id", file_kept(own, id_kept(set, "course_id")));
}

/* What a school reports when its county calls for rosters. */
static inline void keep_report(json_t *set, struct client *own, struct client *county)
{
	if (!count_at(GET(county, "/v1/roster-calls"), "data"))
		expect(POST(county, "/v1/roster-calls",
			    "{'title': '花名册', 'as_of_on': '2026-10-15', 'due_on': '2026-10-31'}"),
		       201, NULL);
	keep_made(set, "report_id", own,
		  text("/v1/roster-calls/%s/reports",
		       text_at(GET(county, "/v1/roster-calls"), "data/0/id")),
		  "{}");
}

/* What is written, held and planned. */
static inline void keep_plan(json_t *set, struct client *own, const char *teacher)
{
	const char *plan;

	keep_made(set, "deliverable_id", own, "/v1/deliverables",
		  text("{'teacher_id': '%s', 'type': 'case', 'month': '2026-10', 'title': '一例'}",
		       teacher));
	keep_made(set, "activity_id", own, "/v1/activities",
		  "{'kind': 'meeting', 'theme': '例会', 'held_on': '2026-10-12'}");
	keep(set, "teacher_ids", teacher);
	keep_made(set, "plan_id", own, "/v1/plans",
		  "{'title': '方案', 'started_on': '2026-09-01', 'ended_on': '2027-08-31'}");
	plan = json_string_value(json_object_get(set, "plan_id"));
	expect(call(own, "POST", text("/v1/plans/%s/cohorts:split", plan),
		    "{'as_of_on': '2026-09-30', 'cohorts': [{'name': '第一批', 'started_on': "
		    "'2026-09-01', 'ended_on': '2027-08-31'}]}",
		    "If-Match", "*", NULL),
	       200, NULL);
	keep(set, "cohort_id", text_at(GET(own, "/v1/plans/%s/cohorts", plan), "data/0/id"));
}

/* What hangs on a school and its teacher, made by its own client and by its county. */
static inline json_t *things(struct world *w, struct client *own, struct client *county,
			     const char *school, const char *teacher)
{
	static const char *const of_school[] = {"school_id", "personnel_school_id", "successor_id",
						"school_ids"};
	json_t *set = json_object();
	const char *class;
	size_t i;

	for (i = 0; i < sizeof of_school / sizeof *of_school; i++)
		keep(set, of_school[i], school);
	keep(set, "teacher_id", teacher);
	keep(set, "reviewed_not_same", teacher);
	keep_made(set, "person_id", own, "/v1/officers", "{'name': '门卫'}");
	keep(set, "/v1/officers/", json_string_value(json_object_get(set, "person_id")));
	keep_made(set, "/v1/external-persons/", own, "/v1/external-persons",
		  "{'name': '专家', 'unit': '教研室'}");
	keep_made(set, "office_id", own, "/v1/offices", "{'name': '工会', 'kind': 'other'}");
	keep_made(set, "holder_id", own,
		  text("/v1/offices/%s/holders",
		       json_string_value(json_object_get(set, "office_id"))),
		  text("{'person_id': '%s', 'started_on': '2026-09-01'}",
		       json_string_value(json_object_get(set, "person_id"))));
	keep(set, "membership_id",
	     text_at(GET(own, "/v1/teachers/%s/memberships", teacher), "data/0/id"));
	keep_made(set, "title_id", own, text("/v1/teachers/%s/titles", teacher),
		  "{'title': 'first'}");
	keep_made(set, "identifier_id", own, text("/v1/teachers/%s/identifiers", teacher),
		  text("{'source': '省平台', 'value': '%s'}", teacher));
	keep_made(set, "entry_id", county, "/v1/hour-entries",
		  text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
		       "'2026-10-01', 'source': {'kind': 'adjustment', 'key': '%s'}}",
		       teacher, teacher));
	keep_made(set, "class_id", own, "/v1/classes",
		  "{'stage': 'primary', 'entry_year': 2024, 'number': 51}");
	class = json_string_value(json_object_get(set, "class_id"));
	keep(set, "successor_ids", class);
	keep(set, "appointment_id", world_appoint(w, teacher, class, "2026-09-01"));
	keep_report(set, own, county);
	keep_courses(w, set, own, school, teacher);
	keep_plan(set, own, teacher);
	keep_import(set, "/v1/school-imports", county);
	keep_import(set, "/v1/hour-imports", county);
	keep_import(set, "/v1/teacher-imports", own);
	return set;
}

/* What a county has for all its schools: lists from the start, and a requirement. */
static inline void keep_county(struct world *w, json_t *set, struct client *county)
{
	static const char *const lists[][2] = {{"roster-calls", "roster_call_id"},
					       {"school-years", "school_year_id"},
					       {"terms", "term_id"},
					       {"modules", "module_id"},
					       {"modules", "module_ids"},
					       {"modules", "only_modules"},
					       {"modules", "only_modules"},
					       {"modes", "mode_id"},
					       {"modes", "mode_ids"}};
	const struct operation *o = contract_operation(w->program.contract, "requirement_create");
	struct answer *a;
	json_t *body;
	size_t i;

	for (i = 0; i < sizeof lists / sizeof *lists; i++)
		keep(set, lists[i][1], text_at(GET(county, "/v1/%s", lists[i][0]), "data/0/id"));
	ids = set;
	body = example_of(o);
	/* Not by the example's name, which would be taken then. */
	json_object_set_new(body, "name", json_string("县级要求"));
	a = send_body(county, o, o->path, body);
	json_decref(body);
	expect(a, 201, NULL);
	keep(set, "requirement_id", text_at(a, "id"));
}

#endif
