/*
 * message.c -- headers of requests and replies; see message.h.
 */
#include "message.h"

#include <string.h>
#include <strings.h>

const char *message_header(const struct message *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->header_count; i++)
		if (!strcasecmp(m->headers[i].name, name))
			return m->headers[i].value;
	return NULL;
}

static size_t reply_find(const struct reply *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->header_count; i++)
		if (!strcasecmp(r->headers[i].name, name))
			break;
	return i;
}

void reply_header(struct reply *r, const char *name, const char *value)
{
	size_t i = reply_find(r, name);

	if (i == HEADERS_MAX)
		return;
	if (i == r->header_count)
		r->headers[r->header_count++].name = name;
	r->headers[i].value = value;
}

const char *reply_header_value(const struct reply *r, const char *name)
{
	size_t i = reply_find(r, name);

	return i < r->header_count ? r->headers[i].value : NULL;
}
