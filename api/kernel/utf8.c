/*
 * utf8.c -- well-formedness and length of UTF-8 (declared in json.h).
 *
 * RFC 3629, table of section 4.  Not a normaliser and no conversion.
 */
#include "json.h"

#include <stdint.h>
#include <string.h>

static const uint64_t HIGH_BITS = 0x8080808080808080u;

static uint64_t eight(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* Bytes of the sequence that begins at P, 0 when it is not well formed within LEFT bytes. */
static size_t sequence(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t size, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	size = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (p[0] == 0xE0)
		low = 0xA0;
	else if (p[0] == 0xED)
		high = 0x9F;
	else if (p[0] == 0xF0)
		low = 0x90;
	else if (p[0] == 0xF4)
		high = 0x8F;
	if (left < size || p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < size; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	}
	return size;
}

bool utf8_valid(const char *text, size_t length)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0;

	while (i < length) {
		size_t size;

		if (length - i >= 8 && !(eight(p + i) & HIGH_BITS)) {
			i += 8;
			continue;
		}
		size = sequence(p + i, length - i);
		if (!size)
			return false;
		i += size;
	}
	return true;
}

size_t utf8_length(const char *text, size_t length)
{
	size_t i, count = 0;

	for (i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}
