/*
 * http_seam.c -- two functions of libmicrohttpd that are answered here first.
 *
 * Ulfius starts MHD with its own dispatcher and lets nobody see a request before the whole
 * body is in memory; MHD writes its own HTML pages for what it cannot parse.  Neither has an
 * option for it.  Both libraries are shared and call these two functions by name, so the
 * program's definitions are found first:
 *
 *   MHD_start_daemon    while http_seam_begin() is in force the gate takes the place of the
 *                       dispatcher, which it then calls; otherwise nothing changes.
 *   MHD_queue_response  a reply that is queued on a worker's thread, but not by the gate or
 *                       what it called, is an error page of MHD: a problem goes out before it.
 *                       A stream in answer to HEAD is kept from ending in a chunk.
 *
 * http_start() fails if the first was not used, and http_guard_test.c sees the second at work.
 * Nothing else is replaced.
 */
#include "http_private.h"

#include <dlfcn.h>
#include <stdarg.h>

typedef enum MHD_Result queue_function(struct MHD_Connection *, unsigned, struct MHD_Response *);

static _Thread_local struct http_worker *starting, *serving;
static pthread_once_t resolved = PTHREAD_ONCE_INIT;
static queue_function *queue_next;

static void resolve(void)
{
	union {
		void *object;
		queue_function *function;
	} next;

	/* ISO C has no conversion from the object pointer that dlsym() gives. */
	next.object = dlsym(RTLD_NEXT, "MHD_queue_response");
	queue_next = next.function;
}

void http_seam_begin(struct http_worker *w)
{
	w->ulfius = NULL;
	starting = w;
}

bool http_seam_end(void)
{
	bool used = starting && starting->ulfius;

	starting = NULL;
	return used;
}

void http_seam_thread(struct http_worker *w)
{
	serving = w;
}

struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback policy,
				    void *policy_context, MHD_AccessHandlerCallback handler,
				    void *handler_context, ...)
{
	struct MHD_Daemon *daemon;
	va_list options;

	if (starting) {
		starting->ulfius = handler;
		starting->ulfius_context = handler_context;
		handler = http_gate;
		handler_context = starting;
	}
	va_start(options, handler_context);
	daemon = MHD_start_daemon_va(flags, port, policy, policy_context, handler, handler_context,
				     options);
	va_end(options);
	return daemon;
}

/*
 * MHD's error page.  The problem goes out at once, after which the socket takes nothing more,
 * so that what MHD then writes (for a wrong Content-Length its head twice) reaches nobody;
 * MHD itself goes on as it would, since not all of its parser expects to be stopped here.
 */
static void refuse(struct MHD_Connection *connection, unsigned status)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_client *c = info ? info->socket_context : NULL;

	if (!c || !http_claim(c, PHASE_WRITING))
		return;
	c->refused = true;
	refusal_send(c->fd, refusal_of_status(status), NULL, http_asks_english(c), false);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
				   struct MHD_Response *response)
{
	pthread_once(&resolved, resolve);
	if (!queue_next)
		return MHD_NO;
	if (serving && !serving->inside)
		refuse(connection, status);
	/* After the head alone MHD would still send the last chunk: no chunks then, and an end. */
	else if (serving && serving->client->head && serving->client->streamed)
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return queue_next(connection, status, response);
}
