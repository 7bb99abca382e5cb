/*
 * contract_test.c -- what is read from a contract.  What is refused is in
 * contract_refusal_test.c.
 */
#include "contract_sample.h"
#include "kernel/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"thing_batch", "thing_create", "thing_find", "thing_list",
				    "thing_patch"};
static struct contract *contract;

static int set_up(void **state)
{
	char error[400];

	(void)state;
	contract = contract_load(sample, strlen(sample), names, 5, error);
	if (!contract)
		print_error("%s\n", error);
	return contract ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	contract_free(contract);
	contract_free(NULL);
	return 0;
}

static const struct operation *operation(const char *id)
{
	const struct operation *o = contract_operation(contract, id);

	assert_non_null(o);
	return o;
}

static void operations_have_the_numbers_of_the_registry(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(contract->operation_count, 5);
	for (i = 0; i < 5; i++) {
		assert_string_equal(contract->operations[i].id, names[i]);
		assert_int_equal(contract->operations[i].number, i);
	}
	assert_null(contract_operation(contract, "thing"));
}

static void without_a_registry_they_are_numbered_as_they_come(void **state)
{
	char error[400];
	struct contract *c = contract_load(sample, strlen(sample), NULL, 0, error);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->operation_count, 5);
	assert_string_equal(c->operations[0].id, "thing_list");
	assert_int_equal(contract_operation(c, "thing_patch")->number, 2);
	contract_free(c);
}

static void scopes_know_their_roles(void **state)
{
	const struct scope *s = contract_scope(contract, "things:write and more", 12);

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->name, "things:write");
	assert_int_equal(s->roles, ROLE_COUNTY | ROLE_TEACHER | ROLE_CLIENT);
	assert_null(contract_scope(contract, "things", 6));
	assert_null(contract_scope(contract, "things:write2", 13));
}

static void security_says_who_may_call(void **state)
{
	(void)state;
	assert_false(operation("thing_list")->is_public);
	assert_int_equal(operation("thing_list")->scope_count, 2);
	assert_string_equal(operation("thing_list")->scopes[1]->name, "things:write");
	assert_false(operation("thing_create")->is_public);
	assert_int_equal(operation("thing_create")->scope_count, 0);
	assert_true(operation("thing_find")->is_public);
	assert_false(operation("thing_find")->judges_token);
	assert_true(operation("thing_batch")->is_public);
	assert_true(operation("thing_batch")->judges_token);
}

static void extensions_and_headers_set_their_flags(void **state)
{
	const struct operation *patch = operation("thing_patch");

	(void)state;
	assert_true(patch->has_handler && patch->writes && patch->if_match);
	assert_false(patch->idempotency_required);
	assert_string_equal(patch->subject, "thing_id");
	assert_false(operation("thing_find")->writes);
	assert_false(operation("thing_list")->writes);
	assert_true(operation("thing_create")->writes);
	assert_true(operation("thing_create")->idempotency_required);
	assert_null(operation("thing_create")->batch_of);
	assert_string_equal(operation("thing_batch")->batch_of, "thing_create");
}

static void bodies_and_their_limits_are_known(void **state)
{
	const struct operation *create = operation("thing_create"),
			       *patch = operation("thing_patch");

	(void)state;
	assert_int_equal(create->body_count, 1);
	assert_true(create->body_required);
	assert_int_equal(create->body_max, 5000);
	assert_string_equal(create->bodies[0].media_type, "application/json");
	assert_non_null(create->bodies[0].schema);
	assert_int_equal(patch->body_count, 2);
	assert_false(patch->body_required);
	assert_int_equal(patch->body_max, 300);
	assert_non_null(patch->bodies[0].schema);
	assert_null(patch->bodies[1].schema);
	assert_int_equal(operation("thing_list")->body_max, 0);
}

static void responses_are_known_by_status(void **state)
{
	const struct operation *list = operation("thing_list");
	const struct response *r = operation_response(list, 200);

	(void)state;
	assert_non_null(r);
	assert_false(r->by_reference);
	assert_int_equal(r->type_count, 2);
	assert_non_null(r->types[0].schema);
	assert_null(r->types[1].schema);
	assert_true(operation_response(list, 400)->by_reference);
	assert_null(operation_response(list, 404));
	assert_int_equal(list->success, 200);
	assert_int_equal(operation("thing_create")->success, 201);
	assert_int_equal(operation("thing_find")->success, 204);
	/* What is referred to twice is compiled once. */
	assert_ptr_equal(operation_response(list, 400)->types[0].schema,
			 operation_response(operation("thing_create"), 400)->types[0].schema);
}

static void parameters_come_from_path_operation_and_components(void **state)
{
	const struct operation *patch = operation("thing_patch");
	const struct parameter *size = &operation("thing_list")->parameters[0];

	(void)state;
	assert_string_equal(size->name, "page_size");
	assert_int_equal(size->place, FROM_QUERY);
	assert_int_equal(json_integer_value(schema_default(size->schema)), 50);
	assert_int_equal(patch->parameter_count, 2);
	assert_int_equal(patch->parameters[0].place, FROM_PATH);
	assert_string_equal(patch->parameters[1].name, "If-Match");
	assert_string_equal(patch->parameters[1].key, "if_match");
	assert_true(operation("thing_list")->parameters[1].exploded_array);
	assert_true(operation("thing_list")->parameters[2].allow_empty);
}

static void every_operation_has_its_route(void **state)
{
	struct arena *a = arena_new(100000);
	struct route_match m;
	struct target t;
	const char *where;

	(void)state;
	assert_null(target_parse(a, "/v1/things/7", &t, &where));
	assert_true(route_find(contract->routes, &t, &m));
	assert_ptr_equal(m.by_method[METHOD_PATCH], operation("thing_patch"));
	assert_null(target_parse(a, "/v1/things:find", &t, &where));
	assert_true(route_find(contract->routes, &t, &m));
	assert_ptr_equal(m.by_method[METHOD_POST], operation("thing_find"));
	arena_free(a);
}

static void the_texts_are_kept_with_their_tags(void **state)
{
	json_t *again = json_loads(contract->json, 0, NULL);

	(void)state;
	assert_int_equal(contract->yaml_length, strlen(sample));
	assert_string_equal(contract->yaml, sample);
	assert_int_equal(contract->json_length, strlen(contract->json));
	assert_true(json_equal(again, contract->document));
	assert_non_null(strstr(contract->json, "\"multipleOf\":0.01"));
	assert_int_equal(contract->yaml_etag[0], '"');
	assert_int_equal(contract->yaml_etag[strlen(contract->yaml_etag) - 1], '"');
	assert_string_not_equal(contract->yaml_etag, contract->json_etag);
	json_decref(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_have_the_numbers_of_the_registry),
		cmocka_unit_test(without_a_registry_they_are_numbered_as_they_come),
		cmocka_unit_test(scopes_know_their_roles),
		cmocka_unit_test(security_says_who_may_call),
		cmocka_unit_test(extensions_and_headers_set_their_flags),
		cmocka_unit_test(bodies_and_their_limits_are_known),
		cmocka_unit_test(responses_are_known_by_status),
		cmocka_unit_test(parameters_come_from_path_operation_and_components),
		cmocka_unit_test(every_operation_has_its_route),
		cmocka_unit_test(the_texts_are_kept_with_their_tags),
	};

	return cmocka_run_group_tests_name("contract", tests, set_up, tear_down);
}
