/*
 * import_job.c -- the work behind an import: reading a file, committing a plan, undoing it.
 *
 * Records are read and stored some hundreds at a time, so that memory does not grow with the
 * list.  Reading may be done again from its start: a record is stored once.
 */
#include "api.h"

#include <string.h>

#include "document.h"
#include "import_record.h"
#include "jobs.h"
#include "pinyin.h"

enum { BATCH_RECORDS = 500, BATCH_MEMORY = 64 * 1024 * 1024 };

/* A file being read. */
struct reader {
	struct job *job;
	const struct import_kind *kind;
	const char *part, *latest_on;
	struct import_header header;
	struct arena *batch; /* of the records not stored yet */
	json_t *rows, *names;
	const char *phones[BATCH_RECORDS], *documents[BATCH_RECORDS];
	const char *document_types[BATCH_RECORDS];
	size_t count;
	long done, total;
};

static bool fail(struct job *j, enum problem p, json_t *params)
{
	job_fail(j, p, params);
	return false;
}

/* --- storing a batch --- */

static bool batch_begin(struct reader *x)
{
	arena_clear(x->batch);
	x->count = 0;
	x->rows = arena_json(x->batch, json_array());
	x->names = arena_json(x->batch, json_array());
	return x->rows && x->names;
}

/* Sort key and search tokens, of the name as it is kept. */
static bool add_pinyin(struct reader *x, json_t *row, const char *name, const char *phone)
{
	char *key = pinyin_sort_key(x->batch, name);
	char *tokens = key ? pinyin_tokens(x->batch, name, phone) : NULL;

	return tokens && json_object_set_new(row, "sort_key", json_string(key)) == 0 &&
	       json_object_set_new(row, "tokens", json_loads(tokens, 0, NULL)) == 0;
}

/* The document sealed, hashed and masked. */
static bool add_document(struct reader *x, json_t *row, const char *type, const char *number)
{
	struct seal *seal = x->job->worker->service->seal;
	const char *hashes = document_hashes(seal, x->batch, type, number);
	struct document d;

	if (!hashes || !document_close(seal, x->batch, x->job->actor.county, type, number, &d))
		return false;
	json_object_set_new(row, "document_type", json_string(d.type));
	json_object_set_new(row, "document_masked", json_string(d.masked));
	json_object_set_new(row, "document_hash", json_string(d.hash));
	json_object_set_new(row, "document_sealed", json_string(d.sealed));
	return json_object_set_new(row, "document_hashes", json_string(hashes)) == 0;
}

/* What makes two rows the same: everything that is kept of them. */
static bool add_row_hash(struct reader *x, json_t *row, const char *name, const char *document)
{
	char *parsed = json_text(x->batch, json_object_get(row, "parsed"));
	char *text = parsed ? arena_printf(x->batch, "%s\n%s\n%s", parsed, name,
					   document ? document : "")
			    : NULL;
	char *hash =
		text ? seal_hash(x->job->worker->service->seal, x->batch, "import.row", -1, text)
		     : NULL;

	return hash && json_object_set_new(row, "row_hash", json_string(hash)) == 0;
}

/* Completes the rows of the batch with what needs their names as they are kept. */
static bool complete(struct reader *x, const json_t *names)
{
	const char *name;
	json_t *row;
	size_t i;

	json_array_foreach(x->rows, i, row) {
		if (json_object_get(row, "skipped"))
			continue;
		name = json_string_value(json_array_get(names, i));
		if (!name)
			name = "";
		json_object_set_new(row, "name", *name ? json_string(name) : json_null());
		if (x->kind == &import_kind_teachers && *name &&
		    !add_pinyin(x, row, name, x->phones[i]))
			return false;
		if (x->documents[i] && !add_document(x, row, x->document_types[i], x->documents[i]))
			return false;
		if (!add_row_hash(x, row, name, x->documents[i]))
			return false;
	}
	return true;
}

static bool batch_store(struct reader *x)
{
	struct job *j = x->job;
	struct arena *whole = j->arena;
	const PGresult *result;
	const char *reason, *text;
	json_t *names = NULL;
	bool stored = false;
	size_t offset;

	j->arena = x->batch;
	job_bind(j, "names", json_text(x->batch, x->names));
	result = job_db(j, Q_import_names);
	text = result ? pg_text(result, 0, "names") : NULL;
	if (text)
		names = json_read(x->batch, text, strlen(text), &reason, &offset);
	if (names && complete(x, names)) {
		job_bind(j, "rows", json_text(x->batch, x->rows));
		stored = job_db(j, Q_import_rows_put) != NULL;
	} else {
		job_fail(j, UNAVAILABLE, NULL);
	}
	j->arena = whole;
	job_bind(j, "names", NULL);
	job_bind(j, "rows", NULL);
	if (!stored || !batch_begin(x))
		return fail(j, UNAVAILABLE, NULL);
	/* Cancelled: there is nobody to tell a problem. */
	return job_progress(j, x->done, x->total);
}

/* --- reading --- */

static bool add_row(struct reader *x, json_t *row, const struct import_record *record)
{
	size_t i = x->count;

	x->phones[i] = record ? record->phone : NULL;
	x->documents[i] = record ? record->document : NULL;
	x->document_types[i] = record ? record->document_type : NULL;
	if (!row || json_array_append_new(x->rows, row) ||
	    json_array_append_new(x->names,
				  json_string(record && record->name ? record->name : "")))
		return fail(x->job, UNAVAILABLE, NULL);
	x->count++;
	return x->count < BATCH_RECORDS || batch_store(x);
}

static bool skip(struct reader *x, size_t number)
{
	return add_row(x, json_pack("{sI sb}", "row", (json_int_t)number, "skipped", 1), NULL);
}

/* A record of the file; the ones above the header are titles. */
static bool see(void *context, size_t number, const char *const *fields, size_t count)
{
	struct reader *x = context;
	struct import_record record = {
		.arena = x->batch, .kind = x->kind, .latest_on = x->latest_on};
	const char *lacks;

	x->done = (long)number;
	if (!x->header.found) {
		if (number > IMPORT_HEADER_WITHIN)
			return fail(x->job, IMPORT_NO_HEADER, NULL);
		if (import_header_read(x->job->arena, x->kind, fields, count, &x->header)) {
			lacks = import_header_lacks(x->job->arena, x->kind, &x->header);
			if (lacks)
				return fail(x->job, IMPORT_LACKS_COLUMN,
					    json_pack("{ss}", "column", lacks));
		}
		return skip(x, number);
	}
	if (!import_record_fill(&record, &x->header, fields, count))
		return fail(x->job, UNAVAILABLE, NULL);
	if (import_record_is_no_row(&record, fields, count) || import_record_is_header(&record))
		return skip(x, number);
	x->kind->read(&record);
	if (import_record_is_example(&record))
		import_error(&record, -1, "example-row");
	return add_row(x,
		       json_pack("{sI sO sO}", "row", (json_int_t)number, "parsed", record.parsed,
				 "problems", record.problems),
		       &record);
}

/* The plain text of a part's file; NULL with the problem recorded. */
static char *open_file(struct job *j, const PGresult *part, size_t *length)
{
	const char *encoding, *reason = NULL;
	size_t bytes, offset;
	char *plain, *text;

	plain = upload_open(j->worker->service->seal, j->arena, j->actor.county,
			    pg_text(part, 0, "file_id"), pg_text(part, 0, "content"), &bytes);
	if (!plain) {
		job_fail(j, INTERNAL_ERROR, NULL);
		return NULL;
	}
	text = csv_decode(j->arena, plain, bytes, length, &encoding, &reason, &offset);
	if (!text)
		job_fail(j, IMPORT_UNREADABLE,
			 json_pack("{ss si sI}", "reason", reason, "row", 0, "byte",
				   (json_int_t)offset));
	return text;
}

/* Counts the records, for progress to end at their number: one may hold several lines. */
static bool count_record(void *context, size_t number, const char *const *fields, size_t count)
{
	struct reader *x = context;

	(void)fields;
	(void)count;
	x->total = (long)number;
	return true;
}

static bool read_all(struct reader *x, const char *text, size_t length)
{
	struct arena *a = x->job->arena;
	const char *reason;
	size_t where;

	if (!batch_begin(x))
		return fail(x->job, UNAVAILABLE, NULL);
	reason = csv_read(a, text, length, count_record, x, &where);
	if (!reason)
		reason = csv_read(a, text, length, see, x, &where);
	if (reason)
		return fail(x->job, IMPORT_UNREADABLE,
			    json_pack("{ss sI si}", "reason", reason, "row", (json_int_t)where,
				      "byte", 0));
	return x->job->problem == PROBLEM_NONE;
}

/* UNREAD are the headings of columns that were not read; NULL where the part was read before. */
static bool finish_part(struct job *j, const json_t *unread)
{
	const PGresult *result;

	if (unread)
		job_bind(j, "unread_columns", json_text(j->arena, unread));
	result = job_db(j, Q_import_part_end);

	if (!result)
		return false;
	job_result(j, pg_text(result, 0, "counts"));
	return true;
}

static bool bind_input(struct job *j, const char *const *names)
{
	for (; *names; names++) {
		const json_t *value = json_object_get(j->input, *names);
		const char *text = json_is_string(value) ? json_string_value(value)
							 : json_text(j->arena, value);

		if (!text)
			return fail(j, INTERNAL_ERROR, NULL);
		job_bind(j,
			 strcmp(*names, "import") == 0 ? "import_id"
			 : strcmp(*names, "plan") == 0 ? "plan_id"
						       : *names,
			 text);
	}
	return true;
}

bool job_import_read(struct job *j)
{
	struct reader *x = arena_alloc(j->arena, sizeof *x);
	const PGresult *part;
	size_t length;
	char *text;
	bool read;

	if (!x || !bind_input(j, (const char *const[]){"import", "part", NULL}))
		return fail(j, UNAVAILABLE, NULL);
	part = job_db(j, Q_import_part_open);
	if (!part)
		return false;
	if (strcmp(pg_text(part, 0, "read"), "t") == 0)
		return finish_part(j, NULL);
	x->job = j;
	x->kind = import_kind_named(pg_text(part, 0, "kind"));
	x->latest_on = pg_text(part, 0, "latest_on");
	text = open_file(j, part, &length);
	if (!text)
		return false;
	x->batch = job_arena(j, BATCH_MEMORY);
	if (!x->batch)
		return fail(j, UNAVAILABLE, NULL);
	read = read_all(x, text, length);
	if (read && !x->header.found)
		read = fail(j, IMPORT_NO_HEADER, NULL);
	if (read && x->count)
		read = batch_store(x);
	return read && finish_part(j, x->header.unread);
}

bool job_import_commit(struct job *j)
{
	const PGresult *result;

	if (!bind_input(j, (const char *const[]){"import", "plan", "mode", NULL}))
		return false;
	job_bind(j, "upload_days",
		 arena_printf(j->arena, "%ld", j->worker->service->config->upload_days));
	result = job_db(j, Q_import_commit);
	if (!result)
		return false;
	job_result(j, pg_text(result, 0, "counts"));
	return true;
}

bool job_import_undo(struct job *j)
{
	const PGresult *result;

	if (!bind_input(j, (const char *const[]){"import", NULL}))
		return false;
	result = job_db(j, Q_import_undo);
	if (!result)
		return false;
	job_result(j, pg_text(result, 0, "counts"));
	return true;
}
