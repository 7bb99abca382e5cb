/*
 * reports.c -- the reminders that db/migrations/0031_reminders.sql makes, as a list or as lines.
 *
 * All other reports: db/queries/reports.sql.
 */
#include "api.h"

#include <string.h>

/* GET /v1/reports/reminders -- as text the whole list, to be pasted into a message. */
int report_reminders(struct request *r)
{
	const PGresult *rows;
	const char *lines;

	if (strcmp(r->media_type, "text/plain") != 0)
		return page_answer(r, Q_report_reminders);
	rows = db(r, Q_report_reminders_text);
	if (!rows)
		return r->out->status;
	lines = pg_text(rows, 0, "lines");
	return answer_bytes(r, "text/plain; charset=utf-8", lines, strlen(lines), NULL);
}
