/*
 * demo_growth.c -- `qinglan demo --teachers N`: the demonstration county in any size.
 *
 * The little county goes the way of a bureau's own data; this one is written set by set on the
 * owner's connection (db/queries/growth.sql), PART teachers in a transaction, so that neither
 * memory nor what is lost by an interruption grows with N.
 */
#include "commands.h"

#include "kernel/clock.h"
#include "resources/pinyin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* Teachers of a part, who go to one course; and of a school. */
enum { PART = 500, SCHOOL = 150 };

/* Measured with PostgreSQL 15: a county's bytes for a teacher and for an entry of hers. */
enum { TEACHER_BYTES = 20000, ENTRY_BYTES = 800 };

static const char *const family_names[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄",
					   "周", "吴", "徐", "孙", "胡", "朱", "高", "林",
					   "何", "郭", "马", "罗", "梁", "宋", "郑"};
static const char *const given_names[] = {"芳", "伟",   "秀英", "敏",   "静",   "丽",   "强",
					  "磊", "军",   "洋",   "勇",   "艳",   "杰",   "娟",
					  "涛", "明",   "超",   "秀兰", "建国", "霞",   "平",
					  "刚", "桂英", "玉兰", "志强", "雪梅", "晓燕", "文博"};

enum {
	FAMILIES = sizeof family_names / sizeof *family_names,
	GIVEN = sizeof given_names / sizeof *given_names
};

/* --- room --- */

bool growth_fits(struct desk *d, const struct growth *g)
{
	const double need =
		(double)g->teachers * (TEACHER_BYTES + (double)g->entries * ENTRY_BYTES);
	const PGresult *rows = desk_run_plainly(d, Q_growth_room, NULL);
	struct statvfs disk;
	const char *folder;
	double room;

	if (!rows)
		return false;
	printf("%ld teachers with %ld entries each take about %.1f GB\n", g->teachers, g->entries,
	       need / 1e9);
	folder = pg_text(rows, 0, "directory");
	if (!folder || statvfs(folder, &disk)) {
		puts("how much room its disk has the server does not tell: see to it");
		return true;
	}
	room = (double)disk.f_bavail * (double)disk.f_frsize;
	if (room >= need)
		return true;
	complain("the disk of %s has %.1f GB left: fewer teachers, or another disk", folder,
		 room / 1e9);
	return false;
}

/* --- names --- */

/* Names with their pinyin as a JSON array, malloc'd; NULL with a complaint. */
static char *names_make(struct arena *a)
{
	json_t *names = json_array();
	char *text;
	int i;

	for (i = 0; i < FAMILIES * GIVEN; i++) {
		const char *name = arena_printf(a, "%s%s", family_names[i % FAMILIES],
						given_names[i / FAMILIES]);
		const char *key = name ? pinyin_sort_key(a, name) : NULL;
		const char *tokens = key ? pinyin_tokens(a, name, NULL) : NULL;

		if (!tokens)
			break;
		json_array_append_new(names, json_pack("{ss ss so}", "name", name, "sort_key", key,
						       "tokens", json_loads(tokens, 0, NULL)));
	}
	text = i == FAMILIES * GIVEN ? json_dumps(names, JSON_COMPACT) : NULL;
	json_decref(names);
	if (!text)
		complain("no memory");
	return text;
}

/* --- parts --- */

struct part {
	struct desk *desk;
	const struct growth *growth;
	const char *county, *names;
	char schools[24], entries[24], first[24], last[24], first_id[48], last_id[48];
};

static bool step(struct part *p, int query)
{
	bool done = desk_run_plainly(p->desk, query, "county", p->county, "person",
				     p->growth->person, "office", p->growth->office, "names",
				     p->names, "schools", p->schools, "entries", p->entries,
				     "first", p->first, "last", p->last, "first_id", p->first_id,
				     "last_id", p->last_id, NULL) != NULL;

	desk_clear(p->desk);
	return done;
}

/* The steps of QUERIES, ended by -1, in one transaction; what fails ends with the connection. */
static bool steps(struct part *p, const int *queries)
{
	while (*queries >= 0)
		if (!step(p, *queries++))
			return false;
	return true;
}

static bool schools_load(struct part *p)
{
	static const int queries[] = {Q_growth_begin,    Q_growth_actor,  Q_growth_schools,
				      Q_growth_officers, Q_growth_commit, -1};

	return steps(p, queries);
}

static bool part_load(struct part *p, long first, long last)
{
	static const int queries[] = {
		Q_growth_begin,        Q_growth_ledger_open,
		Q_growth_actor,        Q_growth_teachers,
		Q_growth_memberships,  Q_growth_classes,
		Q_growth_appointments, Q_growth_accounts,
		Q_growth_hours,        Q_growth_course,
		Q_growth_enrolments,   Q_growth_attendance,
		Q_growth_owner,        Q_growth_ledger_close,
		Q_growth_commit,       -1,
	};

	snprintf(p->first, sizeof p->first, "%ld", first);
	snprintf(p->last, sizeof p->last, "%ld", last);
	snprintf(p->first_id, sizeof p->first_id, "0199b0a4-7c02-7000-8000-%012ld", first);
	snprintf(p->last_id, sizeof p->last_id, "0199b0a4-7c02-7000-8000-%012ld", last);
	return steps(p, queries);
}

/* Says how far it is, at each tenth, and every half a minute at least. */
static void progress(const struct growth *g, long done, int64_t began, int64_t *said)
{
	const int64_t now = clock_monotonic_ns(), second = 1000000000;

	if (done % (g->teachers / 10 + 1) >= PART && now - *said < 30 * second)
		return;
	*said = now;
	printf("%ld of %ld teachers, %lld s\n", done, g->teachers,
	       (long long)((now - began) / second));
	fflush(stdout);
}

bool growth_load(struct desk *d, const char *county, const struct growth *g)
{
	struct part p = {.desk = d, .growth = g, .county = county};
	const int64_t began = clock_monotonic_ns();
	char *names = names_make(d->arena);
	int64_t said = began;
	long first, look = 1;
	bool good;

	snprintf(p.schools, sizeof p.schools, "%ld", (g->teachers + SCHOOL - 1) / SCHOOL);
	snprintf(p.entries, sizeof p.entries, "%ld", g->entries);
	p.names = names;
	good = names && schools_load(&p);
	for (first = 1; good && first <= g->teachers; first += PART) {
		long last = first + PART - 1 < g->teachers ? first + PART - 1 : g->teachers;

		good = part_load(&p, first, last);
		/* Tables that become ten times as long are planned for anew. */
		if (good && (last == g->teachers || first / PART + 1 == look)) {
			good = step(&p, Q_growth_analyze);
			look *= 10;
		}
		if (good)
			progress(g, last, began, &said);
	}
	free(names);
	return good;
}
