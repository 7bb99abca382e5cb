/*
 * cluster.h -- a throw-away PostgreSQL for tests.
 *
 * A test program starts one, or shares the one whose socket folder QINGLAN_CLUSTER names, and
 * makes databases of its own in it.  A cluster of our own listens on a unix socket in a short
 * folder under /tmp, does not wait for the disk, trusts everybody who reaches the socket, and
 * ends with the test program however that ends; its folder goes too, unless QINGLAN_KEEP is
 * set, in which case the folder is named on standard error.  As root the server runs as user
 * postgres.  Run from the top of the tree: db/roles.sql is read from there.
 */
#ifndef QINGLAN_CLUSTER_H
#define QINGLAN_CLUSTER_H

#include "kernel/migrate.h"

struct cluster;

/* The shared cluster, or one of our own, with our roles in it; NULL with a line on stderr. */
struct cluster *cluster_start(void);

/*
 * One of our own also where there is a shared one, for tests that kill it.  SETTINGS are
 * "name=value" up to NULL and overrule ours, which for a DURABLE cluster leave fsync,
 * full_page_writes and synchronous_commit on; SETTINGS may be NULL.  To be called by a thread
 * that lives as long as the cluster.
 */
struct cluster *cluster_start_private(bool durable, const char *const *settings);

/* Drops the databases made here; stops and removes a cluster of our own.  NULL is allowed. */
void cluster_stop(struct cluster *c);

/* The folder of the socket, for psql -h and QINGLAN_CLUSTER. */
const char *cluster_sockets(const struct cluster *c);

/*
 * The address of a database for a role ("postgres":
 * superuser); lives as long as C, NULL without memory.
 */
const char *cluster_url(struct cluster *c, const char *database, const char *role);

/*
 * The name of a template in which the migrations of LIST ran as qinglan_owner.  Made by the
 * first who asks, then shared by all programs with the same list.  NULL with a line on stderr.
 */
const char *cluster_template(struct cluster *c, const struct migration *list, size_t count);

/*
 * A new database NAME (a-z, 0-9, _), owned by qinglan_owner, from TEMPLATE, or empty for NULL.  One
 * of that name is dropped first.  In a shared cluster names are chosen by program.
 */
bool cluster_database(struct cluster *c, const char *name, const char *template);

/* For clusters of our own, false for others: kill -9 of all processes at once; orderly shutdown; */
bool cluster_kill(struct cluster *c);
bool cluster_halt(struct cluster *c);

/* start after these, or stop and start; returns when connections are accepted. */
bool cluster_restart(struct cluster *c);

#endif
