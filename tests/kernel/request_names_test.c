/*
 * request_names_test.c -- a name in a query that nobody gives a value to stops the start.
 *
 * Contract and queries are small ones of this file; that those of the program fit together is
 * seen by every test that starts it.
 */
#include "kernel/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char sample[] =
	"openapi: 3.1.1\n"
	"info: {title: Sample, version: 0.0.1}\n"
	"paths:\n"
	"  /v1/boxes/{box_id}/things:\n"
	"    parameters:\n"
	"      - {name: box_id, in: path, required: true, schema: {type: string, maxLength: 9}}\n"
	"    get:\n"
	"      operationId: thing_list\n"
	"      summary: List\n"
	"      security: []\n"
	"      parameters:\n"
	"        - {name: status, in: query, schema: {type: string, maxLength: 9}}\n"
	"        - {name: X-Wish, in: header, schema: {type: string, maxLength: 9}}\n"
	"      responses: {'200': {description: ok}}\n"
	"    post:\n"
	"      operationId: thing_create\n"
	"      summary: Make\n"
	"      security: []\n"
	"      requestBody:\n"
	"        content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}\n"
	"      responses: {'200': {description: ok}}\n"
	"    patch:\n"
	"      operationId: thing_patch\n"
	"      summary: Change\n"
	"      security: []\n"
	"      x-handler: true\n"
	"      responses: {'200': {description: ok}}\n"
	"  /v1/things:batch:\n"
	"    post:\n"
	"      operationId: thing_batch\n"
	"      summary: Many\n"
	"      security: []\n"
	"      x-batch: thing_create\n"
	"      responses: {'200': {description: ok}}\n"
	"components:\n"
	"  schemas:\n"
	"    Named: {type: object, properties: {name: {type: string, maxLength: 9}}}\n"
	"    Thing:\n"
	"      allOf: [{$ref: '#/components/schemas/Named'}]\n"
	"      oneOf:\n"
	"        - {type: object, required: [length], properties: {length: {type: integer}}}\n"
	"        - {type: object, required: [weight], properties: {weight: {type: integer}}}\n"
	"      properties: {note: {type: string, maxLength: 9}}\n";

/* What is wrong with the query NAME of this text; "" when nothing is. */
static const char *fault(const char *name, const char *text)
{
	static char error[400];
	const struct query_source source = {name, QUERY_MANY, text};
	struct contract *c = contract_load(sample, strlen(sample), NULL, 0, error);
	struct query_registry *q = c ? query_registry_load(&source, 1, error) : NULL;

	if (!q)
		fail_msg("%s", error);
	if (request_names_check(c, q, error))
		*error = '\0';
	query_registry_free(q);
	contract_free(c);
	return error;
}

static void refused(const char *name, const char *text, const char *why)
{
	assert_string_equal(fault(name, text), why);
}

static void taken(const char *name, const char *text)
{
	refused(name, text, "");
}

static void a_misspelt_name_is_refused_in_a_line_that_names_it(void **state)
{
	(void)state;
	refused("thing_list", "SELECT :bocks_id::text, :status::text",
		"db/queries: query thing_list has :bocks_id, which nothing gives it");
	refused("thing_list_csv", "SELECT :bocks_id::text",
		"db/queries: query thing_list_csv has :bocks_id, which nothing gives it");
	refused("thing_patch", "SELECT :sort_kye::text",
		"db/queries: query thing_patch has :sort_kye, which nothing gives it");
	refused("other", "SELECT :bocks_id::text",
		"db/queries: query other has :bocks_id, which nothing gives it");
}

static void a_misspelt_condition_is_refused_as_well(void **state)
{
	(void)state;
	refused("thing_list", "SELECT true\n--? stauts=a: AND false\n",
		"db/queries: query thing_list has :stauts, which nothing gives it");
}

static void an_operation_brings_its_parameters_and_every_part_of_its_body(void **state)
{
	(void)state;
	taken("thing_list", "SELECT :box_id::text, :x_wish::text\n--? !status: , true\n");
	taken("thing_list_csv", "SELECT :box_id::text");
	refused("thing_list", "SELECT :name::text",
		"db/queries: query thing_list has :name, which nothing gives it");
	taken("other", "SELECT :name::text, :length::int, :weight::int, :note::text");
}

static void every_request_has_its_actor_and_its_body(void **state)
{
	(void)state;
	taken("thing_list", "SELECT :auth_person::uuid, :auth_scope::text, :body::json");
	refused("thing_list", "SELECT :auth_persn::uuid",
		"db/queries: query thing_list has :auth_persn, which nothing gives it");
	refused("thing_list", "SELECT :if_match::text",
		"db/queries: query thing_list has :if_match, which nothing gives it");
}

static void what_c_binds_is_for_handlers_and_for_what_answers_no_request(void **state)
{
	(void)state;
	taken("thing_patch", "SELECT :sort_key::text");
	taken("other", "SELECT :sort_key::text, :lease::int");
	refused("thing_list", "SELECT :sort_key::text",
		"db/queries: query thing_list has :sort_key, which nothing gives it");
	refused("thing_patch", "SELECT :lease::int",
		"db/queries: query thing_patch has :lease, which nothing gives it");
}

static void a_row_of_a_batch_has_what_is_in_the_row_and_what_the_batch_has(void **state)
{
	(void)state;
	taken("thing_create", "SELECT :note::text, :name::text, :length::int, :auth_role::text");
	refused("thing_create", "SELECT :box_id::text",
		"db/queries: query thing_create has :box_id, which thing_batch does not give it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_misspelt_name_is_refused_in_a_line_that_names_it),
		cmocka_unit_test(a_misspelt_condition_is_refused_as_well),
		cmocka_unit_test(an_operation_brings_its_parameters_and_every_part_of_its_body),
		cmocka_unit_test(every_request_has_its_actor_and_its_body),
		cmocka_unit_test(what_c_binds_is_for_handlers_and_for_what_answers_no_request),
		cmocka_unit_test(a_row_of_a_batch_has_what_is_in_the_row_and_what_the_batch_has),
	};

	return cmocka_run_group_tests_name("request names", tests, NULL, NULL);
}
