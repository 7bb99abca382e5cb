/*
 * roster_row_test.c -- reading roster records, and the whole of the county's roster
 * as far as a record can be judged alone (the rest is imports_test.c's).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/csv.h"
#include "kernel/json.h"
#include "resources/import_record.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(256 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* --- one record, from heading and cells separated by | --- */

static struct import_record record;

static size_t split(char *text, const char **fields)
{
	size_t count = 1;

	fields[0] = text;
	for (; *text; text++) {
		if (*text == '|') {
			*text = '\0';
			fields[count++] = text + 1;
		}
	}
	return count;
}

static void read_as(const struct import_kind *kind, const char *heading, const char *cells)
{
	const char *fields[CSV_FIELDS_MAX];
	struct import_header header;
	size_t count;

	count = split(arena_strdup(arena, heading), fields);
	assert_true(import_header_read(arena, kind, fields, count, &header));
	assert_null(import_header_lacks(arena, kind, &header));
	memset(&record, 0, sizeof(record));
	record.arena = arena;
	record.kind = kind;
	record.latest_on = "2027-10-15";
	count = split(arena_strdup(arena, cells), fields);
	assert_true(import_record_fill(&record, &header, fields, count));
	kind->read(&record);
}

#define ROSTER                                                                                     \
	"学校标识码|姓名|性别|证件类型|身份证号|出生年月|联系电话|担任班级|任职类型|任班主任起始时间"

/* The n-th problem as "column code". */
static const char *problem_at(size_t n)
{
	json_t *p = json_array_get(record.problems, n);
	const char *column = json_string_value(json_object_get(p, "column"));

	return arena_printf(arena, "%s %s", column ? column : "-",
			    json_string_value(json_object_get(p, "code")));
}

static const char *member(const char *name)
{
	return json_string_value(json_object_get(record.parsed, name));
}

static void a_good_record_is_taken_whole(void **state)
{
	(void)state;
	read_as(&import_kind_teachers, ROSTER,
		"2199700000|张　润||| '99010319810522700x|1981.5|１３００００００００１|四年级（6）班|班主任|20140801");
	if (json_array_size(record.problems))
		fail_msg("%s", problem_at(0));
	assert_string_equal(record.document_type, "resident_id");
	assert_string_equal(member("birth_on"), "1981-05-22");
	assert_string_equal(member("gender"), "female");
	assert_string_equal(member("phone"), "13000000001");
	assert_string_equal(member("class"), "四年级(6)班");
	assert_string_equal(member("kind"), "homeroom");
	assert_string_equal(member("homeroom_since"), "2014-08-01");
}

static void headings_are_known_in_english_and_with_decoration(void **state)
{
	(void)state;
	read_as(&import_kind_teachers, "School code|* Name|Resident ID|Class (2026)|Kind|since",
		"2199700000|A|990101199202096832|1(2)|homeroom|2024-09");
	assert_false(record.rejected);
	assert_string_equal(record.document, "990101199202096832");
	assert_string_equal(member("class"), "1(2)");
}

static void every_fault_of_a_record_is_named_at_once(void **state)
{
	(void)state;
	read_as(&import_kind_teachers, ROSTER, "21997|||||x|12|四年级(6)班|校长|二〇一九年秋");
	assert_true(record.rejected);
	assert_string_equal(problem_at(0), "学校标识码 school-code-form");
	assert_string_equal(problem_at(1), "姓名 missing");
	assert_string_equal(problem_at(2), "出生年月 not-a-date");
	assert_string_equal(problem_at(3), "联系电话 phone-form");
	assert_string_equal(problem_at(4), "任职类型 unknown-appointment-kind");
	assert_string_equal(problem_at(5), "任班主任起始时间 not-a-date");
	assert_int_equal(json_array_size(record.problems), 6);
}

static void a_document_of_another_type_needs_its_type_stated(void **state)
{
	(void)state;
	read_as(&import_kind_teachers, ROSTER,
		"2199700000|李|女||护照 E82014769|1990.1||一(1)班|班主任|");
	assert_string_equal(problem_at(0), "身份证号 document-type-needed");
	read_as(&import_kind_teachers, ROSTER,
		"2199700000|李|女|护照|护照 E82014769|1990.1||一(1)班|班主任|");
	assert_false(record.rejected);
	assert_string_equal(record.document, "E82014769");
	assert_string_equal(record.document_type, "passport");
}

static void an_identity_number_is_masked_in_the_report(void **state)
{
	json_t *p;

	(void)state;
	read_as(&import_kind_teachers, ROSTER,
		"2199700000|李|女||990101199202096831|1990.1||一(1)班|班主任|");
	p = json_array_get(record.problems, 0);
	assert_string_equal(json_string_value(json_object_get(p, "column")), "身份证号");
	assert_null(strstr(json_string_value(json_object_get(p, "value")), "19920209"));
	assert_null(strstr(json_text(arena, record.parsed), "990101199202096831"));
}

static void a_beginning_may_lie_a_year_ahead_and_not_more(void **state)
{
	(void)state;
	read_as(&import_kind_teachers, ROSTER,
		"2199700000|李|女|||1990.1||一(1)班|班主任|2027-10-15");
	assert_false(record.rejected);
	read_as(&import_kind_teachers, ROSTER,
		"2199700000|李|女|||1990.1||一(1)班|班主任|2027-10-16");
	assert_string_equal(problem_at(0), "任班主任起始时间 date-in-future");
}

static void a_record_with_a_comma_too_many_is_refused(void **state)
{
	(void)state;
	read_as(&import_kind_teachers, "学校标识码|姓名|出生年月|担任班级",
		"2199700000|李|1990.1|一(1)班|x");
	assert_string_equal(problem_at(0), "- too-many-cells");
}

static void schools_have_stages_and_a_system(void **state)
{
	(void)state;
	read_as(&import_kind_schools, "学校标识码|学校名称|学段|学制|乡镇",
		"３1997|甲|小学、初中|九年一贯|乙");
	assert_string_equal(problem_at(0), "学校标识码 school-code-form");
	assert_int_equal(json_array_size(json_object_get(record.parsed, "stages")), 2);
	assert_string_equal(member("school_system"), "nine_year");
	read_as(&import_kind_schools, "学校标识码|学校名称|学段", "3199700003|甲|大学");
	assert_string_equal(problem_at(0), "学段 unknown-stage");
}

static void hours_stay_decimal_text(void **state)
{
	static const struct {
		const char *written, *meant;
	} amounts[] = {
		{"6", "6.00"},  {"6.5", "6.50"},      {"06.25学时", "6.25"}, {"０.5", "0.50"},
		{".5", "0.50"}, {"999.99", "999.99"}, {"0", NULL},           {"0.001", NULL},
		{"1000", NULL}, {"-1", NULL},         {"1e2", NULL},         {"6.", NULL},
		{"六", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		read_as(&import_kind_hours, "姓名|身份证号|日期|学时|级别|来源|来源编号",
			arena_printf(arena, "李|990101199202096832|2026.7.15|%s|县级|外部证书|C-1",
				     amounts[i].written));
		if (amounts[i].meant)
			assert_string_equal(member("hours"), amounts[i].meant);
		else
			assert_string_equal(problem_at(0), "学时 hours-form");
	}
}

/* --- the county's roster --- */

static char *read_file(const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	char *bytes = arena_alloc(arena, 1 << 20);

	if (!f)
		fail_msg("%s cannot be read", path);
	*length = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

struct verdict {
	char outcome[12], field[40], why[80], name[40];
};

/* What is decided over the whole list and not by a record alone. */
static bool is_for_sql(const struct verdict *v)
{
	return strcmp(v->outcome, "duplicate") == 0 || strcmp(v->why, "unknown school") == 0 ||
	       strcmp(v->why, "same id, other name") == 0 ||
	       strcmp(v->why, "the class has a homeroom teacher") == 0;
}

struct roster {
	struct verdict expected[2000];
	size_t count, judged;
	struct import_header header;
};

static void read_expected(struct roster *r)
{
	size_t length;
	char *text = read_file("tests/resources/roster-expected.jsonl", &length), *rest;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *v = json_loads(line, 0, NULL);
		struct verdict *e = &r->expected[json_integer_value(json_object_get(v, "row"))];
		static const char *const names[] = {"outcome", "field", "why", "name"};
		char *places[] = {e->outcome, e->field, e->why, e->name};
		const size_t sizes[] = {sizeof(e->outcome), sizeof(e->field), sizeof(e->why),
					sizeof(e->name)};

		for (size_t i = 0; i < 4; i++) {
			const char *value = json_string_value(json_object_get(v, names[i]));

			snprintf(places[i], sizes[i], "%s", value ? value : "");
		}
		r->count++;
		json_decref(v);
	}
}

/* True when a problem of SEVERITY is about the column. */
static bool has(const char *column, const char *severity)
{
	json_t *p;
	size_t i;

	json_array_foreach(record.problems, i, p) {
		const char *its = json_string_value(json_object_get(p, "column"));

		if (its && strcmp(its, column) == 0 &&
		    strcmp(json_string_value(json_object_get(p, "severity")), severity) == 0)
			return true;
	}
	return false;
}

static void judge(const struct verdict *v, size_t number)
{
	if (is_for_sql(v) || strcmp(v->outcome, "accept") == 0) {
		if (json_array_size(record.problems))
			fail_msg("row %zu: %s", number, problem_at(0));
	} else if (strcmp(v->outcome, "warn") == 0) {
		if (record.rejected || !has(v->field, "warning"))
			fail_msg("row %zu: no warning about %s", number, v->field);
	} else if (!record.rejected || !has(v->field, "error")) {
		fail_msg("row %zu: not refused for %s", number, v->field);
	}
}

static bool see(void *context, size_t number, const char *const *fields, size_t count)
{
	struct roster *r = context;
	const struct verdict *v = &r->expected[number];
	bool skipped = true;

	if (!r->header.found) {
		import_header_read(arena, &import_kind_teachers, fields, count, &r->header);
	} else {
		memset(&record, 0, sizeof(record));
		record.arena = arena;
		record.kind = &import_kind_teachers;
		record.latest_on = "2027-10-15";
		assert_true(import_record_fill(&record, &r->header, fields, count));
		skipped = import_record_is_no_row(&record, fields, count);
	}
	if (skipped != (strcmp(v->outcome, "skipped") == 0))
		fail_msg("row %zu: %s", number, skipped ? "skipped" : "not skipped");
	if (!skipped) {
		import_kind_teachers.read(&record);
		judge(v, number);
	}
	r->judged++;
	return true;
}

static void every_record_of_the_countys_roster_gets_its_verdict(void **state)
{
	static struct roster roster;
	const char *encoding, *reason;
	size_t length, out_length, offset, where;
	char *bytes = read_file("db/demo/roster-gb18030.csv", &length), *text;

	(void)state;
	read_expected(&roster);
	text = csv_decode(arena, bytes, length, &out_length, &encoding, &reason, &offset);
	assert_non_null(text);
	assert_string_equal(encoding, "GB18030");
	assert_null(csv_read(arena, text, out_length, see, &roster, &where));
	assert_int_equal(roster.count, 1527);
	assert_int_equal(roster.judged, roster.count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_record_is_taken_whole),
		cmocka_unit_test(headings_are_known_in_english_and_with_decoration),
		cmocka_unit_test(every_fault_of_a_record_is_named_at_once),
		cmocka_unit_test(a_document_of_another_type_needs_its_type_stated),
		cmocka_unit_test(an_identity_number_is_masked_in_the_report),
		cmocka_unit_test(a_beginning_may_lie_a_year_ahead_and_not_more),
		cmocka_unit_test(a_record_with_a_comma_too_many_is_refused),
		cmocka_unit_test(schools_have_stages_and_a_system),
		cmocka_unit_test(hours_stay_decimal_text),
		cmocka_unit_test(every_record_of_the_countys_roster_gets_its_verdict),
	};

	return cmocka_run_group_tests_name("roster_row", tests, setup, teardown);
}
