/*
 * reach_sql_test.c -- what somebody could reach beyond her wall, in SQL: rows that say another school than
 * what they belong to, locks on what she may not write.
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
		cmocka_unit_test(who_may_not_post_makes_and_locks_no_account),
		cmocka_unit_test(only_teachers_who_are_current_get_an_account),
	};

	return cmocka_run_group_tests_name("reach_sql", tests, set_up, tear_down);
}
