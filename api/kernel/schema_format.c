/*
 * schema_format.c -- the formats that are asserted: dates and times by RFC 3339, uuid by RFC 9562.
 *
 * The year 0000, which RFC 3339 writes and PostgreSQL does not know, is refused.
 */
#include "schema_private.h"

#include <string.h>

static const struct {
	const char *name;
	enum format format;
} formats[] = {
	{"date", FORMAT_DATE},   {"date-time", FORMAT_DATE_TIME},
	{"uuid", FORMAT_UUID},   {"email", FORMAT_EMAIL},
	{"uri", FORMAT_URI},     {"int32", FORMAT_INT32},
	{"int64", FORMAT_INT64}, {"double", FORMAT_NUMBER},
};

enum format format_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	}
	return FORMAT_NONE;
}

/* The value of COUNT digits at P, or -1. */
static int digits(const char *p, size_t count)
{
	int value = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

static bool date_valid(const char *p, size_t length)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, last;

	if (length != 10 || p[4] != '-' || p[7] != '-')
		return false;
	year = digits(p, 4);
	month = digits(p + 5, 2);
	day = digits(p + 8, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	last = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last = 29;
	return day <= last;
}

/* "Z" or "+hh:mm"; *MINUTES east of UTC. */
static bool offset_valid(const char *p, size_t length, int *minutes)
{
	int hour, minute;

	*minutes = 0;
	if (length == 1)
		return *p == 'Z' || *p == 'z';
	if (length != 6 || (*p != '+' && *p != '-') || p[3] != ':')
		return false;
	hour = digits(p + 1, 2);
	minute = digits(p + 4, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*minutes = (*p == '-' ? -1 : 1) * (hour * 60 + minute);
	return true;
}

static bool date_time_valid(const char *p, size_t length)
{
	int hour, minute, second, east, utc;
	size_t at = 19;

	if (length < 20 || !date_valid(p, 10) || (p[10] != 'T' && p[10] != 't') || p[13] != ':' ||
	    p[16] != ':')
		return false;
	hour = digits(p + 11, 2);
	minute = digits(p + 14, 2);
	second = digits(p + 17, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	if (p[at] == '.') {
		size_t start = ++at;

		while (at < length && p[at] >= '0' && p[at] <= '9')
			at++;
		if (at == start)
			return false;
	}
	if (at == length || !offset_valid(p + at, length - at, &east))
		return false;
	if (second < 60)
		return true;
	/* A leap second ends a day in UTC. */
	utc = (hour * 60 + minute - east + 2 * 1440) % 1440;
	return utc == 23 * 60 + 59;
}

static bool uuid_valid(const char *p, size_t length)
{
	size_t i;

	if (length != 36)
		return false;
	for (i = 0; i < 36; i++) {
		char c = p[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

		if (dash ? c != '-' : !hex)
			return false;
	}
	return true;
}

bool format_valid(enum format f, const char *text, size_t length)
{
	switch (f) {
	case FORMAT_DATE:
		return date_valid(text, length);
	case FORMAT_DATE_TIME:
		return date_time_valid(text, length);
	case FORMAT_UUID:
		return uuid_valid(text, length);
	case FORMAT_EMAIL:
		return address_email(text, length);
	case FORMAT_URI:
		return address_uri(text, length);
	default:
		return true;
	}
}

bool schema_format_valid(const char *format, const char *text, size_t length)
{
	enum format f = format_by_name(format);

	return f >= FORMAT_DATE && f <= FORMAT_URI && format_valid(f, text, length);
}
