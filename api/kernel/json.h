/*
 * json.h -- strict reading of JSON that strangers send, and small helpers.
 *
 * RFC 8259 with its choices made: UTF-8 only, no byte order mark, no duplicate names, no NUL
 * in strings, no lone surrogates, at most JSON_DEPTH_MAX levels and JSON_VALUES_MAX values,
 * integers of 64 bits, reals of 15 digits, nothing after the value.  A number without fraction is
 * an integer however it was written (1.0, 1e3), so that nothing behind this file has to know two
 * forms.
 */
#ifndef QINGLAN_JSON_H
#define QINGLAN_JSON_H

#include "arena.h"

enum { JSON_DEPTH_MAX = 64, JSON_VALUES_MAX = 200000 };

/*
 * Parses LENGTH bytes; any value may stand at the top.  On failure returns NULL, sets
 * *REASON to a violation code (json-syntax, json-too-deep, json-too-many-values,
 * json-duplicate-name, json-encoding, json-number-range, json-number-digits) or to NULL when memory
 * ran out, and *OFFSET to the byte.  The result belongs to the arena.
 */
json_t *json_read(struct arena *a, const char *text, size_t length, const char **reason,
		  size_t *offset);

/* VALUE as compact text, numbers with at most 15 digits; NULL without memory. */
char *json_text(struct arena *a, const json_t *value);

/* True when LENGTH bytes are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong). */
bool utf8_valid(const char *text, size_t length);

/* Number of code points in well-formed UTF-8. */
size_t utf8_length(const char *text, size_t length);

#endif
