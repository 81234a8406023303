/* gild abi diff */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "abi/commands.h"
#include "abi/diff.h"

typedef ARRAY(const char *) names;

/* The names of all files below a folder. */
static bool list_headers(struct abi_call *call, const char *folder, names *found, unsigned depth)
{
	DIR *open = opendir(folder);
	if (!open) {
		struct diag_about about = {.file = folder};
		diag_report(&call->diag, SEVERITY_ERROR, 0, &about, "%s", strerror(errno));
		return false;
	}
	bool good = true;
	for (struct dirent *entry; good && (entry = readdir(open));) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR && depth < 16)
			good = list_headers(call, arena_printf(&call->arena, "%s/%s", folder, entry->d_name), found,
					    depth + 1);
		else
			*array_push(found) = arena_printf(&call->arena, "%s", entry->d_name);
	}
	closedir(open);
	return good;
}

static int print(struct abi_call *call, struct abi_input *from, struct abi_input *to, const names *headers)
{
	struct abi_diff_options options = {call->opaque.at, call->opaque.n, headers->at, headers->n};
	struct abi_diff diff;
	struct text out = {0};
	abi_diff_models(&diff, &from->model, &to->model, &options);
	if (call->json)
		abi_diff_print_json(&out, &diff, from->path, to->path);
	else
		abi_diff_print(&out, &diff, from->path, to->path);
	fwrite(text_str(&out).at, 1, out.bytes.n, stdout);
	int status = abi_diff_exit(&diff);
	text_free(&out);
	abi_diff_free(&diff);
	return status;
}

int abi_run_diff(struct abi_call *call)
{
	struct abi_input from, to = {0};
	struct abi_read_options options = {0};
	names headers = {0};
	int status = ABI_EXIT_ERROR;
	bool good = true;
	for (uint32_t i = 0; good && i < call->headers.n; i++)
		good = list_headers(call, call->headers.at[i], &headers, 0);
	bool is_old_read = good && abi_input_read(&from, call, call->operands.at[0], &options);
	if (is_old_read && abi_input_read(&to, call, call->operands.at[1], &options))
		status = print(call, &from, &to, &headers);
	if (good)
		abi_input_free(&from);
	if (is_old_read)
		abi_input_free(&to);
	array_free(&headers);
	return status;
}
