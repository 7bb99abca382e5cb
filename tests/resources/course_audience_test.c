/*
 * course_audience_test.c -- for whom a course is: judged for everybody and, in the list, for who
 * asks.
 */
#include "course.h"

/* SELECT of the audience of the course at PATH as one who SEES so much, of SCHOOL; $5 is MORE. */
static const char *asked_as(struct world *w, const char *sees, const char *school,
			    const char *select, const char *path, const char *more)
{
	return world_value(
		w,
		text("%s::text FROM (SELECT concat(set_config('qinglan.county', $1, true), "
		     "set_config('qinglan.sees', $2, true), set_config('qinglan.school', $3, true)) AS said "
		     "OFFSET 0) k CROSS JOIN LATERAL course_audience(CASE WHEN k.said <> $5 THEN $4::uuid "
		     "END, '2026-10-15') a(id, school)",
		     select),
		text("%d", w->county_a), sees, school, id_of(path), more, NULL);
}

/* Whether a course with this AUDIENCE is for the teacher of A1, who leads a class, today. */
static bool is_for_her(struct world *w, const char *audience)
{
	const char *path = course_open(
		w->county, text("'level': 'county', 'hours': 1, 'audience': {%s}", audience));
	const char *list = GET(w->teacher, "/v1/courses?open_for_me=true&page_size=500")->body;
	const char *audience_of =
		asked_as(w, "all", "", "SELECT bool_or(a.id = $5::uuid)", path, w->teacher_a1);
	bool listed = strstr(list, id_of(path)) != NULL;

	/* Both say the same. */
	assert_int_equal(audience_of && !strcmp(audience_of, "true"), listed);
	expect(step(w->county, path, "cancel", "{'reason': '试'}"), 200, NULL);
	return listed;
}

static void every_condition_must_hold(void **state)
{
	struct world *w = *state;
	const char *class = text_at(POST(w->school, "/v1/classes",
					 "{'stage': 'primary', 'entry_year': 2024, 'number': 61}"),
				    "id");

	world_appoint(w, w->teacher_a1, class, "2026-09-01");
	expect(PATCH(w->school, text("/v1/teachers/%s", w->teacher_a1), "*",
		     "{'teaching_stage': 'primary', 'gender': 'female', 'birth_on': '1990-10-16'}"),
	       200, NULL);
	expect(POST(w->school, text("/v1/teachers/%s/titles", w->teacher_a1), "{'title': 'first'}"),
	       201, NULL);
	assert_true(is_for_her(w, ""));
	assert_true(is_for_her(w, "'appointment_kinds': ['homeroom', 'acting']"));
	assert_false(is_for_her(w, "'appointment_kinds': ['reserve']"));
	assert_true(is_for_her(w, text("'school_ids': ['%s']", w->school_a1)));
	assert_false(is_for_her(w, text("'school_ids': ['%s']", w->school_a2)));
	assert_true(is_for_her(w, "'stages': ['primary'], 'ages': [{'gender': 'female'}]"));
	assert_false(is_for_her(w, "'stages': ['primary'], 'ages': [{'gender': 'male'}]"));
	assert_false(is_for_her(w, "'stages': ['junior']"));
	assert_true(is_for_her(w, "'titles': ['first']"));
	assert_false(is_for_her(w, "'titles': ['senior']"));
	/* She is 35 until tomorrow. */
	assert_true(is_for_her(w, "'ages': [{'under_age': 36}]"));
	assert_false(is_for_her(w, "'ages': [{'under_age': 36}], 'ages_on': '2026-10-16'"));
	assert_true(is_for_her(w, "'ages': [{'from_age': 36}], 'ages_on': '2026-10-16'"));
	assert_true(is_for_her(w, "'ages': [{'gender': 'male', 'under_age': 50}, {'gender': "
				  "'female', 'under_age': 45}]"));
	assert_false(is_for_her(w, "'ages': [{'gender': 'male', 'under_age': 50}, {'gender': "
				   "'female', 'under_age': 35}]"));
	assert_true(is_for_her(w, "'appointed_from': '2026-09-01'"));
	assert_false(is_for_her(w, "'appointed_from': '2026-09-02'"));
	assert_true(is_for_her(w, "'appointed_until': '2026-09-01'"));
	assert_false(is_for_her(w, "'appointed_until': '2026-08-31'"));
}

static void one_applies_within_the_days_of_application(void **state)
{
	static const struct {
		const char *days;
		bool open;
	} cases[] = {
		{"'applies_from': '2026-10-15', 'applies_until': '2026-10-15'", true},
		{"'applies_from': '2026-10-16'", false},
		{"'applies_until': '2026-10-14'", false},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *path = course_open(
			w->school, text("'level': 'school', 'hours': 1, %s", cases[i].days));
		const char *list = GET(w->teacher, "/v1/courses?open_for_me=true")->body;

		assert_int_equal(strstr(list, id_of(path)) != NULL, cases[i].open);
		expect(step(w->school, path, "close", NULL), 200, NULL);
		assert_null(
			strstr(GET(w->teacher, "/v1/courses?open_for_me=true")->body, id_of(path)));
	}
}

static void a_schools_course_is_for_its_own_people_unless_it_is_of_a_cluster(void **state)
{
	struct world *w = *state;
	const char *own = course_open(w->other_school, "'level': 'school', 'hours': 1");
	const char *shared = course_open(w->other_school, "'level': 'cluster', 'hours': 1");
	const char *list = GET(w->teacher, "/v1/courses?open_for_me=true")->body;

	assert_null(strstr(list, id_of(own)));
	assert_non_null(strstr(list, id_of(shared)));
	assert_string_equal(
		asked_as(w, "all", "", "SELECT bool_or(a.id = $5::uuid)", own, w->teacher_a1),
		"false");
	assert_string_equal(
		asked_as(w, "all", "", "SELECT bool_or(a.id = $5::uuid)", shared, w->teacher_a1),
		"true");
	/* A client is nobody to apply. */
	assert_int_equal(count_at(GET(w->client, "/v1/courses?open_for_me=true"), "data"), 0);
	assert_int_not_equal(count_at(GET(w->client, "/v1/courses?open_for_me=false"), "data"), 0);
}

static void a_school_learns_of_its_own_people_alone_whom_a_course_is_for(void **state)
{
	struct world *w = *state;
	const char *path = course_open(w->county, "'level': 'county', 'hours': 1");

	assert_string_equal(
		asked_as(
			w, "school", w->school_a1,
			"SELECT bool_and((SELECT p.school FROM person p WHERE p.id = a.id)::text = $3)",
			path, w->teacher_a1),
		"true");
	assert_string_equal(
		asked_as(w, "all", "", "SELECT bool_or(a.id = $5::uuid)", path, w->teacher_a2),
		"true");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_condition_must_hold),
		cmocka_unit_test(one_applies_within_the_days_of_application),
		cmocka_unit_test(a_schools_course_is_for_its_own_people_unless_it_is_of_a_cluster),
		cmocka_unit_test(a_school_learns_of_its_own_people_alone_whom_a_course_is_for),
	};

	return cmocka_run_group_tests_name("course audience", tests, world_begin, world_end);
}
