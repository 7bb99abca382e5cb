/*
 * import_header.c -- which columns a list has: its headings, the same for every kind of list.
 *
 * What is no column of the kind is not read and said so; see import_record.h.
 */
#include "import_record.h"

#include <ctype.h>
#include <string.h>

#include "cell.h"

enum { HEADER_COLUMNS_LEAST = 3 };

/* A heading without what people put round it: "* 姓 名（必填）" is "姓名", "Resident ID" "residentid". */
static char *heading(struct arena *a, const char *field)
{
	char *text = cell_narrow(a, field);
	size_t used = 0;

	if (!text)
		return NULL;
	for (const char *at = text; *at && *at != '('; at++) {
		if (strncmp(at, "\xE3\x80\x80", 3) == 0 || strncmp(at, "\xEF\xBB\xBF", 3) == 0)
			at += 2;
		else if (!strchr(" \t\r\n*_-:'\"", *at))
			text[used++] = (char)tolower((unsigned char)*at);
	}
	text[used] = '\0';
	return text;
}

static bool column_has(const struct import_column *c, const char *heading)
{
	if (strcmp(c->label, heading) == 0)
		return true;
	for (size_t i = 0; i < sizeof(c->headings) / sizeof(c->headings[0]); i++) {
		if (c->headings[i] && strcmp(c->headings[i], heading) == 0)
			return true;
	}
	return false;
}

bool import_heading_is(struct arena *a, const struct import_column *c, const char *field)
{
	const char *text = heading(a, field);

	return text && column_has(c, text);
}

/* The first column without a place that FIELD is the heading of, or -1. */
static int column_of(struct arena *a, const struct import_kind *kind, const char *field,
		     const struct import_header *h)
{
	const char *text = heading(a, field);

	for (int c = 0; text && *text && c < kind->column_count; c++) {
		if (h->place[c] < 0 && column_has(&kind->columns[c], text))
			return c;
	}
	return -1;
}

static bool is_read(const struct import_header *h, size_t place)
{
	for (int c = 0; c < IMPORT_COLUMNS_MAX; c++) {
		if (h->place[c] == (int)place)
			return true;
	}
	return false;
}

/* Notes the headings that are no column, or a second one of a column, as the file has them. */
static bool note_unread(struct arena *a, struct import_header *h, const char *const *fields,
			size_t count)
{
	h->unread = arena_json(a, json_array());
	for (size_t i = 0; h->unread && i < count; i++) {
		const char *text = is_read(h, i) ? NULL : cell_clean(a, fields[i]);

		text = text ? cell_line(a, text) : NULL;
		text = text && *text ? import_without_identity(a, text) : NULL;
		text = text ? import_shortened(a, text) : NULL;
		if (text)
			json_array_append_new(h->unread, json_string(text));
	}
	return h->unread;
}

bool import_header_read(struct arena *a, const struct import_kind *kind, const char *const *fields,
			size_t count, struct import_header *h)
{
	int found = 0;
	bool key = false;

	for (int c = 0; c < IMPORT_COLUMNS_MAX; c++)
		h->place[c] = -1;
	for (size_t i = 0; i < count; i++) {
		int c = column_of(a, kind, fields[i], h);

		if (c < 0)
			continue;
		h->place[c] = (int)i;
		found++;
		key = key || (kind->key_columns >> c & 1);
	}
	h->field_count = count;
	h->found = key && found >= HEADER_COLUMNS_LEAST && note_unread(a, h, fields, count);
	return h->found;
}

/* The labels of the columns of which a list has one at least, when it has none; else NULL. */
static const char *lacks_all(struct arena *a, const struct import_kind *kind,
			     const struct import_header *h)
{
	const char *labels = NULL;

	for (int c = 0; c < kind->column_count; c++) {
		const char *label = kind->columns[c].label, *joined;

		if (!(kind->one_of_columns >> c & 1))
			continue;
		if (h->place[c] >= 0)
			return NULL;
		joined = labels ? arena_printf(a, "%s/%s", labels, label) : label;
		labels = joined ? joined : label;
	}
	return labels;
}

const char *import_header_lacks(struct arena *a, const struct import_kind *kind,
				const struct import_header *h)
{
	for (int c = 0; c < kind->column_count; c++) {
		if (kind->columns[c].required && h->place[c] < 0)
			return kind->columns[c].label;
	}
	return lacks_all(a, kind, h);
}
