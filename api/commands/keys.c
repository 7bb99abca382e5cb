/*
 * keys.c -- `qinglan keys`: the keys that an instance cannot start without.
 *
 * Makes what is missing and touches nothing that is there.  --new-token-key adds a signing key
 * beside the old ones, which stay until their last token has expired; a new sealing key is
 * `qinglan rekey --new`.  Losing the sealing keys loses what they sealed.
 */
#include "commands.h"

#include "kernel/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the folders above PATH, for nobody but us. */
static bool parents_make(const char *path)
{
	char part[4096];
	char *at;

	if (strlen(path) >= sizeof part)
		return false;
	memcpy(part, path, strlen(path) + 1);
	for (at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return false;
		*at = '/';
	}
	return true;
}

/* A key is named after the second it was made in. */
static bool token_key_add(const char *folder)
{
	char stamp[25], kid[32], error[300];
	size_t i, length = 0;

	clock_rfc3339(stamp);
	for (i = 0; i < 19; i++)
		if (stamp[i] != '-' && stamp[i] != ':')
			kid[length++] = stamp[i];
	kid[length] = '\0';
	if (!parents_make(folder) || !token_key_make(folder, kid, error)) {
		complain("QINGLAN_TOKEN_KEYS=%s: no key could be made", folder);
		return false;
	}
	printf("made the token key %s in %s\n", kid, folder);
	return true;
}

static bool token_keys_missing(const char *folder)
{
	return access(folder, F_OK) != 0;
}

int command_keys(const struct config *c, int count, char **arguments)
{
	static const char *const list[] = {"new-token-key!", NULL};
	const char *values[1] = {NULL}, *rest[1];
	char error[300];
	int rest_count;

	if (!options_read(count, arguments, list, values, rest, 0, &rest_count))
		return usage("keys [--new-token-key]");
	if ((values[0] || token_keys_missing(c->token_keys)) && !token_key_add(c->token_keys))
		return 1;
	if (access(c->seal_keys, F_OK) == 0)
		return 0;
	if (!parents_make(c->seal_keys) || !seal_key_make(c->seal_keys, error))
		return complain("QINGLAN_SEAL_KEYS=%s: no key could be made", c->seal_keys);
	printf("made the sealing key %s\n", c->seal_keys);
	return 0;
}
