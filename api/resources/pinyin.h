/*
 * pinyin.h -- a person's name as people sort it and search for it.  The only user of ICU.
 *
 * Readings are those of names (Han-Latin/Names: a leading zeng, shan, not ceng, dan).  Whatever
 * ICU does not know stays as it is: a name always has a key and tokens.
 */
#ifndef QINGLAN_PINYIN_H
#define QINGLAN_PINYIN_H

#include "kernel/arena.h"

/*
 * person.sort_key: syllables in lower case separated by spaces, then the name; NULL without memory.
 */
char *pinyin_sort_key(struct arena *a, const char *name);

/*
 * person.tokens as a JSON array of texts: the name from each of its characters on, its pinyin
 * from each syllable on, the initials, both of the last as lu and lv where they hold an ü, and
 * the last four digits of PHONE (may be NULL).  Tokens have no white space, dots or apostrophes and
 * ASCII in lower case, as SQL's search_text() makes what was typed.  NULL without memory.
 */
char *pinyin_tokens(struct arena *a, const char *name, const char *phone);

#endif
