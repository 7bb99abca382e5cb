/*
 * arena.h -- the memory of one request.
 *
 * Everything that lives as long as a request is taken from its arena and given back at
 * once when the request ends; foreign objects (json_t, PGresult) are tied to it with a
 * deferred release.  An arena belongs to one thread at a time.  It is not a general
 * allocator: nothing is given back singly.
 */
#ifndef QINGLAN_ARENA_H
#define QINGLAN_ARENA_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A new arena that never holds more than CEILING bytes; NULL without memory. */
struct arena *arena_new(size_t ceiling);

/* Runs the deferred releases, newest first, and makes the arena empty; keeps its first block. */
void arena_clear(struct arena *a);

/* As arena_clear(), then frees the arena itself.  NULL is allowed. */
void arena_free(struct arena *a);

/* SIZE zeroed bytes, aligned for every type; NULL at the ceiling or without memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A NUL-terminated copy of LENGTH bytes of TEXT, or of all of it; NULL as arena_alloc(). */
char *arena_strndup(struct arena *a, const char *text, size_t length);
char *arena_strdup(struct arena *a, const char *text);

/* A formatted string; NULL as arena_alloc(). */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/*
 * Calls RELEASE(OBJECT) when the arena is cleared.  Without memory the object is released
 * at once and false returned, so that nothing leaks either way.
 */
bool arena_defer(struct arena *a, void (*release)(void *), void *object)
	__attribute__((warn_unused_result));

/* Takes over one reference to VALUE until the arena is cleared; returns VALUE, or NULL. */
json_t *arena_json(struct arena *a, json_t *value);

#endif
