/* The dynamic section (gABI chapter 5, "Dynamic Section"): each address in it is that of the table it names. */
#include <string.h>

#include "verify/image.h"

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
	{DT_RELA, DT_RELASZ, 0, ".rela.dyn", "DT_RELA"},
	{DT_JMPREL, DT_PLTRELSZ, 0, ".rela.plt", "DT_JMPREL"},
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

static void verify_tables(struct image *image)
{
	for (unsigned t = 0; t < COUNTOF(tables); t++) {
		uint64_t address, size = 0;
		bool has = image_dynamic(image, tables[t].address, &address);
		uint32_t section = tables[t].type ? image_section_of_type(image, tables[t].type)
						  : image_section_named(image, tables[t].name);
		if (!image->elf.nshdr)
			continue;
		uint64_t section_size = section ? image_shdr(image, section)->sh_size : 0;
		/* An empty table may be named or not */
		claim(image, has ? section != NO_SECTION || address == 0 : section_size == 0,
		      "%s: in the dynamic section, or as a section, but not both", tables[t].tag);
		claim(image, has || tables[t].size == DT_NULL || !image_dynamic(image, tables[t].size, &size),
		      "%s: missing, but not the entry for its size", tables[t].tag);
		if (!has || !section)
			continue;
		claim(image, address == image_shdr(image, section)->sh_addr, "%s: 0x%llx, but %s is at 0x%llx",
		      tables[t].tag, ull(address), elf_section_name(&image->elf, section),
		      ull(image_shdr(image, section)->sh_addr));
		if (tables[t].size != DT_NULL && image_dynamic(image, tables[t].size, &size))
			claim(image, size == section_size, "%s: its size is 0x%llx, but %s has 0x%llx", tables[t].tag,
			      ull(size), elf_section_name(&image->elf, section), ull(section_size));
		else
			claim(image, tables[t].size == DT_NULL, "%s: the entry for its size is missing", tables[t].tag);
	}
	for (unsigned i = 0; i < COUNTOF(constants); i++) {
		uint64_t value;
		if (image_dynamic(image, constants[i].tag, &value))
			claim(image, value == constants[i].value, "%s: %llu", constants[i].name, ull(value));
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

static const struct elf_dyn *entry_at(const struct image *image, uint64_t i)
{
	return (const struct elf_dyn *)(image->dynamic.dynamic + i * sizeof(struct elf_dyn));
}

/* Does a symbol table have something there? Yes, when it was stripped. */
static bool has_symbol_at(const struct image *image, uint64_t addr)
{
	for (uint32_t i = 1; i < image->symtab.n; i++)
		if (image->symtab.syms[i].st_value == addr && image->symtab.syms[i].st_shndx != SHN_UNDEF)
			return true;
	return image->symtab.n == 0;
}

static bool is_known(int64_t tag)
{
	return (tag >= DT_NULL && tag < DT_NUM) || tag == DT_RELRSZ || tag == DT_RELR || tag == DT_RELRENT ||
	       tag == DT_GNU_HASH || (tag >= DT_VERSYM && tag <= DT_VERNEEDNUM) || tag == DT_RELACOUNT ||
	       (tag >= DT_TLSDESC_PLT && tag <= DT_AUDIT) || tag == DT_AUXILIARY || tag == DT_FILTER;
}

static void verify_entries(struct image *image)
{
	for (uint64_t i = 0; i < image->dynamic.ndynamic; i++) {
		const struct elf_dyn *dyn = entry_at(image, i);
		const char *string = is_string(dyn->d_tag) ? elf_dynamic_string(&image->dynamic, i) : NULL;
		if (is_string(dyn->d_tag) &&
		    !claim(image, string, "dynamic entry %llu: its name is outside of .dynstr", ull(i)))
			continue;
		for (uint64_t before = 0; before < i; before++) {
			if (entry_at(image, before)->d_tag != dyn->d_tag)
				continue;
			claim(image, may_repeat(dyn->d_tag), "dynamic entry %llu: tag 0x%llx is there twice", ull(i),
			      ull(dyn->d_tag));
			const char *other = string ? elf_dynamic_string(&image->dynamic, before) : NULL;
			if (other)
				claim(image, strcmp(string, other) != 0, "DT_NEEDED %s is there twice", string);
		}
		if (dyn->d_tag == DT_INIT || dyn->d_tag == DT_FINI)
			claim(image, image_is_loaded(image, dyn->d_val, 1, PF_X) && has_symbol_at(image, dyn->d_val),
			      "%s: no function begins at 0x%llx", dyn->d_tag == DT_INIT ? "DT_INIT" : "DT_FINI",
			      ull(dyn->d_val));
		claim(image, is_known(dyn->d_tag), "dynamic entry %llu: unknown tag 0x%llx", ull(i), ull(dyn->d_tag));
		claim(image, dyn->d_tag != DT_DEBUG || dyn->d_val == 0, "DT_DEBUG: the loader's word is not 0");
	}
}

/* Does a relocation change a page that is not writable? */
static bool has_text_relocation(const struct image *image)
{
	for (uint32_t i = 1; i < image->elf.nshdr; i++) {
		const struct elf_shdr *shdr = image_shdr(image, i);
		struct bytes bytes = elf_section_bytes(&image->elf, i);
		if (shdr->sh_type != SHT_RELA || !(shdr->sh_flags & SHF_ALLOC))
			continue;
		for (uint64_t at = 0; at + sizeof(struct elf_rela) <= bytes.size; at += sizeof(struct elf_rela)) {
			const struct elf_rela *rela = (const struct elf_rela *)(bytes.data + at);
			if (rela->r_type != R_X86_64_NONE && image_is_loaded(image, rela->r_offset, 1, 0) &&
			    !image_is_loaded(image, rela->r_offset, 1, PF_W))
				return true;
		}
	}
	return false;
}

void verify_dynamic(struct image *image)
{
	uint64_t flags = 0, flags1 = 0, ignored;
	verify_tables(image);
	verify_entries(image);
	image_dynamic(image, DT_FLAGS, &flags);
	image_dynamic(image, DT_FLAGS_1, &flags1);
	bool textrel = flags & DF_TEXTREL || image_dynamic(image, DT_TEXTREL, &ignored);
	claim(image, textrel == has_text_relocation(image),
	      "DT_TEXTREL: %s", textrel ? "no relocation needs it" : "missing, a relocation changes read-only memory");
	claim(image, !(flags1 & DF_1_PIE) || image->moves, "DF_1_PIE: in a file that does not move");
	enum { FLAGS = DF_ORIGIN | DF_SYMBOLIC | DF_TEXTREL | DF_BIND_NOW | DF_STATIC_TLS, LAST_FLAG_1 = DF_1_PIE };
	claim(image, (flags & ~(uint64_t)FLAGS) == 0, "DT_FLAGS: 0x%llx", ull(flags));
	claim(image, flags1 < 2 * LAST_FLAG_1, "DT_FLAGS_1: 0x%llx", ull(flags1));
	claim(image, !(flags1 & DF_1_NOW) || flags & DF_BIND_NOW || image_dynamic(image, DT_BIND_NOW, &ignored),
	      "DF_1_NOW without DF_BIND_NOW");
	uint64_t symtab = 0, strsz = 0;
	claim(image, image_dynamic(image, DT_SYMTAB, &symtab) && image_dynamic(image, DT_STRSZ, &strsz),
	      "DT_SYMTAB or DT_STRSZ is missing");
}
