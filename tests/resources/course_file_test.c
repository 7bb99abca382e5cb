/*
 * course_file_test.c -- the files of a course: who sees and changes them, and how they come back.
 */
#include "course.h"

#define PDF "%PDF-1.7 通知"
#define PNG "\x89PNG\r\n\x1a\n"

static struct answer *send_file(struct client *c, const char *course, const char *name,
				const char *type, const char *bytes)
{
	return call_bytes(c, "POST", text("%s/files?filename=%s", course, name), bytes,
			  strlen(bytes), "Content-Type", type, NULL);
}

/* A file 通知.pdf of a course: its address. */
static const char *kept(struct client *c, const char *course)
{
	struct answer *a = send_file(c, course, "%E9%80%9A%E7%9F%A5.pdf", "application/pdf", PDF);

	expect(a, 201, "{'name': '通知.pdf', 'media_type': 'application/pdf', 'version': 1}");
	return header_of(a, "Location");
}

/* Whether C finds the files of COURSE and can download the one at FILE. */
static bool sees(struct client *c, const char *course, const char *file)
{
	bool found = GET(c, "%s/files", course)->status == 200;

	assert_int_equal(GET(c, "%s", file)->status, found ? 200 : 404);
	return found;
}

static void a_file_is_sealed_and_comes_back_to_be_saved_under_its_name(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w->school, "'level': 'school', 'hours': 1");
	const char *path = kept(w->school, course);
	struct answer *a = GET(w->school, "%s", path);

	expect(a, 200, NULL);
	assert_string_equal(a->body, PDF);
	assert_string_equal(header_of(a, "Content-Type"), "application/octet-stream");
	assert_string_equal(header_of(a, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(
		header_of(a, "Content-Disposition"),
		"attachment; filename=\"______.pdf\"; filename*=UTF-8''%E9%80%9A%E7%9F%A5.pdf");
	expect_sql(w, "0",
		   "SELECT count(*) FROM file WHERE position('%PDF'::bytea IN content) > 0");
	expect(GET(w->school, "%s/files", course), 200,
	       text("{'data': [{'id': '%s', 'course_id': '%s', 'name': '通知.pdf', 'size': 15}]}",
		    id_of(path), id_of(course)));
}

static void the_name_of_a_file_cannot_add_to_a_header(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w->school, "'level': 'school', 'hours': 1");
	struct answer *a = send_file(w->school, course, "a%22;b%5C..%2F.png", "image/png", PNG);

	expect(a, 201, "{'name': 'a\\\";b\\\\../.png'}");
	a = GET(w->school, "%s", header_of(a, "Location"));
	assert_string_equal(
		header_of(a, "Content-Disposition"),
		"attachment; filename=\"a__b_.._.png\"; filename*=UTF-8''a%22%3Bb%5C..%2F.png");
	expect(send_file(w->school, course, "a%0Ab.png", "image/png", PNG), 400, NULL);
}

static void what_is_not_of_its_type_is_refused(void **state)
{
	static const struct {
		const char *type, *bytes;
		int status;
	} files[] = {
		{"image/png", PNG, 201},
		{"image/jpeg", "\xff\xd8\xff\xe0", 201},
		{"application/vnd.ms-powerpoint", "\xd0\xcf\x11\xe0", 201},
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		 "PK\x03\x04", 201},
		{"application/pdf", "MZ\x90", 415},
		{"image/png", "PN", 415},
		{"text/html", "<script>", 415},
		{"application/x-msdownload", "MZ\x90", 415},
		{"application/pdf", "", 400},
	};
	struct world *w = *state;
	const char *course = course_made(w->school, "'level': 'school', 'hours': 1");

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_int_equal(
			send_file(w->school, course, "a", files[i].type, files[i].bytes)->status,
			files[i].status);
	expect(send_file(w->school, course, "a.pdf", "application/pdf", "MZ"), 415,
	       "{'code': 'file-not-its-type', 'media_type': 'application/pdf'}");
}

static void whoever_sees_the_course_sees_its_files(void **state)
{
	struct world *w = *state;
	const char *own = course_made(w->school, "'level': 'school', 'hours': 1");
	const char *countys = course_made(w->county, "'level': 'county', 'hours': 1");
	const char *file = kept(w->school, own), *countys_file = kept(w->county, countys);

	/* A draft's are its organiser's and the county's. */
	assert_true(sees(w->school, own, file) && sees(w->county, own, file));
	assert_false(sees(w->teacher, own, file) || sees(w->other_school, own, file));
	assert_true(sees(w->county, countys, countys_file));
	assert_false(sees(w->school, countys, countys_file) ||
		     sees(w->teacher, countys, countys_file));
	expect(step(w->school, own, "open", NULL), 200, NULL);
	assert_true(sees(w->teacher, own, file));
	assert_false(sees(w->other_school, own, file) || sees(w->other_county, own, file));
	expect(step(w->county, countys, "submit", NULL), 200, NULL);
	expect(step(w->county, countys, "approve", NULL), 200, NULL);
	expect(step(w->county, countys, "open", NULL), 200, NULL);
	assert_true(sees(w->school, countys, countys_file) &&
		    sees(w->teacher, countys, countys_file));
	assert_false(sees(w->other_county, countys, countys_file));
	/* It is a file of its course alone, and no file of a list that was sent. */
	expect(GET(w->school, "%s/files/%s", own, id_of(countys_file)), 404, NULL);
	assert_int_equal(count_at(GET(w->school, "%s/files", own), "data"), 1);
}

static void only_the_organiser_adds_and_removes_files(void **state)
{
	struct world *w = *state;
	const char *course = course_open(w->county, "'level': 'county', 'hours': 1");
	const char *file = kept(w->county, course);

	expect(send_file(w->school, course, "a.pdf", "application/pdf", PDF), 404, NULL);
	expect(send_file(w->teacher, course, "a.pdf", "application/pdf", PDF), 403, NULL);
	expect(step(w->school, file, "remove", NULL), 404, NULL);
	expect(call(w->county, "POST", text("%s/remove", file), NULL, "If-Match", "\"2\"", NULL),
	       412, NULL);
	expect(step(w->county, file, "remove", NULL), 200, "{'name': '通知.pdf', 'version': 2}");
	expect(GET(w->county, "%s", file), 404, NULL);
	expect(step(w->county, file, "remove", NULL), 404, NULL);
	expect(GET(w->county, "%s/files", course), 200, "{'data': []}");
	expect_sql(w, "t", text("SELECT content IS NULL FROM file WHERE id = '%s'", id_of(file)));
	/* A course that is not held may still say why. */
	expect(step(w->county, course, "cancel", "{'reason': '暴雪'}"), 200, NULL);
	kept(w->county, course);
}

static void a_course_has_twenty_files_at_most(void **state)
{
	struct world *w = *state;
	const char *course = course_made(w->school, "'level': 'school', 'hours': 1");
	const char *first = kept(w->school, course);

	for (int i = 1; i < 20; i++)
		kept(w->school, course);
	expect(send_file(w->school, course, "a.pdf", "application/pdf", PDF), 409,
	       "{'code': 'too-many-files', 'most': 20}");
	expect(step(w->school, first, "remove", NULL), 200, NULL);
	kept(w->school, course);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_sealed_and_comes_back_to_be_saved_under_its_name),
		cmocka_unit_test(the_name_of_a_file_cannot_add_to_a_header),
		cmocka_unit_test(what_is_not_of_its_type_is_refused),
		cmocka_unit_test(whoever_sees_the_course_sees_its_files),
		cmocka_unit_test(only_the_organiser_adds_and_removes_files),
		cmocka_unit_test(a_course_has_twenty_files_at_most),
	};

	return cmocka_run_group_tests_name("course files", tests, world_begin, world_end);
}
