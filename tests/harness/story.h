/*
 * story.h -- a county that is told about: the program over its sockets, and the people who call.
 *
 * Stories are played on the program as it is installed, from outside only: commands of the
 * program and requests over the wire.  Each has a database of its own.
 */
#ifndef QINGLAN_TESTS_STORY_H
#define QINGLAN_TESTS_STORY_H

#include "process.h"
#include "wire.h"

struct story {
	struct cluster *cluster;
	char database[40];
	struct process service;
	/* An officer of the county, one of a school, a teacher, an officer of another county. */
	struct wire bureau, school, teacher, neighbour;
	int keys; /* Idempotency-Keys used so far */
};

/* Group set-up and tear-down for cmocka: database and keys, the service not yet started. */
int story_begin(void **state);
int story_end(void **state);

/* A formatted text that lives for a while: the last sixty-four do. */
const char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a command of the program, which must succeed; what it printed, until the next. */
const char *run(struct story *s, const char *a, const char *b, const char *c, const char *d,
		const char *e, const char *f, const char *g);

/* WHO gets a token of a role in a county (by code); OPTION and VALUE further ones, or NULL. */
void acts_as(struct story *s, struct wire *who, const char *county, const char *role,
	     const char *option, const char *value);

struct answer *get(struct wire *who, const char *target);

/* With a fresh Idempotency-Key. */
struct answer *post(struct story *s, struct wire *who, const char *target, const char *body);

/* The text at PATH of an answer, an id, into ID. */
void keep_id(const struct answer *a, const char *path, char id[37]);

/* Follows the Location of a 202 until the job has ended well. */
void job_done(struct wire *who, const struct answer *accepted);

/* The bureau sends a list of KIND ("school", ...); the address of the import, read and ready. */
const char *list_sent(struct story *s, const char *kind, const char *bytes, size_t length);
const char *file_sent(struct story *s, const char *kind, const char *path);

/* The bureau commits the good rows of the plan that the report showed. */
void plan_committed(struct story *s, const char *target);

#endif
