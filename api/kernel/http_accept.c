/*
 * http_accept.c -- the thread that accepts, and gives each connection to the idlest worker.
 *
 * Too many clients get a short 503.  When the process has no descriptor left one that was
 * kept in reserve lets the client hear that, and if not even this is possible the thread
 * waits: a backlog that nobody can accept must not keep a processor busy.
 */
#include "http_private.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { ACCEPTS_AT_ONCE = 64, PAUSE_MS = 100 };

static struct http_worker *worker_idlest(struct http *h)
{
	struct http_worker *best = &h->workers[0];
	long i;

	for (i = 1; i < h->worker_count; i++)
		if (atomic_load(&h->workers[i].clients) < atomic_load(&best->clients))
			best = &h->workers[i];
	return best;
}

static void turn_away(struct http *h, int fd)
{
	refusal_send(fd, REFUSE_FULL, NULL, false, false);
	http_linger(h, fd);
	close(fd);
}

static void hand_on(struct http *h, int fd, const struct sockaddr *address, socklen_t size)
{
	struct http_worker *w;

	if (atomic_load(&h->clients) >= h->settings.max_clients) {
		turn_away(h, fd);
		return;
	}
	w = worker_idlest(h);
	atomic_fetch_add(&h->clients, 1);
	atomic_fetch_add(&w->clients, 1);
	if (MHD_add_connection(w->daemon, fd, address, size) != MHD_YES) {
		atomic_fetch_sub(&w->clients, 1);
		atomic_fetch_sub(&h->clients, 1);
	}
}

/* No descriptor is left: spends the reserve on telling one client.  False if that failed too. */
static bool accept_and_refuse(struct http *h)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	bool done;
	int fd;

	if (h->reserve < 0)
		h->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (h->reserve < 0)
		return false;
	close(h->reserve);
	fd = accept4(h->listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	/* A full table is reported even when nobody waits. */
	done = fd >= 0 || errno == EAGAIN || errno == EWOULDBLOCK;
	if (fd >= 0) {
		refusal_send(fd, REFUSE_FULL, NULL, false, false);
		close(fd);
	}
	h->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return done;
}

/* False when accepting makes no sense for a moment. */
static bool accept_some(struct http *h)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fd, i;

	for (i = 0; i < ACCEPTS_AT_ONCE; i++) {
		size = sizeof address;
		fd = accept4(h->listener, (struct sockaddr *)&address, &size,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			hand_on(h, fd, (struct sockaddr *)&address, size);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return true;
		if (errno == EMFILE || errno == ENFILE)
			return accept_and_refuse(h);
		if (errno == ENOBUFS || errno == ENOMEM)
			return false;
		/* All else (ECONNABORTED, EINTR, the network's errors) is that one connection's. */
	}
	return true;
}

static void *accept_run(void *http)
{
	struct http *h = http;
	struct pollfd wait[2] = {{.fd = h->accept_stop, .events = POLLIN},
				 {.fd = h->listener, .events = POLLIN}};
	bool pausing = false;

	for (;;) {
		if (poll(wait, pausing ? 1 : 2, pausing ? PAUSE_MS : -1) < 0 && errno != EINTR)
			break;
		if (wait[0].revents)
			break;
		if (!accept_some(h)) {
			if (!pausing)
				log_warning("accept-paused", "{ss}", "cause", strerror(errno));
			pausing = true;
		} else {
			pausing = false;
		}
	}
	return NULL;
}

bool http_accept_start(struct http *h)
{
	h->accepting = !pthread_create(&h->accept_thread, NULL, accept_run, h);
	return h->accepting;
}

void http_accept_stop(struct http *h)
{
	uint64_t one = 1;

	if (!h->accepting)
		return;
	/* An eventfd takes a 1 unless it stands at its maximum, which stops the thread as well. */
	while (write(h->accept_stop, &one, sizeof one) < 0 && errno == EINTR)
		continue;
	pthread_join(h->accept_thread, NULL);
	h->accepting = false;
	close(h->listener);
	h->listener = -1;
}
