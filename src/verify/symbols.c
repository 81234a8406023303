/* Symbol tables (gABI chapter 4, "Symbol Table"). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "verify/subject.h"

#define ull(number) ((unsigned long long)(number))

struct table {
	const struct elf_symtab *symtab;
	uint32_t section;
	bool is_dynamic;
	const char *name;         /* of the section */
};

static void verify_place(struct subject *subject, const struct table *table, uint32_t i)
{
	const struct elf_sym *sym = &table->symtab->syms[i];
	const char *name = table->symtab->strtab + sym->st_name;
	uint8_t type = elf_sym_type(sym);
	if (elf_sym_is_special(table->symtab, i)) {
		claim(subject, type != STT_SECTION || sym->st_shndx != SHN_UNDEF || i == 0,
		      "%s: symbol %u: an undefined section",
		      table->name, i);
		return;
	}
	if (!subject->elf.nshdr) /* -z nosectionheader: the number of a section that nobody can look at */
		return;
	uint32_t section = elf_sym_section(table->symtab, i);
	if (!claim(subject, section && section < subject->elf.nshdr, "%s: symbol %s: st_shndx %u", table->name, name,
		   section))
		return;
	const struct elf_shdr *shdr = subject_shdr(subject, section);
	bool is_tls = shdr->sh_flags & SHF_TLS, allocated = shdr->sh_flags & SHF_ALLOC;
	if (type != STT_SECTION && allocated)
		claim(subject, (type == STT_TLS) == is_tls || type == STT_NOTYPE,
		      "%s: symbol %s: thread-local, or not?",
		      table->name, name);
	uint64_t base = subject->is_object ? 0 : shdr->sh_addr;
	if (is_tls && allocated && !subject->is_object && type == STT_TLS) {
		const struct elf_phdr *tls = subject_segment(subject, PT_TLS);
		claim(subject, tls && sym->st_value <= tls->p_memsz, "%s: symbol %s: 0x%llx is outside of PT_TLS",
		      table->name,
		      name, ull(sym->st_value));
		return;
	}
	if (type == STT_SECTION)
		claim(subject, sym->st_value == base, "%s: symbol %u: not the address of its section", table->name, i);
	else if (type != STT_NOTYPE && type != STT_FILE && !(subject->wishes & WISH_PLACES))
		claim(subject, sym->st_value >= base && sym->st_value <= base + shdr->sh_size,
		      "%s: symbol %s: 0x%llx is not in %s", table->name, name, ull(sym->st_value),
		      elf_section_name(&subject->elf, section));
}

static void verify_table(struct subject *subject, const struct table *table)
{
	const struct elf_symtab *symtab = table->symtab;
	if (!claim(subject, symtab->n > 0, "%s: no null symbol", table->name))
		return;
	const struct elf_sym *null = &symtab->syms[0];
	claim(subject, !null->st_name && !null->st_info && !null->st_shndx && !null->st_value && !null->st_size,
	      "%s: symbol 0 is not null", table->name);
	for (uint32_t i = 1; i < symtab->n; i++) {
		const struct elf_sym *sym = &symtab->syms[i];
		const char *name = symtab->strtab + sym->st_name;
		bool local = elf_sym_bind(sym) == STB_LOCAL;
		claim(subject, local == (i < symtab->first_global),
		      "%s: symbol %u (%s): local and global ones are mixed",
		      table->name, i, name);
		claim(subject, elf_sym_bind(sym) <= STB_WEAK || elf_sym_bind(sym) == STB_GNU_UNIQUE,
		      "%s: symbol %s: binding %u", table->name, name, elf_sym_bind(sym));
		uint8_t visibility = elf_sym_visibility(sym);
		if (table->is_dynamic)
			claim(subject, visibility == STV_DEFAULT || visibility == STV_PROTECTED ||
				      sym->st_shndx == SHN_UNDEF,
			      "%s: symbol %s: hidden, but other modules see it", table->name, name);
		if (sym->st_shndx == SHN_UNDEF && table->is_dynamic) {
			claim(subject, sym->st_value == 0 || subject_is_loaded(subject, sym->st_value, 1, PF_X),
			      "%s: undefined symbol %s: 0x%llx is no PLT entry", table->name, name, ull(sym->st_value));
			claim(subject, sym->st_size < (1ull << 40), "%s: undefined symbol %s: st_size", table->name,
			      name);
		}
		claim(subject, (sym->st_other & ~3) == 0, "%s: symbol %s: st_other 0x%x", table->name, name,
		      sym->st_other);
		claim(subject, local || *name, "%s: symbol %u: global, without a name", table->name, i);
		verify_place(subject, table, i);
	}
}

/* ---- both tables tell the same ------------------------------------------------------------------------------ */

struct named {
	const char *name;
	uint32_t len;
	const struct elf_sym *sym;
};

static uint32_t length_without_version(const char *name)
{
	const char *at = strchr(name, '@');
	return at && at > name ? (uint32_t)(at - name) : (uint32_t)strlen(name);
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = memcmp(x->name, y->name, min_u64(x->len, y->len));
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Where code takes the address of a function with a resolver as if it had none, that is the address of its PLT entry,
 * for others, too. .symtab goes on telling where the resolver is. */
static bool is_entry_of_resolver(const struct subject *subject, const struct elf_sym *listed,
				 const struct elf_sym *dynamic)
{
	if (elf_sym_type(listed) != STT_GNU_IFUNC || elf_sym_type(dynamic) != STT_FUNC)
		return false;
	return subject_plt_slot(subject, dynamic->st_value) != 0;
}

static bool is_listed(const struct subject *subject, const struct named *symbols, uint32_t n,
		      const struct named *wanted)
{
	uint32_t low = 0, high = n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (compare_named(&symbols[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (subject->wishes & WISH_FEW_NAMES && (low == n || compare_named(&symbols[low], wanted) != 0))
		return true;
	for (; low < n && compare_named(&symbols[low], wanted) == 0; low++)
		if (is_entry_of_resolver(subject, symbols[low].sym, wanted->sym) ||
		    (symbols[low].sym->st_value == wanted->sym->st_value &&
		     symbols[low].sym->st_info == wanted->sym->st_info &&
		     symbols[low].sym->st_size == wanted->sym->st_size))
			return true;
	return false;
}

/* A name of something that is copied from a library: other names of it may be in .dynsym only. */
static bool is_copied(const struct subject *subject, const struct elf_sym *sym)
{
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		struct bytes bytes = elf_section_bytes(&subject->elf, i);
		if (shdr->sh_type != SHT_RELA || !(shdr->sh_flags & SHF_ALLOC))
			continue;
		for (uint64_t at = 0; at + sizeof(struct elf_rela) <= bytes.size; at += sizeof(struct elf_rela)) {
			const struct elf_rela *rela = (const struct elf_rela *)(bytes.data + at);
			if (rela->r_type == R_X86_64_COPY && rela->r_offset == sym->st_value)
				return true;
		}
	}
	return false;
}

/* What .dynsym defines is in .symtab, too, unless that was stripped. */
static void verify_same(struct subject *subject)
{
	const struct elf_symtab *all = &subject->symtab, *dynamic = &subject->dynamic.dynsym;
	struct named *symbols = calloc(all->n + 1ull, sizeof(*symbols));
	if (!symbols)
		out_of_memory();
	uint32_t n = 0;
	for (uint32_t i = all->first_global; i < all->n; i++) {
		const char *name = all->strtab + all->syms[i].st_name;
		symbols[n++] = (struct named){name, length_without_version(name), &all->syms[i]};
	}
	qsort(symbols, n, sizeof(*symbols), compare_named);
	for (uint32_t i = 1; i < dynamic->n; i++) {
		const struct elf_sym *sym = &dynamic->syms[i];
		const char *name = dynamic->strtab + sym->st_name;
		struct named wanted = {name, length_without_version(name), sym};
		if (sym->st_shndx != SHN_UNDEF && n)
			claim(subject, is_listed(subject, symbols, n, &wanted) || is_copied(subject, sym),
			      ".symtab has no symbol %s like .dynsym's", name);
	}
	free(symbols);
}

void verify_symbols(struct subject *subject)
{
	if (subject->symtab_section)
		verify_table(subject, &(struct table){&subject->symtab, subject->symtab_section, false, ".symtab"});
	if (subject->has_dynamic && subject->dynamic.dynsym.n)
		verify_table(subject, &(struct table){&subject->dynamic.dynsym, subject->dynsym_section, true,
						      ".dynsym"});
	if (subject->symtab_section && subject->has_dynamic)
		verify_same(subject);
}
