/*
 * import_columns_test.c -- the columns of a list: which it must have, which are not read, and what
 * the contract says of them.
 */
#include "import_list.h"

#include "resources/cell.h"
#include "resources/import_record.h"

/* --- what is not read is said --- */

/* The headings of the first part that were not read, as a JSON text; all its ROWS were. */
static const char *unread_of(struct world *w, const char *kind, int rows, const char *csv)
{
	const char *id = import_text(w, w->county, kind, csv);
	struct answer *a = look(w->county, kind, id);

	expect(a, 200, text("{'state': 'ready', 'counts': {'accepted': %d, 'rejected': 0}}", rows));
	return json_text(w->arena, json_at(a, "parts/0/unread_columns"));
}

static void a_misspelt_column_is_named_and_the_others_are_read(void **state)
{
	struct world *w = *state;

	assert_string_equal(
		unread_of(w, "teacher", 1,
			  "学校标识码,姓名,出生年月,担任班级,任班主任起始日期,联系手机,\n"
			  "2199700001,周甲,1990-01-01,三年级(1)班,2020-09,13000000001,\n"),
		"[\"任班主任起始日期\",\"联系手机\"]");
	assert_string_equal(unread_of(w, "school", 1,
				      "学校标识码,学校名称,学段,校长 电话\n"
				      "2199700003,甲小学,小学,13000000001\n"),
			    "[\"校长 电话\"]");
	assert_string_equal(unread_of(w, "hour", 1,
				      "姓名,学校标识码,日期,学时,级别,来源,来源编号,课程\n"
				      "周兰,2199700001,2026.7.15,6,县级,期初,C-1,班级管理\n"),
			    "[\"课程\"]");
}

static void a_column_that_is_there_twice_is_read_once(void **state)
{
	assert_string_equal(unread_of(*state, "teacher", 1,
				      "学校标识码,姓名,出生年月,担任班级,电话,手机\n"
				      "2199700001,周甲,1990-01-01,三年级(1)班,,13000000001\n"),
			    "[\"手机\"]");
}

static void a_list_of_known_columns_has_none_unread(void **state)
{
	assert_string_equal(unread_of(*state, "teacher", 2, TWO), "[]");
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
	assert_string_equal(
		unread_of(*state, "teacher", 0, csv),
		"[\"990***********6832\",\"000*********************************************************…\"]");
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

/* --- the template --- */

static const char *const kinds[] = {"school", "teacher", "hour"};

static void the_example_of_a_template_that_was_left_in_is_refused(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct answer *a = GET(w->county, "/v1/%s-imports/template", kinds[i]);
		const char *id = import_bytes(w, w->county, kinds[i], a->body, a->length);

		expect(look(w->county, kinds[i], id), 200,
		       "{'state': 'ready', 'counts': {'skipped': 1, 'rejected': 1}, "
		       "'parts': [{'unread_columns': []}]}");
		assert_non_null(
			strstr(GET(w->county, "/v1/%s-imports/%s/rejected", kinds[i], id)->body,
			       "这是模板中的示例行，请删去"));
	}
}

/* Whoever writes real rows below it has only that one to take out. */
static void the_example_of_a_template_agrees_with_itself(void **state)
{
	static const struct import_kind *const read[] = {&import_kind_schools,
							 &import_kind_teachers, &import_kind_hours};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
		struct import_record r = {
			.arena = w->arena, .kind = read[i], .latest_on = "2027-10-15"};
		struct import_header h = {.field_count = IMPORT_COLUMNS_MAX};
		const char *fields[IMPORT_COLUMNS_MAX];

		for (int c = 0; c < read[i]->column_count; c++) {
			h.place[c] = c;
			fields[c] = read[i]->columns[c].example;
		}
		assert_true(import_record_fill(&r, &h, fields, (size_t)read[i]->column_count));
		read[i]->read(&r);
		if (json_array_size(r.problems))
			fail_msg("%s: %s", read[i]->name, json_text(w->arena, r.problems));
		assert_true(import_record_is_example(&r));
	}
}

static void the_example_is_nobody_of_the_demonstration_county(void **state)
{
	struct world *w = *state;
	size_t length;
	const char *roster = file_bytes(w, "db/demo/roster-gb18030.csv", &length);

	assert_non_null(memmem(roster, length, "99010119", 8));
	assert_null(memmem(roster, length, "990999199202090026", 18));
	assert_non_null(strstr(GET(w->county, "/v1/teacher-imports/template")->body,
			       "\"'990999199202090026\""));
}

/* --- what a refusal says --- */

static const char *rejected_of(struct world *w, const char *kind, const char *csv,
			       const char *language)
{
	const char *id = import_text(w, w->county, kind, csv);
	struct answer *a = call(w->county, "GET", text("/v1/%s-imports/%s/rejected", kind, id),
				NULL, "Accept-Language", language, NULL);

	expect(a, 200, NULL);
	return a->body;
}

static void expect_said(const char *body, const char *words)
{
	if (!strstr(body, words))
		fail_msg("%s is not in %s", words, body);
}

static void a_word_that_is_not_known_is_told_with_those_that_are(void **state)
{
	struct world *w = *state;
	const char *roster = "学校标识码,姓名,身份证号,担任班级,任职类型,学段\n"
			     "2199700001,周甲,,三年级(1)班,校长,大学\n";
	const char *hours = "姓名,学校标识码,日期,学时,级别,来源,来源编号\n"
			    "周甲,2199700001,二〇二六年,6,村级,传说,C-1\n";
	const char *body = rejected_of(w, "teacher", roster, "zh");

	expect_said(
		body,
		"任职类型：任职类型不认得；可填：班主任、代理班主任、副班主任、助理、见习班主任、后备");
	expect_said(body, "学段：学段不认得；可填：小学、初中、高中、中职、特殊教育、学前");
	expect_said(body, "没有填写；身份证号和出生年月至少填写一项");
	body = rejected_of(w, "teacher", roster, "en");
	expect_said(body, "it may be: homeroom, acting, deputy, assistant, trainee, reserve");
	body = rejected_of(w, "hour", hours, "zh");
	expect_said(body, "级别不认得；可填：国家级、省级、市级、县级、片区、校级、自修");
	expect_said(body, "来源不认得；可填：外部证书、转入、期初、调整");
	expect_said(body, "日期：不是日期；可写作 2024-09-01、");
}

/* The forms that a text names are read as such: days first, then months. */
static void every_date_form_that_is_told_is_a_date(void **state)
{
	struct world *w = *state;
	char *forms = arena_strdup(w->arena, violation_text("not-a-date", LANGUAGE_EN)), *rest;
	char day[11];
	int days = 0, months = 0;

	for (char *form = strtok_r(forms, ", :;", &rest); form;
	     form = strtok_r(NULL, ", :;", &rest)) {
		if (!strchr("0123456789", *form))
			continue;
		assert_non_null(strstr(violation_text("not-a-date", LANGUAGE_ZH), form));
		if (cell_date(form, day) == CELL_DAY)
			days++;
		else if (cell_date(form, day) == CELL_MONTH)
			months++;
		else
			fail_msg("%s", form);
		assert_string_equal(day, "2024-09-01");
	}
	assert_int_equal(days, 5);
	assert_int_equal(months, 4);
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
	/*
	 * Read with it nobody has changed the import since: it is the state that is not right yet.
	 */
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
		cmocka_unit_test(the_example_of_a_template_that_was_left_in_is_refused),
		cmocka_unit_test(the_example_of_a_template_agrees_with_itself),
		cmocka_unit_test(the_example_is_nobody_of_the_demonstration_county),
		cmocka_unit_test(a_word_that_is_not_known_is_told_with_those_that_are),
		cmocka_unit_test(every_date_form_that_is_told_is_a_date),
		cmocka_unit_test(what_is_answered_at_once_has_the_version_that_its_body_has),
	};

	return cmocka_run_group_tests_name("import_columns", tests, world_begin, world_end);
}
