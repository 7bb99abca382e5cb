/*
 * query_private.h -- what the files of the queries share: query.c, query_parse.c,
 * query_sort.c, query_columns.c, query_compose.c.  Nothing else includes it.
 */
#ifndef QINGLAN_QUERY_PRIVATE_H
#define QINGLAN_QUERY_PRIVATE_H

#include "query.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
	QUERY_NAME_MAX = 40, /* so that a statement's name fits into PostgreSQL's 63 */
	PIECES_MAX = 400,
	SLOTS_MAX = 100,
	ATOMS_MAX = 16,
	VARIANTS_MAX = 40,
	SORTS_MAX = 12,
	KEYS_MAX = 6,
	CACHE_BUCKETS = 16,
	CACHE_MAX = 128
};

/* A named parameter; one name with two casts is two, so that each keeps its type. */
struct slot {
	const char *name, *cast;
};

/* What a variant asks for: NAME is given (VALUE NULL), or it is or contains VALUE. */
struct atom {
	const char *name, *value;
};
struct variant {
	int atom;
	bool negated;
};

enum piece_kind { PIECE_TEXT, PIECE_SLOT, PIECE_KEYS, PIECE_AFTER, PIECE_ORDER };
struct piece {
	enum piece_kind kind;
	int variant; /* -1: always */
	int slot;
	const char *text;
};

struct sort {
	const char *name;
	struct {
		const char *expression, *type;
	} keys[KEYS_MAX];
	int key_count;
	bool descending;
};

/* Where the value of a $n comes from. */
enum source_kind { SOURCE_SLOT, SOURCE_KEY, SOURCE_LIMIT, SOURCE_FIELDS };
struct source {
	enum source_kind kind;
	int index;
};

/* Which of a query's statements: packed, it is the key of the cache. */
struct choice {
	uint32_t mask; /* atoms that hold */
	uint8_t sort;
	uint8_t limit; /* index into the literal limits, see query_compose.c */
	bool after, fields, total;
};

/* A composed statement; immutable once it is in the cache. */
struct composed {
	struct composed *next;
	uint64_t key;
	char name[64];
	char *sql;
	int source_count;
	struct source sources[SLOTS_MAX + KEYS_MAX + 2];
};

struct query {
	const char *name;
	enum query_kind kind;
	struct piece *pieces;
	struct slot *slots;
	struct atom *atoms;
	struct variant *variants;
	struct sort *sorts;
	int piece_count, slot_count, atom_count, variant_count, sort_count;
	struct composed *_Atomic cache[CACHE_BUCKETS]; /* heads of lists that only grow */
	atomic_int cached;
};

/* Fills Q from the text of its block, memory from A; false with a phrase in ERROR. */
bool query_parse(struct query *q, struct arena *a, const char *text, char error[200]);

/* Parses the rest of a --sort line, up to END. */
bool query_parse_sort(struct query *q, struct arena *a, const char *text, const char *end,
		      char error[200]);

/* Identifiers as PostgreSQL has them, ASCII only. */
bool query_is_word_start(char c);
bool query_is_word(char c);

/* Behind the quoted text or identifier that begins at TEXT; NULL when it has no end. */
const char *query_skip_quoted(const char *text, const char *end, bool escapes);

/* A column of a SELECT, as a piece of its text. */
struct column {
	const char *name;
	size_t length;
};

/*
 * The named columns of SQL's outer SELECT, at most MAX; -1 when its outer command is not a
 * SELECT.  A column without a name of its own (a bare call, a star) is left out.
 */
int query_columns(const char *sql, struct column *out, int max);

/* The statement of a choice: from the cache, or made; NULL without memory.  See query_compose.c. */
const struct composed *query_composed(const struct query *q, struct arena *a,
				      const struct choice *c);

/* Index of a sort, NULL meaning the first; -1 if there is none of that name. */
int query_sort_index(const struct query *q, const char *sort);

#endif
