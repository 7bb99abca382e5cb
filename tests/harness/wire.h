/*
 * wire.h -- somebody who calls the service over a socket and reads what comes as an answer.
 *
 * Unlike the clients of world.h this one is outside: it has a port, a token and a connection,
 * which it opens again when it broke.  For one thread at a time.
 */
#ifndef QINGLAN_TESTS_WIRE_H
#define QINGLAN_TESTS_WIRE_H

#include "answer.h"
#include "socket.h"

#include "kernel/arena.h"

struct wire {
	int port;
	char token[4200];
	struct arena *arena; /* of the answers */
	struct socket_client socket;
};

bool wire_open(struct wire *w, int port, const char *token);
void wire_close(struct wire *w);

/*
 * Sends a request and waits at most ten seconds for the reply; status 0 when none came whole.
 * BODY may use ' for " and may be NULL.  HEADERS are pairs up to NULL; a body without
 * Content-Type in them is JSON, or a merge patch for PATCH.  NULL without memory.
 */
struct answer *wire_ask(struct wire *w, const char *method, const char *target, const char *body,
			...) __attribute__((sentinel));

/* The same with bytes that are sent as they are. */
struct answer *wire_bytes(struct wire *w, const char *method, const char *target, const char *body,
			  size_t length, ...) __attribute__((sentinel));

#endif
