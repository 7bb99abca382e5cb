/*
 * settings.c -- from an actor to the parameters of the statement `settings`; see settings.h.
 *
 * It decides how much an actor sees and nothing else: what that means for a table is said by
 * the table's walls.
 */
#include "settings.h"

#include <string.h>

/* The parameters of the statement by name. */
struct setting_values {
	const struct actor *actor;
	const char *county, *subject, *request_id, *operation;
};

const char *settings_sees(const struct actor *actor)
{
	if (actor->role == ROLE_COUNTY)
		return "all";
	if (actor->role == ROLE_SCHOOL)
		return "school";
	if (actor->role == ROLE_CLIENT)
		return actor->school[0] ? "school" : "all";
	return "self";
}

/*
 * A setting that is absent is not given: settings end with their transaction, so nothing is left
 * from before.  Office and client are for what is recorded, as the request's id is.
 */
static const char *setting_value(void *context, const char *name)
{
	const struct setting_values *v = context;
	const struct {
		const char *name, *value;
	} values[] = {
		{"county", v->county},
		{"role", v->actor->role_name},
		{"sees", settings_sees(v->actor)},
		{"person", v->actor->person},
		{"office", v->request_id ? v->actor->office : NULL},
		{"school", v->actor->school},
		{"client", v->request_id ? v->actor->client : NULL},
		{"subject", v->subject},
		{"request_id", v->request_id},
		{"operation", v->operation},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (strcmp(values[i].name, name) == 0)
			return values[i].value && *values[i].value ? values[i].value : NULL;
	}
	return NULL;
}

bool settings_compose(const struct service *s, struct arena *a, const struct actor *actor,
		      const char *subject, const char *request_id, const char *operation,
		      struct statement *out)
{
	struct setting_values v = {.actor = actor,
				   .subject = subject,
				   .request_id = request_id,
				   .operation = operation};
	int number = query_number(s->queries, "settings");

	v.county = arena_printf(a, "%d", actor->county);
	if (number < 0 || !v.county)
		return false;
	return query_compose(query_get(s->queries, number), a, setting_value, &v, NULL, NULL, out);
}
