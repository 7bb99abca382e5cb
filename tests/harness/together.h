/*
 * together.h -- requests at the same moment, and requests that call() would not send.
 *
 * Each runs through the steps with a worker and a connection of its own, in its own thread.
 */
#ifndef QINGLAN_TOGETHER_H
#define QINGLAN_TOGETHER_H

#include "world.h"

struct sent {
	struct message message;
	int status;
	char *body; /* in the world's arena */
	bool replayed;
	char request_id[65];
};

/* A request of C (NULL: no token) with a JSON body (NULL: none) and a key (NULL: none). */
struct sent sent_new(struct world *w, struct client *c, const char *method, const char *target,
		     const char *body, const char *key);

/* Adds a header, also one that is there already. */
void sent_header(struct sent *s, const char *name, const char *value);

/* Runs them all at once; at most 16. */
void together(struct world *w, struct sent *list, size_t count);

/* How many of LIST were answered STATUS. */
size_t answered(const struct sent *list, size_t count, int status);

#endif
