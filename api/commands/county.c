/*
 * county.c -- `qinglan county add`: a county with its calendar, lists and offices.
 *
 * Somebody must be the first to act: --officer names a person who holds the bureau's office.
 * Everybody else comes in through the API.
 */
#include "commands.h"

#include "resources/pinyin.h"

#include <stdio.h>
#include <string.h>

bool county_add(struct desk *d, const char *code, const char *name, char county[16])
{
	const PGresult *rows = desk_run(d, Q_command_county_add, "code", code, "name", name, NULL);

	if (!rows)
		return false;
	snprintf(county, 16, "%s", pg_text(rows, 0, "county"));
	return true;
}

bool officer_add(struct desk *d, const char *county, const char *school_code, const char *name)
{
	char *sort_key = pinyin_sort_key(d->arena, name);
	char *tokens = pinyin_tokens(d->arena, name, NULL);

	if (!sort_key || !tokens)
		return complain("no memory"), false;
	return desk_run(d, Q_command_officer_add, "county", county, "school_code", school_code,
			"name", name, "sort_key", sort_key, "tokens", tokens, NULL) != NULL;
}

/* True when nobody has the code yet; else a line says who has. */
static bool code_is_free(struct desk *d, const char *code)
{
	const PGresult *rows = desk_run(d, Q_command_counties, "code", code, NULL);

	if (rows && pg_rows(rows))
		complain("%s is the code of a county already: %s", code, pg_text(rows, 0, "name"));
	return rows && !pg_rows(rows);
}

int command_county(const struct config *c, int count, char **arguments)
{
	static const char *const list[] = {"officer", NULL};
	static const char form[] = "county add CODE NAME [--officer NAME]";
	const char *values[1] = {NULL}, *rest[3];
	char county[16];
	struct desk d;
	int rest_count, status = 1;

	if (!options_read(count, arguments, list, values, rest, 3, &rest_count) ||
	    rest_count != 3 || strcmp(rest[0], "add"))
		return usage(form);
	if (strlen(rest[1]) != 6 || strspn(rest[1], "0123456789") != 6)
		return complain("%s is no county code: six digits (GB/T 2260)", rest[1]);
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url) && code_is_free(&d, rest[1]) &&
	    county_add(&d, rest[1], rest[2], county)) {
		printf("%s (%s) is county %s\n", rest[2], rest[1], county);
		if (!values[0])
			status = 0;
		else if (officer_add(&d, county, NULL, values[0]))
			status = printf("%s holds the bureau's office\n", values[0]) < 0;
	}
	desk_close(&d);
	return status;
}
