/*
 * token_cache.c -- tokens that were verified, by their SHA-256.
 *
 * Sets of eight entries, so memory is bounded and a look-up touches one set; a full set loses
 * what expired, else what was used longest ago.  Only verified tokens come in, so strangers
 * cannot push any out.  A hit answers as a fresh verification at that moment would.
 */
#include "token_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, LOCKS = 64, SIZE_MAX_ALLOWED = 1 << 20 };

struct entry {
	unsigned char digest[TOKEN_DIGEST_LENGTH];
	uint64_t used;       /* its set's tick when last used; 0 = free */
	uint64_t generation; /* of revocations when it was last found unrevoked */
	int64_t not_before;
	struct actor actor; /* its scope is malloc'd */
	size_t scope_length;
};

struct set {
	struct entry ways[WAYS];
	uint64_t tick;
};

/* Each on a cache line of its own. */
struct lock {
	_Alignas(64) pthread_mutex_t mutex;
};

struct token_cache {
	struct lock locks[LOCKS];
	struct set *sets;
	size_t set_count; /* a power of two; 0 caches nothing */
	struct token_revocations *revocations;
};

struct token_cache *token_cache_new(size_t size, struct token_revocations *r)
{
	struct token_cache *c = aligned_alloc(64, sizeof *c);

	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->revocations = r;
	if (size > SIZE_MAX_ALLOWED)
		size = SIZE_MAX_ALLOWED;
	if (size > 0) {
		c->set_count = 1;
		while (c->set_count * WAYS < size)
			c->set_count *= 2;
		c->sets = calloc(c->set_count, sizeof *c->sets);
		if (!c->sets) {
			free(c);
			return NULL;
		}
	}
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&c->locks[i].mutex, NULL);
	return c;
}

/* Makes an entry free again. */
static void entry_clear(struct entry *e)
{
	free((char *)e->actor.scope);
	memset(e, 0, sizeof *e);
}

void token_cache_free(struct token_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->set_count; i++) {
		for (size_t way = 0; way < WAYS; way++)
			entry_clear(&c->sets[i].ways[way]);
	}
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&c->locks[i].mutex);
	free(c->sets);
	free(c);
}

/* The set of a digest and the lock that guards it. */
static struct set *set_of(struct token_cache *c, const unsigned char *digest,
			  pthread_mutex_t **lock)
{
	size_t number;

	memcpy(&number, digest, sizeof number);
	number &= c->set_count - 1;
	*lock = &c->locks[number % LOCKS].mutex;
	return &c->sets[number];
}

/* Judges a found entry as a fresh verification would; its lock is held. */
static enum token_cache_answer entry_use(struct token_cache *c, struct entry *e, struct arena *a,
					 int64_t now, struct actor *actor, const char **code)
{
	uint64_t generation = token_revocations_generation(c->revocations);

	*code = token_time_check(e->not_before, e->actor.expires_at, now);
	if (!*code && e->generation != generation) {
		if (token_revoked(c->revocations, &e->actor))
			*code = "token-revoked";
		else
			e->generation = generation;
	}
	if (*code)
		return TOKEN_REFUSED;
	*actor = e->actor;
	actor->scope = arena_strndup(a, e->actor.scope, e->scope_length);
	if (!actor->scope) {
		*code = "token-unchecked";
		return TOKEN_REFUSED;
	}
	return TOKEN_VALID;
}

enum token_cache_answer token_cache_find(struct token_cache *c, struct arena *a,
					 const unsigned char digest[TOKEN_DIGEST_LENGTH],
					 int64_t now, struct actor *actor, const char **code)
{
	enum token_cache_answer answer = TOKEN_ABSENT;
	pthread_mutex_t *lock;
	struct set *set;

	if (c->set_count == 0)
		return TOKEN_ABSENT;
	set = set_of(c, digest, &lock);
	pthread_mutex_lock(lock);
	for (size_t way = 0; way < WAYS; way++) {
		struct entry *e = &set->ways[way];

		if (e->used == 0 || memcmp(e->digest, digest, TOKEN_DIGEST_LENGTH) != 0)
			continue;
		e->used = ++set->tick;
		answer = entry_use(c, e, a, now, actor, code);
		break;
	}
	pthread_mutex_unlock(lock);
	return answer;
}

/* The entry that a new token gets: its own, a free, an expired or the least used one. */
static struct entry *entry_for(struct set *set, const unsigned char *digest, int64_t now)
{
	struct entry *best = &set->ways[0];

	for (size_t way = 0; way < WAYS; way++) {
		struct entry *e = &set->ways[way];

		if (e->used != 0 && memcmp(e->digest, digest, TOKEN_DIGEST_LENGTH) == 0)
			return e;
		if (e->used != 0 && e->actor.expires_at + TOKEN_LEEWAY <= now)
			entry_clear(e);
		if (e->used < best->used)
			best = e;
	}
	return best;
}

void token_cache_put(struct token_cache *c, const unsigned char digest[TOKEN_DIGEST_LENGTH],
		     const struct token_claims *claims, uint64_t generation, int64_t now)
{
	char *scope = c->set_count > 0 ? strdup(claims->actor.scope) : NULL;
	pthread_mutex_t *lock;
	struct entry *e;
	struct set *set;

	/* Without memory the token is verified again next time. */
	if (!scope)
		return;
	set = set_of(c, digest, &lock);
	pthread_mutex_lock(lock);
	e = entry_for(set, digest, now);
	entry_clear(e);
	memcpy(e->digest, digest, TOKEN_DIGEST_LENGTH);
	e->used = ++set->tick;
	e->generation = generation;
	e->not_before = claims->not_before;
	e->actor = claims->actor;
	e->actor.scope = scope;
	e->scope_length = strlen(scope);
	pthread_mutex_unlock(lock);
}
