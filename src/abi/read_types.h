/* Types from entries. */
#ifndef GILD_ABI_READ_TYPES_H
#define GILD_ABI_READ_TYPES_H

#include "abi/reader.h"

/* The type that an entry is. What it means, if it has a name, is read by abi_convert_tasks(). What is wrong goes to
 * reader->error. */
abi_type_id abi_convert(struct abi_reader *reader, const struct abi_die *die);

/* The types of a function and of a variable, whose entries may be parts of what is known of them. */
abi_type_id abi_convert_function(struct abi_reader *reader, const struct abi_die *die);
abi_type_id abi_convert_variable(struct abi_reader *reader, const struct abi_die *die);

/* Reads what is left to be read. */
void abi_convert_tasks(struct abi_reader *reader);
void abi_convert_end(struct abi_reader *reader);

/* File and line of a declaration. */
void abi_declared_at(struct abi_reader *reader, const struct abi_die *die, struct str *file, uint32_t *line);

uint64_t abi_hash_text(struct str text);

#endif
