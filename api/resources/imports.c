/*
 * imports.c -- list imports of schools, teachers and hours: storing a file, committing, undoing.
 *
 * The three kinds share one implementation.  Reading a file is a job (import_job.c), what its
 * rows come to is decided by SQL (db/migrations/0010_imports.sql and the files after it), and so is
 * who may see them.
 */
#include "api.h"

#include <string.h>
#include <strings.h>

#include "import_record.h"
#include "imports.h"

static const char *number(struct request *r, long n)
{
	return arena_printf(r->arena, "%ld", n);
}

static void bind_asker(struct request *r, const struct import_kind *kind)
{
	bind_value(r, BOUND_import_kind, kind->name);
	bind_value(r, BOUND_language, r->language == LANGUAGE_EN ? "en" : "zh");
	bind_value(r, BOUND_upload_days, number(r, r->service->config->upload_days));
}

/* A workbook is told so at once; everything else about the file is the job's to find. */
static bool is_workbook(const char *bytes, size_t length)
{
	return (length >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0) ||
	       (length >= 8 && memcmp(bytes, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0);
}

/*
 * The charset that the Content-Type states when it is not one of those that are read, else NULL.
 * Which one a file is in is seen from its bytes; gbk and gb2312 are parts of gb18030.
 */
static const char *charset_not_read(struct request *r)
{
	static const char *const read[] = {"utf-8", "gb18030", "gbk", "gb2312"};
	const char *type = message_header(r->in, "Content-Type");
	const char *charset = type ? media_parameter(r->arena, type, "charset") : NULL;

	for (size_t i = 0; charset && i < sizeof(read) / sizeof(read[0]); i++) {
		if (strcasecmp(read[i], charset) == 0)
			charset = NULL;
	}
	return charset;
}

bool list_refused(struct request *r)
{
	const char *charset = charset_not_read(r);

	if (r->in->body_length == 0)
		problem(r, IMPORT_EMPTY, NULL);
	else if (charset)
		problem(r, CHARSET_NOT_READ,
			json_pack("{ss ss}", "charset", charset, "available",
				  "utf-8, gb18030, gbk, gb2312"));
	else if (is_workbook(r->in->body, r->in->body_length))
		problem(r, SPREADSHEET_NOT_CSV, NULL);
	return r->problem != PROBLEM_NONE;
}

/*
 * POST /v1/<kind>-imports
 *
 * The file is sealed and stored before anything is read from it, so that the report and the
 * commit speak of the same bytes; reading it is a job's work, since 100,000 rows are more than
 * a request may hold a worker for.
 */
static int create(struct request *r, const struct import_kind *kind)
{
	const PGresult *id;

	if (list_refused(r))
		return r->out->status;
	id = db(r, Q_file_id);
	/* A problem, or the first answer to the same key: there is nothing to store. */
	if (!id)
		return r->out->status;
	if (!upload_bind(r, pg_text(id, 0, "id")))
		return problem(r, UNAVAILABLE, NULL);
	bind_asker(r, kind);
	return accepted(r, db(r, Q_import_add));
}

/* POST /v1/<kind>-imports/{import_id}/commit */
static int commit(struct request *r, const struct import_kind *kind)
{
	bind_asker(r, kind);
	return accepted(r, db(r, Q_import_commit_ask));
}

/* POST /v1/<kind>-imports/{import_id}/undo -- while nothing hangs on what it made. */
static int undo(struct request *r, const struct import_kind *kind)
{
	bind_asker(r, kind);
	return accepted(r, db(r, Q_import_undo_ask));
}

int school_import_create(struct request *r)
{
	return create(r, &import_kind_schools);
}

int teacher_import_create(struct request *r)
{
	return create(r, &import_kind_teachers);
}

int hour_import_create(struct request *r)
{
	return create(r, &import_kind_hours);
}

int school_import_commit(struct request *r)
{
	return commit(r, &import_kind_schools);
}

int teacher_import_commit(struct request *r)
{
	return commit(r, &import_kind_teachers);
}

int hour_import_commit(struct request *r)
{
	return commit(r, &import_kind_hours);
}

int school_import_undo(struct request *r)
{
	return undo(r, &import_kind_schools);
}

int teacher_import_undo(struct request *r)
{
	return undo(r, &import_kind_teachers);
}

int hour_import_undo(struct request *r)
{
	return undo(r, &import_kind_hours);
}
