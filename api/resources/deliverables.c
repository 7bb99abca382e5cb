/*
 * deliverables.c -- the file of a deliverable: sealed on its way in, opened on its way out.
 */
#include "api.h"

/* PUT /v1/deliverables/{deliverable_id}/file */
int deliverable_file_put(struct request *r)
{
	const PGresult *id = db(r, Q_file_id);

	if (!id)
		return r->out->status;
	if (!upload_bind(r, pg_text(id, 0, "id")))
		return problem(r, UNAVAILABLE, NULL);
	return answer(r, db(r, Q_deliverable_file_put));
}

/* GET /v1/deliverables/{deliverable_id}/file -- as bytes of no type: no browser shows it. */
int deliverable_file_get(struct request *r)
{
	const PGresult *file = db(r, Q_deliverable_file_get);
	size_t length;
	char *bytes;

	if (!file)
		return r->out->status;
	bytes = upload_open(r->service->seal, r->arena, r->actor.county,
			    pg_text(file, 0, "file_id"), pg_text(file, 0, "content"), &length);
	if (!bytes)
		return problem(r, SEAL_BROKEN, NULL);
	return answer_bytes(r, "application/octet-stream", bytes, length, "deliverable");
}
