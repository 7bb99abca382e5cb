/*
 * job_test.c -- jobs as rows: whose rights they have, progress, cancelling, lost leases, threads.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api.h"
#include "harness/pause.h"
#include "harness/world.h"

enum { MANY = 30, THREADS = 6 };

static struct world *world;
static atomic_int runs, done_wrong;

/* A waiting job of a county's officer. */
static const char *queue(int county, const char *kind, const char *input, bool stoppable)
{
	const char *id = world_value(
		world,
		"INSERT INTO job (county, kind, input, stoppable, actor_role, actor_person, language) "
		"VALUES ($1::int, $2, $3::jsonb, $4::boolean, 'county', uuid_v7(), 'en') RETURNING id::text",
		text("%d", county), kind, input, stoppable ? "true" : "false", NULL);

	assert_non_null(id);
	return id;
}

static const char *column(const char *id, const char *name)
{
	const char *value = world_value(
		world, text("SELECT (%s)::text FROM job WHERE id = $1::uuid", name), id, NULL);

	return value ? value : "";
}

/* --- kinds of work --- */

/* Looks at itself, with the rights that it has. */
static bool work_look(struct job *j)
{
	if (!job_db(j, Q_job_get))
		return false;
	job_result(j, "{\"seen\": 1}");
	return true;
}

/* Asks the database what it cannot read, which is the service's fault and nobody else's. */
static bool work_broken(struct job *j)
{
	char own[37];
	bool read;

	snprintf(own, sizeof own, "%s", j->id);
	snprintf(j->id, sizeof j->id, "no uuid");
	read = job_db(j, Q_job_get);
	snprintf(j->id, sizeof j->id, "%s", own);
	return read;
}

static bool work_fail(struct job *j)
{
	job_fail(j, IMPORT_LACKS_COLUMN, json_pack("{ss}", "column", "name"));
	job_fail(j, NOT_FOUND, NULL);
	return false;
}

/* Is cancelled by somebody else between two steps. */
static bool work_cancelled(struct job *j)
{
	if (!job_progress(j, 1, 3))
		atomic_fetch_add(&done_wrong, 1);
	world_value(world, "UPDATE job SET state = 'cancelled' WHERE id = $1::uuid RETURNING 'x'",
		    j->id, NULL);
	if (job_progress(j, 2, 3))
		atomic_fetch_add(&done_wrong, 1);
	return false;
}

/* Loses its lease to another worker, who takes and ends the job first. */
static bool work_slow(struct job *j)
{
	const struct job_kind quick = {"slow", work_look};

	if (j->attempt > 1)
		return work_look(j);
	world_value(world,
		    "UPDATE job_heartbeat SET until = machine_now() - interval '1 second' "
		    "WHERE job = $1::uuid RETURNING 'x'",
		    j->id, NULL);
	if (!job_run_one(&world->program.service, &quick, 1) || job_progress(j, 1, 1))
		atomic_fetch_add(&done_wrong, 1);
	job_fail(j, INTERNAL_ERROR, NULL);
	return false;
}

static bool work_count(struct job *j)
{
	(void)j;
	atomic_fetch_add(&runs, 1);
	pause_ms(2);
	return true;
}

static const struct job_kind kinds[] = {
	{"look", work_look}, {"fail", work_fail},   {"cancelled", work_cancelled},
	{"slow", work_slow}, {"count", work_count},
};

static bool run_one(void)
{
	return job_run_one(&world->program.service, kinds, sizeof kinds / sizeof *kinds);
}

/* --- tests --- */

static void the_oldest_job_is_done_first_and_once(void **state)
{
	const char *first = queue(world->county_a, "look", "{}", false);
	const char *second = queue(world->county_a, "look", "{}", false);

	(void)state;
	assert_true(run_one());
	assert_string_equal(column(first, "state"), "succeeded");
	assert_string_equal(column(first, "result"), "{\"seen\": 1}");
	assert_string_equal(column(first, "attempt"), "1");
	assert_string_equal(column(second, "state"), "queued");
	assert_true(run_one());
	assert_string_equal(column(second, "state"), "succeeded");
	assert_false(run_one());
}

/* Looks at another job, as if it were the one. */
static bool look_elsewhere(struct job *j)
{
	char own[37];
	bool seen;

	snprintf(own, sizeof own, "%s", j->id);
	snprintf(j->id, sizeof j->id, "%s", json_string_value(json_object_get(j->input, "other")));
	seen = work_look(j);
	snprintf(j->id, sizeof j->id, "%s", own);
	return seen;
}

static void a_job_sees_what_its_requester_sees(void **state)
{
	const struct job_kind kind = {"elsewhere", look_elsewhere};
	const char *other = queue(world->county_b, "look", "{}", false);
	const char *id =
		queue(world->county_a, "elsewhere", text("{\"other\": \"%s\"}", other), false);

	(void)state;
	world_value(world,
		    "UPDATE job SET created_at = '2000-01-01' WHERE id = $1::uuid RETURNING 'x'",
		    id, NULL);
	assert_true(job_run_one(&world->program.service, &kind, 1));
	assert_string_equal(column(id, "state"), "failed");
	assert_string_equal(column(id, "problem->>'code'"), "not-found");
	assert_true(run_one());
	assert_string_equal(column(other, "state"), "succeeded");
}

static void a_failure_keeps_its_first_problem_in_the_requesters_language(void **state)
{
	const char *id = queue(world->county_a, "fail", "{}", false);

	(void)state;
	assert_true(run_one());
	assert_string_equal(column(id, "state"), "failed");
	assert_string_equal(column(id, "problem->>'code'"), "import-lacks-column");
	assert_string_equal(column(id, "problem->>'title'"), "A required column is missing");
	assert_string_equal(column(id, "finished_at IS NOT NULL"), "true");
}

static void what_the_database_refuses_fails_the_job_and_not_the_service(void **state)
{
	const struct job_kind kind = {"broken", work_broken};
	const char *id = queue(world->county_a, "broken", "{}", false);

	(void)state;
	assert_true(job_run_one(&world->program.service, &kind, 1));
	assert_string_equal(column(id, "state"), "failed");
	assert_string_equal(column(id, "problem->>'code'"), "internal-error");
}

static void work_of_an_unknown_kind_fails(void **state)
{
	const char *id = queue(world->county_a, "nobody_knows", "{}", false);

	(void)state;
	assert_true(run_one());
	assert_string_equal(column(id, "state"), "failed");
	assert_string_equal(column(id, "problem->>'code'"), "job-given-up");
}

static void a_cancelled_job_learns_it_at_its_next_step(void **state)
{
	const char *id = queue(world->county_a, "cancelled", "{}", true);

	(void)state;
	assert_true(run_one());
	assert_int_equal(atomic_load(&done_wrong), 0);
	assert_string_equal(column(id, "state"), "cancelled");
	assert_string_equal(world_value(world,
					"SELECT done || '/' || total FROM job_heartbeat "
					"WHERE job = $1::uuid",
					id, NULL),
			    "1/3");
}

static void who_lost_the_lease_does_not_overwrite_the_other(void **state)
{
	const char *id = queue(world->county_a, "slow", "{}", false);

	(void)state;
	assert_true(run_one());
	assert_int_equal(atomic_load(&done_wrong), 0);
	assert_string_equal(column(id, "state"), "succeeded");
	assert_string_equal(column(id, "attempt"), "2");
}

static void a_job_is_given_up_after_some_attempts(void **state)
{
	const char *id = queue(world->county_a, "count", "{}", false);

	(void)state;
	world_value(world, "UPDATE job SET attempt = 5 WHERE id = $1::uuid RETURNING 'x'", id,
		    NULL);
	atomic_store(&runs, 0);
	assert_true(run_one());
	assert_int_equal(atomic_load(&runs), 0);
	assert_string_equal(column(id, "problem->>'code'"), "job-given-up");
}

static void many_threads_of_two_instances_do_each_job_once(void **state)
{
	struct job_runner *runners[2];

	(void)state;
	atomic_store(&runs, 0);
	for (int i = 0; i < MANY; i++)
		queue(i % 2 ? world->county_a : world->county_b, "count", "{}", false);
	for (int i = 0; i < 2; i++) {
		runners[i] = job_runner_start(&world->program.service, kinds,
					      sizeof kinds / sizeof *kinds, THREADS / 2);
		assert_non_null(runners[i]);
	}
	job_runner_wake(runners[0]);
	assert_true(world_jobs_ended(world));
	for (int i = 0; i < 2; i++)
		job_runner_stop(runners[i]);
	assert_int_equal(atomic_load(&runs), MANY);
	expect_sql(world, text("%d", MANY),
		   "SELECT count(*)::text FROM job WHERE kind = 'count' "
		   "AND state = 'succeeded' AND attempt = 1");
}

/* So many files whose time is over, the first longest; the 30th cannot be emptied. */
static void add_files(int count)
{
	char error[500];

	assert_true(
		pg_script(world->owner,
			  "CREATE FUNCTION qinglan.refuse() RETURNS trigger LANGUAGE plpgsql AS "
			  "$$ BEGIN RAISE EXCEPTION 'refused'; END $$;"
			  "CREATE TRIGGER refuse BEFORE UPDATE ON qinglan.file FOR EACH ROW "
			  "WHEN (OLD.name = '30') EXECUTE FUNCTION qinglan.refuse()",
			  error));
	world_value(world,
		    "INSERT INTO file (county, name, media_type, size, content_hash, content, "
		    "key_id, purge_at) SELECT $1::int, n, 'text/csv', 1, '\\x00', '\\x00', 1, "
		    "machine_now() - make_interval(hours => 100 - n) "
		    "FROM generate_series(1, $2::int) n RETURNING 'x'",
		    text("%d", world->county_a), text("%d", count), NULL);
}

/* Lets a runner begin and waits until a statement says so. */
static void run_until(const char *sql)
{
	struct job_runner *runner = job_runner_start(&world->program.service, NULL, 0, 1);

	assert_non_null(runner);
	world_until(world, sql);
	job_runner_stop(runner);
}

/* A round that fails takes nothing from those before it, nor from what is purged after it. */
static void what_is_over_goes_in_rounds_each_by_itself(void **state)
{
	char error[500];

	(void)state;
	add_files(50);
	world_value(world,
		    "INSERT INTO job (county, kind, actor_role, state, finished_at) VALUES "
		    "($1::int, 'old', 'county', 'succeeded', '2000-01-01') RETURNING 'x'",
		    text("%d", world->county_a), NULL);
	run_until("SELECT (NOT EXISTS (SELECT FROM job WHERE kind = 'old'))::text");
	expect_sql(world, "30", "SELECT count(content)::text FROM file");
	assert_true(pg_script(world->owner, "DROP FUNCTION qinglan.refuse() CASCADE", error));
	run_until("SELECT (count(content) = 0)::text FROM file");
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
		cmocka_unit_test(the_oldest_job_is_done_first_and_once),
		cmocka_unit_test(a_job_sees_what_its_requester_sees),
		cmocka_unit_test(a_failure_keeps_its_first_problem_in_the_requesters_language),
		cmocka_unit_test(what_the_database_refuses_fails_the_job_and_not_the_service),
		cmocka_unit_test(work_of_an_unknown_kind_fails),
		cmocka_unit_test(a_cancelled_job_learns_it_at_its_next_step),
		cmocka_unit_test(who_lost_the_lease_does_not_overwrite_the_other),
		cmocka_unit_test(a_job_is_given_up_after_some_attempts),
		cmocka_unit_test(many_threads_of_two_instances_do_each_job_once),
		cmocka_unit_test(what_is_over_goes_in_rounds_each_by_itself),
	};

	return cmocka_run_group_tests_name("job", tests, begin, world_end);
}
