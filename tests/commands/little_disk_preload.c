/*
 * little_disk_preload.c -- every disk has a megabyte left: for the command that looks before it
 * fills one.
 */
#include <string.h>
#include <sys/statvfs.h>

/* Ours are other names than the C library's. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int statvfs(const char *path, struct statvfs *disk)
{
	(void)path;
	memset(disk, 0, sizeof *disk);
	disk->f_frsize = 4096;
	disk->f_bavail = 256;
	return 0;
}
