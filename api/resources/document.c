/*
 * document.c -- see document.h.  Not the form of a resident id: that is resident_id.c.
 */
#include "document.h"

#include "resident_id.h"

#include <string.h>

#define HASH_PURPOSE "person.document"

/* A document of another kind: 4 to 30 letters and digits; case does not count. */
static const char *check_other(struct arena *a, const char *number, const char **normalized)
{
	char *out = arena_strdup(a, number);
	size_t used = 0;

	if (!out)
		return "document-number";
	for (const char *at = number; *at; at++) {
		if (*at == ' ')
			continue;
		if (*at >= 'a' && *at <= 'z')
			out[used++] = (char)(*at - 'a' + 'A');
		else if ((*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
			 strchr("()-/", *at))
			out[used++] = *at;
		else
			return "document-number";
	}
	out[used] = '\0';
	*normalized = out;
	return used >= 4 && used <= 30 ? NULL : "document-number";
}

const char *document_check(struct arena *a, const char *type, const char *number,
			   const char **normalized)
{
	enum resident_id_fault fault;
	char checked[19];

	if (strcmp(type, "resident_id"))
		return check_other(a, number, normalized);
	fault = resident_id_check(number, checked);
	if (fault != RESIDENT_ID_OK)
		return resident_id_fault_code(fault);
	*normalized = arena_strdup(a, checked);
	return *normalized ? NULL : "document-number";
}

const char *document_mask(struct arena *a, const char *type, const char *normalized)
{
	size_t length = strlen(normalized), shown = length / 4;
	char *masked;

	masked = arena_alloc(a, length < 18 ? 19 : length + 1);
	if (!masked)
		return NULL;
	if (!strcmp(type, "resident_id") && length == 18) {
		resident_id_mask(normalized, masked);
		return masked;
	}
	memset(masked, '*', length);
	memcpy(masked, normalized, shown);
	memcpy(masked + length - shown, normalized + length - shown, shown);
	return masked;
}

/* What the keyed hash is taken of. */
static const char *hashed_text(struct arena *a, const char *type, const char *normalized)
{
	return arena_printf(a, "%s:%s", type, normalized);
}

static const char *context(struct arena *a, int county, const char *hash)
{
	return arena_printf(a, "%d person.document %s", county, hash);
}

bool document_close(struct seal *s, struct arena *a, int county, const char *type,
		    const char *normalized, struct document *out)
{
	const char *text = hashed_text(a, type, normalized);
	const char *bound;

	out->type = type;
	out->number = normalized;
	out->masked = document_mask(a, type, normalized);
	out->hash = text ? seal_hash(s, a, HASH_PURPOSE, -1, text) : NULL;
	bound = out->hash ? context(a, county, out->hash) : NULL;
	out->sealed = bound ? seal_close(s, a, bound, normalized, strlen(normalized)) : NULL;
	return out->sealed && out->masked;
}

const char *document_open(struct seal *s, struct arena *a, int county, const char *hash,
			  const char *sealed)
{
	const char *bound = context(a, county, hash);
	size_t length;

	return bound ? seal_open(s, a, bound, sealed, &length) : NULL;
}

const char *document_hashes(struct seal *s, struct arena *a, const char *type,
			    const char *normalized)
{
	const char *text = hashed_text(a, type, normalized);
	const char *list = "";

	if (!text)
		return NULL;
	for (size_t i = 0; i < seal_key_count(s); i++) {
		const char *hash = seal_hash(s, a, HASH_PURPOSE, seal_key_at(s, i), text);

		/* A backslash is doubled inside an array's quotes. */
		list = hash ? arena_printf(a, "%s%s\"\\%s\"", list, i ? "," : "", hash) : NULL;
		if (!list)
			return NULL;
	}
	return arena_printf(a, "{%s}", list);
}
