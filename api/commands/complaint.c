/*
 * complaint.c -- how commands say what is wrong, and how they read their arguments.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

int complain(const char *format, ...)
{
	va_list args;

	fputs("qinglan: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

int usage(const char *text)
{
	fprintf(stderr, "usage: qinglan %s\n", text);
	return 2;
}

/* Place in LIST of the option ARGUMENT, or -1; *SWITCH tells whether it takes no value. */
static int option_find(const char *const *list, const char *argument, bool *is_switch)
{
	int i;

	for (i = 0; list[i]; i++) {
		size_t length = strlen(list[i]);

		*is_switch = list[i][length - 1] == '!';
		if (*is_switch)
			length--;
		if (strlen(argument) == length && !strncmp(argument, list[i], length))
			return i;
	}
	return -1;
}

bool options_read(int count, char **arguments, const char *const *list, const char **values,
		  const char **rest, int rest_max, int *rest_count)
{
	int i, at;

	*rest_count = 0;
	for (i = 1; i < count; i++) {
		bool is_switch;

		if (strncmp(arguments[i], "--", 2)) {
			if (*rest_count == rest_max) {
				complain("%s: one argument too many", arguments[i]);
				return false;
			}
			rest[(*rest_count)++] = arguments[i];
			continue;
		}
		at = option_find(list, arguments[i] + 2, &is_switch);
		if (at < 0) {
			complain("%s is not an option of this command", arguments[i]);
			return false;
		}
		if (!is_switch && i + 1 == count) {
			complain("%s wants a value", arguments[i]);
			return false;
		}
		values[at] = is_switch ? "" : arguments[++i];
	}
	return true;
}
