/*
 * listener.c -- what happens beside the requests: wake-ups and revocations.
 *
 * One connection of its own, used by the thread that waits for signals.  A notification is
 * only a hint that comes after a commit: jobs are found without it, a little later.
 */
#include "commands.h"

#include "kernel/clock.h"
#include "kernel/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A revocation may be committed a while after the instant it carries. */
enum { OVERLAP_SECONDS = 60, EVER_SECONDS = 2000000000 };

struct listener {
	const struct service *service;
	struct job_runner *jobs;
	struct desk desk;
	int64_t read_at_ns; /* when the revocations were read last */
};

struct listener *listener_new(const struct service *s, struct job_runner *jobs)
{
	struct listener *l = calloc(1, sizeof *l);
	char error[300];

	if (!l)
		return NULL;
	l->service = s;
	l->jobs = jobs;
	l->desk.arena = arena_new(16 << 20);
	l->desk.pg = pg_new(s->config->gate_url, "qinglan listener");
	l->desk.queries = query_registry_load(query_sources, query_source_count, error);
	if (!l->desk.arena || !l->desk.pg || !l->desk.queries) {
		listener_free(l);
		return NULL;
	}
	return l;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	desk_close(&l->desk);
	free(l);
}

/* Tells the verifier what was revoked since a little before the last look. */
static void revocations_read(struct listener *l)
{
	const int64_t now = clock_monotonic_ns();
	char seconds[24];
	const PGresult *rows;
	int i;

	if (l->read_at_ns && now - l->read_at_ns < 1000000000)
		return;
	snprintf(seconds, sizeof seconds, "%" PRId64,
		 l->read_at_ns ? (now - l->read_at_ns) / 1000000000 + OVERLAP_SECONDS
			       : EVER_SECONDS);
	rows = desk_try(&l->desk, Q_revocations, "seconds", seconds, NULL);
	if (!rows) {
		log_warning("revocations_unread", "{ss}", "detail", l->desk.error);
		return;
	}
	l->read_at_ns = now;
	for (i = 0; i < pg_rows(rows); i++) {
		const char *token = pg_text(rows, i, "token_id");
		const char *before = pg_text(rows, i, "issued_before");

		if (token)
			token_revoke_id(l->service->verifier, token,
					strtoll(pg_text(rows, i, "expires_at"), NULL, 10));
		else if (before)
			token_revoke_person(l->service->verifier, pg_text(rows, i, "person"),
					    strtoll(before, NULL, 10));
	}
}

bool listener_turn(struct listener *l, int milliseconds)
{
	const struct timespec pause = {.tv_nsec = milliseconds * 1000000L};

	if (!pg_ready(l->desk.pg)) {
		nanosleep(&pause, NULL);
		return false;
	}
	revocations_read(l);
	if (pg_wait_notification(l->desk.pg, l->desk.arena, "qinglan", milliseconds))
		job_runner_wake(l->jobs);
	desk_clear(&l->desk);
	return true;
}
