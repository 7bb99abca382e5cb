/*
 * pause.h -- waiting and measuring in milliseconds, for tests that watch the clock on the wall.
 */
#ifndef QINGLAN_TESTS_PAUSE_H
#define QINGLAN_TESTS_PAUSE_H

#include <stdint.h>
#include <time.h>

static inline int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void pause_ms(long milliseconds)
{
	const struct timespec t = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&t, NULL);
}

#endif
