/* Relocations that the output keeps (arch.h, relocation_width and applied_form). */
#ifndef GILD_ARCH_X86_64_KEPT_H
#define GILD_ARCH_X86_64_KEPT_H

#include "ld/tables.h"

unsigned x86_64_relocation_width(uint32_t type);

unsigned x86_64_applied_form(const struct link *link, section_id section, uint64_t number, struct elf_rela *rela);

#endif
