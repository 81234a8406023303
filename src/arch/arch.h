/* What differs between targets, as one table each (design, decision 3).
 *
 * A target scans the relocations of a section (what do they need?) and applies them (write the bytes); both ask the
 * same decision function of the target, so that they agree. It also writes its PLT. Everything else is common. */
#ifndef GILD_ARCH_ARCH_H
#define GILD_ARCH_ARCH_H

#include "ld/tables.h"

struct scanner;

/* Where an entry of a PLT stands and what it leads to, as addresses. */
struct plt_entry {
	uint64_t address, plt, slot, got_plt;
	uint32_t number;                  /* what the resolver is handed: the index of the relocation, or its offset */
	uint32_t slot_size;               /* bytes */
};

/* The code of a PLT's header or entry (arch/plt.h). */
struct plt_code;

/* One way to write a procedure linkage table. */
struct plt_style {
	const struct plt_code *header, *entry; /* .plt */
	const struct plt_code *got_entry; /* .plt.got: just a jump through a GOT slot */
	const struct plt_code *sec_entry; /* .plt.sec: what is called instead of .plt's entries; NULL: there is none */
	uint32_t lazy_start;              /* where in an entry of .plt binding starts: unresolved slots lead there */
	struct bytes unwind;              /* call frame instructions of .plt; the other tables need none */
};

/* Writes the code; returns its size in bytes. */
uint32_t plt_write(uint8_t *image, const struct plt_code *code, const struct plt_entry *entry);

/* Bytes of the code; 0 for NULL. */
uint32_t plt_code_size(const struct plt_code *code);

/* What a relocation asks of the symbol it names. */
enum symbol_use {
	USE_ADDRESS,
	USE_CALL,                         /* a place that does what the function does: its address is not seen */
	USE_SIZE,
};

struct arch {
	const char *emulation;             /* -m elf_x86_64 */
	const char *bfd_name, *bfd_arch;   /* OUTPUT_FORMAT, OUTPUT_ARCH */
	uint16_t machine;                  /* e_machine */
	const struct elf_dialect *dialect; /* how its files are written */
	uint8_t slot;                      /* bytes of a slot of the GOT */
	bool can_verify;                   /* --verify-output reads its outputs */
	bool tlsdesc_addend_last;          /* without addends in relocations: a descriptor's is in its second slot */
	uint64_t image_base;               /* of position-dependent executables */
	const char *dynamic_linker;
	const char *const *search_dirs;    /* GNU ld's, NULL-terminated, below the sysroot */
	const char *const *lib_tokens;     /* what the loader may take $LIB and $PLATFORM for, NULL-terminated */
	const char *const *platform_tokens;
	const uint32_t *section_types;     /* SHT_LOPROC and up: those of content, 0 behind them */
	uint8_t code_fill;                 /* between sections that run through into each other */
	void (*fill_code)(uint8_t *image, uint64_t size); /* as few instructions that do nothing as there can be */

	/* Types of dynamic relocations. */
	uint32_t r_relative, r_glob_dat, r_jump_slot, r_copy, r_irelative;
	uint32_t r_dtpmod, r_dtpoff, r_tpoff, r_tlsdesc;
	uint32_t r_tpoff_negated;          /* the offset with the other sign; 0: the target has none */

	uint32_t got_plt_header_slots;     /* .got.plt: _DYNAMIC, link map, resolver */

	/* Scans the relocations of one live section of the scanner's file. Any thread. */
	void (*scan)(struct scanner *scanner, section_id section);
	/* Relocates `image`, a copy of the section's content. Pure; any thread. */
	void (*apply)(struct link *link, section_id section, uint8_t *image);
	/* Applies relocations [first, first + n) of the section to a piece of it: `image`, which stands at section
	 * offset `start` of the input and at address `address` of the output. For .eh_frame records. */
	void (*apply_range)(struct link *link, section_id section, uint32_t first, uint32_t n, uint64_t start,
			    uint64_t address, uint8_t *image);

	struct bytes plt_cie;              /* what their unwind records share: a CIE, addresses DW_EH_PE_pcrel and
					    * DW_EH_PE_sdata4 */
	const struct plt_style *plt[2][2]; /* of images that do not move or do; without indirect-branch tracking or
					    * for it */

	/* For a dialect without addends in relocations: the addend that the place holds, and how to put one there. The
	 * place is relocation_width(type) bytes. NULL: the target's relocations have addends. */
	int64_t (*implicit_addend)(uint32_t type, const uint8_t *at);
	void (*put_implicit_addend)(uint32_t type, uint8_t *at, int64_t addend);

	/* Offset of a TLS address from the thread pointer. */
	uint64_t (*tp_offset)(const struct layout *layout, uint64_t address);

	/* What the loader is asked for where an object's relocation of that type is left to it, with its symbol. */
	uint32_t (*dynamic_type)(uint32_t type);

	enum symbol_use (*use_of)(uint32_t type); /* in code */
	const char *(*relocation_name)(uint32_t type);
	/* How many bytes a relocation of that type changes; 0: none, or it is not for objects. */
	unsigned (*relocation_width)(uint32_t type);
	/* What relocation `number` of a loaded section means once it has been applied (--emit-relocs): rewriting
	 * instructions may have changed its type, place and addend, or left nothing (type 0, R_*_NONE). `rela` is the
	 * relocation as in the input, and becomes that. Returns how many relocations of the input it took, as apply.
	 * Any thread, once slots have numbers. */
	unsigned (*applied_form)(const struct link *link, section_id section, uint64_t number, struct elf_rela *rela);
};

extern const struct arch arch_x86_64, arch_i386, arch_x32;

/* All targets, NULL-terminated; the first is the default. */
extern const struct arch *const archs[];

/* The target of that emulation (-m), or NULL. */
const struct arch *arch_by_emulation(const char *emulation);

/* The target of that output format (OUTPUT_FORMAT, --oformat), or NULL. */
const struct arch *arch_by_format(const char *bfd_name);

/* The target that an ELF file is for, or NULL. */
const struct arch *arch_of_file(struct bytes file);

#endif
