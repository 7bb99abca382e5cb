/*
 * calendar_feed_test.c -- everybody's calendar (RFC 5545) of the courses that she holds or was
 * admitted to.
 */
#include "course.h"

static const char *calendar(struct client *c)
{
	struct answer *a = call(c, "GET", "/v1/me/calendar", NULL, "Accept", "text/calendar", NULL);

	expect(a, 200, NULL);
	assert_string_equal(header_of(a, "Content-Type"), "text/calendar; charset=utf-8");
	return a->body;
}

/* The event of the session at PATH from its UID to its end, until the next call; "" = none. */
static const char *event_of(const char *feed, const char *path)
{
	static char event[4000];
	const char *at = strstr(feed, text("UID:%s\r\n", id_of(path)));
	const char *end = at ? strstr(at, "END:VEVENT\r\n") : NULL;

	snprintf(event, sizeof event, "%.*s", end ? (int)(end - at) : 0, at ? at : "");
	return event;
}

static void one_has_the_sessions_of_her_courses_and_no_others(void **state)
{
	struct world *w = *state;
	const char *held = course_open(
		w->school,
		text("'level': 'school', 'hours': 2, 'instructor_ids': ['%s']", w->teacher_a1));
	const char *attended = course_open(w->county, "'level': 'county', 'hours': 6");
	const char *waited = course_open(w->county, "'level': 'county', 'hours': 6");
	const char *prepared = course_made(
		w->school,
		text("'level': 'school', 'hours': 2, 'instructor_ids': ['%s']", w->teacher_a1));
	const char *sessions[] = {session_made(w->school, held, "2026-11-01T01:00:00Z"),
				  session_made(w->county, attended, "2026-11-02T01:00:00Z"),
				  session_made(w->county, waited, "2026-11-03T01:00:00Z"),
				  session_made(w->school, prepared, "2026-11-04T01:00:00Z"),
				  session_made(w->county, attended, "2025-10-01T01:00:00Z")};
	const bool hers[] = {true, true, false, false, false};
	const char *feed;

	enrolled(w, attended, w->teacher_a1, "admitted");
	enrolled(w, waited, w->teacher_a1, "waiting");
	feed = calendar(w->teacher);
	for (size_t i = 0; i < sizeof hers / sizeof *hers; i++)
		assert_int_equal(*event_of(feed, sessions[i]) != '\0', hers[i]);
	assert_memory_equal(feed, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", 30);
	assert_string_equal(feed + strlen(feed) - 15, "END:VCALENDAR\r\n");
	assert_null(strstr(calendar(w->county), "VEVENT"));
	assert_null(strstr(calendar(w->client), "VEVENT"));
}

static void a_session_is_told_in_utc_and_by_its_version(void **state)
{
	struct world *w = *state;
	const char *course = course_open(
		w->school,
		text("'level': 'school', 'hours': 2, 'instructor_ids': ['%s']", w->teacher_a1));
	const char *path = session_made(w->school, course, "2026-11-01T09:00:00+08:00");
	const char *event = event_of(calendar(w->teacher), path);

	assert_non_null(strstr(event, "\r\nSEQUENCE:1\r\nSTATUS:CONFIRMED\r\n"
				      "DTSTART:20261101T010000Z\r\nDTEND:20261101T030000Z\r\n"
				      "SUMMARY:研修\r\nLOCATION:礼堂\r\n"));
	assert_non_null(strstr(event, "\r\nDTSTAMP:20261015T0200"));
	expect(PATCH(w->school, path, "*", "{'place': null, 'theme': '家访'}"), 200, NULL);
	event = event_of(calendar(w->teacher), path);
	assert_non_null(strstr(event, "\r\nSEQUENCE:2\r\n"));
	assert_non_null(strstr(event, "\r\nSUMMARY:研修：家访\r\n"));
	assert_null(strstr(event, "LOCATION"));
	expect(step(w->school, path, "cancel", NULL), 200, NULL);
	event = event_of(calendar(w->teacher), path);
	assert_non_null(strstr(event, "\r\nSEQUENCE:3\r\nSTATUS:CANCELLED\r\n"));
}

static void a_cancelled_course_is_cancelled_in_the_calendars_of_those_who_had_a_place(void **state)
{
	struct world *w = *state;
	const char *course = course_open(w->county, "'level': 'county', 'hours': 6");
	const char *path = session_made(w->county, course, "2026-11-02T01:00:00Z");

	enrolled(w, course, w->teacher_a1, "admitted");
	expect(step(w->county, course, "cancel", "{'reason': '停办'}"), 200, NULL);
	assert_non_null(strstr(event_of(calendar(w->teacher), path),
			       "\r\nSEQUENCE:2\r\nSTATUS:CANCELLED\r\n"));
}

static void texts_are_escaped_and_long_lines_folded(void **state)
{
	static const char *const place =
		"中心校；三楼, 东侧; 反斜\\\\杠 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十"
		"abcdefghijklmnopqrstuvwxyz";
	struct world *w = *state;
	const char *course = course_open(
		w->school,
		text("'level': 'school', 'hours': 2, 'instructor_ids': ['%s']", w->teacher_a1));
	struct answer *a = POST(
		w->school, text("%s/sessions", course),
		text("{'starts_at': '2026-11-01T01:00:00Z', 'minutes': 60, 'place': '%s'}", place));
	const char *feed = calendar(w->teacher), *line, *end;
	char unfolded[4000], *to = unfolded;

	for (line = feed; *line; line = end + 2) {
		end = strstr(line, "\r\n");
		assert_non_null(end);
		assert_true(end - line <= 75);
		/* No character is cut. */
		assert_int_not_equal((line[*line == ' '] & 0xC0), 0x80);
	}
	line = event_of(feed, header_of(a, "Location"));
	while (*line) {
		if (!strncmp(line, "\r\n ", 3))
			line += 3;
		*to++ = *line++;
	}
	*to = '\0';
	assert_non_null(strstr(
		unfolded,
		"\r\nLOCATION:中心校；三楼\\, 东侧\\; 反斜\\\\杠 一二三四五六七八九十一二三四五六七"
		"八九十一二三四五六七八九十abcdefghijklmnopqrstuvwxyz\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_has_the_sessions_of_her_courses_and_no_others),
		cmocka_unit_test(a_session_is_told_in_utc_and_by_its_version),
		cmocka_unit_test(
			a_cancelled_course_is_cancelled_in_the_calendars_of_those_who_had_a_place),
		cmocka_unit_test(texts_are_escaped_and_long_lines_folded),
	};

	return cmocka_run_group_tests_name("calendar feed", tests, world_begin, world_end);
}
