/* Where the members of a type lie, as text in the form of pahole, and as C. */
#ifndef GILD_ABI_LAYOUT_H
#define GILD_ABI_LAYOUT_H

#include "abi/spell.h"

/* One meaning of an entity, with offsets, sizes, holes and cache lines. `definition` is an index. */
void abi_layout_print(struct text *out, const struct abi_model *model, abi_type_id id, uint32_t definition);

/* The same for what has no name, as a part of a line: its braces and members, indented by `depth` tabs. */
void abi_layout_body(struct text *out, const struct abi_model *model, uint32_t definition, uint64_t bit_base,
		     unsigned depth);

enum { ABI_CACHE_LINE = 64 };

/* The bit behind a member: of a bit-field, behind its bits. */
uint64_t abi_member_end(const struct abi_model *model, const struct abi_member *member);

#endif
