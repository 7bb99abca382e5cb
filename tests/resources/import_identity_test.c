/*
 * import_identity_test.c -- the identity numbers of rejected rows: in full for who sent the file
 * and holds the scope for it, masked for everybody else, gone with the file.
 */
#include "import_list.h"

#define FULL "990102199702064112"
#define MASKED "990***********4112"

/* A list of one row that is refused, with its number in a note as well. */
#define REFUSED                                                                                    \
	"学校标识码,姓名,身份证号,担任班级,备注\n2100000000,龚丑,990102199702064112,,旧号990102199702064112\n"

static const char *id;

/* What C gets of the rejected rows: the numbers in full, or masked and nowhere in full. */
static void gets(struct client *c, bool full)
{
	static const char *const charsets[] = {"utf-8", "gb18030"};
	struct answer *a;

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		a = GET(c, "/v1/teacher-imports/%s/rejected?charset=%s", id, charsets[i]);
		expect(a, 200, NULL);
		if (!memmem(a->body, a->length, full ? "\"'" FULL "\"" : "\"'" MASKED "\"", 21) ||
		    (!full && memmem(a->body, a->length, FULL, strlen(FULL))))
			fail_msg("%s expected: %.*s", full ? "in full" : "masked", (int)a->length,
				 a->body);
	}
	a = GET(c, "/v1/teacher-imports/%s/rows", id);
	expect(a, 200, "{'data': [{'row': 1}, {'row': 2, 'document_masked': '" MASKED "'}]}");
	assert_null(strstr(a->body, FULL));
}

static void who_sent_a_list_sees_its_numbers_under_the_scope_alone(void **state)
{
	struct world *w = *state;
	const char *person;

	id = import_text(w, w->county, "teacher", REFUSED);
	person = text_at(look(w->county, "teacher", id), "created_by");
	gets(client_new(w, "county", w->county_a, NULL, person,
			"imports:read teachers:resident-id"),
	     true);
	gets(client_new(w, "county", w->county_a, NULL, person,
			"teachers:resident-id imports:read"),
	     true);
	gets(client_new(w, "county", w->county_a, NULL, person, "imports:read"), false);
	gets(client_new(w, "county", w->county_a, NULL, person, "imports:read teachers:read"),
	     false);
}

static void others_see_them_masked_whatever_their_scopes(void **state)
{
	struct world *w = *state;
	const char *both = "imports:read teachers:resident-id";

	gets(client_new(w, "county", w->county_a, NULL, w->teacher_a1, both), false);
	gets(client_new(w, "client", w->county_a, NULL, NULL, both), false);
	/* The county looks at what a school sent. */
	id = import_text(w, w->school, "teacher", REFUSED);
	gets(w->county, false);
	expect(GET(w->other_school, "/v1/teacher-imports/%s/rejected", id), 404, NULL);
}

/* The contract gives the scope to the county alone, whatever a token says. */
static void a_role_that_may_not_hold_the_scope_does_not_have_it(void **state)
{
	struct world *w = *state;
	struct client *client = client_new(w, "client", w->county_a, NULL, NULL,
					   "imports:read teachers:write teachers:resident-id");

	id = import_text(w, client, "teacher", REFUSED);
	gets(client, false);
}

static void they_go_with_the_file(void **state)
{
	struct world *w = *state;

	id = import_text(w, w->county, "teacher", REFUSED);
	gets(w->county, true);
	import_forget(w, id);
	expect(GET(w->county, "/v1/teacher-imports/%s/rejected", id), 409,
	       "{'code': 'import-purged'}");
	expect(GET(w->county, "/v1/teacher-imports/%s/rows?outcome=rejected", id), 200,
	       "{'data': [{'row': 2, 'name': null, 'document_masked': null}]}");
	expect_sql(w, "0",
		   text("SELECT count(*)::text FROM import_part p JOIN file f ON f.id = p.file "
			"WHERE p.import = '%s' AND f.content IS NOT NULL",
			id));
	expect_sql(w, "0",
		   text("SELECT count(*)::text FROM import_row WHERE import = '%s' "
			"AND num_nonnulls(name, parsed, document_sealed, document_hash) > 0",
			id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sent_a_list_sees_its_numbers_under_the_scope_alone),
		cmocka_unit_test(others_see_them_masked_whatever_their_scopes),
		cmocka_unit_test(a_role_that_may_not_hold_the_scope_does_not_have_it),
		cmocka_unit_test(they_go_with_the_file),
	};

	return cmocka_run_group_tests_name("import_identity", tests, world_begin, world_end);
}
