/*
 * row_security_matrix.h -- the actors of row_security_test.c, and which rows of each table they
 * read, may insert, may change.
 *
 * A row has a mark: c of the whole county A, 1 and 2 of its schools, b of county B.
 */
#ifndef QINGLAN_TEST_ROW_SECURITY_MATRIX_H
#define QINGLAN_TEST_ROW_SECURITY_MATRIX_H

#include "sql.h"

enum { ACTORS = 8 };

static char county_a[SQL_COUNTY_SIZE], county_b[SQL_COUNTY_SIZE];

#define U(tail) "0199b0a4-7c00-7000-8000-0000000000" tail

static const struct actor_of_test {
	const char *name, *county, *role, *sees, *school, *person;
} actors[ACTORS] = {
	{"county", county_a, "county", "all", "", ""},
	{"school A1", county_a, "school", "school", U("a1"), ""},
	{"school A2", county_a, "school", "school", U("a2"), ""},
	{"teacher", county_a, "teacher", "self", "", U("c1")},
	{"client", county_a, "client", "all", "", ""},
	{"client A1", county_a, "client", "school", U("a1"), ""},
	{"county B", county_b, "county", "all", "", ""},
	{"nobody", "", "", "", "", ""},
};

/* Marks by the column that names a school, by the county alone, or by a column that is the mark. */
#define BY(column)                                                                                 \
	"CASE WHEN county = current_setting('test.b')::int THEN 'b' WHEN " column                  \
	" = '" U("a1") "' THEN '1' WHEN " column " = '" U("a2") "' THEN '2' ELSE 'c' END"
#define SCHOOL BY("school")
#define COUNTY "CASE WHEN county = current_setting('test.b')::int THEN 'b' ELSE 'c' END"

#define ALL "c12|c12|c12|c12|c12|c12|b|"
#define ONE "c|c|c|c|c|c|b|"
#define NONE "|||||||"
#define COUNTY_ONE "c||||c||b|"
#define OWN "12|1|2||12|1|b|"
#define OWN_OR_COUNTY "c12|1|2||c12|1|b|"

static const struct row {
	const char *table, *mark;
	/* county | A1 | A2 | teacher | client | client A1 | county B | nobody */
	const char *reads, *inserts, *updates;
} matrix[] = {
	{"attendance", BY("organiser"), "c12|c1|2|c1|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"attendance_sheet", BY("organiser"), OWN_OR_COUNTY, OWN_OR_COUNTY, NONE},
	{"activity", SCHOOL, "c12|c1|c2|c1|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"activity_attendance", SCHOOL, "12|1|2|1|12|1|b|", OWN, OWN},
	{"class", SCHOOL, "12|1|2|12|12|1|b|", OWN, OWN},
	{"class_successor", SCHOOL, "12|1|2|12|12|1|b|", OWN, OWN},
	{"cohort", BY("organiser"), "12|1|2|1|12|1|b|", OWN, OWN},
	{"cohort_member", SCHOOL, "12|1|2|1|12|1|b|", OWN, OWN},
	{"county", COUNTY, ONE, NONE, COUNTY_ONE},
	{"county_clock", COUNTY, ONE, NONE, NONE},
	{"county_code", COUNTY, ONE, NONE, NONE},
	{"course", SCHOOL, "c12|c1|c2|c1|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"course_allotment", SCHOOL, OWN, OWN, OWN},
	{"course_instructor", SCHOOL, "c12|c1|c2|c1|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"course_session", SCHOOL, "c12|c1|c2|c1|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"deliverable", SCHOOL, "12|1|2|1|12|1|b|", "12|1|2|1|12|1|b|", "12|1|2|1|12|1|b|"},
	{"enrolment", SCHOOL, "12|1|2|1|12|1|b|", "12|1|2|1|12|1|b|", "12|1|2|1|12|1|b|"},
	{"event", COUNTY, COUNTY_ONE, NONE, NONE},
	{"file", SCHOOL, OWN_OR_COUNTY, OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"homeroom_appointment", SCHOOL, "12|1|2|1|12|1|b|", OWN, OWN},
	{"hour_balance", SCHOOL, OWN, NONE, NONE},
	{"hour_entry", SCHOOL, "12||||12||b|", "12||||12||b|", NONE},
	{"hour_source", "CASE key WHEN 'm1' THEN '1' WHEN 'm2' THEN '2' ELSE key END",
	 "12||||12||b|", NONE, NONE},
	{"idempotency", "key", "c||2|1||||", "c||2|1||||", NONE},
	{"identifier", SCHOOL, OWN, OWN, OWN},
	{"import", SCHOOL, OWN_OR_COUNTY, OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"import_part", BY("owner_school"), OWN_OR_COUNTY, OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"import_row", BY("owner_school"), OWN_OR_COUNTY, OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"job", BY("actor_school"), OWN_OR_COUNTY, OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"job_heartbeat", SCHOOL, OWN_OR_COUNTY, NONE, NONE},
	{"ledger_account", SCHOOL, "12||||12||b|", NONE, NONE},
	{"membership", SCHOOL, OWN, OWN, OWN},
	{"mode", COUNTY, ONE, COUNTY_ONE, COUNTY_ONE},
	{"module", COUNTY, ONE, COUNTY_ONE, COUNTY_ONE},
	{"office", SCHOOL, "c12|c1|c2|c|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"office_holder", SCHOOL, "c12|1|2|c1|c12|1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"people_day", COUNTY, NONE, NONE, NONE},
	/* The expert of A1 is seen by all schools, the one who moved by A2 too. */
	{"person", SCHOOL, "c12|1|12|1|c12|1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"person_token", SCHOOL, OWN_OR_COUNTY, NONE, NONE},
	{"plan", SCHOOL, "c12|c1|c2|c1|c12|c1|b|", OWN_OR_COUNTY, OWN_OR_COUNTY},
	{"reference_item", COUNTY, ONE, NONE, NONE},
	{"requirement", COUNTY, ONE, "c||||||b|", "c||||||b|"},
	{"requirement_state", SCHOOL, OWN, NONE, NONE},
	{"requirement_version", COUNTY, ONE, "c||||||b|", NONE},
	{"reviewed_pair", COUNTY, COUNTY_ONE, NONE, NONE},
	{"roster_call", COUNTY, "c|c|c||c|c|b|", COUNTY_ONE, COUNTY_ONE},
	{"roster_report", SCHOOL, OWN, OWN, OWN},
	{"roster_report_row", SCHOOL, OWN, OWN, OWN},
	{"school", BY("id"), "12|12|12|12|12|12|b|", "12||||12||b|", "12||||12||b|"},
	{"school_year", COUNTY, ONE, COUNTY_ONE, COUNTY_ONE},
	{"session_leave", SCHOOL, "12|1|2|1|12|1|b|", "12|1|2|1|12|1|b|", "12|1|2|1|12|1|b|"},
	{"sight", SCHOOL, "12|1|2|1|12|1|b|", NONE, NONE},
	{"term", COUNTY, ONE, COUNTY_ONE, COUNTY_ONE},
	{"title", SCHOOL, OWN, OWN, OWN},
	{"token_revocation", COUNTY, COUNTY_ONE, COUNTY_ONE, COUNTY_ONE},
	{"year_rollover", SCHOOL, OWN, OWN, NONE},
};

#endif
