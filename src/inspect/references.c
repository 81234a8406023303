/* What relocations refer to, bound as the loader would bind it (ldso/lookup.h). */
#include <string.h>

#include "inspect/inspect.h"
#include "ldso/heap.h"

/* Which classes of a symbol were seen: a byte for each symbol, a bit for each class. */
struct seen {
	uint8_t *at;
	uint32_t n;
};

static bool is_new(struct seen *seen, uint32_t symbol, unsigned class)
{
	if (symbol >= seen->n) {
		uint32_t n = symbol / 2 * 3 + 64;
		seen->at = heap_grow(seen->at, seen->n, n);
		seen->n = n;
	}
	uint8_t bit = (uint8_t)(1u << class);
	bool is_first = !(seen->at[symbol] & bit);
	seen->at[symbol] |= bit;
	return is_first;
}

static void bind(struct inspection *in, struct reference *reference)
{
	struct object *from = reference->from;
	const Elf64_Sym *symbol = &from->table.symbols[reference->symbol];
	unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
	reference->name = from->table.strings + symbol->st_name;
	reference->version = reference_version(from, reference->symbol);
	reference->weak = ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
	reference->own = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL || visibility == STV_HIDDEN ||
			 visibility == STV_INTERNAL;
	if (!lookup_reference(in->ld, from, reference->symbol, reference->class, &reference->to)) {
		reference->to = (struct definition){.object = NULL};
		fail_clear(in->ld);
	}
}

void inspect_references(struct inspection *in, struct object *object,
			void (*see)(void *context, const struct reference *reference), void *context)
{
	struct seen seen = {.n = 0};
	for (unsigned part = 0; part < 2; part++) {
		const Elf64_Rela *rela = part ? object->plt_rela : object->rela;
		uint64_t n = part ? object->nplt_rela : object->nrela;
		for (uint64_t i = 0; i < n; i++) {
			uint32_t symbol = ELF64_R_SYM(rela[i].r_info), type = ELF64_R_TYPE(rela[i].r_info);
			unsigned class = lookup_class_of(type);
			if (!symbol || !is_new(&seen, symbol, class))
				continue;
			struct reference reference = {.from = object, .symbol = symbol, .class = class, .type = type,
						      .plt = type == R_X86_64_JUMP_SLOT};
			bind(in, &reference);
			see(context, &reference);
		}
	}
	heap_free(seen.at);
}

static void check_one(void *context, const struct reference *reference)
{
	struct inspection *in = context;
	if (reference->to.object || reference->weak || reference->own)
		return;
	const char *name = reference->name, *version = reference->version ? reference->version->name : NULL;
	const char *file = inspect_name(in, reference->from);
	struct problem problem = {
		.kind = PROBLEM_SYMBOL,
		.object = arena_strndup(&in->arena, file, strlen(file)),
		.text = arena_printf(&in->arena, "%s%s%s", name, version ? "@" : "", version ? version : ""),
		.fatal = !in->is_library,
		.lazy = reference->plt && !reference->from->bind_now,
	};
	*array_push(&in->problems) = problem;
}

void inspect_check_symbols(struct inspection *in)
{
	const struct object *program = in->ld->program;
	for (uint32_t i = program->search.n; i-- > 0;)
		if (!program->order[i]->is_self)
			inspect_references(in, program->order[i], check_one, in);
}
