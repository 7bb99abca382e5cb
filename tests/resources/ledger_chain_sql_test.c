/*
 * ledger_chain_sql_test.c -- what keeps the ledger whole: the chain and its verification, lists of
 * rows, and many who post at the same time; db/migrations/0007_ledger.sql.
 */
#include "resources/ledger.h"

static int set_up(void **state)
{
	(void)state;
	return ledger_begin("ledger_chain_sql");
}

static int tear_down(void **state)
{
	(void)state;
	ledger_end();
	return 0;
}

static int clear(void **state)
{
	(void)state;
	ledger_clear();
	act_county(sql->app);
	return 0;
}

static const char *faults(void)
{
	return as_engine("SELECT coalesce(string_agg(DISTINCT fault, ' ' ORDER BY fault), '')"
			 " FROM ledger_verify(1)");
}

/* --- the chain --- */

static void the_chained_form_is_canonical_json_and_names_nobody(void **state)
{
	(void)state;
	QUERY(sql->app, "hour_entry_create", "teacher_id", TEACHER "1", "hours", "1.5", "level",
	      "county", "activity_on", "2026-03-01", "source",
	      "{\"kind\": \"adjustment\", \"key\": \"甲\\\"\"}", "evidence", "教师1", "note",
	      "a\nb");
	assert_string_equal(
		as_engine(
			"SELECT f = (SELECT '{' || string_agg(to_json(j.key) || ':' || j.value, ',' ORDER BY"
			" j.key COLLATE \"C\") || '}' FROM json_each(f::json) j) AND f ~ '^[ -~]*$'"
			" AND f LIKE '%\"hours\":\"1.50\"%' AND f LIKE '%' || encode(sha256('教师1'), 'hex') || '%'"
			" FROM (SELECT hour_entry_form(e, e.account, e.seq) AS f FROM hour_entry e) x"),
		"t");
	assert_string_equal(
		as_engine(
			"SELECT e.chain = sha256(decode(repeat('00', 32), 'hex')"
			" || convert_to(hour_entry_form(e, e.account, e.seq), 'UTF8')) FROM hour_entry e"),
		"t");
}

static void every_tampering_is_found(void **state)
{
	static const char *const cases[][2] = {
		{"UPDATE hour_entry SET hours = 9 WHERE source_key = 'b'", "balance chain"},
		{"UPDATE hour_entry SET evidence = 'x' WHERE source_key = 'b'", "chain"},
		{"UPDATE hour_entry SET posted_by = id WHERE source_key = 'b'", "chain"},
		{"DELETE FROM hour_entry WHERE source_key = 'b'", "balance chain sequence source"},
		{"DELETE FROM hour_entry WHERE source_kind = 'reversal'", "balance head source"},
		{"DELETE FROM hour_entry", "balance head source"},
		{"UPDATE hour_entry SET seq = 5 - seq, id = id WHERE seq IN (2, 3)", "chain"},
		{"UPDATE ledger_account SET head_seq = head_seq - 1", "head"},
		{"UPDATE ledger_account SET head_hash = sha256('x')", "head"},
		{"UPDATE hour_balance SET hours = hours + 1", "balance"},
		{"DELETE FROM hour_balance WHERE year = 2026", "balance"},
		{"INSERT INTO hour_balance VALUES (1, '" TEACHER "7', 2026, 'city', NULL, 5)",
		 "balance"},
		{"UPDATE hour_entry SET source_key = 'z' WHERE source_key = 'b'", "chain source"},
		{"DELETE FROM hour_source WHERE key = 'b'", "source"},
		{"UPDATE hour_source SET key = 'z' WHERE key = 'b'", "source"},
		{"UPDATE hour_entry SET reverses = (SELECT id FROM hour_entry WHERE source_key = 'b')"
		 " WHERE source_kind = 'reversal'",
		 "chain reversal"},
	};
	const char *first = post(sql->app, TEACHER "1", "1", "county", "2025-05-05", "a");

	(void)state;
	post(sql->app, TEACHER "1", "2", "school", "2026-05-05", "b");
	post(sql->app, TEACHER "1", "4", "county", "2026-02-02", "c");
	QUERY(sql->app, "hour_entry_reverse", "entry_id", id_of(first), "reason", "错");
	assert_string_equal(faults(), "");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *found;

		sql_value(sql->super, "BEGIN");
		sql_value(sql->super, "SET LOCAL session_replication_role = replica");
		sql_value(sql->super,
			  "ALTER TABLE hour_entry DROP CONSTRAINT hour_entry_next_in_chain");
		sql_value(sql->super, cases[i][0]);
		found = faults();
		sql_value(sql->super, "ROLLBACK");
		if (strcmp(found, cases[i][1]))
			fail_msg("%s: found \"%s\"", cases[i][0], found);
	}
	assert_string_equal(faults(), "");
}

static void the_digest_of_a_day_stands_and_the_next_one_moves(void **state)
{
	const char *before, *empty = as_engine("SELECT digest FROM ledger_digest(1, today() - 1)");

	(void)state;
	post(sql->app, TEACHER "1", "1", "county", "2025-05-05", "a");
	before = as_engine(
		"SELECT concat_ws(' ', digest, accounts, entries) FROM ledger_digest(1, today())");
	post(sql->app, TEACHER "2", "1", "county", "2025-05-05", "a");
	assert_string_not_equal(before, as_engine("SELECT concat_ws(' ', digest, accounts, entries)"
						  " FROM ledger_digest(1, today())"));
	assert_string_equal(empty, as_engine("SELECT digest FROM ledger_digest(1, today() - 1)"));
	assert_string_equal(
		as_engine(
			"SELECT concat_ws(' ', accounts, entries) FROM ledger_digest(1, today())"),
		"2 2");
}

/* --- commands --- */

static void the_digest_is_of_the_day_of_the_county(void **state)
{
	(void)state;
	/* In the county it is tomorrow already, and later, when something is posted. */
	as_engine("SELECT clock_set(1, machine_now() + interval '2 days')");
	act_county(sql->app);
	post(sql->app, TEACHER "1", "1", "county", "2026-01-01", "digest");
	sql_value(sql->super, "SET ROLE qinglan_engine");
	assert_string_equal(
		QUERY(sql->super, "command_digest", "county", "1"),
		sql_value(sql->super, "SELECT digest FROM ledger_digest(1, '2999-01-01')"));
	sql_value(sql->super, "RESET ROLE");
	as_engine("DELETE FROM county_clock WHERE county = 1");
	act_county(sql->app);
}

/* --- at the same time --- */

#define INSERT_ROW(person, key)                                                                    \
	"INSERT INTO hour_entry (county, person, hours, level, activity_on,"                       \
	" source_kind, source_key) VALUES (1, " person                                             \
	", 0.25, 'county', '2026-01-01', 'adjustment', " key ")"

static void two_posts_of_one_source_credit_once(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		const char *statement = sql_text(INSERT_ROW("'" TEACHER "1'", "'k%d'"), round);
		struct writer w[2] = {{.statement = statement}, {.statement = statement}};

		at_once(w, 2);
		assert_int_equal(w[0].done + w[1].done, 1);
		assert_int_equal(w[0].refused + w[1].refused, 1);
	}
	assert_string_equal(faults(), "");
}

static void two_reversals_reverse_once(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		const char *entry = id_of(post(sql->app, TEACHER "1", "1", "county", "2026-01-01",
					       sql_text("%d", round)));
		const char *statement = sql_text(
			"INSERT INTO hour_entry (county, person, hours, level, activity_on, source_kind,"
			" source_key, reverses, reason) SELECT county, person, -hours, level, activity_on,"
			" 'reversal', id, id, 'x' FROM hour_entry WHERE id = '%s'",
			entry);
		struct writer w[2] = {{.statement = statement}, {.statement = statement}};

		at_once(w, 2);
		assert_int_equal(w[0].done + w[1].done, 1);
	}
	assert_string_equal(sql_value(sql->app, "SELECT sum(hours) FROM hour_entry"), "0.00");
	assert_string_equal(faults(), "");
}

static void chains_stay_whole_under_eight_writers(void **state)
{
	struct writer w[8];
	char statements[8][400];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(statements[i], sizeof statements[i],
			 INSERT_ROW("(left('" TEACHER
				    "', 34) || lpad((1 + $1::int %% 3)::text, 2, '0'))::uuid",
				    "'%d-' || $1"),
			 i);
		w[i] = (struct writer){.statement = statements[i], .times = 40};
	}
	at_once(w, 8);
	assert_string_equal(sql_value(sql->app,
				      "SELECT concat_ws(' ', count(*), count(DISTINCT account),"
				      " sum(hours)) FROM hour_entry"),
			    "320 3 80.00");
	assert_string_equal(faults(), "");
}

static void batches_that_overlap_do_not_deadlock(void **state)
{
	struct writer w[6];
	char statements[6][900];

	(void)state;
	for (int i = 0; i < 6; i++) {
		/* Every other batch posts to the same eight people in the opposite order. */
		snprintf(
			statements[i], sizeof statements[i],
			"WITH locked AS MATERIALIZED (SELECT hour_accounts_lock(ARRAY(SELECT"
			" (left('" TEACHER "', 34) || lpad(n::text, 2, '0'))::uuid"
			" FROM generate_series(1, 8) n)) AS people) "
			"INSERT INTO hour_entry (county, person, hours, level, activity_on,"
			" source_kind, source_key) SELECT 1, (left('" TEACHER
			"', 34) || lpad(n::text, 2, '0'))::uuid, 1, 'city', '2025-01-01', 'adjustment',"
			" '%d-' || $1 FROM locked, generate_series(1, 8) n WHERE people = 8 ORDER BY %s",
			i, i % 2 ? "n" : "-n");
		w[i] = (struct writer){.statement = statements[i], .times = 10};
	}
	at_once(w, 6);
	assert_string_equal(sql_value(sql->app, "SELECT count(*) FROM hour_entry"), "480");
	assert_string_equal(faults(), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(the_chained_form_is_canonical_json_and_names_nobody),
		TEST(every_tampering_is_found),
		TEST(the_digest_of_a_day_stands_and_the_next_one_moves),
		TEST(the_digest_is_of_the_day_of_the_county),
		TEST(two_posts_of_one_source_credit_once),
		TEST(two_reversals_reverse_once),
		TEST(chains_stay_whole_under_eight_writers),
		TEST(batches_that_overlap_do_not_deadlock),
	};

	return cmocka_run_group_tests_name("ledger_chain_sql", tests, set_up, tear_down);
}
