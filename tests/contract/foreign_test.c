/*
 * foreign_test.c -- ids of another school and of another county, wherever the contract takes an id.
 *
 * Every path, query parameter and body member that is an id gets one that exists and is not the
 * caller's, and then one that nobody has: the two answers must not differ.
 */
#include "places.h"
#include "things.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { ACTORS = 4 };

static json_t *ours, *next_door, *abroad; /* ids by name or collection, as in walk.h */

/* Known on purpose beyond the school: schools, and experts whom every school may invite. */
static const char *const shared_in_the_county[][2] = {{"school_get", "school_id"},
						      {"hour_entry_create", "school_id"},
						      {"hour_entry_batch", "school_id"},
						      {"external_person_get", "person_id"}};

/* --- sending --- */

/* The id that a set has for a place, or NULL. */
static const char *id_in(struct world *w, json_t *set, const struct place *p)
{
	ids = set;
	return known_id(w, p->at, p->where == IN_PATH ? (int)strlen(p->at) : 0, p->name);
}

/* Puts ID where AT says, making what is missing on the way. */
static void put(json_t *body, const char *at, const char *id)
{
	size_t length = strcspn(at, "/");
	char name[PLACE_LENGTH];
	json_t *next;

	snprintf(name, sizeof name, "%.*s", (int)length, at);
	if (json_is_array(body)) {
		if (!json_array_size(body))
			json_array_append_new(body, at[length] ? json_object() : json_null());
		if (!at[length]) {
			json_array_set_new(body, 0, json_string(id));
			return;
		}
		next = json_array_get(body, 0);
	} else {
		if (!at[length]) {
			json_object_set_new(body, name, json_string(id));
			return;
		}
		if (!json_object_get(body, name))
			json_object_set_new(body, name,
					    at[length + 1] == '0' ? json_array() : json_object());
		next = json_object_get(body, name);
	}
	put(next, at + length + 1, id);
}

/* Everything of ours, but ID at the place; nothing is kept of what would be made. */
static struct answer *ask(struct world *w, struct client *c, const struct place *p, const char *id)
{
	const char *csv = "a,b,c\n", *target;
	json_t *body, *all = json_copy(ours);
	struct answer *a;
	char query[400] = "";
	size_t i, used = 0;

	if (p->where == IN_PATH) {
		json_object_set_new(all, p->at, json_string(id));
		json_object_set_new(all, p->name, json_string(id));
	}
	ids = all;
	for (i = 0; i < p->o->parameter_count; i++) {
		const struct parameter *q = &p->o->parameters[i];
		const char *value = p->where == IN_QUERY && !strcmp(q->name, p->name) ? id
				    : !strcmp(q->name, "validate_only")               ? "true"
				    : !q->required                                    ? NULL
				    : !strcmp(q->name, "filename")                    ? "a.csv"
				    : !strcmp(q->name, "type")                        ? "case"
				    : !strcmp(q->name, "what")
					    ? "letter"
					    : json_string_value(json_object_get(ours, q->name));

		if (q->place == FROM_QUERY && value)
			used += (size_t)snprintf(query + used, sizeof query - used, "%s%s=%s",
						 used ? "&" : "?", q->name, value);
	}
	target = arena_printf(w->arena, "%s%s", target_of(w, p->o, false), query);
	body = example_of(p->o);
	if (p->where == IN_MEMBER)
		put(body, p->at, id);
	a = takes_json(p->o) || !p->o->body_required
		    ? send_body(c, p->o, target, body)
		    : call_bytes(c, method_names[p->o->method], target, csv, strlen(csv),
				 "Content-Type", p->o->bodies[0].media_type,
				 p->o->if_match ? "If-Match" : "X-Walk", "*", NULL);
	json_decref(body);
	json_decref(all);
	return a;
}

/* What was answered but for which request it was, ids of the place written alike. */
static char *plain(const struct answer *a, const char *id)
{
	json_t *copy = json_deep_copy(a->json);
	char *dumped, *at;

	json_object_del(copy, "instance");
	json_object_del(copy, "request_id");
	dumped = json_dumps(copy, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	json_decref(copy);
	for (at = dumped; at && (at = strstr(at, id)); at += strlen(id))
		memcpy(at, nowhere, strlen(nowhere));
	return dumped;
}

/* The same answer, or the same thing made or changed. */
static bool alike(const struct answer *a, const char *id, const struct answer *b)
{
	char *one, *two;
	bool same;

	if (a->status != b->status || json_object_get(a->json, "updated_at"))
		return a->status == b->status;
	one = plain(a, id);
	two = plain(b, nowhere);
	same = one && two ? !strcmp(one, two) : one == two;
	free(one);
	free(two);
	return same;
}

/* --- judging --- */

static int wrong, tried;
static struct {
	struct client *client;
	json_t *theirs;
} pairs[2 * ACTORS];

static bool is_shared(const struct place *p, const json_t *theirs)
{
	size_t i;

	for (i = 0; i < sizeof shared_in_the_county / sizeof *shared_in_the_county; i++)
		if (theirs == next_door && !strcmp(p->o->id, shared_in_the_county[i][0]) &&
		    !strcmp(p->name, shared_in_the_county[i][1]))
			return true;
	return false;
}

/* "There is no such thing", in the words that fit the place. */
static bool says_not_found(const struct place *p, const struct answer *a)
{
	json_t *row;
	size_t i;

	if (a->status == 404 || (a->status == 200 && p->where == IN_QUERY &&
				 !json_array_size(json_object_get(a->json, "data"))))
		return true;
	json_array_foreach(json_object_get(a->json, "errors"), i, row)
		if (a->status == 422 &&
		    !strcmp(json_string_value(json_object_get(row, "code")), "not-found"))
			return true;
	/* Each call of a batch is answered by itself. */
	return a->status == 207 && strstr(a->body, "not-found");
}

/* A plan of an import is judged as such; who is not the same person may be anybody. */
static bool is_no_reference(const struct place *p)
{
	return (!strcmp(p->name, "plan_id") && strstr(p->o->id, "import")) ||
	       !strcmp(p->name, "reviewed_not_same");
}

static void a_place(struct world *w, struct place *p)
{
	bool told = is_no_reference(p), known = false;
	size_t i;

	for (i = 0; pairs[i].client; i++) {
		const char *id = id_in(w, pairs[i].theirs, p);
		struct answer *theirs, *nobodys;

		if (!id || is_shared(p, pairs[i].theirs))
			continue;
		known = true;
		tried++;
		theirs = ask(w, pairs[i].client, p, id);
		nobodys = ask(w, pairs[i].client, p, nowhere);
		told = told || says_not_found(p, theirs);
		if (alike(theirs, id, nobodys) &&
		    (says_not_found(p, theirs) || theirs->status == 403 || is_no_reference(p)))
			continue;
		print_error("%s, %s %s, %s: %d %.300s\nnobody's: %d %.300s\n", p->o->id, p->at,
			    p->name, pairs[i].theirs == abroad ? "abroad" : "next door",
			    theirs->status, theirs->body, nobodys->status, nobodys->body);
		wrong++;
	}
	if (known && told)
		return;
	print_error("%s, %s %s: %s\n", p->o->id, p->at, p->name,
		    known ? "refused to all" : "no such id of others");
	wrong++;
}

static void what_is_anothers_is_nobodys(void **state)
{
	struct world *w = *state;

	places(w, a_place);
	print_message("%d foreign ids\n", tried);
	assert_true(tried > 300);
	assert_int_equal(wrong, 0);
}

/* Neither what the path nor what the body names is there. */
static void a_path(struct world *w, struct place *p)
{
	json_t *body = example_of(p->o);
	struct answer *a;

	if (p->where == IN_MEMBER && strstr(p->o->path, "_id}")) {
		put(body, p->at, nowhere);
		a = send_body(w->county, p->o, target_of(w, p->o, true), body);
		tried++;
		if (a->status != 404) {
			print_error("%s, %s: %d %.300s\n", p->o->id, p->at, a->status, a->body);
			wrong++;
		}
	}
	json_decref(body);
}

static void what_the_path_names_is_looked_for_first(void **state)
{
	tried = wrong = 0;
	ids = ours;
	places(*state, a_path);
	assert_true(tried >= 5);
	assert_int_equal(wrong, 0);
}

/* --- the three and who asks --- */

static int begin(void **state)
{
	struct client *script, *neighbour, *foreigner;
	struct world *w;
	size_t i;

	if (world_begin(state))
		return -1;
	w = *state;
	script = client_new(w, "client", w->county_a, w->school_a1, NULL, NULL);
	neighbour = client_new(w, "client", w->county_a, w->school_a2, NULL, NULL);
	foreigner = client_new(w, "client", w->county_b, w->school_b1, NULL, NULL);
	ours = things(w, script, w->county, w->school_a1, w->teacher_a1);
	next_door = things(w, neighbour, w->county, w->school_a2, w->teacher_a2);
	abroad = things(w, foreigner, w->other_county, w->school_b1, w->teacher_b1);
	keep_county(w, ours, w->county);
	keep_county(w, abroad, w->other_county);
	world_jobs(w);
	for (i = 0; i < 2; i++) {
		pairs[i].client = w->school;
		pairs[2 + i].client = script;
		pairs[4 + i].client = w->teacher;
	}
	for (i = 0; i < 6; i++)
		pairs[i].theirs = i % 2 ? abroad : next_door;
	pairs[6].client = w->county;
	pairs[6].theirs = abroad;
	return 0;
}

static int end(void **state)
{
	json_decref(ours);
	json_decref(next_door);
	json_decref(abroad);
	return world_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_anothers_is_nobodys),
		cmocka_unit_test(what_the_path_names_is_looked_for_first),
	};

	return cmocka_run_group_tests_name("foreign ids", tests, begin, end);
}
