/*
 * hour_list_test.c -- the list of the county's hours: what it may be narrowed by, and with what.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const filters[][2] = {
	{"level", "county"},
	{"activity_from", "2026-10-01"},
	{"activity_to", "2026-10-01"},
	{"source_kind", "adjustment"},
};

enum { FILTERS = sizeof filters / sizeof *filters };

static void post(struct world *w, const char *school, const char *level, const char *day,
		 const char *kind, const char *key)
{
	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'school_id': '%s', 'hours': 1, 'level': '%s', "
			 "'activity_on': '%s', 'source': {'kind': '%s', 'key': '%s'}}",
			 w->teacher_a1, school, level, day, kind, key)),
	       201, NULL);
}

static void what_has_no_index_is_asked_of_a_school_or_a_source(void **state)
{
	struct world *w = *state;
	size_t i;

	for (i = 0; i < FILTERS; i++) {
		struct answer *a =
			GET(w->county, "/v1/hour-entries?%s=%s", filters[i][0], filters[i][1]);

		expect(a, 400,
		       text("{'code': 'invalid-parameters', 'errors': [{'parameter': '%s', "
			    "'code': 'needs-school-or-source'}]}",
			    filters[i][0]));
		expect(GET(w->county, "/v1/hour-entries?%s=%s&source_key=none", filters[i][0],
			   filters[i][1]),
		       200, "{'data': []}");
	}
}

static void the_entries_of_a_school_are_narrowed_by_each(void **state)
{
	struct world *w = *state;
	static const char *const found[FILTERS] = {"k1", "k1", "k2", "k1"};
	size_t i;

	post(w, w->school_a1, "county", "2026-10-02", "adjustment", "k1");
	post(w, w->school_a1, "city", "2026-09-01", "opening_balance", "k2");
	post(w, w->school_a2, "county", "2026-10-01", "adjustment", "k3");
	for (i = 0; i < FILTERS; i++) {
		struct answer *a = GET(w->county, "/v1/hour-entries?school_id=%s&%s=%s",
				       w->school_a1, filters[i][0], filters[i][1]);

		expect(a, 200, text("{'data': [{'source': {'key': '%s'}}]}", found[i]));
		assert_int_equal(count_at(a, "data"), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_no_index_is_asked_of_a_school_or_a_source),
		cmocka_unit_test(the_entries_of_a_school_are_narrowed_by_each),
	};

	return cmocka_run_group_tests_name("hour list", tests, world_begin, world_end);
}
