/*
 * tenure_test.c -- how long somebody has led classes (班主任年限): whole months, by what the county
 * counts.
 */
#include "transfer.h"

/* She has an appointment of KIND from FIRST to LAST ("": none), to a class of its own. */
static void has(struct world *w, const char *person, const char *kind, const char *first,
		const char *last)
{
	static int number;

	world_value(
		w,
		"WITH s AS (SELECT set_config('qinglan.county', p.county::text, true) AS "
		"setting, p.* FROM person p WHERE p.id = $1::uuid), c AS (INSERT INTO class "
		"(county, school, stage, entry_year, number) SELECT s.county, s.school, "
		"'primary', 2000 + $5::int / 90, 1 + $5::int % 90 FROM s RETURNING id, county, "
		"school) INSERT INTO homeroom_appointment (county, person, class, school, kind, "
		"during) SELECT c.county, $1::uuid, c.id, c.school, $2, period($3::date, "
		"nullif($4, '')::date) FROM c RETURNING id::text",
		person, kind, first, last, text("%d", number++), NULL);
}

static void expect_tenure(struct world *w, const char *person, const char *on, const char *members)
{
	expect(GET(w->county, "/v1/teachers/%s/tenure?on=%s", person, on), 200, members);
}

static void months_are_whole_and_counted_by_anniversary(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "整月", "");

	has(w, id, "homeroom", "2024-09-15", "");
	expect_tenure(w, id, "2024-09-14", "{'months': 0, 'spells': [], 'current': null}");
	expect_tenure(w, id, "2024-10-13", "{'months': 0, 'current': {'ended_on': null}}");
	expect_tenure(w, id, "2024-10-14", "{'months': 1}");
	expect_tenure(w, id, "2026-10-13", "{'months': 24}");
	expect_tenure(w, id, "2026-10-14",
		      "{'months': 25, 'longest': {'started_on': '2024-09-15', 'ended_on': null, "
		      "'months': 25}, 'recorded_since': '2024-09-15', 'homeroom_since': null}");
	/* Today, where no day is asked for. */
	expect(GET(w->county, "/v1/teachers/%s/tenure", id), 200, "{'on': '2026-10-15'}");
}

static void what_overlaps_counts_once(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "重叠", "");

	has(w, id, "homeroom", "2022-09-01", "2023-08-31");
	has(w, id, "acting", "2023-03-01", "2024-02-29");
	/* Kinds that do not count. */
	has(w, id, "deputy", "2020-09-01", "2021-08-31");
	expect_tenure(w, id, "2026-10-15",
		      "{'months': 18, 'current': null, 'spells': [{'started_on': '2022-09-01', "
		      "'ended_on': '2024-02-29', 'months': 18}]}");
}

static void a_holiday_does_not_break_a_spell_and_a_longer_gap_does(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "间隔", "");

	has(w, id, "homeroom", "2020-09-01", "2021-06-30");
	/* 62 days. */
	has(w, id, "homeroom", "2021-09-01", "2022-06-29");
	/* 63 days. */
	has(w, id, "homeroom", "2022-09-01", "2023-06-30");
	expect_tenure(w, id, "2026-10-15",
		      "{'months': 31, 'current': null, 'longest': {'started_on': '2020-09-01', "
		      "'ended_on': '2022-06-29', 'months': 21}, 'spells': [{'months': 21}, "
		      "{'started_on': '2022-09-01', 'months': 10}]}");
}

static void a_spell_is_current_until_its_gap_is_too_long(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "当前", "");

	has(w, id, "homeroom", "2025-09-01", "2026-06-30");
	expect_tenure(w, id, "2026-08-31", "{'current': {'ended_on': '2026-06-30', 'months': 10}}");
	expect_tenure(w, id, "2026-09-01", "{'current': null, 'longest': {'months': 10}}");
}

static void service_before_the_record_counts_up_to_it(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "从前", ", 'homeroom_since': '2015-09-01'");

	/* Nobody knows until when. */
	expect_tenure(w, id, "2026-10-15", "{'months': 0, 'homeroom_since': null}");
	has(w, id, "homeroom", "2025-09-01", "");
	expect_tenure(w, id, "2026-08-31",
		      "{'months': 132, 'homeroom_since': '2015-09-01', 'recorded_since': "
		      "'2025-09-01', 'current': {'started_on': '2015-09-01', 'months': 132}}");
}

static void what_counts_is_the_countys_to_say(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "规定", "");

	has(w, id, "deputy", "2023-09-01", "2024-06-30");
	has(w, id, "homeroom", "2024-09-01", "2025-08-31");
	expect_tenure(
		w, id, "2026-10-15",
		"{'months': 12, 'policy': {'kinds': ['homeroom', 'acting'], 'gap_days': 62}}");
	expect(call(w->county, "PATCH", "/v1/county",
		    "{'tenure_policy': {'kinds': ['homeroom', 'deputy'], 'gap_days': 10}}",
		    "If-Match", "*", NULL),
	       200, "{'tenure_policy': {'kinds': ['homeroom', 'deputy'], 'gap_days': 10}}");
	expect_tenure(w, id, "2026-10-15", "{'months': 22, 'longest': {'months': 12}}");
	expect(call(w->county, "PATCH", "/v1/county",
		    "{'tenure_policy': {'kinds': ['homeroom', 'acting'], 'gap_days': 62}}",
		    "If-Match", "*", NULL),
	       200, NULL);
}

static void a_school_that_she_left_is_told_up_to_her_last_day(void **state)
{
	struct world *w = *state;
	const char *id = joins(w, "离校", ", 'homeroom_since': '2020-09-01'");
	struct client *herself = client_new(w, "teacher", w->county_a, NULL, id, NULL);

	has(w, id, "homeroom", "2024-09-01", "");
	expect(GET(w->other_school, "/v1/teachers/%s/tenure", id), 404, NULL);
	moves(w, id, "2026-08-31", "2026-09-01");
	expect(GET(w->school, "/v1/teachers/%s/tenure", id), 200,
	       "{'on': '2026-08-31', 'months': 24, 'homeroom_since': null}");
	expect(GET(w->other_school, "/v1/teachers/%s/tenure", id), 200,
	       "{'on': '2026-10-15', 'months': 72, 'current': {'ended_on': '2026-08-31'}}");
	expect(GET(herself, "/v1/teachers/%s/tenure", id), 200, "{'months': 72}");
	expect(GET(w->teacher, "/v1/teachers/%s/tenure", id), 404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(months_are_whole_and_counted_by_anniversary),
		cmocka_unit_test(what_overlaps_counts_once),
		cmocka_unit_test(a_holiday_does_not_break_a_spell_and_a_longer_gap_does),
		cmocka_unit_test(a_spell_is_current_until_its_gap_is_too_long),
		cmocka_unit_test(service_before_the_record_counts_up_to_it),
		cmocka_unit_test(what_counts_is_the_countys_to_say),
		cmocka_unit_test(a_school_that_she_left_is_told_up_to_her_last_day),
	};

	return cmocka_run_group_tests_name("tenure", tests, world_begin, world_end);
}
