/* gild abi layout */
#include <stdio.h>
#include <string.h>

#include "abi/commands.h"
#include "abi/layout.h"
#include "dwarf/constants.h"

struct match {
	abi_type_id type;
	uint32_t definition;
};

/* "struct x" asks for a struct; "x" for anything of that name. */
static struct str without_keyword(const char *name, enum abi_kind *only)
{
	static const struct {
		const char *word;
		enum abi_kind kind;
	} words[] = {{"struct ", ABI_STRUCT}, {"class ", ABI_STRUCT}, {"union ", ABI_UNION}, {"enum ", ABI_ENUM}};
	*only = ABI_VOID;
	for (unsigned i = 0; i < COUNTOF(words); i++) {
		size_t len = strlen(words[i].word);
		if (strncmp(name, words[i].word, len) == 0) {
			*only = words[i].kind;
			return str_from(name + len);
		}
	}
	return str_from(name);
}

/* "x" and "ns::x" both mean ns::x, and x<int>. */
static bool is_named(struct str name, struct str wanted)
{
	if (!memchr(wanted.at, '<', wanted.len)) {
		int depth = 0;
		uint32_t i = name.len;
		for (; i > 0 && (depth || i == name.len) && name.at[name.len - 1] == '>'; i--)
			depth += (name.at[i - 1] == '>') - (name.at[i - 1] == '<');
		name.len = i;
	}
	if (name.len <= wanted.len)
		return str_equal(name, wanted);
	return memcmp(name.at + name.len - wanted.len, wanted.at, wanted.len) == 0 && name.at[name.len - wanted.len - 1] == ':';
}

static const abi_type_id kinds_in_order[] = {ABI_STRUCT, ABI_UNION, ABI_ENUM, ABI_TYPEDEF};

static uint32_t print_matches(struct text *out, const struct abi_model *model, const char *name)
{
	enum abi_kind only;
	struct str wanted = without_keyword(name, &only);
	uint32_t n = 0;
	for (unsigned k = 0; k < COUNTOF(kinds_in_order); k++) {
		for (abi_type_id id = 1; id < model->types.n; id++) {
			const struct abi_type *type = abi_type(model, id);
			if (type->kind != kinds_in_order[k] || (only && type->kind != only) || !is_named(type->name, wanted))
				continue;
			for (uint32_t i = type->definition; i != ABI_NO_DEFINITION; i = model->definitions.at[i].next, n++)
				abi_layout_print(out, model, id, i);
		}
	}
	return n;
}

int abi_run_layout(struct abi_call *call)
{
	const char *path = call->operands.at[0];
	struct text out = {0};
	for (uint32_t i = 1; i < call->operands.n; i++) {
		struct abi_input input;
		enum abi_kind ignored;
		struct abi_read_options options = {.type = without_keyword(call->operands.at[i], &ignored).at};
		if (abi_input_read(&input, call, path, &options) && !print_matches(&out, &input.model, call->operands.at[i])) {
			struct diag_about about = {.file = path, .hint = input.model.has_types ? NULL :
						   "the file has no debug information: compile with -g"};
			diag_report(&call->diag, SEVERITY_ERROR, i, &about, "there is no type %s", call->operands.at[i]);
		}
		abi_input_free(&input);
	}
	fwrite(text_str(&out).at, 1, out.bytes.n, stdout);
	text_free(&out);
	return 0;
}
