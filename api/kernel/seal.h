/*
 * seal.h -- secrets at rest and on their way: sealed values and cursors, keyed hashes.  All of
 * libsodium but plain fingerprints is here.
 *
 * XChaCha20-Poly1305 with the context (county, table, id) as additional data; BLAKE2b keyed
 * for look-up.  Both carry the id of their key, so that keys can be changed (qinglan rekey).
 * Purposes never share a key: each is derived from the master key by its own context.
 * A loaded set of keys does not change: every function is safe for several threads at once.
 */
#ifndef QINGLAN_SEAL_H
#define QINGLAN_SEAL_H

#include "arena.h"
#include <stdint.h>

struct seal;

/*
 * Reads the key file (0600, "id base64-of-32-bytes" a line, ids 1 to 255 and growing; the
 * last key seals, all open); NULL with a line in ERROR.
 */
struct seal *seal_load(const char *path, char error[300]);
void seal_free(struct seal *s);
bool seal_key_make(const char *path, char error[300]); /* a new file, or a further line */

/* "\x..." text of a bytea: version, key id, nonce, ciphertext.  NULL without memory. */
char *seal_close(struct seal *s, struct arena *a, const char *context, const void *plain,
		 size_t length);

/*
 * The plain bytes (and a NUL behind) of SEALED ("\x..." text), of *LENGTH; NULL when forged,
 * of another context or an unknown key, or without memory.
 */
void *seal_open(struct seal *s, struct arena *a, const char *context, const char *sealed,
		size_t *length);

/* Key id of a sealed value, or -1. */
int seal_key_of(const char *sealed);
int seal_newest_key(const struct seal *s);
size_t seal_key_count(const struct seal *s);
int seal_key_at(const struct seal *s, size_t i);

/*
 * Keyed hash of TEXT for look-up under key KEY (-1: newest): "\x<key id><32 bytes>".  NULL
 * for a key that is not there, or without memory.
 */
char *seal_hash(struct seal *s, struct arena *a, const char *purpose, int key, const char *text);

/*
 * PAYLOAD sealed as base64url, bound to CONTEXT; and back, NULL when forged.  The same payload in
 * the same context is the same text, for answers that have it in them have ETags.  The text
 * carries its key's id, so that it outlives a new key.
 */
char *seal_cursor(struct seal *s, struct arena *a, const char *context, const char *payload);
char *seal_cursor_open(struct seal *s, struct arena *a, const char *context, const char *text);

/* Random bytes from the system; false only where the system has none. */
bool seal_random(void *bytes, size_t length) __attribute__((warn_unused_result));

/* A keyed 64-bit hash for tables in memory whose keys strangers choose (SipHash-2-4). */
enum { SEAL_SHORT_KEY_LENGTH = 16 };
uint64_t seal_short_hash(const unsigned char key[SEAL_SHORT_KEY_LENGTH], const void *bytes,
			 size_t length);

#endif
