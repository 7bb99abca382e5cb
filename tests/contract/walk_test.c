/*
 * walk_test.c -- every operation of the contract, without knowing any of them.
 *
 * Examples of the contract are sent; ids in them are replaced by those of things that earlier
 * examples made.  Then each operation is called without token, with the wrong scope, with an
 * unknown id, with wrong parameters, with each required member left out and each bound of its
 * body's schema crossed.
 */
#include "walk.h"

#include "harness/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Sends the example of O; false when its form, or a rule, refuses it. */
static bool example_holds(struct world *w, const struct operation *o)
{
	json_t *body = example_of(o);
	const char *target = target_of(w, o, false);
	struct answer *a;

	/* What no example makes (an import) has tests of its own. */
	if (!takes_json(o) || !body || strstr(target, nowhere)) {
		json_decref(body);
		return true;
	}
	a = send_body(w->county, o, target, body);
	json_decref(body);
	if (a->status == 201)
		remember(w, o, a);
	/* An example may meet a state that it does not fit (409), never a rule that it breaks. */
	if (a->status < 400 || a->status == 409)
		return true;
	print_error("%s: %d %.600s\n", o->id, a->status, a->body);
	return false;
}

/* What ends or undoes something comes after all that needs it. */
static bool ends_something(const struct operation *o)
{
	static const char *const verbs[] = {"/end",  "/void",    "/close", "/merge",
					    "/undo", "/reverse", "/cancel"};
	size_t i, length = strlen(o->path);

	for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (length > strlen(verbs[i]) &&
		    !strcmp(o->path + length - strlen(verbs[i]), verbs[i]))
			return true;
	return false;
}

static void every_example_is_accepted_as_it_stands(void **state)
{
	struct world *w = *state;
	int refused = 0;

	EACH_OPERATION(w, o)
	if (!ends_something(o))
		refused += !example_holds(w, o);
	find_ids(w);
	EACH_OPERATION(w, o)
	if (ends_something(o))
		refused += !example_holds(w, o);
	assert_int_equal(refused, 0);
}

static void without_token_nothing_but_the_public_is_answered(void **state)
{
	struct world *w = *state;

	EACH_OPERATION(w, o)
	{
		struct answer *a = call(w->nobody, method_names[o->method], target_of(w, o, false),
					NULL, NULL);

		if (o->is_public) {
			assert_int_not_equal(a->status, 401);
			continue;
		}
		expect(a, 401, "{'code': 'unauthenticated'}");
		assert_non_null(strstr(header_of(a, "WWW-Authenticate"), "Bearer"));
	}
}

static void a_wrong_token_is_refused_even_where_none_is_needed(void **state)
{
	struct world *w = *state;
	struct client *c = client_with_token(w, "not.a.token");

	EACH_OPERATION(w, o)
	{
		const char *method = method_names[o->method], *target = target_of(w, o, false);

		expect(call(c, method, target, NULL, NULL), 401, "{'code': 'unauthenticated'}");
		if (!o->is_public)
			continue;
		expect(call(w->county, method, target, NULL, NULL), 200, NULL);
		/* What a proxy before us has asked for is not ours to judge. */
		expect(call(w->nobody, method, target, NULL, "Authorization", "Basic cTpx", NULL),
		       200, NULL);
	}
}

static void without_the_scope_nothing_is_done(void **state)
{
	struct world *w = *state;
	struct client *c = client_new(w, "county", w->county_a, NULL, w->teacher_a1, "no:scope");

	EACH_OPERATION(w, o)
	if (!o->is_public && o->scope_count)
		expect(call(c, method_names[o->method], target_of(w, o, false), NULL, NULL), 403,
		       "{'code': 'insufficient-scope'}");
}

static void a_role_cannot_use_a_scope_it_may_not_hold(void **state)
{
	struct world *w = *state;
	const struct contract *c = w->program.contract;
	char *all = arena_strdup(w->arena, "");
	struct client *teacher;
	size_t i;

	for (i = 0; i < c->scope_count; i++)
		all = arena_printf(w->arena, "%s%s%s", all, *all ? " " : "", c->scopes[i].name);
	teacher = client_new(w, "teacher", w->county_a, NULL, w->teacher_a1, all);
	EACH_OPERATION(w, o)
	{
		bool may = o->is_public || !o->scope_count;

		for (i = 0; i < o->scope_count; i++)
			may = may || (o->scopes[i]->roles & ROLE_TEACHER);
		if (!may)
			expect(call(teacher, method_names[o->method], target_of(w, o, false), NULL,
				    NULL),
			       403, "{'code': 'insufficient-scope'}");
	}
}

static void an_unknown_id_in_the_path_does_not_exist(void **state)
{
	struct world *w = *state;
	int wrong = 0;

	EACH_OPERATION(w, o)
	{
		json_t *body = example_of(o);
		struct answer *a;

		if (!strstr(o->path, "_id}") || (o->body_required && !takes_json(o))) {
			json_decref(body);
			continue;
		}
		a = send_body(w->county, o, target_of(w, o, true), body);
		if (a->status != 404) {
			print_error("%s: %d %.400s\n", o->id, a->status, a->body);
			wrong++;
		}
		json_decref(body);
	}
	assert_int_equal(wrong, 0);
}

static void of_nobody_no_rule_of_a_body_is_told(void **state)
{
	/* Each breaks a rule that the schema does not hold. */
	static const char *const bodies[][3] = {
		{"POST", "/v1/schools/%s/close", "{'ended_on': '2099-01-01'}"},
		{"POST", "/v1/schools/%s/merge",
		 "{'ended_on': '2099-01-01', 'successor_id': '0199b0a4-7c00-7000-8000-0000deadbeef'}"},
		{"PATCH", "/v1/teachers/%s", "{'political_status': 'emperor'}"},
		{"POST", "/v1/teachers/%s/titles", "{'title': 'emperor'}"},
		{"POST", "/v1/teachers/%s/titles",
		 "{'title': 'first', 'obtained_on': '2099-01-01'}"},
	};
	struct world *w = *state;
	char target[100];
	size_t i;

	for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		const char *path = bodies[i][1];
		const int before = (int)(strchr(path, '%') - path);

		snprintf(target, sizeof target, "%.*s%s%s", before, path, nowhere,
			 path + before + 2);
		expect(call(w->county, bodies[i][0], target, bodies[i][2], "If-Match", "*", NULL),
		       404, "{'code': 'not-found'}");
	}
}

struct breach {
	struct world *w;
	const struct operation *o;
	const char *target;
	int wrong, tried;
};

static void expect_refused(void *context, json_t *body, const char *pointer, const char *code)
{
	struct breach *b = context;
	struct answer *a = send_body(b->w->county, b->o, b->target, body);
	json_t *row;
	size_t i;

	b->tried++;
	json_array_foreach(json_object_get(a->json, "errors"), i, row)
		if (a->status == 422 &&
		    !strcmp(json_string_value(json_object_get(row, "pointer")), pointer))
			return;
	print_error("%s: %s at %s was answered %d %.300s\n", b->o->id, code, pointer, a->status,
		    a->body);
	b->wrong++;
}

static void every_rule_of_every_body_is_kept(void **state)
{
	struct world *w = *state;
	struct breach b = {.w = w};

	EACH_OPERATION(w, o)
	{
		json_t *body = example_of(o);
		json_t *content =
			json_object_get(json_object_get(o->definition, "requestBody"), "content");
		const json_t *media = json_object_iter_value(json_object_iter(content));

		b.o = o;
		b.target = target_of(w, o, false);
		if (takes_json(o) && body)
			mutate(w->program.contract->document, json_object_get(media, "schema"),
			       body, expect_refused, &b);
		json_decref(body);
	}
	assert_true(b.tried > 100);
	assert_int_equal(b.wrong, 0);
}

static void every_wrong_or_unknown_parameter_is_refused(void **state)
{
	struct world *w = *state;
	int wrong = 0;

	EACH_OPERATION(w, o)
	{
		struct client *c = w->county;
		const char *target = target_of(w, o, false);
		json_t *body = example_of(o);
		struct answer *a = send_body(c, o, text("%s?no_such_parameter=1", target), body);
		size_t i;

		wrong += a->status != 400 && (!o->body_required || body);
		for (i = 0; i < o->parameter_count; i++) {
			const struct parameter *p = &o->parameters[i];

			if (p->place != FROM_QUERY || (o->body_required && !body))
				continue;
			a = send_body(c, o, text("%s?%s=%%01", target, p->name), body);
			wrong += a->status != 400;
			a = send_body(c, o, text("%s?%s=1&%s=1", target, p->name, p->name), body);
			wrong += a->status != 400;
			if (wrong)
				print_error("%s ?%s: %d\n", o->id, p->name, a->status);
		}
		json_decref(body);
		if (wrong)
			print_error("%s: %d\n", o->id, a->status);
	}
	assert_int_equal(wrong, 0);
}

static void a_missing_precondition_is_named(void **state)
{
	struct world *w = *state;

	EACH_OPERATION(w, o)
	{
		json_t *body = example_of(o);
		char *dumped = body ? json_dumps(body, JSON_REAL_PRECISION(15)) : NULL;
		bool due = o->if_match || o->idempotency_required;
		struct answer *a;

		if (due && (!o->body_required || (takes_json(o) && dumped))) {
			a = call_bytes(w->county, method_names[o->method], target_of(w, o, false),
				       dumped, dumped ? strlen(dumped) : 0, "If-Match", "",
				       "Idempotency-Key", "", NULL);
			expect(a, 428, "{'code': 'precondition-required'}");
		}
		free(dumped);
		json_decref(body);
	}
}

static void every_path_knows_head_and_options_and_refuses_other_methods(void **state)
{
	struct world *w = *state;

	EACH_OPERATION(w, o)
	{
		const char *target = target_of(w, o, false);
		struct answer *a = call(w->county, "OPTIONS", target, NULL, NULL);

		assert_int_equal(a->status, 204);
		assert_non_null(strstr(header_of(a, "Allow"), method_names[o->method]));
		a = call(w->county, "TRACE", target, NULL, NULL);
		expect(a, 405, "{'code': 'method-not-allowed'}");
		assert_non_null(strstr(header_of(a, "Allow"), "OPTIONS"));
		if (o->method == METHOD_GET) {
			struct answer *got = call(w->county, "GET", target, NULL, NULL);

			a = call(w->county, "HEAD", target, NULL, NULL);
			assert_int_equal(a->status, got->status);
		}
	}
}

static int begin(void **state)
{
	struct world *w;

	if (world_begin(state))
		return -1;
	w = *state;
	/* One of each kind that has one from the start, before any example is sent. */
	ids = json_pack("{ss ss ss ss ss ss ss ss}", "course_id",
			world_course(w, w->county_a, NULL, NULL), "school_id", w->school_a1,
			"teacher_id", w->teacher_a1, "/v1/schools/", w->school_a1, "/v1/teachers/",
			w->teacher_a1, "successor_id", w->school_a2, "person_id", w->teacher_a1,
			"slug", "not-found");
	find_ids(w);
	return 0;
}

static int end(void **state)
{
	json_decref(ids);
	return world_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before the examples end, close or merge what their bodies name. */
		cmocka_unit_test(an_unknown_id_in_the_path_does_not_exist),
		cmocka_unit_test(of_nobody_no_rule_of_a_body_is_told),
		cmocka_unit_test(every_example_is_accepted_as_it_stands),
		cmocka_unit_test(without_token_nothing_but_the_public_is_answered),
		cmocka_unit_test(a_wrong_token_is_refused_even_where_none_is_needed),
		cmocka_unit_test(without_the_scope_nothing_is_done),
		cmocka_unit_test(a_role_cannot_use_a_scope_it_may_not_hold),
		cmocka_unit_test(every_rule_of_every_body_is_kept),
		cmocka_unit_test(every_wrong_or_unknown_parameter_is_refused),
		cmocka_unit_test(a_missing_precondition_is_named),
		cmocka_unit_test(every_path_knows_head_and_options_and_refuses_other_methods),
	};

	return cmocka_run_group_tests_name("contract walk", tests, begin, end);
}
