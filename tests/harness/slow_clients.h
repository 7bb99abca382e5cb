/*
 * slow_clients.h -- clients that never get done: each sends a byte of a header now and then.
 *
 * One thread keeps COUNT connections busy for the duration; a connection that the server ends
 * is opened again, as an attacker would.  Bounded: it stops by itself, and at slow_end().
 */
#ifndef QINGLAN_TESTS_SLOW_CLIENTS_H
#define QINGLAN_TESTS_SLOW_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

struct slow_clients;

struct slow_settings {
	int port;
	size_t count; /* 2,000 */
	int byte_ms;  /* between two bytes of one client */
	int duration_ms;
};

/* Raises the limit of open files if it must; NULL if so many connections cannot be had. */
struct slow_clients *slow_begin(const struct slow_settings *s);

/* How many are connected at the moment, and how often the server ended one. */
size_t slow_connected(const struct slow_clients *s);
size_t slow_ended(const struct slow_clients *s);

void slow_end(struct slow_clients *s);

#endif
