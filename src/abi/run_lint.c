/* gild abi lint */
#include <stdio.h>

#include "abi/commands.h"
#include "abi/lint.h"

int abi_run_lint(struct abi_call *call)
{
	struct abi_files files;
	struct abi_lint lint = {0};
	int status = ABI_EXIT_ERROR;
	abi_files_init(&files, &call->diag);
	for (uint32_t i = 0; i < call->debug_folders.n; i++)
		*array_push(&files.debug_folders) = call->debug_folders.at[i];
	if (abi_files_open(&files, call->operands.at[0])) {
		abi_lint(&lint, &files);
		bool is_read = lint.findings || abi_lint_symbols(&lint, &files, call->pool);
		fwrite(text_str(&lint.out).at, 1, lint.out.bytes.n, stdout);
		if (!lint.units && !lint.findings)
			printf("%s: there is no debug information\n", call->operands.at[0]);
		else
			printf("%s: %llu units, %llu entries, %llu finding%s\n", call->operands.at[0],
			       (unsigned long long)lint.units, (unsigned long long)lint.entries,
			       (unsigned long long)lint.findings, lint.findings == 1 ? "" : "s");
		status = lint.findings || !is_read ? ABI_EXIT_ERROR : 0;
	}
	text_free(&lint.out);
	abi_files_free(&files);
	return status;
}
