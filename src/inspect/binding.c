#include "inspect/binding.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "base/demangle.h"
#include "ldso/text.h"

static const struct {
	const char *word, *text;
} rules[RULES] = {
	[RULE_FIRST] = {"first", "the first in the search order that defines it"},
	[RULE_ONLY] = {"only", "the only one that defines it"},
	[RULE_SYMBOLIC] = {"symbolic", "itself: -Bsymbolic makes it ask itself first"},
	[RULE_PROTECTED] = {"protected", "itself: its definition is protected"},
	[RULE_OWN] = {"own", "itself: the symbol is hidden, nobody else is asked"},
	[RULE_COPY] = {"copy", "the first library that defines it: its value is copied into the program"},
	[RULE_COPIED] = {"copied", "the program's copy of the variable (a copy relocation), which all use"},
	[RULE_CANONICAL] = {"canonical-plt", "the program's PLT entry, which is the function's address for everybody"},
	[RULE_UNIQUE] = {"unique", "the one definition for the whole process (STB_GNU_UNIQUE)"},
	[RULE_PRELOADED] = {"preloaded", "a preloaded library, which comes before all others"},
	[RULE_INTERPOSED] = {"interposed", "an earlier one in the search order"},
	[RULE_WEAK] = {"weak", "nobody defines it: a weak reference, whose address is 0"},
	[RULE_NOBODY] = {"undefined", "nobody defines it: an error"},
};

const char *rule_word(enum rule rule)
{
	return rules[rule].word;
}

const char *rule_text(enum rule rule)
{
	return rules[rule].text;
}

const char *reference_kind(const struct reference *reference)
{
	switch (reference->type) {
	case R_X86_64_JUMP_SLOT: return "function call";
	case R_X86_64_COPY: return "copy of a variable";
	case R_X86_64_DTPMOD64:
	case R_X86_64_DTPOFF64:
	case R_X86_64_TPOFF64:
	case R_X86_64_TLSDESC: return "thread-local variable";
	default: return "address";
	}
}

const char *demangled(struct arena *arena, const char *name)
{
	if (name[0] != '_')
		return NULL;
	char *text = demangle_name(name, DMGL_PARAMS | DMGL_ANSI, DEMANGLE_TO_SHOW);
	const char *copy = text ? arena_strndup(arena, text, strlen(text)) : NULL;
	free(text);
	return copy;
}

const char *short_name(const struct inspection *in, const struct object *object)
{
	if (object == in->ld->program)
		return in->path;
	return object->soname ? object->soname : text_base_name(object->name);
}

uint32_t binding_position(const struct inspection *in, const struct object *object)
{
	const struct object_list *search = &in->ld->program->search;
	for (uint32_t i = 0; i < search->n; i++)
		if (search->at[i] == object)
			return i + 1;
	return 0;
}

/* --- definitions */

static bool is_exported(const Elf64_Sym *symbol)
{
	unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other), bind = ELF64_ST_BIND(symbol->st_info);
	return visibility != STV_HIDDEN && visibility != STV_INTERNAL &&
	       (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE);
}

static bool is_copied_to(const struct reference *reference, const struct object *object)
{
	return reference && reference->class & LOOKUP_COPY && object->kind == OBJECT_PROGRAM;
}

/* The definition that a reference would find if this object were the only one; NULL: none. */
static const Elf64_Sym *fitting(const struct reference *reference, const struct object *object)
{
	if (is_copied_to(reference, object))
		return NULL;
	const Elf64_Sym *symbol = lookup_in(object, reference->name, reference->version, reference->class);
	return symbol && is_exported(symbol) ? symbol : NULL;
}

static void add(struct object *object, const Elf64_Sym *symbol, uint32_t position, const struct reference *reference,
		definer_array *to)
{
	if (!symbol || !is_exported(symbol) || symbol->st_shndx == SHN_UNDEF)
		return;
	for (uint32_t i = 0; i < to->n; i++)
		if (to->at[i].symbol == symbol)
			return;
	const struct symbol_table *table = &object->table;
	uint16_t raw = table->versym ? table->versym[symbol - table->symbols] : 0;
	uint32_t number = raw & 0x7fff;
	const struct version *version = number < table->nversions ? &table->versions[number] : NULL;
	*array_push(to) = (struct definer){
		.object = object,
		.symbol = symbol,
		.version = version && !version->file ? version->name : NULL,
		.is_default = !(raw & 0x8000),
		.fits = reference && fitting(reference, object) == symbol,
		.position = position,
	};
}

void binding_definers(struct inspection *in, const char *name, const struct reference *reference, definer_array *to)
{
	const struct object_list *search = &in->ld->program->search;
	for (uint32_t i = 0; i < search->n; i++) {
		struct object *object = search->at[i];
		const struct symbol_table *table = &object->table;
		add(object, lookup_in(object, name, NULL, LOOKUP_NEWEST), i + 1, reference, to);
		add(object, lookup_in(object, name, NULL, LOOKUP_DATA), i + 1, reference, to);
		for (uint32_t v = table->nversions; v-- > 0;)
			if (table->versions[v].name && !table->versions[v].file)
				add(object, lookup_in(object, name, &table->versions[v], LOOKUP_DATA), i + 1,
				    reference, to);
	}
}

/* --- rules */

static bool has_copy_of(const struct object *program, const Elf64_Sym *symbol)
{
	uint32_t index = (uint32_t)(symbol - program->table.symbols);
	for (uint64_t i = program->nrelative; i < program->nrela; i++) {
		uint64_t info = program->rela[i].r_info;
		if (ELF64_R_TYPE(info) == R_X86_64_COPY && ELF64_R_SYM(info) == index)
			return true;
	}
	return false;
}

/* The first other object behind the winner that would have been taken. */
static struct object *next_fitting(struct inspection *in, const struct reference *reference, uint32_t *n)
{
	const struct object_list *search = &in->ld->program->search;
	struct object *first = NULL;
	*n = 0;
	for (uint32_t i = 0; i < search->n; i++) {
		if (search->at[i] == reference->to.object || !fitting(reference, search->at[i]))
			continue;
		if (!first)
			first = search->at[i];
		++*n;
	}
	return first;
}

/* The object that the link saw the definition in, as the needed version tells, or itself; NULL: not known, or it is not
 * defined there any more. */
static struct object *expected(struct inspection *in, const struct reference *reference)
{
	const struct symbol_table *table = &reference->from->table;
	if (table->symbols[reference->symbol].st_shndx != SHN_UNDEF && !(reference->class & LOOKUP_COPY))
		return reference->from;
	const char *file = reference->version ? reference->version->file : NULL;
	const struct object_list *search = &in->ld->program->search;
	for (uint32_t i = 0; file && i < search->n; i++)
		if (object_is_named(search->at[i], file))
			return fitting(reference, search->at[i]) ? search->at[i] : NULL;
	return NULL;
}

struct explanation binding_explain(struct inspection *in, const struct reference *reference)
{
	struct explanation result = {.rule = RULE_FIRST};
	const struct object *from = reference->from, *to = reference->to.object;
	const Elf64_Sym *symbol = reference->to.symbol;
	if (reference->own) {
		result.rule = RULE_OWN;
		return result;
	}
	if (!to) {
		result.rule = reference->weak ? RULE_WEAK : RULE_NOBODY;
		return result;
	}
	struct object *next = next_fitting(in, reference, &result.others), *instead = expected(in, reference);
	const Elf64_Sym *mine = &from->table.symbols[reference->symbol];
	if (reference->class & LOOKUP_COPY)
		result.rule = RULE_COPY;
	else if (to == in->ld->program && symbol->st_shndx == SHN_UNDEF)
		result.rule = RULE_CANONICAL;
	else if (to == in->ld->program && has_copy_of(to, symbol))
		result.rule = RULE_COPIED;
	else if (to == from && ELF64_ST_VISIBILITY(mine->st_other) == STV_PROTECTED)
		result.rule = RULE_PROTECTED;
	else if (ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE)
		result.rule = RULE_UNIQUE;
	else if (to == from && from->symbolic && from->kind != OBJECT_PROGRAM)
		result.rule = RULE_SYMBOLIC;
	else if (inspect_is_preload(in, to) && to != from && next)
		result.rule = RULE_PRELOADED;
	else if (instead && instead != to)
		result.rule = RULE_INTERPOSED;
	else if (!next)
		result.rule = RULE_ONLY;
	if (result.rule == RULE_INTERPOSED || result.rule == RULE_PRELOADED)
		result.instead = instead && instead != to ? instead : next;
	return result;
}
