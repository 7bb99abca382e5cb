/*
 * process.h -- the program itself, as its users run it: a child process with a database.
 *
 * The program is $BUILD/qinglan (BUILD: build/asan unless set).  It gets settings of its own,
 * keys in a folder under /tmp, and two ports below those that the system hands out, which it
 * keeps over restarts.  A child dies with the thread that started it.
 */
#ifndef QINGLAN_TESTS_PROCESS_H
#define QINGLAN_TESTS_PROCESS_H

#include "cluster.h"

#include <sys/types.h>

enum { PROCESS_SETTINGS = 20 };

struct process {
	char program[300], folder[64];
	char settings[PROCESS_SETTINGS][400]; /* NAME=value */
	int setting_count;
	pid_t pid; /* of the running service, or 0 */
	int port, admin_port;
};

/*
 * Settings for DATABASE of a cluster, keys, and the migrations.  False with a line on stderr;
 * process_remove() is due either way.
 */
bool process_make(struct process *p, struct cluster *c, const char *database);

/* One more setting, NAME=value, which overrules ours of that name. */
void process_setting(struct process *p, const char *name, const char *value);

/*
 * Runs a command ("county", "add", ..., NULL) to its end.  What it printed on either stream
 * goes to OUTPUT, as much as SIZE holds; returns its exit status, -1 if it had none.
 */
int process_run(struct process *p, char *output, size_t size, const char *command, ...)
	__attribute__((sentinel));

/* Starts `serve`; does not wait for anything. */
bool process_start(struct process *p);

/* Waits until the service's port accepts connections; false when it ended or time is up. */
bool process_await(struct process *p, int milliseconds);

/* kill -9. */
void process_kill(struct process *p);

/* SIGTERM; its exit status, -1 when it was killed by a signal. */
int process_stop(struct process *p);

/* Prints the end of the service's log on stderr. */
void process_show(const struct process *p);

/* True when the service's log, over all its lives, has TEXT in it. */
bool process_said(const struct process *p, const char *text);

/* Kills what runs and removes the folder. */
void process_remove(struct process *p);

#endif
