#include "arch/x86_64_plt.h"

#include "elf/types.h"

enum { HEADER_SIZE = 16, ENTRY_SIZE = 16, GOT_ENTRY_SIZE = 8, IBT_GOT_ENTRY_SIZE = 16 };

/* PLT0: hands the link map and the relocation number to the resolver. */
static void write_header(uint8_t *image, uint64_t plt, uint64_t got_plt)
{
	static const uint8_t code[HEADER_SIZE] = {
		0xff, 0x35, 0, 0, 0, 0, /* push GOTPLT+8(%rip) */
		0xff, 0x25, 0, 0, 0, 0, /* jmp *GOTPLT+16(%rip) */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%rax) */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, got_plt + 8 - (plt + 6));
	write32(image + 8, got_plt + 16 - (plt + 12));
}

static void write_entry(uint8_t *image, const struct plt_entry *entry)
{
	static const uint8_t code[ENTRY_SIZE] = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot(%rip) */
		0x68, 0, 0, 0, 0,       /* push $index */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, entry->slot - (entry->address + 6));
	write32(image + 7, entry->index);
	write32(image + 12, entry->plt - (entry->address + 16));
}

static void write_got_entry(uint8_t *image, uint64_t entry, uint64_t slot, uint64_t got_plt)
{
	static const uint8_t code[GOT_ENTRY_SIZE] = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot(%rip) */
		0x66, 0x90,             /* xchg %ax,%ax */
	};
	(void)got_plt;
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, slot - (entry + 6));
}

static uint64_t lazy_target(uint64_t entry)
{
	return entry + 6; /* the push */
}

/* ---- unwinding ----------------------------------------------------------------------------------------------- */

const uint8_t x86_64_plt_cie[24] = {
	20, 0, 0, 0, /* length */
	0, 0, 0, 0,  /* a CIE */
	1,           /* version */
	'z', 'R', 0, /* augmentation */
	1,           /* code alignment factor */
	0x78,        /* data alignment factor: -8 */
	16,          /* return address column: rip */
	1,           /* size of augmentation data */
	0x1b,        /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
	0x0c, 7, 8,  /* DW_CFA_def_cfa: rsp + 8 */
	0x90, 1,     /* DW_CFA_offset: rip is saved at CFA - 8 */
};

/* PLT0 is jumped to with the relocation's index pushed, and pushes the link map in its first 6 bytes. An entry pushes
 * the index: from offset `pushed` in the entry on there are 8 bytes more on the stack. */
#define PLT_UNWIND(pushed)                                                        \
	{                                                                         \
		0x0e, 16,                  /* DW_CFA_def_cfa_offset */            \
		0x40 + 6,                  /* DW_CFA_advance_loc */               \
		0x0e, 24,                  /* DW_CFA_def_cfa_offset */            \
		0x40 + 10,                 /* DW_CFA_advance_loc: the entries */  \
		0x0f, 11,                  /* DW_CFA_def_cfa_expression */        \
		0x77, 8,                   /* DW_OP_breg7 (rsp): 8 */             \
		0x80, 0,                   /* DW_OP_breg16 (rip): 0 */            \
		0x3f, 0x1a,                /* DW_OP_lit15, DW_OP_and */           \
		0x30 + (pushed), 0x2a,     /* DW_OP_lit, DW_OP_ge */              \
		0x33, 0x24, 0x22,          /* DW_OP_lit3, DW_OP_shl, DW_OP_plus */ \
	}

static const uint8_t unwind[] = PLT_UNWIND(11), ibt_unwind[] = PLT_UNWIND(9);

const struct plt_style x86_64_plt = {
	.header_size = HEADER_SIZE,
	.entry_size = ENTRY_SIZE,
	.got_entry_size = GOT_ENTRY_SIZE,
	.write_header = write_header,
	.write_entry = write_entry,
	.write_got_entry = write_got_entry,
	.lazy_target = lazy_target,
	.unwind = {unwind, sizeof(unwind)},
};

/* The resolver's half of an entry; the jump that callers use is in .plt.sec. */
static void write_ibt_entry(uint8_t *image, const struct plt_entry *entry)
{
	static const uint8_t code[ENTRY_SIZE] = {
		0xf3, 0x0f, 0x1e, 0xfa, /* endbr64 */
		0x68, 0, 0, 0, 0,       /* push $index */
		0xf2, 0xe9, 0, 0, 0, 0, /* bnd jmp PLT0 */
		0x90,                   /* nop */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 5, entry->index);
	write32(image + 11, entry->plt - (entry->address + 15));
}

static void write_ibt_header(uint8_t *image, uint64_t plt, uint64_t got_plt)
{
	static const uint8_t code[HEADER_SIZE] = {
		0xff, 0x35, 0, 0, 0, 0,       /* push GOTPLT+8(%rip) */
		0xf2, 0xff, 0x25, 0, 0, 0, 0, /* bnd jmp *GOTPLT+16(%rip) */
		0x0f, 0x1f, 0x00,             /* nopl (%rax) */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, got_plt + 8 - (plt + 6));
	write32(image + 9, got_plt + 16 - (plt + 13));
}

static void write_ibt_got_entry(uint8_t *image, uint64_t entry, uint64_t slot, uint64_t got_plt)
{
	static const uint8_t code[IBT_GOT_ENTRY_SIZE] = {
		0xf3, 0x0f, 0x1e, 0xfa,       /* endbr64 */
		0xf2, 0xff, 0x25, 0, 0, 0, 0, /* bnd jmp *slot(%rip) */
		0x0f, 0x1f, 0x44, 0x00, 0x00, /* nopl 0(%rax,%rax,1) */
	};
	(void)got_plt;
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 7, slot - (entry + 11));
}

static uint64_t ibt_lazy_target(uint64_t entry)
{
	return entry; /* the endbr64 */
}

const struct plt_style x86_64_ibt_plt = {
	.header_size = HEADER_SIZE,
	.entry_size = ENTRY_SIZE,
	.got_entry_size = IBT_GOT_ENTRY_SIZE,
	.sec_entry_size = IBT_GOT_ENTRY_SIZE,
	.write_header = write_ibt_header,
	.write_entry = write_ibt_entry,
	.write_got_entry = write_ibt_got_entry,
	.lazy_target = ibt_lazy_target,
	.unwind = {ibt_unwind, sizeof(ibt_unwind)},
};
