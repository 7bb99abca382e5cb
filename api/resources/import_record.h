/*
 * import_record.h -- one record of a list import: its cells by column, and what was found in it.
 *
 * The three kinds of lists (schools, teachers, hours) share everything but the reading of a
 * record: roster_row.c, school_row.c, hours_row.c.
 */
#ifndef QINGLAN_IMPORT_RECORD_H
#define QINGLAN_IMPORT_RECORD_H

#include "kernel/arena.h"

enum { IMPORT_COLUMNS_MAX = 20 };

/* A column: its label, other headings that people use for it, and an example for the template. */
struct import_column {
	const char *label;
	const char *headings[7];
	bool required;
	const char *example;
	const char *const *words; /* what alone may stand in it (see import_choice()), or NULL */
};

struct import_record;

struct import_kind {
	const char *name; /* import.kind */
	const struct import_column *columns;
	int column_count;
	unsigned long key_columns;    /* bits; a record without any of them is a title or a total */
	unsigned long one_of_columns; /* bits; a list has one of these at least */
	int document_column;          /* holds identity numbers, or -1 */
	void (*read)(struct import_record *r);
	const char *filename; /* of the template */
};

extern const struct import_kind import_kind_schools, import_kind_teachers, import_kind_hours;

/* Read like them, though no import: scores.c. */
extern const struct import_kind list_of_scores;

/* The kind of a name, or NULL. */
const struct import_kind *import_kind_named(const char *name);

struct import_record {
	struct arena *arena;
	const struct import_kind *kind;
	const char *latest_on;                 /* the last day that a beginning may have */
	const char *cells[IMPORT_COLUMNS_MAX]; /* by column, cleaned; "" where there is none */
	bool present[IMPORT_COLUMNS_MAX];      /* the list has the column */

	/* Filled by the kind's read(): */
	json_t *parsed;   /* object, without the plain document */
	json_t *problems; /* array of {column, code, value, severity} */
	bool rejected, warned;
	const char *name; /* of a person, as written, or NULL */
	const char *phone;
	const char *document_type, *document; /* checked, plain, or NULL */
};

/* Where the columns of a file are: place[column] is the field's number or -1. */
struct import_header {
	int place[IMPORT_COLUMNS_MAX];
	size_t field_count;
	json_t *unread; /* array of the headings that are no column of the kind */
	bool found;
};

/* The header is one of the first so many records. */
enum { IMPORT_HEADER_WITHIN = 50 };

/* True when the fields are a header of KIND: at least three of its columns, one a key column. */
bool import_header_read(struct arena *a, const struct import_kind *kind, const char *const *fields,
			size_t count, struct import_header *h);

/* The label of a required column that the header lacks ("A/B" where one of several is), or NULL. */
const char *import_header_lacks(struct arena *a, const struct import_kind *kind,
				const struct import_header *h);

/* True when FIELD is a heading of the column. */
bool import_heading_is(struct arena *a, const struct import_column *c, const char *field);

/* Fills the cells of R; false without memory. */
bool import_record_fill(struct import_record *r, const struct import_header *h,
			const char *const *fields, size_t count);

/* True for a blank, title or total record. */
bool import_record_is_no_row(const struct import_record *r, const char *const *fields,
			     size_t count);

/* True for the header again, as it stands on each page of a printed list. */
bool import_record_is_header(const struct import_record *r);

/* TEXT, cut where it is too long for a report; NULL without memory. */
const char *import_shortened(struct arena *a, const char *text);

/* True for the example that the template gives: nobody's, and left in by mistake. */
bool import_record_is_example(const struct import_record *r);

/* Notes an error or a warning about a column; identity numbers and phones are masked. */
void import_error(struct import_record *r, int column, const char *code);
void import_warning(struct import_record *r, int column, const char *code);

/* Sets a member of parsed; TEXT NULL or "" is null. */
void import_set(struct import_record *r, const char *member, const char *text);

/* The cell as text of at most MOST characters under MEMBER; too much is an error. */
void import_set_text(struct import_record *r, const char *member, int column, size_t most);

/* The cell as the name of the person; none, too much or one with digits is an error. */
void import_name(struct import_record *r, int column);

/*
 * TEXT with stars in what looks like an identity number (resident_id_hide()): such a number is
 * kept sealed, and in the column of the document only.  NULL without memory.
 */
const char *import_without_identity(struct arena *a, const char *text);

/* One of CHOICES (pairs of written and meant, ended by NULL), or NULL. */
const char *import_choice(const char *const *choices, const char *text);

/* What may stand in COLUMN, as one text: "班主任、代理班主任" or, in English, "homeroom, acting". */
const char *import_allowed(struct arena *a, const struct import_column *c, bool english);

/* The column of types of documents, the same in every list of persons, and what may stand in it. */
extern const char *const import_document_types[];
#define IMPORT_DOCUMENT_TYPE                                                                       \
	{                                                                                          \
		"证件类型", {"身份证件类型", "documenttype"}, false, "居民身份证",                 \
			import_document_types                                                      \
	}

/*
 * Checks the identity number in COLUMN, whose type TYPE_COLUMN may state: fills document and
 * document_type, or notes an error.  False when there is no valid number.
 */
bool import_document(struct import_record *r, int column, int type_column);

#endif
