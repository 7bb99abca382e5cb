/*
 * fingerprint.c -- see fingerprint.h.
 */
#include "fingerprint.h"

#include <sodium.h>

void fingerprint(const void *bytes, size_t length, char hex[FINGERPRINT_SIZE])
{
	static const unsigned char key[crypto_shorthash_siphashx24_KEYBYTES];
	unsigned char hash[crypto_shorthash_siphashx24_BYTES];

	crypto_shorthash_siphashx24(hash, bytes, length, key);
	sodium_bin2hex(hex, FINGERPRINT_SIZE, hash, sizeof hash);
}

/* The system is asked once for many: every request takes one or two. */
void fingerprint_random(char hex[FINGERPRINT_SIZE])
{
	static _Thread_local unsigned char store[64][16];
	static _Thread_local size_t left;

	if (!left) {
		randombytes_buf(store, sizeof store);
		left = sizeof store / sizeof store[0];
	}
	sodium_bin2hex(hex, FINGERPRINT_SIZE, store[--left], sizeof store[0]);
}

void fingerprint_sha256(const void *bytes, size_t length, char hex[67])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, length);
	hex[0] = '\\';
	hex[1] = 'x';
	sodium_bin2hex(hex + 2, 65, hash, sizeof hash);
}
