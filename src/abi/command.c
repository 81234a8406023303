#include "abi/command.h"

#include <stdio.h>
#include <string.h>

#include "abi/commands.h"
#include "abi/dump.h"

/* ---- the command line ------------------------------------------------------------------------------------- */

static const struct abi_command {
	const char *name, *usage, *help;
	int (*run)(struct abi_call *call);
	uint32_t least, most; /* operands */
} commands[] = {
	{"dump", "FILE", "print the exported symbols, their types, and what these are made of", abi_run_dump, 1, 1},
	{"diff", "OLD NEW", "compare two versions: what changed, and whom it breaks", abi_run_diff, 2, 2},
	{"layout", "FILE TYPE...", "show where the members of types lie", abi_run_layout, 2, UINT32_MAX},
	{"lint", "FILE", "look for mistakes in the debug information", abi_run_lint, 1, 1},
};

struct option {
	const char *name, *argument, *help;
	const char *commands; /* the first letters of those that have it: "dD" is dump and Diff */
	size_t flag, list; /* offsets in struct abi_call; 0: none */
};

/* The argument of an option with a list is one more element. */
static const struct option options[] = {
	{"--json", NULL, "JSON instead of text", "dump diff", offsetof(struct abi_call, json), 0},
	{"--all", NULL, "also types that no symbol reaches", "dump", offsetof(struct abi_call, all), 0},
	{"--c-header", NULL, "declarations that a C compiler understands", "layout",
	 offsetof(struct abi_call, c_header), 0},
	{"--offsets", NULL, "#define STRUCT_MEMBER OFFSET", "layout", offsetof(struct abi_call, offsets), 0},
	{"--opaque", "GLOB", "callers do not know what is in these types", "diff", 0,
	 offsetof(struct abi_call, opaque)},
	{"--headers", "FOLDER", "only types from headers in there are the callers' business", "diff", 0,
	 offsetof(struct abi_call, headers)},
	{"--debug-dir", "FOLDER", "look for separate debug files there, not in /usr/lib/debug", "dump diff layout lint",
	 0, offsetof(struct abi_call, debug_folders)},
};

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static void print_help(const struct abi_command *only)
{
	puts("Usage:");
	for (unsigned i = 0; i < COUNTOF(commands); i++)
		if (!only || only == &commands[i])
			printf("  gild abi %s [OPTION]... %s\n      %s\n", commands[i].name, commands[i].usage,
			       commands[i].help);
	puts("\nFILE is an object, an archive, a shared object, a program, a debug file, or what `gild abi dump "
	     "--json` wrote."
	     "\n\nOptions:");
	for (unsigned i = 0; i < COUNTOF(options); i++) {
		char name[40];
		snprintf(name, sizeof(name), "%s%s%s", options[i].name, options[i].argument ? "=" : "",
			 options[i].argument ? options[i].argument : "");
		if (!only)
			printf("  %-20s %s (%s)\n", name, options[i].help, options[i].commands);
		else if (has_word(options[i].commands, only->name))
			printf("  %-20s %s\n", name, options[i].help);
	}
	printf("  %-20s %s\n", "-h, --help", "show this text");
}

static int complain(const char *what, const char *about)
{
	fprintf(stderr, "gild: error: abi: %s%s; see gild abi --help\n", what, about);
	return ABI_EXIT_USAGE;
}

/* Takes one argument, or two. 0: it was understood. */
static int take_option(struct abi_call *call, const struct abi_command *command, int argc, char **argv, int *at)
{
	for (unsigned i = 0; i < COUNTOF(options); i++) {
		const struct option *option = &options[i];
		size_t len = strlen(option->name);
		const char *argument = argv[*at], *value = argument + len;
		if (strncmp(argument, option->name, len) != 0 || (*value && *value != '=') ||
		    !has_word(option->commands, command->name))
			continue;
		if (!option->argument) {
			if (*value)
				return complain("no argument is expected: ", argument);
			*(bool *)((char *)call + option->flag) = true;
			return 0;
		}
		if (!*value && *at + 1 == argc)
			return complain("an argument is missing: ", argument);
		value = *value ? value + 1 : argv[++*at];
		ARRAY(const char *) *list = (void *)((char *)call + option->list);
		*array_push(list) = value;
		return 0;
	}
	return complain("unknown option: ", argv[*at]);
}

static int run(struct abi_call *call, const struct abi_command *command, int argc, char **argv)
{
	bool only_operands = false;
	for (int i = 0; i < argc; i++) {
		if (!only_operands && strcmp(argv[i], "--") == 0) {
			only_operands = true;
		} else if (!only_operands && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
			print_help(command);
			return 0;
		} else if (!only_operands && argv[i][0] == '-' && argv[i][1]) {
			int status = take_option(call, command, argc, argv, &i);
			if (status)
				return status;
		} else {
			*array_push(&call->operands) = argv[i];
		}
	}
	if (call->operands.n < command->least || call->operands.n > command->most)
		return complain("usage: gild abi ", arena_printf(&call->arena, "%s %s", command->name, command->usage));
	int status = command->run(call);
	if (diag_flush(&call->diag))
		status = ABI_EXIT_ERROR;
	if (ferror(stdout) || fflush(stdout) != 0) {
		fputs("gild: error: abi: cannot write to standard output\n", stderr);
		status = ABI_EXIT_ERROR;
	}
	return status;
}

int abi_command(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0) {
		if (argc < 3)
			return complain("which command?", "");
		print_help(NULL);
		return 0;
	}
	for (unsigned i = 0; i < COUNTOF(commands); i++) {
		if (strcmp(argv[2], commands[i].name) != 0)
			continue;
		struct abi_call call = {0};
		diag_init(&call.diag);
		call.pool = pool_new(pool_default_threads());
		int status = run(&call, &commands[i], argc - 3, argv + 3);
		pool_free(call.pool);
		diag_free(&call.diag);
		array_free(&call.operands);
		array_free(&call.debug_folders);
		array_free(&call.opaque);
		array_free(&call.headers);
		arena_free(&call.arena);
		return status;
	}
	return complain("there is no command ", argv[2]);
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

/* A file without debug information that brings a description. */
static bool is_described(const struct abi_files *files)
{
	return files->sources.n == 1 && files->sources.at[0].description.size &&
	       !files->sources.at[0].dwarf.sections[DWARF_INFO].size;
}

bool abi_input_read(struct abi_input *input, struct abi_call *call, const char *path,
		    const struct abi_read_options *read_options)
{
	*input = (struct abi_input){.path = path};
	abi_files_init(&input->files, &call->diag);
	abi_model_init(&input->model);
	for (uint32_t i = 0; i < call->debug_folders.n; i++)
		*array_push(&input->files.debug_folders) = call->debug_folders.at[i];
	if (!abi_files_open(&input->files, path))
		return false;
	if (input->files.text.size)
		return abi_load_json(&input->model, path, input->files.text, &call->diag);
	if (is_described(&input->files))
		return abi_load_json(&input->model, path, input->files.sources.at[0].description, &call->diag) &&
		       abi_read_symbols_again(&input->model, &input->files);
	return abi_read(&input->model, &input->files, call->pool, read_options);
}

void abi_input_free(struct abi_input *input)
{
	abi_model_free(&input->model);
	abi_files_free(&input->files);
}
