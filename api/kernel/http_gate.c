/*
 * http_gate.c -- each call that MHD makes for a request passes here before Ulfius.
 *
 * The head is judged before any byte of the body is read, and the body is collected here, up
 * to what its operation takes: Ulfius would cut a longer one and hand it on as whole, and
 * would parse forms nobody asked for.  What is refused never reaches Ulfius; all else goes
 * to its dispatcher, which calls http_answer() for the one endpoint there is.  Ulfius is told
 * that the target is "/": it would decode and split the real one, which is target.c's work.
 */
#include "http_private.h"

#include <stdlib.h>
#include <string.h>

#include <ulfius.h>

enum { TARGET_KEPT = 512, BODY_FIRST = 4096 };

static struct http_client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/*
 * MHD is about to split the query, into a list that can take all memory of the connection.
 * Nobody reads the list: a NUL after the question mark, in MHD's own buffer, leaves it empty.
 */
static void query_hide(const char *target)
{
	const char *mark = strchr(target, '?');

	if (mark)
		((char *)(uintptr_t)mark)[1] = '\0';
}

/* The request line has been read; TARGET is raw, and will not be for long. */
void *http_target_seen(void *worker, const char *target, struct MHD_Connection *connection)
{
	struct http_client *c = client_of(connection);

	(void)worker;
	if (!c)
		return NULL;
	/* Too late: the watchdog has closed a connection that was idle for long. */
	if (!http_claim(c, PHASE_READING))
		return NULL;
	c->begun = false;
	c->too_large = false;
	atomic_store(&c->english, false);
	c->target_place = target;
	c->target_length = strlen(target);
	if (c->target_length + 1 > c->target_room) {
		char *larger = realloc(c->target, c->target_length + 1);

		/* Without a context Ulfius's dispatcher closes the connection, and so do we. */
		if (!larger)
			return NULL;
		c->target = larger;
		c->target_room = c->target_length + 1;
	}
	memcpy(c->target, target, c->target_length + 1);
	query_hide(target);
	return ulfius_uri_logger(NULL, "/");
}

static void body_drop(struct http_client *c)
{
	if (c->body_room)
		atomic_fetch_sub(&c->worker->http->body_bytes, (long)c->body_room);
	free(c->body);
	c->body = NULL;
	c->body_length = c->body_room = 0;
}

/* Answers by ourselves and closes: what else the client sends is not a request. */
static enum MHD_Result refuse(struct http_client *c, enum refusal r, const struct violation *why)
{
	c->refused = true;
	body_drop(c);
	if (http_claim(c, PHASE_WRITING))
		refusal_send(c->fd, r, why, atomic_load(&c->english), c->head);
	return MHD_NO;
}

/* Room for LENGTH bytes and a NUL more, from what all bodies may have together. */
static bool body_grow(struct http_client *c, size_t length)
{
	size_t room = c->body_room ? c->body_room : BODY_FIRST;
	_Atomic long *all = &c->worker->http->body_bytes;
	char *larger;
	long more;

	while (room < c->body_length + length + 1)
		room *= 2;
	if (room > c->body_max + 1 && c->body_max + 1 >= c->body_length + length + 1)
		room = c->body_max + 1;
	if (room == c->body_room)
		return true;
	more = (long)(room - c->body_room);
	if (atomic_fetch_add(all, more) + more > BODIES_MAX) {
		atomic_fetch_sub(all, more);
		return false;
	}
	larger = realloc(c->body, room);
	if (!larger) {
		atomic_fetch_sub(all, more);
		return false;
	}
	c->body = larger;
	c->body_room = room;
	return true;
}

static enum MHD_Result body_take(struct http_client *c, const char *bytes, size_t *length)
{
	if (*length > c->body_max - c->body_length)
		return refuse(c, REFUSE_TOO_LARGE, NULL);
	if (!body_grow(c, *length))
		return refuse(c, REFUSE_BUSY, NULL);
	memcpy(c->body + c->body_length, bytes, *length);
	c->body_length += *length;
	c->body[c->body_length] = '\0';
	*length = 0;
	return MHD_YES;
}

/* The request is whole, or refused by its head: the application has the word. */
static enum MHD_Result hand_over(struct http_worker *w, const char *method, const char *version,
				 void **context)
{
	size_t nothing = 0;

	if (!http_claim(w->client, PHASE_ANSWERING))
		return MHD_NO;
	return w->ulfius(w->ulfius_context, w->client->connection, "/", method, version, NULL,
			 &nothing, context);
}

/* The most that the body may have; only where one comes is the application asked. */
static size_t body_limit(const struct http_client *c, const struct http_head *all,
			 const char *method)
{
	const struct http_application *a = &c->worker->http->application;
	char peer[46];
	const struct message_head head = {
		.method = method,
		.target = http_target(c),
		.authorization = MHD_lookup_connection_value(c->connection, MHD_HEADER_KIND,
							     "Authorization"),
		.peer = peer,
	};
	size_t most;

	http_peer(c, all, peer);
	most = a->body_max(a->context, &head);
	return most < BODIES_MAX ? most : BODIES_MAX;
}

/* First call: the head is there and nothing of the body has been taken. */
static enum MHD_Result request_begin(struct http_worker *w, const char *method, const char *version,
				     void **context)
{
	struct http_client *c = w->client;
	struct http_head head;
	struct violation why;
	enum MHD_Result result;
	enum refusal r;
	int64_t length;
	size_t nothing = 0;

	c->begun = true;
	c->head = !strcmp(method, "HEAD");
	http_head_read(c->connection, &head);
	atomic_store(&c->english, http_asks_english(c));
	r = http_guard(c, &head, method, version, &length, &why);
	if (r != REFUSE_NOTHING)
		return refuse(c, r, &why);
	c->body_max = length ? body_limit(c, &head, method) : 0;
	c->too_large = length > 0 && (uint64_t)length > c->body_max;
	result = w->ulfius(w->ulfius_context, c->connection, "/", method, version, NULL, &nothing,
			   context);
	/* A reply to the first call makes MHD read no body and close. */
	if (result == MHD_YES && c->too_large) {
		c->refused = true;
		result = hand_over(w, method, version, context);
	}
	return result;
}

enum MHD_Result http_gate(void *worker, struct MHD_Connection *connection, const char *url,
			  const char *method, const char *version, const char *upload,
			  size_t *upload_size, void **context)
{
	struct http_worker *w = worker;
	enum MHD_Result result;

	(void)url;
	w->client = client_of(connection);
	if (!w->client || !*context)
		return MHD_NO;
	w->inside = true;
	if (!w->client->begun)
		result = request_begin(w, method, version, context);
	else if (*upload_size)
		result = body_take(w->client, upload, upload_size);
	else
		result = hand_over(w, method, version, context);
	w->inside = false;
	return result;
}

/* The reply is out, or the connection broken: Ulfius frees its part, we ours. */
void http_completed(void *worker, struct MHD_Connection *connection, void **context,
		    enum MHD_RequestTerminationCode how)
{
	struct http_client *c = client_of(connection);

	mhd_request_completed(worker, connection, context, how);
	if (!c)
		return;
	body_drop(c);
	if (c->target_room > TARGET_KEPT) {
		free(c->target);
		c->target = NULL;
		c->target_room = 0;
	}
	atomic_fetch_add(&c->requests, 1);
	http_phase(c, PHASE_IDLE);
}
