/*
 * coverage_test.c -- what nobody called: run last, over what all programs of the suite noted.
 *
 * An operation that was never called fails, as does a status of its own that was never seen.
 * Statuses that come by $ref from components/responses are proved once, anywhere.
 */
#include "harness/world.h"

#include "files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct contract *contract;
static json_t *seen; /* "operation status" -> true, and "status" -> true */

static bool was_seen(const char *operation, int status)
{
	return json_object_get(seen, text("%s %d", operation, status)) != NULL;
}

#define EACH_OPERATION(o)                                                                          \
	for (const struct operation *o = contract->operations;                                     \
	     o < contract->operations + contract->operation_count; o++)

static void every_operation_was_called(void **state)
{
	int missed = 0;

	(void)state;
	EACH_OPERATION(o)
	if (!json_object_get(seen, o->id)) {
		print_error("never called: %s\n", o->id);
		missed++;
	}
	assert_int_equal(missed, 0);
}

static void every_status_of_its_own_was_seen(void **state)
{
	int missed = 0;
	size_t i;

	(void)state;
	EACH_OPERATION(o)
	for (i = 0; i < o->response_count; i++)
		if (!o->responses[i].by_reference && !was_seen(o->id, o->responses[i].status)) {
			print_error("never seen: %s %d\n", o->id, o->responses[i].status);
			missed++;
		}
	assert_int_equal(missed, 0);
}

static void every_shared_status_was_seen_somewhere(void **state)
{
	int missed = 0;
	const char *name;
	json_t *response, *numbers = json_object();
	size_t i;

	(void)state;
	EACH_OPERATION(o)
	for (i = 0; i < o->response_count; i++)
		if (o->responses[i].by_reference)
			json_object_set_new(numbers, text("%d", o->responses[i].status),
					    json_true());
	json_object_foreach(numbers, name, response)
		if (!json_object_get(seen, text("any %s", name))) {
			print_error("never seen anywhere: %s\n", name);
			missed++;
		}
	json_decref(numbers);
	assert_int_equal(missed, 0);
}

static int begin(void **state)
{
	const char *path = getenv("QINGLAN_COVERAGE");
	FILE *file = path ? fopen(path, "r") : NULL;
	char operation[100], error[400];
	int status;

	(void)state;
	if (!file) {
		print_error("QINGLAN_COVERAGE names no file: run it by make test\n");
		return -1;
	}
	seen = json_object();
	while (fscanf(file, "%99s %d", operation, &status) == 2) {
		json_object_set_new(seen, operation, json_true());
		json_object_set_new(seen, text("%s %d", operation, status), json_true());
		json_object_set_new(seen, text("any %d", status), json_true());
	}
	fclose(file);
	contract = contract_load(openapi_yaml, openapi_yaml_length, operation_names,
				 operation_count, error);
	return contract ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	contract_free(contract);
	json_decref(seen);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_was_called),
		cmocka_unit_test(every_status_of_its_own_was_seen),
		cmocka_unit_test(every_shared_status_was_seen_somewhere),
	};

	return cmocka_run_group_tests_name("contract coverage", tests, begin, end);
}
