/*
 * csv.h -- tables as people's spreadsheets send and open them.  The only user of libcsv and iconv.
 *
 * In: a byte order mark (UTF-8, UTF-16), else strict UTF-8, else GB18030; comma, semicolon or
 * tab, by the first lines; records counted from 1, blank ones included; a NUL, a control byte,
 * a stray quotation mark or a record over its limits is an error.  Out: GB18030 where it is
 * asked for; the lines themselves are written by SQL's csv_line().
 */
#ifndef QINGLAN_CSV_H
#define QINGLAN_CSV_H

#include "arena.h"

enum { CSV_FIELDS_MAX = 100, CSV_FIELD_LENGTH_MAX = 2000, CSV_RECORDS_MAX = 100000 };

/*
 * UTF-8 of a file in A without its mark, *OUT_LENGTH bytes and a NUL behind, *ENCODING a
 * constant name.  NULL with a violation code in *REASON (csv-is-xlsx, csv-is-xls, csv-encoding,
 * csv-empty, out-of-memory) and in *OFFSET the first byte that could not be read.
 */
char *csv_decode(struct arena *a, const char *bytes, size_t length, size_t *out_length,
		 const char **encoding, const char **reason, size_t *offset);

/*
 * One record: its number from 1 and its fields, trimmed of blanks, as UTF-8 that lives only
 * during the call; a blank line has no fields.  Return false to stop.
 */
typedef bool csv_record(void *context, size_t number, const char *const *fields, size_t count);

/*
 * Reads decoded TEXT; NULL when all of it was read or RECORD stopped it, else a violation code
 * (csv-quotes, csv-control, csv-too-many-fields, csv-field-too-long, csv-too-many-records,
 * out-of-memory) and in *WHERE the number of the record.
 */
const char *csv_read(struct arena *a, const char *text, size_t length, csv_record *record,
		     void *context, size_t *where);

/* UTF-8 as GB18030 in A, *OUT_LENGTH bytes; NULL without memory or when TEXT is no UTF-8. */
char *csv_encode_gb18030(struct arena *a, const char *text, size_t length, size_t *out_length);

#endif
