#include "arch/i386_plt.h"

#include "elf/types.h"

enum { HEADER_SIZE = 16, ENTRY_SIZE = 16, GOT_ENTRY_SIZE = 8, IBT_GOT_ENTRY_SIZE = 16, RELOCATION_SIZE = 8 };

/* PLT0: hands the link map and the place of the relocation to the resolver. */
static void write_header(uint8_t *image, uint64_t plt, uint64_t got_plt)
{
	static const uint8_t code[HEADER_SIZE] = {
		0xff, 0x35, 0, 0, 0, 0, /* push GOTPLT+4 */
		0xff, 0x25, 0, 0, 0, 0, /* jmp *GOTPLT+8 */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%eax) */
	};
	(void)plt;
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, got_plt + 4);
	write32(image + 8, got_plt + 8);
}

static void write_pic_header(uint8_t *image, uint64_t plt, uint64_t got_plt)
{
	static const uint8_t code[HEADER_SIZE] = {
		0xff, 0xb3, 4, 0, 0, 0, /* push 4(%ebx) */
		0xff, 0xa3, 8, 0, 0, 0, /* jmp *8(%ebx) */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%eax) */
	};
	(void)plt;
	(void)got_plt;
	__builtin_memcpy(image, code, sizeof(code));
}

/* The jump through the slot, 6 bytes: *slot, or *slot@GOT(%ebx). */
static void write_jump(uint8_t *at, bool is_pic, uint64_t slot, uint64_t got_plt)
{
	at[0] = 0xff;
	at[1] = is_pic ? 0xa3 : 0x25;
	write32(at + 2, is_pic ? slot - got_plt : slot);
}

static void write_any_entry(uint8_t *image, bool is_pic, const struct plt_entry *entry)
{
	static const uint8_t code[ENTRY_SIZE] = {
		0, 0, 0, 0, 0, 0, /* jmp *slot */
		0x68, 0, 0, 0, 0, /* push $place of the relocation */
		0xe9, 0, 0, 0, 0, /* jmp PLT0 */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write_jump(image, is_pic, entry->slot, entry->got_plt);
	write32(image + 7, (uint64_t)entry->index * RELOCATION_SIZE);
	write32(image + 12, entry->plt - (entry->address + 16));
}

static void write_entry(uint8_t *image, const struct plt_entry *entry)
{
	write_any_entry(image, false, entry);
}

static void write_pic_entry(uint8_t *image, const struct plt_entry *entry)
{
	write_any_entry(image, true, entry);
}

static void write_any_got_entry(uint8_t *image, bool is_pic, uint64_t slot, uint64_t got_plt)
{
	write_jump(image, is_pic, slot, got_plt);
	image[6] = 0x66; /* xchg %ax,%ax */
	image[7] = 0x90;
}

static void write_got_entry(uint8_t *image, uint64_t entry, uint64_t slot, uint64_t got_plt)
{
	(void)entry;
	write_any_got_entry(image, false, slot, got_plt);
}

static void write_pic_got_entry(uint8_t *image, uint64_t entry, uint64_t slot, uint64_t got_plt)
{
	(void)entry;
	write_any_got_entry(image, true, slot, got_plt);
}

static uint64_t lazy_target(uint64_t entry)
{
	return entry + 6; /* the push */
}

/* The resolver's half of an entry; the jump that callers use is in .plt.sec. */
static void write_ibt_entry(uint8_t *image, const struct plt_entry *entry)
{
	static const uint8_t code[ENTRY_SIZE] = {
		0xf3, 0x0f, 0x1e, 0xfb, /* endbr32 */
		0x68, 0, 0, 0, 0,       /* push $place of the relocation */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
		0x66, 0x90,             /* xchg %ax,%ax */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 5, (uint64_t)entry->index * RELOCATION_SIZE);
	write32(image + 10, entry->plt - (entry->address + 14));
}

static void write_any_ibt_got_entry(uint8_t *image, bool is_pic, uint64_t slot, uint64_t got_plt)
{
	static const uint8_t code[IBT_GOT_ENTRY_SIZE] = {
		0xf3, 0x0f, 0x1e, 0xfb,             /* endbr32 */
		0, 0, 0, 0, 0, 0,                   /* jmp *slot */
		0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, /* nopw 0(%eax,%eax,1) */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write_jump(image + 4, is_pic, slot, got_plt);
}

static void write_ibt_got_entry(uint8_t *image, uint64_t entry, uint64_t slot, uint64_t got_plt)
{
	(void)entry;
	write_any_ibt_got_entry(image, false, slot, got_plt);
}

static void write_pic_ibt_got_entry(uint8_t *image, uint64_t entry, uint64_t slot, uint64_t got_plt)
{
	(void)entry;
	write_any_ibt_got_entry(image, true, slot, got_plt);
}

static uint64_t ibt_lazy_target(uint64_t entry)
{
	return entry; /* the endbr32 */
}

/* ---- unwinding ----------------------------------------------------------------------------------------------- */

const uint8_t i386_plt_cie[24] = {
	20, 0, 0, 0, /* length */
	0, 0, 0, 0,  /* a CIE */
	1,           /* version */
	'z', 'R', 0, /* augmentation */
	1,           /* code alignment factor */
	0x7c,        /* data alignment factor: -4 */
	8,           /* return address column: eip */
	1,           /* size of augmentation data */
	0x1b,        /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
	0x0c, 4, 4,  /* DW_CFA_def_cfa: esp + 4 */
	0x88, 1,     /* DW_CFA_offset: eip is saved at CFA - 4 */
};

/* PLT0 is jumped to with the relocation's place pushed, and pushes the link map in its first 6 bytes. An entry pushes
 * the place: from offset `pushed` in the entry on there are 4 bytes more on the stack. */
#define PLT_UNWIND(pushed)                                                        \
	{                                                                         \
		0x0e, 8,                   /* DW_CFA_def_cfa_offset */            \
		0x40 + 6,                  /* DW_CFA_advance_loc */               \
		0x0e, 12,                  /* DW_CFA_def_cfa_offset */            \
		0x40 + 10,                 /* DW_CFA_advance_loc: the entries */  \
		0x0f, 11,                  /* DW_CFA_def_cfa_expression */        \
		0x74, 4,                   /* DW_OP_breg4 (esp): 4 */             \
		0x78, 0,                   /* DW_OP_breg8 (eip): 0 */             \
		0x3f, 0x1a,                /* DW_OP_lit15, DW_OP_and */           \
		0x30 + (pushed), 0x2a,     /* DW_OP_lit, DW_OP_ge */              \
		0x32, 0x24, 0x22,          /* DW_OP_lit2, DW_OP_shl, DW_OP_plus */ \
	}

static const uint8_t unwind[] = PLT_UNWIND(11), ibt_unwind[] = PLT_UNWIND(9);

const struct plt_style i386_plt = {
	.header_size = HEADER_SIZE,
	.entry_size = ENTRY_SIZE,
	.got_entry_size = GOT_ENTRY_SIZE,
	.write_header = write_header,
	.write_entry = write_entry,
	.write_got_entry = write_got_entry,
	.lazy_target = lazy_target,
	.unwind = {unwind, sizeof(unwind)},
};

const struct plt_style i386_pic_plt = {
	.header_size = HEADER_SIZE,
	.entry_size = ENTRY_SIZE,
	.got_entry_size = GOT_ENTRY_SIZE,
	.write_header = write_pic_header,
	.write_entry = write_pic_entry,
	.write_got_entry = write_pic_got_entry,
	.lazy_target = lazy_target,
	.unwind = {unwind, sizeof(unwind)},
};

const struct plt_style i386_ibt_plt = {
	.header_size = HEADER_SIZE,
	.entry_size = ENTRY_SIZE,
	.got_entry_size = IBT_GOT_ENTRY_SIZE,
	.sec_entry_size = IBT_GOT_ENTRY_SIZE,
	.write_header = write_header,
	.write_entry = write_ibt_entry,
	.write_got_entry = write_ibt_got_entry,
	.lazy_target = ibt_lazy_target,
	.unwind = {ibt_unwind, sizeof(ibt_unwind)},
};

const struct plt_style i386_pic_ibt_plt = {
	.header_size = HEADER_SIZE,
	.entry_size = ENTRY_SIZE,
	.got_entry_size = IBT_GOT_ENTRY_SIZE,
	.sec_entry_size = IBT_GOT_ENTRY_SIZE,
	.write_header = write_pic_header,
	.write_entry = write_ibt_entry,
	.write_got_entry = write_pic_ibt_got_entry,
	.lazy_target = ibt_lazy_target,
	.unwind = {ibt_unwind, sizeof(ibt_unwind)},
};
