/*
 * token_fuzz.c -- bytes as a token, as a header, as a payload, as damage to a good token.
 *
 * The first byte says which.  Nobody who has not the key may come in: whatever is made of the
 * input is refused, is not in the cache, and the good token still opens afterwards.  The key
 * is made anew at every start, so no seed can hold a good token.
 */
#include "kernel/token_forge.h"

#include <stdint.h>

static struct forge f;
static char *good;

static void start(void)
{
	json_t *claims = forge_claims();

	if (!forge_open(&f, 64))
		abort();
	forge_folder_remove(f.folder);
	good = token_sign(f.keys, claims);
	json_decref(claims);
	if (!good)
		abort();
}

static void must_be_refused(const char *token, size_t length)
{
	struct actor actor;

	if (strcmp(forge_verdict(&f, token, length, FORGE_NOW), "accepted") == 0)
		abort();
	if (f.actor.county != 0 || f.actor.role != 0 ||
	    token_cached(f.verifier, f.arena, token, length, FORGE_NOW, &actor))
		abort();
}

/* Header and payload with a signature of the right length that nobody made. */
static void must_not_open(const char *header, const char *payload, size_t length)
{
	static const unsigned char SIGNATURE[FORGE_RAW] = {1};
	char *token = forge_join(forge_input(header, payload, length), SIGNATURE, FORGE_RAW);

	must_be_refused(token, strlen(token));
	free(token);
}

/* The good token with bytes changed where the input's pairs say. */
static void damage(const uint8_t *pairs, size_t size)
{
	size_t length = strlen(good);
	char *token = strdup(good);

	for (size_t i = 0; i + 2 < size; i += 3) {
		size_t at = ((size_t)pairs[i] << 8 | pairs[i + 1]) % length;

		token[at] = (char)(token[at] ^ pairs[i + 2]);
	}
	if (memcmp(token, good, length) != 0)
		must_be_refused(token, length);
	free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!good)
		start();
	if (size == 0)
		return 0;
	text = calloc(1, size);
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'h':
		must_not_open(text, "{}", 2);
		break;
	case 'p':
		must_not_open(FORGE_HEADER, text, size - 1);
		break;
	case 'd':
		damage(data + 1, size - 1);
		break;
	default:
		must_be_refused(text, size - 1);
	}
	free(text);
	if (strcmp(forge_verdict(&f, good, strlen(good), FORGE_NOW), "accepted") != 0)
		abort();
	return 0;
}
