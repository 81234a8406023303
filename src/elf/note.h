/* Walking notes (gABI chapter 5, "Note Section") and GNU properties (x86-64 psABI, "Program Property"). */
#ifndef GILD_ELF_NOTE_H
#define GILD_ELF_NOTE_H

#include "elf/error.h"
#include "elf/types.h"

struct elf_note {
	struct bytes name; /* n_namesz bytes, usually with a NUL at the end */
	struct bytes desc;
	uint32_t type;
	uint64_t next;     /* offset of the following note, or section.size */
};

/* The note at `offset` in a section aligned to `align` (4 or 8). */
bool elf_note_at(struct bytes section, uint64_t align, uint64_t offset, struct elf_note *out, struct elf_error *error);

struct gnu_property {
	uint32_t type;
	struct bytes data;
	uint64_t next;
};

/* The property at `offset` in the descriptor of an NT_GNU_PROPERTY_TYPE_0 note, whose entries are padded to `align`
 * bytes (8; 4 in ELF32). */
bool gnu_property_at(struct bytes desc, uint64_t align, uint64_t offset, struct gnu_property *out,
		     struct elf_error *error);

/* How the bits of several objects' 4-byte properties combine (Linux gABI extensions, "Program Property"; x86-64 psABI,
 * the same). */
enum gnu_property_rule {
	PROPERTY_IGNORED,
	PROPERTY_AND,      /* what every object has */
	PROPERTY_OR,       /* what any object has */
	PROPERTY_OR_AND,   /* the same, but only when every object says something */
};
enum gnu_property_rule gnu_property_rule(uint32_t type);

#endif
