/*
 * token_claims.c -- the inside of a token: every claim's type and rules (RFC 7519, RFC 9068).
 *
 * A claim that we use must be there in exactly its type: a number in a string, a fraction
 * or a null is refused and never read as 0.  Claims that we do not know are ignored (RFC 7519
 * section 4).  Whether the signature holds is not asked here.
 */
#include "token_private.h"

#include "contract.h"

#include <limits.h>
#include <string.h>

/* 9999-12-31T23:59:59Z: sums with leeway and lifetime stay far from overflow. */
static const int64_t TIME_MAX = 253402300799;

static const struct role {
	const char *name;
	unsigned bit;
} ROLES[] = {
	{"county", ROLE_COUNTY},
	{"school", ROLE_SCHOOL},
	{"teacher", ROLE_TEACHER},
	{"client", ROLE_CLIENT},
};

/* A string claim.  *VALUE is NULL when it is absent; false when its type is another. */
static bool text_of(const json_t *claims, const char *name, const char **value)
{
	const json_t *claim = json_object_get(claims, name);

	*value = json_string_value(claim);
	return !claim || *value;
}

/* An instant in seconds that must be there. */
static bool time_of(const json_t *claims, const char *name, int64_t *value)
{
	const json_t *claim = json_object_get(claims, name);

	*value = json_integer_value(claim);
	return json_is_integer(claim) && *value >= 0 && *value <= TIME_MAX;
}

/* Lower case only: persons are compared as text when they are revoked. */
static bool is_uuid(const char *text)
{
	static const char FORM[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof FORM - 1)
		return false;
	for (size_t i = 0; i < sizeof FORM - 1; i++) {
		if (FORM[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return true;
}

/* An id of ours that is no uuid: 1 to MOST of [A-Za-z0-9._-]. */
static bool is_name(const char *text, size_t most)
{
	static const char ALLOWED[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(text);

	return length >= 1 && length <= most && strspn(text, ALLOWED) == length;
}

/* Copies an optional uuid; absent becomes "". */
static bool copy_uuid(const json_t *claims, const char *name, char out[37])
{
	const char *text;

	if (!text_of(claims, name, &text) || (text && !is_uuid(text)))
		return false;
	memcpy(out, text ? text : "", text ? 37 : 1);
	return true;
}

/* Scope tokens separated by single spaces (RFC 6749 section 3.3), or nothing at all. */
static bool scope_valid(const char *scope)
{
	size_t length = strlen(scope);

	if (length > TOKEN_SCOPE_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)scope[i];

		if (c == ' ' && (i == 0 || i == length - 1 || scope[i + 1] == ' '))
			return false;
		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			return false;
	}
	return true;
}

static bool role_of(const json_t *claims, struct actor *actor)
{
	const char *name;

	if (!text_of(claims, "role", &name) || !name)
		return false;
	for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++) {
		if (strcmp(name, ROLES[i].name) == 0) {
			actor->role = ROLES[i].bit;
			actor->role_name = ROLES[i].name;
			return true;
		}
	}
	return false;
}

/*
 * Who it is.  A person's sub is her uuid.  A client's is its own id, or the uuid of the
 * person it acts for.
 */
static bool subject_of(const json_t *claims, struct actor *actor)
{
	const char *sub, *client;

	if (!text_of(claims, "sub", &sub) || !sub || !text_of(claims, "client_id", &client))
		return false;
	if (client && !is_name(client, sizeof actor->client - 1))
		return false;
	if (client)
		memcpy(actor->client, client, strlen(client) + 1);
	if (actor->role == ROLE_CLIENT && !client)
		return false;
	if (actor->role == ROLE_CLIENT && strcmp(sub, client) == 0)
		return true;
	if (!is_uuid(sub))
		return false;
	memcpy(actor->person, sub, sizeof actor->person);
	return true;
}

/* Where: county always, the school for a school, perhaps for a client, for nobody else. */
static bool place_of(const json_t *claims, struct actor *actor)
{
	const json_t *county = json_object_get(claims, "county");
	json_int_t number = json_integer_value(county);

	if (!json_is_integer(county) || number < 1 || number > INT_MAX)
		return false;
	actor->county = (int)number;
	if (!copy_uuid(claims, "school", actor->school) ||
	    !copy_uuid(claims, "office", actor->office))
		return false;
	if (actor->role == ROLE_SCHOOL)
		return actor->school[0] != '\0';
	return actor->role == ROLE_CLIENT || actor->school[0] == '\0';
}

static bool audience_valid(const json_t *audience)
{
	const json_t *one;
	size_t i;

	if (json_is_string(audience))
		return true;
	if (!json_is_array(audience) || json_array_size(audience) > TOKEN_AUDIENCES_MAX)
		return false;
	json_array_foreach(audience, i, one) {
		if (!json_is_string(one))
			return false;
	}
	return true;
}

/* exp, iat and nbf, and that the life they span is one we give out. */
static bool times_of(const json_t *claims, struct token_claims *out)
{
	struct actor *actor = &out->actor;
	int64_t nbf = 0;

	if (!time_of(claims, "exp", &actor->expires_at) ||
	    !time_of(claims, "iat", &actor->issued_at))
		return false;
	if (json_object_get(claims, "nbf") && !time_of(claims, "nbf", &nbf))
		return false;
	out->not_before = nbf > actor->issued_at ? nbf : actor->issued_at;
	return actor->expires_at > actor->issued_at &&
	       actor->expires_at - actor->issued_at <= TOKEN_LIFETIME_MAX;
}

const char *token_claims_read(const json_t *claims, struct token_claims *out)
{
	struct actor *actor = &out->actor;
	const char *id, *use;

	memset(out, 0, sizeof *out);
	if (!text_of(claims, "iss", &out->issuer) || !out->issuer)
		return "token-claims";
	out->audience = json_object_get(claims, "aud");
	if (!audience_valid(out->audience))
		return "token-claims";
	/* A refresh token is of typ JWT too: only this claim tells an access token. */
	if (!text_of(claims, "token_use", &use) || !use || strcmp(use, "access") != 0)
		return "token-claims";
	if (!text_of(claims, "jti", &id) || !id || !is_name(id, sizeof actor->token_id - 1))
		return "token-claims";
	memcpy(actor->token_id, id, strlen(id) + 1);
	if (!text_of(claims, "scope", &actor->scope))
		return "token-claims";
	if (!actor->scope)
		actor->scope = "";
	if (!scope_valid(actor->scope) || !times_of(claims, out))
		return "token-claims";
	if (!role_of(claims, actor) || !subject_of(claims, actor) || !place_of(claims, actor))
		return "token-claims";
	return NULL;
}

bool token_claims_audience(const struct token_claims *c, const char *name)
{
	const json_t *one;
	size_t i;

	if (json_is_string(c->audience))
		return strcmp(json_string_value(c->audience), name) == 0;
	json_array_foreach(c->audience, i, one) {
		if (strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

const char *token_time_check(int64_t not_before, int64_t expires_at, int64_t now)
{
	if (now >= expires_at + TOKEN_LEEWAY)
		return "token-expired";
	if (now < not_before - TOKEN_LEEWAY)
		return "token-not-yet-valid";
	return NULL;
}
