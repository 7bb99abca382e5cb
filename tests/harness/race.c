/*
 * race.c -- see race.h.
 */
#include "race.h"

#include "kernel/clock.h"

#include <pthread.h>
#include <time.h>

enum { ASKS_MAX = 50, PAUSE_MS = 5, WAIT_SECONDS = 30 };

/* What one thread does. */
struct lane {
	pthread_t thread;
	pthread_barrier_t *start;
	struct race *race;
	struct world *seat;
	struct runner *runner; /* a request, or else */
	const char *sql;
	char *result;
	long waits;
};

int race_begin(void **state)
{
	struct race *r = calloc(1, sizeof *r);
	void *world;
	int i;

	*state = r;
	if (!r || world_begin(&world))
		return -1;
	r->world = world;
	for (i = 0; i < RACERS; i++) {
		r->seats[i] = *r->world;
		r->seats[i].worker = worker_new(&r->world->program.service);
		r->seats[i].arena = arena_new(256 << 20);
		r->seats[i].owner = pg_new(r->world->config.owner_url, "race");
		if (!r->seats[i].worker || !r->seats[i].arena || !r->seats[i].owner)
			return -1;
	}
	return 0;
}

int race_end(void **state)
{
	struct race *r = *state;
	void *world = r ? r->world : NULL;
	int i;

	if (!world) {
		free(r);
		return -1;
	}
	print_message("%ld waits for a lock were too long and asked again\n", r->waits);
	for (i = 0; i < RACERS; i++) {
		worker_free(r->seats[i].worker);
		arena_free(r->seats[i].arena);
		pg_free(r->seats[i].owner);
	}
	free(r);
	return world_end(&world);
}

/* --- what it is about, and who runs --- */

const char *race_made(struct race *r, const char *target, const char *body)
{
	struct answer *a = POST(r->world->county, target, body);

	expect(a, 201, NULL);
	return text_at(a, "id");
}

const char *race_teacher(struct race *r, const char *name, int number)
{
	return race_made(
		r, "/v1/teachers",
		text("{'name': '%s%d', 'school_id': '%s'}", name, number, r->world->school_a1));
}

void race_line_up(struct runner list[RACERS], const struct client *c, const char *method,
		  const char *target, ...)
{
	va_list bodies;
	int i;

	va_start(bodies, target);
	for (i = 0; i < RACERS; i++)
		list[i] = (struct runner){.client = c,
					  .method = method,
					  .target = target,
					  .body = va_arg(bodies, const char *)};
	va_end(bodies);
}

/* --- requests --- */

static void ask(struct lane *l)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	struct runner *r = l->runner;
	struct client *client = client_with_token(l->seat, client_token(r->client));
	char key[40];

	snprintf(key, sizeof key, "race-%ld", ++l->race->keys);
	for (;;) {
		const bool keyed = !strcmp(r->method, "POST");

		r->answer = call(client, r->method, r->target, r->body, "If-Match",
				 r->if_match ? r->if_match : "", "Idempotency-Key",
				 !keyed   ? ""
				 : r->key ? r->key
					  : key,
				 NULL);
		if (r->answer->status != 503 || !*header_of(r->answer, "Retry-After") ||
		    ++l->waits == ASKS_MAX)
			break;
		nanosleep(&pause, NULL);
	}
}

/* --- statements --- */

static void execute(struct lane *l)
{
	const struct statement list[] = {
		{.name = "", .sql = "BEGIN"},
		{.name = "", .sql = "SET LOCAL ROLE qinglan_engine"},
		{.name = "", .sql = l->sql},
		{.name = "", .sql = "COMMIT"},
	};
	PGresult *results[4], *failed = NULL;
	char error[500];

	l->result[0] = '\0';
	if (pg_ready(l->seat->owner) &&
	    pg_pipeline(l->seat->owner, l->seat->arena, list, 4, results, &failed,
			clock_monotonic_ns() + (int64_t)WAIT_SECONDS * 1000000000) == PG_OK)
		return;
	snprintf(l->result, 80, "%s",
		 !failed                  ? "no connection"
		 : *pg_constraint(failed) ? pg_constraint(failed)
					  : pg_sqlstate(failed));
	pg_script(l->seat->owner, "ROLLBACK", error);
}

/* --- all lanes --- */

static void *lane_run(void *lane)
{
	struct lane *l = lane;

	pthread_barrier_wait(l->start);
	if (l->runner)
		ask(l);
	else
		execute(l);
	return NULL;
}

static void lanes_run(struct race *r, struct lane lanes[RACERS])
{
	pthread_barrier_t start;
	int i;

	pthread_barrier_init(&start, NULL, RACERS);
	for (i = 0; i < RACERS; i++) {
		lanes[i].start = &start;
		lanes[i].race = r;
		lanes[i].seat = &r->seats[i];
		if (pthread_create(&lanes[i].thread, NULL, lane_run, &lanes[i]))
			abort();
	}
	for (i = 0; i < RACERS; i++) {
		pthread_join(lanes[i].thread, NULL);
		r->waits += lanes[i].waits;
	}
	pthread_barrier_destroy(&start);
}

void race_run(struct race *r, struct runner *list)
{
	struct lane lanes[RACERS] = {0};
	int i;

	for (i = 0; i < RACERS; i++)
		lanes[i].runner = &list[i];
	lanes_run(r, lanes);
	for (i = 0; i < RACERS; i++)
		if (list[i].answer->status >= 500)
			fail_msg("%s answered %d %s", list[i].answer->request,
				 list[i].answer->status, list[i].answer->body);
}

void race_sql(struct race *r, const char *const *sql, char results[RACERS][80])
{
	struct lane lanes[RACERS] = {0};
	int i;

	for (i = 0; i < RACERS; i++) {
		lanes[i].sql = sql[i];
		lanes[i].result = results[i];
	}
	lanes_run(r, lanes);
}

int race_won(const struct runner *list, int win_status, int lose_status, const char *code)
{
	const int winner = list[0].answer->status == win_status ? 0 : 1;
	char wanted[100];

	snprintf(wanted, sizeof wanted, "{'code': '%s'}", code);
	expect(list[winner].answer, win_status, NULL);
	expect(list[1 - winner].answer, lose_status, wanted);
	return winner;
}

void race_both(struct race *r, struct client *c, const char *method, const char *target,
	       const char *body, const char *if_match, int win_status, int lose_status,
	       const char *code)
{
	struct runner list[RACERS];
	int i;

	race_line_up(list, c, method, target, body, body);
	for (i = 0; i < RACERS; i++)
		list[i].if_match = if_match;
	race_run(r, list);
	race_won(list, win_status, lose_status, code);
}
