/*
 * story.c -- see story.h.
 */
#include "story.h"

#include "pause.h"
#include "tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILE_SIZE = 1 << 20, STEPS = 600, STEP_MS = 50 };

const char *say(const char *format, ...)
{
	static char texts[64][4000];
	static int next;
	char *text = texts[next++ % 64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof texts[0], format, args);
	va_end(args);
	return text;
}

struct answer *get(struct wire *who, const char *target)
{
	assert_non_null(who->arena);
	return wire_ask(who, "GET", target, NULL, NULL);
}

struct answer *post(struct story *s, struct wire *who, const char *target, const char *body)
{
	assert_non_null(who->arena);
	return wire_ask(who, "POST", target, body, "Idempotency-Key", say("story-%d", ++s->keys),
			NULL);
}

const char *run(struct story *s, const char *a, const char *b, const char *c, const char *d,
		const char *e, const char *f, const char *g)
{
	static char output[5000];

	if (process_run(&s->service, output, sizeof output, a, b, c, d, e, f, g, NULL))
		fail_msg("qinglan %s %s %s: %s", a, b, c, output);
	return output;
}

void acts_as(struct story *s, struct wire *who, const char *county, const char *role,
	     const char *option, const char *value)
{
	assert_true(wire_open(who, s->service.port,
			      run(s, "token", "--county", county, "--role", role, option, value)));
}

void keep_id(const struct answer *a, const char *path, char id[37])
{
	snprintf(id, 37, "%s", text_at(a, path));
}

void job_done(struct wire *who, const struct answer *accepted)
{
	const char *location = header_of(accepted, "Location");
	struct answer *job = NULL;
	int i;

	expect(accepted, 202, NULL);
	for (i = 0; i < STEPS; i++) {
		job = get(who, location);
		expect(job, 200, NULL);
		if (strcmp(text_at(job, "state"), "queued") &&
		    strcmp(text_at(job, "state"), "running"))
			break;
		pause_ms(STEP_MS);
	}
	expect(job, 200, "{'state': 'succeeded', 'problem': null}");
}

const char *list_sent(struct story *s, const char *kind, const char *bytes, size_t length)
{
	struct answer *a;

	assert_non_null(s->bureau.arena);
	a = wire_bytes(&s->bureau, "POST", say("/v1/%s-imports?filename=list.csv", kind), bytes,
		       length, "Content-Type", "text/csv", NULL);
	job_done(&s->bureau, a);
	return say("/v1/%s-imports/%s", kind, text_at(a, "id"));
}

const char *file_sent(struct story *s, const char *kind, const char *path)
{
	char *bytes = malloc(FILE_SIZE);
	FILE *file = fopen(path, "rb");
	const char *target;

	if (!file || !bytes)
		fail_msg("%s cannot be read", path);
	target = list_sent(s, kind, bytes, fread(bytes, 1, FILE_SIZE, file));
	fclose(file);
	free(bytes);
	return target;
}

void plan_committed(struct story *s, const char *target)
{
	struct answer *report = get(&s->bureau, target);

	job_done(&s->bureau,
		 wire_ask(&s->bureau, "POST", say("%s/commit", target),
			  say("{'plan_id': '%s', 'mode': 'good_rows'}", text_at(report, "plan_id")),
			  "If-Match", header_of(report, "ETag"), NULL));
	expect(get(&s->bureau, target), 200, "{'state': 'committed'}");
}

int story_begin(void **state)
{
	struct story *s = calloc(1, sizeof *s);
	const char *template;

	*state = s;
	if (!s || !(s->cluster = cluster_start()))
		return -1;
	template = cluster_template(s->cluster, migrations, migration_count);
	snprintf(s->database, sizeof s->database, "story_%d", (int)getpid());
	return template && cluster_database(s->cluster, s->database, template) &&
			       process_make(&s->service, s->cluster, s->database)
		       ? 0
		       : -1;
}

int story_end(void **state)
{
	struct story *s = *state;

	wire_close(&s->bureau);
	wire_close(&s->school);
	wire_close(&s->teacher);
	wire_close(&s->neighbour);
	process_remove(&s->service);
	cluster_stop(s->cluster);
	free(s);
	return 0;
}
