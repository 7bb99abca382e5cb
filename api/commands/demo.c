/*
 * demo.c -- `qinglan demo`: the demonstration county 青蓝县, for somebody who looks around.
 *
 * Schools and roster come in as lists through the very import that a bureau would use, with
 * their faulty rows refused; officers, a requirement and hours through the API as well.  Only
 * county and first officer are made behind it, since somebody must be there to act.  Dates
 * are those of the day it is loaded on.  Does nothing where there is a county already.
 *
 * With --teachers it is a county of that size instead: demo_growth.c.
 */
#include "commands.h"

#include "kernel/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char demo_code[] = "990101", demo_name[] = "青蓝县", demo_officer[] = "周敏";

/* Names of the schools' officers, by turns. */
static const char *const officer_names[] = {"王芳", "李强", "张静", "刘洋", "陈丽", "杨帆"};

enum { OFFICERS = sizeof officer_names / sizeof *officer_names, CREDITED_MAX = 120 };

/* Of a county made to a size. */
enum { TEACHERS_MOST = 1000000, ENTRIES_MOST = 1000, ENTRIES_FALLBACK = 100, YEARS = 5 };

struct demo {
	struct program program;
	struct caller caller;
	struct desk *desk;
	const char *county;
	struct growth growth; /* of no teachers: the little county */
	char today[11];
	long teachers, rejected;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* Runs what waits, until nothing does. */
static void jobs_run(struct demo *d)
{
	while (job_run_one(&d->program.service, job_kinds, job_kind_count))
		continue;
}

/* The import at TARGET once its job has run, if it then is in STATE; else NULL, complained. */
static json_t *import_await(struct demo *d, const char *target, const char *state)
{
	json_t *import;

	jobs_run(d);
	import = caller_get(&d->caller, target);
	if (import && strcmp(text_of(import, "state"), state)) {
		char *text = json_dumps(import, JSON_COMPACT);

		complain("%s is not %s: %s", target, state, text ? text : "");
		free(text);
		return NULL;
	}
	return import;
}

/* Imports a list of KIND ("school", "teacher"): dry run, then commit of its good rows. */
static bool list_import(struct demo *d, const char *kind, const char *name, const char *bytes,
			size_t length)
{
	struct caller *c = &d->caller;
	char upload[200], target[200], commit[220];
	json_t *import;

	snprintf(upload, sizeof upload, "/v1/%s-imports?filename=%s", kind, name);
	import = caller_send(c, "POST", upload, "text/csv", bytes, length);
	if (!import)
		return false;
	snprintf(target, sizeof target, "/v1/%s-imports/%s", kind, text_of(import, "id"));
	snprintf(commit, sizeof commit, "%s/commit", target);
	import = import_await(d, target, "ready");
	if (!import)
		return false;
	d->rejected = (long)json_integer_value(
		json_object_get(json_object_get(import, "counts"), "rejected"));
	return caller_post(c, commit,
			   json_pack("{ss ss}", "plan_id", text_of(import, "plan_id"), "mode",
				     "good_rows")) &&
	       import_await(d, target, "committed");
}

/* Somebody for the office of a school. */
static bool school_officer(struct demo *d, const json_t *school, const char *name)
{
	struct caller *c = &d->caller;
	const char *id = text_of(school, "id");
	const json_t *office, *person;
	char target[200];

	snprintf(target, sizeof target, "/v1/offices?school_id=%s", id);
	office = json_array_get(json_object_get(caller_get(c, target), "data"), 0);
	person = caller_post(
		c, "/v1/officers",
		json_pack("{ss ss ss}", "name", name, "title", "德育主任", "school_id", id));
	if (!office || !person)
		return false;
	snprintf(target, sizeof target, "/v1/offices/%s/holders", text_of(office, "id"));
	return caller_post(c, target,
			   json_pack("{ss ss}", "person_id", text_of(person, "id"), "started_on",
				     d->today)) != NULL;
}

static bool officers_add(struct demo *d)
{
	const json_t *schools =
		json_object_get(caller_get(&d->caller, "/v1/schools?page_size=100"), "data");
	const json_t *school;
	size_t i;

	if (!schools)
		return false;
	json_array_foreach(schools, i, school)
		if (!school_officer(d, school, officer_names[i % OFFICERS]))
			return false;
	return true;
}

/*
 * TARGET hours a WINDOW, HOURS of them at county level, at most ten of self-study, of who has an
 * appointment of KINDS (stolen).
 */
static bool requirement_add(struct demo *d, const char *name, const char *window, int years_ago,
			    json_t *kinds, int target, int hours)
{
	char first[24];

	snprintf(first, sizeof first, "%d-01-01", (int)strtol(d->today, NULL, 10) - years_ago);
	return caller_post(&d->caller, "/v1/requirements",
			   json_pack("{ss ss ss s{so} si s[{sssi}{sssi}]}", "name", name, "window",
				     window, "effective_on", first, "population",
				     "appointment_kinds", kinds, "target_hours", target, "limits",
				     "level", "county", "at_least", hours, "level", "self_study",
				     "at_most", 10)) != NULL;
}

static void entry_add(json_t *items, const char *teacher, int hours, const char *level,
		      const char *day, const char *key)
{
	json_array_append_new(items,
			      json_pack("{ss si ss ss s{ssss}}", "teacher_id", teacher, "hours",
					hours, "level", level, "activity_on", day, "source", "kind",
					"external_certificate", "key", key));
}

/* Hours of three trainings, so that some have all they need, some a part, some nothing. */
static bool hours_add(struct demo *d)
{
	const json_t *page =
		caller_get(&d->caller, "/v1/teachers?page_size=200&include=total_count");
	const json_t *teachers = json_object_get(page, "data");
	json_t *items = json_array();
	const json_t *teacher;
	char first[11];
	size_t i;

	snprintf(first, sizeof first, "%.7s-01", d->today);
	d->teachers = (long)json_integer_value(
		json_object_get(json_object_get(page, "page"), "total_count"));
	json_array_foreach(teachers, i, teacher) {
		if (i >= CREDITED_MAX || i % 5 == 4)
			continue;
		entry_add(items, text_of(teacher, "id"), 12, "county", first, "县级集中培训");
		if (i % 2 == 0)
			entry_add(items, text_of(teacher, "id"), 10, "school", first, "校本研修");
		if (i % 4 == 0)
			entry_add(items, text_of(teacher, "id"), 12, "self_study", d->today,
				  "网络自学");
	}
	if (!json_array_size(items)) {
		json_decref(items);
		return complain("the roster brought no teacher"), false;
	}
	return caller_post(&d->caller, "/v1/hour-entries:batch",
			   json_pack("{sbso}", "atomic", 1, "items", items)) != NULL;
}

/* The little county, by its lists. */
static bool lists_play(struct demo *d)
{
	return list_import(d, "school", "schools.csv", demo_schools_csv, demo_schools_csv_length) &&
	       list_import(d, "teacher", "roster.csv", demo_roster_csv, demo_roster_csv_length) &&
	       officers_add(d) &&
	       requirement_add(d, "在岗班主任每年三十学时", "calendar_year", 0,
			       json_pack("[ss]", "homeroom", "acting"), 30, 10) &&
	       hours_add(d);
}

/* One of a size: its requirements stand before the hours, which they are counted with. */
static bool growth_play(struct demo *d)
{
	return requirement_add(d, "班主任与副班主任每年三十学时", "calendar_year", YEARS - 1,
			       json_pack("[sss]", "homeroom", "acting", "deputy"), 30, 10) &&
	       requirement_add(d, "班主任每学年二十学时", "school_year", YEARS - 1,
			       json_pack("[ss]", "homeroom", "acting"), 20, 5) &&
	       growth_load(d->desk, d->county, &d->growth);
}

static bool demo_play(struct demo *d)
{
	const json_t *county = caller_get(&d->caller, "/v1/county");

	if (!county)
		return false;
	snprintf(d->today, sizeof d->today, "%s", text_of(county, "today"));
	return d->growth.teachers ? growth_play(d) : lists_play(d);
}

/* County, first officer and her token; then all the rest as she would do it. */
static int demo_load(struct desk *desk, const struct config *c, const struct growth *growth)
{
	struct demo d = {.desk = desk, .growth = *growth};
	const PGresult *rows = NULL;
	char county[16];
	int status = 1;

	log_set_level(LOG_LEVEL_WARNING);
	if (county_add(desk, demo_code, demo_name, county) &&
	    officer_add(desk, county, NULL, demo_officer))
		rows = desk_run(desk, Q_command_actor, "county_code", demo_code, "role", "county",
				NULL);
	if (!rows)
		return 1;
	d.county = county;
	snprintf(d.growth.person, sizeof d.growth.person, "%s", pg_text(rows, 0, "person"));
	snprintf(d.growth.office, sizeof d.growth.office, "%s", pg_text(rows, 0, "office"));
	if (program_open(&d.program, c) && caller_open(&d.caller, &d.program)) {
		d.caller.token = token_make(c, rows, "county", NULL, NULL, 3600);
		if (d.caller.token && demo_play(&d))
			status = 0;
	}
	caller_close(&d.caller);
	program_close(&d.program);
	if (status)
		complain("the demonstration county is incomplete: begin with an empty database");
	else if (growth->teachers)
		printf("loaded the demonstration county %s (%s): %ld teachers\n", demo_name,
		       demo_code, growth->teachers);
	else
		printf("loaded the demonstration county %s (%s): %ld teachers, %ld rows of the "
		       "roster refused for their faults\n",
		       demo_name, demo_code, d.teachers, d.rejected);
	return status;
}

/* The number of option NAME from 1 to MOST, FALLBACK without it; 0 with a complaint. */
static long number_read(const char *name, const char *text, long most, long fallback)
{
	char *end;
	long number = text ? strtol(text, &end, 10) : fallback;

	if (!text || (number > 0 && number <= most && !*end))
		return number;
	complain("--%s %s: it is a number from 1 to %ld", name, text, most);
	return 0;
}

int command_demo(const struct config *c, int count, char **arguments)
{
	enum { CODE, TEACHERS, ENTRIES, OPTIONS };
	static const char *const list[] = {"code!", "teachers", "entries", NULL};
	static const char form[] = "demo [--code | --teachers N [--entries N]]";
	const char *values[OPTIONS] = {NULL}, *rest[1];
	const PGresult *rows = NULL;
	struct growth growth = {.entries = ENTRIES_FALLBACK};
	struct desk d;
	int rest_count, status = 1;

	if (!options_read(count, arguments, list, values, rest, 0, &rest_count) ||
	    (values[CODE] && values[TEACHERS]) || (values[ENTRIES] && !values[TEACHERS]))
		return usage(form);
	if (values[TEACHERS]) {
		growth.teachers = number_read("teachers", values[TEACHERS], TEACHERS_MOST, 0);
		growth.entries =
			number_read("entries", values[ENTRIES], ENTRIES_MOST, ENTRIES_FALLBACK);
		if (!growth.teachers || !growth.entries)
			return usage(form);
	}
	if (!c->development)
		return complain("a demonstration county is for development mode only "
				"(QINGLAN_DEVELOPMENT=on)");
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url))
		rows = desk_run(&d, Q_command_counties, "code", values[CODE] ? demo_code : NULL,
				NULL);
	if (rows && values[CODE]) {
		status = pg_rows(rows) ? printf("%s\n", demo_code) < 0 : 1;
	} else if (rows && pg_rows(rows)) {
		puts("there is a county already: nothing is loaded");
		status = 0;
	} else if (rows && (!growth.teachers || growth_fits(&d, &growth))) {
		status = demo_load(&d, c, &growth);
	}
	desk_close(&d);
	return status;
}
