/*
 * csv_fuzz.c -- any bytes as a table: decoding, reading, and the limits that csv.h promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/csv.h"
#include "kernel/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check(void *context, size_t number, const char *const *fields, size_t count)
{
	size_t *last = context;

	if (number != *last + 1 || count > CSV_FIELDS_MAX)
		abort();
	*last = number;
	for (size_t i = 0; i < count; i++) {
		if (strlen(fields[i]) > CSV_FIELD_LENGTH_MAX ||
		    !utf8_valid(fields[i], strlen(fields[i])))
			abort();
	}
	return number < 5000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(64 * 1024 * 1024);
	const char *encoding, *reason;
	size_t length, offset, where, last = 0;
	char *text;

	if (!a)
		return 0;
	text = csv_decode(a, (const char *)data, size, &length, &encoding, &reason, &offset);
	if (text ? reason != NULL : reason == NULL || offset > size)
		abort();
	if (text) {
		size_t back_length;

		csv_read(a, text, length, check, &last, &where);
		csv_encode_gb18030(a, text, length, &back_length);
	}
	arena_free(a);
	return 0;
}
