/*
 * token.c -- `qinglan token`: a development token, signed with the local key.
 *
 * Not a way to log in: it refuses unless development mode is on.  The token names person and
 * office as every token does; without --person the first holder of a fitting office, or for a
 * teacher the first teacher, is meant.  Scopes are all that the contract lets the role hold.
 */
#include "commands.h"

#include "kernel/clock.h"
#include "kernel/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TTL_FALLBACK = 3600, TTL_MAX = 86400, SCOPES_MAX = 1500 };
enum { COUNTY, ROLE, SCHOOL, PERSON, CLIENT, SCOPE, TTL, OPTIONS };

static const char *const option_list[] = {"county", "role",  "school", "person",
					  "client", "scope", "ttl",    NULL};
static const char form[] = "token --county CODE --role county|school|teacher|client\n"
			   "       [--school CODE] [--person NAME|ID] [--client ID] "
			   "[--scope \"S ...\"] [--ttl SECONDS]";

static unsigned role_bit(const char *role)
{
	static const char *const names[] = {"county", "school", "teacher", "client"};
	static const unsigned bits[] = {ROLE_COUNTY, ROLE_SCHOOL, ROLE_TEACHER, ROLE_CLIENT};
	size_t i;

	for (i = 0; role && i < sizeof bits / sizeof *bits; i++)
		if (!strcmp(role, names[i]))
			return bits[i];
	return 0;
}

/* All scopes of the contract that ROLE may hold, separated by spaces. */
static bool scopes_of(unsigned role, char text[SCOPES_MAX])
{
	struct contract *c = program_contract();
	size_t i, length = 0;

	if (!c)
		return false;
	text[0] = '\0';
	for (i = 0; i < c->scope_count; i++) {
		size_t more = strlen(c->scopes[i].name);

		if (!(c->scopes[i].roles & role) || length + more + 2 > SCOPES_MAX)
			continue;
		length += (size_t)snprintf(text + length, SCOPES_MAX - length, "%s%s",
					   length ? " " : "", c->scopes[i].name);
	}
	contract_free(c);
	return true;
}

static void claim_set(json_t *claims, const char *name, const char *text)
{
	if (text && *text)
		json_object_set_new(claims, name, json_string(text));
}

/* The claims of the actor in ROWS; NULL without memory. */
static json_t *claims_make(const struct config *c, const PGresult *rows, const char *role,
			   const char *client, long ttl)
{
	char id[FINGERPRINT_SIZE];
	const char *person = pg_text(rows, 0, "person");
	int64_t now = clock_unix();
	json_t *claims;

	fingerprint_random(id);
	claims = json_pack("{ss ss ss sI sI ss ss ss si}", "iss", c->issuer, "aud", c->audience,
			   "sub", person ? person : client, "iat", (json_int_t)now, "exp",
			   (json_int_t)now + ttl, "jti", id, "token_use", "access", "role", role,
			   "county", (int)strtol(pg_text(rows, 0, "county"), NULL, 10));
	if (!claims)
		return NULL;
	claim_set(claims, "office", pg_text(rows, 0, "office"));
	claim_set(claims, "school", pg_text(rows, 0, "school"));
	claim_set(claims, "client_id", client);
	return claims;
}

char *token_make(const struct config *c, const PGresult *rows, const char *role, const char *client,
		 const char *scope, long ttl)
{
	char scopes[SCOPES_MAX], error[300];
	struct token_keys *keys;
	json_t *claims = NULL;
	char *token = NULL;

	if (!scope && !scopes_of(role_bit(role), scopes))
		return NULL;
	keys = token_keys_load(c->token_keys, error);
	if (!keys) {
		complain("QINGLAN_TOKEN_KEYS: %s", error);
		return NULL;
	}
	claims = claims_make(c, rows, role, client, ttl);
	if (claims) {
		claim_set(claims, "scope", scope ? scope : scopes);
		token = token_sign(keys, claims);
	}
	if (!token)
		complain("the token could not be signed: is there a private key in %s?",
			 c->token_keys);
	json_decref(claims);
	token_keys_free(keys);
	return token;
}

/* Complains of what is wrong with the options; true when nothing is. *TTL is what they ask for. */
static bool options_fit(const char *const values[OPTIONS], long *ttl)
{
	const char *role = values[ROLE];
	char *end = NULL;

	*ttl = values[TTL] ? strtol(values[TTL], &end, 10) : TTL_FALLBACK;
	if (!values[COUNTY])
		complain("--county is missing");
	else if (!role)
		complain("--role is missing");
	else if (!role_bit(role))
		complain("%s is no role: it is county, school, teacher or client", role);
	else if (!strcmp(role, "client") && !values[CLIENT])
		complain("the role client wants --client with the name of the program");
	else if (!strcmp(role, "client") && values[PERSON])
		complain("--person does not go with the role client, which is a program");
	else if ((end && (end == values[TTL] || *end)) || *ttl < 1 || *ttl > TTL_MAX)
		complain("--ttl %s: it is a number of seconds from 1 to %d", values[TTL], TTL_MAX);
	else
		return true;
	return false;
}

/* Says what there is not, of that which would have made an actor. */
static void complain_of_nobody(struct desk *d, const char *const values[OPTIONS])
{
	const char *county = values[COUNTY], *school = values[SCHOOL], *person = values[PERSON];
	const PGresult *rows = desk_run(d, Q_command_actor_lacks, "county_code", county,
					"school_code", school ? school : "", NULL);
	const char *lacks = rows ? pg_text(rows, 0, "lacks") : NULL;

	if (!lacks)
		return;
	if (!strcmp(lacks, "county"))
		complain("there is no county with the code %s", county);
	else if (school && !strcmp(lacks, "school"))
		complain("the county has no school with the code %s", school);
	else if (!strcmp(values[ROLE], "teacher"))
		complain("%s%s has no teacher%s%s", school ? "the school " : "the county",
			 school ? school : "", person ? " " : "", person ? person : "");
	else if (person)
		complain("%s holds no office for the role %s today", person, values[ROLE]);
	else
		complain("no office of %s%s has a holder today, and a token names one: give an "
			 "office a holder (POST /v1/offices/{office_id}/holders, for instance with "
			 "a token --role client --client setup)",
			 !strcmp(values[ROLE], "county") ? "the bureau"
			 : school                        ? "the school "
							 : "any school",
			 school && strcmp(values[ROLE], "county") ? school : "");
}

int command_token(const struct config *c, int count, char **arguments)
{
	const char *values[OPTIONS] = {NULL}, *rest[1];
	const PGresult *rows = NULL;
	struct desk d;
	int rest_count, status = 1;
	char *token = NULL;
	long ttl;

	if (!c->development)
		return complain("tokens are made in development mode only "
				"(QINGLAN_DEVELOPMENT=on)");
	if (!options_read(count, arguments, option_list, values, rest, 0, &rest_count) ||
	    !options_fit(values, &ttl))
		return usage(form);
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url))
		rows = desk_run(&d, Q_command_actor, "county_code", values[COUNTY], "role",
				values[ROLE], "school_code", values[SCHOOL], "person",
				values[PERSON], NULL);
	if (rows && pg_rows(rows) == 0)
		complain_of_nobody(&d, values);
	else if (rows)
		token = token_make(c, rows, values[ROLE], values[CLIENT], values[SCOPE], ttl);
	if (token)
		status = puts(token) < 0;
	free(token);
	desk_close(&d);
	return status;
}
