/*
 * http_reply.c -- the one endpoint: the application's answer becomes Ulfius's response.
 *
 * Headers go out as the application gave them; MHD adds Date, Connection and the framing,
 * nobody anything else.  A body is copied, a stream is read while the client takes it.
 */
#include "http_private.h"

#include "stream.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <ulfius.h>

enum { STREAM_BLOCK = 16 * 1024 };

void http_client_resume(void *client)
{
	struct http_client *c = client;

	if (atomic_exchange(&c->suspended, false))
		MHD_resume_connection(c->connection);
}

/* MHD gives the connection up but looks at it again only when something else happens. */
static ssize_t stream_broken(const struct http_client *c)
{
	shutdown(c->fd, SHUT_RDWR);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

/*
 * Called by MHD when the client can take more.  Where there is nothing yet the connection is
 * suspended first and asked again then, so that no wake-up falls between the two.  A resumed
 * connection is called again, so an end that is seen while suspended waits for that call.
 */
static ssize_t stream_give(void *client, uint64_t offset, char *out, size_t most)
{
	struct http_client *c = client;
	ssize_t n;

	(void)offset;
	if (atomic_load(&c->broken) || !c->stream)
		return stream_broken(c);
	n = stream_read(c->stream, out, most, NULL, NULL);
	if (n == 0) {
		http_phase(c, PHASE_WAITING);
		MHD_suspend_connection(c->connection);
		atomic_store(&c->suspended, true);
		n = stream_read(c->stream, out, most, http_client_resume, c);
		if (n != 0 || atomic_load(&c->broken))
			http_client_resume(c);
		return n > 0 ? n : 0;
	}
	http_phase(c, PHASE_WRITING);
	if (n == -1)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n < 0 ? stream_broken(c) : n;
}

static void stream_done(void *client)
{
	struct http_client *c = client;

	if (c->stream)
		stream_close(c->stream);
	c->stream = NULL;
}

/* Framing is MHD's; a header that could end the line early, or is empty, is none. */
static bool header_may_go(const struct header *h)
{
	static const char *const ours[] = {"Connection", "Content-Length", "Date",
					   "Transfer-Encoding"};
	size_t i;

	for (i = 0; i < sizeof ours / sizeof *ours; i++)
		if (!strcasecmp(h->name, ours[i]))
			return false;
	return h->value && *h->name && *h->value && !strpbrk(h->name, "\r\n\t :") &&
	       !strpbrk(h->value, "\r\n\t");
}

static bool reply_give(struct http_client *c, const struct reply *r, struct _u_response *response)
{
	unsigned status = (unsigned)r->status;
	size_t i;
	int result;

	for (i = 0; i < r->header_count; i++)
		if (header_may_go(&r->headers[i]) &&
		    u_map_put(response->map_header, r->headers[i].name, r->headers[i].value) !=
			    U_OK)
			return false;
	if ((atomic_load(&c->worker->http->draining) || c->too_large) &&
	    u_map_put(response->map_header, "Connection", "close") != U_OK)
		return false;
	c->streamed = r->streamed || r->stream;
	if (c->streamed) {
		c->stream = r->stream;
		result = ulfius_set_stream_response(response, status, stream_give, stream_done,
						    U_STREAM_SIZE_UNKNOWN, STREAM_BLOCK, c);
	} else if (r->body && r->body_length) {
		result = ulfius_set_binary_body_response(response, status, r->body, r->body_length);
	} else {
		result = ulfius_set_empty_body_response(response, status);
	}
	return result == U_OK;
}

/* A reply of the wire's own, for what never became an answer. */
static void reply_refusal(struct http_worker *w, enum refusal r, struct reply *reply)
{
	char id[FINGERPRINT_SIZE];

	memset(reply, 0, sizeof *reply);
	reply->status = (int)refusal_status(r);
	reply->body = refusal_document(w->arena, r, atomic_load(&w->client->english), id);
	reply->body_length = strlen(reply->body);
	reply_header(reply, "Content-Type", "application/problem+json");
	reply_header(reply, "Cache-Control", "no-store");
	reply_header(reply, "X-Content-Type-Options", "nosniff");
	reply_header(reply, "X-Request-Id", arena_strdup(w->arena, id));
	if (reply->status == 503)
		reply_header(reply, "Retry-After", "1");
}

/* The thread's part of the application, made when first needed, and again if that failed. */
static void *worker_application(struct http_worker *w)
{
	const struct http_application *a = &w->http->application;

	if (!w->application)
		w->application = a->worker_new(a->context);
	return w->application;
}

int http_answer(const struct _u_request *request, struct _u_response *response, void *worker)
{
	struct http_worker *w = worker;
	const struct http_application *a = &w->http->application;
	void *application = worker_application(w);
	struct message m;
	struct reply reply;
	bool given;

	if (!application || !http_message(w->client, w->arena, request->http_verb, &m)) {
		reply_refusal(w, REFUSE_BUSY, &reply);
	} else {
		memset(&reply, 0, sizeof reply);
		a->answer(application, &m, &reply);
		if (reply.status < 200 || reply.status > 599)
			reply_refusal(w, REFUSE_FAILED, &reply);
	}
	http_phase(w->client, PHASE_WRITING);
	given = reply_give(w->client, &reply, response);
	if (!given && reply.stream && !w->client->stream)
		stream_close(reply.stream);
	if (application)
		a->worker_done(application);
	arena_clear(w->arena);
	return given ? U_CALLBACK_COMPLETE : U_CALLBACK_ERROR;
}
