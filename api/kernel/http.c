/*
 * http.c -- starting and stopping the wire.
 *
 * Each worker thread is an Ulfius instance with an epoll daemon of its own; the accept thread
 * gives a new connection to the one with the fewest.  (A thread pool inside one daemon places
 * connections by descriptor number, and workers that accept by themselves are loaded
 * unevenly.)  Ulfius ignores bind address and timeout when started with options: the listener
 * is ours (http_accept.c), and so are the deadlines, of whole requests and not of silences
 * (http_watch.c).  Ulfius dispatches to one endpoint for all methods and targets; routing is
 * the contract's.  What is in the other files: http_gate.c (each call before Ulfius),
 * http_guard.c (the head's checks), http_message.c and http_reply.c (in and out),
 * http_client.c (connections), http_drain.c, http_refuse.c, http_seam.c, http_address.c.
 */
#include "http_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ulfius.h>

enum { MESSAGE_CEILING = 256 * 1024, FILES_BESIDE_CLIENTS = 256, ERROR_SIZE = 300 };

/*
 * MHD's own messages: while starting they explain a failure, later they quote requests and
 * are dropped.  Installed first of all options, since Ulfius would use the text as a format.
 */
__attribute__((format(printf, 2, 0))) static void library_message(void *http, const char *format,
								  va_list arguments)
{
	struct http *h = http;

	if (!h->running && h->error)
		vsnprintf(h->error, ERROR_SIZE, format, arguments);
}

/* Leaves targets as they are; nothing of them is taken from MHD. */
static size_t unescape_nothing(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/*
 * MHD reads at most EVENTS_AT_ONCE events, and if it gets exactly so many it waits for more
 * before it serves any.  An event without a pointer is ignored by MHD but ends that wait;
 * the watchdog rings where so many can come together.
 */
static bool bell_hang(struct http_worker *w)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	return info && w->bell >= 0 && !epoll_ctl(info->epoll_fd, EPOLL_CTL_ADD, w->bell, &event);
}

static bool instance_start(struct http_worker *w)
{
	struct http *h = w->http;
	/*
	 * With MHD_USE_TURBO MHD does not shut a socket that it gives
	 * up: we can still refuse there.
	 */
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)library_message, h},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_completed, w},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_connection_notice, w},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_target_seen, w},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)unescape_nothing, w},
		/* Per daemon, and above all that we let in: reaching it locks MHD up. */
		{MHD_OPTION_CONNECTION_LIMIT, h->settings.max_clients + CLIENTS_OVER, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_SIZE, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	int result;

	http_seam_begin(w);
	result = ulfius_start_framework_with_mhd_options(w->instance, flags, options);
	if (!http_seam_end() && result == U_OK) {
		ulfius_stop_framework(w->instance);
		snprintf(h->error, ERROR_SIZE,
			 "libmicrohttpd was started behind the program's back");
		return false;
	}
	if (result != U_OK)
		return false;
	w->daemon = w->instance->mhd_daemon;
	return bell_hang(w);
}

static bool worker_start(struct http *h, struct http_worker *w)
{
	w->http = h;
	w->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->arena = arena_new(MESSAGE_CEILING);
	w->instance = calloc(1, sizeof *w->instance);
	/* A port must be given; without a listening socket it is not used. */
	if (!w->arena || !w->instance || ulfius_init_instance(w->instance, 1, NULL, NULL) != U_OK) {
		free(w->instance);
		w->instance = NULL;
		return false;
	}
	w->instance->check_utf8 = 0;
	w->instance->allowed_post_processor = U_POST_PROCESS_NONE;
	w->instance->max_post_body_size = 1;
	return ulfius_add_endpoint_by_val(w->instance, "*", NULL, "*", 0, http_answer, w) == U_OK &&
	       instance_start(w);
}

static void worker_stop(struct http_worker *w)
{
	if (w->daemon)
		ulfius_stop_framework(w->instance);
	if (w->instance)
		ulfius_clean_instance(w->instance);
	free(w->instance);
	if (w->application)
		w->http->application.worker_free(w->application);
	arena_free(w->arena);
	if (w->bell >= 0)
		close(w->bell);
}

static void http_free(struct http *h)
{
	long i;

	for (i = 0; i < h->worker_count; i++)
		worker_stop(&h->workers[i]);
	http_watch_stop(h);
	if (h->listener >= 0)
		close(h->listener);
	if (h->reserve >= 0)
		close(h->reserve);
	if (h->accept_stop >= 0)
		close(h->accept_stop);
	pthread_cond_destroy(&h->tick);
	pthread_mutex_destroy(&h->mutex);
	free(h->workers);
	free(h->proxies);
	free(h);
}

static struct http *http_new(const struct http_settings *s, const struct http_application *a)
{
	struct http *h = calloc(1, sizeof *h);
	pthread_condattr_t monotonic;

	if (!h)
		return NULL;
	h->settings = *s;
	h->application = *a;
	h->listener = h->reserve = h->accept_stop = -1;
	pthread_mutex_init(&h->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&h->tick, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return h;
}

/* Descriptors for all clients, as far as the system lets us. */
static void files_allow(long clients)
{
	struct rlimit files;
	rlim_t wanted = (rlim_t)clients + FILES_BESIDE_CLIENTS;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= wanted)
		return;
	files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
	/* Refused or not: with too few the accept thread answers 503. */
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static bool all_start(struct http *h)
{
	long i;

	h->listener = http_listen(h->settings.listen, SOMAXCONN, h->error);
	if (h->listener < 0 || !http_proxies_read(h, h->error))
		return false;
	h->accept_stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	h->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	h->workers = calloc((size_t)h->settings.threads, sizeof *h->workers);
	if (h->accept_stop < 0 || h->reserve < 0 || !h->workers)
		return false;
	for (i = 0; i < h->settings.threads; i++) {
		h->worker_count = i + 1;
		if (!worker_start(h, &h->workers[i]))
			return false;
	}
	h->running = true;
	h->error = NULL;
	return http_watch_start(h) && http_accept_start(h);
}

struct http *http_start(const struct http_settings *s, const struct http_application *a,
			char error[300])
{
	struct http *h = http_new(s, a);
	sigset_t all, before;
	bool started;

	snprintf(error, ERROR_SIZE, "the HTTP server could not start");
	if (!h)
		return NULL;
	h->error = error;
	files_allow(s->max_clients);
	/* Signals are the main thread's; those started here inherit the mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = s->threads > 0 && all_start(h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started) {
		error[0] = '\0';
		return h;
	}
	http_accept_stop(h);
	http_free(h);
	return NULL;
}

int http_port(const struct http *h)
{
	return http_port_of(h->listener);
}

void http_stop(struct http *h, long seconds)
{
	if (!h)
		return;
	http_accept_stop(h);
	http_drain(h, seconds);
	http_free(h);
}
