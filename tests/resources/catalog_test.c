/*
 * catalog_test.c -- what every table, function and role of the database must be, read from
 * PostgreSQL's own catalog, so that a migration that forgets it fails.
 *
 * Exceptions are named here and nowhere else.
 */
#include "sql.h"

/* Not of any county: what migrate keeps. */
#define NO_COUNTY "('schema_migration')"

/* Without events: derived, short-lived, or the record itself. */
#define NO_EVENT                                                                                   \
	"('schema_migration', 'event', 'idempotency', 'county_clock', 'person_token', 'sight', "   \
	"'ledger_account', 'hour_source', 'hour_balance', 'requirement_state', 'job_heartbeat', "  \
	"'import_part', 'import_row', 'people_day', 'roster_report_row')"

/* Functions that see past their caller, each with the role that may call it besides the owner. */
#define ENGINE                                                                                                         \
	"(VALUES ('event_write', ''), ('event_read', 'qinglan_app'), ('clock_set', ''), "                              \
	"('clock_advance', ''), ('expired_purge', 'qinglan_gate'), "                                                   \
	"('event_purge', 'qinglan_gate'), "                                                                            \
	"('county_add', ''), ('term_within_year', ''), ('year_holds_terms', ''), "                                     \
	"('person_tokens', ''), ('membership_changed', ''), ('people_upkeep', 'qinglan_gate'), "                       \
	"('title_settle', ''), ('school_office', ''), ('office_holder_is_officer', ''), "                              \
	"('schools_held', 'qinglan_app'), "                                                                            \
	"('workplace_of', 'qinglan_app'), "                                                                            \
	"('person_candidates', 'qinglan_app'), ('person_reviewed', 'qinglan_app'), "                                   \
	"('person_in_use', 'qinglan_app'), ('person_must_be_current', ''), "                                           \
	"('membership_withdraw', 'qinglan_app'), "                                                                     \
	"('appointment_within_work', ''), ('work_moves_appointments', ''), "                                           \
	"('appointment_ends_with_class', ''), ('class_ends_appointments', ''), "                                       \
	"('course_audience', 'qinglan_app'), "                                                                         \
	"('course_instruct', 'qinglan_app'), ('my_open_courses', 'qinglan_app'), "                                     \
	"('my_sessions', 'qinglan_app'), ('session_clashes', 'qinglan_app'), "                                         \
	"('is_in_audience', 'qinglan_app'), "                                                                          \
	"('course_locked', 'qinglan_app'), ('course_room', 'qinglan_app'), "                                           \
	"('course_fill', 'qinglan_app'), ('course_places', 'qinglan_app'), "                                           \
	"('enrolment_put', 'qinglan_app'), ('enrolment_told', 'qinglan_app'), "                                        \
	"('enrolment_takes_its_place', ''), ('enrolments_count_places', ''), ('enrolments_put', 'qinglan_app'), "      \
	"('scores_named', 'qinglan_app'), ('course_gives_places', ''), ('course_cancels_enrolments', ''), "            \
	"('appointment_accept', 'qinglan_app'), "                                                                      \
	"('hour_accounts_lock', 'qinglan_app'), ('hour_entry_post', ''), "                                             \
	"('hour_entry_seen', 'qinglan_app'), ('hour_school_follow', ''), ('ledger_digest', ''), "                      \
	"('ledger_verify', ''), "                                                                                      \
	"('hour_entry_recognised', 'qinglan_app'), ('cohort_members', 'qinglan_app'), "                                \
	"('requirement_counts', 'qinglan_app'), "                                                                      \
	"('requirement_follow_appointments', ''), ('requirement_follow_recognition', ''), "                            \
	"('requirement_follow_service', ''), "                                                                         \
	"('requirement_follow_calendar', ''), ('requirement_follow_entries', ''), "                                    \
	"('requirement_follow_rules', ''), ('requirement_lock', ''), "                                                 \
	"('my_requirements', 'qinglan_app'), ('requirement_roll', 'qinglan_app'), ('requirement_school_follow', ''), " \
	"('requirement_version_check', ''), "                                                                          \
	"('files_purge', 'qinglan_gate'), ('jobs_purge', 'qinglan_gate'), "                                            \
	"('import_commit', 'qinglan_app'), "                                                                           \
	"('import_commit_ask', 'qinglan_app'), ('import_decide', 'qinglan_app'), "                                     \
	"('job_admit', ''), ('import_job_ended', ''), ('import_undo', 'qinglan_app'), "                                \
	"('import_undo_ask', 'qinglan_app'), ('imports_purge', 'qinglan_gate'), "                                      \
	"('session_roll', 'qinglan_app'), ('check_in_code', 'qinglan_app'), "                                          \
	"('check_in', 'qinglan_app'), ('settlement_preview', 'qinglan_app'), "                                         \
	"('course_settle', 'qinglan_app')) AS known(name, caller)"

#define TABLES                                                                                     \
	"pg_class t WHERE t.relnamespace = 'qinglan'::regnamespace AND t.relkind IN ('r', 'p') AND "

#define FUNCTIONS                                                                                  \
	"pg_proc p WHERE p.pronamespace = 'qinglan'::regnamespace AND NOT EXISTS (SELECT FROM "    \
	"pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') AND "

static PGconn *catalog(void **state)
{
	return ((struct sql *)*state)->super;
}

static void every_table_belongs_to_a_county(void **state)
{
	sql_none(catalog(state),
		 "SELECT t.relname || ': has no county' FROM " TABLES "t.relname NOT IN " NO_COUNTY
		 " AND NOT EXISTS (SELECT FROM pg_attribute a "
		 "WHERE a.attrelid = t.oid AND a.attname = 'county' AND a.attnotnull)");
}

static void every_table_has_forced_row_security_and_its_policies(void **state)
{
	sql_none(catalog(state), "SELECT t.relname || ': no row security' FROM " TABLES
				 "t.relname NOT IN " NO_COUNTY
				 " AND NOT (t.relrowsecurity AND t.relforcerowsecurity)");
	sql_none(catalog(state),
		 "SELECT t.relname || ': no policy ' || w.name FROM (VALUES ('engine'), "
		 "('reads')) AS w(name), " TABLES "t.relname NOT IN " NO_COUNTY
		 " AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND "
		 "p.polname = w.name)");
}

static void policies_of_the_app_begin_with_the_county_and_ask_no_table(void **state)
{
	sql_none(
		catalog(state),
		"SELECT tablename || ': ' || policyname || ' asks a table' FROM pg_policies WHERE "
		"schemaname = 'qinglan' AND coalesce(qual, '') || coalesce(with_check, '') ~ '\\mFROM\\M'");
	sql_none(
		catalog(state),
		"SELECT tablename || ': ' || policyname || ' is not of one county' FROM pg_policies "
		"WHERE schemaname = 'qinglan' AND 'qinglan_app' = ANY (roles) AND EXISTS (SELECT FROM "
		"unnest(ARRAY[qual, with_check]) AS u(said) WHERE u.said IS NOT NULL AND u.said !~ "
		"'^\\(\\(county = \\(( SELECT \\()?NULLIF\\(current_setting\\(''qinglan.county''')");
	sql_none(
		catalog(state),
		"SELECT tablename || ': ' || policyname || ' is for ' || roles::text FROM pg_policies "
		"WHERE schemaname = 'qinglan' AND roles NOT IN ('{qinglan_app}', '{qinglan_engine}', "
		"'{qinglan_gate}')");
}

static void every_table_writes_events_or_is_exempt(void **state)
{
	sql_none(
		catalog(state),
		"SELECT t.relname || ': event trigger ' || CASE WHEN e.missing THEN 'missing' ELSE "
		"'not wanted' END FROM pg_class t CROSS JOIN LATERAL (SELECT NOT EXISTS (SELECT FROM "
		"pg_trigger g WHERE g.tgrelid = t.oid AND g.tgname = 'event_write' AND g.tgenabled = 'O' "
		"AND g.tgtype = 29) AS missing) e WHERE t.relnamespace = 'qinglan'::regnamespace AND "
		"t.relkind = 'r' AND e.missing <> (t.relname IN " NO_EVENT ")");
}

static void no_event_carries_a_secret(void **state)
{
	sql_none(
		catalog(state),
		"SELECT t.relname || '.' || a.attname || ': would stand in the event' FROM pg_attribute a "
		"JOIN pg_class t ON t.oid = a.attrelid JOIN pg_trigger g ON g.tgrelid = t.oid AND "
		"g.tgname = 'event_write' WHERE a.attnum > 0 AND NOT a.attisdropped AND (a.attname IN "
		"('sealed', 'content') OR a.attname ~ '_(sealed|hash)$') AND position("
		"'\\x00'::bytea || convert_to(a.attname, 'UTF8') || '\\x00'::bytea IN '\\x00'::bytea || "
		"g.tgargs) = 0");
}

static void every_key_begins_with_the_county(void **state)
{
	sql_none(
		catalog(state),
		"SELECT t.relname || ': ' || i.indexrelid::regclass || ' does not begin with county' FROM "
		"pg_index i JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = "
		"'qinglan'::regnamespace AND t.relname NOT IN " NO_COUNTY
		" AND (i.indisunique OR i.indisexclusion) AND NOT EXISTS (SELECT FROM pg_attribute a WHERE "
		"a.attrelid = t.oid AND a.attnum = i.indkey[0] AND a.attname = 'county')");
	sql_none(
		catalog(state),
		"SELECT k.conrelid::regclass || ': ' || k.conname || ' does not begin with county' FROM "
		"pg_constraint k WHERE k.connamespace = 'qinglan'::regnamespace AND k.contype = 'f' AND "
		"NOT (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = "
		"k.conkey[1] AND a.attname = 'county') AND EXISTS (SELECT FROM pg_attribute a WHERE "
		"a.attrelid = k.confrelid AND a.attnum = k.confkey[1] AND a.attname = 'county'))");
}

static void only_known_functions_see_past_their_caller(void **state)
{
	sql_none(catalog(state),
		 "SELECT p.proname || ': an unknown definer function' FROM " FUNCTIONS
		 "p.prosecdef AND p.proname NOT IN (SELECT name FROM " ENGINE ")");
	sql_none(catalog(state),
		 "SELECT name || ': known and not there' FROM " ENGINE
		 " WHERE name NOT IN (SELECT p.proname FROM " FUNCTIONS "p.prosecdef)");
	sql_none(catalog(state),
		 "SELECT p.proname || ': owner or search path' FROM " FUNCTIONS
		 "p.prosecdef AND (pg_get_userbyid(p.proowner) <> 'qinglan_engine' OR NOT "
		 "'search_path=qinglan, pg_temp' = ANY (coalesce(p.proconfig, '{}')))");
	sql_none(
		catalog(state),
		"SELECT p.proname || ': may be called by ' || r.name FROM " ENGINE
		" JOIN pg_proc p ON p.proname = known.name AND p.prosecdef CROSS JOIN (VALUES "
		"('qinglan_app'), ('qinglan_gate')) AS r(name) WHERE has_function_privilege(r.name, p.oid, "
		"'EXECUTE') <> (known.caller = r.name)");
}

static void the_app_owns_nothing_and_deletes_nothing(void **state)
{
	sql_none(catalog(state),
		 "SELECT t.relname || ': ' || w.what FROM (VALUES ('DELETE'), ('TRUNCATE'), "
		 "('REFERENCES'), ('TRIGGER')) AS w(what), (VALUES ('qinglan_app'), "
		 "('public')) AS r(name), " TABLES "has_table_privilege(r.name, t.oid, w.what)");
	sql_none(catalog(state),
		 "SELECT t.relname || ': gate may ' || w.what FROM (VALUES ('DELETE'), "
		 "('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS w(what), " TABLES
		 "has_table_privilege('qinglan_gate', t.oid, w.what)");
	sql_none(catalog(state), "SELECT t.relname || ': engine may TRUNCATE' FROM " TABLES
				 "has_table_privilege('qinglan_engine', t.oid, 'TRUNCATE')");
	sql_none(catalog(state),
		 "SELECT t.relname || ': owned by ' || pg_get_userbyid(t.relowner) FROM " TABLES
		 "pg_get_userbyid(t.relowner) NOT IN ('qinglan_owner')");
	sql_none(catalog(state),
		 "SELECT r.name || ' may create in the schema' FROM (VALUES ('qinglan_app'), "
		 "('qinglan_gate')) AS r(name) WHERE has_schema_privilege(r.name, 'qinglan', "
		 "'CREATE')");
}

static void append_only_tables_are_updated_by_nobody(void **state)
{
	sql_none(
		catalog(state),
		"SELECT t.relname || ': ' || r.name || ' may UPDATE' FROM (VALUES ('qinglan_app'), "
		"('qinglan_gate'), ('qinglan_engine')) AS r(name), pg_class t JOIN pg_trigger g ON "
		"g.tgrelid = t.oid AND g.tgname = 'append_only' WHERE has_table_privilege(r.name, t.oid, "
		"'UPDATE')");
	sql_none(
		catalog(state),
		"SELECT x.name || ': no trigger ' || x.guard FROM (VALUES "
		"('hour_entry', 'append_only'), ('hour_entry', 'never_deleted'), "
		"('hour_entry', 'never_truncated'), ('requirement_version', 'append_only'), "
		"('requirement_version', 'never_deleted'), ('requirement_version', 'never_truncated'), "
		"('attendance_sheet', 'append_only'), ('attendance_sheet', 'never_deleted'), "
		"('event', 'append_only'), ('event', 'never_truncated'), "
		"('ledger_account', 'never_deleted'), ('ledger_account', 'never_truncated'), "
		"('hour_source', 'never_deleted'), ('hour_source', 'never_truncated')) AS x(name, guard) "
		"WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = to_regclass(x.name) AND "
		"g.tgname = x.guard AND g.tgenabled = 'O')");
}

static void only_our_clock_asks_the_time(void **state)
{
	const char *asks =
		"'\\m(now\\(\\)|current_date|current_timestamp|localtimestamp|current_time"
		"|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)'";

	sql_none(catalog(state),
		 sql_text("SELECT p.proname || ': asks the machine''s clock' FROM " FUNCTIONS
			  "p.prosrc ~* %s AND p.proname NOT IN ('machine_now', 'uuid_v7')",
			  asks));
	sql_none(catalog(state),
		 sql_text("SELECT d.adrelid::regclass || ': a default asks it' FROM pg_attrdef d "
			  "JOIN pg_class t ON t.oid = d.adrelid WHERE t.relnamespace = "
			  "'qinglan'::regnamespace AND t.relname <> 'schema_migration' AND "
			  "pg_get_expr(d.adbin, d.adrelid) ~* %s",
			  asks));
	sql_none(catalog(state),
		 sql_text("SELECT viewname || ': a view asks it' FROM pg_views WHERE schemaname = "
			  "'qinglan' AND definition ~* %s",
			  asks));
}

static void views_are_read_with_the_rights_of_the_caller_and_write_instants_by_instant(void **state)
{
	sql_none(catalog(state),
		 "SELECT v.relname || ': not security_invoker' FROM pg_class v WHERE "
		 "v.relnamespace = 'qinglan'::regnamespace AND v.relkind IN ('v', 'm') AND NOT "
		 "'security_invoker=true' = ANY (coalesce(v.reloptions, '{}'))");
	sql_none(catalog(state),
		 "SELECT v.relname || '.' || a.attname || ': an instant as it is' FROM pg_class v "
		 "JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0 WHERE v.relnamespace "
		 "= 'qinglan'::regnamespace AND v.relkind = 'v' AND a.atttypid IN "
		 "('timestamptz'::regtype, 'timestamp'::regtype)");
}

static void roles_are_what_they_may_be(void **state)
{
	sql_none(
		catalog(state),
		"SELECT rolname || ': may too much' FROM pg_roles WHERE rolname LIKE 'qinglan%' AND "
		"(rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)");
	assert_string_equal(
		sql_value(catalog(state),
			  "SELECT string_agg(rolname || rolcanlogin || rolinherit, ' ' "
			  "ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'qinglan%'"),
		"qinglan_apptruetrue qinglan_enginefalsetrue qinglan_gatetruetrue "
		"qinglan_ownertruefalse");
	assert_string_equal(sql_value(catalog(state),
				      "SELECT string_agg(m.member::regrole || '>' || "
				      "m.roleid::regrole, ' ') FROM pg_auth_members m WHERE "
				      "m.member::regrole::text LIKE 'qinglan%'"),
			    "qinglan_owner>qinglan_engine");
}

/* A copy of a database, as this one is of the template, has lost it as a restored one has. */
static void a_restored_database_is_closed_again(void **state)
{
	struct sql *s = *state;

	assert_string_not_equal(sql_state(s->app, "CREATE TEMPORARY TABLE t ()"), "42501");
	sql_value(s->owner, "CALL feed_restored()");
	assert_string_equal(sql_state(s->app, "CREATE TEMPORARY TABLE u ()"), "42501");
	sql_none(catalog(state),
		 "SELECT r.name || ': ' || w.what || ' on the database' FROM (VALUES "
		 "('qinglan_app'), ('qinglan_gate'), ('qinglan_engine'), ('public')) AS r(name), "
		 "(VALUES ('TEMPORARY'), ('CREATE')) AS w(what) WHERE has_database_privilege("
		 "r.name, current_database(), w.what)");
}

static int set_up(void **state)
{
	*state = sql_begin("catalog");
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	sql_end(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_belongs_to_a_county),
		cmocka_unit_test(every_table_has_forced_row_security_and_its_policies),
		cmocka_unit_test(policies_of_the_app_begin_with_the_county_and_ask_no_table),
		cmocka_unit_test(every_table_writes_events_or_is_exempt),
		cmocka_unit_test(no_event_carries_a_secret),
		cmocka_unit_test(every_key_begins_with_the_county),
		cmocka_unit_test(only_known_functions_see_past_their_caller),
		cmocka_unit_test(the_app_owns_nothing_and_deletes_nothing),
		cmocka_unit_test(append_only_tables_are_updated_by_nobody),
		cmocka_unit_test(only_our_clock_asks_the_time),
		cmocka_unit_test(
			views_are_read_with_the_rights_of_the_caller_and_write_instants_by_instant),
		cmocka_unit_test(roles_are_what_they_may_be),
		cmocka_unit_test(a_restored_database_is_closed_again),
	};

	return cmocka_run_group_tests_name("catalog", tests, set_up, tear_down);
}
