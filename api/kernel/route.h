/*
 * route.h -- from path segments to an operation, by a tree built once from the contract.
 *
 * A literal segment wins over a parameter, and where that way leads nowhere the parameter is
 * tried.  "things:batch" and "{id}" are single segments.  Parameters at the same place of two
 * templates have the same name.  Finding allocates nothing.
 */
#ifndef QINGLAN_ROUTE_H
#define QINGLAN_ROUTE_H

#include "contract.h"
#include "target.h"

struct route_node;

/*
 * Adds O to the tree; false with a line in ERROR when another operation has its place or its
 * template is not one.  O's path must outlive the tree.
 */
bool route_add(struct route_node **root, const struct operation *o, char error[200]);
void route_free(struct route_node *root);

struct route_match {
	const struct operation *by_method[METHOD_COUNT]; /* all NULL: no such path */
	const char *values[TARGET_SEGMENTS_MAX];         /* of the path's parameters, in order */
	const char *names[TARGET_SEGMENTS_MAX];
	size_t value_count;
};

/* True when the path exists.  The values are those of T. */
bool route_find(const struct route_node *root, const struct target *t, struct route_match *m);

/* The value of Allow for a path: its methods, HEAD beside GET, and OPTIONS. */
char *route_allow(struct arena *a, const struct route_match *m);

#endif
