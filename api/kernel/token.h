/*
 * token.h -- from a bearer token to who is calling.  The only user of libjwt.
 *
 * RFC 7519, RFC 8725, RFC 9068 as far as libjwt allows.  ES256 only.  A strict wrapper:
 * size, three parts, base64url, header and claims as strict JSON with known types, the key
 * of the kid, issuer, audience and times come first, being cheap; then the signature, on the
 * same bytes; then revocation.  Verified tokens are cached by their SHA-256 until they expire
 * or are revoked.
 *
 * The header is alg "ES256", typ "JWT" (any case) and kid, and nothing else.  libjwt 1.10.2
 * neither makes nor takes typ "at+jwt" (RFC 9068), so it is refused; in its place the claim
 * token_use must be "access".  A signature (r, s) may also come as (r, n - s): ECDSA holds
 * both for true, so nothing may be told apart by a token's text.  Revocation goes by jti.
 *
 * Claims: iss, aud (a string or an array), sub, exp, iat, jti ([A-Za-z0-9._-]{1,64}), county
 * (positive), role (county, school, teacher, client), token_use; nbf, scope, office, client_id
 * where there are any; school for role school, perhaps for client, for no other.  sub is the
 * person's uuid in lower case; a client's is its client_id ([A-Za-z0-9._-]{1,36}) or the uuid
 * of the person it acts for.  exp is at most 24 hours after iat.
 */
#ifndef QINGLAN_TOKEN_H
#define QINGLAN_TOKEN_H

#include "arena.h"
#include <stdint.h>

enum { TOKEN_LENGTH_MAX = 4096 };

/* Who calls, as the token says; the strings live as long as the request's arena. */
struct actor {
	int county;            /* internal number of the county */
	unsigned role;         /* one ROLE_ bit of contract.h */
	const char *role_name; /* "county", "school", "teacher", "client" */
	char person[37];       /* uuid; "" for a client without a person */
	char office[37];       /* uuid of the office acted for, or "" */
	char school[37];       /* uuid for role school (and a school's client), or "" */
	char client[37];       /* client_id, or "" */
	char token_id[65];     /* jti */
	int64_t expires_at, issued_at;
	const char *scope; /* separated by single spaces */
};

struct token_keys;
struct token_verifier;

/*
 * Reads every <kid>.pem (EC P-256 private) and <kid>.pub.pem (public) of a folder; both for
 * one kid where they belong together; files that begin with a dot or end otherwise are left
 * alone.  The private key with the latest modification time signs, the last by name of several.
 * An empty folder, an empty or foreign key, a private key that others may read, a name that
 * is no kid ([A-Za-z0-9._-]{1,64}): NULL with a line in ERROR.
 */
struct token_keys *token_keys_load(const char *folder, char error[300]);
void token_keys_free(struct token_keys *k);

/* Makes a new private key KID.pem in FOLDER (made 0700 if missing); never over an old one. */
bool token_key_make(const char *folder, const char *kid, char error[300]);

/* The public keys as a JWK set (RFC 7517): a new reference. */
json_t *token_jwks(const struct token_keys *k);

/*
 * CLAIMS, as they are, signed with the newest private key; malloc'd.  NULL when they are no
 * object, there is no private key, or no memory.
 */
char *token_sign(const struct token_keys *k, const json_t *claims);

/* K must outlive the verifier.  The cache holds about CACHE_SIZE tokens; 0 = none. */
struct token_verifier *token_verifier_new(struct token_keys *k, const char *issuer,
					  const char *audience, size_t cache_size);
void token_verifier_free(struct token_verifier *v);

/*
 * Verifies LENGTH bytes of TOKEN at NOW (seconds; leeway 30).  NULL on success, *ACTOR filled
 * with strings in A; else a violation code (token-...) for WWW-Authenticate and the problem,
 * and *ACTOR is zero.  Safe for several threads at once, each with its arena.
 */
const char *token_verify(struct token_verifier *v, struct arena *a, const char *token,
			 size_t length, int64_t now, struct actor *actor);

/* Cheap look-up only: true and *ACTOR when this token is in the cache and unexpired. */
bool token_cached(struct token_verifier *v, struct arena *a, const char *token, size_t length,
		  int64_t now, struct actor *actor);

/*
 * A token id (until EXPIRES_AT, its exp), or everything issued to a person, or to a client
 * without one, before an instant, counts no more: at once, cached or not.  To say the same
 * again costs little.  Memory is bounded; where it ends, all tokens issued so far are refused.
 */
void token_revoke_id(struct token_verifier *v, const char *token_id, int64_t expires_at);
void token_revoke_person(struct token_verifier *v, const char *person, int64_t issued_before);

/* For /metrics: calls of token_verify() that the cache answered, and others. */
void token_cache_counts(struct token_verifier *v, uint64_t *hits, uint64_t *misses);

#endif
