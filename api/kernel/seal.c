/*
 * seal.c -- sealing, keyed hashes and signed texts, on libsodium.
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
	HASH = 32,
	SIGNED_VERSION = 1,
	SIGNED_HEAD = 2, /* version, key id */
	SIGNED_TAG = 16,
	SIGNED_TEXT_MAX = 8192
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

char *seal_close(struct seal *s, struct arena *a, const char *context, const void *plain,
		 size_t length)
{
	const struct seal_key *key = &s->keys[s->count - 1];
	unsigned char *bytes, *bound;
	size_t bound_length;

	if (length > SIZE_MAX / 4)
		return NULL;
	bytes = arena_alloc(a, SEALED_HEAD + NONCE + length + TAG);
	if (!bytes)
		return NULL;
	bytes[0] = SEALED_VERSION;
	bytes[1] = key->id;
	bound = bound_to(a, bytes, context, &bound_length);
	if (!bound)
		return NULL;
	/* 24 random bytes never come twice. */
	randombytes_buf(bytes + SEALED_HEAD, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + SEALED_HEAD + NONCE, NULL, plain, length,
						   bound, bound_length, NULL, bytes + SEALED_HEAD,
						   key->seal);
	return hex_text(a, bytes, SEALED_HEAD + NONCE + length + TAG);
}

void *seal_open(struct seal *s, struct arena *a, const char *context, const char *sealed,
		size_t *length)
{
	const struct seal_key *key;
	unsigned char *bytes, *bound, *plain;
	size_t bytes_length, bound_length, sealed_length;

	bytes = hex_bytes(a, sealed, &bytes_length);
	if (!bytes || bytes_length < SEALED_HEAD + NONCE + TAG || bytes[0] != SEALED_VERSION)
		return NULL;
	key = seal_key_find(s, bytes[1]);
	if (!key)
		return NULL;
	sealed_length = bytes_length - SEALED_HEAD - NONCE;
	bound = bound_to(a, bytes, context, &bound_length);
	plain = arena_alloc(a, sealed_length - TAG + 1);
	if (!bound || !plain)
		return NULL;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    plain, NULL, NULL, bytes + SEALED_HEAD + NONCE, sealed_length, bound,
		    bound_length, bytes + SEALED_HEAD, key->seal) != 0)
		return NULL;
	*length = sealed_length - TAG;
	plain[*length] = '\0';
	return plain;
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
 * The tag of a signed text.  The context's length comes first, so that no byte can move from
 * the context to the payload.
 */
static void sign_tag(const struct seal_key *key, const unsigned char head[SIGNED_HEAD],
		     const char *context, const unsigned char *payload, size_t length,
		     unsigned char tag[SIGNED_TAG])
{
	crypto_generichash_state state;
	uint64_t context_length = strlen(context);
	unsigned char prefix[8];

	for (size_t i = 0; i < sizeof prefix; i++)
		prefix[i] = (unsigned char)(context_length >> (8 * i) & 0xff);
	crypto_generichash_init(&state, key->sign, sizeof key->sign, SIGNED_TAG);
	crypto_generichash_update(&state, head, SIGNED_HEAD);
	crypto_generichash_update(&state, prefix, sizeof prefix);
	crypto_generichash_update(&state, (const unsigned char *)context, context_length);
	crypto_generichash_update(&state, payload, length);
	crypto_generichash_final(&state, tag, SIGNED_TAG);
}

char *seal_sign(struct seal *s, struct arena *a, const char *context, const char *payload)
{
	const struct seal_key *key = &s->keys[s->count - 1];
	size_t length = strlen(payload), text_size;
	unsigned char *bytes;
	char *text;

	if (length > SIGNED_TEXT_MAX / 4 * 3 - SIGNED_HEAD - SIGNED_TAG)
		return NULL;
	text_size = sodium_base64_encoded_len(SIGNED_HEAD + SIGNED_TAG + length,
					      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	bytes = arena_alloc(a, SIGNED_HEAD + SIGNED_TAG + length + 1);
	text = arena_alloc(a, text_size);
	if (!bytes || !text)
		return NULL;
	bytes[0] = SIGNED_VERSION;
	bytes[1] = key->id;
	memcpy(bytes + SIGNED_HEAD + SIGNED_TAG, payload, length + 1);
	sign_tag(key, bytes, context, bytes + SIGNED_HEAD + SIGNED_TAG, length,
		 bytes + SIGNED_HEAD);
	return sodium_bin2base64(text, text_size, bytes, SIGNED_HEAD + SIGNED_TAG + length,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

char *seal_verify(struct seal *s, struct arena *a, const char *context, const char *text)
{
	size_t text_length = strlen(text), length = 0;
	unsigned char tag[SIGNED_TAG], *bytes;
	const struct seal_key *key;

	if (text_length > SIGNED_TEXT_MAX || !seal_is_ascii(text, text_length))
		return NULL;
	bytes = arena_alloc(a, text_length + 1);
	if (!bytes || sodium_base642bin(bytes, text_length, text, text_length, NULL, &length, NULL,
					sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return NULL;
	if (length < SIGNED_HEAD + SIGNED_TAG || bytes[0] != SIGNED_VERSION)
		return NULL;
	key = seal_key_find(s, bytes[1]);
	if (!key)
		return NULL;
	length -= SIGNED_HEAD + SIGNED_TAG;
	sign_tag(key, bytes, context, bytes + SIGNED_HEAD + SIGNED_TAG, length, tag);
	if (sodium_memcmp(tag, bytes + SIGNED_HEAD, SIGNED_TAG) != 0)
		return NULL;
	return arena_strndup(a, (const char *)bytes + SIGNED_HEAD + SIGNED_TAG, length);
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
