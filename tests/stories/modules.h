/*
 * modules.h -- several of the county's modules at once, as plans and requirements name them.
 */
#ifndef QINGLAN_STORY_MODULES_H
#define QINGLAN_STORY_MODULES_H

#include "stories/year.h"

/* The ids of the modules with these codes, as the inside of a JSON list. */
static inline const char *module_ids(struct story *s, const char *const codes[], int count)
{
	const char *ids = "";

	for (int i = 0; i < count; i++)
		ids = say("%s%s'%s'", ids, i ? ", " : "", module(s, codes[i]));
	return ids;
}

/* Limits of a requirement: at least HOURS of each. */
static inline const char *module_limits(struct story *s, const char *const codes[], int count,
					int hours)
{
	const char *limits = "";

	for (int i = 0; i < count; i++)
		limits = say("%s%s{'module_id': '%s', 'at_least': %d}", limits, i ? ", " : "",
			     module(s, codes[i]), hours);
	return limits;
}

#endif
