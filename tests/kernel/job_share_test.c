/*
 * job_share_test.c -- how counties, schools and officers share the threads that do jobs.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "harness/world.h"
#include "kernel/job.h"

enum { THREADS = 6 };

/* An officer who asks for nothing else. */
#define NEW ""
#define NONE ""

static struct world *world;

/* A waiting job of an officer of a county, or of a school in it (else NONE). */
static const char *queue_of(int county, const char *school, const char *officer, const char *kind)
{
	return world_value(
		world,
		"INSERT INTO job (county, kind, actor_role, actor_person, actor_school) "
		"VALUES ($1::int, $2, 'county', coalesce(nullif($3, '')::uuid, uuid_v7()), "
		"nullif($4, '')::uuid) RETURNING id::text",
		text("%d", county), kind, officer, school, NULL);
}

static const char *queue(int county, const char *officer, const char *kind)
{
	return queue_of(county, NONE, officer, kind);
}

static const char *state_of(const char *id)
{
	return world_value(world, "SELECT state FROM job WHERE id = $1::uuid", id, NULL);
}

static bool work_quick(struct job *j)
{
	(void)j;
	return true;
}

/* Where a job runs, to see how many others do: the first letter of its officer is hers alone. */
static struct {
	pthread_mutex_t lock;
	int of_county[2], of_officer[16], most_of_county[2], most_of_officer;
	int ended, last_of_b; /* how many had ended when the last job of county B did */
} busy = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool work_busy(struct job *j)
{
	int county = j->actor.county == world->county_b;
	int officer = (int)strtol((char[]){j->actor.person[0], '\0'}, NULL, 16);

	pthread_mutex_lock(&busy.lock);
	if (++busy.of_county[county] > busy.most_of_county[county])
		busy.most_of_county[county] = busy.of_county[county];
	if (++busy.of_officer[officer] > busy.most_of_officer)
		busy.most_of_officer = busy.of_officer[officer];
	pthread_mutex_unlock(&busy.lock);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	pthread_mutex_lock(&busy.lock);
	busy.of_county[county]--;
	busy.of_officer[officer]--;
	busy.ended++;
	if (county)
		busy.last_of_b = busy.ended;
	pthread_mutex_unlock(&busy.lock);
	return true;
}

static const struct job_kind kinds[] = {{"quick", work_quick}, {"busy", work_busy}};

static bool run_one(void)
{
	return job_run_one(&world->program.service, kinds, sizeof kinds / sizeof *kinds);
}

static void a_county_that_runs_fewer_jobs_comes_first(void **state)
{
	const char *first = queue(world->county_a, NEW, "quick"), *next[9], *other;

	(void)state;
	for (int i = 0; i < 9; i++)
		next[i] = queue(world->county_a, NEW, "quick");
	other = queue(world->county_b, NEW, "quick");
	world_value(world, "UPDATE job SET state = 'running' WHERE id = $1::uuid RETURNING 'x'",
		    first, NULL);
	world_value(
		world,
		"INSERT INTO job_heartbeat (county, job, attempt, until) SELECT county, id, 0, "
		"machine_now() + interval '1 minute' FROM job WHERE id = $1::uuid RETURNING 'x'",
		first, NULL);
	assert_true(run_one());
	assert_string_equal(state_of(other), "succeeded");
	/* The other nine wait while the county has its share. */
	assert_false(run_one());
	world_value(world, "UPDATE job SET state = 'failed' WHERE id = $1::uuid RETURNING 'x'",
		    first, NULL);
	for (int i = 0; i < 9; i++) {
		assert_true(run_one());
		assert_string_equal(state_of(next[i]), "succeeded");
	}
	assert_false(run_one());
}

/*
 * Whoever asked for much, and by however many officers, has a job done and then waits for the
 * others.
 */
static void those_who_ask_in_a_county_take_turns(void **state)
{
	const char *first[3], *second[2], *officer[2];

	(void)state;
	for (int i = 0; i < 3; i++)
		first[i] = queue_of(world->county_a, world->school_a1, NEW, "quick");
	for (int i = 0; i < 2; i++)
		second[i] = queue_of(world->county_a, world->school_a2, NEW, "quick");
	for (int i = 0; i < 2; i++)
		officer[i] =
			queue(world->county_a, "a0000000-0000-7000-8000-000000000000", "quick");
	for (int i = 0; i < 2; i++) {
		const char *const turn[] = {first[i], second[i], officer[i]};

		for (size_t k = 0; k < sizeof turn / sizeof *turn; k++) {
			assert_true(run_one());
			assert_string_equal(state_of(turn[k]), "succeeded");
		}
	}
	assert_true(run_one());
	assert_string_equal(state_of(first[2]), "succeeded");
	assert_false(run_one());
}

/* The others of a school wait while one of its jobs runs, whoever asked for them. */
static void a_school_has_one_job_running(void **state)
{
	const char *running = queue_of(world->county_a, world->school_a1, NEW, "quick"), *waits;

	(void)state;
	world_value(world, "SELECT id::text FROM job_take(60, 2)", NULL);
	assert_string_equal(state_of(running), "running");
	waits = queue_of(world->county_a, world->school_a1, NEW, "quick");
	assert_null(world_value(world, "SELECT id::text FROM job_take(60, 2)", NULL));
	world_value(world, "UPDATE job SET state = 'failed' WHERE id = $1::uuid RETURNING 'x'",
		    running, NULL);
	assert_true(run_one());
	assert_string_equal(state_of(waits), "succeeded");
}

/*
 * Two instances of three threads each: of a county two jobs run at most, and of an officer one,
 * however many take at once; what county B asks for last does not wait for all of county A's.
 */
static void no_county_and_no_officer_takes_all_threads(void **state)
{
	static const char *const officers[] = {"10000000-0000-7000-8000-000000000000",
					       "20000000-0000-7000-8000-000000000000",
					       "30000000-0000-7000-8000-000000000000"};
	enum { OF_A = 30, OF_B = 4 };
	struct job_runner *runners[2];

	(void)state;
	for (int i = 0; i < OF_A; i++)
		queue(world->county_a, officers[i % 3], "busy");
	for (int i = 0; i < OF_B; i++)
		queue(world->county_b, "b0000000-0000-7000-8000-000000000000", "busy");
	for (int i = 0; i < 2; i++) {
		runners[i] = job_runner_start(&world->program.service, kinds,
					      sizeof kinds / sizeof *kinds, THREADS / 2);
		assert_non_null(runners[i]);
	}
	assert_true(world_jobs_ended(world));
	for (int i = 0; i < 2; i++)
		job_runner_stop(runners[i]);
	assert_int_equal(busy.ended, OF_A + OF_B);
	assert_int_equal(busy.most_of_county[0], 2);
	assert_int_equal(busy.most_of_county[1], 1);
	assert_int_equal(busy.most_of_officer, 1);
	assert_true(busy.last_of_b < OF_A);
}

static int begin(void **state)
{
	if (world_begin(state))
		return -1;
	world = *state;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_county_that_runs_fewer_jobs_comes_first),
		cmocka_unit_test(those_who_ask_in_a_county_take_turns),
		cmocka_unit_test(a_school_has_one_job_running),
		cmocka_unit_test(no_county_and_no_officer_takes_all_threads),
	};

	return cmocka_run_group_tests_name("job_share", tests, begin, world_end);
}
