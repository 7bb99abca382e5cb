/*
 * stream.h -- replies of unknown length or unknown time: exports and long polls.
 *
 * A stream is filled by one of a small pool of threads, each with its own connection to
 * PostgreSQL, and read by the HTTP worker, which suspends the client's connection while
 * nothing is there, so that no worker waits.  The buffer between them is bounded.
 */
#ifndef QINGLAN_STREAM_H
#define QINGLAN_STREAM_H

#include "pg.h"
#include <sys/types.h>

struct stream;
struct stream_pool;

/*
 * The filling side, on a pool thread: call stream_write() until done, then return true; false
 * breaks the reply off (the client sees a cut body, never a short whole one).
 */
typedef bool stream_fill(struct stream *s, struct pg *c, void *context);

/* Each thread has a connection of its own; without DATABASE_URL fills get NULL for it. */
struct stream_pool *stream_pool_new(const char *database_url, long threads, long queue_max);

/*
 * How long a filler waits for a slow client to make room: 30
 * seconds unless told, before any stream.
 */
void stream_pool_patience(struct stream_pool *p, long seconds);

/* Waits for running fills to end; every stream must be closed, so after http_stop(). */
void stream_pool_free(struct stream_pool *p);

/*
 * A stream, one of at most threads + QUEUE_MAX; NULL when there are so many (503).  RELEASE
 * frees CONTEXT at the end, on either side's thread.
 */
struct stream *stream_new(struct stream_pool *p, stream_fill *fill, void *context,
			  void (*release)(void *));

/*
 * From FILL: waits while the buffer is full; false when the client is gone, or has not taken half
 * a buffer (32 KiB) within the pool's patience: then the reply is broken off.  A FILL that waits
 * for something else asks with LENGTH 0 whether it is still wanted.
 */
bool stream_write(struct stream *s, const char *bytes, size_t length);

/*
 * The reading side, on the HTTP worker: copies what is there.  0: nothing yet, RESUME(ARGUMENT)
 * will be called once; -1 end; -2 broken off.  A stream begins to be filled at the first read.
 * A reader that found nothing is woken when a quarter of the buffer (16 KiB) is there, or the
 * end: a FILL that says little now and then is heard at its end.
 */
ssize_t stream_read(struct stream *s, char *buffer, size_t size, void (*resume)(void *),
		    void *argument);
void stream_close(struct stream *s); /* the HTTP side is done, early or not */

#endif
