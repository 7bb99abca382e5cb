/*
 * process.c -- see process.h.
 */
#include "process.h"

#include "pause.h"
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ENVIRONMENT_MAX = 300, ARGUMENTS_MAX = 20, PORT_FIRST = 20000, PORT_COUNT = 10000 };

static void say(const char *what, const char *detail)
{
	fprintf(stderr, "process: %s: %s\n", what, detail);
}

/* --- settings --- */

static void setting(struct process *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void setting(struct process *p, const char *format, ...)
{
	va_list args;

	if (p->setting_count == PROCESS_SETTINGS)
		abort();
	va_start(args, format);
	vsnprintf(p->settings[p->setting_count++], sizeof *p->settings, format, args);
	va_end(args);
}

static bool port_free(int port)
{
	const struct sockaddr_in a = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const bool is_free = fd >= 0 && !bind(fd, (const struct sockaddr *)&a, sizeof a);

	close(fd);
	return is_free;
}

/*
 * A port that no outgoing connection gets by itself: a client that connects to a service that
 * is down must not end up talking to its own socket.
 */
static int port_choose(int after)
{
	int i;

	for (i = 1; i < PORT_COUNT; i++) {
		const int port = PORT_FIRST + (after - PORT_FIRST + i) % PORT_COUNT;

		if (port_free(port))
			return port;
	}
	return 0;
}

static void settings_make(struct process *p, struct cluster *c, const char *database)
{
	p->port = port_choose(PORT_FIRST + (int)getpid() * 7 % PORT_COUNT);
	p->admin_port = port_choose(p->port);
	setting(p, "QINGLAN_DATABASE_URL=%s", cluster_url(c, database, "qinglan_app"));
	setting(p, "QINGLAN_GATE_URL=%s", cluster_url(c, database, "qinglan_gate"));
	setting(p, "QINGLAN_OWNER_URL=%s", cluster_url(c, database, "qinglan_owner"));
	setting(p, "QINGLAN_LISTEN=127.0.0.1:%d", p->port);
	setting(p, "QINGLAN_ADMIN_LISTEN=127.0.0.1:%d", p->admin_port);
	setting(p, "QINGLAN_TOKEN_KEYS=%s/tokens", p->folder);
	setting(p, "QINGLAN_SEAL_KEYS=%s/seal", p->folder);
	setting(p, "QINGLAN_DEVELOPMENT=on");
	setting(p, "QINGLAN_THREADS=6");
	setting(p, "QINGLAN_STREAM_THREADS=1");
	setting(p, "QINGLAN_RATE_ADDRESS=0");
	setting(p, "QINGLAN_RATE_ACTOR=0");
	setting(p, "QINGLAN_RATE_CLIENT=0");
}

void process_setting(struct process *p, const char *name, const char *value)
{
	const size_t length = strlen(name);
	int i;

	for (i = 0; i < p->setting_count; i++)
		if (!strncmp(p->settings[i], name, length) && p->settings[i][length] == '=')
			break;
	if (i == PROCESS_SETTINGS)
		abort();
	snprintf(p->settings[i], sizeof *p->settings, "%s=%s", name, value);
	if (i == p->setting_count)
		p->setting_count++;
}

/* The environment of a child: ours, with its settings instead of any of ours. */
static void environment_make(struct process *p, char *list[ENVIRONMENT_MAX])
{
	int i, count = 0;

	for (i = 0; environ[i] && count < ENVIRONMENT_MAX - PROCESS_SETTINGS - 1; i++)
		if (strncmp(environ[i], "QINGLAN_", 8))
			list[count++] = environ[i];
	for (i = 0; i < p->setting_count; i++)
		list[count++] = p->settings[i];
	list[count] = NULL;
}

/* --- children --- */

/* Only what is safe between fork and exec: other threads may hold any lock. */
static pid_t child_start(struct process *p, char **arguments, int output)
{
	char *environment[ENVIRONMENT_MAX];
	pid_t parent = getpid(), pid;

	environment_make(p, environment);
	pid = fork();
	if (pid)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent || dup2(output, 1) < 0 ||
	    dup2(output, 2) < 0)
		_exit(126);
	execve(p->program, arguments, environment);
	_exit(127);
}

static int child_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int process_run(struct process *p, char *output, size_t size, const char *command, ...)
{
	char *arguments[ARGUMENTS_MAX] = {p->program, (char *)command};
	int ends[2], count = 2;
	size_t length = 0;
	char byte;
	va_list args;
	pid_t pid;

	va_start(args, command);
	while (count < ARGUMENTS_MAX - 1 && (arguments[count] = va_arg(args, char *)))
		count++;
	va_end(args);
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = child_start(p, arguments, ends[1]);
	close(ends[1]);
	while (pid > 0 && read(ends[0], &byte, 1) == 1)
		if (length + 1 < size)
			output[length++] = byte;
	close(ends[0]);
	if (size)
		output[length] = '\0';
	return pid > 0 ? child_wait(pid) : -1;
}

bool process_start(struct process *p)
{
	char *arguments[] = {p->program, "serve", NULL}, path[100];
	int log;

	snprintf(path, sizeof path, "%s/log", p->folder);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return false;
	p->pid = child_start(p, arguments, log);
	close(log);
	if (p->pid < 0)
		p->pid = 0;
	return p->pid > 0;
}

bool process_await(struct process *p, int milliseconds)
{
	int waited;

	for (waited = 0; waited <= milliseconds; waited += 5) {
		struct socket_client c = socket_open("127.0.0.1", p->port);
		const bool open = c.fd >= 0;

		socket_close(&c);
		if (open)
			return true;
		if (p->pid && waitpid(p->pid, NULL, WNOHANG) == p->pid) {
			p->pid = 0;
			break;
		}
		pause_ms(5);
	}
	process_show(p);
	return false;
}

void process_kill(struct process *p)
{
	if (p->pid) {
		kill(p->pid, SIGKILL);
		child_wait(p->pid);
	}
	p->pid = 0;
}

int process_stop(struct process *p)
{
	int status = -1;

	if (p->pid) {
		kill(p->pid, SIGTERM);
		status = child_wait(p->pid);
	}
	p->pid = 0;
	return status;
}

/* --- its log --- */

static FILE *log_open(const struct process *p)
{
	char path[100];

	snprintf(path, sizeof path, "%s/log", p->folder);
	return fopen(path, "re");
}

void process_show(const struct process *p)
{
	FILE *log = log_open(p);
	char line[2000];

	if (!log)
		return;
	if (fseek(log, -6000, SEEK_END))
		rewind(log);
	while (fgets(line, sizeof line, log))
		fputs(line, stderr);
	fclose(log);
}

bool process_said(const struct process *p, const char *text)
{
	FILE *log = log_open(p);
	bool found = false;
	char line[4000];

	while (log && !found && fgets(line, sizeof line, log))
		found = strstr(line, text) != NULL;
	if (log)
		fclose(log);
	return found;
}

/* --- begin and end --- */

bool process_make(struct process *p, struct cluster *c, const char *database)
{
	const char *build = getenv("BUILD");
	char output[2000];

	*p = (struct process){0};
	snprintf(p->program, sizeof p->program, "%s/qinglan",
		 build && *build ? build : "build/asan");
	snprintf(p->folder, sizeof p->folder, "/tmp/qinglan-run.XXXXXX");
	if (!mkdtemp(p->folder)) {
		p->folder[0] = '\0';
		return false;
	}
	settings_make(p, c, database);
	if (process_run(p, output, sizeof output, "keys", NULL)) {
		say("qinglan keys", output);
		return false;
	}
	if (process_run(p, output, sizeof output, "migrate", NULL)) {
		say("qinglan migrate", output);
		return false;
	}
	return true;
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

void process_remove(struct process *p)
{
	process_kill(p);
	if (*p->folder)
		nftw(p->folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	p->folder[0] = '\0';
}
