/*
 * config.h -- every setting of the program, in one table (config.c) that --help prints.
 *
 * Settings come from the environment only.  A wrong value stops the start with one line.
 * Secrets are given as files and never appear in a message.
 */
#ifndef QINGLAN_CONFIG_H
#define QINGLAN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

struct config {
	const char *database_url; /* role qinglan_app */
	const char *gate_url;     /* role qinglan_gate */
	const char *owner_url;    /* role qinglan_owner; for all commands but serve, keys */
	const char *listen;       /* "127.0.0.1:8080", "[::1]:8080" */
	const char *admin_listen; /* livez, readyz, metrics */
	const char
		*token_keys;   /* folder of ES256 keys, <kid>.pem private or <kid>.pub.pem public */
	const char *seal_keys; /* file of sealing keys, "id base64" a line, the last one seals */
	const char *issuer, *audience; /* of tokens */
	const char *origins;           /* CORS: origins separated by spaces, or empty */
	const char *trusted_proxies;   /* addresses whose X-Forwarded-For is believed, by spaces */
	const char *log_level;
	bool development;     /* token and clock commands work, the clock can be moved */
	long threads;         /* workers, each with one connection */
	long stream_threads;  /* for long polls, exports and jobs, likewise */
	long max_clients;     /* connections of HTTP clients */
	long max_body;        /* bytes, where an operation does not say */
	long request_seconds; /* the whole request, from first byte to last */
	long idle_seconds;    /* keep-alive */
	long drain_seconds;
	long rate_address, rate_actor, rate_client; /* requests per minute; 0 = no limit */
	long idempotency_days, upload_days, event_days;
	long check_in_seconds; /* until the code of a session is replaced by the next */
};

/*
 * Fills C from the environment; false with a line in ERROR
 * naming variable, value and what is allowed.
 */
bool config_load(struct config *c, char error[300]);

/* The table as text for --help. */
void config_print(void);

#endif
