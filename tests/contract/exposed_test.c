/*
 * exposed_test.c -- which headers of answers a page's script may read: all that there are, no
 * other.
 */
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What the kernel adds to answers of every operation, which no operation names. */
#define KERNELS                                                                                    \
	"Accept-Patch, Accept-Post, Allow, Content-Disposition, Server-Timing, X-Request-Id, "     \
	"traceparent"

/* Whether LIST, of words between commas, has the whole of WORD. */
static bool has_word(const char *list, const char *word)
{
	return strstr(text(", %s,", list), text(", %s,", word));
}

/* LIST with the headers that ANSWERS name and it lacks; those of CORS itself are always shown. */
static const char *with_headers(struct arena *a, const char *list, const json_t *answers)
{
	const char *status, *header;
	const json_t *reply, *of;

	json_object_foreach((json_t *)answers, status, reply)
		json_object_foreach(json_object_get(reply, "headers"), header, of)
			if (strncmp(header, "Access-Control-", 15) && !has_word(list, header))
				list = arena_printf(a, "%s, %s", list, header);
	return list;
}

/* Fails for a word of LIST that OTHER lacks. */
static void expect_words(const char *list, const char *other, const char *what)
{
	while (*list) {
		const int length = (int)strcspn(list, ",");

		if (!has_word(other, text("%.*s", length, list)))
			fail_msg("%.*s %s", length, list, what);
		list += length;
		list += strspn(list, ", ");
	}
}

static void a_page_may_read_every_header_that_answers_have_and_no_other(void **state)
{
	struct world *w = *state;
	const json_t *document = w->program.contract->document;
	const char *exposed, *given = KERNELS;

	w->config.origins = "https://a.example";
	exposed = header_of(
		call(w->nobody, "GET", "/v1/me", NULL, "Origin", "https://a.example", NULL),
		"Access-Control-Expose-Headers");
	w->config.origins = "";
	given = with_headers(w->arena, given,
			     json_object_get(json_object_get(document, "components"), "responses"));
	EACH_OPERATION(w, o)
	given = with_headers(w->arena, given, json_object_get(o->definition, "responses"));
	expect_words(given, exposed, "is not exposed");
	expect_words(exposed, given, "is exposed and no answer has it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_may_read_every_header_that_answers_have_and_no_other),
	};

	return cmocka_run_group_tests_name("exposed headers", tests, world_begin, world_end);
}
