/*
 * pg.c -- the life of a connection: opening, losing, opening again; scripts and notifications.
 *
 * Pipelines are pg_pipeline.c.  There is no pool here: a worker owns its connection, so no
 * lock and no waiting for one another.
 */
#include "pg_private.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static const int64_t MILLISECOND = 1000000;
static const int64_t CONNECT_NS = 2000 * MILLISECOND;
static const int64_t DELAY_FIRST_NS = 100 * MILLISECOND;
static const int64_t DELAY_MAX_NS = 5000 * MILLISECOND;

/* Reads the password out of the url; says whether the url can be read at all. */
static void url_read(struct pg *c)
{
	PQconninfoOption *options = PQconninfoParse(c->url, NULL), *o;

	c->url_valid = options != NULL;
	for (o = options; o && o->keyword; o++)
		if (!strcmp(o->keyword, "password") && o->val && *o->val)
			c->password = strdup(o->val);
	PQconninfoFree(options);
}

struct pg *pg_new(const char *url, const char *application_name)
{
	struct pg *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	pg_names_clear(&c->names);
	c->url = strdup(url);
	c->application_name = strdup(application_name);
	if (!c->url || !c->application_name) {
		pg_free(c);
		return NULL;
	}
	url_read(c);
	return c;
}

void pg_free(struct pg *c)
{
	if (!c)
		return;
	pg_drop(c);
	free(c->url);
	free(c->application_name);
	free(c->password);
	free(c);
}

void pg_drop(struct pg *c)
{
	PQfinish(c->connection);
	c->connection = NULL;
	c->dying = false;
	c->seen_alive = false;
	c->forget = false;
	*c->channel = '\0';
	pg_names_clear(&c->names);
}

const char *pg_error(const struct pg *c)
{
	return c->error;
}

bool pg_in_transaction(const struct pg *c)
{
	const PGTransactionStatusType status = PQtransactionStatus(c->connection);

	return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

int pg_poll(const struct pg *c, short events, int milliseconds)
{
	struct pollfd p = {.fd = PQsocket(c->connection), .events = events};
	int count;

	if (p.fd < 0)
		return -1;
	count = poll(&p, 1, milliseconds);
	if (count < 0)
		return errno == EINTR ? 0 : -1;
	return count ? p.revents : 0;
}

/* Notices are nobody's business, but a FATAL one announces that the backend is about to end. */
static void notice_take(void *connection, const PGresult *notice)
{
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	struct pg *c = connection;

	if (severity && (!strcmp(severity, "FATAL") || !strcmp(severity, "PANIC")))
		c->dying = true;
}

/* Keeps why the last attempt failed, on one line and without the password. */
static void error_keep(struct pg *c, const char *message)
{
	size_t length;

	/* A message of libpq about a malformed url quotes the url. */
	if (!c->url_valid)
		message = "the address of the database is malformed";
	else if (c->password && strstr(message, c->password))
		message = "the connection was refused";
	snprintf(c->error, sizeof c->error, "%s", message);
	length = strlen(c->error);
	while (length && c->error[length - 1] == '\n')
		c->error[--length] = '\0';
	for (; length; length--)
		if (c->error[length - 1] == '\n')
			c->error[length - 1] = ' ';
}

/* Doubles the pause and sets the next try somewhere in its second half. */
static void back_off(struct pg *c)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
		random = (uint32_t)clock_monotonic_ns();
	c->delay_ns = c->delay_ns ? c->delay_ns * 2 : DELAY_FIRST_NS;
	if (c->delay_ns > DELAY_MAX_NS)
		c->delay_ns = DELAY_MAX_NS;
	c->next_try_ns =
		clock_monotonic_ns() + c->delay_ns / 2 + c->delay_ns / 2 * (random % 1024) / 1024;
}

/* What stands before the url is overruled by it, what stands behind overrules it. */
static PGconn *connection_start(const struct pg *c)
{
	static const char *const keywords[] = {
		"gssencmode",          "tcp_user_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "dbname",
		"application_name",    "client_encoding",  NULL,
	};
	const char *const values[] = {
		"disable", "5000", "30", "10", "3", c->url, c->application_name, "UTF8", NULL,
	};

	return PQconnectStartParams(keywords, values, 1);
}

/* Carries an attempt to its end, at most CONNECT_NS; says whether the connection stands. */
static bool connection_await(struct pg *c)
{
	const int64_t until = clock_monotonic_ns() + CONNECT_NS;
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	if (PQstatus(c->connection) == CONNECTION_BAD)
		return false;
	while (status != PGRES_POLLING_OK) {
		const int64_t left = until - clock_monotonic_ns();
		int ready;

		if (left <= 0)
			return false;
		ready = pg_poll(c, status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
				(int)(left / MILLISECOND) + 1);
		if (ready < 0)
			return false;
		if (ready)
			status = PQconnectPoll(c->connection);
		if (status == PGRES_POLLING_FAILED)
			return false;
	}
	return true;
}

static bool connection_open(struct pg *c)
{
	const char *message;

	if (clock_monotonic_ns() < c->next_try_ns)
		return false;
	c->connection = c->url_valid ? connection_start(c) : NULL;
	if (c->connection && connection_await(c)) {
		PQsetNoticeReceiver(c->connection, notice_take, c);
		if (!PQsetnonblocking(c->connection, 1)) {
			*c->error = '\0';
			/* A server that accepts and drops is not to be asked without pause. */
			back_off(c);
			return true;
		}
	}
	message = PQstatus(c->connection) == CONNECTION_BAD ? PQerrorMessage(c->connection) : "";
	error_keep(c, *message ? message : "no answer within 2 seconds");
	pg_drop(c);
	back_off(c);
	return false;
}

void pg_proven(struct pg *c)
{
	c->delay_ns = 0;
	c->next_try_ns = 0;
}

bool pg_alive(struct pg *c)
{
	int ready;

	while ((ready = pg_poll(c, POLLIN, 0)) > 0) {
		if (!PQconsumeInput(c->connection))
			return false;
		/*
		 * Takes messages out of the buffer; between pipelines there is
		 * no result to be busy with.
		 */
		(void)PQisBusy(c->connection);
		if (c->dying || PQstatus(c->connection) != CONNECTION_OK)
			return false;
	}
	return !ready && !c->dying;
}

bool pg_ready(struct pg *c)
{
	if (c->connection) {
		const bool transaction = pg_in_transaction(c);

		c->seen_alive = pg_alive(c);
		if (c->seen_alive)
			return true;
		pg_drop(c);
		error_keep(c, "the connection was lost");
		/* What was to follow in that transaction must not run on another connection. */
		if (transaction)
			return false;
	}
	return connection_open(c);
}

bool pg_fresh(struct pg *c)
{
	if (pg_in_transaction(c))
		pg_drop(c);
	return pg_ready(c);
}

PGresult *pg_execute(struct pg *c, const char *sql)
{
	PGresult *r;

	if (PQpipelineStatus(c->connection) != PQ_PIPELINE_OFF &&
	    !PQexitPipelineMode(c->connection))
		return NULL;
	r = PQexec(c->connection, sql);
	if (PQstatus(c->connection) == CONNECTION_OK)
		pg_proven(c);
	return r;
}

/* The line of SQL that an error's position, counted in characters from 1, is in; 0 unknown. */
static int error_line(const PGresult *r, const char *sql)
{
	const char *text = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
	long position = text ? strtol(text, NULL, 10) : 0;
	int line = 1;

	if (position <= 0)
		return 0;
	for (; *sql && position > 1; sql++) {
		line += *sql == '\n';
		/* Bytes that go on a character of UTF-8 are not counted. */
		position -= (sql[1] & 0xC0) != 0x80;
	}
	return line;
}

bool pg_script(struct pg *c, const char *sql, char error[500])
{
	const char *message, *detail;
	PGresult *r = NULL;
	bool done = false;
	int line;

	if (!pg_ready(c)) {
		snprintf(error, 500, "not connected: %s", c->error);
		return false;
	}
	r = pg_execute(c, sql);
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		done = true;
		break;
	default:
		message = pg_message(r);
		detail = pg_detail(r);
		line = error_line(r, sql);
		snprintf(error, 500, "%s%s%s", *message ? message : "the connection was lost",
			 *detail ? ": " : "", detail);
		if (line)
			snprintf(error + strlen(error), 500 - strlen(error), " (line %d)", line);
	}
	PQclear(r);
	/* COPY would leave the connection in a state of its own. */
	if (PQtransactionStatus(c->connection) == PQTRANS_ACTIVE ||
	    PQstatus(c->connection) != CONNECTION_OK)
		pg_drop(c);
	return done;
}

/* Subscribes this connection to CHANNEL, once. */
static bool channel_listen(struct pg *c, const char *channel)
{
	char sql[2 * PG_NAME_SIZE + 16], *name;
	PGresult *r;
	bool done;

	if (!strcmp(c->channel, channel))
		return true;
	name = PQescapeIdentifier(c->connection, channel, strlen(channel));
	if (!name || strlen(channel) >= PG_NAME_SIZE) {
		PQfreemem(name);
		return false;
	}
	snprintf(sql, sizeof sql, "LISTEN %s", name);
	PQfreemem(name);
	r = pg_execute(c, sql);
	done = PQresultStatus(r) == PGRES_COMMAND_OK;
	PQclear(r);
	if (done)
		snprintf(c->channel, sizeof c->channel, "%s", channel);
	return done;
}

char *pg_wait_notification(struct pg *c, struct arena *a, const char *channel, int milliseconds)
{
	const int64_t until = clock_monotonic_ns() + milliseconds * MILLISECOND;
	const bool listening = pg_ready(c) && channel_listen(c, channel);

	for (;;) {
		int64_t left = until - clock_monotonic_ns();
		PGnotify *n = listening ? PQnotifies(c->connection) : NULL;

		if (n) {
			const bool ours = !strcmp(n->relname, channel);
			char *payload = ours ? arena_strdup(a, n->extra) : NULL;

			PQfreemem(n);
			if (ours)
				return payload;
			continue;
		}
		if (left <= 0)
			return NULL;
		left = left / MILLISECOND + 1;
		/* Without a connection the time is slept, so that no caller spins. */
		if (!listening)
			(void)poll(NULL, 0, (int)left);
		else if (pg_poll(c, POLLIN, (int)left) && !PQconsumeInput(c->connection))
			return NULL;
	}
}
