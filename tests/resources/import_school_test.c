/*
 * import_school_test.c -- lists of a school where others are concerned: what it takes back of
 * people who are no longer its own.
 */
#include "import_list.h"

#define PEOPLE "学校标识码,姓名,身份证号,出生年月,联系电话,任职类型\n"
#define DOCUMENT "990103199001011233"

/* A list of teachers by C, committed. */
static const char *list_of(struct world *w, struct client *c, const char *lines)
{
	const char *id = import_text(w, c, "teacher", text(PEOPLE "%s", lines));

	expect(look(c, "teacher", id), 200, "{'counts': {'rejected': 0}}");
	commit(w, c, "teacher", id);
	return id;
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

	list_of(w, w->county, "2199700001,先离,,1990-01-01,13000000201,后备\n");
	id = list_of(w, w->school, "2199700001,先离," DOCUMENT ",1990-01-01,13000000202,后备\n");
	leave(w, "先离");
	expect(ask_undo(w->school, "teacher", id), 409,
	       "{'code': 'import-in-use', 'rows': [{'part': 1, 'row': 2, 'what': 'membership'}]}");
	expect_sql(w, "13000000202true", text(AS_WRITTEN, "先离"));
}

static void nor_of_who_leaves_before_the_job_comes_to_it(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, w->county, "2199700001,后离,,1990-02-01,13000000203,后备\n");
	id = list_of(w, w->school, "2199700001,后离,,1990-02-01,13000000204,后备\n");
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

	list_of(w, w->county, "2199700001,还在,,1990-03-01,13000000205,后备\n");
	id = list_of(w, w->school, "2199700001,还在,,1990-03-01,13000000206,后备\n");
	expect(ask_undo(w->school, "teacher", id), 202, NULL);
	world_jobs(w);
	expect(look(w->school, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
	expect_sql(w, "13000000205false", text(AS_WRITTEN, "还在"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_school_takes_nothing_back_of_who_has_left),
		cmocka_unit_test(nor_of_who_leaves_before_the_job_comes_to_it),
		cmocka_unit_test(of_who_is_there_it_does),
	};

	return cmocka_run_group_tests_name("import_school", tests, world_begin, world_end);
}
