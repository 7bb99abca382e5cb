/*
 * clock.h -- the only place of the program that asks what time it is.
 *
 * Tokens, deadlines and rate limits use the machine's clock.  The county's calendar (which
 * day it is for a rule) is SQL's clock_now() and today(), never this file.
 */
#ifndef QINGLAN_CLOCK_H
#define QINGLAN_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds since 1970 UTC. */
int64_t clock_unix(void);

/* Nanoseconds of a clock that never steps, for intervals. */
int64_t clock_monotonic_ns(void);

/* An instant as RFC 3339 with milliseconds and Z; BUFFER holds at least 25 bytes. */
void clock_rfc3339(char buffer[25]);

#endif
