/*
 * limit.h -- token buckets by address, actor and client.
 *
 * A fixed number of buckets, so memory is bounded whatever strangers send; two keys may share
 * a bucket (each table has its own random hash key).  Safe for several threads.
 */
#ifndef QINGLAN_LIMIT_H
#define QINGLAN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit;

/* PER_MINUTE requests a minute, bursts of as many; 0 = unlimited.  NULL without memory. */
struct limit *limit_new(long per_minute);
void limit_free(struct limit *l);

/* After limit_take().  All 0 where there is no limit. */
struct limit_state {
	long quota;         /* PER_MINUTE */
	long remaining;     /* requests that would pass now */
	long reset_seconds; /* until REMAINING is QUOTA again, rounded up */
	long retry_seconds; /* when refused: until one request passes, rounded up; else 0 */
};

/* Takes one token for KEY at NOW_NS; false when none is left.  STATE may be NULL. */
bool limit_take(struct limit *l, const char *key, int64_t now_ns, struct limit_state *state);

#endif
