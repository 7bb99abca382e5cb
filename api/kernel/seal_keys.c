/*
 * seal_keys.c -- the file of master keys: read, checked, and made longer by one.
 *
 * Keys are never taken out of the file while anything is sealed by them (qinglan rekey).
 * Master keys live in guarded, locked memory for as long as it takes to derive from them.
 */
#include "seal_private.h"

#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 16 * 1024, LINE_MAX_LENGTH = 64 };

/* The keys for each use, from a master key (BLAKE2b with the use as its salt). */
static bool derive(struct seal_key *k, int id, const unsigned char master[crypto_kdf_KEYBYTES])
{
	k->id = (unsigned char)id;
	return crypto_kdf_derive_from_key(k->seal, sizeof k->seal, 1, "ql-seal_", master) == 0 &&
	       crypto_kdf_derive_from_key(k->hash, sizeof k->hash, 2, "ql-hash_", master) == 0 &&
	       crypto_kdf_derive_from_key(k->cursor, sizeof k->cursor, 3, "ql-curs_", master) ==
		       0 &&
	       crypto_kdf_derive_from_key(k->nonce, sizeof k->nonce, 4, "ql-nonce", master) == 0;
}

/* The id that a line begins with, 1 to 255 without leading zero, or 0. */
static int id_of(const char *line, size_t length, const char **rest)
{
	int id = 0;
	size_t i;

	for (i = 0; i < length && i < 3 && line[i] >= '0' && line[i] <= '9'; i++)
		id = id * 10 + (line[i] - '0');
	if (i == 0 || i == length || line[0] == '0' || line[i] != ' ')
		return 0;
	*rest = line + i + 1;
	return id > 255 ? 0 : id;
}

/* Adds the key of one line, without its end; NULL, or what is wrong. */
static const char *line_read(struct seal *s, unsigned char *master, const char *line, size_t length)
{
	const char *text = NULL;
	size_t bytes = 0;
	int id = id_of(line, length, &text);

	if (id == 0)
		return "not \"id base64\" with an id from 1 to 255";
	if (s->count > 0 && id <= s->keys[s->count - 1].id)
		return "ids must grow from line to line";
	length -= (size_t)(text - line);
	if (!seal_is_ascii(text, length) ||
	    sodium_base642bin(master, crypto_kdf_KEYBYTES, text, length, NULL, &bytes, NULL,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    bytes != crypto_kdf_KEYBYTES)
		return "not the base64 of 32 bytes";
	if (sodium_is_zero(master, crypto_kdf_KEYBYTES))
		return "a key of zeros";
	if (!derive(&s->keys[s->count], id, master))
		return "no key can be derived";
	s->count++;
	return NULL;
}

/* Takes the whole file apart; NULL, or what is wrong and in *NUMBER the line. */
static const char *lines_read(struct seal *s, unsigned char *master, const char *text,
			      size_t length, size_t *number)
{
	const char *end = text + length;
	const char *why;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		++*number;
		why = line_read(s, master, text, (size_t)(stop - text));
		if (why)
			return why;
		text = newline ? newline + 1 : end;
	}
	return s->count == 0 ? "empty" : NULL;
}

/* The keys in the open file FD, which is called PATH. */
static struct seal *load(int fd, const char *path, char error[300])
{
	struct seal *s = sodium_malloc(sizeof *s);
	unsigned char *master = sodium_malloc(crypto_kdf_KEYBYTES);
	char *text = sodium_malloc(FILE_MAX + 1);
	const char *why = "no memory";
	size_t length = 0, number = 0;

	if (s && master && text) {
		memset(s, 0, sizeof *s);
		why = key_file_read(fd, true, text, FILE_MAX, &length);
		if (!why)
			why = lines_read(s, master, text, length, &number);
	}
	sodium_free(text);
	sodium_free(master);
	if (!why) {
		sodium_mprotect_readonly(s);
		return s;
	}
	if (number > 0)
		snprintf(error, 300, "seal keys %s line %zu: %s", path, number, why);
	else
		snprintf(error, 300, "seal keys %s: %s", path, why);
	sodium_free(s);
	return NULL;
}

struct seal *seal_load(const char *path, char error[300])
{
	struct seal *s = NULL;
	int fd;

	if (sodium_init() < 0) {
		snprintf(error, 300, "seal keys: the system gives no randomness");
		return NULL;
	}
	/* Not to wait for ever on a fifo of that name. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		snprintf(error, 300, "seal keys %s: %s", path, strerror(errno));
		return NULL;
	}
	s = load(fd, path, error);
	close(fd);
	return s;
}

void seal_free(struct seal *s)
{
	sodium_free(s);
}

/* Writes LINE at the end of the file; NULL, or what is wrong and the file is as before. */
static const char *line_append(int fd, const char *line)
{
	off_t before = lseek(fd, 0, SEEK_END);
	const char *why;

	if (before < 0)
		return strerror(errno);
	why = key_file_write(fd, line);
	if (why && ftruncate(fd, before) != 0)
		why = "damaged: its last line is not whole";
	return why;
}

/* A line with a new key of that id; with a newline in front where the file's last has none. */
static const char *line_make(char line[LINE_MAX_LENGTH], int id, bool newline)
{
	unsigned char master[crypto_kdf_KEYBYTES];
	char text[sodium_base64_ENCODED_LEN(crypto_kdf_KEYBYTES, sodium_base64_VARIANT_ORIGINAL)];

	crypto_kdf_keygen(master);
	sodium_bin2base64(text, sizeof text, master, sizeof master, sodium_base64_VARIANT_ORIGINAL);
	snprintf(line, LINE_MAX_LENGTH, "%s%d %s\n", newline ? "\n" : "", id, text);
	sodium_memzero(master, sizeof master);
	sodium_memzero(text, sizeof text);
	return line;
}

/* Adds a line to the open and locked file; false with a line in ERROR. */
static bool key_add(int fd, const char *path, char error[300])
{
	char line[LINE_MAX_LENGTH], last = '\n';
	const char *why;
	struct stat st;
	int id = 1;

	if (fstat(fd, &st) != 0) {
		snprintf(error, 300, "seal keys %s: %s", path, strerror(errno));
		return false;
	}
	if (st.st_size > 0) {
		/* Nothing is added to a file that would not be read. */
		struct seal *s = load(fd, path, error);

		if (!s)
			return false;
		id = seal_newest_key(s) + 1;
		seal_free(s);
		if (pread(fd, &last, 1, st.st_size - 1) != 1)
			last = '\0';
	}
	if (id > SEAL_KEYS_MAX) {
		snprintf(error, 300, "seal keys %s: there is no id after 255", path);
		return false;
	}
	why = line_append(fd, line_make(line, id, last != '\n'));
	sodium_memzero(line, sizeof line);
	if (why)
		snprintf(error, 300, "seal keys %s: %s", path, why);
	return !why;
}

bool seal_key_make(const char *path, char error[300])
{
	bool done;
	int fd;

	if (sodium_init() < 0) {
		snprintf(error, 300, "seal keys: the system gives no randomness");
		return false;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	/* Two at once would otherwise give one id to two keys. */
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		snprintf(error, 300, "seal keys %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	done = key_add(fd, path, error);
	close(fd);
	return done;
}

const struct seal_key *seal_key_find(const struct seal *s, int id)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->keys[i].id == id)
			return &s->keys[i];
	}
	return NULL;
}

int seal_newest_key(const struct seal *s)
{
	return s->keys[s->count - 1].id;
}

size_t seal_key_count(const struct seal *s)
{
	return s->count;
}

int seal_key_at(const struct seal *s, size_t i)
{
	return i < s->count ? s->keys[i].id : -1;
}
