/*
 * main.c -- the program `qinglan`: which command is meant, with which settings.
 *
 * What the commands do is in commands/; the first a reader wants is commands/serve.c:
 * config, contract, schema version, database, http; wait; the reverse.
 */
#include "commands/commands.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	command *run;
	const char *arguments, *help;
} commands[] = {
	{"serve", command_serve, "", "answer requests until SIGTERM or SIGINT"},
	{"migrate", command_migrate, "", "bring the database up to date"},
	{"keys", command_keys, "[--new-token-key]", "make the keys that are missing"},
	{"demo", command_demo, "[--code | --teachers N [--entries N]]",
	 "load the demonstration county, when there is none: the little one, or one of a size"},
	{"county", command_county, "add CODE NAME [--officer NAME]", "add a county"},
	{"token", command_token,
	 "--county CODE --role ROLE [--school CODE] [--person NAME|ID]\n"
	 "        [--client ID] [--scope \"S ...\"] [--ttl SECONDS]",
	 "print a token (development)"},
	{"clock", command_clock, "--county CODE [--set DATE | --add INTERVAL | --reset]",
	 "show or move a county's clock (development)"},
	{"rekey", command_rekey, "[--new]", "seal and hash everything under the newest key"},
	{"check", command_check, "[--addresses]",
	 "look over configuration, roles, schema and contract"},
	{"verify", command_verify, "[--county CODE]", "recompute every chain and balance"},
	{"restored", command_restored, "", "after a restore: begin a new epoch of events"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int help_print(void)
{
	size_t i;

	puts("qinglan COMMAND ...\n\nCommands:");
	for (i = 0; i < COMMANDS; i++)
		printf("  %s%s%s\n          %s\n", commands[i].name,
		       *commands[i].arguments ? " " : "", commands[i].arguments, commands[i].help);
	puts("  --help\n          this text\n  --version\n          the version of the contract\n\n"
	     "Settings, from the environment (name, value without it, meaning):");
	config_print();
	return 0;
}

static int version_print(void)
{
	struct contract *c = program_contract();

	if (!c)
		return 1;
	printf("qinglan %s\n",
	       json_string_value(json_object_get(json_object_get(c->document, "info"), "version")));
	contract_free(c);
	return 0;
}

int main(int count, char **arguments)
{
	struct config c;
	char error[300];
	size_t i;

	setlocale(LC_ALL, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	if (count < 2 || !strcmp(arguments[1], "help") || !strcmp(arguments[1], "--help"))
		return help_print();
	if (!strcmp(arguments[1], "--version"))
		return version_print();
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(arguments[1], commands[i].name))
			break;
	if (i == COMMANDS) {
		complain("%s is not a command; see qinglan --help", arguments[1]);
		return 2;
	}
	if (!config_load(&c, error))
		return complain("%s", error);
	return commands[i].run(&c, count - 1, arguments + 1);
}
