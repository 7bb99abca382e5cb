/*
 * persons.c -- names of officers and of experts from elsewhere get their pinyin here; the rest of
 * their rules is in db/migrations/0005_people_change.sql, the statements in db/queries/persons.sql.
 */
#include "api.h"

#include "pinyin.h"

static int with_pinyin(struct request *r, int query)
{
	const char *name = value(r, "name");

	if (name) {
		const char *key = pinyin_sort_key(r->arena, name);
		const char *tokens = pinyin_tokens(r->arena, name, NULL);

		if (!key || !tokens)
			return problem(r, UNAVAILABLE, NULL);
		bind_value(r, BOUND_sort_key, key);
		bind_value(r, BOUND_tokens, tokens);
	}
	return answer(r, db(r, query));
}

/* POST /v1/external-persons */
int external_person_create(struct request *r)
{
	return with_pinyin(r, Q_external_person_create);
}

/* PATCH /v1/external-persons/{person_id} */
int external_person_patch(struct request *r)
{
	return with_pinyin(r, Q_external_person_patch);
}

/* POST /v1/officers */
int officer_create(struct request *r)
{
	return with_pinyin(r, Q_officer_create);
}
