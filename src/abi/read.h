/* From files to a model. */
#ifndef GILD_ABI_READ_H
#define GILD_ABI_READ_H

#include "abi/model.h"
#include "abi/source.h"
#include "base/pool.h"

struct abi_read_options {
	bool all_types;               /* also those that no symbol reaches */
	const struct str *types;      /* only types with these names, no symbols; NULL: it does not matter */
	uint32_t n_types;
	/* NULL, or: is this symbol of source number `source` exported? */
	bool (*is_wanted)(void *context, uint32_t source, struct str name);
	void *context;
};

/* Reads what the files promise. False: reported. What the model's names point to lives as long as the files. */
bool abi_read(struct abi_model *model, struct abi_files *files, struct pool *pool,
	      const struct abi_read_options *options);

/* Puts the symbols of the files in the place of those that the model has, which give them their types: of a library
 * with a description, what it exports, with versions. False: reported. */
bool abi_read_symbols_again(struct abi_model *model, struct abi_files *files);

#endif
