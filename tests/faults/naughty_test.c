/*
 * naughty_test.c -- strings and bodies that broke other programs, through the whole stack.
 *
 * A string is stored and returned unchanged in a free-text member, or refused with a clear
 * problem.  The published lists are read in place where they are at hand (QINGLAN_VECTORS or
 * ../shared/data); the strings here cover the same ground without them.
 */
#include "harness/state.h"
#include "harness/world.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const own_strings[] = {
	"null",
	"undefined",
	"NaN",
	"-1E+400",
	"0x10",
	"'; DROP TABLE school; --",
	"' OR 1=1 --",
	"$1 :name %s %n {0} ${HOME} `id`",
	"\\",
	"\"",
	"\\u0000 as text",
	"a\tb\nc\rd",
	"<script>alert(1)</script>&amp;",
	"=1+1",
	"..//../etc/passwd",
	"\xEF\xBB\xBF with a byte order mark",
	"\xE2\x80\xAE turned round \xE2\x81\xA6", /* NOLINT(misc-misleading-bidirectional): meant */
	"zero\xE2\x80\x8Bwidth\xE2\x81\xA0",
	"\xC2\xA0\xE3\x80\x80 blanks",
	"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7",
	"\xF0\xA0\xAE\xB7\xF0\xAB\x9F\xB9 rare \xE3\x90\x80",
	"e\xCC\x81 is not \xC3\xA9",
	"\xEF\xBF\xBE\xEF\xBF\xBF\xF4\x8F\xBF\xBF",
	"Z\xCC\x8D\xCC\x97\xCC\xB0\xCC\xAE\xCC\x9E",
};

/* STRING in a query or path, every byte of it escaped. */
static const char *escaped(struct world *w, const char *string)
{
	size_t length = strlen(string), i;
	char *out = arena_alloc(w->arena, length * 3 + 1);

	assert_non_null(out);
	for (i = 0; i < length; i++)
		sprintf(out + 3 * i, "%%%02X", (unsigned char)string[i]);
	return out;
}

/* One of the answers that a request with such a string may have; never 5xx. */
static void expect_clear(const struct answer *a)
{
	if (a->status >= 200 && a->status < 300)
		return;
	if (a->status >= 400 && a->status < 500 && json_string_value(json_at(a, "code")))
		return;
	fail_msg("%s answered %d %.1000s", a->request, a->status, a->body);
}

/* Sends BODY (stolen); when it was made, MEMBER of what is read afterwards must be STRING. */
static bool kept_as_sent(struct client *c, const char *target, json_t *body, const char *member,
			 const char *string)
{
	char *dumped = json_dumps(body, 0);
	struct answer *a = call_bytes(c, "POST", target, dumped, strlen(dumped), NULL);
	char location[200];

	free(dumped);
	json_decref(body);
	expect_clear(a);
	if (a->status != 201)
		return false;
	assert_string_equal(text_at(a, member), string);
	snprintf(location, sizeof location, "%s", header_of(a, "Location"));
	a = GET(c, "%s", location);
	expect(a, 200, NULL);
	assert_string_equal(text_at(a, member), string);
	return true;
}

/* STRING in every place where a stranger may put it; true when the free text took it. */
static bool everywhere(struct world *w, const char *string)
{
	static int number;
	char code[20], key[40];
	const char *safe = escaped(w, string);
	bool kept;

	snprintf(key, sizeof key, "naughty-%d", ++number);
	kept = kept_as_sent(w->county, "/v1/hour-entries",
			    json_pack("{ss sf ss ss s{ss ss} ss}", "teacher_id", w->teacher_a1,
				      "hours", 0.5, "level", "county", "activity_on", "2026-10-10",
				      "source", "kind", "adjustment", "key", key, "note", string),
			    "note", string);
	snprintf(code, sizeof code, "21991%05d", number);
	kept_as_sent(w->county, "/v1/schools",
		     json_pack("{ss ss s[s] ss}", "code", code, "name", "某校", "stages", "primary",
			       "town", string),
		     "town", string);
	expect_clear(call(w->county, "GET", arena_printf(w->arena, "/v1/schools?q=%s", safe), NULL,
			  NULL));
	expect_clear(call(w->county, "GET", arena_printf(w->arena, "/v1/teachers?q=%s", safe), NULL,
			  NULL));
	expect_clear(call(w->county, "GET", arena_printf(w->arena, "/v1/schools?%s=1", safe), NULL,
			  NULL));
	expect_clear(
		call(w->county, "GET", arena_printf(w->arena, "/v1/schools/%s", safe), NULL, NULL));
	expect_clear(call(w->county, "GET", "/v1/schools", NULL, "X-Request-Id", string,
			  "Accept-Language", string, "traceparent", string, "If-None-Match", string,
			  NULL));
	expect_clear(call(w->county, "POST", "/v1/schools?validate_only=true", "{}",
			  "Idempotency-Key", *string ? string : "k", NULL));
	expect_clear(call(w->county, "GET", "/v1/schools", NULL, "Accept", string, NULL));
	return kept;
}

/* What the contract calls text: something, without control characters but tabs and line ends. */
static bool is_text(const char *string)
{
	const char *at;

	for (at = string; *at; at++)
		if ((*at > 0 && *at < ' ' && !strchr("\t\n\r", *at)) || *at == 0x7F)
			return false;
	return *string;
}

static void control_characters_are_refused_where_they_stand(void **state)
{
	static const char *const strings[] = {"\x01", "a\x08",
					      "\x1F"
					      "b",
					      "a\x7F"
					      "b",
					      "\x0B"};
	struct world *w = *state;
	const char *before = world_state(w);
	size_t i;

	for (i = 0; i < sizeof strings / sizeof *strings; i++) {
		json_t *body =
			json_pack("{ss sf ss ss s{ss ss} ss}", "teacher_id", w->teacher_a1, "hours",
				  0.5, "level", "county", "activity_on", "2026-10-10", "source",
				  "kind", "adjustment", "key", "control", "note", strings[i]);
		char *dumped = json_dumps(body, 0);
		struct answer *a = call_bytes(w->county, "POST", "/v1/hour-entries", dumped,
					      strlen(dumped), NULL);

		free(dumped);
		json_decref(body);
		expect(a, 422, NULL);
		expect_error(a, "#/note", "pattern");
	}
	expect_state(w, before);
}

static void our_own_strings_come_back_as_they_went_in(void **state)
{
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof own_strings / sizeof *own_strings; i++)
		if (!everywhere(w, own_strings[i]))
			fail_msg("refused: %s", own_strings[i]);
}

static const char *vectors(void)
{
	const char *folder = getenv("QINGLAN_VECTORS");

	return folder ? folder : "../shared/data";
}

static void the_naughty_strings_come_back_as_they_went_in(void **state)
{
	struct world *w = *state;
	json_t *list = json_load_file(text("%s/naughty-strings.json", vectors()), 0, NULL), *string;
	size_t i, wrong = 0;

	if (!list) {
		print_message("left out: no naughty-strings.json in %s\n", vectors());
		return;
	}
	json_array_foreach(list, i, string)
		wrong += everywhere(w, json_string_value(string)) !=
			 is_text(json_string_value(string));
	assert_int_equal(wrong, 0);
	assert_true(i > 400);
	json_decref(list);
}

/* What RFC 8259 allows and we do not: names twice, NUL in strings. */
static bool refused_by_choice(const char *name)
{
	return strstr(name, "duplicated_key") || strstr(name, "escaped_null") ||
	       strstr(name, "null_escape");
}

/* Sends a file as body to a place that reads JSON; false with a line when judged wrongly. */
static bool judged_rightly(struct world *w, const char *folder, const char *name)
{
	FILE *file = fopen(text("%s/%s", folder, name), "re");
	char *bytes = arena_alloc(w->arena, 1 << 20);
	struct answer *a;
	size_t length;

	assert_non_null(file);
	length = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	a = call_bytes(w->county, "POST", "/v1/schools", bytes, length, NULL);
	expect_clear(a);
	/* Read, it is no school (422); a body that is no JSON is 400. */
	if (*name == 'i' || a->status == (*name == 'n' || refused_by_choice(name) ? 400 : 422))
		return true;
	print_error("%s: %d %s\n", name, a->status, a->body);
	return false;
}

static void the_json_parsing_files_are_judged_rightly_over_the_whole_way(void **state)
{
	struct world *w = *state;
	const char *before = world_state(w);
	char folder[300];
	struct dirent *entry;
	int files = 0, wrong = 0;
	DIR *d;

	snprintf(folder, sizeof folder, "%s/json-parsing/test_parsing", vectors());
	d = opendir(folder);
	if (!d) {
		print_message("left out: the JSON parsing files are not in %s\n", folder);
		return;
	}
	while ((entry = readdir(d))) {
		if (entry->d_name[1] != '_')
			continue;
		files++;
		wrong += !judged_rightly(w, folder, entry->d_name);
	}
	closedir(d);
	assert_true(files > 300);
	assert_int_equal(wrong, 0);
	expect_state(w, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_refused_where_they_stand),
		cmocka_unit_test(our_own_strings_come_back_as_they_went_in),
		cmocka_unit_test(the_naughty_strings_come_back_as_they_went_in),
		cmocka_unit_test(the_json_parsing_files_are_judged_rightly_over_the_whole_way),
	};

	return cmocka_run_group_tests_name("naughty", tests, world_begin, world_end);
}
