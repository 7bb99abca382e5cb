/*
 * school_row.c -- one record of a list of schools, as far as it can be judged alone.
 */
#include "import_record.h"

#include <string.h>

#include "cell.h"

enum school_column { CODE, NAME, STAGES, SYSTEM, TOWN, SCHOOL_COLUMNS };

static const char *const stages[] = {
	"小学",       "primary",  "初中",    "junior",    "高中",      "senior", "中职",
	"vocational", "特殊教育", "special", "学前",      "preschool", "幼儿园", "preschool",
	"primary",    "primary",  "junior",  "junior",    "senior",    "senior", "vocational",
	"vocational", "special",  "special", "preschool", "preschool", NULL,     NULL};

static const char *const systems[] = {
	"六三",       "six_three", "六三制",    "six_three", "six_three", "six_three", "五四",
	"five_four",  "五四制",    "five_four", "five_four", "five_four", "九年一贯",  "nine_year",
	"九年一贯制", "nine_year", "nine_year", "nine_year", NULL,        NULL};

static const struct import_column columns[SCHOOL_COLUMNS] = {
	[CODE] = {"学校标识码",
		  {"学校代码", "学校编码", "标识码", "schoolcode", "code"},
		  true,
		  "2199999999",
		  NULL},
	[NAME] = {"学校名称",
		  {"学校", "名称", "单位", "school", "schoolname", "name"},
		  true,
		  "示例小学",
		  NULL},
	[STAGES] = {"学段", {"办学学段", "stage", "stages"}, true, "小学", stages},
	[SYSTEM] = {"学制", {"schoolsystem", "system"}, false, "六三制", systems},
	[TOWN] = {"乡镇", {"所在乡镇", "街道", "town"}, false, "示例镇", NULL},
};

/* Several stages are separated by signs ("初中、高中") or joined by "+". */
static void read_stages(struct import_record *r)
{
	json_t *list = json_array();
	char *text = cell_narrow(r->arena, r->cells[STAGES]), *rest = NULL;

	for (char *wide = text; wide && (wide = strstr(wide, "、"));)
		memcpy(wide, "   ", 3);
	for (char *at = text ? strtok_r(text, " ,;/+|", &rest) : NULL; at;
	     at = strtok_r(NULL, " ,;/+|", &rest)) {
		const char *stage = import_choice(stages, at);

		if (!stage) {
			import_error(r, STAGES, "unknown-stage");
			break;
		}
		json_array_append_new(list, json_string(stage));
	}
	if (!r->cells[STAGES][0])
		import_error(r, STAGES, "missing");
	json_object_set_new(r->parsed, "stages", list);
}

static void read_school(struct import_record *r)
{
	const char *code = cell_narrow(r->arena, r->cells[CODE]);
	const char *system = r->cells[SYSTEM];
	const char *meant = *system ? import_choice(systems, system) : NULL;

	if (!code || !*code)
		import_error(r, CODE, "missing");
	else if (strlen(code) != 10 || strspn(code, "0123456789") != 10)
		import_error(r, CODE, "school-code-form");
	import_set(r, "school_code", code);
	if (!r->cells[NAME][0])
		import_error(r, NAME, "missing");
	import_set_text(r, "name", NAME, 100);
	read_stages(r);
	if (*system && !meant)
		import_error(r, SYSTEM, "unknown-school-system");
	import_set(r, "school_system", meant);
	import_set_text(r, "town", TOWN, 60);
}

const struct import_kind import_kind_schools = {
	.name = "schools",
	.columns = columns,
	.column_count = SCHOOL_COLUMNS,
	.key_columns = 1ul << CODE | 1ul << NAME,
	.document_column = -1,
	.read = read_school,
	.filename = "schools.csv",
};
