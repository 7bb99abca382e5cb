/*
 * http_watch.c -- the thread that ends what takes too long.
 *
 * MHD's timeout counts silence, so a client that sends a byte now and then outlives it.  Here
 * a request as a whole has request_seconds, from its first byte (which only the socket's
 * count of bytes shows, until the request line is whole); so has a client to take its reply,
 * between two pieces of a stream; and silence between requests has idle_seconds.  Time in
 * the application is not counted: handlers have their own deadlines.
 *
 * A socket is shut down, not closed: its worker sees the end and cleans up.  A client whose
 * request line came and whose request did not is told so (408) before.
 */
#include "http_private.h"

#include "clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { MILLION = 1000000, BILLION = 1000000000, LINGER_READS = 16, LINGER_BYTES = 16 * 1024 };

/* Whether a byte came since the last look; the first look after a request sets the mark. */
static bool bytes_came(struct http_client *c)
{
	unsigned requests = atomic_load(&c->requests);
	uint64_t before = c->bytes_seen;

	c->bytes_seen = http_tcp_received(c->fd);
	if (requests != c->requests_seen) {
		c->requests_seen = requests;
		return false;
	}
	return c->bytes_seen > before;
}

/* Whether a client has been too long in its PHASE. */
static bool overdue(const struct http *h, struct http_client *c, int phase, int64_t now)
{
	int64_t request_ns = (int64_t)h->settings.request_seconds * BILLION;
	int64_t since = atomic_load(&c->since_ns);

	switch (phase) {
	case PHASE_IDLE:
		if (bytes_came(c) && !c->first_byte_ns)
			c->first_byte_ns = now;
		if (c->first_byte_ns && c->first_byte_ns >= since)
			return now - c->first_byte_ns > request_ns;
		c->first_byte_ns = 0;
		return now - since > (int64_t)h->settings.idle_seconds * BILLION;
	case PHASE_READING:
		/* The line's first byte was noticed if it came long before the line was whole. */
		if (c->first_byte_ns && c->first_byte_ns < since &&
		    c->requests_seen == atomic_load(&c->requests))
			since = c->first_byte_ns;
		return now - since > request_ns;
	case PHASE_WRITING:
		return now - since > request_ns;
	case PHASE_LATE:
		return true;
	default:
		return false;
	}
}

/* As http_linger(), with the mutex held. */
static void linger_begin(struct http *h, int fd)
{
	int copy;

	if (h->watching && h->linger_count < LINGER_MAX &&
	    (copy = fcntl(fd, F_DUPFD_CLOEXEC, 3)) >= 0) {
		shutdown(copy, SHUT_WR);
		h->lingering[h->linger_count].fd = copy;
		h->lingering[h->linger_count++].until_ns =
			clock_monotonic_ns() + (int64_t)LINGER_MS * MILLION;
	}
}

/*
 * Ends a client that was overdue in the phase JUDGED, unless its worker went on since.  Told of
 * it, the client has until the next look to read that and close.
 */
static void end(struct http *h, struct http_client *c, int judged)
{
	int now = judged;

	if (!atomic_compare_exchange_strong(&c->phase, &now, PHASE_LATE))
		return;
	if (judged == PHASE_READING &&
	    refusal_send(c->fd, REFUSE_LATE, NULL, atomic_load(&c->english), false))
		linger_begin(h, c->fd);
	else
		shutdown(c->fd, SHUT_RDWR);
}

static void scan(struct http *h, int64_t now)
{
	struct http_client *c;
	int phase;

	for (c = h->registry; c; c = c->next) {
		phase = atomic_load(&c->phase);
		if (phase == PHASE_WAITING) {
			/* MHD does not look whether somebody still waits for a suspended stream. */
			if (!http_tcp_peer_gone(c->fd))
				continue;
			atomic_store(&c->broken, true);
			http_client_resume(c);
		} else if (overdue(h, c, phase, now)) {
			end(h, c, phase);
		}
	}
}

static void ring(struct http *h)
{
	uint64_t one = 1;
	long i;

	for (i = 0; i < h->worker_count; i++)
		if (atomic_load(&h->workers[i].clients) >= EVENTS_AT_ONCE &&
		    write(h->workers[i].bell, &one, sizeof one) < 0)
			continue; /* full: it has been ringing since 2^64 ticks */
}

void http_linger(struct http *h, int fd)
{
	pthread_mutex_lock(&h->mutex);
	linger_begin(h, fd);
	pthread_mutex_unlock(&h->mutex);
}

/* Reads away what still comes; true when the other side has closed too, or time is up. */
static bool lingered(const struct http_linger *l, int64_t now)
{
	char discarded[LINGER_BYTES];
	ssize_t n = 1;
	int i;

	for (i = 0; i < LINGER_READS && n > 0; i++)
		n = recv(l->fd, discarded, sizeof discarded, MSG_DONTWAIT);
	return n == 0 || now > l->until_ns;
}

static void linger_end(struct http *h, int64_t now)
{
	size_t i = 0;

	while (i < h->linger_count) {
		if (lingered(&h->lingering[i], now)) {
			close(h->lingering[i].fd);
			h->lingering[i] = h->lingering[--h->linger_count];
		} else {
			i++;
		}
	}
}

static void *watch_run(void *http)
{
	struct http *h = http;
	struct timespec until;
	unsigned ticks = 0;
	int64_t now;

	pthread_mutex_lock(&h->mutex);
	while (!h->watch_stop) {
		now = clock_monotonic_ns();
		until.tv_sec = (now + (int64_t)TICK_MS * MILLION) / BILLION;
		until.tv_nsec = (now + (int64_t)TICK_MS * MILLION) % BILLION;
		pthread_cond_timedwait(&h->tick, &h->mutex, &until);
		now = clock_monotonic_ns();
		linger_end(h, now);
		ring(h);
		if (++ticks % SCAN_TICKS == 0)
			scan(h, now);
	}
	pthread_mutex_unlock(&h->mutex);
	return NULL;
}

bool http_watch_start(struct http *h)
{
	h->watching = !pthread_create(&h->watch_thread, NULL, watch_run, h);
	return h->watching;
}

void http_watch_stop(struct http *h)
{
	if (!h->watching)
		return;
	pthread_mutex_lock(&h->mutex);
	h->watch_stop = true;
	pthread_cond_signal(&h->tick);
	pthread_mutex_unlock(&h->mutex);
	pthread_join(h->watch_thread, NULL);
	h->watching = false;
	linger_end(h, INT64_MAX);
}
