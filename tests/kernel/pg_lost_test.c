/*
 * pg_lost_test.c -- a connection that loses its server, its backend or its patience.
 *
 * The server is a private one, for these tests stop and kill it.
 */
#include "pg_fixture.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Ends the backend of the tested connection and waits until it has gone. */
static void backend_end(void)
{
	char sql[200];

	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%s, 10000)",
		 value(f.pg, "SELECT pg_backend_pid()"));
	assert_string_equal(value(f.other, sql), "t");
}

/* --- deadlines --- */

static void a_statement_past_its_deadline_is_cancelled(void **state)
{
	const struct statement s = {.name = "", .sql = "SELECT pg_sleep(30), 'slow one'"};
	const int64_t begun = clock_monotonic_ns();
	int tries;

	(void)state;
	assert_int_equal(send_all(f.pg, &s, 1, 1), PG_UNKNOWN);
	assert_true(clock_monotonic_ns() - begun < 5 * SECOND);
	assert_int_equal(plain(f.pg, "SELECT 1"), PG_NOT_SENT);
	for (tries = 0; tries < 100; tries++) {
		if (!strcmp(value(f.other, "SELECT count(*) FROM pg_stat_activity WHERE "
					   "query LIKE '%slow' || ' one%' AND state = 'active' "
					   "AND pid <> pg_backend_pid()"),
			    "0"))
			break;
		pause_ms(50);
	}
	assert_true(tries < 100);
	await(f.pg);
	assert_string_equal(value(f.pg, "SELECT 1"), "1");
}

/* --- losing the connection --- */

static void a_backend_that_ended_between_two_requests_is_replaced_unnoticed(void **state)
{
	(void)state;
	assert_int_equal(kept(f.pg, "here", "SELECT 1"), PG_OK);
	backend_end();
	assert_true(pg_ready(f.pg));
	assert_int_equal(kept(f.pg, "here", "SELECT 1"), PG_OK);
}

static void a_pipeline_never_runs_on_another_connection_than_its_transaction(void **state)
{
	(void)state;
	assert_int_equal(plain(f.pg, "BEGIN"), PG_OK);
	backend_end();
	assert_int_equal(plain(f.pg, "COMMIT"), PG_NOT_SENT);
	assert_int_equal(plain(f.pg, "SELECT 1"), PG_NOT_SENT);
	await(f.pg);
	assert_int_equal(plain(f.pg, "BEGIN"), PG_OK);
	backend_end();
	assert_false(pg_ready(f.pg));
	assert_false(pg_in_transaction(f.pg));
	await(f.pg);
	assert_string_equal(value(f.pg, "SELECT 1"), "1");
}

static void a_backend_that_ends_within_a_pipeline_leaves_the_outcome_unknown(void **state)
{
	const struct statement list[] = {
		{.name = "", .sql = "SELECT 1"},
		{.name = "", .sql = "SELECT pg_terminate_backend(pg_backend_pid())"},
		{.name = "", .sql = "SELECT pg_sleep(5)"},
	};

	(void)state;
	assert_int_equal(send_all(f.pg, list, 3, 10), PG_UNKNOWN);
	assert_null(f.results[0]);
	await(f.pg);
	assert_string_equal(value(f.pg, "SELECT 1"), "1");
}

/* A parameter that no socket buffer holds, to a server that stands still. */
static void what_could_not_be_sent_whole_was_not_sent(void **state)
{
	const size_t length = 20 << 20;
	char *large = malloc(length + 1);
	const char *const parameters[] = {large};
	const struct statement with_commit[] = {
		{.name = "", .sql = "BEGIN"},
		{.name = "", .sql = " commit"},
		{.name = "",
		 .sql = "SELECT $1::text",
		 .parameter_count = 1,
		 .parameters = parameters},
	};
	long pid;

	(void)state;
	assert_non_null(large);
	memset(large, 'a', length);
	large[length] = '\0';
	pid = strtol(value(f.pg, "SELECT pg_backend_pid()"), NULL, 10);
	assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
	assert_int_equal(send_all(f.pg, with_commit + 2, 1, 1), PG_NOT_SENT);
	assert_int_equal(kill((pid_t)pid, SIGCONT), 0);
	await(f.pg);
	/* A COMMIT may have gone through, whatever stuck behind it. */
	pid = strtol(value(f.pg, "SELECT pg_backend_pid()"), NULL, 10);
	assert_int_equal(kill((pid_t)pid, SIGSTOP), 0);
	assert_int_equal(send_all(f.pg, with_commit, 3, 1), PG_UNKNOWN);
	assert_int_equal(kill((pid_t)pid, SIGCONT), 0);
	free(large);
	await(f.pg);
}

static void the_connection_comes_back_after_the_server(void **state)
{
	int64_t begun, tries = 0;

	(void)state;
	assert_int_equal(kept(f.pg, "here", "SELECT 1"), PG_OK);
	assert_true(cluster_restart(f.cluster));
	assert_true(pg_ready(f.pg));
	assert_int_equal(kept(f.pg, "here", "SELECT 1"), PG_OK);
	assert_true(cluster_kill(f.cluster));
	/* Its backends end when they notice. */
	while (pg_ready(f.pg))
		assert_int_not_equal(plain(f.pg, "SELECT pg_sleep(0.01)"), PG_NOT_SENT);
	begun = clock_monotonic_ns();
	/* While it is away asking costs nothing, and the pauses between tries grow. */
	while (clock_monotonic_ns() - begun < SECOND) {
		assert_false(pg_ready(f.pg));
		tries++;
	}
	assert_true(tries > 1000);
	assert_true(*pg_error(f.pg));
	assert_int_equal(plain(f.pg, "SELECT 1"), PG_NOT_SENT);
	assert_true(cluster_restart(f.cluster));
	await(f.pg);
	assert_int_equal(kept(f.pg, "here", "SELECT 1"), PG_OK);
	await(f.other);
}

/* --- connecting --- */

/* A socket that queues connections and never answers, in FOLDER; the descriptor. */
static int silent_server(char folder[40])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(folder, 40, "/tmp/qinglan-silent-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", folder);
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s, 8), 0);
	return s;
}

static void a_server_that_does_not_answer_costs_two_seconds(void **state)
{
	char folder[40], url[200], path[80];
	const int s = silent_server(folder);
	int64_t begun, took;
	struct pg *c;

	(void)state;
	snprintf(url, sizeof url, "host=%s port=5432 user=postgres dbname=postgres", folder);
	c = pg_new(url, "pg_test");
	assert_non_null(c);
	begun = clock_monotonic_ns();
	assert_false(pg_ready(c));
	took = clock_monotonic_ns() - begun;
	assert_in_range(took, 3 * SECOND / 2, 5 * SECOND / 2);
	assert_non_null(strstr(pg_error(c), "2 seconds"));
	/* It is not asked again at once. */
	assert_false(pg_ready(c));
	assert_true(clock_monotonic_ns() - begun - took < SECOND / 2);
	pg_free(c);
	close(s);
	snprintf(path, sizeof path, "%s/.s.PGSQL.5432", folder);
	unlink(path);
	rmdir(folder);
}

static void the_password_is_in_no_message(void **state)
{
	static const char *const urls[] = {
		"postgresql://u:Hush-hush1@/%/x?host=/nowhere",
		"postgresql://u:Hush-hush1@[::1",
		"postgresql://u:Hush-hush1@/x?nonsense=1&host=/nowhere",
		"postgresql://u:Hush-hush1@/x?host=/nowhere/Hush-hush1",
		"host=/nowhere password=Hush-hush1",
		"host=/nowhere password='Hush-hush1",
		"host=/nowhere Hush-hush1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct pg *c = pg_new(urls[i], "pg_test");

		assert_non_null(c);
		assert_false(pg_ready(c));
		if (!*pg_error(c) || strstr(pg_error(c), "Hush") || strchr(pg_error(c), '\n'))
			fail_msg("%s: %s", urls[i], pg_error(c));
		assert_int_equal(plain(c, "SELECT 1"), PG_NOT_SENT);
		pg_free(c);
	}
}

static void the_connection_is_named_and_speaks_utf8(void **state)
{
	(void)state;
	assert_string_equal(value(f.pg, "SELECT current_setting('application_name')"), "pg_test");
	assert_string_equal(value(f.pg, "SELECT current_setting('client_encoding')"), "UTF8");
	assert_string_equal(value(f.pg, "SELECT length('青蓝')"), "2");
}

/* --- notifications --- */

static void a_notification_is_waited_for(void **state)
{
	struct pg *listener = pg_new(f.url, "listener");
	int64_t begun = clock_monotonic_ns();
	const char *payload;

	(void)state;
	assert_non_null(listener);
	assert_null(pg_wait_notification(listener, f.arena, "bell \"1\"", 200));
	assert_in_range(clock_monotonic_ns() - begun, SECOND / 5, 2 * SECOND);
	assert_int_equal(plain(f.other, "SELECT pg_notify('bell \"1\"', 'one'), "
					"pg_notify('bell \"1\"', 'two'), pg_notify('other', 'x')"),
			 PG_OK);
	begun = clock_monotonic_ns();
	payload = pg_wait_notification(listener, f.arena, "bell \"1\"", 5000);
	assert_non_null(payload);
	assert_string_equal(payload, "one");
	payload = pg_wait_notification(listener, f.arena, "bell \"1\"", 5000);
	assert_non_null(payload);
	assert_string_equal(payload, "two");
	assert_true(clock_monotonic_ns() - begun < 2 * SECOND);
	pg_free(listener);
}

static void listening_goes_on_after_a_lost_connection(void **state)
{
	struct pg *listener = pg_new(f.url, "doomed");
	const char *payload = NULL;
	int64_t begun;
	int tries;

	(void)state;
	assert_non_null(listener);
	assert_null(pg_wait_notification(listener, f.arena, "bell", 10));
	assert_string_equal(value(f.other,
				  "SELECT bool_and(pg_terminate_backend(pid, 10000)) "
				  "FROM pg_stat_activity WHERE application_name = 'doomed'"),
			    "t");
	for (tries = 0; tries < 50 && !payload; tries++) {
		assert_int_equal(plain(f.other, "NOTIFY bell, 'again'"), PG_OK);
		payload = pg_wait_notification(listener, f.arena, "bell", 100);
	}
	assert_non_null(payload);
	pg_free(listener);
	/* Without a server the time is waited and not spun away. */
	listener = pg_new("host=/nowhere user=u dbname=d", "nobody");
	assert_non_null(listener);
	begun = clock_monotonic_ns();
	assert_null(pg_wait_notification(listener, f.arena, "bell", 300));
	assert_true(clock_monotonic_ns() - begun >= 3 * SECOND / 10);
	pg_free(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_statement_past_its_deadline_is_cancelled),
		TEST(a_backend_that_ended_between_two_requests_is_replaced_unnoticed),
		TEST(a_pipeline_never_runs_on_another_connection_than_its_transaction),
		TEST(a_backend_that_ends_within_a_pipeline_leaves_the_outcome_unknown),
		TEST(what_could_not_be_sent_whole_was_not_sent),
		TEST(the_connection_comes_back_after_the_server),
		TEST(a_server_that_does_not_answer_costs_two_seconds),
		TEST(the_password_is_in_no_message),
		TEST(the_connection_is_named_and_speaks_utf8),
		TEST(a_notification_is_waited_for),
		TEST(listening_goes_on_after_a_lost_connection),
	};

	return cmocka_run_group_tests_name("pg, losing it", tests, begin, end);
}
