/*
 * crash_test.c -- kill -9 of service and database under posts: what was answered stays.
 *
 * ROUNDS (20) times the service, the database or both are killed at a random moment while
 * threads post hours, and started again; then everything that was answered must be there,
 * once.  First the same is played on a database that answers before the disk has it: there the
 * checker must find losses, or it would prove nothing.  SEED repeats a schedule.
 */
#include "harness/pause.h"
#include "harness/posts.h"
#include "harness/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { POSTERS = 5, ROUNDS = 20, LOSSY_ROUNDS = 3, BACK_MS = 1000, PATIENCE_MS = 15000 };
enum { SERVICE = 1, DATABASE = 2, BOTH = SERVICE | DATABASE };

struct site {
	struct cluster *cluster;
	struct process process;
	struct pg *super; /* in the database of the site */
	struct arena *arena;
	struct wire wire;
	struct posts posts;
	unsigned seed;
	int rounds, starts;
	long start_ms[1000]; /* of each start of the service beside a running database */
};

/* What is wrong with the table, held against what was answered. */
struct findings {
	long acknowledged, lost, beyond, doubled, wrong_balances;
	int verify;
	char verified[2000];
};

/* --- a county with some teachers, made through the program --- */

static void command(struct site *s, char output[5000], const char *a, const char *b, const char *c,
		    const char *d, const char *e, const char *f)
{
	if (process_run(&s->process, output, 5000, a, b, c, d, e, f, NULL))
		fail_msg("qinglan %s %s: %s", a, b, output);
}

static void county_make(struct site *s)
{
	char token[5000], school[37];
	struct answer *a;
	int i;

	command(s, token, "county", "add", "990101", "青蓝县", "--officer", "周敏");
	command(s, token, "token", "--county", "990101", "--role", "county", NULL);
	assert_true(wire_open(&s->wire, s->process.port, token));
	assert_true(process_start(&s->process) && process_await(&s->process, PATIENCE_MS));
	a = wire_ask(&s->wire, "POST", "/v1/schools",
		     "{'code': '2199700001', 'name': '蓝水第二小学', 'stages': ['primary']}", NULL);
	expect(a, 201, NULL);
	snprintf(school, sizeof school, "%s", text_at(a, "id"));
	for (i = 0; i < POSTS_TEACHERS; i++) {
		char body[200];

		snprintf(body, sizeof body,
			 "{'name': '周%d', 'birth_on': '1980-01-0%d', 'school_id': '%s'}", i, i + 1,
			 school);
		a = wire_ask(&s->wire, "POST", "/v1/teachers", body, NULL);
		expect(a, 201, NULL);
		snprintf(s->posts.teachers[i], 37, "%s", text_at(a, "id"));
	}
	s->posts.day = "2026-01-15";
}

static void site_open(struct site *s, const char *const *settings)
{
	const char *seed = getenv("SEED"), *rounds = getenv("ROUNDS");
	char error[500];

	s->seed = seed && *seed ? (unsigned)strtoul(seed, NULL, 10)
				: (unsigned)time(NULL) ^ (unsigned)getpid() << 16;
	s->rounds = rounds && atoi(rounds) > 0 ? atoi(rounds) : ROUNDS;
	print_message("SEED=%u\n", s->seed);
	s->cluster = cluster_start_private(true, settings);
	s->arena = arena_new(64 << 20);
	assert_true(s->cluster && s->arena && cluster_database(s->cluster, "crash", NULL));
	assert_true(process_make(&s->process, s->cluster, "crash"));
	county_make(s);
	s->super = pg_new(cluster_url(s->cluster, "crash", "postgres"), "crash");
	assert_true(s->super && pg_script(s->super, "CHECKPOINT", error));
	assert_true(posts_begin(&s->posts, POSTERS, s->process.port, s->wire.token, s->seed));
}

static int site_close(void **state)
{
	struct site *s = *state;

	posts_end(&s->posts);
	posts_free(&s->posts);
	wire_close(&s->wire);
	process_remove(&s->process);
	pg_free(s->super);
	arena_free(s->arena);
	cluster_stop(s->cluster);
	free(s);
	return 0;
}

static int site_begin(void **state)
{
	*state = calloc(1, sizeof(struct site));
	return *state ? 0 : -1;
}

/* --- rounds --- */

/* Waits until somebody who comes now is answered; the milliseconds that it took. */
static long served_after(struct site *s, int64_t since)
{
	for (;;) {
		const struct answer *a = wire_ask(&s->wire, "GET", "/v1/county", NULL, NULL);

		if (a && a->status == 200)
			return (long)(now_ms() - since);
		if (now_ms() - since > PATIENCE_MS) {
			process_show(&s->process);
			fail_msg("not served %d ms after the restart", PATIENCE_MS);
		}
		pause_ms(2);
	}
}

/* Waits until posts are answered again. */
static void posts_await(struct site *s)
{
	const int64_t since = now_ms();
	const long before = posts_answered(&s->posts);

	while (posts_answered(&s->posts) < before + POSTERS) {
		if (now_ms() - since > PATIENCE_MS) {
			process_show(&s->process);
			fail_msg("posts are not answered again");
		}
		pause_ms(2);
	}
}

static void strike(struct site *s, int what)
{
	/* Now the one, now the other first. */
	if (what == BOTH && rand_r(&s->seed) % 2) {
		assert_true(cluster_kill(s->cluster));
		process_kill(&s->process);
		return;
	}
	if (what & SERVICE)
		process_kill(&s->process);
	if (what & DATABASE)
		assert_true(cluster_kill(s->cluster));
}

/* Starts again what was killed, both in either order. */
static void raise_again(struct site *s, int what)
{
	const bool early = what == BOTH && rand_r(&s->seed) % 2;
	int64_t since;

	if (early)
		assert_true(process_start(&s->process));
	if (what & DATABASE)
		assert_true(cluster_restart(s->cluster));
	since = now_ms();
	if ((what & SERVICE) && !early)
		assert_true(process_start(&s->process));
	served_after(s, since);
	if ((what & SERVICE) && !early && s->starts < 1000)
		s->start_ms[s->starts++] = (long)(now_ms() - since);
}

static void play(struct site *s, int rounds, const int *order)
{
	int i;

	for (i = 0; i < rounds; i++) {
		const int what = order[i % 3];

		pause_ms(100 + rand_r(&s->seed) % 400);
		strike(s, what);
		pause_ms(rand_r(&s->seed) % 100);
		raise_again(s, what);
		posts_await(s);
	}
	posts_end(&s->posts);
}

/* --- the checker --- */

static long number_of(struct site *s, const char *sql, const char *parameter)
{
	const struct statement statement = {
		.name = "",
		.sql = sql,
		.parameter_count = parameter ? 1 : 0,
		.parameters = &parameter,
	};
	PGresult *rows = NULL, *failed = NULL;
	int64_t end = now_ms() + PATIENCE_MS;

	while (!pg_ready(s->super) && now_ms() < end)
		pause_ms(20);
	if (pg_pipeline(s->super, s->arena, &statement, 1, &rows, &failed,
			(now_ms() + PATIENCE_MS) * 1000000) != PG_OK) {
		fail_msg("%s: %s", sql, failed ? pg_message(failed) : pg_error(s->super));
		return -1;
	}
	return strtol(pg_value(rows, 0, 0), NULL, 10);
}

/* All that was answered, as JSON text to be freed. */
static char *acknowledged_text(const struct posts *p, long *count)
{
	json_t *list = json_array();
	char *text;
	size_t k;
	int i;

	for (i = 0; i < p->count; i++)
		for (k = 0; k < p->posters[i].count; k++) {
			const struct posted *e = &p->posters[i].list[k];

			json_array_append_new(
				list, json_pack("{ss ss ss ss sI}", "id", e->id, "kind", e->kind,
						"key", e->source, "person", p->teachers[e->teacher],
						"hundredths", (json_int_t)e->hundredths));
		}
	*count = (long)json_array_size(list);
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	assert_non_null(text);
	return text;
}

#define ACKNOWLEDGED                                                                               \
	"WITH acknowledged AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS a(id uuid, "         \
	"kind text, key text, person uuid, hundredths bigint)) "

static void check(struct site *s, struct findings *f)
{
	char *all = acknowledged_text(&s->posts, &f->acknowledged);

	f->lost = number_of(s,
			    ACKNOWLEDGED
			    "SELECT count(*) FROM acknowledged a LEFT JOIN qinglan.hour_entry e "
			    "ON e.id = a.id AND e.source_kind = a.kind AND e.source_key = a.key "
			    "AND e.person = a.person AND e.hours * 100 = a.hundredths "
			    "WHERE e.id IS NULL",
			    all);
	f->beyond = number_of(s,
			      ACKNOWLEDGED
			      "SELECT count(*) FROM qinglan.hour_entry e "
			      "WHERE NOT EXISTS (SELECT FROM acknowledged a WHERE a.id = e.id)",
			      all);
	f->doubled = number_of(s,
			       "SELECT count(*) FROM (SELECT FROM qinglan.hour_entry "
			       "GROUP BY source_kind, source_key, person HAVING count(*) > 1) d",
			       NULL);
	f->wrong_balances = number_of(
		s,
		ACKNOWLEDGED "SELECT count(*) FROM (SELECT person, sum(hundredths) AS sum "
			     "FROM acknowledged GROUP BY person) a FULL JOIN (SELECT person, "
			     "sum(hours) * 100 AS sum FROM qinglan.hour_balance GROUP BY person) b "
			     "USING (person) WHERE a.sum IS DISTINCT FROM b.sum",
		all);
	free(all);
	f->verify = process_run(&s->process, f->verified, sizeof f->verified, "verify", NULL);
	print_message("%ld acknowledged: %ld lost, %ld beyond, %ld doubled, %ld wrong balances\n%s",
		      f->acknowledged, f->lost, f->beyond, f->doubled, f->wrong_balances,
		      f->verified);
}

/* What the service itself says of a teacher's hours is what was answered. */
static void balances_are_answered(struct site *s)
{
	const struct posts *p = &s->posts;
	long sums[POSTS_TEACHERS] = {0};
	char target[100], wanted[60];
	size_t k;
	int i;

	for (i = 0; i < p->count; i++)
		for (k = 0; k < p->posters[i].count; k++)
			sums[p->posters[i].list[k].teacher] += p->posters[i].list[k].hundredths;
	for (i = 0; i < POSTS_TEACHERS; i++) {
		snprintf(target, sizeof target, "/v1/teachers/%s/hours/balance", p->teachers[i]);
		snprintf(wanted, sizeof wanted, "{'hours': %ld.%02ld}", sums[i] / 100,
			 sums[i] % 100);
		expect(wire_ask(&s->wire, "GET", target, NULL, NULL), 200, wanted);
	}
}

static int by_size(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* The usual start; one may have met a busy machine. */
static void starts_were_quick(struct site *s)
{
	long unanswered = 0, replayed = 0;
	int i;

	for (i = 0; i < s->posts.count; i++) {
		unanswered += s->posts.posters[i].unanswered;
		replayed += s->posts.posters[i].replayed;
	}
	qsort(s->start_ms, (size_t)s->starts, sizeof *s->start_ms, by_size);
	assert_true(s->starts > 0);
	print_message("%d rounds, %d starts of %ld to %ld ms, %ld unanswered sent again, "
		      "%ld answered sent again\n",
		      s->rounds, s->starts, s->start_ms[0], s->start_ms[s->starts - 1], unanswered,
		      replayed);
	assert_true(s->start_ms[s->starts / 2] < BACK_MS);
	assert_true(unanswered > 0 && replayed > 0);
}

/* --- tests --- */

static void a_checker_that_cannot_see_a_loss_proves_nothing(void **state)
{
	static const char *const settings[] = {"synchronous_commit=off", "wal_writer_delay=10s",
					       "wal_writer_flush_after=1GB",
					       "recovery_init_sync_method=syncfs", NULL};
	static const int order[] = {DATABASE, DATABASE, DATABASE};
	struct site *s = *state;
	struct findings f = {0};

	site_open(s, settings);
	play(s, LOSSY_ROUNDS, order);
	check(s, &f);
	assert_true(f.lost > 0);
	assert_true(f.wrong_balances > 0);
}

static void what_was_answered_outlives_every_kill(void **state)
{
	/* One call instead of one for each file, before every recovery. */
	static const char *const settings[] = {"recovery_init_sync_method=syncfs", NULL};
	int order[] = {SERVICE, DATABASE, BOTH};
	struct site *s = *state;
	struct findings f = {0};
	int i;

	site_open(s, settings);
	/* Another beginning for every seed, so that few rounds meet all as well. */
	for (i = (int)(s->seed % 3); i > 0; i--) {
		const int first = order[0];

		memmove(order, order + 1, 2 * sizeof *order);
		order[2] = first;
	}
	play(s, s->rounds, order);
	balances_are_answered(s);
	assert_int_equal(process_stop(&s->process), 0);
	check(s, &f);
	for (i = 0; i < s->posts.count; i++)
		if (s->posts.posters[i].surprises)
			fail_msg("%ld surprises, the first %s", s->posts.posters[i].surprises,
				 s->posts.posters[i].surprise);
	assert_true(f.acknowledged > (long)s->rounds * POSTERS);
	assert_int_equal(f.lost, 0);
	assert_int_equal(f.beyond, 0);
	assert_int_equal(f.doubled, 0);
	assert_int_equal(f.wrong_balances, 0);
	assert_int_equal(f.verify, 0);
	assert_false(process_said(&s->process, "AddressSanitizer"));
	assert_false(process_said(&s->process, "runtime error"));
	starts_were_quick(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_checker_that_cannot_see_a_loss_proves_nothing,
						site_begin, site_close),
		cmocka_unit_test_setup_teardown(what_was_answered_outlives_every_kill, site_begin,
						site_close),
	};

	return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
