/*
 * token_keys.c -- the folder of ES256 keys, and their public halves as a JWK set.
 *
 * A key's id is its file's name, so a kid can only ever find what was read here at start: no
 * path is made from a token.  Keys are changed by adding a file and starting again; the old
 * one stays (as .pub.pem) until its last token has expired.
 */
#include "token_private.h"

#include "key_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char KID_CHARACTERS[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/*
 * The kid in a file's name, and whether it is a private key's: "a.pem", "a.pub.pem".  False
 * for a name that is none.
 */
static bool kid_of(const char *name, char kid[TOKEN_KID_MAX + 1], bool *is_private)
{
	size_t length = strlen(name);

	*is_private = length < 8 || strcmp(name + length - 8, ".pub.pem") != 0;
	length -= *is_private ? 4 : 8;
	if (length < 1 || length > TOKEN_KID_MAX || strspn(name, KID_CHARACTERS) < length)
		return false;
	memcpy(kid, name, length);
	kid[length] = '\0';
	return true;
}

static bool is_pem(const char *name)
{
	size_t length = strlen(name);

	return length >= 4 && strcmp(name + length - 4, ".pem") == 0;
}

/* Reads the open file of one key; NULL, or what is wrong with it. */
static const char *key_of_file(int fd, bool is_private, struct token_key *k)
{
	char pem[TOKEN_PEM_MAX + 1];
	struct stat st;
	size_t length = 0;
	const char *why = key_file_read(fd, is_private, pem, TOKEN_PEM_MAX, &length);

	if (!why && length == 0)
		why = "empty";
	if (!why && fstat(fd, &st) != 0)
		why = strerror(errno);
	if (!why && token_key_read(pem, length, is_private, k, &why))
		k->made_at_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	explicit_bzero(pem, sizeof pem);
	return why;
}

/*
 * Takes K into SET.  Both halves of one kid may be there as two files when they belong
 * together.  K's memory is taken over or freed either way.
 */
static const char *keys_add(struct token_keys *set, struct token_key *k)
{
	for (size_t i = 0; i < set->count; i++) {
		struct token_key *old = &set->keys[i];

		if (strcmp(old->kid, k->kid) != 0)
			continue;
		if (memcmp(old->x, k->x, sizeof k->x) != 0 ||
		    memcmp(old->y, k->y, sizeof k->y) != 0) {
			token_key_clear(k);
			return "its public and private file are different keys";
		}
		if (k->private_pem) {
			token_key_clear(old);
			*old = *k;
		} else {
			token_key_clear(k);
		}
		return NULL;
	}
	if (set->count == TOKEN_KEYS_MAX) {
		token_key_clear(k);
		return "too many keys";
	}
	set->keys[set->count++] = *k;
	return NULL;
}

static int by_kid(const void *a, const void *b)
{
	return strcmp(((const struct token_key *)a)->kid, ((const struct token_key *)b)->kid);
}

/* Reads one entry of the folder; NULL, also for a file that is no key's, or what is wrong. */
static const char *entry_read(struct token_keys *set, int folder, const char *name)
{
	struct token_key key = {.kid = ""};
	const char *why;
	bool is_private;
	int fd;

	if (name[0] == '.' || !is_pem(name))
		return NULL;
	if (!kid_of(name, key.kid, &is_private))
		return "its name is not <kid>.pem with 1 to 64 of A-Z a-z 0-9 . _ -";
	/* Not to wait for ever on a fifo of that name. */
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	why = key_of_file(fd, is_private, &key);
	close(fd);
	return why ? why : keys_add(set, &key);
}

/* Sorts the set and finds the key that signs: the last made, then the last by name. */
static void keys_sort(struct token_keys *set)
{
	qsort(set->keys, set->count, sizeof *set->keys, by_kid);
	for (size_t i = 0; i < set->count; i++) {
		const struct token_key *k = &set->keys[i];

		if (k->private_pem && (!set->newest || k->made_at_ns >= set->newest->made_at_ns))
			set->newest = k;
	}
}

struct token_keys *token_keys_load(const char *folder, char error[300])
{
	struct token_keys *set = calloc(1, sizeof *set);
	DIR *dir = set ? opendir(folder) : NULL;
	const struct dirent *entry;
	const char *why = NULL;

	if (!dir) {
		snprintf(error, 300, "token keys %s: %s", folder,
			 set ? strerror(errno) : "no memory");
		free(set);
		return NULL;
	}
	/* cppcheck-suppress readdirCalled ; nobody else has this stream */
	while (!why && (entry = readdir(dir))) {
		why = entry_read(set, dirfd(dir), entry->d_name);
		if (why)
			snprintf(error, 300, "token key %s/%s: %s", folder, entry->d_name, why);
	}
	closedir(dir);
	if (!why && set->count == 0) {
		why = "no key";
		snprintf(error, 300, "token keys %s: no <kid>.pem or <kid>.pub.pem in it", folder);
	}
	if (why) {
		token_keys_free(set);
		return NULL;
	}
	keys_sort(set);
	return set;
}

void token_keys_free(struct token_keys *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++)
		token_key_clear(&k->keys[i]);
	free(k);
}

const struct token_key *token_keys_find(const struct token_keys *k, const char *kid)
{
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->keys[i].kid, kid) == 0)
			return &k->keys[i];
	}
	return NULL;
}

json_t *token_jwks(const struct token_keys *k)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < k->count; i++) {
		char x[TOKEN_COORDINATE_LENGTH * 2], y[TOKEN_COORDINATE_LENGTH * 2];

		token_base64url(k->keys[i].x, sizeof k->keys[i].x, x);
		token_base64url(k->keys[i].y, sizeof k->keys[i].y, y);
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
							  "kty", "EC", "crv", "P-256", "x", x, "y",
							  y, "use", "sig", "alg", "ES256", "kid",
							  k->keys[i].kid)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list ? json_pack("{s:o}", "keys", list) : NULL;
}

/* Writes PEM to a file that must be new, whole or not at all. */
static const char *key_write(int folder, const char *name, const char *pem)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const char *why;

	if (fd < 0)
		return strerror(errno);
	why = key_file_write(fd, pem);
	if (close(fd) != 0 && !why)
		why = strerror(errno);
	if (why)
		unlinkat(folder, name, 0);
	return why;
}

bool token_key_make(const char *folder, const char *kid, char error[300])
{
	char name[TOKEN_KID_MAX + sizeof ".pem"], again[TOKEN_KID_MAX + 1];
	const char *why = NULL;
	bool is_private = false;
	char *pem = NULL;
	int fd = -1;

	if (strlen(kid) > TOKEN_KID_MAX || kid[0] == '.') {
		why = "a key id has 1 to 64 of A-Z a-z 0-9 . _ - and begins with no dot";
		goto done;
	}
	snprintf(name, sizeof name, "%s.pem", kid);
	/* "a.pub" would be read back as the public half of "a". */
	if (!kid_of(name, again, &is_private) || !is_private) {
		why = "a key id has 1 to 64 of A-Z a-z 0-9 . _ - and does not end in .pub";
		goto done;
	}
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		why = strerror(errno);
		goto done;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		why = strerror(errno);
		goto done;
	}
	pem = token_key_generate();
	why = pem ? key_write(fd, name, pem) : "no memory";
	if (!why && fsync(fd) != 0)
		why = strerror(errno);
done:
	if (why)
		snprintf(error, 300, "token key %s/%s: %s", folder, kid, why);
	if (pem)
		explicit_bzero(pem, strlen(pem));
	free(pem);
	if (fd >= 0)
		close(fd);
	return !why;
}
