/*
 * listen.h -- a world's service behind a socket, for what only the wire can show.
 */
#ifndef QINGLAN_LISTEN_H
#define QINGLAN_LISTEN_H

#include "world.h"

#include "kernel/http.h"

/* Serves on a free port of 127.0.0.1 with so many threads; ended by http_stop(). */
struct http *world_listen(struct world *w, long threads);

#endif
