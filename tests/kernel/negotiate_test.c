/*
 * negotiate_test.c -- Accept and Content-Type.
 */
#include "kernel/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void without_accept_anything_goes(void **state)
{
	(void)state;
	assert_int_equal(accept_quality(NULL, "application/json"), 1000);
	assert_int_equal(accept_quality("", "application/json"), 1000);
	assert_int_equal(accept_quality("*/*", "text/csv"), 1000);
}

static void the_most_specific_range_decides(void **state)
{
	const char *accept = "text/*;q=0.3, text/csv;q=0.7, */*;q=0.1";

	(void)state;
	assert_int_equal(accept_quality(accept, "text/csv"), 700);
	assert_int_equal(accept_quality(accept, "text/html"), 300);
	assert_int_equal(accept_quality(accept, "application/json"), 100);
}

static void nought_and_absence_refuse(void **state)
{
	(void)state;
	assert_int_equal(accept_quality("application/json;q=0", "application/json"), 0);
	assert_int_equal(accept_quality("text/html", "application/json"), 0);
	assert_int_equal(accept_quality("application/jso", "application/json"), 0);
	assert_int_equal(accept_quality(";;,,q=1", "application/json"), 0);
}

static void case_and_blanks_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(
		accept_quality(" Application/JSON ; charset=utf-8 ; q=0.5", "application/json"),
		500);
	assert_true(content_type_is(" application/JSON ; charset=UTF-8", "application/json"));
	assert_false(content_type_is("application/json-patch", "application/json"));
	assert_false(content_type_is("", "application/json"));
}

static void a_parameter_is_found_quoted_or_not(void **state)
{
	struct arena *a = arena_new(1 << 16);

	(void)state;
	assert_string_equal(
		media_parameter(a, "text/csv; header=present; charset=\"gb18030\"", "charset"),
		"gb18030");
	assert_string_equal(media_parameter(a, "text/csv;charset=utf-8", "charset"), "utf-8");
	assert_null(media_parameter(a, "text/csv", "charset"));
	arena_free(a);
}

static void the_first_of_the_best_liked_languages_is_taken(void **state)
{
	(void)state;
	assert_false(accept_english(NULL));
	assert_false(accept_english(""));
	assert_true(accept_english("en-GB"));
	assert_true(accept_english("fr, en;q=0.2"));
	assert_true(accept_english("en, zh"));
	assert_false(accept_english("zh, en"));
	assert_false(accept_english("en;q=0.8, zh-CN;q=0.9"));
	assert_false(accept_english("en;q=0"));
	assert_false(accept_english("*, en;q=0.5"));
	assert_false(accept_english("english"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_accept_anything_goes),
		cmocka_unit_test(the_most_specific_range_decides),
		cmocka_unit_test(nought_and_absence_refuse),
		cmocka_unit_test(case_and_blanks_do_not_matter),
		cmocka_unit_test(a_parameter_is_found_quoted_or_not),
		cmocka_unit_test(the_first_of_the_best_liked_languages_is_taken),
	};

	return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
