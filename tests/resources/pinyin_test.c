/*
 * pinyin_test.c -- names as people sort and search them; api/resources/pinyin.h.
 */
#include "resources/pinyin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
	*state = arena_new(1 << 20);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static void assert_token(struct arena *a, const char *name, const char *phone, const char *token)
{
	const char *tokens = pinyin_tokens(a, name, phone);
	const char *quoted = arena_printf(a, "\"%s\"", token);

	assert_non_null(tokens);
	if (!strstr(tokens, quoted))
		fail_msg("%s has no token %s but %s", name, token, tokens);
}

static void a_name_is_found_by_part_pinyin_and_initials(void **state)
{
	const char *found[] = {"张建国", "建国", "国", "zhangjianguo", "jianguo", "guo", "zjg"};

	for (size_t i = 0; i < sizeof found / sizeof *found; i++)
		assert_token(*state, "张建国", NULL, found[i]);
}

static void a_surname_is_read_as_a_surname(void **state)
{
	assert_token(*state, "曾国藩", NULL, "zengguofan");
	assert_token(*state, "单雄信", NULL, "shanxiongxin");
	assert_token(*state, "解缙", NULL, "xiejin");
}

static void u_with_dots_is_found_as_u_and_as_v(void **state)
{
	assert_token(*state, "吕辉国", NULL, "luhuiguo");
	assert_token(*state, "吕辉国", NULL, "lvhuiguo");
	assert_token(*state, "吕辉国", NULL, "lhg");
}

static void a_name_with_a_dot_is_found_with_and_without_it(void **state)
{
	assert_token(*state, "买买提·艾力", NULL, "买买提艾力");
	assert_token(*state, "买买提·艾力", NULL, "艾力");
	assert_token(*state, "买买提·艾力", NULL, "maimaitiaili");
}

static void a_latin_name_is_found_by_its_words(void **state)
{
	assert_token(*state, "Anna Maria O'Brien", NULL, "annamariaobrien");
	assert_token(*state, "Anna Maria O'Brien", NULL, "mariaobrien");
	assert_token(*state, "Anna Maria O'Brien", NULL, "amob");
}

static void a_character_without_reading_stays_itself(void **state)
{
	assert_token(*state, "𠮷田", NULL, "𠮷田");
	assert_token(*state, "𠮷田", NULL, "𠮷tian");
	assert_string_equal(pinyin_sort_key(*state, "𠮷田"), "𠮷 tian 𠮷田");
}

static void the_end_of_a_phone_number_is_a_token(void **state)
{
	assert_token(*state, "张建国", "139 0000 4821", "4821");
	assert_null(strstr(pinyin_tokens(*state, "张建国", "110"), "110"));
}

static void the_sort_key_orders_by_syllables_and_then_by_name(void **state)
{
	assert_string_equal(pinyin_sort_key(*state, "吕辉国"), "lv hui guo 吕辉国");
	/* Syllable by syllable: fang an before fangan, xi an before xian. */
	assert_true(strcmp(pinyin_sort_key(*state, "李安"), pinyin_sort_key(*state, "连")) < 0);
}

static void what_is_no_name_still_has_a_key(void **state)
{
	char *name = arena_alloc(*state, 3001);

	assert_string_equal(pinyin_sort_key(*state, ""), " ");
	assert_string_equal(pinyin_tokens(*state, "· '", NULL), "[]");
	memset(name, 'a', 3000);
	assert_non_null(pinyin_tokens(*state, name, NULL));
	for (size_t i = 1; i < 3000; i += 2)
		name[i] = ' ';
	assert_non_null(pinyin_tokens(*state, name, NULL));
	assert_null(pinyin_sort_key(*state, "\xff\xfe"));
}

static void without_memory_there_is_no_key_and_no_crash(void **state)
{
	for (size_t ceiling = 64; ceiling < 40000; ceiling += 509) {
		struct arena *small = arena_new(ceiling);

		assert_non_null(small);
		(void)pinyin_tokens(small, "欧阳修", "13900001111");
		(void)pinyin_sort_key(small, "欧阳修");
		arena_free(small);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_found_by_part_pinyin_and_initials, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_surname_is_read_as_a_surname, set_up, tear_down),
		cmocka_unit_test_setup_teardown(u_with_dots_is_found_as_u_and_as_v, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_name_with_a_dot_is_found_with_and_without_it,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_latin_name_is_found_by_its_words, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_character_without_reading_stays_itself, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_a_phone_number_is_a_token, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_sort_key_orders_by_syllables_and_then_by_name,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_name_still_has_a_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_memory_there_is_no_key_and_no_crash, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("pinyin", tests, NULL, NULL);
}
