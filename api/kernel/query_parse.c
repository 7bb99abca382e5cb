/*
 * query_parse.c -- a block of db/queries cut into pieces.
 *
 * This is not a parser of SQL: it knows quotes, comments, casts and words, and takes anything
 * that it could misunderstand (dollar quotes, block comments, several commands) for an error.
 */
#include "query_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct parser {
	const char *at;
	struct query *q;
	struct arena *arena;
	char *error;
	struct piece pieces[PIECES_MAX];
	struct slot slots[SLOTS_MAX];
	struct atom atoms[ATOMS_MAX];
	struct variant variants[VARIANTS_MAX];
	char *text; /* as much as the block; what was copied since the last piece */
	size_t text_length;
	int variant;    /* what is read now belongs to */
	int is_null_or; /* words seen of the phrase */
	bool ended;     /* a semicolon was seen */
	bool seen[PIECE_ORDER + 1];
};

bool query_is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

bool query_is_word(char c)
{
	return query_is_word_start(c) || (c >= '0' && c <= '9') || c == '$';
}

const char *query_skip_quoted(const char *text, const char *end, bool escapes)
{
	const char quote = *text++;

	for (; text < end; text++) {
		if (escapes && *text == '\\') {
			if (++text == end)
				break;
		} else if (*text == quote) {
			if (text + 1 == end || text[1] != quote)
				return text + 1;
			text++;
		}
	}
	return NULL;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error, 200, format, args);
	va_end(args);
	return false;
}

static bool no_memory(struct parser *p)
{
	return fail(p, "no memory");
}

/* --- pieces --- */

static bool piece_add(struct parser *p, enum piece_kind kind, int slot, const char *text)
{
	struct piece *piece = &p->pieces[p->q->piece_count];

	if (p->q->piece_count == PIECES_MAX)
		return fail(p, "is too long");
	*piece = (struct piece){.kind = kind, .variant = p->variant, .slot = slot, .text = text};
	p->seen[kind] = true;
	p->q->piece_count++;
	return true;
}

/* Makes a piece of the text copied so far. */
static bool text_flush(struct parser *p)
{
	char *copy;

	if (!p->text_length)
		return true;
	copy = arena_strndup(p->arena, p->text, p->text_length);
	p->text_length = 0;
	return copy ? piece_add(p, PIECE_TEXT, -1, copy) : no_memory(p);
}

/* Copies the text up to END. */
static bool text_copy(struct parser *p, const char *end)
{
	if (p->ended)
		return fail(p, "has something behind its semicolon");
	memcpy(p->text + p->text_length, p->at, (size_t)(end - p->at));
	p->text_length += (size_t)(end - p->at);
	p->at = end;
	return true;
}

static int slot_find(struct parser *p, const char *name, const char *cast)
{
	int i;

	for (i = 0; i < p->q->slot_count; i++)
		if (!strcmp(p->slots[i].name, name) && !strcmp(p->slots[i].cast, cast))
			return i;
	if (i == SLOTS_MAX)
		return -1;
	p->slots[i] = (struct slot){.name = name, .cast = cast};
	return p->q->slot_count++;
}

static bool macro_add(struct parser *p, enum piece_kind kind)
{
	if (p->variant >= 0)
		return fail(p, "has :keys, :after or :order in a variant");
	return text_flush(p) && piece_add(p, kind, -1, NULL);
}

/* At the colon of ":name". */
static bool placeholder_read(struct parser *p)
{
	const char *begin = p->at + 1, *end = begin, *cast;
	char *name, *type;
	int slot;

	if (p->ended)
		return fail(p, "has something behind its semicolon");
	while (query_is_word(*end))
		end++;
	p->is_null_or = 0;
	p->at = end;
	cast = end;
	if (cast[0] == ':' && cast[1] == ':') {
		cast += 2;
		while (query_is_word(*cast) || *cast == '.' || *cast == '[' || *cast == ']')
			cast++;
	}
	name = arena_strndup(p->arena, begin, (size_t)(end - begin));
	type = arena_strndup(p->arena, end, (size_t)(cast - end));
	if (!name || !type)
		return no_memory(p);
	/* Elsewhere these are names like any other. */
	if (p->q->kind == QUERY_PAGE && !strcmp(name, "keys"))
		return macro_add(p, PIECE_KEYS);
	if (p->q->kind == QUERY_PAGE && !strcmp(name, "after"))
		return macro_add(p, PIECE_AFTER);
	if (p->q->kind == QUERY_PAGE && !strcmp(name, "order"))
		return macro_add(p, PIECE_ORDER);
	slot = slot_find(p, name, type);
	if (slot < 0)
		return fail(p, "has too many parameters");
	return text_flush(p) && piece_add(p, PIECE_SLOT, slot, NULL);
}

/* --- lines --- */

/* A word: copied, and watched for the phrase that defeats every plan. */
static bool word_read(struct parser *p)
{
	static const char *const phrase[] = {"IS", "NULL", "OR"};
	const char *begin = p->at, *end = begin;
	size_t length;

	while (query_is_word(*end))
		end++;
	length = (size_t)(end - begin);
	if (length == strlen(phrase[p->is_null_or]) &&
	    !strncasecmp(begin, phrase[p->is_null_or], length))
		p->is_null_or++;
	else
		p->is_null_or = length == 2 && !strncasecmp(begin, "IS", 2);
	if (p->is_null_or == 3)
		return fail(p, "has IS NULL OR; write variants (--?) instead");
	return text_copy(p, end);
}

/* Quoted text, which is copied as it is. */
static bool quoted_read(struct parser *p)
{
	const char *begin = p->at, *end;
	bool escapes;

	escapes = *begin == '\'' && p->text_length &&
		  (p->text[p->text_length - 1] == 'E' || p->text[p->text_length - 1] == 'e') &&
		  (p->text_length == 1 || !query_is_word(p->text[p->text_length - 2]));
	end = query_skip_quoted(begin, begin + strlen(begin), escapes);
	if (!end)
		return fail(p, "has a quote without end");
	p->is_null_or = 0;
	return text_copy(p, end);
}

/* Any other character. */
static bool sign_read(struct parser *p)
{
	const char c = *p->at;

	if (c == '$')
		return fail(p, "has a dollar sign: neither dollar quotes nor numbered parameters");
	if (c == '/' && p->at[1] == '*')
		return fail(p, "has a block comment; use --");
	if (c == ';') {
		p->ended = true;
		p->at++;
		return true;
	}
	if (c == ' ' || c == '\t' || c == '\r') {
		p->text[p->text_length++] = ' ';
		p->at++;
		return true;
	}
	if (c != '(' && c != ')')
		p->is_null_or = 0;
	return text_copy(p, p->at + (c == ':' && p->at[1] == ':' ? 2 : 1));
}

/* SQL to the end of the line, or of the line on which its last quoted text ends. */
static bool sql_read(struct parser *p)
{
	bool fine = true;

	while (fine && *p->at && *p->at != '\n') {
		if (p->at[0] == '-' && p->at[1] == '-')
			p->at += strcspn(p->at, "\n");
		else if (*p->at == '\'' || *p->at == '"')
			fine = quoted_read(p);
		else if (*p->at == ':' && query_is_word_start(p->at[1]))
			fine = placeholder_read(p);
		else if (query_is_word(*p->at) && *p->at != '$')
			fine = word_read(p);
		else
			fine = sign_read(p);
	}
	if (!fine)
		return false;
	if (*p->at)
		p->at++;
	if (!p->ended)
		p->text[p->text_length++] = '\n';
	return true;
}

static int atom_find(struct parser *p, const char *name, const char *value)
{
	int i;

	for (i = 0; i < p->q->atom_count; i++) {
		const struct atom *a = &p->atoms[i];

		if (!strcmp(a->name, name) && !a->value == !value &&
		    (!value || !strcmp(a->value, value)))
			return i;
	}
	if (i == ATOMS_MAX)
		return -1;
	p->atoms[i] = (struct atom){.name = name, .value = value};
	return p->q->atom_count++;
}

/* Behind "--?": "name: SQL", "name=value: SQL" or "!name: SQL". */
static bool variant_read(struct parser *p)
{
	struct variant *v = &p->variants[p->q->variant_count];
	const char *begin, *end;
	char *name, *value = NULL;
	bool fine;

	if (p->q->variant_count == VARIANTS_MAX)
		return fail(p, "has too many variants");
	p->at += strspn(p->at, " \t");
	v->negated = *p->at == '!';
	begin = p->at += v->negated;
	while (query_is_word(*p->at))
		p->at++;
	name = arena_strndup(p->arena, begin, (size_t)(p->at - begin));
	if (*p->at == '=') {
		begin = ++p->at;
		end = begin + strcspn(begin, ":\n");
		value = arena_strndup(p->arena, begin, (size_t)(end - begin));
		if (!value)
			return no_memory(p);
		p->at = end;
	}
	if (!name)
		return no_memory(p);
	if (!*name || *p->at != ':' || (value && !*value))
		return fail(p, "has a variant without \"name:\"");
	v->atom = atom_find(p, name, value);
	if (v->atom < 0)
		return fail(p, "has too many conditions of variants");
	p->at++;
	if (!text_flush(p))
		return false;
	p->variant = p->q->variant_count++;
	fine = sql_read(p) && text_flush(p);
	p->variant = -1;
	return fine;
}

static bool line_read(struct parser *p)
{
	const char *end;

	p->at += strspn(p->at, " \t\r");
	if (!strncmp(p->at, "--?", 3)) {
		p->at += 3;
		return variant_read(p);
	}
	end = p->at + strcspn(p->at, "\n");
	if (!strncmp(p->at, "--sort", 6)) {
		if (p->q->kind != QUERY_PAGE)
			return fail(p, "has a --sort, but is not a :page");
		if (!query_parse_sort(p->q, p->arena, p->at + 6, end, p->error))
			return false;
	} else if (strncmp(p->at, "--", 2)) {
		return sql_read(p);
	}
	p->at = end + (*end == '\n');
	return true;
}

/* --- the whole --- */

static void *keep(struct parser *p, const void *list, int count, size_t size)
{
	void *copy = arena_alloc(p->arena, (size_t)count * size + 1);

	if (copy)
		memcpy(copy, list, (size_t)count * size);
	return copy;
}

static bool parser_end(struct parser *p)
{
	struct query *q = p->q;

	if (!q->piece_count)
		return fail(p, "is empty");
	if (q->kind == QUERY_PAGE && !q->sort_count)
		return fail(p, "is a :page without a --sort");
	if (q->kind == QUERY_PAGE &&
	    (!p->seen[PIECE_KEYS] || !p->seen[PIECE_AFTER] || !p->seen[PIECE_ORDER]))
		return fail(p, "is a :page and needs :keys, :after and :order");
	q->pieces = keep(p, p->pieces, q->piece_count, sizeof *q->pieces);
	q->slots = keep(p, p->slots, q->slot_count, sizeof *q->slots);
	q->atoms = keep(p, p->atoms, q->atom_count, sizeof *q->atoms);
	q->variants = keep(p, p->variants, q->variant_count, sizeof *q->variants);
	if (!q->pieces || !q->slots || !q->atoms || !q->variants)
		return no_memory(p);
	return true;
}

bool query_parse(struct query *q, struct arena *a, const char *text, char error[200])
{
	struct parser *p = arena_alloc(a, sizeof *p);
	bool fine = true;

	snprintf(error, 200, "no memory");
	q->sorts = arena_alloc(a, SORTS_MAX * sizeof *q->sorts);
	if (!p || !q->sorts)
		return false;
	p->q = q;
	p->arena = a;
	p->error = error;
	p->at = text;
	p->variant = -1;
	p->text = arena_alloc(a, strlen(text) + 2);
	if (!p->text)
		return false;
	while (fine && *p->at)
		fine = line_read(p);
	/* Blank lines at the end are not part of the statement. */
	while (p->text_length && strchr(" \n", p->text[p->text_length - 1]))
		p->text_length--;
	return fine && text_flush(p) && parser_end(p);
}
