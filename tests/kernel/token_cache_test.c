/*
 * token_cache_test.c -- verified tokens that are kept, and tokens that count no more.
 */
#include "kernel/token_private.h"
#include "token_forge.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct forge f;

static int set_up(void **state)
{
	(void)state;
	memset(&f, 0, sizeof f);
	return forge_open(&f, 64) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	forge_close(&f);
	return 0;
}

static char *token_of(const char *members)
{
	json_t *claims = forge_claims_with(members);
	char *token = token_sign(f.keys, claims);

	json_decref(claims);
	assert_non_null(token);
	return token;
}

static const char *verdict(const char *token, int64_t now)
{
	return forge_verdict(&f, token, strlen(token), now);
}

static bool cached(const char *token, int64_t now)
{
	struct actor actor;

	return token_cached(f.verifier, f.arena, token, strlen(token), now, &actor);
}

static void counts(uint64_t hits, uint64_t misses)
{
	uint64_t h, m;

	token_cache_counts(f.verifier, &h, &m);
	assert_int_equal(h, hits);
	assert_int_equal(m, misses);
}

/* All that is fixed in two actors, padding left out, and their scopes. */
static void same_actor(const struct actor *a, const struct actor *b)
{
	assert_int_equal(a->county, b->county);
	assert_int_equal(a->role, b->role);
	assert_ptr_equal(a->role_name, b->role_name);
	assert_string_equal(a->person, b->person);
	assert_string_equal(a->office, b->office);
	assert_string_equal(a->school, b->school);
	assert_string_equal(a->client, b->client);
	assert_string_equal(a->token_id, b->token_id);
	assert_int_equal(a->expires_at, b->expires_at);
	assert_int_equal(a->issued_at, b->issued_at);
	assert_string_equal(a->scope, b->scope);
}

static void a_hit_says_what_a_fresh_verification_says(void **state)
{
	struct token_verifier *bare;
	struct arena *arena = arena_new(1 << 16);
	char *token = token_of("{\"client_id\":\"portal\",\"nbf\":1800000100}");
	static const int64_t TIMES[] = {FORGE_NOW,
					FORGE_NOW + 69,
					FORGE_NOW + 70,
					FORGE_NOW + 100,
					FORGE_NOW + 3629,
					FORGE_NOW + 3630,
					0,
					INT64_MAX};
	struct actor fresh;

	(void)state;
	bare = token_verifier_new(f.keys, FORGE_ISSUER, FORGE_AUDIENCE, 0);
	assert_string_equal(verdict(token, FORGE_NOW + 100), "accepted");
	assert_true(cached(token, FORGE_NOW + 100));
	for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
		const char *said = forge_said(
			token_verify(bare, arena, token, strlen(token), TIMES[i], &fresh));

		assert_string_equal(verdict(token, TIMES[i]), said);
		assert_int_equal(cached(token, TIMES[i]), strcmp(said, "accepted") == 0);
		if (strcmp(said, "accepted") == 0)
			same_actor(&f.actor, &fresh);
	}
	counts(sizeof TIMES / sizeof *TIMES, 1);
	assert_false(token_cached(bare, arena, token, strlen(token), FORGE_NOW + 100, &fresh));
	arena_free(arena);
	token_verifier_free(bare);
	free(token);
}

static void the_actor_of_a_hit_outlives_the_cache(void **state)
{
	char *token = token_of("{}");

	(void)state;
	assert_string_equal(verdict(token, FORGE_NOW), "accepted");
	assert_string_equal(verdict(token, FORGE_NOW), "accepted");
	counts(1, 1);
	token_verifier_free(f.verifier);
	f.verifier = NULL;
	assert_string_equal(f.actor.scope, "schools:read teachers:read");
	free(token);
}

static void what_was_refused_is_not_kept(void **state)
{
	char *token = token_of("{\"iss\":\"other\"}");

	(void)state;
	assert_string_equal(verdict(token, FORGE_NOW), "token-issuer");
	assert_string_equal(verdict(token, FORGE_NOW), "token-issuer");
	assert_false(cached(token, FORGE_NOW));
	counts(0, 2);
	free(token);
}

static void without_memory_nobody_comes_in(void **state)
{
	char *token = token_of("{}");

	(void)state;
	assert_string_equal(verdict(token, FORGE_NOW), "accepted");
	for (size_t size = 1 << 16; size > 0; size /= 2) {
		while (arena_alloc(f.arena, size))
			;
	}
	/* From the cache, and not from it. */
	for (int i = 0; i < 2; i++) {
		assert_string_equal(forge_said(token_verify(f.verifier, f.arena, token,
							    strlen(token), FORGE_NOW, &f.actor)),
				    "token-unchecked");
		assert_int_equal(f.actor.county, 0);
		free(token);
		token = token_of("{\"jti\":\"id-2\"}");
	}
	free(token);
}

/* A look-alike in the cache, without a key and a signature. */
static void put(struct token_cache *c, unsigned number, int64_t expires_at)
{
	struct token_claims claims = {.actor = {.county = (int)number, .scope = "s"}};
	unsigned char digest[TOKEN_DIGEST_LENGTH] = {0};

	memcpy(digest + 8, &number, sizeof number);
	claims.actor.expires_at = expires_at;
	token_cache_put(c, digest, &claims, 0, FORGE_NOW);
}

static bool has(struct token_cache *c, unsigned number)
{
	unsigned char digest[TOKEN_DIGEST_LENGTH] = {0};
	struct actor actor = {.county = -1};
	const char *code;

	memcpy(digest + 8, &number, sizeof number);
	arena_clear(f.arena);
	return token_cache_find(c, f.arena, digest, FORGE_NOW, &actor, &code) == TOKEN_VALID &&
	       actor.county == (int)number;
}

static void a_full_cache_loses_what_expired_and_then_what_was_used_least(void **state)
{
	struct token_revocations *r = token_revocations_new(8);
	struct token_cache *c = token_cache_new(8, r);

	(void)state;
	for (unsigned i = 1; i <= 8; i++)
		put(c, i, i == 5 ? FORGE_NOW - 31 : FORGE_NOW + 60);
	put(c, 9, FORGE_NOW + 60);
	for (unsigned i = 1; i <= 9; i++)
		assert_int_equal(has(c, i), i != 5);
	assert_true(has(c, 1));
	put(c, 10, FORGE_NOW + 60);
	assert_true(has(c, 1));
	assert_false(has(c, 2));
	assert_true(has(c, 10));
	put(c, 10, FORGE_NOW + 60);
	for (unsigned i = 3; i <= 10; i++)
		assert_int_equal(has(c, i), i != 5);
	token_cache_free(c);
	token_revocations_free(r);
}

static void the_cache_is_bounded(void **state)
{
	struct token_revocations *r = token_revocations_new(8);
	struct token_cache *c = token_cache_new(8, r);
	unsigned kept = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		put(c, i, FORGE_NOW + 60);
	for (unsigned i = 0; i < 1000; i++)
		kept += has(c, i);
	assert_int_equal(kept, 8);
	assert_true(has(c, 999));
	token_cache_free(c);
	token_revocations_free(r);
}

static void a_revoked_token_is_refused_even_when_cached(void **state)
{
	char *bad = token_of("{\"jti\":\"bad\"}"), *good = token_of("{\"jti\":\"good\"}");

	(void)state;
	assert_string_equal(verdict(bad, FORGE_NOW), "accepted");
	assert_string_equal(verdict(good, FORGE_NOW), "accepted");
	token_revoke_id(f.verifier, "bad", FORGE_NOW + 3600);
	assert_false(cached(bad, FORGE_NOW));
	assert_string_equal(verdict(bad, FORGE_NOW), "token-revoked");
	assert_string_equal(verdict(bad, FORGE_NOW + 3600 + 29), "token-revoked");
	assert_string_equal(verdict(bad, FORGE_NOW + 3600 + 30), "token-expired");
	assert_string_equal(verdict(good, FORGE_NOW), "accepted");
	free(bad);
	free(good);
}

static void a_token_revoked_before_it_was_seen_is_refused(void **state)
{
	char *bad = token_of("{\"jti\":\"bad\"}");

	(void)state;
	token_revoke_id(f.verifier, "bad", FORGE_NOW + 3600);
	assert_string_equal(verdict(bad, FORGE_NOW), "token-revoked");
	assert_false(cached(bad, FORGE_NOW));
	free(bad);
}

static void a_person_loses_what_was_issued_before(void **state)
{
	char *token = token_of("{}"), *other = token_of("{\"sub\":\"" FORGE_SCHOOL "\"}");
	char *client = token_of("{\"role\":\"client\",\"client_id\":\"c\",\"sub\":\"c\"}");

	(void)state;
	assert_string_equal(verdict(token, FORGE_NOW), "accepted");
	assert_string_equal(verdict(client, FORGE_NOW), "accepted");
	/* Issued at that very second is not issued before it. */
	token_revoke_person(f.verifier, FORGE_PERSON, FORGE_NOW);
	assert_string_equal(verdict(token, FORGE_NOW), "accepted");
	token_revoke_person(f.verifier, FORGE_PERSON, FORGE_NOW + 1);
	assert_string_equal(verdict(token, FORGE_NOW), "token-revoked");
	/* An earlier instant told later gives nothing back. */
	token_revoke_person(f.verifier, FORGE_PERSON, FORGE_NOW - 1);
	assert_string_equal(verdict(token, FORGE_NOW), "token-revoked");
	assert_string_equal(verdict(other, FORGE_NOW), "accepted");
	assert_string_equal(verdict(client, FORGE_NOW), "accepted");
	token_revoke_person(f.verifier, "c", INT64_MAX);
	assert_string_equal(verdict(client, FORGE_NOW), "token-revoked");
	free(token);
	free(other);
	free(client);
}

/* --- several threads --- */

enum { THREADS = 4, TOKENS = 12, ROUNDS = 400 };
static char *shared[TOKENS];
static _Atomic int wrong, revoked;

/* Verifies in turn; the first thread revokes the first half on its way. */
static void *turn(void *number)
{
	int me = *(int *)number;
	struct arena *arena = arena_new(1 << 20);
	struct actor actor;
	char id[20];

	for (int i = 0; arena && i < ROUNDS; i++) {
		int which = (i * 5 + me) % TOKENS;
		int before = atomic_load(&revoked);
		const char *code = token_verify(f.verifier, arena, shared[which],
						strlen(shared[which]), FORGE_NOW, &actor);

		/* What was revoked before the call began may not pass. */
		snprintf(id, sizeof id, "t-%d", which);
		wrong += code ? strcmp(code, "token-revoked") != 0 || which >= TOKENS / 2
			      : which < before || strcmp(actor.token_id, id) != 0;
		arena_clear(arena);
		if (me == 0 && i % 50 == 49 && before < TOKENS / 2) {
			snprintf(id, sizeof id, "t-%d", before);
			token_revoke_id(f.verifier, id, FORGE_NOW + 3600);
			atomic_store(&revoked, before + 1);
		}
	}
	arena_free(arena);
	return NULL;
}

static void threads_share_a_verifier(void **state)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	uint64_t hits, misses;

	(void)state;
	for (int i = 0; i < TOKENS; i++) {
		char members[40];

		snprintf(members, sizeof members, "{\"jti\":\"t-%d\"}", i);
		shared[i] = token_of(members);
	}
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, turn, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_int_equal(atomic_load(&revoked), TOKENS / 2);
	token_cache_counts(f.verifier, &hits, &misses);
	assert_int_equal(hits + misses, THREADS * ROUNDS);
	assert_true(hits > misses);
	for (int i = 0; i < TOKENS; i++)
		free(shared[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hit_says_what_a_fresh_verification_says),
		TEST(the_actor_of_a_hit_outlives_the_cache),
		TEST(what_was_refused_is_not_kept),
		TEST(without_memory_nobody_comes_in),
		TEST(a_full_cache_loses_what_expired_and_then_what_was_used_least),
		TEST(the_cache_is_bounded),
		TEST(a_revoked_token_is_refused_even_when_cached),
		TEST(a_token_revoked_before_it_was_seen_is_refused),
		TEST(a_person_loses_what_was_issued_before),
		TEST(threads_share_a_verifier),
	};

	return cmocka_run_group_tests_name("token_cache", tests, NULL, NULL);
}
