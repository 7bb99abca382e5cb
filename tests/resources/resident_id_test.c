/*
 * resident_id_test.c -- the resident id and other documents; api/resources/resident_id.h,
 * document.h.
 *
 * Numbers have area codes that belong to nobody.
 */
#include "resources/document.h"
#include "resources/resident_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char VALID[] = "990101199804024457";

static enum resident_id_fault check(const char *text)
{
	char normalized[19];

	return resident_id_check(text, normalized);
}

static void a_right_number_is_taken_as_it_is(void **state)
{
	char normalized[19];

	(void)state;
	assert_int_equal(resident_id_check(VALID, normalized), RESIDENT_ID_OK);
	assert_string_equal(normalized, VALID);
}

/* The one check character of eleven that is right for 17 digits. */
static void exactly_one_check_character_is_right(void **state)
{
	int right = 0;

	(void)state;
	for (const char *c = "0123456789X"; *c; c++) {
		char text[19];

		snprintf(text, sizeof text, "99010119980402445%c", *c);
		right += check(text) == RESIDENT_ID_OK;
	}
	assert_int_equal(right, 1);
}

static void every_single_changed_digit_is_noticed(void **state)
{
	(void)state;
	for (int i = 0; i < 17; i++) {
		for (int c = '0'; c <= '9'; c++) {
			char text[19];

			memcpy(text, VALID, sizeof text);
			if (text[i] == c)
				continue;
			text[i] = (char)c;
			assert_int_not_equal(check(text), RESIDENT_ID_OK);
		}
	}
}

static void forms_that_people_type_are_forgiven(void **state)
{
	char normalized[19];
	const char *forms[] = {" 990101199804024457 ",
			       "'990101199804024457",
			       "’990101199804024457",
			       "990101 19980402 4457",
			       "９９０１０１１９９８０４０２４４５７",
			       "\u00A0990101199804024457\u3000"};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		assert_int_equal(resident_id_check(forms[i], normalized), RESIDENT_ID_OK);
		assert_string_equal(normalized, VALID);
	}
}

static void a_small_x_becomes_a_capital_one(void **state)
{
	char normalized[19];

	(void)state;
	assert_int_equal(resident_id_check("99010119850307006x", normalized), RESIDENT_ID_CHECKSUM);
	assert_int_equal(resident_id_check("99010119850307005x", normalized), RESIDENT_ID_OK);
	assert_string_equal(normalized, "99010119850307005X");
	assert_int_equal(resident_id_check("99010119850307005ｘ", normalized), RESIDENT_ID_OK);
	assert_string_equal(normalized, "99010119850307005X");
}

static void what_a_spreadsheet_damaged_is_told_from_other_faults(void **state)
{
	(void)state;
	assert_int_equal(check("9.90101E+17"), RESIDENT_ID_DAMAGED);
	assert_int_equal(check("2.30125e17"), RESIDENT_ID_DAMAGED);
	assert_int_equal(check("990101199804025000"), RESIDENT_ID_DAMAGED);
	assert_int_equal(check(""), RESIDENT_ID_MISSING);
	assert_int_equal(check(" \t\xE3\x80\x80"), RESIDENT_ID_MISSING);
	assert_int_equal(check("99010119980402445"), RESIDENT_ID_LENGTH);
	assert_int_equal(check("9901011998040244577"), RESIDENT_ID_LENGTH);
	assert_int_equal(check("99010119980402445A"), RESIDENT_ID_CHARACTER);
	assert_int_equal(check("9901011998O4024457"), RESIDENT_ID_CHARACTER);
	assert_int_equal(check("990101199802304457"), RESIDENT_ID_BIRTH);
	assert_int_equal(check("990101199813024457"), RESIDENT_ID_BIRTH);
	assert_int_equal(check("990101199804024458"), RESIDENT_ID_CHECKSUM);
	assert_int_equal(check("99010119980402445\xEF\xBC"), RESIDENT_ID_LENGTH);
}

static void every_fault_has_its_own_code(void **state)
{
	(void)state;
	assert_string_equal(resident_id_fault_code(RESIDENT_ID_OK), "");
	for (enum resident_id_fault f = RESIDENT_ID_MISSING; f <= RESIDENT_ID_CHECKSUM; f++)
		for (enum resident_id_fault g = RESIDENT_ID_OK; g < f; g++)
			assert_string_not_equal(resident_id_fault_code(f),
						resident_id_fault_code(g));
}

static void birth_gender_and_mask_are_read_from_it(void **state)
{
	char birth[11], masked[19];

	(void)state;
	resident_id_birth(VALID, birth);
	assert_string_equal(birth, "1998-04-02");
	assert_string_equal(resident_id_gender(VALID), "male");
	assert_string_equal(resident_id_gender("990102198712156227"), "female");
	resident_id_mask(VALID, masked);
	assert_string_equal(masked, "990***********4457");
}

static void another_document_is_checked_and_masked_by_its_ends(void **state)
{
	struct arena *a = arena_new(100000);
	const char *normalized;

	(void)state;
	assert_null(document_check(a, "passport", "e1234 5678", &normalized));
	assert_string_equal(normalized, "E12345678");
	assert_string_equal(document_mask(a, "passport", normalized), "E1*****78");
	assert_string_equal(document_check(a, "passport", "E12", &normalized), "document-number");
	assert_string_equal(document_check(a, "passport", "护照12345", &normalized),
			    "document-number");
	assert_string_equal(document_check(a, "resident_id", "1", &normalized),
			    "resident-id-length");
	arena_free(a);
}

static void a_sealed_document_opens_only_beside_its_hash_and_in_its_county(void **state)
{
	char path[] = "/tmp/qinglan-seal-XXXXXX", error[300];
	struct arena *a = arena_new(1 << 20);
	struct document one, two;
	struct seal *s;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	assert_true(seal_key_make(path, error));
	s = seal_load(path, error);
	assert_non_null(s);
	assert_true(document_close(s, a, 1, "resident_id", VALID, &one));
	assert_true(document_close(s, a, 1, "passport", "E12345678", &two));
	assert_string_equal(document_open(s, a, 1, one.hash, one.sealed), VALID);
	assert_null(document_open(s, a, 2, one.hash, one.sealed));
	assert_null(document_open(s, a, 1, two.hash, one.sealed));
	assert_null(strstr(one.sealed, "990101"));
	assert_non_null(strstr(document_hashes(s, a, "resident_id", VALID), one.hash));
	seal_free(s);
	unlink(path);
	arena_free(a);
}

static void a_number_in_other_text_is_hidden_however_it_is_typed(void **state)
{
	static const char *const typed[][2] = {
		{"990101199804024457", "990***********4457"},
		{"见990101199804024457号", "见990***********4457号"},
		{"99010119980402445X", "990***********445X"},
		{"990101 19980402 4457", "990***********4457"},
		{"990101-19980402-445x。", "990***********445x。"},
		{"990101\u300019980402\u00a04457", "990***********4457"},
		{"990101—1998—0402—4457", "990***********4457"},
		{"9 9 0 1 0 1 1 9 9 8 0 4 0 2 4 4 5 7", "990***********4457"},
		{"99010119980402445 7", "990***********4457"},
		{"990101\r\n199804024457", "990***********4457"},
		{"990101 - 19980402 - 4457", "990***********4457"},
		/* Of nobody, with a wrong check character, but typed as one. */
		{"990101 19980402 4450", "990***********4450"},
		/* Beside telephone numbers, which stay. */
		{"电话 13800001111 990101 19980402 4457", "电话 13800001111 990***********4457"},
		{"990101 19980402 4457 13800001111", "990***********4457 13800001111"},
		{"990101 19980402 4457, 990101-19980402-4457",
		 "990***********4457, 990***********4457"},
		/* As ever: old numbers, bank cards. */
		{"990101980402445", "990********2445"},
		{"6222020200012345678", "622************5678"},
	};
	char out[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof typed / sizeof *typed; i++) {
		assert_true(resident_id_hide(typed[i][0], out));
		assert_string_equal(out, typed[i][1]);
	}
}

static void other_numbers_in_a_text_stay(void **state)
{
	static const char *const typed[] = {
		"",
		"无",
		"13800001111",
		"138 0000 1111",
		"138-0000-1111",
		"13800001111 13900002222",
		"13800001111-13900002222",
		"0571-88886666 13800001111",
		"8888666 13800001111",
		"+86 138 0000 1111 / 0571-8888 6666",
		"2026-09-01 2027-06-30",
		"2026-09-01 08:30 - 2026-09-01 17:30",
		"学校标识码 2199700001，2199700002",
		"2026 3301 0012 000345",
		"990101 19980402 445",
		"990101 19981402 4457",
		"990101/19980402/4457",
		"990101 19980402 44571",
	};
	char out[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof typed / sizeof *typed; i++) {
		assert_false(resident_id_hide(typed[i], out));
		assert_string_equal(out, typed[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_number_is_taken_as_it_is),
		cmocka_unit_test(exactly_one_check_character_is_right),
		cmocka_unit_test(every_single_changed_digit_is_noticed),
		cmocka_unit_test(a_number_in_other_text_is_hidden_however_it_is_typed),
		cmocka_unit_test(other_numbers_in_a_text_stay),
		cmocka_unit_test(forms_that_people_type_are_forgiven),
		cmocka_unit_test(a_small_x_becomes_a_capital_one),
		cmocka_unit_test(what_a_spreadsheet_damaged_is_told_from_other_faults),
		cmocka_unit_test(every_fault_has_its_own_code),
		cmocka_unit_test(birth_gender_and_mask_are_read_from_it),
		cmocka_unit_test(another_document_is_checked_and_masked_by_its_ends),
		cmocka_unit_test(a_sealed_document_opens_only_beside_its_hash_and_in_its_county),
	};

	return cmocka_run_group_tests_name("resident_id", tests, NULL, NULL);
}
