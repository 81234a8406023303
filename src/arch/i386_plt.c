#include "arch/i386_plt.h"

#include "arch/plt.h"

/* Hands the link map and the place of the relocation to the resolver. */
static const struct plt_code header = {
	.size = 16,
	.bytes = {
		0xff, 0x35, 0, 0, 0, 0, /* push GOTPLT+4 */
		0xff, 0x25, 0, 0, 0, 0, /* jmp *GOTPLT+8 */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%eax) */
	},
	.n_fields = 2,
	.fields = {{2, PLT_LINK_MAP, PLT_FROM_0}, {8, PLT_RESOLVER, PLT_FROM_0}},
};

static const struct plt_code pic_header = {
	.size = 16,
	.bytes = {
		0xff, 0xb3, 0, 0, 0, 0, /* push 4(%ebx) */
		0xff, 0xa3, 0, 0, 0, 0, /* jmp *8(%ebx) */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%eax) */
	},
	.n_fields = 2,
	.fields = {{2, PLT_LINK_MAP, PLT_FROM_GOT}, {8, PLT_RESOLVER, PLT_FROM_GOT}},
};

static const struct plt_code entry = {
	.size = 16,
	.bytes = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot */
		0x68, 0, 0, 0, 0,       /* push $place of the relocation */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
	},
	.n_fields = 3,
	.fields = {{2, PLT_SLOT, PLT_FROM_0}, {7, PLT_NUMBER, PLT_FROM_0}, {12, PLT_HEADER, PLT_FROM_NEXT}},
};

static const struct plt_code got_entry = {
	.size = 8,
	.bytes = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot */
		0x66, 0x90,             /* xchg %ax,%ax */
	},
	.n_fields = 1,
	.fields = {{2, PLT_SLOT, PLT_FROM_0}},
};

static const struct plt_code ibt_got_entry = {
	.size = 16,
	.bytes = {
		0xf3, 0x0f, 0x1e, 0xfb, /* endbr32 */
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot */
		0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, /* nopw 0(%eax,%eax,1) */
	},
	.n_fields = 1,
	.fields = {{6, PLT_SLOT, PLT_FROM_0}},
};

static const struct plt_code pic_entry = {
	.size = 16,
	.bytes = {
		0xff, 0xa3, 0, 0, 0, 0, /* jmp *slot@GOT(%ebx) */
		0x68, 0, 0, 0, 0,       /* push $place of the relocation */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
	},
	.n_fields = 3,
	.fields = {{2, PLT_SLOT, PLT_FROM_GOT}, {7, PLT_NUMBER, PLT_FROM_0}, {12, PLT_HEADER, PLT_FROM_NEXT}},
};

static const struct plt_code pic_got_entry = {
	.size = 8,
	.bytes = {
		0xff, 0xa3, 0, 0, 0, 0, /* jmp *slot@GOT(%ebx) */
		0x66, 0x90,             /* xchg %ax,%ax */
	},
	.n_fields = 1,
	.fields = {{2, PLT_SLOT, PLT_FROM_GOT}},
};

static const struct plt_code pic_ibt_got_entry = {
	.size = 16,
	.bytes = {
		0xf3, 0x0f, 0x1e, 0xfb, /* endbr32 */
		0xff, 0xa3, 0, 0, 0, 0, /* jmp *slot@GOT(%ebx) */
		0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, /* nopw 0(%eax,%eax,1) */
	},
	.n_fields = 1,
	.fields = {{6, PLT_SLOT, PLT_FROM_GOT}},
};

/* The resolver's half of an entry; the jump that callers use is in .plt.sec. */
static const struct plt_code ibt_entry = {
	.size = 16,
	.bytes = {
		0xf3, 0x0f, 0x1e, 0xfb, /* endbr32 */
		0x68, 0, 0, 0, 0,       /* push $place of the relocation */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
		0x66, 0x90,             /* xchg %ax,%ax */
	},
	.n_fields = 2,
	.fields = {{5, PLT_NUMBER, PLT_FROM_0}, {10, PLT_HEADER, PLT_FROM_NEXT}},
};

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
	.header = &header,
	.entry = &entry,
	.got_entry = &got_entry,
	.lazy_start = 6, /* the push */
	.unwind = {unwind, sizeof(unwind)},
};

const struct plt_style i386_pic_plt = {
	.header = &pic_header,
	.entry = &pic_entry,
	.got_entry = &pic_got_entry,
	.lazy_start = 6, /* the push */
	.unwind = {unwind, sizeof(unwind)},
};

const struct plt_style i386_ibt_plt = {
	.header = &header,
	.entry = &ibt_entry,
	.got_entry = &ibt_got_entry,
	.sec_entry = &ibt_got_entry,
	.unwind = {ibt_unwind, sizeof(ibt_unwind)},
};

const struct plt_style i386_pic_ibt_plt = {
	.header = &pic_header,
	.entry = &ibt_entry,
	.got_entry = &pic_ibt_got_entry,
	.sec_entry = &pic_ibt_got_entry,
	.unwind = {ibt_unwind, sizeof(ibt_unwind)},
};
