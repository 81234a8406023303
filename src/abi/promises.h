/* What a file's callers rely on without a symbol for it. */
#ifndef GILD_ABI_PROMISES_H
#define GILD_ABI_PROMISES_H

#include "abi/reader.h"

/* Fills model->promises from what the units say. */
void abi_find_promises(struct abi_reader *reader);

#endif
