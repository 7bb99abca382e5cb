/*
 * race.h -- several requests at the same moment, each by a worker and a thread of its own.
 */
#ifndef QINGLAN_TESTS_RACE_H
#define QINGLAN_TESTS_RACE_H

#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RACERS = 2, TIMES = 20 }; /* how many at once, and how often a test lets them */

struct race {
	struct world *world;
	struct world seats[RACERS]; /* each with a worker, memory and connection of its own */
	long waits; /* replies 503 so far: somebody waited too long for a lock, and asked again */
	_Atomic long keys;
};

/* One request of a race; IF_MATCH and KEY (Idempotency-Key, else a fresh one) may be NULL. */
struct runner {
	const struct client *client;
	const char *method, *target, *body, *if_match, *key;
	struct answer *answer; /* afterwards; never 503 */
};

/* What a race is about: a thing that the county makes first; its id. */
const char *race_made(struct race *r, const char *target, const char *body);
const char *race_teacher(struct race *r, const char *name, int number);

/* Requests of C that differ in their bodies, which come as RACERS further arguments. */
void race_line_up(struct runner list[RACERS], const struct client *c, const char *method,
		  const char *target, ...);

/* Group set-up and tear-down for cmocka, with a world; *STATE becomes the race. */
int race_begin(void **state);
int race_end(void **state);

/*
 * Lets RACERS requests go at once and waits for all.  A 503 with Retry-After, which a wait for a
 * lock ends with, is asked again as it says, but sooner; the test fails when that does not help.
 */
void race_run(struct race *r, struct runner *list);

/* Two statements at once as the engine, each in a transaction: constraint or SQLSTATE, or "". */
void race_sql(struct race *r, const char *const *sql, char results[RACERS][80]);

/* The place of the one that got WIN_STATUS; the other must have LOSE_STATUS and the code. */
int race_won(const struct runner *list, int win_status, int lose_status, const char *code);

/* The same request by all, one of whom must win; IF_MATCH may be NULL. */
void race_both(struct race *r, struct client *c, const char *method, const char *target,
	       const char *body, const char *if_match, int win_status, int lose_status,
	       const char *code);

#endif
