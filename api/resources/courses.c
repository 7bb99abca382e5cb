/*
 * courses.c -- the calendar of who calls, made by db/migrations/0021_sessions.sql, as a file.
 *
 * All else of courses and sessions: db/queries/courses.sql; files of courses: files.c.
 */
#include "api.h"

#include <string.h>

/* GET /v1/me/calendar -- RFC 5545. */
int me_calendar(struct request *r)
{
	const PGresult *rows = db(r, Q_me_calendar);
	const char *text = rows ? pg_text(rows, 0, "body") : NULL;

	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	return answer_bytes(r, "text/calendar; charset=utf-8", text, strlen(text), "courses.ics");
}
