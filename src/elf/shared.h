/* Reading what a linker needs of a shared object: its dynamic section, dynamic symbols and versions.
 *
 * Everything comes from the section headers when there are any (sh_type SHT_DYNAMIC, SHT_DYNSYM, SHT_GNU_versym, ...),
 * from the program headers otherwise. All its names must be in one string table, that of the dynamic symbols.
 * Pure functions; nothing is allocated but what a file of class 32 needs (struct elf_room). */
#ifndef GILD_ELF_SHARED_H
#define GILD_ELF_SHARED_H

#include "elf/object.h"

struct elf_shared {
	struct elf_file file;
	struct elf_symtab dynsym;     /* n may be 0 */
	const char *soname;           /* DT_SONAME or NULL */
	const uint8_t *versym;        /* dynsym.n entries (read16 each), or NULL */
	struct bytes verdef, verneed; /* raw sections, checked by the walkers below */
	uint32_t nverdef, nverneed;   /* sh_info */
	const uint8_t *dynamic;       /* struct elf_dyn entries */
	uint64_t ndynamic;            /* up to and without DT_NULL */
};

/* `room`: as for elf_read_file_in(). */
bool elf_read_shared_in(struct elf_shared *out, struct bytes bytes, const struct elf_room *room,
			struct elf_error *error);
/* The same for readers of class 64 only. */
bool elf_read_shared(struct elf_shared *out, struct bytes bytes, struct elf_error *error);

/* Calls body(context, version index, flags, name) for each version definition in order (vd_ndx, vd_flags, first
 * vda_name); the index is any 16-bit number. false: malformed. Loops in vd_next cannot happen: offsets must grow. */
typedef void elf_verdef_body(void *context, uint16_t index, uint16_t flags, const char *name);
bool elf_each_verdef(const struct elf_shared *shared, elf_verdef_body *body, void *context, struct elf_error *error);

/* Calls body(context, file name, version index (vna_other), version name) for each needed version. */
typedef void elf_verneed_body(void *context, const char *file, uint16_t index, const char *name);
bool elf_each_verneed(const struct elf_shared *shared, elf_verneed_body *body, void *context, struct elf_error *error);

/* The string of dynamic entry `i` (DT_NEEDED, DT_RPATH, ...), or NULL when its offset is outside the string table. */
const char *elf_dynamic_string(const struct elf_shared *shared, uint64_t i);

/* Sets marks[i] for each dynamic symbol i that a dynamic relocation (DT_RELA, DT_REL, DT_JMPREL) names; `marks` has
 * dynsym.n entries. Malformed tables name nothing. */
void elf_shared_relocated(const struct elf_shared *shared, bool *marks);

#endif
