/*
 * cluster.c -- see cluster.h: databases, templates and addresses of a cluster.
 *
 * The processes are cluster_server.c.
 */
#include "cluster_private.h"

#include "kernel/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEMORY_BYTES = 16 << 20, LOCK_KEY = 1903260018 };

static const int64_t SECOND = 1000000000;

struct database {
	struct database *next;
	char name[64];
};

struct cluster {
	bool shared;
	struct server server; /* of our own */
	const char *sockets;
	struct arena *arena;        /* addresses and names given out */
	struct pg *super;           /* on database postgres */
	struct database *databases; /* made here */
};

/* Runs a script as superuser; false with a line on stderr. */
static bool run(struct cluster *c, const char *sql)
{
	char error[500];

	if (pg_script(c->super, sql, error))
		return true;
	cluster_say("%.200s: %s", sql, error);
	return false;
}

/* True when the query CONDITION ("SELECT ... WHERE x = $1") has a row for NAME. */
static bool exists(struct cluster *c, const char *condition, const char *name)
{
	const struct statement s = {
		.name = "",
		.sql = condition,
		.parameter_count = 1,
		.parameters = &name,
	};
	PGresult *rows, *failed;

	return pg_ready(c->super) &&
	       pg_pipeline(c->super, c->arena, &s, 1, &rows, &failed,
			   clock_monotonic_ns() + 60 * SECOND) == PG_OK &&
	       pg_rows(rows) > 0;
}

/* Only one program at a time makes roles, templates and databases. */
static bool lock(struct cluster *c)
{
	char sql[60];

	snprintf(sql, sizeof sql, "SELECT pg_advisory_lock(%d)", LOCK_KEY);
	return run(c, sql);
}

static bool unlock(struct cluster *c)
{
	char sql[60];

	snprintf(sql, sizeof sql, "SELECT pg_advisory_unlock(%d)", LOCK_KEY);
	return run(c, sql);
}

/* --- start and stop --- */

/* The text of a file in the cluster's arena, or NULL. */
static char *file_text(struct cluster *c, const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	long size;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0) {
		rewind(file);
		text = arena_alloc(c->arena, (size_t)size + 1);
		if (text && fread(text, 1, (size_t)size, file) != (size_t)size)
			text = NULL;
	}
	fclose(file);
	return text;
}

static bool roles_make(struct cluster *c)
{
	const char *sql = file_text(c, "db/roles.sql");
	bool done;

	if (!sql) {
		cluster_say("db/roles.sql cannot be read; run from the top of the tree");
		return false;
	}
	if (!lock(c))
		return false;
	done = exists(c, "SELECT FROM pg_roles WHERE rolname = $1", "qinglan_gate") || run(c, sql);
	return unlock(c) && done;
}

/* Connects as superuser; a shared cluster has ten seconds to answer. */
static bool super_connect(struct cluster *c)
{
	const int64_t until = clock_monotonic_ns() + 10 * SECOND;
	const struct timespec pause = {.tv_nsec = 50000000};
	const char *url = cluster_url(c, "postgres", "postgres");

	c->super = url ? pg_new(url, "cluster") : NULL;
	while (c->super && !pg_ready(c->super)) {
		if (clock_monotonic_ns() > until) {
			cluster_say("no connection in %s: %s", c->sockets, pg_error(c->super));
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return c->super;
}

static struct cluster *cluster_open(const char *sockets, bool durable, const char *const *settings)
{
	struct cluster *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->shared = sockets != NULL;
	c->arena = arena_new(MEMORY_BYTES);
	c->sockets = sockets ? sockets : c->server.folder;
	if (c->arena && (c->shared || server_make(&c->server, durable, settings)) &&
	    super_connect(c) && roles_make(c))
		return c;
	cluster_stop(c);
	return NULL;
}

struct cluster *cluster_start(void)
{
	const char *sockets = getenv("QINGLAN_CLUSTER");

	return cluster_open(sockets && *sockets ? sockets : NULL, false, NULL);
}

struct cluster *cluster_start_private(bool durable, const char *const *settings)
{
	return cluster_open(NULL, durable, settings);
}

static void database_drop(struct cluster *c, const char *name)
{
	char sql[200];

	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", name);
	run(c, sql);
}

void cluster_stop(struct cluster *c)
{
	if (!c)
		return;
	/* In a cluster of our own they go with it. */
	for (; c->shared && c->databases; c->databases = c->databases->next)
		database_drop(c, c->databases->name);
	pg_free(c->super);
	server_remove(&c->server);
	arena_free(c->arena);
	free(c);
}

/* --- addresses and databases --- */

const char *cluster_sockets(const struct cluster *c)
{
	return c->sockets;
}

const char *cluster_url(struct cluster *c, const char *database, const char *role)
{
	return arena_printf(c->arena, "host='%s' port=5432 dbname=%s user=%s", c->sockets, database,
			    role);
}

/* Creates a database; one of that name is dropped first. */
static bool database_make(struct cluster *c, const char *name, const char *template)
{
	char sql[300];

	if (strlen(name) > 63 || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
		cluster_say("%.80s is no name for a database", name);
		return false;
	}
	database_drop(c, name);
	snprintf(sql, sizeof sql, "CREATE DATABASE \"%s\" TEMPLATE \"%.63s\" OWNER qinglan_owner",
		 name, template ? template : "template0");
	return run(c, sql);
}

bool cluster_database(struct cluster *c, const char *name, const char *template)
{
	struct database *d = arena_alloc(c->arena, sizeof *d);
	bool done;

	if (!d || !lock(c))
		return false;
	done = database_make(c, name, template);
	if (done) {
		snprintf(d->name, sizeof d->name, "%s", name);
		d->next = c->databases;
		c->databases = d;
	}
	return unlock(c) && done;
}

/* Runs the migrations in database NAME. */
static bool template_fill(struct cluster *c, const char *name, const struct migration *list,
			  size_t count)
{
	const char *url = cluster_url(c, name, "qinglan_owner");
	struct pg *owner = url ? pg_new(url, "cluster") : NULL;
	char error[500] = "no memory";
	const bool done = owner && migrate(owner, list, count, error) >= 0;

	pg_free(owner);
	if (!done)
		cluster_say("migrations: %s", error);
	return done;
}

/* With the lock held.  A template gets its name when it is whole. */
static bool template_make(struct cluster *c, const char *name, const struct migration *list,
			  size_t count)
{
	char sql[200];

	snprintf(sql, sizeof sql, "ALTER DATABASE qinglan_unfinished RENAME TO \"%s\"", name);
	return database_make(c, "qinglan_unfinished", NULL) &&
	       template_fill(c, "qinglan_unfinished", list, count) && run(c, sql);
}

const char *cluster_template(struct cluster *c, const struct migration *list, size_t count)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	const char *name, *at;
	bool done;
	size_t i;

	/* Named by its content, so that no program takes another list's template for its own. */
	for (i = 0; i < count; i++)
		for (at = list[i].sql; *at; at++)
			hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	name = arena_printf(c->arena, "qinglan_template_%016llx", (unsigned long long)hash);
	if (!name || !lock(c))
		return NULL;
	done = exists(c, "SELECT FROM pg_database WHERE datname = $1", name) ||
	       template_make(c, name, list, count);
	return unlock(c) && done ? name : NULL;
}

/* --- crashes --- */

bool cluster_kill(struct cluster *c)
{
	if (c->shared)
		return false;
	server_kill(&c->server);
	return true;
}

bool cluster_halt(struct cluster *c)
{
	if (c->shared)
		return false;
	server_signal(&c->server, SIGINT);
	return true;
}

bool cluster_restart(struct cluster *c)
{
	return cluster_halt(c) && server_start(&c->server);
}
