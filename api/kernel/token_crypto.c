/*
 * token_crypto.c -- P-256 keys in PEM, and SHA-256.  The only user of OpenSSL.
 *
 * It signs and verifies nothing: libjwt does, with PEM text that this file wrote.  What a key
 * file holds never reaches libjwt itself, which takes any kind of key as it comes.
 */
#include "token_private.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* Instead of asking at a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

/* What a memory BIO holds, as malloc'd text; NULL without memory. */
static char *text_of(BIO *bio)
{
	char *bytes, *text;
	long length = BIO_get_mem_data(bio, &bytes);

	if (length <= 0)
		return NULL;
	text = malloc((size_t)length + 1);
	if (!text)
		return NULL;
	memcpy(text, bytes, (size_t)length);
	text[length] = '\0';
	return text;
}

/* KEY as PEM; NULL without memory.  A secret memory BIO wipes its buffer. */
static char *pem_of(EVP_PKEY *key, bool is_private)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	int done;

	if (!bio)
		return NULL;
	done = is_private ? PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
			  : PEM_write_bio_PUBKEY(bio, key);
	if (done == 1)
		text = text_of(bio);
	BIO_free(bio);
	return text;
}

/* NULL when KEY is a sound key on the named curve P-256, else what is wrong. */
static const char *key_check(EVP_PKEY *key, bool is_private)
{
	char group[64] = "";
	EVP_PKEY_CTX *ctx;
	bool sound;

	if (!EVP_PKEY_is_a(key, "EC"))
		return "not an EC key";
	if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 ||
	    strcmp(group, "prime256v1") != 0)
		return "not on the curve P-256";
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!ctx)
		return "no memory";
	sound = EVP_PKEY_public_check(ctx) == 1 &&
		(!is_private || EVP_PKEY_pairwise_check(ctx) == 1);
	EVP_PKEY_CTX_free(ctx);
	return sound ? NULL : "its halves are damaged or do not belong together";
}

/* One coordinate of the public point, big-endian with leading zeros. */
static bool coordinate(EVP_PKEY *key, const char *name, unsigned char out[TOKEN_COORDINATE_LENGTH])
{
	BIGNUM *number = NULL;
	bool done = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
		    BN_bn2binpad(number, out, TOKEN_COORDINATE_LENGTH) == TOKEN_COORDINATE_LENGTH;

	BN_free(number);
	return done;
}

bool token_key_read(const char *pem, size_t length, bool is_private, struct token_key *k,
		    const char **why)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	EVP_PKEY *key = NULL;

	k->private_pem = k->public_pem = NULL;
	*why = "no memory";
	if (!bio)
		return false;
	key = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
			 : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!key) {
		*why = is_private ? "not a private key in PEM without passphrase"
				  : "not a public key in PEM";
		goto done;
	}
	*why = key_check(key, is_private);
	if (*why)
		goto done;
	k->public_pem = pem_of(key, false);
	k->private_pem = is_private ? pem_of(key, true) : NULL;
	if (!k->public_pem || (is_private && !k->private_pem) ||
	    !coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, k->x) ||
	    !coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, k->y)) {
		*why = "no memory";
		token_key_clear(k);
	}
done:
	EVP_PKEY_free(key);
	ERR_clear_error();
	return !*why;
}

void token_key_clear(struct token_key *k)
{
	if (k->private_pem)
		explicit_bzero(k->private_pem, strlen(k->private_pem));
	free(k->private_pem);
	free(k->public_pem);
	k->private_pem = k->public_pem = NULL;
}

char *token_key_generate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char *pem = key ? pem_of(key, true) : NULL;

	EVP_PKEY_free(key);
	ERR_clear_error();
	return pem;
}

struct token_digest {
	EVP_MD *sha256;
};

struct token_digest *token_digest_new(void)
{
	struct token_digest *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	/* Looked up once: asking for it by name at every token costs more than the hash. */
	d->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!d->sha256) {
		free(d);
		return NULL;
	}
	return d;
}

void token_digest_free(struct token_digest *d)
{
	if (!d)
		return;
	EVP_MD_free(d->sha256);
	free(d);
}

bool token_digest(struct token_digest *d, const void *bytes, size_t length,
		  unsigned char out[TOKEN_DIGEST_LENGTH])
{
	unsigned written = 0;

	return EVP_Digest(bytes, length, out, &written, d->sha256, NULL) == 1 &&
	       written == TOKEN_DIGEST_LENGTH;
}
