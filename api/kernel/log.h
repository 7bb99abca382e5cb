/*
 * log.h -- one JSON object a line on standard error.
 *
 * Values are escaped, so no input can forge a line.  Callers never pass personal data:
 * names, documents, phones, bodies and query strings stay out of the log.  Library code
 * does not log; the step list, the threads and the commands do, once an event.
 */
#ifndef QINGLAN_LOG_H
#define QINGLAN_LOG_H

#include <jansson.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines below LEVEL are dropped. */
void log_set_level(enum log_level level);

/*
 * Writes {"at","level","event", ...}; FORMAT and the rest as json_pack() with an object, or NULL.
 */
void log_event(enum log_level level, const char *event, const char *format, ...);

#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...) log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)

#endif
