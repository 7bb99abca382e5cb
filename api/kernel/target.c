/*
 * target.c -- see target.h.
 */
#include "target.h"

#include "json.h"

#include <string.h>
#include <strings.h>

enum { NAME_SHOWN_MAX = 90 };

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Decodes LENGTH bytes of FROM into TO (which may be the same place), NUL-terminated.  Returns a
 * violation code or NULL.  REFUSED are the printable ASCII characters that may not stand raw;
 * raw UTF-8 is taken, since people type it and it can mean only one thing.
 */
static const char *decode(const char *from, size_t length, char *to, bool is_query,
			  const char *refused)
{
	size_t i, size = 0;

	for (i = 0; i < length; i++) {
		char c = from[i];

		if ((unsigned char)c <= ' ' || c == 0x7F || is_one_of(c, refused))
			return "target-character";
		if (c == '+' && is_query) {
			c = ' ';
		} else if (c == '%') {
			int high = length - i > 2 ? hex_value(from[i + 1]) : -1;
			int low = length - i > 2 ? hex_value(from[i + 2]) : -1;

			if (high < 0 || low < 0)
				return "target-escape";
			c = (char)(high * 16 + low);
			if ((unsigned char)c < ' ' || c == 0x7F)
				return "target-control";
			if (!is_query && (c == '/' || c == '\\'))
				return "target-slash";
			i += 2;
		}
		to[size++] = c;
	}
	to[size] = '\0';
	return utf8_valid(to, size) ? NULL : "target-encoding";
}

/* Splits and decodes "/a/b" (LENGTH bytes) into segments at ROOM, which is moved on. */
static const char *parse_path(const char *path, size_t length, struct target *t, char **room)
{
	size_t at = 1;

	if (length == 1)
		return NULL;
	while (at <= length) {
		const char *slash = memchr(path + at, '/', length - at);
		size_t size = slash ? (size_t)(slash - path) - at : length - at;
		const char *code = decode(path + at, size, *room, false, "\"#<>\\^`{|}");

		if (code)
			return code;
		if (!**room || strcmp(*room, ".") == 0 || strcmp(*room, "..") == 0)
			return "target-segment";
		if (t->segment_count == TARGET_SEGMENTS_MAX)
			return "target-too-many-segments";
		t->segments[t->segment_count++] = *room;
		*room += strlen(*room) + 1;
		at += size + 1;
	}
	return NULL;
}

/* NAME as it is shown to people: cut off when it is long. */
static const char *shown(char *name)
{
	size_t length = strnlen(name, NAME_SHOWN_MAX + 1);

	if (length > NAME_SHOWN_MAX) {
		length = NAME_SHOWN_MAX;
		while (length && ((unsigned char)name[length] & 0xC0) == 0x80)
			length--;
		name[length] = '\0';
	}
	return name;
}

/* One "name=value" of SIZE bytes. */
static const char *parse_pair(const char *pair, size_t size, struct target *t, char **room,
			      const char **where)
{
	const char *equals = memchr(pair, '=', size), *code;
	size_t name_size = equals ? (size_t)(equals - pair) : size, i;
	char *name = *room, *value;

	code = decode(pair, name_size, name, true, "\"#<>");
	if (code)
		return code;
	if (!*name)
		return "target-parameter-empty";
	value = name + strlen(name) + 1;
	*value = '\0';
	if (equals) {
		code = decode(equals + 1, size - name_size - 1, value, true, "\"#<>");
		if (code) {
			*where = shown(name);
			return code;
		}
	}
	*room = value + strlen(value) + 1;
	for (i = 0; i < t->query_count; i++) {
		if (strcmp(t->query[i].name, name) == 0) {
			*where = shown(name);
			return "target-parameter-repeated";
		}
	}
	if (t->query_count == TARGET_PARAMETERS_MAX)
		return "target-too-many-parameters";
	t->query[t->query_count].name = name;
	t->query[t->query_count++].value = value;
	return NULL;
}

static const char *parse_query(const char *query, struct target *t, char **room, const char **where)
{
	if (!*query)
		return NULL;
	for (;;) {
		size_t size = strcspn(query, "&");
		const char *code = parse_pair(query, size, t, room, where);

		if (code)
			return code;
		if (!query[size])
			return NULL;
		query += size + 1;
	}
}

/* Behind scheme and authority of the absolute form; RAW itself otherwise. */
static const char *path_start(const char *raw)
{
	size_t scheme = strncasecmp(raw, "http://", 7) == 0    ? 7
			: strncasecmp(raw, "https://", 8) == 0 ? 8
							       : 0;
	size_t authority = scheme ? strcspn(raw + scheme, "/?#") : 0;

	return authority ? raw + scheme + authority : raw;
}

const char *target_parse(struct arena *a, const char *raw, struct target *t, const char **where)
{
	size_t length = strnlen(raw, TARGET_LENGTH_MAX + 1), path_length;
	const char *path, *query, *code;
	char *room;

	t->segment_count = 0;
	t->query_count = 0;
	*where = NULL;
	if (length > TARGET_LENGTH_MAX)
		return "target-too-long";
	path = path_start(raw);
	if (*path != '/')
		return "target-form";
	query = strchr(path, '?');
	path_length = query ? (size_t)(query - path) : strlen(path);
	/* A piece is no longer than its raw form with a NUL; "name" without "=" has two. */
	room = arena_alloc(a, length + TARGET_PARAMETERS_MAX + 4);
	if (!room)
		return "target-memory";
	code = parse_path(path, path_length, t, &room);
	if (!code && query)
		code = parse_query(query + 1, t, &room, where);
	return code;
}
