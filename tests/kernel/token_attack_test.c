/*
 * token_attack_test.c -- what a token's header and payload may not be, well signed as they are.
 *
 * Every case says the code that it is refused with, so that it is refused for its own fault
 * and not for another.  Signatures and the token's outer form are in token_signature_test.c,
 * the claims' own rules in token_test.c and token_claims_test.c.
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

static void accepted(char *token)
{
	assert_string_equal(verdict(token, strlen(token)), "accepted");
	assert_string_equal(f.actor.person, FORGE_PERSON);
	free(token);
}

static void refused_header(const char *header, const char *code)
{
	refused(forge_token(f.key, header, forge_claims()), code);
}

static void refused_payload(const char *payload, const char *code)
{
	refused(forge_text(f.key, FORGE_HEADER, payload), code);
}

static void the_honest_token_is_accepted(void **state)
{
	(void)state;
	accepted(forge_token(f.key, FORGE_HEADER, forge_claims()));
	accepted(forge_token(f.key, "{\"kid\":\"k1\",\"typ\":\"jwt\",\"alg\":\"ES256\"}",
			     forge_claims()));
}

static void the_public_key_is_no_hmac_secret(void **state)
{
	static const char HEADER[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}";
	char *payload = forge_payload(""), *pem, *input;
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	long pem_length;

	(void)state;
	PEM_write_bio_PUBKEY(bio, f.key);
	pem_length = BIO_get_mem_data(bio, &pem);
	input = forge_input(HEADER, payload, strlen(payload));
	HMAC(EVP_sha256(), pem, (int)pem_length, (unsigned char *)input, strlen(input), mac,
	     &length);
	refused(forge_join(input, mac, length), "token-algorithm");
	BIO_free(bio);
	free(payload);
}

static void only_es256_is_an_algorithm(void **state)
{
	static const char *const OTHERS[] = {
		"\"HS256\"",  "\"HS384\"", "\"HS512\"", "\"hs256\"", "\"none\"",
		"\"None\"",   "\"NONE\"",  "\"nOnE\"",  "\"\"",      "\"es256\"",
		"\"ES384\"",  "\"ES512\"", "\"RS256\"", "\"PS256\"", "\"EdDSA\"",
		"\"ES256 \"", "256",       "null",      "true",      "[\"ES256\"]",
	};
	char header[100];

	(void)state;
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
		snprintf(header, sizeof header, "{\"alg\":%s,\"typ\":\"JWT\",\"kid\":\"k1\"}",
			 OTHERS[i]);
		refused_header(header, "token-algorithm");
	}
	refused_header("{\"typ\":\"JWT\",\"kid\":\"k1\"}", "token-algorithm");
	refused_header("{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		       "token-header");
	refused_header("{\"alg\":\"ES256\",\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		       "token-header");
}

static void a_header_member_that_we_do_not_obey_is_refused(void **state)
{
	static const char *const MEMBERS[] = {
		"\"crit\":[\"exp\"]",
		"\"crit\":[]",
		"\"b64\":false",
		"\"b64\":true",
		"\"jku\":\"https://evil.example/jwks.json\"",
		"\"x5u\":\"https://evil.example/c\"",
		"\"jwk\":{\"kty\":\"EC\"}",
		"\"x5c\":[\"MIIB\"]",
		"\"x5t\":\"AA\"",
		"\"zip\":\"DEF\"",
		"\"cty\":\"JWT\"",
		"\"epk\":{}",
		"\"\":1",
		"\"ALG\":\"none\"",
		"\"alg\\u0000\":\"none\"",
	};
	char header[200];

	(void)state;
	for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
		snprintf(header, sizeof header,
			 "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\",%s}", MEMBERS[i]);
		refused_header(header, "token-header");
	}
}

static void the_type_must_be_jwt(void **state)
{
	static const char *const TYPES[] = {
		"\"at+jwt\"", "\"application/at+jwt\"", "\"JWE\"", "\"\"", "\"JWT \"", "1", "null"};
	char header[100];

	(void)state;
	for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
		snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"typ\":%s,\"kid\":\"k1\"}",
			 TYPES[i]);
		refused_header(header, "token-header");
	}
	refused_header("{\"alg\":\"ES256\",\"kid\":\"k1\"}", "token-header");
}

static void a_key_id_finds_only_a_key_that_was_loaded(void **state)
{
	static const char *const KIDS[] = {
		"../../dev/null", "/dev/null", "k1.pem", "K1",  "k1 ", "' OR 1=1 --",
		"\\\"",           "%s%n",      "k",      "k11", ".",   ".."};
	char header[4096], kid[3000];

	(void)state;
	for (size_t i = 0; i < sizeof KIDS / sizeof *KIDS; i++) {
		snprintf(header, sizeof header,
			 "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", KIDS[i]);
		refused_header(header, "token-key-unknown");
	}
	memset(kid, 'k', 1500);
	kid[1500] = '\0';
	snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", kid);
	refused_header(header, "token-key-unknown");
	refused_header("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "token-header");
	refused_header("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"\"}", "token-header");
	refused_header("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":1}", "token-header");
	refused_header("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":[\"k1\"]}", "token-header");
	refused_header("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\\u0000\"}", "token-header");
}

static void a_header_that_is_no_object_is_refused(void **state)
{
	char deep[600];

	(void)state;
	refused_header("[]", "token-header");
	refused_header("\"ES256\"", "token-header");
	refused_header("{\"alg\":\"ES256\"", "token-header");
	refused_header(FORGE_HEADER "x", "token-header");
	refused_header("\xef\xbb\xbf" FORGE_HEADER, "token-header");
	refused_header("{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\xff\"}", "token-header");
	memset(deep, '[', 500);
	deep[500] = '\0';
	refused_header(deep, "token-header");
}

static void a_long_token_is_refused_before_it_is_read(void **state)
{
	size_t length = 1 << 20;
	char *token = malloc(length);

	(void)state;
	memset(token, 'A', length);
	assert_string_equal(verdict(token, length), "token-too-long");
	assert_string_equal(verdict(token, TOKEN_LENGTH_MAX + 1), "token-too-long");
	assert_string_equal(verdict(token, TOKEN_LENGTH_MAX), "token-malformed");
	free(token);
}

static void a_payload_that_is_no_object_is_refused(void **state)
{
	char *payload = forge_payload("");
	char *text = malloc(3000);

	(void)state;
	refused_payload("[]", "token-claims");
	refused_payload("null", "token-claims");
	refused_payload("\"admin\"", "token-claims");
	refused_payload("{}", "token-claims");
	sprintf(text, "[%s]", payload);
	refused_payload(text, "token-claims");
	sprintf(text, "%s{}", payload);
	refused_payload(text, "token-claims");
	sprintf(text, "\xef\xbb\xbf%s", payload);
	refused_payload(text, "token-claims");
	/* With the NUL that ends it, and one more byte. */
	refused(forge_bytes(f.key, FORGE_HEADER, payload, strlen(payload) + 1), "token-claims");
	sprintf(text, "%.*s,\"role\":\"teacher\"}", (int)strlen(payload) - 1, payload);
	refused_payload(text, "token-claims");
	sprintf(text, "%.*s,\"x\":\"\xff\"}", (int)strlen(payload) - 1, payload);
	refused_payload(text, "token-claims");
	free(text);
	free(payload);
}

static void deep_nesting_is_refused(void **state)
{
	char *payload = forge_payload("");
	char *text = malloc(4000), *end;

	(void)state;
	end = text + sprintf(text, "%.*s,\"x\":", (int)strlen(payload) - 1, payload);
	memset(end, '[', 500);
	memset(end + 500, ']', 500);
	memcpy(end + 1000, "}", 2);
	refused_payload(text, "token-claims");
	free(text);
	free(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_honest_token_is_accepted),
		cmocka_unit_test(the_public_key_is_no_hmac_secret),
		cmocka_unit_test(only_es256_is_an_algorithm),
		cmocka_unit_test(a_header_member_that_we_do_not_obey_is_refused),
		cmocka_unit_test(the_type_must_be_jwt),
		cmocka_unit_test(a_key_id_finds_only_a_key_that_was_loaded),
		cmocka_unit_test(a_header_that_is_no_object_is_refused),
		cmocka_unit_test(a_long_token_is_refused_before_it_is_read),
		cmocka_unit_test(a_payload_that_is_no_object_is_refused),
		cmocka_unit_test(deep_nesting_is_refused),
	};

	return cmocka_run_group_tests_name("token_attack", tests, set_up, tear_down);
}
