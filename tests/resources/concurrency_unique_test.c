/*
 * concurrency_unique_test.c -- names, codes, numbers and days that there are once, asked for by
 * two.
 *
 * The unique and exclusion constraints of county and people that concurrency_people_test.c does
 * not race for, and a term against its school year.
 */
#include "harness/race.h"

/* --- through the operations --- */

static void once(struct race *r, const char *target, const char *body, const char *code)
{
	race_both(r, r->world->county, "POST", target, body, NULL, 201, 409, code);
}

static void what_there_is_once_is_made_once(void **state)
{
	struct race *r = *state;
	const char *her = r->world->teacher_a1;
	int i;

	for (i = 0; i < TIMES; i++) {
		once(r, text("/v1/teachers/%s/titles", her),
		     text("{'title': 'first', 'obtained_on': '%d-01-01'}", 2000 + i), "duplicate");
		once(r, text("/v1/teachers/%s/identifiers", her),
		     text("{'source': '省平台', 'value': 'N%d'}", i), "duplicate");
		once(r, "/v1/offices", text("{'name': '岗位%d', 'kind': 'other'}", i), "duplicate");
		once(r, "/v1/modules",
		     text("{'code': 'm_%d', 'name_zh': '模块', 'name_en': 'Module'}", i),
		     "duplicate");
		once(r, "/v1/modes",
		     text("{'code': 'm_%d', 'name_zh': '方式', 'name_en': 'Mode'}", i),
		     "duplicate");
	}
}

/* The same number of the same source for two people: one of them has it. */
static void a_number_of_others_is_one_persons(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	int i;

	for (i = 0; i < TIMES; i++) {
		const char *body = text("{'source': '师训', 'value': 'S%d'}", i);
		struct runner list[RACERS];

		race_line_up(list, w->county, "POST", NULL, body, body);
		list[0].target = text("/v1/teachers/%s/identifiers", w->teacher_a1);
		list[1].target = text("/v1/teachers/%s/identifiers", w->teacher_a2);
		race_run(r, list);
		race_won(list, 201, 409, "duplicate");
	}
}

static void days_are_of_one_school_year_and_of_one_term(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	struct runner list[RACERS];
	const char *year;
	int i;

	for (i = 0; i < TIMES; i++) {
		const int first = 2040 + i;

		race_line_up(list, w->county, "POST", "/v1/school-years",
			     text("{'name': '甲%d', 'started_on': '%d-09-01', 'ended_on': "
				  "'%d-08-31'}",
				  first, first, first + 1),
			     text("{'name': '乙%d', 'started_on': '%d-09-01', 'ended_on': "
				  "'%d-07-31'}",
				  first, first, first + 1));
		race_run(r, list);
		year = text_at(list[race_won(list, 201, 409, "periods-overlap")].answer, "id");
		race_line_up(list, w->county, "POST", "/v1/terms",
			     text("{'school_year_id': '%s', 'name': '上', 'number': 1, "
				  "'started_on': '%d-09-01', 'ended_on': '%d-01-31'}",
				  year, first, first + 1),
			     text("{'school_year_id': '%s', 'name': '下', 'number': 2, "
				  "'started_on': '%d-01-31', 'ended_on': '%d-07-31'}",
				  year, first + 1, first + 1));
		race_run(r, list);
		race_won(list, 201, 409, "periods-overlap");
	}
}

/* --- in the tables: where there is no operation yet, or too little time between two --- */

/* A transaction of county A that inserts. */
static const char *insert(const struct world *w, const char *table, const char *columns,
			  const char *values)
{
	return text("WITH c AS (SELECT set_config('qinglan.county', '%d', true)) INSERT INTO %s "
		    "(county, %s) SELECT %d, %s FROM c",
		    w->county_a, table, columns, w->county_a, values);
}

/* One of both was done, the other refused by CONSTRAINT. */
static void one_was_done(char results[RACERS][80], const char *constraint)
{
	const int winner = *results[0] ? 1 : 0;

	assert_string_equal(results[winner], "");
	/* Each may have waited for the other: then one is given up as a deadlock. */
	if (strcmp(results[1 - winner], "40P01") != 0 && strcmp(results[1 - winner], "55P03") != 0)
		assert_string_equal(results[1 - winner], constraint);
}

/* A transaction of county A that does SQL and lingers, or comes a little later and does it. */
static const char *slowly(const struct world *w, bool later, const char *sql)
{
	return text("DO $$ BEGIN PERFORM set_config('qinglan.county', '%d', true), pg_sleep(%s); "
		    "%s; PERFORM pg_sleep(%s); END $$",
		    w->county_a, later ? "0.1" : "0", sql, later ? "0" : "0.3");
}

static void a_term_lies_within_its_year_whichever_comes_first(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	char results[RACERS][80];
	int i;

	for (i = 0; i < 4; i++) {
		const int first = 1950 + i;
		const char *year = race_made(r, "/v1/school-years",
					     text("{'name': '%d学年', 'started_on': '%d-09-01', "
						  "'ended_on': '%d-08-31'}",
						  first, first, first + 1));
		const char *shrink = text("UPDATE school_year SET during = '[%d-09-01,%d-06-01)' "
					  "WHERE id = '%s'",
					  first, first + 1, year);
		const char *add =
			text("INSERT INTO term (county, school_year, name, number, during) "
			     "VALUES (%d, '%s', '下', 2, '[%d-02-01,%d-08-01)')",
			     w->county_a, year, first + 1, first + 1);

		race_sql(r, (const char *[]){slowly(w, i % 2, shrink), slowly(w, !(i % 2), add)},
			 results);
		assert_string_equal(results[i % 2], "");
		assert_string_equal(results[!(i % 2)], "QL422");
	}
	expect_sql(w, "0",
		   "SELECT count(*) FROM term t JOIN school_year y ON y.id = t.school_year WHERE "
		   "NOT y.during @> t.during");
}

static const char *class_of(const struct world *w, int number)
{
	return insert(w, "class", "school, stage, entry_year, number",
		      text("'%s', 'primary', 2026, %d", w->school_a1, number));
}

static const char *appointment_of(const struct world *w, const char *person, int class,
				  const char *kind)
{
	return insert(w, "homeroom_appointment", "person, class, school, kind, during",
		      text("'%s', (SELECT id FROM class WHERE county = %d AND number = %d), '%s', "
			   "'%s', '[2026-09-01,)'",
			   person, w->county_a, class, w->school_a1, kind));
}

static void a_class_is_there_once_and_has_one_homeroom_teacher(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *other = race_teacher(r, "代班", 0);
	char results[RACERS][80];
	int i;

	for (i = 1; i <= TIMES; i++) {
		const char *class = class_of(w, i), *same = class_of(w, i);

		race_sql(r, (const char *[]){class, same}, results);
		one_was_done(results, "class_number_unique");
		race_sql(r,
			 (const char *[]){appointment_of(w, w->teacher_a1, i, "homeroom"),
					  appointment_of(w, other, i, "acting")},
			 results);
		one_was_done(results, "class_has_one_homeroom_teacher");
		race_sql(r,
			 (const char *[]){appointment_of(w, w->teacher_a1, i, "deputy"),
					  appointment_of(w, w->teacher_a1, i, "deputy")},
			 results);
		one_was_done(results, "appointment_once");
	}
	expect_sql(w, text("%d", 2 * TIMES), "SELECT count(*) FROM homeroom_appointment");
}

static void nothing_is_given_to_who_is_void(void **state)
{
	struct race *r = *state;
	struct world *w = r->world;
	const char *id = race_teacher(r, "作废", 0);
	const char *office =
		text_at(GET(w->county, "/v1/offices?school_id=%s", w->school_a1), "data/0/id");
	const char *gifts[][3] = {
		{"membership", "person, school, kind, during",
		 text("'%s', '%s', 'working', '[2001-01-01,2001-02-01)'", id, w->school_a2)},
		{"title", "person, name", text("'%s', 'first'", id)},
		{"identifier", "person, source, value", text("'%s', '省平台', 'V'", id)},
		{"office_holder", "person, office, school, during",
		 text("'%s', '%s', '%s', '[2026-09-01,)'", id, office, w->school_a1)},
		{"homeroom_appointment", "person, school, kind, during",
		 text("'%s', '%s', 'reserve', '[2026-09-01,)'", id, w->school_a1)},
	};
	char results[RACERS][80];
	size_t i;

	expect(call(w->county, "POST", text("/v1/teachers/%s/void", id), "{'reason': '误录'}",
		    "If-Match", "*", NULL),
	       200, NULL);
	for (i = 0; i < sizeof gifts / sizeof *gifts; i++) {
		const char *sql = insert(w, gifts[i][0], gifts[i][1], gifts[i][2]);

		race_sql(r, (const char *[]){sql, sql}, results);
		assert_string_equal(results[0], "QL409");
		assert_string_equal(results[1], "QL409");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_there_is_once_is_made_once),
		cmocka_unit_test(a_number_of_others_is_one_persons),
		cmocka_unit_test(days_are_of_one_school_year_and_of_one_term),
		cmocka_unit_test(a_term_lies_within_its_year_whichever_comes_first),
		cmocka_unit_test(a_class_is_there_once_and_has_one_homeroom_teacher),
		cmocka_unit_test(nothing_is_given_to_who_is_void),
	};

	return cmocka_run_group_tests_name("concurrency of what is unique", tests, race_begin,
					   race_end);
}
