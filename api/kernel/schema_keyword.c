/*
 * schema_keyword.c -- compiling the keywords that judge a value by itself.
 */
#include "schema_keyword.h"

#include "json.h"

#include <string.h>

/* ---- any type ---- */

static unsigned type_by_name(const char *name)
{
	static const struct {
		const char *name;
		unsigned type;
	} types[] = {
		{"null", SCHEMA_NULL},       {"boolean", SCHEMA_BOOLEAN},
		{"integer", SCHEMA_INTEGER}, {"number", SCHEMA_NUMBER | SCHEMA_INTEGER},
		{"string", SCHEMA_STRING},   {"array", SCHEMA_ARRAY},
		{"object", SCHEMA_OBJECT},
	};
	size_t i;

	for (i = 0; name && i < sizeof types / sizeof *types; i++) {
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	return 0;
}

bool set_type(struct site *s, const json_t *value, const char *keyword)
{
	unsigned types = type_by_name(json_string_value(value)), one;
	size_t i;

	for (i = 0; i < json_array_size(value); i++) {
		one = type_by_name(json_string_value(json_array_get(value, i)));
		if (!one)
			return site_refuse(s, keyword, "not a type");
		types |= one;
	}
	if (!types)
		return site_refuse(s, keyword, "must be a type or several");
	s->schema->types = types;
	s->schema->types_text = types_text(s->set->arena, types);
	return s->schema->types_text || site_out_of_memory(s);
}

bool set_const(struct site *s, const json_t *value, const char *keyword)
{
	(void)keyword;
	s->schema->constant = value;
	s->schema->constant_text = json_text(s->set->arena, value);
	return s->schema->constant_text || site_out_of_memory(s);
}

/* Keeps the choices also as "a, b, c" for people, cut off after some hundred bytes. */
bool set_enum(struct site *s, const json_t *value, const char *keyword)
{
	struct arena *a = s->set->arena;
	const char *text = "";
	size_t i;

	if (!json_is_array(value) || !json_array_size(value))
		return site_refuse(s, keyword, "must be an array with something in it");
	for (i = 0; i < json_array_size(value) && text; i++) {
		const json_t *choice = json_array_get(value, i);
		const char *one =
			json_is_string(choice) ? json_string_value(choice) : json_text(a, choice);

		if (strlen(text) > 400) {
			text = arena_printf(a, "%s, …", text);
			break;
		}
		text = one ? arena_printf(a, "%s%s%s", text, i ? ", " : "", one) : NULL;
	}
	s->schema->choices = value;
	s->schema->choices_text = text;
	return text || site_out_of_memory(s);
}

bool set_default(struct site *s, const json_t *value, const char *keyword)
{
	(void)keyword;
	s->schema->fallback = value;
	return true;
}

bool set_examples(struct site *s, const json_t *value, const char *keyword)
{
	if (!json_is_array(value))
		return site_refuse(s, keyword, "must be an array");
	s->schema->examples = value;
	return true;
}

bool set_text(struct site *s, const json_t *value, const char *keyword)
{
	return json_is_string(value) || site_refuse(s, keyword, "must be text");
}

bool set_flag(struct site *s, const json_t *value, const char *keyword)
{
	return json_is_boolean(value) || site_refuse(s, keyword, "must be true or false");
}

bool set_dialect(struct site *s, const json_t *value, const char *keyword)
{
	const char *uri = json_string_value(value);

	return (uri && strcmp(uri, "https://json-schema.org/draft/2020-12/schema") == 0) ||
	       site_refuse(s, keyword, "only draft 2020-12 is known");
}

/* ---- numbers ---- */

static struct number_rules *number_rules(struct site *s)
{
	if (!s->schema->number)
		s->schema->number = arena_alloc(s->set->arena, sizeof *s->schema->number);
	return s->schema->number;
}

bool set_limit(struct site *s, const json_t *value, const char *keyword)
{
	struct number_rules *n = number_rules(s);

	if (!n)
		return site_out_of_memory(s);
	if (!json_is_number(value))
		return site_refuse(s, keyword, "must be a number");
	if (strcmp(keyword, "minimum") == 0)
		n->minimum = value;
	else if (strcmp(keyword, "maximum") == 0)
		n->maximum = value;
	else if (strcmp(keyword, "exclusiveMinimum") == 0)
		n->exclusive_minimum = value;
	else
		n->exclusive_maximum = value;
	return true;
}

bool set_multiple(struct site *s, const json_t *value, const char *keyword)
{
	struct number_rules *n = number_rules(s);

	if (!n)
		return site_out_of_memory(s);
	n->multiple = value;
	n->divisor = decimal_of(value);
	return (json_number_value(value) > 0 && decimal_is_divisor(&n->divisor)) ||
	       site_refuse(s, keyword, "must be a number above zero of at most 18 digits");
}

/* ---- strings ---- */

static struct string_rules *string_rules(struct site *s)
{
	if (!s->schema->string) {
		s->schema->string = arena_alloc(s->set->arena, sizeof *s->schema->string);
		if (s->schema->string)
			s->schema->string->max_length = SIZE_MAX;
	}
	return s->schema->string;
}

bool set_pattern(struct site *s, const json_t *value, const char *keyword)
{
	struct string_rules *r = string_rules(s);
	char why[120];

	if (!r)
		return site_out_of_memory(s);
	if (!json_is_string(value))
		return site_refuse(s, keyword, "must be text");
	r->pattern_text = json_string_value(value);
	r->pattern = pattern_compile(s->set->arena, r->pattern_text, json_string_length(value), why,
				     sizeof why);
	return r->pattern || site_refuse(s, keyword, why);
}

bool set_format(struct site *s, const json_t *value, const char *keyword)
{
	const char *name = json_string_value(value);

	s->schema->format = name ? format_by_name(name) : FORMAT_NONE;
	s->schema->format_text = name;
	return s->schema->format != FORMAT_NONE ||
	       site_refuse(s, keyword, "not a format that is checked");
}

/* ---- sizes ---- */

struct array_rules *site_array(struct site *s)
{
	if (!s->schema->array) {
		s->schema->array = arena_alloc(s->set->arena, sizeof *s->schema->array);
		if (s->schema->array)
			s->schema->array->max_items = SIZE_MAX;
	}
	return s->schema->array;
}

struct object_rules *site_object(struct site *s)
{
	if (!s->schema->object) {
		s->schema->object = arena_alloc(s->set->arena, sizeof *s->schema->object);
		if (s->schema->object)
			s->schema->object->max_properties = SIZE_MAX;
	}
	return s->schema->object;
}

/* Where the figure of "minLength" and its like is kept; NULL without memory. */
static size_t *size_place(struct site *s, const char *keyword)
{
	bool least = keyword[1] == 'i';
	struct string_rules *string;
	struct array_rules *array;
	struct object_rules *object;

	if (strcmp(keyword + 3, "Length") == 0) {
		string = string_rules(s);
		return !string ? NULL : least ? &string->min_length : &string->max_length;
	}
	if (strcmp(keyword + 3, "Items") == 0) {
		array = site_array(s);
		return !array ? NULL : least ? &array->min_items : &array->max_items;
	}
	object = site_object(s);
	return !object ? NULL : least ? &object->min_properties : &object->max_properties;
}

bool set_size(struct site *s, const json_t *value, const char *keyword)
{
	size_t *place = size_place(s, keyword);

	if (!place)
		return site_out_of_memory(s);
	if (!number_is_integer(value) || json_number_value(value) < 0 ||
	    json_number_value(value) > 1e15)
		return site_refuse(s, keyword, "must be an integer from 0");
	*place = (size_t)json_number_value(value);
	return true;
}

bool set_unique(struct site *s, const json_t *value, const char *keyword)
{
	if (!json_is_boolean(value))
		return site_refuse(s, keyword, "must be true or false");
	if (!site_array(s))
		return site_out_of_memory(s);
	s->schema->array->unique = json_is_true(value);
	return true;
}
