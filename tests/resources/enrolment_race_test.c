/*
 * enrolment_race_test.c -- the places of a course, asked for and given back by two at once.
 *
 * Two workers ask at the same moment, many times over; whatever the order, no place is given twice,
 * none is lost, and nobody is overtaken. Five hundred at once: stories/enrolment_rush_test.c.
 */
#include "harness/race.h"

static const char *entry(const char *course, const char *teacher)
{
	return text("{'course_id': '%s', 'teacher_id': '%s'}", course, teacher);
}

static const char *entered(struct world *w, const char *course, const char *teacher)
{
	struct answer *a = POST(w->county, "/v1/enrolments", entry(course, teacher));

	expect(a, 201, NULL);
	return text_at(a, "id");
}

/* Of a course of one place: who has it and who waits, and that the course knows. */
static void one_has_it_and(struct world *w, const char *course, const char *waiting)
{
	expect_sql(
		w, text("1 1 %s", waiting),
		text("SELECT concat_ws(' ', c.taken, count(*) FILTER (WHERE e.state = 'admitted'), "
		     "count(*) FILTER (WHERE e.state = 'waiting')) FROM course c JOIN enrolment e ON "
		     "e.course = c.id WHERE c.id = '%s' GROUP BY c.taken",
		     course));
}

static void the_last_place_is_given_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *course = world_course(w, w->county_a, NULL, "{'capacity': 1}");
		struct runner list[RACERS];
		int winner;

		race_line_up(list, w->county, "POST", "/v1/enrolments",
			     entry(course, w->teacher_a1), entry(course, w->teacher_a2));
		race_run(r, list);
		winner = !strcmp(text_at(list[0].answer, "state"), "admitted") ? 0 : 1;
		expect(list[winner].answer, 201, "{'state': 'admitted'}");
		expect(list[1 - winner].answer, 201, "{'state': 'waiting', 'queue_number': 1}");
		one_has_it_and(w, course, "1");
	}
}

static void a_person_who_is_entered_twice_is_enrolled_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(r, w->county, "POST", "/v1/enrolments",
			  entry(world_course(w, w->county_a, NULL, NULL), w->teacher_a1), NULL, 201,
			  409, "already-enrolled");
}

static void a_place_that_is_given_back_while_another_comes_is_not_lost(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *third = race_teacher(r, "三", 0);
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *course = world_course(w, w->county_a, NULL, "{'capacity': 1}");
		const char *has = entered(w, course, w->teacher_a1);
		const char *waits = entered(w, course, w->teacher_a2);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "/v1/enrolments", entry(course, third), "{}");
		list[1].target = text("/v1/enrolments/%s/withdraw", has);
		list[1].if_match = "*";
		race_run(r, list);
		expect(list[0].answer, 201, "{'state': 'waiting'}");
		expect(list[1].answer, 200, NULL);
		expect(GET(w->county, "/v1/enrolments/%s", waits), 200, "{'state': 'admitted'}");
		one_has_it_and(w, course, "1");
	}
}

static void who_has_a_place_and_who_is_next_leave_at_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *third = race_teacher(r, "末", 0);
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *course = world_course(w, w->county_a, NULL, "{'capacity': 1}");
		const char *has = entered(w, course, w->teacher_a1);
		const char *next = entered(w, course, w->teacher_a2);
		const char *last = entered(w, course, third);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "", "{}", "{}");
		list[0].target = text("/v1/enrolments/%s/withdraw", has);
		list[1].target = text("/v1/enrolments/%s/withdraw", next);
		list[0].if_match = list[1].if_match = "*";
		race_run(r, list);
		expect(list[0].answer, 200, "{'state': 'withdrawn'}");
		expect(list[1].answer, 200, "{'state': 'withdrawn'}");
		expect(GET(w->county, "/v1/enrolments/%s", last), 200, "{'state': 'admitted'}");
		one_has_it_and(w, course, "0");
	}
}

static void batches_over_the_same_courses_wait_for_each_other(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < TIMES; i++) {
		char items[2][2][200];
		struct runner list[RACERS];

		for (k = 0; k < 2; k++) {
			const char *course = world_course(w, w->county_a, NULL, "{'capacity': 1}");
			struct answer *a =
				POST(w->school, "/v1/enrolments", entry(course, w->teacher_a1));
			struct answer *b = POST(w->other_school, "/v1/enrolments",
						entry(course, w->teacher_a2));
			const struct answer *both[] = {a, b};

			for (int n = 0; n < 2; n++)
				snprintf(items[k][n], sizeof items[k][n],
					 "{'enrolment_id': '%s', 'decision': 'admit'}",
					 text_at(both[n], "id"));
		}
		race_line_up(list, w->county, "POST", "/v1/enrolments:batch",
			     text("{'items': [%s, %s]}", items[0][0], items[1][0]),
			     text("{'items': [%s, %s]}", items[1][1], items[0][1]));
		race_run(r, list);
		expect(list[0].answer, 200, "{'succeeded': 2}");
		expect(list[1].answer, 200, "{'succeeded': 2}");
	}
	expect_sql(w, "0", "SELECT count(*) FROM course WHERE taken > capacity");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_place_is_given_once),
		cmocka_unit_test(a_person_who_is_entered_twice_is_enrolled_once),
		cmocka_unit_test(a_place_that_is_given_back_while_another_comes_is_not_lost),
		cmocka_unit_test(who_has_a_place_and_who_is_next_leave_at_once),
		cmocka_unit_test(batches_over_the_same_courses_wait_for_each_other),
	};

	return cmocka_run_group_tests_name("enrolment races", tests, race_begin, race_end);
}
