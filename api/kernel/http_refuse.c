/*
 * http_refuse.c -- the few problems that the wire answers by itself, before any application.
 *
 * They are rows of api/problem.def like the others, but need neither an arena nor a parsed
 * request: often there is none.  They are written straight to
 * the socket, on which nothing else is under way at that moment, and end the connection.
 */
#include "http_private.h"

#include "clock.h"
#include "fingerprint.h"
#include "log.h"
#include "metrics.h"

#include <stdio.h>
#include <string.h>

/* Which problem each is, the reason phrase of its status line, and when to come back. */
static const struct {
	enum problem problem;
	const char *reason, *retry_after;
} refusals[REFUSALS] = {
	[REFUSE_MALFORMED] = {BAD_REQUEST, "Bad Request", NULL},
	[REFUSE_LATE] = {REQUEST_TIMEOUT, "Request Timeout", NULL},
	[REFUSE_TOO_LARGE] = {CONTENT_TOO_LARGE, "Content Too Large", NULL},
	[REFUSE_TARGET] = {URI_TOO_LONG, "URI Too Long", NULL},
	[REFUSE_HEADERS] = {HEADERS_TOO_LARGE, "Request Header Fields Too Large", NULL},
	[REFUSE_BUSY] = {UNAVAILABLE, "Service Unavailable", "1"},
	[REFUSE_VERSION] = {VERSION_NOT_SUPPORTED, "HTTP Version Not Supported", NULL},
	[REFUSE_FULL] = {UNAVAILABLE, "Service Unavailable", "1"},
	[REFUSE_FAILED] = {INTERNAL_ERROR, "Internal Server Error", NULL},
};

enum { ERRORS_SIZE = 400, DOCUMENT_SIZE = 1040, REPLY_SIZE = 1024 };

enum refusal refusal_of_status(unsigned status)
{
	switch (status) {
	case 413:
		return REFUSE_TOO_LARGE;
	case 414:
		return REFUSE_TARGET;
	case 431:
		return REFUSE_HEADERS;
	case 500:
		return REFUSE_FAILED;
	case 505:
		return REFUSE_VERSION;
	default:
		return REFUSE_MALFORMED;
	}
}

unsigned refusal_status(enum refusal r)
{
	return (unsigned)problem_info(refusals[r].problem)->status;
}

/* The member that names what is malformed, as far as is known; "" for what is not that. */
static void errors_write(enum refusal r, const struct violation *why, bool english,
			 char text[ERRORS_SIZE])
{
	static const struct violation somewhere = {.code = "request-malformed"};
	char place[120] = "";

	*text = '\0';
	if (r != REFUSE_MALFORMED)
		return;
	if (!why)
		why = &somewhere;
	if (why->where)
		snprintf(place, sizeof place, "\"%s\":\"%.80s\",",
			 why->place == IN_HEADER ? "header" : "parameter", why->where);
	snprintf(text, ERRORS_SIZE, ",\"errors\":[{%s\"code\":\"%s\",\"detail\":\"%s\"}]", place,
		 why->code, violation_text(why->code, english ? LANGUAGE_EN : LANGUAGE_ZH));
}

static size_t document_write(enum refusal r, const struct violation *why, bool english,
			     const char *id, char text[DOCUMENT_SIZE])
{
	char errors[ERRORS_SIZE];
	const struct problem_info *p = problem_info(refusals[r].problem);
	int length;

	errors_write(r, why, english, errors);
	length = snprintf(text, DOCUMENT_SIZE,
			  "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,"
			  "\"detail\":\"%s\",\"instance\":\"urn:request:%s\",\"code\":\"%s\","
			  "\"request_id\":\"%s\"%s}",
			  p->slug, p->title[english], p->status, p->remedy[english], id, p->slug,
			  id, errors);

	return length > 0 && length < DOCUMENT_SIZE ? (size_t)length : 0;
}

/* Whether it was asked in the same second before: many connections shall not be many lines. */
static bool said_lately(void)
{
	static _Atomic int64_t said = -1;
	int64_t now = clock_monotonic_ns() / INT64_C(1000000000);

	return atomic_exchange(&said, now) == now;
}

/*
 * What the steps do for a request that they answered: counts it, and the line of the log.  Of the
 * request itself nothing is known, or nothing is to be told.
 */
static void account(enum refusal r, const char *id)
{
	const struct problem_info *p = problem_info(refusals[r].problem);

	metrics_request(-1, p->status, 0, 0);
	if (r == REFUSE_FULL && said_lately())
		return;
	log_event(p->status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "request",
		  "{ss ss ss si sf sf ss si ss}", "request_id", id, "method", "-", "operation", "-",
		  "status", p->status, "ms", 0.0, "db_ms", 0.0, "role", "-", "county", 0, "problem",
		  p->slug);
}

const char *refusal_document(struct arena *a, enum refusal r, bool english,
			     char id[FINGERPRINT_SIZE])
{
	char text[DOCUMENT_SIZE];
	size_t length;
	const char *copy;

	fingerprint_random(id);
	account(r, id);
	length = document_write(r, NULL, english, id, text);
	copy = a ? arena_strndup(a, text, length) : NULL;
	return copy ? copy : "";
}

static void date_write(char date[64])
{
	time_t now = (time_t)clock_unix();
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(date, 64, "%a, %d %b %Y %H:%M:%S GMT", &utc);
}

bool refusal_send(int fd, enum refusal r, const struct violation *why, bool english, bool head)
{
	char id[FINGERPRINT_SIZE], date[64], text[DOCUMENT_SIZE], whole[REPLY_SIZE + DOCUMENT_SIZE];
	size_t length;
	int size;

	fingerprint_random(id);
	account(r, id);
	date_write(date);
	length = document_write(r, why, english, id, text);
	size = snprintf(
		whole, sizeof whole,
		"HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Type: application/problem+json\r\n"
		"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
		"X-Request-Id: %s\r\n%s%s%sConnection: close\r\nContent-Length: %zu\r\n\r\n%.*s",
		refusal_status(r), refusals[r].reason, date, id,
		refusals[r].retry_after ? "Retry-After: " : "",
		refusals[r].retry_after ? refusals[r].retry_after : "",
		refusals[r].retry_after ? "\r\n" : "", length, head ? 0 : (int)length, text);
	/* A socket that takes not even this has nobody who reads. */
	if (size <= 0 || (size_t)size >= sizeof whole ||
	    send(fd, whole, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT) != size)
		return false;
	shutdown(fd, SHUT_WR);
	return true;
}
