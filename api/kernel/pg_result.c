/*
 * pg_result.c -- reading results and the fields of an error.
 */
#include "pg_private.h"

#include <string.h>

int pg_rows(const PGresult *r)
{
	return PQntuples(r);
}

int pg_column(const PGresult *r, const char *name)
{
	int i, count = PQnfields(r);

	/* PQfnumber() folds case and takes quotes; our names are what they are. */
	for (i = 0; i < count; i++)
		if (!strcmp(PQfname(r, i), name))
			return i;
	return -1;
}

const char *pg_value(const PGresult *r, int row, int column)
{
	if (row < 0 || row >= PQntuples(r) || column < 0 || column >= PQnfields(r))
		return NULL;
	return PQgetisnull(r, row, column) ? NULL : PQgetvalue(r, row, column);
}

const char *pg_text(const PGresult *r, int row, const char *column)
{
	return pg_value(r, row, pg_column(r, column));
}

/* A field of an error, or "". */
static const char *error_field(const PGresult *r, int field)
{
	const char *text = PQresultErrorField(r, field);

	return text ? text : "";
}

const char *pg_sqlstate(const PGresult *r)
{
	return error_field(r, PG_DIAG_SQLSTATE);
}

const char *pg_constraint(const PGresult *r)
{
	return error_field(r, PG_DIAG_CONSTRAINT_NAME);
}

const char *pg_message(const PGresult *r)
{
	return error_field(r, PG_DIAG_MESSAGE_PRIMARY);
}

const char *pg_detail(const PGresult *r)
{
	return error_field(r, PG_DIAG_MESSAGE_DETAIL);
}

const char *pg_source_function(const PGresult *r)
{
	return error_field(r, PG_DIAG_SOURCE_FUNCTION);
}
