#include "ld/synth/needs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/report/describe.h"
#include "ld/synth/copy.h"

enum { FILE_GRAIN = 1 };

void scanner_site(struct scanner *scanner, section_id section, uint32_t rela, enum dynamic_site_kind kind)
{
	*array_push(&scanner->sites) = (struct dynamic_site){
		.section = section, .rela = rela & 0x1fffffff, .kind = kind & 7};
	const struct elf_shdr *shdr = section_shdr(scanner->link, section);
	if (shdr->sh_flags & SHF_WRITE)
		return;
	const struct link *link = scanner->link;
	const struct elf_rela *at = &scanner->relas.at[rela];
	if (link->options->z.text)
		scanner_error(scanner, section, at,
			      "needs a dynamic relocation in a read-only section; recompile with -fPIC, or link with "
			      "-z notext");
	scanner->module_bits |= NEED_TEXTREL;
}

void scanner_error(struct scanner *scanner, section_id section, const struct elf_rela *rela, const char *format, ...)
{
	struct link *link = scanner->link;
	struct arena arena = {0};
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	struct diag_about about = about_place(link, section, rela->r_offset, "relocation");
	about.symbol = target_name(scanner->file, rela->r_sym);
	diag_report(link->diag, SEVERITY_ERROR, diag_order(scanner->id, section_number(link, section)), &about,
		    "relocation %s against `%s' %s", link->arch->relocation_name(rela->r_type),
		    describe_target(link, &arena, scanner->file, rela->r_sym), text);
	arena_free(&arena);
}

void scanner_check_undefined(struct scanner *scanner, section_id section, const struct elf_rela *rela, struct ref ref)
{
	struct link *link = scanner->link;
	const struct options *options = link->options;
	const struct elf_sym *sym = &scanner->file->symtab.syms[rela->r_sym];
	if (elf_sym_bind(sym) == STB_WEAK || options->ignore_unresolved_objects)
		return;
	/* A shared object may leave symbols to its users, unless it says they would not be visible. */
	if (options->kind == OUTPUT_SHARED && !options->z.defs && ref.flags & SYMBOL_IMPORTED)
		return;
	struct str name = symbol_base_name(link, ref.symbol);
	for (uint32_t i = 0; i < options->ignored_unresolved.n; i++)
		if (strlen(options->ignored_unresolved.at[i]) == name.len &&
		    memcmp(options->ignored_unresolved.at[i], name.at, name.len) == 0)
			return;
	pthread_mutex_lock(&link->undefined_lock);
	*array_push(&link->undefined_references) = (struct undefined_reference){ref.symbol, section, rela->r_offset};
	pthread_mutex_unlock(&link->undefined_lock);
}

void scanner_tls_mismatch(struct scanner *scanner, section_id section, const struct elf_rela *rela, struct ref ref)
{
	struct link *link = scanner->link;
	const struct symbol *symbol = &link->symbols[ref.symbol];
	uint64_t owner = symbol_owner(symbol);
	const struct file *file = file_of(link, owner_file(owner));
	struct arena arena = {0};
	const char *name = describe_symbol(link, &arena, ref.symbol), *in_section = "";
	uint32_t shndx = symbol_definition(link, symbol)->st_shndx;
	if (owner_file(owner) != INTERNAL_FILE && shndx < SHN_LORESERVE && shndx < file->elf.nshdr)
		in_section = arena_printf(&arena, " section %s", elf_section_name(&file->elf, shndx));
	if (ref.flags & SYMBOL_TLS)
		scanner_error(scanner, section, rela,
			      "addresses a thread-local variable as if it were not\n"
			      ">>> %s: TLS definition in " FILE_FORMAT
			      "%s mismatches non-TLS reference in " FILE_FORMAT,
			      name, FILE_ARGS(file), in_section, FILE_ARGS(scanner->file));
	else
		scanner_error(scanner, section, rela,
			      "addresses what is no thread-local variable\n>>> %s: TLS reference in " FILE_FORMAT
			      " mismatches non-TLS definition in " FILE_FORMAT "%s",
			      name, FILE_ARGS(scanner->file), FILE_ARGS(file), in_section);
	arena_free(&arena);
}

void scanner_check_protected(struct scanner *scanner, section_id section, const struct elf_rela *rela, struct ref ref)
{
	struct link *link = scanner->link;
	uint64_t owner = symbol_owner(&link->symbols[ref.symbol]);
	if (!ref.symbol || owner == OWNER_NONE || owner_rank(owner) != RANK_ELSEWHERE ||
	    elf_sym_visibility(symbol_definition(link, &link->symbols[ref.symbol])) != STV_PROTECTED)
		return;
	struct arena arena = {0};
	const char *name = describe_symbol(link, &arena, ref.symbol);
	const char *path = file_of(link, owner_file(owner))->path;
	if (ref.flags & SYMBOL_FUNCTION)
		scanner_error(scanner, section, rela,
			      "cannot take the address of a protected function here: %s knows another; recompile with "
			      "-fPIE\n>>> non-canonical reference to canonical protected function `%s' in %s",
			      path, name, path);
	else
		scanner_error(scanner, section, rela,
			      "needs a copy that %s would not use; recompile with -fPIC or -mno-direct-extern-access\n"
			      ">>> cannot create a copy relocation for protected symbol `%s' in %s\n"
			      ">>> copy relocation against non-copyable protected symbol `%s' in %s",
			      path, name, path, name, path);
	arena_free(&arena);
}

static bool is_scanned(const struct link *link, const struct file *file, uint32_t number)
{
	const struct section *section = section_of(link, file->first_section + number);
	return section->live && section->rela &&
	       (section->kind == SECTION_REGULAR || section->kind == SECTION_EH_FRAME) &&
	       file->elf.shdrs[number].sh_flags & SHF_ALLOC;
}

static void scan_file(struct link *link, file_id id, struct arena *arena)
{
	struct file *file = file_of(link, id);
	struct scanner scanner = {.link = link, .file = file, .id = id};
	scanner.bits = calloc((size_t)file->symtab.n + 1, sizeof(*scanner.bits));
	if (!scanner.bits)
		out_of_memory();
	symbols_fetch(link, file);
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		if (!is_scanned(link, file, i))
			continue;
		scanner.relas = section_relas(link, file->first_section + i);
		link->arch->scan(&scanner, file->first_section + i);
	}
	*array_push(&scanner.needs) = (struct need){0, scanner.module_bits}; /* the module's own come first */
	for (uint32_t i = 0; i < file->symtab.n; i++)
		if (scanner.bits[i])
			*array_push(&scanner.needs) = (struct need){i, scanner.bits[i]};
	file->needs = arena_dup(arena, struct need, scanner.needs.at, scanner.needs.n);
	file->n_needs = scanner.needs.n;
	file->sites = arena_dup(arena, struct dynamic_site, scanner.sites.at, scanner.sites.n);
	file->n_sites = scanner.sites.n;
	array_free(&scanner.needs);
	array_free(&scanner.sites);
	free(scanner.bits);
}

static void scan_files(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	for (size_t id = begin; id < end; id++)
		if (file_of(link, (file_id)id)->kind == FILE_OBJECT && file_of(link, (file_id)id)->live)
			scan_file(link, (file_id)id, &link->worker_arenas[worker]);
}

static uint32_t new_aux(struct link *link, symbol_id symbol, file_id file, uint32_t index)
{
	uint32_t id = link->aux.n;
	*array_push(&link->aux) = (struct aux){
		.symbol = symbol, .file = file, .index = index,
		.got = NO_SLOT, .plt = NO_SLOT, .pltgot = NO_SLOT, .gotplt = NO_SLOT,
		.tlsgd = NO_SLOT, .tlsdesc = NO_SLOT, .gottp = NO_SLOT,
		.gottp_negated = NO_SLOT, .dynsym = NO_SLOT,
	};
	return id;
}

struct aux *aux_make(struct link *link, symbol_id symbol)
{
	if (!link->symbols[symbol].aux)
		link->symbols[symbol].aux = new_aux(link, symbol, 0, 0);
	return &link->aux.at[link->symbols[symbol].aux];
}

static void combine_file(struct link *link, file_id id)
{
	struct file *file = file_of(link, id);
	link->module_needs |= file->needs[0].bits;
	for (uint32_t i = 1; i < file->n_needs; i++) {
		const struct need *need = &file->needs[i];
		symbol_id symbol = global_of(file, need->symbol);
		struct aux *aux;
		if (symbol) {
			aux = aux_make(link, symbol);
		} else {
			if (!file->local_aux)
				file->local_aux = arena_array(&link->arena, uint32_t, file->symtab.first_global);
			if (!file->local_aux[need->symbol])
				file->local_aux[need->symbol] = new_aux(link, 0, id, need->symbol);
			aux = &link->aux.at[file->local_aux[need->symbol]];
		}
		aux->needs |= need->bits;
	}
}

static uint16_t aux_flags(const struct link *link, const struct aux *aux)
{
	if (aux->symbol)
		return symbol_flags(&link->symbols[aux->symbol]);
	return local_ref(link, file_of(link, aux->file), aux->index).flags;
}

static uint32_t take_got(struct link *link, uint32_t aux, enum got_kind kind, uint32_t slots)
{
	uint32_t slot = link->got_slots;
	*array_push(&link->got) = (struct got_entry){aux, slot, kind};
	link->got_slots += slots;
	return slot;
}

static void give_slots(struct link *link, uint32_t id)
{
	struct aux *aux = &link->aux.at[id];
	uint16_t flags = aux_flags(link, aux);
	bool ifunc = flags & SYMBOL_IFUNC && !(flags & SYMBOL_PREEMPTIBLE);
	/* Without dynamic relocations for it, an IFUNC's address is its PLT entry's, for everybody. */
	if (ifunc && aux->needs & NEED_GOT && !link->is_pic)
		aux->needs |= NEED_CPLT;
	/* Code of a position-dependent executable that compares the address with 0 wants 0 everywhere. */
	if (aux->needs & NEED_ZERO && !link->is_pic) {
		uint16_t mask = (uint16_t)~(SYMBOL_IMPORTED | SYMBOL_PREEMPTIBLE);
		atomic_fetch_and_explicit(&link->symbols[aux->symbol].flags, mask, memory_order_relaxed);
		flags &= mask;
		aux->needs &= NEED_GOT;
	}
	if (aux->needs & NEED_GOT)
		aux->got = take_got(link, id, GOT_ADDRESS, 1);
	if (aux->needs & NEED_TLSGD)
		aux->tlsgd = take_got(link, id, GOT_TLSGD, 2);
	if (aux->needs & NEED_TLSDESC)
		aux->tlsdesc = take_got(link, id, GOT_TLSDESC, 2);
	if (aux->needs & NEED_GOTTP)
		aux->gottp = take_got(link, id, GOT_TPOFF, 1);
	if (aux->needs & NEED_GOTTP_NEGATED)
		aux->gottp_negated = take_got(link, id, GOT_TPOFF_NEGATED, 1);
	if (aux->needs & (NEED_PLT | NEED_CPLT)) {
		/* A canonical entry cannot jump through the GOT slot: that holds the entry's own address. */
		if (aux->needs & NEED_GOT && !(aux->needs & NEED_CPLT) && !ifunc) {
			aux->pltgot = link->plt_got.n;
			*array_push(&link->plt_got) = id;
		} else {
			aux->plt = link->plt.n;
			aux->gotplt = link->arch->got_plt_header_slots + link->plt.n;
			*array_push(&link->plt) = id;
		}
	}
	if (aux->symbol && flags & SYMBOL_PREEMPTIBLE)
		aux->needs |= NEED_DYNSYM;
}

/* Before there is a layout: could what stands in the image be 2 GiB apart, or have an address above that? Small links
 * that give no addresses cannot; all others may find out when it is too late to add a GOT slot. */
static bool may_be_far(const struct link *link)
{
	const struct options *options = link->options;
	const uint64_t reach = (1ull << 31) - (1ull << 28); /* the linker's own tables are not counted */
	uint64_t total = 0, last = link->layout->base;
	for (uint32_t i = 0; i < link->common_areas.n; i++)
		total += link->common_areas.at[i].size;
	for (file_id id = 1; id < link->files.n && total < reach; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			total += file_of(link, id)->alloc_size;
	for (uint32_t i = 0; i < options->section_starts.n; i++)
		last = max_u64(last, options->section_starts.at[i].address);
	if (options->rodata_segment_given)
		last = max_u64(last, options->rodata_segment);
	return last >= reach || total >= reach - last;
}

void needs_scan(struct link *link)
{
	link->may_be_far = may_be_far(link);
	pthread_mutex_init(&link->undefined_lock, NULL);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, scan_files, link);
}

void needs_number(struct link *link)
{
	(void)new_aux(link, 0, 0, 0); /* id 0: nobody's */
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			combine_file(link, id);
	if (link->module_needs & NEED_TLSLD) {
		link->tlsld_slot = take_got(link, 0, GOT_TLSLD, 2);
	}
	for (uint32_t id = 1, n = link->aux.n; id < n; id++)
		give_slots(link, id);
	copy_allocate(link);
}
