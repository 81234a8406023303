/* Procedure linkage tables as data: code, and what stands in its fields. */
#ifndef GILD_ARCH_PLT_H
#define GILD_ARCH_PLT_H

#include "arch/arch.h"

/* A place of 32 bits in the code. */
struct plt_field {
	uint8_t at;
	enum {
		PLT_SLOT,       /* the slot that the entry jumps through */
		PLT_LINK_MAP,   /* the second and third slot of .got.plt */
		PLT_RESOLVER,
		PLT_NUMBER,     /* which relocation the resolver is to look at */
		PLT_HEADER,     /* the beginning of .plt */
	} value;
	enum {
		PLT_FROM_0,     /* an address, or a number */
		PLT_FROM_NEXT,  /* the distance from what stands behind the field */
		PLT_FROM_GOT,   /* the distance from .got.plt */
	} origin;
};

enum { PLT_CODE_LIMIT = 16, PLT_FIELD_LIMIT = 3 };

/* The header of a table or one of its entries. */
struct plt_code {
	uint8_t size, n_fields;
	uint8_t bytes[PLT_CODE_LIMIT];
	struct plt_field fields[PLT_FIELD_LIMIT];
};

#endif
