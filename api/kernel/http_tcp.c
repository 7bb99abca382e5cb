/*
 * http_tcp.c -- what the kernel knows of a connection and no call of the library says.
 *
 * <linux/tcp.h> and not <netinet/tcp.h>, whose struct tcp_info ends before the byte counts;
 * the two cannot be included together, hence a file of its own.
 */
#include "http_private.h"

#include <linux/tcp.h>
#include <netinet/in.h>

/* The states of RFC 9293 as Linux numbers them. */
enum { STATE_ESTABLISHED = 1, STATE_CLOSE = 7, STATE_CLOSE_WAIT = 8 };

static bool tcp_look(int fd, struct tcp_info *info)
{
	socklen_t size = sizeof *info;

	*info = (struct tcp_info){0};
	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size);
}

uint64_t http_tcp_received(int fd)
{
	struct tcp_info info;

	return tcp_look(fd, &info) ? info.tcpi_bytes_received : 0;
}

bool http_tcp_established(int fd)
{
	struct tcp_info info;

	return tcp_look(fd, &info) && info.tcpi_state == STATE_ESTABLISHED;
}

bool http_tcp_peer_gone(int fd)
{
	struct tcp_info info;

	return tcp_look(fd, &info) &&
	       (info.tcpi_state == STATE_CLOSE || info.tcpi_state == STATE_CLOSE_WAIT);
}
