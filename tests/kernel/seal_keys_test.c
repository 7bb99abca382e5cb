/*
 * seal_keys_test.c -- which key files are taken, which are refused, how one grows.
 */
#include "kernel/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/qinglan-seal-XXXXXX";
static char path[64];
static struct seal *seal;

static int set_up(void **state)
{
	char error[300];

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/qinglan-seal-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/keys", folder);
	seal = seal_key_make(path, error) ? seal_load(path, error) : NULL;
	return seal ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	seal_free(seal);
	unlink(path);
	rmdir(folder);
	return 0;
}

/* Puts a further key into the file and loads it again. */
static void add_key(void)
{
	char error[300] = "";

	if (!seal_key_make(path, error))
		fail_msg("%s", error);
	seal_free(seal);
	seal = seal_load(path, error);
	if (!seal)
		fail_msg("%s", error);
}

static void write_file(const char *text, mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Asserts that a key file is refused for WHAT, without showing a key. */
static void not_loaded(const char *text, const char *what)
{
	char error[300] = "";

	write_file(text, 0600);
	assert_null(seal_load(path, error));
	if (!strstr(error, what) || !strstr(error, path))
		fail_msg("\"%s\" does not speak of \"%s\"", error, what);
	assert_null(strstr(error, "AQEB"));
}

/* 32 bytes of 1, and of 2. */
#define KEY_1 "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static void a_key_file_in_another_form_is_refused(void **state)
{
	(void)state;
	not_loaded("", "empty");
	not_loaded("\n", "line 1: not \"id base64\"");
	not_loaded(KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("0 " KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("01 " KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("256 " KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("1000 " KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("-1 " KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("1\t" KEY_1 "\n", "line 1: not \"id base64\"");
	not_loaded("1  " KEY_1 "\n", "line 1: not the base64");
	not_loaded("1 " KEY_1 " \n", "line 1: not the base64");
	not_loaded("1 " KEY_1 "\r\n", "line 1: not the base64");
	not_loaded("1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n", "line 1: not the base64");
	not_loaded("1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF=\n", "line 1: not the base64");
	not_loaded("1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\xbd\n", "line 1: not the base64");
	not_loaded("1 \xaf"
		   "QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n",
		   "line 1: not the base64");
	not_loaded("1 \n", "line 1: not the base64");
	not_loaded("1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "zeros");
	not_loaded("2 " KEY_1 "\n1 " KEY_2 "\n", "line 2: ids must grow");
	not_loaded("1 " KEY_1 "\n1 " KEY_2 "\n", "line 2: ids must grow");
	not_loaded("1 " KEY_1 "\n\n2 " KEY_2 "\n", "line 2: not \"id base64\"");
}

static void a_key_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t MODES[] = {0640, 0604, 0644, 0620, 0602, 0666};
	char error[300];

	(void)state;
	for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
		assert_int_equal(chmod(path, MODES[i]), 0);
		assert_null(seal_load(path, error));
		assert_non_null(strstr(error, "others may read it"));
		assert_false(seal_key_make(path, error));
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_null(seal_load(folder, error));
	assert_null(seal_load("/nonexistent/keys", error));
	assert_non_null(strstr(error, "/nonexistent/keys"));
}

static void a_new_key_is_added_behind_the_others(void **state)
{
	char error[300], text[200] = "";
	struct stat st;
	FILE *file;

	(void)state;
	/* The last line has no end. */
	write_file("7 " KEY_1 "\n9 " KEY_2, 0600);
	add_key();
	assert_int_equal(seal_key_count(seal), 3);
	assert_int_equal(seal_newest_key(seal), 10);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	file = fopen(path, "r");
	assert_int_equal(fread(text, 1, sizeof text, file), 2 * 47 + 48);
	fclose(file);
	assert_memory_equal(text, "7 " KEY_1 "\n9 " KEY_2 "\n10 ", 2 * 47 + 3);
	write_file("255 " KEY_1 "\n", 0600);
	assert_false(seal_key_make(path, error));
	assert_non_null(strstr(error, "255"));
	write_file("damaged\n", 0600);
	assert_false(seal_key_make(path, error));
	assert_non_null(strstr(error, "line 1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_file_in_another_form_is_refused),
		TEST(a_key_file_that_others_may_read_is_refused),
		TEST(a_new_key_is_added_behind_the_others),
	};

	return cmocka_run_group_tests_name("seal_keys", tests, NULL, NULL);
}
