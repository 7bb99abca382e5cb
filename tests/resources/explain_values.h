/*
 * explain_values.h -- the values by which explain_test.c tries the filters of every list.
 */
#ifndef QINGLAN_TEST_EXPLAIN_VALUES_H
#define QINGLAN_TEST_EXPLAIN_VALUES_H

#include "big_county.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Those of all tasks. */
#define SCOPES                                                                                     \
	"appointments:apply appointments:review appointments:write rosters:report rosters:write "  \
	"reports:read classes:write courses:approve courses:write courses:settle "                 \
	"enrolments:apply enrolments:write attendance:check-in attendance:write "                  \
	"deliverables:write deliverables:inspect plans:write schools:write teachers:write "        \
	"hours:write requirements:read"

/*
 * By which value a filter is tried, of one list or of all that have it; those of the path always,
 * but where it is NULL.
 */
static const struct value {
	const char *list, *name, *value;
	bool always;
} values[] = {
	{NULL, "teacher_id", HERS, true},
	{"school_import_rows", "import_id", SCHOOLS, true},
	{"hour_import_rows", "import_id", HOURS, true},
	{NULL, "import_id", LIST, true},
	{NULL, "requirement_id", REQUIREMENT, true},
	{NULL, "office_id", OFFICE, true},
	{NULL, "session_id", SESSION, true},
	{NULL, "roster_call_id", CALL, true},
	{NULL, "report_id", REPORT, true},
	{"school_roster", "school_id", HER_SCHOOL, true},
	{NULL, "school_id", HER_SCHOOL, false},
	{NULL, "school_year_id", SCHOOL_YEAR, false},
	{NULL, "level", "county", false},
	{NULL, "activity_from", "2022-01-01", false},
	{NULL, "activity_to", "2030-12-31", false},
	{NULL, "source_kind", "adjustment", false},
	{NULL, "source_key", "x777", false},
	{NULL, "year", "2024", false},
	{NULL, "state", "reading", false},
	{NULL, "outcome", "accepted", false},
	{NULL, "active", "true", false},
	{NULL, "window", "calendar_year", false},
	{NULL, "expand", "[\"school\"]", false},
	{NULL, "stage", "primary", false},
	{NULL, "title", "first", false},
	{NULL, "appointment_kind", "reserve", false},
	{"appointment_list", "state", "active", false},
	{"appointment_list", "class_id", CLASS, false},
	{"appointment_list", "kind", "reserve", false},
	{"roster_call_schools", "state", "reported", false},
	{"roster_report_list", "state", "reported", false},
	{"roster_report_rows", "state", "waiting", false},
	{"enrolment_list", "teacher_id", HERS, false},
	{"enrolment_list", "course_id", COURSE, false},
	{"enrolment_list", "state", "waiting", false},
	{"teacher_list", "status", "left", false},
	{"teacher_list", "q", "shi00077", false},
	{"external_person_list", "q", "师", false},
	{"school_list", "q", "校7", false},
	{"school_list", "code", "2199700009", false},
	{"school_list", "category", "primary", false},
	{"school_list", "town", "镇", false},
	{"school_list", "status", "open", false},
	{"office_list", "kind", "school", false},
	{"class_list", "entry_year", "2026", false},
	{"class_list", "status", "active", false},
	{"activity_list", "kind", "forum", false},
	{"activity_list", "held_from", "2026-09-01", false},
	{"activity_list", "held_to", "2026-10-31", false},
	{NULL, "plan_id", PLAN, true},
	{NULL, "cohort_id", COHORT, true},
	{NULL, "activity_id", ACTIVITY, true},
	{"plan_list", "state", "draft", false},
	{"deliverable_list", "type", "monthly_report", false},
	{"deliverable_list", "state", "submitted", false},
	{"deliverable_list", "course_id", COURSE, false},
	{"deliverable_desk", "type", "monthly_report", true},
	{"deliverable_desk", "appointment_kinds", "[\"reserve\"]", true},
	{NULL, "month", "2026-10", false},
	{NULL, "term_id", TERM, false},
	{"grade_group_list", "school_id", HER_SCHOOL, true},
	{NULL, "on", "2026-10-15", false},
	{"me_tasks", "auth_scope", SCOPES, true},
	{"me_tasks", "kind", "course_to_close", false},
	{"report_reminders", "requirement_id", NULL, true},
	{"report_reminders", "roster_call_id", NULL, true},
	{"report_reminders", "course_id", NULL, true},
	{"report_reminders", "what", "deliverable", true},
	{"report_reminders", "type", "monthly_report", true},
	{"report_reminders", "appointment_kinds", "[\"reserve\"]", true},
	{NULL, "course_id", COURSE, true},
	{"course_list", "state", "open", false},
	{"course_list", "level", "cluster", false},
	{"attendance_list", "state", "present", false},
	{"session_leave_list", "state", "asked", false},
	{NULL, "module_id", ENTRY, false},
	{NULL, "mode_id", ENTRY, false},
	{"course_list", "q", "课", false},
};

/* Whether a value of all lists gives way to one that is this list's own. */
static inline bool gives_way(const struct value *v, const char *list)
{
	size_t i;

	for (i = 0; !v->list && i < sizeof values / sizeof *values; i++)
		if (values[i].list && !strcmp(values[i].list, list) &&
		    !strcmp(values[i].name, v->name))
			return true;
	return false;
}

#endif
