#include "ld/resolve/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "ld/layout/expr.h"
#include "ld/report/describe.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"
#include "ld/script/parse.h"

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

/* Makes file 0 the owner of the node's symbol. What it is made from, and so whether it is absolute, is known later. */
static void define(struct link *link, struct node *node, symbol_id symbol, uint8_t visibility)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	if (owner != OWNER_NONE && owner_rank(owner) == RANK_STRONG && owner_file(owner) == INTERNAL_FILE) {
		node->id = 1 + owner_index(owner); /* assigned before */
		return;
	}
	uint16_t shndx = node->value->kind == EXPR_NUMBER ? SHN_ABS : 1; /* the real number is known after layout */
	uint32_t index = add_symbol(link, symbol, shndx, node->is_tls ? STT_TLS : STT_NOTYPE, visibility);
	node->id = 1 + index;
	link->symbols[symbol].owner = owner_key(RANK_STRONG, INTERNAL_FILE, index);
	if (visibility != STV_DEFAULT)
		link->symbols[symbol].visibility = visibility;
}

/* Moves the last statement of the program to place `at`. */
static void move_last(struct layout *layout, uint32_t at)
{
	struct node last = layout->nodes.at[layout->nodes.n - 1];
	memmove(&layout->nodes.at[at + 1], &layout->nodes.at[at], (layout->nodes.n - 1 - at) * sizeof(last));
	layout->nodes.at[at] = last;
	layout->n_written++;
}

/* --defsym NAME=EXPRESSION; first: the statements in front of the script's, where the option stands before -T. */
static void add_defsym(struct link *link, const struct defsym *defsym, uint32_t *first)
{
	struct script_text *text = arena_new(&link->arena, struct script_text);
	*text = (struct script_text){arena_printf(&link->arena, "--defsym %s", defsym->name),
				     {(const uint8_t *)defsym->value, strlen(defsym->value)}};
	const struct expr *value = script_parse_expr(text, &link->arena, link->diag);
	if (!value)
		return;
	expr_each_symbol(value, reference, link);
	struct node *node = layout_assign(link->layout, 0, defsym->name, value);
	node->from_option = true;
	node->place = script_whole(text);
	if (defsym->before_script && link->has_script)
		move_last(link->layout, (*first)++);
	else if (link->layout->scripted)
		move_last(link->layout, link->layout->n_written);
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

/* The default layout's symbols are a module's own business; what a user assigns is as visible as what an object
 * defines. */
static uint8_t visibility_of(const struct link *link, const struct node *node)
{
	bool is_own = !node->from_option && !node->is_users;
	return node->hidden || (link->options->kind == OUTPUT_SHARED && is_own) ? STV_HIDDEN : STV_DEFAULT;
}

static void define_plain(struct link *link, struct node *node)
{
	if (node->kind != NODE_ASSIGN || node->provide || strcmp(node->symbol, ".") == 0)
		return;
	define(link, node, symbols_intern_one(link, str_of(node->symbol)), visibility_of(link, node));
}

/* Names that only a PROVIDE()'s value mentions may be asked for once it is clear that the symbol is wanted. */
static void intern(struct link *link, const char *name)
{
	symbols_intern_one(link, str_of(name));
}

/* What expressions of the program name is used, as if an object named it; but of provided symbols only when they are.
 */
static void reference_values(struct link *link, struct node *node)
{
	if (node->kind == NODE_RUN || node->from_option)
		return;
	if (node->kind == NODE_SECTION) {
		const struct section_statement *said = link->layout->osecs.at[node->id].said;
		expr_each_symbol(said ? said->at : NULL, reference, link);
	}
	expr_each_symbol(node->value, node->kind == NODE_ASSIGN && node->provide ? intern : reference, link);
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
	uint32_t first = 0;
	for (uint32_t i = 0; i < options->defsyms.n; i++)
		add_defsym(link, &options->defsyms.at[i], &first);
	each_node(link, define_plain);
	each_node(link, reference_values);
	for (const struct region_statement *region = link->layout->script ? link->layout->script->regions : NULL;
	     region; region = region->next) {
		expr_each_symbol(region->origin, reference, link);
		expr_each_symbol(region->length, reference, link);
	}
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

static void use(struct link *link, const char *name)
{
	symbol_id symbol = symbols_find(link, str_of(name));
	if (!symbol)
		return;
	symbol_set(&link->symbols[symbol], SYMBOL_USED | SYMBOL_USED_STRONGLY);
	add_symbol(link, symbol, SHN_UNDEF, STT_NOTYPE, STV_DEFAULT);
}

static void provide(struct link *link, struct node *node)
{
	if (node->kind != NODE_ASSIGN || !node->provide || node->id)
		return;
	symbol_id symbol = wanted(link, node->symbol);
	if (!symbol || (node->value->kind == EXPR_ADDR && !link->layout->scripted &&
			!section_will_exist(link, node->value->name)))
		return;
	define(link, node, symbol, visibility_of(link, node));
	expr_each_symbol(node->value, use, link);
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

/* Does the value of an assignment use what it assigns to? */
static bool names_itself(const struct expr *expr, const char *symbol)
{
	if (!expr)
		return false;
	bool is_name = expr->kind == EXPR_SYMBOL || expr->kind == EXPR_DEFINED;
	return (is_name && strcmp(expr->name, symbol) == 0) || names_itself(expr->a, symbol) ||
	       names_itself(expr->b, symbol) || names_itself(expr->c, symbol);
}

/* A number is assigned before objects are read, and so hides what they define without a word. */
static bool is_number(const struct expr *expr)
{
	if (!expr || expr->kind == EXPR_NUMBER)
		return true;
	bool is_operator = expr->kind == EXPR_UNARY || expr->kind == EXPR_BINARY || expr->kind == EXPR_CONDITIONAL;
	return is_operator && is_number(expr->a) && is_number(expr->b) && is_number(expr->c);
}

/* Notes which of file 0's symbols a script assigns, whatever objects say. */
static void note_assigned(struct link *link, struct node *node)
{
	if (node->kind == NODE_ASSIGN && node->id && node->is_users && !node->provide &&
	    !names_itself(node->value, node->symbol) && !is_number(node->value))
		link->script_assigns[node->id - 1] = true;
}

/* An object's definition that an assignment of a script takes the place of; the words are GNU ld's. */
static void warn_overridden(struct link *link)
{
	link->script_assigns = arena_array(&link->arena, bool, link->internal_syms.n);
	each_node(link, note_assigned);
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id id = global_of(file, i);
			uint64_t owner = id ? symbol_owner(&link->symbols[id]) : OWNER_NONE;
			if (owner == OWNER_NONE || owner_file(owner) != INTERNAL_FILE ||
			    !link->script_assigns[owner_index(owner)] || !is_live_definition(link, file, i) ||
			    elf_sym_bind(&file->symtab.syms[i]) == STB_WEAK ||
			    elf_sym_is_common(&file->symtab.syms[i]))
				continue;
			diag_warning(link->diag, diag_order(f, i),
				     "multiple definition of `%s'\n>>> defined by " FILE_FORMAT
				     "\n>>> the linker script's value is taken",
				     describe_symbol(link, &link->arena, id), FILE_ARGS(file));
		}
	}
}

static void check_defsyms(struct link *link)
{
	for (uint32_t i = 0; i < link->layout->nodes.n; i++)
		if (link->layout->nodes.at[i].kind == NODE_ASSIGN && link->layout->nodes.at[i].from_option)
			expr_each_symbol(link->layout->nodes.at[i].value, check_defined, link);
}

void internal_check(struct link *link)
{
	if (link->script.statements)
		warn_overridden(link);
	if (link->options->kind == OUTPUT_RELOCATABLE)
		check_defsyms(link); /* nothing is provided */
}

/* Whether its symbol is absolute, and of which type. */
static void describe(struct link *link, struct node *node, bool in_section)
{
	symbol_id like;
	if (node->kind != NODE_ASSIGN || !node->id)
		return;
	struct elf_sym *sym = &link->internal_syms.at[node->id - 1];
	bool sane = node->from_option || (link->layout->script && link->layout->script->sane_expr);
	sym->st_shndx = expr_is_absolute(link, node->value, in_section, sane, &like) ? SHN_ABS : 1;
	uint64_t owner = like ? symbol_owner(&link->symbols[like]) : OWNER_NONE;
	if (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE || node->is_tls)
		return;
	uint8_t visible = link->symbols[like].visibility, own = elf_sym_visibility(sym);
	if (visible != STV_DEFAULT && (own == STV_DEFAULT || visible < own)) {
		sym->st_other = visible;
		symbol_id symbol = symbols_find(link, str_of(node->symbol));
		link->symbols[symbol].visibility = visible;
	}
	uint8_t type = elf_sym_type(symbol_definition(link, &link->symbols[like]));
	if (type == STT_COMMON)
		type = STT_OBJECT;
	sym->st_info = (uint8_t)(elf_sym_bind(sym) << 4 | type);
}

static bool has_defined(const struct expr *expr)
{
	return expr && (expr->kind == EXPR_DEFINED || has_defined(expr->a) || has_defined(expr->b) ||
			has_defined(expr->c));
}

/* Does the program ask what a symbol is before it assigns it? */
static bool asks_for_objects(const struct layout *layout)
{
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSIGN && node->is_users &&
		    (has_defined(node->value) || names_itself(node->value, node->symbol)))
			return true;
		for (uint32_t n = 0; node->kind == NODE_SECTION && n < layout->osecs.at[node->id].nodes.n; n++)
			if (has_defined(layout->osecs.at[node->id].nodes.at[n].value))
				return true;
	}
	return false;
}

/* What objects define and the program assigns. */
static void find_objects_definitions(struct link *link)
{
	struct layout *layout = link->layout;
	bool asks = asks_for_objects(layout);
	for (file_id id = 1; asks && id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = file->symtab.first_global;
		     file->kind == FILE_OBJECT && file->live && i < file->symtab.n; i++) {
			symbol_id symbol = global_of(file, i);
			uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : OWNER_NONE;
			if (owner == OWNER_NONE || owner_file(owner) != INTERNAL_FILE ||
			    !is_live_definition(link, file, i))
				continue;
			const struct elf_sym *sym = &file->symtab.syms[i];
			enum symbol_rank rank = elf_sym_is_common(sym)		 ? RANK_COMMON
						: elf_sym_bind(sym) == STB_WEAK ? RANK_WEAK
										: RANK_STRONG;
			struct program_symbol *assigned = &layout->program_symbols.at[owner_index(owner)];
			assigned->object = min_u64(assigned->object, owner_key(rank, id, i));
		}
	}
}

void internal_describe(struct link *link)
{
	enum { LONGEST_CHAIN = 8 }; /* of symbols that are assigned before what they are made from */
	struct layout *layout = link->layout;
	for (unsigned round = 0; round < LONGEST_CHAIN; round++)
		for (uint32_t i = 0; i < layout->nodes.n; i++) {
			describe(link, &layout->nodes.at[i], false);
			if (layout->nodes.at[i].kind != NODE_SECTION)
				continue;
			const struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
			for (uint32_t n = 0; n < osec->nodes.n; n++)
				describe(link, &osec->nodes.at[n], true);
		}
	while (layout->program_symbols.n < link->internal_syms.n)
		*array_push(&layout->program_symbols) = (struct program_symbol){.object = OWNER_NONE};
	if (layout->script)
		find_objects_definitions(link);
}

void internal_provide(struct link *link)
{
	for (uint32_t n = 0; n != link->internal_syms.n;) { /* what one asks for another one may provide */
		n = link->internal_syms.n;
		each_node(link, provide);
	}
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || !file->has_plain_names)
			continue;
		for (uint32_t i = 1; i < file->elf.nshdr; i++) {
			const struct section *section = section_of(link, file->first_section + i);
			const char *name = elf_section_name(&file->elf, i);
			if (section->live && section->kind != SECTION_NONE && is_c_identifier(name))
				provide_start_stop(link, name);
		}
	}
	check_defsyms(link);
	internal_describe(link);
}
