/*
 * schema_address.c -- e-mail addresses by RFC 5321 section 4.1.2, URIs by RFC 3986.
 *
 * ASCII only: internationalised addresses are other formats.  Whether anybody is there is not
 * asked.
 */
#include "schema_private.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* inet_pton() on LENGTH bytes. */
static bool is_ip(int family, const char *text, size_t length)
{
	unsigned char address[16];
	char copy[46];

	if (length >= sizeof copy || memchr(text, '\0', length))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(family, copy, address) == 1;
}

/* ---- e-mail ---- */

/* Atoms of printable characters, joined by single dots. */
static bool is_dot_atom(const char *p, size_t length)
{
	size_t i;

	if (!length || p[0] == '.' || p[length - 1] == '.')
		return false;
	for (i = 0; i < length; i++) {
		if (p[i] == '.' && p[i - 1] == '.')
			return false;
		if (p[i] != '.' && !is_letter(p[i]) && !is_digit(p[i]) &&
		    !is_one_of(p[i], "!#$%&'*+-/=?^_`{|}~"))
			return false;
	}
	return true;
}

static bool is_quoted(const char *p, size_t length)
{
	size_t i;

	if (length < 3 || p[0] != '"' || p[length - 1] != '"')
		return false;
	for (i = 1; i < length - 1; i++) {
		if (p[i] < ' ' || p[i] > '~' || p[i] == '"')
			return false;
		if (p[i] == '\\') {
			i++;
			if (i == length - 1 || p[i] < ' ' || p[i] > '~')
				return false;
		}
	}
	return true;
}

/* Labels of letters, digits and inner hyphens, joined by dots. */
static bool is_domain(const char *p, size_t length)
{
	size_t i, label = 0;

	if (!length || length > 253)
		return false;
	for (i = 0; i <= length; i++) {
		if (i == length || p[i] == '.') {
			if (!label || label > 63 || p[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_letter(p[i]) && !is_digit(p[i]) && (p[i] != '-' || !label))
			return false;
		label++;
	}
	return true;
}

static bool is_address_literal(const char *p, size_t length)
{
	if (length < 3 || p[0] != '[' || p[length - 1] != ']')
		return false;
	if (length > 7 && strncasecmp(p + 1, "IPv6:", 5) == 0)
		return is_ip(AF_INET6, p + 6, length - 7);
	return is_ip(AF_INET, p + 1, length - 2);
}

bool address_email(const char *text, size_t length)
{
	const char *at = memrchr(text, '@', length);
	size_t local = at ? (size_t)(at - text) : 0, domain;

	if (!at || local > 64)
		return false;
	domain = length - local - 1;
	return (is_dot_atom(text, local) || is_quoted(text, local)) &&
	       (is_domain(at + 1, domain) || is_address_literal(at + 1, domain));
}

/* ---- URI ---- */

/* True when LENGTH bytes are unreserved, sub-delims, whole escapes, or one of MORE. */
static bool is_made_of(const char *p, size_t length, const char *more)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (p[i] == '%') {
			if (length - i < 3 || !is_hex(p[i + 1]) || !is_hex(p[i + 2]))
				return false;
			i += 2;
		} else if (!is_letter(p[i]) && !is_digit(p[i]) &&
			   !is_one_of(p[i], "-._~!$&'()*+,;=") && !is_one_of(p[i], more)) {
			return false;
		}
	}
	return true;
}

/* "v1.something" between the brackets of a host. */
static bool is_future_address(const char *p, size_t length)
{
	size_t i = 1;

	if (!length || (p[0] != 'v' && p[0] != 'V'))
		return false;
	while (i < length && is_hex(p[i]))
		i++;
	return i > 1 && i + 1 < length && p[i] == '.' && !memchr(p, '%', length) &&
	       is_made_of(p + i + 1, length - i - 1, ":");
}

static bool is_authority(const char *p, size_t length)
{
	const char *at = memchr(p, '@', length), *end = p + length, *colon;

	if (at) {
		if (!is_made_of(p, (size_t)(at - p), ":"))
			return false;
		p = at + 1;
	}
	if (p < end && *p == '[') {
		const char *close = memchr(p, ']', (size_t)(end - p));

		if (!close || !(is_ip(AF_INET6, p + 1, (size_t)(close - p) - 1) ||
				is_future_address(p + 1, (size_t)(close - p) - 1)))
			return false;
		p = close + 1;
		if (p < end && *p != ':')
			return false;
		colon = p;
	} else {
		colon = memchr(p, ':', (size_t)(end - p));
		if (!colon)
			colon = end;
		if (!is_made_of(p, (size_t)(colon - p), ""))
			return false;
	}
	for (p = colon + 1; p < end; p++) {
		if (!is_digit(*p))
			return false;
	}
	return true;
}

/* Bytes at P before the first of SET, at most LENGTH. */
static size_t until(const char *p, size_t length, const char *set)
{
	size_t i = 0;

	while (i < length && !is_one_of(p[i], set))
		i++;
	return i;
}

bool address_uri(const char *text, size_t length)
{
	size_t size = until(text, length, ":"), i;

	if (size == length || !is_letter(text[0]))
		return false;
	for (i = 1; i < size; i++) {
		if (!is_letter(text[i]) && !is_digit(text[i]) && !is_one_of(text[i], "+-."))
			return false;
	}
	text += size + 1;
	length -= size + 1;
	if (length >= 2 && text[0] == '/' && text[1] == '/') {
		size = until(text + 2, length - 2, "/?#");
		if (!is_authority(text + 2, size))
			return false;
		text += size + 2;
		length -= size + 2;
	}
	size = until(text, length, "?#");
	if (!is_made_of(text, size, ":@/"))
		return false;
	text += size;
	length -= size;
	if (length && *text == '?') {
		size = until(text, length, "#");
		if (!is_made_of(text + 1, size - 1, ":@/?"))
			return false;
		text += size;
		length -= size;
	}
	return !length || is_made_of(text + 1, length - 1, ":@/?");
}
