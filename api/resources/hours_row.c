/*
 * hours_row.c -- one record of a list of training hours, as far as it can be judged alone.
 *
 * Hours are decimal text from the cell to PostgreSQL; they never become a floating number.
 */
#include "import_record.h"

#include <string.h>

#include "cell.h"
#include "kernel/schema.h"

enum hours_column {
	NAME,
	DOCUMENT_TYPE,
	DOCUMENT,
	TEACHER,
	SCHOOL_CODE,
	ACTIVITY_ON,
	HOURS,
	LEVEL,
	MODULE,
	SOURCE,
	SOURCE_KEY,
	NOTE,
	HOURS_COLUMNS
};

static const char *const levels[] = {
	"国家级",   "national",   "国家",     "national",   "national",   "national",   "省级",
	"province", "省",         "province", "province",   "province",   "市级",       "city",
	"市",       "city",       "city",     "city",       "县级",       "county",     "县",
	"county",   "区县级",     "county",   "county",     "county",     "片区",       "cluster",
	"学区",     "cluster",    "片区级",   "cluster",    "cluster",    "cluster",    "校级",
	"school",   "校",         "school",   "校本",       "school",     "school",     "school",
	"自修",     "self_study", "自学",     "self_study", "self_study", "self_study", NULL,
	NULL};

static const char *const sources[] = {"外部证书",
				      "external_certificate",
				      "证书",
				      "external_certificate",
				      "external_certificate",
				      "external_certificate",
				      "转入",
				      "transfer_in",
				      "调入",
				      "transfer_in",
				      "transfer_in",
				      "transfer_in",
				      "期初",
				      "opening_balance",
				      "期初学时",
				      "opening_balance",
				      "往年学时",
				      "opening_balance",
				      "opening_balance",
				      "opening_balance",
				      "调整",
				      "adjustment",
				      "adjustment",
				      "adjustment",
				      NULL,
				      NULL};

static const struct import_column columns[HOURS_COLUMNS] = {
	[NAME] = {"姓名", {"教师姓名", "name"}, true, "示例教师", NULL},
	[DOCUMENT_TYPE] = IMPORT_DOCUMENT_TYPE,
	[DOCUMENT] = {"身份证号",
		      {"身份证", "身份证号码", "证件号码", "residentid", "documentnumber"},
		      false,
		      "'990999199202090026",
		      NULL},
	[TEACHER] = {"教师编号", {"教师id", "teacherid", "teacher"}, false, "", NULL},
	[SCHOOL_CODE] = {"学校标识码", {"学校代码", "schoolcode"}, false, "2199999999", NULL},
	[ACTIVITY_ON] = {"日期",
			 {"活动日期", "培训日期", "结束日期", "date", "activityon"},
			 true,
			 "2026-07-15",
			 NULL},
	[HOURS] = {"学时", {"学时数", "课时", "hours"}, true, "6.5", NULL},
	[LEVEL] = {"级别", {"培训级别", "层级", "level"}, true, "县级", levels},
	[MODULE] = {"模块", {"培训模块", "module"}, false, "", NULL},
	[SOURCE] = {"来源", {"来源类型", "source", "sourcekind"}, true, "外部证书", sources},
	[SOURCE_KEY] =
		{"来源编号", {"证书编号", "编号", "sourcekey", "key"}, true, "示例-0001", NULL},
	[NOTE] = {"备注", {"note", "remarks"}, false, "", NULL},
};

/* "6.5", "１２", "6.50学时" as 6.50; NULL for what is no amount from 0.01 to 999.99. */
static const char *amount(struct import_record *r)
{
	char *text = cell_narrow(r->arena, r->cells[HOURS]);
	size_t whole, part;
	char *rest;

	if (!text)
		return NULL;
	for (const char *const *unit = (const char *const[]){"学时", "课时", NULL}; *unit; unit++) {
		rest = strstr(text, *unit);
		if (rest && !rest[strlen(*unit)])
			*rest = '\0';
	}
	text = cell_clean(r->arena, text);
	if (!text)
		return NULL;
	text += strspn(text, "0");
	whole = strspn(text, "0123456789");
	rest = text + whole;
	part = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
	if (whole > 3 || part > 2 || (*rest == '.' && part == 0) ||
	    rest[part + (*rest == '.')] != '\0')
		return NULL;
	text = arena_printf(r->arena, "%.*s.%.*s%s", whole ? (int)whole : 1, whole ? text : "0",
			    (int)part, part ? rest + 1 : "",
			    part == 0   ? "00"
			    : part == 1 ? "0"
					: "");
	return text && strcmp(text, "0.00") != 0 ? text : NULL;
}

static void read_choice(struct import_record *r, int column, const char *member,
			const char *const *choices, const char *code)
{
	const char *text = r->cells[column];
	const char *meant = import_choice(choices, text);

	if (!meant)
		import_error(r, column, *text ? code : "missing");
	import_set(r, member, meant);
}

static void read_person(struct import_record *r)
{
	const char *teacher = r->cells[TEACHER],
		   *code = cell_narrow(r->arena, r->cells[SCHOOL_CODE]);

	import_name(r, NAME);
	import_document(r, DOCUMENT, DOCUMENT_TYPE);
	if (*teacher && !schema_format_valid("uuid", teacher, strlen(teacher)))
		import_error(r, TEACHER, "teacher-id-form");
	else
		import_set(r, "teacher_id", teacher);
	if (code && *code && (strlen(code) != 10 || strspn(code, "0123456789") != 10))
		import_error(r, SCHOOL_CODE, "school-code-form");
	import_set(r, "school_code", code);
	if (!*teacher && !r->cells[DOCUMENT][0] && !(code && *code))
		import_error(r, DOCUMENT, "person-not-named");
}

static void read_hours(struct import_record *r)
{
	const char *day_text = cell_narrow(r->arena, r->cells[ACTIVITY_ON]), *hours = amount(r);
	char day[11] = "";

	read_person(r);
	if (!day_text || !*day_text)
		import_error(r, ACTIVITY_ON, "missing");
	else if (cell_date(day_text, day) == CELL_NO_DATE)
		import_error(r, ACTIVITY_ON, "not-a-date");
	import_set(r, "activity_on", day);
	if (!hours)
		import_error(r, HOURS, r->cells[HOURS][0] ? "hours-form" : "missing");
	import_set(r, "hours", hours);
	read_choice(r, LEVEL, "level", levels, "unknown-level");
	import_set_text(r, "module", MODULE, 60);
	read_choice(r, SOURCE, "source_kind", sources, "unknown-source");
	if (!r->cells[SOURCE_KEY][0])
		import_error(r, SOURCE_KEY, "missing");
	else if (strstr(r->cells[SOURCE_KEY], "*****"))
		/* Masked it would no longer tell one source from another. */
		import_error(r, SOURCE_KEY, "identity-number");
	import_set_text(r, "source_key", SOURCE_KEY, 200);
	import_set_text(r, "note", NOTE, 500);
}

const struct import_kind import_kind_hours = {
	.name = "hours",
	.columns = columns,
	.column_count = HOURS_COLUMNS,
	.key_columns = 1ul << NAME | 1ul << DOCUMENT | 1ul << TEACHER | 1ul << SOURCE_KEY,
	.one_of_columns = 1ul << DOCUMENT | 1ul << TEACHER | 1ul << SCHOOL_CODE,
	.document_column = DOCUMENT,
	.read = read_hours,
	.filename = "hours.csv",
};
