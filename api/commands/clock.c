/*
 * clock.c -- `qinglan clock`: a county's calendar, moved in development so that a story can
 * play a year.  Tokens, leases and limits keep to the machine's clock.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

enum { COUNTY, SET, ADD, RESET, OPTIONS };

static const char *const option_list[] = {"county", "set", "add", "reset!", NULL};

/* Moves the clock as asked; false when the database refused. */
static bool clock_move(struct desk *d, const char *county, const char **values)
{
	if (values[SET])
		return desk_run(d, Q_command_clock_set, "county", county, "at", values[SET], NULL);
	if (values[ADD])
		return desk_run(d, Q_command_clock_add, "county", county, "span", values[ADD],
				NULL);
	if (values[RESET])
		return desk_run(d, Q_command_clock_reset, "county", county, NULL);
	return true;
}

static int clock_print(struct desk *d, const char *county)
{
	const PGresult *rows = desk_run(d, Q_command_clock, "county", county, NULL);

	if (!rows)
		return 1;
	printf("%s (%s ahead)\n", pg_text(rows, 0, "at"), pg_text(rows, 0, "ahead"));
	return 0;
}

int command_clock(const struct config *c, int count, char **arguments)
{
	static const char form[] = "clock --county CODE [--set DATE | --add INTERVAL | --reset]";
	const char *values[OPTIONS] = {NULL}, *rest[1], *county;
	const PGresult *rows = NULL;
	struct desk d;
	int rest_count, status = 1;

	if (!c->development)
		return complain("the clock is moved in development mode only "
				"(QINGLAN_DEVELOPMENT=on)");
	if (!options_read(count, arguments, option_list, values, rest, 0, &rest_count) ||
	    !values[COUNTY] || !!values[SET] + !!values[ADD] + !!values[RESET] > 1)
		return usage(form);
	/* PostgreSQL would take a bare number for seconds. */
	if (values[ADD] && !values[ADD][strspn(values[ADD], "0123456789+-. ")]) {
		complain("--add %s: a number wants its unit, as in '2 days' or '3 hours'",
			 values[ADD]);
		return usage(form);
	}
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url))
		rows = desk_run(&d, Q_command_counties, "code", values[COUNTY], NULL);
	if (rows && !pg_rows(rows)) {
		complain("there is no such county");
	} else if (rows) {
		county = pg_text(rows, 0, "county");
		if (clock_move(&d, county, values))
			status = clock_print(&d, county);
	}
	desk_close(&d);
	return status;
}
