/* The procedure linkage table of x86-64 (psABI section 5.2, "Procedure Linkage Table", and 13.2 for indirect-branch
 * tracking), byte for byte as GNU ld writes it: debuggers and disassemblers know these patterns. */
#ifndef GILD_ARCH_X86_64_PLT_H
#define GILD_ARCH_X86_64_PLT_H

#include "arch/arch.h"

extern const struct plt_style x86_64_plt;     /* lazy entries */
extern const struct plt_style x86_64_ibt_plt; /* every target of an indirect jump begins with endbr64 */

/* The CIE of their unwind records: the return address is on top of the stack. */
extern const uint8_t x86_64_plt_cie[24];

#endif
