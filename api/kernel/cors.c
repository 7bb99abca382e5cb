/*
 * cors.c -- which origins' pages may call (WHATWG Fetch), from the setting QINGLAN_ORIGINS.
 */
#include "request_private.h"

#include <string.h>

static bool origin_listed(const char *list, const char *origin)
{
	size_t length = strlen(origin);

	while (*list) {
		size_t word = strcspn(list, " ");

		if (word == length && !strncmp(list, origin, length))
			return true;
		list += word;
		list += strspn(list, " ");
	}
	return false;
}

void cors_headers(struct request *r, bool preflight)
{
	const char *origin = message_header(r->in, "Origin");

	if (!origin || !origin_listed(r->service->config->origins, origin))
		return;
	reply_header(r->out, "Access-Control-Allow-Origin", origin);
	/* What answers have beyond the few that Fetch shows to every page. */
	reply_header(
		r->out, "Access-Control-Expose-Headers",
		"Accept-Patch, Accept-Post, Allow, Content-Disposition, ETag, Idempotency-Replayed, "
		"Link, Location, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, "
		"WWW-Authenticate, X-Request-Id, traceparent");
	if (!preflight || !message_header(r->in, "Access-Control-Request-Method"))
		return;
	reply_header(r->out, "Access-Control-Allow-Methods", reply_header_value(r->out, "Allow"));
	reply_header(
		r->out, "Access-Control-Allow-Headers",
		"Authorization, Content-Type, Accept, Accept-Language, If-Match, If-None-Match, "
		"Idempotency-Key, Prefer, X-Request-Id, traceparent");
	reply_header(r->out, "Access-Control-Max-Age", "7200");
}
