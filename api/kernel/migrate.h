/*
 * migrate.h -- numbered migrations, each once, in order.
 *
 * Under an advisory lock, one transaction each.  schema_migration keeps number, name and
 * SHA-256 of what ran: a changed or missing file is refused, as is a database that is newer.
 */
#ifndef QINGLAN_MIGRATE_H
#define QINGLAN_MIGRATE_H

#include "pg.h"

struct migration {
	int number;
	const char *name;
	const char *sql;
	size_t length;
};

/* Brings the database up to date; the number now in force, or -1 with a line in ERROR. */
int migrate(struct pg *owner, const struct migration *list, size_t count, char error[500]);

/*
 * 0 when the database is at exactly LIST's state; else 1 behind, 2 ahead, 3 changed, -1 unreadable.
 */
int migrate_check(struct pg *c, const struct migration *list, size_t count, char error[500]);

#endif
