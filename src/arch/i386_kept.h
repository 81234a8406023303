/* What i386's relocations are after they have been applied, for outputs that keep them. */
#ifndef GILD_ARCH_I386_KEPT_H
#define GILD_ARCH_I386_KEPT_H

#include "arch/arch.h"

unsigned i386_relocation_width(uint32_t type);
unsigned i386_applied_form(const struct link *link, section_id section, uint64_t number, struct elf_rela *rela);

#endif
