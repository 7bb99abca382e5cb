/*
 * clock.c -- see clock.h.
 */
#include "clock.h"

#include <stdio.h>

int64_t clock_unix(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t clock_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void clock_rfc3339(char buffer[25])
{
	struct timespec now;
	struct tm utc;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	length = strftime(buffer, 25, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(buffer + length, 25 - length, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000U);
}
