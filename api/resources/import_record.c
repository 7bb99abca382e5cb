/*
 * import_record.c -- cells and findings, the same for every kind of list.
 *
 * It does not know what a column means; see import_record.h.
 */
#include "import_record.h"

#include <ctype.h>
#include <string.h>

#include "cell.h"
#include "document.h"
#include "resident_id.h"

enum { VALUE_LENGTH_MAX = 60 };

const struct import_kind *import_kind_named(const char *name)
{
	static const struct import_kind *const kinds[] = {
		&import_kind_schools, &import_kind_teachers, &import_kind_hours};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (name && strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}

/* --- cells --- */

const char *import_without_identity(struct arena *a, const char *text)
{
	const char *plain = cell_narrow(a, text);
	char *hidden = plain ? arena_alloc(a, strlen(plain) + 1) : NULL;

	if (!hidden)
		return NULL;
	return resident_id_hide(plain, hidden) ? hidden : text;
}

bool import_record_fill(struct import_record *r, const struct import_header *h,
			const char *const *fields, size_t count)
{
	r->parsed = arena_json(r->arena, json_object());
	r->problems = arena_json(r->arena, json_array());
	if (!r->parsed || !r->problems)
		return false;
	for (int c = 0; c < r->kind->column_count; c++) {
		int place = h->place[c];

		r->present[c] = place >= 0;
		r->cells[c] = "";
		if (place >= 0 && (size_t)place < count)
			r->cells[c] = cell_clean(r->arena, fields[place]);
		if (r->cells[c] && c != r->kind->document_column)
			r->cells[c] = import_without_identity(r->arena, r->cells[c]);
		if (!r->cells[c])
			return false;
	}
	for (size_t i = h->field_count; i < count; i++) {
		/* A comma too many moves cells into columns that they are not of. */
		if (fields[i][0]) {
			import_error(r, -1, "too-many-cells");
			break;
		}
	}
	return true;
}

static bool is_total(const char *field)
{
	static const char *const words[] = {"合计", "总计", "小计", "共计", "total", "sum"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strncasecmp(field, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

bool import_record_is_no_row(const struct import_record *r, const char *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!fields[i][0])
			continue;
		if (is_total(fields[i]))
			return true;
		break;
	}
	for (int c = 0; c < r->kind->column_count; c++) {
		if ((r->kind->key_columns >> c & 1) && r->cells[c][0])
			return false;
	}
	return true;
}

bool import_record_is_header(const struct import_record *r)
{
	for (int c = 0; c < r->kind->column_count; c++) {
		if (r->present[c] &&
		    !import_heading_is(r->arena, &r->kind->columns[c], r->cells[c]))
			return false;
	}
	return true;
}

bool import_record_is_example(const struct import_record *r)
{
	for (int c = 0; c < r->kind->column_count; c++) {
		const char *example = r->kind->columns[c].example;

		if ((r->kind->key_columns >> c & 1) && r->present[c] &&
		    strcmp(r->cells[c], example + (*example == '\'')) != 0)
			return false;
	}
	return true;
}

/* --- findings --- */

/* Stars for the digits of an identity or phone number, but for its first three and last four. */
static const char *masked(struct arena *a, const char *value, size_t digits)
{
	char *out = arena_strdup(a, value);
	size_t first = digits >= 11 ? 3 : 0, last = digits >= 11 ? 4 : 2, seen = 0;

	for (char *at = out; at && *at; at++) {
		if (!isdigit((unsigned char)*at))
			continue;
		if (seen >= first && seen + last < digits)
			*at = '*';
		seen++;
	}
	return out;
}

const char *import_shortened(struct arena *a, const char *text)
{
	size_t length = strlen(text);

	if (length <= VALUE_LENGTH_MAX)
		return text;
	length = VALUE_LENGTH_MAX;
	while (length && ((unsigned char)text[length] & 0xC0) == 0x80)
		length--;
	return arena_printf(a, "%.*s…", (int)length, text);
}

/* The cell as a report may show it. */
static const char *shown(struct import_record *r, int column)
{
	const char *value = cell_narrow(r->arena, r->cells[column]);
	size_t digits = 0;

	for (const char *at = value; at && *at; at++)
		digits += isdigit((unsigned char)*at) != 0;
	if (value && (column == r->kind->document_column || digits >= 11))
		return masked(r->arena, value, digits);
	return value ? import_shortened(r->arena, value) : NULL;
}

static void note(struct import_record *r, int column, const char *code, const char *severity)
{
	const char *label = column >= 0 ? r->kind->columns[column].label : NULL;
	const char *value = column >= 0 ? shown(r, column) : NULL;

	json_array_append_new(r->problems, json_pack("{ss?, ss, ss?, ss}", "column", label, "code",
						     code, "value", value, "severity", severity));
}

void import_error(struct import_record *r, int column, const char *code)
{
	note(r, column, code, "error");
	r->rejected = true;
}

void import_warning(struct import_record *r, int column, const char *code)
{
	note(r, column, code, "warning");
	r->warned = true;
}

void import_set(struct import_record *r, const char *member, const char *text)
{
	json_object_set_new(r->parsed, member, text && *text ? json_string(text) : json_null());
}

void import_set_text(struct import_record *r, const char *member, int column, size_t most)
{
	const char *text = cell_line(r->arena, r->cells[column]);

	if (!text || cell_length(text) > most)
		import_error(r, column, "too-long");
	else
		import_set(r, member, text);
}

void import_name(struct import_record *r, int column)
{
	const char *plain = cell_narrow(r->arena, r->cells[column]);

	r->name = r->cells[column];
	if (!*r->name)
		import_error(r, column, "missing");
	else if (cell_length(r->name) > 60)
		import_error(r, column, "too-long");
	else if (plain && plain[strcspn(plain, "0123456789")])
		import_error(r, column, "digits-in-name");
}

const char *import_choice(const char *const *choices, const char *text)
{
	for (; choices[0]; choices += 2) {
		if (strcasecmp(choices[0], text) == 0)
			return choices[1];
	}
	return NULL;
}

const char *import_allowed(struct arena *a, const struct import_column *c, bool english)
{
	const char *all = "";

	for (const char *const *at = c->words; at && all && at[0]; at += 2) {
		const char *const *before = c->words;

		while (strcmp(before[1], at[1]) != 0)
			before += 2;
		if (before == at)
			all = arena_printf(a, "%s%s%s", all,
					   !*all     ? ""
					   : english ? ", "
						     : "、",
					   at[english ? 1 : 0]);
	}
	return all;
}

/* --- documents --- */

const char *const import_document_types[] = {"居民身份证",
					     "resident_id",
					     "身份证",
					     "resident_id",
					     "resident id",
					     "resident_id",
					     "resident_id",
					     "resident_id",
					     "护照",
					     "passport",
					     "passport",
					     "passport",
					     "港澳居民来往内地通行证",
					     "hk_macao_permit",
					     "回乡证",
					     "hk_macao_permit",
					     "hk_macao_permit",
					     "hk_macao_permit",
					     "台湾居民来往大陆通行证",
					     "taiwan_permit",
					     "台胞证",
					     "taiwan_permit",
					     "taiwan_permit",
					     "taiwan_permit",
					     "港澳台居民居住证",
					     "residence_permit",
					     "residence_permit",
					     "residence_permit",
					     "外国人永久居留身份证",
					     "foreigner_residence",
					     "foreigner_residence",
					     "foreigner_residence",
					     "其他证件",
					     "other",
					     "其他",
					     "other",
					     "other",
					     "other",
					     NULL,
					     NULL};

/* True for text that was never meant as a resident id: letters or Han beside the digits. */
static bool is_other_document(const char *narrow)
{
	size_t digits = strspn(narrow, "0123456789");

	if (strchr("xX", narrow[digits]) && narrow[digits] && !narrow[digits + 1])
		return false;
	for (; *narrow; narrow++) {
		if (isalpha((unsigned char)*narrow) || (unsigned char)*narrow >= 0x80)
			return true;
	}
	return false;
}

static bool read_resident_id(struct import_record *r, int column)
{
	enum resident_id_fault fault;
	char checked[19];

	fault = resident_id_check(r->cells[column], checked);
	if (fault == RESIDENT_ID_OK) {
		r->document_type = "resident_id";
		r->document = arena_strdup(r->arena, checked);
		return r->document != NULL;
	}
	if (fault != RESIDENT_ID_DAMAGED && is_other_document(r->cells[column]))
		import_error(r, column, "document-type-needed");
	else
		import_error(r, column, resident_id_fault_code(fault));
	return false;
}

bool import_document(struct import_record *r, int column, int type_column)
{
	const char *type = r->cells[type_column], *number = r->cells[column], *fault;

	if (!*number)
		return false;
	if (*type) {
		const char *prefix = type;

		type = import_choice(import_document_types, type);
		if (!type) {
			import_error(r, type_column, "unknown-document-type");
			return false;
		}
		if (strncmp(number, prefix, strlen(prefix)) == 0)
			number = cell_clean(r->arena, number + strlen(prefix));
	}
	if (!*type || strcmp(type, "resident_id") == 0)
		return read_resident_id(r, column);
	number = number ? cell_narrow(r->arena, number) : NULL;
	fault = number ? document_check(r->arena, type, number, &r->document) : "document-number";
	if (fault) {
		import_error(r, column, fault);
		return false;
	}
	r->document_type = type;
	return true;
}
