/*
 * problem.h -- every error the service can answer, from one table (api/problem.def).
 *
 * A problem is an RFC 9457 document in Chinese or English.  problem.def also says which
 * SQLSTATE and which constraint of the database is which problem, and holds the text of
 * each violation code (one faulty member, parameter or header).
 */
#ifndef QINGLAN_PROBLEM_H
#define QINGLAN_PROBLEM_H

#include "arena.h"

enum problem {
	PROBLEM_NONE,
#define PROBLEM(name, ...) name,
#define VIOLATION(...)
#define CONSTRAINT(...)
#define STATE(...)
#include "problem.def"
#undef PROBLEM
#undef VIOLATION
#undef CONSTRAINT
#undef STATE
	PROBLEM_COUNT
};

enum language { LANGUAGE_ZH, LANGUAGE_EN };

/* One row of problem.def. */
struct problem_info {
	const char *slug;      /* stable, the `code` member and the last part of `type` */
	int status;            /* HTTP status */
	const char *title[2];  /* by enum language */
	const char *cause[2];  /* what led here; {name} is replaced from the parameters */
	const char *remedy[2]; /* what the caller can do */
};

/* The row of P; never NULL. */
const struct problem_info *problem_info(enum problem p);

/* The problem whose slug is SLUG, or PROBLEM_NONE. */
enum problem problem_by_slug(const char *slug);

/*
 * The problem of a broken constraint or a SQLSTATE (exact,
 * then its class); PROBLEM_NONE if unknown.
 */
enum problem problem_by_constraint(const char *constraint);
enum problem problem_by_sqlstate(const char *sqlstate);

/*
 * The text of a violation's code: its own, or the title of the problem of that name, or the code.
 */
const char *violation_text(const char *code, enum language language);

/* The same with each {name} replaced from PARAMS (object or NULL); NULL without memory. */
char *violation_detail(struct arena *a, const char *code, enum language language,
		       const json_t *params);

/* Where a violation was found. */
enum violation_place { IN_BODY, IN_PARAMETER, IN_HEADER };

/*
 * The violations of one request, collected so that all are answered at once.  A list holds
 * at most VIOLATIONS_MAX; what comes after is dropped and `more` is set.
 */
enum { VIOLATIONS_MAX = 100 };
struct violation {
	enum violation_place place;
	const char *
		where; /* a JSON pointer as fragment ("#/a/0"), or the name of parameter or header */
	const char *code; /* slug of problem.def's VIOLATION or PROBLEM rows */
	json_t *params;   /* object for the {name}s of its text, or NULL; borrowed from the arena */
};
struct violations {
	struct arena *arena;
	struct violation list[VIOLATIONS_MAX];
	size_t count;
	bool more;
};

/* Adds a violation; WHERE is copied; PARAMS (may be NULL) is stolen.  */
void violation_add(struct violations *v, enum violation_place place, const char *where,
		   const char *code, json_t *params);

/*
 * The document of problem P as JSON text in the arena, or NULL without memory.  DETAIL_PARAMS
 * (object or NULL) fills the {name}s; LIST may be NULL; REQUEST_ID may be NULL.
 */
char *problem_document(struct arena *a, enum problem p, enum language language,
		       const json_t *detail_params, const struct violations *list,
		       const char *request_id);

/* The HTML page behind a problem's type, in both languages; NULL without memory. */
char *problem_page(struct arena *a, enum problem p);

/* The page that lists them all, with links to theirs; NULL without memory. */
char *problem_index(struct arena *a);

#endif
