/* Text files given as inputs: libc.so and friends (GNU ld manual, "Implicit Linker Scripts"). */
#ifndef GILD_LD_INPUT_TEXT_SCRIPT_H
#define GILD_LD_INPUT_TEXT_SCRIPT_H

#include "base/types.h"

/* True when `bytes` could be a script: no NUL byte and printable at the start. */
bool text_script_plausible(struct bytes bytes);

#endif
