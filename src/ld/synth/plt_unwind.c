#include "ld/synth/plt_unwind.h"

#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"

/* Before the instructions of an FDE: length, distance to the CIE, address and size of the code, size of the
 * augmentation data. */
enum { FDE_HEADER_SIZE = 17, FDE_CIE_POINTER = 4, FDE_ADDRESS = 8, FDE_SIZE = 12 };

static struct bytes program_of(const struct link *link, enum synthetic table)
{
	return table == SYN_PLT ? link->plt_style->unwind : (struct bytes){NULL, 0};
}

/* Padded, since the records of .eh_frame follow each other without a gap. */
static uint32_t fde_size(struct bytes program)
{
	return (uint32_t)align_up(FDE_HEADER_SIZE + program.size, 8);
}

static const enum synthetic tables[PLT_RECORDS_MAX] = {SYN_PLT, SYN_PLT_GOT, SYN_PLT_SEC};

uint32_t plt_unwind_records(const struct link *link, struct plt_record out[PLT_RECORDS_MAX], uint64_t *size)
{
	uint32_t n = 0, at = (uint32_t)link->arch->plt_cie.size;
	for (uint32_t i = 0; i < PLT_RECORDS_MAX; i++) {
		section_id section = link->synthetic[tables[i]];
		if (!section)
			continue;
		out[n++] = (struct plt_record){section, at};
		at += fde_size(program_of(link, tables[i]));
	}
	if (size)
		*size = at;
	return n;
}

void plt_unwind_emit(const struct link *link, uint8_t *image)
{
	struct plt_record records[PLT_RECORDS_MAX];
	uint64_t size, address = synthetic_address(link, link->layout, SYN_PLT_UNWIND);
	uint32_t n = plt_unwind_records(link, records, &size);
	memset(image, 0, size); /* 0: DW_CFA_nop */
	memcpy(image, link->arch->plt_cie.data, link->arch->plt_cie.size);
	for (uint32_t i = 0; i < n; i++) {
		const struct section *plt = section_of(link, records[i].section);
		struct bytes program = program_of(link, (enum synthetic)plt->extra);
		uint32_t offset = records[i].offset;
		uint8_t *at = image + offset;
		write32(at, fde_size(program) - 4);
		write32(at + FDE_CIE_POINTER, offset + FDE_CIE_POINTER);
		write32(at + FDE_ADDRESS, section_address(link->layout, plt) - (address + offset + FDE_ADDRESS));
		write32(at + FDE_SIZE, plt->size);
		if (program.size)
			memcpy(at + FDE_HEADER_SIZE, program.data, program.size);
	}
}
