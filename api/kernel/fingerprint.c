/*
 * fingerprint.c -- see fingerprint.h.
 */
#include "fingerprint.h"

#include <sodium.h>

void fingerprint(const void *bytes, size_t length, char hex[FINGERPRINT_SIZE])
{
	unsigned char hash[16];

	crypto_generichash(hash, sizeof hash, bytes, length, NULL, 0);
	sodium_bin2hex(hex, FINGERPRINT_SIZE, hash, sizeof hash);
}

void fingerprint_random(char hex[FINGERPRINT_SIZE])
{
	unsigned char bytes[16];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(hex, FINGERPRINT_SIZE, bytes, sizeof bytes);
}

void fingerprint_sha256(const void *bytes, size_t length, char hex[67])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, length);
	hex[0] = '\\';
	hex[1] = 'x';
	sodium_bin2hex(hex + 2, 65, hash, sizeof hash);
}
