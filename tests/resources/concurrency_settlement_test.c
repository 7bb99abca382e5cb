/*
 * concurrency_settlement_test.c -- settlements and attendance at the same moment, and one whose
 * connection is lost in the middle.
 */
#include "harness/race.h"

#include "resources/settle.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <time.h>

enum { PEOPLE = 12, ROUNDS = 10, PATIENCE = 600 };

#define BEFORE "2026-09-01T00:00:00Z"
#define BEGAN "2026-10-15T01:30:00Z"

static const char *people[PEOPLE];

/* A closed course of the county in which all took part, forward or backward. */
static const char *attended_course(struct world *w, bool backward, const char *session[1])
{
	const char *course = course_made(w, NULL, NULL);
	int i;

	session[0] = session_made(w, course, BEGAN, 45);
	for (i = 0; i < PEOPLE; i++)
		enrolled(w, course, people[backward ? PEOPLE - 1 - i : i], BEFORE);
	sheet(w, session[0], "");
	course_becomes(w, course, "closed");
	return course;
}

static const char *settle_target(const char *course)
{
	return text("/v1/courses/%s/settle", course);
}

static const char *plan_body(struct world *w, const char *course)
{
	return text("{'plan': '%s'}", text_at(preview(w->county, course), "plan"));
}

static void a_course_that_two_settle_is_settled_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *session[1];
	int i, k;

	for (i = 0; i < ROUNDS; i++) {
		const char *course = attended_course(w, false, session), *body;
		struct runner list[RACERS];

		body = plan_body(w, course);
		race_line_up(list, w->county, "POST", settle_target(course), body, body);
		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			expect(list[k].answer, 200, "{'state': 'settled', 'credited': 12}");
		assert_string_equal(list[0].answer->body, list[1].answer->body);
		assert_string_equal(entries(w, course), "12 36.00");
	}
	ledger_is_sound(w);
}

static void two_courses_of_the_same_people_are_settled_at_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const long waits = r->waits;
	const char *session[1], *courses[RACERS];
	int i, k;

	for (i = 0; i < ROUNDS; i++) {
		struct runner list[RACERS];

		/* People without an account among them, so that both open it. */
		people[i % PEOPLE] = race_teacher(r, "新人", i);
		for (k = 0; k < RACERS; k++) {
			courses[k] = attended_course(w, k, session);
			list[k] = (struct runner){.client = w->county,
						  .method = "POST",
						  .target = settle_target(courses[k]),
						  .body = plan_body(w, courses[k])};
		}
		race_run(r, list);
		for (k = 0; k < RACERS; k++) {
			expect(list[k].answer, 200, "{'credited': 12}");
			assert_string_equal(entries(w, courses[k]), "12 36.00");
		}
	}
	/* A deadlock would have been asked again. */
	assert_int_equal(r->waits, waits);
	ledger_is_sound(w);
}

static void a_sheet_and_a_settlement_come_one_after_the_other(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *session[1];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		const char *course = attended_course(w, false, session);
		struct runner list[] = {
			{.client = w->county,
			 .method = "POST",
			 .target = settle_target(course),
			 .body = plan_body(w, course)},
			{.client = w->county,
			 .method = "POST",
			 .target = text("/v1/sessions/%s/attendance", session[0]),
			 .body = text("{'except': [{'teacher_id': '%s', 'state': 'absent'}]}",
				      people[0])},
		};

		race_run(r, list);
		/* Either the sheet is late, or the preview was. */
		if (list[0].answer->status == 200) {
			expect(list[1].answer, 409, "{'code': 'not-in-this-state'}");
			assert_string_equal(entries(w, course), "12 36.00");
		} else {
			expect(list[0].answer, 409, "{'code': 'settlement-changed'}");
			expect(list[1].answer, 200, "{'absent': 1}");
			assert_string_equal(entries(w, course), "0 0");
		}
	}
}

static void a_result_and_a_settlement_come_one_after_the_other(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *session[1];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		const char *course = attended_course(w, i % 2, session);
		struct runner list[] = {
			{.client = w->county,
			 .method = "POST",
			 .target = settle_target(course),
			 .body = plan_body(w, course)},
			{.client = w->county,
			 .method = "POST",
			 .target = text("/v1/courses/%s/results:batch", course),
			 .body = text("{'items': [{'teacher_id': '%s', 'result': 'failed'}, "
				      "{'teacher_id': '%s', 'result': 'failed'}]}",
				      people[PEOPLE - 1], people[0])},
		};

		race_run(r, list);
		if (list[0].answer->status == 200) {
			expect(list[1].answer, 207, "{'succeeded': 0}");
			assert_string_equal(entries(w, course), "12 36.00");
		} else {
			expect(list[0].answer, 409, "{'code': 'settlement-changed'}");
			expect(list[1].answer, 200, "{'succeeded': 2}");
		}
	}
}

static void of_two_sheets_with_one_reference_one_counts(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *session[1];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		const char *body = text("{'client_ref': 'pad-%d', 'except': []}", i);
		struct runner list[RACERS];

		attended_course(w, i % 2, session);
		race_line_up(list, w->county, "POST",
			     text("/v1/sessions/%s/attendance", session[0]), body, body);
		race_run(r, list);
		expect(list[0].answer, 200, NULL);
		assert_string_equal(list[0].answer->body, list[1].answer->body);
		expect_sql(w, "1",
			   text("SELECT count(*) FROM attendance_sheet WHERE client_ref = 'pad-%d'",
				i));
	}
}

/* --- a connection that is lost --- */

struct settling {
	struct world *seat;
	const char *token, *target, *body;
	struct answer *answer;
};

static void *settling_run(void *context)
{
	struct settling *s = context;

	s->answer = call(client_with_token(s->seat, s->token), "POST", s->target, s->body, NULL);
	return NULL;
}

static void run(PGconn *c, const char *sql)
{
	PGresult *result = PQexec(c, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(c));
	PQclear(result);
}

/* Ends whoever waits for a lock, once somebody does. */
static void kill_who_waits(struct world *w)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	const char *killed = NULL;
	PGconn *super = PQconnectdb(cluster_url(w->cluster, w->database, "postgres"));
	int i;

	for (i = 0; i < PATIENCE && !killed; i++) {
		PGresult *found = PQexec(
			super,
			"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
			"current_database() AND usename = 'qinglan_app' AND wait_event_type = "
			"'Lock'");

		killed = PQntuples(found) ? "killed" : NULL;
		PQclear(found);
		nanosleep(&pause, NULL);
	}
	PQfinish(super);
	assert_non_null(killed);
}

static void a_settlement_that_is_cut_off_in_the_middle_posts_nothing(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *session[1], *course = attended_course(w, false, session), *body;
	PGconn *blocker = PQconnectdb(cluster_url(w->cluster, w->database, "postgres"));
	struct settling s;
	pthread_t thread;

	body = plan_body(w, course);
	s = (struct settling){&r->seats[0], client_token(w->county), settle_target(course), body,
			      NULL};
	/* Somebody has hours already; her balance is held, so that the posting stops there. */
	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'adjustment', 'key': 'before'}}",
			 people[PEOPLE - 1])),
	       201, NULL);
	run(blocker, "BEGIN");
	run(blocker, text("SELECT FROM qinglan.hour_balance WHERE person = '%s' FOR UPDATE",
			  people[PEOPLE - 1]));
	assert_int_equal(pthread_create(&thread, NULL, settling_run, &s), 0);
	kill_who_waits(w);
	assert_string_equal(entries(w, course), "0 0");
	expect(preview(w->county, course), 200, "{'state': 'closed', 'credited': 12}");
	run(blocker, "ROLLBACK");
	PQfinish(blocker);
	pthread_join(thread, NULL);
	/* Whatever it was told, asked again it is done, once. */
	assert_true(s.answer->status == 200 || s.answer->status == 503);
	expect(POST(w->county, s.target, s.body), 200, "{'state': 'settled', 'credited': 12}");
	assert_string_equal(entries(w, course), "12 36.00");
	ledger_is_sound(w);
}

static int begin(void **state)
{
	struct race *r;
	int i;

	if (race_begin(state))
		return -1;
	r = *state;
	for (i = 0; i < PEOPLE; i++)
		people[i] = race_teacher(r, "众人", i);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_course_that_two_settle_is_settled_once),
		cmocka_unit_test(two_courses_of_the_same_people_are_settled_at_once),
		cmocka_unit_test(a_sheet_and_a_settlement_come_one_after_the_other),
		cmocka_unit_test(a_result_and_a_settlement_come_one_after_the_other),
		cmocka_unit_test(of_two_sheets_with_one_reference_one_counts),
		cmocka_unit_test(a_settlement_that_is_cut_off_in_the_middle_posts_nothing),
	};

	return cmocka_run_group_tests_name("concurrent settlement", tests, begin, race_end);
}
