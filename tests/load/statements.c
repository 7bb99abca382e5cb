/*
 * statements.c -- what the service sends for an operation, as a pgbench script.
 *
 * The statements are composed by the service's own query.c, so that the benchmark's `walled`
 * row and the service cannot drift apart.  Values become pgbench expressions; the stored
 * answer is a constant of the same length as a real one.
 *
 * usage: statements OPERATION COUNTY REQUIREMENT
 */
#include "tables.h"

#include "kernel/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *county, *requirement;

/*
 * An id made of a number, as the floor's scripts write it; bench_id() would be planned each time.
 */
#define ID(kind, n) "('0199b0a4-7c0" #kind "-7000-8000-' || lpad((" n ")::text, 12, '0'))"

/*
 * Names and the SQL that stands for their values, bare words unquoted; of an operation "" = of all.
 */
static const struct {
	const char *operation, *name, *sql;
} values[] = {
	{"teacher_hours", "role", "school"},
	{"teacher_hours", "sees", "school"},
	/* The list is asked by the teacher's school. */
	{"teacher_hours", "school", ID(1, "(:t - 1) / 2 % :schools")},
	{"", "role", "county"},
	{"", "sees", "all"},
	{"", "person", "'0199b0a4-7c04-7000-8000-000000000000'"},
	{"hour_entry_create", "request_id", "'0123456789abcdef0123456789abcdef'"},
	{"hour_entry_create", "operation", "'hour_entry_create'"},
	{"", "subject", ID(2, ":t")},
	{"", "teacher_id", ID(2, ":t")},
	{"", "auth_sees", "all"},
	{"hour_entry_create", "hours", "1.5"},
	{"hour_entry_create", "level", "county"},
	{"hour_entry_create", "activity_on", "'2026-10-01'"},
	{"hour_entry_create", "source",
	 "('{\"kind\":\"transfer_in\",\"key\":\"w-' || (:n)::text || '\"}')"},
	{"", "replay_key", "('w-' || (:n)::text)"},
	{"", "replay_operation", "'hour_entry_create'"},
	{"", "replay_hash",
	 "'\\x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'"},
	{"", "replay_days", "'7'"},
};

struct context {
	const char *operation;
};

static const char *look_up(void *context, const char *name)
{
	const char *operation = ((struct context *)context)->operation;
	static char answer[1200];
	size_t i;

	if (!strcmp(name, "county"))
		return county;
	if (!strcmp(name, "requirement_id"))
		return requirement;
	if (!strcmp(name, "replay_answer")) {
		memset(answer, 'x', sizeof answer);
		memcpy(answer, "'{\"status\":201,\"body\":\"", 23);
		strcpy(answer + 1000, "\"}'");
		return answer;
	}
	for (i = 0; i < sizeof values / sizeof *values; i++)
		if (!strcmp(values[i].name, name) &&
		    (!*values[i].operation || !strcmp(values[i].operation, operation)))
			return values[i].sql;
	return NULL;
}

/* Prints a statement on one line, each $n replaced by its expression. */
static void print(const struct statement *s)
{
	const char *at;

	for (at = s->sql; *at; at++) {
		if (*at == '-' && at[1] == '-') {
			at += strcspn(at, "\n");
		} else if (*at == '$' && at[1] >= '0' && at[1] <= '9') {
			char *end;
			long n = strtol(at + 1, &end, 10);
			const char *value = s->parameters[n - 1];

			if (value && !value[strspn(value, "abcdefghijklmnopqrstuvwxyz_")])
				printf("'%s'", value);
			else
				printf("(%s)", value ? value : "NULL");
			at = end - 1;
			continue;
		}
		if (!*at)
			break;
		putchar(*at == '\n' || *at == '\t' ? ' ' : *at);
	}
	printf(";\n");
}

static void print_query(const struct query_registry *queries, const char *name, struct arena *a,
			struct context *c, const struct page_request *page)
{
	struct statement s;
	int number = query_number(queries, name);

	if (number < 0 ||
	    !query_compose(query_get(queries, number), a, look_up, c, page, NULL, &s)) {
		fprintf(stderr, "no query %s\n", name);
		exit(1);
	}
	print(&s);
}

int main(int count, char **arguments)
{
	char error[300];
	struct query_registry *queries =
		query_registry_load(query_sources, query_source_count, error);
	struct arena *a = arena_new(1 << 20);
	struct page_request page = {.size = 20};
	struct context c;
	bool post, paged;

	if (count != 4 || !queries || !a) {
		fprintf(stderr, "usage: statements OPERATION COUNTY REQUIREMENT\n");
		return 2;
	}
	c.operation = arguments[1];
	county = arguments[2];
	requirement = arena_printf(a, "'%s'", arguments[3]);
	post = !strcmp(c.operation, "hour_entry_create");
	paged = !strcmp(c.operation, "teacher_hours") ||
		!strcmp(c.operation, "teacher_requirements");
	printf("\\set t random(1, :teachers)\n\\set n random(1, 1000000000000)\n\\startpipeline\n");
	if (post)
		printf("BEGIN;\n");
	print_query(queries, "settings", a, &c, NULL);
	if (post)
		print_query(queries, "replay", a, &c, NULL);
	print_query(queries, c.operation, a, &c, paged ? &page : NULL);
	if (post)
		print_query(queries, "store_answer", a, &c, NULL);
	if (post)
		printf("COMMIT;\n");
	printf("\\endpipeline\n");
	return 0;
}
