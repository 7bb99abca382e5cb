/*
 * upload.c -- see upload.h.  Nothing here asks the database.
 */
#include "upload.h"

#include "fingerprint.h"

const char *upload_context(struct arena *a, int county, const char *file_id)
{
	return arena_printf(a, "%d file %s", county, file_id);
}

bool upload_bind(struct request *r, const char *file_id)
{
	struct seal *seal = r->service->seal;
	const char *bound = upload_context(r->arena, r->actor.county, file_id), *sealed = NULL;
	char *hash = arena_alloc(r->arena, 67);

	if (bound && hash)
		sealed = seal_close(seal, r->arena, bound, r->in->body, r->in->body_length);
	if (!sealed) {
		problem(r, UNAVAILABLE, NULL);
		return false;
	}
	fingerprint_sha256(r->in->body, r->in->body_length, hash);
	bind_value(r, BOUND_file_id, file_id);
	bind_value(r, BOUND_media_type,
		   r->body_type ? r->body_type->media_type : "application/octet-stream");
	bind_value(r, BOUND_size, arena_printf(r->arena, "%zu", r->in->body_length));
	bind_value(r, BOUND_content_hash, hash);
	bind_value(r, BOUND_content, sealed);
	bind_value(r, BOUND_key_id, arena_printf(r->arena, "%d", seal_newest_key(seal)));
	return true;
}

char *upload_open(struct seal *s, struct arena *a, int county, const char *file_id,
		  const char *content, size_t *length)
{
	const char *bound = upload_context(a, county, file_id);

	return bound ? seal_open(s, a, bound, content, length) : NULL;
}
