/*
 * world.h -- a service and its database for one test program, and the people who call it.
 *
 * The world has a database of its own from the migrated template, two counties (A with the
 * schools A1 and A2, B with B1), officers, teachers, and a worker that runs requests through
 * the very steps of the service, in process.  Its calendar stands at 2026-10-15.
 */
#ifndef QINGLAN_WORLD_H
#define QINGLAN_WORLD_H

#include "answer.h"
#include "cluster.h"
#include "commands/commands.h"

struct client;

struct world {
	struct cluster *cluster;
	struct config config;
	struct program program;
	struct worker *worker;
	struct pg *owner; /* as qinglan_owner, for looking behind the API */
	char folder[64];  /* keys of this world, removed at its end */
	char database[64];
	char urls[3][300];
	const char *exposed; /* the headers of answers that a page's script may read */
	struct arena *arena; /* of answers; cleared by world_end() */
	int county_a, county_b;
	struct client *nobody, *county, *other_county, *school, *other_school, *foreign_school,
		*teacher, *client;
	char school_a1[37], school_a2[37], school_b1[37];
	char teacher_a1[37], teacher_a2[37], teacher_b1[37];
};

/* Group set-up and tear-down for cmocka; *STATE becomes the world. */
int world_begin(void **state);
int world_end(void **state);

/* The same without the counties and people. */
int world_begin_empty(void **state);

/* Moves the calendar of county COUNTY to an instant. */
void world_clock(struct world *w, int county, const char *at);

/* Runs waiting jobs until there are none. */
void world_jobs(struct world *w);

/* Waits until no job waits or runs, others run them; false after a minute. */
bool world_jobs_ended(struct world *w);

/*
 * One value of a statement as the engine role, which sees all rows: text in the world's
 * arena, NULL for NULL or no row.  $1 … are the further arguments, up to NULL.
 */
const char *world_value(struct world *w, const char *sql, ...) __attribute__((sentinel));

/* Asserts that a statement as the engine role gives EXPECTED. */
void expect_sql(struct world *w, const char *expected, const char *sql);

/* PERSON leads CLASS from a day on: the id of the appointment. */
const char *world_appoint(struct world *w, const char *person, const char *class, const char *from);

/* Waits until a statement as the engine role gives "true"; the test fails when it does not come. */
void world_until(struct world *w, const char *sql);
/*
 * An open course of COUNTY or its SCHOOL (NULL: the county's own) for everybody who may come: its
 * id.  MORE (NULL: nothing) says what is otherwise, as JSON by the columns of course, ' for ".
 */
const char *world_course(struct world *w, int county, const char *school, const char *more);

/* --- clients --- */

/*
 * Somebody who calls: a role with a county, school, person (uuids or NULL) and scopes (NULL:
 * all that the role may hold).  Lives as long as the world.
 */
struct client *client_new(struct world *w, const char *role, int county, const char *school,
			  const char *person, const char *scope);

/* A client with this bearer token, whatever it is; NULL: none. */
struct client *client_with_token(struct world *w, const char *token);
const char *client_token(const struct client *c);

/* Claims as a token of this client would carry them, to be changed and signed; new reference. */
json_t *client_claims(const struct world *w, const char *role, int county, const char *school,
		      const char *person, const char *scope);

/*
 * Sends a request.  BODY may use ' for "; HEADERS are pairs up to NULL.  A body gets the
 * Content-Type of its method (JSON, merge-patch) and a POST a fresh Idempotency-Key unless
 * HEADERS say otherwise (an empty value leaves a header out).  Every reply is checked against
 * its schema in the contract and noted as seen.
 */
struct answer *call(struct client *c, const char *method, const char *target, const char *body, ...)
	__attribute__((sentinel));

/* With bytes that are sent as they are; BODY may be NULL. */
struct answer *call_bytes(struct client *c, const char *method, const char *target,
			  const char *body, size_t length, ...) __attribute__((sentinel));

#define GET(c, ...) call(c, "GET", text(__VA_ARGS__), NULL, NULL)
#define POST(c, target, body) call(c, "POST", target, body, NULL)
#define PATCH(c, target, etag, body) call(c, "PATCH", target, body, "If-Match", etag, NULL)

/* A formatted text in the memory of the running test program. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
