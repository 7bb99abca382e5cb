/*
 * migrate.c -- `qinglan migrate` and `qinglan restored`: what the owner does to the database.
 *
 * How migrations run is kernel/migrate.c, what they say db/migrations.
 */
#include "commands.h"

#include <stdio.h>

int command_migrate(const struct config *c, int count, char **arguments)
{
	struct desk d;
	char error[500];
	int number = -1;

	(void)arguments;
	if (count > 1)
		return usage("migrate");
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url)) {
		number = migrate(d.pg, migrations, migration_count, error);
		if (number < 0)
			complain("%s", error);
		else
			printf("migration %d of %zu is in force\n", number, migration_count);
	}
	desk_close(&d);
	return number < 0;
}

int command_restored(const struct config *c, int count, char **arguments)
{
	const PGresult *rows = NULL;
	struct desk d;

	(void)arguments;
	if (count > 1)
		return usage("restored");
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url)) {
		rows = desk_run_plainly(&d, Q_command_restored, NULL);
		if (rows)
			rows = desk_run_plainly(&d, Q_command_epoch, NULL);
		if (rows)
			printf("new events are of epoch %s\n", pg_text(rows, 0, "epoch"));
	}
	desk_close(&d);
	return rows ? 0 : 1;
}
