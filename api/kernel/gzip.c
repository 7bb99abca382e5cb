/*
 * gzip.c -- see gzip.h.  Nothing is decompressed here: requests come as they are.
 */
#include "gzip.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { WORTH = 1024, LEVEL = 5, GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };

/* The weight of one element, in thousandths; a malformed one counts as none. */
static int weight(const char *at, const char *end)
{
	int value = 0, unit = 100;

	at = memchr(at, ';', (size_t)(end - at));
	if (!at)
		return 1000;
	for (at++; at < end && (*at == ' ' || *at == '\t'); at++)
		continue;
	if (end - at < 3 || (at[0] != 'q' && at[0] != 'Q') || at[1] != '=' || at[2] < '0' ||
	    at[2] > '1')
		return 0;
	value = (at[2] - '0') * 1000;
	at += 3;
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9' && unit; at++, unit /= 10)
			value += (*at - '0') * unit;
	return value > 1000 ? 0 : value;
}

/* The weight that Accept-Encoding gives CODING by name, or -1. */
static int weight_of(const char *header, const char *coding)
{
	size_t length = strlen(coding);
	const char *end;

	for (; *header; header = *end ? end + 1 : end) {
		header += strspn(header, " \t,");
		end = header + strcspn(header, ",");
		if (strcspn(header, " \t;,") == length && !strncasecmp(header, coding, length))
			return weight(header, end);
	}
	return -1;
}

static bool accepts_gzip(const struct message *m)
{
	const char *header = message_header(m, "Accept-Encoding");
	int gzip, identity;

	if (!header)
		return false;
	gzip = weight_of(header, "gzip");
	if (gzip < 0)
		gzip = weight_of(header, "x-gzip");
	if (gzip < 0)
		gzip = weight_of(header, "*");
	identity = weight_of(header, "identity");
	return gzip > 0 && gzip >= identity;
}

static bool is_text(const char *type)
{
	size_t length = type ? strcspn(type, "; ") : 0;

	if (!length)
		return false;
	if (!strncasecmp(type, "text/", 5))
		return true;
	if (length >= 4 && (!strncasecmp(type + length - 4, "json", 4) ||
			    !strncasecmp(type + length - 4, "yaml", 4)))
		return true;
	return length >= 3 && !strncasecmp(type + length - 3, "xml", 3);
}

/* Adds Accept-Encoding to Vary unless it is there. */
static bool vary(struct arena *a, struct reply *r)
{
	const char *old = reply_header_value(r, "Vary"), *at = old;
	const char *merged;

	while (at && *at) {
		size_t length;

		at += strspn(at, " ,");
		length = strcspn(at, " ,");
		if ((length == 1 && *at == '*') ||
		    (length == 15 && !strncasecmp(at, "Accept-Encoding", 15)))
			return true;
		at += length;
	}
	merged = old && *old ? arena_printf(a, "%s, Accept-Encoding", old) : "Accept-Encoding";
	if (merged)
		reply_header(r, "Vary", merged);
	return merged != NULL;
}

/* BODY compressed, in A; *SIZE 0 if that would not be smaller.  NULL without memory. */
static char *deflated(struct arena *a, const char *body, size_t length, size_t *size)
{
	z_stream z = {0};
	char *out = arena_alloc(a, length);
	int result;

	if (!out || deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
				 Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	z.next_in = (Bytef *)(uintptr_t)body;
	z.avail_in = (uInt)length;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)length;
	result = deflate(&z, Z_FINISH);
	*size = result == Z_STREAM_END ? (size_t)z.total_out : 0;
	deflateEnd(&z);
	return out;
}

/* The body is another one now, so a strong validator would say too much. */
static bool etag_weaken(struct arena *a, struct reply *r)
{
	const char *etag = reply_header_value(r, "ETag");
	const char *weak;

	if (!etag || !strncmp(etag, "W/", 2))
		return true;
	weak = arena_printf(a, "W/%s", etag);
	if (weak)
		reply_header(r, "ETag", weak);
	return weak != NULL;
}

bool gzip_reply(struct arena *a, const struct message *m, struct reply *r)
{
	char *out;
	size_t size = 0;

	if (r->stream || !r->body || r->body_length <= WORTH || r->body_length > UINT32_MAX / 2 ||
	    reply_header_value(r, "Content-Encoding") ||
	    !is_text(reply_header_value(r, "Content-Type")))
		return true;
	if (!vary(a, r))
		return false;
	if (!accepts_gzip(m))
		return true;
	out = deflated(a, r->body, r->body_length, &size);
	if (!out)
		return false;
	if (!size)
		return true;
	if (!etag_weaken(a, r))
		return false;
	r->body = out;
	r->body_length = size;
	reply_header(r, "Content-Encoding", "gzip");
	return true;
}
