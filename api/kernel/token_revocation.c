/*
 * token_revocation.c -- token ids and persons that count no more.
 *
 * A row is kept as long as a token that it speaks of can be alive, and then dropped.  The
 * memory is bounded.  Where it ends, nothing is forgotten: every token issued so far is
 * refused instead, which costs each caller one new token.
 */
#include "token_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct row {
	char key[65];  /* "" = free */
	int64_t value; /* of a subject: tokens issued before are refused */
	int64_t until; /* nothing that the row speaks of lives at or after */
};

/* Open addressing; its capacity is a power of two and at most three quarters are used. */
struct table {
	struct row *rows;
	size_t capacity, count;
	int64_t rebuilt_at;
};

struct token_revocations {
	pthread_rwlock_t lock;
	struct table ids, subjects;
	size_t most; /* rows of each table */
	_Atomic uint64_t generation;
	_Atomic int64_t now;
	_Atomic int64_t all_before; /* every token issued before is refused */
};

struct token_revocations *token_revocations_new(size_t most)
{
	struct token_revocations *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	if (pthread_rwlock_init(&r->lock, NULL) != 0) {
		free(r);
		return NULL;
	}
	r->most = most;
	return r;
}

void token_revocations_free(struct token_revocations *r)
{
	if (!r)
		return;
	pthread_rwlock_destroy(&r->lock);
	free(r->ids.rows);
	free(r->subjects.rows);
	free(r);
}

uint64_t token_revocations_generation(struct token_revocations *r)
{
	return atomic_load(&r->generation);
}

void token_revocations_now(struct token_revocations *r, int64_t now)
{
	int64_t seen = atomic_load_explicit(&r->now, memory_order_relaxed);

	/* Most calls are within one second and write nothing. */
	while (now > seen && !atomic_compare_exchange_weak(&r->now, &seen, now))
		;
}

/* FNV-1a: the keys are ids that we gave out, so nobody can choose them to collide. */
static size_t slot_of(const char *key, size_t capacity)
{
	uint64_t hash = 14695981039346656037U;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211U;
	return (size_t)(hash ^ hash >> 32) & (capacity - 1);
}

/* The row of KEY or the free one where it belongs; NULL in a table without rows. */
static struct row *find(const struct table *t, const char *key)
{
	size_t i;

	if (t->capacity == 0)
		return NULL;
	i = slot_of(key, t->capacity);
	while (t->rows[i].key[0] != '\0' && strcmp(t->rows[i].key, key) != 0)
		i = (i + 1) & (t->capacity - 1);
	return &t->rows[i];
}

/* Moves the rows that still matter into a table that they fill to one half at most. */
static bool rebuild(struct table *t, int64_t now)
{
	struct table fresh = {.capacity = 64, .rebuilt_at = now};
	size_t alive = 0;

	for (size_t i = 0; i < t->capacity; i++)
		alive += t->rows[i].key[0] != '\0' && t->rows[i].until > now;
	while (fresh.capacity / 2 < alive + 1)
		fresh.capacity *= 2;
	fresh.rows = calloc(fresh.capacity, sizeof *fresh.rows);
	if (!fresh.rows)
		return false;
	for (size_t i = 0; i < t->capacity; i++) {
		const struct row *row = &t->rows[i];

		if (row->key[0] != '\0' && row->until > now) {
			*find(&fresh, row->key) = *row;
			fresh.count++;
		}
	}
	free(t->rows);
	*t = fresh;
	return true;
}

/*
 * The row for KEY, added when missing; NULL where there is neither room nor memory.  *ADDED
 * says whether it is new.
 */
static struct row *take(struct token_revocations *r, struct table *t, const char *key, bool *added)
{
	struct row *row = find(t, key);
	int64_t now = atomic_load(&r->now);

	*added = !row || row->key[0] == '\0';
	if (!*added)
		return row;
	/* What is full of live rows is not gone through again within the second. */
	if (t->count >= r->most && t->rebuilt_at == now)
		return NULL;
	if (t->count >= r->most || (t->count + 1) * 4 > t->capacity * 3) {
		if (!rebuild(t, now) || t->count >= r->most)
			return NULL;
		row = find(t, key);
	}
	if (!row)
		return NULL;
	memcpy(row->key, key, strlen(key) + 1);
	t->count++;
	return row;
}

/*
 * Sets what a row says, or without one refuses all that is there.  A caller may tell the same
 * again and again: only what is new makes the caches look.
 */
static void add(struct token_revocations *r, struct table *t, const char *key, int64_t value,
		int64_t until)
{
	bool changed;
	struct row *row;

	/* No token that is accepted has such an id. */
	if (key[0] == '\0' || strlen(key) >= sizeof row->key || until <= atomic_load(&r->now))
		return;
	pthread_rwlock_wrlock(&r->lock);
	row = take(r, t, key, &changed);
	if (!row) {
		/* An iat may lie ahead of us by the leeway. */
		int64_t before = atomic_load(&r->now) + TOKEN_LEEWAY + 1;

		changed = before > atomic_load(&r->all_before);
		if (changed)
			atomic_store(&r->all_before, before);
	} else {
		changed = changed || value > row->value;
		row->value = value > row->value ? value : row->value;
		row->until = until > row->until ? until : row->until;
	}
	if (changed)
		atomic_fetch_add(&r->generation, 1);
	pthread_rwlock_unlock(&r->lock);
}

void token_revocations_add_id(struct token_revocations *r, const char *token_id, int64_t expires_at)
{
	int64_t until =
		expires_at > INT64_MAX - TOKEN_LEEWAY ? INT64_MAX : expires_at + TOKEN_LEEWAY;

	add(r, &r->ids, token_id, 0, until);
}

void token_revocations_add_subject(struct token_revocations *r, const char *subject,
				   int64_t issued_before)
{
	const int64_t life = TOKEN_LIFETIME_MAX + TOKEN_LEEWAY;
	int64_t until = issued_before > INT64_MAX - life ? INT64_MAX : issued_before + life;

	add(r, &r->subjects, subject, issued_before, until);
}

bool token_revoked(struct token_revocations *r, const struct actor *actor)
{
	const char *subject = actor->person[0] ? actor->person : actor->client;
	const struct row *id, *person;
	bool revoked;

	if (actor->issued_at < atomic_load(&r->all_before))
		return true;
	pthread_rwlock_rdlock(&r->lock);
	id = find(&r->ids, actor->token_id);
	person = find(&r->subjects, subject);
	revoked = (id && id->key[0] != '\0') ||
		  (person && person->key[0] != '\0' && actor->issued_at < person->value);
	pthread_rwlock_unlock(&r->lock);
	return revoked;
}

size_t token_revocations_count(struct token_revocations *r)
{
	size_t count;

	pthread_rwlock_rdlock(&r->lock);
	count = r->ids.count + r->subjects.count;
	pthread_rwlock_unlock(&r->lock);
	return count;
}
