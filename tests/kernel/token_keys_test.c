/*
 * token_keys_test.c -- which folders of keys are taken and which are refused.
 */
#include "token_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

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

static void write_file(const char *name, mode_t mode, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void write_key(const char *name, EVP_PKEY *key, bool is_private, const EVP_CIPHER *cipher)
{
	assert_true(forge_write_key(folder, name, key, is_private, cipher));
}

static struct token_keys *load(void)
{
	char error[300] = "";
	struct token_keys *keys = token_keys_load(folder, error);

	if (!keys)
		fail_msg("%s", error);
	return keys;
}

/* Asserts that the folder is refused, and that the reason speaks of WHAT. */
static void not_loaded(const char *what)
{
	char error[300] = "";
	struct token_keys *keys = token_keys_load(folder, error);

	assert_null(keys);
	if (!strstr(error, what))
		fail_msg("\"%s\" does not speak of \"%s\"", error, what);
	assert_null(strstr(error, "BEGIN"));
}

static void a_folder_without_keys_is_refused(void **state)
{
	char error[300] = "";

	(void)state;
	not_loaded("no <kid>.pem");
	write_file("README", 0644, "keys");
	write_file(".hidden.pem", 0600, "");
	not_loaded("no <kid>.pem");
	assert_null(token_keys_load("/nonexistent/keys", error));
	assert_non_null(strstr(error, "/nonexistent/keys"));
}

static void an_empty_or_broken_file_is_refused(void **state)
{
	char *big = malloc(20001);

	(void)state;
	make("good");
	write_file("k.pem", 0600, "");
	not_loaded("empty");
	write_file("k.pem", 0600, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	not_loaded("k.pem: not a private key");
	write_file("k.pem", 0600, "secret");
	not_loaded("not a private key");
	memset(big, 'x', 20000);
	big[20000] = '\0';
	write_file("k.pem", 0600, big);
	not_loaded("too long");
	free(big);
	unlink(path_of("k.pem"));
	write_file("k.pub.pem", 0644, "");
	not_loaded("empty");
	unlink(path_of("k.pub.pem"));
	assert_int_equal(mkdir(path_of("d.pem"), 0700), 0);
	not_loaded("not a file");
	rmdir(path_of("d.pem"));
	assert_int_equal(mkfifo(path_of("f.pem"), 0600), 0);
	not_loaded("not a file");
}

static void a_private_key_that_others_may_read_is_refused(void **state)
{
	static const mode_t MODES[] = {0640, 0604, 0620, 0601, 0644, 0777};

	(void)state;
	make("k");
	for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
		chmod(path_of("k.pem"), MODES[i]);
		not_loaded("others may read it");
	}
	chmod(path_of("k.pem"), 0400);
	token_keys_free(load());
}

static void a_key_of_another_kind_is_refused(void **state)
{
	(void)state;
	write_key("k.pem", EVP_RSA_gen(2048), true, NULL);
	not_loaded("not an EC key");
	write_key("k.pem", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true, NULL);
	not_loaded("not an EC key");
	write_key("k.pem", EVP_EC_gen("P-384"), true, NULL);
	not_loaded("not on the curve");
	write_key("k.pem", EVP_EC_gen("secp256k1"), true, NULL);
	not_loaded("not on the curve");
	write_key("k.pem", EVP_EC_gen("P-256"), true, EVP_aes_128_cbc());
	not_loaded("without passphrase");
	write_key("k.pem", EVP_EC_gen("P-256"), false, NULL);
	assert_int_equal(chmod(path_of("k.pem"), 0600), 0);
	not_loaded("not a private key");
	unlink(path_of("k.pem"));
	write_key("k.pub.pem", EVP_EC_gen("P-384"), false, NULL);
	not_loaded("not on the curve");
	write_key("k.pub.pem", EVP_EC_gen("P-256"), true, NULL);
	not_loaded("not a public key");
}

static void a_name_that_is_no_key_id_is_refused(void **state)
{
	char error[300], name[80];

	(void)state;
	make("good");
	write_file("a b.pem", 0600, "x");
	not_loaded("its name is not");
	unlink(path_of("a b.pem"));
	write_file("k\xc3\xa9.pub.pem", 0600, "x");
	not_loaded("its name is not");
	unlink(path_of("k\xc3\xa9.pub.pem"));
	memset(name, 'k', sizeof name);
	memcpy(name + 65, ".pem", 5);
	write_file(name, 0600, "x");
	not_loaded("its name is not");
	assert_false(token_key_make(folder, "", error));
	assert_false(token_key_make(folder, "../x", error));
	assert_false(token_key_make(folder, "a b", error));
	assert_false(token_key_make(folder, "a.pub", error));
	assert_false(token_key_make(folder, ".a", error));
	name[65] = '\0';
	assert_false(token_key_make(folder, name, error));
	unlink(path_of("good.pem"));
	name[64] = '\0';
	make(name);
}

static void a_made_key_is_private_and_never_replaced(void **state)
{
	char error[300] = "", deeper[80];
	struct token_keys *keys;
	struct stat st;

	(void)state;
	snprintf(deeper, sizeof deeper, "%s/new", folder);
	assert_true(token_key_make(deeper, "k1", error));
	assert_int_equal(stat(deeper, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_false(token_key_make(deeper, "k1", error));
	assert_non_null(strstr(error, "k1"));
	keys = token_keys_load(deeper, error);
	assert_non_null(keys);
	token_keys_free(keys);
	snprintf(deeper, sizeof deeper, "%s/new/k1.pem", folder);
	assert_int_equal(stat(deeper, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(deeper);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_folder_without_keys_is_refused),
		TEST(an_empty_or_broken_file_is_refused),
		TEST(a_private_key_that_others_may_read_is_refused),
		TEST(a_key_of_another_kind_is_refused),
		TEST(a_name_that_is_no_key_id_is_refused),
		TEST(a_made_key_is_private_and_never_replaced),
	};

	return cmocka_run_group_tests_name("token_keys", tests, NULL, NULL);
}
