/* The procedure linkage table of x86-64 (psABI section 5.2, "Procedure Linkage Table"), byte for byte as GNU ld writes
 * it: debuggers and disassemblers know these patterns. */
#ifndef GILD_ARCH_X86_64_PLT_H
#define GILD_ARCH_X86_64_PLT_H

#include "elf/types.h"

enum { X86_64_PLT_HEADER_SIZE = 16, X86_64_PLT_ENTRY_SIZE = 16, X86_64_PLT_GOT_ENTRY_SIZE = 8 };

/* PLT0: hands the link map and the relocation number to the resolver. `plt`, `got_plt`: addresses. */
void x86_64_write_plt_header(uint8_t *image, uint64_t plt, uint64_t got_plt);
/* A lazy entry at address `entry` with its slot at `slot`; `index`: its relocation in .rela.plt. */
void x86_64_write_plt_entry(uint8_t *image, uint64_t entry, uint64_t plt, uint64_t slot, uint32_t index);
/* An entry that just jumps through a GOT slot. */
void x86_64_write_plt_got_entry(uint8_t *image, uint64_t entry, uint64_t slot);
uint64_t x86_64_lazy_target(uint64_t entry);

#endif
