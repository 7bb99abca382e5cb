/*
 * cluster_server.c -- initdb, the postmaster, and the watcher that cleans up after a test.
 *
 * The postmaster is a child of the test program and dies with it (PR_SET_PDEATHSIG).  The
 * watcher is another child: when the test program ends, in whichever way, it makes sure of
 * the postmaster's end and removes the folder.
 */
#include "cluster_private.h"

#include "pause.h"

#include "kernel/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 2 * SETTINGS_MAX + 8, PATH_SIZE = 300 };

static const int64_t SECOND = 1000000000;

void cluster_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("cluster: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
}

/* --- processes --- */

/* The newest PostgreSQL of those that Debian keeps side by side. */
static bool programs_find(struct server *s)
{
	glob_t found;
	size_t i;
	long best = 0;

	if (!glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++) {
			const long version = strtol(found.gl_pathv[i] + 20, NULL, 10);

			if (version <= best)
				continue;
			best = version;
			snprintf(s->programs, sizeof s->programs, "%.*s",
				 (int)(strlen(found.gl_pathv[i]) - 7), found.gl_pathv[i]);
		}
	globfree(&found);
	return best;
}

/* In the child: becomes PROGRAM, as the server's user, output to the log. */
static void program_run(const struct server *s, const char *program, char **arguments, pid_t parent)
{
	char path[PATH_SIZE];
	int log;

	snprintf(path, sizeof path, "%s/log", s->folder);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	if (!geteuid() && (setgroups(1, &s->group) || setgid(s->group) || setuid(s->user)))
		_exit(126);
	/* A change of user clears this, so it stands behind it. */
	if (prctl(PR_SET_PDEATHSIG, SIGQUIT) || getppid() != parent || chdir("/"))
		_exit(126);
	snprintf(path, sizeof path, "%s/%s", s->programs, program);
	/* PostgreSQL's programs look for each other beside the path that they were called by. */
	arguments[0] = path;
	execv(path, arguments);
	_exit(127);
}

static pid_t program_start(const struct server *s, const char *program, char **arguments)
{
	const pid_t parent = getpid(), pid = fork();

	if (!pid)
		program_run(s, program, arguments, parent);
	return pid;
}

/* Prints the end of the server's log. */
static void log_show(const struct server *s)
{
	char path[PATH_SIZE], line[500];
	FILE *log;

	snprintf(path, sizeof path, "%s/log", s->folder);
	log = fopen(path, "re");
	if (!log)
		return;
	if (!fseek(log, 0, SEEK_END) && ftell(log) > 2000)
		fseek(log, -2000, SEEK_END);
	else
		rewind(log);
	while (fgets(line, sizeof line, log))
		fputs(line, stderr);
	fclose(log);
}

/* --- the watcher --- */

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

/* The postmaster that the folder's data belong to, or 0. */
static pid_t postmaster_of(const char *folder)
{
	char path[PATH_SIZE], where[PATH_SIZE], data[PATH_SIZE];
	ssize_t length;
	long pid = 0;
	FILE *file;

	snprintf(data, sizeof data, "%s/data", folder);
	snprintf(path, sizeof path, "%s/data/postmaster.pid", folder);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fgets(where, sizeof where, file))
		pid = strtol(where, NULL, 10);
	fclose(file);
	/* The file may be left over and its number somebody else's by now. */
	snprintf(path, sizeof path, "/proc/%ld/cwd", pid);
	length = readlink(path, where, sizeof where - 1);
	if (pid <= 1 || length < 0)
		return 0;
	where[length] = '\0';
	return strcmp(where, data) ? 0 : (pid_t)pid;
}

/* In the child: waits for the other end of WATCH to be closed, then cleans up. */
static void watch(const struct server *s, int watch)
{
	int64_t until;
	pid_t pid;
	char byte;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	setsid();
	/* Nobody's pipe may stay open because of us. */
	if (dup2(watch, 0) < 0 || dup2(open("/dev/null", O_WRONLY), 1) < 0)
		_exit(1);
	close_range(3, ~0U, 0);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		;
	until = clock_monotonic_ns() + 20 * SECOND;
	while ((pid = postmaster_of(s->folder)) > 0 && clock_monotonic_ns() < until) {
		kill(pid, SIGQUIT);
		pause_ms(20);
	}
	if (getenv("QINGLAN_KEEP"))
		cluster_say("kept %s", s->folder);
	else
		nftw(s->folder, entry_remove, 32, FTW_DEPTH | FTW_PHYS);
	_exit(0);
}

static bool watcher_start(struct server *s)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return false;
	s->watcher = fork();
	if (!s->watcher) {
		close(ends[1]);
		watch(s, ends[0]);
	}
	close(ends[0]);
	s->watched = ends[1];
	return s->watcher > 0;
}

/* --- the cluster --- */

static bool data_make(struct server *s)
{
	char data[PATH_SIZE];
	char *arguments[] = {
		"initdb",           "-D", data,    "-U",        "postgres",          "-E", "UTF8",
		"--locale=C.UTF-8", "-A", "trust", "--no-sync", "--no-instructions", NULL};
	int status = 0;
	pid_t pid;

	snprintf(data, sizeof data, "%s/data", s->folder);
	pid = program_start(s, "initdb", arguments);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		cluster_say("initdb failed (status %d)", status);
		log_show(s);
		return false;
	}
	return true;
}

static void setting_add(struct server *s, const char *setting)
{
	if (s->setting_count < SETTINGS_MAX)
		snprintf(s->settings[s->setting_count++], sizeof *s->settings, "%s", setting);
}

static void settings_make(struct server *s, bool durable, const char *const *settings)
{
	/* The roles of the program have no JIT either; here the superuser stands in for them. */
	static const char *const always[] = {"listen_addresses=",
					     "jit=off",
					     "port=5432",
					     "max_connections=100",
					     "log_parameter_max_length=0",
					     "log_parameter_max_length_on_error=0",
					     "log_error_verbosity=terse",
					     NULL};
	static const char *const hasty[] = {"fsync=off", "full_page_writes=off",
					    "synchronous_commit=off", NULL};
	char sockets[200];
	int i;

	snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", s->folder);
	setting_add(s, sockets);
	for (i = 0; always[i]; i++)
		setting_add(s, always[i]);
	for (i = 0; !durable && hasty[i]; i++)
		setting_add(s, hasty[i]);
	for (i = 0; settings && settings[i]; i++)
		setting_add(s, settings[i]);
}

/* Chooses the user that the server runs as and makes the folder his. */
static bool folder_make(struct server *s)
{
	const struct passwd *user;

	snprintf(s->folder, sizeof s->folder, "/tmp/qinglan-XXXXXX");
	if (!mkdtemp(s->folder)) {
		cluster_say("no folder under /tmp: %s", strerror(errno));
		return false;
	}
	if (geteuid())
		return true;
	/* cppcheck-suppress getpwnamCalled ; one thread */
	user = getpwnam("postgres");
	if (!user) {
		cluster_say("PostgreSQL does not run as root, and there is no user postgres");
		return false;
	}
	s->user = user->pw_uid;
	s->group = user->pw_gid;
	return !chown(s->folder, s->user, s->group);
}

bool server_make(struct server *s, bool durable, const char *const *settings)
{
	if (!programs_find(s)) {
		cluster_say("no PostgreSQL is installed");
		return false;
	}
	if (!folder_make(s)) {
		rmdir(s->folder);
		return false;
	}
	if (!watcher_start(s)) {
		cluster_say("no watcher: %s", strerror(errno));
		return false;
	}
	settings_make(s, durable, settings);
	return data_make(s) && server_start(s);
}

/* Waits until connections are accepted; false when the postmaster ends before. */
static bool server_await(struct server *s)
{
	const int64_t until = clock_monotonic_ns() + 60 * SECOND;
	char url[PATH_SIZE];

	snprintf(url, sizeof url, "host=%s port=5432 user=postgres dbname=postgres", s->folder);
	while (clock_monotonic_ns() < until) {
		struct pg *c = pg_new(url, "cluster");
		const bool ready = c && pg_ready(c);

		pg_free(c);
		if (ready)
			return true;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
			s->pid = 0;
			return false;
		}
		pause_ms(20);
	}
	return false;
}

bool server_start(struct server *s)
{
	char *arguments[ARGUMENTS_MAX] = {"postgres", "-D", NULL}, data[PATH_SIZE];
	int i, count = 2, tries;

	snprintf(data, sizeof data, "%s/data", s->folder);
	arguments[count++] = data;
	for (i = 0; i < s->setting_count; i++) {
		arguments[count++] = "-c";
		arguments[count++] = s->settings[i];
	}
	/* After a kill the old backends may hold the shared memory a moment longer. */
	for (tries = 0; tries < 10; tries++) {
		s->pid = program_start(s, "postgres", arguments);
		if (s->pid > 0 && server_await(s))
			return true;
		server_signal(s, SIGQUIT);
		pause_ms(200);
	}
	cluster_say("PostgreSQL does not start");
	log_show(s);
	return false;
}

void server_signal(struct server *s, int signal)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, signal);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
}

/* Kills the children of PARENT by their ids; true while one of them may still have files open. */
static bool children_kill(pid_t parent)
{
	DIR *all = opendir("/proc");
	const struct dirent *entry;
	bool alive = false;

	/* cppcheck-suppress readdirCalled ; a stream of its own */
	while (all && (entry = readdir(all))) {
		char path[PATH_SIZE], line[500] = "";
		const char *behind;
		FILE *file;

		snprintf(path, sizeof path, "/proc/%.20s/stat", entry->d_name);
		file = *entry->d_name >= '1' && *entry->d_name <= '9' ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		/* "pid (name) state parent ...", and a name may hold anything. */
		behind = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
		fclose(file);
		if (behind && strlen(behind) > 4 && behind[2] != 'Z' &&
		    strtol(behind + 4, NULL, 10) == parent) {
			kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
			alive = true;
		}
	}
	if (all)
		closedir(all);
	return alive;
}

void server_kill(struct server *s)
{
	if (s->pid <= 0)
		return;
	/* Held still, it starts nobody while its children are counted, nor buries them. */
	kill(s->pid, SIGSTOP);
	while (children_kill(s->pid))
		pause_ms(1);
	server_signal(s, SIGKILL);
}

void server_remove(struct server *s)
{
	server_signal(s, SIGQUIT);
	if (s->watcher <= 0)
		return;
	close(s->watched);
	while (waitpid(s->watcher, NULL, 0) < 0 && errno == EINTR)
		;
	s->watcher = 0;
}
