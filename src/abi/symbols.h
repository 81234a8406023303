/* Which symbols a file exports, by its symbol table alone. */
#ifndef GILD_ABI_SYMBOLS_H
#define GILD_ABI_SYMBOLS_H

#include "abi/read.h"
#include "abi/reader.h"

/* Fills model->symbols and reader->exports. False: reported. */
bool abi_read_symbols(struct abi_reader *reader, const struct abi_read_options *options);

#endif
