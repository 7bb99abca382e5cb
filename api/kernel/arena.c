/*
 * arena.c -- bump allocation in blocks, and a list of deferred releases.
 *
 * The first block stays from request to request, so that an ordinary request asks the
 * system's allocator for nothing.
 */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 16 * 1024, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*release)(void *);
	void *object;
};

struct arena {
	struct block *blocks;      /* newest first; the last one is kept by arena_clear() */
	struct deferred *deferred; /* newest first; the nodes are in the arena itself */
	size_t ceiling, held;
};

static struct block *block_new(size_t size)
{
	struct block *b = malloc(sizeof *b + size);

	if (!b)
		return NULL;
	b->next = NULL;
	b->size = size;
	b->used = 0;
	return b;
}

struct arena *arena_new(size_t ceiling)
{
	struct arena *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->ceiling = ceiling < BLOCK_SIZE ? BLOCK_SIZE : ceiling;
	a->blocks = block_new(BLOCK_SIZE);
	if (!a->blocks) {
		free(a);
		return NULL;
	}
	a->held = BLOCK_SIZE;
	return a;
}

void arena_clear(struct arena *a)
{
	while (a->deferred) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->release(d->object);
	}
	while (a->blocks->next) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->blocks->used = 0;
	a->held = a->blocks->size;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_clear(a);
	free(a->blocks);
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->blocks;
	void *start;

	if (size > a->ceiling)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (b->size - b->used < size) {
		size_t wanted = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		if (wanted > a->ceiling - a->held)
			return NULL;
		b = block_new(wanted);
		if (!b)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
		a->held += wanted;
	}
	start = b->bytes + b->used;
	b->used += size;
	return memset(start, 0, size);
}

char *arena_strndup(struct arena *a, const char *text, size_t length)
{
	char *copy = arena_alloc(a, length + 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	text = length < 0 ? NULL : arena_alloc(a, (size_t)length + 1);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}

bool arena_defer(struct arena *a, void (*release)(void *), void *object)
{
	struct deferred *d = arena_alloc(a, sizeof *d);

	if (!d) {
		release(object);
		return false;
	}
	d->release = release;
	d->object = object;
	d->next = a->deferred;
	a->deferred = d;
	return true;
}

static void release_json(void *value)
{
	json_decref(value);
}

json_t *arena_json(struct arena *a, json_t *value)
{
	if (!value || !arena_defer(a, release_json, value))
		return NULL;
	return value;
}
