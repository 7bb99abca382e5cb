/*
 * disk_full_preload.c -- a disk that is full while a file exists.
 *
 * To be loaded into PostgreSQL's processes.  While the file that DISK_FULL_WHILE names is
 * there, what would make a file longer fails with ENOSPC; so does, when the file has a byte in
 * it, every write to a file.  Sockets and pipes have no disk.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Ours are other names than the C library's. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
#pragma GCC diagnostic ignored "-Wpedantic" /* dlsym() gives functions as objects */

/* True when a write of LENGTH bytes at OFFSET (-1: where the file stands) finds no room. */
static bool no_room(int fd, off_t offset, off_t length)
{
	const char *flag = getenv("DISK_FULL_WHILE");
	int kept = errno;
	struct stat full, file;
	bool refused = false;

	if (flag && !stat(flag, &full) && !fstat(fd, &file) && S_ISREG(file.st_mode)) {
		if (offset < 0)
			offset = lseek(fd, 0, SEEK_CUR);
		refused = full.st_size > 0 || offset + length > file.st_size;
	}
	errno = refused ? ENOSPC : kept;
	return refused;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "write");
	return no_room(fd, -1, (off_t)length) ? -1 : real(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
	static ssize_t (*real)(int, const void *, size_t, off_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "pwrite");
	return no_room(fd, offset, (off_t)length) ? -1 : real(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
	return pwrite(fd, bytes, length, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	static ssize_t (*real)(int, const struct iovec *, int, off_t);
	off_t length = 0;
	int i;

	if (!real)
		real = dlsym(RTLD_NEXT, "pwritev");
	for (i = 0; i < count; i++)
		length += (off_t)parts[i].iov_len;
	return no_room(fd, offset, length) ? -1 : real(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
{
	return pwritev(fd, parts, count, offset);
}

/* Answers the error itself, as POSIX has it. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
	static int (*real)(int, off_t, off_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "posix_fallocate");
	return no_room(fd, offset, length) ? ENOSPC : real(fd, offset, length);
}

int posix_fallocate64(int fd, off_t offset, off_t length)
{
	return posix_fallocate(fd, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	static int (*real)(int, int, off_t, off_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "fallocate");
	return no_room(fd, offset, length) ? -1 : real(fd, mode, offset, length);
}

int fallocate64(int fd, int mode, off_t offset, off_t length)
{
	return fallocate(fd, mode, offset, length);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
