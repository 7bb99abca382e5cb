/*
 * http_guard.c -- what the HTTP library lets through and we refuse (RFC 9112, RFC 9110 5).
 *
 * Doubled Content-Length or Host, length together with chunks, folded lines, bytes that no
 * header may hold, blanks in names, more headers or bytes than we take.  It judges the head
 * only: which methods, targets and media types exist is the contract's business.
 */
#include "http_private.h"

#include "target.h"

#include <string.h>
#include <strings.h>

static enum MHD_Result head_add(void *context, enum MHD_ValueKind kind, const char *name,
				size_t name_length, const char *value, size_t value_length)
{
	struct http_head *head = context;

	(void)kind;
	if (head->count == HEADERS_MAX) {
		head->too_many = true;
		return MHD_NO;
	}
	head->list[head->count].name = name;
	head->list[head->count].name_length = name_length;
	head->list[head->count].value = value ? value : "";
	head->list[head->count++].value_length = value ? value_length : 0;
	return MHD_YES;
}

void http_head_read(struct MHD_Connection *connection, struct http_head *head)
{
	head->count = 0;
	head->too_many = false;
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, head_add, head);
}

/* RFC 9110 5.6.2. */
static bool is_token(const char *text, size_t length)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	size_t i;

	for (i = 0; i < length; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr(others, c))))
			return false;
	}
	return length > 0;
}

/* RFC 9110 5.5: visible characters, blanks, tabs and what is beyond ASCII. */
static bool is_value(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_target(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if ((unsigned char)text[i] <= 0x20 || (unsigned char)text[i] >= 0x7f)
			return false;
	return length > 0;
}

/*
 * MHD leaves the head where it was received and writes NULs over the delimiters, so an honest
 * head lies end to end: one blank in the request line, CR LF after each line.  A NUL sent by
 * the client, a folded line (moved elsewhere) or a bare LF leaves a gap, and only that shows it.
 */
static bool lies_end_to_end(const struct http_client *c, const struct http_head *head,
			    const char *method, const char *version)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const char *at;
	size_t i;

	if (!size || c->target_place != method + strlen(method) + 1 ||
	    version != c->target_place + c->target_length + 1)
		return false;
	at = version + strlen(version) + 2;
	for (i = 0; i < head->count; i++) {
		const char *gap = head->list[i].name + head->list[i].name_length + 1;

		if (head->list[i].name != at || head->list[i].value < gap)
			return false;
		for (; gap < head->list[i].value; gap++)
			if (*gap != ' ' && *gap != '\t')
				return false;
		at = head->list[i].value + head->list[i].value_length + 2;
	}
	return at + 2 == method + size->header_size;
}

static bool is_named(const struct http_head *head, size_t i, const char *name)
{
	return head->list[i].name_length == strlen(name) &&
	       !strncasecmp(head->list[i].name, name, head->list[i].name_length);
}

/* How often NAME came; *VALUE, *LENGTH are the last one without blanks round it. */
static size_t occurrences(const struct http_head *head, const char *name, const char **value,
			  size_t *length)
{
	size_t i, count = 0;

	for (i = 0; i < head->count; i++) {
		if (!is_named(head, i, name))
			continue;
		count++;
		*value = head->list[i].value;
		*length = head->list[i].value_length;
		while (*length && strchr(" \t", (*value)[*length - 1]))
			--*length;
	}
	return count;
}

/* Says what is malformed; always false. */
static bool blame(struct violation *why, const char *header, const char *code)
{
	*why = (struct violation){.place = IN_HEADER, .where = header, .code = code};
	return false;
}

static bool characters_valid(const struct http_head *head, struct violation *why)
{
	size_t i;

	for (i = 0; i < head->count; i++) {
		if (!is_token(head->list[i].name, head->list[i].name_length))
			return blame(why, NULL, "header-name");
		if (!is_value(head->list[i].value, head->list[i].value_length))
			return blame(why, head->list[i].name, "header-value");
	}
	return true;
}

/* Headers of which a second one would leave open which is meant. */
static bool none_repeated(const struct http_head *head, struct violation *why)
{
	static const char *const single[] = {
		"Authorization",
		"Content-Encoding",
		"Content-Length",
		"Content-Type",
		"Date",
		"Expect",
		"From",
		"Host",
		"Idempotency-Key",
		"If-Modified-Since",
		"If-Range",
		"If-Unmodified-Since",
		"Max-Forwards",
		"Origin",
		"Range",
		"Referer",
		"Traceparent",
		"Transfer-Encoding",
		"User-Agent",
		"X-Request-Id",
	};
	const char *value;
	size_t i, length;

	for (i = 0; i < sizeof single / sizeof *single; i++)
		if (occurrences(head, single[i], &value, &length) > 1)
			return blame(why, single[i], "header-repeated");
	return true;
}

/* A host and maybe a port, nothing that could be read as more (RFC 9110 7.2). */
static bool host_valid(const struct http_head *head, bool required, struct violation *why)
{
	const char *value = "";
	size_t i, length = 0;

	if (!occurrences(head, "Host", &value, &length))
		return !required || blame(why, "Host", "header-missing");
	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c <= 0x20 || c >= 0x7f || strchr("/\\?#@,\"<>^`{|}", c))
			return blame(why, "Host", "header-value");
	}
	return (length > 0 && length <= 260) || blame(why, "Host", "header-value");
}

/* RFC 9112 6: where the body ends has one answer. */
static bool framing_valid(const struct http_head *head, bool is_1_1, int64_t *length,
			  struct violation *why)
{
	const char *size = "", *coding = "";
	size_t i, size_length = 0, coding_length = 0;
	size_t sizes = occurrences(head, "Content-Length", &size, &size_length);
	size_t codings = occurrences(head, "Transfer-Encoding", &coding, &coding_length);

	*length = codings ? LENGTH_CHUNKED : 0;
	if (codings && sizes)
		return blame(why, "Transfer-Encoding", "length-and-chunks");
	if (codings && (!is_1_1 || coding_length != 7 || strncasecmp(coding, "chunked", 7)))
		return blame(why, "Transfer-Encoding", "header-value");
	for (i = 0; i < size_length; i++) {
		if (size[i] < '0' || size[i] > '9' || *length > INT64_MAX / 10 - 9)
			return blame(why, "Content-Length", "header-value");
		*length = *length * 10 + (size[i] - '0');
	}
	return !sizes || size_length || blame(why, "Content-Length", "header-value");
}

enum refusal http_guard(const struct http_client *c, const struct http_head *head,
			const char *method, const char *version, int64_t *length,
			struct violation *why)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	bool is_1_0 = !strcmp(version, "HTTP/1.0");

	*length = 0;
	*why = (struct violation){.code = "request-malformed"};
	if (c->target_length > TARGET_LENGTH_MAX)
		return REFUSE_TARGET;
	if (head->too_many || !size || size->header_size > HEAD_MAX)
		return REFUSE_HEADERS;
	if (!lies_end_to_end(c, head, method, version) || !is_token(method, strlen(method)) ||
	    strlen(method) > METHOD_MAX)
		return REFUSE_MALFORMED;
	if (!is_target(c->target, c->target_length)) {
		*why = (struct violation){
			.place = IN_PARAMETER, .where = "target", .code = "target-character"};
		return REFUSE_MALFORMED;
	}
	if (!characters_valid(head, why) || !none_repeated(head, why) ||
	    !host_valid(head, !is_1_0, why) || !framing_valid(head, !is_1_0, length, why))
		return REFUSE_MALFORMED;
	return REFUSE_NOTHING;
}
