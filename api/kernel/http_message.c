/*
 * http_message.c -- from MHD's headers to a struct message.
 *
 * Ulfius's maps are not used: they join doubled values by commas whatever they mean, and
 * compare names with case.  Values are as sent, without the blanks round them.
 */
#include "http_private.h"

#include <string.h>
#include <strings.h>

/* RFC 9112 3.2.2: a server takes "http://host/path" as well; what counts is the path. */
static const char *origin_form(const char *target)
{
	const char *path;

	if (!strncasecmp(target, "http://", 7))
		target += 7;
	else if (!strncasecmp(target, "https://", 8))
		target += 8;
	else
		return target;
	path = strpbrk(target, "/?");
	return path && *path == '/' ? path : "/";
}

static struct header *header_find(struct message *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->header_count; i++)
		if (!strcasecmp(m->headers[i].name, name))
			return &m->headers[i];
	return NULL;
}

static bool header_add(struct message *m, struct arena *a, const char *name, const char *value,
		       size_t length)
{
	struct header *h = header_find(m, name);

	while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
		length--;
	if (value[length])
		value = arena_strndup(a, value, length);
	if (h && value)
		value = arena_printf(a, "%s%s%s", h->value,
				     strcasecmp(name, "Cookie") ? ", " : "; ", value);
	if (!value)
		return false;
	if (!h) {
		h = &m->headers[m->header_count++];
		h->name = name;
	}
	h->value = value;
	return true;
}

/* Who asks: the socket's peer, or what a trusted proxy says of it in its last entry. */
static void peer_set(struct message *m, const struct http_client *c)
{
	const char *entries = message_header(m, "X-Forwarded-For");
	const char *last;
	char named[46];

	memcpy(m->peer, c->address, sizeof m->peer);
	if (!entries || !http_proxy_trusted(c->worker->http, c->address))
		return;
	last = strrchr(entries, ',');
	last = last ? last + 1 : entries;
	last += strspn(last, " \t");
	if (http_address_canonical(last, strlen(last), named))
		memcpy(m->peer, named, sizeof m->peer);
}

bool http_message(struct http_client *c, struct arena *a, const char *method, struct message *m)
{
	struct http_head head;
	size_t i;

	memset(m, 0, sizeof *m);
	http_head_read(c->connection, &head);
	for (i = 0; i < head.count; i++)
		if (!header_add(m, a, head.list[i].name, head.list[i].value,
				head.list[i].value_length))
			return false;
	m->method = method;
	m->target = origin_form(c->target);
	m->body = c->body ? c->body : "";
	m->body_length = c->body_length;
	m->body_too_large = c->too_large;
	peer_set(m, c);
	return true;
}
