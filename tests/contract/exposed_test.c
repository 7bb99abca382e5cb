/*
 * exposed_test.c -- which headers of answers a page's script may read: all that there are, no
 * other.
 */
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* LIST with the headers that ANSWERS name and it lacks; those of CORS itself are always shown. */
static const char *with_headers(struct arena *a, const char *list, const json_t *answers)
{
	const char *status, *header;
	const json_t *reply, *of;

	json_object_foreach((json_t *)answers, status, reply)
		json_object_foreach(json_object_get(reply, "headers"), header, of)
			if (strncmp(header, "Access-Control-", 15) && !has_word(list, header))
				list = arena_printf(a, "%s%s%s", list, *list ? ", " : "", header);
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

/* What answers have that no operation names: the kernel gives it to all, or to refusals. */
static const char *given_by_answers(struct world *w)
{
	struct answer *const answers[] = {
		call(w->nobody, "GET", "/v1/me", NULL, "traceparent",
		     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", NULL),
		call(w->county, "DELETE", "/v1/county", NULL, NULL),
		call(w->county, "POST", "/v1/schools", "{}", "Content-Type", "text/plain", NULL),
		call(w->county, "PATCH", "/v1/county", "{}", "Content-Type", "text/plain", NULL),
		GET(w->county, "/v1/school-imports/template"),
	};
	const char *list = "";

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		for (size_t k = 0; k < answers[i]->header_count; k++)
			list = arena_printf(w->arena, "%s%s%s", list, *list ? ", " : "",
					    answers[i]->headers[k].name);
	return list;
}

/* That no answer of the suite has a header besides is seen to by every call: harness/client.c. */
static void a_page_may_read_every_header_that_answers_have_and_no_other(void **state)
{
	struct world *w = *state;
	const json_t *document = w->program.contract->document;
	const char *named = "";

	named = with_headers(w->arena, named,
			     json_object_get(json_object_get(document, "components"), "responses"));
	EACH_OPERATION(w, o)
	named = with_headers(w->arena, named, json_object_get(o->definition, "responses"));
	expect_words(named, w->exposed, "is not exposed");
	expect_words(w->exposed, arena_printf(w->arena, "%s, %s", named, given_by_answers(w)),
		     "is exposed and no answer has it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_may_read_every_header_that_answers_have_and_no_other),
	};

	return cmocka_run_group_tests_name("exposed headers", tests, world_begin, world_end);
}
