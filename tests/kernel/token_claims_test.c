/*
 * token_claims_test.c -- who a token may say that it is: role, place, person, client, scopes.
 */
#include "kernel/contract.h"
#include "token_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct forge f;

static int set_up(void **state)
{
	(void)state;
	return forge_open(&f, 1000) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	forge_close(&f);
	return 0;
}

static void refused(const char *members, const char *code)
{
	assert_string_equal(forge_verdict_of(&f, forge_claims_with(members), FORGE_NOW), code);
}

static void accepted(const char *members)
{
	refused(members, "accepted");
}

static void the_county_is_a_positive_number(void **state)
{
	(void)state;
	refused("{\"county\":0}", "token-claims");
	refused("{\"county\":-7}", "token-claims");
	refused("{\"county\":\"7\"}", "token-claims");
	refused("{\"county\":7.5}", "token-claims");
	refused("{\"county\":true}", "token-claims");
	refused("{\"county\":2147483648}", "token-claims");
	refused("{\"county\":4294967303}", "token-claims");
	accepted("{\"county\":2147483647}");
	assert_int_equal(f.actor.county, 2147483647);
}

static void a_role_is_one_of_four(void **state)
{
	static const char *const OTHERS[] = {"admin",         "",       "County",  "county ",
					     "county school", "engine", "teachers"};
	char members[60];

	(void)state;
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
		snprintf(members, sizeof members, "{\"role\":\"%s\"}", OTHERS[i]);
		refused(members, "token-claims");
	}
	refused("{\"role\":1}", "token-claims");
	refused("{\"role\":[\"county\"]}", "token-claims");
	accepted("{\"role\":\"teacher\"}");
	assert_int_equal(f.actor.role, ROLE_TEACHER);
}

static void a_school_is_named_by_a_school_and_by_nobody_who_is_none(void **state)
{
	(void)state;
	accepted("{\"role\":\"school\",\"school\":\"" FORGE_SCHOOL "\"}");
	assert_int_equal(f.actor.role, ROLE_SCHOOL);
	assert_string_equal(f.actor.school, FORGE_SCHOOL);
	accepted("{\"role\":\"client\",\"client_id\":\"c\",\"school\":\"" FORGE_SCHOOL "\"}");
	assert_string_equal(f.actor.school, FORGE_SCHOOL);
	refused("{\"role\":\"school\"}", "token-claims");
	refused("{\"role\":\"school\",\"school\":\"\"}", "token-claims");
	refused("{\"role\":\"school\",\"school\":null}", "token-claims");
	refused("{\"role\":\"school\",\"school\":7}", "token-claims");
	refused("{\"school\":\"" FORGE_SCHOOL "\"}", "token-claims");
	refused("{\"role\":\"teacher\",\"school\":\"" FORGE_SCHOOL "\"}", "token-claims");
}

static void an_id_is_a_uuid_in_lower_case(void **state)
{
	static const char *const NAMES[] = {"sub", "office", "school"};
	static const char *const VALUES[] = {
		"",
		"1",
		"01890A5D-AC96-774B-BCCE-B302099A8057",
		"01890a5d-ac96-774b-bcce-b302099a805",
		"01890a5d-ac96-774b-bcce-b302099a80577",
		"01890a5dac96774bbcceb302099a8057",
		"{01890a5d-ac96-774b-bcce-b302099a8057}",
		"01890a5d-ac96-774b-bcce-b302099a805g",
		"01890a5d_ac96-774b-bcce-b302099a8057",
		"' OR 1=1 --",
	};
	char members[150];

	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		for (size_t j = 0; j < sizeof VALUES / sizeof *VALUES; j++) {
			snprintf(members, sizeof members, "{%s\"%s\":\"%s\"}",
				 i == 2 ? "\"role\":\"school\"," : "", NAMES[i], VALUES[j]);
			refused(members, "token-claims");
		}
	}
}

static void a_client_is_itself_or_acts_for_a_person(void **state)
{
	(void)state;
	accepted("{\"role\":\"client\",\"client_id\":\"script-1\",\"sub\":\"script-1\"}");
	assert_int_equal(f.actor.role, ROLE_CLIENT);
	assert_string_equal(f.actor.client, "script-1");
	assert_string_equal(f.actor.person, "");
	accepted("{\"role\":\"client\",\"client_id\":\"script-1\"}");
	assert_string_equal(f.actor.person, FORGE_PERSON);
	/* Its own id is no person's, whatever it looks like. */
	accepted("{\"role\":\"client\",\"client_id\":\"" FORGE_PERSON "\"}");
	assert_string_equal(f.actor.person, "");
	refused("{\"role\":\"client\"}", "token-claims");
	refused("{\"role\":\"client\",\"client_id\":\"a\",\"sub\":\"b\"}", "token-claims");
	refused("{\"role\":\"client\",\"client_id\":\"\",\"sub\":\"\"}", "token-claims");
	refused("{\"role\":\"county\",\"client_id\":\"a\",\"sub\":\"a\"}", "token-claims");
	refused("{\"client_id\":\"a b\"}", "token-claims");
	refused("{\"client_id\":7}", "token-claims");
	refused("{\"client_id\":\"1234567890123456789012345678901234567\"}", "token-claims");
	accepted("{\"client_id\":\"123456789012345678901234567890123456\"}");
}

static void a_token_id_is_short_and_plain(void **state)
{
	char members[100], id[70];

	(void)state;
	refused("{\"jti\":\"\"}", "token-claims");
	refused("{\"jti\":\"a b\"}", "token-claims");
	refused("{\"jti\":\"\xe9\x9d\x92\"}", "token-claims");
	refused("{\"jti\":7}", "token-claims");
	memset(id, 'i', sizeof id);
	for (int length = 64; length <= 65; length++) {
		snprintf(members, sizeof members, "{\"jti\":\"%.*s\"}", length, id);
		if (length == 64)
			accepted(members);
		else
			refused(members, "token-claims");
	}
}

static void scopes_are_words_between_single_spaces(void **state)
{
	char members[1600] = "{\"scope\":\"";

	(void)state;
	refused("{\"scope\":\" a\"}", "token-claims");
	refused("{\"scope\":\"a \"}", "token-claims");
	refused("{\"scope\":\"a  b\"}", "token-claims");
	refused("{\"scope\":\"a\\tb\"}", "token-claims");
	refused("{\"scope\":\"a\\\"b\"}", "token-claims");
	refused("{\"scope\":\"a\\\\b\"}", "token-claims");
	refused("{\"scope\":\"\xe9\x9d\x92\"}", "token-claims");
	refused("{\"scope\":[\"a\"]}", "token-claims");
	refused("{\"scope\":null}", "token-claims");
	accepted("{\"scope\":\"\"}");
	assert_string_equal(forge_verdict_of(&f, forge_claims_without("scope"), FORGE_NOW),
			    "accepted");
	assert_string_equal(f.actor.scope, "");
	memset(members + 10, 's', 1500);
	memcpy(members + 1510, "\"}", 3);
	accepted(members);
	assert_int_equal(strlen(f.actor.scope), 1500);
	memcpy(members + 1510, "s\"}", 4);
	refused(members, "token-claims");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_county_is_a_positive_number),
		cmocka_unit_test(a_role_is_one_of_four),
		cmocka_unit_test(a_school_is_named_by_a_school_and_by_nobody_who_is_none),
		cmocka_unit_test(an_id_is_a_uuid_in_lower_case),
		cmocka_unit_test(a_client_is_itself_or_acts_for_a_person),
		cmocka_unit_test(a_token_id_is_short_and_plain),
		cmocka_unit_test(scopes_are_words_between_single_spaces),
	};

	return cmocka_run_group_tests_name("token_claims", tests, set_up, tear_down);
}
