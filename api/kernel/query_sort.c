/*
 * query_sort.c -- the --sort lines of a page: names, key expressions, types, direction.
 */
#include "query_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A piece of a line, without blanks around it. */
struct span {
	const char *begin, *end;
};

static struct span trimmed(const char *begin, const char *end)
{
	while (begin < end && strchr(" \t\r", *begin))
		begin++;
	while (end > begin && strchr(" \t\r", end[-1]))
		end--;
	return (struct span){begin, end};
}

/* Takes WORD off the end of S, where it stands behind a blank. */
static bool word_drop(struct span *s, const char *word)
{
	const size_t length = strlen(word);

	if ((size_t)(s->end - s->begin) <= length || s->end[-(ptrdiff_t)length - 1] != ' ' ||
	    strncasecmp(s->end - length, word, length))
		return false;
	*s = trimmed(s->begin, s->end - length);
	return true;
}

/*
 * Walks over FROM to END outside of quotes and parentheses, to the first comma, or to END;
 * *CAST becomes the place behind the last "::" on the way.  NULL if quotes or parentheses
 * do not match, or if a parameter stands there.
 */
static const char *key_walk(const char *from, const char *end, const char **cast)
{
	int depth = 0;

	*cast = NULL;
	while (from < end && (depth || *from != ',')) {
		if (*from == '\'' || *from == '"') {
			from = query_skip_quoted(from, end, false);
			if (!from)
				return NULL;
			continue;
		}
		depth += *from == '(' || *from == '[';
		depth -= *from == ')' || *from == ']';
		if (depth < 0)
			return NULL;
		if (from[0] == ':' && from + 1 < end && from[1] == ':') {
			if (!depth)
				*cast = from + 2;
			from++;
		} else if (*from == ':') {
			return NULL;
		}
		from++;
	}
	return depth ? NULL : from;
}

/* The type that begins at CAST: up to a COLLATE or the end of the key; empty if it is no type. */
static struct span type_of(const char *cast, const char *end)
{
	struct span type = trimmed(cast, end);
	const char *c;

	for (c = type.begin; c < type.end; c++) {
		if (*c == ' ' && type.end - c > 8 && !strncasecmp(c + 1, "COLLATE ", 8)) {
			type.end = c;
			break;
		}
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_.(), []", *c))
			return (struct span){cast, cast};
	}
	return type;
}

/* One key; DESCENDING is -1 before the first. */
static bool key_add(struct sort *s, struct arena *a, struct span key, const char *cast,
		    int *descending, char error[200])
{
	const bool down = word_drop(&key, "DESC");
	struct span type;

	if (!down)
		word_drop(&key, "ASC");
	if (*descending >= 0 && *descending != down) {
		snprintf(error, 200, "has a --sort %s with two directions", s->name);
		return false;
	}
	*descending = down;
	type = cast ? type_of(cast, key.end) : (struct span){key.end, key.end};
	if (type.begin == type.end) {
		snprintf(error, 200, "has a --sort %s with a key that does not end in ::type",
			 s->name);
		return false;
	}
	if (s->key_count == KEYS_MAX) {
		snprintf(error, 200, "has a --sort %s with too many keys", s->name);
		return false;
	}
	s->keys[s->key_count].expression =
		arena_strndup(a, key.begin, (size_t)(key.end - key.begin));
	s->keys[s->key_count].type = arena_strndup(a, type.begin, (size_t)(type.end - type.begin));
	if (!s->keys[s->key_count].expression || !s->keys[s->key_count].type) {
		snprintf(error, 200, "no memory");
		return false;
	}
	s->key_count++;
	return true;
}

static bool sort_begin(struct query *q, struct arena *a, struct span name, char error[200])
{
	struct sort *s = &q->sorts[q->sort_count];
	const char *c;
	int i;

	for (c = name.begin; c < name.end && (query_is_word(*c) || *c == '-'); c++)
		;
	if (c != name.end || name.begin == name.end) {
		snprintf(error, 200, "has a --sort without \"name:\"");
		return false;
	}
	s->name = arena_strndup(a, name.begin, (size_t)(name.end - name.begin));
	if (!s->name) {
		snprintf(error, 200, "no memory");
		return false;
	}
	for (i = 0; i < q->sort_count; i++)
		if (!strcmp(q->sorts[i].name, s->name)) {
			snprintf(error, 200, "has --sort %s twice", s->name);
			return false;
		}
	return true;
}

bool query_parse_sort(struct query *q, struct arena *a, const char *text, const char *end,
		      char error[200])
{
	const char *colon = memchr(text, ':', (size_t)(end - text));
	struct sort *s = &q->sorts[q->sort_count];
	int descending = -1;

	if (q->sort_count == SORTS_MAX) {
		snprintf(error, 200, "has too many sorts");
		return false;
	}
	if (!sort_begin(q, a, trimmed(text, colon ? colon : text), error))
		return false;
	for (text = colon + 1;; text++) {
		const char *cast, *stop = key_walk(text, end, &cast);

		if (!stop) {
			snprintf(error, 200, "has a --sort %s that cannot be read", s->name);
			return false;
		}
		if (!key_add(s, a, trimmed(text, stop), cast, &descending, error))
			return false;
		text = stop;
		if (text == end)
			break;
	}
	s->descending = descending == 1;
	q->sort_count++;
	return true;
}
