/*
 * token_test.c -- what a verified token says, and its times, issuer and audience.
 *
 * All tokens here are truly signed; forged ones are in token_attack_test.c, who the token
 * speaks of in token_claims_test.c.
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

static void refused_at(json_t *claims, int64_t now, const char *code)
{
	assert_string_equal(forge_verdict_of(&f, claims, now), code);
}

static void accepted_at(json_t *claims, int64_t now)
{
	assert_string_equal(forge_verdict_of(&f, claims, now), "accepted");
}

static void refused(const char *members, const char *code)
{
	refused_at(forge_claims_with(members), FORGE_NOW, code);
}

static void accepted(const char *members)
{
	accepted_at(forge_claims_with(members), FORGE_NOW);
}

static void the_actor_is_what_the_token_says(void **state)
{
	(void)state;
	accepted("{\"client_id\":\"portal\"}");
	assert_int_equal(f.actor.county, 7);
	assert_int_equal(f.actor.role, ROLE_COUNTY);
	assert_string_equal(f.actor.role_name, "county");
	assert_string_equal(f.actor.person, FORGE_PERSON);
	assert_string_equal(f.actor.office, FORGE_OFFICE);
	assert_string_equal(f.actor.school, "");
	assert_string_equal(f.actor.client, "portal");
	assert_string_equal(f.actor.token_id, "id-1");
	assert_int_equal(f.actor.issued_at, FORGE_NOW);
	assert_int_equal(f.actor.expires_at, FORGE_NOW + 3600);
	assert_string_equal(f.actor.scope, "schools:read teachers:read");
}

static void a_signed_token_says_its_claims_and_nothing_else(void **state)
{
	json_t *claims = forge_claims(), *payload;
	char *token = token_sign(f.keys, claims), *dot = strchr(token, '.');
	char text[1000] = "";
	int length;

	(void)state;
	/* EVP wants whole groups of four; the payload is read back without our own decoder. */
	dot++;
	*strchr(dot, '.') = '\0';
	snprintf(text, sizeof text, "%s%.*s", dot, (int)(4 - strlen(dot) % 4) % 4, "AAA");
	length = EVP_DecodeBlock((unsigned char *)text, (unsigned char *)text, (int)strlen(text));
	assert_true(length > 0);
	payload = json_loadb(text, strlen(dot) * 3 / 4, 0, NULL);
	assert_true(json_equal(payload, claims));
	json_decref(payload);
	json_decref(claims);
	free(token);
	assert_null(token_sign(f.keys, json_null()));
}

static void a_claim_that_is_needed_must_be_there(void **state)
{
	static const char *const NEEDED[] = {"iss", "aud",  "sub",    "jti",      "exp",
					     "iat", "role", "county", "token_use"};

	(void)state;
	for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++) {
		char members[50];

		refused_at(forge_claims_without(NEEDED[i]), FORGE_NOW, "token-claims");
		snprintf(members, sizeof members, "{\"%s\":null}", NEEDED[i]);
		refused(members, "token-claims");
		snprintf(members, sizeof members, "{\"%s\":{}}", NEEDED[i]);
		refused(members, "token-claims");
	}
}

static void a_time_must_be_a_whole_number_in_range(void **state)
{
	static const char *const NAMES[] = {"exp", "iat", "nbf"};
	static const char *const VALUES[] = {
		"\"1800003600\"",
		"1800003600.5",
		"1.8000036005e9",
		"-1",
		"-9223372036854775808",
		"9223372036854775807",
		"253402300800",
		"null",
		"true",
		"[]",
		"{}",
		"\"\"",
	};
	char members[80];

	(void)state;
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		for (size_t j = 0; j < sizeof VALUES / sizeof *VALUES; j++) {
			snprintf(members, sizeof members, "{\"%s\":%s}", NAMES[i], VALUES[j]);
			refused(members, "token-claims");
		}
	}
}

/* What becomes of good claims with EXTRA written into their text. */
static const char *verdict_of_text(const char *extra)
{
	char *payload = forge_payload(extra), *token = forge_text(f.key, FORGE_HEADER, payload);
	const char *said = forge_verdict(&f, token, strlen(token), FORGE_NOW);

	free(token);
	free(payload);
	return said;
}

/* To JSON 7.0 is 7, and the value that is judged is the one that is used. */
static void a_whole_number_may_be_written_with_a_point(void **state)
{
	(void)state;
	assert_string_equal(verdict_of_text(",\"nbf\":1.8e9"), "accepted");
	assert_string_equal(verdict_of_text(",\"nbf\":1800000031.0"), "token-not-yet-valid");
	assert_string_equal(verdict_of_text(",\"nbf\":1799999999.5"), "token-claims");
}

static void a_number_too_great_for_json_is_refused(void **state)
{
	(void)state;
	assert_string_equal(verdict_of_text(",\"nbf\":18446744073709551616"), "token-claims");
	assert_string_equal(verdict_of_text(",\"nbf\":1e400"), "token-claims");
}

static void a_token_ends_half_a_minute_after_its_exp(void **state)
{
	const int64_t exp = FORGE_NOW + 3600;

	(void)state;
	for (int again = 0; again < 2; again++) {
		accepted_at(forge_claims(), exp + 29);
		refused_at(forge_claims(), exp + 30, "token-expired");
	}
	refused_at(forge_claims(), INT64_MAX, "token-expired");
}

static void a_token_begins_half_a_minute_before_its_nbf_and_iat(void **state)
{
	char nbf[60];

	(void)state;
	snprintf(nbf, sizeof nbf, "{\"nbf\":%lld}", (long long)FORGE_NOW + 100);
	accepted_at(forge_claims_with(nbf), FORGE_NOW + 70);
	refused_at(forge_claims_with(nbf), FORGE_NOW + 69, "token-not-yet-valid");
	accepted_at(forge_claims(), FORGE_NOW - 30);
	refused_at(forge_claims(), FORGE_NOW - 31, "token-not-yet-valid");
	/* An nbf before iat takes nothing back. */
	refused_at(forge_claims_with("{\"nbf\":1799990000}"), FORGE_NOW - 31,
		   "token-not-yet-valid");
	refused_at(forge_claims(), 0, "token-not-yet-valid");
}

static void a_token_lives_at_most_a_day(void **state)
{
	char members[60];

	(void)state;
	for (int over = 0; over < 2; over++) {
		snprintf(members, sizeof members, "{\"exp\":%lld}",
			 (long long)FORGE_NOW + 86400 + over);
		if (over)
			refused(members, "token-claims");
		else
			accepted(members);
	}
	snprintf(members, sizeof members, "{\"exp\":%lld}", (long long)FORGE_NOW);
	refused(members, "token-claims");
}

static void issuer_and_audience_must_be_ours(void **state)
{
	(void)state;
	refused("{\"iss\":\"https://issuer.example/\"}", "token-issuer");
	refused("{\"iss\":\"\"}", "token-issuer");
	refused("{\"iss\":[\"" FORGE_ISSUER "\"]}", "token-claims");
	refused("{\"aud\":\"Qinglan\"}", "token-audience");
	refused("{\"aud\":\"qinglan2\"}", "token-audience");
	refused("{\"aud\":\"\"}", "token-audience");
	refused("{\"aud\":[]}", "token-audience");
	refused("{\"aud\":[\"other\",\"qinglan \"]}", "token-audience");
	refused("{\"aud\":[\"qinglan\",1]}", "token-claims");
	refused("{\"aud\":[[\"qinglan\"]]}", "token-claims");
	refused("{\"aud\":[\"qinglan\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
		"\"\",\"\",\"\",\"\",\"\"]}",
		"token-claims");
	accepted("{\"aud\":[\"other\",\"qinglan\"]}");
}

static void only_an_access_token_opens(void **state)
{
	(void)state;
	refused("{\"token_use\":\"refresh\"}", "token-claims");
	refused("{\"token_use\":\"id\"}", "token-claims");
	refused("{\"token_use\":\"Access\"}", "token-claims");
	refused("{\"token_use\":[\"access\"]}", "token-claims");
}

static void claims_that_are_not_ours_are_ignored(void **state)
{
	(void)state;
	accepted("{\"auth_time\":1,\"name\":\"\xe5\xbc\xa0\",\"roles\":[\"admin\"],\"x\":{}}");
	assert_int_equal(f.actor.role, ROLE_COUNTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_actor_is_what_the_token_says),
		cmocka_unit_test(a_signed_token_says_its_claims_and_nothing_else),
		cmocka_unit_test(a_claim_that_is_needed_must_be_there),
		cmocka_unit_test(a_time_must_be_a_whole_number_in_range),
		cmocka_unit_test(a_whole_number_may_be_written_with_a_point),
		cmocka_unit_test(a_number_too_great_for_json_is_refused),
		cmocka_unit_test(a_token_ends_half_a_minute_after_its_exp),
		cmocka_unit_test(a_token_begins_half_a_minute_before_its_nbf_and_iat),
		cmocka_unit_test(a_token_lives_at_most_a_day),
		cmocka_unit_test(issuer_and_audience_must_be_ours),
		cmocka_unit_test(only_an_access_token_opens),
		cmocka_unit_test(claims_that_are_not_ours_are_ignored),
	};

	return cmocka_run_group_tests_name("token", tests, set_up, tear_down);
}
