/*
 * resident_id.c -- GB 11643-1999: 17 digits and a check character by ISO 7064 MOD 11-2.
 *
 * It stores, seals and looks up nothing.
 */
#include "resident_id.h"

#include <string.h>

enum { ID_LENGTH = 18, COMPACT_MAX = 40, HIDDEN_RUN = 15, SHOWN_FIRST = 3, SHOWN_LAST = 4 };

/* Full-width digits and letters (U+FF10 to U+FF5A) are three bytes in UTF-8; 0 for other text. */
static char full_width(const unsigned char *at)
{
	unsigned code;

	if (at[0] != 0xEF || (at[1] != 0xBC && at[1] != 0xBD) || at[2] < 0x80)
		return 0;
	code = 0xF000u | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
	return code >= 0xFF01 && code <= 0xFF5E ? (char)(code - 0xFEE0) : 0;
}

/* Length of the white space at AT: ASCII, no-break (C2 A0) or ideographic (E3 80 80) space. */
static int space_length(const unsigned char *at)
{
	if (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		return 1;
	if (at[0] == 0xC2 && at[1] == 0xA0)
		return 2;
	return at[0] == 0xE3 && at[1] == 0x80 && at[2] == 0x80 ? 3 : 0;
}

/*
 * Copies TEXT without white space, leading apostrophe and full-width forms.  What is longer
 * than any number is cut: it stays too long.
 */
static void compact(const char *text, char out[COMPACT_MAX + 1])
{
	const unsigned char *at = (const unsigned char *)text;
	int used = 0;

	while (*at && used < COMPACT_MAX) {
		int space = space_length(at);
		char wide = full_width(at);

		if (space) {
			at += space;
		} else if (used == 0 && *at == '\'') {
			at++;
		} else if (used == 0 && !strncmp((const char *)at, "\xE2\x80\x99", 3)) {
			at += 3;
		} else {
			out[used++] = wide ? wide : (char)*at;
			at += wide ? 3 : 1;
		}
	}
	out[used] = '\0';
	for (int i = 0; i < used; i++)
		if (out[i] == 'x')
			out[i] = 'X';
}

static bool is_digits(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

/* 2.30125E+17, or the plain digits that a spreadsheet shows for it. */
static bool is_scientific(const char *text)
{
	size_t mantissa = strspn(text, "0123456789.");
	const char *power = text + mantissa;

	if (mantissa == 0 || (*power != 'E' && *power != 'e'))
		return false;
	power++;
	if (*power == '+')
		power++;
	return *power && is_digits(power, strlen(power));
}

static int number_at(const char *text, int length)
{
	int number = 0;

	for (int i = 0; i < length; i++)
		number = number * 10 + (text[i] - '0');
	return number;
}

static bool is_date(const char *text)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = number_at(text, 4), month = number_at(text + 4, 2), day = number_at(text + 6, 2);
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1850 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static char check_character(const char *text)
{
	static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;

	for (int i = 0; i < ID_LENGTH - 1; i++)
		sum += weights[i] * (text[i] - '0');
	return "10X98765432"[sum % 11];
}

enum resident_id_fault resident_id_check(const char *text, char normalized[19])
{
	char number[COMPACT_MAX + 1] = "";
	size_t length;
	bool checks;

	normalized[0] = '\0';
	compact(text, number);
	length = strlen(number);
	if (length == 0)
		return RESIDENT_ID_MISSING;
	if (is_scientific(number))
		return RESIDENT_ID_DAMAGED;
	if (length != ID_LENGTH)
		return RESIDENT_ID_LENGTH;
	if (!is_digits(number, ID_LENGTH - 1) || !strchr("0123456789X", number[ID_LENGTH - 1]))
		return RESIDENT_ID_CHARACTER;
	checks = check_character(number) == number[ID_LENGTH - 1];
	/* Numbers of a spreadsheet keep fifteen digits. */
	if (!checks && !strcmp(number + 15, "000"))
		return RESIDENT_ID_DAMAGED;
	if (!is_date(number + 6))
		return RESIDENT_ID_BIRTH;
	if (!checks)
		return RESIDENT_ID_CHECKSUM;
	memcpy(normalized, number, ID_LENGTH + 1);
	return RESIDENT_ID_OK;
}

const char *resident_id_fault_code(enum resident_id_fault fault)
{
	static const char *const codes[] = {
		[RESIDENT_ID_OK] = "",
		[RESIDENT_ID_MISSING] = "resident-id-missing",
		[RESIDENT_ID_DAMAGED] = "resident-id-damaged",
		[RESIDENT_ID_LENGTH] = "resident-id-length",
		[RESIDENT_ID_CHARACTER] = "resident-id-character",
		[RESIDENT_ID_BIRTH] = "resident-id-birth",
		[RESIDENT_ID_CHECKSUM] = "resident-id-checksum",
	};

	return codes[fault];
}

void resident_id_mask(const char normalized[19], char masked[19])
{
	memcpy(masked, normalized, ID_LENGTH + 1);
	memset(masked + SHOWN_FIRST, '*', ID_LENGTH - SHOWN_FIRST - SHOWN_LAST);
}

/* Length of the hyphen, dash or minus at AT: ASCII, U+2010 to U+2015, U+2212. */
static int dash_length(const unsigned char *at)
{
	if (*at == '-')
		return 1;
	if (at[0] != 0xE2)
		return 0;
	return (at[1] == 0x80 && at[2] >= 0x90 && at[2] <= 0x95) || (at[1] == 0x88 && at[2] == 0x92)
		       ? 3
		       : 0;
}

/* Length of the blanks and dashes at AT. */
static size_t gap_length(const char *at)
{
	const unsigned char *byte = (const unsigned char *)at;
	int length;

	while ((length = space_length(byte)) || (length = dash_length(byte)))
		byte += length;
	return (size_t)(byte - (const unsigned char *)at);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Length of the number that begins at AT, a first digit, and may have gaps; 0 when these are no
 * eighteen characters with a birth date that end where digits end.
 */
static size_t gapped_length(const char *at, char number[ID_LENGTH + 1])
{
	const char *end = at;
	int used = 0;

	while (used < ID_LENGTH) {
		if (used)
			end += gap_length(end);
		if (!is_digit(*end) && (used < ID_LENGTH - 1 || (*end != 'x' && *end != 'X')))
			return 0;
		number[used++] = *end++;
	}
	number[used] = '\0';
	return !is_digit(*end) && number_at(number + 6, 4) < 2100 && is_date(number + 6)
		       ? (size_t)(end - at)
		       : 0;
}

bool resident_id_hide(const char *text, char *out)
{
	char number[ID_LENGTH + 1];
	bool hidden = false;

	while (*text) {
		size_t run = strspn(text, "0123456789"), length = 0;

		if (!run) {
			*out++ = *text++;
			continue;
		}
		if ((length = gapped_length(text, number))) {
			memcpy(out, number, ID_LENGTH);
			run = ID_LENGTH;
		} else {
			length = run;
			memcpy(out, text, run);
		}
		if (run >= HIDDEN_RUN) {
			/* A check character X belongs to what is shown. */
			bool x = length == run && (text[run] == 'x' || text[run] == 'X');

			memset(out + SHOWN_FIRST, '*', run - SHOWN_FIRST - SHOWN_LAST + x);
			hidden = true;
		}
		out += run;
		text += length;
	}
	*out = '\0';
	return hidden;
}

void resident_id_birth(const char normalized[19], char birth[11])
{
	memcpy(birth, normalized + 6, 4);
	birth[4] = '-';
	memcpy(birth + 5, normalized + 10, 2);
	birth[7] = '-';
	memcpy(birth + 8, normalized + 12, 2);
	birth[10] = '\0';
}

const char *resident_id_gender(const char normalized[19])
{
	return (normalized[16] - '0') % 2 ? "male" : "female";
}
