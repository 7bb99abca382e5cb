/*
 * commands.h -- the commands of the program `qinglan`, and what they share.
 *
 * A command prints its result on standard output, a complaint on standard error, and returns
 * the exit status: 0 done, 1 refused or failed, 2 called wrongly.  Commands stand above
 * kernel and resources; nothing includes this but main.c and the commands.
 */
#ifndef QINGLAN_COMMANDS_H
#define QINGLAN_COMMANDS_H

#include "api.h"
#include "tables.h"

/* One command: ARGUMENTS begin with its name. */
typedef int command(const struct config *c, int count, char **arguments);

command command_serve, command_migrate, command_keys, command_demo, command_county, command_token,
	command_clock, command_rekey, command_check, command_verify, command_restored;

/* --- complaints --- */

/* Prints "qinglan: ..." on standard error; returns 1, the status of a failed command. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As complain(), for a command called wrongly; returns 2. */
int usage(const char *text);

/*
 * Reads options "--name value" into VALUES by the names of LIST (ends with NULL), a name that
 * ends in '!' being a switch without value.  What is no option goes to REST (its first REST_MAX
 * places), its number to *REST_COUNT.  False with a complaint.
 */
bool options_read(int count, char **arguments, const char *const *list, const char **values,
		  const char **rest, int rest_max, int *rest_count);

/* --- desk.c: a command's connection, statements and memory --- */

struct desk {
	struct arena *arena;
	struct pg *pg;
	struct query_registry *queries;
	char error[500]; /* of the last failed run */
};

/*
 * Connects to URL, the value of the setting VARIABLE, within ten seconds.  False with a
 * complaint.  desk_close() is due either way.
 */
bool desk_open(struct desk *d, const char *variable, const char *url);
void desk_close(struct desk *d);

/*
 * Runs a statement of commands.sql with named values (name, value, ..., NULL), as the engine
 * role, which row security does not hide rows from, in one transaction of its own.  NULL with
 * a complaint.  The result lives until desk_clear().
 */
const PGresult *desk_run(struct desk *d, int query, ...) __attribute__((sentinel));

/* As desk_run(), in the role that is connected. */
const PGresult *desk_run_plainly(struct desk *d, int query, ...) __attribute__((sentinel));

/* As desk_run_plainly(), but without a complaint: what is wrong is in d->error. */
const PGresult *desk_try(struct desk *d, int query, ...) __attribute__((sentinel));
void desk_clear(struct desk *d);

/* --- county.c --- */

/* A new county; its number into COUNTY.  False with a complaint. */
bool county_add(struct desk *d, const char *code, const char *name, char county[16]);

/* A new person NAME who holds the office of a school, or of the bureau for NULL. */
bool officer_add(struct desk *d, const char *county, const char *school_code, const char *name);

/* --- program.c: what serving and the demonstration share --- */

struct program {
	struct service service;
	struct contract *contract;
	struct query_registry *queries;
	int *operation_query, *operation_csv;
	bool draining;
};

/* Reads contract, statements and keys; no database is touched.  False with a complaint. */
bool program_open(struct program *p, const struct config *c);
void program_close(struct program *p);

/* The contract built in; NULL with a complaint. */
struct contract *program_contract(void);

/* --- token.c --- */

/*
 * A token for whom the actor of ROWS (command_actor) says, malloc'd; NULL with a complaint.
 * ROLE and CLIENT as in the command; SCOPE NULL: all that the role may hold.
 */
char *token_make(const struct config *c, const PGresult *rows, const char *role, const char *client,
		 const char *scope, long ttl);

/* --- caller.c: a client within the process --- */

struct caller {
	struct program *program;
	struct worker *worker;
	struct arena *arena; /* of the answers */
	char *token;         /* malloc'd */
	char etag[100];      /* of the last answer: the If-Match of the next change */
};

/* False with a complaint; caller_close() is due either way. */
bool caller_open(struct caller *c, struct program *p);
void caller_close(struct caller *c);

/* Sends a request; its answer, which lives with the caller, or NULL with a complaint. */
json_t *caller_send(struct caller *c, const char *method, const char *target,
		    const char *media_type, const char *body, size_t length);
json_t *caller_get(struct caller *c, const char *target);

/* Sends BODY, which is stolen. */
json_t *caller_post(struct caller *c, const char *target, json_t *body);

/* --- demo_growth.c: the demonstration county in any size --- */

struct growth {
	long teachers, entries;      /* of how many teachers, and hour entries of each */
	char person[40], office[40]; /* who acts */
};

/*
 * Says how much room the county will take; false with a complaint when the server's disk has
 * less, as far as that can be known.
 */
bool growth_fits(struct desk *d, const struct growth *g);

/*
 * Fills a county that has its officer, calendar and requirements and nothing else, saying how
 * far it is.  False with a complaint.
 */
bool growth_load(struct desk *d, const char *county, const struct growth *g);

/* --- listener.c: what happens beside the requests --- */

struct listener;
struct listener *listener_new(const struct service *s, struct job_runner *jobs);

/*
 * Waits at most MILLISECONDS for a notification, passes it on, and reads the revocations;
 * false while the database cannot be reached.
 */
bool listener_turn(struct listener *l, int milliseconds);
void listener_free(struct listener *l);

/* --- capacity.c --- */

/*
 * True when PostgreSQL has room for the connections of an instance with settings C, else false
 * with a line in ERROR; *TIGHT when other connections leave it too little at the moment.
 */
bool capacity_check(struct desk *d, const struct config *c, bool *tight, char error[300]);

#endif
