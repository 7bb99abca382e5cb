/*
 * import_list.h -- sending lists, committing them and looking at their rows, for the tests of
 * imports.
 */
#ifndef QINGLAN_TEST_IMPORT_LIST_H
#define QINGLAN_TEST_IMPORT_LIST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/world.h"

/* A header, and a list of two teachers of school A1. */
#define HEAD "学校标识码,姓名,身份证号,出生年月,职称,联系电话,担任班级,任职类型,任班主任起始时间\n"
#define TWO                                                                                               \
	HEAD "2199700001,周甲,,1990-01-01,一级教师,13000000001,三年级(1)班,班主任,2020-09\n" \
	     "2199700001,吴乙,,1991-01-01,,,三年级(2)班,班主任,2026-09\n"

/* --- sending and looking --- */

static inline char *file_bytes(struct world *w, const char *path, size_t *length)
{
	FILE *f = fopen(path, "rb");
	char *bytes = arena_alloc(w->arena, 1 << 20);

	if (!f || !bytes)
		fail_msg("%s cannot be read", path);
	*length = fread(bytes, 1, (1 << 20) - 1, f);
	fclose(f);
	return bytes;
}

static inline struct answer *send_bytes(struct client *c, const char *target, const char *bytes,
					size_t length)
{
	return call_bytes(c, "POST", target, bytes, length, "Content-Type", "text/csv", NULL);
}

/* The id of the import that BYTES became, read by its job. */
static inline const char *import_bytes(struct world *w, struct client *c, const char *kind,
				       const char *bytes, size_t length)
{
	struct answer *a =
		send_bytes(c, text("/v1/%s-imports?filename=list.csv", kind), bytes, length);

	expect(a, 202, "{'state': 'reading'}");
	assert_string_equal(header_of(a, "Location"), text("/v1/jobs/%s", text_at(a, "job_id")));
	world_jobs(w);
	return text_at(a, "id");
}

static inline const char *import_text(struct world *w, struct client *c, const char *kind,
				      const char *csv)
{
	return import_bytes(w, c, kind, csv, strlen(csv));
}

/* Purges an import with its files, as when their time is over. */
static inline void import_forget(struct world *w, const char *id)
{
	world_value(w,
		    "UPDATE import SET purge_at = '2000-01-01' WHERE id = $1::uuid RETURNING 'x'",
		    id, NULL);
	world_value(w,
		    "UPDATE file f SET purge_at = '2000-01-01' FROM import_part p "
		    "WHERE p.import = $1::uuid AND f.id = p.file RETURNING 'x'",
		    id, NULL);
	world_value(w, "SELECT files_purge(20)::text || imports_purge(10000)::text", NULL);
}

static inline struct answer *look(struct client *c, const char *kind, const char *id)
{
	return GET(c, "/v1/%s-imports/%s", kind, id);
}

static inline struct answer *ask_commit(struct client *c, const char *kind, const char *id,
					const char *mode)
{
	struct answer *a = look(c, kind, id);

	expect(a, 200, "{'state': 'ready'}");
	return call(c, "POST", text("/v1/%s-imports/%s/commit", kind, id),
		    text("{'plan_id': '%s', 'mode': '%s'}", text_at(a, "plan_id"), mode),
		    "If-Match", header_of(a, "ETag"), NULL);
}

/* Commits the good rows and returns the import afterwards. */
static inline struct answer *commit(struct world *w, struct client *c, const char *kind,
				    const char *id)
{
	struct answer *a;

	expect(ask_commit(c, kind, id, "good_rows"), 202, "{'state': 'committing'}");
	world_jobs(w);
	a = look(c, kind, id);
	expect(a, 200, "{'state': 'committed', 'problem': null}");
	return a;
}

/* The id of a list of teachers by C of which no row is rejected, committed. */
static inline const char *list_committed(struct world *w, struct client *c, const char *csv)
{
	const char *id = import_text(w, c, "teacher", csv);

	expect(look(c, "teacher", id), 200, "{'counts': {'rejected': 0}}");
	commit(w, c, "teacher", id);
	return id;
}

static inline struct answer *rows(struct client *c, const char *kind, const char *id,
				  const char *outcome)
{
	return GET(c, "/v1/%s-imports/%s/rows?page_size=500&outcome=%s", kind, id, outcome);
}

static inline struct answer *ask_undo(struct client *c, const char *kind, const char *id)
{
	return call(c, "POST", text("/v1/%s-imports/%s/undo", kind, id), NULL, "If-Match",
		    header_of(look(c, kind, id), "ETag"), NULL);
}

#endif
