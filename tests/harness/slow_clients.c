/*
 * slow_clients.c -- see slow_clients.h.
 */
#include "slow_clients.h"

#include "pause.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILES_BESIDE = 512, TURN_MS = 100, OPENED_A_TURN = 400 };

static const char request[] =
	"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: "
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

struct slow_clients {
	struct slow_settings settings;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic size_t connected, ended;
	int64_t end_ms;
	struct {
		int fd;
		size_t sent;
		int64_t next_ms;
	} * clients;
};

static void slow_open(struct slow_clients *s, size_t i, int64_t now)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)s->settings.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to)) {
		close(fd);
		fd = -1;
	}
	s->clients[i].fd = fd;
	s->clients[i].sent = 0;
	/* The first byte at once, the others spread, so that bytes come all the time. */
	s->clients[i].next_ms = now + (int64_t)(i % 100) * s->settings.byte_ms / 100;
	if (fd < 0)
		return;
	if (send(fd, request, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		s->clients[i].sent = 1;
	atomic_fetch_add(&s->connected, 1);
}

static void slow_close(struct slow_clients *s, size_t i)
{
	close(s->clients[i].fd);
	s->clients[i].fd = -1;
	atomic_fetch_sub(&s->connected, 1);
}

static void slow_turn(struct slow_clients *s, size_t i, int64_t now)
{
	char byte;

	/* Whatever the server says, or its hanging up, ends this one. */
	if (recv(s->clients[i].fd, &byte, 1, MSG_DONTWAIT) >= 0 ||
	    (errno != EAGAIN && errno != EWOULDBLOCK)) {
		slow_close(s, i);
		atomic_fetch_add(&s->ended, 1);
		return;
	}
	if (now < s->clients[i].next_ms)
		return;
	s->clients[i].next_ms = now + s->settings.byte_ms;
	if (send(s->clients[i].fd, request + s->clients[i].sent % (sizeof request - 1), 1,
		 MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		s->clients[i].sent++;
}

static void *slow_run(void *slow)
{
	struct slow_clients *s = slow;
	int64_t now;

	while (!atomic_load(&s->stop) && (now = now_ms()) < s->end_ms) {
		size_t i, opened = 0;

		for (i = 0; i < s->settings.count; i++) {
			if (s->clients[i].fd >= 0)
				slow_turn(s, i, now);
			else if (opened++ < OPENED_A_TURN)
				slow_open(s, i, now);
		}
		pause_ms(TURN_MS);
	}
	return NULL;
}

static bool files_enough(size_t count)
{
	struct rlimit files;
	rlim_t wanted = (rlim_t)count + FILES_BESIDE;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return false;
	if (files.rlim_cur >= wanted)
		return true;
	files.rlim_cur = wanted;
	if (files.rlim_max < wanted)
		files.rlim_max = wanted;
	return !setrlimit(RLIMIT_NOFILE, &files);
}

struct slow_clients *slow_begin(const struct slow_settings *settings)
{
	struct slow_clients *s = files_enough(settings->count) ? calloc(1, sizeof *s) : NULL;
	size_t i;

	if (!s)
		return NULL;
	s->settings = *settings;
	s->end_ms = now_ms() + settings->duration_ms;
	s->clients = calloc(settings->count, sizeof *s->clients);
	for (i = 0; s->clients && i < settings->count; i++)
		s->clients[i].fd = -1;
	if (!s->clients || pthread_create(&s->thread, NULL, slow_run, s)) {
		free(s->clients);
		free(s);
		return NULL;
	}
	return s;
}

size_t slow_connected(const struct slow_clients *s)
{
	return atomic_load(&s->connected);
}

size_t slow_ended(const struct slow_clients *s)
{
	return atomic_load(&s->ended);
}

void slow_end(struct slow_clients *s)
{
	size_t i;

	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
	for (i = 0; i < s->settings.count; i++)
		if (s->clients[i].fd >= 0)
			close(s->clients[i].fd);
	free(s->clients);
	free(s);
}
