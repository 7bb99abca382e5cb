/*
 * schema_pattern.c -- regular expressions of the contract.  The only user of PCRE2.
 *
 * ECMA-262 as JSON Schema wants it, as far as PCRE2 has it: not anchored, UTF, $ only at the
 * very end, \u escapes.  Matching asks the arena for memory and nobody else, and gives up (no
 * match) after a bounded amount of work.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "schema_private.h"

#include <pcre2.h>
#include <stdio.h>

enum { MATCH_LIMIT = 200000, HEAP_LIMIT_KIB = 4096 };

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
};

static void pattern_release(void *object)
{
	struct pattern *p = object;

	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
}

struct pattern *pattern_compile(struct arena *a, const char *text, size_t length, char *error,
				size_t error_size)
{
	const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
				 PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
				 PCRE2_NEVER_BACKSLASH_C;
	struct pattern *p = arena_alloc(a, sizeof *p);
	unsigned char why[120] = "out of memory";
	PCRE2_SIZE where;
	int number;

	if (p) {
		p->code = pcre2_compile((PCRE2_SPTR)text, length, options, &number, &where, NULL);
		if (!p->code)
			pcre2_get_error_message(number, why, sizeof why);
		p->limits = pcre2_match_context_create(NULL);
	}
	if (!p || !p->code || !p->limits) {
		snprintf(error, error_size, "%s", (char *)why);
		if (p)
			pattern_release(p);
		return NULL;
	}
	pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(p->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(p->limits, HEAP_LIMIT_KIB);
	/* Where memory may not be executable there is no JIT, and the interpreter does the work. */
	(void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	if (!arena_defer(a, pattern_release, p)) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	return p;
}

static void *memory_take(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void memory_give(void *memory, void *arena)
{
	(void)memory;
	(void)arena;
}

static bool matcher_ready(struct matcher *m, struct arena *a)
{
	if (!m->general)
		m->general = pcre2_general_context_create(memory_take, memory_give, a);
	if (m->general && !m->data)
		m->data = pcre2_match_data_create(1, m->general);
	return m->data;
}

bool pattern_matches(const struct pattern *p, struct matcher *m, struct arena *a, const char *text,
		     size_t length)
{
	int found;

	if (!matcher_ready(m, a))
		return false;
	/* The text is UTF-8 already, by json_read() or utf8_valid(). */
	found = pcre2_match(p->code, (PCRE2_SPTR)text, length, 0, PCRE2_NO_UTF_CHECK, m->data,
			    p->limits);
	if (found == PCRE2_ERROR_JIT_STACKLIMIT)
		found = pcre2_match(p->code, (PCRE2_SPTR)text, length, 0,
				    PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, m->data, p->limits);
	return found >= 0;
}
