/*
 * seal_private.h -- what seal.c (sealing, hashing, cursors) and seal_keys.c (the key file)
 * share and nobody else includes.
 */
#ifndef QINGLAN_SEAL_PRIVATE_H
#define QINGLAN_SEAL_PRIVATE_H

#include "seal.h"

enum { SEAL_KEYS_MAX = 255, SEAL_SUBKEY_LENGTH = 32 };

/* What is derived from one master key; the master itself is not kept. */
struct seal_key {
	unsigned char id;
	unsigned char seal[SEAL_SUBKEY_LENGTH];
	unsigned char hash[SEAL_SUBKEY_LENGTH]; /* of which each purpose's key is derived */
	unsigned char cursor[SEAL_SUBKEY_LENGTH];
	unsigned char nonce[SEAL_SUBKEY_LENGTH]; /* of which a cursor's nonce is derived */
};

/* Lives in guarded memory, read-only once loaded. */
struct seal {
	size_t count;
	struct seal_key keys[SEAL_KEYS_MAX]; /* by id; the last one is the newest */
};

/* The key of that id, or NULL. */
const struct seal_key *seal_key_find(const struct seal *s, int id);

/*
 * True when every byte is ASCII.  libsodium 1.0.18 reads any byte from 0x80 on as the last
 * digit of base64, so its decoder is only given text that passes here.
 */
bool seal_is_ascii(const char *text, size_t length);

#endif
