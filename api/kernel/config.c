/*
 * config.c -- the table of settings.  See config.h.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { TEXT, ADDRESS, NUMBER, SWITCH, LEVEL };

struct setting {
	const char *variable;
	enum kind kind;
	size_t offset;
	const char *fallback; /* "" = none */
	long least, most;     /* NUMBER */
	const char *help;
};

#define AT(member) offsetof(struct config, member)

static const struct setting settings[] = {
	{"QINGLAN_DATABASE_URL", TEXT, AT(database_url), "", 0, 0,
	 "PostgreSQL as role qinglan_app (libpq URI or key=value)"},
	{"QINGLAN_GATE_URL", TEXT, AT(gate_url), "", 0, 0,
	 "the same as role qinglan_gate; without it: QINGLAN_DATABASE_URL with user qinglan_gate"},
	{"QINGLAN_OWNER_URL", TEXT, AT(owner_url), "", 0, 0,
	 "the same as role qinglan_owner; for all commands but serve and keys"},
	{"QINGLAN_LISTEN", ADDRESS, AT(listen), "127.0.0.1:8080", 0, 0, "where the API listens"},
	{"QINGLAN_ADMIN_LISTEN", ADDRESS, AT(admin_listen), "127.0.0.1:8081", 0, 0,
	 "where /livez, /readyz and /metrics listen"},
	{"QINGLAN_TOKEN_KEYS", TEXT, AT(token_keys), ".qinglan/keys/tokens", 0, 0,
	 "folder of ES256 keys: <kid>.pem (private, 0600), <kid>.pub.pem (public)"},
	{"QINGLAN_SEAL_KEYS", TEXT, AT(seal_keys), ".qinglan/keys/seal", 0, 0,
	 "file of sealing keys (0600), 'id base64' a line; the last one seals"},
	{"QINGLAN_ISSUER", TEXT, AT(issuer), "https://qinglan.example", 0, 0, "iss of tokens"},
	{"QINGLAN_AUDIENCE", TEXT, AT(audience), "qinglan", 0, 0, "aud of tokens"},
	{"QINGLAN_ORIGINS", TEXT, AT(origins), "", 0, 0,
	 "origins that browsers may call from, separated by spaces"},
	{"QINGLAN_TRUSTED_PROXIES", TEXT, AT(trusted_proxies), "", 0, 0,
	 "addresses whose X-Forwarded-For is believed, separated by spaces"},
	{"QINGLAN_LOG", LEVEL, AT(log_level), "info", 0, 0, "error, warning, info or debug"},
	{"QINGLAN_DEVELOPMENT", SWITCH, AT(development), "off", 0, 0,
	 "on: `qinglan token` and `qinglan clock` work; never in production"},
	{"QINGLAN_THREADS", NUMBER, AT(threads), "8", 1, 256, "workers, each with a connection"},
	{"QINGLAN_STREAM_THREADS", NUMBER, AT(stream_threads), "2", 1, 64,
	 "threads for exports and long polls, and as many for jobs (all but one for a county's), each "
	 "with a connection"},
	{"QINGLAN_MAX_CLIENTS", NUMBER, AT(max_clients), "4000", 10, 100000,
	 "connections of clients"},
	{"QINGLAN_MAX_BODY", NUMBER, AT(max_body), "1048576", 1024, 16777216,
	 "bytes of a body, where the operation does not say"},
	{"QINGLAN_REQUEST_SECONDS", NUMBER, AT(request_seconds), "30", 1, 600,
	 "for a request as a whole, from its first byte"},
	{"QINGLAN_IDLE_SECONDS", NUMBER, AT(idle_seconds), "75", 1, 3600, "of a silent connection"},
	{"QINGLAN_DRAIN_SECONDS", NUMBER, AT(drain_seconds), "25", 0, 600, "to finish on SIGTERM"},
	{"QINGLAN_RATE_ADDRESS", NUMBER, AT(rate_address), "6000", 0, 100000000,
	 "requests a minute from one address; 0 = no limit"},
	{"QINGLAN_RATE_ACTOR", NUMBER, AT(rate_actor), "1200", 0, 100000000,
	 "requests a minute of one person; 0 = no limit"},
	{"QINGLAN_RATE_CLIENT", NUMBER, AT(rate_client), "6000", 0, 100000000,
	 "requests a minute of one client; 0 = no limit"},
	{"QINGLAN_IDEMPOTENCY_DAYS", NUMBER, AT(idempotency_days), "7", 1, 3650,
	 "an Idempotency-Key is remembered"},
	{"QINGLAN_UPLOAD_DAYS", NUMBER, AT(upload_days), "30", 1, 3650,
	 "an uploaded list and its rejected rows are kept after the commit"},
	{"QINGLAN_EVENT_DAYS", NUMBER, AT(event_days), "3650", 180, 36500, "events are kept"},
	{"QINGLAN_CHECK_IN_SECONDS", NUMBER, AT(check_in_seconds), "30", 5, 3600,
	 "a code for checking in is shown; it is taken until the next one ends"},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static bool address_valid(const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end;
	long port;

	if (!colon || colon == text || !colon[1])
		return false;
	errno = 0;
	port = strtol(colon + 1, &end, 10);
	return !errno && !*end && port >= 0 && port <= 65535;
}

static bool level_valid(const char *text)
{
	return !strcmp(text, "error") || !strcmp(text, "warning") || !strcmp(text, "info") ||
	       !strcmp(text, "debug");
}

/* Puts TEXT into C; NULL, or what would have been allowed. */
static const char *setting_store(const struct setting *s, struct config *c, const char *text)
{
	static char range[80];
	char *at = (char *)c + s->offset, *end;
	long number;

	switch (s->kind) {
	case NUMBER:
		errno = 0;
		number = strtol(text, &end, 10);
		snprintf(range, sizeof range, "a whole number from %ld to %ld", s->least, s->most);
		if (errno || end == text || *end || number < s->least || number > s->most)
			return range;
		memcpy(at, &number, sizeof number);
		return NULL;
	case SWITCH:
		if (strcmp(text, "on") && strcmp(text, "off"))
			return "on or off";
		*(bool *)at = !strcmp(text, "on");
		return NULL;
	case ADDRESS:
		if (!address_valid(text))
			return "an address and a port, as 127.0.0.1:8080 or [::1]:8080";
		break;
	case LEVEL:
		if (!level_valid(text))
			return "error, warning, info or debug";
		break;
	case TEXT:
		break;
	}
	memcpy(at, &text, sizeof text);
	return NULL;
}

/* A variable that begins like ours and is none is a typing error that would go unnoticed. */
static bool variable_known(const char *entry, size_t length)
{
	static const char *const others[] = {"QINGLAN_VECTORS", "QINGLAN_CLUSTER", "QINGLAN_KEEP",
					     "QINGLAN_COVERAGE"};
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (strlen(settings[i].variable) == length &&
		    !strncmp(settings[i].variable, entry, length))
			return true;
	for (i = 0; i < sizeof others / sizeof *others; i++)
		if (strlen(others[i]) == length && !strncmp(others[i], entry, length))
			return true;
	return false;
}

/* DATABASE_URL with another user; a parameter that stands later overrules (libpq, 34.1.1). */
static const char *gate_from(const char *database_url)
{
	static char url[2000];
	bool uri = !strncmp(database_url, "postgres://", 11) ||
		   !strncmp(database_url, "postgresql://", 13);
	const char *joint = !uri ? " " : strchr(database_url, '?') ? "&" : "?";

	if (!*database_url || snprintf(url, sizeof url, "%s%suser=qinglan_gate", database_url,
				       joint) >= (int)sizeof url)
		return "";
	return url;
}

bool config_load(struct config *c, char error[300])
{
	size_t i;
	char **entry;

	memset(c, 0, sizeof *c);
	for (entry = environ; *entry; entry++) {
		size_t length = strcspn(*entry, "=");

		if (!strncmp(*entry, "QINGLAN_", 8) && !variable_known(*entry, length)) {
			snprintf(error, 300, "%.*s is not a setting; see qinglan --help",
				 (int)length, *entry);
			return false;
		}
	}
	for (i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];
		const char *text = getenv(s->variable);
		const char *allowed;

		if (!text || !*text)
			text = s->fallback;
		allowed = setting_store(s, c, text);
		if (allowed) {
			snprintf(error, 300, "%s=\"%.60s\" is wrong: it must be %s", s->variable,
				 text, allowed);
			return false;
		}
	}
	if (!*c->gate_url)
		c->gate_url = gate_from(c->database_url);
	return true;
}

void config_print(void)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		printf("  %-26s %-24s %s\n", settings[i].variable,
		       *settings[i].fallback ? settings[i].fallback : "-", settings[i].help);
}
