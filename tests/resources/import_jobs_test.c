/*
 * import_jobs_test.c -- the jobs of imports that are done again, or come to an import that is no
 * longer as it was when they were asked for.
 */
#include "import_list.h"

/* As if the worker of a job had died between its commit and writing down how it ended. */
static void lose(struct world *w, const char *job)
{
	world_value(w, "DELETE FROM job_heartbeat WHERE job = $1::uuid RETURNING 'x'", job, NULL);
	world_value(
		w,
		"UPDATE job SET state = 'running', finished_at = NULL, not_before = '-infinity' "
		"WHERE id = $1::uuid RETURNING 'x'",
		job, NULL);
}

static const char *job_of(struct world *w, const char *id)
{
	return world_value(w, "SELECT job::text FROM import WHERE id = $1::uuid", id, NULL);
}

static void reading_again_decides_nothing_over_what_was_committed(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO), *reading = job_of(w, id);

	commit(w, w->county, "teacher", id);
	lose(w, reading);
	world_jobs(w);
	expect(GET(w->county, "/v1/jobs/%s", reading), 200, "{'state': 'succeeded'}");
	expect(look(w->county, "teacher", id), 200,
	       "{'state': 'committed', 'counts': {'accepted': 2, 'unchanged': 0}}");
	expect(rows(w->county, "teacher", id, "accepted"), 200, "{'data': [{}, {}]}");
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
	lose(w, reading);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200,
	       "{'state': 'undone', 'counts': {'accepted': 2, 'unchanged': 0}}");
}

static void committing_again_does_not_end_an_undoing(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO), *committing;

	commit(w, w->county, "teacher", id);
	committing = job_of(w, id);
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	lose(w, committing);
	world_jobs(w);
	expect(GET(w->county, "/v1/jobs/%s", committing), 200, "{'state': 'succeeded'}");
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
}

/* A job that is given up says nothing about the work of another. */
static void a_reading_that_is_given_up_does_not_end_a_commit(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO), *reading = job_of(w, id);

	expect(ask_commit(w->county, "teacher", id, "all"), 202, "{'state': 'committing'}");
	lose(w, reading);
	world_value(w, "UPDATE job SET attempt = 99 WHERE id = $1::uuid RETURNING 'x'", reading,
		    NULL);
	world_jobs(w);
	expect(GET(w->county, "/v1/jobs/%s", reading), 200, "{'state': 'failed'}");
	expect(look(w->county, "teacher", id), 200, "{'state': 'committed', 'problem': null}");
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	world_jobs(w);
}

static void what_is_purged_after_asking_is_neither_undone_nor_committed(void **state)
{
	struct world *w = *state;
	const char *there =
		"SELECT count(*)::text FROM membership m JOIN person p ON p.id = m.person "
		"WHERE p.name = '周甲'";
	const char *id = import_text(w, w->county, "teacher", TWO), *later;

	commit(w, w->county, "teacher", id);
	expect_sql(w, "2", there);
	later = import_text(
		w, w->county, "teacher",
		HEAD "2199700001,周甲,,1990-01-01,,13000000009,三年级(1)班,班主任,2020-09\n");
	expect(ask_commit(w->county, "teacher", later, "all"), 202, NULL);
	import_forget(w, later);
	expect(ask_undo(w->county, "teacher", id), 202, NULL);
	import_forget(w, id);
	world_jobs(w);
	expect(look(w->county, "teacher", later), 200,
	       "{'state': 'ready', 'problem': {'code': 'import-purged'}}");
	expect(look(w->county, "teacher", id), 200,
	       "{'state': 'committed', 'problem': {'code': 'import-purged'}}");
	expect_sql(w, "2", there);
}

/* --- rejected records --- */

/* More than one JSON document may hold. */
static void rejected_records_come_back_however_many_problems_they_have(void **state)
{
	enum { ROWS = 700, PROBLEMS = 60 };
	struct world *w = *state;
	char *csv = arena_alloc(w->arena, ROWS * 40 + 200), *end = csv;
	const char *id, *line;
	struct answer *a;
	int lines = 0;

	end += sprintf(end, "学校标识码,学校名称,学段\n");
	for (int i = 0; i < ROWS; i++)
		end += sprintf(end, "%d,甲%d,小学\n", i, i);
	id = import_text(w, w->county, "school", csv);
	world_value(w,
		    "UPDATE import_row r SET problems = (SELECT jsonb_agg(CASE WHEN n > 0 THEN "
		    "r.problems->0 END) FROM generate_series(1, $2::int) AS n) "
		    "WHERE r.import = $1::uuid AND r.outcome = 'rejected' RETURNING 'x'",
		    id, text("%d", PROBLEMS), NULL);
	a = GET(w->county, "/v1/school-imports/%s/rejected", id);
	expect(a, 200, NULL);
	for (line = strstr(a->body, "\r\n"); line; line = strstr(line + 2, "\r\n"))
		lines++;
	assert_int_equal(lines, ROWS + 1);
	assert_non_null(strstr(a->body, "\r\n\"699\",\"甲699\",\"小学\",\"学校标识码："));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_again_decides_nothing_over_what_was_committed),
		cmocka_unit_test(committing_again_does_not_end_an_undoing),
		cmocka_unit_test(a_reading_that_is_given_up_does_not_end_a_commit),
		cmocka_unit_test(what_is_purged_after_asking_is_neither_undone_nor_committed),
		cmocka_unit_test(rejected_records_come_back_however_many_problems_they_have),
	};

	return cmocka_run_group_tests_name("import_jobs", tests, world_begin, world_end);
}
