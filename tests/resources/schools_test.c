/*
 * schools_test.c -- county, calendar, lists and schools through the steps of the service.
 */
#include "harness/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *etag(struct client *c, const char *target)
{
	return text("%s", header_of(GET(c, "%s", target), "ETag"));
}

static void a_county_is_read_by_all_and_changed_by_itself(void **state)
{
	struct world *w = *state;
	const char *tag = etag(w->county, "/v1/county");

	expect(GET(w->teacher, "/v1/county"), 200,
	       "{'today': '2026-10-15', 'zone': 'Asia/Shanghai'}");
	expect(PATCH(w->county, "/v1/county", tag, "{'name': '新县'}"), 200,
	       "{'name': '新县', 'version': 2}");
	expect(PATCH(w->county, "/v1/county", tag, "{'name': '旧县'}"), 412, "{'code': 'stale'}");
	expect(GET(w->other_county, "/v1/county"), 200, "{'version': 1}");
}

static void school_years_do_not_overlap(void **state)
{
	struct world *w = *state;

	expect(POST(w->county, "/v1/school-years",
		    "{'name': 'x', 'started_on': '2027-01-01', 'ended_on': '2027-12-31'}"),
	       409, "{'code': 'periods-overlap'}");
	expect_error(POST(w->county, "/v1/school-years",
			  "{'name': 'x', 'started_on': '2041-09-01', 'ended_on': '2041-08-31'}"),
		     "#/ended_on", "period-reversed");
	expect(POST(w->county, "/v1/school-years",
		    "{'name': 'x', 'started_on': '2041-09-01', 'ended_on': '2042-08-31'}"),
	       201, "{'started_on': '2041-09-01', 'ended_on': '2042-08-31'}");
}

static void a_term_lies_within_its_school_year(void **state)
{
	struct world *w = *state;
	struct answer *year =
		POST(w->county, "/v1/school-years",
		     "{'name': 'y', 'started_on': '2051-09-01', 'ended_on': '2052-08-31'}");
	const char *id = text("%s", text_at(year, "id"));
	const char *tag;

	expect(POST(w->county, "/v1/terms",
		    text("{'school_year_id': '%s', 'name': 't', 'number': 1, 'started_on': '2051-09-01', "
			 "'ended_on': '2052-09-01'}",
			 id)),
	       422, "{'code': 'term-outside-year'}");
	expect(POST(w->county, "/v1/terms",
		    text("{'school_year_id': '%s', 'name': 't', 'number': 1, 'started_on': '2051-09-01', "
			 "'ended_on': '2052-01-31'}",
			 id)),
	       201, text("{'school_year_id': '%s'}", id));
	tag = header_of(year, "ETag");
	expect(PATCH(w->county, text("/v1/school-years/%s", id), tag,
		     "{'started_on': '2051-10-01'}"),
	       422, "{'code': 'term-outside-year'}");
	expect_error(
		POST(w->county, "/v1/terms",
		     text("{'school_year_id': '%s', 'name': 't', 'number': 1, 'started_on': '2051-09-01', "
			  "'ended_on': '2052-01-31'}",
			  w->school_a1)),
		"#/school_year_id", "not-found");
}

static void lists_of_codes_have_labels_in_both_languages(void **state)
{
	struct world *w = *state;

	struct answer *titles = GET(w->teacher, "/v1/reference-data/title");

	expect(titles, 200, "{'table': 'title'}");
	assert_string_equal(text_at(titles, "items/0/code"), "professor");
	assert_string_equal(text_at(titles, "items/0/label_zh"), "正高级教师");
	assert_string_equal(text_at(titles, "items/0/label_en"), "Professor-grade teacher");
}

static void the_contract_names_the_lists_that_there_are(void **state)
{
	struct world *w = *state;
	const char *names = world_value(
		w,
		"SELECT '[\"' || string_agg(DISTINCT \"table\", '\",\"' ORDER BY \"table\") || '\"]' FROM reference_item",
		NULL);
	const struct operation *o = contract_operation(w->program.contract, "reference_data_get");
	const json_t *parameter = json_array_get(json_object_get(o->definition, "parameters"), 0);
	const json_t *listed = json_object_get(json_object_get(parameter, "schema"), "enum");

	assert_string_equal(json_text(w->arena, listed), names);
	expect(GET(w->teacher, "/v1/reference-data/office_kind"), 200, "{'table': 'office_kind'}");
	/* Whoever misspells one is told them. */
	expect(GET(w->teacher, "/v1/reference-data/office_kinds"), 400,
	       "{'errors': [{'parameter': 'table', 'code': 'enum'}]}");
	assert_non_null(
		strstr(GET(w->teacher, "/v1/reference-data/office_kinds")->body, "office_kind,"));
}

static void the_county_adds_and_retires_modules(void **state)
{
	struct world *w = *state;
	struct answer *made =
		POST(w->county, "/v1/modules",
		     "{'code': 'reading_aloud', 'name_zh': '朗读', 'name_en': 'Reading aloud'}");
	const char *path = text("/v1/modules/%s", text_at(made, "id"));

	expect(made, 201, "{'required': false, 'position': 0, 'active': true}");
	expect(PATCH(w->county, path, header_of(made, "ETag"), "{'active': false}"), 200,
	       "{'active': false}");
	expect(POST(w->county, "/v1/modules",
		    "{'code': 'reading_aloud', 'name_zh': 'x', 'name_en': 'y'}"),
	       409, NULL);
	assert_null(strstr(GET(w->school, "/v1/modules?active=true&page_size=500")->body,
			   "reading_aloud"));
	expect(POST(w->school, "/v1/modules", "{'code': 'x', 'name_zh': 'x', 'name_en': 'y'}"), 403,
	       NULL);
}

static void a_school_keeps_its_code(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(
		w->county, "/v1/schools",
		"{'code': '3199000077', 'name': '青溪中学', 'stages': ['junior'], 'town': '青溪镇'}");
	const char *path = text("/v1/schools/%s", text_at(made, "id"));

	expect(made, 201, "{'category': 'junior', 'school_system': 'six_three', 'status': 'open'}");
	expect(PATCH(w->county, path, header_of(made, "ETag"), "{'name': '青溪初级中学'}"), 200,
	       "{'name': '青溪初级中学', 'code': '3199000077'}");
	expect(POST(w->county, "/v1/schools",
		    "{'code': '3199000077', 'name': 'x', 'stages': ['junior']}"),
	       409, "{'code': 'school-code-taken'}");
	expect_error(POST(w->county, "/v1/schools",
			  "{'code': '9999000077', 'name': 'x', 'stages': ['junior']}"),
		     "#/code", "school-code-category");
	/* Another county's school may have it. */
	expect(POST(w->other_county, "/v1/schools",
		    "{'code': '3199000077', 'name': 'x', 'stages': ['junior']}"),
	       201, NULL);
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(GET(w->school, "/v1/schools?code=3199000077"), 200,
	       "{'data': [{'name': '青溪初级中学'}]}");
}

static void a_school_closes_when_nobody_is_left(void **state)
{
	struct world *w = *state;
	struct answer *made =
		POST(w->county, "/v1/schools",
		     "{'code': '2199000088', 'name': '小山小学', 'stages': ['primary']}");
	const char *id = text("%s", text_at(made, "id"));
	struct answer *teacher =
		POST(w->county, "/v1/teachers",
		     text("{'name': '尹守山', 'school_id': '%s', 'started_on': '2020-09-01'}", id));
	const char *end = "{'ended_on': '2026-09-30'}";

	expect(teacher, 201, NULL);
	expect(call(w->county, "POST", text("/v1/schools/%s/close", id), end, "If-Match",
		    header_of(made, "ETag"), NULL),
	       409, "{'code': 'school-has-people'}");
	expect(call(w->county, "POST", text("/v1/schools/%s/merge", id),
		    text("{'ended_on': '2026-09-30', 'successor_id': '%s'}", w->school_a2),
		    "If-Match", header_of(made, "ETag"), NULL),
	       200, "{'status': 'merged', 'ended_on': '2026-09-30'}");
	expect(GET(w->county, "/v1/teachers/%s", text_at(teacher, "id")), 200,
	       text("{'school_id': '%s'}", w->school_a2));
	expect(call(w->county, "POST", text("/v1/schools/%s/close", id), end, "If-Match", "*",
		    NULL),
	       409, "{'code': 'school-not-open'}");
	made = POST(w->county, "/v1/schools",
		    "{'code': '2199000089', 'name': '空', 'stages': ['primary']}");
	expect(call(w->county, "POST", text("/v1/schools/%s/close", text_at(made, "id")), end,
		    "If-Match", header_of(made, "ETag"), NULL),
	       200, "{'status': 'closed'}");
}

static void who_was_recorded_by_mistake_keeps_no_school_open(void **state)
{
	struct world *w = *state;
	static const char *const ends[] = {"close", "merge"};
	int i;

	for (i = 0; i < 2; i++) {
		struct answer *made = POST(w->county, "/v1/schools",
					   text("{'code': '219900017%d', 'name': '误录校%d', "
						"'stages': ['primary']}",
						i, i));
		const char *school = text("%s", text_at(made, "id"));
		struct answer *teacher =
			POST(w->county, "/v1/teachers",
			     text("{'name': '误录人%d', 'school_id': '%s'}", i, school));
		const char *id = text("%s", text_at(teacher, "id"));

		expect(call(w->county, "POST", text("/v1/teachers/%s/void", id),
			    "{'reason': '误录'}", "If-Match", "*", NULL),
		       200, NULL);
		expect(call(w->county, "POST", text("/v1/schools/%s/%s", school, ends[i]),
			    text("{'ended_on': '2026-10-15'%s}",
				 i ? text(", 'successor_id': '%s'", w->school_a2) : ""),
			    "If-Match", "*", NULL),
		       200, NULL);
		expect_sql(w, "2",
			   text("SELECT count(*) FROM membership WHERE person = '%s' AND school = "
				"'%s' AND upper(during) = '2026-10-16'",
				id, school));
		expect_sql(w, "2", text("SELECT count(*) FROM membership WHERE person = '%s'", id));
	}
}

/* Who was to leave, and where to, stays as announced. */
static void a_merger_keeps_the_last_days_of_those_it_moves(void **state)
{
	struct world *w = *state;
	const char *school =
		arena_strdup(w->arena, text_at(POST(w->county, "/v1/schools",
						    "{'code': '2199000090', 'name': '并校', "
						    "'stages': ['primary']}"),
					       "id"));
	const char *id = arena_strdup(
		w->arena,
		text_at(POST(w->county, "/v1/teachers",
			     text("{'name': '将离', 'school_id': '%s', 'started_on': '2020-09-01'}",
				  school)),
			"id"));
	const char *path = arena_printf(w->arena, "/v1/teachers/%s/memberships", id);
	struct answer *list = GET(w->county, "%s", path);

	for (int i = 0; i < 2; i++)
		expect(call(w->county, "POST",
			    text("%s/%s/end", path, text_at(list, text("data/%d/id", i))),
			    "{'ended_on': '2026-10-31'}", "If-Match", "*", NULL),
		       200, NULL);
	expect(POST(w->county, path,
		    text("{'school_id': '%s', 'kind': 'working', 'started_on': '2026-11-01'}",
			 w->school_a2)),
	       201, NULL);
	expect(call(w->county, "POST", text("/v1/schools/%s/merge", school),
		    text("{'ended_on': '2026-10-14', 'successor_id': '%s'}", w->school_a2),
		    "If-Match", "*", NULL),
	       200, NULL);
	expect_sql(w,
		   "personnel [2026-10-15,2026-11-01) working [2026-10-15,2026-11-01) "
		   "working [2026-11-01,)",
		   text("SELECT string_agg(kind || ' ' || during, ' ' ORDER BY kind, during) FROM "
			"membership WHERE person = '%s' AND school = '%s'",
			id, w->school_a2));
}

static void a_school_has_an_office_and_offices_change_hands(void **state)
{
	struct world *w = *state;
	struct answer *list =
		GET(w->school, "/v1/offices?school_id=%s&kind=moral_education", w->school_a1);
	const char *office = text("%s", text_at(list, "data/0/id"));
	struct answer *first =
		POST(w->school, "/v1/officers", "{'name': '王芳', 'title': '德育主任'}");
	struct answer *second = POST(w->school, "/v1/officers", "{'name': '李强'}");
	const char *path = text("/v1/offices/%s", office);
	struct answer *holder;

	expect(first, 201, text("{'school_id': '%s', 'offices': []}", w->school_a1));
	expect(POST(w->school, text("%s/holders", path),
		    text("{'person_id': '%s', 'started_on': '2026-09-01', 'kind': 'deputy'}",
			 text_at(first, "id"))),
	       422, NULL);
	holder =
		POST(w->school, text("%s/holders", path),
		     text("{'person_id': '%s', 'started_on': '2026-09-01'}", text_at(first, "id")));
	expect(holder, 201, "{'kind': 'holder', 'person_name': '王芳', 'ended_on': null}");
	expect(call(w->school, "POST", text("%s/hand-over", path),
		    text("{'person_id': '%s', 'started_on': '2026-10-10'}", text_at(second, "id")),
		    "If-Match", etag(w->school, path), NULL),
	       200, "{'person_name': '李强', 'started_on': '2026-10-10'}");
	assert_non_null(
		strstr(GET(w->school, "%s/holders", path)->body, "\"ended_on\":\"2026-10-09\""));
	expect(GET(w->school, "/v1/officers/%s", text_at(first, "id")), 200,
	       "{'offices': [{'started_on': '2026-09-01', 'ended_on': '2026-10-09'}]}");
	expect_error(POST(w->school, text("%s/holders", path),
			  text("{'person_id': '%s', 'started_on': '2026-09-01'}", w->teacher_b1)),
		     "#/person_id", "not-found");
	expect(GET(w->other_school, "%s", path), 404, NULL);
	expect(GET(w->other_school, "%s/holders", path), 404, NULL);
}

static void experts_from_elsewhere_are_known_to_all_schools(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(w->school, "/v1/external-persons",
				   "{'name': '李 明', 'unit': '省教育学院', 'title': '教授'}");
	const char *path = text("/v1/external-persons/%s", text_at(made, "id"));

	expect(made, 201, "{'name': '李明'}");
	expect(GET(w->other_school, "%s", path), 200, "{'unit': '省教育学院'}");
	expect(GET(w->other_county, "%s", path), 404, NULL);
	expect(PATCH(w->other_school, path, header_of(made, "ETag"), "{'title': 'x'}"), 404, NULL);
	expect(PATCH(w->school, path, header_of(made, "ETag"), "{'phone': '13900000000'}"), 200,
	       "{'phone': '13900000000', 'title': '教授'}");
	expect(PATCH(w->school, path, "*", "{'phone': null}"), 200, "{'phone': null}");
}

static void everybody_learns_who_she_is(void **state)
{
	struct world *w = *state;

	expect(GET(w->teacher, "/v1/me"), 200,
	       text("{'role': 'teacher', 'person': {'id': '%s'}, 'county': {'today': '2026-10-15'}}",
		    w->teacher_a1));
	expect(GET(w->school, "/v1/me"), 200,
	       text("{'role': 'school', 'school': {'id': '%s'}}", w->school_a1));
	expect(GET(w->client, "/v1/me"), 200, "{'role': 'client', 'person': null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_county_is_read_by_all_and_changed_by_itself),
		cmocka_unit_test(school_years_do_not_overlap),
		cmocka_unit_test(a_term_lies_within_its_school_year),
		cmocka_unit_test(lists_of_codes_have_labels_in_both_languages),
		cmocka_unit_test(the_contract_names_the_lists_that_there_are),
		cmocka_unit_test(the_county_adds_and_retires_modules),
		cmocka_unit_test(a_school_keeps_its_code),
		cmocka_unit_test(a_school_closes_when_nobody_is_left),
		cmocka_unit_test(who_was_recorded_by_mistake_keeps_no_school_open),
		cmocka_unit_test(a_merger_keeps_the_last_days_of_those_it_moves),
		cmocka_unit_test(a_school_has_an_office_and_offices_change_hands),
		cmocka_unit_test(experts_from_elsewhere_are_known_to_all_schools),
		cmocka_unit_test(everybody_learns_who_she_is),
	};

	return cmocka_run_group_tests_name("schools", tests, world_begin, world_end);
}
