/*
 * schema_value.c -- when two JSON values are the same, and whether an array's items differ.
 *
 * Hashes are keyed by random bytes of the process, so that nobody can send an array whose
 * items all collide.  The hash is SipHash-1-3 (Aumasson and Bernstein, 2012).
 */
#include "schema_private.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>

bool value_same(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *member;
	size_t i;

	if (a == b)
		return true;
	if (json_is_number(a) && json_is_number(b))
		return number_compare(a, b) == 0;
	if (json_typeof(a) != json_typeof(b))
		return false;
	switch (json_typeof(a)) {
	case JSON_STRING:
		return json_string_length(a) == json_string_length(b) &&
		       memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) ==
			       0;
	case JSON_ARRAY:
		if (json_array_size(a) != json_array_size(b))
			return false;
		for (i = 0; i < json_array_size(a); i++) {
			if (!value_same(json_array_get(a, i), json_array_get(b, i)))
				return false;
		}
		return true;
	case JSON_OBJECT:
		if (json_object_size(a) != json_object_size(b))
			return false;
		json_object_foreach((json_t *)a, name, member) {
			const json_t *other = json_object_get(b, name);

			if (!other || !value_same(member, other))
				return false;
		}
		return true;
	default:
		return true;
	}
}

/* ---- hashing ---- */

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void seed_make(void)
{
	/* So few bytes are never cut short; if the call fails, addresses still differ by run. */
	if (getrandom(seed, sizeof seed, 0) != sizeof seed) {
		seed[0] = (uint64_t)(uintptr_t)&seed;
		seed[1] = (uint64_t)(uintptr_t)&seed_make;
	}
}

static uint64_t turn(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

/* The keyed hash of LENGTH bytes; KIND keeps values of different types apart. */
static uint64_t hash_bytes(uint64_t kind, const void *bytes, size_t length)
{
	const unsigned char *p = bytes;
	uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575u ^ kind, seed[1] ^ 0x646f72616e646f6du,
			 seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u};
	uint64_t last = (uint64_t)length << 56, word;
	size_t i;

	for (i = 0; length - i >= 8; i += 8) {
		memcpy(&word, p + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, p + i, length - i);
	last |= word;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t hash_pair(uint64_t kind, uint64_t a, uint64_t b)
{
	uint64_t pair[2] = {a, b};

	return hash_bytes(kind, pair, sizeof pair);
}

/* A real that is a 64-bit integer hashes as that integer. */
static uint64_t hash_number(const json_t *value)
{
	const double limit = 9223372036854775808.0;
	double real = json_real_value(value);
	int64_t integer;

	if (json_is_real(value) && (real >= limit || real < -limit || !number_is_integer(value)))
		return hash_bytes(JSON_REAL, &real, sizeof real);
	integer = json_is_integer(value) ? json_integer_value(value) : (int64_t)real;
	return hash_bytes(JSON_INTEGER, &integer, sizeof integer);
}

/* Equal for values that value_same() calls the same.  Recursion is bounded by the value's depth. */
static uint64_t hash_value(const json_t *value)
{
	const char *name;
	json_t *member;
	uint64_t hash = 0;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return hash_bytes(JSON_STRING, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
	case JSON_REAL:
		return hash_number(value);
	case JSON_ARRAY:
		for (i = 0; i < json_array_size(value); i++)
			hash = hash_pair(JSON_ARRAY, hash, hash_value(json_array_get(value, i)));
		return hash_pair(JSON_ARRAY, hash, json_array_size(value));
	case JSON_OBJECT:
		/* A sum, because members have no order. */
		json_object_foreach((json_t *)value, name, member)
			hash += hash_pair(JSON_OBJECT, hash_bytes(JSON_STRING, name, strlen(name)),
					  hash_value(member));
		return hash_pair(JSON_OBJECT, hash, json_object_size(value));
	default:
		return hash_pair(JSON_NULL, json_typeof(value), 0);
	}
}

struct slot {
	uint64_t hash;
	size_t place;
}; /* PLACE counts from 1; 0 is empty */

static bool few_unique(const json_t *array, size_t *first, size_t *second)
{
	size_t count = json_array_size(array), i, j;

	for (j = 1; j < count; j++) {
		for (i = 0; i < j; i++) {
			if (value_same(json_array_get(array, i), json_array_get(array, j))) {
				*first = i;
				*second = j;
				return false;
			}
		}
	}
	return true;
}

bool value_items_unique(struct arena *a, const json_t *array, size_t *first, size_t *second)
{
	size_t count = json_array_size(array), size = 32, i;
	struct slot *table;

	if (count <= 8)
		return few_unique(array, first, second);
	pthread_once(&seed_once, seed_make);
	while (size < count * 2)
		size *= 2;
	*first = *second = 0;
	table = arena_alloc(a, size * sizeof *table);
	if (!table)
		return false;
	for (i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);
		uint64_t hash = hash_value(item);
		size_t at = hash & (size - 1);

		for (; table[at].place; at = (at + 1) & (size - 1)) {
			if (table[at].hash == hash &&
			    value_same(json_array_get(array, table[at].place - 1), item)) {
				*first = table[at].place - 1;
				*second = i;
				return false;
			}
		}
		table[at].hash = hash;
		table[at].place = i + 1;
	}
	return true;
}
