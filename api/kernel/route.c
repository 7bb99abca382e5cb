/*
 * route.c -- see route.h.
 */
#include "route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_SIZE = 200 };

struct route_node {
	struct route_node *next;      /* the next literal beside this one */
	struct route_node *literals;  /* one segment further, by text */
	struct route_node *parameter; /* one segment further, any text */
	const struct operation *by_method[METHOD_COUNT];
	bool ends;   /* a template ends here */
	char text[]; /* the segment, or the parameter's name */
};

static struct route_node *node_new(const char *text, size_t length)
{
	struct route_node *n = calloc(1, sizeof *n + length + 1);

	if (n)
		memcpy(n->text, text, length);
	return n;
}

static bool same(const struct route_node *n, const char *text, size_t length)
{
	return strlen(n->text) == length && memcmp(n->text, text, length) == 0;
}

/* The node for "{name}" below N, made if missing. */
static struct route_node *parameter_node(struct route_node *n, const char *segment, size_t length,
					 char *error)
{
	const char *name = segment + 1;
	size_t size = length - 2;

	if (length < 3 || segment[length - 1] != '}' || memchr(name, '{', size) ||
	    memchr(name, '}', size)) {
		snprintf(error, ERROR_SIZE, "the segment %.*s is not one parameter",
			 (int)(length > 60 ? 60 : length), segment);
		return NULL;
	}
	if (!n->parameter) {
		n->parameter = node_new(name, size);
		if (!n->parameter)
			snprintf(error, ERROR_SIZE, "out of memory");
	} else if (!same(n->parameter, name, size)) {
		snprintf(error, ERROR_SIZE, "{%.60s} and %.*s stand at the same place",
			 n->parameter->text, (int)(length > 60 ? 60 : length), segment);
		return NULL;
	}
	return n->parameter;
}

static struct route_node *literal_node(struct route_node *n, const char *segment, size_t length,
				       char *error)
{
	struct route_node *child;

	if (!length || memchr(segment, '{', length) || memchr(segment, '}', length)) {
		snprintf(error, ERROR_SIZE,
			 "the segment \"%.*s\" is neither text nor one parameter",
			 (int)(length > 60 ? 60 : length), segment);
		return NULL;
	}
	for (child = n->literals; child; child = child->next) {
		if (same(child, segment, length))
			return child;
	}
	child = node_new(segment, length);
	if (!child) {
		snprintf(error, ERROR_SIZE, "out of memory");
		return NULL;
	}
	child->next = n->literals;
	n->literals = child;
	return child;
}

bool route_add(struct route_node **root, const struct operation *o, char error[200])
{
	const char *at = o->path;
	struct route_node *n;
	size_t count = 0;

	if (!*root)
		*root = node_new("", 0);
	n = *root;
	if (!n || *at != '/') {
		snprintf(error, ERROR_SIZE, n ? "a path begins with /" : "out of memory");
		return false;
	}
	for (at++; *at || count; at++) {
		size_t length = strcspn(at, "/");

		if (++count > TARGET_SEGMENTS_MAX) {
			snprintf(error, ERROR_SIZE, "the path has too many segments");
			return false;
		}
		n = *at == '{' ? parameter_node(n, at, length, error)
			       : literal_node(n, at, length, error);
		if (!n)
			return false;
		at += length;
		if (!*at)
			break;
	}
	if (n->by_method[o->method]) {
		snprintf(error, ERROR_SIZE, "%.80s already has this place",
			 n->by_method[o->method]->id);
		return false;
	}
	n->ends = true;
	n->by_method[o->method] = o;
	return true;
}

void route_free(struct route_node *root)
{
	while (root) {
		struct route_node *next = root->next;

		/* Depth is bounded by TARGET_SEGMENTS_MAX. */
		route_free(root->literals);
		route_free(root->parameter);
		free(root);
		root = next;
	}
}

/* Depth is bounded by TARGET_SEGMENTS_MAX, width by the tree. */
static const struct route_node *descend(const struct route_node *n, const struct target *t,
					size_t at, struct route_match *m)
{
	const struct route_node *child, *found;

	if (at == t->segment_count)
		return n->ends ? n : NULL;
	for (child = n->literals; child; child = child->next) {
		if (strcmp(child->text, t->segments[at]) == 0) {
			found = descend(child, t, at + 1, m);
			if (found)
				return found;
			break;
		}
	}
	if (!n->parameter)
		return NULL;
	m->names[m->value_count] = n->parameter->text;
	m->values[m->value_count++] = t->segments[at];
	found = descend(n->parameter, t, at + 1, m);
	if (!found)
		m->value_count--;
	return found;
}

bool route_find(const struct route_node *root, const struct target *t, struct route_match *m)
{
	const struct route_node *found;

	memset(m->by_method, 0, sizeof m->by_method);
	m->value_count = 0;
	found = root ? descend(root, t, 0, m) : NULL;
	if (!found)
		return false;
	memcpy(m->by_method, found->by_method, sizeof m->by_method);
	return true;
}

char *route_allow(struct arena *a, const struct route_match *m)
{
	static const char *const names[METHOD_COUNT] = {[METHOD_GET] = "GET, HEAD, ",
							[METHOD_POST] = "POST, ",
							[METHOD_PUT] = "PUT, ",
							[METHOD_PATCH] = "PATCH, ",
							[METHOD_DELETE] = "DELETE, "};
	char text[80] = "";
	size_t length = 0;
	int i;

	for (i = 0; i < METHOD_COUNT; i++) {
		if (m->by_method[i])
			length += (size_t)snprintf(text + length, sizeof text - length, "%s",
						   names[i]);
	}
	snprintf(text + length, sizeof text - length, "OPTIONS");
	return arena_strdup(a, text);
}
