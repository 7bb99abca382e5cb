/*
 * resident_id.h -- the resident identity number of GB 11643-1999: reading, checking, masking.
 *
 * It knows the number's form only.  Whether an area code exists is not checked, nor whether a
 * birth date is plausible today: it asks no clock.  Sealing and hashing are document.h's.
 */
#ifndef QINGLAN_RESIDENT_ID_H
#define QINGLAN_RESIDENT_ID_H

#include <stdbool.h>

enum resident_id_fault {
	RESIDENT_ID_OK,
	RESIDENT_ID_MISSING, /* nothing but white space */
	RESIDENT_ID_DAMAGED, /* a spreadsheet made a rounded number of it: 2.30125E+17, or ...000 */
	RESIDENT_ID_LENGTH,  /* not 18 characters */
	RESIDENT_ID_CHARACTER, /* something else than 17 digits and a digit or X */
	RESIDENT_ID_BIRTH,     /* digits 7 to 14 are no date */
	RESIDENT_ID_CHECKSUM   /* the check character is another */
};

/*
 * Checks TEXT (UTF-8).  White space, an apostrophe in front and full-width forms are forgiven, x
 * becomes X.  NORMALIZED holds the 18 characters when RESIDENT_ID_OK, else "".
 */
enum resident_id_fault resident_id_check(const char *text, char normalized[19]);

/* The slug of a fault for errors and reports ("resident-id-checksum"); "" for RESIDENT_ID_OK. */
const char *resident_id_fault_code(enum resident_id_fault fault);

/* As answers show it: first three, eleven stars, last four.  NORMALIZED as made by the check. */
void resident_id_mask(const char normalized[19], char masked[19]);

/*
 * Copies TEXT (no full-width forms) to OUT, which has room for as much, with stars in what looks
 * like such a number: fifteen digits and more on end, or eighteen with blanks or dashes between
 * that hold a birth date and become one word.  True when there was any.
 */
bool resident_id_hide(const char *text, char *out);

/* The birth date as YYYY-MM-DD. */
void resident_id_birth(const char normalized[19], char birth[11]);

/* "male" or "female", by the 17th digit. */
const char *resident_id_gender(const char normalized[19]);

#endif
