/*
 * contract_sample.h -- a small contract, and a way to change one place of it.
 */
#ifndef QINGLAN_CONTRACT_SAMPLE_H
#define QINGLAN_CONTRACT_SAMPLE_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char sample[] =
	"openapi: 3.1.1\n"
	"info: {title: Sample, version: 0.0.1}\n"
	"servers: [{url: https://a.example}]\n"
	"tags: [{name: things, description: d}]\n"
	"paths:\n"
	"  /v1/things:\n"
	"    get:\n"
	"      operationId: thing_list\n"
	"      tags: [things]\n"
	"      summary: List\n"
	"      security: [{bearer: ['things:read']}, {bearer: ['things:write']}]\n"
	"      parameters:\n"
	"        - $ref: '#/components/parameters/PageSize'\n"
	"        - {name: status, in: query, explode: false, schema: {type: array, maxItems: 3,\n"
	"           items: {type: string, enum: [open, closed]}}, example: [open]}\n"
	"        - {name: q, in: query, allowEmptyValue: true, schema: {type: string, "
	"maxLength: 5}}\n"
	"        - {name: least, in: query, schema: {type: number, multipleOf: 0.01}}\n"
	"        - {name: full, in: query, schema: {type: boolean}}\n"
	"        - {name: numbers, in: query, explode: false, schema: {type: array, maxItems: 9,\n"
	"           items: {type: integer}}}\n"
	"        - {name: Prefer, in: header, schema: {type: array, items: {type: string}, "
	"maxItems: 2}}\n"
	"      responses:\n"
	"        '200':\n"
	"          description: ok\n"
	"          headers: {ETag: {$ref: '#/components/headers/ETag'}}\n"
	"          content:\n"
	"            application/json:\n"
	"              schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}\n"
	"              example: [{name: a, hours: 1.25}]\n"
	"            text/csv: {schema: {type: string, maxLength: 1000}}\n"
	"        '400': {$ref: '#/components/responses/Bad'}\n"
	"    post:\n"
	"      operationId: thing_create\n"
	"      summary: Make\n"
	"      security: [{bearer: []}]\n"
	"      x-max-body: 5000\n"
	"      parameters: [{$ref: '#/components/parameters/Key'}]\n"
	"      requestBody:\n"
	"        required: true\n"
	"        content:\n"
	"          application/json:\n"
	"            schema: {$ref: '#/components/schemas/Thing'}\n"
	"            examples: {one: {summary: s, value: {name: b}}}\n"
	"      responses:\n"
	"        '202': {description: later}\n"
	"        '201':\n"
	"          description: made\n"
	"          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}\n"
	"        '400': {$ref: '#/components/responses/Bad'}\n"
	"  /v1/things/{thing_id}:\n"
	"    parameters:\n"
	"      - {name: thing_id, in: path, required: true, schema: {type: string, format: uuid}}\n"
	"    patch:\n"
	"      operationId: thing_patch\n"
	"      summary: Change\n"
	"      security: [{bearer: ['things:write']}]\n"
	"      x-handler: true\n"
	"      x-subject: thing_id\n"
	"      parameters:\n"
	"        - {name: If-Match, in: header, required: true, schema: {type: string, "
	"maxLength: 50}}\n"
	"      requestBody:\n"
	"        content:\n"
	"          application/merge-patch+json: {schema: {type: object}}\n"
	"          text/csv: {schema: {type: string, maxLength: 300}}\n"
	"      responses: {'200': {description: ok}}\n"
	"  /v1/things:find:\n"
	"    post:\n"
	"      operationId: thing_find\n"
	"      summary: Find\n"
	"      security: []\n"
	"      x-safe: true\n"
	"      responses: {'204': {description: none}}\n"
	"  /v1/things:batch:\n"
	"    post:\n"
	"      operationId: thing_batch\n"
	"      summary: Many\n"
	"      security: [{}, {bearer: []}]\n"
	"      x-batch: thing_create\n"
	"      responses: {'200': {description: ok}}\n"
	"components:\n"
	"  x-scopes:\n"
	"    things:read: {roles: [county, school], description: d}\n"
	"    things:write: {roles: [county, teacher, client], description: d}\n"
	"  securitySchemes: {bearer: {type: http, scheme: bearer, bearerFormat: JWT}}\n"
	"  parameters:\n"
	"    PageSize: {name: page_size, in: query, schema: {type: integer, minimum: 1, "
	"maximum: 500,\n"
	"               default: 50}}\n"
	"    Key: {name: Idempotency-Key, in: header, required: true, schema: {type: string,"
	" maxLength: 9}}\n"
	"  headers: {ETag: {description: d, schema: {type: string}}}\n"
	"  responses:\n"
	"    Bad:\n"
	"      description: bad\n"
	"      content: {application/problem+json: {schema: {type: object}}}\n"
	"  schemas:\n"
	"    Thing:\n"
	"      type: object\n"
	"      additionalProperties: false\n"
	"      required: [name]\n"
	"      properties:\n"
	"        name: {type: string, maxLength: 20}\n"
	"        hours: {type: number, multipleOf: 0.01}\n";

/* The sample with the one place FROM replaced by TO, in a buffer that the next call uses again. */
static inline const char *sample_with(const char *from, const char *to)
{
	static char text[sizeof sample + 2000];
	const char *at = strstr(sample, from);

	if (!at || strstr(at + 1, from) || strlen(to) > 2000)
		return NULL;
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sample), sample, to, at + strlen(from));
	return text;
}

#endif
