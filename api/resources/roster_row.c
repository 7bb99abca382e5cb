/*
 * roster_row.c -- one record of a homeroom-teacher roster, as far as it can be judged alone.
 *
 * Whether the school exists, the class is free, or the person is known already is decided by
 * SQL over the whole list (db/migrations/0012_import_decide_teachers.sql), not here.
 */
#include "import_record.h"

#include <string.h>

#include "cell.h"
#include "resident_id.h"

enum roster_column {
	SERIAL,
	SCHOOL_NAME,
	SCHOOL_CODE,
	NAME,
	GENDER,
	DOCUMENT_TYPE,
	DOCUMENT,
	BIRTH,
	TITLE,
	PHONE,
	STAGE,
	SUBJECTS,
	CLASS,
	KIND,
	SINCE,
	NOTE,
	ROSTER_COLUMNS
};

static const char *const genders[] = {"男",   "male",   "女",     "female", "male",
				      "male", "female", "female", "m",      "male",
				      "f",    "female", NULL,     NULL};

static const char *const kinds[] = {
	"班主任",     "homeroom",  "正班主任",  "homeroom",  "homeroom",   "homeroom",
	"代理班主任", "acting",    "代班主任",  "acting",    "代理",       "acting",
	"acting",     "acting",    "副班主任",  "deputy",    "副",         "deputy",
	"deputy",     "deputy",    "助理",      "assistant", "班主任助理", "assistant",
	"助理班主任", "assistant", "assistant", "assistant", "见习班主任", "trainee",
	"见习",       "trainee",   "trainee",   "trainee",   "后备",       "reserve",
	"后备班主任", "reserve",   "reserve",   "reserve",   NULL,         NULL};

static const char *const stages[] = {
	"小学",     "primary",    "初中",      "junior",     "高中",       "senior",
	"普通高中", "senior",     "中职",      "vocational", "中等职业",   "vocational",
	"职高",     "vocational", "特殊教育",  "special",    "特教",       "special",
	"学前",     "preschool",  "幼儿园",    "preschool",  "primary",    "primary",
	"junior",   "junior",     "senior",    "senior",     "vocational", "vocational",
	"special",  "special",    "preschool", "preschool",  NULL,         NULL};

static const struct import_column columns[ROSTER_COLUMNS] = {
	[SERIAL] = {"序号", {"no", "no.", "serial"}, false, "1", NULL},
	[SCHOOL_NAME] =
		{"学校名称", {"学校", "单位", "school", "schoolname"}, false, "示例小学", NULL},
	[SCHOOL_CODE] =
		{"学校标识码", {"学校代码", "学校编码", "schoolcode"}, true, "2199999999", NULL},
	[NAME] = {"姓名", {"教师姓名", "班主任姓名", "name"}, true, "示例教师", NULL},
	[GENDER] = {"性别", {"gender", "sex"}, false, "女", genders},
	[DOCUMENT_TYPE] = IMPORT_DOCUMENT_TYPE,
	[DOCUMENT] = {"身份证号",
		      {"身份证", "身份证号码", "居民身份证号", "身份证件号", "证件号码",
		       "residentid", "documentnumber"},
		      false,
		      "'990999199202090026",
		      NULL},
	[BIRTH] = {"出生年月",
		   {"出生日期", "出生年月日", "birthdate", "birthon"},
		   false,
		   "1992.2",
		   NULL},
	[TITLE] = {"职称", {"专业技术职务", "title"}, false, "二级教师", NULL},
	[PHONE] = {"联系电话",
		   {"电话", "手机", "手机号", "手机号码", "phone", "mobile"},
		   false,
		   "13000000000",
		   NULL},
	[STAGE] = {"学段", {"任教学段", "stage"}, false, "小学", stages},
	[SUBJECTS] = {"任教学科", {"学科", "任教科目", "subject", "subjects"}, false, "语文", NULL},
	[CLASS] = {"担任班级", {"班级", "任班主任班级", "class"}, true, "四年级(2)班", NULL},
	[KIND] = {"任职类型", {"任职类别", "类型", "kind", "appointment"}, false, "班主任", kinds},
	[SINCE] = {"任班主任起始时间",
		   {"起始时间", "任班主任时间", "任职时间", "since", "homeroomsince"},
		   false,
		   "2024-09-01",
		   NULL},
	[NOTE] = {"备注", {"note", "remarks"}, false, "", NULL},
};

static const char *narrow(struct import_record *r, int column)
{
	const char *text = cell_narrow(r->arena, r->cells[column]);

	return text ? text : "";
}

static void read_school(struct import_record *r)
{
	const char *code = narrow(r, SCHOOL_CODE);

	if (!*code)
		import_error(r, SCHOOL_CODE, "missing");
	else if (strlen(code) != 10 || strspn(code, "0123456789") != 10)
		import_error(r, SCHOOL_CODE, "school-code-form");
	import_set(r, "school_code", code);
}

/* The birth date as written, compared as far as it was given; the document's own wins. */
static void read_birth(struct import_record *r, bool has_resident_id)
{
	const char *text = narrow(r, BIRTH);
	char written[11], birth[11] = "";
	enum cell_date kind = cell_date(text, written);

	if (has_resident_id) {
		resident_id_birth(r->document, birth);
		if (*text && (kind == CELL_NO_DATE ||
			      strncmp(birth, written, kind == CELL_DAY ? 10 : 7) != 0))
			import_warning(r, BIRTH, "differs-from-resident-id");
	} else if (kind != CELL_NO_DATE) {
		memcpy(birth, written, sizeof birth);
	} else if (*text) {
		import_error(r, BIRTH, "not-a-date");
	} else if (!r->document && !r->cells[DOCUMENT][0]) {
		/* Without both nobody could be recognised in a later list. */
		import_error(r, BIRTH, "document-or-birth-missing");
	}
	import_set(r, "birth_on", birth);
}

static void read_gender(struct import_record *r, bool has_resident_id)
{
	const char *text = r->cells[GENDER];
	const char *written = *text ? import_choice(genders, text) : NULL;

	if (*text && !written)
		import_error(r, GENDER, "unknown-gender");
	if (has_resident_id) {
		const char *own = resident_id_gender(r->document);

		if (written && strcmp(written, own) != 0)
			import_warning(r, GENDER, "differs-from-resident-id");
		written = own;
	}
	import_set(r, "gender", written);
}

static void read_phone(struct import_record *r)
{
	char *text = cell_narrow(r->arena, r->cells[PHONE]);
	size_t used = 0;

	for (const char *at = text; text && *at; at++) {
		if (!strchr(" -()", *at))
			text[used++] = *at;
	}
	if (text)
		text[used] = '\0';
	if (text && *text &&
	    (used < 7 || used > 15 ||
	     strspn(text + (*text == '+'), "0123456789") != used - (*text == '+'))) {
		import_warning(r, PHONE, "phone-form");
		text = NULL;
	}
	r->phone = text && *text ? text : NULL;
	import_set(r, "phone", r->phone);
}

static void read_subjects(struct import_record *r)
{
	json_t *list = json_array();
	const char *at = r->cells[SUBJECTS];

	while (list && *at) {
		size_t length = strcspn(at, ",;/|\n");
		const char *wide = strstr(at, "、"), *comma = strstr(at, "，");
		char *subject;

		if (wide && (size_t)(wide - at) < length)
			length = (size_t)(wide - at);
		if (comma && (size_t)(comma - at) < length)
			length = (size_t)(comma - at);
		subject = arena_strndup(r->arena, at, length);
		subject = subject ? cell_clean(r->arena, subject) : NULL;
		if (subject && cell_length(subject) > 30)
			import_error(r, SUBJECTS, "too-long");
		else if (subject && *subject)
			json_array_append_new(list, json_string(subject));
		at += length;
		if (*at)
			at += (unsigned char)*at >= 0x80 ? 3 : 1;
	}
	if (json_array_size(list) > 10)
		import_error(r, SUBJECTS, "too-long");
	json_object_set_new(r->parsed, "subjects", list);
}

static void read_stage(struct import_record *r)
{
	const char *text = r->cells[STAGE];
	const char *stage = *text ? import_choice(stages, text) : NULL;

	if (*text && !stage)
		import_error(r, STAGE, "unknown-stage");
	import_set(r, "stage", stage);
}

static void read_appointment(struct import_record *r)
{
	const char *text = r->cells[KIND], *label = narrow(r, CLASS), *kind = "homeroom";
	bool needs_class;

	if (r->present[KIND])
		kind = import_choice(kinds, text);
	if (!kind)
		import_error(r, KIND, *text ? "unknown-appointment-kind" : "missing");
	needs_class = kind && strcmp(kind, "reserve") != 0 && strcmp(kind, "trainee") != 0;
	if (needs_class && !*label)
		import_error(r, CLASS, "missing");
	else if (cell_length(label) > 40)
		import_error(r, CLASS, "too-long");
	import_set(r, "kind", kind);
	import_set(r, "class", label);
}

static void read_since(struct import_record *r)
{
	const char *text = narrow(r, SINCE);
	char day[11] = "";

	if (*text && cell_date(text, day) == CELL_NO_DATE)
		import_error(r, SINCE, "not-a-date");
	else if (*text && strcmp(day, r->latest_on) > 0)
		import_error(r, SINCE, "date-in-future");
	import_set(r, "homeroom_since", day);
}

static void read_roster(struct import_record *r)
{
	bool has_resident_id;

	read_school(r);
	import_name(r, NAME);
	has_resident_id = import_document(r, DOCUMENT, DOCUMENT_TYPE) &&
			  strcmp(r->document_type, "resident_id") == 0;
	read_birth(r, has_resident_id);
	read_gender(r, has_resident_id);
	import_set_text(r, "title", TITLE, 40);
	read_phone(r);
	read_stage(r);
	read_subjects(r);
	read_appointment(r);
	read_since(r);
	import_set_text(r, "note", NOTE, 500);
}

const struct import_kind import_kind_teachers = {
	.name = "teachers",
	.columns = columns,
	.column_count = ROSTER_COLUMNS,
	.key_columns = 1ul << SCHOOL_CODE | 1ul << NAME | 1ul << DOCUMENT | 1ul << CLASS,
	.one_of_columns = 1ul << DOCUMENT | 1ul << BIRTH,
	.document_column = DOCUMENT,
	.read = read_roster,
	.filename = "teachers.csv",
};
