/*
 * metrics_process.h -- what metrics.c and metrics_process.c share; for nobody else.
 */
#ifndef QINGLAN_METRICS_PROCESS_H
#define QINGLAN_METRICS_PROCESS_H

#include "arena.h"

/* The text so far; TEXT becomes NULL when the memory ends, and stays so. */
struct metrics_out {
	struct arena *arena;
	char *text;
	size_t length, room;
};

void metrics_write(struct metrics_out *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void metrics_head(struct metrics_out *o, const char *name, const char *help, const char *type);

/* Notes when the process began. */
void metrics_process_begin(void);
void metrics_process_write(struct metrics_out *o);

#endif
