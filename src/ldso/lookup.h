/* Symbol lookup: hash tables, versions, scopes, unique symbols. */
#ifndef GILD_LDSO_LOOKUP_H
#define GILD_LDSO_LOOKUP_H

#include "ldso/loader.h"

/* What kind of reference looks. Numbers are flags. */
enum lookup_class {
	LOOKUP_DATA = 0,
	LOOKUP_PLT = 1, /* a call, or TLS: undefined symbols with a value (canonical PLT entries) do not count */
	LOOKUP_COPY = 2, /* R_X86_64_COPY: the program itself does not count */
	LOOKUP_NEWEST = 4, /* dlsym: the newest version, not the oldest */
};

/* The class of a relocation's reference. */
static inline unsigned lookup_class_of(uint32_t type)
{
	switch (type) {
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_DTPMOD64:
	case R_X86_64_DTPOFF64:
	case R_X86_64_TPOFF64:
	case R_X86_64_TLSDESC: return LOOKUP_PLT;
	case R_X86_64_COPY: return LOOKUP_COPY;
	default: return LOOKUP_DATA;
	}
}

struct definition {
	struct object *object; /* NULL: not found */
	const Elf64_Sym *symbol;
};

/* Searches one object. */
const Elf64_Sym *lookup_in(const struct object *object, const char *name, const struct version *version,
			   unsigned class);

/* Searches a list from its entry `from` on, without `skip` (may be NULL). */
struct definition lookup_in_list(struct loader *ld, const struct object_list *list, uint32_t from, const char *name,
				 const struct version *version, unsigned class, const struct object *skip);

/* Searches the scope of an object. */
struct definition lookup_in_scope(struct loader *ld, struct object *object, const char *name,
				  const struct version *version, unsigned class);

/* What a reference in `object` to its symbol number `index` binds to: definition.object is NULL for an undefined weak
 * symbol. Returns false after fail() when a strong one is undefined. */
bool lookup_reference(struct loader *ld, struct object *object, uint32_t index, unsigned class, struct definition *out);

/* The version that a reference asks for, or NULL. */
const struct version *reference_version(const struct object *object, uint32_t index);

/* The value of a definition: an address, or the offset of a TLS symbol. Does not call IFUNC resolvers. */
static inline uint64_t definition_value(const struct definition *definition)
{
	const Elf64_Sym *symbol = definition->symbol;
	return symbol->st_shndx == SHN_ABS ? symbol->st_value : definition->object->base + symbol->st_value;
}

static inline bool is_ifunc(const Elf64_Sym *symbol)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC && symbol->st_shndx != SHN_UNDEF;
}

/* Forgets unique symbols that an object defines which goes away after a failed dlopen. */
void unique_forget(const struct object *object);

#endif
