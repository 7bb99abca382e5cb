/*
 * token.c -- the order in which a token is judged.  The only user of libjwt.
 *
 * libjwt does the signature and nothing else: it takes any algorithm, an empty key, expired
 * and doubled claims, so all that decides is checked here and in the token_ files beside,
 * on the very bytes that were signed, and the cheap things before the signature.
 */
#include "token_private.h"

#include <jwt.h>
#include <stdlib.h>
#include <string.h>

struct token_verifier {
	const struct token_keys *keys;
	char *issuer, *audience;
	struct token_digest *digest;
	struct token_revocations *revocations;
	struct token_cache *cache;
	_Atomic uint64_t hits, misses;
};

struct token_verifier *token_verifier_new(struct token_keys *k, const char *issuer,
					  const char *audience, size_t cache_size)
{
	struct token_verifier *v = calloc(1, sizeof *v);

	if (!v)
		return NULL;
	v->keys = k;
	v->issuer = strdup(issuer);
	v->audience = strdup(audience);
	v->digest = token_digest_new();
	v->revocations = token_revocations_new(TOKEN_REVOCATIONS_MAX);
	v->cache = v->revocations ? token_cache_new(cache_size, v->revocations) : NULL;
	if (!v->issuer || !v->audience || !v->digest || !v->cache) {
		token_verifier_free(v);
		return NULL;
	}
	return v;
}

void token_verifier_free(struct token_verifier *v)
{
	if (!v)
		return;
	token_cache_free(v->cache);
	token_revocations_free(v->revocations);
	token_digest_free(v->digest);
	free(v->issuer);
	free(v->audience);
	free(v);
}

/* True when libjwt finds the signature of KEY under this token, by ES256 and nothing else. */
static bool signature_holds(const char *token, const struct token_key *key)
{
	size_t length = strlen(key->public_pem);
	jwt_t *jwt = NULL;
	bool holds;

	/* libjwt takes an empty key as leave not to verify. */
	if (length == 0)
		return false;
	holds = jwt_decode(&jwt, token, (const unsigned char *)key->public_pem, (int)length) == 0 &&
		jwt && jwt_get_alg(jwt) == JWT_ALG_ES256;
	jwt_free(jwt);
	return holds;
}

/* The whole judgement, without the cache.  Fills *CLAIMS, whose strings are A's. */
static const char *verify_fresh(struct token_verifier *v, struct arena *a, const char *token,
				size_t length, int64_t now, struct token_claims *claims)
{
	const struct token_key *key;
	struct token_parts parts;
	const char *code, *copy;

	code = token_take_apart(a, token, length, &parts);
	if (code)
		return code;
	key = token_keys_find(v->keys, parts.kid);
	if (!key)
		return "token-key-unknown";
	code = token_claims_read(parts.claims, claims);
	if (code)
		return code;
	if (strcmp(claims->issuer, v->issuer) != 0)
		return "token-issuer";
	if (!token_claims_audience(claims, v->audience))
		return "token-audience";
	code = token_time_check(claims->not_before, claims->actor.expires_at, now);
	if (code)
		return code;
	copy = arena_strndup(a, token, length);
	if (!copy)
		return "token-unchecked";
	if (!signature_holds(copy, key))
		return "token-signature";
	return token_revoked(v->revocations, &claims->actor) ? "token-revoked" : NULL;
}

const char *token_verify(struct token_verifier *v, struct arena *a, const char *token,
			 size_t length, int64_t now, struct actor *actor)
{
	unsigned char digest[TOKEN_DIGEST_LENGTH];
	struct token_claims claims;
	struct actor found;
	const char *code = NULL;
	uint64_t generation;

	memset(actor, 0, sizeof *actor);
	if (length > TOKEN_LENGTH_MAX)
		return "token-too-long";
	if (length == 0)
		return "token-malformed";
	if (!token_digest(v->digest, token, length, digest))
		return "token-unchecked";
	token_revocations_now(v->revocations, now);
	switch (token_cache_find(v->cache, a, digest, now, &found, &code)) {
	case TOKEN_VALID:
		*actor = found;
		/* fall through */
	case TOKEN_REFUSED:
		atomic_fetch_add_explicit(&v->hits, 1, memory_order_relaxed);
		return code;
	case TOKEN_ABSENT:
		break;
	}
	atomic_fetch_add_explicit(&v->misses, 1, memory_order_relaxed);
	generation = token_revocations_generation(v->revocations);
	code = verify_fresh(v, a, token, length, now, &claims);
	if (code)
		return code;
	token_cache_put(v->cache, digest, &claims, generation, now);
	*actor = claims.actor;
	return NULL;
}

bool token_cached(struct token_verifier *v, struct arena *a, const char *token, size_t length,
		  int64_t now, struct actor *actor)
{
	unsigned char digest[TOKEN_DIGEST_LENGTH];
	struct actor found;
	const char *code;

	memset(actor, 0, sizeof *actor);
	if (length == 0 || length > TOKEN_LENGTH_MAX ||
	    !token_digest(v->digest, token, length, digest) ||
	    token_cache_find(v->cache, a, digest, now, &found, &code) != TOKEN_VALID)
		return false;
	*actor = found;
	return true;
}

void token_revoke_id(struct token_verifier *v, const char *token_id, int64_t expires_at)
{
	token_revocations_add_id(v->revocations, token_id, expires_at);
}

void token_revoke_person(struct token_verifier *v, const char *person, int64_t issued_before)
{
	token_revocations_add_subject(v->revocations, person, issued_before);
}

void token_cache_counts(struct token_verifier *v, uint64_t *hits, uint64_t *misses)
{
	*hits = atomic_load_explicit(&v->hits, memory_order_relaxed);
	*misses = atomic_load_explicit(&v->misses, memory_order_relaxed);
}

char *token_sign(const struct token_keys *k, const json_t *claims)
{
	const struct token_key *key = k->newest;
	char *text = NULL, *token = NULL;
	jwt_t *jwt = NULL;

	if (!key || !json_is_object(claims))
		return NULL;
	text = json_dumps(claims, JSON_COMPACT);
	if (text && jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, text) == 0 &&
	    jwt_add_header(jwt, "kid", key->kid) == 0 &&
	    jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)key->private_pem,
			(int)strlen(key->private_pem)) == 0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	free(text);
	return token;
}
