/*
 * target.h -- our own reading of the raw request target (RFC 3986, RFC 9112 section 3.2).
 *
 * Nothing of the target is taken from the HTTP library, whose parameter map mixes path and
 * query.  Encoded slashes and NUL, control bytes, broken escapes, invalid UTF-8, empty, "."
 * and ".." segments, trailing slashes and repeated keys are refused.  In the query "+" is a
 * space, as forms and URLSearchParams write it.  The origin form ("/v1/schools?a=b") and the
 * absolute form ("http://host/v1/schools") are read; "*" and the authority form are not.
 */
#ifndef QINGLAN_TARGET_H
#define QINGLAN_TARGET_H

#include "arena.h"

enum { TARGET_SEGMENTS_MAX = 16, TARGET_PARAMETERS_MAX = 32, TARGET_LENGTH_MAX = 8000 };

struct target {
	char *segments[TARGET_SEGMENTS_MAX]; /* decoded; none for "/" */
	size_t segment_count;
	struct {
		char *name, *value;
	} query[TARGET_PARAMETERS_MAX]; /* decoded, in order, no name twice */
	size_t query_count;
};

/*
 * NULL if RAW is well formed, else a violation code (target-...); *WHERE then names the query
 * key or is NULL.  "target-memory" when the arena is full.
 */
const char *target_parse(struct arena *a, const char *raw, struct target *t, const char **where);

#endif
