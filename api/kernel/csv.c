/*
 * csv.c -- reading tables: encoding, delimiter, quotes, limits; see csv.h.
 *
 * It knows records and fields and not what they mean, and it writes no lines.
 */
#include "csv.h"

#include <csv.h>
#include <iconv.h>
#include <string.h>

#include "json.h"

/* --- encoding --- */

/*
 * Converts LENGTH bytes between two encodings, strictly.  NULL with a violation code in
 * *REASON, and in *OFFSET the byte that could not be read.
 */
static char *convert(struct arena *a, const char *to, const char *from, const char *bytes,
		     size_t length, size_t *out_length, const char **reason, size_t *offset)
{
	/* No pair of the encodings used here needs more than twice the bytes. */
	size_t room = 2 * length + 4;
	char *out = arena_alloc(a, room + 1);
	char *in_at = (char *)bytes, *out_at = out;
	size_t in_left = length, out_left = room;
	iconv_t c = (iconv_t)-1;

	*reason = "out-of-memory";
	if (out)
		c = iconv_open(to, from);
	if (c == (iconv_t)-1)
		return NULL;
	if (iconv(c, &in_at, &in_left, &out_at, &out_left) == (size_t)-1 ||
	    iconv(c, NULL, NULL, &out_at, &out_left) == (size_t)-1) {
		*reason = "csv-encoding";
		*offset = (size_t)(in_at - bytes);
		out = NULL;
	} else {
		*reason = NULL;
		*out_length = (size_t)(out_at - out);
		out[*out_length] = '\0';
	}
	iconv_close(c);
	return out;
}

static bool begins(const char *bytes, size_t length, const char *mark, size_t mark_length)
{
	return length >= mark_length && memcmp(bytes, mark, mark_length) == 0;
}

/* The encoding that a byte order mark names, and the mark's length; NULL without a mark. */
static const char *marked_encoding(const char *bytes, size_t length, size_t *mark_length)
{
	static const struct {
		const char *mark;
		size_t length;
		const char *encoding;
	} marks[] = {
		{"\xef\xbb\xbf", 3, "UTF-8"},
		{"\xff\xfe", 2, "UTF-16LE"},
		{"\xfe\xff", 2, "UTF-16BE"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (begins(bytes, length, marks[i].mark, marks[i].length)) {
			*mark_length = marks[i].length;
			return marks[i].encoding;
		}
	}
	*mark_length = 0;
	return NULL;
}

char *csv_decode(struct arena *a, const char *bytes, size_t length, size_t *out_length,
		 const char **encoding, const char **reason, size_t *offset)
{
	size_t mark = 0;
	char *out;

	*offset = 0;
	*out_length = 0;
	*encoding = NULL;
	*reason = NULL;
	if (begins(bytes, length, "PK\x03\x04", 4))
		*reason = "csv-is-xlsx";
	else if (begins(bytes, length, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
		*reason = "csv-is-xls";
	if (*reason)
		return NULL;

	*encoding = marked_encoding(bytes, length, &mark);
	bytes += mark;
	length -= mark;
	if (!*encoding)
		*encoding = utf8_valid(bytes, length) ? "UTF-8" : "GB18030";
	if (!length) {
		*reason = "csv-empty";
		return NULL;
	}
	out = convert(a, "UTF-8", *encoding, bytes, length, out_length, reason, offset);
	/* iconv lets pass what stands beyond Unicode's end, marked as UTF-8. */
	if (out && !utf8_valid(out, *out_length)) {
		*reason = "csv-encoding";
		out = NULL;
	}
	*offset += mark;
	return out;
}

char *csv_encode_gb18030(struct arena *a, const char *text, size_t length, size_t *out_length)
{
	const char *reason;
	size_t offset;

	return convert(a, "GB18030", "UTF-8", text, length, out_length, &reason, &offset);
}

/* --- records --- */

enum { SNIFF_RECORDS = 10, PIECE = 16 * 1024 };

/* What libcsv's callbacks fill. */
struct reading {
	struct arena *arena;
	csv_record *record;
	void *context;
	const char *fields[CSV_FIELDS_MAX];
	char *bytes; /* of the fields, one after the other */
	size_t used, count, number;
	const char *reason;
	bool stopped;
};

enum { RECORD_BYTES = CSV_FIELDS_MAX * (CSV_FIELD_LENGTH_MAX + 1) };

/* The delimiter that stands most often outside quotes in the first records; a comma by default. */
static unsigned char sniff(const char *text, size_t length)
{
	static const char candidates[] = ",;\t";
	size_t seen[sizeof(candidates) - 1] = {0};
	size_t records = 0, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < length && records < SNIFF_RECORDS; i++) {
		const char *c = text[i] ? strchr(candidates, text[i]) : NULL;

		if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] == '\n')
			records++;
		else if (!quoted && c)
			seen[c - candidates]++;
	}
	for (size_t i = 1; i < sizeof(candidates) - 1; i++)
		best = seen[i] > seen[best] ? i : best;
	return (unsigned char)candidates[best];
}

/* Blanks at a field's ends; a carriage return is one, so that CRLF ends a line like LF. */
static int is_blank(unsigned char c)
{
	return c == ' ' || c == '\r';
}

static int is_blank_or_tab(unsigned char c)
{
	return is_blank(c) || c == '\t';
}

static int is_line_feed(unsigned char c)
{
	return c == '\n';
}

static int is_carriage_return(unsigned char c)
{
	return c == '\r';
}

static bool has_control(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return true;
	}
	return false;
}

static void field_end(void *bytes, size_t length, void *context)
{
	struct reading *r = context;

	if (r->stopped)
		return;
	if (r->count == CSV_FIELDS_MAX)
		r->reason = "csv-too-many-fields";
	else if (length > CSV_FIELD_LENGTH_MAX)
		r->reason = "csv-field-too-long";
	else if (length && has_control(bytes, length))
		r->reason = "csv-control";
	if (r->reason) {
		r->stopped = true;
		return;
	}
	if (length)
		memcpy(r->bytes + r->used, bytes, length);
	r->bytes[r->used + length] = '\0';
	r->fields[r->count++] = r->bytes + r->used;
	r->used += length + 1;
}

static void record_end(int terminator, void *context)
{
	struct reading *r = context;

	(void)terminator;
	if (r->stopped)
		return;
	if (r->number > CSV_RECORDS_MAX)
		r->reason = "csv-too-many-records";
	if (r->reason || !r->record(r->context, r->number, r->fields, r->count)) {
		r->stopped = true;
		return;
	}
	r->number++;
	r->count = 0;
	r->used = 0;
}

/* Feeds TEXT to libcsv piece by piece, since its callbacks cannot stop it. */
static void feed(struct csv_parser *p, const char *text, size_t length, struct reading *r)
{
	size_t done = 0;

	while (done < length && !r->stopped && !r->reason) {
		size_t piece = length - done < PIECE ? length - done : PIECE;

		if (csv_parse(p, text + done, piece, field_end, record_end, r) != piece &&
		    !r->stopped)
			r->reason = csv_error(p) == CSV_EPARSE ? "csv-quotes" : "out-of-memory";
		done += piece;
	}
	if (!r->stopped && !r->reason && csv_fini(p, field_end, record_end, r) && !r->reason)
		r->reason = csv_error(p) == CSV_EPARSE ? "csv-quotes" : "out-of-memory";
}

const char *csv_read(struct arena *a, const char *text, size_t length, csv_record *record,
		     void *context, size_t *where)
{
	struct reading r = {.arena = a, .record = record, .context = context, .number = 1};
	struct csv_parser p;
	unsigned char delimiter = sniff(text, length);

	*where = 0;
	r.bytes = arena_alloc(a, RECORD_BYTES);
	if (!r.bytes || csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL))
		return "out-of-memory";
	csv_set_delim(&p, delimiter);
	csv_set_space_func(&p, delimiter == '\t' ? is_blank : is_blank_or_tab);
	csv_set_term_func(&p, memchr(text, '\n', length) ? is_line_feed : is_carriage_return);
	feed(&p, text, length, &r);
	csv_free(&p);
	*where = r.number;
	return r.reason;
}
