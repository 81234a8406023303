/* Which face of gild was called; nothing else. */
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "abi/command.h"
#include "base/arena.h"
#include "base/diag.h"
#include "ld/input/options.h"
#include "ld/link.h"
#include "ld/version.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"abi", abi_command},
};

/* The command that is asked for: its name is the first argument of a program called gild. A file of that name is an input
 * of a link, as with any ld. */
static const struct command *find_command(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct stat stat_of;
	if (argc < 2 || strcmp(slash ? slash + 1 : argv[0], "gild") != 0)
		return NULL;
	for (unsigned i = 0; i < COUNTOF(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && (stat(argv[1], &stat_of) != 0 || S_ISDIR(stat_of.st_mode)))
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command = argc ? find_command(argc, argv) : NULL;
	if (command)
		return command->run(argc, argv);
	struct arena arena = {0};
	struct diag diag;
	struct options options = {0};
	diag_init(&diag);
	int status = 1;
	if (options_parse(&options, argc, argv, &arena, &diag)) {
		if (options.print_help)
			options_print_help(argv[0]);
		else if (options.print_version || options.show_version)
			version_print(argv[0], options.print_version);
		if (options.show_emulations)
			puts("  Supported emulations:\n   elf_x86_64");
		if (options.print_sysroot && *options.sysroot)
			puts(options.sysroot);
		if (options.print_output_format)
			puts("elf64-x86-64");
		bool asks_only = options.inputs.n == 0 && (options.show_version || options.print_output_format);
		if (options.print_help || options.print_version || options.print_sysroot || asks_only)
			status = 0;
		else
			status = link_run(&options, &diag) ? 0 : 1;
	}
	diag_flush(&diag);
	options_free(&options);
	diag_free(&diag);
	arena_free(&arena);
	return status;
}
