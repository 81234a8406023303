/* Reading a little-endian ELF file: header, section headers, names, symbol tables, relocations.
 *
 * All views are those of ELF64. Nothing of an ELF64 file is copied or allocated: views point into the file. Tables of
 * an ELF32 file are translated, into memory that the caller gives. The file is hostile: a function that returns true
 * has checked everything said here, and later passes trust it without looking again. Pure functions, safe from any
 * thread. */
#ifndef GILD_ELF_OBJECT_H
#define GILD_ELF_OBJECT_H

#include "elf/dialect.h"
#include "elf/error.h"
#include "elf/types.h"

enum elf_kind { ELF_NOT, ELF_OTHER_CLASS, ELF_RELOCATABLE, ELF_SHARED, ELF_EXECUTABLE, ELF_CORE };

/* ELFCLASS32 or ELFCLASS64 of a file that elf_kind() knows. */
static inline uint8_t elf_class(struct bytes file)
{
	return file.data[EI_CLASS];
}

/* Looks at magic, class, byte order and e_type only; any size. ELF_OTHER_CLASS: of no class that there is, or
 * big-endian. */
enum elf_kind elf_kind(struct bytes file);

/* Memory for what has to be translated. `allocate` returns `size` bytes, aligned to 8; they live as long as the views
 * are used. */
struct elf_room {
	void *(*allocate)(void *context, uint64_t size);
	void *context;
};

/* What stands for a section whose bytes in the file are not its content: a compressed one. */
struct elf_replacement {
	const uint8_t *content;  /* sh_size bytes; NULL: the section is what the file says */
	const char *name;        /* NULL: the one the file gives it */
};

struct elf_file {
	struct bytes bytes;
	const struct elf_ehdr *ehdr;
	const struct elf_dialect *dialect; /* of the file: its class; that of ELF32 says REL, whatever there is */
	const struct elf_shdr *shdrs;
	const struct elf_phdr *phdrs;
	uint32_t nphdr;          /* 0 as well when they do not lie in the file */
	uint32_t nshdr;          /* through section 0's sh_size when e_shnum is 0 (gABI "Extended numbering") */
	const char *shstrtab;    /* NUL-terminated as a whole */
	uint64_t shstrtab_size;
	const struct elf_replacement *replaced; /* nshdr of them; NULL: none. `shdrs` is then a copy to go with them */
};

/* Checks e_ident, e_version, e_shentsize, e_shoff, e_shnum, e_shstrndx, that section 0 is SHT_NULL, and of each
 * section: sh_name inside the name table, [sh_offset, sh_offset+sh_size) inside the file unless SHT_NOBITS or SHT_NULL,
 * sh_addralign 0 or a power of two below 2^32, sh_size below 2^48, sh_link < nshdr for the types that use it (SYMTAB,
 * DYNSYM, RELA, REL, CREL, GROUP, SYMTAB_SHNDX, DYNAMIC, GNU_ver*, GNU_HASH, HASH, SHF_LINK_ORDER). Of an SHT_NULL
 * section only sh_name and sh_type are looked at. A file without a section name table (e_shstrndx SHN_UNDEF) has only nameless sections. A file with
 * e_shoff 0 has no sections (nshdr 0).
 *
 * Of an ELF32 file, the header, the section and program headers, and the content of symbol tables, of .dynamic and, in
 * relocatable files, of relocations are those of ELF64: sh_size and sh_entsize say so. Checked here for that: sh_size
 * and sh_entsize of those sections, and that they do not overlap so much that they would be larger than the file.
 * SHT_REL sections then hold struct elf_rela with r_addend 0; they stay SHT_REL, since the addends are still in the
 * places. `room` NULL: a file of class 32 is an error. */
bool elf_read_file_in(struct elf_file *out, struct bytes bytes, const struct elf_room *room, struct elf_error *error);

/* The same for readers of class 64 only: without room. */
bool elf_read_file(struct elf_file *out, struct bytes bytes, struct elf_error *error);

/* The bytes of section `index` (empty for SHT_NOBITS and SHT_NULL, whose sh_offset means nothing). */
static inline struct bytes elf_section_bytes(const struct elf_file *file, uint32_t index)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_type == SHT_NOBITS || shdr->sh_type == SHT_NULL)
		return (struct bytes){file->bytes.data, 0};
	if (file->replaced && file->replaced[index].content)
		return (struct bytes){file->replaced[index].content, shdr->sh_size};
	return (struct bytes){file->bytes.data + shdr->sh_offset, shdr->sh_size};
}

static inline const char *elf_section_name(const struct elf_file *file, uint32_t index)
{
	if (file->replaced && file->replaced[index].name)
		return file->replaced[index].name;
	return file->shstrtab + file->shdrs[index].sh_name;
}

/* The string table in section `index` (checked: < nshdr, SHT_STRTAB, last byte 0). An empty one reads as "" of size 1:
 * only offset 0 is inside it (gABI chapter 4, "String Table"). */
bool elf_read_strtab(const char **strings, uint64_t *size, const struct elf_file *file, uint32_t index,
		     struct elf_error *error);

struct elf_symtab {
	const struct elf_sym *syms;
	uint32_t n, first_global;      /* sh_info */
	uint32_t n_defined;            /* of an object: global symbols that are not undefined, */
	uint32_t n_strong;             /* and those that no other object should define: neither weak nor common */
	const char *strtab;            /* NUL-terminated as a whole */
	uint64_t strtab_size;
	const uint8_t *shndx;          /* SHT_SYMTAB_SHNDX entries (read32 each), or NULL */
};

/* The symbol table in section `index` (SHT_SYMTAB or SHT_DYNSYM). Checks sh_entsize, sh_size, sh_info <= n, the string
 * table (SHT_STRTAB, last byte 0), and of every symbol: st_name inside the string table, st_shndx below nshdr or one of
 * SHN_ABS, SHN_COMMON, SHN_X86_64_LCOMMON, SHN_XINDEX with an entry in [1, nshdr); a SHT_DYNSYM's st_shndx is not
 * checked further than 'defined or not'. COMMON symbols: st_value is a power of two below 2^32 or 0, st_size is below
 * 2^48. `shndx_section`: index of the SHT_SYMTAB_SHNDX that belongs to the table, or 0. */
bool elf_read_symtab(struct elf_symtab *out, const struct elf_file *file, uint32_t index, uint32_t shndx_section,
		     struct elf_error *error);

/* Section index of symbol `i`: SHN_UNDEF, SHN_ABS (0xfff1), SHN_COMMON, ... as they are; SHN_XINDEX resolved.
 * Real sections with numbers >= SHN_LORESERVE come back as themselves: use elf_sym_is_special() first. */
static inline uint32_t elf_sym_section(const struct elf_symtab *symtab, uint32_t i)
{
	uint32_t shndx = symtab->syms[i].st_shndx;
	return shndx == SHN_XINDEX && symtab->shndx ? read32(symtab->shndx + 4 * (uint64_t)i) : shndx;
}

/* True when symbol `i` is undefined, absolute, common or otherwise in no section of the file. */
static inline bool elf_sym_is_special(const struct elf_symtab *symtab, uint32_t i)
{
	uint32_t shndx = symtab->syms[i].st_shndx;
	return shndx == SHN_UNDEF || (shndx >= SHN_LORESERVE && shndx != SHN_XINDEX);
}

/* A common symbol, also of the large code model. */
static inline bool elf_sym_is_common(const struct elf_sym *sym)
{
	return sym->st_shndx == SHN_COMMON || sym->st_shndx == SHN_X86_64_LCOMMON;
}

struct elf_relas {
	const struct elf_rela *at;
	uint64_t n;
};

/* The number of the relocation at section offset `place`, or relas.n; found by halves, since compilers write
 * relocations in the order of their places. `hint` is where a search began or ended before: going forward from there is
 * fast. */
uint64_t elf_rela_at(struct elf_relas relas, uint64_t place, uint64_t hint);

/* A compressed section (gABI, "Section Compression"; ".zdebug_*" of GNU tools before that). */
struct elf_compressed {
	uint32_t type;           /* ELFCOMPRESS_* */
	uint64_t size, align;    /* of the content */
	struct bytes stream;
};

/* True when the section is compressed: by SHF_COMPRESSED, or by a name ".zdebug_*" (not loaded). */
static inline bool elf_is_compressed(const struct elf_shdr *shdr, const char *name)
{
	static const char zdebug[] = ".zdebug_";
	if (shdr->sh_flags & SHF_COMPRESSED)
		return true;
	for (unsigned i = 0; i < sizeof(zdebug) - 1; i++)
		if (name[i] != zdebug[i])
			return false;
	return !(shdr->sh_flags & SHF_ALLOC);
}

/* The header of compressed section `index`: checks that there is one, that the section is neither SHF_ALLOC nor
 * SHT_NOBITS, that ch_type is known, ch_addralign 0 or a power of two below 2^32, and ch_size below 4 GiB and not more
 * than a stream of that length can hold: what claims more is an attempt to exhaust the memory. */
bool elf_read_compressed(struct elf_compressed *out, const struct elf_file *file, uint32_t index,
			 struct elf_error *error);

/* The relocations in section `index` (SHT_RELA). Checks sh_entsize, sh_size, sh_info in [1, nshdr), that sh_link is a
 * symbol table, and of every relocation r_sym < nsyms. r_offset is left to who applies them: it depends on the type. */
bool elf_read_relas(struct elf_relas *out, const struct elf_file *file, uint32_t index, uint32_t nsyms,
		    struct elf_error *error);

struct elf_group {
	bool comdat;
	uint32_t signature;       /* symbol index in the table sh_link; checked < nsyms */
	const uint8_t *members;   /* nmembers section numbers, read32 each; checked in [1, nshdr) */
	uint32_t nmembers;
};

/* The section group in section `index` (SHT_GROUP, gABI "Section Groups"). sh_link is a symbol table. */
bool elf_read_group(struct elf_group *out, const struct elf_file *file, uint32_t index, uint32_t nsyms,
		    struct elf_error *error);

#endif
