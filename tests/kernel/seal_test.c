/*
 * seal_test.c -- sealed values open only as they were sealed; so do cursors; hashes likewise.
 */
#include "kernel/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTEXT "7/person/01890a5d-ac96-774b-bcce-b302099a8057"
#define ID_NUMBER "110105194912310021"

static char folder[] = "/tmp/qinglan-seal-XXXXXX";
static char path[64];
static struct arena *arena;
static struct seal *seal;

static int set_up(void **state)
{
	char error[300];

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/qinglan-seal-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/keys", folder);
	arena = arena_new(64 << 20);
	seal = seal_key_make(path, error) ? seal_load(path, error) : NULL;
	return arena && seal ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	seal_free(seal);
	arena_free(arena);
	unlink(path);
	rmdir(folder);
	return 0;
}

/* Puts a further key into the file and loads it again. */
static void add_key(void)
{
	char error[300] = "";

	if (!seal_key_make(path, error))
		fail_msg("%s", error);
	seal_free(seal);
	seal = seal_load(path, error);
	if (!seal)
		fail_msg("%s", error);
}

static char *closed(const char *context, const char *plain)
{
	char *sealed = seal_close(seal, arena, context, plain, strlen(plain));

	assert_non_null(sealed);
	return sealed;
}

static bool opens(const char *context, const char *sealed)
{
	size_t length;

	return seal_open(seal, arena, context, sealed, &length) != NULL;
}

static void what_was_sealed_opens_again(void **state)
{
	size_t sizes[] = {0, 1, 18, 1000, 8 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		unsigned char *plain = malloc(sizes[i] + 1);
		unsigned char *back;
		size_t length = 99;
		char *sealed;

		assert_true(seal_random(plain, sizes[i] + 1));
		sealed = seal_close(seal, arena, CONTEXT, plain, sizes[i]);
		assert_non_null(sealed);
		assert_memory_equal(sealed, "\\x0101", 6);
		back = seal_open(seal, arena, CONTEXT, sealed, &length);
		assert_non_null(back);
		assert_int_equal(length, sizes[i]);
		assert_memory_equal(back, plain, sizes[i]);
		assert_int_equal(back[length], 0);
		free(plain);
		arena_clear(arena);
	}
}

static void the_same_is_never_sealed_alike(void **state)
{
	char *one = closed(CONTEXT, ID_NUMBER), *two = closed(CONTEXT, ID_NUMBER);

	(void)state;
	assert_string_not_equal(one, two);
	assert_int_equal(strlen(one), 2 + 2 * (2 + 24 + 18 + 16));
	assert_null(strstr(one, ID_NUMBER));
}

static void a_bit_changed_anywhere_is_refused(void **state)
{
	char *sealed = closed(CONTEXT, ID_NUMBER);

	(void)state;
	for (size_t i = 0; i < strlen(sealed) * 8; i++) {
		char right = sealed[i / 8];

		sealed[i / 8] = (char)(right ^ 1 << i % 8);
		assert_false(opens(CONTEXT, sealed));
		sealed[i / 8] = right;
		if (i % 64 == 0)
			assert_true(opens(CONTEXT, sealed));
	}
}

/* Also those bits that one flip in hex text cannot reach, as a byte's high ones. */
static void a_byte_changed_anywhere_is_refused(void **state)
{
	static const char DIGITS[] = "0123456789abcdef";
	char *sealed = closed(CONTEXT, ID_NUMBER);

	(void)state;
	for (size_t i = 2; i < strlen(sealed); i++) {
		char right = sealed[i];

		for (const char *d = DIGITS; *d; d++) {
			sealed[i] = *d;
			assert_int_equal(opens(CONTEXT, sealed), *d == right);
		}
		sealed[i] = right;
	}
}

static void a_sealed_value_cut_or_lengthened_is_refused(void **state)
{
	char *sealed = closed(CONTEXT, ID_NUMBER);
	size_t whole = strlen(sealed);

	(void)state;
	assert_false(opens(CONTEXT, arena_printf(arena, "%s00", sealed)));
	assert_false(opens(CONTEXT, arena_printf(arena, "%s0", sealed)));
	assert_false(opens(CONTEXT, arena_printf(arena, "%s\n", sealed)));
	assert_false(opens(CONTEXT, sealed + 2));
	for (size_t length = 0; length < whole; length++)
		assert_false(opens(CONTEXT, arena_strndup(arena, sealed, length)));
}

static void another_context_does_not_open(void **state)
{
	char *sealed = closed(CONTEXT, ID_NUMBER);

	(void)state;
	assert_false(opens("8/person/01890a5d-ac96-774b-bcce-b302099a8057", sealed));
	assert_false(opens("7/person/01890a5d-ac96-774b-bcce-b302099a8058", sealed));
	assert_false(opens("", sealed));
	assert_false(opens(CONTEXT " ", sealed));
	assert_true(opens(CONTEXT, sealed));
}

static void an_old_key_still_opens_and_the_newest_seals(void **state)
{
	char *old = closed(CONTEXT, ID_NUMBER), *new;

	(void)state;
	assert_int_equal(seal_newest_key(seal), 1);
	add_key();
	assert_int_equal(seal_newest_key(seal), 2);
	assert_int_equal(seal_key_count(seal), 2);
	assert_int_equal(seal_key_at(seal, 0), 1);
	assert_int_equal(seal_key_at(seal, 1), 2);
	assert_int_equal(seal_key_at(seal, 2), -1);
	new = closed(CONTEXT, ID_NUMBER);
	assert_int_equal(seal_key_of(old), 1);
	assert_int_equal(seal_key_of(new), 2);
	assert_true(opens(CONTEXT, old));
	assert_true(opens(CONTEXT, new));
	/* The id of another key that exists does not help. */
	new[5] = '1';
	assert_false(opens(CONTEXT, new));
}

static void a_stranger_s_key_does_not_open(void **state)
{
	char *sealed = closed(CONTEXT, ID_NUMBER), *text = seal_cursor(seal, arena, "c", "p");
	char *hash = seal_hash(seal, arena, "resident", -1, ID_NUMBER);
	char error[300];

	(void)state;
	seal_free(seal);
	unlink(path);
	assert_true(seal_key_make(path, error));
	seal = seal_load(path, error);
	assert_int_equal(seal_newest_key(seal), 1);
	assert_false(opens(CONTEXT, sealed));
	assert_null(seal_cursor_open(seal, arena, "c", text));
	assert_string_not_equal(seal_hash(seal, arena, "resident", -1, ID_NUMBER), hash);
}

static void what_is_no_sealed_value_has_no_key(void **state)
{
	(void)state;
	assert_int_equal(seal_key_of(""), -1);
	assert_int_equal(seal_key_of("\\x"), -1);
	assert_int_equal(seal_key_of("\\x01"), -1);
	assert_int_equal(seal_key_of("\\x0201"), -1);
	assert_int_equal(seal_key_of("\\x010g"), -1);
	assert_int_equal(seal_key_of("0x0101"), -1);
	assert_int_equal(seal_key_of("\\x01ff"), 255);
}

static void a_hash_is_the_same_for_the_same_key_purpose_and_text_only(void **state)
{
	char *one = seal_hash(seal, arena, "resident", -1, ID_NUMBER);

	(void)state;
	assert_int_equal(strlen(one), 2 + 2 * 33);
	assert_memory_equal(one, "\\x01", 4);
	assert_string_equal(one, seal_hash(seal, arena, "resident", -1, ID_NUMBER));
	assert_string_equal(one, seal_hash(seal, arena, "resident", 1, ID_NUMBER));
	assert_string_not_equal(one, seal_hash(seal, arena, "resident", -1, ID_NUMBER " "));
	assert_string_not_equal(one, seal_hash(seal, arena, "passport", -1, ID_NUMBER));
	assert_string_not_equal(seal_hash(seal, arena, "ab", -1, "c"),
				seal_hash(seal, arena, "a", -1, "bc"));
	assert_null(seal_hash(seal, arena, "resident", 2, ID_NUMBER));
	assert_null(seal_hash(seal, arena, "resident", 0, ID_NUMBER));
	add_key();
	assert_string_equal(one, seal_hash(seal, arena, "resident", 1, ID_NUMBER));
	assert_memory_equal(seal_hash(seal, arena, "resident", -1, ID_NUMBER), "\\x02", 4);
	assert_string_not_equal(one + 4, seal_hash(seal, arena, "resident", 2, ID_NUMBER) + 4);
}

static void a_cursor_comes_back_in_its_context_only(void **state)
{
	static const char PAYLOAD[] = "[\"\xe5\xbc\xa0\",7]";
	char *text = seal_cursor(seal, arena, "teacher_list?school=1", PAYLOAD);

	(void)state;
	assert_non_null(text);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_"),
			 strlen(text));
	assert_string_equal(seal_cursor_open(seal, arena, "teacher_list?school=1", text), PAYLOAD);
	assert_null(seal_cursor_open(seal, arena, "teacher_list?school=2", text));
	assert_null(seal_cursor_open(seal, arena, "", text));
	assert_null(seal_cursor_open(seal, arena, "teacher_list?school=1", ""));
	assert_string_equal(seal_cursor_open(seal, arena, "", seal_cursor(seal, arena, "", "")),
			    "");
	text = seal_cursor(seal, arena, "c", PAYLOAD);
	add_key();
	assert_string_equal(seal_cursor_open(seal, arena, "c", text), PAYLOAD);
	assert_string_not_equal(seal_cursor(seal, arena, "c", PAYLOAD), text);
}

/* The bytes that TEXT spells into BYTES; how many. */
static size_t base64url_bytes(const char *text, unsigned char *bytes)
{
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, held = 0;
	size_t length = 0;

	for (; *text; text++) {
		bits = bits << 6 | (unsigned)(strchr(ALPHABET, *text) - ALPHABET);
		held += 6;
		if (held >= 8)
			bytes[length++] = (unsigned char)(bits >> (held -= 8));
	}
	return length;
}

/* Neither base64 nor its bytes show what is in it, and the same is sealed alike. */
static void a_cursor_tells_its_holder_nothing(void **state)
{
	static const char PAYLOAD[] = "[\"zhang run\",\"2026-09-01\"]";
	char *text = seal_cursor(seal, arena, "c", PAYLOAD);
	unsigned char *bytes = arena_alloc(arena, strlen(text));
	size_t length, i;

	(void)state;
	length = base64url_bytes(text, bytes);
	assert_int_equal(length, 2 + 24 + strlen(PAYLOAD) + 16);
	for (i = 0; i + 4 <= length; i++)
		assert_null(memmem(PAYLOAD, strlen(PAYLOAD), bytes + i, 4));
	assert_string_equal(seal_cursor(seal, arena, "c", PAYLOAD), text);
	/* Under the same nonce two texts would give away in what they differ. */
	assert_int_not_equal(
		memcmp(seal_cursor(seal, arena, "c", "[\"zhang run\",\"2026-09-02\"]"), text, 34),
		0);
	assert_int_not_equal(memcmp(seal_cursor(seal, arena, "d", PAYLOAD), text, 34), 0);
}

/* The last of the payloads is "____", which libsodium also reads from bytes beyond ASCII. */
static void a_cursor_changed_anywhere_is_refused(void **state)
{
	static const char *const PAYLOADS[] = {"a", "ab", "abc", "[\"x\",\"2026-09-01\"]",
					       "\xff\xff\xff"};

	(void)state;
	for (size_t p = 0; p < sizeof PAYLOADS / sizeof *PAYLOADS; p++) {
		char *text = seal_cursor(seal, arena, "c", PAYLOADS[p]);
		size_t whole = strlen(text);

		for (size_t i = 0; i < whole * 8; i++) {
			text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
			assert_null(seal_cursor_open(seal, arena, "c", text));
			text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
		}
		assert_string_equal(seal_cursor_open(seal, arena, "c", text), PAYLOADS[p]);
		for (size_t i = 0; i < whole; i++)
			assert_null(
				seal_cursor_open(seal, arena, "c", arena_strndup(arena, text, i)));
		assert_null(seal_cursor_open(seal, arena, "c", arena_printf(arena, "%sA", text)));
		assert_null(seal_cursor_open(seal, arena, "c", arena_printf(arena, "%s=", text)));
		assert_null(seal_cursor_open(seal, arena, "c", arena_printf(arena, "%s\n", text)));
		assert_null(seal_cursor_open(seal, arena, "c", arena_printf(arena, " %s", text)));
	}
}

static void each_cursor_has_one_spelling(void **state)
{
	static const char ALPHABET[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *text = seal_cursor(seal, arena, "c", "ab");
	char *last = text + strlen(text) - 1, right = *last;

	(void)state;
	assert_int_equal(strlen(text) % 4, 3);
	for (const char *c = ALPHABET; *c; c++) {
		*last = *c;
		assert_int_equal(seal_cursor_open(seal, arena, "c", text) != NULL, *c == right);
	}
}

static void a_long_text_is_neither_sealed_nor_read(void **state)
{
	char *payload = arena_alloc(arena, 20000);

	(void)state;
	memset(payload, 'A', 19999);
	assert_null(seal_cursor(seal, arena, "c", payload));
	assert_null(seal_cursor_open(seal, arena, "c", payload));
	payload[6000] = '\0';
	assert_string_equal(
		seal_cursor_open(seal, arena, "c", seal_cursor(seal, arena, "c", payload)),
		payload);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_sealed_opens_again),
		TEST(the_same_is_never_sealed_alike),
		TEST(a_bit_changed_anywhere_is_refused),
		TEST(a_byte_changed_anywhere_is_refused),
		TEST(a_sealed_value_cut_or_lengthened_is_refused),
		TEST(another_context_does_not_open),
		TEST(an_old_key_still_opens_and_the_newest_seals),
		TEST(a_stranger_s_key_does_not_open),
		TEST(what_is_no_sealed_value_has_no_key),
		TEST(a_hash_is_the_same_for_the_same_key_purpose_and_text_only),
		TEST(a_cursor_comes_back_in_its_context_only),
		TEST(a_cursor_tells_its_holder_nothing),
		TEST(a_cursor_changed_anywhere_is_refused),
		TEST(each_cursor_has_one_spelling),
		TEST(a_long_text_is_neither_sealed_nor_read),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
