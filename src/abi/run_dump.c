/* gild abi dump */
#include <stdio.h>

#include "abi/commands.h"
#include "abi/dump.h"

int abi_run_dump(struct abi_call *call)
{
	struct abi_input input;
	struct abi_read_options options = {.all_types = call->all};
	struct text out = {0};
	if (abi_input_read(&input, call, call->operands.at[0], &options)) {
		if (call->json)
			abi_dump_json(&out, &input.model);
		else
			abi_dump_text(&out, &input.model);
		fwrite(text_str(&out).at, 1, out.bytes.n, stdout);
	}
	text_free(&out);
	abi_input_free(&input);
	return 0;
}
