/*
 * deliverable_test.c -- what teachers hand in, how it is inspected, and who is missing.
 */
#include "transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define INSPECTIONS "/v1/deliverable-inspections"
#define DESK "/v1/deliverables/desk?type=monthly_report"
#define ESSAY                                                                                      \
	"{'teacher_id': '%s', 'type': 'essay', 'title': '随笔', 'month': '2026-09', 'submit': true}"

/* A deliverable with these further members, made by C: its address. */
static const char *made(struct client *c, const char *members)
{
	struct answer *a =
		POST(c, "/v1/deliverables", text("{'title': '材料', 'type': %s}", members));

	expect(a, 201, NULL);
	return header_of(a, "Location");
}

static const char *id_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static struct answer *submit(struct client *c, const char *path)
{
	return call(c, "POST", text("%s/submit", path), NULL, "If-Match", "*", NULL);
}

static struct answer *inspect(struct client *c, const char *path, int version, const char *more)
{
	return POST(
		c, INSPECTIONS,
		text("{'deliverable_id': '%s', 'version': %d, %s}", id_of(path), version, more));
}

/* The county's first term that holds its today. */
static const char *term(struct world *w)
{
	return world_value(w,
			   "SELECT id::text FROM term WHERE county = $1::int AND during @> "
			   "date '2026-10-15'",
			   text("%d", w->county_a), NULL);
}

static void its_length_leaves_out_white_space(void **state)
{
	struct world *w = *state;

	expect(POST(w->teacher, "/v1/deliverables",
		    "{'type': 'case', 'month': '2026-10', 'title': '一例', 'text': "
		    "'　　一 二\\n三\\t四\u00A0五。a b'}"),
	       201, "{'length': 8, 'state': 'draft', 'entered': false, 'entered_by': null}");
}

static void a_teacher_writes_changes_and_hands_in_her_own(void **state)
{
	struct world *w = *state;
	const char *path = made(w->teacher, "'reflection', 'month': '2026-09'");

	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(PATCH(w->teacher, path, "\"1-0\"", "{'text': '初稿'}"), 200,
	       "{'text': '初稿', 'length': 2, 'version': 2}");
	expect(PATCH(w->teacher, path, "\"1-0\"", "{'title': '别的'}"), 412, NULL);
	/* What she wrote herself nobody else changes or hands in. */
	expect(PATCH(w->school, path, "*", "{'text': '改'}"), 404, NULL);
	expect(submit(w->school, path), 404, NULL);
	expect(submit(w->teacher, path), 200, "{'state': 'submitted', 'text': '初稿'}");
	expect(submit(w->teacher, path), 409,
	       "{'code': 'not-in-this-state', 'state': 'submitted', 'allowed': ['inspect']}");
	expect(PATCH(w->teacher, path, "*", "{'title': '别的'}"), 409,
	       "{'code': 'not-in-this-state'}");
	/* Its text stands in no event. */
	expect_sql(w, "0",
		   "SELECT count(*)::text FROM event WHERE object = 'deliverable' AND "
		   "(after->>'content' IS NOT NULL OR before->>'content' IS NOT NULL)");
}

static void her_school_enters_one_for_her_and_that_is_told(void **state)
{
	struct world *w = *state;
	expect(POST(w->school, "/v1/deliverables", text(ESSAY, w->teacher_a1)), 201,
	       text("{'teacher_id': '%s', 'school_id': '%s', 'entered': true, 'state': 'submitted'}",
		    w->teacher_a1, w->school_a1));
	expect_sql(w, "t",
		   "SELECT (entered_by IS NOT NULL AND entered_by <> person)::text::char FROM "
		   "deliverable WHERE type = 'essay'");
	expect_error(POST(w->school, "/v1/deliverables", text(ESSAY, w->teacher_a2)),
		     "#/teacher_id", "not-found");
	expect_error(POST(w->teacher, "/v1/deliverables", text(ESSAY, w->teacher_a2)),
		     "#/teacher_id", "not-found");
	/* The officer of a school is no teacher of hers. */
	expect_error(POST(w->school, "/v1/deliverables",
			  "{'type': 'essay', 'title': '随笔', 'month': '2026-09'}"),
		     "#/teacher_id", "not-found");
}

static void it_is_for_just_one_of_month_term_and_course(void **state)
{
	struct world *w = *state;

	expect_error(POST(w->teacher, "/v1/deliverables", "{'type': 'essay', 'title': '随笔'}"),
		     "#", "month-term-or-course");
	expect_error(POST(w->teacher, "/v1/deliverables",
			  text("{'type': 'essay', 'title': '随笔', 'month': '2026-09', 'term_id': "
			       "'%s'}",
			       term(w))),
		     "#", "month-term-or-course");
	expect_error(POST(w->teacher, "/v1/deliverables",
			  "{'type': 'poem', 'title': '诗', 'month': '2026-09'}"),
		     "#/type", "code-unknown");
	expect_error(POST(w->teacher, "/v1/deliverables",
			  "{'type': 'essay', 'title': '随笔', 'month': '2026-13'}"),
		     "#/month", "pattern");
}

static void what_is_returned_comes_again(void **state)
{
	struct world *w = *state;
	const char *path = made(w->teacher, "'paper', 'month': '2026-09', 'submit': true");

	expect(inspect(w->teacher, path, 1, "'grade': 'excellent'"), 403, NULL);
	expect_error(inspect(w->school, path, 1, "'grade': 'returned'"), "#/reason", "required");
	expect_error(inspect(w->other_school, path, 1, "'grade': 'qualified'"), "#/deliverable_id",
		     "not-found");
	expect(inspect(w->school, path, 1, "'grade': 'returned', 'reason': '字数不足'"), 201,
	       "{'state': 'returned', 'reason': '字数不足'}");
	expect(inspect(w->school, path, 2, "'grade': 'excellent'"), 409,
	       "{'code': 'not-in-this-state', 'state': 'returned', 'allowed': ['patch', 'submit']}");
	expect(PATCH(w->teacher, path, "*", "{'text': '补写'}"), 200, NULL);
	expect(submit(w->teacher, path), 200, "{'state': 'submitted'}");
	/* The inspector names the version that she read. */
	expect(inspect(w->school, path, 2, "'grade': 'excellent'"), 412, "{'code': 'stale'}");
	expect(inspect(w->school, path, 4, "'grade': 'excellent'"), 201,
	       "{'state': 'excellent', 'reason': null, 'version': 5}");
	expect(GET(w->teacher, "%s", path), 200, "{'state': 'excellent', 'text': '补写'}");
	expect(inspect(w->county, path, 5, "'grade': 'qualified'"), 201, "{'state': 'qualified'}");
}

static void nobody_inspects_her_own(void **state)
{
	struct world *w = *state;
	struct client *both =
		client_new(w, "school", w->county_a, w->school_a1, w->teacher_a1, NULL);
	const char *path = made(w->teacher, "'case', 'month': '2026-09', 'submit': true");

	expect(inspect(both, path, 1, "'grade': 'excellent'"), 403, "{'code': 'own-record'}");
	expect(GET(w->teacher, "%s", path), 200, "{'state': 'submitted', 'version': 1}");
}

static void many_are_inspected_at_once_and_each_is_answered(void **state)
{
	struct world *w = *state;
	const char *one = made(w->teacher, "'homework', 'month': '2026-09', 'submit': true");
	const char *draft = made(w->teacher, "'homework', 'month': '2026-09'");
	const char *items = text("'items': [{'deliverable_id': '%s', 'version': 1, 'grade': "
				 "'qualified'}, {'deliverable_id': '%s', 'version': 1, 'grade': "
				 "'qualified'}]",
				 id_of(one), id_of(draft));

	expect(POST(w->school, INSPECTIONS ":batch", text("{'atomic': true, %s}", items)), 422,
	       "{'code': 'batch-failed'}");
	expect(GET(w->teacher, "%s", one), 200, "{'state': 'submitted'}");
	expect(POST(w->school, INSPECTIONS ":batch", text("{%s}", items)), 207,
	       "{'succeeded': 1, 'failed': 1, 'results': [{'status': 201, 'data': {'state': "
	       "'qualified'}}, {'status': 409, 'problem': {'code': 'not-in-this-state'}}]}");
	expect(submit(w->teacher, draft), 200, NULL);
	expect(POST(w->school, INSPECTIONS ":batch",
		    text("{'atomic': true, 'items': [{'deliverable_id': '%s', 'version': 2, 'grade': "
			 "'excellent'}, {'deliverable_id': '%s', 'version': 2, 'grade': 'qualified'}]}",
			 id_of(one), id_of(draft))),
	       200,
	       "{'succeeded': 2, 'failed': 0, 'results': [{'data': {'state': 'excellent'}}, {'data': "
	       "{'state': 'qualified'}}]}");
}

static void a_list_is_narrowed_and_has_no_texts(void **state)
{
	struct world *w = *state;
	struct answer *a;

	made(w->teacher, text("'book_review', 'text': '长文', 'term_id': '%s'", term(w)));
	a = GET(w->school, "/v1/deliverables?type=book_review&state=draft&term_id=%s&teacher_id=%s",
		term(w), w->teacher_a1);
	expect(a, 200, "{'data': [{'type': 'book_review', 'month': null, 'length': 2}]}");
	assert_null(strstr(a->body, "长文"));
	assert_int_equal(count_at(a, "data"), 1);
	assert_int_equal(count_at(GET(w->school, "/v1/deliverables?month=2025-01"), "data"), 0);
	assert_int_equal(count_at(GET(w->other_school, "/v1/deliverables"), "data"), 0);
	assert_int_not_equal(
		count_at(GET(w->county, "/v1/deliverables?school_id=%s", w->school_a1), "data"), 0);
}

static void the_desk_says_who_is_missing_in_a_month_or_term(void **state)
{
	struct world *w = *state;
	const char *path, *class = id_of(header_of(
				  POST(w->school, "/v1/classes",
				       "{'stage': 'primary', 'entry_year': 2024, 'number': 7}"),
				  "Location"));

	world_appoint(w, w->teacher_a1, class, "2026-09-01");
	expect(GET(w->school, DESK "&month=2026-10"), 200,
	       text("{'data': [{'school_id': '%s', 'population': 1, 'handed_in': 0, 'missing': "
		    "[{'teacher_id': '%s', 'name': '周兰', 'state': null}]}]}",
		    w->school_a1, w->teacher_a1));
	path = made(w->teacher, "'monthly_report', 'month': '2026-10'");
	expect(GET(w->school, DESK "&month=2026-10"), 200,
	       "{'data': [{'handed_in': 0, 'missing': [{'state': 'draft'}]}]}");
	expect(submit(w->teacher, path), 200, NULL);
	expect(GET(w->county, DESK "&month=2026-10&school_id=%s", w->school_a1), 200,
	       "{'data': [{'handed_in': 1, 'inspected': 0, 'missing': []}]}");
	expect(inspect(w->school, path, 2, "'grade': 'qualified'"), 201, NULL);
	expect(GET(w->county, DESK "&month=2026-10&appointment_kinds=homeroom,acting"), 200,
	       "{'data': [{'handed_in': 1, 'inspected': 1, 'missing': []}]}");
	/* Another month, a term, other appointments, another school, before it began. */
	expect(GET(w->school, DESK "&month=2026-09"), 200,
	       "{'data': [{'handed_in': 0, 'missing': [{'state': null}]}]}");
	expect(GET(w->school, DESK "&term_id=%s", term(w)), 200,
	       "{'data': [{'handed_in': 0, 'missing': [{'state': null}]}]}");
	assert_int_equal(
		count_at(GET(w->school, DESK "&month=2026-10&appointment_kinds=trainee"), "data"),
		0);
	assert_int_equal(count_at(GET(w->other_school, DESK "&month=2026-10"), "data"), 0);
	assert_int_equal(count_at(GET(w->school, DESK "&month=2026-08"), "data"), 0);
	/* This month, if nothing is said. */
	expect(GET(w->school, DESK), 200, "{'data': [{'inspected': 1}]}");
	expect_error(GET(w->school, DESK "&month=2026-10&term_id=%s", term(w)), "month",
		     "month-or-term");
	expect(GET(w->teacher, DESK "&month=2026-10"), 403, NULL);
}

static struct answer *send_file(struct client *c, const char *path, const char *bytes)
{
	return call_bytes(c, "PUT", text("%s/file?filename=%%E6%%95%%99%%E6%%A1%%88.pdf", path),
			  bytes, strlen(bytes), "Content-Type", "application/pdf", "If-Match", "*",
			  NULL);
}

static void its_file_is_sealed_and_comes_back_as_it_was(void **state)
{
	struct world *w = *state;
	const char *path = made(w->teacher, "'lesson_design', 'month': '2026-09'");

	expect(GET(w->teacher, "%s/file", path), 404, NULL);
	expect(send_file(w->teacher, path, "%PDF-one"), 200,
	       "{'file': {'name': '教案.pdf', 'media_type': 'application/pdf', 'size': 8}, "
	       "'version': 2}");
	assert_string_equal(GET(w->teacher, "%s/file", path)->body, "%PDF-one");
	assert_string_equal(GET(w->school, "%s/file", path)->body, "%PDF-one");
	expect(GET(w->other_school, "%s/file", path), 404, NULL);
	expect_sql(w, "0",
		   "SELECT count(*)::text FROM file WHERE position('%PDF'::bytea IN content) > 0");
	/* Only its writer sends another, and not once it was handed in. */
	expect(send_file(w->school, path, "%PDF-two"), 404, NULL);
	expect(send_file(w->teacher, path, "%PDF-two"), 200, NULL);
	assert_string_equal(GET(w->county, "%s/file", path)->body, "%PDF-two");
	expect_sql(w, "1", "SELECT count(*)::text FROM file WHERE purge_at <= machine_now()");
	expect(submit(w->teacher, path), 200, "{'file': {'size': 8}}");
	expect(send_file(w->teacher, path, "%PDF-three"), 409, "{'code': 'not-in-this-state'}");
	expect(send_file(w->teacher, path, "MZ"), 415, "{'code': 'file-not-its-type'}");
	expect(call_bytes(w->teacher, "PUT", text("%s/file?filename=a.exe", path), "MZ", 2,
			  "Content-Type", "application/x-msdownload", "If-Match", "*", NULL),
	       415, NULL);
}

static void she_confirms_what_was_entered_for_her_or_objects(void **state)
{
	struct world *w = *state;
	const char *entered = made(
		w->school, text("'essay', 'month': '2026-08', 'teacher_id': '%s'", w->teacher_a1));
	const char *confirm = text("%s/confirm", entered);

	expect(GET(w->teacher, "%s", entered), 200, "{'confirmed': null, 'objection': null}");
	expect(call(w->teacher, "POST", confirm, "{'objection': '不是我写的'}", "If-Match", "*",
		    NULL),
	       200, "{'confirmed': false, 'objection': '不是我写的', 'state': 'draft'}");
	expect(call(w->teacher, "POST", confirm, "{}", "If-Match", "*", NULL), 200,
	       "{'confirmed': true, 'objection': null}");
	expect(call(w->school, "POST", confirm, "{}", "If-Match", "*", NULL), 409,
	       "{'code': 'not-entered-for-you'}");
	expect(call(w->teacher, "POST",
		    text("%s/confirm", made(w->teacher, "'essay', 'month': '2026-08'")), "{}",
		    "If-Match", "*", NULL),
	       409, "{'code': 'not-entered-for-you'}");
}

/* What she wrote stays where she wrote it, and her new school sees it by asking for her. */
static void her_new_school_sees_what_she_wrote_before(void **state)
{
	struct world *w = *state;
	const char *her = joins(w, "迁一", "");
	struct client *self = client_new(w, "teacher", w->county_a, NULL, her, NULL);
	const char *before = made(self, "'essay', 'month': '2026-09'"), *after;

	moves(w, her, "2026-10-14", "2026-10-15");
	after = made(self, "'essay', 'month': '2026-10'");
	assert_int_equal(
		count_at(GET(w->other_school, "/v1/deliverables?teacher_id=%s", her), "data"), 2);
	assert_int_equal(count_at(GET(w->school, "/v1/deliverables?teacher_id=%s", her), "data"),
			 1);
	expect(GET(w->school, "%s", before), 200, text("{'school_id': '%s'}", w->school_a1));
	expect(GET(w->other_school, "%s", after), 200, text("{'school_id': '%s'}", w->school_a2));
	expect(GET(w->school, "%s", after), 404, NULL);
}

/* What the school entered for her she reads too. */
static void a_file_that_was_entered_for_her_is_hers_to_read(void **state)
{
	struct world *w = *state;
	const char *path = made(
		w->school, text("'case', 'month': '2026-09', 'teacher_id': '%s'", w->teacher_a1));

	expect(send_file(w->school, path, "%PDF-"), 200, NULL);
	assert_string_equal(GET(w->teacher, "%s/file", path)->body, "%PDF-");
	expect(GET(w->teacher, "%s", path), 200, "{'file': {'size': 5}, 'entered': true}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_length_leaves_out_white_space),
		cmocka_unit_test(a_teacher_writes_changes_and_hands_in_her_own),
		cmocka_unit_test(her_school_enters_one_for_her_and_that_is_told),
		cmocka_unit_test(it_is_for_just_one_of_month_term_and_course),
		cmocka_unit_test(what_is_returned_comes_again),
		cmocka_unit_test(nobody_inspects_her_own),
		cmocka_unit_test(many_are_inspected_at_once_and_each_is_answered),
		cmocka_unit_test(its_file_is_sealed_and_comes_back_as_it_was),
		cmocka_unit_test(she_confirms_what_was_entered_for_her_or_objects),
		cmocka_unit_test(a_file_that_was_entered_for_her_is_hers_to_read),
		cmocka_unit_test(a_list_is_narrowed_and_has_no_texts),
		cmocka_unit_test(the_desk_says_who_is_missing_in_a_month_or_term),
		cmocka_unit_test(her_new_school_sees_what_she_wrote_before),
	};

	return cmocka_run_group_tests_name("deliverables", tests, world_begin, world_end);
}
