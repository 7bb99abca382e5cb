/*
 * key_file.c -- see key_file.h.
 */
#include "key_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *key_file_read(int fd, bool secret, char *text, size_t most, size_t *length)
{
	struct stat st;
	size_t have = 0;

	if (fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a file";
	if (secret && (st.st_mode & 077) != 0)
		return "others may read it (chmod 600)";
	while (have <= most) {
		ssize_t n = read(fd, text + have, most + 1 - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return strerror(errno);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	if (have > most)
		return "too long for a key file";
	text[have] = '\0';
	*length = have;
	return NULL;
}

const char *key_file_write(int fd, const char *text)
{
	size_t length = strlen(text), done = 0;

	while (done < length) {
		ssize_t n = write(fd, text + done, length - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return strerror(errno);
	}
	return fsync(fd) == 0 ? NULL : strerror(errno);
}
