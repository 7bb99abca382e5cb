/*
 * http_address.c -- addresses of sockets and proxies, as text that can be compared.
 */
#include "http_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void address_v6(const struct in6_addr *address, char text[46])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		inet_ntop(AF_INET, address->s6_addr + 12, text, 46);
	else
		inet_ntop(AF_INET6, address, text, 46);
}

void http_address_text(const struct sockaddr *address, char text[46])
{
	text[0] = '\0';
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  text, 46);
	else if (address->sa_family == AF_INET6)
		address_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text);
}

bool http_address_canonical(const char *text, size_t length, char canonical[46])
{
	char copy[64], *host = copy, *end;
	struct in6_addr v6;
	struct in_addr v4;

	while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	if (!length || length >= sizeof copy)
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (*host == '[') {
		end = strchr(++host, ']');
		if (!end)
			return false;
		*end = '\0';
	} else if ((end = strchr(host, ':')) && !strchr(end + 1, ':')) {
		*end = '\0';
	}
	if (inet_pton(AF_INET, host, &v4) == 1)
		return inet_ntop(AF_INET, &v4, canonical, 46) != NULL;
	if (inet_pton(AF_INET6, host, &v6) != 1)
		return false;
	address_v6(&v6, canonical);
	return true;
}

bool http_proxies_read(struct http *h, char error[300])
{
	const char *at = h->settings.trusted_proxies ? h->settings.trusted_proxies : "";
	size_t length;

	for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
		char(*larger)[46] = realloc(h->proxies, (h->proxy_count + 1) * sizeof *h->proxies);

		if (!larger) {
			snprintf(error, 300, "out of memory");
			return false;
		}
		h->proxies = larger;
		length = strcspn(at, " ");
		if (!http_address_canonical(at, length, h->proxies[h->proxy_count])) {
			snprintf(error, 300, "trusted proxies: '%.*s' is not an address",
				 (int)(length > 60 ? 60 : length), at);
			return false;
		}
		h->proxy_count++;
		at += length;
	}
	return true;
}

bool http_proxy_trusted(const struct http *h, const char *address)
{
	size_t i;

	for (i = 0; i < h->proxy_count; i++)
		if (!strcmp(h->proxies[i], address))
			return true;
	return false;
}

/* "127.0.0.1:8080", "[::1]:8080" or "host:8080" as host and port. */
static bool listen_split(const char *listen, char host[256], const char **port)
{
	const char *colon = strrchr(listen, ':');
	size_t length;

	if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")] ||
	    strlen(colon + 1) > 5 || strtol(colon + 1, NULL, 10) > UINT16_MAX)
		return false;
	*port = colon + 1;
	length = (size_t)(colon - listen);
	if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']') {
		listen++;
		length -= 2;
	}
	if (!length || length >= 256)
		return false;
	memcpy(host, listen, length);
	host[length] = '\0';
	return true;
}

/* Why listening failed, as far as somebody can do something about it. */
static const char *listen_fault(int number)
{
	switch (number) {
	case EADDRINUSE:
		return "the port is taken already";
	case EADDRNOTAVAIL:
		return "this machine does not have the address";
	case EACCES:
		return "this user may not use the port";
	default:
		return strerror(number);
	}
}

int http_listen(const char *listen_on, int backlog, char error[300])
{
	struct addrinfo wanted = {.ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char host[256];
	const char *port;
	int fd, on = 1, result;

	if (!listen_split(listen_on, host, &port)) {
		snprintf(error, 300, "cannot listen on '%.100s': want address:port", listen_on);
		return -1;
	}
	result = getaddrinfo(host, port, &wanted, &found);
	if (result) {
		snprintf(error, 300, "cannot listen on '%.100s': %s", listen_on,
			 gai_strerror(result));
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, backlog)) {
		snprintf(error, 300, "cannot listen on '%.100s': %s", listen_on,
			 listen_fault(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

int http_port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {0};
	socklen_t size = sizeof address;

	if (getsockname(fd, &address.any, &size))
		return -1;
	if (address.any.sa_family == AF_INET6)
		return ntohs(address.v6.sin6_port);
	return ntohs(address.v4.sin_port);
}
