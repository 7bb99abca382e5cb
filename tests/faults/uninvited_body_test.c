/*
 * uninvited_body_test.c -- nobody without a token makes the service hold a body.
 *
 * A head with a long Content-Length and no good token is answered before its body is read, so
 * that what the service sets aside for bodies stays with those who may send them.
 */
#include "harness/listen.h"
#include "harness/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WAIT_MS = 10000, UNINVITED = 60 };

static struct world *w;
static struct http *http;

/* The status of an import of 8 MiB whose body does not come; 0 when no answer came either. */
static int announced(const char *authorization, struct socket_client *c)
{
	struct socket_reply r;
	int status;

	*c = socket_open("127.0.0.1", http_port(http));
	assert_true(socket_text(c, text("POST /v1/teacher-imports HTTP/1.1\r\nHost: h\r\n%s"
					"Content-Type: text/csv\r\nContent-Length: 8388608\r\n\r\n",
					authorization)));
	r = socket_read(c, false, WAIT_MS);
	status = r.status;
	socket_reply_free(&r);
	return status;
}

static void who_has_no_token_is_answered_before_the_body(void **state)
{
	struct socket_client clients[UNINVITED];
	int i;

	(void)state;
	for (i = 0; i < UNINVITED; i++)
		assert_int_equal(
			announced(i % 2 ? "" : "Authorization: Bearer a.b.c\r\n", &clients[i]),
			401);
	/* All of them are still connected, and who may write can. */
	expect(POST(w->county, "/v1/schools",
		    "{'code': '2199700003', 'name': '新小学', 'stages': ['primary']}"),
	       201, NULL);
	for (i = 0; i < UNINVITED; i++)
		socket_close(&clients[i]);
}

static void who_has_one_is_waited_for(void **state)
{
	struct socket_client c = socket_open("127.0.0.1", http_port(http));
	struct socket_reply r;
	const char *body = "姓名\r\n";

	(void)state;
	assert_true(socket_text(
		&c, text("POST /v1/teacher-imports?filename=a.csv HTTP/1.1\r\nHost: h\r\n"
			 "Authorization: Bearer %s\r\nContent-Type: text/csv\r\n"
			 "Content-Length: %zu\r\n\r\n",
			 client_token(w->county), strlen(body))));
	assert_true(socket_text(&c, body));
	r = socket_read(&c, false, WAIT_MS);
	assert_int_equal(r.status, 202);
	socket_reply_free(&r);
	socket_close(&c);
}

static int begin(void **state)
{
	if (world_begin(state))
		return -1;
	w = *state;
	http = world_listen(w, 2);
	return http ? 0 : -1;
}

static int end(void **state)
{
	http_stop(http, 5);
	return world_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_no_token_is_answered_before_the_body),
		cmocka_unit_test(who_has_one_is_waited_for),
	};

	return cmocka_run_group_tests_name("uninvited bodies", tests, begin, end);
}
