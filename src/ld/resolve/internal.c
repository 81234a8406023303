#include "ld/resolve/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "ld/layout/expr.h"
#include "ld/resolve/symbols.h"

/* The tables grow: file 0's views follow them. */
static void refresh(struct link *link)
{
	struct file *file = file_of(link, INTERNAL_FILE);
	file->symtab.syms = link->internal_syms.at;
	file->symtab.n = link->internal_syms.n;
	file->symtab.first_global = 1;
	file->symtab.shndx = (const uint8_t *)link->internal_shndx.at;
	file->globals = link->internal_globals.at;
}

void internal_init(struct link *link)
{
	*array_push(&link->files) = (struct file){.kind = FILE_INTERNAL, .path = "<gild>", .live = true};
	*array_push(&link->internal_syms) = (struct elf_sym){0};
	*array_push(&link->internal_shndx) = 0;
	*array_push(&link->sections) = (struct section){0};
	refresh(link);
}

/* Adds an entry to file 0's symbol table; returns its index. */
static uint32_t add_symbol(struct link *link, symbol_id symbol, uint16_t shndx, uint8_t type, uint8_t visibility)
{
	uint32_t index = link->internal_syms.n;
	*array_push(&link->internal_syms) = (struct elf_sym){
		.st_info = (uint8_t)(STB_GLOBAL << 4 | type),
		.st_other = visibility,
		.st_shndx = shndx,
	};
	*array_push(&link->internal_shndx) = 0;
	*array_push(&link->internal_globals) = symbol;
	refresh(link);
	return index;
}

static void reference(struct link *link, const char *name)
{
	add_symbol(link, symbols_intern_one(link, str_of(name)), SHN_UNDEF, STT_NOTYPE, STV_DEFAULT);
}

/* Makes file 0 the owner of the node's symbol. */
static void define(struct link *link, struct node *node, symbol_id symbol, uint8_t visibility)
{
	uint16_t shndx = node->value->kind == EXPR_NUMBER ? SHN_ABS : 1; /* the real number is known after layout */
	uint32_t index = add_symbol(link, symbol, shndx, node->is_tls ? STT_TLS : STT_NOTYPE, visibility);
	node->id = 1 + index;
	link->symbols[symbol].owner = owner_key(RANK_STRONG, INTERNAL_FILE, index);
	if (visibility != STV_DEFAULT)
		link->symbols[symbol].visibility = visibility;
}

/* --defsym NAME=EXPRESSION */
static void add_defsym(struct link *link, const struct defsym *defsym)
{
	struct lexer lexer;
	const char *error;
	struct script_text text = {"--defsym", {(const uint8_t *)defsym->value, strlen(defsym->value)}};
	lexer_init(&lexer, script_whole(&text));
	const struct expr *value = expr_parse(link->layout, &lexer, &error);
	if (value && lexer_next(&lexer, LEX_EXPR).kind != TOKEN_END) {
		value = NULL;
		error = "expected an operator";
	}
	if (!value) {
		diag_error(link->diag, 0, "--defsym %s=%s: syntax error in expression: %s", defsym->name, defsym->value,
			   error);
		return;
	}
	expr_each_symbol(value, reference, link);
	layout_assign(link->layout, 0, defsym->name, value)->from_option = true;
}

/* A symbol that an option's expression names and nobody defines. */
static void check_defined(struct link *link, const char *name)
{
	symbol_id symbol = symbols_find(link, str_of(name));
	uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE)
		diag_error(link->diag, 0,
			   "--defsym: undefined symbol: %s\n>>> `%s' is referenced in an expression and no object "
			   "defines it",
			   name, name);
}

static void define_plain(struct link *link, struct node *node)
{
	if (node->kind != NODE_ASSIGN || node->provide || strcmp(node->symbol, ".") == 0)
		return;
	uint8_t visibility =
		node->hidden || (link->options->kind == OUTPUT_SHARED && !node->from_option) ? STV_HIDDEN : STV_DEFAULT;
	define(link, node, symbols_intern_one(link, str_of(node->symbol)), visibility);
}

static void each_node(struct link *link, void (*body)(struct link *, struct node *))
{
	struct layout *layout = link->layout;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		body(link, &layout->nodes.at[i]);
		if (layout->nodes.at[i].kind != NODE_SECTION)
			continue;
		struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		for (uint32_t n = 0; n < osec->nodes.n; n++)
			body(link, &osec->nodes.at[n]);
	}
}

void internal_begin(struct link *link)
{
	const struct options *options = link->options;
	for (uint32_t i = 0; i < options->undefined.n; i++)
		reference(link, options->undefined.at[i]);
	for (uint32_t i = 0; i < options->require_defined.n; i++)
		reference(link, options->require_defined.at[i]);
	for (uint32_t i = 0; i < link->externs.n; i++)
		reference(link, link->externs.at[i]);
	if (link->entry)
		reference(link, link->entry);
	for (uint32_t i = 0; i < options->defsyms.n; i++)
		add_defsym(link, &options->defsyms.at[i]);
	each_node(link, define_plain);
}

void internal_reference_globs(struct link *link)
{
	const struct options *options = link->options;
	for (file_id id = 1; options->undefined_globs.n && id < link->files.n; id++) {
		const char *name = file_of(link, id)->lazy_names;
		for (uint32_t n = 0; file_of(link, id)->lazy && n < file_of(link, id)->n_lazy; n++) {
			for (uint32_t i = 0; i < options->undefined_globs.n; i++)
				if (glob_match(str_of(options->undefined_globs.at[i]), str_of(name)))
					reference(link, name);
			name += strlen(name) + 1;
		}
	}
}

/* ---- provided symbols ---------------------------------------------------------------------------------- */

/* The symbol, if an object uses it and no object defines it; else 0. */
static symbol_id wanted(const struct link *link, const char *name)
{
	symbol_id symbol = symbols_find(link, str_of(name));
	if (!symbol || !(symbol_flags(&link->symbols[symbol]) & SYMBOL_USED))
		return 0;
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	return owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE ? symbol : 0;
}

static bool section_will_exist(struct link *link, const char *name)
{
	if (strcmp(name, ".dynamic") == 0)
		return link->is_dynamic;
	if (strcmp(name, ".eh_frame_hdr") == 0) {
		bool any = false;
		for (file_id id = 1; id < link->files.n; id++)
			any |= file_of(link, id)->has_eh_frame && file_of(link, id)->live;
		return link->options->eh_frame_hdr && any;
	}
	if (strcmp(name, ".got.plt") == 0)
		link->module_needs |= NEED_GOT_BASE;
	return true;
}

static void provide(struct link *link, struct node *node)
{
	if (node->kind != NODE_ASSIGN || !node->provide || node->id)
		return;
	symbol_id symbol = wanted(link, node->symbol);
	if (!symbol || (node->value->kind == EXPR_ADDR && !section_will_exist(link, node->value->name)))
		return;
	define(link, node, symbol, node->hidden || link->options->kind == OUTPUT_SHARED ? STV_HIDDEN : STV_DEFAULT);
}

static bool is_c_identifier(const char *name)
{
	if (!(*name == '_' || (*name >= 'A' && *name <= 'Z') || (*name >= 'a' && *name <= 'z')))
		return false;
	return name[strspn(name, "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] == '\0';
}

/* __start_X and __stop_X for sections whose name is a C identifier (GNU ld manual, "Input Section Example"). */
static void provide_start_stop(struct link *link, const char *name)
{
	struct layout *layout = link->layout;
	for (int stop = 0; stop < 2; stop++) {
		const char *symbol_text = arena_printf(&layout->arena, stop ? "__stop_%s" : "__start_%s", name);
		symbol_id symbol = wanted(link, symbol_text);
		if (!symbol)
			continue;
		const struct expr *value = layout_expr(layout, (struct expr){.kind = EXPR_ADDR, .name = name});
		if (stop)
			value = layout_expr(layout, (struct expr){
				.kind = EXPR_BINARY, .op = OP_ADD, .a = value,
				.b = layout_expr(layout, (struct expr){.kind = EXPR_SIZEOF, .name = name})});
		struct node *node = layout_assign(layout, 0, symbol_text, value);
		node->provide = true;
		define(link, node, symbol, link->options->z.start_stop_visibility);
	}
}

void internal_check(struct link *link)
{
	for (uint32_t i = 0; i < link->layout->nodes.n; i++)
		if (link->layout->nodes.at[i].kind == NODE_ASSIGN && link->layout->nodes.at[i].from_option)
			expr_each_symbol(link->layout->nodes.at[i].value, check_defined, link);
}

void internal_provide(struct link *link)
{
	each_node(link, provide);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			const char *name = elf_section_name(&file->elf, i);
			if (section->live && section->kind != SECTION_NONE && is_c_identifier(name))
				provide_start_stop(link, name);
		}
	}
}
