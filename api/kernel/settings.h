/*
 * settings.h -- who acts, as the database is told it: the one statement before all others.
 *
 * Row security and the event trigger read these settings; they hold to the end of the
 * transaction (or of a pipeline without one).  The statement itself is in db/queries/kernel.sql.
 */
#ifndef QINGLAN_SETTINGS_H
#define QINGLAN_SETTINGS_H

#include "request.h"

/*
 * Composes the statement `settings` for ACTOR into OUT, strings in A.  SUBJECT is the person
 * that the request names, or NULL; REQUEST_ID and OPERATION are NULL where nothing will be
 * recorded.  False without memory or when there is no such statement.
 */
bool settings_compose(const struct service *s, struct arena *a, const struct actor *actor,
		      const char *subject, const char *request_id, const char *operation,
		      struct statement *out) __attribute__((warn_unused_result));

/* What the rows of an actor are cut by: "all", "school" or "self". */
const char *settings_sees(const struct actor *actor);

#endif
