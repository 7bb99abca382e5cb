/*
 * token_signature_test.c -- signatures that are none, and tokens cut, mended and lengthened.
 */
#include "token_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct forge f;

static int set_up(void **state)
{
	(void)state;
	return forge_open(&f, 1000) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	forge_close(&f);
	return 0;
}

/* What is said of LENGTH bytes; only what is accepted is then in the cache. */
static const char *verdict(const char *token, size_t length)
{
	const char *said = forge_verdict(&f, token, length, FORGE_NOW);
	struct actor actor;

	assert_int_equal(token_cached(f.verifier, f.arena, token, length, FORGE_NOW, &actor),
			 strcmp(said, "accepted") == 0);
	return said;
}

/* Asserts that TOKEN (freed) is refused with CODE, is told nothing and is not kept. */
static void refused(char *token, const char *code)
{
	static const struct actor NOBODY;

	assert_string_equal(verdict(token, strlen(token)), code);
	assert_memory_equal(&f.actor, &NOBODY, sizeof NOBODY);
	free(token);
}

/* A good token with TAIL behind it. */
static void refused_tail(const char *tail, size_t length)
{
	char *token = forge_token(f.key, FORGE_HEADER, forge_claims());
	size_t whole = strlen(token);
	char *longer = malloc(whole + length + 1);

	assert_non_null(longer);
	memcpy(longer, token, whole + 1);
	memcpy(longer + whole, tail, length);
	assert_string_equal(verdict(longer, whole + length), "token-malformed");
	free(longer);
	free(token);
}

static void another_key_of_the_same_id_does_not_sign(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256");

	(void)state;
	refused(forge_token(other, FORGE_HEADER, forge_claims()), "token-signature");
	EVP_PKEY_free(other);
}

static void a_signature_of_no_use_is_refused(void **state)
{
	char *payload = forge_payload("");
	size_t length = strlen(payload);
	unsigned char raw[FORGE_RAW + 8] = {0};

	(void)state;
	/* 0 is no R and no S; nor is the group's order or anything above it. */
	refused(forge_join(forge_input(FORGE_HEADER, payload, length), raw, FORGE_RAW),
		"token-signature");
	memset(raw, 0xff, sizeof raw);
	refused(forge_join(forge_input(FORGE_HEADER, payload, length), raw, FORGE_RAW),
		"token-signature");
	for (size_t n = 1; n < sizeof raw; n++)
		refused(forge_join(forge_input(FORGE_HEADER, payload, length), raw, n),
			"token-signature");
	free(payload);
}

static void a_stripped_token_is_refused(void **state)
{
	char *token = forge_token(f.key, FORGE_HEADER, forge_claims());
	char *dot = strrchr(token, '.');
	char *none = forge_input("{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}", "{}", 2);

	(void)state;
	dot[1] = '\0';
	refused(strdup(token), "token-malformed");
	dot[0] = '\0';
	refused(token, "token-malformed");
	refused(forge_join(none, "", 0), "token-malformed");
}

static void a_token_cut_anywhere_is_refused(void **state)
{
	char *token = forge_token(f.key, FORGE_HEADER, forge_claims());

	(void)state;
	for (size_t length = 0; length < strlen(token); length++)
		assert_string_not_equal(verdict(token, length), "accepted");
	free(token);
}

static void a_token_changed_anywhere_is_refused(void **state)
{
	char *token = forge_token(f.key, FORGE_HEADER, forge_claims());

	(void)state;
	for (size_t i = 0; i < strlen(token) * 8; i += 5) {
		token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
		assert_string_not_equal(verdict(token, strlen(token)), "accepted");
		token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
	}
	assert_string_equal(verdict(token, strlen(token)), "accepted");
	free(token);
}

static void a_tail_is_refused(void **state)
{
	(void)state;
	refused_tail("!!", 2);
	refused_tail("=", 1);
	refused_tail("==", 2);
	refused_tail("\n", 1);
	refused_tail(" ", 1);
	refused_tail("\0", 1);
	refused_tail("\0.AAAA", 6);
	refused_tail(".", 1);
	refused_tail(".AAAA", 5);
	refused_tail(".AAAA.AAAA", 10);
	refused_tail("+/", 2);
	refused_tail("%3D", 3);
	refused_tail("\xc3\xa9", 2);
}

static void each_signature_has_one_spelling(void **state)
{
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *token = forge_token(f.key, FORGE_HEADER, forge_claims());
	char *last = token + strlen(token) - 1, right = *last;

	(void)state;
	/* 64 bytes leave four bits of their last character without meaning. */
	for (const char *c = ALPHABET; *c; c++) {
		*last = *c;
		if (*c != right)
			assert_string_not_equal(verdict(token, strlen(token)), "accepted");
		if ((strchr(ALPHABET, *c) - ALPHABET) % 16 != 0)
			assert_string_equal(verdict(token, strlen(token)), "token-malformed");
	}
	free(token);
}

/* One character alone is no byte; a header of 39 bytes leaves no bits over. */
static void a_digit_that_spells_nothing_is_refused(void **state)
{
	char *token = forge_token(f.key, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"} ",
				  forge_claims());
	char *longer = calloc(1, strlen(token) + 2), *dot = strchr(token, '.');

	(void)state;
	assert_int_equal(dot - token, 52);
	assert_string_equal(verdict(token, strlen(token)), "accepted");
	sprintf(longer, "%.*sA%s", (int)(dot - token), token, dot);
	refused(longer, "token-malformed");
	free(token);
}

static void empty_parts_are_refused(void **state)
{
	(void)state;
	refused(strdup("."), "token-malformed");
	refused(strdup(".."), "token-malformed");
	refused(strdup("..."), "token-malformed");
	refused(strdup("e30.e30."), "token-malformed");
	refused(strdup(".e30.e30"), "token-malformed");
	refused(strdup("e30..e30"), "token-malformed");
	refused(strdup("e30"), "token-malformed");
	refused(strdup("e30.e30.e30.e30.e30"), "token-malformed");
	refused(strdup(""), "token-malformed");
}

/* ECDSA itself holds (r, n - s) for true; so the id, not the text, is what is revoked. */
static void a_mirrored_signature_is_true_and_revoked_with_its_twin(void **state)
{
	json_t *claims = forge_claims();
	unsigned char raw[FORGE_RAW];
	char *payload, *input;

	(void)state;
	json_object_set_new(claims, "jti", json_string("twin"));
	payload = json_dumps(claims, JSON_COMPACT);
	for (int twice = 0; twice < 2; twice++) {
		char *token;

		input = forge_input(FORGE_HEADER, payload, strlen(payload));
		forge_signature(f.key, input, true, raw);
		token = forge_join(input, raw, sizeof raw);
		if (twice == 0)
			assert_string_equal(verdict(token, strlen(token)), "accepted");
		else
			assert_string_equal(verdict(token, strlen(token)), "token-revoked");
		free(token);
		token_revoke_id(f.verifier, "twin", FORGE_NOW + 3600);
	}
	json_decref(claims);
	free(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_key_of_the_same_id_does_not_sign),
		cmocka_unit_test(a_signature_of_no_use_is_refused),
		cmocka_unit_test(a_stripped_token_is_refused),
		cmocka_unit_test(a_token_cut_anywhere_is_refused),
		cmocka_unit_test(a_token_changed_anywhere_is_refused),
		cmocka_unit_test(a_tail_is_refused),
		cmocka_unit_test(each_signature_has_one_spelling),
		cmocka_unit_test(a_digit_that_spells_nothing_is_refused),
		cmocka_unit_test(empty_parts_are_refused),
		cmocka_unit_test(a_mirrored_signature_is_true_and_revoked_with_its_twin),
	};

	return cmocka_run_group_tests_name("token_signature", tests, set_up, tear_down);
}
