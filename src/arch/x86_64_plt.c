#include "arch/x86_64_plt.h"

#include "arch/plt.h"

/* Hands the link map and the relocation number to the resolver. */
static const struct plt_code header = {
	.size = 16,
	.bytes = {
		0xff, 0x35, 0, 0, 0, 0, /* push GOTPLT+8(%rip) */
		0xff, 0x25, 0, 0, 0, 0, /* jmp *GOTPLT+16(%rip) */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%rax) */
	},
	.n_fields = 2,
	.fields = {{2, PLT_LINK_MAP, PLT_FROM_NEXT}, {8, PLT_RESOLVER, PLT_FROM_NEXT}},
};

static const struct plt_code entry = {
	.size = 16,
	.bytes = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot(%rip) */
		0x68, 0, 0, 0, 0,       /* push $index */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
	},
	.n_fields = 3,
	.fields = {{2, PLT_SLOT, PLT_FROM_NEXT}, {7, PLT_NUMBER, PLT_FROM_0}, {12, PLT_HEADER, PLT_FROM_NEXT}},
};

static const struct plt_code got_entry = {
	.size = 8,
	.bytes = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot(%rip) */
		0x66, 0x90,             /* xchg %ax,%ax */
	},
	.n_fields = 1,
	.fields = {{2, PLT_SLOT, PLT_FROM_NEXT}},
};

static const struct plt_code ibt_header = {
	.size = 16,
	.bytes = {
		0xff, 0x35, 0, 0, 0, 0,       /* push GOTPLT+8(%rip) */
		0xf2, 0xff, 0x25, 0, 0, 0, 0, /* bnd jmp *GOTPLT+16(%rip) */
		0x0f, 0x1f, 0x00,             /* nopl (%rax) */
	},
	.n_fields = 2,
	.fields = {{2, PLT_LINK_MAP, PLT_FROM_NEXT}, {9, PLT_RESOLVER, PLT_FROM_NEXT}},
};

/* The resolver's half of an entry; the jump that callers use is in .plt.sec. */
static const struct plt_code ibt_entry = {
	.size = 16,
	.bytes = {
		0xf3, 0x0f, 0x1e, 0xfa, /* endbr64 */
		0x68, 0, 0, 0, 0,       /* push $index */
		0xf2, 0xe9, 0, 0, 0, 0, /* bnd jmp PLT0 */
		0x90,                   /* nop */
	},
	.n_fields = 2,
	.fields = {{5, PLT_NUMBER, PLT_FROM_0}, {11, PLT_HEADER, PLT_FROM_NEXT}},
};

static const struct plt_code ibt_got_entry = {
	.size = 16,
	.bytes = {
		0xf3, 0x0f, 0x1e, 0xfa,       /* endbr64 */
		0xf2, 0xff, 0x25, 0, 0, 0, 0, /* bnd jmp *slot(%rip) */
		0x0f, 0x1f, 0x44, 0x00, 0x00, /* nopl 0(%rax,%rax,1) */
	},
	.n_fields = 1,
	.fields = {{7, PLT_SLOT, PLT_FROM_NEXT}},
};

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
	.header = &header,
	.entry = &entry,
	.got_entry = &got_entry,
	.lazy_start = 6, /* the push */
	.unwind = {unwind, sizeof(unwind)},
};

const struct plt_style x86_64_ibt_plt = {
	.header = &ibt_header,
	.entry = &ibt_entry,
	.got_entry = &ibt_got_entry,
	.sec_entry = &ibt_got_entry,
	.unwind = {ibt_unwind, sizeof(ibt_unwind)},
};
