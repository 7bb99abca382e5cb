/*
 * problem.c -- problem documents and their pages, from api/problem.def.
 */
#include "problem.h"

#include "json.h"

#include <stdio.h>
#include <string.h>

static const struct problem_info infos[PROBLEM_COUNT] = {
#define PROBLEM(name, slug, status, zh, en, cause_zh, cause_en, remedy_zh, remedy_en)              \
	[name] = {slug, status, {zh, en}, {cause_zh, cause_en}, {remedy_zh, remedy_en}},
#define VIOLATION(...)
#define CONSTRAINT(...)
#define STATE(...)
#include "problem.def"
#undef PROBLEM
#undef VIOLATION
#undef CONSTRAINT
#undef STATE
};

static const struct {
	const char *slug, *text[2];
} violations[] = {
#define PROBLEM(...)
#define VIOLATION(slug, zh, en) {slug, {zh, en}},
#define CONSTRAINT(...)
#define STATE(...)
#include "problem.def"
#undef PROBLEM
#undef VIOLATION
#undef CONSTRAINT
#undef STATE
};

struct cause {
	const char *key;
	enum problem problem;
};

static const struct cause constraints[] = {
#define PROBLEM(...)
#define VIOLATION(...)
#define CONSTRAINT(name, problem) {name, problem},
#define STATE(...)
#include "problem.def"
#undef PROBLEM
#undef VIOLATION
#undef CONSTRAINT
#undef STATE
	{NULL, PROBLEM_NONE},
};

static const struct cause states[] = {
#define PROBLEM(...)
#define VIOLATION(...)
#define CONSTRAINT(...)
#define STATE(state, problem) {state, problem},
#include "problem.def"
#undef PROBLEM
#undef VIOLATION
#undef CONSTRAINT
#undef STATE
	{NULL, PROBLEM_NONE},
};

const struct problem_info *problem_info(enum problem p)
{
	if (p <= PROBLEM_NONE || p >= PROBLEM_COUNT)
		p = INTERNAL_ERROR;
	return &infos[p];
}

enum problem problem_by_slug(const char *slug)
{
	int p;

	for (p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++)
		if (!strcmp(infos[p].slug, slug))
			return (enum problem)p;
	return PROBLEM_NONE;
}

static enum problem look_up(const struct cause *table, const char *key, size_t length)
{
	for (; table->key; table++)
		if (strlen(table->key) == length && !strncmp(table->key, key, length))
			return table->problem;
	return PROBLEM_NONE;
}

enum problem problem_by_constraint(const char *constraint)
{
	return look_up(constraints, constraint, strlen(constraint));
}

enum problem problem_by_sqlstate(const char *sqlstate)
{
	enum problem p = look_up(states, sqlstate, strlen(sqlstate));

	if (p == PROBLEM_NONE && strlen(sqlstate) == 5)
		p = look_up(states, sqlstate, 2);
	return p;
}

void violation_add(struct violations *v, enum violation_place place, const char *where,
		   const char *code, json_t *params)
{
	struct violation *row;

	if (v->count == VIOLATIONS_MAX) {
		v->more = true;
		json_decref(params);
		return;
	}
	row = &v->list[v->count++];
	row->place = place;
	row->where = arena_strdup(v->arena, where);
	row->code = code;
	row->params = params ? arena_json(v->arena, params) : NULL;
}

/* A value as the text that stands for its {name}. */
static char *parameter_text(struct arena *a, const json_t *value)
{
	if (json_is_string(value))
		return arena_strdup(a, json_string_value(value));
	return json_text(a, value);
}

/* TEXT with each {name} replaced; a name without a value stays empty. */
static char *fill_in(struct arena *a, const char *text, const json_t *params)
{
	const char *open = strchr(text, '{');
	const char *close = open ? strchr(open, '}') : NULL;
	char *before, *name, *filled = NULL, *rest;
	const json_t *value;

	if (!close)
		return arena_strdup(a, text);
	before = arena_strndup(a, text, (size_t)(open - text));
	name = arena_strndup(a, open + 1, (size_t)(close - open - 1));
	rest = fill_in(a, close + 1, params);
	if (!before || !name || !rest)
		return NULL;
	value = json_object_get(params, name);
	if (value)
		filled = parameter_text(a, value);
	return arena_printf(a, "%s%s%s", before, filled ? filled : "-", rest);
}

const char *violation_text(const char *code, enum language language)
{
	enum problem p;
	size_t i;

	for (i = 0; i < sizeof violations / sizeof *violations; i++)
		if (!strcmp(violations[i].slug, code))
			return violations[i].text[language];
	p = problem_by_slug(code);
	return p == PROBLEM_NONE ? code : infos[p].title[language];
}

char *violation_detail(struct arena *a, const char *code, enum language language,
		       const json_t *params)
{
	return fill_in(a, violation_text(code, language), params);
}

static json_t *violation_document(struct arena *a, const struct violation *v,
				  enum language language)
{
	static const char *const places[] = {"pointer", "parameter", "header"};
	char *detail = violation_detail(a, v->code, language, v->params);
	json_t *row = json_pack("{ss? ss ss?}", places[v->place], v->where, "code", v->code,
				"detail", detail);

	if (row && v->params && json_object_size(v->params))
		json_object_set(row, "params", v->params);
	return row;
}

char *problem_document(struct arena *a, enum problem p, enum language language,
		       const json_t *detail_params, const struct violations *list,
		       const char *request_id)
{
	const struct problem_info *info = problem_info(p);
	char *cause = fill_in(a, info->cause[language], detail_params);
	char *remedy = fill_in(a, info->remedy[language], detail_params);
	json_t *document, *errors;
	const char *key;
	json_t *value;
	size_t i;

	if (!cause || !remedy)
		return NULL;
	document = arena_json(
		a,
		json_pack("{so ss si so ss}", "type", json_sprintf("/problems/%s", info->slug),
			  "title", info->title[language], "status", info->status, "detail",
			  json_sprintf(language == LANGUAGE_ZH ? "%s%s" : "%s %s", cause, remedy),
			  "code", info->slug));
	if (!document)
		return NULL;
	if (request_id && *request_id) {
		json_object_set_new(document, "instance",
				    json_sprintf("urn:request:%s", request_id));
		json_object_set_new(document, "request_id", json_string(request_id));
	}
	json_object_foreach((json_t *)detail_params, key, value)
		if (!json_object_get(document, key))
			json_object_set(document, key, value);
	if (list && list->count) {
		errors = json_array();
		for (i = 0; i < list->count; i++)
			json_array_append_new(errors,
					      violation_document(a, &list->list[i], language));
		json_object_set_new(document, "errors", errors);
		if (list->more)
			json_object_set_new(document, "more_errors", json_true());
	}
	return json_text(a, document);
}

/* What both pages begin with, up to the title. */
#define PAGE_BEGIN                                                                                 \
	"<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"               \
	"<meta name=\"viewport\" content=\"width=device-width\">\n"                                \
	"<style>body{font:16px/1.7 sans-serif;max-width:44em;margin:3em auto;padding:0 1em;"       \
	"color:#222;background:#fff}code{background:#eef3f1;padding:.1em .3em}"                    \
	"h1{font-size:1.4em}section{margin-top:2em}td{padding:.2em .6em .2em 0;"                   \
	"vertical-align:top}</style>\n<title>"

char *problem_page(struct arena *a, enum problem p)
{
	const struct problem_info *i = problem_info(p);

	return arena_printf(
		a,
		PAGE_BEGIN
		"%d %s · %s</title>\n</head>\n<body>\n<p><code>%d</code> <code>%s</code></p>\n"
		"<section lang=\"zh-CN\">\n<h1>%s</h1>\n<p>原因：%s</p>\n<p>办法：%s</p>\n</section>\n"
		"<section lang=\"en\">\n<h1>%s</h1>\n<p>Cause: %s</p>\n<p>Remedy: %s</p>\n</section>\n"
		"<p><a href=\"/problems\">所有问题 · All problems</a></p>\n</body>\n</html>\n",
		i->status, i->title[LANGUAGE_ZH], i->title[LANGUAGE_EN], i->status, i->slug,
		i->title[LANGUAGE_ZH], i->cause[LANGUAGE_ZH], i->remedy[LANGUAGE_ZH],
		i->title[LANGUAGE_EN], i->cause[LANGUAGE_EN], i->remedy[LANGUAGE_EN]);
}

/* A problem's row of the index into TEXT of SIZE bytes; how long it is. */
static size_t index_row(char *text, size_t size, const struct problem_info *i)
{
	int length =
		snprintf(text, size,
			 "<tr><td><code>%d</code></td><td><a href=\"/problems/%s\">%s</a></td>"
			 "<td>%s</td><td lang=\"en\">%s</td></tr>\n",
			 i->status, i->slug, i->slug, i->title[LANGUAGE_ZH], i->title[LANGUAGE_EN]);

	return length > 0 ? (size_t)length : 0;
}

char *problem_index(struct arena *a)
{
	static const char begin[] = PAGE_BEGIN "问题 · Problems</title>\n</head>\n<body>\n"
					       "<h1>问题 · Problems</h1>\n<table>\n";
	static const char end[] = "</table>\n</body>\n</html>\n";
	size_t size = sizeof begin + sizeof end;
	char *page, *at;
	int p;

	for (p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++)
		size += index_row(NULL, 0, &infos[p]);
	page = arena_alloc(a, size);
	if (!page)
		return NULL;
	at = stpcpy(page, begin);
	for (p = PROBLEM_NONE + 1; p < PROBLEM_COUNT; p++)
		at += index_row(at, (size_t)(page + size - at), &infos[p]);
	stpcpy(at, end);
	return page;
}
