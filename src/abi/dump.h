/* A model as text for people, and as JSON for programs: docs/abi.md describes both. The same ABI gives the same
 * bytes, in whichever order a linker put its parts. */
#ifndef GILD_ABI_DUMP_H
#define GILD_ABI_DUMP_H

#include "abi/spell.h"
#include "base/diag.h"

void abi_dump_text(struct text *out, struct abi_model *model);
void abi_dump_json(struct text *out, struct abi_model *model);

/* Reads what abi_dump_json() wrote, for hostile input. `path` and `bytes` stay valid. False: reported. */
bool abi_load_json(struct abi_model *model, const char *path, struct bytes bytes, struct diag *diag);

/* The entities of a model, sorted by kind and name; the memory is the model's. */
const abi_type_id *abi_sorted_entities(struct abi_model *model, uint32_t *n);

const char *abi_symbol_kind_name(enum abi_symbol_kind kind);
const char *abi_kind_name(enum abi_kind kind);
const char *abi_member_kind_name(enum abi_member_kind kind);

/* A C++ name as in the source; NULL: it is not one. free() it. */
char *abi_demangle(struct str name);

#endif
