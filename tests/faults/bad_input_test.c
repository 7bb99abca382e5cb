/*
 * bad_input_test.c -- what is malformed, not there or not yours gets a clear problem, and
 * nothing in the database changes.
 */
#include "harness/state.h"
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char nowhere[] = "0199b0a4-7c00-7000-8000-0000deadbeef";

struct bytes {
	const char *text;
	size_t length;
	const char *code; /* of the violation at "#" */
};

#define BYTES(text, code)                                                                          \
	{                                                                                          \
		text, sizeof text - 1, code                                                        \
	}

static void what_is_no_json_is_refused_where_it_goes_wrong(void **state)
{
	static const struct bytes wrong[] = {
		BYTES("{", "json-syntax"),
		BYTES("{\"code\": \"2199700099\"", "json-syntax"),
		BYTES("{'code': 1}", "json-syntax"),
		BYTES("{\"a\": 1,}", "json-syntax"),
		BYTES("[1 2]", "json-syntax"),
		BYTES("{} {}", "json-syntax"),
		BYTES("{\"a\": 01}", "json-syntax"),
		BYTES("{\"a\": +1}", "json-syntax"),
		BYTES("{\"a\": .5}", "json-syntax"),
		BYTES("{\"a\": NaN}", "json-syntax"),
		BYTES("{\"a\": Infinity}", "json-syntax"),
		BYTES("// {}\n{}", "json-syntax"),
		BYTES("{\"a\": \"\t\"}", "json-syntax"),
		BYTES("{\"a\": \"\\x41\"}", "json-syntax"),
		BYTES("   ", "json-syntax"),
		BYTES("\0", "json-encoding"),
		BYTES("{}\0", "json-encoding"),
		BYTES("\xEF\xBB\xBF{}", "json-encoding"),
		BYTES("{\"name\": \"a\\u0000b\"}", "json-encoding"),
		BYTES("{\"na\\u0000me\": 1}", "json-encoding"),
		BYTES("{\"name\": \"\\uD800\"}", "json-encoding"),
		BYTES("{\"name\": \"\\uDC00\\uD800\"}", "json-encoding"),
		BYTES("{\"name\": \"\xC0\xAF\"}", "json-encoding"),
		BYTES("{\"name\": \"\xED\xA0\x80\"}", "json-encoding"),
		BYTES("{\"name\": \"\xF4\x90\x80\x80\"}", "json-encoding"),
		BYTES("{\"name\": \"\xFF\"}", "json-encoding"),
		BYTES("{\"name\": \"\xE4\xB8\"}", "json-encoding"),
		BYTES("\xFF\xFE{\0}\0", "json-encoding"),
		BYTES("{\"name\": \"a\", \"name\": \"b\"}", "json-duplicate-name"),
		BYTES("{\"name\": \"a\", \"n\\u0061me\": \"b\"}", "json-duplicate-name"),
		BYTES("{\"hours\": 1e400}", "json-number-range"),
		BYTES("{\"hours\": -1e400}", "json-number-range"),
		BYTES("{\"hours\": 99999999999999999999999999}", "json-number-range"),
		BYTES("{\"hours\": 0.010000000000000000001}", "json-number-digits"),
	};
	struct world *w = *state;
	const char *before = world_state(w);
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct answer *a = call_bytes(w->county, "POST", "/v1/schools", wrong[i].text,
					      wrong[i].length, NULL);

		if (a->status != 400)
			print_error("%s\n", wrong[i].text);
		expect(a, 400, "{'code': 'bad-request'}");
		expect_error(a, "#", wrong[i].code);
	}
	expect_state(w, before);
}

/* LEVELS arrays in one another. */
static char *deep(struct world *w, size_t levels)
{
	char *text = arena_alloc(w->arena, levels * 2 + 1);

	assert_non_null(text);
	memset(text, '[', levels);
	memset(text + levels, ']', levels);
	text[levels * 2] = '\0';
	return text;
}

static void sixty_four_levels_are_read_and_no_more(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	struct answer *a = POST(w->county, "/v1/schools", deep(w, 64));

	expect(a, 422, NULL);
	expect_error(a, "#", "type");
	a = POST(w->county, "/v1/schools", deep(w, 65));
	expect(a, 400, NULL);
	expect_error(a, "#", "json-too-deep");
	expect_error(POST(w->county, "/v1/schools", deep(w, 100000)), "#", "json-too-deep");
	a = call_bytes(w->county, "POST", "/v1/schools", deep(w, 100000), 100000, NULL);
	expect_error(a, "#", "json-too-deep");
	expect_state(w, before);
}

static void numbers_out_of_all_bounds_are_refused_and_not_rounded(void **state)
{
	static const char *const hours[] = {"1e308",
					    "-0.01",
					    "0",
					    "1000",
					    "1.005",
					    "0.001",
					    "9223372036854775807",
					    "999.990000000001",
					    "'1'",
					    "true"};
	struct world *w = *state;
	const char *before = world_state(w);
	size_t i;

	for (i = 0; i < sizeof hours / sizeof *hours; i++)
		expect(POST(w->county, "/v1/hour-entries",
			    text("{'teacher_id': '%s', 'hours': %s, 'level': 'county', 'activity_on': "
				 "'2026-10-10', 'source': {'kind': 'adjustment', 'key': 'x'}}",
				 w->teacher_a1, hours[i])),
		       422, "{'code': 'unprocessable'}");
	expect_state(w, before);
}

static void a_target_that_means_two_things_is_refused(void **state)
{
	static const struct {
		const char *target, *code;
	} wrong[] = {
		{"/v1/schools/%00", "target-control"},
		{"/v1/schools?q=a%00b", "target-control"},
		{"/v1/schools?q=%0d%0aSet-Cookie:x", "target-control"},
		{"/v1/schools%2F1", "target-slash"},
		{"/v1/schools/..%5c1", "target-slash"},
		{"/v1/schools/%zz", "target-escape"},
		{"/v1/schools?q=%", "target-escape"},
		{"/v1/schools?q=%4", "target-escape"},
		{"/v1/schools?q=%u0041", "target-escape"},
		{"/v1/schools?q=%FF", "target-encoding"},
		{"/v1/schools?q=%C0%AF", "target-encoding"},
		{"/v1/schools?q=%ED%A0%80", "target-encoding"},
		{"/v1/schools?q=\xFF", "target-encoding"},
		{"/v1/\xC0\xAF", "target-encoding"},
		{"//v1/schools", "target-segment"},
		{"/v1//schools", "target-segment"},
		{"/v1/schools/", "target-segment"},
		{"/v1/./schools", "target-segment"},
		{"/v1/../v1/schools", "target-segment"},
		{"/v1/%2e%2e/v1/schools", "target-segment"},
		{"/v1/schools?q=a&q=b", "target-parameter-repeated"},
		{"/v1/schools?q=a&%71=b", "target-parameter-repeated"},
		{"/v1/schools?=1", "target-parameter-empty"},
		{"/v1/schools?&", "target-parameter-empty"},
		{"/v1/schools?q=a#x", "target-character"},
		{"/v1/schools?q=<b>", "target-character"},
		{"v1/schools", "target-form"},
		{"*", "target-form"},
		{"", "target-form"},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct answer *a = GET(w->county, "%s", wrong[i].target);
		const char *found = json_string_value(json_at(a, "errors/0/code"));

		if (a->status != 400 || !found || strcmp(found, wrong[i].code))
			print_error("%s: %s\n", wrong[i].target, found ? found : "-");
		expect(a, 400, "{'code': 'bad-request'}");
		assert_string_equal(found, wrong[i].code);
	}
}

static void a_parameter_beside_the_path_does_not_replace_it(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"id",     "school_id",   "county",
					    "person", "auth_person", "body"};
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		struct answer *a = GET(w->school, "/v1/schools/%s?%s=%s", w->school_a1, names[i],
				       w->school_a2);

		expect(a, 400, "{'code': 'invalid-parameters'}");
		expect_error(a, names[i], "parameter-unknown");
	}
	/* A path with something of its own behind the id is another path. */
	expect(GET(w->county, "/v1/schools/%s,%s", w->school_a1, w->school_a2), 400, NULL);
	expect(GET(w->county, "/v1/schools/%s%%20", w->school_a1), 400, NULL);
	expect(GET(w->county, "/v1/schools/%s;x", w->school_a1), 400, NULL);
}

static void a_header_of_wrong_bytes_is_refused_or_means_nothing(void **state)
{
	static const char *const bytes[] = {"\xFF\xFE", "\xC0\xAF", "a\xE4", "\x01", "\x7F", "%00"};
	struct world *w = *state;
	const char *before = world_state(w);
	size_t i;

	for (i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		expect(call(w->county, "POST", "/v1/schools",
			    "{'code': '2199700088', 'name': '某校', 'stages': ['primary']}",
			    "Idempotency-Key", text("k%s k", bytes[i]), NULL),
		       400, NULL);
		expect(call(w->county, "PATCH", text("/v1/schools/%s", w->school_a1),
			    "{'town': '镇'}", "If-Match", bytes[i], NULL),
		       400, NULL);
		assert_int_equal(call(w->nobody, "GET", "/v1/schools", NULL, "Authorization",
				      text("Bearer %s", bytes[i]), NULL)
					 ->status,
				 401);
		expect(call(w->county, "GET", "/v1/schools", NULL, "X-Request-Id", bytes[i],
			    "traceparent", bytes[i], "Accept-Language", bytes[i], "Origin",
			    bytes[i], NULL),
		       200, NULL);
	}
	expect_state(w, before);
}

static void an_unknown_member_is_refused_at_its_place(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	struct answer *a =
		POST(w->county, "/v1/schools",
		     "{'code': '2199700088', 'name': '某校', 'stages': ['primary'], 'county': 2, "
		     "'id': 1, 'a/b~c': 0, '': 0, '__proto__': {}}");

	expect(a, 422, NULL);
	expect_error(a, "#/county", "additional-property");
	expect_error(a, "#/id", "additional-property");
	expect_error(a, "#/a~1b~0c", "additional-property");
	expect_error(a, "#/", "additional-property");
	expect_error(a, "#/__proto__", "additional-property");
	expect_state(w, before);
}

/* The JSON example of an operation's body, of several the first, or NULL. */
static char *example(struct world *w, const struct operation *o)
{
	const json_t *content =
		json_object_get(json_object_get(o->definition, "requestBody"), "content");
	const json_t *media = json_object_iter_value(json_object_iter((json_t *)content));
	json_t *named = json_object_get(media, "examples");
	const json_t *body =
		named ? json_object_get(json_object_iter_value(json_object_iter(named)), "value")
		      : json_object_get(media, "example");
	char *dumped = body ? json_dumps(body, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
	char *kept = dumped ? arena_strdup(w->arena, dumped) : NULL;

	free(dumped);
	return kept;
}

/* True when the answer says that something is not there: the thing itself, or one in the body. */
static bool says_not_found(const struct answer *a)
{
	const char *code = json_string_value(json_at(a, "errors/0/code"));

	return a->status == 404 || (a->status == 422 && code && !strcmp(code, "not-found"));
}

/* Asks each operation with NAME in its path for ID and whatever else; nothing may be there. */
static void expect_hidden(struct world *w, struct client *c, const char *name, const char *id)
{
	const struct contract *k = w->program.contract;
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	int asked = 0, wrong = 0;
	size_t i;

	for (i = 0; i < k->operation_count; i++) {
		const struct operation *o = &k->operations[i];
		const char *at = strstr(o->path, text("{%s}", name)), *behind;
		struct answer *a;

		if (!at)
			continue;
		behind = strchr(at, '}') + 1;
		if (strchr(behind, '{'))
			behind = arena_printf(w->arena, "%.*s%s%s", (int)strcspn(behind, "{"),
					      behind, nowhere, strchr(behind, '}') + 1);
		a = call(c, methods[o->method],
			 text("%.*s%s%s", (int)(at - o->path), o->path, id, behind), example(w, o),
			 o->if_match ? "If-Match" : "X-None", "*", NULL);
		asked++;
		if (says_not_found(a) || (c != w->county && a->status == 403))
			continue;
		print_error("%s for %s: %d %.500s\n", o->id, name, a->status, a->body);
		wrong++;
	}
	assert_true(asked > 2);
	assert_int_equal(wrong, 0);
}

static void another_countys_id_in_the_path_is_not_there(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);

	expect_hidden(w, w->county, "school_id", w->school_b1);
	expect_hidden(w, w->county, "teacher_id", w->teacher_b1);
	expect_hidden(w, w->other_county, "teacher_id", w->teacher_a1);
	expect_state(w, before);
}

static void another_schools_teacher_is_not_there_for_a_school(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);

	expect_hidden(w, w->school, "teacher_id", w->teacher_a2);
	expect_hidden(w, w->teacher, "teacher_id", w->teacher_a2);
	expect_state(w, before);
}

static void another_countys_id_in_a_body_is_not_found_at_its_place(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	const char *ids[] = {w->school_b1, nowhere};
	char body[600];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(body, sizeof body,
			 "{'name': '周新', 'birth_on': '1990-01-01', 'school_id': '%s'}", ids[i]);
		expect_error(POST(w->county, "/v1/teachers", body), "#/school_id", "not-found");
		snprintf(
			body, sizeof body,
			"{'teacher_id': '%s', 'school_id': '%s', 'hours': 1, 'level': 'county', "
			"'activity_on': '2026-10-10', 'source': {'kind': 'adjustment', 'key': 'f'}}",
			w->teacher_a1, ids[i]);
		expect_error(POST(w->county, "/v1/hour-entries", body), "#/school_id", "not-found");
		snprintf(body, sizeof body, "{'ended_on': '2026-08-31', 'successor_id': '%s'}",
			 ids[i]);
		expect_error(call(w->county, "POST", text("/v1/schools/%s/merge", w->school_a2),
				  body, "If-Match", "*", NULL),
			     "#/successor_id", "not-found");
		snprintf(body, sizeof body,
			 "{'kind': 'working', 'school_id': '%s', 'started_on': '2026-10-01'}",
			 ids[i]);
		expect_error(
			POST(w->county, text("/v1/teachers/%s/memberships", w->teacher_a1), body),
			"#/school_id", "not-found");
	}
	expect_state(w, before);
}

static void another_countys_id_in_a_query_finds_nothing(void **state)
{
	struct world *w = *state;

	expect(GET(w->county, "/v1/hour-entries?school_id=%s", w->school_b1), 200, "{'data': []}");
	expect(GET(w->county, "/v1/teachers?school_id=%s", w->school_b1), 200, "{'data': []}");
	expect(GET(w->county, "/v1/reports/short?requirement_id=%s", nowhere), 404, NULL);
	expect(GET(w->county, "/v1/reports/compliance?requirement_id=%s", nowhere), 404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_json_is_refused_where_it_goes_wrong),
		cmocka_unit_test(sixty_four_levels_are_read_and_no_more),
		cmocka_unit_test(numbers_out_of_all_bounds_are_refused_and_not_rounded),
		cmocka_unit_test(a_target_that_means_two_things_is_refused),
		cmocka_unit_test(a_parameter_beside_the_path_does_not_replace_it),
		cmocka_unit_test(a_header_of_wrong_bytes_is_refused_or_means_nothing),
		cmocka_unit_test(an_unknown_member_is_refused_at_its_place),
		cmocka_unit_test(another_countys_id_in_the_path_is_not_there),
		cmocka_unit_test(another_schools_teacher_is_not_there_for_a_school),
		cmocka_unit_test(another_countys_id_in_a_body_is_not_found_at_its_place),
		cmocka_unit_test(another_countys_id_in_a_query_finds_nothing),
	};

	return cmocka_run_group_tests_name("bad input", tests, world_begin, world_end);
}
