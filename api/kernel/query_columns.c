/*
 * query_columns.c -- which columns a SELECT answers, read off its text.
 *
 * Needed where `fields` puts another SELECT around it.  It goes by words and parentheses; a
 * statement has no comments any more when it comes here.
 */
#include "query_private.h"

#include <string.h>
#include <strings.h>

/* One word, sign, quoted text, or everything in parentheses. */
struct token {
	const char *begin, *end;
};

static bool token_is(struct token t, const char *word)
{
	const size_t length = strlen(word);

	return (size_t)(t.end - t.begin) == length && !strncasecmp(t.begin, word, length);
}

/* Behind the parenthesis that closes the one at TEXT. */
static const char *skip_parentheses(const char *text, const char *end)
{
	int depth = 0;

	while (text < end) {
		if (*text == '\'' || *text == '"') {
			text = query_skip_quoted(text, end, false);
			if (!text)
				return end;
			continue;
		}
		depth += *text == '(';
		depth -= *text == ')';
		text++;
		if (!depth)
			return text;
	}
	return end;
}

/* The token at *AT, which moves behind it; false at the end. */
static bool token_next(const char **at, struct token *t)
{
	const char *end = *at + strlen(*at), *next;

	*at += strspn(*at, " \t\r\n");
	if (!**at)
		return false;
	t->begin = *at;
	if (query_is_word(**at)) {
		for (next = *at; query_is_word(*next); next++)
			;
	} else if (**at == '\'' || **at == '"') {
		next = query_skip_quoted(*at, end, false);
	} else if (**at == '(') {
		next = skip_parentheses(*at, end);
	} else {
		next = *at + 1;
	}
	*at = t->end = next ? next : end;
	return true;
}

/* Moves *AT behind the word SELECT of the outer command; false if that is another command. */
static bool select_find(const char **at)
{
	struct token t;

	while (token_next(at, &t)) {
		if (token_is(t, "SELECT"))
			return true;
		if (token_is(t, "INSERT") || token_is(t, "UPDATE") || token_is(t, "DELETE") ||
		    token_is(t, "MERGE") || token_is(t, "VALUES") || token_is(t, "CALL"))
			return false;
	}
	return false;
}

/* True when T ends the list of columns. */
static bool list_ends(struct token t)
{
	static const char *const words[] = {"FROM",   "WHERE",     "GROUP",  "HAVING", "WINDOW",
					    "UNION",  "INTERSECT", "EXCEPT", "ORDER",  "LIMIT",
					    "OFFSET", "FETCH",     "FOR"};
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (token_is(t, words[i]))
			return true;
	return false;
}

/* The name of a column is the word it ends with: an alias, or that of a bare column. */
static bool is_name(struct token t)
{
	return (query_is_word_start(*t.begin) && !token_is(t, "END") && !token_is(t, "NULL")) ||
	       *t.begin == '"';
}

int query_columns(const char *sql, struct column *out, int max)
{
	struct token t, last = {NULL, NULL}, before = last;
	int count = 0;
	bool more = true, item;

	if (!select_find(&sql))
		return -1;
	while (more) {
		more = token_next(&sql, &t);
		item = more && !token_is(t, ",");
		/* "IS DISTINCT FROM" does not end the list. */
		if (item && (!list_ends(t) || (last.begin && token_is(last, "DISTINCT")))) {
			before = last;
			last = t;
			continue;
		}
		/* The word behind :: is a type, not a name. */
		if (last.begin && is_name(last) && !(before.begin && token_is(before, ":")) &&
		    count < max)
			out[count++] = (struct column){last.begin, (size_t)(last.end - last.begin)};
		last.begin = before.begin = NULL;
		more = more && !item;
	}
	return count;
}
