/*
 * request_private.h -- what the files of the request share and handlers do not see.
 */
#ifndef QINGLAN_REQUEST_PRIVATE_H
#define QINGLAN_REQUEST_PRIVATE_H

#include "request.h"

/* Steps, each in the file it is about; 0 to go on, or the status that was answered. */
int step_route(struct request *r); /* request_route.c */
int step_limit(struct request *r); /* request_auth.c */
int step_authenticate(struct request *r);
int step_authorize(struct request *r);

/* True when the head's token is good: asked before a body is taken. */
bool token_accepted(const struct service *s, struct arena *a, const struct message_head *head);

int step_decode(struct request *r); /* request_body.c */
int step_validate(struct request *r);
int step_precondition(struct request *r);
int step_handle(struct request *r); /* request.c */
int step_finish(struct request *r); /* transaction.c */

/* request_route.c: enum method of a method's name, -1 for one that no operation has. */
int request_method(const char *name);

/* request_fields.c: every member that fields= names must be one that the answer has. */
void fields_check(struct request *r);

/* The members that fields= asks for, by commas; NULL when it asks for all. */
char *fields_wanted(struct request *r);

/* request_names.c: what a query sees under a name (struct request * as context). */
const char *request_lookup(void *request, const char *name);

/* A JSON value as a parameter: text as it is, the rest as JSON, null and absent as NULL. */
const char *json_parameter(struct request *r, const json_t *value);

/* The value of a query parameter (absent: NULL). */
const char *query_value(const struct request *r, const char *name);

/* db_error.c: records the problem that a failed statement stands for. */
void problem_from_database(struct request *r, const PGresult *failed);

/* batch.c: an operation with x-batch. */
int batch_answer(struct request *r);

/* export.c: the operation's rows as text/csv, in a stream. */
int export_answer(struct request *r, int number);

/* reply.c */
void reply_prepare(struct request *r);                   /* headers that every reply carries */
void reply_problem(struct request *r);                   /* the sticky problem becomes the reply */
void reply_etag(struct request *r, const char *version); /* and 304 where If-None-Match has it */
int reply_options(struct request *r);

/* cors.c */
void cors_headers(struct request *r, bool preflight);

#endif
