/*
 * reach_sql_test.c -- what somebody could reach beyond her wall, in SQL: rows that say another
 * school than what they belong to, locks on what she may not write.
 */
#include "resources/ledger.h"

static int set_up(void **state)
{
	(void)state;
	return ledger_begin("reach_sql");
}

static int tear_down(void **state)
{
	(void)state;
	ledger_end();
	return 0;
}

/* A client that may act for one school. */
static void act_client(const char *school)
{
	sql_act(sql->app, "1", "client", "school", school, "");
	sql_value(sql->app, "SELECT set_config('qinglan.client', 'c', false)");
}

/* --- the school of a row --- */

/* Somebody made holder of an office (by its kind) of a school, as one of the office of another. */
static const char *hold(PGconn *c, const char *kind, const char *of, const char *as)
{
	return sql_state(
		c, sql_text("INSERT INTO office_holder (county, office, school, person, during)"
			    " SELECT 1, o.id, %s, '" TEACHER "1', '[2026-01-01,2026-01-02)'"
			    " FROM office o WHERE o.county = 1 AND o.kind = '%s'"
			    " AND o.school IS NOT DISTINCT FROM %s",
			    as, kind, of));
}

#define AN(school) "'" SCHOOL school "'::uuid"

static void nobody_holds_an_office_for_another_school_than_its_own(void **state)
{
	(void)state;
	act_client(SCHOOL "1");
	assert_string_equal(hold(sql->app, "bureau", "NULL", AN("1")), "23503");
	assert_string_equal(hold(sql->app, "moral_education", AN("1"), AN("1")), "");
	act_county(sql->app);
	assert_string_equal(hold(sql->app, "moral_education", AN("2"), AN("1")), "23503");
	assert_string_equal(hold(sql->app, "moral_education", AN("2"), "NULL"), "23503");
	assert_string_equal(hold(sql->app, "bureau", "NULL", "NULL"), "");
	/* Nor does a row move. */
	assert_string_equal(sql_state(sql->app, "UPDATE office_holder SET school = " AN("3")),
			    "23503");
}

static const char *lead(const char *school, const char *kind, const char *class)
{
	return sql_state(
		sql->app,
		sql_text("INSERT INTO homeroom_appointment (county, person, class, school, kind,"
			 " during) SELECT 1, '" TEACHER "1', %s, %s, '%s',"
			 " '[2026-01-01,2026-01-03)'",
			 class, school, kind));
}

static void nobody_leads_a_class_for_another_school_than_its_own(void **state)
{
	static const char class[] = "(SELECT id FROM class WHERE number = 1)";

	(void)state;
	as_engine("INSERT INTO class (county, school, stage, entry_year, number) VALUES"
		  " (1, '" SCHOOL "2', 'primary', 2024, 1)");
	as_engine(
		"UPDATE membership SET during = '[2020-01-01,2026-01-02)' WHERE person = '" TEACHER
		"1'; INSERT INTO membership (county, person, school, kind, during) VALUES (1, '" TEACHER
		"1', '" SCHOOL "1', 'working', '[2026-01-02,)')");
	act_county(sql->app);
	assert_string_equal(lead(AN("1"), "homeroom", class), "23503");
	assert_string_equal(lead(AN("2"), "homeroom", class), "");
	assert_string_equal(lead(AN("1"), "trainee", "NULL"), "");
	assert_string_equal(sql_state(sql->app, "UPDATE homeroom_appointment SET school = " AN(
							"1") " WHERE class IS NOT NULL"),
			    "23503");
}

/* --- accounts --- */

static const char *accounts(const char *persons)
{
	return sql_value(sql->app,
			 sql_text("SELECT hour_accounts_lock(ARRAY[%s]::uuid[])", persons));
}

static void who_may_not_post_makes_and_locks_no_account(void **state)
{
	(void)state;
	act_client(SCHOOL "1");
	assert_string_equal(accounts("'" TEACHER "1', '" TEACHER "3'"), "0");
	act_teacher(sql->app, TEACHER "1");
	assert_string_equal(accounts("'" TEACHER "1'"), "0");
	assert_string_equal(as_engine("SELECT count(*) FROM ledger_account"), "0");
	act_county(sql->app);
	assert_string_equal(accounts("'" TEACHER "1', '" TEACHER "2'"), "2");
	act_client(SCHOOL "1");
	assert_string_equal(accounts("'" TEACHER "1'"), "0");
}

static void only_teachers_who_are_current_get_an_account(void **state)
{
	(void)state;
	as_engine("UPDATE person SET voided_at = machine_now() WHERE id = '" TEACHER "3';"
		  "UPDATE person SET merged_into = '" TEACHER "1' WHERE id = '" TEACHER "4';"
		  "UPDATE person SET teacher = false, officer = true WHERE id = '" TEACHER "5'");
	act_county(sql->app);
	assert_string_equal(accounts("'" TEACHER "3', '" TEACHER "4', '" TEACHER "5'"), "0");
	/* Of whom had one before, what was posted may be taken back. */
	as_engine("UPDATE person SET voided_at = machine_now() WHERE id = '" TEACHER "2'");
	assert_string_equal(accounts("'" TEACHER "2'"), "1");
	as_engine("UPDATE person SET voided_at = NULL, merged_into = NULL, teacher = true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_holds_an_office_for_another_school_than_its_own),
		cmocka_unit_test(nobody_leads_a_class_for_another_school_than_its_own),
		cmocka_unit_test(who_may_not_post_makes_and_locks_no_account),
		cmocka_unit_test(only_teachers_who_are_current_get_an_account),
	};

	return cmocka_run_group_tests_name("reach_sql", tests, set_up, tear_down);
}
