/* The structures of ELF little-endian files, byte for byte (gABI chapters 4 and 5): those of ELF64, which all of gild
 * works with, and those of ELF32, which only its dialect is to see (dialect.h).
 *
 * Fields and constants carry the names of <elf.h>. The structures are declared here once more only because
 * members of archives are aligned to two bytes: these types may be read at any address. */
#ifndef GILD_ELF_TYPES_H
#define GILD_ELF_TYPES_H

#include <elf.h>

#include "base/types.h"

/* Names that <elf.h> of glibc 2.36 does not have. */
#ifndef SHN_X86_64_LCOMMON
#define SHN_X86_64_LCOMMON 0xff02 /* x86-64 psABI: a common symbol for .lbss */
#endif
#ifndef SHF_X86_64_LARGE
#define SHF_X86_64_LARGE 0x10000000 /* x86-64 psABI: may be more than 2 GiB away from code */
#endif
#ifndef SHF_GNU_RETAIN
#define SHF_GNU_RETAIN (1 << 21)
#endif
#ifndef SHT_CREL
#define SHT_CREL 0x40000014 /* compact relocations, gABI proposal; LLVM writes them */
#endif

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/* Missing from <elf.h>: the bit of a .gnu.version entry that hides a definition from plain references. */
enum { VERSYM_HIDDEN = 0x8000 };

#define ELF_PACKED __attribute__((packed, aligned(1)))

struct elf_ehdr {
	uint8_t e_ident[EI_NIDENT];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uint64_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} ELF_PACKED;

struct elf_shdr {
	uint32_t sh_name, sh_type;
	uint64_t sh_flags, sh_addr, sh_offset, sh_size;
	uint32_t sh_link, sh_info;
	uint64_t sh_addralign, sh_entsize;
} ELF_PACKED;

struct elf_phdr {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} ELF_PACKED;

struct elf_chdr {
	uint32_t ch_type, ch_reserved;
	uint64_t ch_size, ch_addralign;
} ELF_PACKED;

struct elf_sym {
	uint32_t st_name;
	uint8_t st_info, st_other;
	uint16_t st_shndx;
	uint64_t st_value, st_size;
} ELF_PACKED;

struct elf_rela {
	uint64_t r_offset;
	uint32_t r_type, r_sym; /* the two halves of r_info */
	int64_t r_addend;
} ELF_PACKED;

struct elf_dyn {
	int64_t d_tag;
	uint64_t d_val;
} ELF_PACKED;

struct elf_nhdr {
	uint32_t n_namesz, n_descsz, n_type;
} ELF_PACKED;

struct elf_verdef {
	uint16_t vd_version, vd_flags, vd_ndx, vd_cnt;
	uint32_t vd_hash, vd_aux, vd_next;
} ELF_PACKED;

struct elf_verdaux {
	uint32_t vda_name, vda_next;
} ELF_PACKED;

struct elf_verneed {
	uint16_t vn_version, vn_cnt;
	uint32_t vn_file, vn_aux, vn_next;
} ELF_PACKED;

struct elf_vernaux {
	uint32_t vna_hash;
	uint16_t vna_flags, vna_other;
	uint32_t vna_name, vna_next;
} ELF_PACKED;

struct elf32_ehdr {
	uint8_t e_ident[EI_NIDENT];
	uint16_t e_type, e_machine;
	uint32_t e_version, e_entry, e_phoff, e_shoff, e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} ELF_PACKED;

struct elf32_shdr {
	uint32_t sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info, sh_addralign, sh_entsize;
} ELF_PACKED;

struct elf32_phdr {
	uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags, p_align;
} ELF_PACKED;

struct elf32_chdr {
	uint32_t ch_type, ch_size, ch_addralign;
} ELF_PACKED;

struct elf32_sym {
	uint32_t st_name, st_value, st_size;
	uint8_t st_info, st_other;
	uint16_t st_shndx;
} ELF_PACKED;

struct elf32_rel {
	uint32_t r_offset, r_info;      /* the type is the lowest byte */
} ELF_PACKED;

struct elf32_rela {
	uint32_t r_offset, r_info;
	int32_t r_addend;
} ELF_PACKED;

struct elf32_dyn {
	int32_t d_tag;
	uint32_t d_val;
} ELF_PACKED;

static inline uint8_t elf_sym_bind(const struct elf_sym *sym)
{
	return sym->st_info >> 4;
}

static inline uint8_t elf_sym_type(const struct elf_sym *sym)
{
	return sym->st_info & 0xf;
}

static inline uint8_t elf_sym_visibility(const struct elf_sym *sym)
{
	return sym->st_other & 3;
}

/* Integers at any address, little-endian. */
static inline uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t read32(const uint8_t *at)
{
	uint32_t value;
	__builtin_memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t read64(const uint8_t *at)
{
	uint64_t value;
	__builtin_memcpy(&value, at, sizeof(value));
	return value;
}

static inline void write16(uint8_t *at, uint64_t value)
{
	uint16_t low = (uint16_t)value;
	__builtin_memcpy(at, &low, sizeof(low));
}

static inline void write32(uint8_t *at, uint64_t value)
{
	uint32_t low = (uint32_t)value;
	__builtin_memcpy(at, &low, sizeof(low));
}

static inline void write64(uint8_t *at, uint64_t value)
{
	__builtin_memcpy(at, &value, sizeof(value));
}

#endif
