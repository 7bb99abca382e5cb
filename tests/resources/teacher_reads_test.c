/*
 * teacher_reads_test.c -- how a teacher may be asked for: with her school, and by an id in
 * capitals.
 */
#include "harness/world.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A teacher whom school A1 takes on. */
static struct answer *joins(struct world *w, const char *name)
{
	return POST(w->school, "/v1/teachers",
		    text("{'name': '%s', 'school_id': '%s', 'started_on': '2020-09-01'}", name,
			 w->school_a1));
}

/* Who joined has left before today. */
static void leaves(struct world *w, const char *id)
{
	expect_sql(
		w, "2",
		text("WITH c AS (SELECT set_config('qinglan.county', '%d', true)), m AS (UPDATE "
		     "membership SET during = '[2020-09-01,2026-10-01)' FROM c WHERE person = '%s' "
		     "RETURNING 1) SELECT count(*) FROM m",
		     w->county_a, id));
}

static void a_school_is_added_where_it_is_asked_for(void **state)
{
	struct world *w = *state;
	struct answer *made = joins(w, "展开");
	const char *path = text("/v1/teachers/%s", text_at(made, "id"));
	const char *school = text("{'school': {'id': '%s', 'status': 'open'}}", w->school_a1);
	struct answer *a = GET(w->school, "%s", path);

	assert_null(json_at(a, "school"));
	expect(GET(w->school, "%s?expand=school", path), 200, school);
	a = GET(w->school, "/v1/teachers?q=zhankai&expand=school");
	assert_string_equal(text_at(a, "data/0/school/id"), w->school_a1);
	assert_null(json_at(GET(w->school, "/v1/teachers?q=zhankai"), "data/0/school"));
	a = GET(w->school, "%s?expand=school&fields=name,school", path);
	expect(a, 200, school);
	assert_null(json_at(a, "id"));
	a = GET(w->school, "/v1/teachers?q=zhankai&expand=school&fields=school");
	assert_string_equal(text_at(a, "data/0/school/id"), w->school_a1);
	assert_null(json_at(a, "data/0/id"));
	expect(GET(w->school, "%s?expand=title", path), 400, NULL);
	/* To a school that she left it does not say where she works now. */
	leaves(w, text_at(made, "id"));
	a = GET(w->school, "%s?expand=school", path);
	expect(a, 200, "{'status': 'left', 'school': null}");
}

/* A membership is what a school sees a teacher by: it cannot take one whom it no longer has. */
static void a_former_school_does_not_let_itself_in_again(void **state)
{
	struct world *w = *state;
	struct answer *made = joins(w, "离去");
	const char *id = text("%s", text_at(made, "id"));
	const char *memberships = text("/v1/teachers/%s/memberships", id);
	const char *first = text_at(GET(w->school, "%s", memberships), "data/0/id");
	const char *end = text("%s/%s/end", memberships, first);
	const char *again =
		text("{'school_id': '%s', 'kind': 'personnel', 'started_on': '2026-10-05'}",
		     w->school_a1);

	leaves(w, id);
	expect(POST(w->school, memberships, again), 404, NULL);
	expect(call(w->school, "POST", end, "{\"ended_on\": \"2026-10-14\"}", "If-Match", "*",
		    NULL),
	       404, NULL);
	expect(POST(w->county, memberships, again), 201, NULL);
}

static void an_id_may_be_written_in_capitals(void **state)
{
	struct world *w = *state;
	char id[37];
	struct client *her = w->teacher;
	int i;

	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 2.5, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'capitals'}}",
			 w->teacher_a1)),
	       201, NULL);
	for (i = 0; i < 37; i++)
		id[i] = (char)toupper((unsigned char)w->teacher_a1[i]);
	assert_string_not_equal(id, w->teacher_a1);
	expect(GET(her, "/v1/teachers/%s", id), 200, text("{'id': '%s'}", w->teacher_a1));
	assert_int_equal(count_at(GET(her, "/v1/teachers/%s/hours", id), "data"), 1);
	expect(GET(her, "/v1/teachers/%s/hours/balance", id), 200, "{'hours': 2.5}");
	assert_true(count_at(GET(her, "/v1/teachers/%s/memberships", id), "data") > 0);
	assert_int_equal(count_at(GET(w->county, "/v1/teachers/%s/hours", id), "data"), 1);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers/%s/hours", id), "data"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_school_is_added_where_it_is_asked_for),
		cmocka_unit_test(a_former_school_does_not_let_itself_in_again),
		cmocka_unit_test(an_id_may_be_written_in_capitals),
	};

	return cmocka_run_group_tests_name("teacher reads", tests, world_begin, world_end);
}
