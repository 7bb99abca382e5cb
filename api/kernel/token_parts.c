/*
 * token_parts.c -- the outside of a token: three parts, base64url, the header (RFC 7515).
 *
 * Only the one form that token_sign() writes and its kin is let through, before any library
 * sees the token: no padding, no white space, no stray bits, no header member that we do not
 * obey.  Nothing here knows whether a signature is right.
 */
#include "token_private.h"

#include "json.h"

#include <string.h>
#include <strings.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void token_base64url(const unsigned char *bytes, size_t length, char *out)
{
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < length; i++) {
		bits = (bits << 8 | bytes[i]) & 0xffff;
		held += 8;
		while (held >= 6) {
			held -= 6;
			*out++ = ALPHABET[bits >> held & 63];
		}
	}
	if (held > 0)
		*out++ = ALPHABET[bits << (6 - held) & 63];
	*out = '\0';
}

/* The six bits of a base64url character, or -1. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

/*
 * The bytes of one part.  False when it is empty, has another character, or bits are left
 * over that are not zero: two texts would then mean the same bytes.
 */
static bool decode(const char *text, size_t length, unsigned char *out, size_t *out_length)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	if (length == 0 || length % 4 == 1)
		return false;
	for (size_t i = 0; i < length; i++) {
		int six = sextet(text[i]);

		if (six < 0)
			return false;
		bits = (bits << 6 | (unsigned)six) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (unsigned char)(bits >> held & 0xff);
		}
	}
	*out_length = n;
	return (bits & ((1U << held) - 1)) == 0;
}

/* The object that one part holds as strict JSON; NULL when it is anything else. */
static json_t *object_of(struct arena *a, const unsigned char *bytes, size_t length)
{
	const char *reason = NULL;
	size_t offset = 0;
	json_t *value = json_read(a, (const char *)bytes, length, &reason, &offset);

	return json_is_object(value) ? value : NULL;
}

/*
 * A header may say alg, typ and kid.  All else is refused and not ignored: crit and b64
 * change what is signed, jku, jwk, x5u and x5c would bring a key along.
 */
static const char *header_check(json_t *header, struct token_parts *p)
{
	const char *name, *alg, *typ, *kid;
	json_t *value;

	if (!header)
		return "token-header";
	json_object_foreach(header, name, value) {
		if (strcmp(name, "alg") != 0 && strcmp(name, "typ") != 0 &&
		    strcmp(name, "kid") != 0)
			return "token-header";
	}
	alg = json_string_value(json_object_get(header, "alg"));
	typ = json_string_value(json_object_get(header, "typ"));
	kid = json_string_value(json_object_get(header, "kid"));
	if (!alg || strcmp(alg, "ES256") != 0)
		return "token-algorithm";
	if (!typ || strcasecmp(typ, "JWT") != 0)
		return "token-header";
	if (!kid || kid[0] == '\0')
		return "token-header";
	p->kid = kid;
	return NULL;
}

const char *token_take_apart(struct arena *a, const char *token, size_t length,
			     struct token_parts *p)
{
	const char *end = token + length;
	const char *dot = memchr(token, '.', length);
	const char *second = dot ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
	unsigned char *head, *body, *signature;
	size_t head_length, body_length, signature_length;
	const char *code;

	if (!second)
		return "token-malformed";
	head = arena_alloc(a, length);
	body = arena_alloc(a, length);
	signature = arena_alloc(a, length);
	if (!head || !body || !signature)
		return "token-unchecked";
	/* A fourth part has its dot in the signature, which no alphabet has. */
	if (!decode(token, (size_t)(dot - token), head, &head_length) ||
	    !decode(dot + 1, (size_t)(second - dot - 1), body, &body_length) ||
	    !decode(second + 1, (size_t)(end - second - 1), signature, &signature_length))
		return "token-malformed";
	code = header_check(object_of(a, head, head_length), p);
	if (code)
		return code;
	if (signature_length != TOKEN_SIGNATURE_LENGTH)
		return "token-signature";
	p->claims = object_of(a, body, body_length);
	return p->claims ? NULL : "token-claims";
}
