/*
 * teachers.c -- what PostgreSQL must not see or cannot do for teachers: documents are checked,
 * sealed and hashed here, names get their pinyin.  All other rules are in
 * db/migrations/0005_people_change.sql, the statements in db/queries/teachers.sql.
 */
#include "api.h"

#include "document.h"
#include "pinyin.h"
#include "resident_id.h"

#include <string.h>

static int out_of_memory(struct request *r)
{
	return problem(r, UNAVAILABLE, NULL);
}

/* Gives the statement the body without the number, so that it never leaves this process. */
static void bind_body(struct request *r)
{
	json_t *rest = arena_json(r->arena, json_copy(r->body));
	const char *text;

	json_object_del(rest, "document_number");
	text = rest ? json_text(r->arena, rest) : NULL;
	if (!text)
		out_of_memory(r);
	bind_value(r, BOUND_body, text);
}

/* Sort key and search tokens, where the body has a name. */
static void bind_pinyin(struct request *r)
{
	const char *name = value(r, "name");
	const char *key, *tokens;

	if (!name)
		return;
	key = pinyin_sort_key(r->arena, name);
	tokens = pinyin_tokens(r->arena, name, NULL);
	if (!key || !tokens)
		out_of_memory(r);
	bind_value(r, BOUND_sort_key, key);
	bind_value(r, BOUND_tokens, tokens);
}

/* A resident id says when its holder was born and which gender: what is given must agree. */
static void agree_with_resident_id(struct request *r, const char *number)
{
	char *birth = arena_alloc(r->arena, 11);
	const char *gender = resident_id_gender(number);
	const char *given_birth = value(r, "birth_on"), *given_gender = value(r, "gender");

	if (!birth) {
		out_of_memory(r);
		return;
	}
	resident_id_birth(number, birth);
	if (given_birth && strcmp(given_birth, birth))
		violation(r, IN_BODY, "#/birth_on", "resident-id-disagrees", NULL);
	if (given_gender && strcmp(given_gender, gender))
		violation(r, IN_BODY, "#/gender", "resident-id-disagrees", NULL);
	bind_value(r, BOUND_birth_on, birth);
	bind_value(r, BOUND_gender, gender);
}

/*
 * The checked number of the body's document; NULL when it has none, or with the problem recorded.
 */
static const char *checked_document(struct request *r)
{
	const char *type = value(r, "document_type"), *number = value(r, "document_number");
	const char *normalized = NULL, *fault;

	if (!type && !number)
		return NULL;
	if (!type || !number) {
		violation(r, IN_BODY, type ? "#/document_number" : "#/document_type", "required",
			  NULL);
		return NULL;
	}
	fault = document_check(r->arena, type, number, &normalized);
	if (!fault)
		return normalized;
	violation(r, IN_BODY, "#/document_number", fault, NULL);
	return NULL;
}

/* Seals the body's document, if it has one. */
static void bind_document(struct request *r)
{
	const char *number = checked_document(r), *type = value(r, "document_type");
	struct seal *seal = r->service->seal;
	const char *hashes;
	struct document d;

	if (!number)
		return;
	if (!strcmp(type, "resident_id"))
		agree_with_resident_id(r, number);
	hashes = document_hashes(seal, r->arena, type, number);
	if (!hashes || !document_close(seal, r->arena, r->actor.county, type, number, &d)) {
		out_of_memory(r);
		return;
	}
	bind_value(r, BOUND_sealed, d.sealed);
	bind_value(r, BOUND_hash, d.hash);
	bind_value(r, BOUND_masked, d.masked);
	bind_value(r, BOUND_hashes, hashes);
}

/*
 * POST /v1/teachers
 *
 * Who may be there already is answered with the candidates (must_be_new() in SQL).
 */
int teacher_create(struct request *r)
{
	bind_document(r);
	bind_pinyin(r);
	bind_body(r);
	return answer(r, db(r, Q_teacher_create));
}

/* PATCH /v1/teachers/{teacher_id} */
int teacher_patch(struct request *r)
{
	bind_document(r);
	bind_pinyin(r);
	bind_body(r);
	return answer(r, db(r, Q_teacher_patch));
}

/*
 * POST /v1/teachers:find
 *
 * By the keyed hash under every key, for the number itself is nowhere to compare with.
 */
int teacher_find(struct request *r)
{
	const char *number = checked_document(r);

	if (number) {
		const char *hashes = document_hashes(r->service->seal, r->arena,
						     value(r, "document_type"), number);

		if (!hashes)
			return out_of_memory(r);
		bind_value(r, BOUND_hashes, hashes);
	}
	return answer(r, db(r, Q_teacher_find));
}

/* GET /v1/teachers/{teacher_id}/resident-id */
int teacher_resident_id_get(struct request *r)
{
	const PGresult *rows = db(r, Q_teacher_resident_id_get);
	const char *number, *text;
	json_t *body;

	if (!rows)
		return answer(r, rows);
	number = document_open(r->service->seal, r->arena, r->actor.county,
			       pg_text(rows, 0, "hash"), pg_text(rows, 0, "sealed"));
	if (!number)
		return problem(r, SEAL_BROKEN, NULL);
	body = arena_json(r->arena,
			  json_pack("{ssss}", "document_type", pg_text(rows, 0, "document_type"),
				    "document_number", number));
	text = body ? json_text(r->arena, body) : NULL;
	if (!text)
		return out_of_memory(r);
	return answer_bytes(r, "application/json", text, strlen(text), NULL);
}
