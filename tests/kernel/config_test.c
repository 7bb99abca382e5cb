/*
 * config_test.c -- settings: what stands where nothing is said, and what stops the start.
 */
#include "kernel/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct config config;
static char error[300];

static int without_settings(void **state)
{
	(void)state;
	unsetenv("QINGLAN_LISTEN");
	unsetenv("QINGLAN_THREADS");
	unsetenv("QINGLAN_DEVELOPMENT");
	unsetenv("QINGLAN_LOG");
	unsetenv("QINGLAN_THREDS");
	unsetenv("QINGLAN_DATABASE_URL");
	unsetenv("QINGLAN_GATE_URL");
	return 0;
}

static void refused(const char *variable, const char *value, const char *allowed)
{
	setenv(variable, value, 1);
	assert_false(config_load(&config, error));
	assert_non_null(strstr(error, variable));
	assert_non_null(strstr(error, allowed));
	unsetenv(variable);
}

static void without_a_word_the_defaults_hold(void **state)
{
	(void)state;
	assert_true(config_load(&config, error));
	assert_string_equal(config.listen, "127.0.0.1:8080");
	assert_int_equal(config.threads, 8);
	assert_false(config.development);
}

static void what_is_said_is_taken(void **state)
{
	(void)state;
	setenv("QINGLAN_LISTEN", "[::1]:0", 1);
	setenv("QINGLAN_THREADS", "3", 1);
	setenv("QINGLAN_DEVELOPMENT", "on", 1);
	assert_true(config_load(&config, error));
	assert_string_equal(config.listen, "[::1]:0");
	assert_int_equal(config.threads, 3);
	assert_true(config.development);
}

static void a_wrong_value_is_named_with_what_is_allowed(void **state)
{
	(void)state;
	refused("QINGLAN_THREADS", "0", "from 1 to 256");
	refused("QINGLAN_THREADS", "many", "from 1 to 256");
	refused("QINGLAN_THREADS", "8x", "from 1 to 256");
	refused("QINGLAN_THREADS", "99999999999999999999", "from 1 to 256");
	refused("QINGLAN_DEVELOPMENT", "yes", "on or off");
	refused("QINGLAN_LISTEN", "8080", "address and a port");
	refused("QINGLAN_LISTEN", "127.0.0.1:66000", "address and a port");
	refused("QINGLAN_LOG", "loud", "error, warning");
}

static void without_one_the_gate_is_reached_as_the_database_is(void **state)
{
	(void)state;
	setenv("QINGLAN_DATABASE_URL", "postgresql://qinglan_app@db/qinglan", 1);
	assert_true(config_load(&config, error));
	assert_string_equal(config.gate_url,
			    "postgresql://qinglan_app@db/qinglan?user=qinglan_gate");
	setenv("QINGLAN_DATABASE_URL", "postgres://db/qinglan?sslmode=require", 1);
	assert_true(config_load(&config, error));
	assert_string_equal(config.gate_url,
			    "postgres://db/qinglan?sslmode=require&user=qinglan_gate");
	setenv("QINGLAN_DATABASE_URL", "host=db user=qinglan_app", 1);
	assert_true(config_load(&config, error));
	assert_string_equal(config.gate_url, "host=db user=qinglan_app user=qinglan_gate");
	setenv("QINGLAN_GATE_URL", "host=other", 1);
	assert_true(config_load(&config, error));
	assert_string_equal(config.gate_url, "host=other");
}

static void a_misspelt_setting_is_refused(void **state)
{
	(void)state;
	refused("QINGLAN_THREDS", "4", "is not a setting");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_word_the_defaults_hold, without_settings),
		cmocka_unit_test_setup(what_is_said_is_taken, without_settings),
		cmocka_unit_test_setup(a_wrong_value_is_named_with_what_is_allowed,
				       without_settings),
		cmocka_unit_test_setup(without_one_the_gate_is_reached_as_the_database_is,
				       without_settings),
		cmocka_unit_test_setup(a_misspelt_setting_is_refused, without_settings),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
