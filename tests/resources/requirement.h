/*
 * requirement.h -- what tests of requirements make and ask, above ledger.h; for one test program
 * each.
 */
#ifndef QINGLAN_TEST_REQUIREMENT_H
#define QINGLAN_TEST_REQUIREMENT_H

#include "resources/ledger.h"

/* The day on which these tests are played, a Friday in the first term of 2026-2027. */
#define TODAY "2026-10-16"

static inline int requirement_begin(const char *database)
{
	if (ledger_begin(database))
		return -1;
	as_engine("SELECT clock_set(1, '" TODAY " 10:00+08')");
	return 0;
}

/* The id of the county's module N. */
static inline const char *module(int n)
{
	return as_engine(sql_text(
		"SELECT id FROM module WHERE county = 1 ORDER BY code OFFSET %d LIMIT 1", n));
}

/* A requirement of RULES: members of the body besides name, kind of window and day. Its body. */
static inline const char *require_rules(const char *name, const char *window, const char *from,
					const char *rules)
{
	return QUERY(
		sql->app, "requirement_create", "body",
		sql_text("{\"name\": \"%s\", \"window\": \"%s\", \"effective_on\": \"%s\", %s}",
			 name, window, from, rules));
}

#define RESERVES "\"population\": {\"appointment_kinds\": [\"reserve\"]}"

/* A requirement for reserves: the body, or the failure. */
static inline const char *require(const char *name, const char *window, const char *from,
				  const char *target, const char *limits)
{
	return require_rules(
		name, window, from,
		sql_text(RESERVES ", \"target_hours\": %s, \"limits\": %s", target, limits));
}

static inline const char *amend(const char *requirement, const char *version, const char *from,
				const char *target)
{
	return QUERY(sql->app, "requirement_version_create", "requirement_id", requirement,
		     "if_match", version, "body",
		     sql_text("{\"effective_on\": \"%s\", " RESERVES ", \"target_hours\": %s}",
			      from, target));
}

/* How the kept state differs from one counted from scratch, entry by entry; "" when it does not. */
static inline const char *state_differs(void)
{
	return as_engine(
		"WITH kept AS (SELECT requirement, window_on, person, part, requirement_version, needed,"
		" counted, short, levels FROM requirement_state WHERE county = 1), fresh AS ("
		" SELECT requirement, lower(during), person, part, version, needed, counted, short, levels"
		" FROM requirement_tally(1, ARRAY(SELECT id FROM person WHERE county = 1),"
		" daterange('2000-01-01', today(), '[]'), NULL, true))"
		"SELECT coalesce(string_agg(x::text, E'\\n'), '') FROM ((TABLE kept EXCEPT TABLE fresh)"
		" UNION ALL (TABLE fresh EXCEPT TABLE kept)) x");
}

/* Where PERSON stands in the windows of DAY: of the only requirement that concerns her; or "". */
static inline const char *standing(const char *person, const char *day)
{
	act_county_of(sql->app, person);
	return QUERY(sql->app, "teacher_requirements", "teacher_id", person, "on", day);
}

/* needed, counted, short and status of PERSON in the window of DAY. */
static inline const char *stands_of(const char *person, const char *day)
{
	const char *body = standing(person, day);

	return *body == '{' ? sql_text("%s %s %s %s", json_member(body, "{needed}"),
				       json_member(body, "{counted}"), json_member(body, "{short}"),
				       json_member(body, "{status}"))
			    : body;
}

/* Every entry of PERSON in the window of DAY: hours, counted and reason. */
static inline const char *explained_of(const char *person, const char *day)
{
	return sql_value(
		sql->super,
		sql_text(
			"SELECT string_agg(concat_ws(' ', e->>'hours', e->>'counted', e->>'reason'),"
			" ', ' ORDER BY n) FROM jsonb_array_elements('%s'::jsonb->'entries')"
			" WITH ORDINALITY AS x(e, n)",
			standing(person, day)));
}

/* Teachers 1 to 9 whom a requirement concerns, by their number, in the window of DAY. */
static inline const char *roll(const char *requirement, const char *day)
{
	return as_engine(sql_text(
		"SELECT coalesce(string_agg(right(person::text, 1), '' ORDER BY person), '')"
		" FROM requirement_roll('%s', '%s')",
		requirement, day));
}

#endif
