/*
 * appointment_path_test.c -- an appointment through the API: applied for or nominated, reviewed,
 * given with a letter of duties, accepted, renewed and ended.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A class of A1; its id. */
static const char *class_made(struct world *w, int number)
{
	struct answer *a =
		POST(w->school, "/v1/classes",
		     text("{'stage': 'primary', 'entry_year': 2024, 'number': %d}", number));

	expect(a, 201, NULL);
	return text_at(a, "id");
}

/* Goes the next step as C: PATH/verb with BODY, whatever the version. */
static struct answer *step(struct client *c, const char *path, const char *verb, const char *body)
{
	return call(c, "POST", text("%s/%s", path, verb), body, "If-Match", "*", NULL);
}

/* A1 nominates its teacher for a class; the address. */
static const char *nominated(struct world *w, const char *class, const char *kind)
{
	struct answer *a = POST(w->school, "/v1/appointments",
				text("{'teacher_id': '%s', 'class_id': '%s', 'kind': '%s'}",
				     w->teacher_a1, class, kind));

	expect(a, 201, "{'state': 'proposed', 'way': 'nomination', 'started_on': null}");
	return header_of(a, "Location");
}

#define MET "{'conditions': [{'code': 'conduct', 'met': true}]}"

static const char *qualified(struct world *w, const char *class, const char *kind)
{
	const char *path = nominated(w, class, kind);

	expect(step(w->school, path, "review", MET), 200, "{'state': 'qualified'}");
	return path;
}

static void a_teacher_applies_is_reviewed_appointed_accepts_and_ends(void **state)
{
	struct world *w = *state;
	const char *class = class_made(w, 1), *path;
	struct answer *a =
		POST(w->teacher, "/v1/appointments",
		     text("{'class_id': '%s', 'kind': 'homeroom', 'statement': '愿意'}", class));

	expect(a, 201,
	       text("{'teacher_id': '%s', 'teacher_name': '周兰', 'school_id': '%s', "
		    "'class_name': '2024级1班', 'way': 'application', 'state': 'proposed', "
		    "'proposed_on': '2026-10-15', 'statement': '愿意', 'letter': null}",
		    w->teacher_a1, w->school_a1));
	path = header_of(a, "Location");
	expect(GET(w->school, "/v1/classes/%s", class), 200, "{'homeroom_teacher': null}");
	a = step(w->school, path, "review",
		 "{'conditions': [{'code': 'conduct', 'met': true}, {'code': 'health', 'met': "
		 "true, 'note': '体检合格'}], 'reviewers': ['赵敏', '钱进']}");
	expect(a, 200,
	       "{'state': 'qualified', 'conditions': [{'code': 'conduct', 'met': true, 'note': "
	       "null}, {'code': 'health', 'note': '体检合格'}], 'reviewers': ['赵敏', '钱进']}");
	assert_non_null(text_at(a, "reviewed_by_id"));
	expect(step(w->school, path, "appoint",
		    "{'started_on': '2026-09-01', 'ended_on': '2027-08-31', 'letter': '责任书'}"),
	       200,
	       "{'state': 'appointed', 'started_on': '2026-09-01', 'ended_on': '2027-08-31', "
	       "'letter': {'version': 1, 'text': '责任书', 'accepted_at': null}}");
	expect(GET(w->school, "/v1/classes/%s", class), 200,
	       text("{'homeroom_teacher': {'teacher_id': '%s'}}", w->teacher_a1));
	expect(step(w->teacher, path, "accept", NULL), 200,
	       text("{'state': 'active', 'letter': {'accepted_by_id': '%s'}}", w->teacher_a1));
	expect(step(w->teacher, path, "accept", NULL), 409,
	       "{'code': 'not-in-this-state', 'state': 'active', 'allowed': ['renew', 'end']}");
	expect(step(w->school, path, "end", "{'ended_on': '2026-10-31', 'reason': '病假'}"), 200,
	       "{'state': 'active', 'ended_on': '2026-10-31', 'end_reason': '病假'}");
	world_clock(w, w->county_a, "2026-11-01T02:00:00Z");
	expect(GET(w->teacher, "%s", path), 200, "{'state': 'ended'}");
	expect(step(w->school, path, "end", "{'ended_on': '2026-10-30', 'reason': '病假'}"), 409,
	       "{'state': 'ended', 'allowed': []}");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_step_is_taken_in_its_state_alone(void **state)
{
	struct world *w = *state;
	const char *path = nominated(w, class_made(w, 2), "homeroom");
	const char *days = "{'started_on': '2026-09-01'}";

	expect(step(w->school, path, "appoint", days), 409,
	       "{'code': 'not-in-this-state', 'state': 'proposed', 'allowed': ['review', "
	       "'withdraw']}");
	expect(step(w->school, path, "end", "{'ended_on': '2026-12-31', 'reason': 'x'}"), 409,
	       NULL);
	expect(step(w->school, path, "review",
		    "{'conditions': [{'code': 'conduct', 'met': true}, {'code': 'health', 'met': "
		    "false}]}"),
	       200, "{'state': 'unqualified'}");
	expect(step(w->school, path, "appoint", days), 409, "{'state': 'unqualified'}");
	/* It is looked at once more. */
	expect(step(w->school, path, "review", MET), 200, "{'state': 'qualified'}");
	expect(call(w->school, "POST", text("%s/appoint", path), days, "If-Match", "\"1-x\"", NULL),
	       412, "{'code': 'stale'}");
	/* Without a letter there is nothing to accept. */
	expect(step(w->school, path, "appoint", days), 200, "{'state': 'active', 'letter': null}");
	expect(step(w->school, path, "withdraw", "{'reason': 'x'}"), 409, "{'state': 'active'}");
}

static void what_the_review_names_is_listed_and_named_once(void **state)
{
	struct world *w = *state;
	const char *path = nominated(w, class_made(w, 3), "deputy");

	expect_error(step(w->school, path, "review",
			  "{'conditions': [{'code': 'conduct', 'met': true}, {'code': 'luck', "
			  "'met': true}]}"),
		     "#/conditions/1/code", "code-unknown");
	expect_error(step(w->school, path, "review",
			  "{'conditions': [{'code': 'conduct', 'met': true}, {'code': 'conduct', "
			  "'met': false}]}"),
		     "#/conditions/1/code", "named-twice");
}

static void nobody_reviews_appoints_renews_or_ends_herself(void **state)
{
	struct world *w = *state;
	const char *path = nominated(w, class_made(w, 4), "deputy");
	struct client *herself =
		client_new(w, "school", w->county_a, w->school_a1, w->teacher_a1, NULL);

	expect(step(herself, path, "review", MET), 403, "{'code': 'own-record'}");
	expect(step(w->school, path, "review", MET), 200, NULL);
	expect(step(herself, path, "appoint", "{'started_on': '2026-09-01'}"), 403,
	       "{'code': 'own-record'}");
	expect(step(w->county, path, "appoint",
		    "{'started_on': '2026-09-01', 'ended_on': '2027-08-31'}"),
	       200, NULL);
	expect(step(herself, path, "renew", "{'ended_on': '2028-08-31'}"), 403,
	       "{'code': 'own-record'}");
	expect(step(herself, path, "end", "{'ended_on': '2026-12-31', 'reason': 'x'}"), 403,
	       "{'code': 'own-record'}");
}

static void a_proposal_is_made_once_and_may_be_withdrawn(void **state)
{
	struct world *w = *state;
	const char *class = class_made(w, 5), *path = nominated(w, class, "trainee");
	const char *again = text("{'teacher_id': '%s', 'class_id': '%s', 'kind': 'trainee'}",
				 w->teacher_a1, class);

	expect(POST(w->school, "/v1/appointments", again), 409, "{'code': 'duplicate'}");
	expect(step(w->teacher, path, "withdraw", "{'reason': '另有安排'}"), 200,
	       "{'state': 'withdrawn', 'end_reason': '另有安排'}");
	expect(step(w->school, path, "review", MET), 409, "{'state': 'withdrawn', 'allowed': []}");
	expect(POST(w->school, "/v1/appointments", again), 201, NULL);
}

static void only_who_is_in_the_school_is_proposed_for_its_classes(void **state)
{
	struct world *w = *state;
	const char *class = class_made(w, 6);
	const char *theirs = text_at(POST(w->other_school, "/v1/classes",
					  "{'stage': 'primary', 'entry_year': 2024, 'number': 6}"),
				     "id");

	expect_error(POST(w->school, "/v1/appointments",
			  text("{'teacher_id': '%s', 'class_id': '%s', 'kind': 'deputy'}",
			       w->teacher_a2, class)),
		     "#/teacher_id", "not-found");
	expect_error(POST(w->county, "/v1/appointments",
			  text("{'teacher_id': '%s', 'class_id': '%s', 'kind': 'deputy'}",
			       w->teacher_a1, theirs)),
		     "#/class_id", "not-found");
	expect_error(POST(w->teacher, "/v1/appointments",
			  text("{'teacher_id': '%s', 'kind': 'reserve'}", w->teacher_a2)),
		     "#/teacher_id", "not-found");
	expect_error(POST(w->teacher, "/v1/appointments", "{'kind': 'homeroom'}"), "#/class_id",
		     "missing");
	expect(POST(w->teacher, "/v1/appointments", "{'kind': 'reserve'}"), 201,
	       "{'class_id': null, 'class_name': null}");
}

static void a_class_is_not_given_to_two(void **state)
{
	struct world *w = *state;
	const char *class = class_made(w, 7), *path;
	struct answer *other =
		POST(w->school, "/v1/teachers",
		     text("{'name': '何梅', 'birth_on': '1990-05-05', 'school_id': '%s'}",
			  w->school_a1));

	expect(other, 201, NULL);
	world_appoint(w, text_at(other, "id"), class, "2026-09-01");
	path = qualified(w, class, "homeroom");
	expect(step(w->school, path, "appoint", "{'started_on': '2026-10-01'}"), 409,
	       "{'code': 'class-led-already'}");
	expect(GET(w->school, "%s", path), 200, "{'state': 'qualified', 'version': 2}");
}

static void an_appointment_is_renewed_beyond_its_last_day(void **state)
{
	struct world *w = *state;
	const char *path = qualified(w, class_made(w, 8), "homeroom");

	expect(step(w->school, path, "appoint",
		    "{'started_on': '2026-09-01', 'ended_on': '2027-08-31', 'letter': '一'}"),
	       200, NULL);
	expect(step(w->school, path, "accept", NULL), 200, "{'state': 'active'}");
	expect_error(step(w->school, path, "renew", "{'ended_on': '2027-08-31'}"), "#/ended_on",
		     "not-after-its-end");
	expect(step(w->school, path, "renew", "{'ended_on': '2028-08-31'}"), 200,
	       "{'state': 'active', 'renewals': 1, 'renewed_on': '2027-09-01', 'ended_on': "
	       "'2028-08-31', 'letter': {'version': 1}}");
	/* A new text is accepted anew. */
	expect(step(w->school, path, "renew", "{'letter': '二'}"), 200,
	       "{'state': 'appointed', 'renewals': 2, 'renewed_on': '2028-09-01', 'ended_on': null, "
	       "'letter': {'version': 2, 'text': '二', 'accepted_at': null}}");
	expect_error(step(w->school, path, "renew", "{'ended_on': '2099-08-31'}"), "#/ended_on",
		     "not-after-its-end");
	expect(step(w->school, path, "end", "{'ended_on': '2027-01-31', 'reason': '产假'}"), 200,
	       NULL);
	expect_error(step(w->school, path, "end", "{'ended_on': '2027-02-28', 'reason': 'x'}"),
		     "#/ended_on", "after-its-end");
	expect_error(step(w->school, path, "end", "{'ended_on': '2026-08-31', 'reason': 'x'}"),
		     "#/ended_on", "period-reversed");
}

static void what_has_not_begun_may_be_withdrawn(void **state)
{
	struct world *w = *state;
	const char *class = class_made(w, 11), *path = qualified(w, class, "homeroom");

	expect(step(w->school, path, "appoint", "{'started_on': '2026-11-01', 'letter': '一'}"),
	       200, NULL);
	expect(step(w->teacher, path, "withdraw", "{'reason': 'x'}"), 404, NULL);
	expect(step(w->school, path, "review", MET), 409,
	       "{'allowed': ['accept', 'renew', 'end', 'withdraw']}");
	expect(step(w->school, path, "withdraw", "{'reason': '本人谢绝'}"), 200,
	       "{'state': 'withdrawn', 'started_on': null, 'end_reason': '本人谢绝'}");
	/* The class is another's to lead. */
	path = qualified(w, class, "homeroom");
	expect(step(w->school, path, "appoint", "{'started_on': '2026-10-15'}"), 200, NULL);
	expect(step(w->school, path, "withdraw", "{'reason': 'x'}"), 409,
	       "{'state': 'active', 'allowed': ['renew', 'end']}");
}

static void a_proposal_gives_nothing_and_outlives_class_and_work(void **state)
{
	struct world *w = *state;
	const char *class = class_made(w, 9), *path = qualified(w, class, "assistant");
	const char *id = strrchr(path, '/') + 1, *membership;

	expect(call(w->school, "POST", text("/v1/classes/%s/end", class),
		    "{'ended_on': '2026-09-30', 'reason': '撤班'}", "If-Match", "*", NULL),
	       200, NULL);
	expect(step(w->school, path, "appoint", "{'started_on': '2026-10-01'}"), 409,
	       "{'code': 'class-has-ended'}");
	assert_int_equal(
		count_at(GET(w->county, "/v1/teachers?appointment_kind=assistant"), "data"), 0);
	membership = world_value(
		w, "SELECT id::text FROM membership WHERE person = $1::uuid AND kind = 'working'",
		w->teacher_a1, NULL);
	expect(call(w->county, "POST",
		    text("/v1/teachers/%s/memberships/%s/end", w->teacher_a1, membership),
		    "{'ended_on': '2030-12-31'}", "If-Match", "*", NULL),
	       200, NULL);
	expect(GET(w->school, "/v1/appointments/%s", id), 200, "{'state': 'qualified'}");
	/* What is given lies within the work. */
	path = qualified(w, class_made(w, 10), "assistant");
	expect(step(w->school, path, "appoint",
		    "{'started_on': '2026-10-01', 'ended_on': '2032-08-31'}"),
	       200, "{'ended_on': '2030-12-31', 'end_reason': '离开学校'}");
}

static void everybody_lists_her_own(void **state)
{
	struct world *w = *state;
	struct answer *a;

	a = GET(w->teacher, "/v1/appointments?page_size=500");
	expect(a, 200, NULL);
	assert_true(count_at(a, "data") > 5);
	assert_null(strstr(a->body, "何梅"));
	a = GET(w->county, "/v1/appointments?on=2026-09-15&kind=homeroom&school_id=%s",
		w->school_a1);
	assert_non_null(strstr(a->body, "何梅"));
	assert_null(strstr(a->body, "proposed\""));
	assert_int_equal(count_at(GET(w->other_school, "/v1/appointments"), "data"), 0);
	assert_int_equal(count_at(GET(w->other_county, "/v1/appointments"), "data"), 0);
	a = GET(w->school, "/v1/appointments?state=withdrawn");
	assert_int_equal(count_at(a, "data"), 2);
	expect(GET(w->other_school, "/v1/appointments/%s", text_at(a, "data/0/id")), 404, NULL);
	expect(step(w->other_school, text("/v1/appointments/%s", text_at(a, "data/0/id")), "accept",
		    NULL),
	       404, NULL);
	assert_int_equal(count_at(GET(w->school, "/v1/appointments?state=active&teacher_id=%s",
				      w->teacher_a2),
				  "data"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_teacher_applies_is_reviewed_appointed_accepts_and_ends),
		cmocka_unit_test(a_step_is_taken_in_its_state_alone),
		cmocka_unit_test(what_the_review_names_is_listed_and_named_once),
		cmocka_unit_test(nobody_reviews_appoints_renews_or_ends_herself),
		cmocka_unit_test(a_proposal_is_made_once_and_may_be_withdrawn),
		cmocka_unit_test(only_who_is_in_the_school_is_proposed_for_its_classes),
		cmocka_unit_test(a_class_is_not_given_to_two),
		cmocka_unit_test(an_appointment_is_renewed_beyond_its_last_day),
		cmocka_unit_test(what_has_not_begun_may_be_withdrawn),
		cmocka_unit_test(a_proposal_gives_nothing_and_outlives_class_and_work),
		cmocka_unit_test(everybody_lists_her_own),
	};

	return cmocka_run_group_tests_name("appointment path", tests, world_begin, world_end);
}
