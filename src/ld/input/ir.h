/* Inputs that hold a compiler's intermediate representation instead of machine code: gild has no link-time
 * optimisation, and says so in one place. */
#ifndef GILD_LD_INPUT_IR_H
#define GILD_LD_INPUT_IR_H

#include "base/types.h"
#include "elf/object.h"

/* Is it LLVM's bitcode, bare or in its wrapper? (LLVM Bitcode File Format, "Magic Numbers") */
bool ir_is_bitcode(struct bytes bytes);

/* Does section `number` of an object say that the object has GCC's representation and no machine code ("slim")? Objects
 * that have both link as usual. (gcc/lto-streamer.h, struct lto_section) */
bool ir_is_slim(const struct elf_file *elf, uint32_t number);

/* The rest of an error about such a file, after "FILE: ": what it is and what can be done. */
extern const char ir_bitcode_words[], ir_slim_words[];

#endif
