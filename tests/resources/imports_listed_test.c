/*
 * imports_listed_test.c -- which imports there are, told to whom.
 */
#include "import_list.h"

static void imports_are_listed_with_the_latest_first(void **state)
{
	struct world *w = *state;
	const char *first = import_text(w, w->county, "teacher", TWO);
	const char *second = import_text(w, w->county, "teacher", TWO);

	expect(GET(w->county, "/v1/teacher-imports?state=ready"), 200,
	       text("{'data': [{'id': '%s'}, {'id': '%s'}]}", second, first));
	expect(GET(w->other_school, "/v1/teacher-imports?sort=created_at"), 200, "{'data': []}");
}

/* They are the county's, and speak of no day. */
static void imports_of_schools_and_hours_are_listed_for_the_county(void **state)
{
	static const char *const kinds[] = {"school", "hour"};
	static const char *const heads[] = {"学校标识码,学校名称,学段,乡镇\n",
					    "姓名,学校标识码,日期,学时,级别,来源,来源编号\n"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *list = text("/v1/%s-imports", kinds[i]);
		const char *id = import_text(w, w->county, kinds[i], heads[i]);

		expect(GET(w->county, "%s?state=ready", list), 200,
		       text("{'data': [{'id': '%s', 'kind': '%ss'}]}", id, kinds[i]));
		expect(GET(w->county, "%s?state=undone&sort=created_at", list), 200,
		       "{'data': []}");
		expect(GET(w->school, "%s", list), 200, "{'data': []}");
		expect(send_bytes(w->county, text("%s?filename=a.csv&as_of_on=2026-09-01", list),
				  "x", 1),
		       400, "{'errors': [{'parameter': 'as_of_on', 'code': 'parameter-unknown'}]}");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imports_are_listed_with_the_latest_first),
		cmocka_unit_test(imports_of_schools_and_hours_are_listed_for_the_county),
	};

	return cmocka_run_group_tests_name("imports listed", tests, world_begin, world_end);
}
