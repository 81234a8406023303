#include "inspect/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect/inspect.h"

/* --- the command line */

static void show_option(const struct command_option *option)
{
	char spelling[64];
	size_t used = 0;
	if (option->letter)
		used += (size_t)snprintf(spelling, sizeof(spelling), "-%c%s", option->letter, option->name ? ", " : "");
	if (option->name)
		used += (size_t)snprintf(spelling + used, sizeof(spelling) - used, "--%s", option->name);
	if (option->value)
		snprintf(spelling + used, sizeof(spelling) - used, "%s%s", option->name ? "=" : " ", option->argument);
	printf("  %-28s  %s\n", spelling, option->help);
}

static int show_help(const struct command_spec *command)
{
	printf("Usage: %s %s\n%s\nOptions:\n", command->name, command->usage, command->summary);
	for (unsigned i = 0; i < command->noptions; i++)
		show_option(&command->options[i]);
	printf("  %-28s  %s\n", "-h, --help", "show this text");
	if (command->epilogue)
		printf("\n%s", command->epilogue);
	return command_finish(command, 0);
}

static int complain(const struct command_spec *command, const char *what, const char *option)
{
	fprintf(stderr, "%s: %s: %s\nTry '%s --help'.\n", command->name, what, option, command->name);
	return 1;
}

/* Is `text` ("json" or "library-path=x") this option? *rest: behind the '=', or NULL. */
static bool is_named(const struct command_option *option, const char *text, const char **rest)
{
	size_t length = option->name ? strlen(option->name) : 0;
	if (!length || strncmp(text, option->name, length) != 0 || (text[length] && text[length] != '='))
		return false;
	*rest = text[length] ? text + length + 1 : NULL;
	return true;
}

static const struct command_option *find_long(const struct command_spec *command, const char *text, const char **rest)
{
	for (unsigned i = 0; i < command->noptions; i++)
		if (is_named(&command->options[i], text, rest))
			return &command->options[i];
	return NULL;
}

static const struct command_option *find_letter(const struct command_spec *command, char letter)
{
	for (unsigned i = 0; i < command->noptions; i++)
		if (command->options[i].letter == letter)
			return &command->options[i];
	return NULL;
}

/* One word that begins with "--". *at is its index, and that of its value when that is a word of its own. */
static int read_long(const struct command_spec *command, int argc, char **argv, int *at)
{
	const char *word = argv[*at], *rest = NULL;
	if (strcmp(word, "--help") == 0)
		return show_help(command);
	const struct command_option *option = find_long(command, word + 2, &rest);
	if (!option)
		return complain(command, "unknown option", word);
	if (option->flag && rest)
		return complain(command, "this option takes no value", word);
	if (option->flag) {
		*option->flag = true;
		return COMMAND_GO;
	}
	if (!rest && *at + 1 >= argc)
		return complain(command, "this option needs a value", word);
	*option->value = rest ? rest : argv[++*at];
	return COMMAND_GO;
}

/* "-pv", "-C FILE", "-CFILE" */
static int read_letters(const struct command_spec *command, int argc, char **argv, int *at)
{
	const char *word = argv[*at];
	for (const char *letter = word + 1; *letter; letter++) {
		if (*letter == 'h')
			return show_help(command);
		const struct command_option *option = find_letter(command, *letter);
		if (!option)
			return complain(command, "unknown option", word);
		if (option->flag) {
			*option->flag = true;
			continue;
		}
		if (!letter[1] && *at + 1 >= argc)
			return complain(command, "this option needs a value", word);
		*option->value = letter[1] ? letter + 1 : argv[++*at];
		break;
	}
	return COMMAND_GO;
}

int command_parse(const struct command_spec *command, int argc, char **argv, int *noperands)
{
	int used = 0;
	bool options_end = false;
	for (int i = 2; i < argc; i++) {
		const char *word = argv[i];
		int status = COMMAND_GO;
		if (options_end || word[0] != '-' || !word[1])
			argv[used++] = argv[i];
		else if (strcmp(word, "--") == 0)
			options_end = true;
		else if (word[1] == '-')
			status = read_long(command, argc, argv, &i);
		else
			status = read_letters(command, argc, argv, &i);
		if (status != COMMAND_GO)
			return status;
	}
	*noperands = used;
	return COMMAND_GO;
}

int command_parse_program(const struct command_spec *command, int argc, char **argv)
{
	int noperands = 0, status = command_parse(command, argc, argv, &noperands);
	if (status != COMMAND_GO || noperands == 1)
		return status;
	fprintf(stderr, "%s: %s\nTry '%s --help'.\n", command->name,
		noperands ? "one program at a time" : "no program is named", command->name);
	return 1;
}

void command_program_options(struct command_option *to, struct inspect_options *options)
{
	const struct command_option shared[COMMAND_PROGRAM_OPTIONS] = {
		{"library-path", 0, NULL, &options->library_path, "DIRS", "use DIRS instead of LD_LIBRARY_PATH"},
		{"preload", 0, NULL, &options->preload, "FILES", "preload FILES, beside those of LD_PRELOAD"},
		{"inhibit-cache", 0, &options->inhibit_cache, NULL, NULL, "do not use /etc/ld.so.cache"},
		{"inhibit-rpath", 0, NULL, &options->inhibit_rpath, "FILES", "ignore RUNPATH and RPATH of FILES"},
		{"glibc-hwcaps-prepend", 0, NULL, &options->hwcaps_prepend, "NAMES",
		 "search these glibc-hwcaps subdirectories first"},
		{"glibc-hwcaps-mask", 0, NULL, &options->hwcaps_mask, "NAMES",
		 "search only these built-in glibc-hwcaps subdirectories"},
	};
	memcpy(to, shared, sizeof(shared));
}

int command_finish(const struct command_spec *command, int status)
{
	if (!ferror(stdout) && !fflush(stdout))
		return status;
	fprintf(stderr, "%s: standard output: %s\n", command->name, strerror(errno));
	return 1;
}

/* --- for people */

struct paint paint_for_output(void)
{
	const char *terminal = getenv("TERM"), *off = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	bool forced = force && *force && strcmp(force, "0") != 0;
	bool wanted = forced || (isatty(STDOUT_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0));
	if ((off && *off) || !wanted)
		return (struct paint){"", "", "", "", "", ""};
	return (struct paint){"\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m", "\033[0m"};
}

const char *printable(struct arena *arena, const char *text)
{
	size_t n = 0;
	for (const char *c = text; *c; c++)
		n += (unsigned char)*c < ' ' || *c == 127;
	if (!n)
		return text;
	char *result = arena_alloc(arena, strlen(text) + n * 3 + 1, 1), *out = result;
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			out += snprintf(out, 5, "\\x%02x", (unsigned char)*text);
		else
			*out++ = *text;
	}
	return result;
}
