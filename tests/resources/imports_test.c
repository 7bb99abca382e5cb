/*
 * imports_test.c -- the county's schools and roster as they were sent: what each record comes to,
 * commit, the same file again, what is given back.
 */
#include "import_list.h"

/* --- the county's own files, in county B, which has none of these schools --- */

static void the_countys_schools_come_in_by_list(void **state)
{
	struct world *w = *state;
	size_t length;
	char *bytes = file_bytes(w, "db/demo/schools.csv", &length);
	const char *id = import_bytes(w, w->other_county, "school", bytes, length);

	expect(look(w->other_county, "school", id), 200,
	       "{'state': 'ready', 'counts': {'accepted': 24, 'rejected': 0, 'skipped': 1}}");
	commit(w, w->other_county, "school", id);
	expect_sql(w, "24",
		   text("SELECT count(*)::text FROM school WHERE county = %d "
			"AND code LIKE '__99700%%'",
			w->county_b));
	expect_sql(w, "special six_three",
		   text("SELECT stages[1] || ' ' || school_system FROM school "
			"WHERE county = %d AND code = '5199700023'",
			w->county_b));
	id = import_bytes(w, w->other_county, "school", bytes, length);
	expect(look(w->other_county, "school", id), 200,
	       "{'counts': {'accepted': 0, 'changed': 0, 'unchanged': 24}}");
	id = import_text(w, w->other_county, "school",
			 "学校标识码,学校名称,学段,乡镇\n2199700000,青山镇中心小学,小学,青山镇\n"
			 "9999700000,无,小学,无\n");
	expect(rows(w->other_county, "school", id, "changed"), 200,
	       "{'data': [{'row': 2, 'changes': {'学校名称': {'old': '青山中心小学', "
	       "'new': '青山镇中心小学'}}}]}");
	expect(rows(w->other_county, "school", id, "rejected"), 200,
	       "{'data': [{'problems': [{'code': 'school-code-category'}]}]}");
}

static const char *roster_id;

struct expectation {
	char outcome[12], field[40];
};

static const struct {
	const char *in_file, *here;
} outcomes[] = {
	{"accept", "accepted"},     {"warn", "warned"},     {"reject", "rejected"},
	{"duplicate", "duplicate"}, {"skipped", "skipped"},
};

/* What the county says each record must come to, by its number; the number of records. */
static size_t read_expected(struct world *w, struct expectation *list)
{
	size_t length, count = 0;
	char *lines = file_bytes(w, "tests/resources/roster-expected.jsonl", &length), *rest;

	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *v = json_loads(line, 0, NULL);
		struct expectation *e = &list[json_integer_value(json_object_get(v, "row"))];
		const char *field = json_string_value(json_object_get(v, "field"));
		const char *outcome = json_string_value(json_object_get(v, "outcome"));

		for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
			if (strcmp(outcomes[i].in_file, outcome) == 0)
				snprintf(e->outcome, sizeof(e->outcome), "%s", outcomes[i].here);
		}
		snprintf(e->field, sizeof(e->field), "%s", field ? field : "");
		json_decref(v);
		count++;
	}
	return count;
}

static bool names_column(const json_t *row, const char *column)
{
	const char *its;
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(row, "problems"), i, p) {
		its = json_string_value(json_object_get(p, "column"));
		if (its && strcmp(its, column) == 0)
			return true;
	}
	return !*column;
}

static void every_record_of_the_roster_comes_to_what_the_county_expects(void **state)
{
	static struct expectation expected[2000];
	struct world *w = *state;
	size_t length, count = read_expected(w, expected), seen = 0, i;
	char *bytes = file_bytes(w, "db/demo/roster-gb18030.csv", &length);
	const char *next = "";
	struct answer *a;
	json_t *row;

	roster_id = import_bytes(w, w->other_county, "teacher", bytes, length);
	a = look(w->other_county, "teacher", roster_id);
	expect(a, 200,
	       "{'state': 'ready', 'counts': {'accepted': 1364, 'warned': 17, 'rejected': 132, "
	       "'duplicate': 7, 'skipped': 7}}");
	/* Some records hold several lines. */
	expect(GET(w->other_county, "/v1/jobs/%s", text_at(a, "job_id")), 200,
	       "{'state': 'succeeded', 'progress': {'done': 1527, 'total': 1527}}");
	while (next) {
		a = GET(w->other_county, "/v1/teacher-imports/%s/rows?page_size=500%s", roster_id,
			next);
		expect(a, 200, NULL);
		json_array_foreach(json_at(a, "data"), i, row) {
			const struct expectation *e =
				&expected[json_integer_value(json_object_get(row, "row"))];

			if (strcmp(json_string_value(json_object_get(row, "outcome")),
				   e->outcome) != 0 ||
			    !names_column(row, e->field))
				fail_msg("expected %s %s: %s", e->outcome, e->field,
					 json_dumps(row, 0));
			seen++;
		}
		next = json_string_value(json_at(a, "page/next_cursor"));
		if (next)
			next = text("&cursor=%s", next);
	}
	assert_int_equal(seen, count);
}

/* The county's file holds these rows twice in a row. */
static void a_duplicate_says_of_which_record(void **state)
{
	static const int expected[] = {70, 195, 527, 695, 1147, 1215, 1438};
	struct world *w = *state;
	struct answer *a = rows(w->other_county, "teacher", roster_id, "duplicate");
	int row, first;

	expect(a, 200, NULL);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(json_unpack(json_array_get(json_at(a, "data"), i), "{si s{si}}",
					     "row", &row, "duplicate_of", "row", &first),
				 0);
		assert_int_equal(row, expected[i]);
		assert_int_equal(first, row - 1);
	}
}

static void a_report_shows_no_identity_number(void **state)
{
	struct world *w = *state;
	struct answer *a =
		GET(w->other_county, "/v1/teacher-imports/%s/rows?page_size=500", roster_id);

	expect(a, 200, NULL);
	assert_null(strstr(a->body, "199804024457"));
	assert_non_null(strstr(a->body, "990***********4457"));
}

static void all_rows_or_none_is_refused_while_some_are_rejected(void **state)
{
	struct world *w = *state;

	expect(ask_commit(w->other_county, "teacher", roster_id, "all"), 409,
	       "{'code': 'import-has-rejected-rows'}");
}

static void a_commit_makes_people_classes_and_appointments(void **state)
{
	struct world *w = *state;
	const int b = w->county_b;

	commit(w, w->other_county, "teacher", roster_id);
	expect_sql(w, "1381",
		   text("SELECT count(*)::text FROM person WHERE county = %d AND teacher "
			"AND resident_hash IS NOT NULL",
			b));
	expect_sql(w, "1381",
		   text("SELECT count(*)::text FROM homeroom_appointment WHERE county = %d", b));
	/* 任班主任起始时间 is kept as it is; the appointment begins with the school year. */
	expect_sql(w, "2007-02-01 2026-09-01",
		   text("SELECT p.homeroom_since || ' ' || lower(a.during) FROM person p "
			"JOIN homeroom_appointment a ON a.county = p.county AND a.person = p.id "
			"WHERE p.county = %d AND p.name = '马明宇' AND p.birth_on = '1977-02-19'",
			b));
	expect_sql(w, "2023 2",
		   text("SELECT c.entry_year || ' ' || c.number FROM class c "
			"JOIN homeroom_appointment a ON a.county = c.county AND a.class = c.id "
			"JOIN person p ON p.county = a.county AND p.id = a.person "
			"WHERE p.county = %d AND p.name = '金琪' AND a.kind = 'homeroom'",
			b));
	expect(GET(w->other_county, "/v1/teachers?q=jinqi"), 200, "{'data': [{'name': '金琪'}]}");
}

static void the_same_file_again_changes_nothing(void **state)
{
	struct world *w = *state;
	size_t length;
	char *bytes = file_bytes(w, "db/demo/roster-gb18030.csv", &length);
	const char *id = import_bytes(w, w->other_county, "teacher", bytes, length), *before;

	expect(look(w->other_county, "teacher", id), 200,
	       "{'counts': {'accepted': 0, 'warned': 0, 'changed': 0, 'unchanged': 1381, "
	       "'duplicate': 7, 'rejected': 132}}");
	before = world_value(w,
			     "SELECT count(*)::text FROM event WHERE object IN ('person', 'class', "
			     "'membership', 'title', 'homeroom_appointment')",
			     NULL);
	commit(w, w->other_county, "teacher", id);
	expect_sql(w, before,
		   "SELECT count(*)::text FROM event WHERE object IN ('person', 'class', "
		   "'membership', 'title', 'homeroom_appointment')");
}

static void an_import_is_undone_while_nothing_hangs_on_it(void **state)
{
	struct world *w = *state;
	const char *person = world_value(
		w, "SELECT p.id::text FROM person p WHERE p.county = $1::int AND p.name = '马明宇'",
		text("%d", w->county_b), NULL);
	struct answer *a =
		POST(w->other_county, "/v1/hour-entries",
		     text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', "
			  "'activity_on': '2026-10-01', 'source': {'kind': 'adjustment', "
			  "'key': 'x'}}",
			  person));

	expect(a, 201, NULL);
	expect(ask_undo(w->other_county, "teacher", roster_id), 409, "{'code': 'import-in-use'}");
	assert_non_null(
		strstr(ask_undo(w->other_county, "teacher", roster_id)->body, "\"hour_entry\""));
}

/* --- what is given back --- */

static void rejected_rows_come_back_with_a_column_that_says_why(void **state)
{
	struct world *w = *state;
	struct client *narrow = client_new(w, "client", w->county_b, NULL, NULL, "imports:read");
	struct answer *a = GET(w->other_county, "/v1/teacher-imports/%s/rejected", roster_id);

	expect(a, 200, NULL);
	assert_memory_equal(a->body, "\xef\xbb\xbf", 3);
	assert_non_null(strstr(a->body, "\"备注\",\"原因\"\r\n"));
	assert_non_null(strstr(a->body, "学校标识码：没有这个学校标识码的学校\"\r\n"));
	/* In full for who sent it: text that a spreadsheet leaves alone. */
	assert_non_null(strstr(a->body, "\"'990102199702064112\""));
	a = GET(narrow, "/v1/teacher-imports/%s/rejected", roster_id);
	expect(a, 200, NULL);
	assert_null(strstr(a->body, "199702064112"));
	assert_non_null(strstr(a->body, "\"'990***********4112\""));
	a = GET(w->other_county, "/v1/teacher-imports/%s/rejected?charset=gb18030", roster_id);
	expect(a, 200, NULL);
	assert_non_null(strstr(header_of(a, "Content-Type"), "gb18030"));
	assert_non_null(memmem(a->body, a->length, "\xd4\xad\xd2\xf2", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_countys_schools_come_in_by_list),
		cmocka_unit_test(every_record_of_the_roster_comes_to_what_the_county_expects),
		cmocka_unit_test(a_duplicate_says_of_which_record),
		cmocka_unit_test(a_report_shows_no_identity_number),
		cmocka_unit_test(all_rows_or_none_is_refused_while_some_are_rejected),
		cmocka_unit_test(a_commit_makes_people_classes_and_appointments),
		cmocka_unit_test(the_same_file_again_changes_nothing),
		cmocka_unit_test(an_import_is_undone_while_nothing_hangs_on_it),
		cmocka_unit_test(rejected_rows_come_back_with_a_column_that_says_why),
	};

	return cmocka_run_group_tests_name("imports", tests, world_begin, world_end);
}
