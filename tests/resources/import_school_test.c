/*
 * import_school_test.c -- lists of a school where others are concerned: what it is told of people
 * who are not its own, and what it takes back of who was.
 */
#include "import_list.h"

#define PEOPLE "学校标识码,姓名,身份证号,出生年月,联系电话,任职类型,担任班级\n"
#define DOCUMENT "990103199001011233"

/* A list of teachers by C, committed. */
static const char *list_of(struct world *w, struct client *c, const char *lines)
{
	return list_committed(w, c, text(PEOPLE "%s", lines));
}

/* --- taking back --- */

static void leave(struct world *w, const char *name)
{
	world_value(w,
		    "UPDATE membership m SET during = '[2026-08-01,2026-10-01)' FROM person p "
		    "WHERE p.id = m.person AND p.name = $1 RETURNING 'x'",
		    name, NULL);
}

#define AS_WRITTEN "SELECT phone || (resident_hash IS NOT NULL) FROM person WHERE name = '%s'"

static void a_school_takes_nothing_back_of_who_has_left(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, w->county, "2199700001,先离,,1990-01-01,13000000201,后备,\n");
	id = list_of(w, w->school, "2199700001,先离," DOCUMENT ",1990-01-01,13000000202,后备,\n");
	leave(w, "先离");
	expect(ask_undo(w->school, "teacher", id), 409,
	       "{'code': 'import-in-use', 'rows': [{'part': 1, 'row': 2, 'what': 'membership'}]}");
	expect_sql(w, "13000000202true", text(AS_WRITTEN, "先离"));
}

static void nor_of_who_leaves_before_the_job_comes_to_it(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, w->county, "2199700001,后离,,1990-02-01,13000000203,后备,\n");
	id = list_of(w, w->school, "2199700001,后离,,1990-02-01,13000000204,后备,\n");
	expect(ask_undo(w->school, "teacher", id), 202, NULL);
	leave(w, "后离");
	world_jobs(w);
	expect(look(w->school, "teacher", id), 200,
	       "{'state': 'committed', 'problem': {'code': 'import-in-use', "
	       "'rows': [{'part': 1, 'row': 2, 'what': 'membership'}]}}");
	expect_sql(w, "13000000204false", text(AS_WRITTEN, "后离"));
}

static void of_who_is_there_it_does(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, w->county, "2199700001,还在,,1990-03-01,13000000205,后备,\n");
	id = list_of(w, w->school, "2199700001,还在,,1990-03-01,13000000206,后备,\n");
	expect(ask_undo(w->school, "teacher", id), 202, NULL);
	world_jobs(w);
	expect(look(w->school, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
	expect_sql(w, "13000000205false", text(AS_WRITTEN, "还在"));
}

/* --- what is told --- */

/* The right name of a document tells itself by nothing. */
static void a_document_of_another_school_tells_no_name(void **state)
{
	struct world *w = *state;
	const char *const number = "990103199002021230";
	const char *id;

	list_of(w, w->county, text("2199700002,他校,%s,,,后备,\n", number));
	id = import_text(w, w->school, "teacher",
			 text(PEOPLE "2199700001,错甲,%s,,,后备,\n2199700001,他校,%s,,,后备,\n"
				     "2199700001,错乙,%s,,,后备,\n",
			      number, number, number));
	expect(rows(w->school, "teacher", id, "rejected"), 200,
	       "{'data': [{'row': 2, 'problems': [{'code': 'not-your-teacher'}]}, "
	       "{'row': 3, 'problems': [{'code': 'not-your-teacher'}]}, "
	       "{'row': 4, 'problems': [{'code': 'not-your-teacher'}]}]}");
	/* Who sees both is told. */
	id = import_text(w, w->county, "teacher",
			 text(PEOPLE "2199700002,错甲,%s,,,后备,\n", number));
	expect(rows(w->county, "teacher", id, "rejected"), 200,
	       "{'data': [{'problems': [{'code': 'document-of-another'}]}]}");
}

/* As POST /v1/teachers, which looks at names by birth dates alone, and at teachers alone. */
static void a_phone_of_another_school_warns_whatever_the_name(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, w->county,
		"2199700002,有号,,1990-05-05,13000000301,后备,\n"
		"2199700002,外人,,1990-06-06,13000000302,后备,\n");
	world_value(w,
		    "UPDATE person SET teacher = false, external = true WHERE name = '外人' "
		    "RETURNING 'x'",
		    NULL);
	id = import_text(w, w->school, "teacher",
			 PEOPLE "2199700001,错名,,1991-01-01,13000000301,后备,\n"
				"2199700001,有号,,1992-02-02,13000000301,后备,\n"
				"2199700001,外人,,1990-06-06,13000000302,后备,\n");
	expect(rows(w->school, "teacher", id, "warned"), 200,
	       "{'data': [{'row': 2, 'problems': [{'column': '联系电话', 'code': 'may-exist'}]}, "
	       "{'row': 3, 'problems': [{'column': '联系电话', 'code': 'may-exist'}]}]}");
	expect(POST(w->school, "/v1/teachers",
		    text("{'name': '有号', 'birth_on': '1992-02-02', 'phone': '13000000301', "
			 "'school_id': '%s'}",
			 w->school_a1)),
	       409, "{'code': 'possible-duplicate', 'candidates': [{'reasons': ['phone']}]}");
	expect(POST(w->school, "/v1/teachers",
		    text("{'name': '外人', 'birth_on': '1990-06-06', 'phone': '13000000302', "
			 "'school_id': '%s'}",
			 w->school_a1)),
	       201, NULL);
}

/* In one order, or the same list would be another plan each time. */
static void a_record_that_looks_like_two_is_warned_of_both(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, w->county, "2199700002,王同,,1985-05-05,13900002222,后备,\n");
	id = import_text(w, w->school, "teacher",
			 PEOPLE "2199700001,王同,,1985-05-05,13900002222,后备,\n");
	expect(rows(w->school, "teacher", id, "warned"), 200,
	       "{'data': [{'row': 2, 'problems': [{'column': '姓名', 'code': 'may-exist'}, "
	       "{'column': '联系电话', 'code': 'may-exist'}]}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_school_takes_nothing_back_of_who_has_left),
		cmocka_unit_test(nor_of_who_leaves_before_the_job_comes_to_it),
		cmocka_unit_test(of_who_is_there_it_does),
		cmocka_unit_test(a_document_of_another_school_tells_no_name),
		cmocka_unit_test(a_phone_of_another_school_warns_whatever_the_name),
		cmocka_unit_test(a_record_that_looks_like_two_is_warned_of_both),
	};

	return cmocka_run_group_tests_name("import_school", tests, world_begin, world_end);
}
