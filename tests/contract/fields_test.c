/*
 * fields_test.c -- whatever is read as JSON may be asked for by its members.
 */
#include "walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * A document number is asked for as a whole: each reading of it is recorded.  So is a code for
 * checking in, which is nothing without its times.
 */
static const char *const whole[] = {"teacher_resident_id_get", "check_in_code_get", NULL};

static bool is_whole(const struct operation *o)
{
	size_t i;

	for (i = 0; whole[i]; i++)
		if (!strcmp(whole[i], o->id))
			return true;
	return false;
}

static bool gives_json(const struct operation *o)
{
	const json_t *reply = json_object_get(json_object_get(o->definition, "responses"), "200");

	return o->method == METHOD_GET && !o->is_public &&
	       json_object_get(json_object_get(reply, "content"), "application/json");
}

static void every_json_answer_may_be_asked_for_by_its_members(void **state)
{
	struct world *w = *state;
	int without = 0, tried = 0;

	EACH_OPERATION(w, o)
	{
		bool takes = false;
		size_t i;

		for (i = 0; i < o->parameter_count; i++)
			takes = takes || !strcmp(o->parameters[i].name, "fields");
		if (!gives_json(o) || is_whole(o))
			continue;
		tried++;
		if (!takes)
			print_error("%s has no fields\n", o->id);
		without += !takes;
	}
	assert_true(tried > 30);
	assert_int_equal(without, 0);
}

static void expect_one_member(const struct answer *a, const char *member)
{
	expect(a, 200, NULL);
	if (json_object_size(a->json) != 1 || !json_object_get(a->json, member))
		fail_msg("%s is not %s alone", a->body, member);
}

static void of_what_is_no_row_the_members_asked_for_are_given(void **state)
{
	struct world *w = *state;
	const struct operation *o = contract_operation(w->program.contract, "requirement_create");
	json_t *body;
	struct answer *made;

	expect_one_member(GET(w->county, "/v1/county?fields=today"), "today");
	expect_one_member(GET(w->county, "/v1/me?fields=role"), "role");
	expect_one_member(GET(w->county, "/v1/reference-data/title?fields=items"), "items");
	expect_one_member(
		GET(w->county, "/v1/teachers/%s/hours/balance?fields=hours", w->teacher_a1),
		"hours");
	ids = json_object();
	body = example_of(o);
	made = send_body(w->county, o, o->path, body);
	json_decref(body);
	json_decref(ids);
	expect(made, 201, NULL);
	expect_one_member(GET(w->county, "/v1/reports/compliance?requirement_id=%s&fields=rate",
			      text_at(made, "id")),
			  "rate");
	expect(GET(w->county, "/v1/me?fields=nothing"), 400,
	       "{'errors': [{'parameter': 'fields', 'code': 'field-unknown'}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_json_answer_may_be_asked_for_by_its_members),
		cmocka_unit_test(of_what_is_no_row_the_members_asked_for_are_given),
	};

	return cmocka_run_group_tests_name("fields", tests, world_begin, world_end);
}
