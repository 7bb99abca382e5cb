/*
 * cell.h -- one cell of a table as people fill it in: blanks, full-width forms, dates.
 *
 * It knows spreadsheets' habits and nothing of rosters or hours.
 */
#ifndef QINGLAN_CELL_H
#define QINGLAN_CELL_H

#include "kernel/arena.h"

/*
 * TEXT without blanks (also ideographic, no-break and zero-width ones) at its ends, without
 * the apostrophe that makes a spreadsheet keep a number as text, and without control characters
 * other than tabs and line ends; NULL without memory.
 */
char *cell_clean(struct arena *a, const char *text);

/* TEXT with full-width digits, letters and signs as ASCII; NULL without memory. */
char *cell_narrow(struct arena *a, const char *text);

/* TEXT in one line: line ends and tabs become single blanks; NULL without memory. */
char *cell_line(struct arena *a, const char *text);

enum cell_date { CELL_NO_DATE, CELL_DAY, CELL_MONTH };

/*
 * Reads a date as rosters write it: 2007-02-01, 2014-08, 2025.9, 2021/2/1, 2024年2月,
 * 2016年3月1日, 20240901, 202409; a time of midnight may follow.  OUT is YYYY-MM-DD, the first
 * day where only a month is given; years 1900 to 2100.
 */
enum cell_date cell_date(const char *narrow, char out[11]);

/* Number of characters (code points) of UTF-8. */
size_t cell_length(const char *text);

#endif
