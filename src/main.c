/* Which face of gild was called; nothing else. */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi/command.h"
#include "arch/arch.h"
#include "base/arena.h"
#include "base/diag.h"
#include "inspect/command.h"
#include "ld/input/options.h"
#include "ld/link.h"
#include "ld/report/verify_output.h"
#include "ld/version.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"tree", tree_command},
	{"explain", explain_command},
	{"cache", cache_command},
	{"abi", abi_command},
};

/* Is it a file that a link may begin with: an object file, in ELF or as LLVM writes it, or an archive? */
static bool is_input(const char *path)
{
	static const char *const magics[] = {"!<arch>\n", "!<thin>\n", "BC\xc0\xde"};
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	Elf64_Ehdr header = {.e_type = ET_NONE};
	ssize_t got = fd < 0 ? -1 : read(fd, &header, sizeof(header));
	if (fd >= 0)
		close(fd);
	if (got < EI_NIDENT)
		return false;
	for (unsigned i = 0; i < COUNTOF(magics); i++)
		if (memcmp(&header, magics[i], strlen(magics[i])) == 0)
			return true;
	return memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_type == ET_REL;
}

/* The command that is asked for: its name is the first argument of a program called gild. An object file or archive of
 * that name is an input of a link, as with any ld. */
static const struct command *find_command(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	if (argc < 2 || strcmp(slash ? slash + 1 : argv[0], "gild") != 0)
		return NULL;
	for (unsigned i = 0; i < COUNTOF(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && !is_input(argv[1]))
			return &commands[i];
	return NULL;
}

static void print_emulations(void)
{
	puts("  Supported emulations:");
	for (unsigned i = 0; archs[i]; i++)
		printf("   %s\n", archs[i]->emulation);
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
	signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files (ulimit -f) is an error of write() */
	int status = 1;
	const struct arch *arch = NULL;
	if (options_parse(&options, argc, argv, &arena, &diag)) {
		if (options.print_help)
			options_print_help(argv[0]);
		else if (options.print_version || options.show_version)
			version_print(argv[0], options.print_version);
		if (options.show_emulations)
			print_emulations();
		arch = options.emulation ? arch_by_emulation(options.emulation) : NULL;
		if (options.print_sysroot && *options.sysroot)
			puts(options.sysroot);
		if (options.print_output_format)
			puts(arch ? arch->bfd_name : archs[0]->bfd_name);
		bool asks_only = options.inputs.n == 0 && (options.show_version || options.print_output_format);
		if (options.print_help || options.print_version || options.print_sysroot || asks_only)
			status = 0;
		else if (options.inputs.n == 0 && options.verify_output && *options.verify_output)
			status = verify_only(options.verify_output, options.stats, &diag) ? 0 : 1;
		else
			status = link_run(&options, &diag) ? 0 : 1;
	}
	diag_flush(&diag);
	options_free(&options);
	diag_free(&diag);
	arena_free(&arena);
	return status;
}
