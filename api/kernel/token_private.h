/*
 * token_private.h -- what the token files share and nobody else includes.
 *
 *   token.c             the order of the checks; the only user of libjwt
 *   token_parts.c       three parts, base64url, the header
 *   token_claims.c      the claims' types and rules
 *   token_keys.c        the folder of keys, the JWK set
 *   token_crypto.c      P-256 keys and SHA-256; the only user of OpenSSL
 *   token_cache.c       verified tokens by their digest
 *   token_revocation.c  token ids and persons that count no more
 */
#ifndef QINGLAN_TOKEN_PRIVATE_H
#define QINGLAN_TOKEN_PRIVATE_H

#include "token.h"

#include <stdatomic.h>

enum {
	TOKEN_LEEWAY = 30,           /* seconds that two machines' clocks may differ */
	TOKEN_LIFETIME_MAX = 86400,  /* seconds from iat to exp */
	TOKEN_SIGNATURE_LENGTH = 64, /* bytes of R and S for P-256, RFC 7518 section 3.4 */
	TOKEN_SCOPE_MAX = 1500,
	TOKEN_AUDIENCES_MAX = 16,
	TOKEN_KID_MAX = 64,
	TOKEN_KEYS_MAX = 64,
	TOKEN_PEM_MAX = 16 * 1024,
	TOKEN_DIGEST_LENGTH = 32,
	TOKEN_COORDINATE_LENGTH = 32,
	TOKEN_REVOCATIONS_MAX = 1 << 18
};

/* --- token_parts.c --- */

/* A token taken apart; nothing of it is proved. */
struct token_parts {
	const char *kid;
	json_t *claims; /* an object */
};

/* NULL when TOKEN has the one form we accept, else a violation code.  All memory is A's. */
const char *token_take_apart(struct arena *a, const char *token, size_t length,
			     struct token_parts *p);

/* LENGTH bytes as base64url without padding, with a NUL; OUT holds at least 4/3 of it + 2. */
void token_base64url(const unsigned char *bytes, size_t length, char *out);

/* --- token_claims.c --- */

/* What the claims say, types and rules of each checked; strings borrow from the claims. */
struct token_claims {
	struct actor actor; /* its scope borrows too */
	const char *issuer;
	const json_t *audience; /* a string or an array of strings */
	int64_t not_before;     /* the later of nbf and iat */
};

/* NULL, or "token-claims". */
const char *token_claims_read(const json_t *claims, struct token_claims *out);

/* True when NAME is (among) the audience. */
bool token_claims_audience(const struct token_claims *c, const char *name);

/* NULL when NOW is within the token's life, leeway included, else a violation code. */
const char *token_time_check(int64_t not_before, int64_t expires_at, int64_t now);

/* --- token_crypto.c --- */

/* One P-256 key as PEM text made by ourselves, never as it was in the file. */
struct token_key {
	char kid[TOKEN_KID_MAX + 1];
	char *private_pem; /* NULL when only the public half is known */
	char *public_pem;
	unsigned char x[TOKEN_COORDINATE_LENGTH], y[TOKEN_COORDINATE_LENGTH];
	int64_t made_at_ns; /* the private file's modification time */
};

/* Fills K's PEMs and point from LENGTH bytes of PEM; false with why in *WHY. */
bool token_key_read(const char *pem, size_t length, bool is_private, struct token_key *k,
		    const char **why);

/* Wipes the private half; K itself is the caller's. */
void token_key_clear(struct token_key *k);

/* A new private key as malloc'd PEM; NULL without memory or randomness. */
char *token_key_generate(void);

/* SHA-256, its implementation looked up once. */
struct token_digest;
struct token_digest *token_digest_new(void);
void token_digest_free(struct token_digest *d);
bool token_digest(struct token_digest *d, const void *bytes, size_t length,
		  unsigned char out[TOKEN_DIGEST_LENGTH]) __attribute__((warn_unused_result));

/* --- token_keys.c --- */

struct token_keys {
	struct token_key keys[TOKEN_KEYS_MAX]; /* by kid */
	size_t count;
	const struct token_key *newest; /* newest with a private half, or NULL */
};

const struct token_key *token_keys_find(const struct token_keys *k, const char *kid);

/* --- token_revocation.c --- */

struct token_revocations;
struct token_revocations *token_revocations_new(size_t most);
void token_revocations_free(struct token_revocations *r);

/*
 * Changes whenever something new was revoked.  Read it before a check: what the check finds
 * holds as long as the number stays.
 */
uint64_t token_revocations_generation(struct token_revocations *r);

/* The time to judge by what is over; the greatest ever given counts. */
void token_revocations_now(struct token_revocations *r, int64_t now);
void token_revocations_add_id(struct token_revocations *r, const char *token_id,
			      int64_t expires_at);
void token_revocations_add_subject(struct token_revocations *r, const char *subject,
				   int64_t issued_before);
bool token_revoked(struct token_revocations *r, const struct actor *actor);
size_t token_revocations_count(struct token_revocations *r);

/* --- token_cache.c --- */

struct token_cache;
struct token_cache *token_cache_new(size_t size, struct token_revocations *r);
void token_cache_free(struct token_cache *c);

enum token_cache_answer { TOKEN_ABSENT, TOKEN_VALID, TOKEN_REFUSED };

/*
 * TOKEN_VALID fills *ACTOR, its scope copied to A.  TOKEN_REFUSED sets *CODE to why a token
 * that was good is not good now.
 */
enum token_cache_answer token_cache_find(struct token_cache *c, struct arena *a,
					 const unsigned char digest[TOKEN_DIGEST_LENGTH],
					 int64_t now, struct actor *actor, const char **code);

/* Keeps a verified token; GENERATION was read before its revocation was checked. */
void token_cache_put(struct token_cache *c, const unsigned char digest[TOKEN_DIGEST_LENGTH],
		     const struct token_claims *claims, uint64_t generation, int64_t now);

#endif
