/* The dynamic section (gABI chapter 5, "Dynamic Section"): each address in it is that of the table it names. */
#include <string.h>

#include "verify/subject.h"

#define ull(number) ((unsigned long long)(number))

/* Entries that say where a section is, and how large. */
static const struct {
	int64_t address, size;
	uint32_t type;            /* sh_type; 0: by name */
	const char *name;
	const char *tag;
} tables[] = {
	{DT_STRTAB, DT_STRSZ, 0, ".dynstr", "DT_STRTAB"},
	{DT_SYMTAB, DT_NULL, SHT_DYNSYM, NULL, "DT_SYMTAB"},
	{DT_HASH, DT_NULL, SHT_HASH, NULL, "DT_HASH"},
	{DT_GNU_HASH, DT_NULL, SHT_GNU_HASH, NULL, "DT_GNU_HASH"},
	{DT_RELR, DT_RELRSZ, SHT_RELR, NULL, "DT_RELR"},
	{DT_VERSYM, DT_NULL, SHT_GNU_versym, NULL, "DT_VERSYM"},
	{DT_VERDEF, DT_NULL, SHT_GNU_verdef, NULL, "DT_VERDEF"},
	{DT_VERNEED, DT_NULL, SHT_GNU_verneed, NULL, "DT_VERNEED"},
	{DT_INIT_ARRAY, DT_INIT_ARRAYSZ, SHT_INIT_ARRAY, NULL, "DT_INIT_ARRAY"},
	{DT_FINI_ARRAY, DT_FINI_ARRAYSZ, SHT_FINI_ARRAY, NULL, "DT_FINI_ARRAY"},
	{DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, SHT_PREINIT_ARRAY, NULL, "DT_PREINIT_ARRAY"},
};

/* Entries with one right value. */
static const struct {
	int64_t tag;
	uint64_t value;
	const char *name;
} constants[] = {
	{DT_SYMENT, sizeof(struct elf_sym), "DT_SYMENT"}, {DT_RELAENT, sizeof(struct elf_rela), "DT_RELAENT"},
	{DT_RELRENT, 8, "DT_RELRENT"},                    {DT_PLTREL, DT_RELA, "DT_PLTREL"},
};

/* DT_RELA and DT_JMPREL: records of one section, which may have others. */
static void verify_relas(struct subject *subject, int64_t address_tag, int64_t size_tag, const char *tag)
{
	uint64_t address, size;
	bool has = subject_dynamic(subject, address_tag, &address);
	claim(subject, has == subject_dynamic(subject, size_tag, &size), "%s: without its size, or its size alone",
	      tag);
	if (!has || !subject_dynamic(subject, size_tag, &size) || !size || !subject->elf.nshdr)
		return;
	uint32_t section = subject_section_at(subject, address, size);
	if (!claim(subject, section, "%s: 0x%llx bytes at 0x%llx are in no section", tag, ull(size), ull(address)))
		return;
	const struct elf_shdr *shdr = subject_shdr(subject, section);
	claim(subject, size % sizeof(struct elf_rela) == 0, "%s: its size is 0x%llx", tag, ull(size));
	claim(subject, shdr->sh_type != SHT_RELA || (address - shdr->sh_addr) % sizeof(struct elf_rela) == 0,
	      "%s: 0x%llx is in the middle of a record of %s", tag, ull(address),
	      elf_section_name(&subject->elf, section));
}

static void verify_tables(struct subject *subject)
{
	for (unsigned t = 0; t < COUNTOF(tables); t++) {
		uint64_t address, size = 0;
		bool has = subject_dynamic(subject, tables[t].address, &address);
		uint32_t section = tables[t].type ? subject_section_of_type(subject, tables[t].type)
						  : subject_section_named(subject, tables[t].name);
		if (!subject->elf.nshdr)
			continue;
		uint64_t section_size = section ? subject_shdr(subject, section)->sh_size : 0;
		/* An empty table may be named or not; a script may have put it into another section */
		claim(subject, has ? section != NO_SECTION || address == 0 || subject_section_at(subject, address, 1)
				   : section_size == 0,
		      "%s: in the dynamic section, or as a section, but not both", tables[t].tag);
		claim(subject, has || tables[t].size == DT_NULL || !subject_dynamic(subject, tables[t].size, &size),
		      "%s: missing, but not the entry for its size", tables[t].tag);
		if (!has || !section)
			continue;
		claim(subject, address == subject_shdr(subject, section)->sh_addr, "%s: 0x%llx, but %s is at 0x%llx",
		      tables[t].tag, ull(address), elf_section_name(&subject->elf, section),
		      ull(subject_shdr(subject, section)->sh_addr));
		if (tables[t].size != DT_NULL && subject_dynamic(subject, tables[t].size, &size))
			claim(subject, size == section_size, "%s: its size is 0x%llx, but %s has 0x%llx", tables[t].tag,
			      ull(size), elf_section_name(&subject->elf, section), ull(section_size));
		else
			claim(subject, tables[t].size == DT_NULL, "%s: the entry for its size is missing",
			      tables[t].tag);
	}
	verify_relas(subject, DT_RELA, DT_RELASZ, "DT_RELA");
	verify_relas(subject, DT_JMPREL, DT_PLTRELSZ, "DT_JMPREL");
	for (unsigned i = 0; i < COUNTOF(constants); i++) {
		uint64_t value;
		if (subject_dynamic(subject, constants[i].tag, &value))
			claim(subject, value == constants[i].value, "%s: %llu", constants[i].name, ull(value));
	}
}

static bool may_repeat(int64_t tag)
{
	return tag == DT_NEEDED || tag == DT_AUXILIARY || tag == DT_FILTER || tag == DT_NULL;
}

static bool is_string(int64_t tag)
{
	return tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH || tag == DT_AUXILIARY ||
	       tag == DT_FILTER || tag == DT_AUDIT || tag == DT_DEPAUDIT;
}

static const struct elf_dyn *entry_at(const struct subject *subject, uint64_t i)
{
	return (const struct elf_dyn *)(subject->dynamic.dynamic + i * sizeof(struct elf_dyn));
}

/* Does a symbol table have something there? Yes, when it was stripped. */
static bool has_symbol_at(const struct subject *subject, uint64_t addr)
{
	for (uint32_t i = 1; i < subject->symtab.n; i++)
		if (subject->symtab.syms[i].st_value == addr && subject->symtab.syms[i].st_shndx != SHN_UNDEF)
			return true;
	return subject->symtab.n == 0 || subject->wishes & WISH_FEW_NAMES;
}

static bool is_known(int64_t tag)
{
	return (tag >= DT_NULL && tag < DT_NUM) || tag == DT_RELRSZ || tag == DT_RELR || tag == DT_RELRENT ||
	       tag == DT_GNU_HASH || (tag >= DT_VERSYM && tag <= DT_VERNEEDNUM) || tag == DT_RELACOUNT ||
	       (tag >= DT_TLSDESC_PLT && tag <= DT_AUDIT) || tag == DT_AUXILIARY || tag == DT_FILTER;
}

static void verify_entries(struct subject *subject)
{
	for (uint64_t i = 0; i < subject->dynamic.ndynamic; i++) {
		const struct elf_dyn *dyn = entry_at(subject, i);
		const char *string = is_string(dyn->d_tag) ? elf_dynamic_string(&subject->dynamic, i) : NULL;
		if (is_string(dyn->d_tag) &&
		    !claim(subject, string, "dynamic entry %llu: its name is outside of .dynstr", ull(i)))
			continue;
		for (uint64_t before = 0; before < i; before++) {
			if (entry_at(subject, before)->d_tag != dyn->d_tag)
				continue;
			claim(subject, may_repeat(dyn->d_tag), "dynamic entry %llu: tag 0x%llx is there twice", ull(i),
			      ull(dyn->d_tag));
			const char *other = string ? elf_dynamic_string(&subject->dynamic, before) : NULL;
			if (other)
				claim(subject, strcmp(string, other) != 0, "DT_NEEDED %s is there twice", string);
		}
		if (dyn->d_tag == DT_INIT || dyn->d_tag == DT_FINI)
			claim(subject, subject_is_loaded(subject, dyn->d_val, 1, PF_X) &&
			      has_symbol_at(subject, dyn->d_val),
			      "%s: no function begins at 0x%llx", dyn->d_tag == DT_INIT ? "DT_INIT" : "DT_FINI",
			      ull(dyn->d_val));
		claim(subject, is_known(dyn->d_tag), "dynamic entry %llu: unknown tag 0x%llx", ull(i), ull(dyn->d_tag));
		claim(subject, dyn->d_tag != DT_DEBUG || dyn->d_val == 0, "DT_DEBUG: the loader's word is not 0");
	}
}

/* Does a relocation change a page that is not writable? */
static bool has_text_relocation(const struct subject *subject)
{
	struct rela_table table = {0};
	while (subject_next_relas(subject, &table))
		for (uint64_t i = 0; i < table.relas.n; i++) {
			const struct elf_rela *rela = &table.relas.at[i];
			if (rela->r_type != R_X86_64_NONE && subject_is_loaded(subject, rela->r_offset, 1, 0) &&
			    !subject_is_loaded(subject, rela->r_offset, 1, PF_W))
				return true;
		}
	return false;
}

/* -N: sections that are read-only lie in memory that is not. */
static bool has_writable_code(const struct subject *subject)
{
	for (uint32_t i = 0; i < subject->n_phdrs; i++)
		if (subject->phdrs[i].p_type == PT_LOAD && (~subject->phdrs[i].p_flags & (PF_W | PF_X)) == 0)
			return true;
	return false;
}

void verify_dynamic(struct subject *subject)
{
	uint64_t flags = 0, flags1 = 0, ignored;
	verify_tables(subject);
	verify_entries(subject);
	subject_dynamic(subject, DT_FLAGS, &flags);
	subject_dynamic(subject, DT_FLAGS_1, &flags1);
	bool textrel = flags & DF_TEXTREL || subject_dynamic(subject, DT_TEXTREL, &ignored);
	claim(subject, !subject->elf.nshdr || textrel == has_text_relocation(subject) ||
			       (textrel && has_writable_code(subject)),
	      "DT_TEXTREL: %s", textrel ? "no relocation needs it" : "missing, a relocation changes read-only memory");
	/* A PIE that was given an address of its own stays there */
	const struct elf_phdr *load = subject_segment(subject, PT_LOAD);
	claim(subject, !(flags1 & DF_1_PIE) || subject->moves || (load && load->p_vaddr >= 4096),
	      "DF_1_PIE: in a file that does not move");
	enum { FLAGS = DF_ORIGIN | DF_SYMBOLIC | DF_TEXTREL | DF_BIND_NOW | DF_STATIC_TLS, LAST_FLAG_1 = DF_1_PIE };
	claim(subject, (flags & ~(uint64_t)FLAGS) == 0, "DT_FLAGS: 0x%llx", ull(flags));
	claim(subject, flags1 < 2 * LAST_FLAG_1, "DT_FLAGS_1: 0x%llx", ull(flags1));
	claim(subject, !(flags1 & DF_1_NOW) || flags & DF_BIND_NOW || subject_dynamic(subject, DT_BIND_NOW, &ignored),
	      "DF_1_NOW without DF_BIND_NOW");
	uint64_t symtab = 0, strsz = 0;
	claim(subject, subject_dynamic(subject, DT_SYMTAB, &symtab) && subject_dynamic(subject, DT_STRSZ, &strsz),
	      "DT_SYMTAB or DT_STRSZ is missing");
}
