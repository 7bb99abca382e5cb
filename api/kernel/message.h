/*
 * message.h -- a request and a reply, free of any HTTP library.
 *
 * http.c makes messages from the wire and writes replies to it; tests make them by hand.
 */
#ifndef QINGLAN_MESSAGE_H
#define QINGLAN_MESSAGE_H

#include "arena.h"

struct header {
	const char *name, *value;
};

enum { HEADERS_MAX = 64 };

/* What is known of a request before its body is read. */
struct message_head {
	const char *method, *target;
	const char *authorization; /* the header's value, NULL without */
	const char *peer;          /* address of the client */
};

struct message {
	const char *method; /* as sent, case-sensitive */
	const char *target; /* raw request target */
	struct header headers[HEADERS_MAX];
	size_t header_count;
	const char *body;
	size_t body_length;
	bool body_too_large; /* longer than its operation takes; BODY is then empty */
	char peer[46];       /* address of the client, IPv4 or IPv6, without port */
};

/* The value of a header (name without case), or NULL.  The wire joins or refuses doubled ones. */
const char *message_header(const struct message *m, const char *name);

struct stream; /* stream.h */

struct reply {
	int status;
	struct header headers[HEADERS_MAX];
	size_t header_count;
	const char *body; /* in the worker's arena */
	size_t body_length;
	struct stream *stream; /* instead of a body */
	bool streamed;         /* its length is unknown: a stream, or HEAD of one, which has none */
	int operation;         /* for metrics and log: number or -1 */
	int64_t db_ns, auth_ns;
	char request_id[65];
};

/* Adds or replaces a header; VALUE must live as long as the reply. */
void reply_header(struct reply *r, const char *name, const char *value);
const char *reply_header_value(const struct reply *r, const char *name);

#endif
