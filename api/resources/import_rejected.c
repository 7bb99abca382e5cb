/*
 * import_rejected.c -- lists given back: the rejected records of an import, and empty templates.
 *
 * Rejected records are read again from the sealed file, so that they are what was sent; nothing
 * of them is kept elsewhere, and they go when the file goes.
 */
#include "api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "import_record.h"

enum { IDENTITY_DIGITS = 15 };

struct giving {
	struct request *r;
	const struct import_kind *kind;
	const PGresult *rejected; /* the numbers of the records, rising, and their problems */
	int next;                 /* the first of them that is still to come */
	bool full;                /* identity numbers as they are */
	struct import_header header;
	json_t *lines;
};

/* What a finding about the column of LABEL (or NULL) says, with the words that may stand there. */
static const char *finding_text(struct giving *g, const char *label, const char *code)
{
	struct arena *a = g->r->arena;
	const char *allowed = NULL;

	for (int c = 0; label && c < g->kind->column_count; c++) {
		if (strcmp(g->kind->columns[c].label, label) == 0)
			allowed = import_allowed(a, &g->kind->columns[c],
						 g->r->language == LANGUAGE_EN);
	}
	return violation_detail(a, code, g->r->language,
				arena_json(a, json_pack("{ss*}", "allowed", allowed)));
}

/* "身份证号：校验码不对；姓名：没有填写"; NULL without memory. */
static const char *reason_of(struct giving *g, const json_t *problems)
{
	enum language language = g->r->language;
	const char *all = "";
	const char *text;
	json_t *p;
	size_t i;

	json_array_foreach(problems, i, p) {
		const char *column = json_string_value(json_object_get(p, "column"));
		const char *code = json_string_value(json_object_get(p, "code"));

		text = finding_text(g, column, code);
		if (!text)
			return NULL;
		all = arena_printf(g->r->arena, "%s%s%s%s%s", all,
				   i ? language == LANGUAGE_EN ? "; " : "；" : "",
				   column ? column : "",
				   !column                   ? ""
				   : language == LANGUAGE_EN ? ": "
							     : "：",
				   text);
		if (!all)
			return NULL;
	}
	return all;
}

/* A field as it was, an identity number as text that a spreadsheet leaves alone, or masked. */
static json_t *field(struct giving *g, const char *text, size_t place)
{
	size_t digits = strspn(text + (*text == '\''), "0123456789");
	bool document = g->kind->document_column >= 0 &&
			(int)place == g->header.place[g->kind->document_column];
	char *copy;

	if (!document && digits < IDENTITY_DIGITS)
		return json_string(g->full ? text : import_without_identity(g->r->arena, text));
	copy = arena_strdup(g->r->arena, text);
	if (!copy)
		return NULL;
	if (!g->full) {
		for (size_t i = 0, seen = 0; copy[i]; i++) {
			if (isdigit((unsigned char)copy[i]) && seen++ >= 3 && copy[i + 1] &&
			    strlen(copy + i) > 4)
				copy[i] = '*';
		}
	}
	if (digits < IDENTITY_DIGITS || *copy == '\'')
		return json_string(copy);
	return json_string(arena_printf(g->r->arena, "'%s", copy));
}

static bool give(struct giving *g, const char *const *fields, size_t count, const char *reason)
{
	json_t *line = json_array();

	for (size_t i = 0; i < count || i < g->header.field_count; i++)
		json_array_append_new(line, i < count ? field(g, fields[i], i) : json_string(""));
	json_array_append_new(line, json_string(reason));
	return json_array_append_new(g->lines, line) == 0;
}

static bool see(void *context, size_t number, const char *const *fields, size_t count)
{
	struct giving *g = context;
	const char *text, *reason;
	const json_t *problems;
	size_t where;

	if (!g->header.found) {
		import_header_read(g->r->arena, g->kind, fields, count, &g->header);
		if (!g->header.found)
			return number < IMPORT_HEADER_WITHIN;
		return give(g, fields, count, g->r->language == LANGUAGE_EN ? "Reason" : "原因");
	}
	if (g->next == pg_rows(g->rejected) ||
	    strtoul(pg_text(g->rejected, g->next, "row"), NULL, 10) != number)
		return true;
	text = pg_text(g->rejected, g->next, "problems");
	problems = json_read(g->r->arena, text, strlen(text), &reason, &where);
	reason = problems ? reason_of(g, problems) : NULL;
	return reason && give(g, fields, count, reason) && ++g->next;
}

/* Identity numbers in full are for who sent the file, and only with the scope for it. */
static bool may_see_identity(const struct request *r, const PGresult *file)
{
	const char *person = pg_text(file, 0, "person"), *client = pg_text(file, 0, "client");

	return holds_scope(r, "teachers:resident-id") &&
	       strcmp(person ? person : "", r->actor.person) == 0 &&
	       strcmp(client ? client : "", r->actor.client) == 0;
}

/* The lines as a download: UTF-8 with its mark, or GB18030 where that is asked for. */
static int answer_lines(struct request *r, const json_t *lines, const char *filename)
{
	const char *charset = value(r, "charset"), *text;
	const PGresult *rows;
	size_t length;

	bind_value(r, BOUND_lines, json_text(r->arena, lines));
	rows = db(r, Q_import_csv);
	text = rows ? pg_text(rows, 0, "lines") : NULL;
	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	if (charset && strcmp(charset, "gb18030") == 0) {
		text = csv_encode_gb18030(r->arena, text, strlen(text), &length);
		if (!text)
			return problem(r, UNAVAILABLE, NULL);
		return answer_bytes(r, "text/csv; charset=gb18030", text, length, filename);
	}
	text = arena_printf(r->arena, "\xef\xbb\xbf%s", text);
	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	return answer_bytes(r, "text/csv; charset=utf-8", text, strlen(text), filename);
}

/* Opens and decodes the stored file; NULL with the problem recorded. */
static char *open_file(struct request *r, const PGresult *file, size_t *length)
{
	const char *content = pg_text(file, 0, "content"), *encoding, *reason;
	size_t bytes, offset;
	char *plain, *text = NULL;

	if (!content) {
		problem(r, IMPORT_PURGED, NULL);
		return NULL;
	}
	plain = upload_open(r->service->seal, r->arena, r->actor.county,
			    pg_text(file, 0, "file_id"), content, &bytes);
	if (plain)
		text = csv_decode(r->arena, plain, bytes, length, &encoding, &reason, &offset);
	if (!text)
		problem(r, plain ? IMPORT_UNREADABLE : INTERNAL_ERROR, NULL);
	return text;
}

/* GET /v1/<kind>-imports/{import_id}/rejected -- the file's own columns, and one saying why. */
static int rejected(struct request *r, const struct import_kind *kind)
{
	struct giving g = {.r = r, .kind = kind};
	const PGresult *file;
	const char *text, *reason;
	size_t length, where;

	bind_value(r, BOUND_import_kind, kind->name);
	file = db(r, Q_import_for_rejected);
	if (!file)
		return problem(r, UNAVAILABLE, NULL);
	g.rejected = db(r, Q_import_rejected);
	g.full = may_see_identity(r, file);
	g.lines = arena_json(r->arena, json_array());
	text = g.rejected && g.lines ? open_file(r, file, &length) : NULL;
	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	reason = csv_read(r->arena, text, length, see, &g, &where);
	if (reason)
		return problem(r, IMPORT_UNREADABLE,
			       json_pack("{ss sI si}", "reason", reason, "row", (json_int_t)where,
					 "byte", 0));
	if (g.next < pg_rows(g.rejected))
		return problem(r, UNAVAILABLE, NULL);
	return answer_lines(r, g.lines, "rejected.csv");
}

/* GET /v1/<kind>-imports/template -- a header that is known, and an example. */
static int template(struct request *r, const struct import_kind *kind)
{
	json_t *lines = arena_json(r->arena, json_array()), *labels = json_array();
	json_t *examples = json_array();

	for (int c = 0; c < kind->column_count; c++) {
		json_array_append_new(labels, json_string(kind->columns[c].label));
		json_array_append_new(examples, json_string(kind->columns[c].example));
	}
	if (!lines || json_array_append_new(lines, labels) ||
	    json_array_append_new(lines, examples))
		return problem(r, UNAVAILABLE, NULL);
	return answer_lines(r, lines, kind->filename);
}

int school_import_rejected(struct request *r)
{
	return rejected(r, &import_kind_schools);
}

int teacher_import_rejected(struct request *r)
{
	return rejected(r, &import_kind_teachers);
}

int hour_import_rejected(struct request *r)
{
	return rejected(r, &import_kind_hours);
}

int school_import_template(struct request *r)
{
	return template(r, &import_kind_schools);
}

int teacher_import_template(struct request *r)
{
	return template(r, &import_kind_teachers);
}

int hour_import_template(struct request *r)
{
	return template(r, &import_kind_hours);
}
