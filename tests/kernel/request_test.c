/*
 * request_test.c -- what every request gets, whatever it asks: negotiation, methods, CORS, ids,
 * traces, languages, quotas and challenges.  ETags, keys, lists and batches have their own.
 */
#include "harness/state.h"
#include "harness/together.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADER(c, target, name, value) call(c, "GET", target, NULL, name, value, NULL)

static const char *school(struct world *w)
{
	return text("/v1/schools/%s", w->school_a1);
}

static void a_body_of_another_type_is_refused_with_the_types_taken(void **state)
{
	static const char *const wrong[] = {"",
					    "text/plain",
					    "application/json-patch+json",
					    "text/json",
					    "application/",
					    "application/json; charset=gbk",
					    "*/*",
					    "application/json, application/json"};
	struct world *w = *state;
	const char *before = world_state(w);
	struct answer *a;
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		a = call(w->county, "POST", "/v1/schools", "{}", "Content-Type", wrong[i], NULL);
		expect(a, 415, "{'code': 'unsupported-media-type'}");
		assert_string_equal(header_of(a, "Accept-Post"), "application/json");
	}
	a = call(w->county, "PATCH", school(w), "{'town': '镇'}", "If-Match", "*", "Content-Type",
		 "application/json", NULL);
	expect(a, 415, NULL);
	assert_string_equal(header_of(a, "Accept-Patch"), "application/merge-patch+json");
	a = call(w->county, "POST", "/v1/schools", "{}", "Content-Encoding", "gzip", NULL);
	expect(a, 415, NULL);
	expect_state(w, before);
	/* These are the same type. */
	expect(call(w->county, "PATCH", school(w), "{'town': '镇'}", "If-Match", "*",
		    "Content-Type", "Application/Merge-Patch+JSON; charset=\"UTF-8\"",
		    "Content-Encoding", "identity", NULL),
	       200, NULL);
}

static void an_answer_that_nobody_can_read_is_not_made(void **state)
{
	static const char *const wrong[] = {"text/html", "application/xml, text/*;q=0.5",
					    "application/json;q=0", "application/json;q=0, */*",
					    "application/json;q=0.0"};
	static const char *const right[] = {"application/json", "*/*;q=0.001", "application/*",
					    "text/html, application/json;q=0.1", "text/*;q=0, */*"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct answer *a = HEADER(w->county, school(w), "Accept", wrong[i]);

		expect(a, 406, "{'code': 'not-acceptable'}");
		assert_string_equal(header_of(a, "Content-Type"), "application/problem+json");
	}
	for (i = 0; i < sizeof right / sizeof *right; i++)
		expect(HEADER(w->county, school(w), "Accept", right[i]), 200, NULL);
}

static void a_body_is_due_where_one_is_and_refused_where_none_is_taken(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);

	expect_error(call(w->county, "POST", "/v1/schools", NULL, NULL), "#", "body-missing");
	expect_error(call(w->county, "POST", "/v1/schools", "", NULL), "#", "body-missing");
	expect_error(call(w->county, "PATCH", school(w), NULL, "If-Match", "*", NULL), "#",
		     "body-missing");
	expect_error(call(w->county, "GET", school(w), "{}", NULL), "#", "body-unexpected");
	expect(call(w->county, "GET", school(w), "{}", NULL), 400, "{'code': 'bad-request'}");
	expect_state(w, before);
}

static void a_body_over_the_limit_is_too_large(void **state)
{
	struct world *w = *state;
	size_t size = (size_t)w->config.max_body + 1;
	char *body = arena_alloc(w->arena, size + 1);
	struct answer *a;

	memset(body, ' ', size);
	a = call_bytes(w->county, "POST", "/v1/schools", body, size, NULL);
	expect(a, 413, "{'code': 'content-too-large'}");
	assert_int_equal(json_integer_value(json_at(a, "limit")), w->config.max_body);
	expect(call_bytes(w->county, "POST", "/v1/schools", body, size - 1, NULL), 400, NULL);
}

static void head_has_the_headers_of_get(void **state)
{
	struct world *w = *state;
	struct answer *get = GET(w->county, "%s", school(w));
	struct answer *head = call(w->county, "HEAD", school(w), NULL, NULL);

	expect(head, 200, NULL);
	assert_string_equal(header_of(head, "ETag"), header_of(get, "ETag"));
	assert_string_equal(header_of(head, "Content-Type"), header_of(get, "Content-Type"));
	expect(call(w->county, "HEAD", "/v1/schools/0199b0a4-7c00-7000-8000-0000deadbeef", NULL,
		    NULL),
	       404, NULL);
	expect(call(w->nobody, "HEAD", school(w), NULL, NULL), 401, NULL);
}

static void other_methods_are_told_which_there_are(void **state)
{
	static const char *const methods[] = {"DELETE", "PUT", "POST", "TRACE", "get", "FOO"};
	struct world *w = *state;
	struct answer *a;
	size_t i;

	for (i = 0; i < sizeof methods / sizeof *methods; i++) {
		a = call(w->county, methods[i], school(w), NULL, NULL);
		expect(a, 405, "{'code': 'method-not-allowed'}");
		assert_string_equal(header_of(a, "Allow"), "GET, HEAD, PATCH, OPTIONS");
	}
	a = call(w->nobody, "OPTIONS", school(w), NULL, NULL);
	assert_int_equal(a->status, 204);
	assert_string_equal(header_of(a, "Allow"), "GET, HEAD, PATCH, OPTIONS");
	expect(call(w->nobody, "OPTIONS", "/v1/nowhere", NULL, NULL), 404, NULL);
}

static void only_a_listed_origin_may_read_and_preflight(void **state)
{
	struct world *w = *state;
	struct answer *a;

	w->config.origins = "https://a.example https://b.example:8443";
	a = call(w->nobody, "OPTIONS", school(w), NULL, "Origin", "https://a.example",
		 "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers",
		 "if-match", NULL);
	assert_int_equal(a->status, 204);
	assert_string_equal(header_of(a, "Access-Control-Allow-Origin"), "https://a.example");
	assert_non_null(strstr(header_of(a, "Access-Control-Allow-Methods"), "PATCH"));
	assert_non_null(strstr(header_of(a, "Access-Control-Allow-Headers"), "If-Match"));
	assert_non_null(strstr(header_of(a, "Access-Control-Allow-Headers"), "Idempotency-Key"));
	assert_non_null(strstr(header_of(a, "Access-Control-Allow-Headers"), "Authorization"));
	assert_string_not_equal(header_of(a, "Access-Control-Max-Age"), "");
	assert_non_null(strstr(header_of(a, "Vary"), "Origin"));
	/* An error must be readable, too. */
	a = HEADER(w->nobody, school(w), "Origin", "https://b.example:8443");
	expect(a, 401, NULL);
	assert_string_equal(header_of(a, "Access-Control-Allow-Origin"), "https://b.example:8443");
	assert_non_null(
		strstr(header_of(a, "Access-Control-Expose-Headers"), "Content-Disposition"));
	assert_string_equal(header_of(a, "Access-Control-Allow-Credentials"), "");
	for (const char *const *origin =
		     (const char *const[]){"https://a.example.evil", "null", "*",
					   "https://b.example", "http://a.example",
					   "https://a.example https://b.example:8443", "", NULL};
	     *origin; origin++) {
		a = HEADER(w->county, school(w), "Origin", *origin);
		expect(a, 200, NULL);
		assert_string_equal(header_of(a, "Access-Control-Allow-Origin"), "");
	}
	w->config.origins = "";
}

static void every_answer_has_the_headers_that_protect_it(void **state)
{
	struct world *w = *state;
	struct answer *all[] = {
		GET(w->county, "%s", school(w)),
		GET(w->nobody, "%s", school(w)),
		GET(w->county, "/v1/nowhere"),
		GET(w->county, "/%%00"),
		POST(w->county, "/v1/schools", "{}"),
		call(w->nobody, "OPTIONS", "/v1/schools", NULL, NULL),
	};
	size_t i;

	for (i = 0; i < sizeof all / sizeof *all; i++) {
		assert_string_equal(header_of(all[i], "X-Content-Type-Options"), "nosniff");
		assert_string_equal(header_of(all[i], "X-Frame-Options"), "DENY");
		assert_string_equal(header_of(all[i], "Referrer-Policy"), "no-referrer");
		assert_string_equal(header_of(all[i], "Cache-Control"), "private, no-cache");
		assert_non_null(
			strstr(header_of(all[i], "Content-Security-Policy"), "default-src 'none'"));
		assert_non_null(strstr(header_of(all[i], "Vary"), "Accept-Language"));
		assert_non_null(strstr(header_of(all[i], "Vary"), "Origin"));
		assert_string_not_equal(header_of(all[i], "X-Request-Id"), "");
		assert_non_null(strstr(header_of(all[i], "Server-Timing"), "total;dur="));
	}
	assert_non_null(strstr(header_of(all[0], "Server-Timing"), "auth;dur="));
	assert_null(strstr(header_of(all[0], "Server-Timing"), "db;dur=0.000"));
}

static void a_request_id_is_taken_over_or_replaced(void **state)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	const char *wrong[] = {"a b", "x\"y", "é", "<script>", "a/b", text("%s4", longest)};
	struct world *w = *state;
	struct answer *a = HEADER(w->county, "/v1/nowhere", "X-Request-Id", "my.Request_id-1");
	size_t i;

	assert_string_equal(header_of(a, "X-Request-Id"), "my.Request_id-1");
	assert_string_equal(text_at(a, "request_id"), "my.Request_id-1");
	a = HEADER(w->county, "/v1/nowhere", "X-Request-Id", longest);
	assert_string_equal(header_of(a, "X-Request-Id"), longest);
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		a = HEADER(w->county, school(w), "X-Request-Id", wrong[i]);
		assert_string_not_equal(header_of(a, "X-Request-Id"), wrong[i]);
		assert_int_equal(strlen(header_of(a, "X-Request-Id")), 32);
	}
}

static void a_trace_goes_on_under_a_span_of_ours(void **state)
{
	static const char parent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	static const char *const wrong[] = {
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
		"x"};
	struct world *w = *state;
	const char *ours =
		header_of(HEADER(w->county, school(w), "traceparent", parent), "traceparent");
	size_t i;

	assert_int_equal(strlen(ours), 55);
	assert_int_equal(strncmp(ours, parent, 36), 0);
	assert_int_not_equal(strncmp(ours + 36, parent + 36, 16), 0);
	assert_string_equal(ours + 52, "-01");
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_string_equal(header_of(HEADER(w->county, school(w), "traceparent", wrong[i]),
					      "traceparent"),
				    "");
}

static void problems_speak_the_language_that_is_asked(void **state)
{
	static const char *const english[] = {
		"en",           "en-US",        "EN-gb",  "en;q=0.8, zh;q=0.7",
		"zh;q=0.1, en", "fr, en;q=0.5", "en, zh", "zh;q=0, en;q=0.1, *;q=0.05"};
	static const char *const chinese[] = {
		"",       "zh-CN",  "zh-TW, en;q=0.9",         "fr", "*", "english",
		"zh, en", "en;q=0", "en;q=0.3, zh-Hans;q=0.4", ";;,"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof english / sizeof *english; i++) {
		struct answer *a = HEADER(w->county, "/v1/nowhere", "Accept-Language", english[i]);

		expect(a, 404, "{'code': 'not-found', 'title': 'Not found'}");
		assert_string_equal(header_of(a, "Content-Language"), "en");
	}
	for (i = 0; i < sizeof chinese / sizeof *chinese; i++) {
		struct answer *a = HEADER(w->county, "/v1/nowhere", "Accept-Language", chinese[i]);

		assert_string_equal(text_at(a, "code"), "not-found");
		assert_true((unsigned char)*text_at(a, "title") >= 0xE4);
		assert_string_equal(header_of(a, "Content-Language"), "zh-CN");
	}
}

/* With QUOTA requests a minute in one of the service's limits, the next is refused. */
static void exhaust(struct world *w, struct limit **limit, long quota, const char *name)
{
	struct limit *kept = *limit;
	struct answer *a;
	long i;

	*limit = limit_new(quota);
	for (i = 0; i < quota; i++) {
		a = GET(w->county, "%s", school(w));
		expect(a, 200, NULL);
	}
	a = GET(w->county, "%s", school(w));
	expect(a, 429, "{'code': 'too-many-requests'}");
	assert_in_range(strtol(header_of(a, "Retry-After"), NULL, 10), 1, 60);
	assert_string_equal(header_of(a, "RateLimit-Policy"),
			    text("\"%s\";q=%ld;w=60", name, quota));
	assert_int_equal(
		strncmp(header_of(a, "RateLimit"), text("\"%s\";r=0;t=", name), strlen(name) + 8),
		0);
	limit_free(*limit);
	*limit = kept;
}

static void each_quota_refuses_for_itself_with_the_time_to_wait(void **state)
{
	struct world *w = *state;
	struct service *s = &w->program.service;
	struct client *script = w->county, *person = w->county;
	struct limit *kept = s->by_actor;

	exhaust(w, &s->by_address, 3, "address");
	exhaust(w, &s->by_actor, 3, "actor");
	w->county = w->client;
	exhaust(w, &s->by_client, 3, "client");
	w->county = person;
	/* One actor's quota is not another's. */
	s->by_actor = limit_new(1);
	expect(GET(script, "%s", school(w)), 200, NULL);
	expect(GET(script, "%s", school(w)), 429, NULL);
	expect(GET(w->school, "%s", school(w)), 200, NULL);
	limit_free(s->by_actor);
	s->by_actor = kept;
	expect(GET(w->county, "%s", school(w)), 200, NULL);
}

static void an_answer_tells_what_is_left_of_the_quota(void **state)
{
	struct world *w = *state;
	struct answer *a = GET(w->county, "%s", school(w));

	assert_string_equal(header_of(a, "RateLimit-Policy"), "\"actor\";q=100000000;w=60");
	assert_int_equal(strncmp(header_of(a, "RateLimit"), "\"actor\";r=", 10), 0);
	a = GET(w->client, "%s", school(w));
	assert_string_equal(header_of(a, "RateLimit-Policy"), "\"client\";q=100000000;w=60");
	a = GET(w->nobody, "%s", school(w));
	assert_string_equal(header_of(a, "RateLimit-Policy"), "\"address\";q=100000000;w=60");
}

static void a_challenge_says_what_the_token_lacks(void **state)
{
	struct world *w = *state;
	struct client *narrow =
		client_new(w, "county", w->county_a, NULL, w->teacher_a1, "teachers:read");
	struct answer *a = GET(w->nobody, "%s", school(w));

	assert_string_equal(header_of(a, "WWW-Authenticate"), "Bearer realm=\"qinglan\"");
	a = GET(client_with_token(w, "abc"), "%s", school(w));
	expect(a, 401, NULL);
	assert_string_equal(header_of(a, "WWW-Authenticate"),
			    "Bearer realm=\"qinglan\", error=\"invalid_token\"");
	a = HEADER(w->nobody, school(w), "Authorization", "Basic YTpi");
	expect(a, 401, "{'code': 'unauthenticated', 'reason': 'token-missing'}");
	assert_string_equal(header_of(a, "WWW-Authenticate"), "Bearer realm=\"qinglan\"");
	a = GET(narrow, "%s", school(w));
	expect(a, 403, NULL);
	assert_string_equal(header_of(a, "WWW-Authenticate"),
			    "Bearer realm=\"qinglan\", error=\"insufficient_scope\", "
			    "scope=\"schools:read\"");
}

static void two_authorizations_are_none(void **state)
{
	struct world *w = *state;
	struct sent s = sent_new(w, w->county, "GET", school(w), NULL, NULL);

	together(w, &s, 1);
	assert_int_equal(s.status, 200);
	sent_header(&s, "authorization",
		    arena_printf(w->arena, "Bearer %s", client_token(w->county)));
	together(w, &s, 1);
	assert_int_equal(s.status, 401);
	assert_non_null(strstr(s.body, "token-malformed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_of_another_type_is_refused_with_the_types_taken),
		cmocka_unit_test(an_answer_that_nobody_can_read_is_not_made),
		cmocka_unit_test(a_body_is_due_where_one_is_and_refused_where_none_is_taken),
		cmocka_unit_test(a_body_over_the_limit_is_too_large),
		cmocka_unit_test(head_has_the_headers_of_get),
		cmocka_unit_test(other_methods_are_told_which_there_are),
		cmocka_unit_test(only_a_listed_origin_may_read_and_preflight),
		cmocka_unit_test(every_answer_has_the_headers_that_protect_it),
		cmocka_unit_test(a_request_id_is_taken_over_or_replaced),
		cmocka_unit_test(a_trace_goes_on_under_a_span_of_ours),
		cmocka_unit_test(problems_speak_the_language_that_is_asked),
		cmocka_unit_test(each_quota_refuses_for_itself_with_the_time_to_wait),
		cmocka_unit_test(an_answer_tells_what_is_left_of_the_quota),
		cmocka_unit_test(a_challenge_says_what_the_token_lacks),
		cmocka_unit_test(two_authorizations_are_none),
	};

	return cmocka_run_group_tests_name("request", tests, world_begin, world_end);
}
