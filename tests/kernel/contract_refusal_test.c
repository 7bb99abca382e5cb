/*
 * contract_refusal_test.c -- each mistake in a contract that must stop the start.
 *
 * One place of the sample is changed at a time.
 */
#include "contract_sample.h"
#include "kernel/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* With FROM replaced by TO the contract is refused, and the error says WHY. */
static void refused(const char *from, const char *to, const char *why)
{
	const char *text = sample_with(from, to);
	char error[400] = "";
	struct contract *c;

	if (!text)
		fail_msg("the sample has no single %s", from);
	c = contract_load(text, strlen(text), NULL, 0, error);
	if (c) {
		contract_free(c);
		fail_msg("%s -> %s is accepted", from, to);
	}
	if (!strstr(error, why))
		fail_msg("%s -> %s: %s, not %s", from, to, error, why);
}

static void accepted(const char *from, const char *to)
{
	const char *text = sample_with(from, to);
	char error[400] = "";
	struct contract *c;

	if (!text)
		fail_msg("the sample has no single %s", from);
	c = contract_load(text, strlen(text), NULL, 0, error);
	if (!c)
		fail_msg("%s -> %s: %s", from, to, error);
	contract_free(c);
}

static void text_that_is_not_yaml_is_refused_with_its_line(void **state)
{
	(void)state;
	refused("openapi: 3.1.1\n", "openapi: [\n", "line ");
	refused("title: Sample,", "title: Sample, title: Sample,", "line 2");
}

static void unknown_keywords_are_refused_wherever_they_stand(void **state)
{
	(void)state;
	refused("openapi: 3.1.1\n", "openapi: 3.1.1\nx-more: 1\n", "#: x-more");
	refused("openapi: 3.1.1\n", "openapi: 3.1.1\nwebhooks: {}\n", "webhooks");
	refused("openapi: 3.1.1\n", "openapi: 3.0.3\n", "#/openapi");
	refused("{title: Sample,", "{title: Sample, x-logo: 1,", "#/info: x-logo");
	refused("{title: Sample,", "{", "#/info: title");
	refused("[{url: https", "[{variables: {}, url: https", "#/servers: variables");
	refused("[{url: https", "[{x-internal: perhaps, url: https", "#/servers: x-internal");
	accepted("[{url: https", "[{x-internal: false, url: https");
	refused("[{name: things,", "[{externalDocs: {}, name: things,", "#/tags: externalDocs");
	accepted("[{name: things,", "[{x-displayName: Things, name: things,");
	refused("      summary: List\n", "      summary: List\n      x-sope: 1\n",
		"#/paths/~1v1~1things/get: x-sope");
	refused("      summary: List\n", "      summary: List\n      callbacks: {}\n", "callbacks");
	refused("    parameters:\n      - {name: thing_id",
		"    servers: []\n    parameters:\n      - {name: thing_id", "servers");
	refused("    patch:\n", "    trace: {}\n    patch:\n", "trace");
	refused("        - {name: q, in: query,",
		"        - {name: q, in: query, allowReserved: true,", "allowReserved");
	refused("          description: ok\n", "          description: ok\n          links: {}\n",
		"links");
	refused("            text/csv: {schema: {type: string, maxLength: 1000}}",
		"            text/csv: {encoding: {}}", "encoding");
	refused("{summary: s, value", "{externalValue: x, value", "externalValue");
	refused("bearerFormat: JWT", "x-y: 1", "x-y");
	refused("components:\n", "components:\n  callbacks: {}\n", "#/components: callbacks");
	refused("        name: {type: string, maxLength: 20}",
		"        name: {type: string, maxLenght: 20}",
		"#/components/schemas/Thing/properties/name: maxLenght");
	refused("  headers: {ETag: {description: d,",
		"  headers: {ETag: {style: simple, description: d,", "style");
	refused("roles: [county, school], desc", "rules: [county, school], desc", "rules");
}

static void an_operation_says_what_it_must(void **state)
{
	(void)state;
	refused("      summary: List\n", "", "summary");
	refused("      operationId: thing_find\n", "", "operationId");
	refused("      operationId: thing_find\n", "      operationId: thing_list\n", "twice");
	refused("      operationId: thing_find\n", "      operationId: Thing-Find\n",
		"operationId");
	refused("      security: []\n", "", "security");
	refused("      tags: [things]\n", "      tags: [thing]\n", "tag");
	refused("responses: {'204': {description: none}}",
		"responses: {'404': {description: none}}", "200 to 299");
	refused("responses: {'204': {description: none}}",
		"responses: {'2XX': {description: none}}", "2XX");
	refused("responses: {'204': {description: none}}",
		"responses: {default: {description: none}}", "default");
	refused("responses: {'204': {description: none}}", "responses: {'204': {}}", "description");
	refused("responses: {'204': {description: none}}",
		"responses: {'204': {description: n, content: {text/csv: {}}}}",
		"204 has no content");
}

static void the_registry_and_the_contract_agree(void **state)
{
	static const char *const few[] = {"thing_batch", "thing_create", "thing_find",
					  "thing_list"};
	static const char *const many[] = {"thing_batch", "thing_create", "thing_find",
					   "thing_list",  "thing_patch",  "thing_void"};
	char error[400];

	(void)state;
	assert_null(contract_load(sample, strlen(sample), few, 4, error));
	assert_non_null(strstr(error, "thing_patch is not in operations.def"));
	assert_null(contract_load(sample, strlen(sample), many, 6, error));
	assert_non_null(strstr(error, "thing_void"));
}

static void security_is_one_of_the_forms_that_are_enforced(void **state)
{
	(void)state;
	accepted("[{bearer: []}]", "[{}, {bearer: []}]");
	refused("[{bearer: []}]", "[{bearer: ['things:read']}, {}]", "one scope each");
	refused("[{bearer: []}]", "[{bearer: []}, {}, {bearer: []}]", "one scope each");
	refused("[{bearer: []}]", "[{bearer: []}, {bearer: ['things:read']}]", "one scope each");
	refused("[{bearer: []}]", "[{bearer: ['things:read', 'things:write']}]", "side by side");
	refused("[{bearer: []}]", "[{bearer: ['things:raed']}]", "no such scope: things:raed");
	refused("[{bearer: []}]", "[{basic: []}]", "no such scheme: basic");
	refused("[{bearer: []}]", "{bearer: []}", "array");
	refused("[{bearer: []}]", "[{bearer: yes please}]", "one scope at most");
	refused("scheme: bearer,", "scheme: basic,", "only type http");
	refused("type: http,", "type: apiKey,", "only type http");
	refused("roles: [county, school], desc", "roles: [county, skool], desc", "role");
	refused("roles: [county, school], desc", "roles: [county, county], desc", "role");
	refused("roles: [county, school], desc", "roles: [], desc", "roles");
	refused("    things:read: {roles", "    'things read': {roles", "name of a scope");
}

static void extensions_have_values_that_mean_something(void **state)
{
	(void)state;
	refused("      x-handler: true\n", "      x-handler: 1\n", "x-handler");
	refused("      x-safe: true\n", "      x-safe: 'true'\n", "x-safe");
	refused("      x-subject: thing_id\n", "      x-subject: teacher_id\n", "x-subject");
	refused("      x-max-body: 5000\n", "      x-max-body: 0\n", "x-max-body");
	refused("      x-max-body: 5000\n", "      x-max-body: many\n", "x-max-body");
	refused("      x-batch: thing_create\n", "      x-batch: thing_mend\n", "x-batch");
	refused("      x-batch: thing_create\n", "      x-batch: thing_list\n", "x-batch");
	refused("      x-subject: thing_id\n", "      x-subject: thing_id\n      x-max-body: 301\n",
		"maxLength");
}

static void parameters_are_those_that_can_be_read(void **state)
{
	const char *q =
		"{name: q, in: query, allowEmptyValue: true, schema: {type: string, maxLength: 5}}";

	(void)state;
	refused(q, "{name: q, in: cookie, schema: {type: string}}", "in must be");
	refused(q, "{in: query, schema: {type: string}}", "name");
	refused(q, "{name: q, in: query}", "schema is missing");
	refused(q, "{name: q, in: query, style: pipeDelimited, schema: {type: string}}", "style");
	refused(q, "{name: q, in: query, schema: {type: array}}", "explode");
	refused(q, "{name: q, in: query, schema: {type: object}}", "not object");
	refused(q, "{name: q, in: query, schema: {}}", "must say its type");
	refused(q, "{name: q, in: query, explode: false, schema: {type: [array, string]}}",
		"array or it is not");
	refused(q, "{name: full, in: query, schema: {type: string}}", "twice");
	refused(q, "{name: Full, in: header, schema: {type: string}}", "twice");
	refused(q, "{name: Quick, in: query, schema: {type: string}}", "lower-case");
	refused(q, "{name: Authorization, in: header, schema: {type: string}}", "not a parameter");
	refused(q, "{name: q, in: query, required: true, schema: {type: string, default: a}}",
		"no default");
	refused(q, "{name: q, in: query, schema: {type: string, maxLength: 1}, example: ab}",
		"example");
	refused(q, "{name: Q, in: header, allowEmptyValue: true, schema: {type: string}}",
		"allowEmptyValue");
	refused(q, "{name: q, in: path, required: true, schema: {type: string}}", "path");
	refused("{$ref: '#/components/parameters/Key'}", "{$ref: '#/components/parameters/Kee'}",
		"leads nowhere");
	refused("{$ref: '#/components/parameters/Key'}", "{$ref: '#/components/headers/ETag'}",
		"$ref must be");
	accepted(q, "{name: q, in: query, style: form, schema: {type: string}, example: abc}");
}

static void path_parameters_are_those_of_the_template(void **state)
{
	(void)state;
	refused("{name: thing_id, in: path,", "{name: id, in: path,", "{thing_id} is not declared");
	refused("in: path, required: true,", "in: path,", "must be required");
	refused("  /v1/things:find:\n", "  /v1/things/{other}:\n", "{other}");
	refused("  /v1/things:find:\n", "  /v1/{thing_id}x:\n", "thing_id");
	refused("  /v1/things:find:\n", "  v1/find:\n", "begins with /");
	refused("  /v1/things:find:\n", "  /v1/find/:\n", "neither");
}

static void bodies_and_examples_obey_their_schemas(void **state)
{
	(void)state;
	refused("example: [{name: a, hours: 1.25}]", "example: [{name: a, hours: 1.255}]",
		"#/0/hours multiple-of");
	refused("value: {name: b}", "value: {title: b}",
		"#/paths/~1v1~1things/post/requestBody/content/application~1json/examples/one");
	refused("value: {name: b}", "value: {title: b}", "required");
	refused("{one: {summary: s, value: {name: b}}}", "{one: {summary: s}}", "value is missing");
	refused("            schema: {$ref: '#/components/schemas/Thing'}\n            examples",
		"            examples", "schema is missing");
	refused("            text/csv: {schema: {type: string, maxLength: 1000}}",
		"            text/csv: {schema: {type: object}}", "must be a string");
	refused("            text/csv: {schema: {type: string, maxLength: 1000}}",
		"            Text/CSV: {schema: {type: string}}", "media type");
	refused("            text/csv: {schema: {type: string, maxLength: 1000}}",
		"            text/csv; charset=utf-8: {}", "media type");
	refused("      x-safe: true\n", "      x-safe: true\n      requestBody: {content: {}}\n",
		"media types");
	refused("      tags: [things]\n",
		"      tags: [things]\n      requestBody: {content: {text/csv: {}}}\n",
		"have no body");
	refused("'400': {$ref: '#/components/responses/Bad'}\n    post:",
		"'400': {$ref: '#/components/responses/Sad'}\n    post:", "leads nowhere");
	refused("{ETag: {$ref: '#/components/headers/ETag'}}", "{ETag: {description: d}}",
		"schema");
	refused("items: {$ref: '#/components/schemas/Thing'}",
		"items: {$ref: '#/components/schemas/Ting'}", "leads nowhere");
	refused("      type: object\n      additionalProperties",
		"      default: 1\n      type: object\n      additionalProperties", "default");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_is_not_yaml_is_refused_with_its_line),
		cmocka_unit_test(unknown_keywords_are_refused_wherever_they_stand),
		cmocka_unit_test(an_operation_says_what_it_must),
		cmocka_unit_test(the_registry_and_the_contract_agree),
		cmocka_unit_test(security_is_one_of_the_forms_that_are_enforced),
		cmocka_unit_test(extensions_have_values_that_mean_something),
		cmocka_unit_test(parameters_are_those_that_can_be_read),
		cmocka_unit_test(path_parameters_are_those_of_the_template),
		cmocka_unit_test(bodies_and_examples_obey_their_schemas),
	};

	return cmocka_run_group_tests_name("contract: refusals", tests, NULL, NULL);
}
