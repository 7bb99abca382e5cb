/*
 * disk_full_test.c -- the database's disk is full: nothing acknowledged is lost, what finds no
 * room is answered 503, and all is well again when there is room.
 *
 * Full is first a disk on which no file can grow, then one that takes no write at all, which
 * ends PostgreSQL; disk_full_preload.c makes both.
 */
#include "harness/state.h"
#include "harness/world.h"

#include "kernel/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { POSTS_MAX = 400 };

static char folder[] = "/tmp/qinglan-full.XXXXXX", library[100], flag[100];
static struct {
	char id[37];
	int status;
} posts[POSTS_MAX];
static int posted;

/* PostgreSQL's user may not be able to read the tree: the library is copied where it can. */
static bool library_copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	char buffer[4096];
	size_t length;
	bool whole = in && out;

	while (whole && (length = fread(buffer, 1, sizeof buffer, in)))
		whole = fwrite(buffer, 1, length, out) == length;
	if (in)
		fclose(in);
	return out && !fclose(out) && whole && !chmod(to, 0755);
}

/* The library stands beside this program. */
static int begin(void **state)
{
	char self[400], *slash;
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 40);
	int failed;

	if (length < 0 || !mkdtemp(folder) || chmod(folder, 0755))
		return -1;
	self[length] = '\0';
	slash = strrchr(self, '/');
	strcpy(slash, "/disk_full_preload.so");
	snprintf(library, sizeof library, "%s/preload.so", folder);
	snprintf(flag, sizeof flag, "%s/full", folder);
	if (!library_copy(self, library)) {
		print_error("%s is missing\n", self);
		return -1;
	}
	setenv("DISK_FULL_WHILE", flag, 1);
	setenv("LD_PRELOAD", library, 1);
	unsetenv("QINGLAN_CLUSTER");
	/* The throw-away cluster does not wait for its log; what is acknowledged here must. */
	setenv("PGOPTIONS", "-c synchronous_commit=on", 1);
	failed = world_begin(state);
	unsetenv("LD_PRELOAD");
	return failed;
}

static int end(void **state)
{
	int failed = *state ? world_end(state) : -1;

	unlink(flag);
	unlink(library);
	rmdir(folder);
	return failed;
}

/* With CONTENT in the flag nothing at all can be written. */
static void disk_fill(const char *content)
{
	FILE *file = fopen(flag, "we");

	assert_non_null(file);
	fputs(content, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(flag, 0644), 0);
}

static void disk_free(void)
{
	assert_int_equal(unlink(flag), 0);
}

/* Posts hour number N, with much text; remembers what it was answered. */
static int post(struct world *w, int n)
{
	char text_500[501];
	struct answer *a;

	memset(text_500, 'x', 500);
	text_500[500] = '\0';
	a = call(
		w->county, "POST", "/v1/hour-entries",
		text("{'teacher_id': '%s', 'hours': 0.01, 'level': 'county', 'activity_on': '2026-10-10', "
		     "'source': {'kind': 'adjustment', 'key': 'full-%d'}, 'note': '%s', 'evidence': '%s'}",
		     w->teacher_a1, n, text_500, text_500),
		"Idempotency-Key", text("full-%d", n), NULL);
	posts[n].status = a->status;
	if (a->status == 201) {
		snprintf(posts[n].id, sizeof posts[n].id, "%s", text_at(a, "id"));
	} else {
		expect(a, 503, NULL);
		assert_true(strtol(header_of(a, "Retry-After"), NULL, 10) >= 1);
	}
	return a->status;
}

/* What was acknowledged is there, and what was not is there once after it is asked again. */
static void expect_nothing_lost(struct world *w)
{
	int i;

	for (i = 0; i < posted; i++)
		if (posts[i].status == 201)
			expect(GET(w->county, "/v1/hour-entries/%s", posts[i].id), 200,
			       text("{'source': {'kind': 'adjustment', 'key': 'full-%d'}}", i));
	for (i = 0; i < posted; i++)
		if (posts[i].status != 201)
			assert_int_equal(post(w, i), 201);
	assert_int_equal(
		strtol(world_value(w, "SELECT count(*)::text FROM hour_entry", NULL), NULL, 10),
		posted);
	assert_int_equal(
		strtol(world_value(w, "SELECT count(DISTINCT source_key)::text FROM hour_entry",
				   NULL),
		       NULL, 10),
		posted);
}

static void expect_recovery(struct world *w)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	int64_t until = clock_monotonic_ns() + (int64_t)20 * 1000000000;

	while (GET(w->county, "/v1/schools")->status != 200) {
		assert_true(clock_monotonic_ns() < until);
		nanosleep(&pause, NULL);
	}
}

static void when_no_file_can_grow_writes_are_refused_and_reads_go_on(void **state)
{
	struct world *w = *state;
	int refused = 0;

	while (posted < 20)
		assert_int_equal(post(w, posted++), 201);
	disk_fill("");
	while (posted < POSTS_MAX / 2 && refused < 10)
		refused += post(w, posted++) == 503;
	assert_int_equal(refused, 10);
	expect(GET(w->county, "/v1/hour-entries/%s", posts[0].id), 200, NULL);
	expect(GET(w->county, "/v1/teachers/%s/hours?page_size=500", w->teacher_a1), 200, NULL);
	disk_free();
	expect_recovery(w);
	expect_nothing_lost(w);
}

static void when_nothing_can_be_written_nothing_acknowledged_is_lost(void **state)
{
	struct world *w = *state;
	int more = posted + 20, i;

	while (posted < more)
		assert_int_equal(post(w, posted++), 201);
	disk_fill("full");
	for (i = 0; i < 5; i++)
		assert_int_equal(post(w, posted++), 503);
	disk_free();
	/* PostgreSQL may have given up; whoever keeps it running starts it again. */
	setenv("LD_PRELOAD", library, 1);
	assert_true(cluster_restart(w->cluster));
	unsetenv("LD_PRELOAD");
	expect_recovery(w);
	expect_nothing_lost(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_no_file_can_grow_writes_are_refused_and_reads_go_on),
		cmocka_unit_test(when_nothing_can_be_written_nothing_acknowledged_is_lost),
	};

	return cmocka_run_group_tests_name("disk full", tests, begin, end);
}
