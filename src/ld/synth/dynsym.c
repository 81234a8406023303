#include "ld/synth/dynsym.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "elf/hash.h"
#include "ld/layout/value.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/needs.h"

enum { SYMBOLS_PER_BUCKET = 4, BLOOM_BITS_PER_SYMBOL = 12, BLOOM_SHIFT = 26 };

uint32_t dynstr_add(struct link *link, struct str text)
{
	if (link->dynstr.n == 0)
		*array_push(&link->dynstr) = '\0';
	if (text.len == 0)
		return 0;
	uint32_t offset = link->dynstr.n;
	link->dynstr.at = array_reserve(link->dynstr.at, link->dynstr.n, &link->dynstr.cap, 1, text.len + 1);
	memcpy(link->dynstr.at + offset, text.at, text.len);
	link->dynstr.at[offset + text.len] = '\0';
	link->dynstr.n += text.len + 1;
	return offset;
}

/* Can the loader find it here? Definitions, and functions whose PLT entry is their address for every module. */
static bool is_findable(const struct link *link, symbol_id id)
{
	const struct symbol *symbol = &link->symbols[id];
	return symbol_flags(symbol) & SYMBOL_EXPORTED ||
	       (symbol_flags(symbol) & SYMBOL_IMPORTED && symbol->aux && link->aux.at[symbol->aux].needs & NEED_CPLT);
}

struct hashed {
	uint32_t bucket, hash;
	symbol_id id;
};

static int compare_hashed(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;
	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void dynsym_choose(struct link *link)
{
	ARRAY(struct hashed) exports = {0};
	*array_push(&link->dynsyms) = 0;
	/* Imports in the order of first use; exports by bucket, then by id. */
	for (uint32_t i = 1; i < link->aux.n; i++) {
		const struct aux *aux = &link->aux.at[i];
		if (aux->symbol && aux->needs & NEED_DYNSYM && !is_findable(link, aux->symbol))
			*array_push(&link->dynsyms) = aux->symbol;
	}
	link->first_hashed_dynsym = link->dynsyms.n;
	for (symbol_id id = 1; id < link->n_symbols; id++)
		if (is_findable(link, id))
			*array_push(&exports) = (struct hashed){
				.hash = elf_gnu_hash(symbol_base_name(link, id)), .id = id};
	link->gnu_hash_buckets = exports.n / SYMBOLS_PER_BUCKET + 1;
	for (uint32_t i = 0; i < exports.n; i++)
		exports.at[i].bucket = link->options->hash_gnu ? exports.at[i].hash % link->gnu_hash_buckets : 0;
	if (exports.n)
		qsort(exports.at, exports.n, sizeof(struct hashed), compare_hashed);
	for (uint32_t i = 0; i < exports.n; i++)
		*array_push(&link->dynsyms) = exports.at[i].id;
	array_free(&exports);

	link->dynsym_names = arena_array(&link->arena, uint32_t, link->dynsyms.n);
	for (uint32_t i = 1; i < link->dynsyms.n; i++) {
		link->dynsym_names[i] = dynstr_add(link, symbol_base_name(link, link->dynsyms.at[i]));
		aux_make(link, link->dynsyms.at[i])->dynsym = i;
	}
}

/* Output section number of a definition; 0: absolute. */
static uint32_t output_section(const struct link *link, symbol_id id)
{
	const struct layout *layout = link->layout;
	const struct symbol *symbol = &link->symbols[id];
	const struct aux *aux = symbol->aux ? &link->aux.at[symbol->aux] : NULL;
	if (aux && aux->needs & NEED_COPY)
		return osec_of_section(layout,
				       section_of(link, link->synthetic[aux->copy_relro ? SYN_DYNRELRO : SYN_DYNBSS]))
			->index;
	uint64_t owner = symbol_owner(symbol);
	const struct file *file = file_of(link, owner_file(owner));
	const struct elf_sym *sym = &file->symtab.syms[owner_index(owner)];
	if (elf_sym_is_common(sym))
		return osec_of_section(layout, section_of(link, common_section(link, id)))->index;
	if (elf_sym_is_special(&file->symtab, owner_index(owner)))
		return 0;
	if (file->kind == FILE_INTERNAL)
		return elf_sym_section(&file->symtab, owner_index(owner));
	const struct section *section =
		section_of(link, file->first_section + elf_sym_section(&file->symtab, owner_index(owner)));
	uint32_t run = section->run;
	return section->live && run
		       ? layout_symbol_section(layout, layout->runs.at[run].osec, section_address(layout, section))
		       : 0;
}

struct output_symbol output_symbol(const struct link *link, symbol_id id, bool for_loader)
{
	const struct symbol *symbol = &link->symbols[id];
	const struct aux *aux = symbol->aux ? &link->aux.at[symbol->aux] : NULL;
	uint16_t flags = symbol_flags(symbol);
	uint64_t owner = symbol_owner(symbol);
	if (owner == OWNER_NONE || (owner_rank(owner) == RANK_ELSEWHERE && !(aux && aux->needs & NEED_COPY))) {
		/* Imported. A function whose address is its PLT entry's says so: the loader then uses that address
		 * everywhere. */
		uint8_t type = owner == OWNER_NONE ? STT_NOTYPE : elf_sym_type(symbol_definition(link, symbol));
		if (type == STT_GNU_IFUNC)
			type = STT_FUNC;
		uint8_t bind = flags & SYMBOL_USED_STRONGLY ? STB_GLOBAL : STB_WEAK;
		return (struct output_symbol){.sym = {
			.st_info = (uint8_t)(bind << 4 | type),
			.st_value = aux && aux->needs & NEED_CPLT ? link->symbols[id].address : 0,
		}};
	}
	const struct elf_sym *sym = symbol_definition(link, symbol);
	struct output_symbol output = {.sym = {
		.st_info = sym->st_info,
		.st_other = (uint8_t)((sym->st_other & ~3) |
				      atomic_load_explicit(&symbol->visibility, memory_order_relaxed)),
		.st_value = link->symbols[id].address,
		.st_size = sym->st_size,
	}};
	struct elf_sym *result = &output.sym;
	output_symbol_place(&output, output_section(link, id));
	if (elf_sym_bind(sym) == STB_GNU_UNIQUE && link->options->no_gnu_unique)
		result->st_info = (uint8_t)(STB_GLOBAL << 4 | elf_sym_type(sym));
	if (elf_sym_is_common(sym) && owner_rank(owner) == RANK_COMMON) {
		uint8_t type = link->common_symbols[id].kind == COMMON_TLS ? STT_TLS : STT_OBJECT;
		result->st_size = link->common_symbols[id].size;
		result->st_info = (uint8_t)(elf_sym_bind(sym) << 4 | type);
	}
	if (elf_sym_type(sym) == STT_TLS)
		result->st_value -= link->layout->tls_addr;
	if (elf_sym_type(sym) == STT_GNU_IFUNC && aux && aux->needs & NEED_CPLT) {
		int64_t addend = 0;
		if (for_loader) {
			enum synthetic table = link->plt_style->sec_entry ? SYN_PLT_SEC : SYN_PLT;
			result->st_info = (uint8_t)(elf_sym_bind(sym) << 4 | STT_FUNC);
			const struct section *plt = section_of(link, link->synthetic[table]);
			output_symbol_place(&output, osec_of_section(link->layout, plt)->index);
		} else {
			result->st_value =
				local_value(link, file_of(link, owner_file(owner)), owner_index(owner), &addend);
		}
	}
	return output;
}

void dynsym_emit(struct link *link, uint8_t *image)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	memset(image, 0, dialect->sym);
	for (uint32_t i = 1; i < link->dynsyms.n; i++) {
		struct elf_sym sym = output_symbol(link, link->dynsyms.at[i], true).sym;
		sym.st_name = link->dynsym_names[i];
		elf_put_sym(dialect, image + (uint64_t)i * dialect->sym, &sym);
	}
}

/* ---- .gnu.hash: header, Bloom filter, buckets, chains (see "GNU Hash ELF Sections", A. Roenning) ------------ */

static uint32_t n_hashed(const struct link *link)
{
	return link->dynsyms.n - link->first_hashed_dynsym;
}

static uint32_t bloom_words(const struct link *link)
{
	uint32_t words = 1;
	while (words * 8ull * link->arch->dialect->word < (uint64_t)n_hashed(link) * BLOOM_BITS_PER_SYMBOL)
		words *= 2;
	return words;
}

uint64_t gnu_hash_size(const struct link *link)
{
	return 16 + (uint64_t)link->arch->dialect->word * bloom_words(link) + 4ull * link->gnu_hash_buckets +
	       4ull * n_hashed(link);
}

void gnu_hash_emit(struct link *link, uint8_t *image)
{
	uint32_t words = bloom_words(link), n = n_hashed(link);
	const struct elf_dialect *dialect = link->arch->dialect;
	const uint32_t bits = 8 * dialect->word;
	uint8_t *bloom = image + 16, *buckets = bloom + (uint64_t)dialect->word * words;
	uint8_t *chains = buckets + 4ull * link->gnu_hash_buckets;
	memset(image, 0, gnu_hash_size(link));
	write32(image, link->gnu_hash_buckets);
	write32(image + 4, link->first_hashed_dynsym);
	write32(image + 8, words);
	write32(image + 12, BLOOM_SHIFT);
	uint32_t previous = UINT32_MAX;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t hash = elf_gnu_hash(symbol_base_name(link, link->dynsyms.at[link->first_hashed_dynsym + i]));
		uint32_t bucket = hash % link->gnu_hash_buckets;
		uint8_t *word = bloom + (uint64_t)dialect->word * ((hash / bits) & (words - 1));
		uint64_t both = 1ull << (hash % bits) | 1ull << ((hash >> BLOOM_SHIFT) % bits);
		elf_put_word(dialect, word, elf_get_word(dialect, word) | both);
		if (bucket != previous) {
			write32(buckets + 4ull * bucket, link->first_hashed_dynsym + i);
			if (i) /* the lowest bit ends a chain */
				write32(chains + 4ull * (i - 1), read32(chains + 4ull * (i - 1)) | 1);
		}
		previous = bucket;
		write32(chains + 4ull * i, hash & ~1u);
	}
	if (n)
		write32(chains + 4ull * (n - 1), read32(chains + 4ull * (n - 1)) | 1);
}

/* ---- .hash (gABI chapter 5, "Hash Table") ------------------------------------------------------------------- */

static uint32_t sysv_buckets(const struct link *link)
{
	return link->dynsyms.n / 2 + 1;
}

uint64_t sysv_hash_size(const struct link *link)
{
	return 4 * (2ull + sysv_buckets(link) + link->dynsyms.n);
}

void sysv_hash_emit(struct link *link, uint8_t *image)
{
	uint32_t n = sysv_buckets(link);
	uint8_t *buckets = image + 8, *chains = buckets + 4ull * n;
	memset(image, 0, sysv_hash_size(link));
	write32(image, n);
	write32(image + 4, link->dynsyms.n);
	for (uint32_t i = 1; i < link->dynsyms.n; i++) {
		uint8_t *bucket = buckets + 4ull * (elf_sysv_hash(symbol_base_name(link, link->dynsyms.at[i])) % n);
		write32(chains + 4ull * i, read32(bucket));
		write32(bucket, i);
	}
}
