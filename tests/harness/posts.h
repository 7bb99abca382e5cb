/*
 * posts.h -- threads that post hours without pause, and remember what they were answered.
 *
 * Each request has an Idempotency-Key of its own and is sent again with it until it is
 * answered, whatever happens to the service meanwhile: an entry counts as acknowledged when its
 * reply came whole.  Single entries, batches that hold together, and reversals; now and then an
 * answered request is sent once more.
 */
#ifndef QINGLAN_TESTS_POSTS_H
#define QINGLAN_TESTS_POSTS_H

#include "wire.h"

#include <pthread.h>
#include <stdatomic.h>

enum { POSTS_TEACHERS = 6, POSTS_BATCH = 3 };

/* An entry that the service said it has posted. */
struct posted {
	char id[37], kind[24], source[80];
	int teacher;
	long hundredths; /* of an hour; negative for a reversal */
	bool reversed;
};

struct poster {
	struct posts *posts;
	pthread_t thread;
	int number;
	unsigned seed;
	struct wire wire;
	long made; /* requests, for keys and sources */
	struct posted *list;
	size_t count, room;
	_Atomic long answered, unanswered, replayed, surprises;
	char surprise[600]; /* the first that may not happen; read when the thread has ended */
};

struct posts {
	char teachers[POSTS_TEACHERS][37];
	const char *day; /* of all activities */
	struct poster *posters;
	int count;
	_Atomic bool stop;
	bool running;
};

/* Starts COUNT threads; teachers and day are set before.  False if it cannot. */
bool posts_begin(struct posts *p, int count, int port, const char *token, unsigned seed);

/*
 * Lets every request be answered and joins the threads, once; their lists stay until posts_free().
 */
void posts_end(struct posts *p);
void posts_free(struct posts *p);

/* Answered requests of all threads so far. */
long posts_answered(const struct posts *p);

#endif
