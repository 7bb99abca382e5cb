/*
 * http_drain.c -- stopping without one failed request.
 *
 * The listener is closed already.  From here on every reply says Connection: close, so busy
 * clients leave by themselves; connections that have said nothing for a moment are closed,
 * unless a request has just arrived on them.  What is not done in time is broken off.
 */
#include "http_private.h"

#include "clock.h"

#include <sys/ioctl.h>
#include <time.h>

enum { MILLION = 1000000, POLL_MS = 10, BREAK_MS = 3000 };

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * MILLION};

	nanosleep(&t, NULL);
}

static bool has_been_idle(const struct http_client *c, int64_t now)
{
	int unread = 0;

	return atomic_load(&c->phase) == PHASE_IDLE &&
	       now - atomic_load(&c->since_ns) > (int64_t)IDLE_GRACE_MS * MILLION &&
	       !ioctl(c->fd, FIONREAD, &unread) && unread == 0;
}

static void close_idle(struct http *h)
{
	int64_t now = clock_monotonic_ns();
	struct http_client *c;

	pthread_mutex_lock(&h->mutex);
	for (c = h->registry; c; c = c->next)
		if (has_been_idle(c, now))
			shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_unlock(&h->mutex);
}

/* Breaks everything off; true when nothing is suspended: MHD must not be stopped with that. */
static bool break_all(struct http *h)
{
	struct http_client *c;
	bool none = true;

	pthread_mutex_lock(&h->mutex);
	for (c = h->registry; c; c = c->next) {
		atomic_store(&c->broken, true);
		if (atomic_load(&c->suspended) || atomic_load(&c->phase) == PHASE_WAITING)
			none = false;
		http_client_resume(c);
		shutdown(c->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&h->mutex);
	return none;
}

void http_drain(struct http *h, long seconds)
{
	int64_t now = clock_monotonic_ns();
	int64_t end = now + (int64_t)seconds * 1000 * MILLION;

	atomic_store(&h->draining, true);
	while (atomic_load(&h->clients) > 0 && now < end) {
		close_idle(h);
		pause_ms(POLL_MS);
		now = clock_monotonic_ns();
	}
	atomic_store(&h->dying, true);
	end = now + (int64_t)BREAK_MS * MILLION;
	while (!break_all(h) || (atomic_load(&h->clients) > 0 && now < end)) {
		pause_ms(POLL_MS);
		now = clock_monotonic_ns();
	}
}
