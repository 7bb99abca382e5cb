/*
 * teachers_test.c -- teachers, their documents, memberships and identifiers through the steps.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A new teacher of A1 with further members of its body; asserts that it was made. */
static struct answer *teacher(struct world *w, const char *name, const char *more)
{
	struct answer *made =
		POST(w->school, "/v1/teachers",
		     text("{'name': '%s', 'school_id': '%s', 'started_on': '2020-09-01'%s}", name,
			  w->school_a1, more));

	expect(made, 201, NULL);
	return made;
}

static const char *path_of(const struct answer *made)
{
	return text("/v1/teachers/%s", text_at(made, "id"));
}

static void a_document_is_sealed_and_answered_masked(void **state)
{
	struct world *w = *state;
	struct answer *made = teacher(w, "吕 辉国",
				      ", 'document_type': 'resident_id', 'document_number': "
				      "'990101199804024457', 'title': 'third'");
	const char *id = text("%s", text_at(made, "id"));

	expect(made, 201,
	       "{'name': '吕辉国', 'document_number': '990***********4457', 'birth_on': '1998-04-02', "
	       "'gender': 'male', 'title': 'third', 'status': 'current'}");
	assert_string_equal(header_of(made, "Location"), path_of(made));
	expect(GET(w->county, "%s/resident-id", path_of(made)), 200,
	       "{'document_type': 'resident_id', 'document_number': '990101199804024457'}");
	expect(GET(w->school, "%s/resident-id", path_of(made)), 403, NULL);
	expect_sql(
		w, "1",
		text("SELECT count(*) FROM event WHERE action = 'read' AND object_id = '%s'", id));
	/* Nowhere in the database. */
	expect_sql(
		w, "0",
		"SELECT count(*) FROM person WHERE to_jsonb(person)::text LIKE '%990101199804024457%'");
	expect_sql(
		w, "0",
		"SELECT count(*) FROM event WHERE to_jsonb(event)::text ~ '990101199804024457|_sealed|_hash'");
	expect_sql(
		w, "0",
		"SELECT count(*) FROM idempotency WHERE answer::text LIKE '%990101199804024457%'");
}

#define WITH_DOCUMENT                                                                              \
	"{'name': '甲', 'school_id': '%s', 'document_type': 'resident_id', "                      \
	"'document_number': '%s', 'birth_on': '1980-01-01', 'gender': 'female'}"

static void a_wrong_document_says_what_is_wrong_with_it(void **state)
{
	struct world *w = *state;
	struct answer *a;

	expect_error(POST(w->county, "/v1/teachers",
			  text(WITH_DOCUMENT, w->school_a1, "990101199804024458")),
		     "#/document_number", "resident-id-checksum");
	expect_error(
		POST(w->county, "/v1/teachers", text(WITH_DOCUMENT, w->school_a1, "9.90101E+17")),
		"#/document_number", "resident-id-damaged");
	a = POST(w->county, "/v1/teachers",
		 text(WITH_DOCUMENT, w->school_a1, "990101199804024457"));
	expect_error(a, "#/birth_on", "resident-id-disagrees");
	expect_error(a, "#/gender", "resident-id-disagrees");
	expect_error(POST(w->county, "/v1/teachers",
			  text("{'name': '甲', 'school_id': '%s', 'document_type': 'passport'}",
			       w->school_a1)),
		     "#/document_number", "required");
}

static void what_a_body_names_must_exist_for_the_caller(void **state)
{
	struct world *w = *state;

	expect_error(POST(w->school, "/v1/teachers",
			  text("{'name': '乙', 'school_id': '%s'}", w->school_a2)),
		     "#/school_id", "not-found");
	expect_error(POST(w->county, "/v1/teachers",
			  text("{'name': '乙', 'school_id': '%s'}", w->school_b1)),
		     "#/school_id", "not-found");
	expect_error(
		POST(w->county, "/v1/teachers",
		     text("{'name': '乙', 'school_id': '%s', 'subjects': ['chinese', 'magic']}",
			  w->school_a1)),
		"#/subjects/1", "code-unknown");
	expect_error(POST(w->county, "/v1/teachers",
			  text("{'name': '乙', 'school_id': '%s', 'started_on': '2026-12-01'}",
			       w->school_a1)),
		     "#/started_on", "date-in-future");
	expect(POST(w->school, "/v1/teachers",
		    text("{'name': ' \u3000', 'school_id': '%s'}", w->school_a1)),
	       422, NULL);
}

#define SAME                                                                                       \
	"{'name': '沈重复', 'birth_on': '1980-05-05', 'school_id': '%s', 'phone': "             \
	"'13800009999'%s}"

static void who_may_be_there_already_is_answered_with_the_candidates(void **state)
{
	struct world *w = *state;
	struct answer *first =
		teacher(w, "沈重复", ", 'birth_on': '1980-05-05', 'phone': '13800001234'");
	const char *id = text("%s", text_at(first, "id"));
	struct answer *refused = POST(w->school, "/v1/teachers", text(SAME, w->school_a1, ""));

	expect(refused, 409,
	       text("{'code': 'possible-duplicate', 'candidates': [{'id': '%s', 'name': '沈重复', "
		    "'reasons': ['name_and_birth']}]}",
		    id));
	/* To another school only that there is somebody, and where. */
	refused = POST(w->other_school, "/v1/teachers", text(SAME, w->school_a2, ""));
	expect(refused, 409, text("{'candidates': [{'school_id': '%s'}]}", w->school_a1));
	assert_null(strstr(refused->body, id));
	assert_null(json_at(refused, "candidates/0/name"));
	expect(POST(w->school, "/v1/teachers",
		    text(SAME, w->school_a1, text(", 'reviewed_not_same': ['%s']", id))),
	       201, NULL);
	expect_sql(w, "1",
		   text("SELECT count(*) FROM reviewed_pair WHERE '%s' IN (low, high)", id));
	expect(POST(w->school, "/v1/teachers",
		    text("{'name': '别人', 'school_id': '%s', 'phone': '13800001234'}",
			 w->school_a1)),
	       409, "{'candidates': [{'reasons': ['phone']}]}");
}

static void a_document_belongs_to_one_person_whatever_was_reviewed(void **state)
{
	struct world *w = *state;
	struct answer *first =
		teacher(w, "单一", ", 'document_type': 'passport', 'document_number': 'E7654321'");

	expect(POST(w->county, "/v1/teachers",
		    text("{'name': '另一', 'school_id': '%s', 'document_type': 'passport', 'document_number': "
			 "'e 7654321', 'reviewed_not_same': ['%s']}",
			 w->school_a2, text_at(first, "id"))),
	       409, "{'code': 'possible-duplicate', 'candidates': [{'reasons': ['document']}]}");
	expect(POST(w->other_county, "/v1/teachers",
		    text("{'name': '另一', 'school_id': '%s', 'document_type': 'passport', 'document_number': "
			 "'E7654321'}",
			 w->school_b1)),
	       201, NULL);
}

static void a_teacher_is_found_by_document_where_she_is_seen(void **state)
{
	struct world *w = *state;
	struct answer *made =
		teacher(w, "寻人", ", 'document_type': 'passport', 'document_number': 'K1234567'");
	const char *ask = "{'document_type': 'passport', 'document_number': 'k1234567'}";

	expect(POST(w->school, "/v1/teachers:find", ask), 200,
	       text("{'teacher': {'id': '%s'}, 'known_at': null}", text_at(made, "id")));
	expect(POST(w->other_school, "/v1/teachers:find", ask), 200,
	       text("{'teacher': null, 'known_at': {'school_id': '%s'}}", w->school_a1));
	expect(POST(w->other_county, "/v1/teachers:find", ask), 200,
	       "{'teacher': null, 'known_at': null}");
}

static void teachers_are_found_by_part_pinyin_initials_and_phone(void **state)
{
	struct world *w = *state;
	struct answer *made = teacher(w, "吕昭仪", ", 'phone': '13700007788'");
	const char *typed[] = {"吕昭", "昭仪", "lvzhao", "LuZhaoYi", "lzy", "zhaoyi", "7788", "lü"};

	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		const char *q = strcmp(typed[i], "lü") ? typed[i] : "l%C3%BC";
		struct answer *found = GET(w->school, "/v1/teachers?q=%s&page_size=500", q);

		if (!strstr(found->body, text_at(made, "id")))
			fail_msg("%s does not find her", typed[i]);
		assert_null(strstr(GET(w->other_school, "/v1/teachers?q=%s", q)->body,
				   text_at(made, "id")));
	}
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?q=zzzz"), "data"), 0);
	expect(PATCH(w->school, path_of(made), "*", "{'phone': '13700009911'}"), 200, NULL);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?q=7788"), "data"), 0);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?q=9911"), "data"), 1);
}

static void a_list_is_sorted_by_name_and_filtered(void **state)
{
	struct world *w = *state;
	struct answer *list;

	teacher(w, "安一", ", 'teaching_stage': 'primary', 'title': 'senior'");
	teacher(w, "左末", ", 'teaching_stage': 'junior'");
	list = GET(w->school, "/v1/teachers?page_size=1&title=senior");
	expect(list, 200, "{'data': [{'name': '安一'}]}");
	list = GET(w->school, "/v1/teachers?sort=-name&page_size=1");
	expect(list, 200, "{'data': [{'name': '左末'}]}");
	list = GET(w->school, "/v1/teachers?sort=-name&page_size=1&cursor=%s",
		   text_at(list, "page/next_cursor"));
	assert_string_not_equal(text_at(list, "data/0/name"), "左末");
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?stage=junior"), "data"), 1);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?appointment_kind=reserve"), "data"),
			 0);
}

static void a_patch_changes_what_it_names(void **state)
{
	struct world *w = *state;
	struct answer *made =
		teacher(w, "改名前", ", 'phone': '13600001111', 'education': 'bachelor'");
	const char *path = path_of(made), *tag = header_of(made, "ETag");

	expect(PATCH(w->school, path, tag,
		     "{'name': '改名后', 'phone': null, 'subjects': ['music']}"),
	       200,
	       "{'name': '改名后', 'phone': null, 'subjects': ['music'], 'education': 'bachelor', 'version': 2}");
	expect(PATCH(w->school, path, tag, "{'education': 'master'}"), 412, NULL);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?q=gaiminghou"), "data"), 1);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?q=gaimingqian"), "data"), 0);
	expect(PATCH(w->school, path, "*",
		     "{'document_type': 'passport', 'document_number': 'P9999999'}"),
	       200, "{'document_number': 'P9****99'}");
	expect(PATCH(w->other_school, path, "*", "{'education': 'master'}"), 404, NULL);
	expect(PATCH(w->teacher, path, "*", "{'education': 'master'}"), 403, NULL);
}

static void a_teacher_reads_herself_and_nobody_else(void **state)
{
	struct world *w = *state;

	expect(GET(w->teacher, "/v1/teachers/%s", w->teacher_a1), 200,
	       text("{'id': '%s'}", w->teacher_a1));
	expect(GET(w->teacher, "/v1/teachers/%s", w->teacher_a2), 404, NULL);
	assert_int_equal(count_at(GET(w->teacher, "/v1/teachers"), "data"), 1);
	expect(GET(w->school, "/v1/teachers/%s", w->teacher_a2), 404, NULL);
	expect(GET(w->school, "/v1/teachers/%s/memberships", w->teacher_a2), 404, NULL);
	expect(GET(w->county, "/v1/teachers/%s", w->teacher_b1), 404, NULL);
}

static void a_person_works_in_one_school_at_a_time(void **state)
{
	struct world *w = *state;
	struct answer *made = teacher(w, "调动", ", 'phone': '13500001111'");
	const char *path = path_of(made);
	struct answer *list = GET(w->county, "%s/memberships", path);
	const char *move = text(
		"{'school_id': '%s', 'kind': 'working', 'started_on': '2026-10-01'}", w->school_a2);

	assert_int_equal(count_at(list, "data"), 2);
	expect(POST(w->county, text("%s/memberships", path), move), 409,
	       "{'code': 'membership-overlaps'}");
	for (int i = 0; i < 2; i++)
		expect(call(w->county, "POST",
			    text("%s/memberships/%s/end", path,
				 text_at(list, text("data/%d/id", i))),
			    "{'ended_on': '2026-09-30', 'reason': '调出'}", "If-Match", "\"1-x\"",
			    NULL),
		       200, "{'ended_on': '2026-09-30', 'version': 2}");
	expect(POST(w->county, text("%s/memberships", path), move), 201, "{'ended_on': null}");
	expect(GET(w->other_school, "%s", path), 200,
	       text("{'phone': '13500001111', 'school_id': '%s', 'status': 'current'}",
		    w->school_a2));
	/* The school that she left knows her, but nothing new of her. */
	expect(GET(w->school, "%s", path), 200,
	       "{'name': '调动', 'status': 'left', 'phone': null, 'school_id': null}");
	expect(PATCH(w->school, path, "*", "{'education': 'master'}"), 404, NULL);
	assert_non_null(strstr(GET(w->school, "/v1/teachers?status=left&page_size=500")->body,
			       text_at(made, "id")));
	assert_null(
		strstr(GET(w->school, "/v1/teachers?page_size=500")->body, text_at(made, "id")));
	assert_int_equal(count_at(GET(w->school, "%s/memberships", path), "data"), 2);
	assert_int_equal(count_at(GET(w->other_school, "%s/memberships", path), "data"), 3);
}

static void who_leaves_in_the_future_has_not_left(void **state)
{
	struct world *w = *state;
	struct answer *made = teacher(w, "将离", ", 'phone': '13500002222'");
	const char *path = path_of(made);
	struct answer *list = GET(w->school, "%s/memberships", path);

	for (int i = 0; i < 2; i++)
		expect(call(w->school, "POST",
			    text("%s/memberships/%s/end", path,
				 text_at(list, text("data/%d/id", i))),
			    "{'ended_on': '2026-12-31'}", "If-Match", "*", NULL),
		       200, NULL);
	expect(GET(w->school, "%s", path), 200, "{'status': 'current', 'phone': '13500002222'}");
	expect(PATCH(w->school, path, "*", "{'education': 'master'}"), 200,
	       "{'education': 'master'}");
	world_clock(w, w->county_a, "2027-01-05T02:00:00Z");
	/* Also before the daily upkeep has passed. */
	expect(GET(w->school, "%s", path), 200, "{'status': 'left', 'phone': null}");
	world_clock(w, w->county_a, "2026-10-15T02:00:00Z");
}

static void a_number_of_a_source_belongs_to_one_person(void **state)
{
	struct world *w = *state;
	struct answer *one = teacher(w, "编号一", ""), *two = teacher(w, "编号二", "");
	const char *body = "{'source': '省平台', 'value': 'X1'}";
	struct answer *made = POST(w->school, text("%s/identifiers", path_of(one)), body);

	expect(made, 201, "{'value': 'X1', 'ended_on': null}");
	expect(POST(w->school, text("%s/identifiers", path_of(two)), body), 409, NULL);
	expect(call(w->school, "POST",
		    text("%s/identifiers/%s/end", path_of(one), text_at(made, "id")),
		    "{'ended_on': '2026-10-01'}", "If-Match", header_of(made, "ETag"), NULL),
	       200, "{'ended_on': '2026-10-01'}");
	expect(POST(w->school, text("%s/identifiers", path_of(two)), body), 201, NULL);
	assert_int_equal(count_at(GET(w->school, "%s/identifiers", path_of(one)), "data"), 1);
}

static void a_teacher_made_by_mistake_is_voided_while_nothing_hangs_on_her(void **state)
{
	struct world *w = *state;
	const char *document = ", 'document_type': 'passport', 'document_number': 'V1234567'";
	struct answer *made = teacher(w, "误建", document);
	const char *reason = "{'reason': '重复录入'}";
	struct answer *used = teacher(w, "有学时", "");

	expect(call(w->school, "POST", text("%s/void", path_of(made)), reason, "If-Match",
		    header_of(made, "ETag"), NULL),
	       200, "{'status': 'voided'}");
	expect(call(w->school, "POST", text("%s/void", path_of(made)), reason, "If-Match", "*",
		    NULL),
	       409, "{'code': 'person-not-current'}");
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?q=wujian"), "data"), 0);
	teacher(w, "误建", document);
	POST(w->school,
	     text("/v1/offices/%s/holders",
		  text_at(GET(w->school, "/v1/offices?school_id=%s", w->school_a1), "data/0/id")),
	     text("{'person_id': '%s', 'started_on': '2026-09-01'}", text_at(used, "id")));
	expect(call(w->school, "POST", text("%s/void", path_of(used)), reason, "If-Match", "*",
		    NULL),
	       409, "{'code': 'person-in-use'}");
	expect(call(w->other_school, "POST", text("%s/void", path_of(used)), reason, "If-Match",
		    "*", NULL),
	       404, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_sealed_and_answered_masked),
		cmocka_unit_test(a_wrong_document_says_what_is_wrong_with_it),
		cmocka_unit_test(what_a_body_names_must_exist_for_the_caller),
		cmocka_unit_test(who_may_be_there_already_is_answered_with_the_candidates),
		cmocka_unit_test(a_document_belongs_to_one_person_whatever_was_reviewed),
		cmocka_unit_test(a_teacher_is_found_by_document_where_she_is_seen),
		cmocka_unit_test(teachers_are_found_by_part_pinyin_initials_and_phone),
		cmocka_unit_test(a_list_is_sorted_by_name_and_filtered),
		cmocka_unit_test(a_patch_changes_what_it_names),
		cmocka_unit_test(a_teacher_reads_herself_and_nobody_else),
		cmocka_unit_test(a_person_works_in_one_school_at_a_time),
		cmocka_unit_test(who_leaves_in_the_future_has_not_left),
		cmocka_unit_test(a_number_of_a_source_belongs_to_one_person),
		cmocka_unit_test(a_teacher_made_by_mistake_is_voided_while_nothing_hangs_on_her),
	};

	return cmocka_run_group_tests_name("teachers", tests, world_begin, world_end);
}
