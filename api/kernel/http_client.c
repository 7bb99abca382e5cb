/*
 * http_client.c -- the connections there are, in one list that other threads may look through.
 *
 * A client is in the list for as long as its descriptor is open, and the list's mutex is held
 * by whoever touches a descriptor that is not its own: so no descriptor is shut down that has
 * become somebody else's.
 */
#include "http_private.h"

#include "clock.h"
#include "metrics.h"
#include "stream.h"

#include <stdlib.h>
#include <sys/ioctl.h>

void http_phase(struct http_client *c, enum http_phase phase)
{
	/* In this order: who sees the new phase sees its time, or a later one. */
	atomic_store(&c->since_ns, clock_monotonic_ns());
	atomic_store(&c->phase, (int)phase);
}

bool http_claim(struct http_client *c, enum http_phase phase)
{
	int now = atomic_load(&c->phase);

	atomic_store(&c->since_ns, clock_monotonic_ns());
	return now != PHASE_LATE && atomic_compare_exchange_strong(&c->phase, &now, (int)phase);
}

static struct http_client *client_new(struct http_worker *w, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	struct http_client *c = calloc(1, sizeof *c);
	struct http *h = w->http;

	if (!c)
		return NULL;
	c->worker = w;
	c->connection = connection;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	c->fd = info ? info->connect_fd : -1;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info && info->client_addr)
		http_address_text(info->client_addr, c->address);
	http_phase(c, PHASE_IDLE);
	atomic_store(&c->broken, atomic_load(&h->dying));
	pthread_mutex_lock(&h->mutex);
	c->next = h->registry;
	if (c->next)
		c->next->previous = c;
	h->registry = c;
	pthread_mutex_unlock(&h->mutex);
	return c;
}

/*
 * MHD closes a connection without a word when the first thing that came is no request line.
 * The socket is still open here, so the client is told; if it was the client who closed, or
 * we, the connection is no longer established.
 */
static bool closed_on_garbage(const struct http_client *c)
{
	return !c->refused && atomic_load(&c->phase) == PHASE_IDLE && !atomic_load(&c->requests) &&
	       !atomic_load(&c->worker->http->dying) && http_tcp_established(c->fd);
}

static void client_free(struct http_client *c)
{
	struct http *h = c->worker->http;
	int unread = 0;

	if (closed_on_garbage(c)) {
		refusal_send(c->fd, REFUSE_MALFORMED, NULL, false, false);
		c->refused = true;
	}
	/* Closing with bytes unread resets the connection, and the reply may be lost with it. */
	if (!ioctl(c->fd, FIONREAD, &unread) && (unread > 0 || c->refused))
		http_linger(h, c->fd);
	pthread_mutex_lock(&h->mutex);
	if (c->next)
		c->next->previous = c->previous;
	if (c->previous)
		c->previous->next = c->next;
	else
		h->registry = c->next;
	pthread_mutex_unlock(&h->mutex);
	if (c->stream)
		stream_close(c->stream);
	free(c->target);
	free(c->body);
	free(c);
}

void http_connection_notice(void *worker, struct MHD_Connection *connection, void **context,
			    enum MHD_ConnectionNotificationCode what)
{
	struct http_worker *w = worker;

	http_seam_thread(w);
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = client_new(w, connection);
		metrics_add(GAUGE_CLIENTS, 1);
		return;
	}
	if (*context)
		client_free(*context);
	*context = NULL;
	atomic_fetch_sub(&w->clients, 1);
	atomic_fetch_sub(&w->http->clients, 1);
	metrics_add(GAUGE_CLIENTS, -1);
}
