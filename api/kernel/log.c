/*
 * log.c -- see log.h.  A line is made whole and written by one call, so that lines of
 * several threads never mix.
 */
#include "log.h"

#include "clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic int threshold = LOG_LEVEL_INFO;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	char at[25];
	json_t *line, *more = NULL;
	char *text;
	va_list args;

	if ((int)level > atomic_load(&threshold))
		return;
	clock_rfc3339(at);
	line = json_pack("{ss ss ss}", "at", at, "level", level_names[level], "event", event);
	if (format) {
		va_start(args, format);
		more = json_vpack_ex(NULL, 0, format, args);
		va_end(args);
	}
	if (line && more)
		json_object_update(line, more);
	text = line ? json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15))
		    : NULL;
	if (text) {
		char *whole = realloc(text, strlen(text) + 2);

		if (whole) {
			size_t length = strlen(whole);

			text = whole;
			whole[length++] = '\n';
			if (write(STDERR_FILENO, whole, length) < 0)
				clearerr(stderr);
		}
	}
	free(text);
	json_decref(more);
	json_decref(line);
}
