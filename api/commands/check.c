/*
 * check.c -- `qinglan check`: whether an instance with this configuration would serve well.
 *
 * Prints one line for each thing looked at and changes nothing.  With --addresses it is only
 * whether they can be listened on, which is so before the service runs and not while it does.
 */
#include "commands.h"

#include "kernel/http.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct checking {
	const struct config *config;
	bool failed;
};

static void line(struct checking *k, bool good, const char *what, const char *detail)
{
	printf("%-6s %-26s %s\n", good ? "ok" : "WRONG", what, detail);
	if (!good)
		k->failed = true;
}

static void queries_look(struct checking *k, const struct contract *c)
{
	char error[300], text[80];
	struct query_registry *q = query_registry_load(query_sources, query_source_count, error);
	bool good = q && request_names_check(c, q, error);

	snprintf(text, sizeof text, "%zu", query_source_count);
	line(k, good, "queries", good ? text : error);
	query_registry_free(q);
}

static void contract_look(struct checking *k)
{
	char error[400], text[80];
	struct contract *c = contract_load(openapi_yaml, openapi_yaml_length, operation_names,
					   operation_count, error);

	if (c)
		snprintf(text, sizeof text, "%zu operations, %zu scopes", c->operation_count,
			 c->scope_count);
	line(k, c != NULL, "contract", c ? text : error);
	if (c)
		queries_look(k, c);
	contract_free(c);
}

static void keys_look(struct checking *k)
{
	char error[300], text[80];
	struct token_keys *keys = token_keys_load(k->config->token_keys, error);
	struct seal *seal;

	line(k, keys != NULL, "token keys", keys ? k->config->token_keys : error);
	token_keys_free(keys);
	seal = seal_load(k->config->seal_keys, error);
	if (seal)
		snprintf(text, sizeof text, "%zu, number %d seals", seal_key_count(seal),
			 seal_newest_key(seal));
	line(k, seal != NULL, "sealing keys", seal ? text : error);
	seal_free(seal);
}

/*
 * The role of a connection: its name, and no right more than it should have; true when it is that
 * role.
 */
static bool role_look(struct checking *k, struct desk *d, const char *what, const char *expected)
{
	const PGresult *rows = desk_run_plainly(d, Q_command_role, NULL);
	const char *name, *excess;
	char text[300];

	if (!rows) {
		line(k, false, what, d->error);
		return false;
	}
	name = pg_text(rows, 0, "name");
	excess = pg_text(rows, 0, "excess");
	snprintf(text, sizeof text, "%s on PostgreSQL %s%s%s", name,
		 pg_text(rows, 0, "server_version"), *excess ? "; must not be: " : "", excess);
	line(k, !strcmp(name, expected) && !*excess, what, text);
	return !strcmp(name, expected);
}

static void schema_look(struct checking *k, struct desk *d)
{
	static const char *const states[] = {"up to date", "behind: run qinglan migrate",
					     "ahead of this program", "changed"};
	char error[500] = "", text[640];
	int state = migrate_check(d->pg, migrations, migration_count, error);

	snprintf(text, sizeof text, "%s%s%s", state < 0 ? "unreadable" : states[state],
		 *error ? ": " : "", error);
	line(k, state == 0 || state == 2, "schema", text);
}

static void capacity_look(struct checking *k, struct desk *d)
{
	char error[300] = "enough";
	bool tight;
	bool good = capacity_check(d, k->config, &tight, error);

	line(k, good && !tight, "connections", error);
}

static void database_look(struct checking *k, const char *variable, const char *url,
			  const char *role, bool is_app)
{
	struct desk d;

	if (!desk_open(&d, variable, url)) {
		line(k, false, variable, "no connection");
	} else if (role_look(k, &d, variable, role) && is_app) {
		schema_look(k, &d);
		capacity_look(k, &d);
	}
	desk_close(&d);
}

/* The socket that listens on an address, or -1. */
static int address_look(struct checking *k, const char *variable, const char *listen)
{
	char error[300];
	int fd = http_listen(listen, 1, error);

	line(k, fd >= 0, variable, fd >= 0 ? listen : error);
	return fd;
}

/* Both at a time, as the service listens on them. */
static void addresses_look(struct checking *k)
{
	int api = address_look(k, "QINGLAN_LISTEN", k->config->listen);
	int admin = address_look(k, "QINGLAN_ADMIN_LISTEN", k->config->admin_listen);

	if (api >= 0)
		close(api);
	if (admin >= 0)
		close(admin);
}

int command_check(const struct config *c, int count, char **arguments)
{
	static const char *const list[] = {"addresses!", NULL};
	const char *values[1] = {NULL}, *rest[1];
	struct checking k = {.config = c};
	int rest_count;

	if (!options_read(count, arguments, list, values, rest, 0, &rest_count))
		return usage("check [--addresses]");
	if (values[0]) {
		addresses_look(&k);
		return k.failed;
	}
	line(&k, true, "configuration", c->development ? "development mode is on" : "production");
	contract_look(&k);
	keys_look(&k);
	database_look(&k, "QINGLAN_DATABASE_URL", c->database_url, "qinglan_app", true);
	database_look(&k, "QINGLAN_GATE_URL", c->gate_url, "qinglan_gate", false);
	if (*c->owner_url)
		database_look(&k, "QINGLAN_OWNER_URL", c->owner_url, "qinglan_owner", false);
	return k.failed;
}
