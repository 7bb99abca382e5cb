/*
 * answer.h -- what came back, and what a test says about it.
 */
#ifndef QINGLAN_ANSWER_H
#define QINGLAN_ANSWER_H

#include "kernel/message.h"

#include <jansson.h>

struct answer {
	int status;
	char *body; /* NUL-terminated */
	size_t length;
	json_t *json; /* parsed body, NULL where it is none */
	struct header headers[HEADERS_MAX];
	size_t header_count;
	char request[200]; /* method and target, for messages */
};

/* Asserts the status and that the body has what PATTERN has (' for "; NULL: anything). */
void expect_at(const struct answer *a, int status, const char *pattern, const char *file, int line);
#define expect(answer, status, pattern) expect_at(answer, status, pattern, __FILE__, __LINE__)

/* Asserts that one of errors[] has this pointer, parameter or header, and this code. */
void expect_error_at(const struct answer *a, const char *where, const char *code, const char *file,
		     int line);
#define expect_error(answer, where, code) expect_error_at(answer, where, code, __FILE__, __LINE__)

/* Whether LIST, of words with ", " between them, has the whole of WORD. */
bool has_word(const char *list, const char *word);

/* A header's value (name without case), "" when absent. */
const char *header_of(const struct answer *a, const char *name);

/* A member by path, as "data/0/name": its text, its JSON, or its number of elements. */
const char *text_at(const struct answer *a, const char *path);
json_t *json_at(const struct answer *a, const char *path);
size_t count_at(const struct answer *a, const char *path);

/* True when VALUE has all that PATTERN has: objects by member, arrays element by element. */
bool json_has(const json_t *value, const json_t *pattern);

#endif
