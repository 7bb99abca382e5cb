/*
 * etag_test.c -- entity tags, preconditions and merge-patch, as every operation has them.
 */
#include "harness/listen.h"
#include "harness/socket.h"
#include "harness/state.h"
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *school(struct world *w)
{
	return text("/v1/schools/%s", w->school_a1);
}

static const char *etag(struct world *w)
{
	return arena_strdup(w->arena, header_of(GET(w->county, "%s", school(w)), "ETag"));
}

/* The version in a tag, as a number. */
static long version(const char *tag)
{
	return strtol(tag + 1, NULL, 10);
}

/* Changes the school's town under an If-Match; the status. */
static int change(struct world *w, const char *if_match)
{
	static int towns;

	return call(w->county, "PATCH", school(w), text("{'town': '第%d镇'}", ++towns), "If-Match",
		    if_match, NULL)
		->status;
}

static void a_tag_is_version_and_hash_and_stays_while_nothing_changes(void **state)
{
	struct world *w = *state;
	const char *tag = etag(w);
	size_t digits = strspn(tag + 1, "0123456789");

	assert_int_equal(tag[0], '"');
	assert_true(digits > 0);
	assert_int_equal(tag[1 + digits], '-');
	assert_int_equal(strspn(tag + 2 + digits, "0123456789abcdef"), 16);
	assert_string_equal(tag + 18 + digits, "\"");
	assert_string_equal(etag(w), tag);
	assert_int_equal(change(w, tag), 200);
	assert_int_equal(version(etag(w)), version(tag) + 1);
}

static void a_change_answers_the_tag_that_the_next_change_needs(void **state)
{
	struct world *w = *state;
	struct answer *a = PATCH(w->county, school(w), etag(w), "{'town': '新镇'}");

	expect(a, 200, "{'town': '新镇'}");
	assert_string_equal(header_of(a, "ETag"), etag(w));
	assert_int_equal(change(w, header_of(a, "ETag")), 200);
}

static void without_if_match_nothing_is_changed(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	struct answer *a = call(w->county, "PATCH", school(w), "{'town': '某镇'}", NULL);

	expect(a, 428,
	       "{'code': 'precondition-required', 'header': 'If-Match', "
	       "'errors': [{'header': 'If-Match', 'code': 'if-match-missing'}]}");
	assert_null(strstr(a->body, "Idempotency-Key"));
	a = call(w->county, "POST", text("%s/close", school(w)), "{'ended_on': '2026-08-31'}",
		 NULL);
	expect(a, 428, "{'code': 'precondition-required'}");
	expect_state(w, before);
}

static void strong_and_weak_tags_lists_and_the_star_match(void **state)
{
	struct world *w = *state;

	assert_int_equal(change(w, etag(w)), 200);
	assert_int_equal(change(w, text("W/%s", etag(w))), 200);
	assert_int_equal(change(w, "*"), 200);
	assert_int_equal(change(w, text("\"999-0123456789abcdef\", %s", etag(w))), 200);
	assert_int_equal(change(w, text("%s,W/\"999-0123456789abcdef\"", etag(w))), 200);
	assert_int_equal(change(w, text(", %s ,", etag(w))), 200);
}

static void only_the_version_of_a_tag_is_compared(void **state)
{
	struct world *w = *state;

	assert_int_equal(change(w, text("\"%ld-ffffffffffffffff\"", version(etag(w)))), 200);
	assert_int_equal(change(w, text("\"%ld\"", version(etag(w)))), 200);
	assert_int_equal(change(w, text("\"%ld0\"", version(etag(w)))), 412);
	assert_int_equal(change(w, text("\"0%ld\"", version(etag(w)))), 412);
	assert_int_equal(change(w, "\"another-kind-of-tag\""), 412);
	assert_int_equal(change(w, "\"\""), 412);
	assert_int_equal(change(w, text("\"9,%ld\"", version(etag(w)))), 412);
}

static void a_stale_tag_changes_nothing_and_says_what_is_current(void **state)
{
	struct world *w = *state;
	const char *old = etag(w), *before;
	struct answer *a;

	assert_int_equal(change(w, old), 200);
	before = world_state(w);
	a = PATCH(w->county, school(w), old, "{'town': '旧镇'}");
	expect(a, 412, "{'code': 'stale'}");
	assert_non_null(strstr(text_at(a, "detail"), text("%ld", version(etag(w)))));
	assert_int_equal(change(w, text("%s, \"999-0123456789abcdef\"", old)), 412);
	expect_state(w, before);
}

static void what_is_no_list_of_tags_is_refused(void **state)
{
	static const char *const wrong[] = {"3",       "\"3",  "\"",       "W/3",
					    "w/\"3\"", "*, *", "*, \"3\"", "\"3\" \"4\"",
					    "\"3\"x",  ",",    "-1",       "\"3\", 4"};
	struct world *w = *state;
	const char *before = world_state(w);
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct answer *a = PATCH(w->county, school(w), wrong[i], "{'town': '某镇'}");

		if (a->status != 400)
			print_error("If-Match: %s\n", wrong[i]);
		expect(a, 400, NULL);
		expect_error(a, "If-Match", "entity-tag");
	}
	expect_state(w, before);
}

static void what_one_has_already_is_not_sent_again(void **state)
{
	struct world *w = *state;
	const char *tag = etag(w);
	const char *forms[] = {tag, text("W/%s", tag), text("\"x\", %s", tag), "*",
			       text("\"x\",W/%s", tag)};
	size_t i;

	for (i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct answer *a =
			call(w->county, "GET", school(w), NULL, "If-None-Match", forms[i], NULL);

		assert_int_equal(a->status, 304);
		assert_string_equal(header_of(a, "ETag"), tag);
		assert_string_not_equal(header_of(a, "Cache-Control"), "");
	}
	expect(call(w->county, "HEAD", school(w), NULL, "If-None-Match", tag, NULL), 304, NULL);
	/* All of the tag counts, not its version alone. */
	expect(call(w->county, "GET", school(w), NULL, "If-None-Match",
		    text("\"%ld-ffffffffffffffff\"", version(tag)), NULL),
	       200, NULL);
	expect(call(w->county, "GET", text("%s?fields=id", school(w)), NULL, "If-None-Match", tag,
		    NULL),
	       200, NULL);
	assert_int_equal(change(w, tag), 200);
	expect(call(w->county, "GET", school(w), NULL, "If-None-Match", tag, NULL), 200, NULL);
}

static void a_list_has_a_tag_of_its_content(void **state)
{
	struct world *w = *state;
	struct answer *a = GET(w->county, "/v1/schools?include=total_count");
	const char *tag = header_of(a, "ETag");

	assert_int_equal(strlen(tag), 18);
	a = call(w->county, "GET", "/v1/schools?include=total_count", NULL, "If-None-Match", tag,
		 NULL);
	assert_int_equal(a->status, 304);
	assert_int_equal(change(w, etag(w)), 200);
	a = call(w->county, "GET", "/v1/schools?include=total_count", NULL, "If-None-Match", tag,
		 NULL);
	expect(a, 200, NULL);
	assert_string_not_equal(header_of(a, "ETag"), tag);
}

static void over_a_socket_a_304_has_no_body_and_the_connection_goes_on(void **state)
{
	struct world *w = *state;
	struct http *http = world_listen(w, 1);
	struct socket_client c = socket_open("127.0.0.1", http_port(http));
	const char *tag = etag(w);
	char value[512];
	int i;

	for (i = 0; i < 4; i++) {
		struct socket_reply r;

		assert_true(socket_text(
			&c, text("GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
				 "Bearer %s\r\nIf-None-Match: %s\r\n\r\n",
				 school(w), client_token(w->county), i % 2 ? "\"x\"" : tag)));
		r = socket_read(&c, false, 10000);
		assert_int_equal(r.status, i % 2 ? 200 : 304);
		assert_string_equal(socket_header(&r, "ETag", value), tag);
		assert_int_equal(r.body_length > 0, i % 2);
		socket_reply_free(&r);
	}
	socket_close(&c);
	http_stop(http, 5);
}

static const char *teacher(struct world *w)
{
	return text("/v1/teachers/%s", w->teacher_a1);
}

static void a_merge_patch_changes_what_it_names_and_null_deletes(void **state)
{
	struct world *w = *state;
	struct answer *a =
		PATCH(w->county, teacher(w), "*", "{'phone': '13800000000', 'gender': null}");

	expect(a, 200, "{'name': '周兰', 'gender': null, 'birth_on': '1988-03-02'}");
	assert_true(json_is_string(json_at(a, "phone")));
	expect(PATCH(w->county, teacher(w), "*", "{'gender': 'female'}"), 200,
	       text("{'gender': 'female', 'phone': '%s'}", text_at(a, "phone")));
	expect(PATCH(w->county, teacher(w), "*", "{'phone': null}"), 200,
	       "{'phone': null, 'gender': 'female', 'name': '周兰'}");
}

static void a_merge_patch_of_the_wrong_shape_changes_nothing(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	struct answer *a =
		PATCH(w->county, teacher(w), "*", "{'name': null, 'phone': 5, 'color': 1}");

	expect(a, 422, "{'code': 'unprocessable'}");
	expect_error(a, "#/name", "type");
	expect_error(a, "#/phone", "type");
	expect_error(a, "#/color", "additional-property");
	expect(PATCH(w->county, teacher(w), "*", "{}"), 422, NULL);
	expect(PATCH(w->county, teacher(w), "*", "[]"), 422, NULL);
	expect(PATCH(w->county, teacher(w), "*", "null"), 422, NULL);
	expect(PATCH(w->county, school(w), "*", "{'town': null}"), 422, NULL);
	expect_state(w, before);
}

static void a_default_of_the_contract_is_not_written_by_a_patch(void **state)
{
	struct world *w = *state;

	expect(PATCH(w->county, school(w), "*", "{'school_system': 'five_four'}"), 200,
	       "{'school_system': 'five_four'}");
	expect(PATCH(w->county, school(w), "*", "{'town': '丙镇'}"), 200,
	       "{'school_system': 'five_four', 'town': '丙镇'}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_is_version_and_hash_and_stays_while_nothing_changes),
		cmocka_unit_test(a_change_answers_the_tag_that_the_next_change_needs),
		cmocka_unit_test(without_if_match_nothing_is_changed),
		cmocka_unit_test(strong_and_weak_tags_lists_and_the_star_match),
		cmocka_unit_test(only_the_version_of_a_tag_is_compared),
		cmocka_unit_test(a_stale_tag_changes_nothing_and_says_what_is_current),
		cmocka_unit_test(what_is_no_list_of_tags_is_refused),
		cmocka_unit_test(what_one_has_already_is_not_sent_again),
		cmocka_unit_test(a_list_has_a_tag_of_its_content),
		cmocka_unit_test(over_a_socket_a_304_has_no_body_and_the_connection_goes_on),
		cmocka_unit_test(a_merge_patch_changes_what_it_names_and_null_deletes),
		cmocka_unit_test(a_merge_patch_of_the_wrong_shape_changes_nothing),
		cmocka_unit_test(a_default_of_the_contract_is_not_written_by_a_patch),
	};

	return cmocka_run_group_tests_name("etag", tests, world_begin, world_end);
}
