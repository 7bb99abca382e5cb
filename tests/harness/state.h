/*
 * state.h -- whether anything at all has changed in a world's database.
 */
#ifndef QINGLAN_STATE_H
#define QINGLAN_STATE_H

#include "world.h"

/* A hash over every row of every table of ours, by content. */
const char *world_state(struct world *w);

/* Asserts that the hash is still BEFORE. */
void expect_state_at(struct world *w, const char *before, const char *file, int line);
#define expect_state(w, before) expect_state_at(w, before, __FILE__, __LINE__)

#endif
