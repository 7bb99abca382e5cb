/*
 * negotiate.c -- see negotiate.h.
 */
#include "negotiate.h"

#include <string.h>

/* Length of the word at TEXT up to one of ENDS or its end, without trailing blanks. */
static size_t word_length(const char *text, const char *ends)
{
	size_t length = strcspn(text, ends);

	while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	return length;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* "q=0.5" among the parameters of a range, in thousandths; 1000 without. */
static int range_quality(const char *range)
{
	const char *end = range + strcspn(range, ",");
	const char *at = memchr(range, ';', (size_t)(end - range));

	while (at && at < end) {
		at = skip_blanks(at + 1);
		if ((*at == 'q' || *at == 'Q') && at[1] == '=') {
			int whole = at[2] == '1' ? 1000 : 0, unit = 100;

			for (at += 3; *at == '.' || (*at >= '0' && *at <= '9'); at++) {
				if (*at == '.')
					continue;
				whole += (*at - '0') * unit;
				unit /= 10;
			}
			return whole > 1000 ? 1000 : whole;
		}
		at = memchr(at, ';', (size_t)(end - at));
	}
	return 1000;
}

/* 3 the type itself, 2 its family ("text" with a star), 1 anything, 0 another. */
static int range_specificity(const char *range, const char *type)
{
	size_t length = word_length(range, ",;");
	size_t family = strcspn(type, "/");

	if (length == strlen(type) && !strncasecmp(range, type, length))
		return 3;
	if (length == 3 && !strncmp(range, "*/*", 3))
		return 1;
	if (length == family + 2 && !strncasecmp(range, type, family) &&
	    !strncmp(range + family, "/*", 2))
		return 2;
	return 0;
}

int accept_quality(const char *accept, const char *type)
{
	int best = 0, quality = 0;

	if (!accept || !*skip_blanks(accept))
		return 1000;
	while (*accept) {
		int fit;

		accept = skip_blanks(accept);
		fit = range_specificity(accept, type);
		if (fit > best) {
			best = fit;
			quality = range_quality(accept);
		}
		accept += strcspn(accept, ",");
		accept += *accept == ',';
	}
	return quality;
}

/* True when the language range of LENGTH bytes is TAG or narrower ("en-GB"). */
static bool language_is(const char *range, size_t length, const char *tag)
{
	size_t size = strlen(tag);

	return length >= size && !strncasecmp(range, tag, size) &&
	       (length == size || range[size] == '-');
}

bool accept_english(const char *accept)
{
	bool english = false;
	int best = 0;

	while (accept && *accept) {
		size_t length;
		int quality;

		accept = skip_blanks(accept);
		length = word_length(accept, ",;");
		quality = range_quality(accept);
		if (quality > best &&
		    (language_is(accept, length, "en") || language_is(accept, length, "zh") ||
		     language_is(accept, length, "*"))) {
			best = quality;
			english = language_is(accept, length, "en");
		}
		accept += strcspn(accept, ",");
		accept += *accept == ',';
	}
	return english;
}

char *media_parameter(struct arena *a, const char *media, const char *name)
{
	size_t length = strlen(name);
	const char *at = strchr(media, ';');

	for (; at; at = strchr(at, ';')) {
		at = skip_blanks(at + 1);
		if (!strncasecmp(at, name, length) && at[length] == '=') {
			const char *text = at + length + 1;
			size_t size = word_length(text, ";,");

			if (size >= 2 && *text == '"' && text[size - 1] == '"') {
				text++;
				size -= 2;
			}
			return arena_strndup(a, text, size);
		}
	}
	return NULL;
}

bool content_type_is(const char *content_type, const char *type)
{
	size_t length;

	content_type = skip_blanks(content_type);
	length = word_length(content_type, ";");
	return length == strlen(type) && !strncasecmp(content_type, type, length);
}
