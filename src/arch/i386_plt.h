/* The procedure linkage table of i386 (psABI, "Procedure Linkage Table"), byte for byte as GNU ld writes it: debuggers
 * and disassemblers know these patterns. In images that move, %ebx holds the address of .got.plt. */
#ifndef GILD_ARCH_I386_PLT_H
#define GILD_ARCH_I386_PLT_H

#include "arch/arch.h"

extern const struct plt_style i386_plt, i386_pic_plt;         /* lazy entries */
extern const struct plt_style i386_ibt_plt, i386_pic_ibt_plt; /* every target of an indirect jump begins with endbr32 */

/* The CIE of their unwind records: the return address is on top of the stack. */
extern const uint8_t i386_plt_cie[24];

#endif
