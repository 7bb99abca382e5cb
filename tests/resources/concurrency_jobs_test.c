/*
 * concurrency_jobs_test.c -- jobs that are taken and asked for at the same moment: neither a
 * county's share nor what an officer may have waiting is passed by two who do not see each other.
 */
#include "harness/race.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OFFICER "10000000-0000-7000-8000-000000000000"

/* COUNT jobs that nobody does, each of an officer of her own unless one is given. */
static void queue(struct world *w, int county, const char *officer, int count)
{
	assert_non_null(world_value(
		w,
		"INSERT INTO job (county, kind, actor_role, actor_person) "
		"SELECT $1::int, 'waits', 'county', coalesce(nullif($2, '')::uuid, uuid_v7()) "
		"FROM generate_series(1, $3::int) RETURNING 'x'",
		text("%d", county), officer, text("%d", count), NULL));
}

static int forget_jobs(void **state)
{
	struct race *r = *state;

	world_value(r->world, "DELETE FROM job RETURNING 'x'", NULL);
	return 0;
}

/* Each holds what it took until the other has looked. */
#define TAKE "SELECT count(t.id), pg_sleep(0.3) FROM job_take(30, 1) t"
#define ASK                                                                                        \
	"WITH asked AS (INSERT INTO job (county, kind, actor_role, actor_person) "                 \
	"SELECT county, 'waits', 'county', '" OFFICER "' FROM job LIMIT 1 RETURNING 1) "           \
	"SELECT pg_sleep(0.3) FROM asked"

static void two_takers_do_not_pass_the_share_of_a_county(void **state)
{
	static const char *const both[RACERS] = {TAKE, TAKE};
	struct race *r = *state;
	struct world *w = r->world;
	char results[RACERS][80];

	queue(w, w->county_a, "", 3);
	race_sql(r, both, results);
	assert_string_equal(results[0], "");
	assert_string_equal(results[1], "");
	expect_sql(w, "1", "SELECT count(*) FROM job WHERE state = 'running'");
	/* There is room for the other county. */
	queue(w, w->county_b, "", 2);
	race_sql(r, both, results);
	expect_sql(w, "2 2",
		   "SELECT count(*) || ' ' || count(DISTINCT county) FROM job "
		   "WHERE state = 'running'");
}

static void two_who_ask_do_not_pass_what_may_wait(void **state)
{
	static const char *const both[RACERS] = {ASK, ASK};
	struct race *r = *state;
	struct world *w = r->world;
	char results[RACERS][80];

	queue(w, w->county_a, OFFICER, 19);
	race_sql(r, both, results);
	assert_true(!strcmp(results[0], "") != !strcmp(results[1], ""));
	assert_string_equal(*results[0] ? results[0] : results[1], "QL429");
	expect_sql(w, "20", "SELECT count(*) FROM job");
}

static void who_has_too_many_jobs_waiting_is_told_so(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *target = "/v1/school-imports?filename=list.csv", *officer;
	struct answer *a;

	a = call_bytes(w->county, "POST", target, "x", 1, "Content-Type", "text/csv", NULL);
	expect(a, 202, NULL);
	officer = text_at(a, "created_by");
	queue(w, w->county_a, officer, 19);
	a = call_bytes(w->county, "POST", target, "x", 1, "Content-Type", "text/csv", NULL);
	expect(a, 429, "{'code': 'too-many-jobs', 'most': 20}");
	assert_string_equal(header_of(a, "Retry-After"), "1");
	expect_sql(w, "1", "SELECT count(*) FROM import");
	/* Others are not in the way of it. */
	a = call_bytes(w->other_county, "POST", target, "x", 1, "Content-Type", "text/csv", NULL);
	expect(a, 202, NULL);
	a = call_bytes(w->school, "POST", "/v1/teacher-imports?filename=list.csv", "x", 1,
		       "Content-Type", "text/csv", NULL);
	expect(a, 202, NULL);
	world_jobs(w);
	a = call_bytes(w->county, "POST", target, "x", 1, "Content-Type", "text/csv", NULL);
	expect(a, 202, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(two_takers_do_not_pass_the_share_of_a_county,
					  forget_jobs),
		cmocka_unit_test_teardown(two_who_ask_do_not_pass_what_may_wait, forget_jobs),
		cmocka_unit_test_teardown(who_has_too_many_jobs_waiting_is_told_so, forget_jobs),
	};

	return cmocka_run_group_tests_name("concurrency of jobs", tests, race_begin, race_end);
}
