/* .got, .got.plt, .plt and .plt.got, and the dynamic relocations of their slots. */
#ifndef GILD_LD_SYNTH_GOT_PLT_H
#define GILD_LD_SYNTH_GOT_PLT_H

#include "ld/tables.h"

/* What the loader has to do for one slot of .got; type 0: nothing. */
struct slot_reloc {
	uint32_t type;
	uint32_t dynsym;
	uint64_t addend;
};

/* Relocations of a GOT entry's slots (`out` has room for two) and the values the file holds for them. Addresses are
 * only right after layout, the types always. */
void got_entry_resolve(const struct link *link, const struct got_entry *entry, struct slot_reloc out[2],
		       uint64_t values[2]);

void got_emit(struct link *link, uint8_t *image);
void got_plt_emit(struct link *link, uint8_t *image);
void plt_emit(struct link *link, uint8_t *image);
void plt_sec_emit(struct link *link, uint8_t *image);
void plt_got_emit(struct link *link, uint8_t *image);
void rela_plt_emit(struct link *link, uint8_t *image);

#endif
