/*
 * upload.h -- the body of a request as a file at rest: sealed for its id, and opened again.
 *
 * The table is `file` (db/migrations/0009_files_jobs.sql).  What is in a file is not judged here.
 */
#ifndef QINGLAN_UPLOAD_H
#define QINGLAN_UPLOAD_H

#include "request.h"

/* What a file's bytes are bound to, its county and id: they cannot be passed off as another's. */
const char *upload_context(struct arena *a, int county, const char *file_id);

/*
 * Seals the body of R as the file FILE_ID and binds file_id, media_type, size, content_hash,
 * content and key_id.  False without memory, with the problem recorded.
 */
bool upload_bind(struct request *r, const char *file_id) __attribute__((warn_unused_result));

/*
 * The plain bytes of a file's content ("\x..." text), *LENGTH of them and a NUL behind, in A;
 * NULL when it is forged, another county's or file's, or without memory.
 */
char *upload_open(struct seal *s, struct arena *a, int county, const char *file_id,
		  const char *content, size_t *length);

#endif
