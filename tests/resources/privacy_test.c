/*
 * privacy_test.c -- what a school must not find out about people who are not in it today, and where
 * an identity number must not be left in clear.
 */
#include "import_list.h"
#include <libpq-fe.h>

#define ID "990101199202096832"

static char left[37];

/* The office that a school begins with. */
static const char *own_office(struct client *c)
{
	return text("/v1/offices/%s",
		    text_at(GET(c, "/v1/offices?kind=moral_education"), "data/0/id"));
}

static struct answer *hold(struct client *c, const char *office, const char *person)
{
	return POST(c, text("%s/holders", office),
		    text("{'person_id': '%s', 'started_on': '2026-10-01'}", person));
}

/*
 * Makes a teacher who held an office of A1 and moved to A2, where number, title and stage are new.
 */
static void make_leaver(struct world *w)
{
	struct answer *made =
		POST(w->school, "/v1/teachers",
		     text("{'name': '连英', 'school_id': '%s', 'started_on': '2020-09-01', "
			  "'phone': '13500001111', 'document_type': 'resident_id', "
			  "'document_number': '%s'}",
			  w->school_a1, ID));
	struct answer *list;

	expect(made, 201, NULL);
	snprintf(left, sizeof left, "%s", text_at(made, "id"));
	expect(hold(w->school, own_office(w->school), left), 201, NULL);
	list = GET(w->county, "/v1/teachers/%s/memberships", left);
	for (int i = 0; i < 2; i++)
		expect(call(w->county, "POST",
			    text("/v1/teachers/%s/memberships/%s/end", left,
				 text_at(list, text("data/%d/id", i))),
			    "{'ended_on': '2026-10-10', 'reason': '调出'}", "If-Match", "*", NULL),
		       200, NULL);
	expect(POST(w->county, text("/v1/teachers/%s/memberships", left),
		    text("{'school_id': '%s', 'kind': 'working', 'started_on': '2026-10-11'}",
			 w->school_a2)),
	       201, NULL);
	expect(PATCH(w->other_school, text("/v1/teachers/%s", left), "*",
		     "{'phone': '13588887766', 'teaching_stage': 'junior', 'subjects': ['music']}"),
	       200, NULL);
}

static int begin(void **state)
{
	if (world_begin(state))
		return -1;
	make_leaver(*state);
	return 0;
}

static void a_school_cannot_give_an_office_to_who_left_it(void **state)
{
	struct world *w = *state;
	struct answer *made = POST(w->school, "/v1/offices", "{'name': '工会', 'kind': 'other'}");
	const char *path = text("%s", header_of(made, "Location"));
	const char *ours = text_at(POST(w->school, "/v1/officers", "{'name': '门卫'}"), "id");

	expect(made, 201, NULL);
	expect_error(hold(w->school, path, left), "#/person_id", "not-found");
	expect_error(hold(w->county, path, left), "#/person_id", "not-found");
	expect_error(call(w->school, "POST", text("%s/hand-over", path),
			  text("{'person_id': '%s', 'started_on': '2026-10-12'}", left), "If-Match",
			  "*", NULL),
		     "#/person_id", "not-found");
	expect(hold(w->school, path, w->teacher_a1), 201, NULL);
	expect(hold(w->school, path, ours), 201, NULL);
	expect(hold(w->other_school, own_office(w->other_school), left), 201, NULL);
}

static void an_officer_who_left_a_school_shows_it_her_name_only(void **state)
{
	struct world *w = *state;
	struct answer *a = GET(w->school, "/v1/officers/%s", left);

	expect(a, 200,
	       "{'name': '连英', 'phone': null, 'school_id': null, "
	       "'offices': [{'office_name': '德育处'}]}");
	assert_null(strstr(GET(w->school, "/v1/officers?page_size=500")->body, "13588887766"));
	assert_int_equal(
		count_at(GET(w->school, "/v1/officers?school_id=%s", w->school_a2), "data"), 0);
	expect(GET(w->other_school, "/v1/officers/%s", left), 200,
	       text("{'phone': '13588887766', 'school_id': '%s'}", w->school_a2));
	expect(GET(w->county, "/v1/officers/%s", left), 200, "{'phone': '13588887766'}");
}

static void a_list_of_a_school_shows_nothing_of_who_is_not_there(void **state)
{
	struct world *w = *state;
	const char *id = import_text(
		w, w->school, "teacher",
		HEAD "2199700001,连英," ID ",,,13000000001,三年级(1)班,班主任,2020-09\n"
		     "2199700001,吴丁," ID ",,,13000000001,三年级(2)班,班主任,2020-09\n");
	struct answer *a = rows(w->school, "teacher", id, "rejected");

	expect(a, 200,
	       "{'data': [{'row': 2, 'teacher_id': null, 'changes': {}, 'problems': [{'code': "
	       "'not-your-teacher'}]}, {'row': 3, 'teacher_id': null, 'changes': {}, 'problems': "
	       "[{'code': 'not-your-teacher'}]}]}");
	assert_null(strstr(a->body, "13588887766"));
	assert_null(strstr(a->body, left));
	assert_null(strstr(a->body, "柳河"));
	/* Where she is, a list says what it would change. */
	id = import_text(w, w->other_school, "teacher",
			 HEAD "2199700002,连英," ID ",,,13000000001,三年级(1)班,班主任,2020-09\n");
	expect(rows(w->other_school, "teacher", id, "changed"), 200,
	       text("{'data': [{'teacher_id': '%s', 'changes': {'联系电话': {'old': '13588887766'}}}]}",
		    left));
}

static void who_left_is_found_by_name_only(void **state)
{
	struct world *w = *state;
	const char *refused[] = {text("school_id=%s", w->school_a2), "stage=junior", "title=first",
				 "appointment_kind=homeroom"};

	for (int i = 0; i < 4; i++)
		expect(GET(w->school, "/v1/teachers?status=left&%s", refused[i]), 400,
		       "{'errors': [{'code': 'not-with-left'}]}");
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?status=left&q=lianying"), "data"),
			 1);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?status=left&q=7766"), "data"), 0);
	assert_int_equal(count_at(GET(w->school, "/v1/teachers?status=left&q=1111"), "data"), 0);
	assert_int_equal(count_at(GET(w->other_school, "/v1/teachers?q=7766"), "data"), 1);
	assert_int_equal(count_at(GET(w->county, "/v1/teachers?q=7766"), "data"), 1);
	expect_sql(w, w->school_a2,
		   text("SELECT string_agg(school::text, ' ') FROM person_token "
			"WHERE person = '%s' AND token = '7766'",
			left));
}

static void a_key_used_for_one_school_is_another_key_for_another(void **state)
{
	struct world *w = *state;
	const char *person = text_at(POST(w->client, "/v1/officers", "{'name': '两校'}"), "id");
	struct client *one = client_new(w, "school", w->county_a, w->school_a1, person, NULL);
	struct client *two = client_new(w, "school", w->county_a, w->school_a2, person, NULL);
	const char *body = "{'name': '体育组', 'kind': 'other'}";
	struct answer *a = call(one, "POST", "/v1/offices", body, "Idempotency-Key", "same", NULL);

	expect(a, 201, text("{'school_id': '%s'}", w->school_a1));
	a = call(two, "POST", "/v1/offices", body, "Idempotency-Key", "same", NULL);
	expect(a, 201, text("{'school_id': '%s'}", w->school_a2));
	assert_string_not_equal(header_of(a, "Idempotency-Replayed"), "true");
	a = call(one, "POST", "/v1/offices", body, "Idempotency-Key", "same", NULL);
	expect(a, 201, text("{'school_id': '%s'}", w->school_a1));
	assert_string_equal(header_of(a, "Idempotency-Replayed"), "true");
}

static void an_identity_number_in_a_wrong_column_is_masked(void **state)
{
	struct world *w = *state;
	const char *id = import_text(
		w, w->school, "teacher",
		"学校标识码,姓名,身份证号,出生年月,职称,联系电话,任教学科,担任班级,任职类型,备注\n" ID
		",甲一,,1990-01-01,,,,三年级(3)班,班主任,\n"
		"2199700001,乙" ID ",,1990-01-02,,,,三年级(4)班,班主任,\n"
		"2199700001,丙三,,1990-01-03," ID ",,,三年级(5)班,班主任,见" ID "号\n"
		"2199700001,丁四,,1990-01-04,," ID "," ID "," ID
		",班主任,９９０１０１１９９２０２０９６８３２\n"
		"2199700001,戊五,,1990-01-05,,,,三年级(6)班,班主任,99010119920209683X\n"
		"2199700001,己六,,1990-01-06,,,,三年级(7)班,班主任,990101 19920209-6832 电话 "
		"13800001111\n");
	struct answer *a = GET(w->school, "/v1/teacher-imports/%s/rows?page_size=500", id);

	expect(a, 200,
	       "{'data': [{'outcome': 'skipped'}, {'outcome': 'rejected'}, "
	       "{'outcome': 'rejected', 'problems': [{'code': 'digits-in-name'}]}, {}, {}, {}, {}]}");
	assert_null(strstr(a->body, "19920209"));
	assert_non_null(strstr(a->body, "990***********6832"));
	expect_sql(w, "0",
		   "SELECT count(*)::text FROM import_row r "
		   "WHERE to_jsonb(r)::text ~ '19920209|１９９２０２０９'");
	expect_sql(
		w, "见990***********6832号",
		text("SELECT parsed->>'note' FROM import_row WHERE import = '%s' AND row = 4", id));
	expect_sql(
		w, "990***********6832 电话 13800001111",
		text("SELECT parsed->>'note' FROM import_row WHERE import = '%s' AND row = 7", id));
	/* Also for another of the school than who sent it. */
	a = GET(client_new(w, "client", w->county_a, w->school_a1, NULL, "imports:read"),
		"/v1/teacher-imports/%s/rejected", id);
	assert_null(strstr(a->body, "19920209"));
}

/* What a session of ROLE is told with the county's settings; "" when it is refused. */
static const char *told(struct world *w, const char *role, const char *before, const char *sql)
{
	PGconn *c = PQconnectdb(cluster_url(w->cluster, w->database, role));
	PGresult *r;
	const char *value;

	PQclear(PQexec(c, text("SELECT set_config('qinglan.county', '%d', false)", w->county_b)));
	PQclear(PQexec(c, before));
	r = PQexec(c, sql);
	value = text("%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	PQfinish(c);
	return value;
}

static void the_services_roles_cannot_move_time(void **state)
{
	struct world *w = *state;
	const char *back = "SELECT set_config('qinglan.ahead', '-1 year', false), "
			   "set_config('qinglan.zone', 'UTC', false)";

	assert_string_equal(told(w, "qinglan_app", back, "SELECT left(instant(clock_now()), 10)"),
			    "2026-10-15");
	world_value(w, "DELETE FROM county_clock WHERE county = $1::int RETURNING 1",
		    text("%d", w->county_b), NULL);
	assert_string_equal(told(w, "qinglan_app", back, "SELECT clock_now() = machine_now()"),
			    "t");
	assert_string_equal(told(w, "qinglan_gate", "", "SELECT clock_set(1, now())"), "");
	assert_string_equal(told(w, "qinglan_gate", "", "SELECT clock_advance(1, '1 day')"), "");
	world_value(w,
		    "INSERT INTO event (county, at, action, object) "
		    "VALUES ($1::int, now() - interval '20 days', 'read', 'privacy') RETURNING 1",
		    text("%d", w->county_b), NULL);
	told(w, "qinglan_gate", "", "SELECT event_purge(1)");
	expect_sql(w, "1", "SELECT count(*)::text FROM event WHERE object = 'privacy'");
}

static void a_teacher_may_not_look_people_up_by_document(void **state)
{
	struct world *w = *state;
	const char *ask = "{'document_type': 'resident_id', 'document_number': '" ID "'}";

	expect(POST(w->teacher, "/v1/teachers:find", ask), 403, NULL);
	expect(POST(w->school, "/v1/teachers:find", ask), 200,
	       text("{'teacher': null, 'known_at': {'school_id': '%s'}}", w->school_a2));
}

#define NUMBER "{'name': '同号', 'school_id': '%s', 'phone': '13588887766'%s}"

/* To another school, and to one that she left, only that there is somebody, and where. */
static void a_phone_number_does_not_tell_whose_it_is(void **state)
{
	struct world *w = *state;
	const char *shared = text(", 'reviewed_not_same': ['%s']", w->school_a2);
	struct answer *a = POST(w->school, "/v1/teachers", text(NUMBER, w->school_a1, ""));

	expect(a, 409,
	       text("{'candidates': [{'school_id': '%s', 'reasons': ['phone']}]}", w->school_a2));
	assert_null(strstr(a->body, left));
	assert_null(strstr(a->body, "连英"));
	/* Her id, from elsewhere, does not change that; her school stands for her. */
	expect(POST(w->school, "/v1/teachers",
		    text(NUMBER, w->school_a1, text(", 'reviewed_not_same': ['%s']", left))),
	       409, NULL);
	a = POST(w->school, "/v1/teachers", text(NUMBER, w->school_a1, shared));
	expect(a, 201, NULL);
	/* Remembered for the two alone, it is not asked again. */
	expect_sql(w, "1",
		   text("SELECT count(*) FROM reviewed_pair WHERE '%s' IN (low, high) AND '%s' IN "
			"(low, high)",
			left, text_at(a, "id")));
	expect_sql(w, "1",
		   text("SELECT count(*) FROM reviewed_pair WHERE '%s' IN (low, high)",
			text_at(a, "id")));
	expect(PATCH(w->school, text("/v1/teachers/%s", text_at(a, "id")), "*",
		     "{'birth_on': '1990-01-01'}"),
	       200, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_school_cannot_give_an_office_to_who_left_it),
		cmocka_unit_test(an_officer_who_left_a_school_shows_it_her_name_only),
		cmocka_unit_test(a_list_of_a_school_shows_nothing_of_who_is_not_there),
		cmocka_unit_test(who_left_is_found_by_name_only),
		cmocka_unit_test(a_key_used_for_one_school_is_another_key_for_another),
		cmocka_unit_test(an_identity_number_in_a_wrong_column_is_masked),
		cmocka_unit_test(the_services_roles_cannot_move_time),
		cmocka_unit_test(a_teacher_may_not_look_people_up_by_document),
		cmocka_unit_test(a_phone_number_does_not_tell_whose_it_is),
	};

	return cmocka_run_group_tests_name("privacy", tests, begin, world_end);
}
