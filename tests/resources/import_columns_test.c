/*
 * import_columns_test.c -- the columns of a list: which it must have, which are not read, and what the
 * contract says of them.
 */
#include "import_list.h"

/* --- what is not read is said --- */

/* The headings of the first part that were not read, as a JSON text. */
static const char *unread_of(struct world *w, const char *kind, const char *csv)
{
	const char *id = import_text(w, w->county, kind, csv);
	struct answer *a = look(w->county, kind, id);

	expect(a, 200, "{'state': 'ready'}");
	return json_text(w->arena, json_at(a, "parts/0/unread_columns"));
}

static void a_misspelt_column_is_named_and_the_others_are_read(void **state)
{
	struct world *w = *state;

	assert_string_equal(
		unread_of(w, "teacher",
			  "学校标识码,姓名,出生年月,担任班级,任班主任起始日期,联系手机,\n"
			  "2199700001,周甲,1990-01-01,三年级(1)班,2020-09,13000000001,\n"),
		"[\"任班主任起始日期\",\"联系手机\"]");
	assert_string_equal(unread_of(w, "school",
				      "学校标识码,学校名称,学段,校长 电话\n"
				      "2199700003,甲小学,小学,13000000001\n"),
			    "[\"校长 电话\"]");
	assert_string_equal(unread_of(w, "hour",
				      "姓名,学校标识码,日期,学时,级别,来源,来源编号,课程\n"
				      "周甲,2199700001,2026.7.15,6,县级,期初,C-1,班级管理\n"),
			    "[\"课程\"]");
}

static void a_column_that_is_there_twice_is_read_once(void **state)
{
	assert_string_equal(unread_of(*state, "teacher",
				      "学校标识码,姓名,出生年月,担任班级,电话,手机\n"
				      "2199700001,周甲,1990-01-01,三年级(1)班,,13000000001\n"),
			    "[\"手机\"]");
}

static void a_list_of_known_columns_has_none_unread(void **state)
{
	assert_string_equal(unread_of(*state, "teacher", TWO), "[]");
}

static void each_part_has_its_own(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO);
	const char *more = "学校标识码,姓名,出生年月,担任班级,爱好\n"
			   "2199700001,郑辛,1990-01-01,三年级(3)班,棋\n";

	expect(send_bytes(w->county, text("/v1/teacher-imports?filename=b.csv&continues=%s", id),
			  more, strlen(more)),
	       202, "{'parts': [{'unread_columns': []}, {'unread_columns': []}]}");
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200,
	       "{'parts': [{'unread_columns': []}, {'unread_columns': ['爱好']}]}");
}

/* A heading is no place for numbers of people, and no report is longer for a long one. */
static void a_heading_is_told_as_a_report_may_show_it(void **state)
{
	char csv[1000];

	snprintf(csv, sizeof csv, "学校标识码,姓名,出生年月,担任班级,990101199202096832,%0300d\n",
		 0);
	assert_int_equal(strlen(unread_of(*state, "teacher", csv)), 2 + 2 + 18 + 1 + 2 + 60 + 3);
}

/* --- what must be there --- */

static void a_column_that_every_row_needs_is_asked_for_at_once(void **state)
{
	static const struct {
		const char *kind, *header, *column;
	} lists[] = {
		{"teacher", "姓名,出生年月,担任班级", "学校标识码"},
		{"teacher", "学校标识码,出生年月,担任班级", "姓名"},
		{"teacher", "学校标识码,姓名,出生年月,任职类型", "担任班级"},
		{"teacher", "学校标识码,姓名,担任班级", "身份证号/出生年月"},
		{"school", "学校标识码,学校名称,乡镇", "学段"},
		{"hour", "姓名,身份证号,学时,级别,来源,来源编号", "日期"},
		{"hour", "姓名,日期,学时,级别,来源,来源编号", "身份证号/教师编号/学校标识码"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *id =
			import_text(w, w->county, lists[i].kind, text("%s\n", lists[i].header));

		expect(look(w->county, lists[i].kind, id), 200,
		       text("{'state': 'failed', 'problem': {'code': 'import-lacks-column', "
			    "'column': '%s'}}",
			    lists[i].column));
	}
}

/* --- the version of what was asked for --- */

static void what_is_answered_at_once_has_the_version_that_its_body_has(void **state)
{
	struct world *w = *state;
	struct answer *a =
		send_bytes(w->county, "/v1/teacher-imports?filename=a.csv", TWO, strlen(TWO));
	const char *id = text_at(a, "id");

	assert_string_equal(
		text("\"%s-", json_text(w->arena, json_at(a, "version"))),
		text("%.*s", (int)strcspn(header_of(a, "ETag"), "-") + 1, header_of(a, "ETag")));
	world_jobs(w);
	a = ask_commit(w->county, "teacher", id, "good_rows");
	expect(a, 202, NULL);
	/* Read with it nobody has changed the import since: it is the state that is not right yet. */
	expect(call(w->county, "POST", text("/v1/teacher-imports/%s/undo", id), NULL, "If-Match",
		    header_of(a, "ETag"), NULL),
	       409, "{'code': 'import-not-committed'}");
	world_jobs(w);
	a = ask_undo(w->county, "teacher", id);
	expect(a, 202, NULL);
	expect(call(w->county, "POST", text("/v1/teacher-imports/%s/undo", id), NULL, "If-Match",
		    header_of(a, "ETag"), NULL),
	       409, "{'code': 'import-not-committed'}");
	world_jobs(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_misspelt_column_is_named_and_the_others_are_read),
		cmocka_unit_test(a_column_that_is_there_twice_is_read_once),
		cmocka_unit_test(a_list_of_known_columns_has_none_unread),
		cmocka_unit_test(each_part_has_its_own),
		cmocka_unit_test(a_heading_is_told_as_a_report_may_show_it),
		cmocka_unit_test(a_column_that_every_row_needs_is_asked_for_at_once),
		cmocka_unit_test(what_is_answered_at_once_has_the_version_that_its_body_has),
	};

	return cmocka_run_group_tests_name("import_columns", tests, world_begin, world_end);
}
