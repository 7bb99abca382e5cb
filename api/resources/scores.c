/*
 * scores.c -- the exam scores of a course as a list: its columns, and reading it whole.
 *
 * A list of scores is entered in one call or not at all, so it is no import.  Whom a row means and
 * whether its score may be entered is decided by db/migrations/0024_settlement.sql, which tells of
 * all rows what is wrong with them.
 */
#include "api.h"

#include <string.h>

#include "cell.h"
#include "import_record.h"
#include "imports.h"

enum { ROWS_MAX = 2000 };

enum score_column { NAME, ENROLMENT, STAFF_NUMBER, PHONE, SCORE, RESULT, ATTEMPT, SCORE_COLUMNS };

static const char *const results[] = {
	"优秀",   "excellent", "excellent", "excellent", "合格",   "qualified",
	"及格",   "qualified", "qualified", "qualified", "不合格", "failed",
	"不及格", "failed",    "failed",    "failed",    NULL,     NULL};

static const struct import_column columns[SCORE_COLUMNS] = {
	[NAME] = {"姓名", {"学员姓名", "教师姓名", "name"}, true, NULL, NULL},
	[ENROLMENT] = {"报名编号", {"enrolmentid", "enrolment"}, false, NULL, NULL},
	[STAFF_NUMBER] = {"工号", {"教师工号", "人员编号", "staffnumber"}, false, NULL, NULL},
	[PHONE] = {"电话", {"手机", "手机号", "手机号码", "phone", "mobile"}, false, NULL, NULL},
	[SCORE] = {"分数", {"成绩", "得分", "考试成绩", "score"}, false, NULL, NULL},
	[RESULT] = {"结果", {"等第", "result"}, false, NULL, results},
	[ATTEMPT] = {"第几次", {"次数", "考试次数", "attempt"}, false, NULL, NULL},
};

/* The cell under MEMBER, if it is a number of at most WHOLE and PART digits; else an error. */
static void read_number(struct import_record *r, int column, const char *member, size_t whole,
			size_t part, const char *code)
{
	const char *text = cell_narrow(r->arena, r->cells[column]);
	size_t digits = text ? strspn(text, "0123456789") : 0, point;

	if (!text || !*text)
		return;
	point = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0123456789") : 0;
	if (!digits || digits > whole || text[digits + point] || point == 1 ||
	    (point && point > part + 1))
		import_error(r, column, code);
	else
		import_set(r, member, text);
}

static void read_score(struct import_record *r)
{
	const char *result = r->cells[RESULT], *meant = import_choice(results, result);

	import_name(r, NAME);
	import_set(r, "name", r->name);
	import_set(r, "enrolment_id", cell_narrow(r->arena, r->cells[ENROLMENT]));
	import_set(r, "identifier", cell_narrow(r->arena, r->cells[STAFF_NUMBER]));
	import_set(r, "phone", cell_narrow(r->arena, r->cells[PHONE]));
	if (!r->cells[ENROLMENT][0] && !r->cells[STAFF_NUMBER][0] && !r->cells[PHONE][0])
		import_error(r, STAFF_NUMBER, "participant-not-named");
	read_number(r, SCORE, "score", 4, 2, "score-form");
	read_number(r, ATTEMPT, "attempt", 1, 0, "attempt-form");
	if (!strcmp(r->cells[ATTEMPT], "0"))
		import_error(r, ATTEMPT, "attempt-form");
	if (*result && !meant)
		import_error(r, RESULT, "unknown-result");
	import_set(r, "result", meant);
	if (!r->cells[SCORE][0] && !*result)
		import_error(r, SCORE, "missing");
}

const struct import_kind list_of_scores = {
	.name = "scores",
	.columns = columns,
	.column_count = SCORE_COLUMNS,
	.key_columns = 1ul << NAME | 1ul << ENROLMENT | 1ul << STAFF_NUMBER | 1ul << PHONE,
	.one_of_columns = 1ul << ENROLMENT | 1ul << STAFF_NUMBER | 1ul << PHONE,
	.document_column = -1,
	.read = read_score,
};

/* A list being read. */
struct sheet {
	struct request *r;
	struct import_header header;
	json_t *rows;
};

static bool fail(struct request *r, enum problem p, json_t *params)
{
	problem(r, p, params);
	return false;
}

/* A record of the file; the ones above the header are titles. */
static bool see(void *context, size_t number, const char *const *fields, size_t count)
{
	struct sheet *s = context;
	struct import_record record = {.arena = s->r->arena, .kind = &list_of_scores};
	const char *lacks;

	if (!s->header.found) {
		if (number > IMPORT_HEADER_WITHIN)
			return fail(s->r, IMPORT_NO_HEADER, NULL);
		if (!import_header_read(s->r->arena, &list_of_scores, fields, count, &s->header))
			return true;
		lacks = import_header_lacks(s->r->arena, &list_of_scores, &s->header);
		return !lacks ||
		       fail(s->r, IMPORT_LACKS_COLUMN, json_pack("{ss}", "column", lacks));
	}
	if (!import_record_fill(&record, &s->header, fields, count))
		return fail(s->r, UNAVAILABLE, NULL);
	if (import_record_is_no_row(&record, fields, count) || import_record_is_header(&record))
		return true;
	if (json_array_size(s->rows) == ROWS_MAX)
		return fail(s->r, TOO_MANY_SCORES, json_pack("{si}", "most", ROWS_MAX));
	list_of_scores.read(&record);
	json_array_append_new(s->rows, json_pack("{sI sO sO}", "row", (json_int_t)number, "parsed",
						 record.parsed, "problems", record.problems));
	return true;
}

/* The rows of the body as JSON; NULL with the problem recorded. */
static const char *rows_read(struct request *r)
{
	struct sheet s = {.r = r, .rows = arena_json(r->arena, json_array())};
	const char *encoding, *reason = NULL;
	size_t length, where = 0, offset = 0;
	char *text = csv_decode(r->arena, r->in->body, r->in->body_length, &length, &encoding,
				&reason, &offset);

	if (text && s.rows)
		reason = csv_read(r->arena, text, length, see, &s, &where);
	if (reason)
		problem(r, IMPORT_UNREADABLE,
			json_pack("{ss sI sI}", "reason", reason, "row", (json_int_t)where, "byte",
				  (json_int_t)offset));
	else if (!s.header.found)
		problem(r, IMPORT_NO_HEADER, NULL);
	return r->problem ? NULL : json_text(r->arena, s.rows);
}

/* Adds what is wrong with the rows; each is named by its number in the file. */
static void add_faults(struct request *r, json_t *faults)
{
	json_t *fault, *params;
	size_t i;

	json_array_foreach(faults, i, fault) {
		params = json_object_get(fault, "params");
		violation(r, IN_BODY,
			  arena_printf(r->arena, "#/%lld",
				       json_integer_value(json_object_get(fault, "row"))),
			  json_string_value(json_object_get(fault, "code")), json_incref(params));
	}
}

/* POST /v1/courses/{course_id}/scores */
int course_scores_enter(struct request *r)
{
	const PGresult *rows;
	const char *lines, *faults, *reason;
	size_t offset;
	json_t *list;

	if (!db(r, Q_course_result_batch) || list_refused(r))
		return r->out->status;
	lines = rows_read(r);
	if (r->problem)
		return r->out->status;
	bind_value(r, BOUND_lines, lines);
	rows = db(r, Q_course_scores_enter);
	if (!rows)
		return r->out->status;
	faults = pg_text(rows, 0, "faults");
	list = faults ? json_read(r->arena, faults, strlen(faults), &reason, &offset) : NULL;
	if (!list)
		return problem(r, UNAVAILABLE, NULL);
	add_faults(r, list);
	return answer(r, rows);
}
