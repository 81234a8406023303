/* What the commands of `gild abi` share. */
#ifndef GILD_ABI_COMMANDS_H
#define GILD_ABI_COMMANDS_H

#include "abi/read.h"

/* Exit codes, as abidiff has them; `diff` combines the last two. */
enum { ABI_EXIT_ERROR = 1, ABI_EXIT_USAGE = 2, ABI_EXIT_CHANGED = 4, ABI_EXIT_INCOMPATIBLE = 8 };

/* The command line of a command. */
struct abi_call {
	struct arena arena;
	struct diag diag;
	struct pool *pool;
	ARRAY(const char *) operands;
	ARRAY(const char *) debug_folders, opaque, headers, types;
	bool json, all, c_header, offsets;
};

/* A model and the files it comes from. */
struct abi_input {
	struct abi_files files;
	struct abi_model model;
	const char *path;
};

/* Opens and reads a file. False: reported. abi_input_free() in any case. */
bool abi_input_read(struct abi_input *input, struct abi_call *call, const char *path,
		    const struct abi_read_options *options);
void abi_input_free(struct abi_input *input);

int abi_run_dump(struct abi_call *call);
int abi_run_diff(struct abi_call *call);
int abi_run_layout(struct abi_call *call);
int abi_run_lint(struct abi_call *call);

#endif
