/*
 * metrics_process.c -- memory, processor time and files of this process, from /proc.
 *
 * What the system does not tell is left out of the text, never written as zero.
 */
#include "metrics_process.h"

#include "clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t began_at;

void metrics_write(struct metrics_out *o, const char *format, ...)
{
	va_list args;
	int length;

	if (!o->text)
		return;
	va_start(args, format);
	length = vsnprintf(o->text + o->length, o->room - o->length, format, args);
	va_end(args);
	if (length >= 0 && o->length + (size_t)length >= o->room) {
		size_t room = 2 * (o->room + (size_t)length);
		char *larger = arena_alloc(o->arena, room);

		if (larger) {
			memcpy(larger, o->text, o->length);
			va_start(args, format);
			vsnprintf(larger + o->length, room - o->length, format, args);
			va_end(args);
		}
		o->text = larger;
		o->room = room;
	}
	if (length > 0)
		o->length += (size_t)length;
}

void metrics_head(struct metrics_out *o, const char *name, const char *help, const char *type)
{
	metrics_write(o, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_process_begin(void)
{
	began_at = clock_unix();
}

static long resident_bytes(void)
{
	char text[128];
	char *second, *end;
	long pages;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	/* The size, and then the pages that are resident. */
	second = strchr(text, ' ');
	if (!second)
		return -1;
	pages = strtol(second, &end, 10);
	return end == second ? -1 : pages * sysconf(_SC_PAGESIZE);
}

static long open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *entry;
	long count = 0;

	if (!d)
		return -1;
	/* The folder is open here only. */
	/* cppcheck-suppress readdirCalled */
	while ((entry = readdir(d)))
		count += entry->d_name[0] != '.';
	closedir(d);
	return count - 1; /* without the folder's own */
}

static void one(struct metrics_out *o, const char *name, const char *type, const char *help,
		double value)
{
	if (value < 0)
		return;
	metrics_head(o, name, help, type);
	metrics_write(o, "%s %.15g\n", name, value);
}

void metrics_process_write(struct metrics_out *o)
{
	struct rusage used;
	struct rlimit files;

	one(o, "process_resident_memory_bytes", "gauge", "Memory of the process.",
	    (double)resident_bytes());
	one(o, "process_open_fds", "gauge", "Open file descriptors.", (double)open_files());
	if (!getrlimit(RLIMIT_NOFILE, &files))
		one(o, "process_max_fds", "gauge", "Most file descriptors.",
		    (double)files.rlim_cur);
	if (!getrusage(RUSAGE_SELF, &used))
		one(o, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
		    (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
	one(o, "process_start_time_seconds", "gauge", "When the process began, since 1970.",
	    (double)began_at);
}
