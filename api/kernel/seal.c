/*
 * seal.c -- sealing, keyed hashes and cursors, on libsodium.
 *
 * Every text has one form only: lower-case hex, canonical base64url; another spelling of the
 * same bytes is refused like any other change.  Keys are read in seal_keys.c.
 */
#include "seal_private.h"

#include <sodium.h>
#include <string.h>

enum {
	SEALED_VERSION = 1,
	SEALED_HEAD = 2, /* version, key id */
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	SEALED_LEAST = SEALED_HEAD + NONCE + TAG,
	HASH = 32,
	CURSOR_TEXT_MAX = 8192
};

bool seal_is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] > 0x7f)
			return false;
	}
	return true;
}

/* "\x" and lower-case hex, as PostgreSQL writes a bytea. */
static char *hex_text(struct arena *a, const unsigned char *bytes, size_t length)
{
	char *text = arena_alloc(a, 2 + 2 * length + 1);

	if (!text)
		return NULL;
	text[0] = '\\';
	text[1] = 'x';
	sodium_bin2hex(text + 2, 2 * length + 1, bytes, length);
	return text;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two lower-case hex digits spell, or -1. */
static int hex_byte(const char *text)
{
	int high = nibble(text[0]);
	int low = high < 0 ? -1 : nibble(text[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* The bytes of "\x..." text in A; NULL when it is not that, or without memory. */
static unsigned char *hex_bytes(struct arena *a, const char *text, size_t *length)
{
	size_t digits = strlen(text);
	unsigned char *bytes;

	if (digits < 2 || digits % 2 != 0 || memcmp(text, "\\x", 2) != 0)
		return NULL;
	*length = digits / 2 - 1;
	bytes = arena_alloc(a, *length + 1);
	for (size_t i = 0; bytes && i < *length; i++) {
		int byte = hex_byte(text + 2 + 2 * i);

		if (byte < 0)
			return NULL;
		bytes[i] = (unsigned char)byte;
	}
	return bytes;
}

/* What a seal is bound to besides its key: its own head, and the caller's context. */
static unsigned char *bound_to(struct arena *a, const unsigned char head[SEALED_HEAD],
			       const char *context, size_t *length)
{
	size_t context_length = strlen(context);
	unsigned char *bytes = arena_alloc(a, SEALED_HEAD + context_length + 1);

	if (!bytes)
		return NULL;
	memcpy(bytes, head, SEALED_HEAD);
	memcpy(bytes + SEALED_HEAD, context, context_length + 1);
	*length = SEALED_HEAD + context_length;
	return bytes;
}

/* Version, key id, NONCE and ciphertext of LENGTH plain bytes; SEALED_LEAST more than these. */
static unsigned char *bytes_close(struct arena *a, int id, const unsigned char *key,
				  const unsigned char *nonce, const char *context,
				  const void *plain, size_t length)
{
	unsigned char *bytes, *bound;
	size_t bound_length;

	if (length > SIZE_MAX / 4)
		return NULL;
	bytes = arena_alloc(a, SEALED_LEAST + length);
	if (!bytes)
		return NULL;
	bytes[0] = SEALED_VERSION;
	bytes[1] = (unsigned char)id;
	bound = bound_to(a, bytes, context, &bound_length);
	if (!bound)
		return NULL;
	memcpy(bytes + SEALED_HEAD, nonce, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + SEALED_HEAD + NONCE, NULL, plain, length,
						   bound, bound_length, NULL, nonce, key);
	return bytes;
}

/* The key whose id stands in BYTES; NULL when they are none of ours. */
static const struct seal_key *key_named(const struct seal *s, const unsigned char *bytes,
					size_t length)
{
	if (!bytes || length < SEALED_LEAST || bytes[0] != SEALED_VERSION)
		return NULL;
	return seal_key_find(s, bytes[1]);
}

/* What LENGTH sealed bytes hold, SEALED_LEAST less and a NUL behind; NULL when forged. */
static unsigned char *bytes_open(struct arena *a, const unsigned char *key, const char *context,
				 const unsigned char *bytes, size_t length)
{
	unsigned char *plain = arena_alloc(a, length - SEALED_LEAST + 1), *bound;
	size_t bound_length;

	bound = bound_to(a, bytes, context, &bound_length);
	if (!plain || !bound ||
	    crypto_aead_xchacha20poly1305_ietf_decrypt(
		    plain, NULL, NULL, bytes + SEALED_HEAD + NONCE, length - SEALED_HEAD - NONCE,
		    bound, bound_length, bytes + SEALED_HEAD, key) != 0)
		return NULL;
	plain[length - SEALED_LEAST] = '\0';
	return plain;
}

char *seal_close(struct seal *s, struct arena *a, const char *context, const void *plain,
		 size_t length)
{
	const struct seal_key *key = &s->keys[s->count - 1];
	unsigned char nonce[NONCE], *bytes;

	/* 24 random bytes never come twice. */
	randombytes_buf(nonce, sizeof nonce);
	bytes = bytes_close(a, key->id, key->seal, nonce, context, plain, length);
	return bytes ? hex_text(a, bytes, SEALED_LEAST + length) : NULL;
}

void *seal_open(struct seal *s, struct arena *a, const char *context, const char *sealed,
		size_t *length)
{
	size_t whole = 0;
	unsigned char *bytes = hex_bytes(a, sealed, &whole);
	const struct seal_key *key = key_named(s, bytes, whole);

	if (!key)
		return NULL;
	*length = whole - SEALED_LEAST;
	return bytes_open(a, key->seal, context, bytes, whole);
}

int seal_key_of(const char *sealed)
{
	if (strlen(sealed) < 2 + 2 * SEALED_HEAD || memcmp(sealed, "\\x", 2) != 0 ||
	    hex_byte(sealed + 2) != SEALED_VERSION)
		return -1;
	return hex_byte(sealed + 4);
}

char *seal_hash(struct seal *s, struct arena *a, const char *purpose, int key, const char *text)
{
	const struct seal_key *k = key < 0 ? &s->keys[s->count - 1] : seal_key_find(s, key);
	unsigned char own[SEAL_SUBKEY_LENGTH], bytes[1 + HASH];

	if (!k)
		return NULL;
	crypto_generichash(own, sizeof own, (const unsigned char *)purpose, strlen(purpose),
			   k->hash, sizeof k->hash);
	bytes[0] = k->id;
	crypto_generichash(bytes + 1, HASH, (const unsigned char *)text, strlen(text), own,
			   sizeof own);
	sodium_memzero(own, sizeof own);
	return hex_text(a, bytes, sizeof bytes);
}

/*
 * A nonce that comes twice only for the same payload in the same context, whose cursor is then the
 * same too.  The context's length comes first, so that no byte can move from it to the payload.
 */
static void cursor_nonce(const struct seal_key *key, const char *context, const char *payload,
			 unsigned char nonce[NONCE])
{
	crypto_generichash_state state;
	uint64_t length = strlen(context);
	unsigned char prefix[8];

	for (size_t i = 0; i < sizeof prefix; i++)
		prefix[i] = (unsigned char)(length >> (8 * i) & 0xff);
	crypto_generichash_init(&state, key->nonce, sizeof key->nonce, NONCE);
	crypto_generichash_update(&state, prefix, sizeof prefix);
	crypto_generichash_update(&state, (const unsigned char *)context, length);
	crypto_generichash_update(&state, (const unsigned char *)payload, strlen(payload));
	crypto_generichash_final(&state, nonce, NONCE);
}

char *seal_cursor(struct seal *s, struct arena *a, const char *context, const char *payload)
{
	const struct seal_key *key = &s->keys[s->count - 1];
	size_t length = strlen(payload), size;
	unsigned char nonce[NONCE], *bytes;
	char *text;

	if (length > CURSOR_TEXT_MAX / 4 * 3 - SEALED_LEAST)
		return NULL;
	cursor_nonce(key, context, payload, nonce);
	bytes = bytes_close(a, key->id, key->cursor, nonce, context, payload, length);
	size = sodium_base64_encoded_len(SEALED_LEAST + length,
					 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	text = arena_alloc(a, size);
	if (!bytes || !text)
		return NULL;
	return sodium_bin2base64(text, size, bytes, SEALED_LEAST + length,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

char *seal_cursor_open(struct seal *s, struct arena *a, const char *context, const char *text)
{
	size_t text_length = strlen(text), length = 0;
	const struct seal_key *key;
	unsigned char *bytes;

	if (text_length > CURSOR_TEXT_MAX || !seal_is_ascii(text, text_length))
		return NULL;
	bytes = arena_alloc(a, text_length + 1);
	if (!bytes || sodium_base642bin(bytes, text_length, text, text_length, NULL, &length, NULL,
					sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return NULL;
	key = key_named(s, bytes, length);
	return key ? (char *)bytes_open(a, key->cursor, context, bytes, length) : NULL;
}

bool seal_random(void *bytes, size_t length)
{
	if (sodium_init() < 0)
		return false;
	randombytes_buf(bytes, length);
	return true;
}

uint64_t seal_short_hash(const unsigned char key[SEAL_SHORT_KEY_LENGTH], const void *bytes,
			 size_t length)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t number;

	_Static_assert(SEAL_SHORT_KEY_LENGTH == crypto_shorthash_KEYBYTES, "SipHash's key");
	crypto_shorthash(out, bytes, length, key);
	memcpy(&number, out, sizeof number);
	return number;
}
