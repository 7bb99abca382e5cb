/*
 * wire.c -- see wire.h.
 */
#include "wire.h"

#include "kernel/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_SIZE = 8000, WAIT_MS = 10000, MEMORY_BYTES = 256 << 20 };

bool wire_open(struct wire *w, int port, const char *token)
{
	*w = (struct wire){.port = port, .socket.fd = -1};
	snprintf(w->token, sizeof w->token, "%s", token);
	w->token[strcspn(w->token, "\r\n")] = '\0';
	w->arena = arena_new(MEMORY_BYTES);
	return w->arena != NULL;
}

void wire_close(struct wire *w)
{
	socket_close(&w->socket);
	arena_free(w->arena);
	w->arena = NULL;
}

/* The lines before a body into HEAD, their length. */
static size_t head_make(const struct wire *w, char head[HEAD_SIZE], const char *method,
			const char *target, const char *body, size_t length, va_list headers)
{
	const char *type =
		strcmp(method, "PATCH") ? "application/json" : "application/merge-patch+json";
	size_t used = (size_t)snprintf(head, HEAD_SIZE,
				       "%s %s HTTP/1.1\r\nHost: localhost\r\n"
				       "Authorization: Bearer %s\r\n",
				       method, target, w->token);
	const char *name;

	while (used < HEAD_SIZE && (name = va_arg(headers, const char *))) {
		if (!strcasecmp(name, "Content-Type"))
			type = NULL;
		used += (size_t)snprintf(head + used, HEAD_SIZE - used, "%s: %s\r\n", name,
					 va_arg(headers, const char *));
	}
	if (used < HEAD_SIZE && body && type)
		used += (size_t)snprintf(head + used, HEAD_SIZE - used, "Content-Type: %s\r\n",
					 type);
	if (used < HEAD_SIZE)
		used += (size_t)snprintf(head + used, HEAD_SIZE - used,
					 "Content-Length: %zu\r\n\r\n", length);
	if (used >= HEAD_SIZE)
		abort();
	return used;
}

static void headers_read(struct wire *w, struct answer *a, const char *head)
{
	const char *line = strstr(head, "\r\n");

	for (; line && line[2] && a->header_count < HEADERS_MAX; line = strstr(line, "\r\n")) {
		size_t name, value;

		line += 2;
		name = strcspn(line, ":\r");
		if (line[name] != ':')
			continue;
		value = name + 1 + strspn(line + name + 1, " ");
		a->headers[a->header_count].name = arena_strndup(w->arena, line, name);
		a->headers[a->header_count++].value =
			arena_strndup(w->arena, line + value, strcspn(line + value, "\r"));
	}
}

static struct answer *answer_make(struct wire *w, const char *method, const char *target,
				  const struct socket_reply *r)
{
	struct answer *a = arena_alloc(w->arena, sizeof *a);
	const char *reason;
	size_t offset;

	if (!a)
		return NULL;
	snprintf(a->request, sizeof a->request, "%s %s", method, target);
	a->body = arena_strndup(w->arena, r->body ? r->body : "", r->body_length);
	if (!a->body || !r->whole)
		return a;
	a->status = r->status;
	a->length = r->body_length;
	headers_read(w, a, r->head);
	if (a->length && strstr(header_of(a, "Content-Type"), "json"))
		a->json = json_read(w->arena, a->body, a->length, &reason, &offset);
	return a;
}

static struct answer *ask(struct wire *w, const char *method, const char *target, const char *body,
			  size_t length, va_list headers)
{
	struct socket_reply r = {0};
	char head[HEAD_SIZE], closing[512];
	struct answer *a;
	size_t size;

	size = head_make(w, head, method, target, body, length, headers);
	if (w->socket.fd < 0)
		w->socket = socket_open("127.0.0.1", w->port);
	if (w->socket.fd >= 0 && socket_send(&w->socket, head, size) &&
	    socket_send(&w->socket, body, length))
		r = socket_read(&w->socket, !strcmp(method, "HEAD"), WAIT_MS);
	a = answer_make(w, method, target, &r);
	if (!r.whole || (socket_header(&r, "Connection", closing) && !strcasecmp(closing, "close")))
		socket_close(&w->socket);
	socket_reply_free(&r);
	return a;
}

struct answer *wire_bytes(struct wire *w, const char *method, const char *target, const char *body,
			  size_t length, ...)
{
	struct answer *a;
	va_list headers;

	va_start(headers, length);
	a = ask(w, method, target, body, length, headers);
	va_end(headers);
	return a;
}

struct answer *wire_ask(struct wire *w, const char *method, const char *target, const char *body,
			...)
{
	char *copy = body ? arena_strdup(w->arena, body) : NULL, *at;
	struct answer *a;
	va_list headers;

	if (body && !copy)
		return NULL;
	for (at = copy; at && *at; at++)
		if (*at == '\'')
			*at = '"';
	va_start(headers, body);
	a = ask(w, method, target, copy, copy ? strlen(copy) : 0, headers);
	va_end(headers);
	return a;
}
