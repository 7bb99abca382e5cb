/*
 * import_files_test.c -- who may import, files that cannot be read, parts, templates, purging,
 * hours, and the jobs behind them.
 */
#include "import_list.h"

/* --- who may --- */

static void a_school_brings_in_its_own_people_only(void **state)
{
	struct world *w = *state;
	const char *id =
		import_text(w, w->school, "teacher",
			    HEAD "2199700001,冯丁,,1993-01-01,,,四年级(1)班,班主任,2026-09\n"
				 "2199700002,陈戊,,1993-01-01,,,四年级(1)班,班主任,2026-09\n");

	expect(rows(w->school, "teacher", id, "rejected"), 200,
	       "{'data': [{'row': 3, 'problems': [{'code': 'not-your-school'}]}]}");
	commit(w, w->school, "teacher", id);
	expect(look(w->other_school, "teacher", id), 404, NULL);
	expect(GET(w->other_school, "/v1/teacher-imports/%s/rows", id), 404, NULL);
	expect(look(w->foreign_school, "teacher", id), 404, NULL);
	expect(look(w->county, "teacher", id), 200, NULL);
	expect(look(w->county, "school", id), 404, NULL);
	expect(send_bytes(w->school, "/v1/school-imports?filename=a.csv", "a", 1), 403, NULL);
}

/* --- what cannot be read --- */

static void a_workbook_gets_a_problem_of_its_own(void **state)
{
	struct world *w = *state;

	expect(send_bytes(w->county, "/v1/teacher-imports?filename=a.xlsx", "PK\x03\x04 etc", 8),
	       415, "{'code': 'spreadsheet-not-csv'}");
	expect(call_bytes(w->county, "POST", "/v1/teacher-imports?filename=a.xlsx",
			  "PK\x03\x04 etc", 8, "Content-Type",
			  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			  NULL),
	       415, "{'code': 'spreadsheet-not-csv'}");
}

static struct answer *send_as(struct client *c, const char *type, const char *bytes, size_t length)
{
	return call_bytes(c, "POST", "/v1/teacher-imports?filename=a.csv", bytes, length,
			  "Content-Type", type, NULL);
}

static void a_charset_that_is_not_read_is_refused_with_those_that_are(void **state)
{
	static const char *const wrong[] = {"utf-16",     "\"UTF-16LE\"", "big5",
					    "iso-8859-1", "utf-80",       "utf"};
	static const char *const right[] = {"utf-8", "\"UTF-8\"", "GB18030", "gbk", "gb2312"};
	const char *files = "SELECT count(*)::text FROM file", *before;
	struct world *w = *state;
	struct answer *a;
	size_t i;

	before = world_value(w, files, NULL);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		a = send_as(w->county, text("text/csv; charset=%s", wrong[i]), TWO, strlen(TWO));
		expect(a, 415,
		       "{'code': 'charset-not-read', 'available': 'utf-8, gb18030, gbk, gb2312'}");
	}
	a = send_as(w->county, "application/vnd.ms-excel; charset=utf-16", TWO, strlen(TWO));
	expect(a, 415, "{'code': 'charset-not-read', 'charset': 'utf-16'}");
	expect_sql(w, before, files);
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		a = send_as(w->county, text("text/csv; header=present; charset=%s", right[i]), TWO,
			    strlen(TWO));
		expect(a, 202, NULL);
	}
	world_jobs(w);
	/* What the bytes are is what counts. */
	expect(look(w->county, "teacher", text_at(a, "id")), 200,
	       "{'state': 'ready', 'counts': {'accepted': 2}}");
}

/* The problem that the job of a list ended with. */
static void expect_failure(struct world *w, const char *bytes, size_t length, const char *pattern)
{
	const char *id = import_bytes(w, w->county, "teacher", bytes, length);
	struct answer *a = look(w->county, "teacher", id);

	expect(a, 200, "{'state': 'failed'}");
	expect(a, 200, text("{'problem': %s}", pattern));
	expect(GET(w->county, "/v1/jobs/%s", text_at(a, "job_id")), 200,
	       text("{'state': 'failed', 'problem': %s}", pattern));
}

static void a_list_that_cannot_be_read_says_why_and_where(void **state)
{
	struct world *w = *state;

	expect_failure(w, "a,b,c\n", 6, "{'code': 'import-no-header', 'status': 422}");
	expect_failure(w, "姓名,性别,担任班级,备注\n", strlen("姓名,性别,担任班级,备注\n"),
		       "{'code': 'import-lacks-column'}");
	expect_failure(w, HEAD "2199700001,\"甲\n", strlen(HEAD "2199700001,\"甲\n"),
		       "{'code': 'import-unreadable'}");
	expect_failure(w, "\xbd\xf0,\xff,", 5, "{'code': 'import-unreadable'}");
}

static void a_list_comes_in_parts(void **state)
{
	struct world *w = *state;
	const char *first = HEAD "2199700001,褚己,,1994-01-01,,,五年级(1)班,班主任,2026-09\n";
	const char *second = HEAD "2199700001,卫庚,,1995-01-01,,,五年级(1)班,班主任,2026-09\n";
	const char *id = import_text(w, w->county, "teacher", first);
	struct answer *a;

	a = send_bytes(w->county, text("/v1/teacher-imports?filename=b.csv&continues=%s", id),
		       second, strlen(second));
	expect(a, 202, "{'state': 'reading', 'parts': [{'part': 1}, {'part': 2, 'read': false}]}");
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200,
	       "{'state': 'ready', 'counts': {'accepted': 1, 'rejected': 1, 'skipped': 2}}");
	expect(rows(w->county, "teacher", id, "rejected"), 200,
	       "{'data': [{'part': 2, 'row': 2, 'problems': [{'code': 'class-has-homeroom-teacher'}]}]}");
	commit(w, w->county, "teacher", id);
	expect(send_bytes(w->county, text("/v1/teacher-imports?filename=b.csv&continues=%s", id),
			  second, strlen(second)),
	       409, "{'code': 'import-not-open'}");
}

/* What came with it would never be forgotten. */
static void a_purged_import_takes_no_further_part(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO);

	import_forget(w, id);
	expect(look(w->county, "teacher", id), 200, "{'state': 'ready', 'purged': true}");
	expect(send_bytes(w->county, text("/v1/teacher-imports?filename=b.csv&continues=%s", id),
			  TWO, strlen(TWO)),
	       409, "{'code': 'import-purged'}");
}

static void an_import_that_is_being_read_is_purged_when_it_was(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO);
	const char *left = text("SELECT count(name)::text FROM import_row WHERE import = '%s'", id);

	expect(send_bytes(w->county, text("/v1/teacher-imports?filename=b.csv&continues=%s", id),
			  TWO, strlen(TWO)),
	       202, NULL);
	world_value(w,
		    "UPDATE import SET purge_at = '2000-01-01' WHERE id = $1::uuid RETURNING 'x'",
		    id, NULL);
	world_value(w, "SELECT imports_purge(10000)::text", NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'ready', 'purged': false}");
	import_forget(w, id);
	expect_sql(w, "0", left);
}

/* A file of ROWS reserve teachers from number FIRST on, as names of three characters. */
static const char *many_teachers(struct world *w, int first, int rows, size_t *length)
{
	static const char *const given[] = {"安", "波", "春", "达", "恩",
					    "芳", "刚", "华", "静", "凯"};
	char *bytes = arena_alloc(w->arena, (size_t)rows * 80 + 200);

	assert_non_null(bytes);
	*length = (size_t)sprintf(bytes, "学校标识码,姓名,出生年月,任职类型,担任班级\n");
	for (int i = first; i < first + rows; i++)
		*length +=
			(size_t)sprintf(bytes + *length, "2199700001,多%s%s%s%s,1980-01-01,后备,\n",
					given[i / 1000 % 10], given[i / 100 % 10],
					given[i / 10 % 10], given[i % 10]);
	return bytes;
}

/* Each part is more than is stored at a time; the last repeats the end of the first. */
static void a_long_list_in_parts_is_one_import(void **state)
{
	/* Too long for a request to look through. */
	enum { ROWS = 700, PARTS = 4, AGAIN = 100 };
	struct world *w = *state;
	struct answer *a = NULL;
	const char *bytes, *id = NULL;
	size_t length;

	for (int part = 0; part < PARTS; part++) {
		bytes = many_teachers(w, part < PARTS - 1 ? part * ROWS : ROWS - AGAIN,
				      part < PARTS - 1 ? ROWS : AGAIN, &length);
		a = send_bytes(w->county,
			       part ? text("/v1/teacher-imports?filename=p.csv&continues=%s", id)
				    : "/v1/teacher-imports?filename=p.csv",
			       bytes, length);
		expect(a, 202, "{'state': 'reading'}");
		id = text_at(a, "id");
	}
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200,
	       text("{'state': 'ready', 'counts': {'accepted': %d, 'duplicate': %d, 'rejected': 0, "
		    "'skipped': %d}}",
		    ROWS * (PARTS - 1), AGAIN, PARTS));
	a = GET(w->county, "/v1/teacher-imports/%s/rows?page_size=1&outcome=duplicate", id);
	expect(a, 200,
	       text("{'data': [{'part': %d, 'row': 2, 'duplicate_of': {'part': 1, 'row': %d}}]}",
		    PARTS, ROWS - AGAIN + 2));
	commit(w, w->county, "teacher", id);
	expect_sql(w, text("%d", ROWS * (PARTS - 1)),
		   "SELECT count(*)::text FROM person WHERE name LIKE '多____'");
	world_value(
		w,
		"INSERT INTO identifier (county, person, source, value) SELECT county, id, 'x', 'x' "
		"FROM person WHERE name = '多安安安春' RETURNING 'x'",
		NULL);
	expect(ask_undo(w->county, "teacher", id), 202, "{'state': 'undoing'}");
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200,
	       "{'state': 'committed', 'problem': {'code': 'import-in-use', "
	       "'rows': [{'part': 1, 'row': 4, 'what': 'identifier'}]}}");
	world_value(w, "DELETE FROM identifier WHERE source = 'x' RETURNING 'x'", NULL);
	expect(ask_undo(w->county, "teacher", id), 202, "{'state': 'undoing'}");
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'undone', 'problem': null}");
	expect_sql(w, "0", "SELECT count(*)::text FROM person WHERE name LIKE '多____'");
}

static void each_kind_gives_its_rejected_rows_back(void **state)
{
	struct world *w = *state;
	const char *id =
		import_text(w, w->county, "school", "学校标识码,学校名称,学段\n1,甲,小学\n");
	struct answer *a = GET(w->county, "/v1/school-imports/%s/rejected", id);

	expect(a, 200, NULL);
	assert_string_equal(a->body,
			    "\xef\xbb\xbf\"学校标识码\",\"学校名称\",\"学段\",\"原因\"\r\n"
			    "\"1\",\"甲\",\"小学\",\"学校标识码：学校标识码应为十位数字\"\r\n");
	id = import_text(
		w, w->county, "hour",
		"姓名,学校标识码,日期,学时,级别,来源,来源编号\n=甲,2199700001,2026,1,县级,期初,1\n");
	a = call(w->county, "GET", text("/v1/hour-imports/%s/rejected", id), NULL,
		 "Accept-Language", "en", NULL);
	expect(a, 200, NULL);
	/* What a spreadsheet would take for a formula is text. */
	assert_non_null(strstr(a->body, "\r\n\"'=甲\","));
	assert_non_null(strstr(a->body, "日期: is not a date; it may be 2024-09-01, "));
}

static void a_purged_import_forgets_what_it_read(void **state)
{
	struct world *w = *state;
	const char *id = import_text(w, w->county, "teacher", TWO);

	import_forget(w, id);
	expect(look(w->county, "teacher", id), 200, "{'purged': true}");
	expect(GET(w->county, "/v1/teacher-imports/%s/rejected", id), 409,
	       "{'code': 'import-purged'}");
	expect(ask_commit(w->county, "teacher", id, "all"), 409, "{'code': 'import-purged'}");
	assert_null(strstr(GET(w->county, "/v1/teacher-imports/%s/rows", id)->body, "周甲"));
}

/* --- hours --- */

#define HOURS "姓名,身份证号,学校标识码,日期,学时,级别,模块,来源,来源编号\n"

static void hours_of_a_list_are_posted_once(void **state)
{
	struct world *w = *state;
	const char *list = HOURS "周甲,,2199700001,2026.7.15,6.5,县级,班级管理,外部证书,C-1\n"
				 "周甲,,2199700001,2026-07-16,２,校级,,期初,C-1\n"
				 "周甲,,2199700001,2026-07-16,3,校级,,期初,C-1\n"
				 "无人,,2199700001,2026-07-16,3,校级,,期初,C-2\n"
				 "周甲,,2199700001,2026-12-16,3,校级,没有,期初,C-3\n";
	const char *id;

	commit(w, w->county, "teacher", import_text(w, w->county, "teacher", TWO));
	id = import_text(w, w->county, "hour", list);
	expect(look(w->county, "hour", id), 200, "{'counts': {'accepted': 2, 'rejected': 3}}");
	expect(rows(w->county, "hour", id, "rejected"), 200,
	       "{'data': [{'row': 4, 'problems': [{'code': 'source-twice'}], "
	       "'duplicate_of': {'part': 1, 'row': 3}}, "
	       "{'row': 5, 'problems': [{'code': 'unknown-person'}]}, "
	       "{'row': 6, 'problems': [{'code': 'unknown-module'}, {'code': 'date-in-future'}]}]}");
	commit(w, w->county, "hour", id);
	expect_sql(w, "8.50",
		   "SELECT sum(b.hours)::text FROM hour_balance b JOIN person p "
		   "ON p.id = b.person WHERE p.name = '周甲'");
	id = import_text(w, w->county, "hour", list);
	expect(look(w->county, "hour", id), 200,
	       "{'counts': {'accepted': 0, 'unchanged': 2, 'rejected': 3}}");
	commit(w, w->county, "hour", id);
	expect_sql(w, "2",
		   "SELECT count(*)::text FROM hour_entry e JOIN person p ON p.id = e.person "
		   "WHERE p.name = '周甲'");
	id = import_text(w, w->county, "hour",
			 HOURS "周甲,,2199700001,2026.7.15,7,县级,班级管理,外部证书,C-1\n");
	expect(rows(w->county, "hour", id, "rejected"), 200,
	       "{'data': [{'problems': [{'code': 'already-credited'}]}]}");
}

/* Typed with another input method it is the same certificate. */
static void a_source_in_full_width_is_the_same_source(void **state)
{
	struct world *w = *state;
	const char *id =
		import_text(w, w->county, "hour",
			    HOURS "周甲,,2199700001,2026.7.15,6.5,县级,,外部证书,　Ｃ－１　\n"
				  "周甲,,2199700001,2026.7.15,6,县级,,外部证书,（2026）第7号\n"
				  "周甲,,2199700001,2026.7.15,7,县级,,外部证书,(２０２６)第７号\n");

	expect(look(w->county, "hour", id), 200,
	       "{'counts': {'accepted': 1, 'unchanged': 1, 'rejected': 1}}");
	expect(rows(w->county, "hour", id, "rejected"), 200,
	       "{'data': [{'row': 4, 'problems': [{'code': 'source-twice'}]}]}");
	commit(w, w->county, "hour", id);
	expect(POST(w->county, "/v1/hour-entries",
		    text("{'teacher_id': '%s', 'hours': 1, 'level': 'county', 'activity_on': "
			 "'2026-10-01', 'source': {'kind': 'external_certificate', 'key': "
			 "'（２０２６）第７号'}}",
			 world_value(w, "SELECT id::text FROM person WHERE name = '周甲'", NULL))),
	       409, "{'code': 'already-credited'}");
	expect(GET(w->county, "/v1/hour-entries?source_key=%%EF%%BC%%882026%%EF%%BC%%89第7号"), 200,
	       "{'data': [{'hours': 6, 'source': {'key': '(2026)第7号'}}]}");
}

/* --- jobs --- */

static void a_waiting_job_can_be_cancelled(void **state)
{
	struct world *w = *state;
	struct answer *a =
		send_bytes(w->county, "/v1/teacher-imports?filename=a.csv", TWO, strlen(TWO));
	const char *id = text_at(a, "id"), *target = text("/v1/jobs/%s", text_at(a, "job_id"));

	a = GET(w->county, "%s", target);
	expect(a, 200, "{'state': 'queued'}");
	expect(GET(w->other_county, "%s", target), 404, NULL);
	expect(call(w->county, "POST", text("%s/cancel", target), NULL, "If-Match",
		    header_of(a, "ETag"), NULL),
	       200, "{'state': 'cancelled'}");
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'failed'}");
	a = GET(w->county, "%s", target);
	expect(call(w->county, "POST", text("%s/cancel", target), NULL, "If-Match",
		    header_of(a, "ETag"), NULL),
	       409, "{'code': 'job-not-stoppable'}");
}

static void a_job_whose_worker_died_is_done_by_another(void **state)
{
	struct world *w = *state;
	struct answer *a =
		send_bytes(w->county, "/v1/teacher-imports?filename=a.csv", TWO, strlen(TWO));
	const char *id = text_at(a, "id");

	world_value(
		w,
		"UPDATE job SET state = 'running', attempt = 1 WHERE id = $1::uuid RETURNING 'x'",
		text_at(a, "job_id"), NULL);
	world_value(w,
		    "INSERT INTO job_heartbeat (county, job, attempt, until) "
		    "SELECT county, id, 1, machine_now() + interval '1 minute' FROM job "
		    "WHERE id = $1::uuid RETURNING 'x'",
		    text_at(a, "job_id"), NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'reading'}");
	world_value(w,
		    "UPDATE job_heartbeat SET until = machine_now() - interval '1 second' "
		    "WHERE job = $1::uuid RETURNING 'x'",
		    text_at(a, "job_id"), NULL);
	world_jobs(w);
	expect(look(w->county, "teacher", id), 200, "{'state': 'ready'}");
	expect_sql(w, "2",
		   text("SELECT attempt::text FROM job WHERE id = '%s'", text_at(a, "job_id")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_school_brings_in_its_own_people_only),
		cmocka_unit_test(a_workbook_gets_a_problem_of_its_own),
		cmocka_unit_test(a_list_that_cannot_be_read_says_why_and_where),
		cmocka_unit_test(a_list_comes_in_parts),
		cmocka_unit_test(a_purged_import_takes_no_further_part),
		cmocka_unit_test(an_import_that_is_being_read_is_purged_when_it_was),
		cmocka_unit_test(a_long_list_in_parts_is_one_import),
		cmocka_unit_test(a_charset_that_is_not_read_is_refused_with_those_that_are),
		cmocka_unit_test(each_kind_gives_its_rejected_rows_back),
		cmocka_unit_test(a_purged_import_forgets_what_it_read),
		cmocka_unit_test(hours_of_a_list_are_posted_once),
		cmocka_unit_test(a_source_in_full_width_is_the_same_source),
		cmocka_unit_test(a_waiting_job_can_be_cancelled),
		cmocka_unit_test(a_job_whose_worker_died_is_done_by_another),
	};

	return cmocka_run_group_tests_name("import_files", tests, world_begin, world_end);
}
