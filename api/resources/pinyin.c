/*
 * pinyin.c -- see pinyin.h.  It searches nothing: the tokens are rows of person_token.
 */
#include "pinyin.h"

#include "kernel/json.h"

#include <pthread.h>
#include <string.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

enum { NAME_UNITS_MAX = 200, LATIN_UNITS_MAX = 2000, LATIN_BYTES_MAX = 6000, SYLLABLES_MAX = 40 };

/* Readings of names without tones, the two dots of ü kept. */
static const char RULES[] = "Han-Latin/Names; NFD; [[:Mn:]-[\\u0308]] Remove; NFC; Lower";

/* A transliterator serves one thread at a time, and to open one takes long. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static UTransliterator *names;

/* The syllables of a name and what stands between them; never more than SYLLABLES_MAX. */
struct syllables {
	char *list[SYLLABLES_MAX];
	size_t count;
};

/* A list of tokens, each once. */
struct tokens {
	struct arena *arena;
	json_t *array;
	bool failed;
};

static bool open_names(void)
{
	UChar rules[sizeof RULES];
	UErrorCode error = U_ZERO_ERROR;

	if (names)
		return true;
	u_uastrcpy(rules, RULES);
	names = utrans_openU(rules, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
	return U_SUCCESS(error);
}

/* NAME in Latin letters where ICU knows them; NULL without memory or when it is not UTF-8. */
static char *latin(struct arena *a, const char *name)
{
	UChar *units = arena_alloc(a, LATIN_UNITS_MAX * sizeof *units);
	char *out = arena_alloc(a, LATIN_BYTES_MAX);
	UErrorCode error = U_ZERO_ERROR;
	int32_t length = 0, limit;
	bool opened;

	if (!units || !out)
		return NULL;
	u_strFromUTF8(units, NAME_UNITS_MAX, &length, name, -1, &error);
	if (error == U_BUFFER_OVERFLOW_ERROR) {
		/* No name is so long; the beginning serves. */
		length = NAME_UNITS_MAX;
		error = U_ZERO_ERROR;
	}
	limit = length;
	pthread_mutex_lock(&lock);
	opened = open_names();
	if (opened)
		utrans_transUChars(names, units, &length, LATIN_UNITS_MAX, 0, &limit, &error);
	pthread_mutex_unlock(&lock);
	u_strToUTF8(out, LATIN_BYTES_MAX, NULL, units, limit, &error);
	return opened && U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING ? out : NULL;
}

/* True at a middle dot (C2 B7), an apostrophe or white space: what tokens leave out. */
static size_t mark_length(const char *at)
{
	if (*at == ' ' || *at == '\'' || (*at >= '\t' && *at <= '\r'))
		return 1;
	if (!strncmp(at, "\xC2\xB7", 2))
		return 2;
	return !strncmp(at, "\xE3\x80\x80", 3) || !strncmp(at, "\xE2\x80\x99", 3) ? 3 : 0;
}

/* Cuts TEXT, which is changed, at white space and dots. */
static void split(char *text, struct syllables *out)
{
	char *at = text;

	out->count = 0;
	while (*at && out->count < SYLLABLES_MAX) {
		size_t mark = mark_length(at);

		if (mark) {
			memset(at, '\0', mark);
			at += mark;
			continue;
		}
		out->list[out->count++] = at;
		while (*at && !mark_length(at))
			at++;
	}
	/* Past the last place all that is left would hang on the last syllable. */
	*at = '\0';
}

/* TEXT with every ü (C3 BC) as LETTER and ASCII in lower case, marks left out. */
static char *plain(struct arena *a, const char *text, char letter)
{
	char *out = arena_alloc(a, strlen(text) + 1);
	size_t used = 0;

	while (out && *text) {
		size_t mark = mark_length(text);

		if (mark) {
			text += mark;
		} else if (!strncmp(text, "\xC3\xBC", 2)) {
			out[used++] = letter;
			text += 2;
		} else {
			out[used++] =
				*text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
			text++;
		}
	}
	return out;
}

static void token_add(struct tokens *t, const char *text)
{
	size_t i;
	json_t *known;

	if (!text)
		t->failed = true;
	if (!text || !*text)
		return;
	json_array_foreach(t->array, i, known)
		if (!strcmp(json_string_value(known), text))
			return;
	if (json_array_append_new(t->array, json_string(text)))
		t->failed = true;
}

/* The name from each Han character or word on. */
static void add_name(struct tokens *t, const char *name)
{
	bool begins = true;
	int left = SYLLABLES_MAX;

	for (const char *at = name; *at && left > 0; at++) {
		size_t mark = mark_length(at);
		bool lead = ((unsigned char)*at & 0xC0) != 0x80;

		if (mark) {
			at += mark - 1;
			begins = true;
			continue;
		}
		if (lead && (begins || (unsigned char)*at >= 0xE0)) {
			token_add(t, plain(t->arena, at, 'v'));
			left--;
		}
		begins = false;
	}
}

/* Pinyin from each syllable on, and the initials, with ü as LETTER. */
static void add_pinyin(struct tokens *t, const struct syllables *s, char letter)
{
	const char *initials = "", *rest = "";

	for (size_t i = s->count; i-- > 0;) {
		const char *syllable = plain(t->arena, s->list[i], letter);

		rest = syllable && rest ? arena_printf(t->arena, "%s%s", syllable, rest) : NULL;
		token_add(t, rest);
		/* A character without reading is more than one byte: it has no initial. */
		if (syllable && initials && *syllable >= '0' && *syllable <= 'z')
			initials = arena_printf(t->arena, "%c%s", *syllable, initials);
	}
	token_add(t, initials);
}

/* The last four digits of a phone number of at least seven. */
static void add_phone(struct tokens *t, const char *phone)
{
	char digits[40];
	size_t count = 0;

	for (; *phone && count < sizeof digits - 1; phone++)
		if (*phone >= '0' && *phone <= '9')
			digits[count++] = *phone;
	digits[count] = '\0';
	if (count >= 7)
		token_add(t, digits + count - 4);
}

char *pinyin_sort_key(struct arena *a, const char *name)
{
	char *text = latin(a, name);
	struct syllables s;
	const char *key = "";

	if (!text)
		return NULL;
	split(text, &s);
	for (size_t i = 0; i < s.count && key; i++) {
		const char *syllable = plain(a, s.list[i], 'v');

		key = syllable ? arena_printf(a, "%s%s%s", key, i ? " " : "", syllable) : NULL;
	}
	return key ? arena_printf(a, "%s %s", key, name) : NULL;
}

char *pinyin_tokens(struct arena *a, const char *name, const char *phone)
{
	char *text = latin(a, name);
	struct tokens t = {.arena = a, .array = arena_json(a, json_array())};
	struct syllables s;

	if (!text || !t.array)
		return NULL;
	split(text, &s);
	add_name(&t, name);
	add_pinyin(&t, &s, 'v');
	add_pinyin(&t, &s, 'u');
	if (phone)
		add_phone(&t, phone);
	return t.failed ? NULL : json_text(a, t.array);
}
