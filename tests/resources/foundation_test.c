/*
 * foundation_test.c -- who acts, what time it is for her, and what is recorded of it:
 * settings, clock, events and revocations of 0001_foundation.sql and kernel.sql, in SQL.
 */
#include "sql.h"

static struct sql *world;
static const char *a, *b; /* counties */

static const char *setting(PGconn *c, const char *name)
{
	return sql_value(c, sql_text("SELECT current_setting('qinglan.%s', true)", name));
}

static const char *SCHOOL = "0199b0a4-7c00-7000-8000-0000000000a1";
static const char *OTHER = "0199b0a4-7c00-7000-8000-0000000000a2";
static const char *PERSON = "0199b0a4-7c00-7000-8000-0000000000c1";
static const char *LEFT = "0199b0a4-7c00-7000-8000-0000000000c2";
static const char *LEAVING = "0199b0a4-7c00-7000-8000-0000000000c4";
static const char *STRANGER = "0199b0a4-7c00-7000-8000-0000000000c3";

static void the_subject_is_whom_the_actor_sees(void **state)
{
	const struct {
		const char *sees, *school, *person, *subject, *found, *until_on;
	} cases[] = {
		/* Who sees all needs none. */
		{"all", "", "", STRANGER, "", ""},
		{"school", SCHOOL, "", PERSON, PERSON, "infinity"},
		{"school", SCHOOL, "", LEFT, LEFT, "2026-01-31"},
		{"school", SCHOOL, "", LEAVING, LEAVING, "infinity"},
		{"school", SCHOOL, "", STRANGER, "", "infinity"},
		{"school", OTHER, "", PERSON, "", "infinity"},
		{"school", "", "", PERSON, "", "infinity"},
		{"self", "", PERSON, PERSON, PERSON, "infinity"},
		{"self", "", PERSON, LEFT, "", "infinity"},
	};

	(void)state;
	/* More than five times: from then on a generic plan runs. */
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			sql_enter(world->app, a, "x", cases[i].sees, cases[i].school,
				  cases[i].person, cases[i].subject);
			assert_string_equal(setting(world->app, "subject"), cases[i].found);
			assert_string_equal(setting(world->app, "until_on"), cases[i].until_on);
			sql_value(world->app, "COMMIT");
			assert_string_equal(setting(world->app, "county"), "");
		}
	}
}

/* Sight is judged under the county just set, not under the one that was set before. */
static void the_subject_is_looked_up_in_the_county_just_set(void **state)
{
	(void)state;
	sql_value(world->app, sql_text("SELECT set_config('qinglan.county', '%s', false)", b));
	sql_enter(world->app, a, "school", "school", SCHOOL, "", PERSON);
	assert_string_equal(setting(world->app, "subject"), PERSON);
	sql_value(world->app, "ROLLBACK");
	sql_enter(world->app, b, "school", "school", SCHOOL, "", PERSON);
	assert_string_equal(setting(world->app, "subject"), "");
	sql_value(world->app, "ROLLBACK");
	sql_value(world->app, "SELECT set_config('qinglan.county', '', false)");
}

/* --- time and ids --- */

static void the_calendar_of_one_county_moves_alone(void **state)
{
	(void)state;
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 20:00+00')", a));
	sql_enter(world->app, a, "county", "all", "", "", "");
	assert_string_equal(sql_value(world->app, "SELECT left(instant(clock_now()), 16)"),
			    "2026-10-15T20:00");
	/* Four in the morning in the county. */
	assert_string_equal(sql_value(world->app, "SELECT today()"), "2026-10-16");
	sql_value(world->app, "COMMIT");
	sql_value(world->owner, sql_text("SELECT clock_advance(%s, '1 year')", a));
	sql_enter(world->app, a, "county", "all", "", "", "");
	assert_string_equal(sql_value(world->app, "SELECT today()"), "2027-10-16");
	sql_value(world->app, "COMMIT");
	sql_enter(world->app, b, "county", "all", "", "", "");
	assert_string_equal(sql_value(world->app, "SELECT clock_now() = machine_now()"), "t");
	sql_value(world->app, "COMMIT");
	assert_string_equal(
		sql_state(world->app, sql_text("SELECT clock_set(%s, '2026-01-01')", a)), "42501");
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 02:00+00')", a));
}

/* --- events --- */

static const char *last_event(const char *column)
{
	return sql_value(
		world->super,
		sql_text("SELECT %s FROM event ORDER BY xid DESC, id DESC LIMIT 1", column));
}

static void an_event_says_who_did_what_and_only_what_changed(void **state)
{
	(void)state;
	sql_enter(world->app, a, "county", "all", "", PERSON, "");
	sql_value(
		world->app,
		"UPDATE school SET town = 'T1', updated_at = clock_now() WHERE code = '2199000001'");
	sql_value(world->app, "COMMIT");
	assert_string_equal(
		last_event("object || ' ' || action || ' ' || role || ' ' || request_id"),
		"school update county r-1");
	assert_string_equal(last_event("person"), PERSON);
	assert_string_equal(last_event("object_id"), SCHOOL);
	assert_string_equal(last_event("before"), "{\"town\": \"\"}");
	assert_string_equal(last_event("after"), "{\"town\": \"T1\"}");
}

static void a_change_of_nothing_is_no_event(void **state)
{
	const char *before = sql_value(world->super, "SELECT count(*) FROM event");

	(void)state;
	sql_enter(world->app, a, "county", "all", "", "", "");
	sql_value(world->app, "UPDATE school SET town = town, updated_at = clock_now()");
	sql_value(world->app, "COMMIT");
	assert_string_equal(sql_value(world->super, "SELECT count(*) FROM event"), before);
}

static void a_secret_is_in_no_event(void **state)
{
	(void)state;
	sql_enter(world->app, a, "county", "all", "", "", "");
	sql_value(
		world->app,
		sql_text(
			"UPDATE person SET resident_sealed = '\\x5ec1', resident_hash = '\\x5ec2', "
			"document_type = 'resident_id', document_masked = '990***' WHERE id = '%s'",
			PERSON));
	sql_value(world->app, "COMMIT");
	assert_string_equal(
		last_event("after"),
		"{\"document_type\": \"resident_id\", \"document_masked\": \"990***\"}");
	assert_string_equal(sql_value(world->super,
				      "SELECT count(*) FROM event WHERE before::text || "
				      "coalesce(after::text, '') ~ '5ec[12]'"),
			    "0");
}

static void reading_a_secret_is_an_event(void **state)
{
	(void)state;
	sql_enter(world->app, a, "county", "all", "", "", "");
	sql_value(world->app,
		  sql_text("SELECT event_read('person', '%s', 'document_number')", PERSON));
	sql_value(world->app, "COMMIT");
	assert_string_equal(last_event("action || ' ' || object_id"), sql_text("read %s", PERSON));
}

static void nobody_forges_changes_or_empties_the_events(void **state)
{
	(void)state;
	sql_enter(world->app, a, "county", "all", "", "", "");
	assert_string_equal(
		sql_state(world->app, sql_text("INSERT INTO event (county, action, object) VALUES "
					       "(%s, 'read', 'x')",
					       a)),
		"42501");
	sql_value(world->app, "ROLLBACK");
	assert_string_equal(sql_state(world->super, "UPDATE event SET object = 'x'"), "QL403");
	assert_string_equal(sql_state(world->super, "TRUNCATE event"), "QL403");
	assert_string_equal(sql_state(world->super, "TRUNCATE person CASCADE"), "QL403");
}

static void after_a_restore_the_feed_goes_on_behind_all_that_was(void **state)
{
	(void)state;
	sql_value(world->owner, "CALL feed_restored()");
	sql_enter(world->app, a, "county", "all", "", "", "");
	sql_value(world->app, "UPDATE school SET town = 'T2' WHERE code = '2199000001'");
	sql_value(world->app, "COMMIT");
	assert_string_equal(sql_value(world->super,
				      "SELECT epoch FROM event ORDER BY xid DESC, id DESC LIMIT 1"),
			    "2");
}

/* --- revocations --- */

static void a_revocation_is_told_to_the_gate(void **state)
{
	(void)state;
	sql_value(world->gate,
		  sql_text("INSERT INTO token_revocation (county, token_id, expires_at) "
			   "VALUES (%s, 't1', '2096-01-01')",
			   a));
	assert_string_equal(sql_value(world->gate, "SELECT token_id FROM token_revocation"), "t1");
	assert_string_equal(
		sql_value(world->super,
			  "SELECT count(*) FROM event WHERE object = 'token_revocation'"),
		"1");
}

/* --- commands --- */

static void an_officer_is_in_office_from_the_countys_day_on(void **state)
{
	const char *pairs[] = {"county", a,        "name", "任职", "sort_key",
			       "renzhi", "tokens", "[]",   NULL};

	(void)state;
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2027-03-04 18:00+00')", a));
	sql_value(world->owner, "BEGIN; SET LOCAL ROLE qinglan_engine");
	assert_string_equal(sql_send(world->owner, "command_officer_add", pairs), "");
	sql_value(world->owner, "COMMIT");
	assert_string_equal(
		sql_value(world->super,
			  "SELECT lower(h.during) FROM office_holder h JOIN person p ON "
			  "p.id = h.person WHERE p.name = '任职'"),
		"2027-03-05");
	sql_value(world->owner, sql_text("SELECT clock_set(%s, '2026-10-15 02:00+00')", a));
}

static int set_up(void **state)
{
	world = sql_begin("foundation");
	*state = world;
	if (!world)
		return -1;
	a = sql_value(world->owner, "SELECT county_add('990101', 'A')");
	b = sql_value(world->owner, "SELECT county_add('990102', 'B')");
	a = strdup(a);
	b = strdup(b);
	sql_value(
		world->super,
		sql_text(
			"INSERT INTO school (county, id, code, name, stages) VALUES "
			"(%s, '%s', '2199000001', 'S1', '{primary}'), (%s, '%s', '2199000002', 'S2', '{primary}')",
			a, SCHOOL, a, OTHER));
	sql_value(
		world->super,
		sql_text(
			"SELECT set_config('qinglan.county', '%s', false); "
			"INSERT INTO person (county, id, name, sort_key, teacher) VALUES "
			"(%s, '%s', '甲', 'jia', true), (%s, '%s', '乙', 'yi', true), (%s, '%s', '丙', 'bing', true), (%s, '%s', '丁', 'ding', true); "
			"INSERT INTO membership (county, person, school, kind, during) VALUES "
			"(%s, '%s', '%s', 'working', '[2020-09-01,)'), "
			"(%s, '%s', '%s', 'working', '[2020-09-01,2026-02-01)'), "
			"(%s, '%s', '%s', 'working', '[2026-02-01,)'), "
			"(%s, '%s', '%s', 'working', '[2020-09-01,9999-01-01)')",
			a, a, PERSON, a, LEFT, a, STRANGER, a, LEAVING, a, PERSON, SCHOOL, a, LEFT,
			SCHOOL, a, LEFT, OTHER, a, LEAVING, SCHOOL));
	return 0;
}

static int tear_down(void **state)
{
	sql_end(*state);
	free((char *)(uintptr_t)a);
	free((char *)(uintptr_t)b);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_subject_is_whom_the_actor_sees),
		cmocka_unit_test(the_subject_is_looked_up_in_the_county_just_set),
		cmocka_unit_test(the_calendar_of_one_county_moves_alone),
		cmocka_unit_test(an_event_says_who_did_what_and_only_what_changed),
		cmocka_unit_test(a_change_of_nothing_is_no_event),
		cmocka_unit_test(a_secret_is_in_no_event),
		cmocka_unit_test(reading_a_secret_is_an_event),
		cmocka_unit_test(nobody_forges_changes_or_empties_the_events),
		cmocka_unit_test(after_a_restore_the_feed_goes_on_behind_all_that_was),
		cmocka_unit_test(a_revocation_is_told_to_the_gate),
		cmocka_unit_test(an_officer_is_in_office_from_the_countys_day_on),
	};

	return cmocka_run_group_tests_name("foundation", tests, set_up, tear_down);
}
