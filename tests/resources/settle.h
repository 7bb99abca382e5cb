/*
 * settle.h -- settling courses through the API, for tests of what comes of it.
 */
#ifndef QINGLAN_TEST_SETTLE_H
#define QINGLAN_TEST_SETTLE_H

#include "resources/course_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline struct answer *preview(struct client *c, const char *course)
{
	struct answer *a = GET(c, "/v1/courses/%s/settlement", course);

	expect(a, 200, NULL);
	return a;
}

static inline struct answer *settle(struct client *c, const char *course, const char *plan)
{
	return POST(c, text("/v1/courses/%s/settle", course), text("{'plan': '%s'}", plan));
}

/* Closes and settles what the organiser was shown. */
static inline struct answer *settled(struct world *w, const char *course)
{
	struct answer *a;

	course_becomes(w, course, "closed");
	a = settle(w->county, course, text_at(preview(w->county, course), "plan"));
	expect(a, 200, "{'state': 'settled'}");
	return a;
}

/* Enters a sheet; EXCEPT are its exceptions without brackets. */
static inline void sheet(struct world *w, const char *session, const char *except)
{
	expect(POST(w->county, text("/v1/sessions/%s/attendance", session),
		    text("{'except': [%s]}", except)),
	       200, NULL);
}

static inline const char *entries(struct world *w, const char *course)
{
	return world_value(w,
			   "SELECT count(*) || ' ' || coalesce(sum(h.hours), 0) FROM hour_entry h "
			   "JOIN enrolment e ON h.source_key = e.id::text WHERE h.source_kind = "
			   "'course_enrolment' AND e.course = $1::uuid",
			   course, NULL);
}

static inline void ledger_is_sound(struct world *w)
{
	expect_sql(w, "0", text("SELECT count(*) FROM ledger_verify(%d)", w->county_a));
}

/* "hours reason" of an enrolment in a settlement; "-" for none. */
static inline const char *came_to(const struct answer *a, const char *enrolment)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_at(a, "rows"), i, row) {
		const json_t *hours = json_object_get(row, "hours");
		const char *reason = json_string_value(json_object_get(row, "reason"));

		if (strcmp(json_string_value(json_object_get(row, "enrolment_id")), enrolment))
			continue;
		if (json_is_null(hours))
			return text("- %s", reason ? reason : "-");
		return text("%.2f %s", json_number_value(hours), reason ? reason : "-");
	}
	return "nobody";
}

#endif
