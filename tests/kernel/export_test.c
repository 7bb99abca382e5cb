/*
 * export_test.c -- lists as CSV files that a spreadsheet opens: who gets them, their bytes, and
 * that nobody waits for them.  The writing of fields is csv_line()'s, tested with it, too.
 */
#include "harness/listen.h"
#include "harness/together.h"

#include "harness/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char report[200], short_list[200];

/* Beside the world: schools with odd names whose teachers are short of a requirement. */
static int begin(void **state)
{
	static const char *const names[] = {"=1+1",       "逗号,小学", "引\\\"号小学", "@某校",
					    "𠮷祥㐀小学", "-5",        "＝全角"};
	struct world *w;
	struct answer *a;
	char id[37];
	size_t i;

	if (world_begin(state))
		return -1;
	w = *state;
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		a = POST(w->county, "/v1/schools",
			 text("{'code': '219930000%zu', 'name': '%s', 'stages': ['primary']}", i,
			      names[i]));
		expect(a, 201, NULL);
		snprintf(id, sizeof id, "%s", text_at(a, "id"));
		a = POST(w->county, "/v1/teachers",
			 text("{'name': '何%zu', 'birth_on': '1990-01-01', 'school_id': '%s'}", i,
			      id));
		expect(a, 201, NULL);
		assert_non_null(
			world_value(w,
				    "INSERT INTO homeroom_appointment (county, person, school, "
				    "kind, during) VALUES ($1::int, $2::uuid, $3::uuid, 'trainee', "
				    "'[2026-01-01,)') RETURNING id",
				    text("%d", w->county_a), text_at(a, "id"), id, NULL));
	}
	a = POST(
		w->county, "/v1/requirements",
		"{'name': '见习', 'window': 'calendar_year', 'effective_on': '2026-01-01', 'population': "
		"{'appointment_kinds': ['trainee']}, 'target_hours': 30.5}");
	expect(a, 201, NULL);
	world_jobs(w);
	snprintf(report, sizeof report, "/v1/reports/compliance?requirement_id=%s",
		 text_at(a, "id"));
	snprintf(short_list, sizeof short_list, "/v1/reports/short?requirement_id=%s",
		 text_at(a, "id"));
	return 0;
}

static struct answer *csv(struct world *w, const char *accept)
{
	return call(w->county, "GET", report, NULL, "Accept", accept, NULL);
}

static void a_csv_file_has_a_mark_and_windows_lines(void **state)
{
	struct world *w = *state;
	struct answer *a = csv(w, "text/csv");
	const char *at;
	int lines = 0;

	expect(a, 200, NULL);
	assert_string_equal(header_of(a, "Content-Type"),
			    "text/csv; charset=utf-8; header=present");
	assert_non_null(strstr(header_of(a, "Content-Disposition"), "attachment; filename=\""));
	assert_memory_equal(a->body, "\xEF\xBB\xBF", 3);
	for (at = a->body; (at = strchr(at, '\n')); at++, lines++)
		assert_int_equal(at[-1], '\r');
	assert_int_equal(lines, 8);
	assert_string_equal(a->body + a->length - 2, "\r\n");
	assert_non_null(strstr(a->body, "学校标识码"));
	assert_non_null(strstr(a->body, "2199300000"));
}

static void what_a_spreadsheet_would_reckon_is_guarded(void **state)
{
	struct world *w = *state;
	const char *body = csv(w, "text/csv")->body;

	assert_non_null(strstr(body, "'=1+1"));
	assert_non_null(strstr(body, "'@某校"));
	assert_non_null(strstr(body, "'＝全角"));
	assert_null(strstr(body, ",=1+1"));
	assert_null(strstr(body, ",\"=1+1"));
	assert_non_null(strstr(body, "\"逗号,小学\""));
	assert_non_null(strstr(body, "引\"\"号小学"));
	/* A plain number is no formula. */
	assert_null(strstr(body, "'-5"));
}

static void gb18030_comes_on_request_and_loses_nothing(void **state)
{
	struct world *w = *state;
	struct answer *a = csv(w, "text/csv; charset=gb18030");

	expect(a, 200, NULL);
	assert_string_equal(header_of(a, "Content-Type"),
			    "text/csv; charset=gb18030; header=present");
	/* 学校 and the rare 𠮷, of four bytes here, too. */
	assert_non_null(strstr(a->body, "\xD1\xA7\xD0\xA3"));
	assert_non_null(strstr(a->body, "\x95\x34\xb2\x35"));
	assert_int_not_equal((unsigned char)a->body[0], 0xEF);
}

static void accept_decides_with_its_weights(void **state)
{
	static const struct {
		const char *accept, *type;
	} forms[] = {
		{"", "application/json"},
		{"*/*", "application/json"},
		{"application/json, text/csv", "application/json"},
		{"application/json;q=0.5, text/csv;q=0.6", "text/csv"},
		{"application/json;q=0.6, text/csv;q=0.5", "application/json"},
		{"text/*", "text/csv"},
		{"text/csv;q=0.1, application/json;q=0", "text/csv"},
		{"*/*;q=0.1, text/csv", "text/csv"},
	};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct answer *a = csv(w, forms[i].accept);

		expect(a, 200, NULL);
		if (strncmp(header_of(a, "Content-Type"), forms[i].type, strlen(forms[i].type)))
			fail_msg("%s: %s", forms[i].accept, header_of(a, "Content-Type"));
		assert_non_null(strstr(header_of(a, "Vary"), "Accept"));
	}
	expect(csv(w, "application/xml"), 406, NULL);
}

static void what_is_not_there_is_a_problem_and_no_empty_file(void **state)
{
	static const char *const reports[] = {"compliance", "short"};
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof reports / sizeof *reports; i++) {
		const char *target =
			text("/v1/reports/%s?requirement_id=%s", reports[i], w->school_a1);
		struct answer *a = call(w->county, "GET", target, NULL, "Accept", "text/csv", NULL);

		expect(a, GET(w->county, "%s", target)->status, NULL);
		assert_in_range(a->status, 404, 422);
		assert_string_equal(header_of(a, "Content-Type"), "application/problem+json");
	}
}

static void head_of_an_export_takes_no_place_of_a_stream(void **state)
{
	struct world *w = *state;
	struct sent s = sent_new(w, w->county, "HEAD", report, NULL, NULL);
	struct reply reply;

	sent_header(&s, "Accept", "text/csv");
	request_run(w->worker, &s.message, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply_header_value(&reply, "Content-Type"),
			    "text/csv; charset=utf-8; header=present");
	assert_null(reply.stream);
	assert_true(reply.streamed);
	worker_done(w->worker);
}

static void a_school_exports_what_it_sees(void **state)
{
	struct world *w = *state;
	struct answer *a = call(w->school, "GET", short_list, NULL, "Accept", "text/csv", NULL);

	expect(a, 200, NULL);
	assert_null(strstr(a->body, "何"));
	a = call(w->county, "GET", short_list, NULL, "Accept", "text/csv", NULL);
	assert_non_null(strstr(a->body, "何6"));
}

static void a_worker_is_free_while_its_export_is_read(void **state)
{
	struct world *w = *state;
	struct sent s = sent_new(w, w->county, "GET", report, NULL, NULL);
	struct reply reply;
	struct stream *stream;
	int i;

	sent_header(&s, "Accept", "text/csv");
	request_run(w->worker, &s.message, &reply);
	assert_int_equal(reply.status, 200);
	stream = reply.stream;
	assert_non_null(stream);
	assert_int_equal(reply.body_length, 0);
	worker_done(w->worker);
	for (i = 0; i < 20; i++)
		expect(GET(w->county, "/v1/schools/%s", w->school_a1), 200, NULL);
	stream_close(stream);
}

/* --- the same over a socket --- */

static void over_a_socket_it_is_chunked_and_head_has_none(void **state)
{
	struct world *w = *state;
	struct http *http = world_listen(w, 1);
	struct socket_client c;
	struct socket_reply r;
	char value[512];
	int i;

	c = socket_open("127.0.0.1", http_port(http));
	for (i = 0; i < 3; i++) {
		/* The last is a HEAD: it has no body, and says that the connection ends. */
		assert_true(socket_text(
			&c, text("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
				 "%s\r\nAccept: text/csv\r\n\r\n",
				 i == 2 ? "HEAD" : "GET", report, client_token(w->county))));
		r = socket_read(&c, i == 2, 10000);
		if (r.status != 200)
			fail_msg("request %d: %d", i, r.status);
		assert_string_equal(socket_header(&r, "Content-Type", value),
				    "text/csv; charset=utf-8; header=present");
		if (i < 2)
			assert_string_equal(r.body, csv(w, "text/csv")->body);
		else
			assert_string_equal(socket_header(&r, "Connection", value), "close");
		socket_reply_free(&r);
	}
	assert_true(socket_ended(&c, 2000));
	socket_close(&c);
	http_stop(http, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_csv_file_has_a_mark_and_windows_lines),
		cmocka_unit_test(what_a_spreadsheet_would_reckon_is_guarded),
		cmocka_unit_test(gb18030_comes_on_request_and_loses_nothing),
		cmocka_unit_test(accept_decides_with_its_weights),
		cmocka_unit_test(what_is_not_there_is_a_problem_and_no_empty_file),
		cmocka_unit_test(head_of_an_export_takes_no_place_of_a_stream),
		cmocka_unit_test(a_school_exports_what_it_sees),
		cmocka_unit_test(a_worker_is_free_while_its_export_is_read),
		cmocka_unit_test(over_a_socket_it_is_chunked_and_head_has_none),
	};

	return cmocka_run_group_tests_name("export", tests, begin, world_end);
}
