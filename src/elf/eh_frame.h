/* Splitting .eh_frame into its records (LSB Core "Exception Frames"; DWARF 4 section 6.4).
 *
 * A section is a list of CIEs and FDEs; an FDE names its CIE by the distance from its own CIE pointer field
 * back to it. Length 0 ends the list (crtend.o has just that); the 64-bit form (length 0xffffffff) is accepted. Pure,
 * no allocation. */
#ifndef GILD_ELF_EH_FRAME_H
#define GILD_ELF_EH_FRAME_H

#include "elf/error.h"

struct eh_record {
	uint64_t offset, size; /* in the section, size includes the length field */
	bool is_cie, is_terminator;
	uint64_t cie_offset;   /* FDE: where its CIE starts; checked to lie before this record */
	uint32_t id_offset;    /* offset, inside the record, of the CIE id / CIE pointer field (4 bytes): 4, or
				* 12 in the 64-bit form */
};

/* The record at `offset` (< section.size). Checks length, CIE pointer, and that the record ends inside the section. */
bool eh_frame_record(struct bytes section, uint64_t offset, struct eh_record *out, struct elf_error *error);

/* The encoding byte of FDE addresses (augmentation 'R') of the CIE `record`; DW_EH_PE_absptr when there is none. */
bool eh_cie_pointer_encoding(struct bytes section, const struct eh_record *record, uint8_t *encoding,
			     struct elf_error *error);

/* DW_EH_PE_* values used here (LSB Core, "DWARF Exception Header Encoding"). */
enum {
	DW_EH_PE_absptr = 0x00,
	DW_EH_PE_uleb128 = 0x01,
	DW_EH_PE_udata2 = 0x02,
	DW_EH_PE_udata4 = 0x03,
	DW_EH_PE_udata8 = 0x04,
	DW_EH_PE_sleb128 = 0x09,
	DW_EH_PE_sdata2 = 0x0a,
	DW_EH_PE_sdata4 = 0x0b,
	DW_EH_PE_sdata8 = 0x0c,
	DW_EH_PE_pcrel = 0x10,
	DW_EH_PE_datarel = 0x30,
	DW_EH_PE_aligned = 0x50,
	DW_EH_PE_indirect = 0x80,
	DW_EH_PE_omit = 0xff,
};

#endif
