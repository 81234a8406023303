/* Types as C that a compiler takes: declarations with the same layout, or their offsets as macros. */
#ifndef GILD_ABI_HEADER_H
#define GILD_ABI_HEADER_H

#include "abi/spell.h"

/* Declarations of the types and of all that they need, and assertions that sizes and offsets came out right. Names
 * that C does not have (of C++) get underscores; what C has no type for becomes something of the same size. Changes
 * the model: nothing else can be done with it afterwards. */
void abi_header_print(struct text *out, struct abi_model *model, const abi_type_id *types, uint32_t n);

/* "#define STRUCT_MEMBER_OFFSET 8", for each definition of a type. */
void abi_offsets_print(struct text *out, const struct abi_model *model, abi_type_id id, uint32_t definition);

#endif
