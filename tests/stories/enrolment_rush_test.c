/*
 * enrolment_rush_test.c -- the story "five hundred for thirty places", over sockets.
 *
 * Twenty schools of 青蓝县 enter twenty-five of their people each for a course of thirty places that
 * admits in order of arrival, all at the same moment and each over a connection of its own. Then
 * ten of those who were admitted give up at once. The chapters stand on each other; the service is
 * the program itself.
 */
#include "harness/pause.h"
#include "harness/story.h"

#include "kernel/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SCHOOLS = 20, EACH = 25, PLACES = 30, GIVE_UP = 10, ASKS_MAX = 100, MOST_BYTES = 300 };

#define COURSE "0199b0a4-7c00-7000-8000-000000000061"

static const char *const codes[SCHOOLS] = {"2199700000", "2199700001", "2199700002", "3199700003",
					   "3199700004", "3699700005", "2199700006", "2199700007",
					   "2199700008", "3199700009", "3199700010", "3499700011",
					   "2199700012", "2199700013", "2199700014", "3199700015",
					   "3199700016", "2199700018", "2199700019", "2199700020"};

/* A school, and what it was answered for each of its people. */
static struct queue {
	pthread_t thread;
	struct wire wire;
	char teachers[EACH][37], enrolments[EACH][37];
	long numbers[EACH]; /* in the waiting list; 0: admitted */
	int failed;
} queues[SCHOOLS];

static pthread_barrier_t start;

/* A POST that is sent again while it finds somebody else at work. */
static struct answer *insist(struct queue *q, const char *target, const char *body, const char *key,
			     const char *if_match)
{
	struct answer *a = NULL;

	for (int i = 0; i < ASKS_MAX; i++) {
		a = wire_ask(&q->wire, "POST", target, body, "Idempotency-Key", key, "If-Match",
			     if_match, NULL);
		if (!a || a->status != 503)
			break;
		pause_ms(10);
	}
	return a;
}

/* --- the story --- */

static void the_county_has_its_roster(void **state)
{
	struct story *s = *state;

	run(s, "county", "add", "990101", "青蓝县", "--officer", "周敏", NULL);
	acts_as(s, &s->bureau, "990101", "county", NULL, NULL);
	run(s, "clock", "--county", "990101", "--set", "2026-10-15 10:00", NULL, NULL);
	assert_true(process_start(&s->service) && process_await(&s->service, 20000));
	plan_committed(s, file_sent(s, "school", "db/demo/schools.csv"));
	plan_committed(s, file_sent(s, "teacher", "db/demo/roster-gb18030.csv"));
}

static void twenty_schools_have_a_program_that_enters_their_people(void **state)
{
	struct story *s = *state;
	char token[5000];

	for (int i = 0; i < SCHOOLS; i++) {
		struct answer *a = get(&s->bureau, say("/v1/schools?code=%s", codes[i]));

		a = get(&s->bureau, say("/v1/teachers?page_size=%d&school_id=%s", EACH,
					text_at(a, "data/0/id")));
		assert_int_equal(count_at(a, "data"), EACH);
		for (int k = 0; k < EACH; k++)
			keep_id(a, say("data/%d/id", k), queues[i].teachers[k]);
		assert_int_equal(process_run(&s->service, token, sizeof token, "token", "--county",
					     "990101", "--role", "client", "--client", "portal",
					     "--school", codes[i], NULL),
				 0);
		assert_true(wire_open(&queues[i].wire, s->service.port, token));
	}
}

static void the_county_offers_thirty_places(void **state)
{
	struct story *s = *state;
	struct pg *owner = pg_new(cluster_url(s->cluster, s->database, "qinglan_owner"), "rush");
	char error[500];

	assert_non_null(owner);
	if (!pg_script(
		    owner,
		    "SET ROLE qinglan_engine; SELECT set_config('qinglan.county', '1', false); "
		    "INSERT INTO course (county, id, title, level, hours, state, admission, capacity) "
		    "VALUES (1, '" COURSE
		    "', '名班主任讲堂', 'county', 6, 'open', 'automatic', 30)",
		    error))
		fail_msg("%s", error);
	pg_free(owner);
}

static void *enter_all(void *queue)
{
	struct queue *q = queue;
	char body[MOST_BYTES], key[60];

	pthread_barrier_wait(&start);
	for (int i = 0; i < EACH; i++) {
		struct answer *a;
		const json_t *number;

		snprintf(body, sizeof body, "{'course_id': '" COURSE "', 'teacher_id': '%s'}",
			 q->teachers[i]);
		snprintf(key, sizeof key, "enter-%s", q->teachers[i]);
		a = insist(q, "/v1/enrolments", body, key, "*");
		if (!a || a->status != 201) {
			q->failed++;
			continue;
		}
		keep_id(a, "id", q->enrolments[i]);
		number = json_object_get(a->json, "queue_number");
		q->numbers[i] = json_is_integer(number) ? (long)json_integer_value(number) : 0;
	}
	return NULL;
}

static void all_together(void *(*work)(void *), int count)
{
	assert_int_equal(pthread_barrier_init(&start, NULL, (unsigned)count), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(pthread_create(&queues[i].thread, NULL, work, &queues[i]), 0);
	for (int i = 0; i < count; i++)
		pthread_join(queues[i].thread, NULL);
	pthread_barrier_destroy(&start);
	for (int i = 0; i < count; i++)
		assert_int_equal(queues[i].failed, 0);
}

static void of_five_hundred_thirty_are_admitted_and_the_rest_wait_in_order(void **state)
{
	struct story *s = *state;
	struct answer *a = get(&s->bureau, "/v1/enrolments");
	bool seen[SCHOOLS * EACH + 1] = {false};
	int admitted = 0;

	expect(a, 200, "{'data': []}");
	all_together(enter_all, SCHOOLS);
	for (int i = 0; i < SCHOOLS; i++) {
		long last = 0;

		for (int k = 0; k < EACH; k++) {
			const long number = queues[i].numbers[k];

			/* Nobody is overtaken by a colleague who came later. */
			assert_true(last ? number > last : number >= 0);
			assert_in_range(number, 0, SCHOOLS * EACH - PLACES);
			assert_false(number && seen[number]);
			seen[number] = true;
			admitted += !number;
			last = number;
		}
	}
	assert_int_equal(admitted, PLACES);
	expect(get(&s->bureau, "/v1/courses/" COURSE "/places"), 200,
	       "{'capacity': 30, 'taken': 30, 'waiting': 470, 'free': 0}");
}

static void *give_up_first(void *queue)
{
	struct queue *q = queue;
	char target[MOST_BYTES];
	struct answer *a;

	snprintf(target, sizeof target, "/v1/enrolments/%s/withdraw", q->enrolments[0]);
	pthread_barrier_wait(&start);
	a = insist(q, target, "{'reason': '时间冲突'}", q->enrolments[0], "*");
	q->failed += !a || a->status != 200;
	return NULL;
}

static int admitted_first(const void *a, const void *b)
{
	const struct queue *p = a, *q = b;

	return (p->numbers[0] > 0) - (q->numbers[0] > 0);
}

static void places_that_are_given_up_go_to_those_who_waited_longest(void **state)
{
	struct story *s = *state;
	int leaving = 0;

	/* The first of a school had the best chance; as many as were admitted give up. */
	qsort(queues, SCHOOLS, sizeof *queues, admitted_first);
	while (leaving < GIVE_UP && !queues[leaving].numbers[0])
		leaving++;
	assert_true(leaving > 1);
	all_together(give_up_first, leaving);
	expect(get(&s->bureau, "/v1/courses/" COURSE "/places"), 200,
	       say("{'taken': 30, 'waiting': %d}", SCHOOLS * EACH - PLACES - leaving));
	for (int i = 0; i < SCHOOLS; i++)
		for (int k = 0; k < EACH; k++) {
			const long number = queues[i].numbers[k];
			const bool up = number && number <= leaving;

			if (up || number == leaving + 1)
				expect(get(&s->bureau,
					   say("/v1/enrolments/%s", queues[i].enrolments[k])),
				       200, up ? "{'state': 'admitted'}" : "{'state': 'waiting'}");
		}
	expect(get(&s->bureau, "/v1/courses/" COURSE "/waiting-list?page_size=1"), 200,
	       say("{'data': [{'queue_number': %d}]}", leaving + 1));
}

static int end(void **state)
{
	for (int i = 0; i < SCHOOLS; i++)
		wire_close(&queues[i].wire);
	return story_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_county_has_its_roster),
		cmocka_unit_test(twenty_schools_have_a_program_that_enters_their_people),
		cmocka_unit_test(the_county_offers_thirty_places),
		cmocka_unit_test(of_five_hundred_thirty_are_admitted_and_the_rest_wait_in_order),
		cmocka_unit_test(places_that_are_given_up_go_to_those_who_waited_longest),
	};

	return cmocka_run_group_tests_name("rush on a course", tests, story_begin, end);
}
