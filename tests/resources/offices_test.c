/*
 * offices_test.c -- who holds an office and when, deputies; what hangs on a teacher besides.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Somebody of the county who may hold an office: her id. */
static const char *officer(struct world *w, const char *name)
{
	struct answer *a = POST(w->county, "/v1/officers", text("{'name': '%s'}", name));

	expect(a, 201, NULL);
	return text_at(a, "id");
}

/* An office of the county. */
static const char *office(struct world *w, const char *name)
{
	struct answer *a =
		POST(w->county, "/v1/offices", text("{'name': '%s', 'kind': 'bureau'}", name));

	expect(a, 201, "{'school_id': null}");
	return header_of(a, "Location");
}

static struct answer *hold(struct world *w, const char *path, const char *person, const char *rest)
{
	return POST(w->county, text("%s/holders", path),
		    text("{'person_id': '%s', 'started_on': '2026-09-01'%s}", person, rest));
}

static struct answer *end(struct client *c, const struct answer *made, const char *tag,
			  const char *day)
{
	return call(c, "POST", text("%s/end", header_of(made, "Location")),
		    text("{'ended_on': '%s'}", day), "If-Match", tag, NULL);
}

static void a_holding_ends_on_its_last_day(void **state)
{
	struct world *w = *state;
	const char *path = office(w, "政工股"), *person = officer(w, "陈静");
	struct answer *made = hold(w, path, person, "");
	const char *tag = header_of(made, "ETag");

	expect(made, 201, "{'kind': 'holder', 'ended_on': null}");
	expect(GET(w->county, "%s", header_of(made, "Location")), 200,
	       text("{'person_id': '%s', 'person_name': '陈静'}", person));
	expect_error(end(w->county, made, tag, "2026-08-31"), "#/ended_on", "period-reversed");
	expect(end(w->county, made, tag, "2026-12-31"), 200,
	       "{'ended_on': '2026-12-31', 'version': 2}");
	expect(end(w->county, made, tag, "2026-11-30"), 412, "{'code': 'stale'}");
	expect(end(w->county, made, "*", "2026-11-30"), 200, "{'ended_on': '2026-11-30'}");
	expect(GET(w->county, "/v1/officers/%s", person), 200,
	       "{'offices': [{'office_name': '政工股', 'started_on': '2026-09-01', "
	       "'ended_on': '2026-11-30'}]}");
	expect(end(w->other_county, made, "*", "2026-10-31"), 404, NULL);
}

static void a_deputy_acts_within_dates(void **state)
{
	struct world *w = *state;
	const char *path = office(w, "人事股"), *person = officer(w, "林晓");

	expect(hold(w, path, person, ", 'kind': 'deputy'"), 422, NULL);
	expect(hold(w, path, person, ", 'kind': 'deputy', 'ended_on': '2026-09-30'"), 201,
	       "{'kind': 'deputy', 'ended_on': '2026-09-30'}");
	expect(hold(w, path, person, ""), 409, "{'code': 'periods-overlap'}");
	expect(hold(w, path, officer(w, "何平"), ""), 201, "{'kind': 'holder'}");
	assert_int_equal(count_at(GET(w->county, "%s/holders", path), "data"), 2);
}

static void an_office_is_handed_over_once_from_what_was_read(void **state)
{
	struct world *w = *state;
	const char *path = office(w, "教研室"),
		   *tag = header_of(GET(w->county, "%s", path), "ETag");
	const char *next = officer(w, "高原");
	const char *target = text("%s/hand-over", path);
	const char *body = text("{'person_id': '%s', 'started_on': '2026-10-10'}", next);

	expect(hold(w, path, officer(w, "马超"), ""), 201, NULL);
	expect_error(call(w->county, "POST", target,
			  text("{'person_id': '%s', 'started_on': '2026-09-01'}", next), "If-Match",
			  tag, NULL),
		     "#/started_on", "holder-later");
	expect_error(call(w->county, "POST", target,
			  text("{'person_id': '%s', 'started_on': '2026-10-10'}", w->school_a1),
			  "If-Match", tag, NULL),
		     "#/person_id", "not-found");
	expect(call(w->county, "POST", target, body, "If-Match", tag, NULL), 200,
	       text("{'person_id': '%s', 'started_on': '2026-10-10', 'ended_on': null}", next));
	expect(call(w->county, "POST", target, body, "If-Match", tag, NULL), 412,
	       "{'code': 'stale'}");
	expect(GET(w->county, "%s/holders", path), 200,
	       "{'data': [{'person_name': '高原', 'ended_on': null}, "
	       "{'person_name': '马超', 'ended_on': '2026-10-09'}]}");
}

static void a_school_has_offices_of_its_own_and_changes_no_other(void **state)
{
	struct world *w = *state;
	struct answer *made =
		POST(w->school, "/v1/offices", "{'name': '一年级组', 'kind': 'grade_group'}");
	const char *path = header_of(made, "Location"), *bureau = office(w, "财务股");
	const char *holder = text("{'person_id': '%s', 'started_on': '2026-09-01'}", w->teacher_a1);

	expect(made, 201, text("{'school_id': '%s'}", w->school_a1));
	expect(POST(w->school, text("%s/holders", path), holder), 201, "{'person_name': '周兰'}");
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(POST(w->other_school, text("%s/holders", path), holder), 404, NULL);
	expect(POST(w->school, text("%s/holders", bureau), holder), 404, NULL);
	expect_error(POST(w->school, "/v1/offices",
			  text("{'name': 'x', 'kind': 'other', 'school_id': '%s'}", w->school_a2)),
		     "#/school_id", "not-found");
	expect_error(POST(w->school, "/v1/offices", "{'name': 'x', 'kind': 'throne'}"), "#/kind",
		     "code-unknown");
	assert_non_null(
		strstr(POST(w->school, "/v1/offices", "{'name': 'x', 'kind': 'throne'}")->body,
		       "/v1/reference-data/office_kind"));
	expect(GET(w->school, "/v1/offices?kind=grade_group"), 200,
	       "{'data': [{'name': '一年级组'}]}");
	expect(GET(w->teacher, "/v1/offices"), 403, NULL);
	/* Whoever holds an office acts from then on. */
	assert_non_null(
		strstr(GET(w->school, "/v1/officers?school_id=%s", w->school_a1)->body, "周兰"));
}

static void what_hangs_on_a_teacher_is_read_one_by_one_by_those_who_see_her(void **state)
{
	struct world *w = *state;
	const char *of = arena_printf(w->arena, "/v1/teachers/%s", w->teacher_a1);
	struct answer *title = POST(w->county, text("%s/titles", of),
				    "{'title': 'first', 'obtained_on': '2024-12-01'}");
	struct answer *number =
		POST(w->county, text("%s/identifiers", of), "{'source': '省平台', 'value': 'Z9'}");
	const char *where[3];

	where[0] = header_of(title, "Location");
	where[1] = header_of(number, "Location");
	where[2] = arena_printf(w->arena, "%s/memberships/%s", of,
				text_at(GET(w->school, "%s/memberships", of), "data/0/id"));
	expect(GET(w->teacher, "%s", where[0]), 200,
	       "{'title': 'first', 'obtained_on': '2024-12-01'}");
	expect(GET(w->teacher, "%s", where[1]), 200, "{'source': '省平台', 'value': 'Z9'}");
	expect(GET(w->teacher, "%s", where[2]), 200, text("{'school_id': '%s'}", w->school_a1));
	for (int i = 0; i < 3; i++) {
		const char *mine = strstr(where[i], w->teacher_a1) + strlen(w->teacher_a1);

		expect(GET(w->school, "%s", where[i]), 200,
		       text("{'teacher_id': '%s'}", w->teacher_a1));
		expect(GET(w->other_school, "%s", where[i]), 404, NULL);
		expect(GET(w->other_county, "%s", where[i]), 404, NULL);
		expect(GET(w->county, "/v1/teachers/%s%s", w->teacher_a2, mine), 404, NULL);
	}
}

static void a_seal_that_does_not_open_is_our_fault_and_says_nothing_of_what_it_held(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(w->county, "/v1/teachers",
				   text("{'name': '季明', 'school_id': '%s', 'document_type': "
					"'resident_id', 'document_number': '990101199202096832'}",
					w->school_a1));
	const char *path = header_of(made, "Location");
	struct answer *a;

	expect(GET(w->county, "%s/resident-id", path), 200,
	       "{'document_number': '990101199202096832'}");
	world_value(w,
		    "UPDATE person SET resident_sealed = substring(resident_sealed FROM 2) "
		    "WHERE id = $1::uuid RETURNING id",
		    text_at(made, "id"), NULL);
	a = GET(w->county, "%s/resident-id", path);
	expect(a, 500, "{'code': 'seal-broken'}");
	assert_non_null(json_at(a, "request_id"));
	assert_null(strstr(a->body, "6832"));
	expect(GET(w->county, "%s", path), 200, "{'name': '季明'}");
}

static void experts_are_found_by_part_of_their_name(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(w->county, "/v1/external-persons",
				   "{'name': '欧阳修远', 'unit': '省教育学院'}");

	expect(made, 201, "{'title': null, 'phone': null, 'school_id': null}");
	expect(GET(w->school, "/v1/external-persons?q=%s", "%E4%BF%AE%E8%BF%9C"), 200,
	       "{'data': [{'name': '欧阳修远'}]}");
	expect(GET(w->school, "/v1/external-persons?q=%s", "%E5%8F%B8%E9%A9%AC"), 200,
	       "{'data': []}");
	expect_error(POST(w->county, "/v1/external-persons",
			  "{'name': '甲', 'unit': '乙', 'phone': 'call me'}"),
		     "#/phone", "pattern");
	expect_error(POST(w->county, "/v1/external-persons", "{'name': '甲', 'unit': ' '}"),
		     "#/unit", "pattern");
	expect(GET(w->teacher, "/v1/external-persons"), 403, NULL);
}

static void an_office_that_is_there_is_told_by_its_id(void **state)
{
	struct world *w = *state;
	const char *own = text("{'name': '德育处', 'kind': 'moral_education', 'school_id': '%s'}",
			       w->school_a1);
	const char *id = text_at(
		GET(w->county, "/v1/offices?kind=moral_education&school_id=%s", w->school_a1),
		"data/0/id");

	expect(POST(w->county, "/v1/offices", own), 409,
	       text("{'code': 'duplicate', 'office_id': '%s'}", id));
	expect(POST(w->school, "/v1/offices", "{'name': '德育处', 'kind': 'other'}"), 409,
	       text("{'code': 'duplicate', 'office_id': '%s'}", id));
	/* That another school has one is nobody else's to know. */
	expect_error(POST(w->other_school, "/v1/offices", own), "#/school_id", "not-found");
	/* The county's offices are a place of their own. */
	expect(POST(w->county, "/v1/offices", "{'name': '德育处', 'kind': 'other'}"), 201,
	       "{'school_id': null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_holding_ends_on_its_last_day),
		cmocka_unit_test(a_deputy_acts_within_dates),
		cmocka_unit_test(an_office_is_handed_over_once_from_what_was_read),
		cmocka_unit_test(a_school_has_offices_of_its_own_and_changes_no_other),
		cmocka_unit_test(what_hangs_on_a_teacher_is_read_one_by_one_by_those_who_see_her),
		cmocka_unit_test(
			a_seal_that_does_not_open_is_our_fault_and_says_nothing_of_what_it_held),
		cmocka_unit_test(experts_are_found_by_part_of_their_name),
		cmocka_unit_test(an_office_that_is_there_is_told_by_its_id),
	};

	return cmocka_run_group_tests_name("offices", tests, world_begin, world_end);
}
