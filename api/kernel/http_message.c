/*
 * http_message.c -- from MHD's headers to a struct message.
 *
 * Ulfius's maps are not used: they join doubled values by commas whatever they mean, and
 * compare names with case.  Values are as sent, without the blanks round them.
 */
#include "http_private.h"

#include "negotiate.h"

#include <string.h>
#include <strings.h>

const char *http_target(const struct http_client *c)
{
	const char *target = c->target, *path;

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

bool http_asks_english(const struct http_client *c)
{
	return accept_english(
		MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND, "Accept-Language"));
}

void http_peer(const struct http_client *c, const struct http_head *head, char peer[46])
{
	const char *entries = NULL, *last;
	char named[46];
	size_t i, length;

	memcpy(peer, c->address, 46);
	for (i = 0; i < head->count; i++)
		if (!strcasecmp(head->list[i].name, "X-Forwarded-For"))
			entries = head->list[i].value;
	if (!entries || !http_proxy_trusted(c->worker->http, c->address))
		return;
	last = strrchr(entries, ',');
	last = last ? last + 1 : entries;
	last += strspn(last, " \t");
	length = strlen(last);
	while (length && strchr(" \t", last[length - 1]))
		length--;
	if (http_address_canonical(last, length, named))
		memcpy(peer, named, sizeof named);
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
	m->target = http_target(c);
	m->body = c->body ? c->body : "";
	m->body_length = c->body_length;
	m->body_too_large = c->too_large;
	http_peer(c, &head, m->peer);
	return true;
}
