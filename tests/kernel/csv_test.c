/*
 * csv_test.c -- encodings, delimiters, quotes, numbering and limits of kernel/csv.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/csv.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new(64 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* --- decoding --- */

static const char *reason, *encoding;
static size_t offset;

static char *decode(const char *bytes, size_t length)
{
	size_t out_length;
	char *text = csv_decode(arena, bytes, length, &out_length, &encoding, &reason, &offset);

	if (text)
		assert_int_equal(out_length, strlen(text));
	return text;
}

#define DECODE(literal) decode(literal, sizeof(literal) - 1)

static void a_byte_order_mark_decides_the_encoding_and_is_dropped(void **state)
{
	(void)state;
	assert_string_equal(DECODE("\xef\xbb\xbf"
				   "a"),
			    "a");
	assert_string_equal(encoding, "UTF-8");
	assert_string_equal(DECODE("\xff\xfe"
				   "\xd1\x91,\0"),
			    "\xe9\x87\x91,");
	assert_string_equal(encoding, "UTF-16LE");
	assert_string_equal(DECODE("\xfe\xff\x91\xd1"), "\xe9\x87\x91");
	assert_string_equal(encoding, "UTF-16BE");
}

static void text_that_is_utf8_is_taken_as_utf8(void **state)
{
	(void)state;
	assert_string_equal(DECODE("\xe9\x87\x91\xe7\x90\xaa"), "金琪");
	assert_string_equal(encoding, "UTF-8");
}

static void other_text_is_taken_as_gb18030_with_its_rare_characters(void **state)
{
	(void)state;
	assert_string_equal(DECODE("\xbd\xf0\xe7\xf7"), "金琪");
	assert_string_equal(encoding, "GB18030");
	/* U+2CB4E is four bytes in GB18030. */
	assert_string_equal(DECODE("\xcb\xce\x99\x33\xa9\x32"), "宋𬭎");
}

static void bytes_of_no_encoding_are_refused_with_their_place(void **state)
{
	(void)state;
	assert_null(DECODE("\xbd\xf0,\xff,"));
	assert_string_equal(reason, "csv-encoding");
	assert_int_equal(offset, 3);
	assert_null(DECODE("\xef\xbb\xbf"
			   "ab\xbd\xf0"));
	assert_string_equal(reason, "csv-encoding");
	assert_int_equal(offset, 5);
	assert_null(DECODE("abc\xbd"));
	assert_string_equal(reason, "csv-encoding");
	assert_int_equal(offset, 3);
	/* Beyond U+10FFFF. */
	assert_null(DECODE("\xef\xbb\xbf"
			   "a\xf7\x9b\x9e\x8b"));
	assert_string_equal(reason, "csv-encoding");
}

static void a_workbook_is_told_apart_from_a_table(void **state)
{
	(void)state;
	assert_null(DECODE("PK\x03\x04\x14"));
	assert_string_equal(reason, "csv-is-xlsx");
	assert_null(DECODE("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00"));
	assert_string_equal(reason, "csv-is-xls");
	assert_non_null(DECODE("PK,\x04"));
}

static void nothing_or_a_mark_alone_is_empty(void **state)
{
	(void)state;
	assert_null(DECODE(""));
	assert_string_equal(reason, "csv-empty");
	assert_null(DECODE("\xef\xbb\xbf"));
	assert_string_equal(reason, "csv-empty");
}

static void gb18030_goes_out_as_it_came_in(void **state)
{
	size_t length;
	char *out = csv_encode_gb18030(arena, "金琪", strlen("金琪"), &length);

	(void)state;
	assert_int_equal(length, 4);
	assert_memory_equal(out, "\xbd\xf0\xe7\xf7", 4);
	assert_null(csv_encode_gb18030(arena, "\xff", 1, &length));
}

/* --- reading: the records are written as 1[a|b]2[] --- */

struct seen {
	char text[4000];
	size_t stop_at, last;
};

static bool see(void *context, size_t number, const char *const *fields, size_t count)
{
	struct seen *s = context;
	size_t at = strlen(s->text);

	s->last = number;
	if (at < sizeof(s->text) - 600) {
		at += (size_t)snprintf(s->text + at, 20, "%zu[", number);
		for (size_t i = 0; i < count; i++)
			at += (size_t)snprintf(s->text + at, 200, "%s%s", i ? "|" : "", fields[i]);
		snprintf(s->text + at, 5, "]");
	}
	return number != s->stop_at;
}

static struct seen seen;
static size_t where;

static const char *read_text(const char *text)
{
	size_t stop_at = seen.stop_at;

	memset(&seen, 0, sizeof(seen));
	seen.stop_at = stop_at;
	return csv_read(arena, text, strlen(text), see, &seen, &where);
}

static void records_are_counted_from_one_with_blank_ones(void **state)
{
	(void)state;
	assert_null(read_text("title\r\n\r\na,b\r\n,\r\n1,2"));
	assert_string_equal(seen.text, "1[title]2[]3[a|b]4[|]5[1|2]");
}

static void quotes_hold_delimiters_quotes_and_line_ends(void **state)
{
	(void)state;
	assert_null(read_text("\"a,\"\"b\"\"\nc\" ,d\r\ne,\" f \"\r\n"));
	assert_string_equal(seen.text, "1[a,\"b\"\nc|d]2[e| f ]");
}

static void old_line_ends_end_lines_too(void **state)
{
	(void)state;
	assert_null(read_text("a,b\rc,d\r"));
	assert_string_equal(seen.text, "1[a|b]2[c|d]");
}

static void the_first_lines_say_which_delimiter_it_is(void **state)
{
	(void)state;
	assert_null(read_text("title, of it\na;b;c\n1;2,5;3\n"));
	assert_string_equal(seen.text, "1[title, of it]2[a|b|c]3[1|2,5|3]");
	assert_null(read_text("a\tb\n\t2\n"));
	assert_string_equal(seen.text, "1[a|b]2[|2]");
	assert_null(read_text("\";;;;\",b\n"));
	assert_string_equal(seen.text, "1[;;;;|b]");
}

static void blanks_round_a_field_are_dropped(void **state)
{
	(void)state;
	assert_null(read_text("  a b ,\tc\n"));
	assert_string_equal(seen.text, "1[a b|c]");
}

static void a_stray_or_open_quote_is_an_error_of_its_record(void **state)
{
	(void)state;
	assert_string_equal(read_text("a,b\nc,\"d\n"), "csv-quotes");
	assert_int_equal(where, 2);
	assert_string_equal(read_text("a,b\nc,d\ne,f\"g\n"), "csv-quotes");
	assert_int_equal(where, 3);
}

static void a_control_byte_is_an_error_of_its_record(void **state)
{
	(void)state;
	assert_string_equal(read_text("a\nb\x01\n"), "csv-control");
	assert_int_equal(where, 2);
	assert_string_equal(csv_read(arena, "a\0b", 3, see, &seen, &where), "csv-control");
	assert_int_equal(where, 1);
}

static char *repeated(const char *piece, size_t times)
{
	size_t length = strlen(piece);
	char *text = arena_alloc(arena, length * times + 1);

	assert_non_null(text);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * length, piece, length);
	return text;
}

static void the_limits_are_kept_to_the_last_one(void **state)
{
	(void)state;
	assert_null(read_text(repeated(",", CSV_FIELDS_MAX - 1)));
	assert_string_equal(read_text(repeated(",", CSV_FIELDS_MAX)), "csv-too-many-fields");
	assert_null(read_text(repeated("x", CSV_FIELD_LENGTH_MAX)));
	assert_string_equal(read_text(repeated("x", CSV_FIELD_LENGTH_MAX + 1)),
			    "csv-field-too-long");
	assert_null(read_text(repeated("a\n", CSV_RECORDS_MAX)));
	assert_int_equal(seen.last, CSV_RECORDS_MAX);
	assert_string_equal(read_text(repeated("a\n", CSV_RECORDS_MAX + 1)),
			    "csv-too-many-records");
	assert_int_equal(where, CSV_RECORDS_MAX + 1);
}

static void a_reader_that_has_enough_stops_it(void **state)
{
	(void)state;
	seen.stop_at = 2;
	assert_null(read_text("a\nb\nc\n\x01"));
	assert_string_equal(seen.text, "1[a]2[b]");
	seen.stop_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_byte_order_mark_decides_the_encoding_and_is_dropped),
		cmocka_unit_test(text_that_is_utf8_is_taken_as_utf8),
		cmocka_unit_test(other_text_is_taken_as_gb18030_with_its_rare_characters),
		cmocka_unit_test(bytes_of_no_encoding_are_refused_with_their_place),
		cmocka_unit_test(a_workbook_is_told_apart_from_a_table),
		cmocka_unit_test(nothing_or_a_mark_alone_is_empty),
		cmocka_unit_test(gb18030_goes_out_as_it_came_in),
		cmocka_unit_test(records_are_counted_from_one_with_blank_ones),
		cmocka_unit_test(quotes_hold_delimiters_quotes_and_line_ends),
		cmocka_unit_test(old_line_ends_end_lines_too),
		cmocka_unit_test(the_first_lines_say_which_delimiter_it_is),
		cmocka_unit_test(blanks_round_a_field_are_dropped),
		cmocka_unit_test(a_stray_or_open_quote_is_an_error_of_its_record),
		cmocka_unit_test(a_control_byte_is_an_error_of_its_record),
		cmocka_unit_test(the_limits_are_kept_to_the_last_one),
		cmocka_unit_test(a_reader_that_has_enough_stops_it),
	};

	return cmocka_run_group_tests_name("csv", tests, setup, teardown);
}
