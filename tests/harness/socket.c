/*
 * socket.c -- see socket.h.
 */
#include "socket.h"

#include "pause.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 10000, READ_SIZE = 16 * 1024 };

struct socket_client socket_open(const char *address, int port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	bool is_v6 = strchr(address, ':') != NULL;
	struct socket_client c = {.fd = -1};
	int on = 1;

	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, address,
		      is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return c;
	c.fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c.fd >= 0 && connect(c.fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
				 is_v6 ? sizeof v6 : sizeof v4)) {
		close(c.fd);
		c.fd = -1;
	}
	if (c.fd >= 0)
		setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return c;
}

void socket_close(struct socket_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->buffer);
	*c = (struct socket_client){.fd = -1};
}

bool socket_send(struct socket_client *c, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		length -= (size_t)n;
	}
	return true;
}

bool socket_text(struct socket_client *c, const char *text)
{
	return socket_send(c, text, strlen(text));
}

/* Receives something more until END_MS; false at the end, on an error or when time is up. */
static bool more(struct socket_client *c, int64_t end_ms)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int64_t left = end_ms - now_ms();
	ssize_t n;

	if (c->room < c->length + READ_SIZE) {
		char *larger = realloc(c->buffer, 2 * (c->length + READ_SIZE));

		if (!larger)
			return false;
		c->buffer = larger;
		c->room = 2 * (c->length + READ_SIZE);
	}
	if (left <= 0 || poll(&p, 1, (int)left) != 1)
		return false;
	n = recv(c->fd, c->buffer + c->length, c->room - c->length - 1, 0);
	if (n <= 0)
		return false;
	c->length += (size_t)n;
	return true;
}

/* Takes LENGTH bytes from the front of the buffer. */
static void taken(struct socket_client *c, size_t length)
{
	memmove(c->buffer, c->buffer + length, c->length - length);
	c->length -= length;
}

static char *text_of(const char *bytes, size_t length)
{
	char *text = malloc(length + 1);

	if (text) {
		memcpy(text, bytes, length);
		text[length] = '\0';
	}
	return text;
}

static bool head_read(struct socket_client *c, struct socket_reply *r, int64_t end_ms)
{
	char *end;

	while (c->length == 0 || !(end = memmem(c->buffer, c->length, "\r\n\r\n", 4)))
		if (!more(c, end_ms))
			return false;
	r->head = text_of(c->buffer, (size_t)(end - c->buffer) + 2);
	taken(c, (size_t)(end - c->buffer) + 4);
	if (!r->head || strncmp(r->head, "HTTP/1.1 ", 9))
		return false;
	r->status = (int)strtol(r->head + 9, NULL, 10);
	return true;
}

/* Moves LENGTH bytes from the connection to the end of the body. */
static bool body_append(struct socket_client *c, struct socket_reply *r, size_t length,
			int64_t end_ms)
{
	char *larger = realloc(r->body, r->body_length + length + 1);
	bool whole = true;

	if (!larger)
		return false;
	r->body = larger;
	while (c->length < length && whole)
		whole = more(c, end_ms);
	if (length > c->length)
		length = c->length;
	if (length)
		memcpy(r->body + r->body_length, c->buffer, length);
	r->body_length += length;
	r->body[r->body_length] = '\0';
	taken(c, length);
	return whole;
}

static bool chunks_read(struct socket_client *c, struct socket_reply *r, int64_t end_ms)
{
	for (;;) {
		char *line;
		size_t size;

		while (c->length == 0 || !(line = memmem(c->buffer, c->length, "\r\n", 2)))
			if (!more(c, end_ms))
				return false;
		size = strtoul(c->buffer, NULL, 16);
		taken(c, (size_t)(line - c->buffer) + 2);
		if (!body_append(c, r, size, end_ms))
			return false;
		while (c->length < 2)
			if (!more(c, end_ms))
				return false;
		if (memcmp(c->buffer, "\r\n", 2))
			return false;
		taken(c, 2);
		if (size == 0)
			return true;
	}
}

struct socket_reply socket_read(struct socket_client *c, bool head, int milliseconds)
{
	int64_t end_ms = now_ms() + milliseconds;
	struct socket_reply r = {0};
	char value[512];

	do {
		socket_reply_free(&r);
		if (!head_read(c, &r, end_ms))
			return r;
	} while (r.status == 100);
	r.chunked = socket_header(&r, "Transfer-Encoding", value) != NULL;
	if (!body_append(c, &r, 0, end_ms))
		return r;
	if (head || r.status == 204 || r.status == 304)
		r.whole = true;
	else if (r.chunked)
		r.whole = chunks_read(c, &r, end_ms);
	else if (socket_header(&r, "Content-Length", value))
		r.whole = body_append(c, &r, strtoul(value, NULL, 10), end_ms);
	else
		while ((r.whole = body_append(c, &r, 1, end_ms)))
			continue;
	return r;
}

void socket_reply_free(struct socket_reply *r)
{
	free(r->head);
	free(r->body);
	*r = (struct socket_reply){0};
}

const char *socket_header(const struct socket_reply *r, const char *name, char buffer[512])
{
	const char *line = r->head ? strstr(r->head, "\r\n") : NULL;
	size_t length = strlen(name);

	for (; line; line = strstr(line, "\r\n")) {
		line += 2;
		if (!strncasecmp(line, name, length) && line[length] == ':') {
			line += length + 1;
			line += strspn(line, " ");
			length = strcspn(line, "\r");
			if (length > 511)
				length = 511;
			memcpy(buffer, line, length);
			buffer[length] = '\0';
			return buffer;
		}
	}
	return NULL;
}

bool socket_ended(struct socket_client *c, int milliseconds)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	char byte;

	return c->length == 0 && poll(&p, 1, milliseconds) == 1 && recv(c->fd, &byte, 1, 0) <= 0;
}

struct socket_reply socket_ask(int port, const char *text)
{
	struct socket_client c = socket_open("127.0.0.1", port);
	struct socket_reply r = {0};

	/* A refusal may come before all is sent: the reply counts, not the sending. */
	if (c.fd >= 0) {
		socket_text(&c, text);
		r = socket_read(&c, !strncmp(text, "HEAD ", 5), ASK_MS);
	}
	socket_close(&c);
	return r;
}
