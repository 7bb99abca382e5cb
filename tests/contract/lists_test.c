/*
 * lists_test.c -- what the contract says of lists that are sent and given: their columns, words and
 * dates are those that the program reads, and their examples are what it answers.
 */
#include "resources/import_list.h"

#include "resources/import_record.h"

static const struct {
	const char *name;
	const struct import_kind *kind;
} lists[] = {
	{"school", &import_kind_schools},
	{"teacher", &import_kind_teachers},
	{"hour", &import_kind_hours},
};

enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

/* --- columns --- */

/* The texts of LIST with "、" between them, as far as they are there. */
static const char *joined(struct world *w, const char *const *list, size_t count)
{
	const char *all = "";

	for (size_t i = 0; i < count && list[i]; i++)
		all = arena_printf(w->arena, "%s%s%s", all, i ? "、" : "", list[i]);
	return all;
}

/* All spellings of all words: "男、male、m；女、female、f". */
static const char *spellings(struct world *w, const char *const *words)
{
	const char *all = "";

	for (const char *const *at = words; at && at[0]; at += 2) {
		const char *const *same = words;

		while (strcmp(same[1], at[1]) != 0)
			same += 2;
		if (same != at)
			continue;
		all = arena_printf(w->arena, "%s%s%s", all, *all ? "；" : "", at[0]);
		for (same += 2; same[0]; same += 2) {
			if (strcmp(same[1], at[1]) == 0)
				all = arena_printf(w->arena, "%s、%s", all, same[0]);
		}
	}
	return all;
}

/* The table of a kind's columns as the contract has it, in Markdown. */
static const char *table_of(struct world *w, const struct import_kind *kind)
{
	const char *table =
		"| 列 / column | 必需 / needed | 也写作 / also written | 可填 / words |\n"
		"|---|---|---|---|\n";

	for (int i = 0; i < kind->column_count; i++) {
		const struct import_column *c = &kind->columns[i];

		table = arena_printf(
			w->arena, "%s| %s | %s | %s | %s |\n", table, c->label,
			c->required                     ? "是 / yes"
			: kind->one_of_columns >> i & 1 ? "其一 / one of these"
							: "",
			joined(w, c->headings, sizeof(c->headings) / sizeof(c->headings[0])),
			spellings(w, c->words));
	}
	return table;
}

static void expect_described(struct world *w, const char *operation, const char *words)
{
	const struct operation *o = contract_operation(w->program.contract, operation);
	const char *said = json_string_value(json_object_get(o->definition, "description"));

	if (!strstr(said, words)) {
		/* Longer than cmocka prints. */
		fprintf(stderr, "%s\n", words);
		fail_msg("the description of %s should say the above", o->id);
	}
}

static void the_contract_tells_the_columns_that_are_read(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < LISTS; i++)
		expect_described(w, text("%s_import_create", lists[i].name),
				 table_of(w, lists[i].kind));
	expect_described(w, "course_scores_enter", table_of(w, &list_of_scores));
}

static void the_contract_tells_the_dates_that_are_read(void **state)
{
	static const char *const dated[] = {"teacher_import_create", "hour_import_create"};
	const char *zh = strstr(violation_text("not-a-date", LANGUAGE_ZH), "可写作");
	const char *en = strstr(violation_text("not-a-date", LANGUAGE_EN), "it may be");

	assert_non_null(zh);
	assert_non_null(en);
	for (size_t i = 0; i < 2; i++) {
		expect_described(*state, dated[i], zh);
		expect_described(*state, dated[i], en + strlen("it "));
	}
}

/* --- examples --- */

/* The text/csv example of an answer to O, or NULL. */
static const char *answer_example(const struct operation *o)
{
	const json_t *ok = json_object_get(json_object_get(o->definition, "responses"), "200");
	const json_t *csv = json_object_get(json_object_get(ok, "content"), "text/csv");

	return json_string_value(json_object_get(csv, "example"));
}

static void the_example_of_a_template_is_the_template(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < LISTS; i++) {
		struct answer *a = GET(w->county, "/v1/%s-imports/template", lists[i].name);

		expect(a, 200, NULL);
		assert_string_equal(
			answer_example(contract_operation(
				w->program.contract, text("%s_import_template", lists[i].name))),
			a->body);
	}
}

/* The three build on each other: a school, who works there, her hours. */
static void the_example_of_a_list_to_send_can_be_read_whole(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < LISTS; i++) {
		const struct operation *o = contract_operation(
			w->program.contract, text("%s_import_create", lists[i].name));
		const json_t *body = json_object_get(o->definition, "requestBody");
		const json_t *csv = json_object_get(json_object_get(body, "content"), "text/csv");
		const char *example = json_string_value(json_object_get(csv, "example"));

		const char *id = import_text(w, w->county, lists[i].name, example);

		expect(look(w->county, lists[i].name, id), 200,
		       "{'state': 'ready', 'counts': {'accepted': 1, 'rejected': 0}, "
		       "'parts': [{'unread_columns': []}]}");
		commit(w, w->county, lists[i].name, id);
	}
}

/* A list as it was before its last column, the reason, was added. */
static const char *without_reason(struct world *w, const char *example)
{
	char *list = arena_strdup(w->arena, example), *rest;
	const char *csv = "";

	for (char *line = strtok_r(list, "\r\n", &rest); line;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		*strrchr(line, ',') = '\0';
		csv = arena_printf(w->arena, "%s%s\r\n", csv, line);
	}
	return csv;
}

static void the_example_of_rejected_rows_is_what_such_a_list_gets_back(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < LISTS; i++) {
		const char *example = answer_example(contract_operation(
			w->program.contract, text("%s_import_rejected", lists[i].name)));
		const char *id =
			import_text(w, w->county, lists[i].name, without_reason(w, example));
		struct answer *a = GET(w->county, "/v1/%s-imports/%s/rejected", lists[i].name, id);

		expect(a, 200, NULL);
		assert_string_equal(example, a->body);
	}
}

/* True when every cell of LINE stands between quotes. */
static bool is_quoted(const char *line)
{
	size_t length = strcspn(line, "\r");

	for (size_t i = 0; i < length; i++) {
		if (line[i] == ',' && (line[i - 1] != '"' || line[i + 1] != '"'))
			return false;
	}
	return *line == '"' && line[length - 1] == '"';
}

/* The rows of a report are the county's; its header and how a cell is written are not. */
static void the_example_of_a_report_has_the_header_of_the_report(void **state)
{
	static const char *const reports[] = {"compliance", "short"};
	struct world *w = *state;
	struct answer *made;

	commit(w, w->county, "teacher", import_text(w, w->county, "teacher", TWO));
	made = POST(
		w->county, "/v1/requirements",
		"{'name': '每年三十学时', 'window': 'calendar_year', 'effective_on': '2026-01-01', "
		"'population': {'appointment_kinds': ['homeroom']}, 'target_hours': 30}");

	expect(made, 201, NULL);
	for (size_t i = 0; i < 2; i++) {
		const char *example = answer_example(
			contract_operation(w->program.contract, text("report_%s", reports[i])));
		struct answer *a = call(
			w->county, "GET",
			text("/v1/reports/%s?requirement_id=%s", reports[i], text_at(made, "id")),
			NULL, "Accept", "text/csv", NULL);
		size_t header = strcspn(example, "\n") + 1;

		expect(a, 200, NULL);
		assert_memory_equal(example, a->body, header);
		assert_true(is_quoted(a->body + header));
		assert_true(is_quoted(example + header));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_contract_tells_the_columns_that_are_read),
		cmocka_unit_test(the_contract_tells_the_dates_that_are_read),
		cmocka_unit_test(the_example_of_a_template_is_the_template),
		cmocka_unit_test(the_example_of_a_list_to_send_can_be_read_whole),
		cmocka_unit_test(the_example_of_rejected_rows_is_what_such_a_list_gets_back),
		cmocka_unit_test(the_example_of_a_report_has_the_header_of_the_report),
	};

	return cmocka_run_group_tests_name("lists of the contract", tests, world_begin, world_end);
}
