/*
 * token_revocation_test.c -- revocations are kept as long as their tokens live, in bounded memory.
 *
 * What a revocation does to a verifier and its cache is in token_cache_test.c.
 */
#include "kernel/token_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PERSON "01890a5d-ac96-774b-bcce-b302099a8057"
static const int64_t NOW = 1800000000;

static void to_say_a_revocation_again_changes_nothing(void **state)
{
	struct token_revocations *r = token_revocations_new(100);
	uint64_t before;

	(void)state;
	token_revocations_add_id(r, "a", NOW);
	token_revocations_add_subject(r, "p", NOW);
	before = token_revocations_generation(r);
	for (int i = 0; i < 10; i++) {
		token_revocations_add_id(r, "a", NOW);
		token_revocations_add_subject(r, "p", NOW);
	}
	assert_int_equal(token_revocations_generation(r), before);
	assert_int_equal(token_revocations_count(r), 2);
	token_revocations_add_id(r, "b", NOW);
	assert_true(token_revocations_generation(r) > before);
	token_revocations_free(r);
}

static void revocations_are_dropped_when_their_tokens_are_dead(void **state)
{
	struct token_revocations *r = token_revocations_new(200);
	struct actor actor = {.issued_at = NOW, .person = PERSON};
	char id[20];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		token_revocations_now(r, NOW + i);
		snprintf(id, sizeof id, "id-%d", i);
		token_revocations_add_id(r, id, NOW + i + 60);
		assert_true(token_revocations_count(r) <= 200);
		memcpy(actor.token_id, id, sizeof id);
		assert_true(token_revoked(r, &actor));
	}
	/* Not one had to be given up for another. */
	memcpy(actor.token_id, "id", 3);
	assert_false(token_revoked(r, &actor));
	token_revocations_free(r);
}

static void a_revocation_lasts_as_long_as_its_token(void **state)
{
	const int64_t end = NOW + 60 + TOKEN_LEEWAY;

	(void)state;
	for (int64_t now = end - 1; now <= end; now++) {
		struct token_revocations *r = token_revocations_new(2);
		struct actor actor = {.issued_at = INT64_MAX, .token_id = "a"};

		token_revocations_add_id(r, "a", NOW + 60);
		token_revocations_now(r, now);
		/* The second one that is new wants the place of the first. */
		token_revocations_add_id(r, "b", NOW + 600);
		token_revocations_add_id(r, "c", NOW + 600);
		assert_int_equal(token_revoked(r, &actor), now < end);
		token_revocations_free(r);
	}
}

static void where_memory_ends_all_is_refused_rather_than_one_forgotten(void **state)
{
	struct token_revocations *r = token_revocations_new(100);
	struct actor actor = {.person = PERSON};
	char id[20];

	(void)state;
	token_revocations_now(r, NOW);
	for (int i = 0; i <= 100; i++) {
		snprintf(id, sizeof id, "id-%d", i);
		assert_false(token_revoked(r, &actor));
		actor.issued_at = NOW + TOKEN_LEEWAY;
		token_revocations_add_id(r, id, NOW + 3600);
	}
	memcpy(actor.token_id, "id-100", 7);
	assert_true(token_revoked(r, &actor));
	memcpy(actor.token_id, "other", 6);
	assert_true(token_revoked(r, &actor));
	actor.issued_at = NOW + TOKEN_LEEWAY + 1;
	assert_false(token_revoked(r, &actor));
	assert_int_equal(token_revocations_count(r), 100);
	token_revocations_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_say_a_revocation_again_changes_nothing),
		cmocka_unit_test(revocations_are_dropped_when_their_tokens_are_dead),
		cmocka_unit_test(a_revocation_lasts_as_long_as_its_token),
		cmocka_unit_test(where_memory_ends_all_is_refused_rather_than_one_forgotten),
	};

	return cmocka_run_group_tests_name("token_revocation", tests, NULL, NULL);
}
