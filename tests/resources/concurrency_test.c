/*
 * concurrency_test.c -- rules of ledger and requirements, broken by two requests at once.
 *
 * Two workers ask at the same moment, many times over: one of them wins, the other gets the
 * answer that the contract has for it, and what is stored is as if they had come one by one.
 */
#include "harness/race.h"

static const char *entry_body(const char *teacher, const char *key)
{
	return text("{'teacher_id': '%s', 'hours': 1.25, 'level': 'county', 'activity_on': "
		    "'2026-10-01', 'source': {'kind': 'external_certificate', 'key': '%s'}}",
		    teacher, key);
}

static void ledger_is_sound(struct world *w)
{
	expect_sql(w, "0", text("SELECT count(*) FROM ledger_verify(%d)", w->county_a));
}

/* --- the ledger --- */

static void a_source_credits_once_however_it_comes(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(r, w->county, "POST", "/v1/hour-entries",
			  entry_body(w->teacher_a1, text("同来源%d", i)), NULL, 201, 409,
			  "already-credited");
	expect_sql(
		w, text("%d %d.%02d", TIMES, TIMES * 125 / 100, TIMES * 125 % 100),
		text("SELECT count(*) || ' ' || sum(e.hours) FROM hour_entry e WHERE person = '%s'",
		     w->teacher_a1));
	ledger_is_sound(w);
}

static void a_key_runs_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *body = entry_body(w->teacher_a2, text("同键%d", i));
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "/v1/hour-entries", body, body);
		list[0].key = list[1].key = text("one-key-%d", i);
		race_run(r, list);
		if (list[0].answer->status == 201 && list[1].answer->status == 201)
			assert_string_equal(text_at(list[0].answer, "id"),
					    text_at(list[1].answer, "id"));
		else
			race_won(list, 201, 409, "idempotency-in-progress");
	}
	expect_sql(w, text("%d", TIMES),
		   text("SELECT count(*) FROM hour_entry WHERE person = '%s'", w->teacher_a2));
}

static void an_entry_is_reversed_once(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		struct answer *a = POST(w->county, "/v1/hour-entries",
					entry_body(w->teacher_a1, text("冲正%d", i)));

		race_both(r, w->county, "POST",
			  text("/v1/hour-entries/%s/reverse", text_at(a, "id")),
			  "{'reason': '误记'}", NULL, 201, 409, "already-reversed");
	}
	expect_sql(w, text("%d", TIMES),
		   "SELECT count(*) FROM hour_entry WHERE reverses IS NOT NULL");
	ledger_is_sound(w);
}

/* A batch over two teachers, in one order or the other. */
static const char *batch_body(const struct world *w, int number, bool backward, bool atomic)
{
	const char *first = backward ? w->teacher_a2 : w->teacher_a1;
	const char *second = backward ? w->teacher_a1 : w->teacher_a2;

	return text("{'atomic': %s, 'items': [%s, %s, %s]}", atomic ? "true" : "false",
		    entry_body(first, text("批量%d-%s", number, first)),
		    entry_body(second, text("批量%d-%s", number, second)),
		    entry_body(second, text("批量%d-%d-独有", number, backward)));
}

static void overlapping_batches_credit_each_source_once(void **state)
{
	const char *before, *count = "SELECT count(*)::text FROM hour_entry";
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	before = world_value(w, count, NULL);
	for (i = 0; i < TIMES; i++) {
		struct runner list[RACERS];
		long succeeded = 0;

		race_line_up(list, w->county, "POST", "/v1/hour-entries:batch",
			     batch_body(w, i, 0, false), batch_body(w, i, 1, false));
		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			succeeded += (long)json_integer_value(json_at(list[k].answer, "succeeded"));
		assert_int_equal(succeeded, 4);
		k = list[0].answer->status == 200 ? 0 : 1;
		expect(list[k].answer, 200, "{'failed': 0}");
		expect(list[1 - k].answer, 207,
		       "{'results': [{'status': 409, 'problem': {'code': 'already-credited'}}, "
		       "{'status': 409}, {'status': 201}]}");
	}
	expect_sql(w, text("%d", atoi(before) + 4 * TIMES), count);
	ledger_is_sound(w);
}

static void of_two_whole_batches_that_overlap_one_is_posted(void **state)
{
	const char *before, *count = "SELECT count(*)::text FROM hour_entry";
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	before = world_value(w, count, NULL);
	for (i = TIMES; i < 2 * TIMES; i++) {
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "/v1/hour-entries:batch",
			     batch_body(w, i, 0, true), batch_body(w, i, 1, true));
		race_run(r, list);
		race_won(list, 200, 422, "batch-failed");
	}
	expect_sql(w, text("%d", atoi(before) + 3 * TIMES), count);
	ledger_is_sound(w);
}

static void a_first_entry_opens_one_account(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i, k;

	for (i = 0; i < TIMES; i++) {
		const char *id = race_teacher(r, "新账", i);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", "/v1/hour-entries", entry_body(id, "首笔0"),
			     entry_body(id, "首笔1"));
		race_run(r, list);
		for (k = 0; k < RACERS; k++)
			expect(list[k].answer, 201, NULL);
		expect_sql(w, "1 2",
			   text("SELECT (SELECT count(*) FROM ledger_account WHERE person = "
				"'%s') || ' ' || max(seq) FROM hour_entry WHERE person = '%s'",
				id, id));
	}
	ledger_is_sound(w);
}

/* --- requirements --- */

static void a_day_has_one_version_of_a_requirement(void **state)
{
	const char *rules = "'population': {'appointment_kinds': ['homeroom']}, 'target_hours': 30";
	struct race *r = *state;
	struct world *w = r->world;
	struct answer *a = POST(w->county, "/v1/requirements",
				text("{'name': '并发', 'window': 'calendar_year', 'effective_on': "
				     "'2026-01-01', %s}",
				     rules));
	char target[100];
	int i;

	expect(a, 201, NULL);
	snprintf(target, sizeof target, "/v1/requirements/%s", text_at(a, "id"));
	for (i = 0; i < TIMES; i++)
		race_both(r, w->county, "POST", text("%s/versions", target),
			  text("{'effective_on': '2027-%02d-%02d', %s}", 1 + i / 28, 1 + i % 28,
			       rules),
			  "*", 201, 422, "version-too-early");
	for (i = 0; i < TIMES; i++) {
		a = GET(w->county, "%s", target);
		race_both(r, w->county, "POST", text("%s/versions", target),
			  text("{'effective_on': '2028-%02d-%02d', %s}", 1 + i / 28, 1 + i % 28,
			       rules),
			  header_of(a, "ETag"), 201, 412, "stale");
	}
	a = GET(w->county, "%s", target);
	assert_int_equal(count_at(a, "versions"), 1 + 2 * TIMES);
}

static void a_requirement_has_its_name_for_itself(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++)
		race_both(
			r, w->county, "POST", "/v1/requirements",
			text("{'name': '同名%d', 'window': 'school_year', 'effective_on': '2026-09-01', "
			     "'population': {'appointment_kinds': ['reserve']}, 'target_hours': 1}",
			     i),
			NULL, 201, 409, "requirement-name-taken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_credits_once_however_it_comes),
		cmocka_unit_test(a_key_runs_once),
		cmocka_unit_test(an_entry_is_reversed_once),
		cmocka_unit_test(overlapping_batches_credit_each_source_once),
		cmocka_unit_test(of_two_whole_batches_that_overlap_one_is_posted),
		cmocka_unit_test(a_first_entry_opens_one_account),
		cmocka_unit_test(a_day_has_one_version_of_a_requirement),
		cmocka_unit_test(a_requirement_has_its_name_for_itself),
	};

	return cmocka_run_group_tests_name("concurrency", tests, race_begin, race_end);
}
