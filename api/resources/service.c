/*
 * service.c -- the service about itself: entry point, contract, reference, problems, keys.
 *
 * Contract: openapi.yaml, tag "service".  Nothing here asks the database.
 */
#include "api.h"

#include "files.h"

#include <string.h>

/* The answer JSON, dumped; takes over the reference. */
static int answer_json(struct request *r, const char *media_type, json_t *document)
{
	char *text = document ? json_text(r->arena, arena_json(r->arena, document)) : NULL;

	if (!text)
		return problem(r, UNAVAILABLE, NULL);
	return answer_bytes(r, media_type, text, strlen(text), NULL);
}

/* GET / -- where to go from here. */
int root_get(struct request *r)
{
	const json_t *info = json_object_get(r->service->contract->document, "info");

	return answer_json(r, "application/json",
			   json_pack("{ss sO s{ss ss ss ss ss ss}}", "name", "青蓝 Qinglan",
				     "version", json_object_get(info, "version"), "links",
				     "contract", "/openapi.yaml", "contract_json", "/openapi.json",
				     "documentation", "/docs", "problems", "/problems", "keys",
				     "/.well-known/jwks.json", "me", "/v1/me"));
}

/* GET /openapi.yaml -- the contract, byte for byte as it was built in. */
int contract_yaml_get(struct request *r)
{
	const struct contract *c = r->service->contract;

	return answer_bytes(r, "application/yaml", c->yaml, c->yaml_length, NULL);
}

/* GET /openapi.json -- the same as JSON. */
int contract_json_get(struct request *r)
{
	const struct contract *c = r->service->contract;

	return answer_bytes(r, "application/json", c->json, c->json_length, NULL);
}

/*
 * GET /docs
 *
 * The page brings its own script and style, so its policy allows what stands in it and
 * nothing from elsewhere.
 */
int documentation_get(struct request *r)
{
	reply_header(
		r->out, "Content-Security-Policy",
		"default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
		"img-src data:; font-src data:; worker-src blob:; connect-src 'self'; "
		"frame-ancestors 'none'");
	return answer_bytes(r, "text/html; charset=utf-8", docs_html, docs_html_length, NULL);
}

/* PAGE as it is, NULL without memory; it may bring style and nothing else. */
static int answer_page(struct request *r, const char *page)
{
	if (!page)
		return problem(r, UNAVAILABLE, NULL);
	reply_header(r->out, "Content-Security-Policy",
		     "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
	return answer_bytes(r, "text/html; charset=utf-8", page, strlen(page), NULL);
}

/* GET /problems */
int problem_list(struct request *r)
{
	return answer_page(r, problem_index(r->arena));
}

/* GET /problems/{slug} -- the page behind a problem's type. */
int problem_get(struct request *r)
{
	enum problem p = problem_by_slug(value(r, "slug"));

	if (p == PROBLEM_NONE)
		return problem(r, NOT_FOUND, NULL);
	return answer_page(r, problem_page(r->arena, p));
}

/* GET /.well-known/jwks.json -- RFC 7517. */
int jwks_get(struct request *r)
{
	return answer_json(r, "application/json", token_jwks(r->service->keys));
}

/* GET /.well-known/api-catalog -- RFC 9727, a link set (RFC 9264). */
int api_catalog_get(struct request *r)
{
	return answer_json(r, "application/linkset+json",
			   json_pack("{s[{ss s[{ss ss}] s[{ss ss}]}]}", "linkset", "anchor", "/v1",
				     "service-desc", "href", "/openapi.yaml", "type",
				     "application/yaml", "service-doc", "href", "/docs", "type",
				     "text/html"));
}
