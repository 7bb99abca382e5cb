/*
 * request_route.c -- the step from a raw target to an operation, and OPTIONS.
 */
#include "request_private.h"

#include <string.h>

int request_method(const char *name)
{
	static const char *const names[METHOD_COUNT] = {
		[METHOD_GET] = "GET",     [METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",
		[METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE",
	};
	int i;

	for (i = 0; i < METHOD_COUNT; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int refuse_method(struct request *r)
{
	reply_header(r->out, "Allow", route_allow(r->arena, &r->match));
	return problem(r, METHOD_NOT_ALLOWED, json_pack("{ss}", "method", r->in->method));
}

int step_route(struct request *r)
{
	const char *where = NULL;
	const char *fault = target_parse(r->arena, r->in->target, &r->target, &where);
	int method;

	if (fault) {
		violation_add(&r->violations, IN_PARAMETER, where ? where : "target", fault, NULL);
		return problem(r, BAD_REQUEST, NULL);
	}
	if (!route_find(r->service->contract->routes, &r->target, &r->match))
		return problem(r, NOT_FOUND, NULL);
	if (!strcmp(r->in->method, "OPTIONS"))
		return reply_options(r);
	r->head = !strcmp(r->in->method, "HEAD");
	method = r->head ? METHOD_GET : request_method(r->in->method);
	if (method < 0 || !r->match.by_method[method])
		return refuse_method(r);
	r->operation = r->match.by_method[method];
	r->out->operation = r->operation->number;
	return 0;
}
