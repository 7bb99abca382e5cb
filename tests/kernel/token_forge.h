/*
 * token_forge.h -- tokens as an attacker makes them, for the token tests and its fuzz target.
 *
 * Headers and payloads are bytes of the test's choice; signatures are made with OpenSSL
 * directly, so that nothing of what is tested helps to make its own tests.
 */
#ifndef QINGLAN_TOKEN_FORGE_H
#define QINGLAN_TOKEN_FORGE_H

#include "kernel/token.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORGE_ISSUER "https://issuer.example"
#define FORGE_AUDIENCE "qinglan"
#define FORGE_PERSON "01890a5d-ac96-774b-bcce-b302099a8057"
#define FORGE_SCHOOL "01890a5d-ac96-774b-bcce-b302099a8058"
#define FORGE_OFFICE "01890a5d-ac96-774b-bcce-b302099a8059"
#define FORGE_HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"
#define FORGE_NOW INT64_C(1800000000)

enum { FORGE_RAW = 64 };

/* A verdict as text that can be compared. */
static inline const char *forge_said(const char *code)
{
	return code ? code : "accepted";
}

/* A new empty folder (0700), its path in PATH. */
static inline bool forge_folder(char path[64])
{
	snprintf(path, 64, "/tmp/qinglan-token-XXXXXX");
	return mkdtemp(path) != NULL;
}

/* Removes a folder of plain files. */
static inline void forge_folder_remove(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	/* cppcheck-suppress readdirCalled ; nobody else has this stream */
	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* The private key in FOLDER/NAME. */
static inline EVP_PKEY *forge_key(const char *folder, const char *name)
{
	char path[400];
	EVP_PKEY *key = NULL;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "r");
	if (file) {
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	return key;
}

/*
 * Writes KEY (freed) to FOLDER/NAME, its private half with CIPHER and a passphrase where there
 * is one; false when anything is wrong.
 */
static inline bool forge_write_key(const char *folder, const char *name, EVP_PKEY *key,
				   bool is_private, const EVP_CIPHER *cipher)
{
	char path[400];
	bool done;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "w");
	done = key && file &&
	       (is_private ? PEM_write_PKCS8PrivateKey(file, key, cipher, "secret", 6, NULL, NULL)
			   : PEM_write_PUBKEY(file, key)) == 1;
	EVP_PKEY_free(key);
	if (file && fclose(file) != 0)
		done = false;
	return done && chmod(path, is_private ? 0600 : 0644) == 0;
}

/* Malloc'd base64url of LENGTH bytes. */
static inline char *forge_base64url(const void *bytes, size_t length)
{
	char *text = calloc(1, (length + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
	for (char *c = text; *c; c++) {
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
		else if (*c == '=')
			*c = '\0';
	}
	return text;
}

/* R and S under INPUT by KEY; with MIRRORED the other S that is true as well. */
static inline void forge_signature(EVP_PKEY *key, const char *input, bool mirrored,
				   unsigned char raw[FORGE_RAW])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[128];
	const unsigned char *at = der;
	size_t length = sizeof der;
	ECDSA_SIG *pair;

	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key);
	EVP_DigestSign(ctx, der, &length, (const unsigned char *)input, strlen(input));
	EVP_MD_CTX_free(ctx);
	pair = d2i_ECDSA_SIG(NULL, &at, (long)length);
	BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, FORGE_RAW / 2);
	BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + FORGE_RAW / 2, FORGE_RAW / 2);
	ECDSA_SIG_free(pair);
	if (mirrored) {
		EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
		BIGNUM *s = BN_bin2bn(raw + FORGE_RAW / 2, FORGE_RAW / 2, NULL);

		BN_sub(s, EC_GROUP_get0_order(group), s);
		BN_bn2binpad(s, raw + FORGE_RAW / 2, FORGE_RAW / 2);
		BN_free(s);
		EC_GROUP_free(group);
	}
}

/* HEADER and PAYLOAD as the malloc'd first two parts. */
static inline char *forge_input(const char *header, const void *payload, size_t length)
{
	char *one = forge_base64url(header, strlen(header));
	char *two = forge_base64url(payload, length);
	char *input = malloc(strlen(one) + strlen(two) + 2);

	sprintf(input, "%s.%s", one, two);
	free(one);
	free(two);
	return input;
}

/* INPUT (freed) and a signature as a malloc'd token. */
static inline char *forge_join(char *input, const void *signature, size_t length)
{
	char *three = forge_base64url(signature, length);
	char *token = malloc(strlen(input) + strlen(three) + 2);

	sprintf(token, "%s.%s", input, three);
	free(input);
	free(three);
	return token;
}

/* A token with a true ES256 signature of KEY over whatever HEADER and PAYLOAD are. */
static inline char *forge_bytes(EVP_PKEY *key, const char *header, const void *payload,
				size_t length)
{
	char *input = forge_input(header, payload, length);
	unsigned char raw[FORGE_RAW];

	forge_signature(key, input, false, raw);
	return forge_join(input, raw, sizeof raw);
}

static inline char *forge_text(EVP_PKEY *key, const char *header, const char *payload)
{
	return forge_bytes(key, header, payload, strlen(payload));
}

/* Claims of an officer that are good at FORGE_NOW: a new reference. */
static inline json_t *forge_claims(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:s, s:s, s:s, s:s}", "iss",
			 FORGE_ISSUER, "aud", FORGE_AUDIENCE, "sub", FORGE_PERSON, "jti", "id-1",
			 "exp", (json_int_t)FORGE_NOW + 3600, "iat", (json_int_t)FORGE_NOW,
			 "county", 7, "role", "county", "office", FORGE_OFFICE, "scope",
			 "schools:read teachers:read", "token_use", "access");
}

/* CLAIMS (freed) as a token with HEADER. */
static inline char *forge_token(EVP_PKEY *key, const char *header, json_t *claims)
{
	char *payload = json_dumps(claims, JSON_COMPACT);
	char *token = forge_text(key, header, payload);

	free(payload);
	json_decref(claims);
	return token;
}

/* Good claims with the members of a JSON text put in. */
static inline json_t *forge_claims_with(const char *members)
{
	json_t *claims = forge_claims(), *changes = json_loads(members, JSON_DECODE_ANY, NULL);

	if (json_object_update(claims, changes) != 0)
		abort();
	json_decref(changes);
	return claims;
}

static inline json_t *forge_claims_without(const char *name)
{
	json_t *claims = forge_claims();

	json_object_del(claims, name);
	return claims;
}

/* Good claims as malloc'd text, behind which EXTRA stands before the last brace. */
static inline char *forge_payload(const char *extra)
{
	json_t *claims = forge_claims();
	char *text = json_dumps(claims, JSON_COMPACT);
	char *payload = malloc(strlen(text) + strlen(extra) + 1);

	sprintf(payload, "%.*s%s}", (int)strlen(text) - 1, text, extra);
	free(text);
	json_decref(claims);
	return payload;
}

/* A verifier with one key, k1, of which the attacker has the private half. */
struct forge {
	char folder[64];
	struct token_keys *keys;
	struct token_verifier *verifier;
	struct arena *arena;
	EVP_PKEY *key;
	struct actor actor; /* of the last verdict */
};

static inline bool forge_open(struct forge *f, size_t cache_size)
{
	char error[300];

	if (!forge_folder(f->folder) || !token_key_make(f->folder, "k1", error))
		return false;
	f->keys = token_keys_load(f->folder, error);
	f->key = forge_key(f->folder, "k1.pem");
	f->arena = arena_new(1 << 20);
	if (f->keys)
		f->verifier = token_verifier_new(f->keys, FORGE_ISSUER, FORGE_AUDIENCE, cache_size);
	return f->verifier && f->key && f->arena;
}

static inline void forge_close(struct forge *f)
{
	token_verifier_free(f->verifier);
	token_keys_free(f->keys);
	arena_free(f->arena);
	EVP_PKEY_free(f->key);
	forge_folder_remove(f->folder);
}

/* What is said of LENGTH bytes at NOW: a code, or "accepted". */
static inline const char *forge_verdict(struct forge *f, const char *token, size_t length,
					int64_t now)
{
	arena_clear(f->arena);
	return forge_said(token_verify(f->verifier, f->arena, token, length, now, &f->actor));
}

/* The same of CLAIMS (freed) truly signed. */
static inline const char *forge_verdict_of(struct forge *f, json_t *claims, int64_t now)
{
	char *token = token_sign(f->keys, claims);
	const char *said = token ? forge_verdict(f, token, strlen(token), now) : "not signed";

	free(token);
	json_decref(claims);
	return said;
}

#endif
