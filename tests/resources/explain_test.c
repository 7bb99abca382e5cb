/*
 * explain_test.c -- what the hot queries read of big tables: by index, and little.
 *
 * Each query runs as its reader with the plans that the service uses, and PostgreSQL's own counts
 * of the transaction tell what was read, also inside functions, where EXPLAIN does not look. It is
 * not about time.
 */
#include "big_county.h"
#include "ledger.h"

#include "explain_values.h"

/*
 * Rows that a page of 500 may cost, of all big tables together; and one of those who are few among
 * the people, or judged before they are sorted: some for each person of the county, none for her
 * years.
 */
enum { ROWS_MAX = 3000, PEOPLE_ROWS_MAX = 3 * 20000 + ROWS_MAX };

#define BIG                                                                                        \
	"('person', 'person_token', 'membership', 'sight', 'hour_entry', 'hour_source', "          \
	"'hour_balance', 'ledger_account', 'requirement_state', 'homeroom_appointment', "          \
	"'title', 'identifier', 'import_row', 'course_session', 'enrolment', 'attendance', "       \
	"'session_leave', 'roster_report_row', 'deliverable', 'activity_attendance', "             \
	"'cohort_member', 'course_allotment')"

/* --- counting --- */

/* Scans of whole big tables and rows read of them, counts not yet reported included. */
static void counts(PGconn *c, long *scans, long *rows)
{
	const char *both = sql_value(
		c,
		"SELECT sum(seq_scan) || ' ' || sum(seq_tup_read + idx_tup_fetch)"
		" FROM pg_stat_xact_user_tables WHERE schemaname = 'qinglan' AND relname IN " BIG);
	char *end;

	*scans = strtol(both, &end, 10);
	*rows = strtol(end, NULL, 10);
}

/*
 * Whether a query, which must give a row, reads no big table whole and at most MOST rows; a page
 * as a first of 500.
 */
static bool reads(PGconn *c, const char *name, const char *sort, const char *const *pairs,
		  long most)
{
	long scans[2], rows[2];
	PGresult *r;
	int given;

	sql_value(c, "BEGIN");
	counts(c, &scans[0], &rows[0]);
	r = query_result(c, name, sort, pairs);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", name, PQresultErrorMessage(r));
	given = PQntuples(r);
	PQclear(r);
	counts(c, &scans[1], &rows[1]);
	sql_value(c, "COMMIT");
	if (!given)
		fail_msg("%s gave no row: nothing was tried", name);
	if (scans[1] == scans[0] && rows[1] - rows[0] <= most)
		return true;
	print_message("%s by %s: %ld scans of a whole table, %ld rows\n", name, sort ? sort : "-",
		      scans[1] - scans[0], rows[1] - rows[0]);
	return false;
}

static bool reads_little(PGconn *c, const char *name, const char *sort, const char *const *pairs)
{
	return reads(c, name, sort, pairs, ROWS_MAX);
}

#define READS_LITTLE(c, name, sort, ...)                                                           \
	assert_true(reads_little(c, name, sort, (const char *const[]){__VA_ARGS__, NULL}))

static void as_county(void)
{
	sql_act(sql->app, "3", "county", "all", "", OFFICER);
	sql_value(sql->app, "SELECT set_config('qinglan.subject', '" HERS "', false)");
}

static void as_school(void)
{
	sql_act(sql->app, "3", "school", "school", HER_SCHOOL, OFFICER);
	sql_value(sql->app, "SELECT set_config('qinglan.subject', '" HERS "', false)");
}

static void as_teacher(void)
{
	sql_act(sql->app, "3", "teacher", "self", "", HERS);
	sql_value(sql->app, "SELECT set_config('qinglan.subject', '" HERS "', false)");
}

static void (*const readers[])(void) = {as_county, as_school, as_teacher};

/* --- the queries --- */

static void what_is_of_one_teacher_is_read_by_index(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		readers[i]();
		READS_LITTLE(sql->app, "teacher_get", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "teacher_get", NULL, "teacher_id", HERS, "expand",
			     "[\"school\"]");
		READS_LITTLE(sql->app, "teacher_hours", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "teacher_hours", "activity_on", "teacher_id", HERS, "year",
			     "2024");
		READS_LITTLE(sql->app, "teacher_hours_balance", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "teacher_requirements", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "membership_list", NULL, "teacher_id", HERS);
		READS_LITTLE(sql->app, "hour_entry_get", NULL, "entry_id", ENTRY);
	}
}

static void the_courses_that_are_open_to_a_teacher_are_read_by_index(void **state)
{
	(void)state;
	as_teacher();
	READS_LITTLE(sql->app, "course_list", "-created_at", "open_for_me", "true");
}

static void what_waits_for_a_teacher_is_read_by_index(void **state)
{
	(void)state;
	as_teacher();
	READS_LITTLE(sql->app, "me_tasks", "due_on", "auth_scope", SCOPES);
}

static void a_page_of_a_schools_teachers_is_read_by_index(void **state)
{
	(void)state;
	as_school();
	READS_LITTLE(sql->app, "teacher_list", "name", "school_id", HER_SCHOOL);
	READS_LITTLE(sql->app, "teacher_list", "name", "q", "shi00077");
}

/* --- every list --- */

/* What else must be given for a filter to be taken. */
static const char *company_of(const char *list, const char *filter)
{
	static const char *const narrowing[] = {"level", "activity_from", "activity_to",
						"source_kind"};
	size_t i;

	for (i = 0; i < sizeof narrowing / sizeof *narrowing; i++)
		if (!strcmp(list, "hour_entry_list") && !strcmp(filter, narrowing[i]))
			return "school_id";
	return "";
}

/* Who of a county are few of their kind are sought among all its people; a school reads its own. */
static long rows_of(const char *list, const char *filter, bool for_school)
{
	static const char *const few[] = {"status", "title", "appointment_kind"};
	size_t i;

	if (for_school)
		return ROWS_MAX;
	if (!strcmp(list, "report_short") || !strcmp(list, "deliverable_desk") ||
	    !strcmp(list, "report_reminders"))
		return PEOPLE_ROWS_MAX;
	for (i = 0; i < 3 && !strcmp(list, "teacher_list"); i++)
		if (!strcmp(few[i], filter))
			return PEOPLE_ROWS_MAX;
	return ROWS_MAX;
}

/* Tries a list by this sort with this filter ("" = none), and whether it reads little. */
static bool list_reads_little(const char *list, const char *sort, const char *filter,
			      bool for_school)
{
	const char *pairs[4 + 2 * sizeof values / sizeof *values + 1] = {"auth_sees", "school",
									 "auth_school", HER_SCHOOL};
	bool known = !*filter;
	size_t i, count = for_school ? 4 : 0;

	for (i = 0; i < sizeof values / sizeof *values; i++) {
		const struct value *v = &values[i];
		bool asked = !strcmp(v->name, filter);

		if ((v->list && strcmp(v->list, list)) || gives_way(v, list) ||
		    !(v->always || asked || !strcmp(v->name, company_of(list, filter))))
			continue;
		known = known || asked;
		pairs[count++] = v->name;
		pairs[count++] = v->value;
	}
	pairs[count] = NULL;
	if (!known)
		fail_msg("%s: no value to try %s with", list, filter);
	if (reads(sql->app, list, sort, pairs, rows_of(list, filter, for_school)))
		return true;
	print_message("... with %s%s\n", *filter ? filter : "nothing",
		      for_school ? ", as a school" : "");
	return false;
}

/* The word behind MARK at the beginning of LINE, up to one of ":="; "" if the line has no such. */
static const char *word_of(const char *line, const char *mark, char word[60])
{
	const size_t length = strlen(mark);

	snprintf(word, 60, "%.*s",
		 strncmp(line, mark, length) ? 0 : (int)strcspn(line + length, ":="),
		 line + length);
	return word;
}

/* A line of a query's text that begins with MARK behind LINE, or NULL. */
static const char *next_line(const char *line, const char *mark)
{
	while ((line = strchr(line, '\n')))
		if (!strncmp(++line, mark, strlen(mark)))
			return line;
	return NULL;
}

static int list_faults(const struct query_source *source, bool for_school)
{
	const char *sort, *filter;
	char by[60], name[60];
	int faults = 0;

	for (sort = source->text; (sort = next_line(sort, "--sort "));) {
		word_of(sort, "--sort ", by);
		faults += !list_reads_little(source->name, by, "", for_school);
		for (filter = source->text; (filter = next_line(filter, "--? "));)
			if (*word_of(filter, "--? ", name) != '!' && strncmp(name, "auth_", 5) &&
			    strcmp(name, "open_for_me"))
				faults += !list_reads_little(source->name, by, name, for_school);
	}
	return faults;
}

/* The lists that the county alone has rows of. */
static bool is_countys(const char *list)
{
	return !strcmp(list, "hour_entry_list") || !strncmp(list, "school_import_", 14);
}

static void every_list_by_every_sort_and_filter_is_read_by_index(void **state)
{
	int faults = 0, lists = 0;

	(void)state;
	for (int for_school = 0; for_school < 2; for_school++) {
		readers[for_school]();
		for (size_t i = 0; i < query_source_count; i++) {
			const struct query_source *source = &query_sources[i];

			if (source->kind != QUERY_PAGE || (for_school && is_countys(source->name)))
				continue;
			lists++;
			faults += list_faults(source, for_school);
		}
	}
	assert_true(lists > 40);
	assert_int_equal(faults, 0);
}

/*
 * With the county's lists locked, and while somebody waits. A scan that ends at its first row
 * reads little.
 */
static void the_undoing_of_a_short_list_looks_its_rows_up(void **state)
{
	static const char *const lists[][2] = {
		{LIST_MADE, "teachers"}, {LIST_CHANGED, "teachers"}, {LIST_HOURS, "hours"}};
	long scans, rows[2];

	(void)state;
	as_county();
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		sql_value(sql->app, "BEGIN");
		counts(sql->app, &scans, &rows[0]);
		assert_string_not_equal(QUERY(sql->app, "import_undo_ask", "import_id", lists[i][0],
					      "import_kind", lists[i][1], "if_match", "*",
					      "auth_scope", "", "language", "zh"),
					"");
		counts(sql->app, &scans, &rows[1]);
		sql_value(sql->app, "COMMIT");
		assert_in_range(rows[1] - rows[0], 1, ROWS_MAX);
	}
}

static void requirements_are_read_without_people(void **state)
{
	(void)state;
	as_county();
	READS_LITTLE(sql->app, "requirement_list", "name", "x", "");
	READS_LITTLE(sql->app, "requirement_get", NULL, "requirement_id", REQUIREMENT);
}

/* A report of a school reads that school's people. */
static void a_report_of_a_school_reads_its_own(void **state)
{
	(void)state;
	as_school();
	READS_LITTLE(sql->app, "report_short", "name", "requirement_id", REQUIREMENT);
	READS_LITTLE(sql->app, "report_compliance", NULL, "requirement_id", REQUIREMENT);
}

/* So do its reminders but one: whom a course is for is sought in the county. */
static void reminders_of_a_school_read_its_own(void **state)
{
	(void)state;
	as_school();
	READS_LITTLE(sql->app, "report_reminders", "code", "what", "requirement", "requirement_id",
		     REQUIREMENT);
	READS_LITTLE(sql->app, "report_reminders", "code", "what", "roster", "roster_call_id",
		     OTHER_CALL);
	READS_LITTLE(sql->app, "report_reminders", "code", "what", "letter");
	READS_LITTLE(sql->app, "report_reminders", "code", "what", "places", "course_id",
		     EVERYBODYS);
	READS_LITTLE(sql->app, "report_reminders", "code", "what", "attendance");
}

/* A batch begins where the one before ended, and a place within the table is found by its key. */
static void a_batch_of_documents_to_reseal_is_read_by_index(void **state)
{
	(void)state;
	sql_value(sql->super, "SET ROLE qinglan_engine");
	READS_LITTLE(sql->super, "command_rekey_persons", NULL, "newest", "2", "after",
		     "0 00000000-0000-0000-0000-000000000000 0 0");
	READS_LITTLE(sql->super, "command_rekey_persons", NULL, "newest", "2", "after",
		     "3 " ID(2, 000000015000));
	sql_value(sql->super, "RESET ROLE");
}

/* Last, for it takes away what the others stand on. */
static void an_index_that_is_missing_is_noticed(void **state)
{
	static const char *const hours[] = {"teacher_id", HERS, NULL};
	static const char *const found[] = {"q", "shi00077", NULL};
	static const char *const none[] = {NULL};
	static const char *const school[] = {"school_id", HER_SCHOOL, NULL};

	(void)state;
	as_county();
	sql_value(sql->super,
		  "DROP INDEX hour_entry_of_person, hour_entry_of_school, person_token_by_county, "
		  "person_token_by_school, person_by_name");
	assert_false(reads_little(sql->app, "teacher_hours", NULL, hours));
	assert_false(reads_little(sql->app, "hour_entry_list", NULL, school));
	assert_false(reads_little(sql->app, "teacher_list", "name", found));
	assert_false(reads_little(sql->app, "teacher_list", "name", none));
}

static int set_up(void **state)
{
	(void)state;
	if (ledger_begin("explain"))
		return -1;
	as_engine("SELECT county_add('230127', '大县')");
	sql_value(sql->super, county_of_many);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ledger_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_of_one_teacher_is_read_by_index),
		cmocka_unit_test(a_page_of_a_schools_teachers_is_read_by_index),
		cmocka_unit_test(the_courses_that_are_open_to_a_teacher_are_read_by_index),
		cmocka_unit_test(what_waits_for_a_teacher_is_read_by_index),
		cmocka_unit_test(every_list_by_every_sort_and_filter_is_read_by_index),
		cmocka_unit_test(the_undoing_of_a_short_list_looks_its_rows_up),
		cmocka_unit_test(requirements_are_read_without_people),
		cmocka_unit_test(a_report_of_a_school_reads_its_own),
		cmocka_unit_test(reminders_of_a_school_read_its_own),
		cmocka_unit_test(a_batch_of_documents_to_reseal_is_read_by_index),
		cmocka_unit_test(an_index_that_is_missing_is_noticed),
	};

	return cmocka_run_group_tests_name("explain", tests, set_up, tear_down);
}
