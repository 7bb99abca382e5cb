/*
 * cell.c -- see cell.h.  Names of people are not cleaned here: SQL's person_name() does that.
 */
#include "cell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the blank at AT, 0 for anything else. */
static size_t blank_length(const char *at)
{
	static const char *const wide[] = {"\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\x8B",
					   "\xEF\xBB\xBF"};

	if (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		return 1;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		if (strncmp(at, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	}
	return 0;
}

/* Length of the apostrophe at AT: straight, left or right. */
static size_t apostrophe_length(const char *at)
{
	if (*at == '\'' || *at == '`')
		return 1;
	return strncmp(at, "\xE2\x80\x98", 3) == 0 || strncmp(at, "\xE2\x80\x99", 3) == 0 ? 3 : 0;
}

/* True of control characters that are no blanks: programs leave them, no contract takes them. */
static bool is_debris(char c)
{
	return (c >= '\x01' && c < '\t') || (c > '\r' && c < ' ') || c == '\x7F';
}

/* TEXT without debris, and with a blank for each vertical tab and form feed. */
static char *cell_text(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);
	size_t used = 0;

	for (; out && *text; text++) {
		if (!is_debris(*text))
			out[used++] = *text == '\v' || *text == '\f' ? ' ' : *text;
	}
	if (out)
		out[used] = '\0';
	return out;
}

char *cell_clean(struct arena *a, const char *text)
{
	size_t skip, end = 0;

	text = cell_text(a, text);
	if (!text)
		return NULL;
	while ((skip = blank_length(text)) || (skip = apostrophe_length(text)))
		text += skip;
	for (size_t i = 0; text[i];) {
		size_t blank = blank_length(text + i);

		i += blank ? blank : 1;
		if (!blank)
			end = i;
	}
	return arena_strndup(a, text, end);
}

char *cell_narrow(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);
	size_t used = 0;

	if (!out)
		return NULL;
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		unsigned code = 0;

		if (at[0] == 0xEF && (at[1] & 0xFC) == 0xBC && (at[2] & 0xC0) == 0x80)
			code = 0xF000u | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
		if (code >= 0xFF01 && code <= 0xFF5E) {
			out[used++] = (char)(code - 0xFEE0);
			at += 3;
		} else {
			out[used++] = (char)*at++;
		}
	}
	out[used] = '\0';
	return out;
}

char *cell_line(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);
	size_t used = 0;

	for (; out && *text; text++) {
		bool space = *text == '\n' || *text == '\r' || *text == '\t' || *text == ' ';

		if (!space)
			out[used++] = *text;
		else if (used && out[used - 1] != ' ')
			out[used++] = ' ';
	}
	if (out)
		out[used] = '\0';
	return out;
}

/* Reads one to MOST digits at *AT; -1 when there is none or are more. */
static int digits(const char **at, int most)
{
	int number = 0, count = 0;

	for (; isdigit((unsigned char)**at); ++*at) {
		if (++count > most)
			return -1;
		number = number * 10 + (**at - '0');
	}
	return count ? number : -1;
}

static bool take(const char **at, const char *text)
{
	size_t length = strlen(text);

	if (strncmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

/* A time of midnight, as a spreadsheet adds it: " 0:00", "T00:00:00". */
static bool midnight(const char *at)
{
	if (!*at)
		return true;
	if (*at != ' ' && *at != 'T')
		return false;
	at += 1 + strspn(at + 1, "0:");
	take(&at, ".000");
	take(&at, "Z");
	return !*at;
}

/* 20240901 or 202409; anything else of digits only is no date. */
static enum cell_date compact_date(const char *text, int *year, int *month, int *day)
{
	size_t length = strlen(text);
	int number = (int)strtol(text, NULL, 10);

	if (length == 8) {
		*year = number / 10000;
		*month = number / 100 % 100;
		*day = number % 100;
		return CELL_DAY;
	}
	if (length == 6) {
		*year = number / 100;
		*month = number % 100;
		return CELL_MONTH;
	}
	return CELL_NO_DATE;
}

static enum cell_date separated_date(const char *at, int *year, int *month, int *day)
{
	static const char *const separators[] = {"-", ".", "/", "年"};
	const char *separator = NULL;
	bool han;

	*year = digits(&at, 4);
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]) && !separator; i++)
		separator = take(&at, separators[i]) ? separators[i] : NULL;
	if (*year < 0 || !separator)
		return CELL_NO_DATE;
	han = strcmp(separator, "年") == 0;
	*month = digits(&at, 2);
	if (*month < 0)
		return CELL_NO_DATE;
	if (han ? !take(&at, "月") : !*at)
		return han ? CELL_NO_DATE : CELL_MONTH;
	if (!*at)
		return CELL_MONTH;
	if (!han && !take(&at, separator))
		return CELL_NO_DATE;
	*day = digits(&at, 2);
	if (*day < 0)
		return CELL_NO_DATE;
	if (han && !take(&at, "日") && !take(&at, "号"))
		return CELL_NO_DATE;
	return midnight(at) ? CELL_DAY : CELL_NO_DATE;
}

static bool is_date(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1900 || year > 2100 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

enum cell_date cell_date(const char *narrow, char out[11])
{
	enum cell_date kind;
	int year = 0, month = 0, day = 1;

	out[0] = '\0';
	if (narrow[strspn(narrow, "0123456789")] == '\0')
		kind = compact_date(narrow, &year, &month, &day);
	else
		kind = separated_date(narrow, &year, &month, &day);
	if (kind == CELL_NO_DATE || !is_date(year, month, day))
		return CELL_NO_DATE;
	/* The bounds are known to be kept; the compiler wants to see it. */
	snprintf(out, 11, "%04u-%02u-%02u", (unsigned)year % 10000u, (unsigned)month % 100u,
		 (unsigned)day % 100u);
	return kind;
}

size_t cell_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((unsigned char)*text & 0xC0) != 0x80;
	return length;
}
