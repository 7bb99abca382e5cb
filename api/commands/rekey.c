/*
 * rekey.c -- `qinglan rekey`: everything sealed or hashed under an older key, under the newest.
 *
 * Changing keys takes two calls: `rekey --new` adds a key; when every instance was started
 * again and so knows it, `rekey` reseals, in batches, beside the running service.  An old key may
 * leave the file when `rekey` finds nothing more, and no backup that needs it is kept.
 */
#include "commands.h"

#include "kernel/upload.h"
#include "resources/document.h"

#include <stdio.h>
#include <stdlib.h>

/* One row of a batch resealed into OUT; false when it cannot be opened. */
typedef bool reseal(struct desk *d, struct seal *s, const PGresult *rows, int row, json_t *out);

struct sealed_table {
	const char *name;
	int read, write; /* queries */
	reseal *reseal;
};

static int county_of(const PGresult *rows, int row)
{
	return (int)strtol(pg_text(rows, row, "county"), NULL, 10);
}

/* Sets NAME of OUT to TEXT. */
static bool put(json_t *out, const char *name, const char *text)
{
	return text && !json_object_set_new(out, name, json_string(text));
}

static bool document_reseal(struct desk *d, struct seal *s, const PGresult *rows, int row,
			    json_t *out)
{
	const char *type = pg_text(rows, row, "type");
	const char *number =
		document_open(s, d->arena, county_of(rows, row), pg_text(rows, row, "hash"),
			      pg_text(rows, row, "sealed"));
	struct document closed;

	return number && document_close(s, d->arena, county_of(rows, row), type, number, &closed) &&
	       put(out, "sealed", closed.sealed) && put(out, "hash", closed.hash) &&
	       put(out, "hashes", document_hashes(s, d->arena, type, number)) &&
	       put(out, "was", pg_text(rows, row, "hash"));
}

static bool file_reseal(struct desk *d, struct seal *s, const PGresult *rows, int row, json_t *out)
{
	const char *context =
		upload_context(d->arena, county_of(rows, row), pg_text(rows, row, "id"));
	char newest[16];
	size_t length;
	void *plain;

	if (!context)
		return false;
	snprintf(newest, sizeof newest, "%d", seal_newest_key(s));
	plain = seal_open(s, d->arena, context, pg_text(rows, row, "sealed"), &length);
	return plain && put(out, "sealed", seal_close(s, d->arena, context, plain, length)) &&
	       put(out, "key_id", newest);
}

static const struct sealed_table tables[] = {
	{"files", Q_command_rekey_files, Q_command_rekey_files_put, file_reseal},
	{"persons", Q_command_rekey_persons, Q_command_rekey_persons_put, document_reseal},
	{"rows of imports", Q_command_rekey_imports, Q_command_rekey_imports_put, document_reseal},
};

/* Reseals one batch: its rows as JSON, those that cannot be opened counted in *LOST. */
static json_t *batch_reseal(const struct sealed_table *t, struct desk *d, struct seal *s,
			    const PGresult *rows, long *lost)
{
	json_t *list = json_array();
	int i;

	for (i = 0; list && i < pg_rows(rows); i++) {
		json_t *out = json_object();

		if (out && put(out, "key", pg_text(rows, i, "key")) &&
		    t->reseal(d, s, rows, i, out)) {
			json_array_append_new(list, out);
			continue;
		}
		json_decref(out);
		++*lost;
	}
	return list;
}

/* All of a table, batch by batch; false with a complaint. */
static bool table_rekey(const struct sealed_table *t, struct desk *d, struct seal *s, int key)
{
	/* Before all keys, of which a table uses as many parts as its own has. */
	char newest[16], after[400] = "0 00000000-0000-0000-0000-000000000000 0 0";
	long done = 0, lost = 0;
	const PGresult *rows;
	bool good = true;

	snprintf(newest, sizeof newest, "%d", key);
	while (good && (rows = desk_run(d, t->read, "newest", newest, "after", after, NULL)) &&
	       pg_rows(rows)) {
		json_t *list = batch_reseal(t, d, s, rows, &lost);
		char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;

		done += (long)json_array_size(list);
		snprintf(after, sizeof after, "%s", pg_text(rows, pg_rows(rows) - 1, "key"));
		good = text && desk_run(d, t->write, "rows", text, NULL);
		free(text);
		json_decref(list);
		desk_clear(d);
	}
	if (!rows || !good)
		return false;
	printf("%s: %ld resealed under key %d\n", t->name, done, key);
	if (lost)
		complain("%s: %ld cannot be opened with the keys there are", t->name, lost);
	return lost == 0;
}

int command_rekey(const struct config *c, int count, char **arguments)
{
	static const char *const list[] = {"new!", NULL};
	const char *values[1] = {NULL}, *rest[1];
	char error[300];
	struct seal *seal;
	struct desk d;
	int rest_count, status = 1;
	size_t i;

	if (!options_read(count, arguments, list, values, rest, 0, &rest_count))
		return usage("rekey [--new]");
	if (values[0]) {
		if (!seal_key_make(c->seal_keys, error))
			return complain("QINGLAN_SEAL_KEYS: %s", error);
		puts("a key was added: start every instance again, then run qinglan rekey");
		return 0;
	}
	seal = seal_load(c->seal_keys, error);
	if (!seal)
		return complain("QINGLAN_SEAL_KEYS: %s", error);
	if (desk_open(&d, "QINGLAN_OWNER_URL", c->owner_url)) {
		status = 0;
		for (i = 0; i < sizeof tables / sizeof *tables; i++)
			if (!table_rekey(&tables[i], &d, seal, seal_newest_key(seal)))
				status = 1;
	}
	desk_close(&d);
	seal_free(seal);
	return status;
}
