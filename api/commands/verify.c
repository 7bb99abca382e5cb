/*
 * verify.c -- `qinglan verify`: every hash chain and every balance recomputed from the entries.
 *
 * What is compared is ledger_verify() of db/migrations/0007_ledger.sql.
 */
#include "commands.h"

#include <stdio.h>

/* Prints the faults of one county; their number, or -1. */
static int county_verify(struct desk *d, const char *county, const char *name)
{
	const PGresult *rows = desk_run(d, Q_command_verify, "county", county, NULL);
	int i, count;

	if (!rows)
		return -1;
	count = pg_rows(rows);
	for (i = 0; i < count; i++)
		printf("%s: wrong %s: account %s, person %s, entry %s, number %s\n", name,
		       pg_text(rows, i, "fault"), pg_text(rows, i, "account"),
		       pg_text(rows, i, "person"), pg_text(rows, i, "entry"),
		       pg_text(rows, i, "seq"));
	rows = desk_run(d, Q_command_digest, "county", county, NULL);
	if (!rows)
		return -1;
	printf("%s: %s chains, %s entries, %d faults, digest %s\n", name,
	       pg_text(rows, 0, "accounts"), pg_text(rows, 0, "entries"), count,
	       pg_text(rows, 0, "digest"));
	return count;
}

int command_verify(const struct config *c, int count, char **arguments)
{
	static const char *const list[] = {"county", NULL};
	const char *values[1] = {NULL}, *rest[1];
	const PGresult *counties = NULL;
	struct desk d;
	int rest_count, i, faults, status = 1;

	if (!options_read(count, arguments, list, values, rest, 0, &rest_count))
		return usage("verify [--county CODE]");
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url))
		counties = desk_run(&d, Q_command_counties, "code", values[0], NULL);
	if (counties) {
		status = pg_rows(counties) || !values[0] ? 0 : complain("there is no such county");
		for (i = 0; i < pg_rows(counties); i++) {
			faults = county_verify(&d, pg_text(counties, i, "county"),
					       pg_text(counties, i, "name"));
			if (faults)
				status = 1;
		}
	}
	desk_close(&d);
	return status;
}
