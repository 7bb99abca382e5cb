/*
 * cluster_private.h -- the server's processes and folder, apart from what is in its databases.
 */
#ifndef QINGLAN_CLUSTER_PRIVATE_H
#define QINGLAN_CLUSTER_PRIVATE_H

#include "cluster.h"

#include <sys/types.h>

enum { SETTINGS_MAX = 40 };

struct server {
	char folder[64];    /* holds data/, log and the socket */
	char programs[256]; /* folder of initdb and postgres */
	char settings[SETTINGS_MAX][200];
	int setting_count;
	uid_t user; /* whom it runs as, where that is not ourselves */
	gid_t group;
	pid_t pid; /* the postmaster, 0 when it does not run */
	pid_t watcher;
	int watched; /* while this is open the watcher waits */
};

/* A line on standard error. */
void cluster_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes folder and data, starts the server; false with a line on stderr. */
bool server_make(struct server *s, bool durable, const char *const *settings);

/* Starts the postmaster and waits until it accepts connections. */
bool server_start(struct server *s);

/* Ends it by a signal and waits: SIGINT orderly, SIGQUIT at once. */
void server_signal(struct server *s, int signal);

/* kill -9 for the postmaster and all its children at the same moment. */
void server_kill(struct server *s);

/* Ends what runs and removes the folder. */
void server_remove(struct server *s);

#endif
