/* gild abi layout */
#include <stdio.h>
#include <string.h>

#include "abi/commands.h"
#include "abi/header.h"
#include "abi/layout.h"

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
	return memcmp(name.at + name.len - wanted.len, wanted.at, wanted.len) == 0 &&
	       name.at[name.len - wanted.len - 1] == ':';
}

static const enum abi_kind kinds_in_order[] = {ABI_STRUCT, ABI_UNION, ABI_ENUM, ABI_TYPEDEF};

struct matches {
	ARRAY(abi_type_id) types;
};

static void find_matches(struct matches *found, const struct abi_model *model, const char *name)
{
	enum abi_kind only;
	struct str wanted = without_keyword(name, &only);
	for (unsigned k = 0; k < COUNTOF(kinds_in_order); k++) {
		for (abi_type_id id = 1; id < model->types.n; id++) {
			const struct abi_type *type = abi_type(model, id);
			if (type->kind == kinds_in_order[k] && (!only || type->kind == only) &&
			    is_named(type->name, wanted) && type->definition != ABI_NO_DEFINITION)
				*array_push(&found->types) = id;
		}
	}
}

/* A typedef of something without a name stands for that. */
static void print_offsets(struct text *out, const struct abi_model *model, abi_type_id id, uint32_t definition)
{
	abi_type_id target = abi_strip(model, id);
	const struct abi_type *type = abi_type(model, target);
	if (abi_type(model, id)->kind != ABI_TYPEDEF)
		abi_offsets_print(out, model, id, definition);
	else if ((type->kind == ABI_STRUCT || type->kind == ABI_UNION) && !type->name.len &&
		 type->definition != ABI_NO_DEFINITION)
		abi_offsets_print(out, model, id, type->definition);
}

static void print_matches(struct text *out, const struct abi_call *call, struct abi_model *model,
			  const struct matches *found)
{
	if (call->c_header) {
		abi_header_print(out, model, found->types.at, found->types.n);
		return;
	}
	for (uint32_t m = 0; m < found->types.n; m++) {
		abi_type_id id = found->types.at[m];
		for (uint32_t i = abi_type(model, id)->definition; i != ABI_NO_DEFINITION;
		     i = model->definitions.at[i].next) {
			if (call->offsets)
				print_offsets(out, model, id, i);
			else
				abi_layout_print(out, model, id, i);
		}
	}
}

static void print_types(struct abi_call *call, struct abi_input *input)
{
	struct text out = {0};
	struct matches found = {0};
	for (uint32_t i = 1; i < call->operands.n; i++) {
		uint32_t n = found.types.n;
		find_matches(&found, &input->model, call->operands.at[i]);
		if (found.types.n != n)
			continue;
		struct diag_about about = {.file = input->path};
		if (!input->model.has_types)
			about.hint = "the file has no debug information: compile it with -g";
		diag_report(&call->diag, SEVERITY_ERROR, i, &about, "there is no type %s", call->operands.at[i]);
	}
	print_matches(&out, call, &input->model, &found);
	fwrite(text_str(&out).at, 1, out.bytes.n, stdout);
	array_free(&found.types);
	text_free(&out);
}

int abi_run_layout(struct abi_call *call)
{
	if (call->c_header && call->offsets) {
		diag_error(&call->diag, 0, "abi layout: --c-header and --offsets exclude each other");
		return ABI_EXIT_USAGE;
	}
	struct str *names = arena_array(&call->arena, struct str, call->operands.n);
	enum abi_kind ignored;
	for (uint32_t i = 1; i < call->operands.n; i++)
		names[i - 1] = without_keyword(call->operands.at[i], &ignored);
	struct abi_read_options options = {.types = names, .n_types = call->operands.n - 1};
	struct abi_input input;
	if (abi_input_read(&input, call, call->operands.at[0], &options))
		print_types(call, &input);
	abi_input_free(&input);
	return 0;
}
