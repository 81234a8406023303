/* From files to a model. */
#ifndef GILD_ABI_READ_H
#define GILD_ABI_READ_H

#include "abi/model.h"
#include "abi/source.h"
#include "base/pool.h"

struct abi_read_options {
	bool all_types;               /* also those that no symbol reaches */
	const char *type;             /* only types with that name, no symbols; NULL: it does not matter */
	bool (*is_wanted)(void *context, struct str name); /* NULL, or: is this symbol exported? */
	void *context;
};

/* Reads what the files promise. False: reported. What the model's names point to lives as long as the files. */
bool abi_read(struct abi_model *model, struct abi_files *files, struct pool *pool, const struct abi_read_options *options);

#endif
