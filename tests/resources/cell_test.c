/*
 * cell_test.c -- blanks, full-width forms and dates as people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "resources/cell.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(256 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void dates_are_read_as_people_write_them(void **state)
{
	static const struct {
		const char *written, *meant;
		enum cell_date kind;
	} dates[] = {
		{"2007-02-01", "2007-02-01", CELL_DAY},
		{"2014-08", "2014-08-01", CELL_MONTH},
		{"2025.9", "2025-09-01", CELL_MONTH},
		{"2021/2/1", "2021-02-01", CELL_DAY},
		{"2024年2月", "2024-02-01", CELL_MONTH},
		{"2016年3月1日", "2016-03-01", CELL_DAY},
		{"20240901", "2024-09-01", CELL_DAY},
		{"202409", "2024-09-01", CELL_MONTH},
		{"2023.9.1", "2023-09-01", CELL_DAY},
		{"2016年3月1号", "2016-03-01", CELL_DAY},
		{"2024-02-29", "2024-02-29", CELL_DAY},
		{"2024-09-01 00:00:00", "2024-09-01", CELL_DAY},
		{"2024-09-01T00:00:00.000Z", "2024-09-01", CELL_DAY},
	};
	char out[11];

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		assert_int_equal(cell_date(dates[i].written, out), dates[i].kind);
		assert_string_equal(out, dates[i].meant);
	}
}

static void what_is_no_date_is_not_guessed_at(void **state)
{
	static const char *const texts[] = {
		"",           "二〇一九年秋", "2019",        "2019年",           "45536",
		"2023-02-29", "2024-13-01",   "2024-0-1",    "2024-1-32",        "24-9-1",
		"2024-9/1",   "2024.9.",      "2024年9",     "2024-09-01 08:30", "20240900",
		"1899-12-31", "2101-01-01",   "2024-09-011", "202409011",        "2024--09",
		"今年9月"};
	char out[11];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(cell_date(texts[i], out), CELL_NO_DATE);
}

static void blanks_and_apostrophes_round_a_cell_go(void **state)
{
	(void)state;
	assert_string_equal(cell_clean(arena, " '990101 "), "990101");
	assert_string_equal(cell_clean(arena, "\xE3\x80\x80张　润\xC2\xA0"), "张　润");
	assert_string_equal(cell_clean(arena, "’’7"), "7");
	assert_string_equal(cell_clean(arena, " ' "), "");
	assert_string_equal(cell_clean(arena, "\x0B\x01张\x7F润\x1F\x02"), "张润");
	assert_string_equal(cell_clean(arena, "甲\n乙\t丙\x0C"
					      "丁"),
			    "甲\n乙\t丙 丁");
	assert_string_equal(cell_narrow(arena, "１５６Ａ（x）"), "156A(x)");
	assert_string_equal(cell_narrow(arena, "全角"), "全角");
	assert_string_equal(cell_line(arena, "甲\r\n 乙\t丙"), "甲 乙 丙");
	assert_int_equal(cell_length("张\xF0\xAC\xAD\x8E"
				     "a"),
			 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read_as_people_write_them),
		cmocka_unit_test(what_is_no_date_is_not_guessed_at),
		cmocka_unit_test(blanks_and_apostrophes_round_a_cell_go),
	};

	return cmocka_run_group_tests_name("cell", tests, setup, teardown);
}
