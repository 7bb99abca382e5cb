/*
 * courses.c -- what a course or its participant gets as a file: the files of a course, which are
 * sealed on their way in and opened on their way out, and the calendar of who calls.
 *
 * All else of courses and sessions: db/queries/courses.sql.
 */
#include "api.h"

#include <string.h>

/* Whether the body begins as files of its type do, so that no program passes for a notice. */
static bool is_of_its_type(const struct request *r)
{
	static const char ole[] = "\xd0\xcf\x11\xe0", zip[] = "PK\x03\x04";
	static const struct {
		const char *type, *begins;
	} known[] = {
		{"application/pdf", "%PDF-"},
		{"image/jpeg", "\xff\xd8\xff"},
		{"image/png", "\x89PNG"},
		{"application/msword", ole},
		{"application/vnd.ms-excel", ole},
		{"application/vnd.ms-powerpoint", ole},
		{"application/vnd.openxmlformats-officedocument.", zip},
	};
	const char *type = r->body_type->media_type;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t length = strlen(known[i].begins);

		if (strncmp(type, known[i].type, strlen(known[i].type)) == 0)
			return r->in->body_length >= length &&
			       memcmp(r->in->body, known[i].begins, length) == 0;
	}
	return false;
}

/* POST /v1/courses/{course_id}/files */
int course_file_create(struct request *r)
{
	const PGresult *id = db(r, Q_course_file_id);

	if (!id)
		return r->out->status;
	if (!is_of_its_type(r))
		return problem(r, FILE_NOT_ITS_TYPE,
			       json_pack("{ss}", "media_type", r->body_type->media_type));
	if (!upload_bind(r, pg_text(id, 0, "id")))
		return problem(r, UNAVAILABLE, NULL);
	return answer(r, db(r, Q_course_file_create));
}

/* GET /v1/courses/{course_id}/files/{file_id} -- as bytes of no type: no browser shows it. */
int course_file_get(struct request *r)
{
	const PGresult *file = db(r, Q_course_file_get);
	size_t length;
	char *bytes;

	if (!file)
		return r->out->status;
	bytes = upload_open(r->service->seal, r->arena, r->actor.county, pg_text(file, 0, "id"),
			    pg_text(file, 0, "content"), &length);
	if (!bytes)
		return problem(r, SEAL_BROKEN, NULL);
	return answer_bytes(r, "application/octet-stream", bytes, length, pg_text(file, 0, "name"));
}

/* GET /v1/me/calendar -- RFC 5545. */
int me_calendar(struct request *r)
{
	const PGresult *rows = db(r, Q_me_calendar);
	const char *text = rows ? pg_text(rows, 0, "body") : NULL;

	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	return answer_bytes(r, "text/calendar; charset=utf-8", text, strlen(text), "courses.ics");
}
