/*
 * import_race.h -- lists and requests that meet, for the tests of imports at the same moment:
 * lists that are ready, and writers who are let go when all of them wait.
 */
#ifndef QINGLAN_TEST_IMPORT_RACE_H
#define QINGLAN_TEST_IMPORT_RACE_H

#include "harness/race.h"

#include "kernel/clock.h"

#include <pthread.h>

/* An import, read and ready; its address into TARGET. */
static inline void list_ready(struct world *w, const char *kind, const char *csv, char target[100])
{
	struct answer *a =
		call_bytes(w->county, "POST", text("/v1/%s-imports?filename=list.csv", kind), csv,
			   strlen(csv), "Content-Type", "text/csv", NULL);

	expect(a, 202, NULL);
	world_jobs(w);
	snprintf(target, 100, "/v1/%s-imports/%s", kind, text_at(a, "id"));
	expect(GET(w->county, "%s", target), 200, "{'state': 'ready', 'counts': {'rejected': 0}}");
}

/* One of one teacher. */
static inline void import_ready(struct world *w, const char *name, const char *title,
				char target[100])
{
	list_ready(w, "teacher",
		   text("学校标识码,姓名,身份证号,出生年月,职称,任职类型,担任班级\n"
			"2199700001,%s,,1990-01-01,%s,后备,\n",
			name, title),
		   target);
}

static inline struct runner commit_of(struct world *w, const char *target, bool any_version)
{
	struct answer *a = GET(w->county, "%s", target);

	return (struct runner){
		.client = w->county,
		.method = "POST",
		.target = text("%s/commit", target),
		.body = text("{'plan_id': '%s', 'mode': 'all'}", text_at(a, "plan_id")),
		.if_match = any_version ? "*" : header_of(a, "ETag")};
}

static inline struct runner undo_of(struct world *w, const char *target)
{
	return (struct runner){.client = w->county,
			       .method = "POST",
			       .target = text("%s/undo", target),
			       .if_match = "*"};
}

/* Commits what is ready. */
static inline void commit_now(struct world *w, const char *target)
{
	struct runner ask = commit_of(w, target, true);

	expect(call(w->county, "POST", ask.target, ask.body, "If-Match", "*", NULL), 202, NULL);
	world_jobs(w);
	expect(GET(w->county, "%s", target), 200, "{'state': 'committed'}");
}

/* --- writers that wait --- */

/* Somebody who writes: the job of a commit, or a request. */
struct writer {
	pthread_t thread;
	struct race *race;
	const char *target, *body; /* of a request, or NULL: the jobs that wait */
	struct answer *answer;
};

static inline void *write_now(void *context)
{
	struct writer *x = context;
	struct world *seat = &x->race->seats[1];
	struct client *county;
	int tries = 0;

	if (!x->target) {
		world_jobs(x->race->world);
		return NULL;
	}
	county = client_with_token(seat, client_token(x->race->world->county));
	do {
		x->answer = POST(county, x->target, x->body);
	} while (x->answer->status == 503 && ++tries < 100);
	return NULL;
}

/* Statements as the owner of the first seat, whose transaction may stay open. */
static inline void as_owner(struct race *r, const char *first, const char *second)
{
	const struct statement list[] = {{.name = "", .sql = first}, {.name = "", .sql = second}};
	PGresult *results[2], *failed = NULL;

	if (!pg_ready(r->seats[0].owner) ||
	    pg_pipeline(r->seats[0].owner, r->seats[0].arena, list, 2, results, &failed,
			clock_monotonic_ns() + INT64_C(10000000000)) != PG_OK)
		fail_msg("the owner cannot: %s", first);
}

/* LAST ends a membership of hers of a kind, in a transaction of the owner's that stays open. */
static inline void ends(struct race *r, const char *person, const char *kind, const char *last)
{
	as_owner(r, "BEGIN", "SET LOCAL ROLE qinglan_engine");
	as_owner(r, text("SELECT set_config('qinglan.county', '%d', true)", r->world->county_a),
		 text("UPDATE membership SET during = daterange(lower(during), '%s', '[]'), "
		      "version = version + 1 WHERE person = '%s' AND kind = '%s'",
		      last, person, kind));
}

/* How many transactions wait for a lock. */
#define WAITING                                                                                    \
	"(SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "  \
	"WHERE a.datname = current_database() AND NOT l.granted)"

/* Starts a writer and waits until COUNT transactions wait for a lock. */
static inline void start(struct writer *x, struct race *r, const char *target, const char *body,
			 int count)
{
	x->race = r;
	x->target = target;
	x->body = body;
	assert_int_equal(pthread_create(&x->thread, NULL, write_now, x), 0);
	world_until(r->world, text("SELECT (" WAITING " >= %d)::text", count));
}

#endif
