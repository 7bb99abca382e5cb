/*
 * year.h -- what stories of a county's year tell with: its schools and their officers, teachers and
 * their classes, courses from opening to settlement, requirements and where somebody stands.
 *
 * All of it goes through the API.  Answers live as long as the story, so the ids and addresses
 * that these functions give may be kept.
 */
#ifndef QINGLAN_STORY_YEAR_H
#define QINGLAN_STORY_YEAR_H

#include "harness/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNTY "990101" /* of every story; its officer is the bureau */

/* A school, and the officer of its moral-education office, who calls for it. */
struct school {
	const char *code, *name, *officer; /* who she is, given by the story */
	const char *id;
	struct wire office;
	struct school *next; /* of those that opened */
};

static struct school *schools_open;

/* Everybody of the story goes home; group tear-down. */
static inline int year_end(void **state)
{
	for (struct school *k = schools_open; k; k = k->next)
		wire_close(&k->office);
	schools_open = NULL;
	return story_end(state);
}

/* The address, or the id, of what was made. */
static inline const char *made(const struct answer *a)
{
	expect(a, 201, NULL);
	return header_of(a, "Location");
}

static inline const char *id_made(const struct answer *a)
{
	expect(a, 201, NULL);
	return text_at(a, "id");
}

/* The one of a list whose MEMBER begins with VALUE, or NULL. */
static inline json_t *one_of(const struct answer *list, const char *member, const char *value)
{
	json_t *one;
	size_t i;

	expect(list, 200, NULL);
	json_array_foreach(json_at(list, "data"), i, one)
		if (!strncmp(json_string_value(json_object_get(one, member)), value, strlen(value)))
			return one;
	return NULL;
}

/* The id of a thing by its address. */
static inline const char *id_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Takes what is at PATH a step further, as read last: PATH/VERB; BODY may be NULL. */
static inline struct answer *step(struct story *s, struct wire *who, const char *path,
				  const char *verb, const char *body)
{
	return wire_ask(who, "POST", say("%s/%s", path, verb), body, "Idempotency-Key",
			say("story-%d", ++s->keys), "If-Match", "*", NULL);
}

/* --- the county --- */

/* DAY comes, at ten in the morning; or an instant of it, as "2026-10-15 18:00". */
static inline void day_comes(struct story *s, const char *day)
{
	run(s, "clock", "--county", COUNTY, "--set", strlen(day) > 10 ? day : say("%s 10:00", day),
	    NULL, NULL);
}

/* The calendar has the school years that begin in FIRST to LAST, of two terms each. */
static inline void school_years(struct story *s, int first, int last)
{
	struct answer *known = get(&s->bureau, "/v1/school-years?page_size=100");

	for (int y = first; y <= last; y++) {
		const char *from = say("%d-09-01", y), *year;

		if (one_of(known, "started_on", from))
			continue;
		year = id_made(post(s, &s->bureau, "/v1/school-years",
				    say("{'name': '%d-%d学年', 'started_on': '%s', 'ended_on': "
					"'%d-08-31'}",
					y, y + 1, from, y + 1)));
		made(post(s, &s->bureau, "/v1/terms",
			  say("{'school_year_id': '%s', 'name': '第一学期', 'number': 1, "
			      "'started_on': '%s', 'ended_on': '%d-01-31'}",
			      year, from, y + 1)));
		made(post(s, &s->bureau, "/v1/terms",
			  say("{'school_year_id': '%s', 'name': '第二学期', 'number': 2, "
			      "'started_on': '%d-02-01', 'ended_on': '%d-08-31'}",
			      year, y + 1, y + 1)));
	}
}

/* The county of the story with its bureau, whose service starts on DAY. */
static inline void county_begins(struct story *s, const char *name, const char *officer,
				 const char *day, int first_year, int last_year)
{
	run(s, "county", "add", COUNTY, name, "--officer", officer, NULL);
	/* She holds her office from today's date: on the day of the story she does not yet. */
	acts_as(s, &s->bureau, COUNTY, "county", NULL, NULL);
	day_comes(s, day);
	assert_true(process_start(&s->service) && process_await(&s->service, 20000));
	school_years(s, first_year, last_year);
}

/* The id of the term NUMBER (1, 2) of the school year that began in YEAR. */
static inline const char *term(struct story *s, int year, int number)
{
	const char *begins = say("%d-%s", year + number - 1, number == 1 ? "09" : "02");

	return json_string_value(json_object_get(
		one_of(get(&s->bureau, "/v1/terms?page_size=100"), "started_on", begins), "id"));
}

/* The id of the county's module, or mode, with this code. */
static inline const char *listed(struct story *s, const char *list, const char *code)
{
	return json_string_value(json_object_get(
		one_of(get(&s->bureau, say("/v1/%s?page_size=500", list)), "code", code), "id"));
}

static inline const char *module(struct story *s, const char *code)
{
	return listed(s, "modules", code);
}

/* --- schools and people --- */

/* A primary school with its officer, who holds her office from FROM. */
static inline void school_opens(struct story *s, struct school *k, const char *from)
{
	const char *office, *person;

	k->id = id_made(
		post(s, &s->bureau, "/v1/schools",
		     say("{'code': '%s', 'name': '%s', 'stages': ['primary']}", k->code, k->name)));
	person = id_made(post(
		s, &s->bureau, "/v1/officers",
		say("{'name': '%s', 'title': '德育主任', 'school_id': '%s'}", k->officer, k->id)));
	office = text_at(get(&s->bureau, say("/v1/offices?school_id=%s", k->id)), "data/0/id");
	made(post(s, &s->bureau, say("/v1/offices/%s/holders", office),
		  say("{'person_id': '%s', 'started_on': '%s'}", person, from)));
	acts_as(s, &k->office, COUNTY, "school", "--school", k->code);
	k->next = schools_open;
	schools_open = k;
}

/* A teacher who works in a school from FROM; MORE: members of the body (", 'gender': …") or "". */
static inline const char *hired(struct story *s, const struct school *k, const char *name,
				const char *from, const char *more)
{
	return id_made(post(s, &s->bureau, "/v1/teachers",
			    say("{'name': '%s', 'school_id': '%s', 'started_on': '%s'%s}", name,
				k->id, from, more)));
}

/* The name of the Nth (from 0) of up to 400 teachers whose names the story does not care for. */
static inline const char *nth_name(int n)
{
	static const char surnames[] = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许";
	static const char given[] = "晓明淑英国强丽华志刚秀兰文杰雪梅永康春燕"
				    "德胜玉珍海涛桂芳立新红霞建平小玲学军美娟";

	return say("%.3s%.6s", surnames + n % 20 * 3, given + n / 20 % 20 * 6);
}

/* From now on s->teacher is this one; what the one before was answered stays. */
static inline void teacher_calls(struct story *s, const char *teacher)
{
	struct wire before = s->teacher;

	acts_as(s, &s->teacher, COUNTY, "teacher", "--person", teacher);
	if (before.arena) {
		socket_close(&before.socket);
		arena_free(s->teacher.arena);
		s->teacher.arena = before.arena;
	}
}

/* A class of a primary school by entry year and number: its id. */
static inline const char *class_made(struct story *s, struct school *k, int entry_year, int number)
{
	return id_made(post(
		s, &k->office, "/v1/classes",
		say("{'stage': 'primary', 'entry_year': %d, 'number': %d}", entry_year, number)));
}

/*
 * A school nominates a teacher, finds her qualified and appoints her from FROM on, without a
 * letter; CLASS is NULL for reserves.  The address of the appointment.
 */
static inline const char *appointed(struct story *s, struct school *k, const char *teacher,
				    const char *class, const char *kind, const char *from)
{
	const char *path = made(post(s, &k->office, "/v1/appointments",
				     say("{'teacher_id': '%s', 'kind': '%s'%s}", teacher, kind,
					 class ? say(", 'class_id': '%s'", class) : "")));

	expect(step(s, &k->office, path, "review",
		    "{'conditions': [{'code': 'conduct', 'met': true}]}"),
	       200, "{'state': 'qualified'}");
	expect(step(s, &k->office, path, "appoint", say("{'started_on': '%s'}", from)), 200, NULL);
	return path;
}

/* A homeroom teacher, hired and at the head of class NUMBER of ENTRY_YEAR from FROM on. */
static inline const char *leads(struct story *s, struct school *k, const char *name, int entry_year,
				int number, const char *from)
{
	const char *teacher = hired(s, k, name, from, "");

	appointed(s, k, teacher, class_made(s, k, entry_year, number), "homeroom", from);
	return teacher;
}

/* --- courses --- */

/* A course of WHO, open: of a school by itself, of the county when it approved it; its address. */
static inline const char *course_opened(struct story *s, struct wire *who, const char *title,
					const char *members)
{
	const char *path =
		made(post(s, who, "/v1/courses", say("{'title': '%s', %s}", title, members)));

	if (who == &s->bureau) {
		expect(step(s, who, path, "submit", NULL), 200, NULL);
		expect(step(s, who, path, "approve", NULL), 200, NULL);
	}
	expect(step(s, who, path, "open", NULL), 200, "{'state': 'open'}");
	return path;
}

/* A session of MINUTES from an hour of DAY ("09:00") on: its address under /v1/sessions. */
static inline const char *session_planned(struct story *s, struct wire *who, const char *course,
					  const char *day, const char *hour, int minutes)
{
	return made(
		post(s, who, say("%s/sessions", course),
		     say("{'starts_at': '%sT%s:00+08:00', 'minutes': %d}", day, hour, minutes)));
}

/* All whom the course is for are in it but EXCEPT ("{'teacher_id': …, 'reason': …}, …"). */
static inline void whole_audience(struct story *s, struct wire *who, const char *course,
				  const char *except)
{
	expect(post(s, who, say("%s/enrol-audience", course), say("{'except': [%s]}", except)), 200,
	       NULL);
}

/* One person more, entered and so admitted by the organiser: the address of the enrolment. */
static inline const char *enrolled(struct story *s, struct wire *who, const char *course,
				   const char *teacher)
{
	struct answer *a =
		post(s, who, "/v1/enrolments",
		     say("{'course_id': '%s', 'teacher_id': '%s'}", id_of(course), teacher));

	expect(a, 201, "{'state': 'admitted'}");
	return header_of(a, "Location");
}

/* The sheet of a session: all present but EXCEPT ("{'teacher_id': …, 'state': 'absent'}, …"). */
static inline void all_present_but(struct story *s, struct wire *who, const char *session,
				   const char *except)
{
	expect(post(s, who, say("/v1/sessions/%s/attendance", id_of(session)),
		    say("{'except': [%s]}", except)),
	       200, NULL);
}

static inline const char *absent(const char *teacher)
{
	return say("{'teacher_id': '%s', 'state': 'absent'}", teacher);
}

/* Closes a course and settles it as the preview says: what came of it. */
static inline struct answer *settled(struct story *s, struct wire *who, const char *course)
{
	struct answer *preview, *a;

	expect(step(s, who, course, "close", NULL), 200, NULL);
	preview = get(who, say("%s/settlement", course));
	expect(preview, 200, "{'unrecorded_sessions': 0}");
	a = post(s, who, say("%s/settle", course), say("{'plan': '%s'}", text_at(preview, "plan")));
	expect(a, 200, "{'state': 'settled'}");
	return a;
}

/*
 * A course of one session from beginning to end: opened, its whole audience in it but NOT_IN, held
 * on DAY with all present but ABSENT, and settled that evening.  What came of it.
 */
static inline struct answer *course_held(struct story *s, struct wire *who, const char *title,
					 const char *members, const char *not_in, const char *day,
					 const char *absent_ones)
{
	const char *course = course_opened(s, who, title, members);
	const char *session = session_planned(s, who, course, day, "14:00", 180);

	whole_audience(s, who, course, not_in);
	day_comes(s, say("%s 18:00", day));
	all_present_but(s, who, session, absent_ones);
	return settled(s, who, course);
}

/* --- requirements --- */

/* The county sets a requirement: its id. */
static inline const char *required(struct story *s, const char *body)
{
	return id_made(post(s, &s->bureau, "/v1/requirements", body));
}

/* Where somebody stands in a requirement, in the window of DAY; NULL: it does not concern her. */
static inline json_t *standing(struct story *s, const char *teacher, const char *requirement,
			       const char *day)
{
	return one_of(get(&s->bureau,
			  say("/v1/teachers/%s/requirements?on=%s&page_size=100", teacher, day)),
		      "requirement_id", requirement);
}

/* The same, asserted to be as PATTERN says. */
static inline void stands_at(struct story *s, const char *teacher, const char *requirement,
			     const char *day, const char *pattern, const char *file, int line)
{
	struct answer hers = {.status = 200, .request = "where she stands"};
	static char *told;

	hers.json = standing(s, teacher, requirement, day);
	free(told);
	hers.body = told = hers.json ? json_dumps(hers.json, 0) : NULL;
	expect_at(&hers, 200, pattern, file, line);
}
#define stands(s, teacher, requirement, day, pattern)                                              \
	stands_at(s, teacher, requirement, day, pattern, __FILE__, __LINE__)

/* Who is short in the window of DAY and by how much, by name: "金琪 4, 谭敏军 30", or "". */
static inline const char *who_is_short(struct wire *who, const char *requirement, const char *day)
{
	struct answer *a = get(who, say("/v1/reports/short?requirement_id=%s&on=%s&page_size=500",
					requirement, day));
	const char *all = "";
	json_t *one;
	size_t i;

	expect(a, 200, NULL);
	json_array_foreach(json_at(a, "data"), i, one)
		all = say("%s%s%s %g", all, i ? ", " : "",
			  json_string_value(json_object_get(one, "name")),
			  json_number_value(json_object_get(one, "short")));
	return all;
}

/* The county's report on a requirement in the window of DAY. */
static inline struct answer *compliance(struct story *s, const char *requirement, const char *day)
{
	return get(&s->bureau,
		   say("/v1/reports/compliance?requirement_id=%s&on=%s", requirement, day));
}

/* What the ledger holds of somebody. */
static inline struct answer *balance(struct story *s, const char *teacher)
{
	return get(&s->bureau, say("/v1/teachers/%s/hours/balance", teacher));
}

/* The chains of the ledger hold, and the service ends without a fault of its own. */
static inline void year_ends_well(struct story *s)
{
	assert_non_null(
		strstr(run(s, "verify", "--county", COUNTY, NULL, NULL, NULL, NULL), ", 0 faults"));
	assert_int_equal(process_stop(&s->service), 0);
	assert_false(process_said(&s->service, "internal-error"));
}

#endif
