/*
 * log_test.c -- the log: one JSON object a line, with the members that are documented and
 * without anything that a person could be known by.
 */
#include "harness/echo.h"
#include "harness/socket.h"
#include "harness/together.h"
#include "kernel/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* What standard error is while its lines are caught. */
static int kept = -1, caught = -1;

static void catch_begin(void)
{
	caught = memfd_create("log", MFD_CLOEXEC);
	kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(caught >= 0 && kept >= 0);
	assert_true(dup2(caught, STDERR_FILENO) >= 0);
	log_set_level(LOG_LEVEL_INFO);
}

/* The lines since catch_begin(), in the arena; standard error is what it was. */
static char *catch_end(struct arena *a)
{
	off_t length = lseek(caught, 0, SEEK_END);
	char *lines = arena_alloc(a, (size_t)length + 1);

	log_set_level(LOG_LEVEL_ERROR);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	assert_non_null(lines);
	assert_int_equal(pread(caught, lines, (size_t)length, 0), length);
	close(caught);
	close(kept);
	return lines;
}

/* The next line of *LINES, parsed; NULL behind the last. */
static json_t *next_line(struct arena *a, char **lines)
{
	char *end = strchr(*lines, '\n');
	json_t *line;

	if (!end) {
		assert_string_equal(*lines, "");
		return NULL;
	}
	line = arena_json(a, json_loadb(*lines, (size_t)(end - *lines), 0, NULL));
	if (!json_is_object(line))
		fail_msg("no JSON object: %.*s", (int)(end - *lines), *lines);
	*lines = end + 1;
	return line;
}

/* Asserts that LINE has these members, one of MORE perhaps, and no other. */
static void expect_members(const json_t *line, const char *more)
{
	static const struct {
		const char *name;
		json_type type;
	} members[] = {
		{"at", JSON_STRING},         {"level", JSON_STRING},   {"event", JSON_STRING},
		{"request_id", JSON_STRING}, {"method", JSON_STRING},  {"operation", JSON_STRING},
		{"status", JSON_INTEGER},    {"ms", JSON_REAL},        {"db_ms", JSON_REAL},
		{"role", JSON_STRING},       {"county", JSON_INTEGER}, {"problem", JSON_STRING},
	};
	const size_t count = sizeof members / sizeof *members;
	size_t i;

	for (i = 0; i < count; i++) {
		const json_t *member = json_object_get(line, members[i].name);

		if (!member || json_typeof(member) != members[i].type)
			fail_msg("%s of a line", members[i].name);
	}
	assert_int_equal(json_object_size(line), count + (json_object_get(line, more) != NULL));
}

/* --- what requests leave behind --- */

#define NAME "欧阳秘密"
#define PHONE "13912345678"
#define RESIDENT "11010519491231002X"
#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* Requests with persons in the path, the query, the body and the headers; how many. */
static int ask_about_persons(struct world *w)
{
	const char *body = text("{'name': '" NAME "', 'birth_on': '1990-01-01', 'phone': '" PHONE
				"', 'school_id': '%s', 'document': {'type': 'resident_id', "
				"'number': '" RESIDENT "'}}",
				w->school_a1);
	struct client *stranger = client_with_token(w, "eyJhbGciOiJub25lIn0.c2VjcmV0.");

	POST(w->county, "/v1/teachers", body);
	POST(w->county, "/v1/teachers", "{'name': '" NAME "', 'phone': 13912345678}");
	POST(w->county, "/v1/teachers", "{'name': '" NAME);
	POST(w->school, "/v1/schools", "{'name': '" NAME "'}");
	GET(w->county, "/v1/teachers?q=%%E6%%AC%%A7%%E9%%98%%B3");
	GET(w->county, "/v1/teachers?phone=" PHONE);
	GET(w->county, "/v1/teachers/" RESIDENT);
	GET(w->county, "/v1/" PHONE "/" RESIDENT);
	GET(w->county, "/v1/teachers/%s", w->teacher_a1);
	GET(w->teacher, "/v1/teachers/%s", w->teacher_a1);
	GET(stranger, "/v1/teachers/%s", w->teacher_a1);
	call(w->county, "GET", text("/v1/schools/%s", w->school_a1), NULL, "User-Agent", NAME,
	     "X-Request-Id", NAME, "X-Forwarded-For", PHONE, "traceparent", TRACEPARENT, NULL);
	call(w->county, "POST", "/v1/schools", "{}", "Idempotency-Key", PHONE, "If-Match", RESIDENT,
	     NULL);
	return 13;
}

static void a_line_of_the_log_tells_nothing_of_persons(void **state)
{
	struct world *w = *state;
	const char *const secrets[] = {
		NAME,
		"\\u6b27",
		"%E6%AC%A7",
		"%e6%ac%a7",
		PHONE,
		RESIDENT,
		"110105",
		"5678",
		"1990-01-01",
		"eyJ",
		w->teacher_a1,
		client_token(w->county),
		client_token(w->teacher),
		"c2VjcmV0",
	};
	int count, lines = 0, traces = 0;
	char *all, *at;
	json_t *line;
	size_t i;

	catch_begin();
	count = ask_about_persons(w);
	at = all = catch_end(w->arena);
	for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strcasestr(all, secrets[i]))
			fail_msg("%s is in the log:\n%s", secrets[i], all);
	while ((line = next_line(w->arena, &at))) {
		lines++;
		assert_string_equal(json_string_value(json_object_get(line, "event")), "request");
		expect_members(line, "trace");
		traces += json_object_get(line, "trace") != NULL;
	}
	assert_int_equal(lines, count);
	assert_int_equal(traces, 1);
}

static void a_line_says_what_was_asked_and_how_it_ended(void **state)
{
	struct world *w = *state;
	json_t *line, *wanted;
	char *lines;

	catch_begin();
	call(w->school, "GET", text("/v1/schools/%s", w->school_b1), NULL, "X-Request-Id", "line.1",
	     NULL);
	lines = catch_end(w->arena);
	line = next_line(w->arena, &lines);
	expect_members(line, "trace");
	wanted =
		arena_json(w->arena, json_pack("{ss ss ss ss si ss si ss}", "level", "info",
					       "request_id", "line.1", "method", "GET", "operation",
					       "school_get", "status", 404, "role", "school",
					       "county", w->county_a, "problem", "not-found"));
	assert_true(json_has(line, wanted));
	assert_null(next_line(w->arena, &lines));
}

/* --- what the wire refuses before it is a request --- */

enum { WAIT_MS = 10000, LONG = 20000 };

static void expect_status(struct socket_client *c, const char *bytes, int status)
{
	struct socket_reply r;

	assert_true(socket_text(c, bytes));
	r = socket_read(c, false, WAIT_MS);
	assert_int_equal(r.status, status);
	socket_reply_free(&r);
}

static void expect_refused(int port, const char *bytes, int status)
{
	struct socket_client c = socket_open("127.0.0.1", port);

	expect_status(&c, bytes, status);
	socket_close(&c);
}

/* One client more than there may be. */
static void ask_when_full(void)
{
	static const char request[] = "GET /" PHONE " HTTP/1.1\r\nHost: h\r\n\r\n";
	struct socket_client first;
	struct echo full;

	echo_start(&full, &(struct http_settings){.max_clients = 1});
	first = socket_open("127.0.0.1", full.port);
	expect_status(&first, request, 200);
	expect_refused(full.port, request, 503);
	socket_close(&first);
	echo_stop(&full, 2);
}

/* A body that does not come within the time, which others are not held to. */
static void ask_too_slowly(void)
{
	struct echo hasty;

	echo_start(&hasty, &(struct http_settings){.request_seconds = 1});
	expect_refused(hasty.port,
		       "POST /" PHONE " HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n" NAME,
		       408);
	echo_stop(&hasty, 2);
}

/* Requests with persons in them that go wrong in every way there is; their problems, in order. */
static const char *const *ask_wrongly(struct arena *a, int port)
{
	static const char *const problems[] = {
		"bad-request",       "bad-request",     "uri-too-long", "headers-too-large",
		"content-too-large", "request-timeout", "unavailable",  NULL};
	char *x = arena_alloc(a, LONG + 1);

	memset(x, 'x', LONG);
	x[LONG] = '\0';
	expect_refused(port, NAME " " PHONE "\r\n\r\n", 400);
	expect_refused(port, "GET /" PHONE " HTTP/1.1\r\nHost: a\r\nHost: " RESIDENT "\r\n\r\n",
		       400);
	expect_refused(port, arena_printf(a, "GET /" PHONE "%s HTTP/1.1\r\nHost: h\r\n\r\n", x),
		       414);
	expect_refused(port,
		       arena_printf(a, "GET / HTTP/1.1\r\nHost: h\r\nX: " PHONE "%s\r\n\r\n", x),
		       431);
	expect_refused(
		port,
		arena_printf(a,
			     "POST /limited HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
			     "\r\n%x\r\n" NAME "%s\r\n0\r\n\r\n",
			     (unsigned)strlen(NAME) + LONG, x),
		413);
	return problems;
}

static void what_the_wire_refuses_has_its_line_too(void **state)
{
	struct world *w = *state;
	const char *const secrets[] = {NAME, "\\u6b27", PHONE, RESIDENT, "xxxx"};
	const char *const *problem;
	char *all, *at;
	struct echo echo;
	size_t i;

	catch_begin();
	echo_start(&echo, &(struct http_settings){0});
	problem = ask_wrongly(w->arena, echo.port);
	echo_stop(&echo, 2);
	ask_too_slowly();
	ask_when_full();
	at = all = catch_end(w->arena);
	for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strcasestr(all, secrets[i]))
			fail_msg("%s is in the log:\n%s", secrets[i], all);
	for (; *problem; problem++) {
		const json_t *line = next_line(w->arena, &at);

		if (!line)
			fail_msg("no line for %s:\n%s", *problem, all);
		expect_members(line, NULL);
		assert_string_equal(json_string_value(json_object_get(line, "problem")), *problem);
	}
	assert_null(next_line(w->arena, &at));
}

/* --- the writing itself --- */

static void a_value_cannot_forge_a_line(void **state)
{
	struct world *w = *state;
	char *lines;
	json_t *line;

	catch_begin();
	log_info("odd", "{ss}", "value", "a\n{\"event\":\"forged\"}\r\x1b[2J\xC2\x85 学");
	log_event(LOG_LEVEL_DEBUG, "unseen", NULL);
	log_error("bare", NULL);
	lines = catch_end(w->arena);
	line = next_line(w->arena, &lines);
	assert_string_equal(json_string_value(json_object_get(line, "event")), "odd");
	assert_string_equal(json_string_value(json_object_get(line, "value")),
			    "a\n{\"event\":\"forged\"}\r\x1b[2J\xC2\x85 学");
	line = next_line(w->arena, &lines);
	assert_string_equal(json_string_value(json_object_get(line, "event")), "bare");
	assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
	assert_null(next_line(w->arena, &lines));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_the_log_tells_nothing_of_persons),
		cmocka_unit_test(a_line_says_what_was_asked_and_how_it_ended),
		cmocka_unit_test(what_the_wire_refuses_has_its_line_too),
		cmocka_unit_test(a_value_cannot_forge_a_line),
	};

	return cmocka_run_group_tests_name("log", tests, world_begin, world_end);
}
