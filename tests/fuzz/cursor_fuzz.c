/*
 * cursor_fuzz.c -- bytes as a cursor, as a sealed value, as what is sealed either way.
 *
 * The key is made anew at every start: nothing that comes in may open.  What is sealed comes
 * back whole, in its own context and no other; a cursor is the same each time and of bounded
 * length.
 */
#include "kernel/seal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct seal *seal;
static struct arena *arena;

static void start(void)
{
	char folder[] = "/tmp/qinglan-cursor-XXXXXX", path[64], error[300];

	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof path, "%s/keys", folder);
	seal = seal_key_make(path, error) ? seal_load(path, error) : NULL;
	arena = arena_new(4 << 20);
	unlink(path);
	rmdir(folder);
	if (!seal || !arena)
		abort();
}

static void foreign(const char *text)
{
	size_t length;

	if (seal_cursor_open(seal, arena, "c", text) || seal_open(seal, arena, "c", text, &length))
		abort();
	if (seal_key_of(text) > 255)
		abort();
}

static void there_and_back(const char *text, size_t size)
{
	char *cursor = seal_cursor(seal, arena, "c", text), *sealed, *plain;
	size_t length = 0;

	if (cursor) {
		char *back = seal_cursor_open(seal, arena, "c", cursor);

		if (!back || strcmp(back, text) != 0 || seal_cursor_open(seal, arena, "d", cursor))
			abort();
		if (strcmp(cursor, seal_cursor(seal, arena, "c", text)) != 0 ||
		    strlen(cursor) != (42 + strlen(text)) * 4 / 3 + ((42 + strlen(text)) % 3 != 0))
			abort();
	}
	sealed = seal_close(seal, arena, "c", text, size);
	plain = sealed ? seal_open(seal, arena, "c", sealed, &length) : NULL;
	if (!plain || length != size || memcmp(plain, text, size) != 0)
		abort();
	if (seal_open(seal, arena, "d", sealed, &length))
		abort();
}

/* One byte of a good cursor is another. */
static void damage(const uint8_t *data, size_t size)
{
	char *cursor = seal_cursor(seal, arena, "c", "[\"2026-09-01\",7]");

	if (size < 2 || data[1] == 0)
		return;
	cursor[data[0] % strlen(cursor)] ^= (char)data[1];
	if (seal_cursor_open(seal, arena, "c", cursor))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!seal)
		start();
	text = calloc(1, size + 1);
	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	foreign(text);
	there_and_back(text, size);
	damage(data, size);
	arena_clear(arena);
	free(text);
	return 0;
}
