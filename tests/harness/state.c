/*
 * state.c -- see state.h.
 */
#include "state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *world_state(struct world *w)
{
	const char *state = world_value(
		w,
		"SELECT md5(string_agg(c.relname || query_to_xml(format('SELECT md5(string_agg(t::text, "
		"chr(10) ORDER BY t::text)) FROM %I t', c.relname), true, true, '')::text, ',' "
		"ORDER BY c.relname)) FROM pg_class c WHERE c.relkind IN ('r', 'p') "
		"AND c.relnamespace = 'qinglan'::regnamespace AND has_table_privilege(c.oid, 'SELECT')",
		NULL);

	assert_non_null(state);
	return state;
}

void expect_state_at(struct world *w, const char *before, const char *file, int line)
{
	if (!strcmp(world_state(w), before))
		return;
	print_error("something in the database has changed\n");
	_fail(file, line);
}
