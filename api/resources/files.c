/*
 * files.c -- files that are kept with a course or a deliverable: sealed on their way in, opened on
 * their way out.
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
		{"application/zip", zip},
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

/* Keeps the body as a file of the ID that a query gave to who may keep it, by another. */
static int file_keep(struct request *r, const PGresult *id, enum query_id keep)
{
	if (!id)
		return r->out->status;
	if (!is_of_its_type(r))
		return problem(r, FILE_NOT_ITS_TYPE,
			       json_pack("{ss}", "media_type", r->body_type->media_type));
	if (!upload_bind(r, pg_text(id, 0, "id")))
		return problem(r, UNAVAILABLE, NULL);
	return answer(r, db(r, keep));
}

/* A FILE as bytes of no type, under its name: no browser shows it. */
static int file_give(struct request *r, const PGresult *file)
{
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

/* POST /v1/courses/{course_id}/files */
int course_file_create(struct request *r)
{
	return file_keep(r, db(r, Q_course_file_id), Q_course_file_create);
}

/* GET /v1/courses/{course_id}/files/{file_id} */
int course_file_get(struct request *r)
{
	return file_give(r, db(r, Q_course_file_get));
}

/* PUT /v1/deliverables/{deliverable_id}/file */
int deliverable_file_put(struct request *r)
{
	return file_keep(r, db(r, Q_deliverable_file_id), Q_deliverable_file_put);
}

/* GET /v1/deliverables/{deliverable_id}/file */
int deliverable_file_get(struct request *r)
{
	return file_give(r, db(r, Q_deliverable_file_get));
}
