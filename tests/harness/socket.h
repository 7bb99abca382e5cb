/*
 * socket.h -- a raw HTTP/1.1 client for tests: bytes out, one whole reply in.
 *
 * It sends what it is told, right or wrong, and believes nothing of a reply that it has not
 * read.  No redirects, no cookies, no compression.
 */
#ifndef QINGLAN_TESTS_SOCKET_H
#define QINGLAN_TESTS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

struct socket_client {
	int fd;
	char *buffer; /* what was received and not yet read as a reply */
	size_t length, room;
};

struct socket_reply {
	int status; /* 0: no reply came */
	char *head; /* status line and headers, NUL-terminated */
	char *body; /* without chunk framing, NUL-terminated */
	size_t body_length;
	bool whole; /* ended as its head said */
	bool chunked;
};

/* A connection to a port of this machine; "127.0.0.1" or "::1".  fd is -1 if it failed. */
struct socket_client socket_open(const char *address, int port);
void socket_close(struct socket_client *c);

bool socket_send(struct socket_client *c, const char *bytes, size_t length);
bool socket_text(struct socket_client *c, const char *text);

/* Reads one reply (HEAD: of a HEAD request), waiting at most MILLISECONDS in all. */
struct socket_reply socket_read(struct socket_client *c, bool head, int milliseconds);
void socket_reply_free(struct socket_reply *r);

/* The value of a header (name without case) in BUFFER, or NULL. */
const char *socket_header(const struct socket_reply *r, const char *name, char buffer[512]);

/* True when the other side has closed and nothing more came, within MILLISECONDS. */
bool socket_ended(struct socket_client *c, int milliseconds);

/* Sends TEXT on a connection of its own and reads the reply. */
struct socket_reply socket_ask(int port, const char *text);

#endif
