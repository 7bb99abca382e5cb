/*
 * world_private.h -- what the files of the world share.
 */
#ifndef QINGLAN_WORLD_PRIVATE_H
#define QINGLAN_WORLD_PRIVATE_H

#include "world.h"

/*
 * Notes that an operation answered a status, in the file QINGLAN_COVERAGE where it is set:
 * the last program of the suite fails when the contract has one that nobody saw.
 */
void coverage_note(const char *operation, int status);

/* Waiting for a stream that has nothing yet. */
void stream_wake(void *world);
void stream_wait(struct world *w);

#endif
