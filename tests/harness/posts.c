/*
 * posts.c -- see posts.h.
 */
#include "posts.h"

#include "pause.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_SECONDS = 20, PAUSE_MS = 25, BODY_SIZE = 1200 };

/* A request until it is answered. */
struct post {
	char target[100], body[BODY_SIZE], key[60];
	size_t entries, reverses; /* place in the list of what it reverses */
	bool reversal;
	struct posted list[POSTS_BATCH];
};

static int chance(struct poster *p, int sides)
{
	return rand_r(&p->seed) % sides;
}

static void surprise(struct poster *p, const struct answer *a, const char *why)
{
	if (!p->surprises++)
		snprintf(p->surprise, sizeof p->surprise, "%s: %s answered %d %.200s", why,
			 a->request, a->status, a->body);
}

/* --- what to send --- */

/* One new entry as JSON into TEXT; what will be posted into E. */
static void entry_make(struct poster *p, struct posted *e, int part, char *text, size_t size)
{
	static const char *const levels[] = {"county", "school", "self_study"};

	*e = (struct posted){.teacher = chance(p, POSTS_TEACHERS),
			     .hundredths = 1 + chance(p, 400)};
	strcpy(e->kind, "external_certificate");
	snprintf(e->source, sizeof e->source, "证书-%d-%ld-%d", p->number, p->made, part);
	snprintf(text, size,
		 "{\"teacher_id\":\"%s\",\"hours\":%ld.%02ld,\"level\":\"%s\","
		 "\"activity_on\":\"%s\",\"source\":{\"kind\":\"%s\",\"key\":\"%s\"}}",
		 p->posts->teachers[e->teacher], e->hundredths / 100, e->hundredths % 100,
		 levels[chance(p, 3)], p->posts->day, e->kind, e->source);
}

static void batch_make(struct poster *p, struct post *q)
{
	size_t length;

	strcpy(q->target, "/v1/hour-entries:batch");
	length = (size_t)snprintf(q->body, sizeof q->body, "{\"atomic\":true,\"items\":[");
	for (q->entries = 0; q->entries < POSTS_BATCH; q->entries++) {
		if (q->entries)
			q->body[length++] = ',';
		entry_make(p, &q->list[q->entries], (int)q->entries, q->body + length,
			   sizeof q->body - length);
		length += strlen(q->body + length);
	}
	snprintf(q->body + length, sizeof q->body - length, "]}");
}

/* Takes back an entry of its own; false when that one cannot be. */
static bool reversal_make(struct poster *p, struct post *q)
{
	const size_t place = p->count ? (size_t)rand_r(&p->seed) % p->count : 0;
	const struct posted *old;

	if (!p->count)
		return false;
	old = &p->list[place];
	if (old->reversed || old->hundredths < 0)
		return false;
	snprintf(q->target, sizeof q->target, "/v1/hour-entries/%s/reverse", old->id);
	strcpy(q->body, "{\"reason\":\"误记\"}");
	q->list[0] = (struct posted){.teacher = old->teacher, .hundredths = -old->hundredths};
	strcpy(q->list[0].kind, "reversal");
	strcpy(q->list[0].source, old->id);
	q->reverses = place;
	q->reversal = true;
	q->entries = 1;
	return true;
}

static void post_make(struct poster *p, struct post *q)
{
	const int kind = chance(p, 10);

	*q = (struct post){.entries = 1};
	p->made++;
	snprintf(q->key, sizeof q->key, "key-%d-%ld", p->number, p->made);
	if (kind == 0 && reversal_make(p, q))
		return;
	if (kind == 1) {
		batch_make(p, q);
		return;
	}
	strcpy(q->target, "/v1/hour-entries");
	entry_make(p, &q->list[0], 0, q->body, sizeof q->body);
}

/* --- what comes back --- */

/* The ids of an answered request into Q; false when the answer is not one. */
static bool ids_read(struct post *q, const struct answer *a)
{
	const json_t *results = json_object_get(a->json, "results");
	size_t i;

	for (i = 0; i < q->entries; i++) {
		const json_t *row = results ? json_array_get(results, i) : a->json;
		const char *id = json_string_value(json_object_get(row, "id"));

		if (!id)
			return false;
		snprintf(q->list[i].id, sizeof q->list[i].id, "%s", id);
	}
	return a->status == (results ? 200 : 201);
}

static bool note(struct poster *p, const struct post *q)
{
	size_t i;

	if (p->count + q->entries > p->room) {
		const size_t room = p->room ? 2 * p->room : 256;
		struct posted *larger = realloc(p->list, room * sizeof *larger);

		if (!larger)
			return false;
		p->list = larger;
		p->room = room;
	}
	if (q->reversal)
		p->list[q->reverses].reversed = true;
	for (i = 0; i < q->entries; i++)
		p->list[p->count++] = q->list[i];
	p->answered++;
	return true;
}

/* True for an answer that says: not now, send it again. */
static bool again(const struct answer *a)
{
	const char *code = json_string_value(json_object_get(a->json, "code"));

	return a->status == 0 || a->status == 503 ||
	       (a->status == 409 && code && !strcmp(code, "idempotency-in-progress"));
}

static struct answer *send_post(struct poster *p, const struct post *q)
{
	return wire_ask(&p->wire, "POST", q->target, q->body, "Idempotency-Key", q->key, NULL);
}

/* The same request once more: the same answer, or none at all. */
static void repeat(struct poster *p, const struct post *q)
{
	struct answer *a = send_post(p, q);
	struct post second = *q;
	size_t i;

	if (!a || again(a))
		return;
	if (!ids_read(&second, a) || strcmp(header_of(a, "Idempotency-Replayed"), "true"))
		surprise(p, a, "a repeated request");
	for (i = 0; i < q->entries; i++)
		if (strcmp(q->list[i].id, second.list[i].id))
			surprise(p, a, "a repeated request made another entry");
	p->replayed++;
}

/* Sends one request until it is answered. */
static void post_until_answered(struct poster *p)
{
	struct answer *a;
	struct post q;
	int64_t end = 0;

	post_make(p, &q);
	while ((a = send_post(p, &q)) && again(a)) {
		p->unanswered++;
		if (p->posts->stop && !end)
			end = now_ms() + LAST_SECONDS * 1000;
		if (end && now_ms() > end) {
			surprise(p, a, "never answered");
			return;
		}
		arena_clear(p->wire.arena);
		pause_ms(PAUSE_MS);
	}
	if (!a)
		return;
	if (!ids_read(&q, a) || !note(p, &q))
		surprise(p, a, "a new request");
	else if (!chance(p, 8))
		repeat(p, &q);
	arena_clear(p->wire.arena);
}

static void *poster_run(void *poster)
{
	struct poster *p = poster;

	while (!p->posts->stop)
		post_until_answered(p);
	return NULL;
}

/* --- all of them --- */

bool posts_begin(struct posts *p, int count, int port, const char *token, unsigned seed)
{
	p->posters = calloc((size_t)count, sizeof *p->posters);
	p->stop = false;
	p->running = true;
	for (p->count = 0; p->posters && p->count < count; p->count++) {
		struct poster *one = &p->posters[p->count];

		one->posts = p;
		one->number = p->count;
		one->seed = seed + (unsigned)p->count;
		if (!wire_open(&one->wire, port, token) ||
		    pthread_create(&one->thread, NULL, poster_run, one)) {
			wire_close(&one->wire);
			break;
		}
	}
	return p->posters && p->count == count;
}

void posts_end(struct posts *p)
{
	int i;

	p->stop = true;
	for (i = 0; p->running && i < p->count; i++)
		pthread_join(p->posters[i].thread, NULL);
	p->running = false;
}

void posts_free(struct posts *p)
{
	int i;

	for (i = 0; i < p->count; i++) {
		wire_close(&p->posters[i].wire);
		free(p->posters[i].list);
	}
	free(p->posters);
	p->posters = NULL;
	p->count = 0;
}

long posts_answered(const struct posts *p)
{
	long answered = 0;
	int i;

	for (i = 0; i < p->count; i++)
		answered += p->posters[i].answered;
	return answered;
}
