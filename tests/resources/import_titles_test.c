/*
 * import_titles_test.c -- what undoing a list does to titles: nothing is lost and nothing revived
 * that somebody said of them since.
 */
#include "import_list.h"

/* A list of one teacher of A1 and her title, committed; its id. */
static const char *list_of(struct world *w, const char *name, const char *title)
{
	const char *id =
		import_text(w, w->county, "teacher",
			    text(HEAD "2199700001,%s,,1990-01-01,%s,,,后备,\n", name, title));

	commit(w, w->county, "teacher", id);
	return id;
}

/* Declares a title of hers void, by its code. */
static void declare_void(struct world *w, const char *name, const char *title)
{
	const char *both = world_value(w,
				       "SELECT p.id || '/titles/' || t.id FROM title t "
				       "JOIN person p ON p.id = t.person "
				       "WHERE p.name = $1 AND t.name = $2",
				       name, title, NULL);

	expect(call(w->county, "POST", text("/v1/teachers/%s/void", both), "{'reason': '误录'}",
		    "If-Match", "*", NULL),
	       200, NULL);
}

static void undo(struct world *w, const char *id)
{
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
}

static void expect_present(struct world *w, const char *name, const char *title)
{
	expect_sql(w, title,
		   text("SELECT coalesce(title, '-') FROM person WHERE name = '%s'", name));
}

static void a_title_that_was_declared_void_since_is_not_present_again(void **state)
{
	struct world *w = *state;
	const char *id;

	list_of(w, "再无", "二级教师");
	id = list_of(w, "再无", "一级教师");
	declare_void(w, "再无", "second");
	undo(w, id);
	expect_present(w, "再无", "-");
}

/* The one before it is the last one recorded, also where a list made it so. */
static void the_title_before_the_list_is_present_again(void **state)
{
	static const char *const titles[] = {"一级教师", "高级教师", "一级教师", "二级教师"};
	struct world *w = *state;
	const char *id = NULL;

	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		world_clock(w, w->county_a, text("2026-10-15 02:%02zu+00", 10 + i));
		id = list_of(w, "起落", titles[i]);
	}
	world_clock(w, w->county_a, "2026-10-15 02:00+00");
	expect_present(w, "起落", "second");
	undo(w, id);
	expect_present(w, "起落", "first");
}

static void a_title_of_the_list_that_was_declared_void_stays(void **state)
{
	struct world *w = *state;
	struct answer *a;
	const char *id;

	list_of(w, "留痕", "二级教师");
	id = list_of(w, "留痕", "一级教师");
	declare_void(w, "留痕", "first");
	a = ask_undo(w->county, "teacher", id);
	expect(a, 409,
	       "{'code': 'import-in-use', 'rows': [{'part': 1, 'row': 2, 'what': 'title'}]}");
	expect_sql(w, "误录",
		   "SELECT t.void_reason FROM title t JOIN person p ON p.id = t.person "
		   "WHERE p.name = '留痕' AND t.name = 'first'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_title_that_was_declared_void_since_is_not_present_again),
		cmocka_unit_test(the_title_before_the_list_is_present_again),
		cmocka_unit_test(a_title_of_the_list_that_was_declared_void_stays),
	};

	return cmocka_run_group_tests_name("import_titles", tests, world_begin, world_end);
}
