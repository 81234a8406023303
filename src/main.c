/* Which face of gild was called; nothing else. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "ld/input/options.h"
#include "ld/link.h"
#include "ld/report/verify_output.h"
#include "ld/version.h"

int main(int argc, char **argv)
{
	struct arena arena = {0};
	struct diag diag;
	struct options options = {0};
	diag_init(&diag);
	signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files (ulimit -f) is an error of write() */
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
