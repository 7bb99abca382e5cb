/*
 * token_rotation_test.c -- several keys at once: which signs, which verify, what is shown.
 */
#include "token_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	return forge_folder(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	forge_folder_remove(folder);
	return 0;
}

static const char *path_of(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void make(const char *kid)
{
	char error[300] = "";

	if (!token_key_make(folder, kid, error))
		fail_msg("%s", error);
}

/* The public half of NAME.pem as a file of its own, under another kid perhaps. */
static void publish(const char *private_name, const char *public_name)
{
	assert_true(
		forge_write_key(folder, public_name, forge_key(folder, private_name), false, NULL));
}

static struct token_keys *load(void)
{
	char error[300] = "";
	struct token_keys *keys = token_keys_load(folder, error);

	if (!keys)
		fail_msg("%s", error);
	return keys;
}

/* Sets a file's age, so that the order of two keys is not the order of two fast writes. */
static void made_at(const char *name, time_t when)
{
	struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	assert_int_equal(utimensat(AT_FDCWD, path_of(name), times, 0), 0);
}

static char *sign(const struct token_keys *keys)
{
	json_t *claims = forge_claims();
	char *token = token_sign(keys, claims);

	json_decref(claims);
	return token;
}

/* The kid that K signs with. */
static void signs_with(const struct token_keys *k, const char *kid)
{
	char *token = sign(k), *dot, text[400];
	json_t *header;

	assert_non_null(token);
	dot = strchr(token, '.');
	snprintf(text, sizeof text, "%.*s%.*s", (int)(dot - token), token,
		 (int)(4 - (dot - token) % 4) % 4, "AAA");
	assert_true(EVP_DecodeBlock((unsigned char *)text, (unsigned char *)text,
				    (int)strlen(text)) > 0);
	header = json_loadb(text, (size_t)(dot - token) * 3 / 4, 0, NULL);
	assert_int_equal(json_object_size(header), 3);
	assert_string_equal(json_string_value(json_object_get(header, "alg")), "ES256");
	assert_string_equal(json_string_value(json_object_get(header, "typ")), "JWT");
	assert_string_equal(json_string_value(json_object_get(header, "kid")), kid);
	json_decref(header);
	free(token);
}

static const char *verdict(struct token_keys *keys, const char *token)
{
	struct token_verifier *v = token_verifier_new(keys, FORGE_ISSUER, FORGE_AUDIENCE, 10);
	struct arena *arena = arena_new(1 << 16);
	struct actor actor;
	const char *said =
		forge_said(token_verify(v, arena, token, strlen(token), FORGE_NOW, &actor));

	arena_free(arena);
	token_verifier_free(v);
	return said;
}

static void the_newest_private_key_signs(void **state)
{
	struct token_keys *keys;

	(void)state;
	make("a");
	make("b");
	make("c");
	publish("c.pem", "z.pub.pem");
	made_at("a.pem", 1000);
	made_at("b.pem", 3000);
	made_at("c.pem", 2000);
	keys = load();
	signs_with(keys, "b");
	token_keys_free(keys);
	made_at("a.pem", 3000);
	keys = load();
	signs_with(keys, "b");
	token_keys_free(keys);
	unlink(path_of("b.pem"));
	keys = load();
	signs_with(keys, "a");
	token_keys_free(keys);
}

static void two_keys_are_good_while_they_are_changed(void **state)
{
	struct token_keys *keys;
	char *old, *new;

	(void)state;
	make("a");
	made_at("a.pem", 1000);
	keys = load();
	old = sign(keys);
	assert_string_equal(verdict(keys, old), "accepted");
	token_keys_free(keys);

	make("b");
	keys = load();
	new = sign(keys);
	signs_with(keys, "b");
	assert_string_equal(verdict(keys, old), "accepted");
	assert_string_equal(verdict(keys, new), "accepted");
	token_keys_free(keys);

	/* The old private half is destroyed, its public half still verifies. */
	publish("a.pem", "a.pub.pem");
	unlink(path_of("a.pem"));
	keys = load();
	assert_string_equal(verdict(keys, old), "accepted");
	token_keys_free(keys);

	unlink(path_of("a.pub.pem"));
	keys = load();
	assert_string_equal(verdict(keys, old), "token-key-unknown");
	assert_string_equal(verdict(keys, new), "accepted");
	token_keys_free(keys);

	/* Another key under the old name is another key. */
	make("a");
	keys = load();
	assert_string_equal(verdict(keys, old), "token-signature");
	token_keys_free(keys);
	free(old);
	free(new);
}

static void two_halves_of_one_id_must_belong_together(void **state)
{
	char error[300] = "";
	struct token_keys *keys;

	(void)state;
	make("a");
	make("b");
	publish("a.pem", "a.pub.pem");
	keys = load();
	signs_with(keys, "b");
	token_keys_free(keys);
	publish("b.pem", "a.pub.pem");
	assert_null(token_keys_load(folder, error));
	assert_non_null(strstr(error, "different keys"));
}

static void public_keys_alone_verify_but_do_not_sign(void **state)
{
	struct token_keys *keys;
	char *token;

	(void)state;
	make("a");
	keys = load();
	token = sign(keys);
	token_keys_free(keys);
	publish("a.pem", "a.pub.pem");
	unlink(path_of("a.pem"));
	keys = load();
	assert_null(sign(keys));
	assert_string_equal(verdict(keys, token), "accepted");
	token_keys_free(keys);
	free(token);
}

static void the_key_set_shows_public_halves_only(void **state)
{
	struct token_keys *keys;
	json_t *set, *list, *one;
	size_t i;

	(void)state;
	make("b");
	make("a");
	publish("a.pem", "c.pub.pem");
	keys = load();
	set = token_jwks(keys);
	list = json_object_get(set, "keys");
	assert_int_equal(json_object_size(set), 1);
	assert_int_equal(json_array_size(list), 3);
	json_array_foreach(list, i, one) {
		static const char *const KIDS[] = {"a", "b", "c"};
		EVP_PKEY *key = forge_key(folder, i == 1 ? "b.pem" : "a.pem");
		unsigned char raw[32];
		BIGNUM *x = NULL;
		char *text;

		assert_int_equal(json_object_size(one), 7);
		assert_string_equal(json_string_value(json_object_get(one, "kid")), KIDS[i]);
		assert_string_equal(json_string_value(json_object_get(one, "kty")), "EC");
		assert_string_equal(json_string_value(json_object_get(one, "crv")), "P-256");
		assert_string_equal(json_string_value(json_object_get(one, "use")), "sig");
		assert_string_equal(json_string_value(json_object_get(one, "alg")), "ES256");
		for (int half = 0; half < 2; half++) {
			assert_int_equal(EVP_PKEY_get_bn_param(key, half ? "qy" : "qx", &x), 1);
			BN_bn2binpad(x, raw, sizeof raw);
			text = forge_base64url(raw, sizeof raw);
			assert_string_equal(
				json_string_value(json_object_get(one, half ? "y" : "x")), text);
			free(text);
			BN_free(x);
			x = NULL;
		}
		EVP_PKEY_free(key);
	}
	json_decref(set);
	token_keys_free(keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_newest_private_key_signs),
		TEST(two_keys_are_good_while_they_are_changed),
		TEST(two_halves_of_one_id_must_belong_together),
		TEST(public_keys_alone_verify_but_do_not_sign),
		TEST(the_key_set_shows_public_halves_only),
	};

	return cmocka_run_group_tests_name("token_rotation", tests, NULL, NULL);
}
