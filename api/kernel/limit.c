/*
 * limit.c -- token buckets as one number each (GCRA, the generic cell rate algorithm).
 *
 * A bucket is the moment at which it will be full again, moved by compare and swap: no lock,
 * no clean-up, no list of keys that strangers could make long.  Which keys share a bucket is
 * decided by a keyed hash, so nobody can aim at another's.
 */
#include "limit.h"

#include "seal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 16 };
static const int64_t SECOND = 1000000000;

struct limit {
	int64_t quota;    /* requests a minute and at once; 0 = unlimited */
	int64_t interval; /* nanoseconds that one request costs */
	unsigned char key[SEAL_SHORT_KEY_LENGTH];
	_Atomic int64_t full_at[];
};

struct limit *limit_new(long per_minute)
{
	size_t buckets = per_minute > 0 ? BUCKETS : 0;
	struct limit *l = calloc(1, sizeof *l + buckets * sizeof l->full_at[0]);

	if (!l || buckets == 0)
		return l;
	/* More than one a nanosecond is not told apart from that. */
	l->quota = per_minute < 60 * SECOND ? per_minute : 60 * SECOND;
	l->interval = 60 * SECOND / l->quota;
	if (!seal_random(l->key, sizeof l->key)) {
		free(l);
		return NULL;
	}
	return l;
}

void limit_free(struct limit *l)
{
	free(l);
}

/* Whole seconds, rounded up. */
static long seconds(int64_t ns)
{
	return (long)((ns + SECOND - 1) / SECOND);
}

/* What a bucket whose debt is DEBT nanoseconds says to its caller. */
static void tell(const struct limit *l, int64_t debt, bool taken, struct limit_state *state)
{
	int64_t whole = l->quota * l->interval;

	if (!state)
		return;
	state->quota = (long)l->quota;
	state->remaining = (long)((whole - debt) / l->interval);
	state->reset_seconds = seconds(debt);
	state->retry_seconds = taken ? 0 : seconds(debt + l->interval - whole);
}

bool limit_take(struct limit *l, const char *key, int64_t now_ns, struct limit_state *state)
{
	int64_t seen, start;
	_Atomic int64_t *bucket;

	if (state)
		memset(state, 0, sizeof *state);
	if (l->quota == 0)
		return true;
	bucket = &l->full_at[seal_short_hash(l->key, key, strlen(key)) % BUCKETS];
	seen = atomic_load_explicit(bucket, memory_order_relaxed);
	do {
		start = seen > now_ns ? seen : now_ns;
		if (start + l->interval - now_ns > l->quota * l->interval) {
			tell(l, start - now_ns, false, state);
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
		bucket, &seen, start + l->interval, memory_order_relaxed, memory_order_relaxed));
	tell(l, start + l->interval - now_ns, true, state);
	return true;
}
