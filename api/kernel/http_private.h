/*
 * http_private.h -- what the files of the wire share: threads, connections, refusals.
 *
 * A connection belongs to one worker thread from its first byte to its last.  Other threads
 * (accept, watchdog, streams, the one that stops) touch only what is atomic here, or what
 * the registry's mutex guards.
 */
#ifndef QINGLAN_HTTP_PRIVATE_H
#define QINGLAN_HTTP_PRIVATE_H

#include "fingerprint.h"
#include "http.h"
#include "problem.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	POOL_SIZE = 24 * 1024, /* MHD's memory of a connection: head, buffer, reply's head */
	HEAD_MAX = 12 * 1024,  /* request line and headers; the rest of the pool is the reply's */
	METHOD_MAX = 32,
	BODIES_MAX = 256 * 1024 * 1024, /* request bodies of all clients together */
	CLIENTS_OVER = 64,    /* MHD's own limit lies this far above ours, never reached */
	EVENTS_AT_ONCE = 128, /* what MHD takes from epoll in one call */
	LINGER_MAX = 64,
	LINGER_MS = 1000,
	TICK_MS = 100,
	SCAN_TICKS = 5,
	IDLE_GRACE_MS = 1000
};

/* Where a connection stands; only its worker writes this, but for PHASE_LATE. */
enum http_phase {
	PHASE_IDLE,      /* between requests, perhaps with the first bytes of one */
	PHASE_READING,   /* request line seen, request not whole */
	PHASE_LATE,      /* the watchdog took it: it answers in the worker's place, or closes */
	PHASE_ANSWERING, /* in the application */
	PHASE_WRITING,   /* the client must take the reply */
	PHASE_WAITING    /* a stream that has nothing to say yet; suspended */
};

struct http_client {
	struct http_client *next, *previous; /* registry */
	struct http_worker *worker;
	struct MHD_Connection *connection;
	int fd;
	char address[46];
	_Atomic int phase;
	_Atomic int64_t since_ns;  /* when the phase began, or last moved */
	_Atomic unsigned requests; /* finished ones */
	_Atomic bool suspended, broken;
	_Atomic bool english; /* what the running request's head asks for, once it is read */

	/* the watchdog's notes */
	unsigned requests_seen;
	uint64_t bytes_seen;
	int64_t first_byte_ns;

	/* the worker's: the running request */
	bool begun, head, too_large, refused;
	const char *target_place; /* where MHD keeps it; only to compare addresses */
	char *target;
	size_t target_length, target_room;
	char *body;
	size_t body_length, body_room, body_max;
	struct stream *stream;
	bool streamed; /* of the reply in hand: its length is unknown */
};

/* One thread: an Ulfius instance of its own, so that which client goes where is ours to say. */
struct http_worker {
	struct http *http;
	struct _u_instance *instance;
	struct MHD_Daemon *daemon;
	MHD_AccessHandlerCallback ulfius; /* Ulfius's dispatcher, behind our gate */
	void *ulfius_context;
	struct http_client *client; /* whose request is being handled */
	bool inside;                /* in the gate: replies queued now are ours */
	void *application;
	struct arena *arena;
	int bell; /* eventfd in the worker's epoll set */
	_Atomic long clients;
};

struct http_linger {
	int fd;
	int64_t until_ns;
};

struct http {
	struct http_settings settings;
	struct http_application application;
	char (*proxies)[46];
	size_t proxy_count;
	struct http_worker *workers;
	long worker_count;
	_Atomic long clients; /* handed over and not yet closed */
	_Atomic long body_bytes;
	_Atomic bool draining, dying;
	bool running; /* start is over; MHD's messages are not for us */
	char *error;

	int listener, reserve, accept_stop;
	pthread_t accept_thread, watch_thread;
	bool accepting, watching;

	pthread_mutex_t mutex; /* registry and lingering sockets */
	pthread_cond_t tick;
	bool watch_stop;
	struct http_client *registry;
	struct http_linger lingering[LINGER_MAX];
	size_t linger_count;
};

/* --- http_refuse.c: what the wire answers by itself --- */

enum refusal {
	REFUSE_NOTHING,
	REFUSE_MALFORMED,
	REFUSE_LATE,
	REFUSE_TOO_LARGE,
	REFUSE_TARGET,
	REFUSE_HEADERS,
	REFUSE_BUSY,
	REFUSE_VERSION,
	REFUSE_FULL,
	REFUSE_FAILED,
	REFUSALS
};

/* The refusal that stands for a status of MHD's own error pages. */
enum refusal refusal_of_status(unsigned status);

unsigned refusal_status(enum refusal r);

/* The document in A, for a reply that goes through Ulfius, and logged as ID; "" without memory. */
const char *refusal_document(struct arena *a, enum refusal r, bool english,
			     char id[FINGERPRINT_SIZE]);

/*
 * The whole reply (without its body to a HEAD) written on an idle socket, never waiting, counted
 * and logged; nothing can be sent after it.  WHY is what is malformed, NULL where that is unknown.
 */
bool refusal_send(int fd, enum refusal r, const struct violation *why, bool english, bool head);

/* --- http_seam.c: the places where MHD and Ulfius let somebody in between --- */

/* Between these two MHD_start_daemon() puts the gate before W's dispatcher; false: it did not. */
void http_seam_begin(struct http_worker *w);
bool http_seam_end(void);

/* Says that this thread serves W, so that MHD's own error pages become problems. */
void http_seam_thread(struct http_worker *w);

/* --- http_gate.c: each call of MHD passes here before Ulfius --- */

enum MHD_Result http_gate(void *worker, struct MHD_Connection *connection, const char *url,
			  const char *method, const char *version, const char *upload,
			  size_t *upload_size, void **context);
void *http_target_seen(void *worker, const char *target, struct MHD_Connection *connection);
void http_completed(void *worker, struct MHD_Connection *connection, void **context,
		    enum MHD_RequestTerminationCode how);

/* --- http_guard.c --- */

struct http_head {
	struct {
		const char *name, *value;
		size_t name_length, value_length;
	} list[HEADERS_MAX];
	size_t count;
	bool too_many;
};

void http_head_read(struct MHD_Connection *connection, struct http_head *head);

/* The length of a body that only the last of its chunks will tell. */
enum { LENGTH_CHUNKED = -1 };

/*
 * Whether the head of a request may pass; *LENGTH that of its body, 0 when none follows; *WHY what
 * is malformed, its place a name without quotes or NULL.
 */
enum refusal http_guard(const struct http_client *c, const struct http_head *head,
			const char *method, const char *version, int64_t *length,
			struct violation *why);

/* --- http_message.c --- */

/* RFC 9112 3.2.2: a server takes "http://host/path" as well; what counts is the path. */
const char *http_target(const struct http_client *c);

/* Whether the headers that MHD has read of C's request ask for English. */
bool http_asks_english(const struct http_client *c);

/* Who asks: the socket's peer, or what a trusted proxy says of it in its last entry. */
void http_peer(const struct http_client *c, const struct http_head *head, char peer[46]);

/* Fills M for C's request; its strings live in the connection or in A. */
bool http_message(struct http_client *c, struct arena *a, const char *method, struct message *m);

/* --- http_reply.c: the one endpoint's function --- */

struct _u_request;
struct _u_response;
int http_answer(const struct _u_request *request, struct _u_response *response, void *worker);

/* Ends the wait of a stream; at most one of several callers resumes it. */
void http_client_resume(void *client);

/* --- http_client.c: the registry --- */

void http_connection_notice(void *worker, struct MHD_Connection *connection, void **context,
			    enum MHD_ConnectionNotificationCode what);
void http_phase(struct http_client *c, enum http_phase phase);

/* The same before anything is written, if the watchdog has not written already; false: it has. */
bool http_claim(struct http_client *c, enum http_phase phase);

/* --- http_tcp.c --- */

uint64_t http_tcp_received(int fd); /* bytes since the connection began */
bool http_tcp_established(int fd);  /* neither side has closed */
bool http_tcp_peer_gone(int fd);

/* --- http_watch.c --- */

bool http_watch_start(struct http *h);
void http_watch_stop(struct http *h);

/* Keeps a duplicate of FD open for a moment, so that what was just sent is not lost to a reset. */
void http_linger(struct http *h, int fd);

/* --- http_drain.c --- */

void http_drain(struct http *h, long seconds);

/* --- http_accept.c --- */

bool http_accept_start(struct http *h);
void http_accept_stop(struct http *h);

/* --- http_address.c --- */

/* The address of a socket as text, IPv4 in IPv6 as IPv4; "" if it has none. */
void http_address_text(const struct sockaddr *address, char text[46]);

/* The address in TEXT (LENGTH bytes, maybe with a port or in brackets); false if it is none. */
bool http_address_canonical(const char *text, size_t length, char canonical[46]);
bool http_proxies_read(struct http *h, char error[300]);
bool http_proxy_trusted(const struct http *h, const char *address);
int http_port_of(int fd);

#endif
